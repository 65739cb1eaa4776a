"""PatchCore: a memory bank of sound embeddings, and the distance to the nearest one as heat.

Roth et al., “Towards Total Recall in Industrial Anomaly Detection”, CVPR 2022; thesis 8.3.3 (eq. 8.17, 8.18). Beside the bank
works a head that has seen drawn blemishes (`blemish_head`): it knows which directions away from the bank are damage. Its weight
is a compromise, set without test pictures: on 13 kinds of damage it was not taught, drawn on held-out sound metal, the image
AUROC was 0.80, 0.85, 0.85 at weights 0, 0.015, 0.03; on photographed damage of solar cells 0.968, 0.969, 0.964 (one kind of cell)
and 0.934, 0.930, 0.914 (another).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from padscope.configs import PatchcoreConfig
from padscope.detectors.bank_view import BankView, bank_view
from padscope.detectors.base import Arrays
from padscope.detectors.blemish_head import AROUND, Lessons, head_arrays, head_logits, head_of_arrays
from padscope.detectors.cells import embedded, hash_array, place_of_cells, refuse_other_weights, rows_of
from padscope.detectors.checks import checked, refuse_too_large, sound_batches
from padscope.detectors.place_habit import ACROSS, ALONG, Gathered, PlaceHabit
from padscope.detectors.smoothing import blurred
from padscope.errors import ModelError
from padscope.nets.backbone import HALO_PX
from padscope.nets.cell_head import CellHead
from padscope.stats.coreset import Reservoir
from padscope.stats.neighbors import Neighbors, neighbors_of
from padscope.tiling import CELL
from padscope.types import Floats, Mask, Progress, Tiles, TileSource, Work

AT_LEAST = 2
"""Sound tiles without which nothing is known of how sound metal varies."""
SOFTNESS = 8
"""The bend from "within the radius" to "beyond" is this part of the radius wide."""
LOGITS = (0.0, 30.0)
"""The head only raises distances, and within bounds: real damage looks other than drawn one, so what is far from the bank stays
hot whatever the head says."""
PORTION_BYTES = 256 << 20
"""Embeddings reduced together; up to here the coreset is the full greedy's."""


