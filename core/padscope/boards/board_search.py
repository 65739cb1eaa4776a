"""Find roughly where a board lies in a reduced picture, from the shapes of bare metal in it.

Every shape that could be a pad votes for the board's scale and turn; for each of the four turns that this leaves, all
pairs of shape and pad vote for the shift (a generalised Hough transform: Ballard, Pattern Recognition 13 (1981) 111). The
peaks are refined by matching shapes to pads, and each is rated by looking whether metal lies where the layout has pads
and not around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from padscope.boards.layout import Layout
from padscope.boards.metal import Shapes
from padscope.boards.pose_fit import similarity
from padscope.types import Affine

ASPECT_SLACK = 1.25
SCALE_STEP = 0.025
"""Width of a cell of the vote for the scale, as a ratio."""
PEAKS = 4
"""Candidates kept per turn."""
LEAST_MATCHES = 3
CHANCE = 0.4
"""Evidence that a pad may have in a wrong pose; only more than this speaks for one."""


@dataclass(frozen=True)
class Probe:
    """Points of the layout that should lie on metal, and points around each pad that should not; µm."""

    on: NDArray[np.float64]  # (pads, n, 2)
    off: NDArray[np.float64]  # (pads, m, 2)


@dataclass(frozen=True)
class Candidate:
    """A rough pose, layout µm -> overview px, and how well the picture agrees."""

    um_to_px: Affine
    score: float  # sum over all pads in the picture of their evidence beyond CHANCE
    evidence: NDArray[np.float64]  # (pads,) share of metal inside minus around; NaN where outside the picture
    mirrored: bool


def probe(layout: Layout) -> Probe:
    """Where to look, the same number of points for every pad; points around a pad that would fall on another are moved in."""
    gaps = _gaps(layout)
    on, off = [], []
    fractions = np.linspace(-0.8, 0.8, 5)
    around = np.array(
        [(s, k) for s in (-1.0, 1.0) for k in (-0.7, 0.0, 0.7)]
        + [(k, s) for s in (-1.0, 1.0) for k in (-0.7, 0.0, 0.7)]
    )
    for pad, gap in zip(layout.pads, gaps, strict=True):
        half, centre, axes = _frame(pad.corners_um, pad.axes)
        inner = np.array([(a, b) for a in fractions for b in fractions]) * half
        rim = around * half + np.where(np.abs(around) == 1, np.sign(around), 0) * min(
            0.5 * gap, 0.6 * float(half.min())
        )
        on.append(inner @ axes.T + centre)
        off.append(rim @ axes.T + centre)
    return Probe(np.array(on), np.array(off))


def _frame(
    corners: NDArray[np.float64], axes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Half size, centre and axes of the rectangle around a pad, turned like the pad."""
    own = corners @ axes
    low, high = own.min(axis=0), own.max(axis=0)
    return (high - low) / 2, axes @ ((low + high) / 2), axes


def _gaps(layout: Layout) -> NDArray[np.float64]:
    """(pads,) smallest distance in x or y from each pad's box to any other's; µm."""
    low = np.array([p.corners_um.min(axis=0) for p in layout.pads])
    high = np.array([p.corners_um.max(axis=0) for p in layout.pads])
    apart = np.maximum(low[None] - high[:, None], low[:, None] - high[None]).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    size = (high - low).min(axis=1)
    return np.minimum(np.where(np.isfinite(apart), apart, np.inf).clip(0).min(axis=1), 2 * size)


def evidence(mask: NDArray[np.uint8], um_to_px: Affine, where: Probe) -> NDArray[np.float64]:
    """(pads,) share of points inside on metal minus share of points around on metal; NaN unless all of a pad is seen."""
    on, seen_on = _looked_up(mask, um_to_px.apply(where.on))
    off, seen_off = _looked_up(mask, um_to_px.apply(where.off))
    around = np.where(seen_off, off, 0).sum(axis=1) / np.maximum(seen_off.sum(axis=1), 1)
    return np.where(seen_on.all(axis=1), on.mean(axis=1) - around, np.nan)


