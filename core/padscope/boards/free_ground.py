"""How much free ground there is where a foot finds none: the rectangle that a person is shown when a wire cannot land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.ground import Ground, inside
from padscope.types import Floats, Mask

MOST_CELLS = 600
"""Along a side of the pad; far finer than what a person reads from the answer."""


def largest_free(g: Ground, wanted: Floats, um_per_px: float, near: Floats) -> NDArray[np.float64] | None:
    """[[u0, v0], [u1, v1]] of the free rectangle on the pad that comes nearest to the size `wanted` (2,), and of equal ones the
    one nearest to a point; each side as long as it can be. None where no free rectangle has a size.

    On a lattice of the picture's pixels, on the safe side: what a defect touches counts as covered.
    """
    extent = g.high - g.low
    step = max(um_per_px, float(extent.max()) / MOST_CELLS)
    free = _free_cells(g, step)
    rows, cols = free.shape
    total = np.asarray(cv2.integral((~free).view(np.uint8)), np.int32)

    def places(share: float) -> NDArray[np.int64]:
        """Upper left cells (N, 2), row and column, of free windows of that share of the wanted size."""
        w, h = (max(1, int(np.ceil(share * x / step - 1e-9))) for x in wanted)
        if h > rows or w > cols:
            return np.empty((0, 2), np.int64)
        covered = total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w]
        return np.argwhere(covered == 0)

    low, high = 0.0, float(min(1.0, (extent / wanted).min()))
    found = places(low)
    if not len(found):
        return None
    for _ in range(9):
        middle = (low + high) / 2
        at = places(middle)
        low, high, found = (middle, high, at) if len(at) else (low, middle, found)
    window = np.ceil(np.maximum(low * wanted / step, 1) - 1e-9)[::-1]
    centres = g.low + (found + window / 2)[:, ::-1] * step
    row, col = found[np.argmin(np.abs(centres - near).sum(axis=1))]
    top, left, bottom, right = _grown(total, int(row), int(col), int(row + window[0]), int(col + window[1]))
    return np.minimum(g.low + np.array([[left, top], [right, bottom]]) * step, g.high)


def without(g: Ground, taken: Sequence[Floats]) -> Ground:
    """The ground with further rectangles (corners (N, 2) in its frame) that must not be touched: filled with points so densely that
    nothing finds room between them."""
    points = [g.points]
    for corners in taken:
        low, high = corners.min(axis=0) + g.reach, corners.max(axis=0) - g.reach
        counts = np.maximum(np.ceil((high - low) / (2 * g.reach)).astype(int) + 1, 1)
        u, v = (np.linspace(a, max(a, b), n) for a, b, n in zip(low, high, counts, strict=True))
        points.append(np.stack(np.meshgrid(u, v), axis=-1).reshape(-1, 2))
    together = np.concatenate(points)
    return replace(g, points=together[np.argsort(together[:, 0], kind="stable")])


def _free_cells(g: Ground, step: float) -> Mask:
    """(rows, cols) of a lattice over the pad: cells that nothing touches."""
    cols, rows = np.maximum(np.ceil((g.high - g.low) / step - 1e-9).astype(int), 1)
    low = np.floor((g.points - g.reach - g.low) / step + 1e-9).astype(int)
    high = np.ceil((g.points + g.reach - g.low) / step - 1e-9).astype(int)
    (left, top), (right, bottom) = np.clip(low, 0, (cols, rows)).T, np.clip(high, 0, (cols, rows)).T
    change = np.zeros((rows + 1, cols + 1), np.int32)
    for y, x, way in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(change, (y, x), way)
    free: Mask = change.cumsum(axis=0).cumsum(axis=1)[:rows, :cols] == 0
    if g.outline is not None:
        v, u = np.indices((rows, cols))
        centres = g.low + np.stack([u, v], axis=-1).reshape(-1, 2) * step + step / 2
        free &= inside(g.outline, centres).reshape(rows, cols)
    return free


def _grown(total: NDArray[np.int32], top: int, left: int, bottom: int, right: int) -> tuple[int, int, int, int]:
    """A free window made longer along, then across, as far as it stays free; `total` is the integral of what is covered."""
    rows, cols = total.shape[0] - 1, total.shape[1] - 1

    def free(top: int, left: int, bottom: int, right: int) -> bool:
        return bool(total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left] == 0)

    while left > 0 and free(top, left - 1, bottom, left):
        left -= 1
    while right < cols and free(top, right, bottom, right + 1):
        right += 1
    while top > 0 and free(top - 1, left, top, right):
        top -= 1
    while bottom < rows and free(bottom, left, bottom + 1, right):
        bottom += 1
    return top, left, bottom, right
