"""What the left button does while painting: brush and eraser, outlines, fills, the wand, and single components.

A tool turns points into regions and hands them to an `Easel`; it knows nothing of files, classes or undo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent

from padscope.masks.brush import SQUARE, swept
from padscope.masks.class_mask import ClassMask
from padscope.masks.live import LiveStroke
from padscope.masks.shapes import Region
from padscope.types import Floats
from padscope_desktop.viewer.ring import DARK, LIGHT, Ring
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.view import View

NEAR = 10.0
"""Logical px within which a click closes a polygon at its first corner."""
CLICK = 4.0
"""Logical px by which a click may shake."""


class Easel(Protocol):
    """What tools paint on and with. `size` is the brush's width in picture px."""

    @property
    def size(self) -> float: ...
    @property
    def shape(self) -> str: ...
    @property
    def mask(self) -> ClassMask | None: ...
    @property
    def scale(self) -> float:
        """Logical px per picture px."""
        ...

    @property
    def colour(self) -> QColor: ...
    def begin(self, erase: bool) -> LiveStroke | None:
        """None where nothing may be painted; the reason has been said."""
        ...

    def add(self, stroke: LiveStroke, regions: Iterable[Region]) -> None: ...
    def finish(self, stroke: LiveStroke, tool: str) -> None: ...
    def drop(self, stroke: LiveStroke) -> None: ...
    def fill_outline(self, points: Floats, erase: bool, tool: str) -> None:
        """What a closed outline (N, 2) px surrounds, as one stroke."""
        ...

    def snapped(self, at: Px) -> Region | None:
        """What a brush that follows borders covers here; None where it does not follow any now."""
        ...

    def resize(self, steps: float) -> None:
        """By notches of the wheel."""
        ...


class PaintTool(Tool):
    """`name` stands in the history beside each stroke."""

    name = ""

    def __init__(self, easel: Easel) -> None:
        self.easel = easel

    def wheel(self, at: Px, event: QWheelEvent) -> bool:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.easel.resize((event.angleDelta().y() or event.angleDelta().x()) / 120)
            return True
        return False


class BrushTool(PaintTool):
    """Paints along the mouse's way, without gaps. Shift: a straight line, while dragging from where it began, with a click from
    where the last stroke ended."""

    cursor = Qt.CursorShape.BlankCursor

    def __init__(self, easel: Easel, erase: bool = False) -> None:
        super().__init__(easel)
        self.name = "eraser" if erase else "brush"
        self.erase = erase
        self._stroke: LiveStroke | None = None
        self._at: Px | None = None  # the cursor
        self._from: Px = (0.0, 0.0)
        self._straight = False
        self._last: Px | None = None  # where the last stroke ended
        self._mask: ClassMask | None = None  # of that stroke
        self._ring = Ring()
        self._way: tuple[Px, Px, float, str] | None = None  # from where to where it was just swept, and with what

    def press(self, at: Px, event: QMouseEvent) -> None:
        self._at, self._from, self._way = at, at, None
        self._stroke = self.easel.begin(self.erase)
        self._straight = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if self._stroke is not None and not self._straight:
            self._paint(at, at)

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._stroke is not None and not self._straight:
            assert self._at is not None
            self._paint(self._at, at)
        self._at = at

    def release(self, at: Px, event: QMouseEvent) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self._stroke = stroke
            start = self._at or at
            if self._straight:
                start = self._line_start(at)
            self._paint(start, at)
            self._stroke = None
            self._last, self._mask = at, self.easel.mask
            self.easel.finish(stroke, self.name)
        self._at, self._straight = at, False

    def _line_start(self, at: Px) -> Px:
        moved = math.dist(self._from, at) * self.easel.scale > CLICK
        return self._from if moved or self._last is None or self._mask is not self.easel.mask else self._last

    def _paint(self, a: Px, b: Px) -> None:
        stroke, easel = self._stroke, self.easel
        if stroke is None:
            return
        radius = easel.size / 2
        steps = max(math.ceil(math.dist(a, b) / max(radius / 2, 1.0)), 1)
        if easel.snapped(b) is None:
            before = self._way[0] if self._way is not None and self._way[1:] == (a, radius, easel.shape) else None
            self._way = a, b, radius, easel.shape
            easel.add(stroke, swept(a, b, radius, easel.shape, stroke.mask.box, before=before))
            return
        self._way = None
        for i in range(1, steps + 1):
            t = i / steps
            region = easel.snapped((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
            if region is not None:
                easel.add(stroke, [region])

    def hover(self, at: Px | None) -> None:
        self._at = at

    def abandon(self) -> bool:
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            self.easel.drop(stroke)
        return stroke is not None

    def paint(self, painter: QPainter, view: View) -> None:
        """The ring is as large as what is painted, at every zoom."""
        if self._at is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        x, y = view.to_screen(np.array(self._at)).tolist()
        if self._straight and self._stroke is not None:
            start = view.to_screen(np.array(self._line_start(self._at))).tolist()
            _outlined(painter, lambda: painter.drawLine(QPointF(*start), QPointF(x, y)), LIGHT)
        r = max(self.easel.size / 2 * view.scale, 1.0)
        colour = LIGHT if self.erase else self.easel.colour
        self._ring.paint(painter, QPointF(x, y), r, self.easel.shape == SQUARE, colour)
        if r < 4 or self.erase:  # too small to be seen, or to be told from the brush
            d = max(r, 0) + 3
            arms = ((-d - 4, 0, -d, 0), (d, 0, d + 4, 0), (0, -d - 4, 0, -d), (0, d, 0, d + 4))
            for x0, y0, x1, y1 in arms if not self.erase else ((-4, -4, 4, 4), (-4, 4, 4, -4)):
                a, b = QPointF(x + x0, y + y0), QPointF(x + x1, y + y1)
                _outlined(painter, lambda a=a, b=b: painter.drawLine(a, b), colour)  # type: ignore[misc]


class OutlineTool(PaintTool):
    """Everything that is drawn as a closed outline and then filled. Alt at its end erases what it surrounds."""

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self.points: list[Px] = []
        self.at: Px | None = None

    def fill(self, points: Sequence[Px], erase: bool) -> None:
        self.points = []
        self.easel.fill_outline(np.array(points, dtype=np.float64).reshape(-1, 2), erase, self.name)

    def hover(self, at: Px | None) -> None:
        self.at = at

    def abandon(self) -> bool:
        had, self.points = bool(self.points), []
        return had

    def corners(self) -> Sequence[Px]:
        """Of what would be filled now."""
        return self.points

    def paint(self, painter: QPainter, view: View) -> None:
        corners = self.corners()
        if len(corners) < 2:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        shape = QPolygonF([QPointF(x, y) for x, y in view.to_screen(np.array(corners)).tolist()])
        soft = QColor(self.easel.colour)
        soft.setAlpha(60)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft)
        painter.drawPolygon(shape, Qt.FillRule.WindingFill)
        _outlined(painter, lambda: painter.drawPolyline(shape), self.easel.colour)


def _alt(event: QMouseEvent | QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)


class LassoTool(OutlineTool):
    name = "lasso"

    def press(self, at: Px, event: QMouseEvent) -> None:
        self.points = [at]

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self.points:
            self.points.append(at)

    def release(self, at: Px, event: QMouseEvent) -> None:
        if len(self.points) > 2:
            self.fill([*self.points, at], _alt(event))
        self.points = []


class RectangleTool(OutlineTool):
    """From corner to corner, whole pixels."""

    name = "rectangle"

    def press(self, at: Px, event: QMouseEvent) -> None:
        self.points, self.at = [at], at

    def drag(self, at: Px, event: QMouseEvent) -> None:
        self.at = at

    def release(self, at: Px, event: QMouseEvent) -> None:
        self.at = at
        if self.points:
            self.fill(self.corners()[:-1], _alt(event))

    def corners(self) -> Sequence[Px]:
        if not self.points or self.at is None:
            return []
        (ax, ay), (bx, by) = self.points[0], self.at
        x0, x1 = math.floor(min(ax, bx) + 0.5) - 0.5, math.floor(max(ax, bx) + 0.5) + 0.5
        y0, y1 = math.floor(min(ay, by) + 0.5) - 0.5, math.floor(max(ay, by) + 0.5) + 0.5
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]


