"""Is a fitted pose to be trusted? Every check here says no in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pose_refine import Refined, largest_bend_um
from padscope.errors import PoseError
from padscope.types import Affine, Scale

SIDE_SHARE = 0.5
"""Of the pieces of a side that decide what the side says."""
PAD_SHARE = 0.6
"""Of the pieces of a pad in the picture that must agree."""
SHOWN_SHARE = 0.4
"""Of a pad's outline that must be in the picture for the pad to count at all."""
CONTRADICTION_SHARE = 0.25
"""Of a pad's outline: with so much of it inside metal, or where there is none, something else lies there."""
PAD_OFF_UM, PAD_OFF_PX = 7.5, 1.5
"""The larger of the two is how far a side may lie from its place and still be the layout's."""
BENT_OFF_UM, BENT_OFF_PX = 3.0, 0.6
"""The same in a picture with a local correction: that follows the pads, so what it does not follow is not understood."""
SURE_OFF_UM, STRAIGHT_MARKS = 4.0, 2
"""Where fewer marks say that the picture is straight, a side that lies further off may be a distortion of which too little is seen
to correct it: such a pad counts, but is not said to lie where the pose has it."""
PARTLY = "one of its ends is too near the picture's border, or in glare, to be seen"
ASTRAY = "one of its sides lies away from where the layout has it"
LARGEST_STRETCH = 0.02
"""Difference between the scales along two directions that a microscope may have."""
LARGEST_SCALE_ERROR = 0.05
"""Of a microscope's calibration, and of a board's shrinkage."""
SURE = 3.0
"""Standard deviations by which the pose must be known better than the limit."""


@dataclass(frozen=True)
class Demands:
    """What must be seen of a board before its pose is trusted."""

    seen_share: float = 0.7  # of the pads in the picture that must be where the layout has them
    contradicted_share: float = 0.15  # of them where something else may lie (one pad always may)
    least_pads: int = 6  # that must be seen, if the layout has as many
    least_pads_with_marks: int = 3  # that are enough together with two fiducials


CLICKED = Demands(seen_share=0.5, contradicted_share=0.3, least_pads=2, least_pads_with_marks=1)
"""Where a person has pointed out the board, its pads only confirm."""


@dataclass(frozen=True)
class Sight:
    """What was seen of the pads, by id."""

    seen: dict[str, float]  # residual in µm: root mean square over the sides of the median distance of each
    contradicted: tuple[str, ...]  # something else lies there
    unclear: tuple[str, ...]
    outside: tuple[str, ...]  # too little of them is in the picture
    unsure: Mapping[str, str] = field(default_factory=dict)  # of those seen the ones that may lie elsewhere, and why
    glaring: tuple[str, ...] = ()  # glare hides so much of their outline that it says nothing

    @property
    def shown(self) -> int:
        return len(self.seen) + len(self.contradicted) + len(self.unclear)


def pads_seen(layout: Layout, found: Refined) -> Sight:
    """Sort the pads by what their outlines say. Two sides that are not parallel fix a pad; in a bent picture, where a pad is not
    held by its neighbours, all of its sides must be seen."""
    edges, rest = found.edges, found.rest_um
    seen: dict[str, float] = {}
    contradicted: list[str] = []
    unclear: list[str] = []
    outside: list[str] = []
    glaring: list[str] = []
    unsure: dict[str, str] = {}
    off_um, off_px = (PAD_OFF_UM, PAD_OFF_PX) if found.bend is None else (BENT_OFF_UM, BENT_OFF_PX)
    farthest = max(off_um, off_px / found.um_to_px.scale)
    first = np.searchsorted(edges.pad, np.arange(len(layout.pads) + 1))
    for n, pad in enumerate(layout.pads):
        own = slice(first[n], first[n + 1])
        sides, against, off = edges.side[own], edges.contradicts[own], rest[own]
        if len(sides) < SHOWN_SHARE * edges.whole[n] or not len(sides):
            (
                glaring
                if edges.glare[n] > 0 and len(sides) + edges.glare[n] >= SHOWN_SHARE * edges.whole[n]
                else outside
            ).append(pad.id)
            continue
        offs: list[float] = []
        directions: list[NDArray[np.float64]] = []
        denied, every = False, np.unique(sides)
        for k in every:
            piece = sides == k
            hits = np.isfinite(off[piece])
            denied |= bool(against[piece].mean() >= SIDE_SHARE)
            middle = float(np.median(np.abs(off[piece][hits]))) if hits.any() else np.inf
            if hits.mean() >= SIDE_SHARE and middle <= farthest:
                offs.append(middle)
                directions.append(edges.normal[own][piece][0])
        fixed = _in_two_directions(directions) if found.bend is None else len(offs) == len(every)
        if against.mean() >= CONTRADICTION_SHARE:
            contradicted.append(pad.id)
        elif not denied and np.isfinite(off).mean() >= PAD_SHARE and fixed:
            seen[pad.id] = float(np.sqrt(np.mean(np.square(offs))))
            if len(every) < edges.sides[n]:
                unsure[pad.id] = PARTLY
            elif found.bend is None and len(found.marks) < STRAIGHT_MARKS and max(offs) > SURE_OFF_UM:
                unsure[pad.id] = ASTRAY
        else:
            unclear.append(pad.id)
    return Sight(seen, tuple(contradicted), tuple(unclear), tuple(outside), unsure, tuple(glaring))


