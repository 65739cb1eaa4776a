"""Where a board lies in a picture: the affine map from layout µm to picture px, found, refined, and refused in doubt.

A wrong pose silently accepted is the worst this program could do, so a pose counts only if most pads in the picture are
seen, with all their sides where the layout has them, if nothing else fits nearly as well, and if what is left is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from padscope.boards import board_search
from padscope.boards.bend import Bend, bent_pose
from padscope.boards.board_search import Candidate, Probe
from padscope.boards.layout import Layout
from padscope.boards.metal import shapes, splits
from padscope.boards.pad_edges import MetalColour, metal_colour
from padscope.boards.pose_checks import LEAST_PADS_SHARE, largest_bend_um, pads_seen, refuse_doubt, refuse_stretch
from padscope.boards.pose_fit import affine, similarity
from padscope.boards.pose_refine import refine
from padscope.boards.rivals import rivals
from padscope.boards.windows import Windows, overview
from padscope.errors import PoseError
from padscope.types import Affine

LIMIT_UM = 15.0
CLEAR_SCORE = 0.75
"""Of the best score a board could have: with this no other split of the picture is tried."""
LEAST_SCORE = 0.05
CLICKED_PADS_SHARE = 0.5
"""Of the pads in the picture that must be seen where a person has pointed out the board."""
CLICK_PX = 16.0
"""How far off a click may be."""
LEAST_LEAD = 1.5
"""Pads by which a pose must be better than any other way to lay the layout over the picture."""
MARK_LEAD = 2.0
"""Pads that a fiducial in its place is worth."""
BOTH_SIDES = 0.5


@dataclass(frozen=True)
class Pose:
    """A trusted pose. Residuals are those of pad edges against the layout, in µm."""

    um_to_px: Affine
    residual_um: float  # root mean square over all pads seen
    method: str  # "fiducials", "pads" or "clicks"
    pad_residual_um: Mapping[str, float] = field(default_factory=dict)  # pads seen; all others need a look
    fiducials_px: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # marks found, measured centres
    outset_um: float = 0.0  # pads larger (+) or smaller (-) than in the layout, on every side
    pad_shift_um: tuple[float, float] = (0.0, 0.0)  # all pads against the fiducials

    bend: Bend | None = None  # smooth local correction, for stitched pictures
    bend_um: float = 0.0  # its largest size at a pad

    def to_px(self, um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Layout points of shape (..., 2) in the picture, the local correction included."""
        return self.um_to_px.apply(um if self.bend is None else um + self.bend.shift_um(um))

    def near(self, x_um: float, y_um: float) -> Affine:
        """The affine pose that is right around one place of the board; `um_to_px` itself where nothing is bent."""
        return bent_pose(self.um_to_px, self.bend, np.array([x_um, y_um]))


def find_pose(picture: Windows, layout: Layout, *, limit_um: float = LIMIT_UM) -> Pose:
    """Find the board by its pads and fiducials, whatever its turn and scale. PoseError where there is doubt."""
    small, to_full = overview(picture)
    where = board_search.probe(layout)
    best, mask = _search(small, layout, where)
    if best is None or mask is None:
        raise PoseError(
            f"No board of layout “{layout.name}” was found in the picture; check picture and layout, or click two fiducials."
        )
    if best.mirrored:
        raise PoseError(
            f"The board in the picture is mirrored against layout “{layout.name}”; mirror the picture back, or the layout."
        )
    pose = _trusted(
        picture, layout, to_full.after(best.um_to_px), _metal_colour(small, best.um_to_px, where), "pads", limit_um,
        error_px=3.0 * to_full.a + 3.0, least_share=LEAST_PADS_SHARE,
    )  # fmt: skip
    _refuse_rivals(layout, to_full.inverse().after(pose.um_to_px), mask, where, len(pose.fiducials_px))
    return pose


def pose_from_clicks(
    layout: Layout,
    clicks: Mapping[str, tuple[float, float]],
    picture: Windows | None = None,
    limit_um: float = LIMIT_UM,
) -> Pose:
    """From clicked fiducials or corners of pads, px by name; a corner's name is PAD/1 … PAD/4, clockwise from the upper left
    of the unturned pad. Two clicks give turn, scale and shift, more an affine map; with a picture the pads refine it."""
    if len(clicks) < 2:
        raise PoseError("Two clicked points at least are needed to place the board; click another fiducial.")
    um = np.array([clicked_point(layout, name) for name in clicks])
    px = np.array(list(clicks.values()), dtype=np.float64)
    if not np.isfinite(px).all():
        raise PoseError("A clicked point has no finite coordinates; click it again.")
    if np.hypot(*(um - um.mean(axis=0)).T).max() < 1 or np.hypot(*(px - px.mean(axis=0)).T).max() < 1:
        raise PoseError("The clicked points lie on top of each other; click points far apart.")
    flat = np.linalg.matrix_rank(um - um.mean(axis=0), tol=0.02 * float(np.ptp(um))) < 2
    rough = similarity(um, px) if len(clicks) == 2 or flat else affine(um, px)
    refuse_stretch(rough, layout)
    rest = np.hypot(*(rough.apply(um) - px).T) / rough.scale
    if picture is None:
        residual = float(np.sqrt(np.mean(rest**2)))
        if residual > limit_um:
            raise PoseError(
                f"The clicked points miss the layout by {residual:.0f} µm, more than {limit_um:g} µm; "
                "check which mark is which and click again."
            )
        return Pose(rough, residual, "clicks")
    small, to_full = overview(picture)
    colour = _metal_colour(small, to_full.inverse().after(rough), board_search.probe(layout))
    return _trusted(
        picture, layout, rough, colour, "clicks", limit_um, error_px=CLICK_PX, least_share=CLICKED_PADS_SHARE
    )


