"""Qt sends a double click in place of a second press that follows quickly: no tool may lose it."""

from __future__ import annotations

import numpy as np
import pytest
from fake_backend import POSE
from painter import Painter
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from conftest import Bench
from padscope_desktop.viewer.overlays import overview_box

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def twice(canvas: QWidget, at: QPoint, *way: QPoint) -> None:
    """A click, and quickly another press that is dragged along the way: what a quick hand sends."""
    QTest.mouseClick(canvas, LEFT, pos=at)
    QTest.mouseDClick(canvas, LEFT, pos=at)  # Qt's helper sends the second press alone
    for place in way:
        QTest.mouseMove(canvas, place)
    QTest.mouseRelease(canvas, LEFT, pos=way[-1] if way else at)


def test_quick_dabs_of_the_brush_are_strokes_each(hand: Painter) -> None:
    twice(hand.canvas, hand.at(200, 200), hand.at(300, 200))
    assert hand.value(300, 200) == 1
    hand.stored()
    assert hand.asked(lambda p: [r.strokes for r in _labels(p)]) == [2]
    hand.key("E")
    twice(hand.canvas, hand.at(300, 200), hand.at(200, 200))
    assert hand.value(200, 200) == 0


def _labels(project):
    from padscope.store import labels

    return labels.labels(project)


def test_outlines_begun_right_after_a_click_are_filled(hand: Painter) -> None:
    hand.key("L")
    twice(hand.canvas, hand.at(100, 100), *(hand.at(*p) for p in ((200, 100), (200, 200), (100, 200))))
    assert hand.value(150, 150) == 1
    hand.key("X")
    twice(hand.canvas, hand.at(300, 100), hand.at(350, 130), hand.at(420, 180))
    assert hand.value(400, 170) == 1
    hand.key("O")
    before = hand.area()
    hand.click(500, 100)
    twice(hand.canvas, hand.at(600, 100))
    assert len(hand.mode.tools["polygon"].points) == 2  # one corner there, not two
    assert hand.area() == before
    twice(hand.canvas, hand.at(600, 200))
    assert hand.value(580, 130) == 1
    assert hand.mode.tools["polygon"].points == []


def test_a_piece_grows_at_each_of_four_quick_clicks(hand: Painter) -> None:
    classes = np.zeros((hand.mask.height, hand.mask.width), np.uint8)
    classes[200:400, 200:400] = 2
    hand.give(classes)
    hand.key("U")
    for _ in range(2):
        QTest.mouseClick(hand.canvas, LEFT, pos=hand.at(300, 300))
        hand.bench.until(lambda: not hand.mode.easel.slices.busy)
        QTest.mouseDClick(hand.canvas, LEFT, pos=hand.at(300, 300))
        QTest.mouseRelease(hand.canvas, LEFT, pos=hand.at(300, 300))
        hand.bench.until(lambda: not hand.mode.easel.slices.busy)
    assert hand.value(197, 300) == 2
    assert hand.value(196, 300) == 2
    assert hand.value(195, 300) == 0


def test_the_wand_and_a_piece_are_dragged_right_after_a_click(hand: Painter) -> None:
    hand.key("A")
    hand.hover(600, 450)
    at, before = hand.at(600, 450), hand.mode.easel.brush.tolerance
    twice(hand.canvas, at, at + QPoint(60, 0))
    assert hand.mode.easel.brush.tolerance > before
    hand.key("V")
    assert hand.value(600, 450)
    hand.labelling.undo()
    hand.labelling.undo()
    classes = np.zeros((hand.mask.height, hand.mask.width), np.uint8)
    classes[100:200, 100:200] = 2
    hand.give(classes)
    twice(hand.canvas, hand.at(150, 150), hand.at(200, 300), hand.at(350, 350))
    hand.bench.until(lambda: not hand.mode.easel.slices.busy)
    assert hand.value(110, 110) == 0
    assert hand.value(350, 350) == 2


def test_a_double_click_on_the_small_overview_paints_nothing(hand: Painter) -> None:
    canvas = hand.canvas
    canvas.zoom_by(8.0, (600.0, 300.0))
    box = overview_box(canvas.picture.width, canvas.picture.height, canvas.view)
    assert box is not None
    twice(canvas, box.center().toPoint())
    assert hand.mask.empty


