"""A uniform sample of a stream: every row equally likely, memory bounded."""

import pytest
import torch

from padscope.stats.sampling import Sample


def sampled(n: int, size: int, portion: int, seed: int) -> torch.Tensor:
    sample, rows = Sample(size, seed=seed), torch.arange(n)[:, None].float()
    for part in rows.split(portion):
        sample.add(part)
        assert sample.held <= size
    return sample.rows()[:, 0]


def test_it_keeps_exactly_its_size_and_nothing_twice() -> None:
    kept = sampled(10_000, 300, 77, 0)
    assert len(kept) == len(kept.unique()) == 300
    assert torch.equal(kept, kept.sort().values)


def test_a_short_stream_is_kept_whole() -> None:
    assert sampled(50, 300, 7, 0).tolist() == list(range(50))


def test_every_row_is_equally_likely() -> None:
    counts = torch.zeros(200)
    for seed in range(400):
        counts[sampled(200, 20, 9, seed).long()] += 1
    assert float(counts.mean()) == pytest.approx(40)
    assert float(counts[:100].sum() / counts.sum()) == pytest.approx(0.5, abs=0.02)
    assert counts.min() > 15


def test_a_seed_decides() -> None:
    assert torch.equal(sampled(1000, 50, 10, 1), sampled(1000, 50, 10, 1))
    assert not torch.equal(sampled(1000, 50, 10, 1), sampled(1000, 50, 10, 2))