def _looked_up(mask: NDArray[np.uint8], points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    at = np.round(points).astype(np.int64)
    height, width = mask.shape
    seen = (at[..., 0] >= 0) & (at[..., 0] < width) & (at[..., 1] >= 0) & (at[..., 1] < height)
    x, y = np.where(seen, at[..., 0], 0), np.where(seen, at[..., 1], 0)
    return np.where(seen, mask[y, x], 0).astype(np.float64), seen


def unexplained(found: Shapes, layout: Layout, pose: Affine) -> int:
    """Shapes that measure like one of the layout's pads, and lie like it, where the pose (µm -> px) has no pad."""
    wanted = _features(layout, Affine(1, 0, 0, 0, 1, 0))
    scale = pose.scale
    slack = 0.12 + 1.5 / np.maximum(found.width, 1)[:, None]
    turned = np.abs(np.sin(found.angle[:, None] - wanted.angle[None] - np.radians(pose.rotation_deg)))
    alike = (
        (
            (np.abs(np.log(found.length[:, None] / (scale * wanted.length[None]))) < slack)
            & (np.abs(np.log(found.width[:, None] / (scale * wanted.width[None]))) < slack)
            & (turned < 0.15)
            & ~wanted.round[None]
        ).any(axis=1)
        & ~found.round
        & (found.filled > 0.75)
    )
    apart = np.abs(pose.inverse().apply(found.centre[alike])[:, None] - wanted.centre[None])
    off = np.any(apart > wanted.length[None, :, None] / 2, axis=2)
    return int(np.sum(np.all(off, axis=1)))


def search(mask: NDArray[np.uint8], found: Shapes, layout: Layout, where: Probe) -> list[Candidate]:
    """Rough poses, best first, the mirrored ones among them; empty where nothing fits."""
    candidates = []
    for mirrored in (False, True):
        flip = Affine(-1, 0, 0, 0, 1, 0) if mirrored else Affine(1, 0, 0, 0, 1, 0)
        for pose in _hypotheses(found, _features(layout, flip)):
            pose = _matched(pose, found, _features(layout, flip)).after(flip)
            rated = evidence(mask, pose, where)
            seen = np.isfinite(rated)
            if seen.any():
                candidates.append(Candidate(pose, float((rated[seen] - CHANCE).sum()), rated, mirrored))
    return sorted(candidates, key=lambda c: -c.score)


@dataclass(frozen=True)
class _Features:
    """Pads and fiducials as shapes; µm."""

    centre: NDArray[np.float64]
    length: NDArray[np.float64]
    width: NDArray[np.float64]
    angle: NDArray[np.float64]
    round: NDArray[np.bool_]


def _features(layout: Layout, flip: Affine) -> _Features:
    rows = []
    for pad in layout.pads:
        half, centre, axes = _frame(pad.corners_um, pad.axes)
        angle = np.arctan2(axes[1, 0], axes[0, 0]) + (0 if half[0] >= half[1] else np.pi / 2)
        rows.append((*flip.apply(centre), 2 * half.max(), 2 * half.min(), angle * flip.a * flip.d, 0))
    rows += [(*flip.apply(np.array([f.x_um, f.y_um])), f.diameter_um, f.diameter_um, 0, 1) for f in layout.fiducials]
    table = np.array(rows, dtype=np.float64)
    return _Features(table[:, :2], table[:, 2], table[:, 3], table[:, 4], table[:, 5] > 0)


def _alike(found: Shapes, wanted: _Features) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pairs (shape, feature) that could be the same thing, and the scale px/µm each would mean."""
    long = found.length[:, None] / wanted.length[None]
    wide = found.width[:, None] / wanted.width[None]
    same = (np.abs(np.log(long / wide)) < np.log(ASPECT_SLACK) + 1.5 / found.width[:, None]) & (
        found.round[:, None] == wanted.round[None]
    )
    same &= wanted.round[None] | (found.filled[:, None] > 0.75)
    shape, feature = np.nonzero(same)
    return shape, feature, long[shape, feature]


def _hypotheses(found: Shapes, wanted: _Features) -> list[Affine]:
    shape, feature, scale = _alike(found, wanted)
    if len(shape) < LEAST_MATCHES:
        return []
    poses: list[Affine] = []
    for s in _scales(scale, wanted.length[feature]):
        near = np.abs(np.log(scale / s)) < 3 * SCALE_STEP
        turn = _turn(found.angle[shape[near]] - wanted.angle[feature[near]], found, shape[near])
        for quarter in range(4):
            t = turn + quarter * np.pi / 2
            linear = s * np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
            shift = found.centre[shape[near]] - wanted.centre[feature[near]] @ linear.T
            for peak in _peaks(shift, cell=float(np.median(found.width[shape[near]]))):
                poses.append(Affine.from_rows(np.column_stack([linear, peak])))
    return poses


def _scales(scale: NDArray[np.float64], weight: NDArray[np.float64]) -> list[float]:
    """The most voted scales; each vote counts as much as the thing is long, for it is then measured better."""
    bins = np.round(np.log(scale) / SCALE_STEP).astype(int)
    votes = np.bincount(bins - bins.min(), weight).astype(np.float64)
    votes = np.convolve(votes, [0.5, 1, 0.5], "same")
    best = []
    for _ in range(3):
        top = int(votes.argmax())
        if votes[top] <= 0:
            break
        near = np.abs(bins - bins.min() - top) <= 1
        best.append(float(np.exp(np.average(np.log(scale[near]), weights=weight[near]))) if near.any() else 0.0)
        votes[max(top - 2, 0) : top + 3] = 0
    return [s for s in best if s > 0]


def _turn(angle: NDArray[np.float64], found: Shapes, shape: NDArray[np.intp]) -> float:
    """The turn modulo a quarter that long shapes agree on, in radians."""
    weight = np.where(found.round[shape], 0, (found.length - found.width)[shape] ** 2)
    phase = np.sum(weight * np.exp(4j * angle))
    first = float(np.angle(phase) / 4)
    off = np.angle(np.exp(4j * (angle - first))) / 4
    near = (np.abs(off) < 0.05) & (weight > 0)
    return first + (float(np.average(off[near], weights=weight[near])) if near.any() else 0.0)


def _peaks(shift: NDArray[np.float64], cell: float) -> list[NDArray[np.float64]]:
    """The shifts that most pairs agree on."""
    cell = max(cell, 4.0)
    tree = cKDTree(shift)
    votes = np.array(tree.query_ball_point(shift, cell, return_length=True))
    peaks: list[NDArray[np.float64]] = []
    left = votes.copy()
    for _ in range(PEAKS):
        top = int(left.argmax())
        if left[top] < LEAST_MATCHES:
            break
        near = tree.query_ball_point(shift[top], cell)
        peaks.append(np.median(shift[near], axis=0))
        left[tree.query_ball_point(shift[top], 1.5 * cell)] = 0
    return peaks


def _matched(pose: Affine, found: Shapes, wanted: _Features) -> Affine:
    """Refine by pairing each feature with the nearest shape of its kind and size, again and again with a smaller reach."""
    tree = cKDTree(found.centre)
    for reach in (0.6, 0.4, 0.25):
        far, shape = tree.query(pose.apply(wanted.centre))
        s = max(pose.scale, 1e-9)
        fits = (
            (far < reach * s * np.median(wanted.width) + 1.5)
            & (np.abs(found.length[shape] / (s * wanted.length) - 1) < 0.2)
            & (found.round[shape] == wanted.round)
        )
        if fits.sum() < LEAST_MATCHES:
            break
        pose = similarity(wanted.centre[fits], found.centre[shape[fits]])
    return pose
