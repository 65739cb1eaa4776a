"""The picture itself, of any size: only the tiles in sight, from the coarsest level that still shows every screen pixel."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from padscope_desktop.viewer.look import AS_IT_IS, WHOLE_SPAN, Look, Span, table
from padscope_desktop.viewer.tiles import TILE, Key, Pixels, Tile, TileMaker, Wanted, tile_pixels
from padscope_desktop.viewer.view import View

CACHE_BYTES = 128 * 2**20
CROP_ABOVE = 4.0
"""Zoom from which only the visible pixels of a tile are drawn: a whole tile would be thousands of screen px wide."""
SMOOTH_BELOW = 1.0
AHEAD = 1
"""Tiles around those in sight that are made before they are needed."""


def level_for(widths: Sequence[int], picture_width: int, zoom: float) -> int:
    """Which of the levels (their widths, in any order) to draw: the narrowest that has a pixel for every device px, else the
    widest there is."""
    enough = [i for i, width in enumerate(widths) if width >= picture_width * zoom * (1 - 1e-6)]
    if enough:
        return min(enough, key=lambda i: widths[i])
    return max(range(len(widths)), key=lambda i: widths[i])


@dataclass(frozen=True, slots=True)
class _Place:
    """A tile of a level: rows r0 … r1 - 1, columns c0 … c1 - 1."""

    key: Key
    r0: int
    r1: int
    c0: int
    c1: int


class PictureLayer:
    """Paints levels: (h, w, 1 or 3) uint8 or uint16 arrays of the whole picture at falling sizes, perhaps only mapped from files.

    With `patient` False a tile that is not there yet is only asked for, and a coarser one is shown in its place; `arrived` then
    says when there is something better to paint.
    """

    def __init__(self) -> None:
        self.width = 0
        self.height = 0
        self.span: Span = WHOLE_SPAN
        self.look: Look = AS_IT_IS
        self.version = 0
        """Changes with everything that makes the same place look different."""
        self._levels: list[Pixels] = []
        self._tiles: OrderedDict[Key, Tile] = OrderedDict()
        self._bytes = 0
        self._used: set[Key] = set()
        self._lacking: set[Key] = set()
        self._table: NDArray[np.uint8] | None = None
        self._maker = TileMaker()

    def set_picture(self, width: int, height: int, levels: Sequence[Pixels], span: Span = WHOLE_SPAN) -> None:
        """Every level covers the whole picture of width × height px. An empty sequence shows nothing."""
        self._tiles.clear()
        self._bytes = 0
        self.width, self.height = width, height
        self.set_levels(levels, span)

    def set_levels(self, levels: Sequence[Pixels], span: Span = WHOLE_SPAN) -> None:
        """Other levels of the same picture; what was painted stands in until they are there."""
        self._levels = [np.asarray(level) for level in levels]  # a mapped array is slow to cut
        self.span = span
        self._renew()

    def set_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self._renew()

    def _renew(self) -> None:
        self.version += 1
        dtype = self._levels[0].dtype if self._levels else np.dtype(np.uint8)
        as_it_is = dtype == np.uint8 and self.look == AS_IT_IS and self.span == WHOLE_SPAN
        self._table = None if as_it_is else table(self.look, self.span, dtype)

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
        return as_image(level[::step, ::step], self._table)

    def in_sight(self, view: View, longest: int) -> Pixels | None:
        """What the view shows, as it is stored, thinned to at most about `longest` px along its longer side."""
        if not self._levels:
            return None
        x0, y0, x1, y1 = view.visible
        zoom = longest / max(x1 - x0, y1 - y0, 1.0)
        level = self._levels[level_for([a.shape[1] for a in self._levels], self.width, min(zoom, 1.0))]
        part = level.shape[1] / self.width
        rows, cols = level.shape[:2]
        a, b = min(max(int(x0 * part), 0), cols - 1), min(max(math.ceil(x1 * part), 1), cols)
        c, d = min(max(int(y0 * part), 0), rows - 1), min(max(math.ceil(y1 * part), 1), rows)
        return level[c : max(d, c + 1), a : max(b, a + 1)]

    # Painting

    def paint(self, painter: QPainter, view: View, smooth: bool = True, patient: bool = True) -> None:
        """In device px: tiles meet on whole screen pixels, so that no seam shows between them."""
        if not self._levels:
            return
        widths = [a.shape[1] for a in self._levels]
        which = level_for(widths, self.width, view.zoom)
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
        coarsest = cols == min(widths)
        missing: list[Wanted] = []
        self._used.clear()
        for place in _places(level, seen_rows, seen_cols):
            tile = self._tile(place, level, patient or coarsest)
            a, b = (max(place.c0, seen_cols[0]), min(place.c1, seen_cols[1])) if crop else (place.c0, place.c1)
            c, d = (max(place.r0, seen_rows[0]), min(place.r1, seen_rows[1])) if crop else (place.r0, place.r1)
            x0, x1 = round(left + a * per_col), round(left + b * per_col)
            y0, y1 = round(top + c * per_row), round(top + d * per_row)
            target = QRect(x0, y0, x1 - x0, y1 - y0)
            if tile is None or tile.version != self.version:
                missing.append(self._wanted(place, level))
            if tile is not None:
                painter.drawImage(target, tile.image, QRect(a - place.c0, c - place.r0, b - a, d - c))
            else:
                self._paint_stand_in(painter, target, (a / cols, c / rows, b / cols, d / rows), cols)
        self._lacking = {w.key for w in missing}
        if not patient:
            self._ask(missing, level, seen_rows, seen_cols, which)

    def _paint_stand_in(
        self, painter: QPainter, target: QRect, part: tuple[float, float, float, float], finer_than: int
    ) -> None:
        """The same part of the picture (x0, y0, x1, y1 as fractions of it) from the finest coarser tile that is there."""
        coarser = sorted((a for a in self._levels if a.shape[1] < finer_than), key=lambda a: -a.shape[1])
        for level in coarser:
            rows, cols = level.shape[:2]
            x0, y0, x1, y1 = part[0] * cols, part[1] * rows, part[2] * cols, part[3] * rows
            col, row = int((x0 + x1) / 2 // TILE), int((y0 + y1) / 2 // TILE)
            place = _Place((cols, row, col), *_ends(row, rows), *_ends(col, cols))
            tile = self._tile(place, level, level is coarser[-1])
            if tile is not None:
                a, b = max(x0 - place.c0, 0.0), min(x1, place.c1) - place.c0
                c, d = max(y0 - place.r0, 0.0), min(y1, place.r1) - place.r0
                painter.drawImage(QRectF(target), tile.image, QRectF(a, c, b - a, d - c))
                return

    def _tile(self, place: _Place, level: Pixels, now: bool) -> Tile | None:
        """Perhaps one that looks as the picture did before; None where it is not there and not to be made now."""
        tile = self._tiles.get(place.key)
        if tile is not None and (tile.version == self.version or not now):
            self._tiles.move_to_end(place.key)
            self._used.add(place.key)
            return tile
        if not now:
            return None
        wanted = self._wanted(place, level)
        self._used.add(place.key)
        self._keep(wanted.key, Tile(tile_pixels(wanted.pixels, wanted.table), self.version))
        return self._tiles[place.key]

    def _wanted(self, place: _Place, level: Pixels) -> Wanted:
        return Wanted(place.key, self.version, level[place.r0 : place.r1, place.c0 : place.c1], self._table)

    def _keep(self, key: Key, tile: Tile) -> None:
        old = self._tiles.pop(key, None)
        self._bytes += tile.bytes - (old.bytes if old is not None else 0)
        self._tiles[key] = tile
        while self._bytes > CACHE_BYTES:
            oldest = next(iter(self._tiles))
            if oldest in self._used or oldest == key:  # all that is older has gone: the rest is in sight
                break
            self._bytes -= self._tiles.pop(oldest).bytes

    # What is made in the background

    def _ask(
        self, missing: list[Wanted], level: Pixels, rows: tuple[int, int], cols: tuple[int, int], which: int
    ) -> None:
        """First what is missing in sight, then what a hand could bring into sight next."""
        ahead = AHEAD * TILE
        around = _places(level, _grown(rows, ahead, level.shape[0]), _grown(cols, ahead, level.shape[1]))
        wanted = {w.key: w for w in missing}
        widths = [a.shape[1] for a in self._levels]
        coarser = [a for a in self._levels if a.shape[1] < widths[which]]
        if coarser:
            next_level = max(coarser, key=lambda a: a.shape[1])
            part = next_level.shape[1] / level.shape[1]
            spans = [(int(a * part), math.ceil(b * part)) for a, b in (rows, cols)]
            for place in _places(next_level, *spans):
                wanted.setdefault(place.key, self._wanted(place, next_level))
        for place in around:
            wanted.setdefault(place.key, self._wanted(place, level))
        self._maker.want([w for w in wanted.values() if not self._has(w.key)])

    def _has(self, key: Key) -> bool:
        return key in self._tiles and self._tiles[key].version == self.version

    @property
    def lacks(self) -> bool:
        """Something in sight was last painted from a coarser level than there is, because its tile was not made yet."""
        return bool(self._lacking)

    @property
    def waits(self) -> bool:
        """Tiles were asked for that are not here yet."""
        return self._maker.busy

    def arrived(self) -> bool:
        """Take in what was made meanwhile; True where something in sight is better than what was painted last."""
        better = False
        for wanted, pixels in self._maker.take():
            if wanted.version == self.version:
                better |= wanted.key in self._lacking
                self._keep(wanted.key, Tile(pixels, wanted.version))
        return better


def as_image(pixels: Pixels, look: NDArray[np.uint8] | None = None) -> QImage:
    """(h, w, 1 or 3) as an image of its own memory, in the format that paints fastest."""
    return Tile(tile_pixels(np.ascontiguousarray(pixels), look), 0).image.copy()


def _seen(count: int, start: float, step: float, room: float) -> tuple[int, int]:
    """First and one past the last of `count` pixels of `step` device px that lie within [0, room]."""
    first = math.floor(-start / step)
    last = math.ceil((room - start) / step)
    return min(max(first, 0), count), min(max(last, 0), count)


def _grown(seen: tuple[int, int], by: int, count: int) -> tuple[int, int]:
    return max(seen[0] - by, 0), min(seen[1] + by, count)


def _ends(tile: int, count: int) -> tuple[int, int]:
    return tile * TILE, min((tile + 1) * TILE, count)


def _places(level: Pixels, rows: tuple[int, int], cols: tuple[int, int]) -> Iterator[_Place]:
    """Every tile that holds a seen pixel."""
    height, width = level.shape[:2]
    for row in range(rows[0] // TILE, -(-rows[1] // TILE)):
        for col in range(cols[0] // TILE, -(-cols[1] // TILE)):
            yield _Place((width, row, col), *_ends(row, height), *_ends(col, width))
