"""PaDiM: the textbook's Gaussian for every place, from a stream."""

import dataclasses
from pathlib import Path

import numpy as np
import psutil
import pytest
import timm
import torch
from safetensors.torch import save_file

import reference_gaussian as slow
from drawn_metal import metal, split
from padscope.configs import PadimConfig
from padscope.detectors.cells import embedded, place_bins, place_of_cells, rows_of
from padscope.detectors.padim import Padim
from padscope.errors import DetectorError, ModelError
from padscope.nets.choice import backbone_of
from padscope.types import Tiles, finish

CONFIG = PadimConfig(dimensions=9, along=3, across=2, blur=0)


def fitted(config: PadimConfig, tiles: Tiles, *sizes: int) -> Padim:
    return finish(Padim.fit(config, split(tiles, *sizes), seed=0, device="cpu"))


def rows_and_bins(detector: Padim, tiles: Tiles) -> tuple[np.ndarray, np.ndarray]:
    grid, inside = embedded(backbone_of(CONFIG, "cpu"), tiles, CONFIG.neighbourhood)
    rows = rows_of(grid, inside)[:, detector.chosen].double().numpy()
    return rows, place_bins(place_of_cells(tiles, inside), CONFIG.along, CONFIG.across)


def test_heat_is_the_mahalanobis_distance_at_its_place() -> None:
    tiles, others = metal(12, seed=1), metal(2, seed=2)
    detector = fitted(CONFIG, tiles, 5, 7)
    rows, bins = rows_and_bins(detector, tiles)
    queries, places = rows_and_bins(detector, others)
    expected = []
    for query, place in zip(queries, places, strict=True):
        own = rows[bins == place]
        cov = slow.covariance(own) + CONFIG.epsilon * np.eye(CONFIG.dimensions)
        expected.append(slow.mahalanobis(query, own.mean(axis=0), cov))
    inside = embedded(backbone_of(CONFIG, "cpu"), others, 1)[1]
    assert detector.score(others)[inside] == pytest.approx(expected, rel=1e-3)


def test_how_the_stream_is_cut_changes_nothing() -> None:
    tiles = metal(8, seed=1)
    whole, cut = fitted(CONFIG, tiles, 8), fitted(CONFIG, tiles, 1, 3, 4)
    assert cut.mean.numpy() == pytest.approx(whole.mean.numpy(), abs=1e-5)
    assert cut.factor.numpy() == pytest.approx(whole.factor.numpy(), abs=1e-4)


def test_a_place_hardly_seen_takes_the_gaussian_of_all_places() -> None:
    tiles = metal(6, seed=1)
    inside = tiles.inside.copy()
    inside[1:, :, :24] = False  # the left third of the pad is seen on one tile only
    detector = fitted(CONFIG, dataclasses.replace(tiles, inside=inside), 6)
    together = fitted(dataclasses.replace(CONFIG, along=1, across=1), dataclasses.replace(tiles, inside=inside), 6)
    assert np.array_equal(detector.mean[0], detector.mean[1]), "both halves of the left third"
    assert detector.mean[0].numpy() == pytest.approx(together.mean[0].numpy(), abs=1e-5)
    assert not np.array_equal(detector.mean[0], detector.mean[5])


def test_a_blemish_is_seen_only_where_it_is_unusual() -> None:
    """What belongs to one place of the pad and never to another is hot at the other: the reason for places."""
    noise = np.random.default_rng(0)
    pixels = np.repeat(noise.normal(0.5, 0.02, size=(16, 1, 64, 64)), 3, axis=1).astype(np.float32)
    pixels[:, :, :, :32] += 0.3
    v, u = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 64), indexing="ij")
    places = np.repeat(np.stack([u, v])[None], 16, axis=0).astype(np.float32)
    tiles = Tiles(pixels, np.ones((16, 64, 64), bool), tuple(map(str, range(16))), places)
    turned = dataclasses.replace(tiles, pixels=pixels[..., ::-1].copy())
    ratio = {}
    for along in (1, 4):
        detector = fitted(PadimConfig(dimensions=30, along=along, across=1), tiles, 16)
        ratio[along] = detector.score(turned).mean() / detector.score(tiles).mean()
    assert ratio[4] > 1.5 * ratio[1]


@pytest.mark.parametrize(("network", "levels"), [("resnet18", "8+16"), ("vit_tiny_patch16_224", "3+6")])
def test_networks_with_weights_of_ones_own_teach_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str, levels: str
) -> None:
    monkeypatch.setenv("PADSCOPE_WEIGHTS", str(tmp_path))
    torch.manual_seed(0)
    save_file(timm.create_model(network, pretrained=False).state_dict(), tmp_path / "mine.safetensors")
    config = PadimConfig(backbone=network, weights="mine.safetensors", levels=levels, dimensions=20, along=1, across=1)
    detector, tiles = fitted(config, metal(6, seed=1), 6), metal(2, seed=2)
    assert detector.score(tiles).shape == (2, 8, 8)
    back = Padim.from_arrays(config, detector.to_arrays(), device="cpu")
    assert np.array_equal(back.score(tiles), detector.score(tiles))
    torch.manual_seed(1)
    save_file(timm.create_model(network, pretrained=False).state_dict(), tmp_path / "mine.safetensors")
    with pytest.raises(ModelError, match="other backbone weights"):
        Padim.from_arrays(config, detector.to_arrays(), device="cpu")


def test_too_many_places_for_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    free = psutil.virtual_memory()._replace(available=1 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(DetectorError, match=r"PaDiM with 16 places of 100 dimensions .* lower dimensions"):
        fitted(PadimConfig(), metal(2, seed=1), 2)


def test_a_model_that_contradicts_itself_or_of_other_weights_is_refused() -> None:
    detector = fitted(CONFIG, metal(6, seed=1), 6)
    arrays = detector.to_arrays()
    with pytest.raises(ModelError, match="contradict its settings"):
        Padim.from_arrays(CONFIG, arrays | {"chosen": arrays["chosen"] + 10_000}, device="cpu")
    with pytest.raises(ModelError, match="contradict its settings"):
        Padim.from_arrays(dataclasses.replace(CONFIG, along=5), arrays, device="cpu")
    with pytest.raises(ModelError, match="other backbone weights"):
        Padim.from_arrays(CONFIG, arrays | {"backbone_sha256": np.zeros(32, np.uint8)}, device="cpu")
