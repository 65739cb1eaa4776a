"""Where a board lies in a picture: the affine map from layout µm to picture px, found, refined, and refused in doubt.

A wrong pose silently accepted is the worst this program could do, so a pose counts only if most pads in the picture are
seen, with all their sides where the layout has them, if nothing else fits nearly as well, and if what is left is small.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from padscope.boards import board_search
from padscope.boards.bend import Bend, bent_pose
from padscope.boards.board_search import Candidate, Probe
from padscope.boards.fiducials import measure_mark
from padscope.boards.layout import Layout
from padscope.boards.metal import Shapes, shapes, splits
from padscope.boards.pad_edges import MetalColour, metal_colour
from padscope.boards.pose_checks import (
    CLICKED,
    Demands,
    Sight,
    few_pads,
    mirrored,
    pads_seen,
    refuse_doubt,
    refuse_few,
    refuse_scale,
    refuse_stretch,
)
from padscope.boards.pose_fit import affine, similarity
from padscope.boards.pose_refine import AGREE_UM, Refined, largest_bend_um, refine
from padscope.boards.rivals import SAME_UM, rivals
from padscope.boards.windows import Windows, known_scale, overview
from padscope.errors import PoseError
from padscope.types import Affine

LIMIT_UM = 15.0
CLEAR_SCORE = 0.75
"""Of the best score a board could have: with this no other split of the picture is tried."""
LEAST_SCORE = 0.05
LOOKS = 4
"""Rough poses that are measured before giving up."""
WHOLE_SHARE = 0.6
"""Of the pads; with fewer in the picture it shows only a part of the board."""
STRANGE_SHARE = 0.25
MARKS_MISSED = 4
"""Of so many fiducials that should be in the picture of a part of a board, one at least must be seen."""
CLICK_PX = 16.0
"""How far off a clicked corner of a pad may be."""
SNAP_SHARE = 0.45
"""Of its radius: how far from the centre of a fiducial a click may be and still mean it."""
CLEAR_LEAD = 3.0
"""Pads by which a pose is better, at a glance, than another way to lay the layout over the picture."""
LEAST_LEAD = 2
"""Pads by which it must be better when measured: seen ones less contradicted ones."""
MARK_LEAD = 2.0
"""Pads that a fiducial in its place is worth."""
BOTH_SIDES = 0.5
SOMETHING_ELSE = "something else lies where the layout has this pad"
NOT_CLEAR = "its outline was not seen where the layout has it"
GLARE = "glare hides its outline"


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
    doubts: Mapping[str, str] = field(
        default_factory=dict
    )  # pads in the picture that were not seen as in the layout, and why

    def to_px(self, um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Layout points of shape (..., 2) in the picture, the local correction included."""
        return self.um_to_px.apply(um if self.bend is None else um + self.bend.shift_um(um))

    def near(self, x_um: float, y_um: float) -> Affine:
        """The affine pose that is right around one place of the board; `um_to_px` itself where nothing is bent."""
        return bent_pose(self.um_to_px, self.bend, np.array([x_um, y_um]))

    def near_pads(self, layout: Layout) -> dict[str, Affine]:
        """By pad the pose that is right around it; empty where nothing is bent."""
        return {p.id: self.near(p.x_um, p.y_um) for p in layout.pads} if self.bend is not None else {}


def find_pose(picture: Windows, layout: Layout, *, limit_um: float = LIMIT_UM) -> Pose:
    """Find the board by its pads and fiducials, whatever its turn and scale. PoseError where there is doubt."""
    small, to_full = overview(picture)
    where = board_search.probe(layout)
    refusal: PoseError | None = None
    missed: tuple[float, PoseError] | None = (
        None  # the most that speaks for a pose that is not mirrored and was refused
    )
    best: tuple[float, Refined, Sight, _Look] | None = None
    for look in _looks(small, layout, where):
        rough = to_full.after(look.candidate.um_to_px)
        try:
            found, sight = _measured(picture, layout, rough, look.colour, error_px=3.0 * to_full.a + 3.0)
        except PoseError as error:
            refusal = refusal or error
            continue
        straight = found.um_to_px.determinant > 0
        votes = _votes(sight) + MARK_LEAD * len(found.marks) + (0.5 if straight else 0.0)
        try:
            refuse_few(layout, found, sight, Demands())
        except PoseError as error:
            if straight and (missed is None or votes > missed[0]):
                missed = votes, error
            refusal = refusal or error
            continue
        if best is None or votes > best[0]:
            best = votes, found, sight, look
        if straight and len(sight.seen) >= WHOLE_SHARE * len(layout.pads):
            break
    if best is None:
        raise (missed[1] if missed else refusal) or PoseError(
            f"No board of layout “{layout.name}” was found in the picture; check picture and layout, or click two fiducials."
        )
    if best[1].um_to_px.determinant < 0:
        _refuse_mirrored(layout, *best[:3], missed)
    _, found, sight, look = best
    refuse_scale(found.um_to_px, layout, known_scale(picture))
    residual = refuse_doubt(layout, found, sight, limit_um, Demands())
    _refuse_small_part(layout, small.shape, to_full.inverse().after(found.um_to_px), look.shapes, sight, found)
    _refuse_rivals(picture, layout, found, sight, to_full, look, where)
    return _pose(layout, found, sight, residual, "fiducials" if len(found.marks) >= 2 else "pads")


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
    rough = _through(um, px)
    if rough.determinant < 0:
        raise PoseError(
            f"As clicked, the board would be mirrored against layout “{layout.name}”; check which mark is which and click again."
        )
    refuse_stretch(rough, layout)
    if picture is not None:
        px = _snapped(picture, layout, tuple(clicks), px, rough.scale)
        rough = _through(um, px)
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
    colour = colour_of_metal(small, to_full.inverse().after(rough), board_search.probe(layout))
    refuse_scale(rough, layout, known_scale(picture))
    found, sight = _measured(picture, layout, rough, colour, error_px=CLICK_PX)
    residual = refuse_doubt(layout, found, sight, limit_um, CLICKED)
    return _pose(layout, found, sight, residual, "clicks")