def _in_two_directions(normals: list[NDArray[np.float64]]) -> bool:
    """Whether sides with these normals fix a pad both ways."""
    return any(abs(a[0] * b[1] - a[1] * b[0]) > 0.5 for a in normals for b in normals)


def refuse_doubt(layout: Layout, found: Refined, sight: Sight, limit_um: float, demands: Demands) -> float:
    """The residual in µm of a pose that may be trusted; PoseError otherwise."""
    refuse_stretch(found.um_to_px, layout)
    refuse_few(layout, found, sight, demands)
    residual = float(np.sqrt(np.mean(np.square(list(sight.seen.values())))))
    if residual > limit_um:
        raise PoseError(
            f"The board was found, but its pads miss the layout by {residual:.0f} µm, more than {limit_um:g} µm; "
            "check that the layout is this board's and that the picture is not distorted."
        )
    bend = largest_bend_um(layout, found.bend)
    if bend > limit_um:
        raise PoseError(
            f"The picture is distorted by up to {bend:.0f} µm, more than can be corrected; stitch it again, or take it at once."
        )
    inside = [p for p in layout.pads if p.id not in {*sight.outside, *sight.glaring}]
    corners = np.concatenate([p.corners_um for p in inside])
    doubt = SURE * float(found.fit.deviation_px(corners).max()) / found.um_to_px.scale
    if doubt > limit_um:
        raise PoseError(
            f"Too little of the board is seen to place its pads better than {doubt:.0f} µm, and the limit is {limit_um:g} µm; "
            "show more of it, or click its fiducials."
        )
    return residual


def refuse_few(layout: Layout, found: Refined, sight: Sight, demands: Demands) -> None:
    """PoseError unless enough pads are seen, and hardly anywhere something else."""
    marks = len(found.marks)
    least = min(demands.least_pads_with_marks if marks >= 2 else demands.least_pads, len(layout.pads))
    if sight.shown < least:
        raise PoseError(
            f"Only {sight.shown} of the {len(layout.pads)} pads of layout “{layout.name}” can be seen, too few to be sure of "
            "them; show more of the board, check that the layout is this board's, or click two fiducials."
        )
    if len(sight.seen) < max(demands.seen_share * sight.shown, least):
        raise few_pads(layout, len(sight.seen), sight.shown, marks)
    if len(sight.contradicted) > max(1.0, demands.contradicted_share * sight.shown):
        raise PoseError(
            f"Where layout “{layout.name}” has pads, {len(sight.contradicted)} of {sight.shown} times something else lies"
            f"{_advice(marks)}"
        )


def few_pads(layout: Layout, seen: int, shown: int, marks: int) -> PoseError:
    """Too little is seen to place the layout."""
    return PoseError(
        f"Only {seen} of the {shown} pads that should be in the picture are where layout “{layout.name}” has them"
        f"{_advice(marks)}"
    )


def _advice(marks: int) -> str:
    """The end of a sentence about pads that were not found; with fiducials in their places it is hardly the layout that is
    wrong."""
    if marks >= 2:
        return f", though {marks} fiducials are in place; clean the board, focus and light it evenly, or click two fiducials."
    return "; check that the layout is this board's, clean and focus the board, or click two fiducials."


def mirrored(layout: Layout) -> PoseError:
    return PoseError(
        f"The board in the picture is mirrored against layout “{layout.name}”; mirror the picture back, or the layout."
    )


def refuse_scale(pose: Affine, layout: Layout, scale: Scale | None) -> None:
    """PoseError where the pose contradicts a scale that is known: then the layout is in another unit, or another board's."""
    if scale is None or scale.um_per_px is None:
        return
    here = 1 / pose.scale
    if abs(np.log(here / scale.um_per_px)) > LARGEST_SCALE_ERROR:
        raise PoseError(
            f"By layout “{layout.name}” the picture has {here:.4g} µm per pixel, but its scale is {scale.um_per_px:.4g} "
            f"({scale.source}); check the unit of the layout and the scale of the picture."
        )


def refuse_stretch(pose: Affine, layout: Layout) -> None:
    """PoseError for a mirrored or stretched pose."""
    if pose.determinant < 0:
        raise mirrored(layout)
    large, small = np.linalg.svd(pose.linear, compute_uv=False)
    if large > small * (1 + LARGEST_STRETCH):
        raise PoseError(
            f"The board in the picture is stretched by {100 * (large / small - 1):.0f} % in one direction; "
            "check the picture, the layout and which mark is which."
        )
