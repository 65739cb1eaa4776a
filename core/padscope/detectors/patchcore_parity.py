"""PatchCore as one of the two public implementations computes it, for comparisons (`parity` says how they differ).

As they do, it holds all embeddings while it learns: memory grows with the number of tiles. Use `patchcore` for work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from padscope.configs import PatchcoreParityConfig
from padscope.detectors import parity
from padscope.detectors.base import Arrays
from padscope.detectors.cells import hash_array, refuse_other_weights, rows_of
from padscope.detectors.checks import AT_LEAST, checked, refuse_too_large, sound_batches
from padscope.errors import ModelError, UsageError
from padscope.nets.backbone import HALO_PX, Backbone
from padscope.nets.choice import backbone_of
from padscope.stats.neighbors import Neighbors, neighbors_of
from padscope.tiling import CELL, cells_inside
from padscope.types import Floats, Mask, Progress, Tiles, TileSource, Work


@dataclass(frozen=True, slots=True)
class Implementation:
    """What differs between the two."""

    embeddings: Callable[[list[Tensor]], Tensor]
    coreset: Callable[..., Work[Tensor]]
    heat: Callable[[Tensor], Tensor]  # of the distance to the nearest entry
    numbers: Callable[[tuple[int, ...]], int]  # of an embedding, from the channels of the levels


IMPLEMENTATIONS: dict[str, Implementation] = {
    "amazon": Implementation(
        parity.amazon_embeddings, parity.amazon_coreset, torch.square, lambda channels: parity.NUMBERS
    ),
    "anomalib": Implementation(parity.anomalib_embeddings, parity.anomalib_coreset, torch.clone, sum),
}


@dataclass(frozen=True, eq=False)
class PatchcoreParity:
    """A fitted PatchCore in one of two dialects; heat is neither blurred nor re-weighted."""

    name: ClassVar[str] = "patchcore_parity"
    family: ClassVar[str] = "memory bank"
    version: ClassVar[int] = 1
    Config: ClassVar[type] = PatchcoreParityConfig
    stride: ClassVar[int] = CELL
    halo: ClassVar[int] = HALO_PX

    config: PatchcoreParityConfig
    backbone: Backbone
    bank: Neighbors

    @classmethod
    def fit(cls, config: PatchcoreParityConfig, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        backbone, way = checked_backbone(config, device), IMPLEMENTATIONS[config.implementation]
        parts: list[Tensor] = []
        for done, tiles in sound_batches(source, at_least=AT_LEAST):
            parts.append(rows_and_cells(config, backbone, tiles)[0])
            held = sum(p.nbytes for p in parts) * len(source) // max(done, 1)
            refuse_too_large(
                2 * held - sum(p.nbytes for p in parts), "All embeddings at once", "take the detector patchcore"
            )
            yield Progress(min(done, len(source)), len(source), "embeddings")
        rows = torch.cat(parts)
        del parts
        chosen = yield from way.coreset(rows, max(int(len(rows) * config.share), 1), seed=seed)
        return cls(config, backbone, neighbors_of(rows[chosen]))

    def score(self, tiles: Tiles) -> Floats:
        rows, inside = rows_and_cells(self.config, self.backbone, checked(tiles))
        heat = np.zeros(inside.shape, dtype=np.float32)
        distances = self.bank.nearest(rows)[0][:, 0]
        heat[inside] = IMPLEMENTATIONS[self.config.implementation].heat(distances).cpu().numpy()
        return heat

    def picture_scores(self, tiles: Tiles) -> Floats:
        """(N,) as the implementation scores whole pictures; tiles without metal score 0."""
        if self.config.implementation == "amazon":
            return self.score(tiles).max(axis=(1, 2))
        rows, inside = rows_and_cells(self.config, self.backbone, checked(tiles))
        per_tile = rows.split(inside.sum(axis=(1, 2)).tolist())
        return np.array([parity.anomalib_score(own, self.bank) if len(own) else 0.0 for own in per_tile], np.float32)

    def to_arrays(self) -> Arrays:
        return {"bank": self.bank.bank.cpu().numpy(), "backbone_sha256": hash_array(self.backbone)}

    @classmethod
    def from_arrays(cls, config: PatchcoreParityConfig, arrays: Arrays, *, device: str) -> Self:
        backbone, bank = checked_backbone(config, device), arrays.get("bank")
        numbers = IMPLEMENTATIONS[config.implementation].numbers(backbone.channels)
        if bank is None or bank.ndim != 2 or bank.shape[1] != numbers or not np.isfinite(bank).all():
            raise ModelError("The model holds no usable bank of embeddings; train it again.")
        refuse_other_weights(backbone, arrays.get("backbone_sha256"))
        return cls(config, backbone, neighbors_of(torch.from_numpy(np.array(bank, dtype=np.float32)).to(device)))


def checked_backbone(config: PatchcoreParityConfig, device: str) -> Backbone:
    """UsageError where the finest level does not lie on the cells of heat: both implementations work on its grid."""
    backbone = backbone_of(config, device)
    if backbone.strides[0] != CELL * backbone.scale:
        raise UsageError(
            f"The finest level of patchcore_parity must have a stride of {CELL} px of the picture; set levels to 8+16."
        )
    return backbone


def rows_and_cells(config: PatchcoreParityConfig, backbone: Backbone, tiles: Tiles) -> tuple[Tensor, Mask]:
    """Embeddings (M, D) of the cells that hold metal, and the mask (N, h, w) of those cells."""
    inside = cells_inside(tiles.inside)
    with torch.inference_mode():
        grid = IMPLEMENTATIONS[config.implementation].embeddings(backbone(torch.from_numpy(tiles.pixels)))
    return rows_of(grid, inside), inside
