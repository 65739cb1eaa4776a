"""From feature maps to embeddings: one vector per cell of a common grid."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pooled(feature_map: Tensor, size: int = 3) -> Tensor:
    """Mean over a size × size neighbourhood (PatchCore eq. 1–3: f_agg = mean), same shape. Cells beyond the border are not
    counted, where the two public implementations count them as zeros and so pull the border towards 0."""
    if size == 1:
        return feature_map
    if size <= 3:
        return F.avg_pool2d(feature_map, size, stride=1, padding=size // 2, count_include_pad=False)
    for window in ((size, 1), (1, size)):  # a mean of means, since every row of a window counts the same columns
        around = (window[0] // 2, window[1] // 2)
        feature_map = F.avg_pool2d(feature_map, window, stride=1, padding=around, count_include_pad=False)
    return feature_map


def on_one_grid(maps: list[Tensor], grid: tuple[int, int]) -> Tensor:
    """(N, C0 + C1 + …, *grid): finer maps are averaged cell by cell, coarser ones interpolated bilinearly."""
    return torch.cat([_on_grid(m, grid) for m in maps], dim=1)


def embeddings(maps: list[Tensor], size: int, grid: tuple[int, int]) -> Tensor:
    """(N, C, *grid): every level pooled over its own neighbourhood, then all on one grid (thesis 8.20–8.22)."""
    with torch.inference_mode():
        return on_one_grid([pooled(m, size) for m in maps], grid)


def against_surroundings(grid: Tensor, size: int) -> Tensor:
    """Embeddings (N, C, h, w) minus their mean over size × size cells: what a cell has that its surroundings have not."""
    with torch.inference_mode():
        return grid - pooled(grid, size)


def _on_grid(feature_map: Tensor, grid: tuple[int, int]) -> Tensor:
    size = tuple(feature_map.shape[-2:])
    ratio = size[1] // grid[1]
    if size == grid:
        return feature_map
    if ratio > 1 and size == (ratio * grid[0], ratio * grid[1]):
        return F.avg_pool2d(feature_map, ratio)
    finer = size[0] > grid[0]
    return F.interpolate(feature_map, size=grid, mode="bilinear", align_corners=False, antialias=finer)
