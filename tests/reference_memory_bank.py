"""Slow and obvious: greedy k-center, nearest neighbours, neighbourhood means, PatchCore's eq. 7."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def greedy(points: NDArray[np.float64], k: int, start: int) -> list[int]:
    chosen = [start]
    gap = np.linalg.norm(points - points[start], axis=1)
    while len(chosen) < k:
        chosen.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def radius(points: NDArray[np.float64], centres: NDArray[np.float64]) -> float:
    return float(max(np.linalg.norm(centres - p, axis=1).min() for p in points))


def nearest(
    queries: NDArray[np.float64], bank: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    distances = np.linalg.norm(queries[:, None] - bank, axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


def neighbourhood_mean(grid: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """(H, W, C) -> (H, W, C), cells beyond the border not counted."""
    h, w, _ = grid.shape
    r = size // 2
    means = [
        [grid[max(i - r, 0) : i + r + 1, max(j - r, 0) : j + r + 1].mean(axis=(0, 1)) for j in range(w)]
        for i in range(h)
    ]
    return np.array(means)


def eq_7(query: NDArray[np.float64], bank: NDArray[np.float64], b: int) -> float:
    """w · s* of one query: s* the distance to its nearest entry m*, w over the b entries nearest to m* (itself included)."""
    to_bank = np.linalg.norm(bank - query, axis=1)
    nearest_entry = int(to_bank.argmin())
    around = np.argsort(np.linalg.norm(bank - bank[nearest_entry], axis=1))[:b]
    weight = 1 - np.exp(to_bank[nearest_entry]) / np.exp(to_bank[around]).sum()
    return float(weight * to_bank[nearest_entry])
