"""Free ground on a pad, in the frame of its wires: where the centre of a foot may lie.

The admissible centres are the pad shrunk by the foot and its tolerance, minus every defect grown by them: a Minkowski sum.
Frame of the wires: u along the wire, v across it, µm; points are (..., 2) arrays (u, v). What must not be touched is a set of
equal small rectangles (the pixels of the defects, each by its bounding rectangle in this frame), so "may a foot stand here" is
exact, and a pixel turned by the pose costs at most (|cos| + |sin| - 1) / 2 of its size, a fifth at the worst, on the safe side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.types import Affine, Box, Floats, Mask

TOUCH_UM = 1e-6
"""Two outlines nearer than this touch without overlapping; far below what a picture can show, far above rounding."""
LATTICE_PER_PX = 2
"""`free_across` looks at defects on a lattice this much finer than the pixel: at most 1/4 px is lost by it, nothing in a pose
that is not turned."""
LATTICE_FINEST_UM = 0.5
COARSEST_THINNED_UM = 10.0

Intervals = NDArray[np.float64]
"""(K, 2) closed intervals, ascending, apart from each other; an interval may be a single point."""


@dataclass(frozen=True)
class Ground:
    """A pad and what lies on it, in the frame of its wires.

    low, high  (2,) the pad's bounding rectangle
    points     (N, 2) centres of the rectangles that must not be touched, ascending in u
    reach      (2,) half their size
    outline    (M, 2) the pad's corners where it is not that rectangle (its edge is then among the points), else None
    """

    low: Floats
    high: Floats
    points: Floats
    reach: Floats
    outline: Floats | None = None


def rotation(direction_deg: float) -> NDArray[np.float64]:
    """(2, 2) whose rows are the directions along and across a wire; `board @ rotation.T` gives (u, v)."""
    t = math.radians(direction_deg)
    return np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])


def defect_points(
    mask: Mask, box: Box, px_to_um: Affine, core: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Board µm (N, 2) of the pixels of a mask (h, w) over `box` of the picture that decide where a foot can lie; with a core
    (N, 2), columns and rows of pixels of the mask, only of the parts of the mask that hang together with it.

    Pixels deep inside a defect are thinned out to every third: a foot that touches none of the others covers one of these.
    """
    keep = np.ascontiguousarray(mask).view(np.uint8)
    x, y, w, h = cv2.boundingRect(keep)
    keep = keep[y : y + h, x : x + w]
    if not keep.size:
        return np.empty((0, 2))
    rim = keep
    if px_to_um.scale <= COARSEST_THINNED_UM:
        rim = keep & ~np.asarray(cv2.erode(keep, np.ones((3, 3), np.uint8), borderValue=0), np.uint8)
        rim[::3, ::3] |= keep[::3, ::3]
    places = np.reshape(cv2.findNonZero(rim), (-1, 2))  # OpenCV 4 and 5 differ in shape
    if core is not None:
        count, labels = cv2.connectedComponents(keep, connectivity=8, ltype=cv2.CV_32S)
        meant = np.zeros(count, bool)
        meant[labels[core[:, 1] - y, core[:, 0] - x]] = True
        places = places[meant[labels[places[:, 1], places[:, 0]]]]
    return px_to_um.apply(places + np.array([box.x0 + x, box.y0 + y]))


def pixel_reach(px_to_um: Affine, turn: Floats, grown_um: float = 0.0) -> NDArray[np.float64]:
    """(2,) half the bounding rectangle of one pixel in a frame turned by `turn`, grown on every side."""
    return np.abs(turn @ px_to_um.linear).sum(axis=1) / 2 + grown_um


def ground(outline_um: Floats, turn: Floats, points_um: Floats, reach: Floats) -> Ground:
    """Pad corners (M, 2) and points (N, 2) in board µm, seen in the frame whose axes are the rows of `turn`."""
    corners, points = outline_um @ turn.T, np.reshape(points_um, (-1, 2)) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    outline = None
    if not _is_rectangle(corners, low, high):
        outline = corners
        points = np.concatenate([points, _edge_points(corners, float(reach.min()))])
    return Ground(low, high, points[np.argsort(points[:, 0], kind="stable")], reach, outline)


