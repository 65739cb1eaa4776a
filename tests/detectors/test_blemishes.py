"""Blemishes drawn on sound tiles: where they are said to be they are, elsewhere nothing changed, and the seed decides."""

import dataclasses

import numpy as np
import pytest

from drawn_metal import metal
from padscope.detectors import blemishes
from padscope.detectors.blemishes import LARGEST_SHARE, LEAST_PX, VISIBLE, blemished, outline, smooth_noise

TILES = metal(16, seed=1, height=96, width=128)


def test_what_shows_is_marked_and_what_is_not_marked_hardly_changes() -> None:
    pixels, shows = blemished(TILES, np.random.default_rng(0))
    assert pixels.dtype == np.float32
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    change = np.abs(pixels - TILES.pixels).mean(axis=1)
    assert (change[shows] > VISIBLE).all()
    drawn = shows.any(axis=(1, 2))
    assert drawn.sum() >= 14, "a few tries find a blemish nearly always"
    assert np.median(change[~shows]) == 0
    assert (change[~shows] > 0.15).mean() < 0.01


def test_blemishes_lie_on_metal_and_leave_most_of_it_sound() -> None:
    inside = TILES.inside.copy()
    inside[:, :, 64:] = False
    tiles = dataclasses.replace(TILES, inside=inside)
    _, shows = blemished(tiles, np.random.default_rng(1))
    for here, own in zip(shows, inside, strict=True):
        covered = np.count_nonzero(here & own)
        assert covered == 0 or LEAST_PX <= covered <= LARGEST_SHARE * np.count_nonzero(own)


def test_tiles_without_metal_stay_as_they_are() -> None:
    nothing = dataclasses.replace(TILES, inside=np.zeros_like(TILES.inside))
    pixels, shows = blemished(nothing, np.random.default_rng(2))
    assert np.array_equal(pixels, TILES.pixels)
    assert not shows.any()


def test_the_same_seed_draws_the_same() -> None:
    first, second, other = (blemished(TILES, np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("surface", blemishes.SURFACES)
def test_every_surface_keeps_its_shape_and_differs(surface: blemishes.Surface) -> None:
    pixels, donor = TILES.pixels[:2]
    after = surface(pixels, donor, np.random.default_rng(5))
    assert after.shape == pixels.shape
    assert np.abs(after - pixels).mean() > 0.005


@pytest.mark.parametrize("shape", [(64, 64), (48, 160)])
def test_outlines_are_opacities_of_every_kind(shape: tuple[int, int]) -> None:
    draw = np.random.default_rng(6)
    drawn = [outline(shape, draw) for _ in range(60)]
    assert all(o.shape == shape and o.min() >= 0 and o.max() <= 1 for o in drawn)
    areas = [float((o > 0.15).mean()) for o in drawn]
    assert min(areas) < 0.02
    assert max(areas) > 0.2


def test_smooth_noise_is_as_coarse_as_asked() -> None:
    fine, coarse = (smooth_noise((128, 128), size, 0.0, np.random.default_rng(7)) for size in (4, 32))
    assert fine.std() == pytest.approx(1, abs=1e-4)
    assert np.abs(np.diff(fine)).mean() > 4 * np.abs(np.diff(coarse)).mean()
