"""Slow and obvious: what the two public implementations of PatchCore do, cell by cell, from reading their source."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

F64 = NDArray[np.float64]


def patch(feature_map: F64, i: int, j: int) -> F64:
    """(C, 3, 3) around a cell of (C, H, W); zeros beyond the border."""
    wide = np.pad(feature_map, ((0, 0), (1, 1), (1, 1)))
    return wide[:, i : i + 3, j : j + 3]


def averaged(values: F64, count: int) -> F64:
    """torch's adaptive average pooling of a vector: part k is the mean over [⌊k n / count⌋, ⌈(k + 1) n / count⌉)."""
    n = len(values)
    return np.array([values[k * n // count : -(-(k + 1) * n // count)].mean() for k in range(count)])


def bilinear(grid: F64, rows: int, columns: int) -> F64:
    """(H, W) -> (rows, columns), align_corners=False, edges clamped."""
    h, w = grid.shape
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y, x = max((i + 0.5) * h / rows - 0.5, 0), max((j + 0.5) * w / columns - 0.5, 0)
            y0, x0 = min(int(y), h - 1), min(int(x), w - 1)
            y1, x1, a, b = min(y0 + 1, h - 1), min(x0 + 1, w - 1), y - y0, x - x0
            top, bottom = grid[y0, x0] * (1 - b) + grid[y0, x1] * b, grid[y1, x0] * (1 - b) + grid[y1, x1] * b
            out[i, j] = top * (1 - a) + bottom * a
    return out


def amazon_embedding(maps: list[F64], numbers: int) -> F64:
    """(numbers, H, W): patches of every level on the grid of the first, each averaged to `numbers`, then together."""
    _, h, w = maps[0].shape
    out = np.zeros((numbers, h, w))
    upper = []
    for m in maps[1:]:
        c, mh, mw = m.shape
        patches = np.zeros((c, 3, 3, mh, mw))
        for i in range(mh):
            for j in range(mw):
                patches[..., i, j] = patch(m, i, j)
        upper.append(np.array([bilinear(p, h, w) for p in patches.reshape(-1, mh, mw)]))  # in the order c, row, column
    for i in range(h):
        for j in range(w):
            levels = [averaged(patch(maps[0], i, j).ravel(), numbers)]
            levels += [averaged(u[:, i, j], numbers) for u in upper]
            out[:, i, j] = averaged(np.concatenate(levels), numbers)
    return out


def anomalib_embedding(maps: list[F64]) -> F64:
    _, h, w = maps[0].shape
    pooled = []
    for m in maps:
        _, mh, mw = m.shape
        mean = np.array([[patch(m, i, j).sum(axis=(1, 2)) / 9 for j in range(mw)] for i in range(mh)])
        pooled.append(np.moveaxis(mean, -1, 0))
    return np.concatenate([pooled[0], *(np.array([bilinear(p, h, w) for p in m]) for m in pooled[1:])])


def anomalib_score(rows: F64, bank: F64) -> float:
    """Paper eq. 7 as they write it: 1 - softmax over the 9 entries nearest to the nearest entry of the worst row."""
    distances = np.array([[np.linalg.norm(r - b) for b in bank] for r in rows])
    worst = int(distances.min(axis=1).argmax())
    entry = bank[int(distances[worst].argmin())]
    around = sorted(range(len(bank)), key=lambda k: float(np.linalg.norm(bank[k] - entry)))[:9]
    weights = [math.exp(np.linalg.norm(rows[worst] - bank[k])) for k in around]
    return (1 - weights[0] / sum(weights)) * float(distances[worst].min())


def torch_gaussian(picture: F64, sigma: float) -> F64:
    """A 33 × 33 kernel over a picture continued by reflection without repeating the border, as anomalib blurs."""
    radius = int(4 * sigma)
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    line = torch.exp(-(x**2) / (2 * sigma**2))
    kernel = torch.outer(line / line.sum(), line / line.sum())[None, None]
    wide = torch.nn.functional.pad(torch.from_numpy(picture)[None, None], (radius,) * 4, mode="reflect")
    return torch.nn.functional.conv2d(wide, kernel)[0, 0].numpy()
