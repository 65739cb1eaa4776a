"""From a rough pose to a measured one: edges of all pads at full resolution, centres of all fiducials, one robust fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.boards.bend import LEAST_SIDES, Bend, bent_pose, find_bend
from padscope.boards.fiducials import Mark, measure_mark
from padscope.boards.layout import Layout
from padscope.boards.pad_edges import Edges, MetalColour, PadWindow, measure_edges, pad_window
from padscope.boards.pose_fit import Fit, fit_pose
from padscope.boards.windows import Windows
from padscope.types import Affine

MOST_ROUNDS = 8
"""Of measuring and fitting, each from where the last one ended; three where nothing is bent."""
SETTLED_UM = 0.3
LEAST_EDGES = 12
SIDE_PX = 0.05
"""Least error of the middle of a side, with the unevenness of its metal."""
AGREE_UM = 20.0
"""Edges further away than this are another thing's edges."""
LEAST_REACH_PX = 3.0
MARK_SPREAD_UM, MARK_SPREAD_PX = 1.5, 0.3
"""The larger of the two is how far marks of one board may differ from each other, if nothing is bent."""
MARK_SHIFT_UM, MARK_SHIFT_PX = 8.0, 1.5
"""The larger of the two is how far marks may lie from where the pads put them and still be believed."""
MARKS_SHARE = 0.7
"""Of the marks found that must agree for any to be believed; the others may be dirty."""
BENT_MARKS_UM = 20.0
"""The same in a bent picture, where marks only confirm."""
LEAST_MARKS = 2
LEAST_STRAIGHT_MARKS, STRAIGHT_PX, LARGEST_UNEVEN_UM = 3, 0.5, 3.0


@dataclass(frozen=True)
class Refined:
    """A pose fitted to all that was measured, and what was measured."""

    fit: Fit
    bend: Bend | None
    edges: Edges
    rest_um: NDArray[np.float64]  # (N,) distance of every edge from the pose, outwards; NaN where no edge was seen
    marks: Mapping[str, Mark]  # fiducials that agree with each other and with the pads

    @property
    def um_to_px(self) -> Affine:
        return self.fit.um_to_px


def refine(picture: Windows, layout: Layout, rough: Affine, colour: MetalColour, error_px: float) -> Refined | None:
    """Fit the pads' edges, then edges and fiducials together; error_px is how far off the rough pose may be. None where too
    little is seen to fit anything."""
    last = max(AGREE_UM * rough.scale, LEAST_REACH_PX)
    closest = min(min(p.w_um, p.h_um) for p in layout.pads) * rough.scale
    first, last = (min(r, max(0.45 * closest, LEAST_REACH_PX)) for r in (max(error_px, last), last))
    windows = [pad_window(picture, rough.apply(p.corners_um), first + last + 10, colour) for p in layout.pads]
    found = _fitted(windows, layout, rough, None, first, {})
    bend: Bend | None = None
    marks: dict[str, Mark] = {}
    for turn in range(MOST_ROUNDS):
        if found is None:
            return None
        before, pose = bend, found[0].um_to_px
        if turn == 1 or before is not None:
            bend = _bend(layout, *found, bend)
        if turn == 1:
            there = _marks(picture, layout, pose)
            if bend is not None and _prove_straight(there, layout, pose, bend):
                bend = None
            marks = _agreeing(there, layout, pose, bend)
        # one mark may be dirt, and in a bent picture marks say nothing about pads far from them
        believed = marks if bend is None and len(marks) >= LEAST_MARKS else {}
        found = _fitted(windows, layout, pose, bend, last, believed)
        if turn >= 2 and (bend is None or (before is not None and _alike(layout, bend, before))):
            break
    if found is None:
        return None
    fit, edges = found
    rest = np.full(len(edges), np.nan)
    rest[np.isfinite(edges.offset_px)] = fit.edge_rest_px / fit.um_to_px.scale
    return Refined(fit, bend, edges, rest, marks)


def _prove_straight(marks: Mapping[str, Mark], layout: Layout, pose: Affine, bend: Bend) -> bool:
    """Whether the marks lie so well on the straight pose that a small bend is more likely unevenness of the pads."""
    if len(marks) < LEAST_STRAIGHT_MARKS or largest_bend_um(layout, bend) > LARGEST_UNEVEN_UM:
        return False
    um, px = _places(layout, marks)
    shift = px - pose.apply(um)
    return bool(np.hypot(*(shift - shift.mean(axis=0)).T).max() <= STRAIGHT_PX)


def largest_bend_um(layout: Layout, bend: Bend | None) -> float:
    """Size of the local correction at the corner of a pad where it is largest."""
    if bend is None:
        return 0.0
    return float(np.hypot(*bend.shift_um(np.concatenate([p.corners_um for p in layout.pads])).T).max())


def _alike(layout: Layout, a: Bend, b: Bend) -> bool:
    """Whether two corrections say the same of all pads."""
    um = np.array([(p.x_um, p.y_um) for p in layout.pads])
    return bool(np.hypot(*(a.shift_um(um) - b.shift_um(um)).T).max() < SETTLED_UM)


