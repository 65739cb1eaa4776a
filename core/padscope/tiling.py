"""Cutting pictures into tiles and laying heat back over them: pure functions on boxes and arrays.

A tile is a core, whose cells are kept, and a halo around it, which only gives the network its context. Cores start at
multiples of the network's coarsest stride, so that a cell's value does not depend on how the picture was cut.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.types import Box, Floats, Mask, Pixels

ALIGN = 16
"""px; tiles begin and end at multiples of it (the coarsest stride of the default backbone)."""
CELL = 8
"""px of the picture per cell of a heat grid."""


@dataclass(frozen=True, slots=True)
class TileBox:
    """Where a tile lies in its picture: `outer` is cut (perhaps beyond the border), `core` is kept."""

    core: Box
    outer: Box


def snapped(box: Box, step: int = ALIGN) -> Box:
    """The smallest box around this one whose sides lie on multiples of `step`."""
    return Box(box.x0 // step * step, box.y0 // step * step, -(-box.x1 // step) * step, -(-box.y1 // step) * step)


def plan_tiles(width: int, height: int, tile: int, halo: int, border: int, align: int = ALIGN) -> list[TileBox]:
    """Cores of about `tile` px or less that cover the picture once, row by row, each with its halo around it.

    No tile reaches farther than `border` px over the picture's border: what lies there is only a reflection. With a halo as
    large as the network sees, the kept cells are the same, to float noise, as those of one pass over the whole picture."""
    widest = snapped(Box(0, 0, width, height).grown(border), align)
    cores = [Box(x0, y0, x1, y1) for y0, y1 in _spans(height, tile, align) for x0, x1 in _spans(width, tile, align)]
    return [TileBox(core, snapped(core.grown(halo), align).common(widest)) for core in cores]


def cut(read: Callable[[Box], Pixels], width: int, height: int, box: Box) -> Pixels:
    """The pixels of a box that may reach over the picture's borders, continued there by reflection, (h, w, …)."""
    columns, rows = _reflected(box.x0, box.x1, width), _reflected(box.y0, box.y1, height)
    window = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    pixels = read(window)
    if window == box:
        return pixels
    return pixels[np.ix_(rows - window.y0, columns - window.x0)]


def as_unit(pixels: Pixels) -> NDArray[np.float32]:
    """8 or 16 bit pixels (h, w, 3) as float32 (3, h, w) in [0, 1]."""
    full = np.float32(np.iinfo(pixels.dtype).max)
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0), dtype=np.float32) / full


def grid_shape(width: int, height: int, cell: int = CELL) -> tuple[int, int]:
    """Rows and columns of the cell grid over a picture."""
    return -(-height // cell), -(-width // cell)


def cells_inside(inside: Mask, cell: int = CELL) -> Mask:
    """Cells (…, H / cell, W / cell) that hold at least one pixel of `inside` (…, H, W)."""
    *rest, h, w = inside.shape
    return np.asarray(inside.reshape(*rest, h // cell, cell, w // cell, cell).any(axis=(-3, -1)))


def lay(grid: Floats, heat: Floats, keep: Mask, outer: Box, cell: int = CELL) -> None:
    """Write the kept cells of one tile's heat (h, w) into the grid of its picture; where two tiles judge one cell, the worse
    wins. Cells beyond the picture's border are dropped."""
    y0, x0 = outer.y0 // cell, outer.x0 // cell
    h, w = heat.shape
    top, left = max(-y0, 0), max(-x0, 0)
    bottom, right = min(h, grid.shape[0] - y0), min(w, grid.shape[1] - x0)
    if bottom <= top or right <= left:
        return
    part = grid[y0 + top : y0 + bottom, x0 + left : x0 + right]
    new = np.where(keep, heat, np.nan)[top:bottom, left:right]
    np.fmax(part, new, out=part)


def _spans(length: int, tile: int, align: int) -> list[tuple[int, int]]:
    """Equal aligned parts of at most about `tile` px; the last one ends at the border."""
    count = math.ceil(length / tile)
    step = math.ceil(length / count / align) * align
    return [(start, min(start + step, length)) for start in range(0, length, step)]


def _reflected(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Indices start … stop - 1 folded into 0 … length - 1 by reflection that does not repeat the border pixel."""
    if length == 1:
        return np.zeros(stop - start, dtype=np.intp)
    period = 2 * (length - 1)
    folded = np.arange(start, stop) % period
    return np.where(folded < length, folded, period - folded).astype(np.intp)
