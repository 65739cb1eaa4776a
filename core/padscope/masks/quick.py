"""An edit as bytes at once, while a hand waits: larger than what is stored for ever, but written in a fraction of the time."""

from __future__ import annotations

import struct

import numpy as np

from padscope.masks.class_mask import CHUNK, Pixels
from padscope.masks.edits import Delta, Edit

_DELTA = struct.Struct("<IIHHHHB")
_AS_IT_IS = 0
"""In place of a value: the bytes follow as they are, as where classes lay beside each other under the brush."""


def quick_bytes(edit: Edit) -> bytes:
    """Little-endian, per delta: row and column of the chunk, y0, x0, height, width, and a value: a bit for each pixel follows,
    whether it is xor-ed with the value, as under a brush nearly all are. Value 0: a byte for each pixel."""
    parts = []
    for d in edit.deltas:
        changed = d.xor != 0
        value = int(d.xor.max())
        one = np.array_equal(d.xor, changed.view(np.uint8) * np.uint8(value))
        parts.append(_DELTA.pack(*d.place, d.y0, d.x0, *d.xor.shape, value if one else _AS_IT_IS))
        parts.append((np.packbits(changed) if one else d.xor).tobytes())
    return b"".join(parts)


def edit_from_quick_bytes(data: bytes) -> Edit:
    """ValueError where the bytes are no edit."""
    deltas, at = [], 0
    while at < len(data):
        if at + _DELTA.size > len(data):
            raise ValueError("an edit that is cut off")
        row, col, y0, x0, h, w, value = _DELTA.unpack_from(data, at)
        at += _DELTA.size
        size = h * w if value == _AS_IT_IS else -(-h * w // 8)
        if at + size > len(data) or y0 + h > CHUNK or x0 + w > CHUNK:
            raise ValueError("an edit that does not fit its chunk")
        found = np.frombuffer(data, np.uint8, size, at)
        deltas.append(Delta((row, col), y0, x0, _pixels(found, h * w, value).reshape(h, w)))
        at += size
    return Edit(tuple(deltas))


def _pixels(found: Pixels, count: int, value: int) -> Pixels:
    return found.copy() if value == _AS_IT_IS else np.unpackbits(found, count=count) * np.uint8(value)
