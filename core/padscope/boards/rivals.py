"""How a layout resembles itself: turned or shifted, many of its pads lie on others. Each such map is a pose that a picture
could be mistaken for, so it must be ruled out by the pads and marks that do not fit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from padscope.boards.layout import Layout
from padscope.types import Affine

SAME_UM = 20.0
"""Pads that lie and measure alike to within this are the same to the eye."""
LEAST_SHARE = 0.5
"""Of the pads that must fall on others for a map to be a rival."""
MOST_PADS = 400
"""More pads than this are sampled, so that a layout with thousands takes no longer."""
MOST_RIVALS = 24


def rivals(layout: Layout) -> list[Affine]:
    """Maps of the board onto itself, µm -> µm, other than leaving it where it is; the most alike first. A pose after such a
    map is as good as the pose, but for some pads."""
    every, inverse = _boxes(layout), max(1, len(layout.pads) // MOST_PADS)
    some = every[::inverse]
    found: list[tuple[float, Affine]] = []
    for quarter in range(4):
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
        linear = np.array([[cos, -sin], [sin, cos]], dtype=np.float64)
        size = some[:, 2:][:, :: -1 if quarter % 2 else 1]
        moved = some[:, :2] @ linear.T
        alike = (np.abs(every[None, :, 2:] - size[:, None]) < SAME_UM).all(axis=2)
        a, b = np.nonzero(alike)
        if not len(a):
            continue
        shift = every[b, :2] - moved[a]
        for peak, votes in _peaks(shift, LEAST_SHARE * len(some)):
            if quarter == 0 and np.hypot(*peak) < SAME_UM:
                continue
            found.append((votes, Affine.from_rows(np.column_stack([linear, peak]))))
    found.sort(key=lambda f: -f[0])
    return [m for _, m in found[:MOST_RIVALS]]


def _boxes(layout: Layout) -> NDArray[np.float64]:
    """(pads, 4) centre and size of the upright box around every pad."""
    low = np.array([p.corners_um.min(axis=0) for p in layout.pads])
    high = np.array([p.corners_um.max(axis=0) for p in layout.pads])
    return np.column_stack([(low + high) / 2, high - low])


def _peaks(shift: NDArray[np.float64], least: float) -> list[tuple[NDArray[np.float64], float]]:
    tree = cKDTree(shift)
    votes = np.asarray(tree.query_ball_point(shift, SAME_UM, return_length=True), np.float64)
    peaks: list[tuple[NDArray[np.float64], float]] = []
    while len(peaks) < MOST_RIVALS:
        top = int(votes.argmax())
        if votes[top] < max(least, 2):
            break
        near = tree.query_ball_point(shift[top], SAME_UM)
        peaks.append((shift[near].mean(axis=0), float(votes[top])))
        votes[tree.query_ball_point(shift[top], 2 * SAME_UM)] = 0
    return peaks
