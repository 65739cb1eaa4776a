"""The line along which a grid of levels crosses a value: marching squares, all cells at once.

Lorensen & Cline 1987 in two dimensions: every square of four neighbouring cell centres is crossed along the edges whose ends
lie on different sides; a saddle is cut by the mean of its four corners, so that lines never cross.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from padscope.types import Floats

# Edges of a square: 0 top, 1 right, 2 bottom, 3 left. Corners as bits: 1 upper left, 2 upper right, 4 lower right, 8 lower left.
# Which edges each case joins; 5 and 10 are the saddles with the middle below the value, 16 and 17 with it above.
CASES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),),
    2: ((0, 1),),
    3: ((3, 1),),
    4: ((1, 2),),
    5: ((3, 0), (1, 2)),
    6: ((0, 2),),
    7: ((3, 2),),
    8: ((2, 3),),
    9: ((2, 0),),
    10: ((0, 1), (2, 3)),
    11: ((2, 1),),
    12: ((1, 3),),
    13: ((1, 0),),
    14: ((0, 3),),
    16: ((0, 1), (2, 3)),
    17: ((3, 0), (1, 2)),
}


def contour(level: Floats, value: float) -> NDArray[np.float64]:
    """Line segments (N, 2, 2): two points, x before y, in cells, a cell's centre at whole numbers. NaN counts as 0, and so does
    everything outside, so that lines close."""
    grid = np.pad(np.nan_to_num(np.asarray(level, dtype=np.float64), nan=0.0), 1)
    above = grid >= value
    case = above[:-1, :-1] | above[:-1, 1:] << 1 | above[1:, 1:] << 2 | above[1:, :-1] << 3
    rows, cols = np.nonzero((case > 0) & (case < 15))
    case = case[rows, cols].astype(np.int64)
    corners = np.stack(
        [grid[rows, cols], grid[rows, cols + 1], grid[rows + 1, cols + 1], grid[rows + 1, cols]]
    )  # (4, n)
    middle_above = corners.mean(axis=0) >= value
    case = np.where(middle_above & (case == 5), 16, np.where(middle_above & (case == 10), 17, case))
    crossing = _crossings(corners, value) + np.stack([cols, rows], axis=-1) - 1.0  # (4, n, 2); - 1 undoes the padding
    found = [
        np.stack([crossing[a][case == which], crossing[b][case == which]], axis=1)
        for which, joined in CASES.items()
        for a, b in joined
    ]
    return np.concatenate(found) if found else np.zeros((0, 2, 2))


def _crossings(corners: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Where each edge is crossed, (4, n, 2) within the unit square; edges that are not crossed hold anything."""
    along = np.zeros((4, corners.shape[1], 2))
    ends = ((0, 1), (1, 2), (3, 2), (0, 3))  # corner at the edge's start and end, left to right and top to bottom
    for edge, (start, end) in enumerate(ends):
        step = corners[end] - corners[start]
        t = np.clip((value - corners[start]) / np.where(step == 0, 1.0, step), 0.0, 1.0)
        along[edge, :, 0] = (t, np.ones_like(t), t, np.zeros_like(t))[edge]
        along[edge, :, 1] = (np.zeros_like(t), t, np.ones_like(t), t)[edge]
    return along


def regions(occupied: NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Boxes (row0, row1, col0, col1), half open, that hold everything occupied and that empty rows or columns separate:
    a recursive XY cut (Nagy & Seth 1984). Pads become one box each, so that only those in sight need to be painted."""
    boxes: list[tuple[int, int, int, int]] = []
    todo = [(0, occupied.shape[0], 0, occupied.shape[1])]
    while todo:
        r0, r1, c0, c1 = todo.pop()
        block = occupied[r0:r1, c0:c1]
        row_runs, col_runs = _runs(block.any(axis=1)), _runs(block.any(axis=0))
        if not row_runs:
            continue
        if len(row_runs) == 1 and len(col_runs) == 1:
            (a, b), (c, d) = row_runs[0], col_runs[0]
            tight = (r0 + a, r0 + b, c0 + c, c0 + d)
            if tight == (r0, r1, c0, c1):
                boxes.append(tight)
            else:
                todo.append(tight)
        else:
            todo += [(r0 + a, r0 + b, c0 + c, c0 + d) for a, b in row_runs for c, d in col_runs]
    return sorted(boxes)


def _runs(line: Any) -> list[tuple[int, int]]:
    """Start and end of every run of True in a line of bools."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
