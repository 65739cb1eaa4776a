"""Nearest neighbours: exact, whatever the block size, the offset and the precision of the ranking."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import reference_memory_bank as slow
from padscope.stats import neighbors
from padscope.stats.neighbors import neighbors_of


def drawn(n: int, d: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32))


@given(
    m=st.integers(1, 60),
    n=st.integers(1, 80),
    d=st.integers(1, 20),
    k=st.integers(1, 5),
    half=st.booleans(),
    seed=st.integers(0, 99),
)
def test_they_are_those_of_brute_force(m: int, n: int, d: int, k: int, half: bool, seed: int) -> None:
    bank, queries, k = drawn(n, d, seed), drawn(m, d, seed + 1), min(k, n)
    distances, indices = neighbors_of(bank, half=half).nearest(queries, k)
    expected, _ = slow.nearest(queries.double().numpy(), bank.double().numpy(), k)
    assert distances.shape == indices.shape == (m, k)
    assert distances.numpy() == pytest.approx(expected, rel=1e-3, abs=1e-5)
    own = torch.linalg.vector_norm(queries[:, None] - bank[indices], dim=2)
    assert torch.equal(distances, own)


def test_distances_are_not_squared() -> None:
    distances, _ = neighbors_of(torch.tensor([[0.0, 0.0], [30.0, 40.0]])).nearest(torch.tensor([[3.0, 4.0]]))
    assert distances.item() == 5.0


@pytest.mark.parametrize("half", [False, True])
def test_an_offset_far_from_zero_costs_no_digits(half: bool) -> None:
    bank, queries = drawn(400, 32, 0) + 1000, drawn(300, 32, 1) + 1000
    distances, indices = neighbors_of(bank, half=half).nearest(queries)
    expected, order = slow.nearest(queries.double().numpy(), bank.double().numpy(), 1)
    assert distances.numpy() == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(indices.numpy(), order)


def test_large_values_do_not_overflow_half_precision() -> None:
    bank, queries = drawn(200, 64, 0) * 1e4, drawn(100, 64, 1) * 1e4
    distances, indices = neighbors_of(bank, half=True).nearest(queries)
    assert np.array_equal(indices.numpy(), slow.nearest(queries.double().numpy(), bank.double().numpy(), 1)[1])
    assert torch.isfinite(distances).all()


def test_a_member_of_the_bank_is_at_distance_zero() -> None:
    bank = drawn(500, 16, 0) + 7
    distances, indices = neighbors_of(bank).nearest(bank)
    assert indices[:, 0].tolist() == list(range(500))
    assert (distances == 0).all()


def test_a_bank_of_equal_entries_and_no_queries_are_fine() -> None:
    ready = neighbors_of(torch.ones(5, 3))
    assert ready.nearest(torch.zeros(2, 3))[0].tolist() == pytest.approx(np.full((2, 1), np.sqrt(3)))
    assert ready.nearest(torch.zeros(0, 3))[0].shape == (0, 1)


def test_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, queries = drawn(300, 8, 0), drawn(1000, 8, 1)
    whole = neighbors_of(bank).nearest(queries, 3)
    monkeypatch.setattr(neighbors, "BLOCK_BYTES", {"cpu": 1})
    parts = neighbors_of(bank).nearest(queries, 3)
    assert torch.equal(whole[1], parts[1])
    assert torch.equal(whole[0], parts[0])


@pytest.mark.parametrize("size", [41, 1000, 1003])
def test_a_coarse_ranking_loses_no_nearest_of_clumped_rows(size: int) -> None:
    """Clumps far from the origin, as embeddings lie; stripes of unequal fill."""
    clumps = drawn(20, 48, 1) * 3 + 50
    bank = clumps[torch.arange(size) % 20] + drawn(size, 48, 2) * torch.linspace(1, 0.1, 48)
    queries = clumps[torch.arange(700) % 20] + drawn(700, 48, 3) * torch.linspace(1, 0.1, 48)
    exact, _ = neighbors_of(bank, coarse=False).nearest(queries)
    found, indices = neighbors_of(bank, coarse=True).nearest(queries)
    assert int(indices.max()) < size
    assert found.numpy() == pytest.approx(exact.numpy(), rel=1e-5)


def test_a_crowd_of_equal_entries_is_ranked_finely() -> None:
    """A coarse ranking cannot tell them apart, and measuring all of them would take the memory of all pairs."""
    bank = drawn(4, 24, 7)[torch.arange(1200) % 4]
    queries = drawn(50, 24, 8)
    found, indices = neighbors_of(bank, coarse=True).nearest(queries)
    exact, _ = neighbors_of(bank, coarse=False).nearest(queries)
    assert found.numpy() == pytest.approx(exact.numpy(), rel=1e-5)
    assert int(indices.max()) < 1200


def test_of_equally_near_entries_the_first_is_named() -> None:
    bank = torch.cat([drawn(1100, 24, 9), drawn(1100, 24, 9)])
    _, indices = neighbors_of(bank, coarse=True).nearest(drawn(1100, 24, 9)[:300])
    assert indices[:, 0].tolist() == list(range(300))


def test_a_query_far_from_everything_finds_an_entry_of_the_bank() -> None:
    bank = drawn(1003, 24, 10)
    queries = drawn(20, 24, 11) * 1e4
    found, indices = neighbors_of(bank, coarse=True).nearest(queries)
    exact, _ = neighbors_of(bank, coarse=False).nearest(queries)
    assert int(indices.max()) < 1003
    assert found.numpy() == pytest.approx(exact.numpy(), rel=1e-5)


def test_a_query_that_is_in_the_bank_is_found_by_a_coarse_ranking_too() -> None:
    bank = drawn(2000, 30, 4) + 10
    distances, indices = neighbors_of(bank, coarse=True).nearest(bank[::7])
    assert distances.max() == 0
    assert indices[:, 0].tolist() == list(range(0, 2000, 7))


def test_more_than_one_neighbour_is_ranked_finely() -> None:
    bank, queries = drawn(1500, 20, 5), drawn(40, 20, 6)
    fine, coarse = (neighbors_of(bank, coarse=c).nearest(queries, 3) for c in (False, True))
    assert torch.equal(fine[1], coarse[1])
