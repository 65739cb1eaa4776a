"""From feature maps to embeddings: one vector per cell of the finest map."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pooled(feature_map: Tensor, size: int = 3) -> Tensor:
    """Mean over a size × size neighbourhood (PatchCore eq. 1–3: f_agg = mean), same shape. Cells beyond the border are not
    counted, where the two public implementations count them as zeros and so pull the border towards 0."""
    if size == 1:
        return feature_map
    return F.avg_pool2d(feature_map, size, stride=1, padding=size // 2, count_include_pad=False)


def on_one_grid(maps: list[Tensor]) -> Tensor:
    """(N, C0 + C1 + …, H, W): coarser maps are interpolated to the grid of the first."""
    grid = maps[0].shape[-2:]
    coarse = [F.interpolate(m, size=grid, mode="bilinear", align_corners=False) for m in maps[1:]]
    return torch.cat([maps[0], *coarse], dim=1)


def embeddings(maps: list[Tensor], size: int = 3) -> Tensor:
    """(N, H, W, C): every level pooled over its own neighbourhood, all on the finest level's grid (thesis 8.20–8.22)."""
    with torch.inference_mode():
        return on_one_grid([pooled(m, size) for m in maps]).permute(0, 2, 3, 1)
