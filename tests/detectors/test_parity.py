"""Parity with the public implementations, each against a slow version of what its source says."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import reference_memory_bank as slow_bank
import reference_parity as slow
from drawn_metal import metal, split
from padscope.configs import PatchcoreParityConfig
from padscope.detectors import parity
from padscope.detectors.patchcore_parity import PatchcoreParity, rows_and_cells
from padscope.errors import UsageError
from padscope.stats.neighbors import neighbors_of
from padscope.types import finish


def maps(seed: int = 0) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 5, 4, 6, generator=draw), torch.randn(1, 7, 2, 3, generator=draw)]


def test_amazons_embedding_is_its_unfold_and_two_adaptive_poolings(monkeypatch: pytest.MonkeyPatch) -> None:
    for numbers in (16, 50):  # more and fewer than the 45 numbers of a patch
        monkeypatch.setattr(parity, "NUMBERS", numbers)
        found = parity.amazon_embeddings(maps())[0].numpy()
        expected = slow.amazon_embedding([m[0].double().numpy() for m in maps()], numbers)
        assert found == pytest.approx(expected, abs=1e-5)


def test_amazons_embedding_of_a_wide_resnet_is_the_known_identity() -> None:
    """0.9 of the neighbourhood's mean and 0.1 of the cell itself on layer 2; pairs of channels on layer 3."""
    draw = torch.Generator().manual_seed(1)
    fine, coarse = torch.randn(1, 512, 4, 4, generator=draw), torch.randn(1, 1024, 2, 2, generator=draw)
    found = parity.amazon_embeddings([fine, coarse])
    pool = torch.nn.AvgPool2d(3, 1, 1)
    pairs = pool(coarse.unflatten(1, (512, 2)).mean(dim=2))
    up = torch.nn.functional.interpolate(pairs, size=(4, 4), mode="bilinear", align_corners=False)
    assert torch.allclose(found, torch.cat([0.9 * pool(fine) + 0.1 * fine, up], dim=1), atol=1e-5)


def test_anomalibs_embedding_counts_zeros_beyond_the_border() -> None:
    found = parity.anomalib_embeddings(maps())[0].numpy()
    assert found == pytest.approx(slow.anomalib_embedding([m[0].double().numpy() for m in maps()]), abs=1e-5)


def test_amazons_coreset_begins_farthest_from_the_mean_of_its_starts() -> None:
    points = torch.randn(
        80, parity.PROJECTED, generator=torch.Generator().manual_seed(2)
    )  # 128 numbers are not projected
    found = finish(parity.amazon_coreset(points, 20, seed=4)).tolist()
    starts = torch.randperm(80, generator=torch.Generator().manual_seed(4))[:10]
    rows = points.double().numpy()
    gap = np.array([np.mean([np.linalg.norm(r - rows[s]) for s in starts]) for r in rows])
    expected = []
    for _ in range(20):
        expected.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(rows - rows[expected[-1]], axis=1))
    assert found == expected


def test_anomalibs_coreset_is_greedy_from_its_random_start(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.randn(80, 12, generator=torch.Generator().manual_seed(3))
    monkeypatch.setattr(parity, "_sparse", lambda samples, dimensions, draw: torch.eye(dimensions))
    found = finish(parity.anomalib_coreset(points, 20, seed=5)).tolist()
    assert found == slow_bank.greedy(points.double().numpy(), 20, found[0])


def test_anomalibs_projection_may_even_make_more_numbers() -> None:
    assert parity._sparse(204_800, 152, torch.Generator()).shape == (152, 301)


@pytest.mark.parametrize("name", ["amazon", "anomalib"])
def test_a_projection_hardly_changes_how_well_the_coreset_covers(name: str) -> None:
    points = torch.randn(600, 200, generator=torch.Generator().manual_seed(6))
    chosen = finish(getattr(parity, f"{name}_coreset")(points, 60, seed=0))
    exact = slow_bank.greedy(points.double().numpy(), 60, 0)
    radius = [slow_bank.radius(points.numpy(), points[k].numpy()) for k in (chosen, exact)]
    assert radius[0] < 1.1 * radius[1]


def test_anomalibs_picture_score_is_its_equation_7() -> None:
    draw = torch.Generator().manual_seed(7)
    rows, bank = torch.randn(15, 6, generator=draw), torch.randn(40, 6, generator=draw)
    found = parity.anomalib_score(rows, neighbors_of(bank))
    assert found == pytest.approx(slow.anomalib_score(rows.double().numpy(), bank.double().numpy()), rel=1e-5)


def test_maps_are_enlarged_and_blurred_as_each_does() -> None:
    heat = np.random.default_rng(0).random((8, 9)).astype(np.float32)
    plain = parity.anomaly_map(heat, 64, 72, nearest=False)
    fine = slow.bilinear(heat.astype(float), 64, 72)
    assert plain == pytest.approx(gaussian_filter(fine, 4), abs=1e-5)
    coarse = parity.anomaly_map(heat, 64, 72, nearest=True)
    assert coarse == pytest.approx(slow.torch_gaussian(heat.repeat(8, 0).repeat(8, 1).astype(float), 4), abs=1e-5)


@pytest.mark.parametrize("name", ["amazon", "anomalib"])
def test_each_has_its_own_scale(name: str) -> None:
    config = PatchcoreParityConfig(implementation=name, share=0.5)
    detector = finish(PatchcoreParity.fit(config, split(metal(6, seed=1), 4, 2), seed=0, device="cpu"))
    tiles = metal(2, seed=2)
    rows, inside = rows_and_cells(config, detector.backbone, tiles)
    distances, _ = slow_bank.nearest(rows.double().numpy(), detector.bank.bank.double().numpy(), 1)
    heat, scores = detector.score(tiles), detector.picture_scores(tiles)
    assert heat[inside] == pytest.approx(distances[:, 0] ** (2 if name == "amazon" else 1), rel=1e-4)
    assert len(detector.bank.bank) == inside[0].sum() * 6 // 2
    worst = heat.max(axis=(1, 2))
    assert scores == pytest.approx(worst) if name == "amazon" else (scores < worst).all()


def test_another_grid_than_theirs_is_refused() -> None:
    config = dataclasses.replace(PatchcoreParityConfig(), levels="4+8")
    with pytest.raises(UsageError, match="set levels to 8"):
        finish(PatchcoreParity.fit(config, split(metal(2, seed=1), 2), seed=0, device="cpu"))
