"""A brush drawn along a line, chunk by chunk and row by row: the same pixels as `shapes.stroke`, fast enough for every move
of the mouse also where the brush is a thousand pixels wide.

A brush along a segment is convex, so that each row of it is one span of columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from padscope.masks.class_mask import CHUNK
from padscope.masks.shapes import SMALLEST_RADIUS, Region
from padscope.types import Box

Point = tuple[float, float]
Spans = tuple[NDArray[np.int64], NDArray[np.int64]]
"""First and last column of each row; first > last where a row is empty."""
ROUND, SQUARE = "round", "square"
SHAPES = (ROUND, SQUARE)


def swept(
    a: Point, b: Point, radius: float, shape: str, within: Box, *, before: Point | None = None
) -> Iterator[Region]:
    """What a brush covers on its way from a to b (px), one region per chunk it touches, inside a box. Round: every pixel within
    `radius` of the segment. Square: every pixel that is within `radius` of a point of it in x and in y. `before`: but for what
    it covered already on its way from there to a, so that a wide brush costs what it adds and not what it is."""
    if shape not in SHAPES:
        raise ValueError(f"a {shape} brush")
    r = max(float(radius), SMALLEST_RADIUS)
    top = max(int(np.ceil(min(a[1], b[1]) - r)), within.y0)
    bottom = min(int(np.floor(max(a[1], b[1]) + r)) + 1, within.y1)
    if bottom <= top:
        return
    rows = np.arange(top, bottom, dtype=np.float64)
    spans = _round_spans if shape == ROUND else _square_spans
    first, last = spans(a, b, r, rows)
    first, last = np.maximum(first, within.x0), np.minimum(last, within.x1 - 1)
    done = spans(before, a, r, rows) if before is not None else (np.full(len(rows), 1), np.full(len(rows), 0))
    for y0 in range(top - top % CHUNK, bottom, CHUNK):
        ys = slice(max(y0, top) - top, min(y0 + CHUNK, bottom) - top)
        yield from _row_of_chunks((first[ys], last[ys]), (done[0][ys], done[1][ys]), top + ys.start)


def _row_of_chunks(spans: Spans, done: Spans, top: int) -> Iterator[Region]:
    """The pixels of the spans, one for each row from `top` on, that are not done; cut to their own rows and columns."""
    first, last = spans
    some = first <= last
    if not some.any():
        return
    done_from, done_to = int(done[0].max()), int(done[1].min())
    for x0 in range(int(first[some].min()) // CHUNK * CHUNK, int(last[some].max()) + 1, CHUNK):
        if done_from <= x0 and done_to >= x0 + CHUNK - 1:
            continue
        lo, hi = np.maximum(first, x0), np.minimum(last, x0 + CHUNK - 1)
        lo = np.where(done[0] <= lo, np.maximum(lo, done[1] + 1), lo)
        hi = np.where(done[1] >= hi, np.minimum(hi, done[0] - 1), hi)
        new = np.flatnonzero(lo <= hi)
        if not len(new):
            continue
        ys = slice(int(new[0]), int(new[-1]) + 1)
        left, right = int(lo[new].min()), int(hi[new].max()) + 1
        cols = np.arange(right - left, dtype=np.int16)[None, :]
        inside = cols >= _column(lo[ys] - left)
        inside &= cols <= _column(hi[ys] - left)
        if ((done[0][ys] > left) & (done[1][ys] < right) & (done[0][ys] <= done[1][ys])).any():  # it is in their midst
            inside &= (cols < _column(done[0][ys] - left)) | (cols > _column(done[1][ys] - left))
        yield Region(Box(left, top + ys.start, right, top + ys.stop), inside)


def _column(at: NDArray[np.int64]) -> NDArray[np.int16]:
    return np.clip(at, -1, CHUNK).astype(np.int16)[:, None]


def _square_spans(a: Point, b: Point, r: float, rows: NDArray[np.float64]) -> Spans:
    """The square's middle is at a + t (b - a); a row is touched for the t with |y - y(t)| ≤ r."""
    rise = b[1] - a[1]
    if abs(rise) < 1e-12:
        low, high = np.zeros(len(rows)), np.ones(len(rows))
        hit = np.abs(rows - a[1]) <= r
    else:
        ends = np.sort(np.stack([(rows - r - a[1]) / rise, (rows + r - a[1]) / rise]), axis=0)
        low, high = np.maximum(ends[0], 0.0), np.minimum(ends[1], 1.0)
        hit = low <= high
    x = np.sort(np.stack([a[0] + low * (b[0] - a[0]), a[0] + high * (b[0] - a[0])]), axis=0)
    first, last = np.ceil(x[0] - r).astype(np.int64), np.floor(x[1] + r).astype(np.int64)
    return np.where(hit, first, 1), np.where(hit, last, 0)


def _round_spans(a: Point, b: Point, r: float, rows: NDArray[np.float64]) -> Spans:
    """Two discs and the strip between them; roots are rounded, so the very test of `shapes.stroke` puts the ends right."""
    left, right = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    for x, y in (a, b):
        under = r * r - (rows - y) ** 2
        half = np.sqrt(np.maximum(under, 0.0))
        left = np.where(under >= 0, np.minimum(left, x - half), left)
        right = np.where(under >= 0, np.maximum(right, x + half), right)
    way = np.hypot(b[0] - a[0], b[1] - a[1])
    if way > 0 and abs(b[1] - a[1]) > 1e-12:
        nx, ny = -(b[1] - a[1]) / way * r, (b[0] - a[0]) / way * r
        for sx, sy in ((nx, ny), (-nx, -ny)):
            t = (rows - a[1] - sy) / (b[1] - a[1])
            x = a[0] + sx + t * (b[0] - a[0])
            on = (t >= 0) & (t <= 1)
            left, right = np.where(on, np.minimum(left, x), left), np.where(on, np.maximum(right, x), right)
    known = np.isfinite(left)
    middle = np.where(known, (np.where(known, left, 0) + np.where(known, right, 0)) / 2, a[0])
    near = np.where(known, left, middle), np.where(known, right, middle)
    first = _exact(a, b, r, rows, np.round(near[0]).astype(np.int64), -1)
    last = _exact(a, b, r, rows, np.round(near[1]).astype(np.int64), 1)
    return first, last


def _exact(
    a: Point, b: Point, r: float, rows: NDArray[np.float64], about: NDArray[np.int64], outwards: int
) -> NDArray[np.int64]:
    """The outermost of the columns around `about` that is within r; of an empty row one that makes the span empty."""
    found = about - outwards * 2  # beyond the middle: such a row has no pixel, or just one of which the other end knows
    for step in (-1, 0, 1):
        cols = about + step * outwards
        found = np.where(_near(a, b, r, cols.astype(np.float64), rows), cols, found)
    return found


def _near(a: Point, b: Point, r: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    x, y = x - a[0], y - a[1]
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    if length == 0:
        return np.asarray(x * x + y * y <= r * r)
    t = np.clip((x * dx + y * dy) / length, 0.0, 1.0)
    return np.asarray((x - t * dx) ** 2 + (y - t * dy) ** 2 <= r * r)
