"""How far networks see, measured on networks whose reach is known by counting."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from padscope.configs import BackboneConfig
from padscope.detectors.cells import embedded
from padscope.errors import UsageError
from padscope.nets.backbone import HALO_PX, load_backbone
from padscope.nets.choice import backbone_of
from padscope.nets.reach import align_px, reach_px
from padscope.types import Tiles

LITE = load_backbone()


class Kernels(nn.Module):
    """Stride 8 in one step, then one kernel."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.small = nn.Conv2d(3, 4, 8, stride=8)
        self.wide = nn.Conv2d(4, 4, kernel, padding=kernel // 2)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [self.wide(self.small(x))]


@pytest.mark.parametrize(
    ("kernel", "neighbourhood", "cells"), [(1, 1, 0), (3, 1, 1), (7, 1, 3), (3, 5, 3), (21, 3, 11)]
)
def test_kernels_and_pooling_add_up(kernel: int, neighbourhood: int, cells: int) -> None:
    backbone = replace(LITE, net=Kernels(kernel), channels=(4,), strides=(8,))
    assert reach_px(backbone, neighbourhood) == 8 * cells


def test_what_sees_everything_gets_the_usual_halo() -> None:
    class Everything(nn.Module):
        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            return [nn.functional.avg_pool2d(x, 8) - x.mean()]

    assert reach_px(replace(LITE, net=Everything(), strides=(8,)), 3) == HALO_PX


def test_the_shipped_network_sees_what_its_halo_says() -> None:
    assert HALO_PX <= reach_px(LITE, 3) <= HALO_PX + 16


@pytest.mark.parametrize(
    ("scale", "stride", "align"), [(1, 16, 16), (1, 32, 32), (2, 32, 16), (1.5, 16, 32), (1.5, 8, 16), (0.25, 16, 64)]
)
def test_tiles_lie_on_whole_strides_of_the_enlarged_input(scale: float, stride: int, align: int) -> None:
    assert align_px(replace(LITE, scale=scale, strides=(8, stride))) == align


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.75, 1.25, 1.5, 3.75])
def test_cells_of_a_fraction_lie_on_their_metal(scale: float) -> None:
    """A tile of an odd number of blocks that grows lighter from corner to corner: every cell says how light it is in its middle,
    however far from the tile's origin."""
    as_it_is = {"mean": torch.zeros(3, 1, 1), "std": torch.ones(3, 1, 1)}
    backbone = replace(LITE, net=Brightness(), channels=(1, 1), strides=(8, 16), scale=scale, **as_it_is)
    x, y = np.meshgrid(np.arange(656), np.arange(528))
    light = ((x + y) / 1184).astype(np.float32)
    tiles = Tiles(np.stack([light] * 3)[None], np.ones((1, 528, 656), dtype=bool), ("x",))
    middles = light[3::8, 3::8] + 1 / 1184
    for level in embedded(backbone, tiles, 1)[0][0]:
        assert level.shape == (66, 82)
        assert np.abs(level.numpy() - middles)[8:-18, 8:-18].max() < 1 / 1184, (
            "half a px each way, away from the border"
        )


@pytest.mark.parametrize(
    ("scale", "levels", "near"),
    [
        (1.3, "8+16", "1.25 or 1.5"),
        (0.3, "8+16", "0.25 or 0.5"),
        (1.25, "8+16+32", "1 or 1.5"),
        (3.99, "8", "3.875 or 4"),
    ],
)
def test_fractions_whose_cells_lie_elsewhere_are_refused(scale: float, levels: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"set input_scale to {near}."):
        backbone_of(BackboneConfig(input_scale=scale, levels=levels), "cpu")


class Brightness(nn.Module):
    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [nn.functional.avg_pool2d(x[:, :1], s, ceil_mode=True) for s in (8, 16)]
