"""Exact nearest neighbours by matrix products: no approximate index, which would be wrong exactly at the worst cell.

|q - b|² = |q|² + |b|² - 2 q·b ranks the bank, block by block; what is kept is then measured again directly, so distances
carry no cancellation error. All is centred on the bank's mean first: that alone makes the ranking of float16 5 × better.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SPARE = 7
"""Neighbours ranked beyond those asked for when ranking in half precision: enough that none of 3136 real queries against
12 000 embeddings of 1024 dimensions lost its nearest."""
BLOCK_BYTES = {"cpu": 16 << 20, "cuda": 256 << 20}
"""Distances that exist at a time; on a CPU they should stay in its cache."""


@dataclass(frozen=True, eq=False)
class Neighbors:
    """A bank made ready for questions (`neighbors_of`)."""

    bank: Tensor  # (K, D) float32, as given
    middle: Tensor  # (D,)
    ranking: Tensor  # (D, K): -2 (bank - middle)ᵀ / reach², float32 or float16
    offsets: Tensor  # (K,): |bank - middle|² / reach²
    reach: Tensor  # () largest |bank - middle|; keeps float16 far from its limits

    def nearest(self, queries: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
        """Distances (M, k), not squared, and bank indices (M, k) for queries (M, D) float32, nearest first; k ≤ K."""
        rows = max(256, BLOCK_BYTES[self.bank.device.type] // (4 * len(self.bank)))
        with torch.inference_mode():
            parts = [self._block(part, k) for part in queries.split(rows)]
            if not parts:
                return queries.new_empty((0, k)), queries.new_empty((0, k), dtype=torch.long)
            distances, indices = zip(*parts, strict=True)
            return torch.cat(distances), torch.cat(indices)

    def _block(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        centred = (queries - self.middle) / self.reach
        half = self.ranking.dtype == torch.float16
        ranks = torch.addmm(self.offsets, centred.to(self.ranking.dtype), self.ranking)
        if k == 1 and not half:
            indices = ranks.argmin(dim=1, keepdim=True)
        else:
            indices = ranks.topk(min(k + SPARE * half, len(self.bank)), largest=False).indices
        distances = torch.linalg.vector_norm(queries[:, None] - self.bank[indices], dim=2)
        order = distances.argsort(dim=1, stable=True)[:, :k]
        return distances.gather(1, order), indices.gather(1, order)


def neighbors_of(bank: Tensor, *, half: bool | None = None) -> Neighbors:
    """Prepare a bank (K, D) float32; `half` ranks in float16, by default on a GPU."""
    half = bank.device.type == "cuda" if half is None else half
    dtype = torch.float16 if half else torch.float32
    with torch.inference_mode():
        middle = bank.mean(dim=0)
        centred = bank - middle
        squares = centred.square().sum(dim=1)
        reach = squares.max().sqrt().clamp(min=torch.finfo(torch.float32).tiny)
        return Neighbors(
            bank=bank,
            middle=middle,
            ranking=(centred.T * (-2 / reach)).to(dtype).contiguous(),
            offsets=(squares / reach.square()).to(dtype),
            reach=reach,
        )
