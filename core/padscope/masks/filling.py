"""Flood fill chunk by chunk: of any size, without ever holding the whole picture, and cancellable between two chunks."""

from __future__ import annotations

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Pixels, Place, places
from padscope.masks.edits import Allowed
from padscope.masks.shapes import Region
from padscope.types import Box, Mask, Progress, Work

SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
DIAGONALS = ((-1, -1), (-1, 1), (1, -1), (1, 1))


def flooded(
    mask: ClassMask, x: int, y: int, allowed: Allowed | None = None, *, corners: bool = False
) -> Work[list[Region]]:
    """The pixels that hang together with (x, y) over their sides (and `corners`), have its class, and lie where it is allowed: one
    region per chunk, in no order. Empty where (x, y) is outside of the picture or not allowed."""
    if not (0 <= x < mask.width and 0 <= y < mask.height):
        return []
    value = int(mask.read(Box(x, y, x + 1, y + 1))[0, 0])
    alike: dict[Place, Pixels] = {}
    reached: dict[Place, Mask] = {}
    start = np.zeros((CHUNK, CHUNK), bool)
    start[y % CHUNK, x % CHUNK] = True
    todo: dict[Place, Mask] = {(y // CHUNK, x // CHUNK): start}
    total = max(sum(1 for _ in places(mask.box)), 1)
    while todo:
        place, seeds = todo.popitem()
        if place not in alike:
            alike[place] = _parts(mask, place, value, allowed, 8 if corners else 4)
        numbers = alike[place]
        wanted = np.zeros(int(numbers.max()) + 1, bool)
        wanted[numbers[seeds]] = True
        wanted[0] = False
        known = reached.get(place)
        inside = wanted[numbers]
        new = inside if known is None else inside & ~known
        if new.any():
            reached[place] = new if known is None else known | new
            _spread(todo, place, new, mask, corners)
        yield Progress(len(reached), total, "filling")
    return [_region(place, inside) for place, inside in reached.items()]


def _parts(mask: ClassMask, place: Place, value: int, allowed: Allowed | None, neighbours: int) -> Pixels:
    """Numbers (256, 256) of the connected parts of a chunk that may be filled, 0 elsewhere and beyond the picture."""
    import cv2  # late: the window is on the screen before it is loaded

    chunk = mask.chunks.get(place)
    same = np.full((CHUNK, CHUNK), value == 0) if chunk is None else chunk == value
    top, left = place[0] * CHUNK, place[1] * CHUNK
    if top + CHUNK > mask.height or left + CHUNK > mask.width:
        same[max(mask.height - top, 0) :] = False
        same[:, max(mask.width - left, 0) :] = False
    if allowed is not None and same.any():
        same &= allowed(Box(left, top, left + CHUNK, top + CHUNK))
    if same.all():
        return np.ones((CHUNK, CHUNK), np.uint8)
    return np.asarray(cv2.connectedComponents(same.view(np.uint8), connectivity=neighbours, ltype=cv2.CV_16U)[1])


def _spread(todo: dict[Place, Mask], place: Place, new: Mask, mask: ClassMask, corners: bool) -> None:
    """Into the chunks beside it, where pixels on the common side, or `corners` that touch, were reached."""

    def there(dy: int, dx: int) -> Place | None:
        row, col = place[0] + dy, place[1] + dx
        return (row, col) if 0 <= row * CHUNK < mask.height and 0 <= col * CHUNK < mask.width else None

    for dy, dx in SIDES:
        other = there(dy, dx)
        if other is None:
            continue
        ours = (slice(None), -1 if dx > 0 else 0) if dx else (-1 if dy > 0 else 0, slice(None))
        theirs = (slice(None), 0 if dx > 0 else -1) if dx else (0 if dy > 0 else -1, slice(None))
        side = new[ours]
        if side.any():
            seeds = todo.setdefault(other, np.zeros((CHUNK, CHUNK), bool))
            seeds[theirs] |= side
            if corners:
                seeds[theirs][1:] |= side[:-1]
                seeds[theirs][:-1] |= side[1:]
    for dy, dx in DIAGONALS if corners else ():
        other = there(dy, dx)
        if other is not None and new[-1 if dy > 0 else 0, -1 if dx > 0 else 0]:
            seeds = todo.setdefault(other, np.zeros((CHUNK, CHUNK), bool))
            seeds[0 if dy > 0 else -1, 0 if dx > 0 else -1] = True


def _region(place: Place, inside: Mask) -> Region:
    y, x = place[0] * CHUNK, place[1] * CHUNK
    return Region(Box(x, y, x + CHUNK, y + CHUNK), inside)
