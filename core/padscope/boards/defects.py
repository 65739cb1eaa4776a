"""Defects on a pad: connected parts where the level reaches 1, or that a person painted. A painted mask wins over heat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import Defect
from padscope.tiling import CELL
from padscope.types import Affine, Box, Floats, Mask

UNKNOWN_CLASS = "unknown"


@dataclass(frozen=True)
class PaintedMask:
    """What a person painted on one pad: `classes` (h, w) over `box` of the picture, 0 (or False) where the metal is sound;
    outside the box it is sound too. `names` says what the other numbers mean."""

    box: Box
    classes: NDArray[np.uint8] | Mask
    names: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PadView:
    """One pad in the picture.

    box      what of the picture it covers
    inside   (h, w) over the box: pixels whose centre is on the pad
    level    (h, w) float32 at picture resolution, at threshold factor 1; -inf off the pad and where nothing was inspected
    worst    highest level on the pad, None where nothing was inspected
    cut_off  it reaches beyond the picture
    unseen   part of it that was not inspected
    """

    pad: Pad
    box: Box
    inside: Mask
    level: NDArray[np.float32]
    worst: float | None
    cut_off: bool
    unseen: float


@dataclass(frozen=True)
class Found:
    """Defects of one pad; `labels` (h, w) over the view's box: 0 sound, k + 1 on defect k. `too_small` counts what was left out."""

    defects: tuple[Defect, ...]
    labels: NDArray[np.int32]
    painted: bool
    too_small: int = 0


def pad_view(pad: Pad, um_to_px: Affine, picture_size: tuple[int, int], level_grid: Floats) -> PadView:
    """A pad of a picture (width, height) with the level grid (ceil(H / 8), ceil(W / 8)), NaN where nothing was inspected."""
    width, height = picture_size
    corners = um_to_px.apply(pad.corners_um)
    low, high = corners.min(axis=0), corners.max(axis=0)
    cut_off = bool((low < -0.5).any() or (high > np.array([width, height]) - 0.5).any())
    box = Box.around(corners).clipped(width, height)
    if box.empty:
        empty = np.zeros((0, 0))
        return PadView(pad, Box(0, 0, 0, 0), empty.astype(bool), empty.astype(np.float32), None, True, 1.0)
    inside = pixels_inside(corners, box)
    level, seen = level_at_pixels(level_grid, box)
    shown = inside & seen
    level = np.where(shown, level, np.float32(-np.inf))
    unseen = _unseen(level_grid, box, inside, shown)
    worst = float(level.max()) if shown.any() else None
    return PadView(pad, box, inside, level, worst, cut_off, unseen)


def pixels_inside(corners_px: Floats, box: Box) -> Mask:
    """(h, w) over the box: pixels whose centre lies inside the polygon (N, 2), by the even-odd rule."""
    rows = np.arange(box.y0, box.y1, dtype=np.float64)
    cols = np.arange(box.x0, box.x1, dtype=np.float64)
    result = np.zeros((box.height, box.width), bool)
    for (x0, y0), (x1, y1) in zip(corners_px, np.roll(corners_px, -1, axis=0), strict=True):
        crossed = np.flatnonzero((y0 > rows) != (y1 > rows))
        x = x0 + (rows[crossed] - y0) * ((x1 - x0) / (y1 - y0) if y1 != y0 else 0.0)
        result[crossed] ^= cols < x[:, None]
    return result


def level_at_pixels(grid: Floats, box: Box) -> tuple[NDArray[np.float32], Mask]:
    """The level of every pixel of a box (h, w), bilinear between the centres of cells that were inspected, and where any was."""
    rows, row_weight = _between_cells(box.y0, box.y1, grid.shape[0])
    cols, col_weight = _between_cells(box.x0, box.x1, grid.shape[1])
    part = np.asarray(grid[rows[0] : rows[-1] + 2, cols[0] : cols[-1] + 2], dtype=np.float32)
    known = np.isfinite(part)
    rows, cols = rows - rows[0], cols - cols[0]
    value = _bilinear(np.where(known, part, np.float32(0)), rows, row_weight, cols, col_weight)
    if known.all():
        return value, np.ones(value.shape, bool)
    weight = _bilinear(known.astype(np.float32), rows, row_weight, cols, col_weight)
    seen = weight > 1e-6
    return np.divide(value, weight, out=np.zeros_like(value), where=seen), seen


