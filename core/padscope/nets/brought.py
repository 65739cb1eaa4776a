"""Any timm network as a backbone, from a weights file that a person brings: convolutional ones, and transformers with tokens."""

from __future__ import annotations

import copy
import difflib
import sys
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from padscope.errors import InputError, UsageError
from padscope.nets.backbone import BLOCK_PX, Backbone, folded, frozen
from padscope.nets.weights import fit_weights, read_weights

FOLDING_NOISE = 1e-4
"""Of the largest feature: folding normalisations may change no more than float noise does."""


def load_brought(
    name: str, path: Path, levels: tuple[int, ...], device: str, *, scale: float, dtype: torch.dtype
) -> Backbone:
    """`levels` are strides (8, 16) of a convolutional network, or the numbers of a transformer's blocks counted from 1.

    UsageError for a name timm does not have or levels the network does not have, ModelError for weights that do not fit."""
    outline = outlined(name)
    tokens = is_tokens(outline)
    indices = _indices(outline, levels, name)
    tensors, sha256 = read_weights(path)
    net = blank(name)
    fit_weights(net, translated(tensors, net), path, name)
    shape = net.default_cfg
    kept = net.prune_intermediate_layers(list(indices), prune_norm=not tokens, prune_head=True)
    info = (
        [net.feature_info[i] for i in kept] if isinstance(net.feature_info, list) else net.feature_info.get_dicts(kept)
    )
    if tokens:
        patch = int(net.patch_embed.patch_size[0])
        taps: nn.Module = Windows(Taps(net, tuple(kept)), patch, int(shape["input_size"][-1]) // patch)
    else:
        patch, taps = BLOCK_PX, _folded_where_it_holds(Taps(net, tuple(kept)))
    return Backbone(
        net=frozen(taps, device, dtype),
        channels=tuple(i["num_chs"] for i in info),
        strides=tuple(i["reduction"] for i in info),
        mean=torch.tensor(shape["mean"], device=device).view(3, 1, 1),
        std=torch.tensor(shape["std"], device=device).view(3, 1, 1),
        device=torch.device(device),
        sha256=sha256,
        scale=scale,
        step=patch,
        dtype=dtype,
    )


def outlined(name: str) -> Any:
    """The network without any numbers in it; UsageError where timm does not know the name."""
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), 3, cutoff=0.3)
        raise UsageError(f"There is no network “{name}” in timm; do you mean {' or '.join(near) or 'another one'}?")
    with torch.device("meta"):
        net: Any = timm.create_model(name, pretrained=False)
    if not hasattr(net, "forward_intermediates") or not hasattr(net, "feature_info"):
        raise UsageError(f"The network “{name}” gives no feature maps; take another one, such as wide_resnet50_2.")
    if net.default_cfg.get("fixed_input_size") and not is_tokens(net):
        raise UsageError(
            f"The network “{name}” takes pictures of one size only; take another one, such as wide_resnet50_2."
        )
    return net


def blank(name: str) -> Any:
    """The network with random numbers, ready for weights; a transformer takes pictures of any size."""
    options: dict[str, Any] = {"dynamic_img_size": True} if is_tokens(outlined(name)) else {}
    return timm.create_model(name, pretrained=False, **options)


def is_tokens(net: Any) -> bool:
    """Whether it is a plain transformer: one grid of tokens from end to end, and a fixed size of picture."""
    return hasattr(net, "patch_embed") and hasattr(net, "blocks") and hasattr(net, "num_prefix_tokens")


class Taps(nn.Module):
    """A timm network that gives the maps of some of its layers."""

    def __init__(self, net: Any, indices: tuple[int, ...]) -> None:
        super().__init__()
        self.net = net
        self.indices = indices
        self.options = {"norm": True} if is_tokens(net) else {}

    def forward(self, x: Tensor) -> list[Tensor]:
        maps: list[Tensor] = self.net.forward_intermediates(
            x, indices=list(self.indices), intermediates_only=True, output_fmt="NCHW", **self.options
        )
        return maps


class Windows(nn.Module):
    """A transformer over a picture of any size: windows of the size it was trained on, half overlapping, their tokens blended.

    A token's value depends on everything in its window, so that no halo makes two cuts equal; a window's middle, which sees most
    around it, weighs most (Hann)."""

    def __init__(self, taps: Taps, patch: int, size: int) -> None:
        super().__init__()
        self.taps = taps
        self.patch = patch
        self.size = size  # tokens along a window's side

    def forward(self, x: Tensor) -> list[Tensor]:
        rows, columns = x.shape[-2] // self.patch, x.shape[-1] // self.patch
        if rows <= self.size and columns <= self.size:
            return self.taps(x)
        high, wide = min(rows, self.size), min(columns, self.size)
        weight = torch.outer(_bell(high), _bell(wide)).to(x)
        sums: list[Tensor] = []
        total = x.new_zeros(rows, columns)
        for r in _starts(rows, high):
            for c in _starts(columns, wide):
                part = x[..., r * self.patch : (r + high) * self.patch, c * self.patch : (c + wide) * self.patch]
                maps = self.taps(part.contiguous())
                sums = sums or [m.new_zeros(*m.shape[:2], rows, columns) for m in maps]
                for into, m in zip(sums, maps, strict=True):
                    into[..., r : r + high, c : c + wide] += m * weight
                total[r : r + high, c : c + wide] += weight
        return [into / total for into in sums]


def _bell(n: int) -> Tensor:
    """A Hann window without its zeros."""
    return torch.hann_window(n + 2, periodic=False)[1:-1]


def _starts(length: int, window: int) -> list[int]:
    """Half overlapping; the last window ends at the border."""
    return sorted({*range(0, length - window, max(window // 2, 1)), length - window})


def _indices(net: Any, levels: tuple[int, ...], name: str) -> tuple[int, ...]:
    if is_tokens(net):
        there = {i + 1: i for i in range(len(net.blocks))}
        word = f"blocks 1 … {len(net.blocks)}"
    else:
        infos = net.feature_info if isinstance(net.feature_info, list) else net.feature_info.get_dicts()
        there = {info["reduction"]: i for i, info in enumerate(infos)}
        word = "strides " + ", ".join(map(str, there))
    if not levels or not set(levels) <= set(there):
        raise UsageError(f"The network “{name}” has {word}; set levels to some of them, as in {example(there)}.")
    return tuple(there[level] for level in sorted(levels))


def example(there: dict[int, int]) -> str:
    """Two levels from the middle, as a person would write them."""
    some = list(there)
    middle = len(some) // 2
    return "+".join(map(str, some[max(middle - 1, 0) : middle + 1]))


def translated(tensors: dict[str, Tensor], net: Any) -> dict[str, Tensor]:
    """timm's own reading of other people's names for the same tensors, where it has one for this family."""
    translate = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    if translate is None or set(net.state_dict()) <= set(tensors):
        return tensors
    try:
        return dict(translate(dict(tensors), net))
    except (KeyError, RuntimeError, AttributeError, ValueError, IndexError) as error:
        raise InputError(f"The weights are not of this network ({error}); check the setting backbone.") from None


def _folded_where_it_holds(taps: Taps) -> Taps:
    """With normalisations folded if that gives the same maps, else as it is."""
    taps.eval()
    probe = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before = taps(probe)
    changed = copy.deepcopy(taps)
    folded(changed)
    with torch.inference_mode():
        after = changed(probe)
    same = all(
        float((a - b).abs().max()) <= FOLDING_NOISE * float(a.abs().max()) for a, b in zip(before, after, strict=True)
    )
    return changed if same else taps
