"""How a layout resembles itself: turned or shifted, many of its pads lie on others. Each such map is a pose that a picture
could be mistaken for, so it must be ruled out by the pads and marks that do not fit."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.types import Affine

SAME_UM = 20.0
"""Pads that lie and measure alike to within this are the same to the eye."""
LEAST_SHARE = 0.5
"""Of the pads that must fall on others for a map to be a rival."""
MOST_PADS = 200
"""More pads than this are sampled, so that a layout with thousands takes no longer."""
MOST_RIVALS = 24


def rivals(layout: Layout) -> list[Affine]:
    """Maps of the board onto itself, µm -> µm, turned, shifted or mirrored, other than leaving it where it is; the most alike
    first. A pose after such a map is as good as the pose, but for some pads."""
    every = _boxes(layout)
    some = every[:: max(1, len(every) // MOST_PADS)]
    found: list[tuple[float, Affine]] = []
    for quarter, flip in product(range(4), (1.0, -1.0)):
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
        linear = np.array([[cos, -sin], [sin, cos]]) * (flip, 1.0)
        size = some[:, 2:][:, :: -1 if quarter % 2 else 1]
        moved = some[:, :2] @ linear.T
        a, b = np.nonzero((np.abs(every[None, :, 2:] - size[:, None]) < SAME_UM).all(axis=2))
        if not len(a):
            continue
        shift = every[b, :2] - moved[a]
        for peak, votes in _peaks(shift, LEAST_SHARE * len(some)):
            if quarter or flip < 0 or np.hypot(*peak) >= SAME_UM:
                found.append((votes, Affine.from_rows(np.column_stack([linear, peak]))))
    found.sort(key=lambda f: -f[0])
    return [m for _, m in found[:MOST_RIVALS]]


def _boxes(layout: Layout) -> NDArray[np.float64]:
    """(pads, 4) centre and size of the upright box around every pad."""
    low = np.array([p.corners_um.min(axis=0) for p in layout.pads])
    high = np.array([p.corners_um.max(axis=0) for p in layout.pads])
    return np.column_stack([(low + high) / 2, high - low])


def _peaks(shift: NDArray[np.float64], least: float) -> list[tuple[NDArray[np.float64], float]]:
    """The shifts (N, 2) that most agree on, and how many do: votes in cells, those of the eight neighbours counted in."""
    cell = np.floor(shift / SAME_UM).astype(np.int64)
    cell -= cell.min(axis=0) - 2
    rows = int(cell[:, 1].max()) + 3
    key, inverse, votes = np.unique(cell[:, 0] * rows + cell[:, 1], return_inverse=True, return_counts=True)
    middle = np.column_stack([np.bincount(inverse, shift[:, k]) for k in (0, 1)])
    around = [dx * rows + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    total, place = np.zeros(len(key)), np.zeros((len(key), 2))
    for step in around:
        at = np.searchsorted(key, key + step).clip(max=len(key) - 1)
        there = key[at] == key + step
        total += np.where(there, votes[at], 0)
        place += np.where(there[:, None], middle[at], 0)
    peaks: list[tuple[NDArray[np.float64], float]] = []
    while len(peaks) < MOST_RIVALS:
        top = int(total.argmax())
        if total[top] < max(least, 2):
            break
        peaks.append((place[top] / total[top], float(total[top])))
        total[np.abs((key - key[top])[:, None] - [s + d for s in around for d in around]).min(axis=1) == 0] = 0
    return peaks
