"""What every detector refuses, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psutil

from padscope.errors import DetectorError
from padscope.tiling import ALIGN
from padscope.types import Tiles, TileSource

AT_LEAST = 2
"""Sound tiles without which nothing is known of how sound metal varies."""
FLAT = 1 / 512
"""Half a step of 8 bit: pixels that differ by less are one colour."""


def checked(tiles: Tiles) -> Tiles:
    """The tiles themselves, or DetectorError naming the first that no detector can look at."""
    shape = tiles.pixels.shape
    if shape[1] != 3:
        raise DetectorError(f"Tile {tiles.names[0]} has {shape[1]} channels; convert its picture to RGB (3 channels).")
    if shape[2] % ALIGN or shape[3] % ALIGN:
        raise DetectorError(
            f"Tile {tiles.names[0]} is {shape[3]} × {shape[2]} px; width and height must be multiples of {ALIGN}."
        )
    if tiles.inside.shape != (shape[0], *shape[2:]):
        raise DetectorError(f"Tile {tiles.names[0]} and its mask differ in size; cut both from the same box.")
    if not np.isfinite(tiles.pixels).all():
        bad = next(n for n, p in zip(tiles.names, tiles.pixels, strict=True) if not np.isfinite(p).all())
        raise DetectorError(f"Tile {bad} has pixels that are not numbers; read its picture again.")
    return tiles


def sound_batches(source: TileSource, *, at_least: int) -> Iterator[tuple[int, Tiles]]:
    """(tiles so far, batch) of all batches, checked; in the end DetectorError if there was too little to learn from."""
    count, varied = 0, False
    for tiles in source:
        if len(tiles) == 0:
            continue
        checked(tiles)
        with_metal = tiles.inside.any(axis=(1, 2))
        count += int(with_metal.sum())
        for pixels, inside in zip(tiles.pixels[with_metal], tiles.inside[with_metal], strict=True):
            varied = varied or bool((np.ptp(pixels[:, inside], axis=1) > FLAT).any())
        yield count, tiles
    if count < at_least:
        raise DetectorError(
            f"There are only {count} sound tiles with metal on them; a detector needs at least {at_least} to learn from."
        )
    if not varied:
        raise DetectorError(
            "Every tile is of one single colour, so there is nothing to learn; check the exposure of the pictures and the pose."
        )


def refuse_too_large(needed_bytes: int, what: str, remedy: str) -> None:
    """DetectorError if this much memory is not there now."""
    free = psutil.virtual_memory().available
    if needed_bytes > free:
        raise DetectorError(
            f"{what} needs {needed_bytes / 2**30:.1f} GiB of memory but only {free / 2**30:.1f} GiB are free; {remedy}."
        )
