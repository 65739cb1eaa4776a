"""A uniform sample of a stream of unknown length, in bounded memory."""

from __future__ import annotations

import torch
from torch import Tensor


class Sample:
    """Keeps at most 2 · `size` rows; `rows()` gives `size` of them, every row seen being equally likely (each draws a number,
    the smallest numbers stay)."""

    def __init__(self, size: int, *, seed: int) -> None:
        self.size = size
        self.draw = torch.Generator().manual_seed(seed)
        self.parts: list[Tensor] = []
        self.numbers: list[Tensor] = []
        self.held = 0
        self.limit = 1.0  # numbers above it will not stay

    def add(self, rows: Tensor) -> None:
        """Rows (M, D) of any precision."""
        numbers = torch.rand(len(rows), generator=self.draw)
        kept = numbers <= self.limit
        self.parts.append(rows[kept.to(rows.device)])
        self.numbers.append(numbers[kept])
        self.held += len(self.numbers[-1])
        if self.held > 2 * self.size:
            self._shrink()

    def rows(self) -> Tensor:
        """(at most `size`, D), in the order of the stream. Something must have been added, perhaps of no rows."""
        self._shrink()
        return self.parts[0]

    def _shrink(self) -> None:
        rows, numbers = torch.cat(self.parts), torch.cat(self.numbers)
        if len(numbers) > self.size:
            self.limit = float(numbers.kthvalue(self.size).values)
            kept = numbers <= self.limit
            rows, numbers = rows[kept.to(rows.device)], numbers[kept]
        self.parts, self.numbers, self.held = [rows], [numbers], len(numbers)
