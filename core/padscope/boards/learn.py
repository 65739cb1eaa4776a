"""A layout proposed from one picture: the pads segmented, measured, named, with their fiducials; for a person to correct.

Bond pads come in rows: rectangles whose ends lie on two common lines. That tells them from the terminals of components and from
anything else that is bare metal. Only where a picture shows no such row, single rectangles are taken, with little confidence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards import board_search
from padscope.boards.fiducials import measure_mark
from padscope.boards.layout import (
    FOOT_TOLERANCE_UM,
    FOOT_UM,
    Fiducial,
    Layout,
    Pad,
    checked,
    overlapping_pads,
    spread_wires,
)
from padscope.boards.metal import Shapes, shapes, splits
from padscope.boards.pad_edges import Edges, measure_edges, pad_window
from padscope.boards.pose import colour_of_metal
from padscope.boards.windows import Windows, known_scale, overview
from padscope.errors import LayoutError
from padscope.types import Affine, Mask

LEAST_FILLED = 0.8
"""Of its smallest rectangle that a pad covers; defects and dirt may take the rest."""
TURN_SLACK_DEG = 3.0
LEAST_ROW = 3
"""Pads that make a row."""
ROW_SLACK = 0.06
"""Of a pad's length: how far its ends may lie from those of its row."""
ROW_SHARE, LENGTH_SHARE = 0.3, 0.6
MARGIN_UM = 1000.0
"""Free ground left and above, so that coordinates stay above 0."""
NARROWEST_UM = 40.0
REACH_PX = 6.0
"""Of the overview: how far the measured side of a pad may lie from its segmented one."""
ALIKE_UM = 6.0
"""Lengths nearer than this are meant to be the same."""
STEP_UM = 0.5
"""Places and sizes are rounded to it."""
ALONE, IN_A_ROW = 0.4, 1.0
"""Confidence in a rectangle whose sides are all seen, by itself and among its like."""
MARK_SLACK = 0.1
MARKS = 4


@dataclass(frozen=True)
class Learned:
    """A proposal: `confidence` from 0 to 1 by pad, `um_to_px` lays the layout over the picture it was learned from."""

    layout: Layout
    um_to_px: Affine
    confidence: Mapping[str, float]


@dataclass(frozen=True)
class _Found:
    """Rectangles of one split in the board's own frame, overview px: (N, 4) u0, v0, u1, v1, and the row each is in (-1: none)."""

    boxes: NDArray[np.float64]
    row: NDArray[np.intp]
    turn_rad: float
    pieces: Shapes


def learned_layout(picture: Windows, name: str = "learned", um_per_px: float | None = None) -> Learned:
    """From a picture of one sound board. LayoutError where its scale is not known (and not given) or no pads are seen."""
    scale = known_scale(picture)
    step_um = um_per_px or (scale.um_per_px if scale is not None else None)
    if not step_um:
        raise LayoutError("To learn a layout the size of a pixel must be known; type the scale of the picture first.")
    small, to_full = overview(picture)
    found = max((_rectangles(shapes(mask)) for mask in splits(small)), key=_worth, default=None)
    if found is None or not len(found.boxes):
        raise LayoutError(
            "No pads were seen in the picture; take one in which bare metal differs from the board around it."
        )
    um = to_full.a * step_um  # of one px of the overview
    for _ in range(2):  # what was measured shows how the rows lean, and so the turn
        turn = _rotation(found.turn_rad)
        place = found.boxes[:, :2].min(axis=0) - MARGIN_UM / um
        board_to_px = to_full.after(Affine.from_rows(np.column_stack([turn / um, turn @ place])))
        boxes = (found.boxes - np.tile(place, 2)) * um
        pads = tuple(_pad(str(k), *box) for k, box in enumerate(boxes))
        boxes, seen = _measured(picture, small, to_full, Layout(name, pads, ()), board_to_px, REACH_PX * to_full.a)
        found = _straightened(found, boxes)
    boxes, agree = _tidied(boxes, found.row)
    marks = _marks(picture, found.pieces, to_full, board_to_px)
    return _named(name, boxes, found.row, seen * np.where(agree, 1.0, 0.5), marks, board_to_px)


