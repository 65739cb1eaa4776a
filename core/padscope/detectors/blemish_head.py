"""A second opinion beside a memory bank: a small head that has seen what drawn blemishes do to embeddings.

It learns from embeddings of sound cells and of cells under blemishes that `blemishes` draws on sound tiles, never from a real
defect; its logit is counted from what sound metal typically gives.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from padscope.detectors.base import Arrays
from padscope.detectors.blemishes import blemished
from padscope.detectors.cells import embedded, rows_of
from padscope.errors import ModelError
from padscope.nets.backbone import Backbone
from padscope.nets.cell_head import CellHead, cell_head_work
from padscope.nets.embedding import against_surroundings, pooled
from padscope.stats.sampling import Sample
from padscope.tiling import CELL
from padscope.types import Mask, Progress, Tiles, Work

AROUND = 9
"""Cells whose mean is a cell's surroundings."""
COVERED = 0.15
"""Part of a cell from which on a blemish counts as being there; cells with less, or next to one, teach nothing."""
PER_TILE = 6
"""Most drawings on one tile: beyond, the same few tiles again cost time and teach little."""
SOUND_ROWS, BLEMISHED_ROWS = 150_000, 75_000
"""Rows that are remembered of each class, whatever the number of tiles."""
STEPS = (60, 400)
STEPS_PER_ROW = 1 / 500
"""As many steps as there are rows allow, between these bounds."""


class Lessons:
    """Gathers what the head learns from, in memory that does not grow with the number of tiles."""

    def __init__(self, backbone: Backbone, neighbourhood: int, *, drawings: int, tiles: int, seed: int) -> None:
        self._backbone = backbone
        self._neighbourhood = neighbourhood
        self._per_tile = min(drawings / max(tiles, 1), PER_TILE)
        self._seen = 0
        self._drawn = 0
        self._seed = seed
        self._draw = np.random.default_rng(seed)
        self._sound = Sample(SOUND_ROWS, seed=seed)
        self._blemished = Sample(BLEMISHED_ROWS, seed=seed)

    def add(self, tiles: Tiles, grid: Tensor, inside: Mask, step: Progress) -> Work[None]:
        """Tiles, their embeddings (N, C, h, w) and the cells with metal (N, h, w); draws on as many as are due, and tells `step`
        after each batch of drawings."""
        self._sound.add(rows_of(with_surroundings(grid), inside).half())
        self._seen += len(tiles)
        due = round(self._seen * self._per_tile) - self._drawn
        for start in range(0, due, len(tiles)):
            which = self._draw.permutation(len(tiles))[: due - start]
            self._learn_from(_some(tiles, which))
            self._drawn += len(which)
            yield step

    def _learn_from(self, tiles: Tiles) -> None:
        pixels, shows = blemished(tiles, self._draw)
        drawn = Tiles(pixels, tiles.inside, tiles.names, tiles.places)
        grid, inside = embedded(self._backbone, drawn, self._neighbourhood)
        grid = with_surroundings(grid)
        share = F.avg_pool2d(torch.from_numpy(shows.astype(np.float32)), CELL)
        near = F.max_pool2d((share > 0).float(), 3, stride=1, padding=1)
        self._blemished.add(rows_of(grid, inside & (share > COVERED).numpy()).half())
        self._sound.add(rows_of(grid, inside & (near == 0).numpy()).half())

    def head(self) -> Work[CellHead | None]:
        """None where no blemish ever showed on the metal."""
        if not self._drawn:
            return None
        sound, blemished_ = self._sound.rows(), self._blemished.rows()
        if not len(sound) or not len(blemished_):
            return None
        steps = int(np.clip((len(sound) + len(blemished_)) * STEPS_PER_ROW, *STEPS))
        return (yield from cell_head_work(sound, blemished_, steps=steps, seed=self._seed))


def with_surroundings(grid: Tensor) -> Tensor:
    """(N, 2 C, h, w): embeddings (N, C, h, w), and what they have that their surroundings have not."""
    return torch.cat([grid, against_surroundings(grid, AROUND)], dim=1)


def head_logits(head: CellHead, grid: Tensor, where: Mask) -> Tensor:
    """`head(rows_of(with_surroundings(grid), where))`, with fewer and smaller sums: for the first layer's halves A and B, of an
    embedding x and its mean m over the surroundings, A x + B (x - m) = (A + B) x - mean(B x), because a mean is linear."""
    bias = head.first[1]
    with torch.inference_mode():
        both = F.conv2d(grid, head.first_by_halves[:, :, None, None])
        hidden = both[:, : len(bias)] - pooled(both[:, len(bias) :], AROUND)
        return head.after_first(rows_of(hidden, where) + bias)


def head_arrays(head: CellHead | None) -> Arrays:
    if head is None:
        return {}
    tensors = {"mean": head.mean, "deviation": head.deviation, **{str(i): w for i, w in enumerate(head.weights)}}
    return {f"head_{name}": tensor.cpu().numpy() for name, tensor in tensors.items()}


def head_of_arrays(arrays: Arrays, dimensions: int, device: str) -> CellHead | None:
    """The head in a model's arrays, None where there is none; ModelError where it cannot be one for so many dimensions."""
    if "head_mean" not in arrays:
        return None
    names = ["mean", "deviation", *map(str, range(6))]
    found = [torch.from_numpy(np.array(arrays.get(f"head_{name}", np.nan), dtype=np.float32)) for name in names]
    mean, deviation, *weights = found
    hidden = len(weights[1]) if weights[1].ndim else 0
    shapes = [(dimensions,)] * 2 + [(hidden, dimensions), (hidden,), (hidden, hidden), (hidden,), (1, hidden), (1,)]
    if [tuple(t.shape) for t in found] != shapes or not all(torch.isfinite(t).all() for t in found):
        raise ModelError("The model's head does not fit its embeddings; train it again.")
    return CellHead(mean.to(device), deviation.to(device), tuple(w.to(device) for w in weights))


def _some(tiles: Tiles, which: np.ndarray) -> Tiles:
    places = None if tiles.places is None else tiles.places[which]
    names = tuple(tiles.names[i] for i in which)
    return Tiles(tiles.pixels[which], tiles.inside[which], names, places)
