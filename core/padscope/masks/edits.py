"""Edits: the smallest fact by which a mask changed.

An edit holds, for each chunk it touched, the exclusive or of before and after, cut to the changed rectangle. So applying it
once does it, applying it again undoes it, and two edits together are one: everything undo needs, and nothing else.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Pixels, Place, overlap, places
from padscope.masks.shapes import Region
from padscope.types import Box, Mask

Allowed = Callable[[Box], Mask]
"""Where painting is allowed: for a box, bool of its shape (inside a pad, where heat is above a level …)."""

_MAGIC = b"PSE1"
_DELTA = struct.Struct("<IIHHHH")
LARGEST_EDIT = 1 << 32
"""Bytes; a whole picture of 65 536² px repainted. What claims to be more is damaged."""


@dataclass(frozen=True, eq=False)
class Delta:
    """What changes in one chunk: rows y0 …, columns x0 … of it are xor-ed with `xor` (h, w) uint8."""

    place: Place
    y0: int
    x0: int
    xor: Pixels

    @property
    def box(self) -> Box:
        x, y = self.place[1] * CHUNK + self.x0, self.place[0] * CHUNK + self.y0
        return Box(x, y, x + self.xor.shape[1], y + self.xor.shape[0])


@dataclass(frozen=True, eq=False)
class Edit:
    """One undoable change; its own inverse. Deltas in order of place, each place once, none of them without a change."""

    deltas: tuple[Delta, ...]

    @property
    def empty(self) -> bool:
        return not self.deltas

    @property
    def box(self) -> Box | None:
        """What to draw again."""
        boxes = [d.box for d in self.deltas]
        if not boxes:
            return None
        return Box(
            min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes)
        )

    @property
    def changed_px(self) -> int:
        return sum(int(np.count_nonzero(d.xor)) for d in self.deltas)


NO_EDIT = Edit(())


def painted(
    mask: ClassMask,
    regions: Iterable[Region],
    new_class: int,
    *,
    allowed: Allowed | None = None,
    protected: frozenset[int] = frozenset(),
) -> Edit:
    """What painting the regions with a class (0 erases) would change; the mask itself stays as it is. Pixels of `protected`
    classes and where `allowed` says no are left alone. Memory follows the chunks touched, not the path's extent."""
    if not 0 <= new_class <= 255:
        raise ValueError(f"class {new_class}")
    keep = np.zeros(256, bool)
    keep[list(protected)] = True
    after: dict[Place, Pixels] = {}
    for region in regions:
        seen = region.box.clipped(mask.width, mask.height)
        for place in places(seen):
            _paint(after, mask, place, region, seen, new_class, allowed, keep if protected else None)
    return _difference(mask, after)


def replaced(mask: ClassMask, box: Box, classes: Pixels) -> Edit:
    """What writing these classes (box.height, box.width) into the box would change, as after an import."""
    if classes.shape != (box.height, box.width) or not (
        box.x0 >= 0 and box.y0 >= 0 and box.x1 <= mask.width and box.y1 <= mask.height
    ):
        raise ValueError(f"classes {classes.shape} into {box} of {mask.width} × {mask.height} px")
    after: dict[Place, Pixels] = {}
    for place in places(box):
        there, here = overlap(place, box)
        after[place] = _chunk(mask, place).copy()
        after[place][there] = classes[here]
    return _difference(mask, after)


def changed_since(mask: ClassMask, before: Mapping[Place, Pixels | None]) -> Edit:
    """What has happened to these chunks, None where there was none: an edit that is already done."""
    return Edit(tuple(d for d in deltas_since(mask, before) if d is not None))


def deltas_since(mask: ClassMask, before: Mapping[Place, Pixels | None]) -> Iterator[Delta | None]:
    """`changed_since`, one chunk after the other in order of place; None where it is as it was."""
    nothing = np.zeros((CHUNK, CHUNK), np.uint8)
    for place in sorted(before):
        chunk = before[place]
        xor = (nothing if chunk is None else chunk) ^ _chunk(mask, place)
        yield _cut(place, xor) if xor.any() else None


def apply(mask: ClassMask, edit: Edit) -> None:
    """Do the edit, or undo it if it was just done."""
    for _ in applied(mask, edit):
        pass


