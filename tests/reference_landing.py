"""Landing points the slow, obvious way: a board of whole-µm squares, every place tried."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray


def free_centres(blocked: NDArray[np.bool_], half: tuple[float, float]) -> dict[float, list[float]]:
    """For a pad of unit squares (rows = v, cols = u, square (r, c) covers [c, c + 1] × [r, r + 1]): all v with all u on the half
    lattice where a rectangle of these half sizes (u, v) covers no blocked square and stays on the pad."""
    height, width = blocked.shape
    hu, hv = half
    found: dict[float, list[float]] = {}
    for v2 in range(math.ceil(2 * hv), math.floor(2 * (height - hv)) + 1):
        for u2 in range(math.ceil(2 * hu), math.floor(2 * (width - hu)) + 1):
            u, v = u2 / 2, v2 / 2
            rows = slice(math.floor(v - hv + 1e-9), math.ceil(v + hv - 1e-9))
            cols = slice(math.floor(u - hu + 1e-9), math.ceil(u + hu - 1e-9))
            if not blocked[rows, cols].any():
                found.setdefault(v, []).append(u)
    return found


def best_arrangement(
    planned: list[tuple[float, float]], free: dict[float, list[float]], apart: float
) -> tuple[int, float, float]:
    """(wires landed, sum of ways across, sum of ways along) of the best arrangement, by trying all of them."""
    n = len(planned)
    best = (0, 0.0, 0.0)
    for landed in range(n, 0, -1):
        found = []
        for chosen in itertools.combinations(range(n), landed):
            for places in itertools.combinations_with_replacement(sorted(free), landed):
                if all(b - a >= apart - 1e-9 for a, b in itertools.pairwise(places)):
                    across = sum(abs(v - planned[k][1]) for k, v in zip(chosen, places, strict=True))
                    along = sum(
                        min(abs(u - planned[k][0]) for u in free[v]) for k, v in zip(chosen, places, strict=True)
                    )
                    found.append((across, along))
        if found:
            return (landed, *min(found))
    return best


def squares_touched(
    blocked: NDArray[np.bool_],
    px_to_um: NDArray[np.float64],
    centre: tuple[float, float],
    axes: NDArray[np.float64],
    half: tuple[float, float],
) -> int:
    """How many blocked pixels (each a parallelogram in µm) a turned rectangle overlaps, by separating axes, one by one."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=float)
    foot = np.array(centre) + (corners * half) @ axes
    count = 0
    for row, col in np.argwhere(blocked):
        square = (np.array([col, row]) + corners / 2) @ px_to_um[:, :2].T + px_to_um[:, 2]
        count += _overlap(foot, square)
    return count


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    for outline in (a, b):
        for x, y in np.roll(outline, -1, axis=0) - outline:
            normal = np.array([-y, x]) / math.hypot(x, y)
            pa, pb = a @ normal, b @ normal
            if pa.max() <= pb.min() + 1e-6 or pb.max() <= pa.min() + 1e-6:
                return False
    return True
