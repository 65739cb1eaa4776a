"""Connected pieces of a mask, found chunk by chunk: what is not painted costs nothing, however large the picture is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Place
from padscope.masks.pieces import ChunkPieces, Ids, chunk_pieces, linked
from padscope.masks.shapes import Region
from padscope.types import Box, Mask


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


def components(mask: ClassMask) -> tuple[Component, ...]:
    """All of them, by their uppermost row, then leftmost column, then class."""
    regions: list[tuple[int, Region]] = []
    chunks: dict[Place, ChunkPieces] = {}
    for place in sorted(mask.chunks):
        chunks[place], parts, boxes = chunk_pieces(mask.chunks[place])
        top, left = place[0] * CHUNK, place[1] * CHUNK
        for k, (value, (x, y, w, h)) in enumerate(zip(chunks[place].values.tolist(), boxes.tolist(), strict=True)):
            box = Box(left + x, top + y, left + x + w, top + y + h)
            regions.append((value, Region(box, parts[y : y + h, x : x + w] == k)))
    groups: dict[int, list[tuple[int, Region]]] = {}
    for group, region in zip(linked(chunks).tolist(), regions, strict=True):
        groups.setdefault(group, []).append(region)
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
