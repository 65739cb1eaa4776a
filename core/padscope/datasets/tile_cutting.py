"""Square tiles of a picture with the background removed: where the pads are, which tiles hold enough of them, and their pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.metal import splits
from padscope.masks.class_mask import ClassMask, Pixels
from padscope.masks.guided import refined
from padscope.masks.shapes import polygon
from padscope.types import Box, Floats, Mask

OVERVIEW_PX = 1500
"""Longer side at which colours are segmented."""


@dataclass(frozen=True, eq=False)
class PadGround:
    """Where pads are in a picture: outlines in px, or a segmented overview (h, w) whose pixels are `step` px wide."""

    outlines: tuple[Floats, ...] = ()
    overview: Mask | None = None
    step: int = 1

    def inside(self, box: Box) -> Mask:
        """(box.height, box.width)."""
        if self.overview is None:
            out = np.zeros((box.height, box.width), bool)
            for corners in self.outlines:
                low, high = corners.min(axis=0), corners.max(axis=0)
                if low[0] <= box.x1 and high[0] >= box.x0 - 1 and low[1] <= box.y1 and high[1] >= box.y0 - 1:
                    region = polygon(corners, box)
                    out[region.box.shifted(-box.x0, -box.y0).slices] |= region.inside
            return out
        rows = np.clip((np.arange(box.y0, box.y1) + 0.5) / self.step - 0.5, 0, len(self.overview) - 1)
        cols = np.clip((np.arange(box.x0, box.x1) + 0.5) / self.step - 0.5, 0, self.overview.shape[1] - 1)
        grid_x, grid_y = np.meshgrid(cols.astype(np.float32), rows.astype(np.float32))
        return np.asarray(cv2.remap(self.overview.astype(np.float32), grid_x, grid_y, cv2.INTER_LINEAR) > 0.5)


@dataclass(frozen=True, eq=False)
class CutTile:
    """One tile: pixels (s, s, 3) uint8 with 0 beyond the pads, classes (s, s) painted on them, inside (s, s)."""

    box: Box
    pixels: NDArray[np.uint8]
    classes: Pixels
    inside: Mask


def by_colour(picture: Any) -> PadGround:
    """Where metal is, told by colour and brightness (the likeliest of `boards.metal.splits`), for pictures without a layout; none
    in a picture of one colour."""
    step = max(-(-max(picture.width, picture.height) // OVERVIEW_PX), 1)
    small = eight_bits(picture.read(Box(0, 0, picture.width, picture.height), step))
    mask = next(iter(splits(small)), None)
    overview = np.zeros(small.shape[:2], bool) if mask is None else _tidy(mask)
    return PadGround(overview=overview, step=step)


def tile_boxes(width: int, height: int, size: int) -> list[Box]:
    """Tiles side by side, row by row; those at the right and lower border are moved inside, so that nothing is left out. A picture
    smaller than a tile has none."""
    return [Box(x, y, x + size, y + size) for y in _starts(height, size) for x in _starts(width, size)]


def tile_sites(width: int, height: int, ground: PadGround | None, size: int) -> Iterator[tuple[Box, Mask]]:
    """Every tile, and where in it the pads are (size, size); everywhere without a ground."""
    for box in tile_boxes(width, height, size):
        yield box, np.ones((size, size), bool) if ground is None else ground.inside(box)


def cut_tiles(
    picture: Any, mask: ClassMask, ground: PadGround | None, size: int, least_share: float
) -> Iterator[CutTile | None]:
    """The tiles with at least this share of pad and at least one pixel of it, None for the others (so that progress can be told);
    without a ground nothing is removed and every tile is kept. The picture is read in bands of a tile's height."""
    band: tuple[int, NDArray[np.uint8]] | None = None
    for box, inside in tile_sites(picture.width, picture.height, ground, size):
        share = share_of(inside)
        if share == 0 or share < np.float32(least_share):
            yield None
            continue
        if band is None or band[0] != box.y0:
            band = box.y0, eight_bits(picture.read(Box(0, box.y0, picture.width, box.y1)))
        yield _cut(box, band[1][:, box.x0 : box.x1], inside, mask, ground)


def cut_tile(picture: Any, mask: ClassMask, ground: PadGround | None, box: Box) -> CutTile:
    """One of them."""
    inside = np.ones((box.height, box.width), bool) if ground is None else ground.inside(box)
    return _cut(box, eight_bits(picture.read(box)), inside, mask, ground)


def share_of(inside: Mask) -> np.float32:
    """Of pad in a tile; rounded, so that what was counted and what is cut agree at the very limit."""
    return np.float32(inside.mean())


def _cut(box: Box, seen: NDArray[np.uint8], inside: Mask, mask: ClassMask, ground: PadGround | None) -> CutTile:
    if ground is not None and ground.step > 1:  # the overview's edges are as coarse as its pixels
        inside = refined(seen, inside, 2 * ground.step)
    pixels = np.where(inside[..., None], seen, np.uint8(0))
    return CutTile(box, pixels, np.where(inside, mask.read(box), np.uint8(0)), inside)


def eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _starts(length: int, size: int) -> list[int]:
    if length < size:
        return []
    starts = list(range(0, length - size + 1, size))
    return starts if starts[-1] + size == length else [*starts, length - size]


def _tidy(mask: NDArray[np.uint8]) -> Mask:
    """Specks of dust and dark grains on the metal are no ground."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel[1:-1, 1:-1]) > 0)