def free_ways(g: Ground, centres: Floats, half: Floats) -> NDArray[np.float64]:
    """How far rectangles of half size (n, 2) about the centres (n, 2) could each still grow on every side before they touch
    something or leave the pad, µm (n,); below zero they do so already."""
    ways = np.minimum(centres - half - g.low, g.high - centres - half).min(axis=1)
    # beyond the way to the pad's edge, nothing can make it shorter
    far = half[:, 0] + g.reach[0] + np.maximum(ways, 0)
    first, last = g.points[:, 0].searchsorted(((centres[:, 0] - far).min(), (centres[:, 0] + far).max()))
    points = g.points[first:last]
    if len(points):
        span = half + g.reach
        gaps_u = np.abs(points[:, 0] - centres[:, :1]) - span[:, :1]
        gaps_v = np.abs(points[:, 1] - centres[:, 1:]) - span[:, 1:]
        ways = np.minimum(ways, np.maximum(gaps_u, gaps_v, out=gaps_u).min(axis=1))
    if g.outline is not None:
        ways = np.where(inside(g.outline, centres), ways, np.minimum(ways, -half.min(axis=1)))
    return np.asarray(ways, np.float64)


def free_along(g: Ground, v: float, half: Floats, limits: tuple[float, float] = (-math.inf, math.inf)) -> Intervals:
    """Where on the lane at `v` the centre may lie, u; `limits` narrows it further."""
    first, last = max(g.low[0] + half[0], limits[0]), min(g.high[0] - half[0], limits[1])
    if v < g.low[1] + half[1] - TOUCH_UM or v > g.high[1] - half[1] + TOUCH_UM or first > last + TOUCH_UM:
        return np.empty((0, 2))
    u = g.points[np.abs(g.points[:, 1] - v) < half[1] + g.reach[1] - TOUCH_UM, 0]
    span = half[0] + g.reach[0]
    starts, ends = np.maximum(np.append(first, u + span), first), np.minimum(np.append(u - span, last), last)
    kept = ends - starts > -TOUCH_UM
    free = np.column_stack([starts[kept], np.maximum(starts[kept], ends[kept])])
    if g.outline is not None and len(free):  # between the edges there is a pad, or the hollow of a bent one
        free = free[inside(g.outline, np.column_stack([free.mean(axis=1), np.full(len(free), v)]))]
    return free


def nearest(intervals: Intervals, wanted: float) -> float | None:
    """The point of the intervals nearest to `wanted`."""
    if not len(intervals):
        return None
    points = np.clip(wanted, intervals[:, 0], intervals[:, 1])
    return float(points[np.argmin(np.abs(points - wanted))])