class PolygonTool(OutlineTool):
    """Click by click; a click on the first corner, a double click or Enter closes it, Backspace takes a corner back."""

    name = "polygon"
    dragged = False

    def take_back(self) -> bool:
        """The last corner."""
        had = bool(self.points)
        del self.points[-1:]
        return had

    def press(self, at: Px, event: QMouseEvent) -> None:
        if len(self.points) > 2 and math.dist(self.points[0], at) * self.easel.scale < NEAR:
            self.fill(self.points, _alt(event))
        else:
            self.points.append(at)
        self.at = at

    def drag(self, at: Px, event: QMouseEvent) -> None:
        self.at = at

    def double_click(self, at: Px, event: QMouseEvent) -> None:
        if len(self.points) > 2:
            self.fill(self.points, _alt(event))

    def key(self, event: QKeyEvent, down: bool) -> bool:
        if event.key() == Qt.Key.Key_Backspace and self.points:
            if down:
                self.points.pop()
            return True
        return False

    def close(self) -> bool:
        """Enter; False where there is nothing to close."""
        if len(self.points) > 2:
            self.fill(self.points, False)
            return True
        return False

    def corners(self) -> Sequence[Px]:
        return [*self.points, self.at] if self.points and self.at is not None else self.points

    def paint(self, painter: QPainter, view: View) -> None:
        super().paint(painter, view)
        for x, y in view.to_screen(np.array(self.points).reshape(-1, 2)).tolist():
            _outlined(painter, lambda x=x, y=y: painter.drawEllipse(QPointF(x, y), 3.5, 3.5), self.easel.colour)  # type: ignore[misc]


class ClickTool(PaintTool):
    """One click does it: `act(point, event)`."""

    dragged = False

    def __init__(
        self,
        easel: Easel,
        name: str,
        act: Callable[[Px, QMouseEvent], None],
        cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor,
    ) -> None:
        super().__init__(easel)
        self.name = name
        self.cursor = cursor
        self._act = act

    def press(self, at: Px, event: QMouseEvent) -> None:
        self._act(at, event)


def _outlined(painter: QPainter, draw: Callable[[], object], colour: QColor) -> None:
    """On any ground: dark below, the colour above."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(DARK, 3.0), QPen(colour, 1.5)):
        painter.setPen(pen)
        draw()


def pixel_at(at: Px) -> tuple[int, int]:
    """The pixel under a point."""
    return math.floor(at[0] + 0.5), math.floor(at[1] + 0.5)
