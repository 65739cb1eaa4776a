"""k-center coresets: few points so that no point is far from one of them (PatchCore alg. 1, thesis 8.39).

`k_center` gives the sequence of the plain greedy, farthest point first, but works through matrix products: it goes on
choosing within a short list of the farthest points for as long as no other point can be farther, then all points learn of
the whole handful at once. `Reservoir` does the same for a stream of any length in bounded memory (merge and reduce).
"""

from __future__ import annotations

import torch
from torch import Tensor

from padscope.types import Progress, Work, finish

CANDIDATES = 2048
"""Farthest points kept at hand; any number gives the same coreset, this one is fast for 10⁴ … 10⁶ points."""
BLOCK = 16384
"""Points whose distances to a handful of centres exist at a time."""


def k_center(points: Tensor, k: int, *, seed: int) -> Tensor:
    """Indices (k,) of a greedy k-center coreset of points (N, D) float32, in the order of choice; all N of them if k ≥ N.

    The first is drawn at random, each further one is the farthest from those before it (to float32 noise)."""
    return finish(k_center_work(points, k, seed=seed))


def k_center_work(points: Tensor, k: int, *, seed: int) -> Work[Tensor]:
    """`k_center` that tells how far it is."""
    n = len(points)
    if k >= n:
        return torch.arange(n, device=points.device)
    points = points - points.mean(dim=0)  # the matrix form of a distance loses digits far from the origin
    squares = torch.cat(
        [part.square().sum(dim=1) for part in points.split(BLOCK)]
    )  # all squares at once are as large as points
    gap = torch.full((n,), torch.inf, device=points.device)  # squared distance to the nearest centre so far
    start = torch.randint(n, (1,), generator=torch.Generator().manual_seed(seed))
    chosen = [start.to(points.device)]
    done = 1
    while done < k:
        _shrink(gap, points, squares, chosen[-1])
        chosen.append(_farthest(gap, points, squares, k - done))
        done += len(chosen[-1])
        yield Progress(done, k, "coreset")
    return torch.cat(chosen)


class Reservoir:
    """A k-center coreset of a stream: `add` rows in any portions, then ask for the `centres`.

    Never holds more than k + chunk rows, in one block of memory that is used again: thousands of small pieces would tear holes
    into it. Up to `chunk` rows the result is the full greedy's; beyond, every portion is reduced together with the centres so
    far, at the price of a covering radius 1.1 … 1.3 × the full greedy's (measured on 204 800 real embeddings cut into 2 … 25
    portions)."""

    def __init__(self, k: int, chunk: int, *, seed: int) -> None:
        self.k = k
        self.chunk = chunk
        self.seed = seed
        self.block: Tensor | None = None  # the centres so far, then what waits
        self.kept_rows = 0
        self.waiting_rows = 0

    @property
    def empty(self) -> bool:
        return not self.kept_rows + self.waiting_rows

    def add(self, rows: Tensor) -> Work[None]:
        """Rows (M, D) float32. Portions are re-cut to `chunk`, so the result does not depend on how the stream was cut."""
        if self.block is None:
            self.block = rows.new_empty((self.k + self.chunk, rows.shape[1]))  # the system gives what is written to
        while len(rows):
            taken = rows[: self.chunk - self.waiting_rows]
            rows = rows[len(taken) :]
            start = self.kept_rows + self.waiting_rows
            self.block[start : start + len(taken)] = taken
            self.waiting_rows += len(taken)
            if self.waiting_rows == self.chunk:
                yield from self._reduce()

    def centres(self) -> Work[Tensor]:
        """(at most k, D), in the order of choice; nothing may be added afterwards. Needs at least one row."""
        if self.waiting_rows:
            yield from self._reduce()
        assert self.block is not None
        centres = self.block[: self.kept_rows].clone()
        self.block = None
        return centres

    def _reduce(self) -> Work[None]:
        assert self.block is not None
        rows = self.block[: self.kept_rows + self.waiting_rows]
        centres = rows[(yield from k_center_work(rows, self.k, seed=self.seed))]
        self.kept_rows, self.waiting_rows = len(centres), 0
        self.block[: self.kept_rows] = centres


def covering_radius(points: Tensor, centres: Tensor) -> float:
    """Largest distance from a point (N, D) to the nearest centre (K, D)."""
    together = torch.cat([points, centres])
    together = together - together.mean(dim=0)
    squares = together.square().sum(dim=1)
    gap = torch.full((len(together),), torch.inf, device=points.device)
    for start in range(len(points), len(together), CANDIDATES):
        some = torch.arange(start, min(start + CANDIDATES, len(together)), device=points.device)
        _shrink(gap, together, squares, some)
    return float(gap[: len(points)].max().clamp(min=0).sqrt())


def _shrink(gap: Tensor, points: Tensor, squares: Tensor, new: Tensor) -> None:
    """Let every point learn of new centres (indices): gap ← min(gap, |p - c|²), in place. Centres themselves drop to -∞."""
    centres = points[new]
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        nearest = torch.addmm(squares[new], points[part], centres.T, alpha=-2).amin(dim=1)
        torch.minimum(gap[part], nearest + squares[part], out=gap[part])
    gap[new] = -torch.inf


def _farthest(gap: Tensor, points: Tensor, squares: Tensor, limit: int) -> Tensor:
    """The next greedy choices, at least one and at most `limit`, without looking at all points again.

    A gap only ever shrinks, so the farthest candidate is the farthest of all points as long as it is not nearer than the
    nearest candidate was at first: every point outside the list began nearer than that."""
    bound_and_more, short = torch.topk(gap, min(CANDIDATES, len(gap)))
    here, own = points[short], squares[short]
    bound = float(bound_and_more[-1]) if len(short) < len(gap) else -torch.inf
    far = bound_and_more.clone()
    picks: list[int] = []
    while len(picks) < limit:
        best, place = torch.max(far, dim=0)
        if picks and not float(best) >= bound:
            break
        at = int(place)
        picks.append(at)
        torch.minimum(far, torch.addmv(own, here, here[at], alpha=-2).add_(own[at]), out=far)
        far[at] = -torch.inf
    return short[picks]
