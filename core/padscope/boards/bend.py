"""A smooth local correction of a pose, for pictures that were stitched or taken through a lens with some distortion.

What is left at the pads after the affine fit is explained by a Gaussian process with two independent components, smooth over
a good part of the board, in its low-rank form of sines (Solin & Särkkä, Statistics and Computing 30 (2020) 419, eq. 56-60).
How strong and how smooth it is, is what makes the measurements most likely; no correction at all is one of the choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from padscope.boards.pose_fit import biweight
from padscope.types import Affine

STRENGTHS_UM = (1.5, 4.0, 10.0, 25.0)
REACHES = (0.25, 0.45, 0.8)
"""Correlation lengths tried, as parts of the board's longer side."""
SINES = 7
"""Per axis; enough for the shortest reach."""
FRAME = 1.5
"""The sines vanish this many half sizes of the board away from its middle."""
LEAST_EVIDENCE = 6.0
"""Logarithm of how much likelier the measurements must be with a correction than without."""
LEAST_SIZE_UM = 2.0
LEAST_SIDES = 12
OUTLIER = 4.0
SUPPLE_REACH = 0.25
USUAL_SLOPE = 0.008
"""Stitching and lenses change the scale by less than this from place to place; what changes faster is no distortion of the
picture but something that lies at a pad."""
LARGEST_SLOPE = 0.03
SLOPE_STEP_UM = 50.0
FORETOLD_SHARE = 1.1
"""Of a pad's residual that may be left by the correction that the other pads ask for: with few pads they hardly make it
smaller, but what is no distortion makes it much larger."""
MOST_PARTS = 12
"""Parts into which the pads are divided to foretell each from the others; with fewer pads one by one."""


@dataclass(frozen=True)
class Bend:
    """A smooth shift of layout points, µm in the layout's frame, as a sum of sines."""

    middle_um: NDArray[np.float64]  # (2,)
    half_um: float  # of the square in which it is defined
    weights: NDArray[np.float64]  # (SINES², 2) µm

    def shift_um(self, um: NDArray[np.float64]) -> NDArray[np.float64]:
        """(..., 2)"""
        points = np.asarray(um, np.float64).reshape(-1, 2)
        return (_sines(points, self.middle_um, self.half_um) @ self.weights).reshape(np.shape(um))


def bent_pose(um_to_px: Affine, bend: Bend | None, at_um: NDArray[np.float64]) -> Affine:
    """The affine map that is right near one point: the pose, with the bend's shift and slope there."""
    if bend is None:
        return um_to_px
    here = np.asarray(at_um, np.float64)
    around = here + SLOPE_STEP_UM * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    s = bend.shift_um(around)
    slope = np.column_stack([s[1] - s[2], s[3] - s[4]]) / (2 * SLOPE_STEP_UM)
    return um_to_px.after(Affine.from_rows(np.column_stack([np.eye(2) + slope, s[0] - slope @ here])))


def find_bend(
    um: NDArray[np.float64],
    normal_um: NDArray[np.float64],
    offset_um: NDArray[np.float64],
    pad: NDArray[np.intp],
    noise_um: float,
) -> Bend | None:
    """The correction that places on the sides of pads, um (N, 2), ask for: the side of pad (N,) was seen offset_um (N,) along
    its normal (N, 2) in the layout's frame. None where they ask for none, or where pads do not foretell each other: then it
    is dirt or a component at some pad, and no distortion of the picture. noise_um is the least error of one place."""
    if len(um) < LEAST_SIDES:
        return None
    low, high = um.min(axis=0), um.max(axis=0)
    middle, size = (low + high) / 2, float((high - low).max())
    half = max(FRAME * size / 2, 1.0)
    sines = _sines(um, middle, half)
    design = np.concatenate([sines * normal_um[:, :1], sines * normal_um[:, 1:]], axis=1)
    rest = _rest_of_supple_fit(design, offset_um, noise_um, half, size)
    keep = np.abs(rest) <= OUTLIER * max(1.4826 * float(np.median(np.abs(rest))), 2 * noise_um)
    likeliest = _likeliest(design[keep], offset_um[keep], noise_um, half, size)
    if likeliest is None:
        return None
    prior, noise = likeliest
    bend = Bend(middle, half, _weights(design[keep], offset_um[keep], prior, noise).reshape(2, -1).T)
    small = np.hypot(*bend.shift_um(um).T).max() < LEAST_SIZE_UM
    if small or _steepest(bend, um) > LARGEST_SLOPE or not _foretold(design, offset_um, pad, keep, prior, noise):
        return None
    return bend


