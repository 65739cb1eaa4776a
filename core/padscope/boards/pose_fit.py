"""Least squares for poses: similarities from points, affine maps from edges, both against outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.types import Affine

TUKEY = 4.685
"""Tukey's biweight keeps 95 % efficiency on normal errors at this cut-off."""
EDGE_PX = 0.35
"""Usual spread of a measured piece of edge (0.33–0.37 px on real surfaces)."""
MARK_PX = 0.1
"""Usual error of a measured centre of a mark (0.03 px on clean ones)."""
SHIFT_PX = 1.0
"""Usual shift of all pads against the marks."""
OUTSET_PX = 2.0
"""Usual difference between drawn and made size, per side."""


def similarity(um: NDArray[np.float64], px: NDArray[np.float64]) -> Affine:
    """The turn, scale and shift that bring um (N, 2) closest to px (N, 2), N ≥ 2; never mirrored (Umeyama 1991, eq. 40-42)."""
    a, b = um - um.mean(axis=0), px - px.mean(axis=0)
    square = float((a**2).sum())
    cos, sin = float((a * b).sum()) / square, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / square
    linear = np.array([[cos, -sin], [sin, cos]])
    return Affine.from_rows(np.column_stack([linear, px.mean(axis=0) - linear @ um.mean(axis=0)]))


def affine(um: NDArray[np.float64], px: NDArray[np.float64]) -> Affine:
    """The affine map that brings um (N, 2) closest to px (N, 2), N ≥ 3 points not on one line."""
    centre = um.mean(axis=0)
    design = np.column_stack([um - centre, np.ones(len(um))])
    rows = np.linalg.lstsq(design, px, rcond=None)[0].T
    rows[:, 2] -= rows[:, :2] @ centre
    return Affine.from_rows(rows)


@dataclass(frozen=True)
class Fit:
    """A corrected pose, and how well it is known."""

    um_to_px: Affine
    outset_px: float  # all pads are larger than in the layout by this much on every side
    pad_shift_px: tuple[float, float]  # all pads together lie this far from where the marks put them
    edge_rest_px: NDArray[np.float64]  # (N,) what is left at every edge, the pads' common shift included
    edge_weight: NDArray[np.float64]  # (N,) 0 for outliers … 1
    mark_rest_px: NDArray[np.float64]  # (M, 2)
    covariance: NDArray[np.float64]  # (6, 6) px², of a, b, tx, c, d, ty in the frame of `centre_um` and `size_um`
    centre_um: NDArray[np.float64]
    size_um: float

    def deviation_px(self, um: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) standard deviation of the pose at layout points (N, 2)."""
        x, y = ((um - self.centre_um) / self.size_um).T
        basis = np.column_stack([x, y, np.ones(len(um))])
        var = sum(np.einsum("ni,ij,nj->n", basis, self.covariance[k : k + 3, k : k + 3], basis) for k in (0, 3))
        return np.sqrt(np.maximum(var, 0.0))


def fit_pose(
    pose: Affine,
    edge_um: NDArray[np.float64],
    edge_normal: NDArray[np.float64],
    edge_offset_px: NDArray[np.float64],
    mark_um: NDArray[np.float64],
    mark_offset_px: NDArray[np.float64],
) -> Fit:
    """Correct a pose by what was measured: at edges of pads, layout points (N, 2) with outward unit normals in px (N, 2), the
    edge was seen offset_px (N,) further out; at the centres of round marks (M, 2) the mark was seen offset_px (M, 2) away.

    Iteratively reweighted least squares with Tukey's biweight. Marks are seen from all sides, edges only from one, so a
    common error of all edges (etching, light from one side) is likely: the pads may be shifted as a whole against the
    marks and be larger or smaller than drawn, both at a small price. Without marks the shift is zero. Marks are few and lie
    at the board's corners, where distortion is largest, so they only shift the pose; pads alone turn and stretch it."""
    centre = edge_um.mean(axis=0)
    size = max(float(np.abs(edge_um - centre).max()), 1e-9)
    n, m = len(edge_um), len(mark_um)
    rows = np.zeros((n + 2 * m + 3, 9))
    rows[:n, :6] = _moves(edge_um, edge_normal, centre, size)
    rows[:n, 6] = 1.0
    if m:
        rows[:n, 7:] = edge_normal
    for k, axis in enumerate(np.eye(2)):
        rows[n + k * m : n + (k + 1) * m, (2, 5)] = axis  # marks shift a pose, only pads turn and stretch it
    rows[-3:, 6:] = np.eye(3)
    wanted = np.concatenate([edge_offset_px, mark_offset_px.T.ravel(), np.zeros(3)])
    precision = np.concatenate(
        [np.full(n, EDGE_PX**-2), np.full(2 * m, MARK_PX**-2), np.array([OUTSET_PX, SHIFT_PX, SHIFT_PX]) ** -2]
    )
    weight = np.ones(len(rows))
    rest, solution, inverse = wanted, np.zeros(9), np.eye(9)
    for turn in range(15):
        normal = rows.T @ (rows * (weight * precision)[:, None]) + 1e-9 * np.eye(9)
        inverse = np.linalg.inv(normal)
        solution = inverse @ (rows.T @ (weight * precision * wanted))
        rest = wanted - rows @ solution
        wide = 2.0 if turn < 5 else 1.0  # start forgiving: the first fit is far off
        weight[:n] = biweight(rest[:n], wide * max(1.4826 * float(np.median(np.abs(rest[:n]))), EDGE_PX))
        far = np.hypot(rest[n : n + m], rest[n + m : n + 2 * m])
        weight[n : n + 2 * m] = np.tile(
            biweight(far, wide * max(1.4826 * float(np.median(far)), EDGE_PX)) if m else [], 2
        )
    da, db, dtx, dc, dd, dty, outset, sx, sy = solution
    step = np.array([[da / size, db / size, dtx], [dc / size, dd / size, dty]])
    step[:, 2] -= step[:, :2] @ centre
    spread = max(1.0, float(np.average(rest[:n] ** 2, weights=weight[:n] + 1e-12)) / EDGE_PX**2)
    return Fit(
        Affine.from_rows(pose.rows + step),
        float(outset),
        (float(sx), float(sy)),
        rest[:n] + edge_normal @ (sx, sy),
        weight[:n],
        rest[n : n + 2 * m].reshape(2, m).T,
        inverse[:6, :6] * spread,
        centre,
        size,
    )


def _moves(
    um: NDArray[np.float64], normal: NDArray[np.float64], centre: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """(N, 6): how far a point moves along its normal per px of each parameter a, b, tx, c, d, ty."""
    x, y = ((um - centre) / size).T
    nx, ny = normal.T
    return np.column_stack([nx * x, nx * y, nx, ny * x, ny * y, ny])


def biweight(rest: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Tukey's weight of residuals (N,), 0 beyond 4.685 times their spread."""
    u = rest / (TUKEY * spread)
    return np.where(np.abs(u) < 1, (1 - u**2) ** 2, 0.0)
