"""Pictures made easier to look at. For the eye only: what is measured or inspected is always the picture itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from padscope.pictures.source import Pixels

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
TO_YCC = np.array([[0.299, 0.587, 0.114], [0.5, -0.419, -0.081], [-0.169, -0.331, 0.5]], np.float32)
FROM_YCC = np.linalg.inv(TO_YCC).astype(np.float32)
BINS = 256
MEDIAN_TO_SIGMA = 0.6745  # of the absolute values of a normal distribution
Plane = NDArray[np.floating[Any]]


def equalise(pixels: Pixels, clip: float = 2.0, tiles: int = 8) -> Pixels:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994) of the luminance; colours keep their ratios.

    (h, w, 3) uint8 or uint16 in and out. `clip`: how much steeper than even a histogram may become (1 changes little, 4 a lot);
    `tiles` x `tiles` regions have a histogram of their own, between whose curves is interpolated.
    """
    top = np.iinfo(pixels.dtype).max
    bins = pixels.astype(np.float32) @ LUMINANCE * ((BINS - 1) / top)  # (h, w) in [0, 255]
    curves = np.stack([_curve(bins[box], clip) for box in _tile_slices(bins.shape, tiles)]).reshape(tiles, tiles, BINS)
    gain = (_mapped(bins, curves) + 1e-3) / (bins + 1e-3)
    return np.rint(np.clip(pixels * gain[..., None], 0, top)).astype(pixels.dtype)


def _tile_slices(shape: tuple[int, ...], tiles: int) -> list[tuple[slice, slice]]:
    """Row by row; a picture smaller than the tiling gives its nearest pixels to several tiles."""
    rows, cols = (
        [slice(k * n // tiles, max((k + 1) * n // tiles, k * n // tiles + 1)) for k in range(tiles)] for n in shape
    )
    return [(r, c) for r in rows for c in cols]


def _curve(bins: Plane, clip: float) -> Plane:
    """(256,): new luminance of each old one, from the histogram whose excess over `clip` times even is spread over all bins."""
    counts = np.bincount(np.rint(bins).astype(np.int64).ravel(), minlength=BINS)[:BINS] / bins.size
    excess = np.maximum(counts - clip / BINS, 0).sum()
    limited = np.minimum(counts, clip / BINS) + excess / BINS
    curve: Plane = np.cumsum(limited).astype(np.float32) * (BINS - 1)
    return curve


def _mapped(bins: Plane, curves: Plane) -> Plane:
    """Each pixel through the curves of the four tiles around it, weighted by nearness (bilinear), between whole bins linear."""
    below = np.minimum(bins.astype(np.int64), BINS - 2)
    part = bins - below
    (row, row_part), (col, col_part) = (_between_tiles(n, len(curves)) for n in bins.shape)
    out = np.zeros_like(bins)
    tiles = len(curves)
    for dy in (0, 1):
        for dx in (0, 1):
            tile = np.minimum(row + dy, tiles - 1)[:, None] * tiles + np.minimum(col + dx, tiles - 1)
            low, high = (np.take(curves, tile * BINS + below + k) for k in (0, 1))
            weight = np.abs(1 - dy - row_part)[:, None] * np.abs(1 - dx - col_part)
            out += weight * (low + part * (high - low))
    return out


def _between_tiles(length: int, tiles: int) -> tuple[NDArray[np.int64], Plane]:
    """Of every pixel: the tile whose middle lies before it, and how far it is towards the next one's, in [0, 1]."""
    at = np.clip((np.arange(length) + 0.5) * tiles / length - 0.5, 0, tiles - 1)
    tile = np.minimum(at.astype(np.int64), tiles - 1)
    return tile, (at - tile).astype(np.float32)


def denoise(pixels: Pixels, strength: float = 1.0, levels: int = 4) -> Pixels:
    """Noise removed by shrinking undecimated Haar wavelet coefficients (Coifman & Donoho 1995) with a threshold from the noise and
    the detail of each band (BayesShrink: Chang, Yu & Vetterli 2000, eq. 12), in luminance and two colour differences.

    (h, w, 3) uint8 or uint16 in and out; `strength` multiplies the thresholds, 0 changes nothing. Edges stay where they are.
    """
    if strength == 0:
        return pixels.copy()
    planes = pixels.astype(np.float32) @ TO_YCC.T
    clean = np.stack([_shrink(planes[..., k], strength, levels) for k in range(3)], axis=-1)
    top = np.iinfo(pixels.dtype).max
    return np.rint(np.clip(clean @ FROM_YCC.T, 0, top)).astype(pixels.dtype)


def noise_sigma(plane: Plane) -> float:
    """Standard deviation of the noise, from the median of the finest diagonal details (Donoho & Johnstone 1994)."""
    _, (_, _, diagonal) = haar_split(plane, 1)
    return float(np.median(np.abs(diagonal)) / MEDIAN_TO_SIGMA * 2)  # a mean of four values halves the noise


def haar_split(plane: Plane, spacing: int) -> tuple[Plane, tuple[Plane, Plane, Plane]]:
    """One level of the undecimated Haar transform with pixels `spacing` apart: (coarse, (along x, along y, diagonal)), all of the
    plane's size; beyond its edges the outermost pixels are repeated. `haar_join` is its inverse."""
    low, high = _split(plane, spacing, axis=1)
    coarse, along_y = _split(low, spacing, axis=0)
    along_x, diagonal = _split(high, spacing, axis=0)
    return coarse, (along_x, along_y, diagonal)


def haar_join(coarse: Plane, details: tuple[Plane, Plane, Plane], spacing: int) -> Plane:
    along_x, along_y, diagonal = details
    low = _join(coarse, along_y, spacing, axis=0)
    return _join(low, _join(along_x, diagonal, spacing, axis=0), spacing, axis=1)


def _shrink(plane: Plane, strength: float, levels: int) -> Plane:
    sigma = noise_sigma(plane)
    kept = []
    for level in range(levels):
        coarse, details = haar_split(plane, 2**level)
        noise = sigma / 2 ** (level + 1)  # every level averages four independent values
        kept.append(tuple(_soft(band, strength * _bayes_threshold(band, noise)) for band in details))
        plane = coarse
    for level in reversed(range(levels)):
        plane = haar_join(plane, kept[level], 2**level)  # type: ignore[arg-type]
    return plane


def _bayes_threshold(band: Plane, noise: float) -> float:
    signal = float(np.sqrt(max(float(np.mean(np.square(band))) - noise**2, 0.0)))
    return noise**2 / signal if signal > 1e-3 * noise and signal > 0 else float(np.abs(band).max(initial=0.0))


def _soft(band: Plane, threshold: float) -> Plane:
    return np.sign(band) * np.maximum(np.abs(band) - threshold, 0)


def _split(plane: Plane, spacing: int, axis: int) -> tuple[Plane, Plane]:
    """(mean, half difference) of each value and the one `spacing` after it."""
    length = plane.shape[axis]
    following = np.take(plane, np.minimum(np.arange(spacing, length + spacing), length - 1), axis=axis)
    return (plane + following) / 2, (plane - following) / 2


def _join(mean: Plane, half: Plane, spacing: int, axis: int) -> Plane:
    """Each value is known twice, from its own pair and from that of the value before; both count the same."""
    own = mean + half
    out, before = np.moveaxis(own, axis, 0), np.moveaxis(mean - half, axis, 0)
    out[spacing:] = (out[spacing:] + before[:-spacing]) / 2
    return own
