"""Online k-means: centroids of a stream that is never held (thesis 8.38, “cumulative k-means”; Sculley 2010, alg. 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from padscope.stats.coreset import k_center
from padscope.stats.neighbors import neighbors_of
from padscope.types import Progress, Work


class OnlineKMeans:
    """`add` rows in any portions, then ask for the `centres`, as with `coreset.Reservoir`. Starts from a k-center coreset of the
    first `start` rows; from then on each row pulls its nearest centroid by 1 / (rows that centroid has had): c ← c + (x - c) / n.
    Never holds more than `start` rows and one portion."""

    def __init__(self, k: int, start: int, *, seed: int) -> None:
        self.k = k
        self.start = max(start, k)
        self.seed = seed
        self.waiting: list[Tensor] = []
        self.waiting_rows = 0
        self.centroids: Tensor | None = None
        self.counts: Tensor | None = None

    @property
    def empty(self) -> bool:
        return self.centroids is None and not self.waiting_rows

    def add(self, rows: Tensor) -> Work[None]:
        """Rows (M, D) float32."""
        if self.centroids is not None:
            self._pull(rows)
            return
        self.waiting.append(rows.clone())
        self.waiting_rows += len(rows)
        if self.waiting_rows >= self.start:
            yield from self._begin()

    def centres(self) -> Work[Tensor]:
        """(at most k, D). Needs at least one row."""
        if self.centroids is None:
            yield from self._begin()
        assert self.centroids is not None
        return self.centroids

    def _begin(self) -> Work[None]:
        yield Progress(0, self.k, "first centroids")
        rows = torch.cat(self.waiting)
        self.waiting, self.waiting_rows = [], 0
        self.centroids = rows[k_center(rows, self.k, seed=self.seed)].clone()
        self.counts = torch.zeros(len(self.centroids), device=rows.device)
        self._pull(rows)

    def _pull(self, rows: Tensor) -> None:
        """All rows of a portion at once: the mean of what a centroid has had and what it gets now."""
        assert self.centroids is not None
        assert self.counts is not None
        _, nearest = neighbors_of(self.centroids).nearest(rows)
        sums = torch.zeros_like(self.centroids).index_add_(0, nearest[:, 0], rows)
        new = torch.bincount(nearest[:, 0], minlength=len(self.counts)).to(self.counts.dtype)
        total = self.counts + new
        pulled = (self.centroids * self.counts[:, None] + sums) / total.clamp(min=1)[:, None]
        self.centroids = torch.where(new[:, None] > 0, pulled, self.centroids)
        self.counts = total
