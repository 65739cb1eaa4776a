"""Online k-means finds clusters in a stream and holds next to nothing."""

import numpy as np
import pytest
import torch

from padscope.stats.kmeans import OnlineKMeans
from padscope.types import finish


def stream(seed: int) -> tuple[torch.Tensor, np.ndarray]:
    noise = np.random.default_rng(seed)
    middles = np.array([[0, 0], [10, 0], [0, 10], [10, 10], [30, 30]], float)
    return torch.from_numpy(
        (middles[noise.integers(5, size=4000)] + noise.normal(size=(4000, 2)) * 0.3).astype("f4")
    ), middles


def test_it_finds_the_clusters_of_a_stream() -> None:
    rows, middles = stream(0)
    means = OnlineKMeans(5, 200, seed=0)
    for part in rows.split(37):
        finish(means.add(part))
    found = finish(means.centres()).numpy()
    assert found[np.lexsort(found.round().T)] == pytest.approx(middles[np.lexsort(middles.T)], abs=0.1)
    assert means.waiting_rows == 0


def test_a_centroid_is_the_mean_of_what_it_had() -> None:
    rows = torch.tensor([[1.0], [2.0], [6.0]])
    means = OnlineKMeans(1, 1, seed=0)
    for row in rows:
        finish(means.add(row[None]))
    assert finish(means.centres()).tolist() == [[3.0]]


def test_fewer_rows_than_centroids_are_all_kept() -> None:
    means = OnlineKMeans(10, 100, seed=0)
    finish(means.add(torch.tensor([[1.0], [4.0]])))
    assert sorted(finish(means.centres()).flatten().tolist()) == [1.0, 4.0]
