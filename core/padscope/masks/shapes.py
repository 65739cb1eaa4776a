"""Shapes as pixels: what a brush, a polygon, a fill or a wand covers. A pixel is covered when its centre is.

Points are (x, y) px with the centre of the upper left pixel at (0, 0), float64, shape (N, 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from padscope.masks.class_mask import CHUNK
from padscope.types import Array, Box, Floats, Mask

SMALLEST_RADIUS = 0.7072
"""A hair above √½: no pixel centre is farther from any point, so the finest brush always paints, and without gaps."""
_BAND = 64
"""Rows that are drawn at once: a long slanted line costs its own area, not its bounding box's."""


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of a box: `inside` (box.height, box.width) bool."""

    box: Box
    inside: Mask


def stroke(points: Floats, radius: float) -> Iterator[Region]:
    """A round brush drawn along a line of points, as the regions of its pieces; one point is a dot. Their union is every pixel
    within `radius` of the line."""
    path = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    r = max(float(radius), SMALLEST_RADIUS)
    if len(path) == 1:
        yield from _capsule(path[0], path[0], r)
    for a, b in pairwise(path):
        yield from _capsule(a, b, r)


def polygon(points: Floats, within: Box) -> Region:
    """What a closed outline surrounds (non-zero winding, so a lasso that crosses itself has no holes), clipped to a box.
    A centre exactly on an edge belongs to the shape on its right or below, so neighbours share no pixel and leave none."""
    corners = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return Region(Box(within.x0, within.y0, within.x0, within.y0), np.zeros((0, 0), bool))
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = Box(
        max(int(np.floor(low[0])), within.x0),
        max(int(np.floor(low[1])), within.y0),
        min(int(np.ceil(high[0])) + 1, within.x1),
        min(int(np.ceil(high[1])) + 1, within.y1),
    )
    if box.empty:
        return Region(Box(within.x0, within.y0, within.x0, within.y0), np.zeros((0, 0), bool))
    turns = np.zeros((box.height, box.width + 1), np.int32)
    sign, (x, y), (dx, dy) = _falling(corners)
    first = np.maximum(np.ceil(y), box.y0).astype(np.int64)
    many = np.maximum(np.minimum(np.ceil(y + dy).astype(np.int64), box.y1) - first, 0)
    edge = np.repeat(np.arange(len(corners)), many)
    rows = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + first[edge]
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = dx / dy  # of a level edge, which meets no row
    crossed = x[edge] + (rows - y[edge]) * slope[edge]
    cols = np.clip(np.ceil(crossed), box.x0, box.x1).astype(np.int64) - box.x0
    np.add.at(turns, (rows - box.y0, cols), sign[edge])
    return Region(box, np.cumsum(turns[:, :-1], axis=1) != 0)


def polygon_bands(points: Floats, within: Box) -> Iterator[Region]:
    """The same in bands of rows that lie on whole chunks: the largest costs little memory, and little time at once."""
    around = Box.around(np.asarray(points, dtype=np.float64).reshape(-1, 2)).clipped(within.x1, within.y1)
    for top in range(max(around.y0, within.y0) // CHUNK * CHUNK, around.y1, CHUNK):
        region = polygon(points, Box(within.x0, max(top, within.y0), within.x1, min(top + CHUNK, within.y1)))
        if region.inside.any():
            yield region


def _falling(corners: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """The edges of a closed outline as walked downwards: (1 where that is their own way, else -1; upper end (2, n); way to the
    lower end (2, n)), so that an edge and its reverse are the very same numbers."""
    after = np.roll(corners, -1, axis=0)
    down = corners[:, 1] < after[:, 1]
    top, bottom = np.where(down[:, None], corners, after), np.where(down[:, None], after, corners)
    return np.where(down, 1, -1).astype(np.int32), top.T, (bottom - top).T


def wand(pixels: Array, box: Box, x: int, y: int, tolerance: float) -> Region:
    """The connected pixels (4 neighbours) whose colour differs from that of pixel (x, y) by at most `tolerance` in every channel;
    `pixels` (box.height, box.width[, C]) are those of the box, tolerance in their own unit."""
    if pixels.shape[:2] != (box.height, box.width):
        raise ValueError(f"pixels {pixels.shape} for {box}")
    if not (box.x0 <= x < box.x1 and box.y0 <= y < box.y1):
        return Region(box, np.zeros(pixels.shape[:2], bool))
    near = np.ones(pixels.shape[:2], bool)
    for plane in np.moveaxis(pixels.reshape(box.height, box.width, -1), 2, 0):
        seed = float(plane[y - box.y0, x - box.x0])
        near &= np.greater_equal(plane, seed - tolerance) & np.less_equal(plane, seed + tolerance)
    return _connected(box, near, x, y)


def above(level: NDArray[np.float32], least: float, cell: int, within: Box) -> Region:
    """Where heat reaches a level, as a region to paint: `level` has one value per `cell` px of the picture (its centre at
    cell · (j + ½) - ½), between centres it is interpolated, NaN counts as none."""
    grid = np.nan_to_num(np.asarray(level, dtype=np.float32), nan=0.0)
    rows = (np.arange(within.y0, within.y1) + 0.5) / cell - 0.5
    cols = (np.arange(within.x0, within.x1) + 0.5) / cell - 0.5
    if within.empty:
        return Region(within, np.zeros((max(within.height, 0), max(within.width, 0)), bool))
    vertical = _blend(grid, rows)
    return Region(within, least <= _blend(vertical.T, cols).T)


def _blend(grid: NDArray[np.float32], at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Linear between rows, constant beyond the first and the last."""
    at = np.clip(at, 0, len(grid) - 1)
    low = np.floor(at).astype(np.int64)
    share = (at - low).astype(np.float32)[:, None]
    return grid[low] * (1 - share) + grid[np.minimum(low + 1, len(grid) - 1)] * share


