"""What a memory bank sees of a picture: at which scales, and how much each level of features counts in its distances.

Levels and scales are joined into one embedding per cell, as PatchCore joins its levels (Roth et al. 2022, 3.1): at scale 2 a
feature covers half as much metal, so that fine and coarse damage are both looked for, in one bank.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from padscope.configs import PatchcoreConfig
from padscope.errors import UsageError
from padscope.nets.backbone import Backbone, at_scales
from padscope.nets.choice import backbone_of, levels_of

PLAIN_LEVELS = "8+16"
"""Of the bank; where the head has a finer level beside them."""
SCALES = ("1", "2", "3", "4")
"""Whole ones only: then cells of a tile lie where those of the whole picture lie, however it is cut."""


@dataclass(frozen=True, eq=False)
class BankView:
    """A network, and which of its channels the bank is of."""

    backbone: Backbone
    dimensions: int  # the last channels of an embedding
    factors: Tensor | None  # (dimensions,), the square roots of the levels' weights; None where all count alike

    def __call__(self, grid: Tensor) -> Tensor:
        """The bank's part (N, dimensions, h, w) of embeddings (N, C, h, w), so scaled that the squared distance between two is
        Σ weight · squared distance within a level."""
        part = grid[:, grid.shape[1] - self.dimensions :]
        return part if self.factors is None else part * self.factors[:, None, None]


def bank_view(config: PatchcoreConfig, device: str) -> BankView:
    """The head sees finer than the bank: stride 4 sharpens what it knows, and makes distances no better.
    UsageError where scales or weights make no sense."""
    further, levels = further_scales_of(config), len(levels_of(config.levels))
    weights = level_weights_of(config.level_weights, levels)
    finer = config.blemishes and config.levels == PLAIN_LEVELS
    plain = backbone_of(replace(config, levels=f"4+{config.levels}") if finer else config, device)
    backbone = at_scales(plain, further) if further else plain
    sizes = [(1 + len(further)) * n for n in plain.channels[1 if finer else 0 :]]
    return BankView(backbone, sum(sizes), None if weights is None else _factors(weights, sizes).to(backbone.device))


def further_scales_of(config: PatchcoreConfig) -> tuple[float, ...]:
    """ "2+3" as (2, 3)."""
    parts = [p.strip() for p in config.further_scales.split("+")] if config.further_scales.strip() else []
    if not set(parts) <= set(SCALES):
        raise UsageError(
            f"The setting “further_scales” takes whole numbers from 1 to 4 joined by +, not “{config.further_scales}”."
        )
    scales = tuple(float(p) for p in parts)
    if len({config.input_scale, *scales}) <= len(scales):
        raise UsageError(
            f"The setting “further_scales” names a scale twice (input_scale, {config.input_scale:g}, is looked at anyway); "
            "name each once."
        )
    return scales


def level_weights_of(text: str, levels: int) -> tuple[float, ...] | None:
    """ "2+1" as (2, 1), for so many levels; None for "", where all count alike."""
    if not text.strip():
        return None
    try:
        weights = tuple(float(p) for p in text.split("+"))
    except ValueError:
        weights = ()
    if len(weights) != levels or not all(0 <= w < np.inf for w in weights) or not any(weights):
        raise UsageError(
            f"The setting “level_weights” takes {levels} numbers joined by +, one for each level, none below 0 and not all 0, "
            f"not “{text}”."
        )
    return weights


def _factors(weights: tuple[float, ...], sizes: list[int]) -> Tensor:
    return torch.tensor(weights).sqrt().repeat_interleave(torch.tensor(sizes))
