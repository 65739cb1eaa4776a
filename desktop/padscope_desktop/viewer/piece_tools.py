"""Tools that show before they act: the wand with its tolerance, and a component that is moved."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter

from padscope.masks.shapes import Region
from padscope_desktop.viewer.paint_tools import Easel, PaintTool
from padscope_desktop.viewer.tools import Px
from padscope_desktop.viewer.view import View

PER_STEP = 4.0
"""Logical px of a drag that change the tolerance by one grey value."""
SHOWN_ALPHA = 130


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


def paint_region(painter: QPainter, view: View, region: Region, image: QImage, shift: Px = (0.0, 0.0)) -> None:
    box = region.box
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
            paint_region(painter, view, self.region, self._image)


class MoveTool(PaintTool):
    """Takes the component under the cursor along; it is put down at the release."""

    name = "move"
    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(
        self,
        easel: Easel,
        take: Callable[[Px], tuple[Region, QColor] | None],
        put: Callable[[Region, int, int], None],
    ) -> None:
        super().__init__(easel)
        self._take = take
        self._put = put
        self._region: Region | None = None
        self._image: QImage | None = None
        self._from: Px = (0.0, 0.0)
        self._by = (0, 0)

    def press(self, at: Px, event: QMouseEvent) -> None:
        found = self._take(at)
        self._from, self._by = at, (0, 0)
        self._region = found[0] if found is not None else None
        self._image = shown(*found) if found is not None else None

    def drag(self, at: Px, event: QMouseEvent) -> None:
        self._by = math.floor(at[0] - self._from[0] + 0.5), math.floor(at[1] - self._from[1] + 0.5)

    def release(self, at: Px, event: QMouseEvent) -> None:
        self.drag(at, event)
        region, self._region, self._image = self._region, None, None
        if region is not None and self._by != (0, 0):
            self._put(region, *self._by)

    def abandon(self) -> bool:
        had, self._region, self._image = self._region is not None, None, None
        return had

    def paint(self, painter: QPainter, view: View) -> None:
        if self._region is not None and self._image is not None:
            paint_region(painter, view, self._region, self._image, (float(self._by[0]), float(self._by[1])))