def test_a_foot_is_dragged_right_after_it_was_clicked(bench: Bench) -> None:
    bench.session.operator = "Ada"
    bench.inspected()
    canvas = bench.window.canvas
    canvas.zoom_to_pad("B1")
    way = [canvas.view.to_screen(POSE.apply(np.array(p))) for p in ((2200.0, 400.0), (2250.0, 400.0), (2300.0, 410.0))]
    places = [QPoint(round(float(x)), round(float(y))) for x, y in way]
    QTest.mouseMove(canvas, places[0])
    twice(canvas, *places)
    board = bench.session.judging.board
    assert board is not None
    foot = next(m for m in board.pad_map.landings() if m.wire == "B1-1")
    assert foot.placed_by == "Ada"
    assert foot.proposed_um == pytest.approx((2300, 410), abs=6)


def test_a_double_click_on_a_pad_zooms_to_it_beside_its_foot_and_on_it(bench: Bench) -> None:
    bench.inspected()
    canvas = bench.window.canvas
    view = canvas.view
    for x_um in (2000.0, 2200.0):  # the foot stands in the middle
        canvas.fit()
        x, y = canvas.view.to_screen(POSE.apply(np.array([x_um, 400.0])))
        twice(canvas, QPoint(round(float(x)), round(float(y))))
        bench.until(lambda: canvas.view.zoom > view.zoom)
        assert bench.window.inspect_mode.selected == "B1"


@pytest.fixture
def layout(bench: Bench) -> Bench:
    bench.add("board.jpg")
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout)
    bench.press(Qt.Key.Key_F4)
    bench.window.layout_mode.hands.snapping = False
    bench.until(lambda: bench.window.layout_mode.drafting.frame.found)
    return bench


def on_board(bench: Bench, x_um: float, y_um: float) -> QPoint:
    frame = bench.window.layout_mode.drafting.frame
    x, y = bench.window.canvas.view.to_screen(frame.um_to_px.apply(np.array([x_um, y_um])))
    return QPoint(round(float(x)), round(float(y)))


def test_a_pad_is_moved_right_after_it_was_chosen_and_zoomed_to_when_it_is_not(layout: Bench) -> None:
    canvas, draft = layout.window.canvas, layout.window.layout_mode.draft
    view = canvas.view
    twice(canvas, on_board(layout, 400, 400), on_board(layout, 430, 440), on_board(layout, 460, 470))
    assert draft.layout.pad["A1"].x_um == pytest.approx(460, abs=8)
    assert canvas.view == view
    layout.press(Qt.Key.Key_Z, modifier=CONTROL)
    before = draft.layout
    twice(canvas, on_board(layout, 2200, 800))
    assert canvas.view.zoom > view.zoom
    assert draft.layout == before
    assert draft.chosen == ("B2",)


def test_a_band_and_a_new_pad_are_drawn_right_after_a_click(layout: Bench) -> None:
    canvas, draft = layout.window.canvas, layout.window.layout_mode.draft
    twice(canvas, on_board(layout, 50, 250), on_board(layout, 400, 900), on_board(layout, 800, 1800))
    assert draft.chosen == ("A1", "A2", "A3", "A4")
    pads = len(draft.layout.pads)
    layout.press("d")
    twice(canvas, on_board(layout, 1000, 300), on_board(layout, 1200, 400), on_board(layout, 1500, 500))
    assert len(draft.layout.pads) == pads + 1


def test_the_ruler_lets_go_of_what_a_double_click_took(bench: Bench) -> None:
    bench.add("a.jpg")
    bench.press(Qt.Key.Key_R)
    canvas, measuring = bench.window.canvas, bench.window.seeing.measuring
    twice(canvas, QPoint(100, 120))
    assert not measuring.layer.measures  # no line without a length
    QTest.mousePress(canvas, LEFT, pos=QPoint(100, 120))
    QTest.mouseMove(canvas, QPoint(250, 120))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(250, 120))
    twice(canvas, QPoint(250, 120), QPoint(260, 160), QPoint(260, 200))
    (line,) = measuring.layer.measures.values()
    assert line.points[1] == pytest.approx(canvas.view.to_picture(260, 200))
    QTest.mouseMove(canvas, QPoint(400, 400))  # with no button down nothing follows the mouse
    assert list(measuring.layer.measures.values()) == [line]
