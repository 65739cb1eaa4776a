"""Fewer dimensions: principal components, random projections (thesis 8.3.5.3), a random choice (PaDiM)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from padscope.stats.gaussian import Moments


@dataclass(frozen=True, eq=False)
class Projection:
    origin: Tensor  # (D,) float32
    basis: Tensor  # (D, K) float32

    def __call__(self, rows: Tensor) -> Tensor:
        """(N, D) -> (N, K)."""
        return (rows - self.origin) @ self.basis

    def to(self, device: torch.device) -> Projection:
        return Projection(self.origin.to(device), self.basis.to(device))


def identity(dimensions: int) -> Projection:
    return Projection(torch.zeros(dimensions), torch.eye(dimensions))


def principal(moments: Moments, keep: float) -> Projection:
    """The fewest eigenvectors that hold the share `keep` of the variance, most important first (thesis 8.26–8.29). The sign of
    each is fixed: its largest entry is positive."""
    values, vectors = torch.linalg.eigh(moments.covariance)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    share = values.cumsum(0) / values.sum().clamp(min=torch.finfo(values.dtype).tiny)
    count = min(int((share < keep).sum()) + 1, len(values))
    chosen = vectors[:, :count]
    largest = chosen.gather(0, chosen.abs().argmax(dim=0, keepdim=True))
    return Projection(moments.mean.float(), (chosen * largest.sign()).float())


def sparse_random(dimensions: int, count: int, *, seed: int) -> Projection:
    """Entries ±√(s / K) with probability 1 / 2s each, else 0, s = √D (Li, Hastie & Church 2006; thesis 8.31). Scaled by K, not
    by D as the thesis prints: then lengths are kept (Achlioptas 2003); the ranking of distances is the same."""
    s = math.sqrt(dimensions)
    draw = torch.rand(dimensions, count, generator=torch.Generator().manual_seed(seed))
    sign = (draw < 1 / (2 * s)).float() - (draw > 1 - 1 / (2 * s)).float()
    return Projection(torch.zeros(dimensions), sign * math.sqrt(s / count))


def dense_random(dimensions: int, count: int, *, seed: int) -> Projection:
    """Gaussian entries of variance 1 / K (Johnson & Lindenstrauss 1984; thesis 8.34)."""
    basis = torch.randn(dimensions, count, generator=torch.Generator().manual_seed(seed))
    return Projection(torch.zeros(dimensions), basis / math.sqrt(count))


def random_choice(dimensions: int, count: int, *, seed: int) -> Tensor:
    """Indices of `count` of the dimensions, ascending (PaDiM 3.1); of all if there are no more."""
    return torch.randperm(dimensions, generator=torch.Generator().manual_seed(seed))[:count].sort().values
