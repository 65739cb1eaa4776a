"""A uniform sample of a stream of unknown length, in bounded memory."""

from __future__ import annotations

import torch
from torch import Tensor


class Sample:
    """Keeps `size` rows in one block of memory, every row seen being equally likely (each draws a number, the smallest numbers
    stay)."""

    def __init__(self, size: int, *, seed: int) -> None:
        self.size = size
        self.draw = torch.Generator().manual_seed(seed)
        self.block: Tensor | None = None
        self.numbers = torch.empty(0)  # of the rows held
        self.places = torch.empty(0, dtype=torch.long)  # of the rows held, in the stream
        self.seen = 0

    @property
    def held(self) -> int:
        return len(self.numbers)

    def add(self, rows: Tensor) -> None:
        """Rows (M, D) of any precision."""
        if self.block is None:
            self.block = rows.new_empty((self.size, rows.shape[1]))  # the system gives what is written to
        numbers = torch.rand(len(rows), generator=self.draw)
        places = torch.arange(self.seen, self.seen + len(rows))
        self.seen += len(rows)
        together = torch.cat([self.numbers, numbers])
        stays = together.topk(min(self.size, len(together)), largest=False).indices
        new = stays[stays >= self.held] - self.held
        gone = torch.ones(self.held, dtype=torch.bool)
        gone[stays[stays < self.held]] = False
        more = len(new) - int(gone.sum())
        into = torch.cat([gone.nonzero()[:, 0], torch.arange(self.held, self.held + more)])
        self.numbers = torch.cat([self.numbers, torch.empty(more)])
        self.places = torch.cat([self.places, torch.empty(more, dtype=torch.long)])
        self.numbers[into], self.places[into] = numbers[new], places[new]
        self.block[into.to(self.block.device)] = rows[new.to(rows.device)]

    def rows(self) -> Tensor:
        """(at most `size`, D), in the order of the stream. Something must have been added, perhaps of no rows."""
        assert self.block is not None
        return self.block[self.places.argsort().to(self.block.device)]
