"""Projections: PCA is PCA, random ones keep lengths, all are repeatable."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from padscope.stats import projection
from padscope.stats.gaussian import moments_of


def drawn(n: int, d: int, seed: int) -> torch.Tensor:
    noise = np.random.default_rng(seed)
    return torch.from_numpy((noise.normal(size=(n, d)) * np.geomspace(1, 0.01, d) + 3).astype(np.float32))


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.99, 1.0])
def test_principal_components_are_those_of_a_known_library(keep: float) -> None:
    rows = drawn(300, 12, 0)
    ours = projection.principal(moments_of(rows), keep)
    theirs = PCA(n_components=keep if keep < 1 else None, svd_solver="full").fit(rows.double().numpy())
    assert ours.basis.shape == (12, theirs.n_components_)
    assert ours(rows).abs().numpy() == pytest.approx(np.abs(theirs.transform(rows.double().numpy())), abs=1e-4)


def test_components_have_a_fixed_sign() -> None:
    basis = projection.principal(moments_of(drawn(100, 6, 1)), 1.0).basis
    assert (basis.gather(0, basis.abs().argmax(0, keepdim=True)) > 0).all()


@pytest.mark.parametrize("kind", [projection.sparse_random, projection.dense_random])
def test_random_projections_keep_lengths(kind: object) -> None:
    rows = torch.from_numpy(np.random.default_rng(2).normal(size=(200, 300)).astype(np.float32))
    after = kind(300, 128, seed=0)(rows)  # type: ignore[operator]
    ratio = after.norm(dim=1) / rows.norm(dim=1)
    assert float(ratio.mean()) == pytest.approx(1, abs=0.05)
    assert float(ratio.std()) < 0.15


def test_a_sparse_projection_is_sparse_and_has_three_values() -> None:
    basis = projection.sparse_random(400, 64, seed=1).basis
    s = 20.0
    assert float((basis != 0).float().mean()) == pytest.approx(1 / s, abs=0.01)
    assert basis.unique().tolist() == pytest.approx([-np.sqrt(s / 64), 0, np.sqrt(s / 64)])


@given(d=st.integers(1, 40), count=st.integers(1, 60), seed=st.integers(0, 99))
def test_a_random_choice_names_each_dimension_once(d: int, count: int, seed: int) -> None:
    chosen = projection.random_choice(d, count, seed=seed).tolist()
    assert len(chosen) == min(d, count)
    assert chosen == sorted(set(chosen))
    assert set(chosen) <= set(range(d))


def test_a_seed_decides() -> None:
    for kind in (projection.sparse_random, projection.dense_random):
        assert torch.equal(kind(50, 10, seed=3).basis, kind(50, 10, seed=3).basis)
        assert not torch.equal(kind(50, 10, seed=3).basis, kind(50, 10, seed=4).basis)
    assert not torch.equal(projection.random_choice(50, 10, seed=3), projection.random_choice(50, 10, seed=4))
