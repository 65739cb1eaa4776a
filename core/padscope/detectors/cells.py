"""The cells of tiles that hold metal: their embeddings, and where they lie on their pad."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from padscope.detectors.checks import AT_LEAST, sound_batches
from padscope.errors import ModelError
from padscope.nets.backbone import Backbone
from padscope.nets.embedding import embeddings
from padscope.nets.reach import filled_up
from padscope.stats.gaussian import Moments, merged, moments_of, no_moments
from padscope.tiling import CELL, cells_inside
from padscope.types import Mask, Progress, Tiles, TileSource, Work


def embedded(backbone: Backbone, tiles: Tiles, neighbourhood: int) -> tuple[Tensor, Mask]:
    """Embeddings (N, C, h, w) of all cells of 8 px, and which of them (N, h, w) hold metal."""
    inside = cells_inside(tiles.inside)
    pixels = filled_up(backbone, torch.from_numpy(tiles.pixels))
    rows, columns = inside.shape[1:]
    whole = embeddings(backbone(pixels), neighbourhood, (pixels.shape[2] // CELL, pixels.shape[3] // CELL))
    return whole[:, :, :rows, :columns], inside


def rows_of(grid: Tensor, where: Mask) -> Tensor:
    """The cells where a mask (N, h, w) holds, of a grid (N, C, h, w), as rows (M, C) in the mask's order."""
    if where.all():
        return grid.permute(0, 2, 3, 1).reshape(-1, grid.shape[1])
    return grid.permute(0, 2, 3, 1)[torch.from_numpy(where).to(grid.device)]


def place_of_cells(tiles: Tiles, inside: Mask) -> NDArray[np.float32]:
    """Where each cell that holds metal lies on its pad, (M, 2): along and across, in [0, 1], the mean over its metal. Tiles
    without places are taken for pads of their own: their metal spans [0, 1] from edge to edge."""
    if tiles.places is None:
        return np.concatenate([_place_in_tile(own) for own in inside])
    n, h, w = inside.shape
    weight = tiles.inside.reshape(n, 1, h, CELL, w, CELL).astype(np.float32)
    blocks = tiles.places.reshape(n, 2, h, CELL, w, CELL)
    mean = (blocks * weight).sum(axis=(3, 5)) / np.maximum(weight.sum(axis=(3, 5)), 1)
    return np.moveaxis(mean, 1, -1)[inside]


def place_bins(places: NDArray[np.float32], along: int, across: int) -> NDArray[np.int64]:
    """Places (M, 2) as indices (M,) into a grid of along × across bins."""
    u = np.clip((places[:, 0] * along).astype(np.int64), 0, along - 1)
    v = np.clip((places[:, 1] * across).astype(np.int64), 0, across - 1)
    return u * across + v


def moments_by_place(
    source: TileSource, binned: Callable[[Tiles], tuple[Tensor, Tensor, Mask]], places: int, numbers: int, stage: str
) -> Work[list[Moments]]:
    """Mean and scatter of the sound cells at each of `places` places, in one walk; no embedding outlives its batch. `binned`
    gives a batch's rows (M, numbers), their places (M,), and its cells."""
    moments: list[Moments] = []
    for done, tiles in sound_batches(source, at_least=AT_LEAST):
        rows, bins, _ = binned(tiles)
        moments = moments or [no_moments(numbers, rows.device)] * places
        for place in bins.unique().tolist():
            moments[place] = merged(moments[place], moments_of(rows[bins == place]))
        yield Progress(min(done, len(source)), len(source), stage)
    return moments


def hash_array(backbone: Backbone) -> NDArray[np.uint8]:
    """SHA-256 of the backbone's weights, to travel with what was learned on it."""
    return np.frombuffer(bytes.fromhex(backbone.sha256), dtype=np.uint8)


def refuse_other_weights(backbone: Backbone, stored: NDArray[np.generic] | None) -> None:
    """ModelError where a model was learned on other weights than these."""
    if stored is None or stored.tobytes().hex() != backbone.sha256:
        raise ModelError("The model was trained with other backbone weights than those installed; train it again.")


def _place_in_tile(inside: Mask) -> NDArray[np.float32]:
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return np.zeros((0, 2), dtype=np.float32)
    spans = [(x - x.min() + 0.5) / (np.ptp(x) + 1) for x in (columns, rows)]
    return np.stack(spans, axis=1).astype(np.float32)
