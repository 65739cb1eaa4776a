"""The slow, obvious way to find where a grid crosses a value: walk every edge between neighbouring cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crossings(level: NDArray[np.float64], value: float) -> set[tuple[float, float]]:
    """Points (x, y) in cells, rounded to 1e-6, where the line crosses an edge of the grid; NaN and outside count as 0."""
    rows, cols = level.shape

    def at(r: int, c: int) -> float:
        inside = 0 <= r < rows and 0 <= c < cols
        return float(level[r, c]) if inside and np.isfinite(level[r, c]) else 0.0

    found = set()
    for r in range(-1, rows + 1):
        for c in range(-1, cols + 1):
            for dr, dc in ((0, 1), (1, 0)):
                a, b = at(r, c), at(r + dr, c + dc)
                if (a >= value) != (b >= value):
                    t = (value - a) / (b - a)
                    found.add((round(c + dc * t, 6), round(r + dr * t, 6)))
    return found