@dataclass(frozen=True, eq=False)
class Patchcore:
    """A fitted PatchCore; heat is the Euclidean distance (not squared) to the nearest embedding of the bank, times
    exp(head_weight · logit) where there is a head."""

    name: ClassVar[str] = "patchcore"
    family: ClassVar[str] = "memory bank"
    version: ClassVar[int] = 2
    Config: ClassVar[type] = PatchcoreConfig
    stride: ClassVar[int] = 8
    halo: ClassVar[int] = HALO_PX + AROUND // 2 * CELL

    config: PatchcoreConfig
    view: BankView  # the network, and what of its embeddings the bank is of
    neighbors: Neighbors
    head: CellHead | None  # of drawn blemishes; None where it is switched off or found nothing to learn
    around: Tensor  # (K, b): each bank entry's nearest others, itself first; b = 0 without re-weighting
    habit: PlaceHabit | None  # what is usual where; None measures all places alike
    radius: float  # distance up to which a cell is nearly cold

    @classmethod
    def fit(cls, config: PatchcoreConfig, source: TileSource, *, seed: int, device: str) -> Work[Self]:
        view = bank_view(config, device)
        backbone = view.backbone
        refuse_unfit_bank(config.bank_size, view.dimensions)
        halves = Halves(config, view.dimensions, seed)
        lessons = Lessons(backbone, config.neighbourhood, drawings=config.blemishes, tiles=len(source), seed=seed)
        for done, tiles in sound_batches(source, at_least=AT_LEAST):
            grid, inside = embedded(backbone, tiles, config.neighbourhood)
            step = Progress(done, len(source), "embeddings")
            yield from halves.add(view(grid), inside, tiles.names)
            if config.blemishes:
                yield from lessons.add(tiles, grid, inside, step)
            yield step
        banks = yield from halves.banks()
        head = yield from lessons.head()
        habit = (yield from _habit(config, view, source, halves, banks)) if config.by_place else None
        radius = max(map(covering_radius, banks)) if habit is None else habit.typical
        return cls.of_bank(config, view, torch.cat([b.bank for b in banks]), head, habit, radius)

    @classmethod
    def of_bank(
        cls,
        config: PatchcoreConfig,
        view: BankView,
        bank: Tensor,
        head: CellHead | None,
        habit: PlaceHabit | None,
        radius: float,
    ) -> Self:
        neighbors = neighbors_of(bank)
        _, around = neighbors.nearest(bank, min(config.reweighting, len(bank)))
        return cls(config, view, neighbors, head, around, habit, radius)

    def score(self, tiles: Tiles) -> Floats:
        grid, inside = embedded(self.view.backbone, checked(tiles), self.config.neighbourhood)
        rows = rows_of(self.view(grid), inside)
        distances, nearest = self.neighbors.nearest(rows)
        distance = self._weighted(rows, distances[:, 0], nearest[:, 0])
        if self.head is not None:
            logit = head_logits(self.head, grid, inside)
            distance = distance * torch.exp(self.config.head_weight * logit.clamp(*LOGITS))
        if self.habit is not None:
            distance = distance * torch.from_numpy(self.habit.factor(place_of_cells(tiles, inside))).to(distance.device)
        heat = np.zeros(inside.shape, dtype=np.float32)
        heat[inside] = self._beyond(distance).cpu().numpy()
        return blurred(heat, inside, self.config.blur)

    def _beyond(self, distance: Tensor) -> Tensor:
        return beyond_radius(distance, self.radius) if self.config.beyond_radius else distance

    def _weighted(self, rows: Tensor, distance: Tensor, nearest: Tensor) -> Tensor:
        if self.config.reweighting == 0:
            return distance
        others = self.neighbors.bank[self.around[nearest]]
        return distance * reweighting(torch.linalg.vector_norm(rows[:, None] - others, dim=2), distance)

    def to_arrays(self) -> Arrays:
        return {
            "bank": self.neighbors.bank.cpu().numpy(),
            "backbone_sha256": hash_array(self.view.backbone),
            "radius": np.array([self.radius], dtype=np.float64),
            **({} if self.habit is None else {"usual": self.habit.usual}),
            **head_arrays(self.head),
        }

    @classmethod
    def from_arrays(cls, config: PatchcoreConfig, arrays: Arrays, *, device: str) -> Self:
        view = bank_view(config, device)
        bank = arrays.get("bank")
        if bank is None or bank.ndim != 2 or bank.shape[1] != view.dimensions or not np.isfinite(bank).all():
            raise ModelError("The model holds no usable bank of embeddings; train it again.")
        refuse_other_weights(view.backbone, arrays.get("backbone_sha256"))
        head = head_of_arrays(arrays, 2 * sum(view.backbone.channels), device)
        rows = torch.from_numpy(np.array(bank, dtype=np.float32)).to(device)
        return cls.of_bank(config, view, rows, head, _stored_habit(config, arrays), float(arrays["radius"][0]))