def _through(um: NDArray[np.float64], px: NDArray[np.float64]) -> Affine:
    """A similarity through two points or points on one line, an affine map through more."""
    flat = len(um) == 2 or np.linalg.matrix_rank(um - um.mean(axis=0), tol=0.02 * float(np.ptp(um))) < 2
    return similarity(um, px) if flat else affine(um, px)


def _snapped(
    picture: Windows, layout: Layout, names: tuple[str, ...], px: NDArray[np.float64], px_per_um: float
) -> NDArray[np.float64]:
    """Clicked points, those on fiducials moved to the mark's measured centre where there is one within reach."""
    marks = {f.name: f for f in layout.fiducials}
    moved = px.copy()
    for n, name in enumerate(names):
        if name in marks:
            radius = marks[name].diameter_um / 2 * px_per_um
            found = measure_mark(picture, float(px[n, 0]), float(px[n, 1]), radius, SNAP_SHARE * radius)
            if found is not None:
                moved[n] = found.x_px, found.y_px
    return moved


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


@dataclass(frozen=True)
class _Look:
    """A rough pose, and the split of the picture that showed it."""

    candidate: Candidate
    mask: NDArray[np.uint8]
    shapes: Shapes
    colour: MetalColour


def _looks(small: NDArray[np.uint8], layout: Layout, where: Probe) -> Iterator[_Look]:
    """Rough poses worth measuring, px of the overview, the best first: those of the first split that shows one clearly, or the
    best of all splits."""
    looks: list[_Look] = []
    highest = (1 - board_search.CHANCE) * len(layout.pads)
    for mask in splits(small):
        pieces = shapes(mask)
        candidates = board_search.search(mask, pieces, layout, where)[:LOOKS]
        looks += [
            _Look(c, mask, pieces, colour_of_metal(small, c.um_to_px, where))
            for c in candidates
            if c.score >= LEAST_SCORE * highest
        ]
        if looks and max(look.candidate.score for look in looks) >= CLEAR_SCORE * highest:
            break
    looks.sort(key=lambda look: (-round(look.candidate.score, 6), look.candidate.mirrored))
    yield from looks[:LOOKS]


def colour_of_metal(small: NDArray[np.uint8], um_to_px: Affine, where: Probe) -> MetalColour:
    on, off = (_pixels_at(small, um_to_px.apply(points.reshape(-1, 2))) for points in (where.on, where.off))
    if min(len(on), len(off)) < 8:
        raise PoseError("The board lies outside the picture; check the picture, or click again.")
    return metal_colour(on, off)


def _pixels_at(small: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.float64]:
    at = np.round(points).astype(np.int64)
    seen = (at >= 0).all(axis=1) & (at[:, 0] < small.shape[1]) & (at[:, 1] < small.shape[0])
    return small[at[seen, 1], at[seen, 0]].astype(np.float64)


def _measured(
    picture: Windows, layout: Layout, rough: Affine, colour: MetalColour, *, error_px: float
) -> tuple[Refined, Sight]:
    found = refine(picture, layout, rough, colour, error_px)
    if found is None:
        raise PoseError(
            f"The pads of layout “{layout.name}” were not seen where they should be; check picture and layout, "
            "or click two fiducials."
        )
    return found, pads_seen(layout, found)


def _pose(layout: Layout, found: Refined, sight: Sight, residual_um: float, method: str) -> Pose:
    fit, scale = found.fit, found.um_to_px.scale
    return Pose(
        found.um_to_px,
        residual_um,
        method,
        {pad: um for pad, um in sight.seen.items() if pad not in sight.unsure},
        {name: (m.x_px, m.y_px) for name, m in found.marks.items()},
        fit.outset_px / scale,
        (fit.pad_shift_px[0] / scale, fit.pad_shift_px[1] / scale),
        found.bend,
        largest_bend_um(layout, found.bend),
        dict.fromkeys(sight.contradicted, SOMETHING_ELSE)
        | dict.fromkeys(sight.unclear, NOT_CLEAR)
        | dict(sight.unsure)
        | dict.fromkeys(sight.glaring, GLARE),
    )