def _bend(layout: Layout, fit: Fit, edges: Edges, before: Bend | None) -> Bend | None:
    """The smooth correction that the sides of pads ask for: the middle of what is left at every few pieces, and what was known
    before."""
    seen = np.isfinite(edges.offset_px)
    scale = fit.um_to_px.scale
    rest = (fit.edge_rest_px - edges.normal[seen] @ fit.pad_shift_px) / scale
    back = edges.normal[seen] @ (fit.um_to_px.linear / scale)  # µm frame: the same side seen from the layout
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    key = _threes(edges)[seen]
    _, first, piece = np.unique(key, return_index=True, return_inverse=True)
    if len(first) < LEAST_SIDES:
        return None
    um = np.column_stack([np.bincount(piece, edges.um[seen][:, k]) for k in (0, 1)]) / np.bincount(piece)[:, None]
    order = np.lexsort((rest, piece))
    starts = np.searchsorted(piece[order], np.arange(len(first)))
    counts = np.bincount(piece)
    middle = (rest[order][starts + (counts - 1) // 2] + rest[order][starts + counts // 2]) / 2
    normal = back[first]
    if before is not None:
        middle = middle + np.einsum("ni,ni->n", normal, before.shift_um(um))
    return find_bend(um, normal, middle, edges.pad[seen][first], SIDE_PX / scale)


def _threes(edges: Edges) -> NDArray[np.intp]:
    """(N,) a number for every group of up to three neighbouring pieces of one side."""
    same = (np.diff(edges.pad) == 0) & (np.diff(edges.side) == 0)
    place = np.arange(len(edges))
    start = np.maximum.accumulate(np.where(np.concatenate([[True], ~same]), place, 0))
    return start + (place - start) // 3


def _fitted(
    windows: list[PadWindow | None],
    layout: Layout,
    pose: Affine,
    bend: Bend | None,
    reach: float,
    marks: Mapping[str, Mark],
) -> tuple[Fit, Edges] | None:
    local = [bent_pose(pose, bend, np.array([p.x_um, p.y_um])) for p in layout.pads]
    edges = measure_edges(windows, layout, local, reach)
    seen = np.isfinite(edges.offset_px)
    if seen.sum() < LEAST_EDGES:
        return None
    um, px = _places(layout, marks)
    away = px - _bent(pose, bend, um)
    fit = fit_pose(pose, edges.um[seen], edges.normal[seen], edges.offset_px[seen], um, away)
    if not np.isfinite(fit.um_to_px.rows).all() or not 0.5 < fit.um_to_px.scale / pose.scale < 2:
        return None
    return fit, edges


def _bent(pose: Affine, bend: Bend | None, um: NDArray[np.float64]) -> NDArray[np.float64]:
    return pose.apply(um if bend is None else um + bend.shift_um(um))


def _places(layout: Layout, marks: Mapping[str, Mark]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where marks are in the layout and in the picture, (M, 2) each."""
    named = [f for f in layout.fiducials if f.name in marks]
    um = np.array([(f.x_um, f.y_um) for f in named], dtype=np.float64).reshape(-1, 2)
    px = np.array([(marks[f.name].x_px, marks[f.name].y_px) for f in named], dtype=np.float64).reshape(-1, 2)
    return um, px


def _marks(picture: Windows, layout: Layout, pose: Affine) -> dict[str, Mark]:
    """Fiducials that are really there, by name."""
    found = {}
    for f in layout.fiducials:
        x, y = pose.apply(np.array([f.x_um, f.y_um]))
        radius = f.diameter_um / 2 * pose.scale
        mark = measure_mark(picture, float(x), float(y), radius, float(np.clip(0.25 * radius, 3, 15)))
        if mark is not None:
            found[f.name] = mark
    return found


def _agreeing(marks: Mapping[str, Mark], layout: Layout, pose: Affine, bend: Bend | None) -> dict[str, Mark]:
    """The largest group of marks that are shifted alike against the pads; of equal groups the one shifted least."""
    if not marks:
        return {}
    um, px = _places(layout, marks)
    names = [f.name for f in layout.fiducials if f.name in marks]
    shift = px - _bent(pose, bend, um)
    scale = pose.scale
    spread = max(MARK_SPREAD_PX, (MARK_SPREAD_UM if bend is None else 0.5 * BENT_MARKS_UM) * scale)
    alike = np.hypot(*(shift[:, None] - shift[None]).transpose(2, 0, 1)) <= spread
    rank = [(int(row.sum()), -float(np.hypot(*shift[row].mean(axis=0)))) for row in alike]
    group = alike[rank.index(max(rank))]
    if group.sum() < MARKS_SHARE * len(marks):
        return {}
    limit = max(MARK_SHIFT_PX, (MARK_SHIFT_UM if bend is None else BENT_MARKS_UM) * scale)
    if np.hypot(*shift[group].mean(axis=0)) > limit:
        return {}
    return {name: marks[name] for name, in_group in zip(names, group, strict=True) if in_group}
