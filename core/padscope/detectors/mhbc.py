"""MhBC-PatchCore: embeddings whitened by the covariance of sound metal, then a small bank of them (thesis 8.3.5).

One walk over the tiles streams mean and covariance (Welford/Chan, float64); shrinkage and Cholesky give L; a second walk
streams z = L⁻¹ (x - μ) into the bank, by k-center or by online k-means; heat is the distance to the nearest entry, k = 1, which
in the original space is a Mahalanobis distance. The setting `form` is the thesis's ablation (Table 8.3): `place` has a covariance
and a bank for every place of the pad, as the thesis (its places are pixels of one picture size); `one` has a single covariance
and bank, also the form of Mahalanobis PatchCore (arXiv 2605.27748: PCA 0.99, shrinkage 0.07, 1000 references); `none` does not
whiten, so that with online k-means it is the thesis's “cumulative k-means”.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from padscope.configs import MhbcConfig
from padscope.detectors.base import Arrays
from padscope.detectors.cells import (
    embedded,
    hash_array,
    moments_by_place,
    place_bins,
    place_of_cells,
    refuse_other_weights,
    rows_of,
)
from padscope.detectors.checks import AT_LEAST, checked, refuse_too_large, sound_batches
from padscope.detectors.smoothing import blurred
from padscope.errors import ModelError
from padscope.nets.backbone import HALO_PX, Backbone
from padscope.nets.choice import backbone_of
from padscope.stats import projection
from padscope.stats.coreset import Reservoir
from padscope.stats.gaussian import Moments, cholesky, of_all, projected, shrunk, whitened
from padscope.stats.kmeans import OnlineKMeans
from padscope.stats.neighbors import Neighbors, neighbors_of
from padscope.stats.projection import Projection
from padscope.types import Floats, Mask, Progress, Tiles, TileSource, Work

PORTION_ROWS = 50_000
"""Whitened rows of all places together that wait to be reduced."""
START_ROWS_PER_CENTROID = 8
"""Rows that online k-means sees before it chooses where to start."""
ROWS_PER_DIMENSION = 2
"""A place that saw fewer cells than this times its dimensions is whitened by the covariance of all places."""

PROJECTIONS: dict[str, Callable[[Moments, MhbcConfig, int], Projection]] = {
    "pca": lambda m, config, seed: projection.principal(m, config.keep),
    "sparse": lambda m, config, seed: projection.sparse_random(len(m.mean), config.dimensions, seed=seed),
    "dense": lambda m, config, seed: projection.dense_random(len(m.mean), config.dimensions, seed=seed),
    "none": lambda m, config, seed: projection.identity(len(m.mean)),
}


@dataclass(frozen=True, eq=False)
class Mhbc:
    """A fitted MhBC-PatchCore; P places (1 in the form `one`), K dimensions."""

    name: ClassVar[str] = "mhbc"
    family: ClassVar[str] = "memory bank"
    version: ClassVar[int] = 1
    Config: ClassVar[type] = MhbcConfig
    stride: ClassVar[int] = 8
    halo: ClassVar[int] = HALO_PX

    config: MhbcConfig
    backbone: Backbone
    projection: Projection
    mean: Tensor  # (P, K) float32
    factor: Tensor  # (P, K, K) float32
    banks: tuple[Neighbors, ...]  # P, of whitened rows

    @classmethod
    def fit(cls, config: MhbcConfig, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        backbone = backbone_of(config, device)
        places, d = places_of(config), sum(backbone.channels)
        refuse_too_large(
            memory_needed(config, d), f"MhBC with {places} places of {d} dimensions", "lower along, across or bank_size"
        )
        moments = yield from moments_by_place(source, partial(binned_rows, config, backbone), places, d, "covariance")
        reduction, mean, factor = whitening(moments, config, seed, backbone.device)
        growing = [_bank(config, seed) for _ in range(places)]
        for done, tiles in sound_batches(source, at_least=AT_LEAST):
            rows, bins, _ = binned_rows(config, backbone, tiles)
            for place in bins.unique().tolist():
                here = whitened(reduction(rows[bins == place]), mean[place], factor[place])
                yield from growing[place].add(here)
            yield Progress(min(done, len(source)), len(source), "bank")
        banks = []
        for i, bank in enumerate(growing):
            # A place that was never seen is compared with the mean of all places.
            entries = mean.new_zeros((1, mean.shape[1])) if bank.empty else (yield from bank.centres())
            banks.append(neighbors_of(entries))
            yield Progress(i + 1, places, "banks")
        return cls(config, backbone, reduction, mean, factor, tuple(banks))

    def score(self, tiles: Tiles) -> Floats:
        rows, bins, inside = binned_rows(self.config, self.backbone, checked(tiles))
        distances = torch.zeros(len(rows), device=rows.device)
        reduced = self.projection(rows)
        for place in bins.unique().tolist():
            here = bins == place
            z = whitened(reduced[here], self.mean[place], self.factor[place])
            distances[here] = self.banks[place].nearest(z)[0][:, 0]
        heat = np.zeros(inside.shape, dtype=np.float32)
        heat[inside] = distances.cpu().numpy()
        return blurred(heat, inside, self.config.blur)

    def to_arrays(self) -> Arrays:
        return {
            "origin": self.projection.origin.cpu().numpy(),
            "basis": self.projection.basis.cpu().numpy(),
            "mean": self.mean.cpu().numpy(),
            "factor": self.factor.cpu().numpy(),
            "banks": torch.cat([b.bank for b in self.banks]).cpu().numpy(),
            "bank_sizes": np.array([len(b.bank) for b in self.banks], dtype=np.int64),
            "backbone_sha256": hash_array(self.backbone),
        }

    @classmethod
    def from_arrays(cls, config: MhbcConfig, arrays: Arrays, *, device: str) -> Self:
        backbone = backbone_of(config, device)
        names = ("origin", "basis", "mean", "factor", "banks", "bank_sizes")
        if not set(names) <= arrays.keys():
            raise ModelError("The model holds no whitened banks; train it again.")
        origin, basis, mean, factor, banks, sizes = (torch.from_numpy(np.array(arrays[n])).to(device) for n in names)
        k, places = basis.shape[-1], places_of(config)
        fits = (
            origin.shape == (sum(backbone.channels),) and basis.shape == (len(origin), k) and mean.shape == (places, k)
        )
        fits = fits and factor.shape == (places, k, k) and len(sizes) == places and banks.shape == (int(sizes.sum()), k)
        if not (fits and all(torch.isfinite(x).all() for x in (basis, mean, factor, banks))):
            raise ModelError("The model's whitened banks contradict its settings; train it again.")
        refuse_other_weights(backbone, arrays.get("backbone_sha256"))
        split = tuple(neighbors_of(entries) for entries in banks.split(sizes.tolist()))
        return cls(config, backbone, Projection(origin, basis), mean, factor, split)


def places_of(config: MhbcConfig) -> int:
    return config.along * config.across if config.form == "place" else 1


def binned_rows(config: MhbcConfig, backbone: Backbone, tiles: Tiles) -> tuple[Tensor, Tensor, Mask]:
    """Embeddings (M, D) of the cells that hold metal, their places (M,), and the mask (N, h, w) of those cells."""
    grid, inside = embedded(backbone, tiles, config.neighbourhood)
    if config.form != "place":
        bins = np.zeros(int(inside.sum()), dtype=np.int64)
    else:
        bins = place_bins(place_of_cells(tiles, inside), config.along, config.across)
    return rows_of(grid, inside), torch.from_numpy(bins).to(grid.device), inside


def whitening(
    moments: list[Moments], config: MhbcConfig, seed: int, device: torch.device
) -> tuple[Projection, Tensor, Tensor]:
    """The projection, and per place mean (P, K) and Cholesky factor (P, K, K) in its space: moments are projected, not rows, so
    one walk over the tiles is enough."""
    overall = of_all(moments)
    reduction = PROJECTIONS[config.projection](overall, config, seed).to(device)
    least = ROWS_PER_DIMENSION * reduction.basis.shape[1]
    reduced = [projected(m if m.count >= least else overall, reduction.basis, reduction.origin) for m in moments]
    means = torch.stack([m.mean for m in reduced]).float()
    if config.form == "none":
        return reduction, means, torch.eye(means.shape[1], device=device)[None]
    factors = [cholesky(shrunk(m.covariance, config.shrinkage)) for m in reduced]
    return reduction, means, torch.stack(factors).float()


def memory_needed(config: MhbcConfig, dimensions: int) -> int:
    """Bytes: the scatters of all places three times over, and what the banks hold before they are reduced, with its union."""
    places = places_of(config)
    return places * (3 * 8 * dimensions**2 + 3 * 4 * _portion(config) * dimensions)


def _bank(config: MhbcConfig, seed: int) -> Reservoir | OnlineKMeans:
    size = _entries(config)
    if clustering_of(config) == "kmeans":
        return OnlineKMeans(size, START_ROWS_PER_CENTROID * size, seed=seed)
    return Reservoir(size, _portion(config), seed=seed)


def clustering_of(config: MhbcConfig) -> str:
    """Unless it is set: coreset, and k-means where nothing is whitened, so that `form` alone runs the ablation of table 8.3."""
    if config.clustering != "auto":
        return config.clustering
    return "kmeans" if config.form == "none" else "coreset"


def _entries(config: MhbcConfig) -> int:
    """Of one place."""
    return max(config.bank_size // places_of(config), 1)


def _portion(config: MhbcConfig) -> int:
    return max(PORTION_ROWS // places_of(config), 2 * _entries(config))
