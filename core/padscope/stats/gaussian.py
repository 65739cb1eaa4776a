"""Gaussians of streams: covariance in one pass, shrinkage, Cholesky, whitening (thesis 8.3.5.4, appendices B–D).

n   ← n_a + n_b
μ   ← μ_a + δ n_b / n                               δ = μ_b - μ_a
S   ← S_a + S_b + δ δᵀ n_a n_b / n                  (Chan, Golub & LeVeque 1979, eq. 2.1; Welford 1962 for n_b = 1)
Σ_α = (1 - α) S / (n - 1) + α mean(diag) I          (shrinkage towards a sphere of the same total variance)
Σ_α = L Lᵀ,   z = L⁻¹ (x - μ),   |z| = Mahalanobis distance of x
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from padscope.errors import DetectorError

JITTER = (0.0, *(10.0**e for e in range(-12, 1)))
"""Shares of the mean variance added to the diagonal, one after the other, until Cholesky succeeds."""
EIGEN_FLOOR = 1e-8
"""Share of the mean variance below which no direction's variance may fall."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Of `count` rows: mean (D,) and scatter S = Σ (x - μ)(x - μ)ᵀ (D, D), float64. An empty one is all zeros."""

    count: int
    mean: Tensor
    scatter: Tensor

    @property
    def covariance(self) -> Tensor:
        """(D, D) float64, divided by n - 1; zeros for fewer than two rows."""
        return self.scatter / max(self.count - 1, 1)


def no_moments(dimensions: int, device: torch.device | str = "cpu") -> Moments:
    zeros = torch.zeros(dimensions, dtype=torch.float64, device=device)
    return Moments(0, zeros, zeros[:, None] * zeros)


def moments_of(rows: Tensor) -> Moments:
    """Of rows (N, D) of any precision, N ≥ 1; two passes in float64."""
    rows = rows.double()
    mean = rows.mean(dim=0)
    centred = rows - mean
    return Moments(len(rows), mean, centred.T @ centred)


def merged(a: Moments, b: Moments) -> Moments:
    """The moments of the rows of both together, as if they had been seen at once."""
    if not a.count or not b.count:
        return a if a.count else b
    n = a.count + b.count
    delta = b.mean - a.mean
    scatter = a.scatter + b.scatter + torch.outer(delta, delta) * (a.count * b.count / n)
    return Moments(n, a.mean + delta * (b.count / n), scatter)


def of_all(moments: list[Moments]) -> Moments:
    """Of the rows of all places together."""
    return reduce(merged, moments)


def projected(moments: Moments, basis: Tensor, origin: Tensor) -> Moments:
    """The moments of (x - origin) @ basis, basis (D, K): no second pass over the rows is needed."""
    basis = basis.double()
    return Moments(moments.count, (moments.mean - origin.double()) @ basis, basis.T @ moments.scatter @ basis)


def shrunk(covariance: Tensor, amount: float) -> Tensor:
    """(1 - α) Σ + α mean(diag Σ) I for a covariance (…, D, D)."""
    variance = covariance.diagonal(dim1=-2, dim2=-1).mean(dim=-1)[..., None, None]
    identity = torch.eye(covariance.shape[-1], dtype=covariance.dtype, device=covariance.device)
    return (1 - amount) * covariance + amount * variance * identity


def cholesky(covariance: Tensor) -> Tensor:
    """Lower L with L Lᵀ = covariance (D, D) float64, eigenvalues lifted to a floor, then with as little jitter as it takes;
    DetectorError where even that fails (the covariance is zero or not finite)."""
    size = covariance.diagonal().mean()
    if not torch.isfinite(covariance).all() or size <= 0:
        raise DetectorError(
            "The embeddings of the sound tiles do not vary at all; give the detector more varied tiles."
        )
    values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
    floored = (vectors * values.clamp(min=EIGEN_FLOOR * float(size))) @ vectors.T
    identity = torch.eye(len(covariance), dtype=covariance.dtype, device=covariance.device)
    for jitter in JITTER:
        factor, failed = torch.linalg.cholesky_ex(floored + jitter * size * identity)
        if not failed:
            return factor
    raise DetectorError("The covariance of the embeddings has no Cholesky factor; raise the shrinkage.")


def whitened(rows: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """z = L⁻¹ (x - μ) for rows (N, D), by a triangular solve; never by an inverse. Precision of the rows."""
    centred = (rows - mean.to(rows.dtype)).T
    return torch.linalg.solve_triangular(factor.to(rows.dtype), centred, upper=False).T.contiguous()


def mahalanobis(rows: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """Mahalanobis distances (N,), not squared."""
    return torch.linalg.vector_norm(whitened(rows, mean, factor), dim=1)
