"""Outlines of pixels along their edges: exact, so that pixels → outline → pixels gives the same pixels.

Corners are (x, y) in px where (0, 0) is the upper left *corner* of the upper left pixel, as polygon formats have it; the picture's
own convention (centre at (0, 0)) is half a pixel less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from padscope.masks.shapes import Region
from padscope.types import Mask

Corners = NDArray[np.int64]
"""(n, 2) corners x, y of a closed outline, without the first one repeated at its end."""


def outlines(inside: Mask) -> list[Corners]:
    """Every outline of the pixels (h, w), corners only where it turns. Pixels lie on its right-hand side: outer outlines run
    clockwise on the screen, those of holes counter-clockwise. Pixels that meet only in a corner have outlines of their own."""
    p = np.pad(np.asarray(inside, bool), 1)
    tl, tr, bl, br = p[:-1, :-1], p[:-1, 1:], p[1:, :-1], p[1:, 1:]
    count = tl.astype(np.uint8) + tr + bl + br
    falling, rising = tl & br & ~tr & ~bl, tr & bl & ~tl & ~br
    plain = np.argwhere((count == 1) | (count == 3))
    down, up = np.argwhere(falling), np.argwhere(rising)
    # Where two pixels meet in a corner, it is two corners: (order along its row, order along its column) of each
    places = np.concatenate([plain, down, down, up, up])
    if not len(places):
        return []
    sizes = [len(plain), len(down), len(down), len(up), len(up)]
    along_row = np.repeat([0, 0, 1, 0, 1], sizes)
    along_column = np.repeat([0, 0, 1, 1, 0], sizes)
    y, x = places[:, 0], places[:, 1]
    rows = np.lexsort([along_row, x, y]).reshape(-1, 2)
    columns = np.lexsort([along_column, y, x]).reshape(-1, 2)
    following = np.empty(len(places), np.int64)
    below = br[y[rows[:, 0]], x[rows[:, 0]]]  # an upper edge: pixels below it, walked to the right
    following[rows[below, 0]] = rows[below, 1]
    following[rows[~below, 1]] = rows[~below, 0]
    right = br[y[columns[:, 0]], x[columns[:, 0]]]  # a left edge: pixels right of it, walked upwards
    following[columns[right, 1]] = columns[right, 0]
    following[columns[~right, 0]] = columns[~right, 1]
    corners = np.column_stack([x, y]).astype(np.int64)
    return [corners[cycle] for cycle in _cycles(following.tolist())]


def joined(rings: list[Corners]) -> Corners:
    """One closed outline from several, holes too: what it winds around is what they wind around. Rings that touch are joined where
    they do, the others by bridges without width from their leftmost corner to the nearest one that lies before it."""
    whole: Corners | None = None
    for ring in sorted(_touching_joined(rings), key=lambda r: tuple(r[_leftmost(r)])):
        turned = np.roll(ring, -_leftmost(ring), axis=0)
        whole = turned if whole is None else _spliced(whole, int(np.argmin(_squared(whole, turned[0]))), turned)
    if whole is None:
        raise ValueError("no outlines to join")
    return whole


def _touching_joined(rings: list[Corners]) -> list[Corners]:
    """Rings that share a corner become one ring through it."""
    at: dict[tuple[int, int], list[int]] = {}
    for k, ring in enumerate(rings):
        for corner in ring.tolist():
            at.setdefault((corner[0], corner[1]), []).append(k)
    shared = {corner: ks for corner, ks in at.items() if len(set(ks)) > 1}
    waiting, found = set(range(len(rings))), []
    for first in range(len(rings)):
        if first not in waiting:
            continue
        waiting.remove(first)
        whole, todo = rings[first], [first]
        while todo:
            for corner in map(tuple, rings[todo.pop()].tolist()):
                for k in shared.get(corner, ()):
                    if k in waiting:
                        waiting.remove(k)
                        todo.append(k)
                        start = int(np.argmin(_squared(rings[k], corner)))
                        whole = _spliced(
                            whole, int(np.argmin(_squared(whole, corner))), np.roll(rings[k], -start, axis=0)
                        )
        found.append(whole)
    return found


def _spliced(whole: Corners, near: int, turned: Corners) -> Corners:
    """Walk to the corner `near`, around the other ring, back, and on; corners that are the same are not walked twice."""
    if np.array_equal(whole[near], turned[0]):
        return np.concatenate([whole[:near], turned, whole[near:]])
    return np.concatenate([whole[: near + 1], turned, turned[:1], whole[near:]])


def _squared(ring: Corners, corner: Corners | tuple[int, ...]) -> NDArray[np.int64]:
    return np.square(ring - np.asarray(corner)).sum(axis=1)


def _leftmost(ring: Corners) -> int:
    return int(np.lexsort([ring[:, 1], ring[:, 0]])[0])


def outline(region: Region) -> Corners:
    """One closed outline of all pixels of a region, in the picture's corners: filling it gives these very pixels."""
    return np.add(joined(outlines(region.inside)), (region.box.x0, region.box.y0))


def _cycles(following: list[int]) -> list[list[int]]:
    seen = bytearray(len(following))
    found = []
    for start in range(len(following)):
        if not seen[start]:
            cycle, at = [], start
            while not seen[at]:
                seen[at] = 1
                cycle.append(at)
                at = following[at]
            found.append(cycle)
    return found
