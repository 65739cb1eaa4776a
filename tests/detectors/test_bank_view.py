"""What a memory bank sees: the scales it joins, the weights of its levels, and settings that make no sense."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

import reference_memory_bank as slow
from drawn_metal import metal, split, with_pit
from padscope.configs import PatchcoreConfig, configured, values_of
from padscope.detectors.bank_view import bank_view
from padscope.detectors.cells import embedded, rows_of
from padscope.detectors.patchcore import Patchcore
from padscope.errors import ModelError, UsageError
from padscope.nets.backbone import at_scales, load_backbone
from padscope.types import Tiles, finish

PLAIN = PatchcoreConfig(bank_size=128, blur=0, beyond_radius=False, blemishes=0, by_place=False)


def fitted(**settings: Any) -> Patchcore:
    config = dataclasses.replace(PLAIN, **settings)
    return finish(Patchcore.fit(config, split(metal(4, seed=1), 4), seed=0, device="cpu"))


def rows(config: PatchcoreConfig, tiles: Tiles) -> np.ndarray:
    """Embeddings of the cells with metal, before any weight."""
    view = bank_view(config, "cpu")
    return rows_of(*embedded(view.backbone, tiles, config.neighbourhood)).double().numpy()


def test_left_alone_nothing_is_weighted_and_nothing_enlarged() -> None:
    view = bank_view(PLAIN, "cpu")
    grid = torch.rand(1, 152, 4, 4)
    assert torch.equal(view(grid), grid)
    assert view.backbone.further_scales == ()
    assert len(bank_view(PatchcoreConfig(), "cpu").backbone.channels) == 3, (
        "beside the bank's two levels one for the head"
    )


def test_each_level_shows_all_scales_and_each_map_is_that_of_an_enlarged_picture() -> None:
    plain, both = load_backbone(), at_scales(load_backbone(), (2.0,))
    pixels = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    larger = torch.nn.functional.interpolate(pixels, scale_factor=2, mode="bilinear", align_corners=False)
    (a8, a16), (b8, b16) = plain(pixels), plain(larger)
    for ours, expected in zip(both(pixels), (a8, b8, a16, b16), strict=True):
        assert torch.allclose(ours, expected, atol=1e-4 * float(expected.abs().max()))
    assert (both.channels, both.strides) == ((40, 40, 112, 112), (8, 8, 16, 16))
    assert plain.further_scales == ()


def test_an_embedding_of_two_scales_holds_both_cell_by_cell() -> None:
    """The slow way: pool each map around each of its cells, then lay it on cells of 8 px of the picture."""
    tiles = metal(1, seed=3)
    grid, _ = embedded(bank_view(dataclasses.replace(PLAIN, further_scales="2"), "cpu").backbone, tiles, 3)
    pixels = torch.from_numpy(tiles.pixels)
    larger = torch.nn.functional.interpolate(pixels, scale_factor=2, mode="bilinear", align_corners=False)
    fine = load_backbone()(larger)[0][0].permute(1, 2, 0).double().numpy()
    expected = slow.neighbourhood_mean(fine, 3).reshape(8, 2, 8, 2, 40).mean(axis=(1, 3))
    assert grid[0, 40:80].permute(1, 2, 0).numpy() == pytest.approx(expected, abs=1e-4)
    assert grid.shape == (1, 2 * 152, 8, 8)


@pytest.mark.parametrize("settings", [{}, {"further_scales": "2"}, {"blemishes": 8, "head_weight": 0.0}])
def test_heat_is_the_weighted_sum_of_squares_over_the_levels(settings: dict[str, Any]) -> None:
    detector, tiles = fitted(level_weights="0.5+3", **settings), metal(1, seed=2)
    channels = detector.view.dimensions
    weight = np.where(np.arange(channels) < channels * 40 // 152, 0.5, 3.0)
    own = rows(detector.config, tiles)[:, -channels:]
    bank = detector.neighbors.bank.double().numpy() / np.sqrt(weight)
    squares = np.array([[(weight * (q - b) ** 2).sum() for b in bank] for q in own])
    heat = detector.score(tiles)
    inside = embedded(detector.view.backbone, tiles, 3)[1]
    assert heat[inside] == pytest.approx(np.sqrt(squares.min(axis=1)), rel=1e-3)


def test_weights_that_are_alike_change_nothing_and_a_level_of_weight_0_is_not_looked_at() -> None:
    tiles = with_pit(metal(1, seed=2), row=28, column=36)
    plain = fitted().score(tiles)
    assert np.array_equal(fitted(level_weights="1+1").score(tiles), plain)
    assert fitted(level_weights="4 + 4").score(tiles) == pytest.approx(2 * plain, rel=1e-4)
    only = fitted(level_weights="0+1", levels="8+16").score(tiles)
    assert only == pytest.approx(fitted(levels="16").score(tiles), rel=1e-3)
    assert not np.allclose(only, plain, rtol=1e-2)


def test_it_comes_back_from_its_file_and_learned_otherwise_it_is_refused() -> None:
    detector, tiles = fitted(further_scales="2", level_weights="1+2", blemishes=8), metal(1, seed=2)
    config = configured(PatchcoreConfig, values_of(detector.config))
    back = Patchcore.from_arrays(config, detector.to_arrays(), device="cpu")
    assert np.array_equal(back.score(tiles), detector.score(tiles))
    one_scale = dataclasses.replace(config, further_scales="")
    with pytest.raises(ModelError, match="no usable bank"):
        Patchcore.from_arrays(one_scale, detector.to_arrays(), device="cpu")


def test_settings_of_a_model_of_old_leave_everything_alike() -> None:
    old = {k: v for k, v in values_of(PLAIN).items() if k not in ("further_scales", "level_weights")}
    assert configured(PatchcoreConfig, old) == PLAIN


@pytest.mark.parametrize("text", ["1", "1+1+1", "1+-1", "0+0", "1+nan", "1+inf", "1,1", "a+b", "+"])
def test_weights_that_make_no_sense_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"“level_weights” takes 2 numbers joined by \+.* not “"):
        fitted(level_weights=text)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"further_scales": "1.5"}, "whole numbers from 1 to 4"),
        ({"further_scales": "0"}, "whole numbers from 1 to 4"),
        ({"further_scales": "9"}, "whole numbers from 1 to 4"),
        ({"further_scales": "2,3"}, "whole numbers from 1 to 4"),
        ({"further_scales": "2+"}, "whole numbers from 1 to 4"),
        ({"further_scales": "1"}, "names a scale twice"),
        ({"further_scales": "2+2"}, "names a scale twice"),
        ({"further_scales": "2", "input_scale": 2.0}, "names a scale twice"),
    ],
)
def test_scales_that_make_no_sense_are_refused_in_a_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        fitted(**settings)
