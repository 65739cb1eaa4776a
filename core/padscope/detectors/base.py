"""The contract every detector keeps (`tests/detectors/test_contract.py` holds the whole registry to it).

A detector exists only fitted: `fit` is a work that yields its progress and returns the detector; until then there is none.
It sees tiles and returns heat; it knows no file, no board, no threshold.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from padscope.types import Floats, Tiles, TileSource, Work

Arrays = dict[str, NDArray[np.generic]]


class Detector(Protocol):
    """A fitted anomaly model.

    `stride` px of the tile lie between neighbouring cells of its heat; cell (i, j) covers rows [i·stride, (i + 1)·stride).
    """

    name: ClassVar[str]
    family: ClassVar[str]
    version: ClassVar[int]  # counts up whenever old arrays would no longer give the same heat
    Config: ClassVar[type]
    stride: ClassVar[int]
    halo: ClassVar[int]  # px of context a tile needs around what is scored for its heat not to feel the tile's edge

    @classmethod
    def fit(cls, config: object, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        """Learn what sound metal looks like. DetectorError where the tiles cannot be learned from; same seed, same model."""
        ...

    def score(self, tiles: Tiles) -> Floats:
        """Heat (N, H / stride, W / stride) float32, ≥ 0, higher is worse; cells with nothing `inside` may hold anything finite."""
        ...

    def to_arrays(self) -> Arrays:
        """Everything learned, for safetensors; with `config` it is the whole detector."""
        ...

    @classmethod
    def from_arrays(cls, config: object, arrays: Arrays, *, device: str) -> Self: ...

    @property
    def config(self) -> object: ...