def _straightened(found: _Found, boxes: NDArray[np.float64]) -> _Found:
    """The same rectangles in a frame turned until the rows, as measured (N, 4) µm, do not lean."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    lean, weight = 0.0, 0.0
    for row in range(int(found.row.max(initial=-1)) + 1):
        own = middle[found.row == row] - middle[found.row == row].mean(axis=0)
        along = int(np.argmax(own.std(axis=0)))
        # a row along x that falls to the right asks for the same turn as one along y that runs to the left
        steep = float(own[:, along] @ own[:, 1 - along]) * (1 if along == 0 else -1)
        lean, weight = lean + steep, weight + float(own[:, along] @ own[:, along])
    if not weight:
        return found
    step = math.atan(lean / weight)
    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2 @ _rotation(step)
    half = (found.boxes[:, 2:] - found.boxes[:, :2]) / 2
    return replace(found, boxes=np.column_stack([centre - half, centre + half]), turn_rad=found.turn_rad + step)


def _worth(found: _Found) -> tuple[int, int]:
    return int((found.row >= 0).sum()), len(found.boxes)


def _rectangles(pieces: Shapes) -> _Found:
    """Which shapes are rectangles along the board's axes, and which of them stand in rows."""
    like = (pieces.filled >= LEAST_FILLED) & ~pieces.round
    if not like.any():
        return _Found(np.empty((0, 4)), np.empty(0, np.intp), 0.0, pieces)
    quarter = math.pi / 2
    # the mean direction, four turns being the same; long sides know theirs best
    turn = np.angle(np.sum(pieces.length[like] * np.exp(4j * pieces.angle[like]))) / 4
    off = (pieces.angle - turn + quarter / 2) % quarter - quarter / 2
    like &= np.abs(off) < math.radians(TURN_SLACK_DEG)
    upright = np.round((pieces.angle[like] - turn) / quarter).astype(int) % 2 == 1
    half = np.column_stack([pieces.length[like], pieces.width[like]]) / 2
    half = np.where(upright[:, None], half[:, ::-1], half)
    centre = pieces.centre[like] @ _rotation(turn)
    boxes = np.column_stack([centre - half, centre + half])
    rows = _rows(boxes)
    rows = np.where(_like_the_largest(boxes, rows), rows, -1)
    if (rows >= 0).any():
        kept = (rows >= 0) | _as_large_as_one_of(boxes, boxes[rows >= 0])
        boxes, rows = boxes[kept], rows[kept]
    return _Found(boxes, rows, float(turn), pieces)


def _rows(boxes: NDArray[np.float64]) -> NDArray[np.intp]:
    """(N,) the row of each box, -1 for none: boxes whose ends across the row agree; each goes to the larger of its two."""
    ends = (boxes[:, [0, 2]], boxes[:, [1, 3]])
    size = [e[:, 1] - e[:, 0] for e in ends]
    alike = [
        (np.abs(e[:, None] - e[None]).max(axis=2) <= np.maximum(2.0, ROW_SLACK * np.minimum.outer(s, s)))
        for e, s in zip(ends, size, strict=True)
    ]
    rows = np.full(len(boxes), -1)
    number = 0
    while True:
        votes = [np.where(rows[None] < 0, a, False).sum(axis=1) * (rows < 0) for a in alike]
        axis = int(np.argmax([v.max(initial=0) for v in votes]))
        if votes[axis].max(initial=0) < LEAST_ROW:
            return rows
        members = alike[axis][int(votes[axis].argmax())] & (rows < 0)
        rows[members] = number
        number += 1


def _as_large_as_one_of(boxes: NDArray[np.float64], known: NDArray[np.float64]) -> Mask:
    """(N,) which boxes have both sides of one of the known ones, turned or not: pads that stand alone."""
    size = np.sort(boxes[:, 2:] - boxes[:, :2], axis=1)
    sizes = np.sort(known[:, 2:] - known[:, :2], axis=1)
    near: Mask = np.abs(size[:, None] - sizes[None]) <= np.maximum(2.0, ROW_SLACK * sizes)
    return np.asarray(np.any(np.all(near, axis=2), axis=1), bool)


