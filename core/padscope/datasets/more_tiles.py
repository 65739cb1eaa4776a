"""Few sound tiles made more: altered copies of each, drawn anew from their seeds at every walk, so that memory does not grow.

The ITk slides learn from 10 tiles this way. The copies only teach: no threshold is ever set on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from padscope.datasets.augment import augmented, seed_of
from padscope.types import Tiles, TileSource

FLIPS = ((2,), (1,), (1, 2))
"""Axes of (channels, rows, columns): left and right, top and bottom, both."""


class MoreTiles:
    """A TileSource: every batch of another one, then `copies` altered ones of it."""

    def __init__(self, source: TileSource, copies: int, *, seed: int) -> None:
        self._source = source
        self._copies = copies
        self._seed = seed

    def __len__(self) -> int:
        return len(self._source) * (1 + self._copies)

    def __iter__(self) -> Iterator[Tiles]:
        for number, tiles in enumerate(self._source):
            yield tiles
            ways = WAYS if tiles.places is None and tiles.inside.shape[1] == tiles.inside.shape[2] else WAYS[:-1]
            for copy in range(self._copies):
                yield ways[copy % len(ways)](tiles, seed_of(self._seed, number, copy))


def flipped(tiles: Tiles, seed: int) -> Tiles:
    """All mirrored along the same axes; a place travels with its metal."""
    axes = FLIPS[seed % len(FLIPS)]
    back = tuple(a - 1 for a in axes)
    return Tiles(
        np.stack([np.flip(p, axes) for p in tiles.pixels]),
        np.stack([np.flip(i, back) for i in tiles.inside]),
        tiles.names,
        None if tiles.places is None else np.stack([np.flip(p, axes) for p in tiles.places]),
    )


def with_other_contrast(tiles: Tiles, seed: int) -> Tiles:
    return _altered(tiles, "contrast", seed)


def cropped(tiles: Tiles, seed: int) -> Tiles:
    """Square tiles without places only: a crop, enlarged, is another part of the same."""
    return _altered(tiles, "crop", seed)


WAYS: tuple[Callable[[Tiles, int], Tiles], ...] = (flipped, with_other_contrast, cropped)
"""Taken in turns: what a microscope may show of the same metal on another day."""


def _altered(tiles: Tiles, way: str, seed: int) -> Tiles:
    pixels, insides = [], []
    for k, (own, inside) in enumerate(zip(tiles.pixels, tiles.inside, strict=True)):
        eight_bit = np.rint(np.moveaxis(own, 0, -1) * 255).astype(np.uint8)
        new, where = augmented(way, eight_bit, inside, seed + k, removed=False)
        pixels.append(np.moveaxis(new, -1, 0).astype(np.float32) / np.float32(255))
        insides.append(where)
    return Tiles(np.stack(pixels), np.stack(insides), tiles.names, tiles.places)
