"""From a rough pose to a measured one: edges of all pads at full resolution, centres of all fiducials, one robust fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.boards.fiducials import Mark, measure_mark
from padscope.boards.layout import Layout
from padscope.boards.pad_edges import Edges, MetalColour, PadWindow, measure_edges, pad_window
from padscope.boards.pose_fit import Fit, fit_pose
from padscope.boards.windows import Windows
from padscope.types import Affine

LEAST_EDGES = 12
AGREE_UM = 20.0
"""Edges further away than this are another thing's edges."""
LEAST_REACH_PX = 3.0
MARK_SPREAD_PX = 2.5
"""Marks of one board differ by no more than this from their common shift."""


@dataclass(frozen=True)
class Refined:
    """A pose fitted to all that was measured, and what was measured."""

    fit: Fit
    edges: Edges
    rest_um: NDArray[np.float64]  # (N,) distance of every edge from the pose, outwards; NaN where no edge was seen
    marks: Mapping[str, Mark]  # fiducials that agree with each other and with the pads

    @property
    def um_to_px(self) -> Affine:
        return self.fit.um_to_px


def refine(picture: Windows, layout: Layout, rough: Affine, colour: MetalColour, error_px: float) -> Refined | None:
    """Fit the pads' edges, then edges and fiducials together; error_px is how far off the rough pose may be. None where too
    little is seen to fit anything."""
    pose = rough
    last = max(AGREE_UM * pose.scale, LEAST_REACH_PX)
    closest = _closest_um(layout) * pose.scale
    reaches = [min(r, max(0.45 * closest, LEAST_REACH_PX)) for r in (max(error_px, last), last, last)]
    windows: list[PadWindow | None] = [
        pad_window(picture, pose.apply(p.corners_um), reaches[0] + last + 10, colour) for p in layout.pads
    ]
    found: tuple[Fit, Edges] | None = None
    for reach in reaches:
        found = _fitted(windows, layout, pose, reach, {})
        if found is None:
            return None
        pose = found[0].um_to_px
    assert found is not None
    marks = _agreeing(_marks(picture, layout, pose), layout, pose)
    if marks:
        found = _fitted(windows, layout, pose, reaches[-1], marks)
        if found is None:
            return None
        # measure once more, so that what is judged was seen from where the pose ended
        found = _fitted(windows, layout, found[0].um_to_px, reaches[-1], marks) or found
    fit, edges = found
    rest = np.full(len(edges), np.nan)
    rest[np.isfinite(edges.offset_px)] = fit.edge_rest_px / fit.um_to_px.scale
    return Refined(fit, edges, rest, marks)


def _closest_um(layout: Layout) -> float:
    return min(min(p.w_um, p.h_um) for p in layout.pads)


def _fitted(
    windows: list[PadWindow | None], layout: Layout, pose: Affine, reach: float, marks: Mapping[str, Mark]
) -> tuple[Fit, Edges] | None:
    edges = measure_edges(windows, layout, pose, reach)
    seen = np.isfinite(edges.offset_px)
    if seen.sum() < LEAST_EDGES:
        return None
    um, px = _places(layout, marks)
    fit = fit_pose(pose, edges.um[seen], edges.normal[seen], edges.offset_px[seen], um, px - pose.apply(um))
    if not np.isfinite(fit.um_to_px.rows).all() or not 0.5 < fit.um_to_px.scale / pose.scale < 2:
        return None
    return fit, edges


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


def _agreeing(marks: Mapping[str, Mark], layout: Layout, pose: Affine) -> dict[str, Mark]:
    """The largest group of marks that are shifted alike against the pads; of equal groups the one shifted least."""
    if not marks:
        return {}
    um, px = _places(layout, marks)
    names = [f.name for f in layout.fiducials if f.name in marks]
    shift = px - pose.apply(um)
    alike = np.hypot(*(shift[:, None] - shift[None]).transpose(2, 0, 1)) <= MARK_SPREAD_PX
    rank = [(int(row.sum()), -float(np.hypot(*shift[row].mean(axis=0)))) for row in alike]
    group = alike[rank.index(max(rank))]
    if np.hypot(*shift[group].mean(axis=0)) > AGREE_UM * pose.scale + 1:
        return {}
    return {name: marks[name] for name, in_group in zip(names, group, strict=True) if in_group}
