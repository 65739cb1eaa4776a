"""How often each class occurs in a mask, counted again and again while somebody paints in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from padscope.masks.class_mask import ClassMask, Pixels, Place
from padscope.masks.pieces import ChunkPieces, chunk_pieces, linked
from padscope.types import Progress, Work, finish


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Connected components (8 neighbours) and painted pixels of a class."""

    value: int
    components: int
    area_px: int


class Tally:
    """Remembers what it found in each chunk, so that only what was painted on since is looked at again."""

    def __init__(self) -> None:
        self._known: dict[Place, tuple[int, ChunkPieces]] = {}

    def count(self, chunks: Mapping[Place, Pixels], versions: Mapping[Place, int]) -> Work[dict[int, ClassCount]]:
        """Classes that occur only, in order of value. `versions` of chunks that were painted on, others are 0. The chunks may
        change meanwhile: each is looked at as a copy, and has another version the next time."""
        for n, (place, chunk) in enumerate(chunks.items()):
            version = versions.get(place, 0)
            if place not in self._known or self._known[place][0] != version:
                self._known[place] = version, chunk_pieces(chunk.copy())[0]
                yield Progress(n, len(chunks), "counting")
        self._known = {place: self._known[place] for place in chunks}
        return _counted({place: found for place, (_, found) in self._known.items()})


def class_counts(mask: ClassMask) -> dict[int, ClassCount]:
    """Of a mask that nobody paints in."""
    return finish(Tally().count(mask.chunks, {}))


def _counted(chunks: Mapping[Place, ChunkPieces]) -> dict[int, ClassCount]:
    none = np.zeros(0, np.int64)
    values = np.concatenate([none, *(found.values for found in chunks.values())])
    areas = np.concatenate([none, *(found.areas for found in chunks.values())])
    heads = np.unique(linked(chunks), return_index=True)[1]  # one part of each component
    many, area = np.bincount(values[heads], minlength=256), np.bincount(values, areas, minlength=256)
    return {int(v): ClassCount(int(v), int(many[v]), int(area[v])) for v in np.flatnonzero(many)}
