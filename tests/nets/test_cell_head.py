"""The head over single cells: it learns what can be learned, counts from the first class, and repeats itself."""

import pytest
import torch

from padscope.nets.cell_head import CellHead, cell_head_work
from padscope.types import Progress, finish


def classes(seed: int, n: int = 1500, d: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Two rings: no plane divides them."""
    rows = torch.randn(2 * n, d, generator=torch.Generator().manual_seed(seed))
    rows = rows / rows.norm(dim=1, keepdim=True)
    return rows[:n] * 50 + 1000, rows[n:] * 120 + 1000


def learned(seed: int = 0) -> CellHead:
    return finish(cell_head_work(*classes(1), steps=60, seed=seed))


def test_it_tells_classes_apart_that_no_plane_divides() -> None:
    first, second = classes(2)
    head = learned()
    assert (head(second)[:, None] > head(first)[None]).float().mean() > 0.99


def test_its_logit_counts_from_what_the_first_class_typically_has() -> None:
    first, second = classes(1)
    head = learned()
    assert head(first).median().item() == pytest.approx(0, abs=0.05)
    assert head(second).median().item() > 3


def test_the_same_seed_learns_the_same_whatever_runs_between() -> None:
    work = cell_head_work(*classes(1), steps=60, seed=5)
    next(work)
    torch.rand(10)
    torch.manual_seed(99)
    interrupted, alone = finish(work), learned(5)
    assert all(torch.equal(a, b) for a, b in zip(interrupted.weights, alone.weights, strict=True))
    assert not torch.equal(alone.weights[0], learned(6).weights[0])


def test_half_precision_rows_teach_the_same() -> None:
    first, second = classes(1)
    half = finish(cell_head_work(first.half(), second.half(), steps=60, seed=0))
    assert (half(second) - learned()(second)).abs().median() < 1


def test_progress_reaches_its_total() -> None:
    steps = list(cell_head_work(*classes(1), steps=45, seed=0))
    assert steps[-1] == Progress(45, 45, steps[-1].stage)
    assert [s.done for s in steps] == [20, 40, 45]