def _like_the_largest(boxes: NDArray[np.float64], rows: NDArray[np.intp]) -> Mask:
    """(N,) which boxes are in rows that are about as long, or of about as long pads, as the largest row: terminals of components
    stand in rows too, but in short ones of small things."""
    count = np.bincount(rows[rows >= 0]) if (rows >= 0).any() else np.zeros(1, int)
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    length = np.array([np.median(longer[rows == k]) if n else 0.0 for k, n in enumerate(count)])
    largest = int(count.argmax())
    kept = (count >= ROW_SHARE * count[largest]) | (length >= LENGTH_SHARE * length[largest])
    return (rows >= 0) & kept[np.maximum(rows, 0)]


def _measured(
    picture: Windows,
    small: NDArray[np.uint8],
    to_full: Affine,
    layout: Layout,
    um_to_px: Affine,
    reach_px: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every pad's sides where the picture at full size has them: boxes (N, 4) µm, and the part of each outline seen (N,)."""
    colour = colour_of_metal(small, to_full.inverse().after(um_to_px), board_search.probe(layout))
    boxes = np.array([np.concatenate([p.corners_um[0], p.corners_um[2]]) for p in layout.pads])
    seen = np.zeros(len(boxes))
    for reach in (reach_px, max(reach_px / 3, 3.0)):
        pads = tuple(_pad(str(k), *box) for k, box in enumerate(boxes))
        windows = [pad_window(picture, um_to_px.apply(p.corners_um), reach + 8, colour) for p in pads]
        edges = measure_edges(windows, replace(layout, pads=pads), [um_to_px] * len(pads), reach)
        shift, seen = _sides(edges, len(pads))
        moved = boxes + shift / um_to_px.scale * (-1, -1, 1, 1)
        whole: Mask = np.all(moved[:, 2:] - moved[:, :2] > NARROWEST_UM / 2, axis=1)
        boxes = np.where(whole[:, None], moved, boxes)
    return boxes, seen


def _sides(edges: Edges, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far out of its place each side was seen, px (N, 4) as left, top, right, bottom, 0 where it was not; and the part of
    each outline that was."""
    shift, seen = np.zeros((count, 4)), np.zeros(count)
    place = (1, 2, 3, 0)  # sides run clockwise from the top
    for n in range(count):
        own = edges.pad == n
        offset, side = edges.offset_px[own], edges.side[own]
        seen[n] = np.isfinite(offset).mean() if len(offset) else 0.0
        for k in range(4):
            here = offset[side == k]
            if len(here) and np.isfinite(here).mean() >= 0.5:
                shift[n, place[k]] = np.nanmedian(here)
    return shift, seen


def _tidied(boxes: NDArray[np.float64], rows: NDArray[np.intp]) -> tuple[NDArray[np.float64], Mask]:
    """Boxes (N, 4) µm whose common ends are on one line and whose like sizes are one size; and which agreed with their row."""
    boxes, agree = boxes.copy(), np.ones(len(boxes), bool)
    for row in range(int(rows.max(initial=-1)) + 1):
        own = np.flatnonzero(rows == row)
        spread = boxes[own].std(axis=0).reshape(2, 2).max(axis=0)
        ends = [0, 2] if spread[0] <= spread[1] else [1, 3]  # across the row
        lines = np.median(boxes[own][:, ends], axis=0)
        agree[own] = (np.abs(boxes[own][:, ends] - lines) <= ALIKE_UM).all(axis=1)
        boxes[own[:, None], ends] = lines
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    size = _one_size(size.ravel()).reshape(-1, 2)
    low = np.round((middle - size / 2) / STEP_UM) * STEP_UM
    return np.column_stack([low, low + size]), agree


def _one_size(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths that differ by less than ALIKE_UM from their neighbours in order become their median."""
    order = np.argsort(lengths)
    group = np.cumsum(np.diff(lengths[order], prepend=lengths[order[:1]]) > ALIKE_UM)
    result = np.empty_like(lengths)
    for g in range(int(group[-1]) + 1):
        own = order[group == g]
        result[own] = np.round(np.median(lengths[own]) / STEP_UM) * STEP_UM
    return result


def _marks(picture: Windows, pieces: Shapes, to_full: Affine, um_to_px: Affine) -> tuple[Fiducial, ...]:
    """Round marks of the largest size that there are at least two of."""
    to_um = um_to_px.inverse()
    rows = []
    for k in np.flatnonzero(pieces.round):
        x, y = to_full.apply(pieces.centre[k])
        radius = pieces.length[k] / 2 * to_full.a
        mark = measure_mark(picture, float(x), float(y), float(radius), REACH_PX * to_full.a)
        if mark is not None:
            at = to_um.apply(np.array([mark.x_px, mark.y_px]))
            rows.append((2 * mark.radius_px * to_um.scale, float(at[0]), float(at[1])))
    rows.sort(reverse=True)
    for largest, _, _ in rows:
        alike = [r for r in rows if abs(r[0] / largest - 1) <= MARK_SLACK]
        if len(alike) >= 2:
            diameter = float(np.round(np.median([r[0] for r in alike])))
            places = sorted(alike[:MARKS], key=lambda r: (r[2] > np.mean([a[2] for a in alike]), r[1]))
            return tuple(Fiducial(f"F{n}", round(x, 1), round(y, 1), diameter) for n, (_, x, y) in enumerate(places, 1))
    return ()


def _named(
    name: str,
    boxes: NDArray[np.float64],
    rows: NDArray[np.intp],
    seen: NDArray[np.float64],
    marks: tuple[Fiducial, ...],
    um_to_px: Affine,
) -> Learned:
    """Pads by the edge they stand at, counted from the top or the left: L001 …, R001 …, T001 …, B001 …; P001 … elsewhere."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    sides = [
        _side(c, s, row, boxes[rows == row], (low + high) / 2) for c, s, row in zip(centre, size, rows, strict=True)
    ]
    pitch = max(float(size.min()), FOOT_UM[0] + 2 * FOOT_TOLERANCE_UM)
    order = sorted(range(len(boxes)), key=lambda k: (sides[k], *_along(sides[k], centre[k])))
    count = Counter[str]()
    pads: list[Pad] = []
    confidence: dict[str, float] = {}
    for k in order:
        count[sides[k]] += 1
        pad = _pad(f"{sides[k]}{count[sides[k]]:03d}", *boxes[k])
        if overlapping_pads((*pads, pad)):
            count[sides[k]] -= 1
            continue
        pads.append(pad)
        confidence[pad.id] = round(float(seen[k]) * (IN_A_ROW if rows[k] >= 0 else ALONE), 2)
    wires = tuple(w for p in pads for w in spread_wires(p, max(1, int((min(p.w_um, p.h_um) + ALIKE_UM) / pitch))))
    return Learned(checked(Layout(name, tuple(pads), wires, marks)), um_to_px, confidence)


def _side(
    centre: NDArray[np.float64],
    size: NDArray[np.float64],
    row: int,
    members: NDArray[np.float64],
    middle: NDArray[np.float64],
) -> str:
    if row < 0:
        return "P"
    spread = ((members[:, :2] + members[:, 2:]) / 2).std(axis=0)
    if spread[1] >= spread[0]:
        return "L" if centre[0] < middle[0] else "R"
    return "T" if centre[1] < middle[1] else "B"


def _along(side: str, centre: NDArray[np.float64]) -> tuple[float, float]:
    x, y = float(centre[0]), float(centre[1])
    return (x, y) if side in "TB" else (y, x)


def _pad(id: str, x0: float, y0: float, x1: float, y1: float) -> Pad:
    return Pad(id, float(x0 + x1) / 2, float(y0 + y1) / 2, float(x1 - x0), float(y1 - y0))


def _rotation(turn_rad: float) -> NDArray[np.float64]:
    c, s = math.cos(turn_rad), math.sin(turn_rad)
    return np.array([[c, -s], [s, c]])