def _refuse_mirrored(
    layout: Layout, votes: float, found: Refined, sight: Sight, missed: tuple[float, PoseError] | None
) -> NoReturn:
    """A mirrored pose fits best. It is called so where it shows most of the board and fits clearly better than any that is not
    mirrored; pads of one edge look alike in a mirror, and the truth may only be hidden by dirt."""
    if missed is not None and votes - missed[0] < CLEAR_LEAD:
        raise missed[1]
    if len(sight.seen) >= WHOLE_SHARE * len(layout.pads) or len(found.marks) >= 2:
        raise mirrored(layout)
    raise few_pads(layout, len(sight.seen), len(layout.pads), 0)


def _refuse_small_part(
    layout: Layout, shape: tuple[int, ...], pose: Affine, pieces: Shapes, sight: Sight, found: Refined
) -> None:
    """PoseError if only a part of the board would be in the picture (h, w, …), without marks to prove it, and the picture shows
    much that looks like pads elsewhere, or none of the marks that this part should have: then it is another board. What glare
    hides is as good as outside."""
    if len(found.marks) >= 2 or not (sight.outside or sight.glaring):
        return
    small = sight.shown < WHOLE_SHARE * len(layout.pads)
    strange = board_search.unexplained(pieces, layout, pose)
    if small and strange > max(1.0, STRANGE_SHARE * len(sight.seen)):
        raise PoseError(
            f"Only {sight.shown} of the {len(layout.pads)} pads of layout “{layout.name}” could be in the picture, and {strange} "
            "other things there look like pads; check that the layout is this board's, or click two fiducials."
        )
    due = _marks_due(layout, shape, pose)
    if len(found.marks) < len(due) / (2 if small else MARKS_MISSED):
        raise PoseError(
            f"Only {sight.shown} of the {len(layout.pads)} pads of layout “{layout.name}” could be in the picture, and "
            f"{'fiducial' if len(due) == 1 else 'fiducials'} {', '.join(due)} should be there too but "
            f"{'is' if len(due) == 1 else 'are'} not seen; check that the layout is this board's, or click two fiducials."
        )


def _marks_due(layout: Layout, shape: tuple[int, ...], pose: Affine) -> list[str]:
    """Fiducials that lie wholly in a picture (h, w, …)."""
    due = []
    for mark in layout.fiducials:
        x, y = pose.apply(np.array([mark.x_um, mark.y_um]))
        reach = mark.diameter_um / 2 * pose.scale
        if reach <= x < shape[1] - reach and reach <= y < shape[0] - reach:
            due.append(mark.name)
    return due


def _refuse_rivals(
    picture: Windows, layout: Layout, found: Refined, sight: Sight, to_full: Affine, look: _Look, where: Probe
) -> None:
    """PoseError if the layout, turned, shifted or mirrored onto itself, fits the picture nearly as well. A look at the reduced
    picture rules out most; what is left is measured like the pose itself, and pads decide."""
    pose = to_full.inverse().after(found.um_to_px)
    mine = float(np.nansum(board_search.evidence(look.mask, pose, where) - BOTH_SIDES))
    for move in rivals(layout):
        marks = MARK_LEAD * (len(found.marks) - _marks_shared(layout, move, len(found.marks)))
        theirs = float(np.nansum(board_search.evidence(look.mask, pose.after(move), where) - BOTH_SIDES))
        if mine - theirs + marks >= CLEAR_LEAD or (move.determinant < 0 and _onto_itself(layout, move)):
            continue  # a layout that is its own mirror image is never mirrored
        other = refine(picture, layout, found.um_to_px.after(move), look.colour, AGREE_UM * found.um_to_px.scale)
        if other is None or _votes(sight) - _votes(pads_seen(layout, other)) + marks >= LEAST_LEAD:
            continue
        if move.determinant < 0:
            raise PoseError(
                f"The board in the picture may be mirrored against layout “{layout.name}”; click three fiducials to say which."
            )
        raise PoseError(
            f"Layout “{layout.name}” fits the picture in two ways (turned by {move.rotation_deg:.0f}° and shifted by "
            f"{np.hypot(*(move.apply(_middle(layout)) - _middle(layout))):.0f} µm); click two fiducials to say which."
        )


def _votes(sight: Sight) -> int:
    return len(sight.seen) - len(sight.contradicted)


def _onto_itself(layout: Layout, move: Affine) -> bool:
    """Whether the map brings every pad onto a pad."""
    centres = np.array([(p.x_um, p.y_um) for p in layout.pads])
    apart = np.hypot(*(move.apply(centres)[:, None] - centres[None]).transpose(2, 0, 1)).min(axis=1)
    return bool((apart < SAME_UM).all())


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
