"""From settings to a backbone: which network, whose weights, which levels, at what scale and precision."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from padscope.configs import BackboneConfig
from padscope.errors import UsageError
from padscope.nets.backbone import Backbone, changed, load_backbone
from padscope.nets.brought import load_brought
from padscope.nets.reach import refuse_uneven
from padscope.nets.weights import EMBEDDED, found_weights

STRIDES = (2, 4, 8, 16, 32)
"""Of an EfficientNet's five levels."""


def backbone_of(config: BackboneConfig, device: str) -> Backbone:
    """UsageError or ModelError, in one sentence, where the settings name what does not exist."""
    levels = levels_of(config.levels)
    path = found_weights(config.weights) if config.weights else None
    changed_at = path.stat().st_mtime_ns if path else 0  # a file that is replaced is read again
    backbone = _loaded(config.backbone, path, changed_at, levels, config.input_scale, config.precision, device)
    refuse_uneven(backbone)
    return backbone


def levels_of(text: str) -> tuple[int, ...]:
    """ "8+16" as (8, 16)."""
    parts = [p.strip() for p in text.split("+")]
    if not all(p.isdecimal() for p in parts):
        raise UsageError(f"The setting “levels” takes numbers joined by +, as in 8+16, not “{text}”.")
    return tuple(sorted({int(p) for p in parts}))


def precision_of(word: str, device: str) -> torch.dtype:
    """`half` means float16 on a GPU, bfloat16 on a CPU that multiplies it in hardware (AMX), float32 elsewhere: there anything
    else is slower. `auto` is half on a GPU only, so that one model gives one heat on all CPUs."""
    if device == "cuda" and word in ("auto", "half"):
        return torch.float16
    if word == "half" and torch.cpu._is_amx_tile_supported():
        return torch.bfloat16
    return torch.float32


@lru_cache(maxsize=4)
def _loaded(
    name: str, path: Path | None, changed_at: int, levels: tuple[int, ...], scale: float, precision: str, device: str
) -> Backbone:
    dtype = precision_of(precision, device)
    if path is not None:
        return load_brought(name, path, levels, device, scale=scale, dtype=dtype)
    if name not in EMBEDDED:
        raise UsageError(
            f"The weights of {name} do not come with Padscope; name a file in the setting weights (`padscope weights fetch "
            f"{name}` makes one), or take {', '.join(EMBEDDED)}."
        )
    if not set(levels) <= set(STRIDES):
        raise UsageError(f"The network “{name}” has strides 2, 4, 8, 16, 32; set levels to some of them, as in 8+16.")
    plain = load_backbone(tuple(STRIDES.index(level) for level in levels), device, name)
    if scale == 1 and dtype == torch.float32:
        return plain
    return changed(plain, scale, dtype)
