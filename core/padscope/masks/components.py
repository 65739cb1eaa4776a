"""Connected pieces of a mask, found chunk by chunk: what is not painted costs nothing, however large the picture is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from padscope.masks.class_mask import CHUNK, ClassMask, Pixels, Place
from padscope.masks.shapes import Region
from padscope.types import Array, Box, Mask

Ids = NDArray[np.int64]
Number = TypeVar("Number", bound=np.integer)
TOUCHING = ((0, 1), (1, 0), (1, 1), (1, -1))
"""From a chunk to the neighbours after it: right, below, and the two diagonal ones below."""


@dataclass(frozen=True, eq=False)
class Component:
    """Pixels of one class that hang together (8 neighbours); `pieces` are its parts, at most one box per chunk and part."""

    value: int
    box: Box
    area_px: int
    pieces: tuple[Region, ...]

    @property
    def inside(self) -> Mask:
        """(box.height, box.width)."""
        out = np.zeros((self.box.height, self.box.width), bool)
        for piece in self.pieces:
            out[piece.box.shifted(-self.box.x0, -self.box.y0).slices] |= piece.inside
        return out

    @property
    def region(self) -> Region:
        return Region(self.box, self.inside)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How often a class occurs in a mask."""

    value: int
    components: int
    area_px: int


@dataclass(frozen=True, eq=False)
class Border:
    """Classes and piece numbers along the four edges of a chunk, each (4, 256): top, bottom, left, right."""

    classes: Array
    numbers: Array


def components(mask: ClassMask) -> tuple[Component, ...]:
    """All of them, by their uppermost row, then leftmost column, then class."""
    pieces: list[tuple[int, Region]] = []
    borders: dict[Place, Border] = {}
    for place in sorted(mask.chunks):
        numbers = np.full((4, CHUNK), -1, np.int64)
        for value, labels, regions in _pieces(mask.chunks[place], place):
            index = np.concatenate([[-1], np.arange(len(pieces), len(pieces) + len(regions))])
            found = index[_edges(labels)]
            numbers = np.where(found >= 0, found, numbers)
            pieces += [(value, region) for region in regions]
        borders[place] = Border(_edges(mask.chunks[place]), numbers)
    groups: dict[int, list[tuple[int, Region]]] = {}
    for group, piece in zip(_groups(len(pieces), borders), pieces, strict=True):
        groups.setdefault(group, []).append(piece)
    whole = [_joined(parts) for parts in groups.values()]
    return tuple(sorted(whole, key=lambda c: (c.box.y0, c.box.x0, c.value)))


