"""PatchCore exactly as the two public implementations compute it, on their own scales, so that results can be compared.

`amazon` is github.com/amazon-science/patchcore-inspection (src/patchcore/{patchcore,common,sampler}.py), `anomalib`
github.com/open-edge-platform/anomalib (models/image/patchcore, 2.4 and later). They differ from each other and from the paper:

                     amazon                                   anomalib
pooling 3 × 3        Unfold with zeros, then two adaptive     AvgPool2d(3, 1, 1), which counts zeros beyond the border
                     poolings to 1024 numbers
coarser level        bilinear to the grid of the finer one    the same
coreset              10 random starts, gap = mean distance    1 random start, sparse random projection (eps 0.9)
                     to them; 128 numbers by a random linear
heat of a cell       squared distance                         distance
score of a picture   largest heat                             largest heat, re-weighted by 9 neighbours (eq. 7)
map                  bilinear, Gaussian of sigma 4 px         nearest, Gaussian of sigma 4 px

Thresholds do not carry over from one to the other. What is ours: the tiles, and that only cells with metal are learned.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F

from padscope.stats.neighbors import Neighbors
from padscope.types import Progress, Work

NUMBERS = 1024
"""Of an embedding of amazon's, and of each level before they are joined."""
STARTS = 10
"""Random rows from which amazon's greedy measures first."""
PROJECTED = 128
"""Numbers per row while amazon's coreset is chosen."""
EPSILON = 0.9
"""Distortion that anomalib's random projection allows: it decides the number of dimensions (Johnson & Lindenstrauss)."""
NEIGHBOURS = 9
SIGMA_PX = 4.0
TOLD_EVERY = 64
"""Picks between two words of progress."""


def amazon_embeddings(maps: list[Tensor]) -> Tensor:
    """(N, 1024, h, w) on the first map's grid: every level's 3 × 3 patch (zeros beyond the border) averaged to 1024 numbers, the
    levels averaged to 1024 together."""
    grid = maps[0].shape[-2:]
    levels = [_patches_to(m, NUMBERS) for m in maps]
    levels = [levels[0], *(F.interpolate(m, size=grid, mode="bilinear", align_corners=False) for m in levels[1:])]
    n, _, h, w = levels[0].shape
    joined = torch.stack(levels, dim=1).permute(0, 3, 4, 1, 2).reshape(n * h * w, 1, -1)
    return F.adaptive_avg_pool1d(joined, NUMBERS).reshape(n, h, w, NUMBERS).permute(0, 3, 1, 2)


def anomalib_embeddings(maps: list[Tensor]) -> Tensor:
    """(N, C0 + C1 + …, h, w) on the first map's grid."""
    grid = maps[0].shape[-2:]
    pooled = [F.avg_pool2d(m, 3, stride=1, padding=1) for m in maps]
    upper = [F.interpolate(m, size=grid, mode="bilinear", align_corners=False) for m in pooled[1:]]
    return torch.cat([pooled[0], *upper], dim=1)


def amazon_coreset(rows: Tensor, count: int, *, seed: int) -> Work[Tensor]:
    """Indices (count,) by `ApproximateGreedyCoresetSampler`: the first pick is the farthest in the mean from the random starts,
    which are not in the coreset; every pick then narrows that."""
    draw = torch.Generator().manual_seed(seed)
    points = rows
    if rows.shape[1] != PROJECTED:
        weight = (torch.rand(PROJECTED, rows.shape[1], generator=draw) * 2 - 1) / math.sqrt(
            rows.shape[1]
        )  # nn.Linear's
        points = rows @ weight.to(rows).T
    starts = torch.randperm(len(points), generator=draw)[:STARTS].to(points.device)
    gap = torch.cdist(points, points[starts]).mean(dim=1)
    return (yield from _farthest_first(points, gap, gap.argmax(), count))


def anomalib_coreset(rows: Tensor, count: int, *, seed: int) -> Work[Tensor]:
    """Indices (count,) by `KCenterGreedy`: the random start is in the coreset."""
    draw = torch.Generator().manual_seed(seed)
    points = rows @ _sparse(len(rows), rows.shape[1], draw).to(rows)
    start = torch.randint(len(points), (1,), generator=draw)[0].to(points.device)
    gap = torch.full((len(points),), torch.inf, device=points.device)
    return (yield from _farthest_first(points, gap, start, count))


def _farthest_first(points: Tensor, gap: Tensor, pick: Tensor, count: int) -> Work[Tensor]:
    """Every pick looks at all points, as both implementations do."""
    chosen = [pick]
    for done in range(1, min(count, len(points))):
        gap = torch.minimum(gap, torch.linalg.vector_norm(points - points[pick], dim=1))
        pick = gap.argmax()
        chosen.append(pick)
        if done % TOLD_EVERY == 0:
            yield Progress(done, count, "coreset")
    return torch.stack(chosen)


def anomalib_score(rows: Tensor, bank: Neighbors) -> float:
    """Of one picture's rows: the largest distance times 1 - softmax of the distances to the 9 entries nearest to its entry."""
    distances, nearest = bank.nearest(rows)
    worst = int(distances[:, 0].argmax())
    entry = bank.bank[nearest[worst, 0]]
    _, around = bank.nearest(entry[None], min(NEIGHBOURS, len(bank.bank)))
    to_others = torch.linalg.vector_norm(rows[worst] - bank.bank[around[0]], dim=1)
    return float((1 - F.softmax(to_others, dim=0)[0]) * distances[worst, 0])


def anomaly_map(heat: NDArray[np.float32], height: int, width: int, *, nearest: bool) -> NDArray[np.float32]:
    """Heat (h, w) at every pixel: enlarged bilinearly (amazon) or by repetition (anomalib), then blurred. The two
    continue beyond the border in their own ways."""
    cells = torch.from_numpy(heat)[None, None]
    if nearest:
        return gaussian_filter(F.interpolate(cells, size=(height, width))[0, 0].numpy(), SIGMA_PX, mode="mirror")
    fine = F.interpolate(cells, size=(height, width), mode="bilinear", align_corners=False)
    return gaussian_filter(fine[0, 0].numpy(), SIGMA_PX)


def _patches_to(feature_map: Tensor, numbers: int) -> Tensor:
    """(N, C, h, w) -> (N, numbers, h, w): the 9 · C values of a cell's patch, channel after channel, averaged in equal parts."""
    n, c, h, w = feature_map.shape
    patches = F.unfold(feature_map, 3, padding=1).reshape(n, 9 * c, h * w).transpose(1, 2).reshape(n * h * w, 1, 9 * c)
    return F.adaptive_avg_pool1d(patches, numbers).reshape(n, h, w, numbers).permute(0, 3, 1, 2)


def _sparse(samples: int, dimensions: int, draw: torch.Generator) -> Tensor:
    """(D, K) with density 1 / √D and as many columns as the lemma asks for `samples` rows, also where those are more than D."""
    count, density = int(4 * math.log(samples) / (EPSILON**2 / 2 - EPSILON**3 / 3)), 1 / math.sqrt(dimensions)
    number = torch.rand(dimensions, count, generator=draw)
    sign = (number < density / 2).float() - (number > 1 - density / 2).float()
    return sign * math.sqrt(1 / density / count)
