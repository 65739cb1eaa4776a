"""A small classifier of single cells: a perceptron with two hidden layers over standardised rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from padscope.types import Progress, Work

HIDDEN = 128
DROPOUT = 0.2
BATCH = (3072, 1024)
"""Rows per step of the first and of the second class."""
LEARNING_RATE = 4e-3
WARM_UP = 0.3
"""Share of the steps in which the learning rate rises; then it falls to nothing along a cosine."""
WEIGHT_DECAY = 1e-2
PROGRESS_EVERY = 20


@dataclass(frozen=True, eq=False)
class CellHead:
    """Fitted: a large logit means the second class, 0 is what the first class typically has."""

    mean: Tensor  # (D,) of the rows it learned from
    deviation: Tensor  # (D,)
    weights: tuple[Tensor, ...]  # W₀ (H, D), b₀ (H,), W₁ (H, H), b₁ (H,), W₂ (1, H), b₂ (1,)

    def __call__(self, rows: Tensor) -> Tensor:
        """Logits (M,) of rows (M, D) float32."""
        with torch.inference_mode():
            return self.after_first(F.linear(rows, *self.first))

    @cached_property
    def first(self) -> tuple[Tensor, Tensor]:
        """W (H, D), b (H,) of the first layer for rows as they come: W₀ (x - mean) / deviation + b₀ = W x + b."""
        w0, b0 = self.weights[:2]
        weight = w0 / self.deviation
        return weight, (b0.double() - weight.double() @ self.mean.double()).float()

    @cached_property
    def first_by_halves(self) -> Tensor:
        """(2 H, D / 2): A + B, then B, of the first layer's W = (A, B). Of rows (x, x - m), W (x, x - m) = (A + B) x - B m."""
        own, around = self.first[0].chunk(2, dim=1)
        return torch.cat([own + around, around])

    def after_first(self, rows: Tensor) -> Tensor:
        """Logits (M,) of what the first layer gives (M, H), before its rectifier."""
        _, _, w1, b1, w2, b2 = self.weights
        with torch.inference_mode():
            return F.linear(F.relu(F.linear(F.relu(rows), w1, b1)), w2, b2)[:, 0]


def cell_head_work(first: Tensor, second: Tensor, *, steps: int, seed: int) -> Work[CellHead]:
    """Learn to tell rows (N2, D) of the second class from rows (N1, D) of the first, of any precision and on one device; every
    step draws its rows anew. Nothing of torch's global state is touched, so works may take turns."""
    device, dimensions = first.device, first.shape[1]
    draw = torch.Generator(device=device).manual_seed(seed)
    mean, deviation = _spread(torch.cat([_thinned(first), _thinned(second)]))
    weights = [w.requires_grad_() for w in _first_weights(dimensions, draw, device)]
    learner = torch.optim.AdamW(weights, LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    labels = torch.cat([torch.zeros(BATCH[0], device=device), torch.ones(BATCH[1], device=device)])
    for step in range(steps):
        with torch.enable_grad():
            drawn = [
                rows[torch.randint(len(rows), (n,), generator=draw, device=device)]
                for rows, n in zip((first, second), BATCH, strict=True)
            ]
            logits = _logits((torch.cat(drawn).float() - mean) / deviation, weights, draw)
            learner.param_groups[0]["lr"] = LEARNING_RATE * _pace((step + 0.5) / steps)
            learner.zero_grad()
            F.binary_cross_entropy_with_logits(logits, labels).backward()
            learner.step()
        if (step + 1) % PROGRESS_EVERY == 0 or step + 1 == steps:
            yield Progress(step + 1, steps, "learning what blemishes do")
    return _counted_from(first, CellHead(mean, deviation, tuple(w.detach() for w in weights)))


def _counted_from(first: Tensor, head: CellHead) -> CellHead:
    """The same head, its logit shifted so that the median over these rows is 0."""
    *weights, bias = head.weights
    return CellHead(head.mean, head.deviation, (*weights, bias - head(_thinned(first)).median()))


def _logits(rows: Tensor, weights: tuple[Tensor, ...] | list[Tensor], draw: torch.Generator | None = None) -> Tensor:
    """With `draw`, a share of the first hidden layer is dropped at random, as in training."""
    w0, b0, w1, b1, w2, b2 = weights
    hidden = F.relu(F.linear(rows, w0, b0))
    if draw is not None:
        hidden = hidden * (torch.rand(hidden.shape, generator=draw, device=hidden.device) > DROPOUT) / (1 - DROPOUT)
    return F.linear(F.relu(F.linear(hidden, w1, b1)), w2, b2)[:, 0]


def _first_weights(dimensions: int, draw: torch.Generator, device: torch.device) -> list[Tensor]:
    """Uniform in ±1/√(inputs), weights and biases alike (LeCun 1998, as torch's linear layers begin)."""
    weights = []
    for outputs, inputs in ((HIDDEN, dimensions), (HIDDEN, HIDDEN), (1, HIDDEN)):
        for shape in ((outputs, inputs), (outputs,)):
            uniform = torch.rand(shape, generator=draw, device=device) * 2 - 1
            weights.append(uniform / math.sqrt(inputs))
    return weights


def _spread(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows.mean(dim=0), rows.std(dim=0) + 1e-6


def _thinned(rows: Tensor, most: int = 20_000) -> Tensor:
    return rows[:: max(len(rows) // most, 1)].float()


def _pace(share: float) -> float:
    if share < WARM_UP:
        return share / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
