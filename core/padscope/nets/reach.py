"""How far a network sees, and on which grid its tiles must lie for their cells not to depend on how a picture is cut."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn import functional as F

from padscope.errors import UsageError
from padscope.nets.backbone import BLOCK_PX, HALO_PX, Backbone
from padscope.nets.embedding import embeddings

CELL_PX = 8
STRIP = (2048, 64)
"""px; as long as any sensible network sees twice, as narrow as `MOST_BLOCKS` allows."""
MOST_BLOCKS = 4
SCALES = tuple(k / 16 for k in range(4, 65))
"""Among which a person's setting finds its nearest neighbours."""


@lru_cache(maxsize=2)
def reach_px(backbone: Backbone, neighbourhood: int) -> int:
    """px of context after which a cell's embedding no longer feels a tile's edge. Measured: half of a strip is not a number, and
    whatever sees it is none either. HALO_PX where there is no such distance (a transformer, or a mean over the whole picture)."""
    length, width = STRIP
    middle, grid = length // 2, (length // CELL_PX, width // CELL_PX)
    reach = 0
    for lost in (slice(middle, None), slice(None, middle)):
        pixels = torch.zeros(1, 3, length, width)
        pixels[:, :, lost] = torch.nan
        found = embeddings(backbone(pixels), neighbourhood, grid)
        untouched = int(torch.isfinite(found).all(dim=1)[0].all(dim=1).sum()) * CELL_PX
        if not untouched:
            return HALO_PX
        reach = max(reach, middle - untouched)
    return reach


def align_px(backbone: Backbone) -> int:
    """Tiles begin and end at multiples of it: so many px are whole strides of the coarsest level, at every scale. ValueError
    where a scale has no such number below `MOST_BLOCKS` blocks of 16 px."""
    scales = (backbone.scale, *backbone.further_scales)
    for blocks in range(1, MOST_BLOCKS + 1):
        if all(blocks * scale * backbone.step % max(backbone.strides) == 0 for scale in scales):
            return blocks * BLOCK_PX
    raise ValueError(f"no whole strides at the scales {scales}")


def refuse_uneven(backbone: Backbone) -> None:
    """UsageError for a scale at which cells would lie beside the metal they speak of, naming the nearest that are exact."""
    if _even(backbone, backbone.scale):
        return
    exact = [s for s in SCALES if _even(backbone, s)]
    below = [s for s in exact if s < backbone.scale][-1:]
    near = " or ".join(f"{s:g}" for s in below + [s for s in exact if s > backbone.scale][:1])
    raise UsageError(
        f"Enlarged {backbone.scale:g} times, a picture does not fill whole cells of this network (stride "
        f"{max(backbone.strides)} px), and heat would lie beside its metal; set input_scale to {near}."
    )


def filled_up(backbone: Backbone, pixels: torch.Tensor) -> torch.Tensor:
    """Pixels (N, 3, H, W) continued to the right and below with their last ones, to whole multiples of `align_px`."""
    step = align_px(backbone)
    h, w = pixels.shape[-2:]
    if h % step == 0 and w % step == 0:
        return pixels
    return F.pad(pixels, (0, -w % step, 0, -h % step), mode="replicate")


def _even(backbone: Backbone, scale: float) -> bool:
    return any(blocks * scale * backbone.step % max(backbone.strides) == 0 for blocks in range(1, MOST_BLOCKS + 1))
