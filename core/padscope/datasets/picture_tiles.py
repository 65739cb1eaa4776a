"""Whole pictures as tiles, for tile sets in folders: every pixel is judged, and true borders are continued by reflection.

A set of small pictures (of one part each, say) is brought to one size, so that the same place of the part lies at the same
place of the tile. Pictures larger than that keep their own resolution, because small defects would vanish: they are cut into
cores with halos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.tiling import ALIGN, CELL, TileBox, as_unit, cut, grid_shape, plan_tiles
from padscope.types import Box, Floats, Pixels, Tiles

BORDER_PX = 64
"""How far the reflection reaches beyond a true border."""
RESIZED_BORDER_PX = 32
"""The same for pictures brought to one size: there every tile has its border at the same place, and little is enough."""
BATCH = 8


def picture_tiles(
    picture: Any, name: str, *, tile: int, halo: int, align: int = ALIGN
) -> Iterator[tuple[TileBox, Tiles]]:
    """The tiles of a picture one by one; `inside` is the tile's core, so that every pixel is judged once; `places` are those in
    the picture, so that they do not depend on how it is cut."""
    everything = Box(0, 0, picture.width, picture.height)
    for plan in plan_tiles(picture.width, picture.height, tile, halo, BORDER_PX, align):
        pixels = as_unit(cut(picture.read, picture.width, picture.height, plan.outer))
        core = np.zeros(pixels.shape[1:], dtype=bool)
        core[plan.core.shifted(-plan.outer.x0, -plan.outer.y0).slices] = True
        words = name if plan.core == everything else f"{name} at {plan.core.x0}, {plan.core.y0}"
        yield plan, Tiles(pixels[None], core[None], (words,), _places(plan.outer, picture.width, picture.height)[None])


def resized_tiles(pictures: Sequence[Pixels], names: Sequence[str], size: int) -> Tiles:
    """Pictures (h, w, 3) of any sizes, each stretched to size × size px with its reflection around it; `size` is a multiple of
    16."""
    pixels = np.stack([as_unit(_with_border(_resized(p, size))) for p in pictures])
    inside = np.zeros((len(pixels), *pixels.shape[2:]), dtype=bool)
    inside[:, RESIZED_BORDER_PX : RESIZED_BORDER_PX + size, RESIZED_BORDER_PX : RESIZED_BORDER_PX + size] = True
    return Tiles(pixels, inside, tuple(names))


def on_picture(heat: Floats, width: int, height: int) -> NDArray[np.float32]:
    """Heat of one resized tile (h, w), laid back over its picture: one value per 8 px cell there, bilinear."""
    border = RESIZED_BORDER_PX // CELL
    core = np.ascontiguousarray(heat[border:-border, border:-border], dtype=np.float32)
    rows, columns = grid_shape(width, height)
    x = (np.arange(columns, dtype=np.float32) + 0.5) * (CELL * core.shape[1] / width) - 0.5
    y = (np.arange(rows, dtype=np.float32) + 0.5) * (CELL * core.shape[0] / height) - 0.5
    at_x, at_y = np.meshgrid(x, y)
    laid = cv2.remap(core, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return laid.astype(np.float32, copy=False)


def whole(picture: Any) -> Pixels:
    """All pixels of an opened picture, (h, w, 3)."""
    return np.asarray(picture.read(Box(0, 0, picture.width, picture.height)))


class FolderTiles:
    """A TileSource over whole pictures; `opened` gives an object with width, height and read(box) for a path. With `input_px`
    the pictures are brought to that size, else they keep their own."""

    def __init__(
        self,
        paths: Sequence[Path],
        opened: Callable[[Path], AbstractContextManager[Any]],
        *,
        tile: int,
        halo: int,
        input_px: int = 0,
    ) -> None:
        self._input_px = input_px
        self._paths = tuple(paths)
        self._open = opened
        self._tile = tile
        self._halo = halo

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Tiles]:
        return self._resized() if self._input_px else self._cut()

    def _resized(self) -> Iterator[Tiles]:
        for start in range(0, len(self._paths), BATCH):
            some = self._paths[start : start + BATCH]
            yield resized_tiles([self._read(p) for p in some], [p.name for p in some], self._input_px)

    def _read(self, path: Path) -> Pixels:
        with self._open(path) as picture:
            return whole(picture)

    def _cut(self) -> Iterator[Tiles]:
        for path in self._paths:
            with self._open(path) as picture:
                for _, tiles in picture_tiles(picture, path.name, tile=self._tile, halo=self._halo):
                    yield tiles


def _places(box: Box, width: int, height: int) -> NDArray[np.float32]:
    """(2, h, w): how far along the picture's width and height each pixel of the box lies, in [0, 1]."""
    x = (np.arange(box.x0, box.x1, dtype=np.float32) + 0.5) / width
    y = (np.arange(box.y0, box.y1, dtype=np.float32) + 0.5) / height
    return np.clip(np.stack(np.meshgrid(x, y)), 0, 1)


def _resized(pixels: Pixels, size: int) -> Pixels:
    """First what shrinks, by area means, then what grows, bilinear; axis by axis, since one may do each."""
    height, width = pixels.shape[:2]
    smaller = cv2.resize(pixels, (min(width, size), min(height, size)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(smaller, (size, size), interpolation=cv2.INTER_LINEAR))


def _with_border(pixels: Pixels) -> Pixels:
    b = RESIZED_BORDER_PX
    return np.asarray(cv2.copyMakeBorder(pixels, b, b, b, b, borderType=cv2.BORDER_REFLECT_101))