def free_across(
    g: Ground, half: Floats, limits: tuple[float, float] = (-math.inf, math.inf), um_per_px: float = 1.0
) -> Intervals:
    """All v at which `free_along` finds a place, to within the lattice.

    The points are laid on a lattice (and their reach grown by how far that moved them). A centre at v is blocked by the rows
    within `span` of it, so between two rows' edges the set of blocking rows does not change: it is a window of `n` rows at
    some v and of `n + 1` between those, and each window is looked at once, through an integral image.
    """
    bottom, top = g.low[1] + half[1], g.high[1] - half[1]
    first, last = max(g.low[0] + half[0], limits[0]), min(g.high[0] - half[0], limits[1])
    if bottom > top + TOUCH_UM or first > last + TOUCH_UM:
        return np.empty((0, 2))
    top, last = max(bottom, top), max(first, last)
    if not len(g.points):
        return np.array([[bottom, top]])
    step = max(um_per_px / LATTICE_PER_PX, LATTICE_FINEST_UM)
    near = (np.abs(g.points - (g.low + g.high) / 2) <= (g.high - g.low) / 2 + g.reach).all(axis=1)
    if not near.any():
        return np.array([[bottom, top]])
    points = g.points[near]
    origin = points.min(axis=0)
    index = np.rint((points - origin) / step).astype(int)
    span = half + g.reach + np.abs(points - origin - index * step).max(axis=0)
    rows, cols = np.maximum(np.ceil(2 * span / step - 1e-6).astype(int) - 1, 0)[::-1]
    # enough empty rows and columns around that a window may lie wholly beside all points
    pad_rows, pad_cols = rows + 2, cols + 2
    grid = np.zeros((index[:, 1].max() + 1 + 2 * pad_rows, index[:, 0].max() + 1 + 2 * pad_cols), np.uint8)
    grid[index[:, 1] + pad_rows, index[:, 0] + pad_cols] = 1
    if g.outline is not None:
        grid |= _outside(grid.shape, (g.outline - origin) / step + (pad_cols, pad_rows))
    total = cv2.integral(grid)
    # A lane has a free place iff its first place is free, or one that touches the right side of some column. Window c of
    # `cols` columns follows column c - 1, so that such a place is its left end.
    left = origin[0] + (np.arange(grid.shape[1] - cols + 1) - 1 - pad_cols) * step + span[0]
    a, b = np.searchsorted(left, (first, last + TOUCH_UM), side="right")
    edge_0 = int(np.clip(np.floor((first - span[0] - origin[0]) / step + 1e-6) + 1 + pad_cols, 0, grid.shape[1]))
    edge_1 = int(np.clip(np.ceil((first + span[0] - origin[0]) / step - 1e-6) + pad_cols, 0, grid.shape[1]))

    def any_free(top_row: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
        """Whether `count` rows from each of these leave a place free."""
        here, below = total[top_row], total[top_row + count]
        at_edge = below[:, edge_1] - here[:, edge_1] == below[:, edge_0] - here[:, edge_0]
        strip = below[:, a : b + cols] - here[:, a : b + cols]
        width = max(b - a, 0)
        found: NDArray[np.bool_] = at_edge | (strip[:, cols : cols + width] == strip[:, :width]).any(axis=1)
        return found

    r = np.arange(grid.shape[0] - rows + 1)
    low = origin[1] + (r - 1 - pad_rows) * step + span[1]
    high = low + (rows + 1) * step - 2 * span[1]
    low[0], high[-1] = -math.inf, math.inf
    asked = np.flatnonzero((high >= bottom - step) & (low <= top + step))
    still = np.zeros(len(r), bool)
    still[asked] = any_free(asked, rows)
    between = np.flatnonzero(still[:-1] & still[1:])
    between = between[any_free(between, rows + 1)]
    found = np.column_stack([np.append(low[still], high[between]), np.append(high[still], low[between + 1])])
    found = np.clip(found[(found[:, 1] >= bottom - TOUCH_UM) & (found[:, 0] <= top + TOUCH_UM)], bottom, top)
    return joined(found)


def joined(intervals: Intervals) -> Intervals:
    """Intervals in any order, perhaps overlapping, as ascending ones that are apart."""
    if not len(intervals):
        return np.empty((0, 2))
    ordered = intervals[np.argsort(intervals[:, 0], kind="stable")]
    reached = np.maximum.accumulate(ordered[:, 1])
    starts = np.append(True, ordered[1:, 0] > reached[:-1] + TOUCH_UM)
    return np.column_stack([ordered[starts, 0], reached[np.append(np.flatnonzero(starts)[1:] - 1, len(ordered) - 1)]])


def inside(outline: Floats, points: Floats) -> Mask:
    """Which points (N, 2) lie inside a simple polygon (M, 2), by the even-odd rule."""
    x, y = points[:, 0], points[:, 1]
    result = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if y0 != y1:
            result ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return result


def _is_rectangle(corners: Floats, low: Floats, high: Floats) -> bool:
    on_side = (np.abs(corners - low) < TOUCH_UM) | (np.abs(corners - high) < TOUCH_UM)
    return len(corners) == 4 and bool(on_side.all())


def _edge_points(corners: Floats, reach: float) -> NDArray[np.float64]:
    """Points along the outline, dense enough that their rectangles leave no gap."""
    edges = np.roll(corners, -1, axis=0) - corners
    counts = np.maximum(np.ceil(np.linalg.norm(edges, axis=1) / reach).astype(int), 1)
    return np.concatenate([a + e * (np.arange(n) / n)[:, None] for a, e, n in zip(corners, edges, counts, strict=True)])


def _outside(shape: tuple[int, ...], outline: Floats) -> NDArray[np.uint8]:
    """1 on the lattice (rows, cols) well outside an outline given in lattice steps; its edge itself is among the points."""
    filled = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(filled, [np.rint(outline).astype(np.int32)], 1)
    return (cv2.dilate(filled, np.ones((3, 3), np.uint8)) == 0).astype(np.uint8)