def clicked_point(layout: Layout, name: str) -> tuple[float, float]:
    """Layout coordinates of what a click names: a fiducial, or PAD/n for the n-th corner of a pad."""
    for mark in layout.fiducials:
        if mark.name == name:
            return mark.x_um, mark.y_um
    pad, _, corner = name.rpartition("/")
    if pad in layout.pad and corner.isdigit():
        corners = layout.pad[pad].corners_um
        if 1 <= int(corner) <= len(corners):
            x, y = corners[int(corner) - 1]
            return float(x), float(y)
    raise PoseError(f"The layout “{layout.name}” has no fiducial or pad corner {name}; click one of its own.")


def _search(
    small: NDArray[np.uint8], layout: Layout, where: Probe
) -> tuple[Candidate | None, NDArray[np.uint8] | None]:
    """The best rough pose over all ways to split the picture, px of the overview, and the split that showed it."""
    best: Candidate | None = None
    best_mask: NDArray[np.uint8] | None = None
    highest = (1 - board_search.CHANCE) * len(layout.pads)
    for mask in splits(small):
        for candidate in board_search.search(mask, shapes(mask), layout, where):
            if best is None or candidate.score > best.score + 1e-9:
                best, best_mask = candidate, mask
        if best is not None and best.score >= CLEAR_SCORE * highest:
            break
    return (best, best_mask) if best is not None and best.score >= LEAST_SCORE * highest else (None, None)


def _metal_colour(small: NDArray[np.uint8], um_to_px: Affine, where: Probe) -> MetalColour:
    on, off = (_pixels_at(small, um_to_px.apply(points.reshape(-1, 2))) for points in (where.on, where.off))
    if min(len(on), len(off)) < 8:
        raise PoseError("The board lies outside the picture; check the picture, or click again.")
    return metal_colour(on, off)


def _pixels_at(small: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.round(points).astype(np.int64)
    seen = (at >= 0).all(axis=1) & (at[:, 0] < small.shape[1]) & (at[:, 1] < small.shape[0])
    return small[at[seen, 1], at[seen, 0]].astype(np.float64)


def _trusted(
    picture: Windows,
    layout: Layout,
    rough: Affine,
    colour: MetalColour,
    method: str,
    limit_um: float,
    *,
    error_px: float,
    least_share: float,
) -> Pose:
    """Refine the rough pose and judge the result."""
    found = refine(picture, layout, rough, colour, error_px)
    if found is None:
        raise PoseError(
            f"The pads of layout “{layout.name}” were not seen where they should be; check picture and layout, "
            "or click two fiducials."
        )
    sight = pads_seen(layout, found)
    residual = refuse_doubt(layout, found, sight, limit_um, least_share)
    if method == "pads" and len(found.marks) >= 2:
        method = "fiducials"
    fit, scale = found.fit, found.um_to_px.scale
    return Pose(
        found.um_to_px,
        residual,
        method,
        sight.seen,
        {name: (m.x_px, m.y_px) for name, m in found.marks.items()},
        fit.outset_px / scale,
        (fit.pad_shift_px[0] / scale, fit.pad_shift_px[1] / scale),
        found.bend,
        largest_bend_um(layout, found.bend),
    )


def _refuse_rivals(layout: Layout, pose: Affine, mask: NDArray[np.uint8], where: Probe, marks: int) -> None:
    """PoseError if the layout, turned or shifted onto itself, fits the picture nearly as well. Only the places where the two
    differ can tell: pads of the one that lie on nothing of the other."""
    mine = board_search.evidence(mask, pose, where)
    for move in rivals(layout):
        other = pose.after(move)
        theirs = board_search.evidence(mask, other, where)
        lead = float(np.nansum(mine - BOTH_SIDES)) - float(np.nansum(theirs - BOTH_SIDES))
        lead += MARK_LEAD * (marks - _marks_shared(layout, move, marks))
        if lead < LEAST_LEAD:
            raise PoseError(
                f"Layout “{layout.name}” fits the picture in two ways (turned by {move.rotation_deg:.0f}° and shifted by "
                f"{np.hypot(*(move.apply(_middle(layout)) - _middle(layout))):.0f} µm); click two fiducials to say which."
            )


def _middle(layout: Layout) -> NDArray[np.float64]:
    x0, y0, x1, y1 = layout.bounds_um
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2])


def _marks_shared(layout: Layout, move: Affine, marks: int) -> int:
    """How many of the marks found would also be in place after the move, at most."""
    if not layout.fiducials:
        return 0
    places = np.array([(f.x_um, f.y_um) for f in layout.fiducials])
    apart = np.hypot(*(move.apply(places)[:, None] - places[None]).transpose(2, 0, 1)).min(axis=1)
    reach = np.array([f.diameter_um for f in layout.fiducials]) / 2
    return min(marks, int((apart < reach).sum()))
