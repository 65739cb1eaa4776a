"""What a person points at roughly, measured in the picture: the sides of a drawn pad, the circle around a click."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.fiducials import Mark, measure_mark
from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_edit import moved, resized
from padscope.boards.metal import Shapes, shapes, splits
from padscope.boards.pad_edges import Edges, measure_edges, metal_colour, pad_window
from padscope.boards.windows import Windows, eight_bits
from padscope.types import Affine, Box

REACH_SHARE = 0.35
"""Of the pad's narrower side: how far a drawn side may lie from the true one."""
LEAST_REACH_PX, MOST_REACH_PX = 6.0, 40.0
SMALL_PX = 400
"""Longer side at which pieces of metal are looked for around a pad that shows no edges."""
NEAR, ALIKE, LEANS, LEAST_FILLED = 0.6, 0.35, 0.2, 0.8
"""The piece's centre lies within so many sides of the pad's, its sides are alike (log), it leans by less, and it is a rectangle."""
LEAST_PIECES = 0.5
"""Of a side's pieces that must show an edge."""
AGREE_PX = 2.0
"""How far the edges on one side may lie apart (half of them, about their median)."""
SMALLEST_RADIUS_PX, RADIUS_STEP = 6.0, 1.14
COARSE_RADIUS_PX = 20.0
"""Circles of every size are looked for at about this one, and measured in full."""
LESS_CLEAR = 0.15
LARGEST_RADIUS_SHARE = 0.06
"""Of the picture's longer side."""


@dataclass(frozen=True)
class Array:
    """A picture that is at hand as an array (h, w, 1 or 3)."""

    pixels: NDArray[Any]

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def read(self, box: Box, step: int = 1) -> NDArray[Any]:
        part = np.asarray(self.pixels[box.slices])
        if part.shape[2] == 1:
            part = np.repeat(part, 3, axis=2)
        size = -(-part.shape[1] // step), -(-part.shape[0] // step)
        return part if step == 1 else np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))


def snapped(picture: Windows, pad: Pad, um_to_px: Affine) -> Pad | None:
    """The rectangle whose sides lie where metal ends near those of `pad`, or near those of the piece of metal as large as it
    that it lies on; None where two opposite sides or more show no edge. A side that shows none stays where it was drawn.
    Polygons are left alone."""
    found, sides = _to_edges(picture, pad, um_to_px)
    if sides < 4 and pad.polygon_um is None:
        there = _on_metal(picture, pad, um_to_px)
        better, seen = _to_edges(picture, there, um_to_px) if there is not None else (None, 0)
        found = better if seen > sides else found
    return found


