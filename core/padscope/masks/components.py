"""Connected pieces of a mask, found chunk by chunk: what is not painted costs nothing, however large the picture is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Place
from padscope.masks.filling import flooded
from padscope.masks.pieces import ChunkPieces, chunk_pieces, linked
from padscope.masks.shapes import Region
from padscope.types import Box, Mask, Work, finish


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
    return finish(component_found(mask, x, y))


def component_found(mask: ClassMask, x: int, y: int) -> Work[Component | None]:
    """The same piece by piece, cancellable between two; its pieces are one per chunk."""
    value = int(mask.read(Box(x, y, x + 1, y + 1))[0, 0])
    if value == 0:
        return None
    regions = yield from flooded(mask, x, y, corners=True)
    return _joined([(value, _cropped(r)) for r in regions])


def _cropped(region: Region) -> Region:
    inside = region.inside
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
    box = Box(x0, y0, x1, y1).shifted(region.box.x0, region.box.y0)
    return Region(box, inside[y0:y1, x0:x1].copy())


def _joined(parts: list[tuple[int, Region]]) -> Component:
    boxes = np.array([(r.box.x0, r.box.y0, r.box.x1, r.box.y1) for _, r in parts])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    area = sum(int(np.count_nonzero(r.inside)) for _, r in parts)
    return Component(parts[0][0], Box(int(x0), int(y0), int(x1), int(y1)), area, tuple(r for _, r in parts))
