"""PatchCore: its re-weighting, its memory, its model."""

import dataclasses

import numpy as np
import psutil
import pytest
import torch

import reference_memory_bank as slow
from drawn_metal import metal, split
from padscope.configs import PatchcoreConfig
from padscope.detectors.cells import embedded, rows_of
from padscope.detectors.patchcore import Patchcore, beyond_radius, reweighting
from padscope.errors import DetectorError, ModelError
from padscope.nets.backbone import load_backbone
from padscope.types import finish

CONFIG = PatchcoreConfig(bank_size=128, blur=0, beyond_radius=False, blemishes=0, by_place=False)


def fitted(config: PatchcoreConfig) -> Patchcore:
    return finish(Patchcore.fit(config, split(metal(6, seed=1), 6), seed=0, device="cpu"))


def test_heat_is_the_distance_to_the_nearest_entry() -> None:
    detector, tiles = fitted(CONFIG), metal(2, seed=2)
    grid, inside = embedded(load_backbone(), tiles, CONFIG.neighbourhood)
    rows = rows_of(grid, inside)
    expected, _ = slow.nearest(rows.double().numpy(), detector.neighbors.bank.double().numpy(), 1)
    heat = detector.score(tiles)
    assert heat[inside] == pytest.approx(expected[:, 0], rel=1e-5)
    assert (heat[~inside] == 0).all()


def test_metal_that_was_learned_is_cold() -> None:
    everything = fitted(dataclasses.replace(CONFIG, bank_size=100_000))
    assert everything.score(metal(6, seed=1)).max() < 1e-3
    assert everything.score(metal(6, seed=2)).max() > 1


def test_what_lies_within_the_radius_of_the_bank_is_nearly_cold_and_the_order_stays() -> None:
    plain, seen = fitted(CONFIG), metal(6, seed=1)
    beyond = fitted(dataclasses.replace(CONFIG, beyond_radius=True))
    inside = embedded(load_backbone(), seen, CONFIG.neighbourhood)[1]
    distance, heat = plain.score(seen)[inside], beyond.score(seen)[inside]
    assert distance.max() <= plain.radius * (1 + 1e-5), "k-center covers what it has seen within its radius"
    assert heat.max() <= np.log(2) / 8 * beyond.radius * (1 + 1e-4)
    other = metal(2, seed=2)
    inside = embedded(load_backbone(), other, CONFIG.neighbourhood)[1]
    order = np.argsort(plain.score(other)[inside])
    assert (np.diff(beyond.score(other)[inside][order]) >= -1e-6).all()


def test_far_beyond_the_radius_heat_is_the_distance_from_it() -> None:
    far = torch.tensor([30.0, 100.0, 5000.0])
    assert beyond_radius(far, 10.0).tolist() == pytest.approx([20.0, 90.0, 4990.0])
    assert beyond_radius(torch.tensor([0.0]), 10.0).item() < 0.01
    assert beyond_radius(far, 0.0).tolist() == far.tolist(), "a bank of equal entries has no radius"


def test_reweighting_is_equation_7() -> None:
    detector, tiles = fitted(dataclasses.replace(CONFIG, reweighting=9)), metal(1, seed=2)
    grid, inside = embedded(load_backbone(), tiles, 3)
    rows = rows_of(grid, inside)
    bank = detector.neighbors.bank.double().numpy()
    expected = [slow.eq_7(row, bank, 9) for row in rows.double().numpy()]
    assert detector.score(tiles)[inside] == pytest.approx(expected, rel=1e-4)


def test_reweighting_survives_large_distances() -> None:
    weights = reweighting(torch.tensor([[500.0, 500.0, 500.0]]), torch.tensor([500.0]))
    assert weights.item() == pytest.approx(2 / 3)


def test_a_bank_that_does_not_fit_says_how_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    free = psutil.virtual_memory()._replace(available=1 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(DetectorError, match=r"bank of 128 embeddings .* GiB .* lower the setting bank_size"):
        fitted(CONFIG)


def test_a_model_of_other_backbone_weights_is_refused() -> None:
    arrays = fitted(CONFIG).to_arrays()
    arrays["backbone_sha256"] = np.zeros(32, dtype=np.uint8)
    with pytest.raises(ModelError, match="other backbone weights"):
        Patchcore.from_arrays(CONFIG, arrays, device="cpu")


@pytest.mark.parametrize("bank", [np.zeros((4, 3), np.float32), np.full((4, 152), np.nan, np.float32)])
def test_a_bank_that_cannot_be_is_refused(bank: np.ndarray) -> None:
    arrays = fitted(CONFIG).to_arrays()
    with pytest.raises(ModelError, match="no usable bank"):
        Patchcore.from_arrays(CONFIG, arrays | {"bank": bank}, device="cpu")


@pytest.mark.parametrize(("levels", "dimensions"), [("8+16", 24 + 40 + 112), ("4+8+16", 24 + 40 + 112), ("16", 112)])
def test_levels_are_the_banks_and_a_finer_one_is_the_heads(levels: str, dimensions: int) -> None:
    detector = fitted(dataclasses.replace(CONFIG, levels=levels, blemishes=8))
    assert sum(detector.view.backbone.channels) == dimensions
    assert detector.neighbors.bank.shape[1] == (152 if levels == "8+16" else dimensions)
    back = Patchcore.from_arrays(detector.config, detector.to_arrays(), device="cpu")
    assert np.array_equal(back.score(metal(1, seed=2)), detector.score(metal(1, seed=2)))


def test_another_network_of_the_same_family() -> None:
    detector = fitted(dataclasses.replace(CONFIG, backbone="tf_efficientnet_lite1"))
    assert np.isfinite(detector.score(metal(1, seed=2))).all()
    arrays = detector.to_arrays()
    with pytest.raises(ModelError, match=r"other backbone weights|no usable bank"):
        Patchcore.from_arrays(CONFIG, arrays, device="cpu")
