"""However a picture is cut into tiles, its heat is that of one pass over the whole picture, to float noise."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from padscope.configs import PatchcoreConfig
from padscope.detectors.bank_view import bank_view
from padscope.detectors.blemish_head import with_surroundings
from padscope.detectors.patchcore import Patchcore
from padscope.detectors.place_habit import ACROSS, ALONG, PlaceHabit
from padscope.nets.cell_head import CellHead
from padscope.nets.embedding import embeddings
from padscope.workflows.scoring import Preparation, heat_over

WIDTH, HEIGHT = 648, 520


def picture() -> SimpleNamespace:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return SimpleNamespace(width=WIDTH, height=HEIGHT, read=lambda box: pixels[box.slices])


def detector(config: PatchcoreConfig) -> Patchcore:
    """Everything that heat goes through, of no meaning: a bank, a head, a habit that differs from place to place, a blur."""
    view = bank_view(config, "cpu")
    draw = torch.Generator().manual_seed(0)
    grid = embeddings(view.backbone(torch.rand(1, 3, 256, 256, generator=draw)), config.neighbourhood, (32, 32))
    rows = with_surroundings(grid)[0].flatten(1).T
    d = rows.shape[1]
    head = None
    if config.blemishes:
        shapes = [(64, d), (64,), (64, 64), (64,), (1, 64), (1,)]
        weights = tuple(torch.randn(s, generator=draw) / 10 for s in shapes)
        head = CellHead(rows.mean(dim=0), rows.std(dim=0) + 1e-6, weights)
    bank = view(grid)[0].flatten(1).T[:64].contiguous()
    habit = PlaceHabit(np.linspace(0, 1, ALONG * ACROSS, dtype=np.float32))
    return Patchcore.of_bank(config, view, bank, head, habit, 0.1)


def heat(of: Patchcore, tile: int) -> np.ndarray:
    return heat_over(of, Preparation("pictures", None, tile_px=tile, places="picture"), picture(), "x")


def brought(folder: Path) -> PatchcoreConfig:
    torch.manual_seed(0)
    save_file(timm.create_model("resnet18", pretrained=False).state_dict(), folder / "mine.safetensors")
    return PatchcoreConfig(backbone="resnet18", weights=str(folder / "mine.safetensors"), blemishes=0, blur=1.0)


def of_two_scales(folder: Path) -> PatchcoreConfig:
    return PatchcoreConfig(further_scales="2", level_weights="2+0.5")


def plain(**settings: Any) -> Callable[[Path], PatchcoreConfig]:
    return lambda folder: PatchcoreConfig(blemishes=0, **settings)


FLOAT_NOISE = 1e-5
"""Of the largest heat."""
NETWORKS = {
    "shipped": (lambda folder: PatchcoreConfig(), FLOAT_NOISE),
    "brought": (brought, FLOAT_NOISE),
    "two scales": (of_two_scales, FLOAT_NOISE),
    "enlarged": (lambda folder: PatchcoreConfig(input_scale=2), FLOAT_NOISE),
    "stride 32": (plain(levels="8+16+32"), FLOAT_NOISE),
    "Lite2": (plain(backbone="tf_efficientnet_lite2"), FLOAT_NOISE),
    # Where a picture's place changes the last digit of the weights with which it is enlarged.
    "enlarged by half": (plain(input_scale=1.5), 3e-5),
}


@pytest.mark.parametrize(("config", "noise"), NETWORKS.values(), ids=NETWORKS.keys())
def test_tiles_give_the_heat_of_one_pass(config, noise: float, tmp_path: Path) -> None:
    of = detector(config(tmp_path))
    whole, cut = heat(of, 4096), heat(of, 256)
    assert whole.std() > 0
    assert np.abs(cut - whole).max() < noise * np.abs(whole).max()


def test_models_of_old_still_know_places_by_tile() -> None:
    of = detector(PatchcoreConfig(blemishes=0))
    old = Preparation("pictures", None, tile_px=256)
    assert old.places == "tile"
    assert not np.allclose(heat_over(of, old, picture(), "x"), heat(of, 256), rtol=1e-2)
