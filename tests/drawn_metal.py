"""Tiles of metal that we draw ourselves: brushed, grainy, unevenly lit; and the same with a blemish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from padscope.types import Tiles


@dataclass(frozen=True)
class ListedTiles:
    """A TileSource of batches that are there already."""

    batches: tuple[Tiles, ...]

    def __len__(self) -> int:
        return sum(len(b) for b in self.batches)

    def __iter__(self) -> Iterator[Tiles]:
        return iter(self.batches)


def metal(count: int, *, seed: int, height: int = 64, width: int = 64) -> Tiles:
    """Sound tiles; a rim of 8 px counts as outside."""
    noise = np.random.default_rng(seed)
    brushed = gaussian_filter(noise.normal(size=(count, height, width)), (0, 0.7, 6)) * 0.08
    light = gaussian_filter(noise.normal(size=(count, height, width)), (0, 24, 24)) * 0.6
    grey = np.clip(0.55 + brushed + light + noise.normal(scale=0.01, size=brushed.shape), 0, 1)
    pixels = np.repeat(grey[:, None], 3, axis=1).astype(np.float32)
    inside = np.zeros((count, height, width), dtype=bool)
    inside[:, 8:-8, 8:-8] = True
    v, u = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    places = np.repeat(np.stack([u, v])[None], count, axis=0).astype(np.float32)
    return Tiles(pixels, inside, tuple(f"drawn/{seed}-{i}" for i in range(count)), places)


def with_pit(tiles: Tiles, *, row: int, column: int, radius: float = 5.0) -> Tiles:
    """The same tiles, each with a dark pit there."""
    y, x = np.ogrid[: tiles.pixels.shape[2], : tiles.pixels.shape[3]]
    depth = np.clip(radius - np.hypot(y - row, x - column), 0, 1)
    return Tiles((tiles.pixels * (1 - 0.8 * depth)).astype(np.float32), tiles.inside, tiles.names, tiles.places)


def split(tiles: Tiles, *sizes: int) -> ListedTiles:
    """The tiles as batches of these sizes."""
    ends = np.cumsum(sizes)
    return ListedTiles(tuple(part(tiles, slice(e - n, e)) for e, n in zip(ends, sizes, strict=True)))


def part(tiles: Tiles, where: slice) -> Tiles:
    places = None if tiles.places is None else tiles.places[where]
    return Tiles(tiles.pixels[where], tiles.inside[where], tiles.names[where], places)
