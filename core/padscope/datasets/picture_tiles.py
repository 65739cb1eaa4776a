"""Whole pictures as tiles, for tile sets in folders: every pixel is judged, at the picture's own resolution.

Nothing is resized (small defects vanish that way): a picture larger than a tile is cut into cores with halos, and its true
borders are continued by reflection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from padscope.tiling import TileBox, as_unit, cut, plan_tiles
from padscope.types import Tiles

BORDER_PX = 64
"""How far the reflection reaches beyond a true border."""


def picture_tiles(picture: Any, name: str, *, tile: int, halo: int) -> Iterator[tuple[TileBox, Tiles]]:
    """The tiles of a picture one by one; `inside` is the tile's core, so that every pixel is judged once."""
    for plan in plan_tiles(picture.width, picture.height, tile, halo, BORDER_PX):
        pixels = as_unit(cut(picture.read, picture.width, picture.height, plan.outer))
        core = np.zeros(pixels.shape[1:], dtype=bool)
        core[plan.core.shifted(-plan.outer.x0, -plan.outer.y0).slices] = True
        yield plan, Tiles(pixels[None], core[None], (name,))


class FolderTiles:
    """A TileSource over whole pictures; `opened` gives an object with width, height and read(box) for a path."""

    def __init__(
        self,
        paths: Sequence[Path],
        opened: Callable[[Path], AbstractContextManager[Any]],
        *,
        tile: int,
        halo: int,
    ) -> None:
        self._paths = tuple(paths)
        self._open = opened
        self._tile = tile
        self._halo = halo

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Tiles]:
        for path in self._paths:
            with self._open(path) as picture:
                for _, tiles in picture_tiles(picture, path.name, tile=self._tile, halo=self._halo):
                    yield tiles