def find_defects(
    view: PadView,
    um_to_px: Affine,
    *,
    minimum_area_um2: float,
    threshold_factor: float,
    painted: PaintedMask | None = None,
) -> Found:
    """All defects of a pad, largest first. Painted ones have no minimum area: a person means what is painted."""
    if painted is not None:
        classes = _over(painted, view.box) * view.inside
        values = [int(v) for v in np.unique(classes) if v]
        parts = [_components(classes == v) for v in values]
        names = [painted.names.get(v, UNKNOWN_CLASS) for v in values]
    else:
        parts, names = [_components(view.level >= threshold_factor)], [UNKNOWN_CLASS]
    px_to_um = um_to_px.inverse()
    px_area = abs(px_to_um.determinant)
    pieces = [
        (float(area * px_area), name, labels, k, where)
        for (labels, areas, boxes), name in zip(parts, names, strict=True)
        for k, (area, where) in enumerate(zip(areas, boxes, strict=True), start=1)
    ]
    kept = [p for p in pieces if painted is not None or p[0] >= minimum_area_um2]
    kept.sort(key=lambda p: -p[0])
    half = np.abs(px_to_um.linear).sum(axis=1) / 2
    marked = np.zeros(view.inside.shape, np.int32)
    defects = []
    for index, (area, name, labels, k, where) in enumerate(kept, start=1):
        here = labels[where] == k
        marked[where][here] = index
        rows, cols = np.nonzero(here)
        um = px_to_um.apply(np.column_stack([cols + where[1].start + view.box.x0, rows + where[0].start + view.box.y0]))
        (x0, y0), (x1, y1) = um.min(axis=0) - half, um.max(axis=0) + half
        level = float(view.level[where][here].max()) / threshold_factor
        if painted is not None:
            level = max(level, 1.0)
        defects.append(Defect(name, area, (float(x0), float(y0), float(x1), float(y1)), level))
    return Found(tuple(defects), marked, painted is not None, len(pieces) - len(kept))


def painted_pads(
    mask: NDArray[np.uint8] | Mask, layout: Layout, um_to_px: Affine, names: Mapping[int, str] | None = None
) -> dict[str, PaintedMask]:
    """Cut a painted mask of the whole picture (H, W) into its pads: every pad then counts as looked at by a person."""
    height, width = mask.shape
    painted = {}
    for pad in layout.pads:
        box = Box.around(um_to_px.apply(pad.corners_um)).clipped(width, height)
        if not box.empty:
            painted[pad.id] = PaintedMask(box, mask[box.slices], names or {})
    return painted


def _components(bad: Mask) -> tuple[NDArray[np.int32], NDArray[np.int32], list[tuple[slice, slice]]]:
    """Labels (h, w) from 1, areas in px, and the slices around each (diagonal neighbours are connected)."""
    if not bad.any():
        return np.zeros(bad.shape, np.int32), np.empty(0, np.int32), []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bad.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    boxes = [(slice(y, y + h), slice(x, x + w)) for x, y, w, h, _ in stats[1:].tolist()]
    return np.asarray(labels, np.int32), np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32), boxes


def _over(painted: PaintedMask, box: Box) -> NDArray[np.uint8]:
    """The painted classes (h, w) over another box."""
    result = np.zeros((box.height, box.width), np.uint8)
    common = Box(
        max(box.x0, painted.box.x0),
        max(box.y0, painted.box.y0),
        min(box.x1, painted.box.x1),
        min(box.y1, painted.box.y1),
    )
    if not common.empty:
        source = common.shifted(-painted.box.x0, -painted.box.y0)
        result[common.shifted(-box.x0, -box.y0).slices] = painted.classes[source.slices]
    return result


def _unseen(grid: Floats, box: Box, inside: Mask, shown: Mask) -> float:
    """Which part of the pad was not inspected: cells that lie mostly on the pad count as a whole, and beyond them every pixel
    with no inspected cell around it."""
    count = int(inside.sum())
    if not count:
        return 1.0
    rows, cols = np.arange(box.y0, box.y1) // CELL, np.arange(box.x0, box.x1) // CELL
    part = grid[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    hidden = inside & ~shown
    missing = ~np.isfinite(part)
    if missing.any():
        starts_y = np.flatnonzero(np.diff(rows, prepend=-1))
        starts_x = np.flatnonzero(np.diff(cols, prepend=-1))
        on_pad = np.add.reduceat(np.add.reduceat(inside.astype(np.int32), starts_y, axis=0), starts_x, axis=1)
        missing &= on_pad > 0.6 * on_pad.max()
        hidden |= inside & missing[rows - rows[0]][:, cols - cols[0]]
    return float(hidden.sum()) / count


def _between_cells(start: int, stop: int, cells: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For pixels start … stop - 1 (cell i has its centre at 8 i + 3.5): the cell before each and the weight of the one
    after it (the outermost cells go on outside)."""
    place = (np.arange(start, stop) - (CELL - 1) / 2) / CELL
    place = np.clip(place, 0, cells - 1)
    before = np.minimum(place.astype(np.intp), max(cells - 2, 0))
    return before, (place - before).astype(np.float32)


def _bilinear(
    values: NDArray[np.float32],
    rows: NDArray[np.intp],
    row_weight: NDArray[np.float32],
    cols: NDArray[np.intp],
    col_weight: NDArray[np.float32],
) -> NDArray[np.float32]:
    below, right = np.minimum(rows + 1, values.shape[0] - 1), np.minimum(cols + 1, values.shape[1] - 1)
    w = row_weight[:, None]
    strip = values[rows] * (1 - w) + values[below] * w
    result: NDArray[np.float32] = strip[:, cols] * (1 - col_weight) + strip[:, right] * col_weight
    return result
