"""A mask: one class per pixel of a picture of any size, kept only where something was painted.

Class 0 is nothing painted; 1 … 255 are the project's classes. The picture is divided into chunks of 256 × 256 px from the upper
left corner; a chunk that holds only 0 does not exist, so a mask costs what was painted and not what was photographed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from padscope.types import Box

CHUNK = 256
Pixels = NDArray[np.uint8]
Place = tuple[int, int]
"""(row, column) of a chunk."""


class ClassMask:
    """uint8 classes of a picture `width` × `height`. Change it only by edits (`masks.edits`), so that all can be undone."""

    def __init__(self, width: int, height: int, chunks: dict[Place, Pixels] | None = None) -> None:
        self.width = width
        self.height = height
        self.chunks: dict[Place, Pixels] = {} if chunks is None else chunks

    @property
    def box(self) -> Box:
        return Box(0, 0, self.width, self.height)

    @property
    def empty(self) -> bool:
        return not self.chunks

    def read(self, box: Box) -> Pixels:
        """The classes inside a box, shape (box.height, box.width), a copy; 0 outside of the picture."""
        out = np.zeros((max(box.height, 0), max(box.width, 0)), np.uint8)
        for place in places(box.clipped(self.width, self.height)):
            chunk = self.chunks.get(place)
            if chunk is not None:
                there, here = overlap(place, box)
                out[here] = chunk[there]
        return out

    def reduced(self, step: int) -> Pixels:
        """An overview, shape (ceil(height / step), ceil(width / step)): the highest class of each step × step block, so that the
        smallest speck stays visible. `step` divides 256."""
        if CHUNK % step:
            raise ValueError(f"step {step} does not divide {CHUNK}")
        small = CHUNK // step
        rows, cols = -(-self.height // step), -(-self.width // step)
        out = np.zeros((rows, cols), np.uint8)
        for (r, c), chunk in self.chunks.items():
            block = chunk.reshape(small, step, small, step).max(axis=(1, 3))
            part = out[r * small : (r + 1) * small, c * small : (c + 1) * small]
            part[:] = block[: part.shape[0], : part.shape[1]]
        return out

    def areas(self) -> dict[int, int]:
        """Painted pixels by class, classes that occur only."""
        total = np.zeros(256, np.int64)
        for chunk in self.chunks.values():
            total += np.bincount(chunk.ravel(), minlength=256)
        return {int(k): int(total[k]) for k in np.flatnonzero(total) if k > 0}

    def copy(self) -> ClassMask:
        return ClassMask(self.width, self.height, {place: chunk.copy() for place, chunk in self.chunks.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClassMask):
            return NotImplemented
        same = (self.width, self.height, self.chunks.keys()) == (other.width, other.height, other.chunks.keys())
        return same and all(np.array_equal(chunk, other.chunks[place]) for place, chunk in self.chunks.items())

    __hash__ = None  # type: ignore[assignment]  # it changes


def mask_from_array(classes: Pixels) -> ClassMask:
    """From a whole picture's classes (H, W) uint8."""
    height, width = classes.shape
    mask = ClassMask(width, height)
    for r, c in places(mask.box):
        part = classes[r * CHUNK : (r + 1) * CHUNK, c * CHUNK : (c + 1) * CHUNK]
        if part.any():
            chunk = np.zeros((CHUNK, CHUNK), np.uint8)
            chunk[: part.shape[0], : part.shape[1]] = part
            mask.chunks[r, c] = chunk
    return mask


def places(box: Box) -> Iterator[Place]:
    """The chunks a box touches, row by row."""
    if box.empty:
        return
    for r in range(box.y0 // CHUNK, (box.y1 - 1) // CHUNK + 1):
        for c in range(box.x0 // CHUNK, (box.x1 - 1) // CHUNK + 1):
            yield r, c


def overlap(place: Place, box: Box) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where chunk and box meet, as slices of the chunk and as slices of an array with the box's origin."""
    top, left = place[0] * CHUNK, place[1] * CHUNK
    y0, y1 = max(box.y0, top), min(box.y1, top + CHUNK)
    x0, x1 = max(box.x0, left), min(box.x1, left + CHUNK)
    there = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    return there, (slice(y0 - box.y0, y1 - box.y0), slice(x0 - box.x0, x1 - box.x0))


def chunk_to_bytes(chunk: Pixels) -> bytes:
    return zlib.compress(np.ascontiguousarray(chunk).tobytes(), 1)


def chunk_from_bytes(data: bytes) -> Pixels:
    """ValueError or zlib.error where the bytes are no chunk."""
    raw = zlib.decompressobj().decompress(data, CHUNK * CHUNK + 1)
    return np.frombuffer(raw, np.uint8).reshape(CHUNK, CHUNK).copy()