class Halves:
    """The bank while it grows. Where each place is measured by what is usual there, it is of two halves, one of every other
    tile: only to the other half's tiles a tile is as new as one that will be inspected."""

    def __init__(self, config: PatchcoreConfig, dimensions: int, seed: int) -> None:
        count = 2 if config.by_place else 1
        size = -(-config.bank_size // count)
        portion = max(2 * size, PORTION_BYTES // (4 * dimensions * count))
        self._reservoirs = [Reservoir(size, portion, seed=seed + k) for k in range(count)]
        self._half: dict[str, int] = {}  # by name: altered copies of a tile are in its half, for they are not new to it

    def add(self, grid: Tensor, inside: Mask, names: Sequence[str]) -> Work[None]:
        for k, (name, here) in enumerate(zip(names, inside, strict=True)):
            if here.any():
                yield from self._reservoirs[self.half_of(name)].add(rows_of(grid[k : k + 1], here[None]))

    def half_of(self, name: str) -> int:
        """In which half the tile of this name is."""
        return self._half.setdefault(name, len(self._half) % len(self._reservoirs))

    def banks(self) -> Work[list[Neighbors]]:
        found = []
        for reservoir in self._reservoirs:
            found.append(neighbors_of((yield from reservoir.centres())))
        return found


def _habit(
    config: PatchcoreConfig, view: BankView, source: TileSource, halves: Halves, banks: list[Neighbors]
) -> Work[PlaceHabit]:
    """A second walk over the tiles: how far each lies from the half of the bank that has not seen it."""
    gathered = Gathered()
    for done, tiles in sound_batches(source, at_least=AT_LEAST):
        grid, inside = embedded(view.backbone, tiles, config.neighbourhood)
        places, rows = place_of_cells(tiles, inside), rows_of(view(grid), inside)
        start = 0
        for name, here in zip(tiles.names, inside, strict=True):
            stop = start + int(here.sum())
            if stop > start:
                other = banks[(halves.half_of(name) + 1) % len(banks)]
                gathered.add(places[start:stop], other.nearest(rows[start:stop])[0][:, 0].cpu().numpy())
            start = stop
        yield Progress(done, len(source), "what is usual where")
    return gathered.habit()


def _stored_habit(config: PatchcoreConfig, arrays: Arrays) -> PlaceHabit | None:
    usual, radius = arrays.get("usual"), arrays.get("radius")
    if (
        radius is None
        or radius.shape != (1,)
        or not np.isfinite(radius).all()
        or (usual is None) == config.by_place
        or (usual is not None and (usual.shape != (ALONG * ACROSS,) or not np.isfinite(usual).all()))
    ):
        raise ModelError("The model does not say what is usual at each place; train it again.")
    return None if usual is None else PlaceHabit(np.array(usual, dtype=np.float32))


def covering_radius(neighbors: Neighbors) -> float:
    """How far from the bank sound metal lay that was seen and not kept: k-center greedy takes the farthest row each time, so
    the closest two of its rows are as far apart as the last one was from all before it (Gonzalez 1985)."""
    if len(neighbors.bank) < 2:
        return 0.0
    distances, _ = neighbors.nearest(neighbors.bank, 2)
    return float(distances[:, 1].min())


def beyond_radius(distance: Tensor, radius: float) -> Tensor:
    """How far a cell lies beyond what was learned. Among 152 numbers even sound metal is never near the bank: without this,
    sound cells and the threshold differ by less than a factor of two. A softplus instead of a cut keeps the order of all cells."""
    softness = radius / SOFTNESS
    return F.softplus((distance - radius) / softness) * softness if radius > 0 else distance


def reweighting(to_others: Tensor, distance: Tensor) -> Tensor:
    """w = 1 - exp|q - m*| / Σ exp|q - m| over the b nearest others m of the nearest entry m* (PatchCore eq. 7), as a stable
    softmax; to_others (M, b), distance = |q - m*| (M,). The paper weighs only the worst cell, here it is every cell."""
    highest = to_others.amax(dim=1)
    return 1 - torch.exp(distance - highest) / torch.exp(to_others - highest[:, None]).sum(dim=1)


def refuse_unfit_bank(bank_size: int, dimensions: int) -> None:
    """DetectorError for a bank that cannot be chosen in the memory that is free: rows, centred rows and their union."""
    rows = max(2 * bank_size, PORTION_BYTES // (4 * dimensions)) + bank_size
    refuse_too_large(
        3 * 4 * rows * dimensions,
        f"A bank of {bank_size} embeddings of {dimensions} numbers",
        "lower the setting bank_size",
    )
