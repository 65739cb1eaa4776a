"""Tools that show before they act: the wand with its tolerance, and a component that is moved."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter

from padscope.masks.component_edits import seen_from_afar
from padscope.masks.components import Component
from padscope.masks.shapes import Region
from padscope.types import Box
from padscope_desktop.viewer.paint_tools import Easel, PaintTool
from padscope_desktop.viewer.tools import Px
from padscope_desktop.viewer.view import View

PER_STEP = 4.0
"""Logical px of a drag that change the tolerance by one grey value."""
SHOWN_ALPHA = 130
MOST_SHOWN = 2000
"""px along the longer side of the image of a piece that is moved."""


def shown(region: Region, colour: QColor) -> QImage:
    """A region as a soft image."""
    a = SHOWN_ALPHA
    premultiplied = (
        a << 24 | (colour.red() * a // 255) << 16 | (colour.green() * a // 255) << 8 | colour.blue() * a // 255
    )
    pixels = np.where(region.inside, np.uint32(premultiplied), np.uint32(0))
    height, width = pixels.shape
    return QImage(
        np.ascontiguousarray(pixels).data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied
    ).copy()


def paint_image(painter: QPainter, view: View, box: Box, image: QImage, shift: Px = (0.0, 0.0)) -> None:
    corners = np.array([[box.x0, box.y0], [box.x1, box.y1]], dtype=np.float64) - 0.5 + shift
    (x0, y0), (x1, y1) = view.to_screen(corners).tolist()
    painter.drawImage(QRectF(x0, y0, x1 - x0, y1 - y0), image)


class WandTool(PaintTool):
    """Shows what a click would take; a press and a drag to the right or left changes the tolerance, the release takes it. Alt
    erases it."""

    name = "wand"

    def __init__(
        self,
        easel: Easel,
        pick: Callable[[Px, float], Region | None],
        tolerance: Callable[[], float],
        set_tolerance: Callable[[float], None],
    ) -> None:
        super().__init__(easel)
        self._pick = pick
        self._tolerance = tolerance
        self._set_tolerance = set_tolerance
        self._at: Px | None = None
        self._pressed: tuple[Px, float] | None = None
        self.region: Region | None = None
        self._image: QImage | None = None

    def hover(self, at: Px | None) -> None:
        self._at = at
        self.show()

    def show(self) -> None:
        """Again, where the tolerance has changed."""
        at = self._pressed[0] if self._pressed is not None else self._at
        region = self._pick(at, self._tolerance()) if at is not None else None
        self.region = region
        self._image = shown(region, self.easel.colour) if region is not None else None

    def press(self, at: Px, event: QMouseEvent) -> None:
        self._pressed = (at, self._tolerance())
        self.show()

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._pressed is not None:
            start, before = self._pressed
            self._set_tolerance(before + (at[0] - start[0]) * self.easel.scale / PER_STEP)
            self.show()

    def release(self, at: Px, event: QMouseEvent) -> None:
        region, pressed = self.region, self._pressed
        self._pressed, self.region, self._image = None, None, None
        if pressed is None or region is None:
            return
        stroke = self.easel.begin(bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
        if stroke is not None:
            self.easel.add(stroke, [region])
            self.easel.finish(stroke, self.name)

    def abandon(self) -> bool:
        had, self._pressed = self._pressed is not None, None
        self.region, self._image = None, None
        return had

    def paint(self, painter: QPainter, view: View) -> None:
        if self.region is not None and self._image is not None:
            paint_image(painter, view, self.region.box, self._image)


class MoveTool(PaintTool):
    """Takes the component under the cursor along; it is put down at the release."""

    name = "move"
    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(
        self,
        easel: Easel,
        take: Callable[[Px, Callable[[Component, QColor], None]], None],
        put: Callable[[Component, int, int], None],
    ) -> None:
        super().__init__(easel)
        self._take = take
        self._put = put
        self._held: tuple[Component, Box, QImage] | None = None
        self._down = False
        self._dropped = False  # let go of before all of it was known
        self._from: Px = (0.0, 0.0)
        self._by = (0, 0)

    def press(self, at: Px, event: QMouseEvent) -> None:
        self.abandon()
        self._from, self._by, self._down = at, (0, 0), True
        self._take(at, self._taken)

    def _taken(self, piece: Component, colour: QColor) -> None:
        if not self._down:
            return
        seen = seen_from_afar(piece, MOST_SHOWN)
        self._held = piece, seen.box, shown(seen, colour)
        if self._dropped:
            self._let_go()

    def drag(self, at: Px, event: QMouseEvent) -> None:
        self._by = math.floor(at[0] - self._from[0] + 0.5), math.floor(at[1] - self._from[1] + 0.5)

    def release(self, at: Px, event: QMouseEvent) -> None:
        self.drag(at, event)
        self._dropped = True
        if self._held is not None:
            self._let_go()

    def _let_go(self) -> None:
        held, by = self._held, self._by
        self.abandon()
        if held is not None and by != (0, 0):
            self._put(held[0], *by)

    def abandon(self) -> bool:
        had = self._held is not None
        self._held, self._down, self._dropped = None, False, False
        return had

    def paint(self, painter: QPainter, view: View) -> None:
        if self._held is not None:
            _, box, image = self._held
            paint_image(painter, view, box, image, (float(self._by[0]), float(self._by[1])))
