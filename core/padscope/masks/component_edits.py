"""What is done to a component of any size, chunk by chunk, cancellable between two: grown, shrunk, its holes filled.

The slow and simple way, on one array, is in `masks.guided`; both say the same of every pixel.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from padscope.masks.class_mask import CHUNK, ClassMask, Place, overlap, places
from padscope.masks.components import Component
from padscope.masks.filling import flooded
from padscope.masks.guided import grown
from padscope.masks.shapes import Region
from padscope.types import Box, Mask, Progress, Work


def chunked(component: Component) -> ClassMask:
    """A component alone, as a mask in the picture's own px that is as large as it must be: 1 on its pixels."""
    mask = ClassMask(component.box.x1, component.box.y1)
    for piece in component.pieces:
        for place in places(piece.box):
            there, here = overlap(place, piece.box)
            chunk = mask.chunks.setdefault(place, np.zeros((CHUNK, CHUNK), np.uint8))
            chunk[there] |= piece.inside[here]
    return mask


def grown_by(component: Component, px: int, within: Box) -> Iterator[Region]:
    """What a component has when it is larger by `px` on all sides, inside a box."""
    alone = chunked(component)
    near = {place for r, c in alone.chunks for place in places(_box((r, c)).grown(px)) if min(place) >= 0}
    for place in sorted(near):
        region = grown(_around(alone, place, px), px, _box(place).clipped(within.x1, within.y1))
        if region.inside.any():
            yield region


def rim(component: Component, px: int) -> Iterator[Region]:
    """What a component loses when it shrinks by `px` on all sides."""
    alone = chunked(component)
    for place, chunk in sorted(alone.chunks.items()):
        around = _around(alone, place, px)
        left = grown(around, -px, around.box).inside[px : px + CHUNK, px : px + CHUNK]
        gone = (chunk > 0) & ~left
        if gone.any():
            yield Region(_box(place), gone)


def holes_of(component: Component) -> Work[list[Region]]:
    """The pixels a component encloses and does not have (8 neighbours enclose 4)."""
    box, alone = component.box, chunked(component)
    # one chunk of room on all sides: there is ground outside of the component also at the border of the picture
    room = ClassMask(box.x1 + 2 * CHUNK, box.y1 + 2 * CHUNK, {(r + 1, c + 1): k for (r, c), k in alone.chunks.items()})
    frame = box.shifted(CHUNK, CHUNK).grown(1)

    def inside(asked: Box) -> Mask:
        out = np.zeros((asked.height, asked.width), bool)
        out[asked.common(frame).shifted(-asked.x0, -asked.y0).slices] = True
        return out

    outside = {}
    for region in (yield from flooded(room, frame.x0, frame.y0, inside)):
        outside[region.box.y0 // CHUNK - 1, region.box.x0 // CHUNK - 1] = region.inside
    found = []
    all_places = list(places(box))
    for i, place in enumerate(all_places):
        here = inside(_box((place[0] + 1, place[1] + 1)))
        if place in outside:
            here &= ~outside[place]
        if place in alone.chunks:
            here &= alone.chunks[place] == 0
        common = _box(place).common(box)  # the frame is a pixel wider than the component
        here = here[common.shifted(-place[1] * CHUNK, -place[0] * CHUNK).slices]
        if here.any():
            found.append(Region(common, here))
        yield Progress(i, len(all_places), "filling holes")
    return found


def seen_from_afar(component: Component, most: int) -> Region:
    """A picture of it with at most `most` px along a side: each stands for a square of the component's px, and is there where any
    of these is. The box is the one it covers in the picture."""
    box = component.box
    step = -(-max(box.width, box.height) // most)
    rows, cols = -(-box.height // step), -(-box.width // step)
    out = np.zeros((rows, cols), bool)
    for piece in component.pieces:
        x, y = piece.box.x0 - box.x0, piece.box.y0 - box.y0
        high, wide = -(-(y % step + piece.box.height) // step), -(-(x % step + piece.box.width) // step)
        squares = np.zeros((high * step, wide * step), bool)
        squares[y % step : y % step + piece.box.height, x % step : x % step + piece.box.width] = piece.inside
        found = squares.reshape(high, step, wide, step).any(axis=(1, 3))
        out[y // step : y // step + high, x // step : x // step + wide] |= found
    return Region(Box(box.x0, box.y0, box.x0 + cols * step, box.y0 + rows * step), out)


def _box(place: Place) -> Box:
    y, x = place[0] * CHUNK, place[1] * CHUNK
    return Box(x, y, x + CHUNK, y + CHUNK)


def _around(alone: ClassMask, place: Place, px: int) -> Region:
    """A chunk with `px` more on all sides; nothing lies beyond the picture."""
    box = _box(place).grown(px)
    return Region(box, alone.read(box) > 0)
