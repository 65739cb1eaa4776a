"""The one contract, held against every detector of the registry."""

from __future__ import annotations

import dataclasses
import gc
import weakref
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from drawn_metal import ListedTiles, metal, part, split, with_pit
from padscope.configs import configured, settings_of, values_of
from padscope.detectors import registry
from padscope.errors import DetectorError, ModelError, UsageError
from padscope.tiling import cells_inside
from padscope.types import Progress, Tiles, finish

QUICK: dict[str, dict[str, Any]] = {
    "patchcore": {"bank_size": 256, "blemishes": 12},
    "patchcore of two scales": {"bank_size": 128, "blemishes": 6, "further_scales": "2", "level_weights": "1+0.5"},
    "patchcore_parity": {"share": 0.3},
    "padim": {"dimensions": 40, "along": 3},
    "mhbc": {"bank_size": 128},
}
"""Settings that make a detector quick enough to be trained again and again here; a name may go on to say what is special."""

every_detector = pytest.mark.parametrize("name", [*registry.DETECTORS, "patchcore of two scales"])


def listed(name: str) -> str:
    """The name in the registry."""
    return name.split()[0]


def config_of(name: str) -> Any:
    return configured(registry.entry(listed(name)).config, QUICK.get(name, {}))


def fit(name: str, source: ListedTiles, seed: int = 0) -> Any:
    return finish(registry.detector(listed(name)).fit(config_of(name), source, seed=seed, device="cpu"))


@lru_cache
def sound() -> ListedTiles:
    return split(metal(12, seed=1), 5, 4, 3)


@lru_cache
def fitted(name: str) -> Any:
    return fit(name, sound())


def test_quick_settings_are_of_detectors_that_exist() -> None:
    assert set(map(listed, QUICK)) <= set(registry.DETECTORS)


@every_detector
def test_heat_has_its_shape_and_is_finite(name: str) -> None:
    detector = fitted(name)
    for height, width in [(64, 64), (48, 96)]:
        tiles = metal(3, seed=2, height=height, width=width)
        heat = detector.score(tiles)
        assert heat.shape == (3, height // detector.stride, width // detector.stride)
        assert heat.dtype == np.float32
        assert np.isfinite(heat).all()
        assert (heat >= 0).all()


@every_detector
def test_the_same_seed_gives_the_same_detector(name: str) -> None:
    first, again = fitted(name).to_arrays(), fit(name, sound()).to_arrays()
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[key], again[key]) for key in first)


@every_detector
def test_batch_size_does_not_matter(name: str) -> None:
    tiles = metal(5, seed=3)
    together = fitted(name).score(tiles)
    alone = np.concatenate([fitted(name).score(part(tiles, slice(i, i + 1))) for i in range(5)])
    assert alone == pytest.approx(together, rel=1e-3, abs=1e-3 * float(together.max()))


@every_detector
def test_it_comes_back_from_its_arrays_and_settings_alone(name: str) -> None:
    detector, tiles = fitted(name), metal(3, seed=4)
    config = configured(registry.entry(listed(name)).config, values_of(detector.config))
    arrays = {key: np.array(a) for key, a in detector.to_arrays().items()}
    back = registry.detector(listed(name)).from_arrays(config, arrays, device="cpu")
    assert np.array_equal(back.score(tiles), detector.score(tiles))


@every_detector
def test_a_blemish_scores_above_sound_metal(name: str) -> None:
    detector, tiles = fitted(name), metal(4, seed=5)
    blemished = detector.score(with_pit(tiles, row=28, column=36))
    worst = blemished.reshape(4, -1).max(axis=1)
    assert (worst > detector.score(tiles).reshape(4, -1).max(axis=1)).all()
    row, column = np.unravel_index(blemished[0].argmax(), blemished[0].shape)
    assert abs(row - 28 / detector.stride) <= 2
    assert abs(column - 36 / detector.stride) <= 2


