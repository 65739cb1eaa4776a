"""Defects on a pad: connected parts where the level reaches 1, or that a person painted. A painted mask wins over heat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Pad
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
    inside   (h, w) over the box: pixels whose centre is on the pad; `pixels` of them
    level    (h, w) float32 at picture resolution, at threshold factor 1; -inf off the pad and where nothing was inspected
    worst    highest level on the pad, None where nothing was inspected
    cut_off  it reaches beyond the picture
    unseen   part of it that was not inspected, and the box of the picture around that
    """

    pad: Pad
    box: Box
    inside: Mask
    pixels: int
    level: NDArray[np.float32]
    worst: float | None
    cut_off: bool
    unseen: float
    unseen_at: Box


@dataclass(frozen=True)
class Found:
    """Defects of one pad, and their pixels in the box of the view they were found in.

    at         (N, 2) column and row of every pixel of a defect
    which      (N,) the defect it belongs to
    too_small  how many were left out
    """

    defects: tuple[Defect, ...]
    at: NDArray[np.int32]
    which: NDArray[np.intp]
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
        return PadView(
            pad, Box(0, 0, 0, 0), empty.astype(bool), 0, empty.astype(np.float32), None, True, 1.0, Box(0, 0, 0, 0)
        )
    inside = pixels_inside(corners, box)
    level, seen = level_at_pixels(level_grid, box)
    shown = inside & seen
    level = np.where(shown, level, np.float32(-np.inf))
    unseen, unseen_at = _unseen(level_grid, box, inside, shown)
    worst = float(level.max()) if shown.any() else None
    return PadView(pad, box, inside, int(inside.sum()), level, worst, cut_off, unseen, unseen_at)


def pixels_inside(corners_px: Floats, box: Box) -> Mask:
    """(h, w) over the box: pixels whose centre lies inside the polygon (N, 2), by the even-odd rule."""
    rows = np.arange(box.y0, box.y1, dtype=np.float64)
    cols = np.arange(box.x0, box.x1, dtype=np.float64)
    (x0, y0), (x1, y1) = corners_px.T[:, :, None], np.roll(corners_px, -1, axis=0).T[:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):  # edges along a row cross none
        x = np.where((y0 > rows) != (y1 > rows), x0 + (rows - y0) * (x1 - x0) / (y1 - y0), np.inf)
    x = np.sort(x, axis=0)  # (edges, h): where each row goes in, out, in, out …
    result = np.zeros((box.height, box.width), bool)
    for into, out in zip(x[::2], x[1::2], strict=False):
        if np.isfinite(into).any():
            result |= (cols > into[:, None]) & (cols <= out[:, None])
    return result


