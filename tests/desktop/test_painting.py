"""Painting in the window, as a technician does it: mouse and keys in, pixels of the mask and rows of the project out."""

from __future__ import annotations

import numpy as np
import pytest
from fake_backend import HEIGHT, WIDTH
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from conftest import Bench
from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import replaced
from padscope.masks.shapes import stroke
from padscope.store import labels
from padscope.store.database import open_project
from padscope.types import Box
from padscope_desktop import settings as own_settings
from padscope_desktop.labels.labelling import Labelling
from padscope_desktop.labels.mode import LabelMode

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Painter:
    """A hand on the mouse; points are pixels of the picture."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.canvas = bench.window.canvas
        self.mode: LabelMode = bench.window.label_mode
        self.labelling: Labelling = bench.session.labelling

    def at(self, x: float, y: float) -> QPoint:
        sx, sy = self.canvas.view.to_screen(np.array([x, y])).tolist()
        return QPoint(round(sx), round(sy))

    def exact(self, x: float, y: float) -> tuple[float, float]:
        """The picture point that the mouse really hits."""
        at = self.at(x, y)
        return self.canvas.view.to_picture(at.x(), at.y())

    def stroke(self, *points: tuple[float, float], modifier: Qt.KeyboardModifier = NONE) -> None:
        left = Qt.MouseButton.LeftButton
        places = [self.at(*p) for p in points]
        QTest.mousePress(self.canvas, left, modifier, places[0])
        for place in places[1:]:
            QTest.mouseMove(self.canvas, place)
        QTest.mouseRelease(self.canvas, left, modifier, places[-1])

    def click(self, x: float, y: float, modifier: Qt.KeyboardModifier = NONE) -> None:
        self.stroke((x, y), modifier=modifier)

    def hover(self, x: float, y: float) -> None:
        QTest.mouseMove(self.canvas, self.at(x, y))

    def key(self, key: str | Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        self.bench.press(key, modifier=modifier)

    @property
    def mask(self) -> ClassMask:
        assert self.labelling.mask is not None
        return self.labelling.mask

    def value(self, x: int, y: int) -> int:
        return int(self.mask.read(Box(x, y, x + 1, y + 1))[0, 0])

    def area(self, value: int = 0) -> int:
        areas = self.mask.areas()
        return areas.get(value, 0) if value else sum(areas.values())

    def stored(self) -> None:
        self.bench.until(lambda: not self.labelling.unsaved and not self.bench.session.keeper.busy)

    def give(self, classes: np.ndarray) -> None:
        """A mask to begin with."""
        self.labelling.take(replaced(self.mask, self.mask.box, classes), "given")

    def asked(self, question):
        """What the project says."""
        answers: list[object] = []
        self.bench.session.keeper.ask(question, done=answers.append)
        self.bench.until(lambda: answers)
        return answers[0]


@pytest.fixture
def hand(bench: Bench) -> Painter:
    bench.add("bad01.jpg", "bad02.jpg")
    made = Painter(bench)
    bench.until(lambda: made.labelling.mask is not None and made.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    assert bench.window.mode is bench.window.label_mode
    made.mode.easel.set_brush(size=20.0)
    return made


def inspected(bench: Bench) -> Painter:
    bench.inspected("bad01.jpg")
    made = Painter(bench)
    bench.until(lambda: made.labelling.mask is not None and made.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    made.mode.easel.set_brush(size=20.0)
    return made


# Brush and eraser


def test_a_stroke_is_painted_without_gaps_and_on_disk_after_the_release(hand: Painter) -> None:
    points = [(200, 200), (500, 260), (480, 600)]
    hand.stroke(*points)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    for region in stroke(np.array([hand.exact(*p) for p in points]), 10.0):
        wanted[region.box.slices] |= region.inside
    assert np.array_equal(hand.mask.read(hand.mask.box) == 1, wanted)
    hand.stored()
    rows = hand.asked(lambda p: labels.labels(p))
    assert [(r.strokes, r.state) for r in rows] == [(1, "draft")]
    assert hand.asked(lambda p: labels.load_mask(p, rows[0].id)) == hand.mask


def test_who_painted_stands_in_the_history(hand: Painter) -> None:
    hand.bench.session.operator = "AB"
    hand.stroke((200, 200), (300, 200))
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert row.author == "AB"
    painted = [r for r in hand.asked(lambda p: p.history(row.uid)) if r.action == "painted"]
    assert [(r.author, r.detail["tool"]) for r in painted] == [("AB", "brush")]
    assert "AB" in hand.mode.panel.facts.text()


def test_undo_and_redo_stroke_by_stroke_also_after_a_restart(hand: Painter) -> None:
    hand.stroke((200, 200), (300, 200))
    first = hand.mask.copy()
    hand.stroke((200, 400), (300, 400))
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.mask == first
    hand.stored()
    # another picture and back: all of it comes from the project
    keys = list(hand.bench.session.album.entries)
    hand.bench.session.show(keys[1])
    hand.bench.until(lambda: hand.labelling.mask is not None and hand.mask.empty)
    hand.bench.session.show(keys[0])
    hand.bench.until(lambda: hand.labelling.mask is not None and not hand.mask.empty)
    assert hand.mask == first
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.mask.empty
    for _ in range(2):
        hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | SHIFT)
    assert hand.area() > first.areas()[1]
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert hand.asked(lambda p: labels.load_mask(p, row.id)) == hand.mask


def test_undo_goes_back_further_than_what_is_at_hand(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope_desktop.labels.stock.AT_HAND", 4)
    for i in range(11):
        hand.stroke((100 + 60 * i, 100), (100 + 60 * i, 160))
    hand.stored()
    hand.labelling.reload()
    hand.bench.until(lambda: len(hand.labelling._done) == 4)
    for left in range(10, -1, -1):
        before = hand.area()
        hand.labelling.undo()
        hand.bench.until(lambda before=before: hand.area() < before)
        assert hand.labelling.can_undo == (left > 0)
    assert hand.mask.empty


def test_a_held_key_is_a_moments_eraser(hand: Painter) -> None:
    hand.stroke((200, 200), (400, 200))
    QTest.keyPress(hand.canvas, Qt.Key.Key_E)
    assert hand.mode.tool == "eraser"
    hand.mode._held.start()
    hand.bench.qtbot.waitUntil(lambda: hand.mode._held.elapsed() > 400, timeout=2000)
    hand.stroke((300, 150), (300, 250))
    QTest.keyRelease(hand.canvas, Qt.Key.Key_E)
    assert hand.mode.tool == "brush"
    assert hand.value(300, 200) == 0
    assert hand.value(250, 200) == 1
    hand.key("E")  # a tap stays
    assert hand.mode.tool == "eraser"


def test_the_brush_grows_by_keys_and_by_the_wheel_with_ctrl(hand: Painter) -> None:
    before = hand.mode.easel.size
    hand.key("]")
    assert hand.mode.easel.size > before
    hand.key("[")
    hand.key("[")
    assert hand.mode.easel.size < before
    at, view = QPointF(300, 300), hand.canvas.view
    event = QWheelEvent(
        at, hand.canvas.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    size = hand.mode.easel.size
    QApplication.sendEvent(hand.canvas, event)
    assert hand.mode.easel.size > size
    assert hand.canvas.view == view
    assert hand.mode.panel.brush_words.text().startswith(f"{hand.mode.easel.size:.0f}")
    hand.mode.easel.set_brush(size=2.0)
    hand.key("[")
    hand.key("[")
    assert hand.mode.easel.size == 1.0  # and the finest still paints
    hand.click(300, 300)
    assert hand.area() >= 1


def test_shift_draws_straight_lines(hand: Painter) -> None:
    hand.click(200, 200)
    hand.click(600, 200, SHIFT)  # from where the last stroke ended
    assert hand.value(400, 200) == 1
    hand.stroke((200, 600), (300, 500), (600, 600), modifier=SHIFT)  # from where the drag began
    assert hand.value(400, 600) == 1
    assert hand.value(300, 500) == 0


def test_the_wheel_and_the_middle_button_stay_the_pictures_own(hand: Painter) -> None:
    view = hand.canvas.view
    at = hand.at(400, 400)
    QTest.mousePress(hand.canvas, Qt.MouseButton.MiddleButton, pos=at)
    QTest.mouseMove(hand.canvas, at + QPoint(40, 0))
    QTest.mouseRelease(hand.canvas, Qt.MouseButton.MiddleButton, pos=at + QPoint(40, 0))
    assert hand.canvas.view != view
    assert hand.mask.empty


def test_esc_and_undo_in_mid_stroke_drop_it(hand: Painter) -> None:
    for key, modifier in ((Qt.Key.Key_Escape, NONE), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)):
        QTest.mousePress(hand.canvas, Qt.MouseButton.LeftButton, pos=hand.at(200, 200))
        QTest.mouseMove(hand.canvas, hand.at(500, 200))
        assert not hand.mask.empty
        hand.key(key, modifier)
        QTest.mouseRelease(hand.canvas, Qt.MouseButton.LeftButton, pos=hand.at(500, 200))
        assert hand.mask.empty
    hand.stored()
    assert hand.asked(lambda p: labels.labels(p)) == ()


def test_a_tablet_does_no_harm(hand: Painter) -> None:
    at = QPointF(hand.at(300, 300))
    pen = QPointingDevice.primaryPointingDevice()
    for kind in (QTabletEvent.Type.TabletPress, QTabletEvent.Type.TabletMove, QTabletEvent.Type.TabletRelease):
        event = QTabletEvent(
            kind, pen, at, hand.canvas.mapToGlobal(at), 0.4, 10.0, 5.0, 0.0, 0.0, 0.0, NONE,
            Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
        )  # fmt: skip
        QApplication.sendEvent(hand.canvas, event)
    hand.stroke((300, 300), (340, 300))
    assert hand.value(320, 300) == 1


# Shapes


def test_lasso_rectangle_and_polygon_fill_what_they_surround(hand: Painter) -> None:
    hand.key("L")
    hand.stroke((100, 100), (200, 100), (200, 200), (100, 200))
    assert hand.value(150, 150) == 1
    hand.key("2")
    hand.key("X")
    hand.stroke((300, 100), (420, 180))
    assert hand.value(301, 101) == 2
    assert hand.value(430, 140) == 0
    hand.key("3")
    hand.key("O")
    for corner in ((500, 100), (600, 100), (600, 200)):
        hand.click(*corner)
    assert hand.area(3) == 0  # not closed yet
    hand.key(Qt.Key.Key_Return)
    assert hand.value(580, 130) == 3
    hand.click(500, 300)
    hand.key(Qt.Key.Key_Escape)
    assert hand.mode.tools["polygon"].points == []
    assert hand.mode.tool == "polygon"  # first out of the shape, then out of the tool
    hand.key(Qt.Key.Key_Escape)
    assert hand.mode.tool == "brush"
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert [e.tool for e in hand.asked(lambda p: labels.edits(p, row.id))] == ["lasso", "rectangle", "polygon"]


def ring() -> np.ndarray:
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[100:300, 100:300] = 2
    classes[150:250, 150:250] = 0
    return classes


def test_a_fill_fills_what_is_connected_and_holes_are_filled(hand: Painter) -> None:
    hand.give(ring())
    hand.key("K")
    hand.click(200, 200)
    hand.bench.until(lambda: not hand.mode.easel.slices.busy)
    assert hand.area(1) == 100 * 100
    hand.labelling.undo()
    hand.key("J")
    hand.click(120, 120)
    assert hand.area(2) == 200 * 200
    hand.labelling.undo()
    assert np.array_equal(hand.mask.read(hand.mask.box), ring())


def test_a_large_fill_can_be_stopped(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope_desktop.labels.slices.SLICE_S", 0.0)
    monkeypatch.setattr(hand.mode.easel.slices._timer, "start", lambda: None)  # it waits at its first slice
    hand.key("K")
    hand.click(700, 700)
    assert hand.mode.easel.slices.busy
    hand.key(Qt.Key.Key_Escape)
    assert not hand.mode.easel.slices.busy
    assert hand.mask.empty
    assert not hand.labelling.unsaved


def test_the_wand_shows_what_it_would_take_and_a_drag_changes_its_tolerance(hand: Painter) -> None:
    hand.key("A")
    wand = hand.mode.tools["wand"]
    hand.hover(600, 450)
    shown = wand.region.inside.sum()
    assert shown
    assert hand.mask.empty
    at = hand.at(600, 450)
    before = hand.mode.easel.brush.tolerance
    QTest.mousePress(hand.canvas, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(hand.canvas, at + QPoint(60, 0))
    assert hand.mode.easel.brush.tolerance > before
    assert wand.region.inside.sum() > shown
    more = wand.region.inside.sum()
    QTest.mouseRelease(hand.canvas, Qt.MouseButton.LeftButton, pos=at + QPoint(60, 0))
    assert hand.area() == more


def test_a_piece_is_moved_grown_shrunk_deleted_and_its_class_picked(hand: Painter) -> None:
    hand.give(ring())
    size = hand.area()
    hand.key("V")
    hand.stroke((120, 120), (300, 200), (420, 320))
    dx, dy = np.round(np.subtract(hand.exact(420, 320), hand.exact(120, 120))).astype(int).tolist()
    assert hand.area() == size
    assert hand.value(100 + dx, 100 + dy) == 2
    assert hand.value(110, 110) == 0
    x, y = 120 + dx, 120 + dy
    hand.key("U")
    hand.click(x, y)
    assert hand.area() > size
    hand.click(x, y, SHIFT)
    assert hand.area() <= size + 40  # a disc rounds corners
    hand.key("I")
    hand.click(x, y)
    assert hand.labelling.active == 2
    hand.key("D")
    hand.click(x, y)
    assert hand.mask.empty
    hand.click(x, y)  # nothing there: said, and nothing happens
    assert "nothing painted" in hand.bench.window.status.mention.text()


# Constraints


def test_constraints_combine(bench: Bench) -> None:
    hand = inspected(bench)
    bounds = hand.canvas.pads.bounds_of("A4")
    assert bounds is not None
    x0, y0, x1, y1 = bounds
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    hand.mode.easel.set_brush(size=400.0, inside_pads=True)
    hand.click(*middle)
    inside = hand.area()
    assert 0 < inside < np.pi * 200**2
    assert hand.value(round(x1) + 5, round(middle[1])) == 0
    hand.labelling.undo()
    hand.mode.easel.set_brush(only_hot=True)
    hand.click(*middle)
    hot = hand.area()
    assert 0 < hot < inside
    hand.key("2")
    hand.mode.easel.set_brush(only_hot=False, protect=True)
    hand.click(*middle)
    assert hand.area(1) == hot
    assert hand.area(2) == inside - hot
    hand.key("E")
    hand.click(*middle)  # the eraser leaves other classes too
    assert hand.area(1) == hot
    assert hand.area(2) == 0


def test_switches_are_the_same_in_the_panel_and_on_the_keyboard(hand: Painter) -> None:
    panel, easel = hand.mode.panel, hand.mode.easel
    hand.bench.qtbot.mouseClick(panel.protect, Qt.MouseButton.LeftButton, pos=QPoint(8, 14))
    assert easel.brush.protect
    hand.key(Qt.Key.Key_C, SHIFT)
    assert not easel.brush.protect
    assert not panel.protect.isChecked()
    hand.key(Qt.Key.Key_B, SHIFT)
    assert panel.square.isChecked()
    hand.click(300, 300)
    corner = easel.size / 2 - 1
    x, y = hand.exact(300, 300)
    assert hand.value(round(x + corner), round(y + corner)) == 1
    panel.brush_size.setValue(60)
    assert easel.size > 300


def test_constraints_that_need_an_inspection_wait_for_one(hand: Painter) -> None:
    assert not hand.mode.panel.inside_pads.isEnabled()
    assert not hand.bench.window.actions_by_id["take_pad"].isEnabled()


# Heat


def test_heat_becomes_paint_and_paint_wins_over_heat(bench: Bench) -> None:
    hand = inspected(bench)
    judged = bench.backend.judged
    hand.key("T")
    bounds = hand.canvas.pads.bounds_of("A4")
    hand.click((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    one = hand.area()
    assert one > 0
    bench.until(lambda: bench.backend.judged > judged)  # verdicts follow when the brush has rested
    board = bench.session.judging.board
    assert board.painting is not None
    assert board.painting.mask == hand.mask
    hand.key(Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    bench.until(lambda: not hand.mode.easel.slices.busy)
    assert hand.area() > one
    hand.labelling.undo()
    assert hand.area() == one


def test_the_difference_of_mask_and_heat_is_said(bench: Bench) -> None:
    hand = inspected(bench)
    hand.key("Y")
    assert "hot, not painted" in hand.mode.panel.told.text()
    hand.mode.heat.take_board()
    bench.until(lambda: "(0 cells). Blue" in hand.mode.panel.told.text() or "agree" in hand.mode.panel.told.text())
    hand.key("Y")
    assert not hand.mode.panel.told.isVisible()


# Classes


def test_a_new_project_has_the_collaborations_classes_with_a_key_each(hand: Painter) -> None:
    names = [c.name for c in hand.labelling.offered]
    assert names[:2] == ["scratch", "contamination"]
    hand.key("2")
    hand.click(300, 300)
    assert hand.value(300, 300) == 2
    hand.bench.until(lambda: hand.mode.panel.classes.model.amounts.get(2))
    amount = hand.mode.panel.classes.model.amounts[2]
    assert (amount.places, amount.area_px) == (1, hand.area(2))


def test_classes_are_renamed_recoloured_moved_added_and_merged(hand: Painter) -> None:
    panel, labelling = hand.mode.panel.classes, hand.labelling
    hand.key("2")
    hand.click(300, 300)
    painted = hand.area(2)
    panel.model.setData(panel.model.index(1), "  grease ")
    hand.bench.until(lambda: labelling.names[2] == "grease")
    panel.recoloured.emit(2, "#112233")
    hand.bench.until(lambda: hand.mode.layer._colours[2] == "#112233")
    panel.up.click()
    hand.bench.until(lambda: labelling.offered[0].name == "grease")
    many = len(labelling.offered)
    panel.add.click()
    hand.bench.until(lambda: len(labelling.offered) == many + 1)
    panel.merge_wanted.emit(2, 5)
    hand.bench.until(lambda: all(c.value != 2 for c in labelling.offered))
    hand.bench.until(lambda: hand.labelling.mask is not None and hand.area(5) == painted)
    assert hand.area(2) == 0
    labelling.undo()  # it is a stroke like others
    assert hand.area(2) == painted


def test_a_name_that_is_taken_is_refused_in_a_sentence(hand: Painter) -> None:
    hand.labelling.add_class("Scratch", "#ffffff")
    hand.bench.until(lambda: hand.bench.window.message_bar.message)
    assert "already a class" in hand.bench.window.message_bar.message.text


# Review


def test_a_reviewed_label_is_locked_until_it_is_reopened(hand: Painter) -> None:
    hand.click(300, 300)
    hand.stored()
    hand.mode.panel.comment.setText("agreed")
    QTest.mouseClick(hand.mode.panel.reviewed, Qt.MouseButton.LeftButton)
    hand.stored()
    before = hand.mask.copy()
    hand.stroke((400, 400), (500, 400))
    hand.labelling.undo()
    assert hand.mask == before
    assert "Reopen" in hand.bench.window.status.mention.text()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert (row.state, row.comment) == ("accepted", "agreed")
    assert hand.mode.panel.progress.text().startswith("1/2")
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    hand.stroke((400, 400), (500, 400))
    assert hand.mask != before


def test_a_label_without_a_stroke_is_locked_the_moment_it_is_reviewed(hand: Painter) -> None:
    """All of it is sound, says the reviewer; what follows must not slip in before that is on disk."""
    hand.mode.review("accepted", "")
    hand.click(300, 300)
    assert hand.mask.empty
    hand.stored()
    assert not hand.labelling.outbox.stuck
    assert [r.state for r in hand.asked(labels.labels)] == ["accepted"]


def test_the_next_picture_not_reviewed_is_shown_at_the_same_place(hand: Painter) -> None:
    session = hand.bench.session
    keys = list(session.album.entries)
    hand.canvas.zoom_by(3)
    hand.canvas.centre_on(500, 400)
    view = hand.canvas.view
    hand.key("N")
    hand.bench.until(lambda: session.current == keys[1] and hand.labelling.mask is not None)
    assert (hand.canvas.view.zoom, hand.canvas.view.cx) == pytest.approx((view.zoom, view.cx))
    hand.labelling.review("accepted", "")
    hand.stored()
    hand.key("N")
    hand.bench.until(lambda: session.current == keys[0])
    hand.key("N")
    assert session.current == keys[0]
    assert "No other picture" in hand.bench.window.status.mention.text()


def test_tab_and_enter_go_from_pad_to_pad_that_nobody_has_agreed_with(bench: Bench) -> None:
    hand = inspected(bench)
    hand.key(Qt.Key.Key_Tab)
    first = hand.mode.walk.pad
    assert first == "A4"  # the worst
    zoom = hand.canvas.view.zoom
    hand.key(Qt.Key.Key_Return)
    assert hand.mode.walk.pad not in (None, first)
    assert hand.canvas.view.zoom == zoom
    hand.stored()
    hand.labelling.reload()
    hand.bench.until(lambda: hand.labelling.looked_at == {first})


# Keeping


def test_a_stroke_that_cannot_be_stored_is_kept_and_said_aloud(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    from padscope.errors import StoreError

    real = labels.commit_edit

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    bar = hand.bench.window.message_bar
    hand.bench.until(lambda: bar.message)
    assert "not saved" in bar.message.headline
    assert "disk is full" in bar.message.text
    hand.stroke((200, 400), (300, 400))  # painting goes on
    hand.bench.until(lambda: not hand.bench.session.keeper.busy)
    assert hand.labelling.unsaved == 2
    monkeypatch.setattr(labels, "commit_edit", real)
    hand.bench.qtbot.mouseClick(bar.buttons()[0], Qt.MouseButton.LeftButton)
    hand.stored()
    assert bar.message is None
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert row.strokes == 2
    assert hand.asked(lambda p: labels.load_mask(p, row.id)) == hand.mask


def test_masks_are_shown_in_their_colours_and_hidden_by_a_key(hand: Painter) -> None:
    hand.hover(10, 10)
    bare = hand.canvas.grab().toImage()
    hand.stroke((400, 300), (600, 300))
    hand.hover(10, 10)
    at = hand.at(500, 300)
    painted = hand.canvas.grab().toImage()
    assert painted.pixelColor(at) != bare.pixelColor(at)
    hand.key("M")
    assert hand.canvas.grab().toImage().pixelColor(at) == bare.pixelColor(at)
    hand.stroke((400, 600), (600, 600))  # nobody paints blindly: masks are back
    assert hand.mode.layer.shown
    hand.key(Qt.Key.Key_M, SHIFT)
    hand.hover(10, 10)
    assert hand.canvas.grab().toImage().pixelColor(at) == bare.pixelColor(at)  # outlines only


def test_what_was_painted_before_a_crash_is_there_afterwards(hand: Painter) -> None:
    """The project's file as it lies on the disk at any moment after the release."""
    hand.stroke((200, 200), (600, 500))
    hand.stored()
    path = hand.bench.session.project
    with open_project(path, read_only=True) as seen:
        assert labels.load_mask(seen, labels.labels(seen)[0].id) == hand.mask


def test_keys_are_changed_in_the_app_and_conflicts_are_said(hand: Painter) -> None:
    window = hand.bench.window
    hand.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    editor = window.key_desk.editor
    assert editor.isVisible()
    editor.choose("lasso")
    editor.key.setKeySequence("K")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    assert "Fill" in editor.said.text()  # K is taken
    editor.key.setKeySequence("Q")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    hand.key(Qt.Key.Key_Escape)
    assert not editor.isVisible()
    hand.key("L")
    assert hand.mode.tool == "brush"
    hand.key("Q")
    assert hand.mode.tool == "lasso"
    assert own_settings.load(own_settings.place()).keys == {"lasso": "Q"}
    window.actions_by_id["edit_keys"].trigger()
    editor.choose("lasso")
    QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)
    editor.hide()
    hand.key("B")
    hand.key("L")
    assert hand.mode.tool == "lasso"
