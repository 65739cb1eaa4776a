"""Shapes, fills and single pieces, as a technician does it in the window."""

from __future__ import annotations

import numpy as np
import pytest
from fake_backend import HEIGHT, WIDTH
from painter import SHIFT, Painter
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from padscope.store import labels


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
    assert hand.area(1) == 100 * 100
    hand.labelling.undo()
    hand.key("J")
    hand.click(120, 120)
    assert hand.area(2) == 200 * 200
    hand.labelling.undo()
    assert np.array_equal(hand.mask.read(hand.mask.box), ring())


@pytest.fixture
def slow(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> Painter:
    """Everything large waits at its first slice, until somebody goes on with it."""
    monkeypatch.setattr("padscope_desktop.labels.slices.FIRST_S", 0.0)
    monkeypatch.setattr(hand.mode.easel.slices._timer, "start", lambda: None)
    hand.patient = False
    return hand


def test_a_large_fill_can_be_stopped(slow: Painter) -> None:
    slow.key("K")
    slow.click(700, 700)
    assert slow.mode.easel.slices.busy
    slow.key(Qt.Key.Key_Escape)
    assert not slow.mode.easel.slices.busy
    assert slow.mask.empty
    assert not slow.labelling.unsaved


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


def test_a_shape_that_is_still_being_filled_is_not_lost_by_the_next_stroke(slow: Painter) -> None:
    slow.key("X")
    slow.stroke((20, 20), (400, 300), (600, 560))
    assert slow.mode.easel.slices.busy
    slow.key("B")
    slow.stroke((700, 100), (720, 100))
    slow.stored()
    row = slow.asked(lambda p: labels.labels(p))[0]
    assert [e.tool for e in slow.asked(lambda p: labels.edits(p, row.id))] == ["rectangle", "brush"]


def test_nor_by_another_picture_nor_by_another_mode(slow: Painter) -> None:
    slow.key("X")
    slow.stroke((20, 20), (400, 300), (600, 560))
    assert slow.mode.easel.slices.busy
    slow.bench.press(Qt.Key.Key_F2)
    assert not slow.mode.easel.slices.busy
    slow.stored()
    row = slow.asked(lambda p: labels.labels(p))[0]
    assert [e.tool for e in slow.asked(lambda p: labels.edits(p, row.id))] == ["rectangle"]
    painted = slow.area(1)
    slow.labelling.undo()
    slow.labelling.slices.complete()
    assert painted > 500 * 500
    assert slow.mask.empty


def test_a_shape_half_filled_is_taken_back_by_undo_and_by_escape(slow: Painter) -> None:
    for way in (lambda: slow.key(Qt.Key.Key_Escape), slow.mode.undo):
        slow.key("X")
        slow.stroke((20, 20), (400, 300), (600, 560))
        next(slow.mode.easel.slices._work)
        assert not slow.mask.empty
        way()
        assert slow.mask.empty
        assert not slow.labelling.unsaved


def test_a_piece_let_go_of_before_all_of_it_is_known_is_moved_all_the_same(slow: Painter) -> None:
    slow.give(ring())
    slow.key("V")
    slow.stroke((120, 120), (300, 200), (420, 320))
    assert slow.value(110, 110) == 2
    slow.mode.easel.slices.complete()
    slow.mode.easel.slices.complete()  # found, then put down
    assert slow.value(110, 110) == 0
    assert slow.area(2) == 200 * 200 - 100 * 100


def test_a_press_on_nothing_with_the_tools_for_pieces_says_so(hand: Painter) -> None:
    said: list[str] = []
    hand.mode.easel.refused.connect(said.append)
    for key in "VDUJI":
        hand.key(key)
        hand.click(300, 200)
    assert said == ["There is nothing painted under the cursor."] * 5


def test_a_large_undo_is_done_piece_by_piece_and_wholly_before_anything_else(slow: Painter) -> None:
    slow.key("X")
    slow.stroke((20, 20), (400, 300), (600, 560))
    slow.mode.easel.slices.complete()
    slow.stored()
    slow.mode.undo()
    assert slow.mode.easel.slices.busy
    assert slow.value(300, 300) == 1
    slow.key(Qt.Key.Key_Escape)  # it stands in the project already: it cannot be half an undo
    assert slow.mode.easel.slices.busy
    slow.key("B")
    slow.stroke((700, 100), (720, 100))
    assert slow.value(300, 300) == 0
    assert slow.value(*map(round, slow.exact(710, 100))) == 1
    slow.stored()
    row = slow.asked(lambda p: labels.labels(p))[0]
    assert [e.tool for e in slow.asked(lambda p: labels.edits(p, row.id)) if e.state == labels.DONE] == ["brush"]
    slow.mode.undo()
    slow.mode.redo()
    slow.mode.easel.slices.complete()
    assert slow.value(*map(round, slow.exact(710, 100))) == 1