def level_at_pixels(grid: Floats, box: Box) -> tuple[NDArray[np.float32], Mask]:
    """The level of every pixel of a box (h, w), bilinear between the centres of cells that were inspected, and where any was."""
    x0, y0 = max(box.x0 // CELL - 1, 0), max(box.y0 // CELL - 1, 0)
    part = np.asarray(grid[y0 : box.y1 // CELL + 2, x0 : box.x1 // CELL + 2], dtype=np.float32)
    here = box.shifted(-x0 * CELL, -y0 * CELL).slices
    known = np.isfinite(part)
    value = _enlarged(np.where(known, part, np.float32(0)))[here]
    if known.all():
        return value, np.ones(value.shape, bool)
    weight = _enlarged(known.astype(np.float32))[here]
    seen = weight > 1e-6
    return np.divide(value, weight, out=np.zeros_like(value), where=seen), seen


def busy_part(view: PadView, lowest_level: float, painted: PaintedMask | None = None) -> PadView:
    """The view narrowed to where the level reaches `lowest_level`, or to what is painted: most of a pad is quiet. `pixels` and
    `worst` stay those of the whole pad."""
    busy = view.level >= lowest_level if painted is None else _over(painted, view.box) > 0
    x, y, w, h = cv2.boundingRect(busy.view(np.uint8)) if busy.size else (0, 0, 0, 0)
    here = slice(y, y + h), slice(x, x + w)
    box = Box(view.box.x0 + x, view.box.y0 + y, view.box.x0 + x + w, view.box.y0 + y + h)
    return replace(view, box=box, inside=view.inside[here], level=view.level[here])


def find_defects(
    view: PadView,
    px_to_um: Affine,
    *,
    minimum_area_um2: float,
    threshold_factor: float,
    painted: PaintedMask | None = None,
) -> Found:
    """All defects of a pad, largest first. Painted ones have no minimum area: a person means what is painted."""
    none = np.empty((0, 2), np.int32), np.empty(0, np.intp)
    if painted is not None:
        classes = _over(painted, view.box) * view.inside
        values = [int(v) for v in np.unique(classes) if v]
        parts = [_components(classes == v) for v in values]
        words = [painted.names.get(v, UNKNOWN_CLASS) for v in values]
    elif view.worst is None or view.worst < threshold_factor:
        parts, words = [], []
    else:
        parts, words = [_components(view.level >= threshold_factor)], [UNKNOWN_CLASS]
    px_um2 = abs(px_to_um.determinant)
    smallest = 0.0 if painted is not None else minimum_area_um2 / px_um2
    names, at, which, too_small = _numbered(parts, words, smallest)
    if not names:
        return Found((), *none, painted is not None, too_small)
    sizes, boxes, levels = _measured(at, which, view, px_to_um)
    levels = levels / threshold_factor
    if painted is not None:
        levels = np.maximum(levels, 1.0)
    largest_first = np.argsort(-sizes, kind="stable")
    rank = np.empty(len(names), np.intp)
    rank[largest_first] = np.arange(len(names))
    defects = tuple(
        Defect(names[k], float(sizes[k] * px_um2), (x0, y0, x1, y1), float(levels[k]))
        for k, (x0, y0, x1, y1) in zip(largest_first.tolist(), boxes[largest_first].tolist(), strict=True)
    )
    return Found(defects, at, rank[which], painted is not None, too_small)


Component = tuple[NDArray[np.int32], NDArray[np.int32]]


def _components(bad: Mask) -> Component:
    """Columns and rows (N, 2) of the pixels of a mask, and which connected part each lies in (N,), from 0; diagonal neighbours
    are connected."""
    pixels = bad.view(np.uint8)
    # counting and looking up only where something lies is several times faster than OpenCV's own statistics
    _, labels = cv2.connectedComponents(pixels, connectivity=8, ltype=cv2.CV_32S)
    at = places_of(pixels)
    return at, np.asarray(labels[at[:, 1], at[:, 0]] - 1, np.int32)


def places_of(pixels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """(N, 2) column and row of what is not 0 (OpenCV 4 and 5 differ in shape)."""
    found = cv2.findNonZero(pixels)
    return np.empty((0, 2), np.int32) if found is None else np.reshape(found, (-1, 2)).astype(np.int32, copy=False)


def _numbered(
    parts: list[Component], words: list[str], smallest_px: float
) -> tuple[list[str], NDArray[np.int32], NDArray[np.intp], int]:
    """The parts of all classes that are large enough: their names, the pixels of all, which part each belongs to, in the order
    of the parts; and how many were too small."""
    names: list[str] = []
    at: list[NDArray[np.int32]] = []
    which: list[NDArray[np.intp]] = []
    too_small = 0
    for (places, labels), word in zip(parts, words, strict=True):
        areas = np.bincount(labels)
        kept = areas >= smallest_px
        number = np.where(kept, len(names) + np.cumsum(kept) - 1, -1)[labels]
        # 16 bit sort by counting
        order = np.argsort(number.astype(np.int16) if len(areas) < 2**15 - len(names) else number, kind="stable")
        order = order[int(areas[~kept].sum()) :]
        at.append(places[order])
        which.append(number[order])
        names += [word] * int(kept.sum())
        too_small += int((~kept).sum())
    if not names:
        return [], np.empty((0, 2), np.int32), np.empty(0, np.intp), too_small
    return names, np.concatenate(at), np.concatenate(which), too_small


def _measured(
    at: NDArray[np.int32], which: NDArray[np.intp], view: PadView, px_to_um: Affine
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """Of each defect, whose pixels follow each other: how many (n,), its box in board µm (n, 4), its highest level (n,)."""
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    half = np.abs(px_to_um.linear).sum(axis=1) / 2
    um = px_to_um.apply(at + np.array([view.box.x0, view.box.y0]))
    boxes = np.column_stack([np.minimum.reduceat(um, starts) - half, np.maximum.reduceat(um, starts) + half])
    return np.diff(starts, append=len(at)), boxes, np.maximum.reduceat(view.level[at[:, 1], at[:, 0]], starts)


def _over(painted: PaintedMask, box: Box) -> NDArray[np.uint8]:
    """The painted classes (h, w) over another box."""
    result = np.zeros((box.height, box.width), np.uint8)
    common = box.common(painted.box)
    if not common.empty:
        source = common.shifted(-painted.box.x0, -painted.box.y0)
        result[common.shifted(-box.x0, -box.y0).slices] = painted.classes[source.slices]
    return result


def _unseen(grid: Floats, box: Box, inside: Mask, shown: Mask) -> tuple[float, Box]:
    """Which part of the pad was not inspected, and where: cells that lie mostly on the pad count as a whole, and beyond them
    every pixel with no inspected cell around it."""
    count = int(inside.sum())
    if not count:
        return 1.0, box
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
    x, y, w, h = cv2.boundingRect(hidden.view(np.uint8))
    return float(hidden.sum()) / count, Box(box.x0 + x, box.y0 + y, box.x0 + x + w, box.y0 + y + h)


def _enlarged(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every pixel of some cells, bilinear between their centres, the outermost cells continued."""
    size = cells.shape[1] * CELL, cells.shape[0] * CELL
    return np.asarray(cv2.resize(cells, size, interpolation=cv2.INTER_LINEAR), np.float32)
