"""Slow and obvious: covariance, shrinkage, Mahalanobis distance, principal components; all with numpy in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def covariance(rows: F64) -> F64:
    mean = sum(rows) / len(rows)
    return sum(np.outer(r - mean, r - mean) for r in rows) / (len(rows) - 1)  # type: ignore[no-any-return]


def welford(rows: F64) -> tuple[F64, F64]:
    """Mean and scatter, one row at a time (Welford 1962)."""
    mean, scatter = np.zeros(rows.shape[1]), np.zeros((rows.shape[1],) * 2)
    for n, row in enumerate(rows, start=1):
        delta = row - mean
        mean = mean + delta / n
        scatter = scatter + np.outer(delta, row - mean)
    return mean, scatter


def mahalanobis(row: F64, mean: F64, cov: F64) -> float:
    return float(np.sqrt((row - mean) @ np.linalg.inv(cov) @ (row - mean)))


def shrunk(cov: F64, amount: float) -> F64:
    return (1 - amount) * cov + amount * np.trace(cov) / len(cov) * np.eye(len(cov))


def principal_values(rows: F64) -> F64:
    """Variances along the principal components, largest first."""
    return np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2 / (len(rows) - 1)