def component_at(mask: ClassMask, x: int, y: int) -> Component | None:
    """The component pixel (x, y) belongs to, None on bare ground; looks only at the chunks it reaches."""
    import cv2  # late: the window is on the screen before it is loaded

    if not (0 <= x < mask.width and 0 <= y < mask.height):
        return None
    value = int(mask.read(Box(x, y, x + 1, y + 1))[0, 0])
    if value == 0:
        return None
    reached: dict[Place, Mask] = {}
    todo: list[tuple[Place, Ids]] = [((y // CHUNK, x // CHUNK), np.array([[y % CHUNK, x % CHUNK]]))]
    while todo:
        place, seeds = todo.pop()
        chunk = mask.chunks.get(place)
        if chunk is None:
            continue
        labels = cv2.connectedComponents((chunk == value).view(np.uint8), connectivity=8)[1]
        known = reached.get(place, np.zeros((CHUNK, CHUNK), bool))
        numbers = np.unique(labels[seeds[:, 0], seeds[:, 1]])
        new = np.isin(labels, numbers[numbers > 0]) & ~known
        if new.any():
            reached[place] = known | new
            todo += list(_beyond(place, new))
    parts = [(value, _cropped(place, inside)) for place, inside in reached.items()]
    return _joined(parts)


def class_counts(mask: ClassMask) -> dict[int, ClassCount]:
    """Components and painted pixels by class, classes that occur only, in order of value."""
    counts: dict[int, list[int]] = {}
    for component in components(mask):
        entry = counts.setdefault(component.value, [0, 0])
        entry[0] += 1
        entry[1] += component.area_px
    return {value: ClassCount(value, *counts[value]) for value in sorted(counts)}


def _pieces(chunk: Pixels, place: Place) -> Iterator[tuple[int, NDArray[np.int32], list[Region]]]:
    """(class, numbers from 1 of its connected parts in the chunk, the parts as cut regions of the picture) for each class."""
    import cv2  # late: the window is on the screen before it is loaded

    top, left = place[0] * CHUNK, place[1] * CHUNK
    for value in np.flatnonzero(np.bincount(chunk.ravel(), minlength=256)[1:]) + 1:
        _, labels, stats, _ = cv2.connectedComponentsWithStats((chunk == value).view(np.uint8), connectivity=8)
        regions = []
        for k, (x, y, w, h, _) in enumerate(stats[1:].tolist(), start=1):
            box = Box(left + x, top + y, left + x + w, top + y + h)
            regions.append(Region(box, labels[y : y + h, x : x + w] == k))
        yield int(value), labels, regions


def _groups(count: int, borders: dict[Place, Border]) -> list[int]:
    """Which component each piece belongs to: pieces of one class that touch across a border of chunks are one."""
    from scipy.sparse import coo_array  # late, like cv2
    from scipy.sparse.csgraph import connected_components

    pairs = [np.zeros((0, 2), np.int64)]
    for (row, col), border in borders.items():
        for dy, dx in TOUCHING:
            other = borders.get((row + dy, col + dx))
            if other is not None:
                pairs.append(_touching(border, other, dy, dx))
    links = np.concatenate(pairs)
    graph = coo_array((np.ones(len(links), bool), (links[:, 0], links[:, 1])), shape=(count, count))
    return [int(g) for g in connected_components(graph, directed=False)[1]] if count else []


def _edges(chunk: NDArray[Number]) -> NDArray[Number]:
    return np.stack([chunk[0], chunk[-1], chunk[:, 0], chunk[:, -1]])


def _touching(here: Border, there: Border, dy: int, dx: int) -> Ids:
    """Pairs of pieces (n, 2) of one class that are neighbours across the border to the chunk dy, dx further."""
    edge, facing = (1, 0) if dy else (3, 2)  # bottom meets top, right meets left
    a, b, na, nb = here.classes[edge], there.classes[facing], here.numbers[edge], there.numbers[facing]
    if dy and dx:  # only their corners meet
        one, other = (slice(-1, None), slice(0, 1)) if dx > 0 else (slice(0, 1), slice(-1, None))
        a, na, b, nb = a[one], na[one], b[other], nb[other]
    found = []
    for shift in (-1, 0, 1):
        i = np.arange(max(0, -shift), len(a) - max(0, shift))
        i = i[(a[i] == b[i + shift]) & (a[i] > 0)]
        found.append(np.column_stack([na[i], nb[i + shift]]))
    return np.unique(np.concatenate(found), axis=0).astype(np.int64)


def _beyond(place: Place, inside: Mask) -> Iterator[tuple[Place, Ids]]:
    """Pixels of the eight chunks around one that touch these pixels of it."""
    import cv2  # late: the window is on the screen before it is loaded

    grown = cv2.dilate(np.pad(inside, 1).view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)
    edge = CHUNK + 1
    strips = {-1: slice(0, 1), 0: slice(1, edge), 1: slice(edge, edge + 1)}
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dy or dx:
                rows, cols = np.nonzero(grown[strips[dy], strips[dx]])
                if len(rows):
                    rows = rows if dy == 0 else np.full(len(rows), 0 if dy > 0 else CHUNK - 1)
                    cols = cols if dx == 0 else np.full(len(cols), 0 if dx > 0 else CHUNK - 1)
                    yield (place[0] + dy, place[1] + dx), np.column_stack([rows, cols])


def _cropped(place: Place, inside: Mask) -> Region:
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
    box = Box(x0, y0, x1, y1).shifted(place[1] * CHUNK, place[0] * CHUNK)
    return Region(box, inside[y0:y1, x0:x1].copy())


def _joined(parts: list[tuple[int, Region]]) -> Component:
    boxes = np.array([(r.box.x0, r.box.y0, r.box.x1, r.box.y1) for _, r in parts])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    area = sum(int(np.count_nonzero(r.inside)) for _, r in parts)
    return Component(parts[0][0], Box(int(x0), int(y0), int(x1), int(y1)), area, tuple(r for _, r in parts))