def _on_metal(picture: Windows, pad: Pad, um_to_px: Affine) -> Pad | None:
    """`pad` put onto the nearest rectangle of metal of about its size that it touches."""
    corners = um_to_px.apply(pad.corners_um)
    across, down = corners[1] - corners[0], corners[2] - corners[1]
    sides = np.array([np.hypot(*across), np.hypot(*down)])
    box = Box.around(corners).grown(int(sides.max())).clipped(picture.width, picture.height)
    if box.empty:
        return None
    step = max(1, max(box.width, box.height) // SMALL_PX)
    small = eight_bits(picture.read(box, step))
    best, least = None, math.inf
    for mask in splits(small):
        pieces = shapes(mask)
        off = pieces.angle - math.atan2(across[1], across[0])
        upright = np.abs(np.cos(off)) < math.sqrt(0.5)
        straight = np.abs(np.sin(2 * off)) < LEANS
        size = np.where(upright[:, None], *_both_ways(pieces, step))
        centre = pieces.centre * step + (step - 1) / 2 + (box.x0, box.y0)
        far = np.abs((centre - corners.mean(axis=0)) @ np.column_stack([across, down] / sides[:, None])) / sides
        unlike = np.abs(np.log(size / sides))
        fits = straight & (pieces.filled > LEAST_FILLED) & ((unlike < ALIKE) & (far < NEAR)).all(axis=1)
        other = far.max(axis=1) + unlike.max(axis=1)
        for k in np.flatnonzero(fits & (other < least)):
            best, least = (centre[k], size[k]), float(other[k])
    if best is None:
        return None
    (x, y), (w, h) = um_to_px.inverse().apply(best[0]).tolist(), (best[1] / um_to_px.scale).tolist()
    return resized(moved(pad, x - pad.x_um, y - pad.y_um), w, h)


def _both_ways(pieces: Shapes, step: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 2) widths and heights, px, if a piece stands upright, and if it lies."""
    long, short = pieces.length * step, pieces.width * step
    return np.column_stack([short, long]), np.column_stack([long, short])


def _to_edges(picture: Windows, pad: Pad, um_to_px: Affine) -> tuple[Pad | None, int]:
    """`pad` with the sides that show an edge put there, and how many do."""
    corners = um_to_px.apply(pad.corners_um)
    narrow = float(min(np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[2] - corners[1]))))
    if pad.polygon_um is not None or narrow < LEAST_REACH_PX:
        return None, 0
    found = pad
    seen: set[int] = set()
    for share in (1.0, 0.4):
        reach = min(max(REACH_SHARE * share * narrow, LEAST_REACH_PX), MOST_REACH_PX)
        offsets = _offsets(picture, found, um_to_px, reach)
        if offsets is None:
            return None, 0
        seen |= set(offsets)
        for side, off in offsets.items():
            found = _side_moved(found, side, off / um_to_px.scale)
    opposite_missing = any(not {side, side + 2} & seen for side in (0, 1))
    return (None, 0) if len(seen) < 2 or opposite_missing else (found, len(seen))


def _offsets(picture: Windows, pad: Pad, um_to_px: Affine, reach_px: float) -> dict[int, float] | None:
    """By side (0 top, 1 right, 2 bottom, 3 left of the unturned pad): how far out its edge was seen, px."""
    corners = um_to_px.apply(pad.corners_um)
    box = Box.around(corners).grown(int(reach_px) + 12).clipped(picture.width, picture.height)
    if box.empty:
        return None
    pixels = eight_bits(picture.read(box)).astype(np.float32)
    depth = _depth(corners, box)  # px inside (+) or outside (-) the drawn outline
    gap = min(reach_px, 0.35 * float(depth.max()))
    inner, outer = pixels[depth > gap], pixels[(depth < -reach_px) | (depth == depth.min())]
    if len(inner) < 12 or len(outer) < 12:
        return None
    # what lies around may be metal too (the next pad): the darker half of it is the board
    colour = metal_colour(inner, outer)
    mixed = colour.of(outer.reshape(1, -1, 3))[0]
    colour = metal_colour(inner, outer[mixed <= np.median(mixed)])
    window = pad_window(picture, corners, reach_px + 10, colour)
    edges = measure_edges([window], Layout("", (pad,), ()), [um_to_px], reach_px)
    return {side: off for side in range(4) if (off := _agreed(edges, side)) is not None}


def _agreed(edges: Edges, side: int) -> float | None:
    own = edges.offset_px[edges.side == side]
    seen = own[np.isfinite(own)]
    if not len(own) or len(seen) < LEAST_PIECES * len(own):
        return None
    middle = float(np.median(seen))
    return middle if float(np.median(np.abs(seen - middle))) <= AGREE_PX else None


def _side_moved(pad: Pad, side: int, out_um: float) -> Pad:
    """One side further out; the opposite one stays."""
    anchor = ((0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))[side]
    w, h = (pad.w_um + out_um, pad.h_um) if side % 2 else (pad.w_um, pad.h_um + out_um)
    return resized(pad, w, h, anchor) if min(w, h) > 0 else pad


def _depth(corners: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """(h, w): distance in px to the nearest side of a rectangle, below zero outside."""
    y, x = np.mgrid[box.y0 : box.y1, box.x0 : box.x1]
    centre, a, b = corners.mean(axis=0), corners[1] - corners[0], corners[2] - corners[1]
    (wa, ua), (wb, ub) = ((np.hypot(*v), v / np.hypot(*v)) for v in (a, b))
    dx, dy = x - centre[0], y - centre[1]
    return np.minimum(wa / 2 - np.abs(dx * ua[0] + dy * ua[1]), wb / 2 - np.abs(dx * ub[0] + dy * ub[1]))


def circle_at(picture: Windows, x_px: float, y_px: float, radius_px: float | None = None) -> Mark | None:
    """The round mark that a click lies on: of the expected radius if one is given, else the largest whose rim is seen about as
    well as the best one's (a mark may have a hole)."""
    if radius_px is not None:
        return measure_mark(picture, x_px, y_px, radius_px, max(0.5 * radius_px, LEAST_REACH_PX))
    largest = LARGEST_RADIUS_SHARE * max(picture.width, picture.height)
    steps = int(math.log(max(largest / SMALLEST_RADIUS_PX, 1)) / math.log(RADIUS_STEP)) + 1
    found = []
    for radius in (SMALLEST_RADIUS_PX * RADIUS_STEP**k for k in range(steps)):
        step = max(1, int(radius / COARSE_RADIUS_PX))
        coarse = _Reduced(picture, step)
        mark = measure_mark(coarse, *coarse.to_small(x_px, y_px), radius / step, max(0.4 * radius / step, 4.0))
        if mark is None:
            continue
        x, y = coarse.to_large(mark.x_px, mark.y_px)
        if math.hypot(x - x_px, y - y_px) <= mark.radius_px * step:
            found.append((mark.share, mark.radius_px * step, x, y))
    if not found:
        return None
    clear = max(share for share, *_ in found) - LESS_CLEAR
    _, radius, x, y = max((m for m in found if m[0] >= clear), key=lambda m: m[1])
    return measure_mark(picture, x, y, radius, max(0.1 * radius, 4.0))


@dataclass(frozen=True)
class _Reduced:
    """A picture seen `step` times smaller."""

    picture: Windows
    step: int

    @property
    def width(self) -> int:
        return self.picture.width // self.step

    @property
    def height(self) -> int:
        return self.picture.height // self.step

    def read(self, box: Box, step: int = 1) -> NDArray[Any]:
        s = self.step
        return self.picture.read(Box(box.x0 * s, box.y0 * s, box.x1 * s, box.y1 * s), s * step)

    def to_small(self, x: float, y: float) -> tuple[float, float]:
        half = (self.step - 1) / 2
        return (x - half) / self.step, (y - half) / self.step

    def to_large(self, x: float, y: float) -> tuple[float, float]:
        half = (self.step - 1) / 2
        return x * self.step + half, y * self.step + half
