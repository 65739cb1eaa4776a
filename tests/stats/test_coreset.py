"""Coresets: the fast greedy is the plain greedy, and a stream's coreset covers nearly as well."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import reference_memory_bank as slow
from padscope.stats import coreset
from padscope.stats.coreset import Reservoir, covering_radius, k_center, k_center_work
from padscope.types import Progress, finish


def cloud(n: int, d: int, seed: int) -> torch.Tensor:
    """Clusters of very different sizes, and a few points far from all."""
    noise = np.random.default_rng(seed)
    centres = noise.normal(size=(7, d)) * 5
    which = noise.choice(7, size=n, p=[0.6, 0.2, 0.1, 0.05, 0.03, 0.015, 0.005])
    return torch.from_numpy((centres[which] + noise.normal(size=(n, d))).astype(np.float32))


@given(n=st.integers(2, 300), d=st.integers(1, 12), k=st.integers(1, 60), seed=st.integers(0, 99))
def test_every_choice_is_the_farthest_point_of_its_moment(n: int, d: int, k: int, seed: int) -> None:
    points = cloud(n, d, seed)
    chosen = k_center(points, k, seed=seed).tolist()
    if k >= n:
        assert chosen == list(range(n))
        return
    exact = points.double().numpy()
    squared_gap = np.square(exact - exact[chosen[0]]).sum(axis=1)
    for pick in chosen[1:]:
        assert squared_gap[pick] >= squared_gap.max() - 1e-3, "farther points were passed over (beyond float32 noise)"
        squared_gap = np.minimum(squared_gap, np.square(exact - exact[pick]).sum(axis=1))
    assert len(set(chosen)) == k


def test_it_is_the_plain_greedy_also_where_the_short_list_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coreset, "CANDIDATES", 16)
    monkeypatch.setattr(coreset, "BLOCK", 100)
    points = cloud(1500, 8, 3)
    chosen = k_center(points, 200, seed=1).tolist()
    assert chosen == slow.greedy(points.double().numpy(), 200, chosen[0])


def test_a_seed_decides_and_another_seed_differs() -> None:
    points = cloud(800, 6, 0)
    again = k_center(points, 30, seed=5)
    assert torch.equal(k_center(points, 30, seed=5), again)
    assert not torch.equal(k_center(points, 30, seed=6), again)


def test_equal_points_are_chosen_once_each() -> None:
    points = torch.ones(50, 3)
    assert sorted(k_center(points, 20, seed=0).tolist()) == sorted(set(k_center(points, 20, seed=0).tolist()))


@given(n=st.integers(3, 80), k=st.integers(1, 20), seed=st.integers(0, 99))
def test_the_radius_is_the_largest_distance_to_the_nearest_centre(n: int, k: int, seed: int) -> None:
    points = cloud(n, 4, seed)
    centres = points[:k]
    expected = slow.radius(points.double().numpy(), centres.double().numpy())
    assert covering_radius(points, centres) == pytest.approx(expected, abs=2e-2, rel=1e-3)


def streamed(points: torch.Tensor, k: int, chunk: int, portion: int) -> torch.Tensor:
    reservoir = Reservoir(k, chunk, seed=0)
    for start in range(0, len(points), portion):
        finish(reservoir.add(points[start : start + portion]))
        assert reservoir.waiting_rows + reservoir.kept_rows <= k + chunk == len(reservoir.block)
    return finish(reservoir.centres())


def test_a_stream_is_covered_nearly_as_well_as_by_the_full_greedy() -> None:
    points = cloud(20_000, 16, 2)
    full = covering_radius(points, points[k_center(points, 400, seed=0)])
    assert covering_radius(points, streamed(points, 400, 4000, 700)) <= 1.1 * full
    drawn = points[torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:400]]
    assert covering_radius(points, drawn) > 1.1 * full, "random choice would pass too, so this test shows nothing"


def test_how_the_stream_was_cut_changes_nothing() -> None:
    points = cloud(3000, 8, 4)
    whole = streamed(points, 50, 1000, 3000)
    assert torch.equal(whole, streamed(points, 50, 1000, 1))
    assert torch.equal(whole, streamed(points, 50, 1000, 999))


def test_a_short_stream_gets_the_full_greedy() -> None:
    points = cloud(900, 8, 4)
    assert torch.equal(streamed(points, 50, 1000, 100), points[k_center(points, 50, seed=0)])


def test_the_work_tells_how_far_it_is_and_ends_at_k() -> None:
    steps = list(k_center_work(cloud(5000, 8, 1), 300, seed=0))
    assert [s.done for s in steps] == sorted({s.done for s in steps})
    assert steps[-1] == Progress(300, 300, "coreset")
