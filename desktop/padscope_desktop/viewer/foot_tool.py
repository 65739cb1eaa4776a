"""A wire's foot dragged over its pad: it stops at what is in the way, and turns red where it cannot stand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPen

from padscope.types import Affine
from padscope_desktop.viewer.pad_layer import UNDER
from padscope_desktop.viewer.pad_shape import Points, polygon
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.view import View

FITS, WRONG = QColor("#56B4E9"), QColor("#D55E00")
DRAG_PX = 4.0
"""Logical px that a click on a foot may wander."""
STOP_PX = 60.0
"""Logical px from the cursor within which a foot stands where it still fits; further off it turns red."""


@dataclass(frozen=True)
class Lifted:
    """A foot in the hand. `corners_um` (4, 2) about its centre; `nearest(point, reach)` is where it may stand (µm), None where
    nowhere within reach; `words` says what is to be known of it there."""

    wire: str
    pad: str
    at_um: tuple[float, float]
    corners_um: Points
    um_to_px: Affine
    nearest: Callable[[tuple[float, float], float], tuple[float, float] | None]
    words: Callable[[tuple[float, float]], str]


class FootHands(Protocol):
    def view(self) -> View: ...
    def foot_under(self, at: Px) -> str | None: ...
    def lift(self, wire: str) -> Lifted | None: ...
    def put_down(self, lifted: Lifted, at_um: tuple[float, float]) -> None: ...
    def clicked(self, wire: str, twice: bool) -> None: ...


class FootTool(Tool):
    """Takes the left button only over a foot; beside feet it moves the picture and chooses pads, as without a tool."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, hands: FootHands) -> None:
        self._hands = hands
        self._pressed: tuple[str, Px] | None = None
        self._lifted: Lifted | None = None
        self._moved = self._twice = False
        self._standing: tuple[float, float] | None = None
        self._wanted: tuple[float, float] = (0.0, 0.0)

    def takes(self, at: Px) -> bool:
        return self._hands.foot_under(at) is not None

    def press(self, at: Px, event: QMouseEvent) -> None:
        wire = self._hands.foot_under(at)
        self._pressed = None if wire is None else (wire, at)

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        wire, start = self._pressed
        if not self._moved:
            if math.dist(at, start) * self._hands.view().scale < DRAG_PX:
                return
            self._moved = True
            self._lifted = self._hands.lift(wire)
        if self._lifted is None:
            return
        a, b = self._lifted.um_to_px.inverse().apply(np.array([start, at]))
        x, y = (np.array(self._lifted.at_um) + b - a).tolist()
        self._wanted = (x, y)
        reach = STOP_PX / (self._hands.view().scale * self._lifted.um_to_px.scale)
        self._standing = self._lifted.nearest(self._wanted, reach)

    def release(self, at: Px, event: QMouseEvent) -> None:
        pressed, lifted, standing, moved = self._pressed, self._lifted, self._standing, self._moved
        twice = self._twice
        self.abandon()
        if pressed is not None and not moved:
            self._hands.clicked(pressed[0], twice)
        elif lifted is not None and standing is not None:
            self._hands.put_down(lifted, standing)

    def double_click(self, at: Px, event: QMouseEvent) -> None:
        self.press(at, event)
        self._twice = True

    def abandon(self) -> bool:
        going = self._pressed is not None
        self._pressed = self._lifted = self._standing = None
        self._moved = self._twice = False
        return going

    def paint(self, painter: QPainter, view: View) -> None:
        lifted = self._lifted
        if lifted is None or not self._moved:
            return
        at, colour = (self._standing, FITS) if self._standing is not None else (self._wanted, WRONG)
        corners = view.to_screen(lifted.um_to_px.apply(lifted.corners_um + np.array(at)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        fill = QColor(colour)
        fill.setAlpha(90)
        painter.setBrush(fill)
        for pen in (QPen(UNDER, 4.5), QPen(colour, 2.5)):
            painter.setPen(pen)
            painter.drawPolygon(polygon(corners))
        words = lifted.words(at) if self._standing is not None else "does not fit here"
        _paint_words(painter, view, corners, words, colour)


def _paint_words(painter: QPainter, view: View, corners: Points, words: str, colour: QColor) -> None:
    """Beside the foot, inside the canvas."""
    metrics = QFontMetricsF(QFont(painter.font()))
    box = QRectF(0, 0, metrics.horizontalAdvance(words) + 16, metrics.height() + 8)
    (x0, y0), (x1, _) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    box.moveTo(x1 + 12, y0 - box.height() - 4)
    if box.right() > view.width:
        box.moveRight(x0 - 12)
    if box.top() < 0:
        box.moveTop(4)
    painter.setPen(QPen(UNDER, 1))
    painter.setBrush(colour)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor("#101010"))
    painter.drawText(QPointF(box.left() + 8, box.bottom() - 4 - metrics.descent()), words)
