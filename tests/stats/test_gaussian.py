"""Gaussians of streams: the same however the stream is cut, and the textbook's distance."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import reference_gaussian as slow
from padscope.errors import DetectorError
from padscope.stats import gaussian
from padscope.stats.gaussian import merged, moments_of, no_moments, projected


def drawn(n: int, d: int, seed: int, offset: float = 0.0) -> torch.Tensor:
    noise = np.random.default_rng(seed)
    return torch.from_numpy(noise.normal(size=(n, d)) @ noise.normal(size=(d, d)) + offset)


@given(
    n=st.integers(2, 60), d=st.integers(1, 6), cuts=st.lists(st.integers(0, 60), max_size=4), seed=st.integers(0, 99)
)
def test_a_stream_has_the_moments_of_all_its_rows(n: int, d: int, cuts: list[int], seed: int) -> None:
    rows, together = drawn(n, d, seed), no_moments(d)
    ends = sorted({min(c, n) for c in cuts} | {0, n})
    for start, stop in pairwise(ends):
        together = merged(together, moments_of(rows[start:stop]))
    mean, scatter = slow.welford(rows.numpy())
    assert together.count == n
    assert together.mean.numpy() == pytest.approx(mean, abs=1e-9)
    assert together.scatter.numpy() == pytest.approx(scatter, rel=1e-7, abs=1e-7)
    assert together.covariance.numpy() == pytest.approx(slow.covariance(rows.numpy()), rel=1e-7, abs=1e-8)


def test_a_large_offset_costs_no_digits() -> None:
    """Σ x xᵀ - n μ μᵀ in float32 would give nonsense here."""
    rows = drawn(4000, 4, 1)
    near, far = no_moments(4), no_moments(4)
    for part in rows.split(100):
        near, far = merged(near, moments_of(part)), merged(far, moments_of(part + 1e5))
    assert far.covariance.numpy() == pytest.approx(near.covariance.numpy(), rel=1e-6)


def test_moments_of_projected_rows_need_no_second_pass() -> None:
    rows, basis, origin = drawn(50, 5, 2), drawn(5, 3, 3), drawn(1, 5, 4)[0]
    direct, derived = moments_of((rows - origin) @ basis), projected(moments_of(rows), basis, origin)
    assert torch.allclose(direct.mean, derived.mean)
    assert torch.allclose(direct.scatter, derived.scatter)


@given(amount=st.floats(0, 1), seed=st.integers(0, 99))
def test_shrinkage_keeps_the_total_variance(amount: float, seed: int) -> None:
    cov = moments_of(drawn(20, 4, seed)).covariance
    after = gaussian.shrunk(cov, amount)
    assert float(after.trace()) == pytest.approx(float(cov.trace()))
    assert after.numpy() == pytest.approx((1 - amount) * cov.numpy() + amount * np.eye(4) * cov.numpy().trace() / 4)


def test_whitened_rows_have_unit_covariance() -> None:
    rows = drawn(500, 5, 5)
    m = moments_of(rows)
    z = gaussian.whitened(rows, m.mean, gaussian.cholesky(m.covariance))
    assert moments_of(z).covariance.numpy() == pytest.approx(np.eye(5), abs=1e-6)


def test_the_distance_is_mahalanobis_and_not_squared() -> None:
    rows = drawn(200, 4, 6)
    m = moments_of(rows)
    found = gaussian.mahalanobis(rows[:20], m.mean, gaussian.cholesky(m.covariance))
    expected = [slow.mahalanobis(r, m.mean.numpy(), slow.covariance(rows.numpy())) for r in rows[:20].numpy()]
    assert found.numpy() == pytest.approx(expected, rel=1e-6)


def test_fewer_rows_than_dimensions_still_have_a_factor() -> None:
    cov = moments_of(drawn(5, 30, 7)).covariance
    factor = gaussian.cholesky(cov)
    assert torch.isfinite(factor).all()
    assert (factor @ factor.T).numpy() == pytest.approx(cov.numpy(), abs=1e-5 * float(cov.diagonal().mean()))


@pytest.mark.parametrize("bad", [torch.zeros(3, 3).double(), torch.full((3, 3), torch.nan).double()])
def test_no_variation_is_refused(bad: torch.Tensor) -> None:
    with pytest.raises(DetectorError, match="do not vary"):
        gaussian.cholesky(bad)
