"""Blob baseline: what is darker or brighter than its surroundings (thesis 4.2, 7.1), the honest lower bar.

z = (smoothed - local background - mean) / standard deviation, mean and deviation learned from sound metal; the heat of a cell
is the largest |z| on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from padscope.configs import BlobConfig
from padscope.detectors.base import Arrays
from padscope.detectors.checks import checked, sound_batches
from padscope.detectors.smoothing import blurred
from padscope.errors import ModelError
from padscope.tiling import cells_inside
from padscope.types import Floats, Progress, Tiles, TileSource, Work

AT_LEAST = 2
LEAST_DEVIATION = 1 / 4096
"""Of the deviation itself; keeps z finite on metal more even than any camera can show."""


@dataclass(frozen=True)
class Blob:
    """A fitted blob baseline."""

    name: ClassVar[str] = "blob"
    family: ClassVar[str] = "classical"
    version: ClassVar[int] = 1
    Config: ClassVar[type] = BlobConfig
    stride: ClassVar[int] = 8
    halo: ClassVar[int] = 64

    config: BlobConfig
    mean: float
    deviation: float

    @classmethod
    def fit(cls, config: BlobConfig, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        """`seed` and `device` change nothing: the two statistics are exact sums."""
        count, total, squares = 0, 0.0, 0.0
        for done, tiles in sound_batches(source, at_least=AT_LEAST):
            values = local_contrast(tiles, config.background, config.smoothing)[tiles.inside].astype(np.float64)
            count, total, squares = count + values.size, total + values.sum(), squares + np.square(values).sum()
            yield Progress(done, len(source), "statistics")
        mean = float(total) / count
        return cls(config, mean, max(math.sqrt(max(float(squares) / count - mean * mean, 0.0)), LEAST_DEVIATION))

    def score(self, tiles: Tiles) -> Floats:
        contrast = local_contrast(checked(tiles), self.config.background, self.config.smoothing)
        z = np.where(tiles.inside, np.abs(contrast - self.mean) / self.deviation, 0).astype(np.float32)
        n, h, w = z.shape
        worst = z.reshape(n, h // self.stride, self.stride, w // self.stride, self.stride).max(axis=(2, 4))
        return blurred(worst, cells_inside(tiles.inside, self.stride), self.config.blur)

    def to_arrays(self) -> Arrays:
        return {"mean": np.array([self.mean]), "deviation": np.array([self.deviation])}

    @classmethod
    def from_arrays(cls, config: BlobConfig, arrays: Arrays, *, device: str) -> Self:
        values = [arrays[name] for name in ("mean", "deviation") if name in arrays]
        if len(values) != 2 or not all(v.shape == (1,) and np.isfinite(v).all() for v in values) or values[1][0] <= 0:
            raise ModelError("The model holds no usable statistics of sound metal; train it again.")
        return cls(config, float(values[0][0]), float(values[1][0]))


def local_contrast(tiles: Tiles, background: float, smoothing: float) -> NDArray[np.float32]:
    """Brightness smoothed by one Gaussian minus brightness smoothed by a wider one, (N, H, W); sigmas in px."""
    grey = tiles.pixels.mean(axis=1)
    fine = gaussian_filter(grey, (0, smoothing, smoothing), truncate=3.0) if smoothing > 0 else grey
    return fine - gaussian_filter(grey, (0, background, background), truncate=3.0)
