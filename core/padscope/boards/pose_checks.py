"""Is a fitted pose to be trusted? Every check here says no in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from padscope.boards.bend import Bend
from padscope.boards.layout import Layout
from padscope.boards.pose_refine import Refined
from padscope.errors import PoseError
from padscope.types import Affine

SIDE_SHARE = 0.5
"""Of the pieces of a side that decide what the side says."""
CONTRADICTION_SHARE = 0.25
"""Of a pad's outline: with so much of it inside metal, or where there is none, something else lies there."""
LEAST_PADS_SHARE = 0.7
"""Of the pads in the picture that must be seen as the layout has them."""
MOST_CONTRADICTED_SHARE = 0.08
LEAST_PADS = 3
LARGEST_STRETCH = 0.02
"""Difference between the scales along two directions that a microscope may have."""
SURE = 3.0
"""Standard deviations by which the pose must be known better than the limit."""


@dataclass(frozen=True)
class Sight:
    """What was seen of the pads, by id."""

    seen: dict[str, float]  # residual in µm: root mean square over the sides of the middle distance of each
    contradicted: tuple[str, ...]  # something else lies there
    unclear: tuple[str, ...]
    outside: tuple[str, ...]  # not in the picture at all, or no whole piece of a side


def pads_seen(layout: Layout, found: Refined) -> Sight:
    """Sort the pads by what their outlines say."""
    edges, rest = found.edges, found.rest_um
    seen: dict[str, float] = {}
    contradicted, unclear, outside = [], [], []
    first = np.searchsorted(edges.pad, np.arange(len(layout.pads) + 1))
    for n, pad in enumerate(layout.pads):
        own = slice(first[n], first[n + 1])
        sides, against, off = edges.side[own], edges.contradicts[own], rest[own]
        if not len(sides):
            outside.append(pad.id)
            continue
        corners = len(pad.corners_um)
        agree, middles, denied = 0, [], False
        for k in np.unique(sides):
            piece = sides == k
            hits = np.isfinite(off[piece])
            denied |= bool(against[piece].mean() >= SIDE_SHARE)
            if hits.mean() >= SIDE_SHARE:
                agree += 1
                middles.append(float(np.median(off[piece][hits])))
        visible = len(np.unique(sides))
        if against.mean() >= CONTRADICTION_SHARE:
            contradicted.append(pad.id)
        elif not denied and agree >= max(visible - (1 if visible == corners else 0), 2):
            seen[pad.id] = float(np.sqrt(np.mean(np.square(middles))))
        else:
            unclear.append(pad.id)
    return Sight(seen, tuple(contradicted), tuple(unclear), tuple(outside))


def refuse_doubt(layout: Layout, found: Refined, sight: Sight, limit_um: float, least_share: float) -> float:
    """The residual in µm of a pose that may be trusted; PoseError otherwise."""
    refuse_stretch(found.um_to_px, layout)
    visible = len(layout.pads) - len(sight.outside)
    least = max(least_share * visible, min(LEAST_PADS, len(layout.pads)))
    if len(sight.seen) < least or len(sight.contradicted) > max(1.0, MOST_CONTRADICTED_SHARE * visible):
        raise PoseError(
            f"Only {len(sight.seen)} of the {visible} pads that should be in the picture are where layout “{layout.name}” "
            "has them; check that the layout is this board's, or click two fiducials."
        )
    residual = float(np.sqrt(np.mean(np.square(list(sight.seen.values())))))
    if residual > limit_um:
        raise PoseError(
            f"The board was found, but its pads miss the layout by {residual:.0f} µm, more than {limit_um:g} µm; "
            "check that the layout is this board's and that the picture is not distorted."
        )
    bend = largest_bend_um(layout, found.bend)
    if bend > 2 * limit_um:
        raise PoseError(
            f"The picture is distorted by up to {bend:.0f} µm, more than can be corrected; stitch it again, or take it at once."
        )
    inside = [p for p in layout.pads if p.id not in set(sight.outside)]
    corners = np.concatenate([p.corners_um for p in inside])
    doubt = SURE * float(found.fit.deviation_px(corners).max()) / found.um_to_px.scale
    if doubt > limit_um:
        raise PoseError(
            f"Too little of the board is seen to place its pads better than {doubt:.0f} µm, and the limit is {limit_um:g} µm; "
            "show more of it, or click its fiducials."
        )
    return residual


def largest_bend_um(layout: Layout, bend: Bend | None) -> float:
    """Size of the local correction at the corner of a pad where it is largest."""
    if bend is None:
        return 0.0
    return float(np.hypot(*bend.shift_um(np.concatenate([p.corners_um for p in layout.pads])).T).max())


def refuse_stretch(pose: Affine, layout: Layout) -> None:
    """PoseError for a mirrored or stretched pose."""
    if pose.determinant < 0:
        raise PoseError(
            f"The board in the picture is mirrored against layout “{layout.name}”; mirror the picture back, or the layout."
        )
    large, small = np.linalg.svd(pose.linear, compute_uv=False)
    if large > small * (1 + LARGEST_STRETCH):
        raise PoseError(
            f"The board in the picture is stretched by {100 * (large / small - 1):.0f} % in one direction; "
            "check the picture, the layout and which mark is which."
        )