def applied(mask: ClassMask, edit: Edit) -> Iterator[Place]:
    """`apply`, one chunk after the other; which one was changed last."""
    for d in edit.deltas:
        chunk = mask.chunks.get(d.place)
        if chunk is None:
            chunk = mask.chunks[d.place] = np.zeros((CHUNK, CHUNK), np.uint8)
        chunk[d.y0 : d.y0 + d.xor.shape[0], d.x0 : d.x0 + d.xor.shape[1]] ^= d.xor
        if not chunk.any():
            del mask.chunks[d.place]
        yield d.place


def merged(edits: Iterable[Edit]) -> Edit:
    """One edit that does what all of them do one after the other: the pieces of a stroke become the stroke."""
    sums: dict[Place, Pixels] = {}
    for edit in edits:
        for d in edit.deltas:
            total = sums.setdefault(d.place, np.zeros((CHUNK, CHUNK), np.uint8))
            total[d.y0 : d.y0 + d.xor.shape[0], d.x0 : d.x0 + d.xor.shape[1]] ^= d.xor
    return Edit(tuple(_cut(place, sums[place]) for place in sorted(sums) if sums[place].any()))


def edit_to_bytes(edit: Edit) -> bytes:
    """Little-endian, zlib: per delta row and column of the chunk, y0, x0, height, width, then the xor bytes."""
    parts = []
    for d in edit.deltas:
        parts += [_DELTA.pack(*d.place, d.y0, d.x0, *d.xor.shape), np.ascontiguousarray(d.xor).tobytes()]
    return _MAGIC + zlib.compress(b"".join(parts), 6)


def edit_from_bytes(data: bytes) -> Edit:
    """ValueError where the bytes are no edit."""
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("no edit")
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(data[len(_MAGIC) :], LARGEST_EDIT)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not inflate.eof or inflate.unused_data:
        raise ValueError("an edit that has no end, or more after it")
    deltas, at = [], 0
    while at < len(raw):
        if at + _DELTA.size > len(raw):
            raise ValueError("an edit that is cut off")
        row, col, y0, x0, h, w = _DELTA.unpack_from(raw, at)
        at += _DELTA.size
        if at + h * w > len(raw) or y0 + h > CHUNK or x0 + w > CHUNK:
            raise ValueError("an edit that does not fit its chunk")
        xor = np.frombuffer(raw, np.uint8, h * w, at).reshape(h, w).copy()
        deltas.append(Delta((row, col), y0, x0, xor))
        at += h * w
    return Edit(tuple(deltas))


def _chunk(mask: ClassMask, place: Place) -> Pixels:
    chunk = mask.chunks.get(place)
    return np.zeros((CHUNK, CHUNK), np.uint8) if chunk is None else chunk


def _paint(
    after: dict[Place, Pixels],
    mask: ClassMask,
    place: Place,
    region: Region,
    seen: Box,
    new_class: int,
    allowed: Allowed | None,
    keep: Mask | None,
) -> None:
    there, _ = overlap(place, seen)
    x, y = place[1] * CHUNK, place[0] * CHUNK
    part = Box(x + there[1].start, y + there[0].start, x + there[1].stop, y + there[0].stop)
    inside = region.inside[part.shifted(-region.box.x0, -region.box.y0).slices]
    if not inside.any():
        return
    if allowed is not None:
        inside = inside & allowed(part)
    if place not in after:
        after[place] = _chunk(mask, place).copy()
    target = after[place][there]
    if keep is not None:
        inside = inside & ~keep[target]
    target[inside] = new_class


def _difference(mask: ClassMask, after: dict[Place, Pixels]) -> Edit:
    xors = {place: chunk ^ _chunk(mask, place) for place, chunk in after.items()}
    return Edit(tuple(_cut(place, xors[place]) for place in sorted(xors) if xors[place].any()))


def _cut(place: Place, xor: Pixels) -> Delta:
    """To the rectangle that changes."""
    rows, cols = np.flatnonzero(xor.any(axis=1)), np.flatnonzero(xor.any(axis=0))
    y0, x0 = int(rows[0]), int(cols[0])
    return Delta(place, y0, x0, xor[y0 : int(rows[-1]) + 1, x0 : int(cols[-1]) + 1].copy())