def _capsule(a: NDArray[np.float64], b: NDArray[np.float64], r: float) -> Iterator[Region]:
    """All pixels within r of the segment a b, in bands of rows."""
    y0, y1 = int(np.ceil(min(a[1], b[1]) - r)), int(np.floor(max(a[1], b[1]) + r)) + 1
    for top in range(y0, y1, _BAND):
        bottom = min(top + _BAND, y1)
        left, right = _reach(a, b, r, top, bottom - 1)
        box = Box(int(np.floor(left)), top, int(np.ceil(right)) + 1, bottom)
        inside = _distance_squared(a, b, box) <= r * r
        if inside.any():
            yield Region(box, inside)


def _reach(a: NDArray[np.float64], b: NDArray[np.float64], r: float, first: int, last: int) -> tuple[float, float]:
    """Bounds in x of what lies within r of the segment and in these rows: those of its part in the rows grown by r."""
    if abs(b[1] - a[1]) < 1e-9:
        t = np.array([0.0, 1.0])
    else:
        t = np.clip((np.array([first - r, last + r]) - a[1]) / (b[1] - a[1]), 0.0, 1.0)
    x = a[0] + t * (b[0] - a[0])
    return float(x.min() - r - 1), float(x.max() + r + 1)


def _distance_squared(a: NDArray[np.float64], b: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """From every pixel centre of the box to the segment a b."""
    x = np.arange(box.x0, box.x1, dtype=np.float64)[None, :] - a[0]
    y = np.arange(box.y0, box.y1, dtype=np.float64)[:, None] - a[1]
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    if length == 0:
        return x * x + y * y
    t = np.clip((x * dx + y * dy) / length, 0.0, 1.0)
    return (x - t * dx) ** 2 + (y - t * dy) ** 2


def _connected(box: Box, alike: Mask, x: int, y: int) -> Region:
    """The pixels reached from (x, y), which is alike itself."""
    import cv2  # late: the window is on the screen before it is loaded

    height, width = alike.shape
    reached = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | 1 << 8
    cv2.floodFill(alike.view(np.uint8), reached, (x - box.x0, y - box.y0), 0, 0, 0, flags)
    return Region(box, reached[1:-1, 1:-1].view(bool))
