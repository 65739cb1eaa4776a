"""Wires side by side: where across the pad each one goes, so that as many as possible land and they move as little as possible.

A problem on a line. Wire k wants to lie at `wanted[k]`, may lie in `free[k]` (closed intervals), and two placed wires i < k keep
their order and at least `apart[i, k]`. Whatever is placed between them only adds distance, so that it is enough to look at
neighbours. Solved exactly: first the largest number of wires (earliest places, wire by wire), then the smallest sum of ways
|v - wanted|, then the smallest sum of a second cost. In a cheapest arrangement every run of touching wires could slide until
one of them is where it wants to be or at the end of an interval; so only those places, and the same plus or minus the distances
of a run, need to be tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from padscope.boards.ground import TOUCH_UM, Intervals

Places = list[NDArray[np.float64]]
"""For each wire the places to be tried, ascending."""
MOST_PLACES = 20_000
"""More places of one wire than this are not tried; what is found then is still a largest number of wires (never seen in practice:
it takes hundreds of wires with feet of many sizes on one pad)."""


def arranged(
    wanted: NDArray[np.float64],
    free: Sequence[Intervals],
    apart: NDArray[np.float64],
    second_cost: Callable[[int, float], float],
) -> list[float | None]:
    """Where each wire lies, None for those left out. `second_cost(wire, v)` decides between arrangements of equal ways."""
    earliest = _earliest(free, apart)
    landed = _most(earliest)
    if landed == 0:
        return [None] * len(wanted)
    skipped = len(wanted) - landed
    places = _places(wanted, free, apart, skipped, earliest)
    ways = [np.abs(p - w) for p, w in zip(places, wanted, strict=True)]
    places, ways = _cheapest_only(places, ways, apart, skipped)
    if sum(map(len, places)) > landed:
        # a millionth: lengths on a pad are below 10⁵ µm, differences of ways that matter above 0.1 µm
        ways = [
            way + 1e-6 * np.array([second_cost(k, float(v)) for v in p])
            for k, (p, way) in enumerate(zip(places, ways, strict=True))
        ]
    return _traced(places, ways, apart, skipped)


def _earliest(free: Sequence[Intervals], apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """[k, c]: the smallest place of wire k when it is the c-th placed (c from 1), infinite where it cannot be."""
    n = len(free)
    table = np.full((n, n + 1), math.inf)
    for k in range(n):
        bound = np.full(n + 1, math.inf)
        bound[1] = -math.inf
        if k:
            bound[2:] = (table[:k, 1:n] + apart[:k, k, None]).min(axis=0)
        table[k] = _first_free(free[k], bound)
    return table


def _first_free(intervals: Intervals, bound: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest point of the intervals at or above each bound, infinite where there is none."""
    which = np.searchsorted(intervals[:, 1], bound - TOUCH_UM)
    starts = np.append(intervals[:, 0], math.inf)
    return np.maximum(starts[which], bound)


def _most(earliest: NDArray[np.float64]) -> int:
    return int(np.flatnonzero(np.isfinite(earliest).any(axis=0)).max(initial=0))


def _places(
    wanted: NDArray[np.float64],
    free: Sequence[Intervals],
    apart: NDArray[np.float64],
    skipped: int,
    earliest: NDArray[np.float64],
) -> Places:
    """Every place that a cheapest arrangement may need, and those that are sure to hold a largest one."""
    n = len(wanted)
    own = [_within(np.append(f.ravel(), w), f) for f, w in zip(free, wanted, strict=True)]
    up, down = list(own), list(own)
    for k in range(1, n):
        pushed = [up[i] + apart[i, k] for i in range(max(0, k - 1 - skipped), k)]
        up[k] = _within(np.concatenate([own[k], *pushed]), free[k])
    for i in range(n - 2, -1, -1):
        pushed = [down[k] - apart[i, k] for k in range(i + 1, min(n, i + 2 + skipped))]
        down[i] = _within(np.concatenate([own[i], *pushed]), free[i])
    sure = [row[np.isfinite(row)] for row in earliest]
    places = [np.unique(np.concatenate([u, d, s])) for u, d, s in zip(up, down, sure, strict=True)]
    if max(map(len, places)) > MOST_PLACES:
        places = [np.unique(np.concatenate([o, s])) for o, s in zip(own, sure, strict=True)]
    return places


def _within(values: NDArray[np.float64], intervals: Intervals) -> NDArray[np.float64]:
    """The values that lie in the intervals (a touch outside is moved onto the end), each once, ascending."""
    if not len(intervals):
        return np.empty(0)
    which = np.minimum(np.searchsorted(intervals[:, 1], values - TOUCH_UM), len(intervals) - 1)
    moved = np.clip(values, intervals[which, 0], intervals[which, 1])
    return np.unique(moved[np.abs(moved - values) <= TOUCH_UM])


def _forward(
    places: Places, costs: Places, apart: NDArray[np.float64], skipped: int
) -> list[list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]]:
    """[k][s] = (cost, wire before, its place) of the cheapest arrangement of wires 0 … k that places k at each of its places and
    leaves out s of the others; wire before is -1 for the first."""
    table: list[list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]]] = []
    for k, (place, cost) in enumerate(zip(places, costs, strict=True)):
        rows = []
        for s in range(skipped + 1):
            best = np.full(len(place), 0.0 if s == k else math.inf)
            wire, index = np.full(len(place), -1), np.full(len(place), -1)
            for i in range(max(0, k - 1 - s), k):
                before = table[i][s - (k - 1 - i)][0]
                if not len(before):
                    continue
                least = np.minimum.accumulate(before)
                where = np.maximum.accumulate(np.where(before <= least, np.arange(len(before)), 0))
                last = np.searchsorted(places[i], place - apart[i, k] + TOUCH_UM, side="right") - 1
                value = np.where(last >= 0, least[last], math.inf)
                better = value < best
                best, wire = np.where(better, value, best), np.where(better, i, wire)
                index = np.where(better, where[last], index)
            rows.append((best + cost, wire, index))
        table.append(rows)
    return table


def _cheapest_only(places: Places, costs: Places, apart: NDArray[np.float64], skipped: int) -> tuple[Places, Places]:
    """Only those places that lie on some cheapest arrangement, with their costs."""
    n = len(places)
    front = _forward(places, costs, apart, skipped)
    back = _forward([-p[::-1] for p in places[::-1]], [c[::-1] for c in costs[::-1]], apart[::-1, ::-1].T, skipped)
    through = [
        np.min([front[k][s][0] + back[n - 1 - k][skipped - s][0][::-1] - c for s in range(skipped + 1)], axis=0)
        for k, c in enumerate(costs)
    ]
    least = min(t.min(initial=math.inf) for t in through)
    kept = [t <= least + TOUCH_UM for t in through]
    return [p[m] for p, m in zip(places, kept, strict=True)], [c[m] for c, m in zip(costs, kept, strict=True)]


def _traced(places: Places, costs: Places, apart: NDArray[np.float64], skipped: int) -> list[float | None]:
    """The cheapest arrangement itself."""
    n = len(places)
    table = _forward(places, costs, apart, skipped)
    ends = [
        (float(table[k][s][0].min()), k, s)
        for k in range(n)
        if len(places[k]) and 0 <= (s := skipped - (n - 1 - k)) <= skipped
    ]
    _, k, s = min(ends)
    result: list[float | None] = [None] * n
    j = int(np.argmin(table[k][s][0]))
    while k >= 0:
        result[k] = float(places[k][j])
        _, wire, index = table[k][s]
        before, j = int(wire[j]), int(index[j])
        s -= k - 1 - before
        k = before
    return result
