"""The picture itself, of any size: only the tiles in sight, from the coarsest level that still shows every screen pixel."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from padscope_desktop.viewer.view import View

TILE = 512
CACHE_BYTES = 192 * 2**20
CROP_ABOVE = 4.0
"""Zoom from which only the visible pixels of a tile are drawn: a whole tile would be thousands of screen px wide."""
SMOOTH_BELOW = 1.0

Pixels = NDArray[np.uint8]


def level_for(widths: Sequence[int], picture_width: int, zoom: float) -> int:
    """Which of the levels (their widths, in any order) to draw: the narrowest that has a pixel for every device px, else the
    widest there is."""
    enough = [i for i, width in enumerate(widths) if width >= picture_width * zoom * (1 - 1e-6)]
    if enough:
        return min(enough, key=lambda i: widths[i])
    return max(range(len(widths)), key=lambda i: widths[i])


class PictureLayer:
    """Paints levels: (h, w, 3) uint8 RGB arrays of the whole picture at falling sizes, perhaps only mapped from a file."""

    def __init__(self) -> None:
        self.width = 0
        self.height = 0
        self._levels: list[Pixels] = []
        self._tiles: OrderedDict[tuple[int, int, int], QImage] = OrderedDict()
        self._bytes = 0

    def set_picture(self, width: int, height: int, levels: Sequence[Pixels]) -> None:
        """Every level covers the whole picture of width × height px. An empty sequence shows nothing."""
        self.width, self.height = width, height
        self._levels = list(levels)
        self._tiles.clear()
        self._bytes = 0

    @property
    def levels(self) -> tuple[Pixels, ...]:
        return tuple(self._levels)

    @property
    def shows_something(self) -> bool:
        return bool(self._levels)

    def overview(self, longest: int) -> QImage | None:
        """The smallest level that is at least `longest` px long, for the inset."""
        if not self._levels:
            return None
        by_size = sorted(self._levels, key=lambda a: max(a.shape[:2]))
        level = next((a for a in by_size if max(a.shape[:2]) >= longest), by_size[-1])
        step = max(1, max(level.shape[:2]) // (4 * longest))  # a lone full picture is thinned, not copied
        return as_image(level[::step, ::step])

    def paint(self, painter: QPainter, view: View, smooth: bool = True) -> None:
        """In device px: tiles meet on whole screen pixels, so that no seam shows between them."""
        if not self._levels:
            return
        which = level_for([a.shape[1] for a in self._levels], self.width, view.zoom)
        level = self._levels[which]
        rows, cols = level.shape[:2]
        per_col, per_row = (
            self.width / cols * view.zoom,
            self.height / rows * view.zoom,
        )  # device px per px of the level
        left = (-0.5 - view.cx) * view.zoom + view.width * view.dpr / 2
        top = (-0.5 - view.cy) * view.zoom + view.height * view.dpr / 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth and view.zoom < SMOOTH_BELOW)
        seen_cols = _seen(cols, left, per_col, view.width * view.dpr)
        seen_rows = _seen(rows, top, per_row, view.height * view.dpr)
        crop = view.zoom > CROP_ABOVE
        for r0, r1 in _tiles(rows, seen_rows):
            for c0, c1 in _tiles(cols, seen_cols):
                image = self._tile(which, r0 // TILE, c0 // TILE, level[r0:r1, c0:c1])
                a, b = (max(c0, seen_cols[0]), min(c1, seen_cols[1])) if crop else (c0, c1)
                c, d = (max(r0, seen_rows[0]), min(r1, seen_rows[1])) if crop else (r0, r1)
                x0, x1 = round(left + a * per_col), round(left + b * per_col)
                y0, y1 = round(top + c * per_row), round(top + d * per_row)
                painter.drawImage(QRect(x0, y0, x1 - x0, y1 - y0), image, QRect(a - c0, c - r0, b - a, d - c))

    def _tile(self, which: int, row: int, col: int, pixels: Pixels) -> QImage:
        key = (which, row, col)
        if key in self._tiles:
            self._tiles.move_to_end(key)
            return self._tiles[key]
        image = as_image(pixels)
        self._tiles[key] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > CACHE_BYTES and len(self._tiles) > 1:
            self._bytes -= self._tiles.popitem(last=False)[1].sizeInBytes()
        return image


def as_image(pixels: Pixels) -> QImage:
    """(h, w, 3) uint8 RGB as an image of its own memory, in the format that paints fastest."""
    pixels = np.ascontiguousarray(pixels)
    rows, cols = pixels.shape[:2]
    return QImage(pixels.data, cols, rows, cols * 3, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _seen(count: int, start: float, step: float, room: float) -> tuple[int, int]:
    """First and one past the last of `count` pixels of `step` device px that lie within [0, room]."""
    first = math.floor(-start / step)
    last = math.ceil((room - start) / step)
    return min(max(first, 0), count), min(max(last, 0), count)


def _tiles(count: int, seen: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Start and end of every tile that holds a seen pixel."""
    for start in range(seen[0] // TILE * TILE, seen[1], TILE):
        yield start, min(start + TILE, count)
