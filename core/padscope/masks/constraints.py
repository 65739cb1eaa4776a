"""Where painting is allowed: inside outlines, where heat reaches a level, and all of these at once.

Each is a function from a box to bool of its shape, as `edits.painted` and `live.LiveStroke` take it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from padscope.masks.class_mask import CHUNK, Place, overlap, places
from padscope.masks.edits import Allowed
from padscope.masks.shapes import above, polygon
from padscope.types import Box, Floats, Mask

REMEMBERED = 512
"""Chunks, 64 KB each."""


def inside_any(outlines: Sequence[Floats]) -> Allowed:
    """Pixels whose centre lies inside one of the closed outlines (N, 2) px."""
    shapes = [(Box.around(np.asarray(o)), np.asarray(o, dtype=np.float64)) for o in outlines]

    def allowed(box: Box) -> Mask:
        out = np.zeros((box.height, box.width), bool)
        for around, outline in shapes:
            if around.x0 < box.x1 and box.x0 < around.x1 and around.y0 < box.y1 and box.y0 < around.y1:
                found = polygon(outline, box)
                out[found.box.shifted(-box.x0, -box.y0).slices] |= found.inside
        return out

    return allowed


def hot(level: Floats, least: float, cell: int) -> Allowed:
    """Where a level grid, one value per `cell` px, reaches `least`; not where it is NaN."""
    grid = np.asarray(level, dtype=np.float32)

    def allowed(box: Box) -> Mask:
        return above(grid, least, cell, box).inside

    return allowed


def all_of(parts: Sequence[Allowed]) -> Allowed | None:
    """Where every one of them allows it; None where there is none of them, which forbids nothing."""
    if not parts:
        return None

    def allowed(box: Box) -> Mask:
        out = parts[0](box)
        for part in parts[1:]:
            if out.any():
                out = out & part(box)
        return out

    return allowed


def remembered(allowed: Allowed) -> Allowed:
    """The same, worked out once for each whole chunk: a brush asks for the same place at every move."""
    known: OrderedDict[Place, Mask] = OrderedDict()

    def chunk(place: Place) -> Mask:
        if place not in known:
            y, x = place[0] * CHUNK, place[1] * CHUNK
            known[place] = allowed(Box(x, y, x + CHUNK, y + CHUNK))
            if len(known) > REMEMBERED:
                known.popitem(last=False)
        return known[place]

    def asked(box: Box) -> Mask:
        out = np.zeros((box.height, box.width), bool)
        for place in places(box):
            there, here = overlap(place, box)
            out[here] = chunk(place)[there]
        return out

    return asked
