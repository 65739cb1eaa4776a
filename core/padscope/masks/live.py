"""A stroke while it is drawn: the mask changes at once, and what it was before is kept until the stroke is an edit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Pixels, Place, overlap, places
from padscope.masks.edits import Allowed, Delta, Edit, deltas_since
from padscope.masks.shapes import Region
from padscope.types import Box, Mask, Progress, Work, finish


class LiveStroke:
    """Paints regions with a class (0 erases) into a mask, piece by piece. Pixels of `protected` classes and where `allowed` says
    no are left alone."""

    def __init__(
        self,
        mask: ClassMask,
        new_class: int,
        allowed: Allowed | None = None,
        protected: frozenset[int] = frozenset(),
    ) -> None:
        self.mask = mask
        self.new_class = new_class
        self.allowed = allowed
        self.protected = protected
        self._keep = np.zeros(256, bool)
        self._keep[list(protected - {new_class})] = True
        self._before: dict[Place, Pixels | None] = {}

    def protect_all(self) -> None:
        """Only bare ground is painted from now on."""
        self._keep[1:] = True
        self.protected = frozenset(range(1, 256))

    def add(self, regions: Iterable[Region]) -> set[Place]:
        """Paint them; the chunks that look different now."""
        changed: set[Place] = set()
        for region in regions:
            box = region.box.clipped(self.mask.width, self.mask.height)
            seen = region.inside[box.shifted(-region.box.x0, -region.box.y0).slices]
            changed |= {place for place in places(box) if self._paint(place, box, seen)}
        return changed

    def _paint(self, place: Place, box: Box, region: Mask) -> bool:
        there, here = overlap(place, box)
        inside = region[here]
        chunk = self.mask.chunks.get(place)
        if chunk is None and self.new_class == 0:
            return False
        target = np.zeros(inside.shape, np.uint8) if chunk is None else chunk[there]
        wanted = inside & (target != self.new_class)
        if self.protected and chunk is not None:
            wanted &= ~self._keep[target]
        if not wanted.any():
            return False
        if self.allowed is not None:
            x, y = place[1] * CHUNK + there[1].start, place[0] * CHUNK + there[0].start
            wanted &= self.allowed(Box(x, y, x + inside.shape[1], y + inside.shape[0]))
            if not wanted.any():
                return False
        if place not in self._before:
            self._before[place] = None if chunk is None else chunk.copy()
        if chunk is None:
            chunk = self.mask.chunks[place] = np.zeros((CHUNK, CHUNK), np.uint8)
        np.copyto(chunk[there], np.uint8(self.new_class), where=wanted)
        return True

    def finish(self) -> Edit:
        """What the whole stroke changed, already done to the mask."""
        return finish(self.finishing())

    def finishing(self) -> Work[Edit]:
        """`finish`, chunk by chunk; stopped in the middle, the stroke can still be abandoned."""
        deltas: list[Delta] = []
        for i, delta in enumerate(deltas_since(self.mask, self._before)):
            if delta is not None:
                deltas.append(delta)
            yield Progress(i, len(self._before), "comparing")
        for place in self._before:
            chunk = self.mask.chunks.get(place)
            if chunk is not None and not chunk.any():
                del self.mask.chunks[place]
        self._before = {}
        return Edit(tuple(deltas))

    def abandon(self) -> set[Place]:
        """The mask as it was before; the chunks that look different now."""
        for place, chunk in self._before.items():
            if chunk is None:
                self.mask.chunks.pop(place, None)
            else:
                self.mask.chunks[place] = chunk
        touched, self._before = set(self._before), {}
        return touched
