"""Blemishes drawn on sound tiles, so that a detector can learn what damage does to embeddings without ever seeing any.

Where: level sets of smooth noise (as Perlin noise in DRÆM, Zavrtanik et al. 2021, eq. 1–2): peaks make spots, broad peaks
patches, narrow bands around a level make lines; all stretched and turned at random. What: darker, brighter, grainy, another
tile's surface (so nothing is downloaded), or the tile's own surface displaced; blended with the sound one. Nothing here knows
what the defects of any data set look like.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.types import Floats, Mask, Tiles

Draw = np.random.Generator
PX_PER_BLEMISH = 65_536
"""Metal per blemish (256 × 256 px). Five times as many teach less: then a blemish's surroundings are blemished too."""
LARGEST_SHARE = 0.3
"""Of the metal that one blemish covers; beyond that the sound metal would be the odd one."""
LEAST_PX = 16
VISIBLE = 0.02
"""Change of brightness from which a pixel counts as blemished."""
TRIES = 8


def blemished(tiles: Tiles, draw: Draw) -> tuple[Floats, Mask]:
    """The pixels (N, 3, H, W) of the tiles with blemishes on each, and where they show (N, H, W)."""
    donors = draw.permutation(len(tiles))
    drawn = []
    for pixels, donor, inside in zip(tiles.pixels, tiles.pixels[donors], tiles.inside, strict=True):
        shows = np.zeros_like(inside)
        for _ in range(1 + int(inside.sum()) // PX_PER_BLEMISH):
            pixels, more = with_blemish(pixels, donor, inside, draw)
            shows |= more
        drawn.append((pixels, shows))
    return np.stack([d[0] for d in drawn]), np.stack([d[1] for d in drawn])


def with_blemish(pixels: Floats, donor: Floats, inside: Mask, draw: Draw) -> tuple[Floats, Mask]:
    """One tile (3, H, W) with a blemish that shows inside, or as it is if none does in a few tries."""
    for _ in range(TRIES):
        opacity = outline(inside.shape, draw) * np.float32(draw.uniform(0.5, 1))
        covered = np.count_nonzero((opacity > 0.15) & inside)
        if not LEAST_PX <= covered <= LARGEST_SHARE * np.count_nonzero(inside):
            continue
        surface = SURFACES[draw.choice(len(SURFACES), p=SURFACE_SHARES)](pixels, donor, draw)
        after = np.clip(pixels + opacity * (surface - pixels), 0, 1).astype(np.float32)
        shows = (opacity > 0.15) & (np.abs(after - pixels).mean(axis=0) > VISIBLE)
        if np.count_nonzero(shows & inside) >= LEAST_PX:
            return after, shows
    return pixels, np.zeros_like(inside)


def outline(shape: tuple[int, ...], draw: Draw) -> NDArray[np.float32]:
    """Opacity in [0, 1] of a blemish, (H, W)."""
    return OUTLINES[draw.choice(len(OUTLINES), p=OUTLINE_SHARES)](shape, draw).astype(np.float32)


def spots(shape: tuple[int, ...], draw: Draw) -> Floats:
    size = log_uniform(draw, 3, 14)
    peaks = smooth_noise(shape, size, 0.5, draw) - draw.uniform(1.8, 2.8)
    return np.clip(peaks * size * 0.4 + 0.5, 0, 1) * somewhere(shape, draw)


def patch(shape: tuple[int, ...], draw: Draw) -> Floats:
    size = log_uniform(draw, 16, 60)
    ragged = smooth_noise(shape, size, 0.5, draw) + 0.15 * smooth_noise(shape, size / 3, 0.2, draw)
    return np.clip((ragged - draw.uniform(0.8, 2)) * log_uniform(draw, 0.8, 12) + 0.5, 0, 1)


def lines(shape: tuple[int, ...], draw: Draw) -> Floats:
    size = draw.uniform(15, 60)
    half_width = draw.uniform(0.6, 2.2) / size
    off_level = np.abs(smooth_noise(shape, size, 0.7, draw) - draw.uniform(-1, 1))
    whole = np.clip((half_width - off_level) / half_width * 1.5, 0, 1)
    broken = np.clip((smooth_noise(shape, draw.uniform(20, 60), 0.2, draw) - draw.uniform(0, 1)) * 3, 0, 1)
    return whole * broken * somewhere(shape, draw)


def darker(pixels: Floats, donor: Floats, draw: Draw) -> Floats:
    return pixels * draw.uniform(0.2, 0.85)


def brighter(pixels: Floats, donor: Floats, draw: Draw) -> Floats:
    return pixels * draw.uniform(1.12, 1.6)


def grainy(pixels: Floats, donor: Floats, draw: Draw) -> Floats:
    grain = cv2.GaussianBlur(draw.standard_normal(pixels.shape[1:], dtype=np.float32), (0, 0), draw.uniform(0.6, 3))
    return pixels * (1 + draw.uniform(-0.25, 0.1) + grain * (draw.uniform(0.08, 0.3) / grain.std()))


def foreign(pixels: Floats, donor: Floats, draw: Draw) -> Floats:
    turned = np.flip(donor, axis=int(draw.integers(1, 3)))
    return turned * (pixels.mean() / max(float(turned.mean()), 1e-3) * draw.uniform(0.7, 1.1))


def displaced(pixels: Floats, donor: Floats, draw: Draw) -> Floats:
    by = tuple(int(x) for x in draw.integers(5, 30, size=2))
    return np.roll(pixels, by, axis=(1, 2)) * draw.uniform(0.8, 1.1)


Surface = Callable[[Floats, Floats, Draw], Floats]

OUTLINES: tuple[Callable[..., Floats], ...] = (spots, patch, lines)
OUTLINE_SHARES = (0.4, 0.25, 0.35)
SURFACES: tuple[Surface, ...] = (darker, brighter, grainy, foreign, displaced)
SURFACE_SHARES = (0.4, 0.15, 0.2, 0.15, 0.1)


def somewhere(shape: tuple[int, ...], draw: Draw) -> Floats:
    """1 in some regions, 0 elsewhere, so that not the whole tile is covered with spots or lines."""
    return (smooth_noise(shape, draw.uniform(30, 120), 0.3, draw) > draw.uniform(-0.5, 1)).astype(np.float32)


def smooth_noise(shape: tuple[int, ...], size: float, stretch: float, draw: Draw) -> NDArray[np.float32]:
    """Noise (H, W) of unit deviation whose features are about `size` px, stretched by up to e^stretch along a random
    direction: cubic interpolation of white noise on a turned grid."""
    height, width = shape
    along = math.exp(draw.uniform(-stretch, stretch))
    angle = draw.uniform(0, math.pi)
    cos, sin = math.cos(angle), math.sin(angle)  # plain floats leave float32 arrays what they are
    count = max(int(1.5 * max(shape) / size), 4)
    lattice = draw.standard_normal((count + 4, count + 4), dtype=np.float32)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x, y = x - width / 2, y - height / 2
    u = (cos * x - sin * y) * (along / size) + count / 2
    v = (sin * x + cos * y) / (along * size) + count / 2
    noise = cv2.remap(lattice, u % (count + 3), v % (count + 3), cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(noise / max(float(noise.std()), 1e-6), dtype=np.float32)


def log_uniform(draw: Draw, low: float, high: float) -> float:
    return math.exp(draw.uniform(math.log(low), math.log(high)))
