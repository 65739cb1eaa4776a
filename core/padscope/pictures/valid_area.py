"""Where a stitched picture shows something: a mosaic that is slightly turned, or ends in steps, is filled up with black.

Works in cells of 8 px, the grid of heat. Black means "nothing was photographed" only where it reaches the picture's edge: a black
spot inside is a finding, not a gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from padscope.pictures.picture import Picture
from padscope.pictures.source import Pixels
from padscope.types import Box, Mask

CELL = 8
FLAT_BLACK = 6
"""Of 255: filled areas are exactly black, and JPEG rings them no brighter than this inside its own blocks."""
DARK = 24
"""Of 255: pixels on the slanted line between filled area and picture."""
FRAME = 60
"""Of 255: a frame one pixel wide, as JPEG leaves it; it must also be less than half as bright as the picture INWARD px from it."""
INWARD = 4
STRIPE_ROWS = 64 * CELL


@dataclass(frozen=True, slots=True)
class CellBrightness:
    """Of each cell, (ceil(H / 8), ceil(W / 8)): the brightest and the darkest pixel, a pixel being as bright as its brightest
    channel; of the cells at the edge also whether the outermost line of pixels was not photographed."""

    brightest: Pixels
    darkest: Pixels
    dark_edge: Mask


def valid_area(picture: Picture) -> Mask:
    """(ceil(H / 8), ceil(W / 8)) bool: True where every pixel of the cell was photographed."""
    one = 257 if picture.bits == 16 else 1
    if _lit_around(picture, FLAT_BLACK * one, FRAME * one):
        return np.ones((-(-picture.height // CELL), -(-picture.width // CELL)), bool)
    return valid_cells(cell_brightness(picture, FLAT_BLACK * one, FRAME * one), FLAT_BLACK * one, DARK * one)


def _lit_around(picture: Picture, flat_black: int, frame: int) -> bool:
    """Whether every cell at the edge was photographed: then all were, because what is filled up reaches the edge. Of most pictures
    nothing else need be read."""
    w, h = picture.width, picture.height
    right, lower = max((w - 1) // CELL - 1, 0) * CELL, max((h - 1) // CELL - 1, 0) * CELL
    sides = (
        (Box(0, 0, w, min(2 * CELL, h)), lambda b: b),
        (Box(0, lower, w, h), lambda b: b[::-1]),
        (Box(0, 0, min(2 * CELL, w), h), lambda b: b.T),
        (Box(right, 0, w, h), lambda b: b.T[::-1]),
    )
    for box, outermost_first in sides:
        bright = picture.read(box).max(axis=2)
        outer = outermost_first(bright)
        flat = np.maximum.reduceat(outer[:CELL].max(axis=0), np.arange(0, outer.shape[1], CELL)) <= flat_black
        if flat.any() or _along_side(_unlit(outer, flat_black, frame)).any():
            return False
    return True


def cell_brightness(picture: Picture, flat_black: int, frame: int) -> CellBrightness:
    """In stripes, so that giants never lie in memory as a whole."""
    parts, left, right, above = [], [], [], []
    for stripe in picture.stripes(STRIPE_ROWS):
        bright = stripe[..., 0]
        for channel in range(1, stripe.shape[2]):
            bright = np.maximum(bright, stripe[..., channel])
        parts.append((_blocks(bright, np.maximum), _blocks(bright, np.minimum)))
        left.append(_unlit(bright.T, flat_black, frame))
        right.append(_unlit(bright.T[::-1], flat_black, frame))
        above.append((_unlit(bright, flat_black, frame), _unlit(bright[::-1], flat_black, frame)))
    brightest, darkest = (np.concatenate(found) for found in zip(*parts, strict=True))
    dark_edge = np.zeros(brightest.shape, bool)
    dark_edge[0] |= _along_side(above[0][0])
    dark_edge[-1] |= _along_side(above[-1][1])
    dark_edge[:, 0] |= _along_side(np.concatenate(left, axis=1))
    dark_edge[:, -1] |= _along_side(np.concatenate(right, axis=1))
    return CellBrightness(brightest, darkest, dark_edge)


def _unlit(bright: Pixels, flat_black: int, frame: int) -> Mask:
    """(2, cells): of every 8 px along the first row, whether one is black, and whether they look like a soft frame."""
    starts = np.arange(0, bright.shape[1], CELL)
    outer, inner = (np.add.reduceat(bright[k].astype(np.int64), starts) for k in (0, min(INWARD, len(bright) - 1)))
    counts = np.diff([*starts, bright.shape[1]])
    black = np.logical_or.reduceat(bright[0] <= flat_black, starts)
    return np.stack([black, (outer <= frame * counts) & (2 * outer < inner)])


def _along_side(unlit: Mask) -> Mask:
    """(cells,): a soft frame counts only where it runs along most of a side; elsewhere it is the picture's own darkness."""
    black, soft = unlit
    found: Mask = black | soft if soft.mean() > 0.5 else black
    return found


def valid_cells(cells: CellBrightness, flat_black: int, dark: int) -> Mask:
    """Not valid are cells at an unlit edge, flat black cells connected to the edge, and their dark neighbours."""
    flat = cells.brightest <= flat_black
    _, labels = cv2.connectedComponents(flat.astype(np.uint8), connectivity=4)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    filled = flat & np.isin(labels, edge)
    beside = cv2.dilate(filled.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return ~(cells.dark_edge | filled | (beside & (cells.darkest <= dark)))


def _blocks(values: Pixels, pick: np.ufunc) -> Pixels:
    """Maximum or minimum of every 8 x 8 block; blocks at the lower and right edge take what is left of them."""
    rows = pick.reduceat(values, np.arange(0, values.shape[0], CELL), axis=0)
    found: Pixels = pick.reduceat(rows, np.arange(0, values.shape[1], CELL), axis=1)
    return found