def _foretold(
    design: NDArray[np.float64],
    offset: NDArray[np.float64],
    pad: NDArray[np.intp],
    keep: NDArray[np.bool_],
    prior: NDArray[np.float64],
    noise: float,
) -> bool:
    """Whether the correction that all other pads ask for fits a pad too, on average over the pads."""
    names = np.unique(pad)
    part = np.searchsorted(names, pad) % min(MOST_PARTS, len(names))
    rest = offset.copy()
    for k in range(int(part.max()) + 1):
        others = keep & (part != k)
        rest[part == k] -= design[part == k] @ _weights(design[others], offset[others], prior, noise)

    def by_pad(values: NDArray[np.float64]) -> float:
        return float(np.mean([np.sqrt(np.mean(values[pad == name] ** 2)) for name in names]))

    return by_pad(rest) <= FORETOLD_SHARE * by_pad(offset)


def _steepest(bend: Bend, um: NDArray[np.float64]) -> float:
    """The largest change of the shift per length at these places."""
    steps = SLOPE_STEP_UM * np.array([[1.0, 0.0], [0.0, 1.0]])
    changes = [bend.shift_um(um + step) - bend.shift_um(um - step) for step in steps]
    return float(max(np.hypot(*change.T).max() for change in changes) / (2 * SLOPE_STEP_UM))


def _rest_of_supple_fit(
    design: NDArray[np.float64], offset: NDArray[np.float64], noise_um: float, half: float, size: float
) -> NDArray[np.float64]:
    """(N,) what a correction that follows nearly everything, but not single outliers, leaves (Tukey's biweight)."""
    reach = SUPPLE_REACH * size
    prior = np.tile(_spectrum(half, reach), 2) * USUAL_SLOPE * reach
    basis = design * prior
    weight = np.ones(len(offset))
    rest = offset
    for _ in range(8):
        inner = np.eye(basis.shape[1]) + basis.T @ (basis * weight[:, None])
        rest = offset - basis @ np.linalg.solve(inner, basis.T @ (weight * offset))
        weight = biweight(rest, max(1.4826 * float(np.median(np.abs(rest))), 3 * noise_um)) + 1e-6
    return rest


def _likeliest(
    design: NDArray[np.float64], offset: NDArray[np.float64], noise_um: float, half: float, size: float
) -> tuple[NDArray[np.float64], float] | None:
    """Standard deviations of the weights, and the noise, that make the measurements likeliest; None if no correction does."""
    square, cross, n = design.T @ design, design.T @ offset, len(offset)
    spread = max(1.4826 * float(np.median(np.abs(offset))), noise_um)
    noises = sorted({noise_um, min(3 * noise_um, spread), min(9 * noise_um, spread)})
    best = LEAST_EVIDENCE + max(-0.5 * float(offset @ offset) / s**2 - n * float(np.log(s)) for s in (*noises, spread))
    likeliest = None
    for reach in REACHES:
        prior = np.tile(_spectrum(half, reach * size), 2)
        values, vectors = np.linalg.eigh(prior[:, None] * square * prior)
        values, turned = np.maximum(values, 0.0), vectors.T @ (prior * cross)
        possible = [s for s in STRENGTHS_UM if s <= USUAL_SLOPE * reach * size] or [USUAL_SLOPE * reach * size]
        for strength, noise in product(possible, noises):
            inner = 1 + values * (strength / noise) ** 2
            explained = float((turned**2 / inner).sum()) * (strength / noise) ** 2
            fit = (float(offset @ offset) - explained) / noise**2
            evidence = -0.5 * fit - n * float(np.log(noise)) - 0.5 * float(np.log(inner).sum())
            if evidence > best:
                best, likeliest = evidence, (prior * strength, noise)
    return likeliest


def _weights(
    design: NDArray[np.float64], offset: NDArray[np.float64], prior: NDArray[np.float64], noise: float
) -> NDArray[np.float64]:
    """Posterior mean."""
    basis = design * (prior / noise)
    return prior * np.linalg.solve(np.eye(len(prior)) + basis.T @ basis, basis.T @ offset) / noise


def _sines(points: NDArray[np.float64], middle: NDArray[np.float64], half: float) -> NDArray[np.float64]:
    """(N, SINES²) products of sines in x and y, orthonormal on the square."""
    at = (points - middle + half) * (np.pi / (2 * half))
    waves = np.sin(at[:, :, None] * np.arange(1, SINES + 1)) / np.sqrt(half)
    return (waves[:, 0, :, None] * waves[:, 1, None, :]).reshape(-1, SINES**2)


def _spectrum(half: float, reach: float) -> NDArray[np.float64]:
    """(SINES²,) standard deviation of every weight for a squared exponential of unit strength and this reach."""
    frequency = np.pi * np.arange(1, SINES + 1) / (2 * half)
    line = np.sqrt(np.sqrt(2 * np.pi) * reach) * np.exp(-0.25 * (reach * frequency) ** 2)
    return np.outer(line, line).ravel()
