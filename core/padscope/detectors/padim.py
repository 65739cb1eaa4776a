"""PaDiM: a Gaussian of sound embeddings for every place, and the Mahalanobis distance to it as heat.

Defard et al., “PaDiM: a Patch Distribution Modeling Framework for Anomaly Detection and Localization”, ICPR 2021 (thesis
8.3.2, appendix B). A place is a bin of the pad's own coordinates, so pads of all sizes and pictures can share a model; the
paper's places are pixels of one picture size. Covariances are streamed: no embedding outlives its batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from padscope.configs import PadimConfig
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
from padscope.detectors.checks import checked, refuse_too_large
from padscope.detectors.smoothing import blurred
from padscope.errors import ModelError
from padscope.nets.backbone import HALO_PX, Backbone
from padscope.nets.choice import backbone_of
from padscope.stats.gaussian import Moments, cholesky, mahalanobis, of_all
from padscope.stats.projection import random_choice
from padscope.types import Floats, Mask, Progress, Tiles, TileSource, Work

ROWS_PER_DIMENSION = 2
"""A place that saw fewer cells than this times its dimensions takes the Gaussian of all places."""


@dataclass(frozen=True, eq=False)
class Padim:
    """A fitted PaDiM; P places, K of the backbone's dimensions."""

    name: ClassVar[str] = "padim"
    family: ClassVar[str] = "memory bank"
    version: ClassVar[int] = 1
    Config: ClassVar[type] = PadimConfig
    stride: ClassVar[int] = 8
    halo: ClassVar[int] = HALO_PX

    config: PadimConfig
    backbone: Backbone
    chosen: Tensor  # (K,) indices of dimensions
    mean: Tensor  # (P, K) float32
    factor: Tensor  # (P, K, K) float32, lower triangular: Σ = L Lᵀ

    @classmethod
    def fit(cls, config: PadimConfig, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        backbone = backbone_of(config, device)
        chosen = random_choice(sum(backbone.channels), config.dimensions, seed=seed).to(backbone.device)
        places = config.along * config.across
        size = 8 * len(chosen) ** 2 * places
        refuse_too_large(
            3 * size, f"PaDiM with {places} places of {len(chosen)} dimensions", "lower dimensions or along"
        )
        binned = partial(chosen_rows, config, backbone, chosen)
        moments = yield from moments_by_place(source, binned, places, len(chosen), "embeddings")
        yield Progress(0, places, "covariances")
        mean, factor = gaussians(moments, config.epsilon)
        return cls(config, backbone, chosen, mean, factor)

    def score(self, tiles: Tiles) -> Floats:
        rows, bins, inside = chosen_rows(self.config, self.backbone, self.chosen, checked(tiles))
        distances = torch.zeros(len(rows), device=rows.device)
        for place in bins.unique().tolist():
            here = bins == place
            distances[here] = mahalanobis(rows[here], self.mean[place], self.factor[place])
        heat = np.zeros(inside.shape, dtype=np.float32)
        heat[inside] = distances.cpu().numpy()
        return blurred(heat, inside, self.config.blur)

    def to_arrays(self) -> Arrays:
        return {
            "chosen": self.chosen.cpu().numpy(),
            "mean": self.mean.cpu().numpy(),
            "factor": self.factor.cpu().numpy(),
            "backbone_sha256": hash_array(self.backbone),
        }

    @classmethod
    def from_arrays(cls, config: PadimConfig, arrays: Arrays, *, device: str) -> Self:
        backbone = backbone_of(config, device)
        if not {"chosen", "mean", "factor"} <= arrays.keys():
            raise ModelError("The model holds no Gaussians; train it again.")
        chosen, mean, factor = (arrays[name] for name in ("chosen", "mean", "factor"))
        k, places = len(chosen), config.along * config.across
        fits = mean.shape == (places, k) and factor.shape == (places, k, k)
        if not (fits and np.isfinite(factor).all() and chosen.min() >= 0 and chosen.max() < sum(backbone.channels)):
            raise ModelError("The model's Gaussians contradict its settings; train it again.")
        refuse_other_weights(backbone, arrays.get("backbone_sha256"))
        on_device = (torch.from_numpy(np.array(a)).to(device) for a in (chosen, mean, factor))
        return cls(config, backbone, *on_device)


def chosen_rows(config: PadimConfig, backbone: Backbone, chosen: Tensor, tiles: Tiles) -> tuple[Tensor, Tensor, Mask]:
    """Rows (M, K) of the cells that hold metal, their places (M,), and the mask (N, h, w) of those cells."""
    grid, inside = embedded(backbone, tiles, config.neighbourhood)
    bins = place_bins(place_of_cells(tiles, inside), config.along, config.across)
    return rows_of(grid[:, chosen], inside), torch.from_numpy(bins).to(grid.device), inside


def gaussians(moments: list[Moments], epsilon: float) -> tuple[Tensor, Tensor]:
    """Means (P, K) and Cholesky factors (P, K, K), float32, of Σ + ε I (PaDiM eq. 1)."""
    overall = of_all(moments)
    least = ROWS_PER_DIMENSION * len(overall.mean)
    used = [m if m.count >= least else overall for m in moments]
    ridge = epsilon * torch.eye(len(overall.mean), dtype=torch.float64, device=overall.mean.device)
    common = cholesky(overall.covariance + ridge)
    factors = [common if m is overall else cholesky(m.covariance + ridge) for m in used]
    return torch.stack([m.mean for m in used]).float(), torch.stack(factors).float()
