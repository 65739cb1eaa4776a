"""MhBC-PatchCore: whitening, banks, both forms and the thesis's ablation."""

import dataclasses

import numpy as np
import psutil
import pytest
import torch

import reference_gaussian as slow
from drawn_metal import metal, split
from padscope.configs import MhbcConfig, configured
from padscope.detectors.mhbc import Mhbc, binned_rows, clustering_of
from padscope.errors import DetectorError, ModelError
from padscope.types import Tiles, finish

CONFIG = MhbcConfig(form="one", bank_size=64, along=2, across=2, keep=0.9, blur=0)


def fitted(config: MhbcConfig, tiles: Tiles, *sizes: int) -> Mhbc:
    return finish(Mhbc.fit(config, split(tiles, *sizes), seed=0, device="cpu"))


def rows_and_bins(detector: Mhbc, tiles: Tiles) -> tuple[np.ndarray, np.ndarray]:
    rows, bins, _ = binned_rows(detector.config, detector.backbone, tiles)
    return rows.double().numpy(), bins.numpy()


@pytest.mark.parametrize("form", ["one", "place", "none"])
@pytest.mark.parametrize("kind", ["pca", "dense", "none"])
def test_heat_is_the_mahalanobis_distance_to_the_nearest_entry(form: str, kind: str) -> None:
    """By the inverse of the shrunk covariance, place by place; the bank's entries are taken back to the space before whitening."""
    config = dataclasses.replace(CONFIG, form=form, projection=kind, dimensions=12, shrinkage=0.2, levels="8+16")
    tiles, others = metal(24, seed=1), metal(1, seed=2)
    detector = fitted(config, tiles, 10, 14)
    (rows, bins), (queries, at) = rows_and_bins(detector, tiles), rows_and_bins(detector, others)
    origin, basis = detector.projection.origin.double().numpy(), detector.projection.basis.double().numpy()
    reduced, asked = (rows - origin) @ basis, (queries - origin) @ basis
    expected = []
    for query, place in zip(asked, at, strict=True):
        own = reduced[bins == place]
        if len(own) < 2 * basis.shape[1]:
            own = reduced
        inverse = np.linalg.inv(slow.shrunk(slow.covariance(own), 0.2)) if form != "none" else np.eye(basis.shape[1])
        factor, mean = detector.factor[place].double().numpy(), detector.mean[place].double().numpy()
        entries = detector.banks[place].bank.double().numpy() @ factor.T + mean
        expected.append(min(np.sqrt((query - e) @ inverse @ (query - e)) for e in entries))
    inside = binned_rows(config, detector.backbone, others)[2]
    assert detector.score(others)[inside] == pytest.approx(expected, rel=5e-3)


def test_pca_keeps_the_share_it_is_told() -> None:
    tiles = metal(12, seed=1)
    detector = fitted(dataclasses.replace(CONFIG, keep=0.8), tiles, 12)
    values = slow.principal_values(rows_and_bins(detector, tiles)[0])
    count = detector.projection.basis.shape[1]
    assert values[:count].sum() >= 0.8 * values.sum() > values[: count - 1].sum()


@pytest.mark.parametrize("clustering", ["coreset", "kmeans"])
def test_how_the_stream_is_cut_hardly_changes_the_bank(clustering: str) -> None:
    config, tiles, others = dataclasses.replace(CONFIG, clustering=clustering), metal(12, seed=1), metal(2, seed=2)
    whole, cut = fitted(config, tiles, 12), fitted(config, tiles, 3, 5, 4)
    assert cut.score(others).mean() == pytest.approx(whole.score(others).mean(), rel=0.1)


@pytest.mark.parametrize("clustering", ["coreset", "kmeans"])
@pytest.mark.parametrize("form", ["one", "place"])
def test_the_bank_has_the_size_it_is_told(clustering: str, form: str) -> None:
    detector = fitted(dataclasses.replace(CONFIG, clustering=clustering, form=form), metal(12, seed=1), 12)
    assert [len(b.bank) for b in detector.banks] == ([64] if form == "one" else [16] * 4)


@pytest.mark.parametrize(
    ("settings", "places", "whitens", "clustering"),
    [({}, 16, True, "coreset"), ({"form": "one"}, 1, True, "coreset"), ({"form": "none"}, 1, False, "kmeans")],
    ids=["MhBC-PatchCore", "Single Covariance Matrix", "Cumulative K-Means"],
)
def test_each_column_of_the_ablation_is_one_value_away(
    settings: dict[str, str], places: int, whitens: bool, clustering: str
) -> None:
    """Thesis table 8.3; the third is Euclidean PatchCore with online k-means."""
    config = configured(MhbcConfig, settings)
    detector = fitted(config, metal(6, seed=1), 6)
    factor = detector.factor
    assert len(detector.banks) == len(factor) == places
    assert torch.equal(factor, torch.eye(factor.shape[1]).expand_as(factor)) != whitens
    assert clustering_of(config) == clustering


def test_a_coreset_holds_whitened_sound_cells_themselves() -> None:
    tiles = metal(6, seed=1)
    detector = fitted(CONFIG, tiles, 6)
    z = detector.score(tiles)[binned_rows(CONFIG, detector.backbone, tiles)[2]]
    assert (z < 1e-2).sum() >= 64, "at these cells stands an entry"


def test_places_never_seen_are_still_judged() -> None:
    tiles = metal(6, seed=1)
    inside = tiles.inside.copy()
    inside[:, :, 32:] = False
    detector = fitted(dataclasses.replace(CONFIG, form="place"), dataclasses.replace(tiles, inside=inside), 6)
    heat = detector.score(metal(1, seed=2))
    assert torch.equal(detector.banks[3].bank, torch.zeros(1, detector.mean.shape[1]))
    assert (heat[0, 1:-1, 5:-1] > 0).all()


def test_what_does_not_fit_in_memory_is_refused_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    free = psutil.virtual_memory()._replace(available=1 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(
        DetectorError, match=r"MhBC with 1 places of 152 dimensions .* lower along, across or bank_size"
    ):
        fitted(CONFIG, metal(2, seed=1), 2)


def test_a_model_that_contradicts_itself_is_refused() -> None:
    arrays = fitted(CONFIG, metal(6, seed=1), 6).to_arrays()
    for wrong in (
        {"bank_sizes": np.array([3])},
        {"mean": arrays["mean"] * np.nan},
        {"factor": arrays["factor"][:, 1:]},
    ):
        with pytest.raises(ModelError, match="contradict its settings"):
            Mhbc.from_arrays(CONFIG, arrays | wrong, device="cpu")