@every_detector
def test_what_is_outside_teaches_nothing(name: str) -> None:
    """Cells without metal are not learned from: marking everything else as outside leaves the same detector."""
    whole, half = fitted(name), metal(12, seed=1)
    inside = half.inside.copy()
    inside[:, :, 32:] = False
    detector = fit(name, split(dataclasses.replace(half, inside=inside), 12))
    assert any(not np.array_equal(a, whole.to_arrays()[key]) for key, a in detector.to_arrays().items())
    tiles = metal(2, seed=6)
    assert np.isfinite(detector.score(tiles)[cells_inside(tiles.inside, detector.stride)]).all()


@every_detector
def test_tiles_without_any_metal_can_be_scored(name: str) -> None:
    tiles = metal(2, seed=6)
    nothing = dataclasses.replace(tiles, inside=np.zeros_like(tiles.inside))
    assert np.isfinite(fitted(name).score(nothing)).all()


@every_detector
def test_progress_rises_to_its_total_and_work_can_be_cancelled(name: str) -> None:
    work = registry.detector(listed(name)).fit(config_of(name), sound(), seed=0, device="cpu")
    steps = list(work)
    assert all(isinstance(s, Progress) and 0 <= s.done <= s.total and s.stage for s in steps)
    assert any(s.done == s.total for s in steps)


class Memorable:
    """A source that can be watched for being forgotten."""

    def __len__(self) -> int:
        return len(sound())

    def __iter__(self) -> Any:
        return iter(sound())


@every_detector
def test_cancelled_in_mid_fit_nothing_is_left(name: str) -> None:
    source = Memorable()
    watch = weakref.ref(source)
    work = registry.detector(listed(name)).fit(config_of(name), source, seed=0, device="cpu")
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)
    del work, source
    gc.collect()
    assert watch() is None
    assert np.array_equal(fitted(name).score(metal(1, seed=7)), fitted(name).score(metal(1, seed=7)))


@every_detector
def test_an_unknown_or_impossible_setting_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no setting “colour”"):
        configured(registry.entry(listed(name)).config, {"colour": 1})
    for s in settings_of(registry.entry(listed(name)).config):
        if s.low is not None:
            with pytest.raises(UsageError, match=s.name):
                configured(registry.entry(listed(name)).config, {s.name: s.low - 1})


@every_detector
@pytest.mark.parametrize("count", [0, 1])
def test_too_few_tiles_are_refused(name: str, count: int) -> None:
    with pytest.raises(DetectorError, match=f"only {count} sound tiles"):
        fit(name, split(metal(count, seed=1), count))


@every_detector
def test_tiles_of_one_colour_are_refused(name: str) -> None:
    tiles = metal(4, seed=1)
    flat = dataclasses.replace(tiles, pixels=np.full_like(tiles.pixels, 0.5))
    with pytest.raises(DetectorError, match="one single colour"):
        fit(name, split(flat, 4))


@every_detector
def test_pixels_that_are_not_numbers_are_refused(name: str) -> None:
    tiles = metal(3, seed=1)
    tiles.pixels[1, 0, 20, 20] = np.nan
    for use in (lambda: fit(name, split(tiles, 3)), lambda: fitted(name).score(tiles)):
        with pytest.raises(DetectorError, match="drawn/1-1 has pixels that are not numbers"):
            use()


@every_detector
def test_other_channel_counts_and_sizes_are_refused(name: str) -> None:
    tiles = metal(3, seed=1)
    grey = dataclasses.replace(tiles, pixels=tiles.pixels[:, :1])
    with pytest.raises(DetectorError, match="has 1 channels"):
        fit(name, ListedTiles((tiles, grey)))
    odd = Tiles(tiles.pixels[..., :60], tiles.inside[..., :60], tiles.names)
    with pytest.raises(DetectorError, match="60 × 64 px"):
        fitted(name).score(odd)


@every_detector
def test_arrays_of_something_else_are_refused(name: str) -> None:
    for arrays in ({}, {"nonsense": np.zeros(3)}):
        with pytest.raises(ModelError, match="train it again"):
            registry.detector(listed(name)).from_arrays(config_of(name), arrays, device="cpu")


@every_detector
def test_the_class_is_what_the_registry_says(name: str) -> None:
    entry, kind = registry.entry(listed(name)), registry.detector(listed(name))
    assert (kind.name, kind.family, kind.version, kind.Config) == (
        listed(name),
        entry.family,
        entry.version,
        entry.config,
    )
    assert kind.halo % 16 == 0
