"""What is usual at each place, and how a detector measures by it."""

import dataclasses

import numpy as np
import pytest

from drawn_metal import ListedTiles, metal, split
from padscope.configs import PatchcoreConfig
from padscope.detectors import place_habit
from padscope.detectors.patchcore import Patchcore
from padscope.detectors.place_habit import ACROSS, ALONG, LEAST, Gathered, PlaceHabit
from padscope.errors import ModelError
from padscope.types import Tiles, finish

CONFIG = PatchcoreConfig(bank_size=256, blemishes=0)


def gathered(rows: int, distance_at: dict[str, float], seed: int = 0) -> PlaceHabit:
    """Distances around 10, times `rim` in the outer eighth along the pad."""
    draw = np.random.default_rng(seed)
    places = draw.random((rows, 2))
    at_rim = np.abs(places[:, 0] - 0.5) > 0.375
    distances = 10 * np.where(at_rim, distance_at["rim"], 1.0) * np.exp(draw.normal(scale=0.1, size=rows))
    found = Gathered()
    for part in np.array_split(np.arange(rows), 7):
        found.add(places[part], distances[part])
    return found.habit()


def test_a_place_that_always_varies_counts_less() -> None:
    habit = gathered(200_000, {"rim": 3.0})
    factor = habit.factor(np.array([[0.02, 0.5], [0.5, 0.5]]))
    assert factor[1] / factor[0] == pytest.approx(3, rel=0.1)
    usual = np.exp(habit.usual.reshape(ALONG, ACROSS)[ALONG // 2, ACROSS // 2])
    assert usual == pytest.approx(10 * np.exp(2 * 0.1), rel=0.1), "mean and two standard deviations of the logarithm"


def test_where_all_places_are_alike_nothing_changes() -> None:
    habit = gathered(200_000, {"rim": 1.0})
    assert habit.factor(np.random.default_rng(1).random((50, 2))) == pytest.approx(np.ones(50), rel=0.06)
    assert habit.typical == pytest.approx(10 * np.exp(0.2), rel=0.03)


def test_a_place_seen_rarely_is_taken_for_any_other() -> None:
    found = Gathered()
    draw = np.random.default_rng(2)
    found.add(np.full((50_000, 2), 0.3), 10 * np.exp(draw.normal(scale=0.1, size=50_000)))
    found.add(np.array([[0.95, 0.95]]), np.array([1000.0]))
    usual = np.exp(found.habit().usual.reshape(ALONG, ACROSS))
    assert usual.max() < 16
    assert usual[0, -1] == pytest.approx(12.2, rel=0.05), "never seen at all"


def test_no_distance_is_too_small_to_count() -> None:
    found = Gathered()
    found.add(np.random.default_rng(3).random((1000, 2)), np.zeros(1000))
    habit = found.habit()
    assert np.isfinite(habit.usual).all()
    assert habit.typical == pytest.approx(LEAST, rel=1e-3)


def rough_rim(count: int, seed: int) -> Tiles:
    """Metal whose left quarter is much rougher than the rest, in every tile."""
    tiles = metal(count, seed=seed)
    noise = np.random.default_rng(seed).normal(scale=0.25, size=tiles.pixels[:, :1, :, 8:24].shape)
    tiles.pixels[:, :, :, 8:24] = np.clip(tiles.pixels[:, :, :, 8:24] + noise, 0, 1)
    return tiles


@pytest.mark.parametrize("sizes", [(4, 4), (3, 5)])
def test_copies_of_a_tile_are_never_taken_for_metal_that_is_new(sizes: tuple[int, int]) -> None:
    """Every batch comes twice, as `MoreTiles` gives them, whether it is of an odd number of tiles or an even one."""

    def radius(batches: list[Tiles]) -> float:
        return finish(Patchcore.fit(CONFIG, ListedTiles(tuple(batches)), seed=0, device="cpu")).radius

    once = list(split(metal(8, seed=1), *sizes))
    twice = [tiles for tiles in once for _ in range(2)]
    assert radius(twice) == pytest.approx(radius(once), rel=0.1)


def test_where_metal_is_always_rough_it_does_not_drown_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rough quarter is far hotter by plain distances, and hardly hotter than the rest by what is usual there."""
    monkeypatch.setattr(place_habit, "DOUBT", 0.3)  # 432 cells are few for 512 places
    contrast = {}
    for by_place in (False, True):
        config = dataclasses.replace(CONFIG, by_place=by_place, beyond_radius=False, blur=0)
        detector = finish(Patchcore.fit(config, split(rough_rim(12, 1), 5, 4, 3), seed=0, device="cpu"))
        heat = detector.score(rough_rim(4, 2))
        contrast[by_place] = heat[:, 2:6, 1:3].mean() / heat[:, 2:6, 4:7].mean()
    assert contrast[False] > 1.3
    assert contrast[True] < 0.85 * contrast[False]


def test_sound_metal_at_its_usual_is_nearly_cold() -> None:
    detector = finish(Patchcore.fit(CONFIG, split(rough_rim(12, 1), 5, 4, 3), seed=0, device="cpu"))
    inside = rough_rim(4, 2).inside[:, ::8, ::8]
    heat = detector.score(rough_rim(4, 2))[inside]
    assert np.median(heat) < 0.2 * detector.radius


@pytest.mark.parametrize("change", ["usual", "radius", "size", "nan"])
def test_a_model_without_its_habit_is_refused(change: str) -> None:
    arrays = finish(Patchcore.fit(CONFIG, split(metal(4, seed=1), 4), seed=0, device="cpu")).to_arrays()
    if change in ("usual", "radius"):
        del arrays[change]
    else:
        arrays["usual"] = np.zeros(5, np.float32) if change == "size" else np.full(ALONG * ACROSS, np.nan, np.float32)
    with pytest.raises(ModelError, match="usual at each place"):
        Patchcore.from_arrays(CONFIG, arrays, device="cpu")
