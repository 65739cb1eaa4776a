"""The same paint by keys, by a trackpad and by a tablet."""

from __future__ import annotations

import numpy as np
import pytest
from painter import NONE, SHIFT, Painter
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from padscope.store import labels

PEN = QPointingDevice.primaryPointingDevice


def step(hand: Painter) -> float:
    return hand.mode.key_hand.step / hand.canvas.view.scale


def test_a_stroke_is_painted_with_arrows_alone(hand: Painter) -> None:
    hand.hover(300, 300)
    x, y = hand.exact(300, 300)
    hand.key("Q")
    for _ in range(10):
        hand.key(Qt.Key.Key_Right, SHIFT)
    hand.key(Qt.Key.Key_Down)
    assert hand.area() > 0
    assert hand.labelling.unsaved == 0  # not lifted yet
    hand.key("Q")
    hand.stored()
    assert hand.value(round(x + 100 * step(hand)), round(y + step(hand))) == 1
    rows = hand.asked(labels.labels)
    assert [r.strokes for r in rows] == [1]


@pytest.mark.parametrize("finish", ["Q", Qt.Key.Key_Return])
def test_a_rectangle_by_keys_is_finished_or_abandoned(hand: Painter, finish: str | Qt.Key) -> None:
    hand.key("X")
    hand.hover(300, 300)
    hand.key("Q")
    for arrow in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        for _ in range(4):
            hand.key(arrow, SHIFT)
    hand.key(Qt.Key.Key_Escape)
    assert hand.mask.empty
    assert hand.mode.tool == "rectangle"
    hand.hover(300, 300)
    hand.key("Q")
    for _ in range(4):
        hand.key(Qt.Key.Key_Right, SHIFT)
    hand.key(finish)
    assert hand.area() > 0


def test_a_polygon_is_taken_back_corner_by_corner(hand: Painter) -> None:
    hand.key("O")
    polygon = hand.mode.tools["polygon"]
    for corner in ((500, 100), (600, 100), (600, 200), (700, 700)):
        hand.click(*corner)
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(polygon.points) == 3
    hand.key(Qt.Key.Key_Backspace)
    assert len(polygon.points) == 2
    hand.hover(600, 200)
    hand.key("Q")  # a corner where the cursor is
    assert len(polygon.points) == 3
    hand.key(Qt.Key.Key_Return)
    assert hand.value(580, 130) == 1
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.mask.empty


def test_at_the_border_the_picture_moves_under_the_cursor(hand: Painter) -> None:
    hand.canvas.zoom_by(8)
    before = hand.canvas.view
    QTest.mouseMove(hand.canvas, QPoint(hand.canvas.width() - 9, 200))
    hand.key(Qt.Key.Key_Right, SHIFT)
    assert hand.canvas.view.cx > before.cx
    assert hand.canvas.pointed_at.x() == hand.canvas.width() - 8


def tablet(hand: Painter, kind: QTabletEvent.Type, x: float, y: float, pressure: float) -> QTabletEvent:
    at = QPointF(hand.at(x, y))
    event = QTabletEvent(
        kind, PEN(), at, hand.canvas.mapToGlobal(at), pressure, 10.0, 5.0, 0.0, 0.0, 0.0, NONE,
        Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
    )  # fmt: skip
    QApplication.sendEvent(hand.canvas, event)
    return event


def test_a_pen_paints_once_whatever_its_pressure(hand: Painter) -> None:
    """Qt makes mouse events of a pen's where nobody has taken them: so nobody may."""
    kinds = QTabletEvent.Type
    for kind, x, pressure in (
        (kinds.TabletPress, 300, 0.1),
        (kinds.TabletMove, 340, 1.0),
        (kinds.TabletRelease, 340, 0.0),
    ):
        assert not tablet(hand, kind, x, 300, pressure).isAccepted()
    assert hand.mask.empty
    hand.stroke((300, 300), (340, 300))
    assert hand.value(320, 300) == 1
    hand.stored()
    assert [r.strokes for r in hand.asked(labels.labels)] == [1]


def test_fingers_pinch_to_zoom_and_slide_to_move(hand: Painter) -> None:
    c = hand.canvas
    at = QPointF(300, 300)
    under = c.view.to_picture(300, 300)
    zoom = c.view.zoom
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, PEN(), 2, at, at, c.mapToGlobal(at), 0.25, QPointF()
    )
    QApplication.sendEvent(c, pinch)
    assert c.view.zoom == pytest.approx(zoom * 1.25)
    assert np.allclose(c.view.to_picture(300, 300), under, atol=1e-6)
    c.zoom_by(4)
    before = c.view
    slide = QWheelEvent(
        at, c.mapToGlobal(at), QPoint(-30, 12), QPoint(-60, 24), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.ScrollUpdate, False,
    )  # fmt: skip
    QApplication.sendEvent(c, slide)
    assert c.view.zoom == before.zoom
    assert (c.view.cx - before.cx) * c.view.scale == pytest.approx(30)
    assert (c.view.cy - before.cy) * c.view.scale == pytest.approx(-12)
    assert hand.mask.empty
