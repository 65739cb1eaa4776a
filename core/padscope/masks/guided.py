"""Painting led by the picture: a brush that stops at a border of grey values, outlines drawn to edges, mask against heat.

Pixels are those of a box of the picture, (box.height, box.width) or (…, 3), 8 or 16 bit; results are regions to paint.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from padscope.masks.class_mask import ClassMask
from padscope.masks.shapes import Region, above
from padscope.types import Array, Box, Mask

Plane = NDArray[np.float32]
LUMINANCE = (0.299, 0.587, 0.114)  # BT.601
BINS = 256
SEED_SHARE = 0.15
"""Of the brush's radius: the pixels under the cursor's tip say what is wanted."""
CLEAR_BORDER = 3.6
"""Two sides of a border have means this many times the spread within them apart (Ashman's D): noise alone, cut in two, gives 2.65,
an even slope of light √12."""
SMOOTHING_PX = 1.0
CLEAR_EDGE = 2.0
"""The same for an outline that is drawn to an edge; less, because the two sides are known."""
ROUNDS = 6


class Disagreement(IntEnum):
    """What mask and heat say of a pixel or a cell."""

    NONE = 0
    HEAT_ONLY = 1  # hot and not painted
    MASK_ONLY = 2  # painted and not hot


def smart_brush(pixels: Array, box: Box, x: float, y: float, radius: float) -> Region:
    """What a round brush at (x, y) covers on this side of a border of grey values inside its ring: the connected pixels on the same
    side of the ring's best threshold (Otsu 1979) as those under the tip; the whole disc where there is no clear border."""
    import cv2  # late: the window is on the screen before it is loaded

    if pixels.shape[:2] != (box.height, box.width):
        raise ValueError(f"pixels {pixels.shape} for {box}")
    r = max(radius, 1.0)
    ring = Box(
        max(int(np.ceil(x - r)), box.x0), max(int(np.ceil(y - r)), box.y0),
        min(int(np.floor(x + r)) + 1, box.x1), min(int(np.floor(y + r)) + 1, box.y1),
    )  # fmt: skip
    if ring.empty:
        return Region(Box(ring.x0, ring.y0, ring.x0, ring.y0), np.zeros((0, 0), bool))
    away = (np.arange(ring.x0, ring.x1)[None, :] - x) ** 2 + (np.arange(ring.y0, ring.y1)[:, None] - y) ** 2
    disc = away <= r * r
    if not disc.any():
        return Region(ring, disc)
    grey = _smooth(luminance(pixels[ring.shifted(-box.x0, -box.y0).slices]))
    tip = (away <= (SEED_SHARE * r) ** 2) & disc
    tip |= away == away[disc].min()
    threshold = _otsu(grey[disc])
    if threshold is None:
        return Region(ring, disc)
    bright = bool(np.median(grey[tip]) > threshold)
    side = ((grey > threshold) == bright) & disc
    side = cv2.morphologyEx(side.view(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).view(bool) & disc
    _, labels = cv2.connectedComponents(side.view(np.uint8), connectivity=4)
    wanted = np.unique(labels[tip & side])
    return Region(ring, np.isin(labels, wanted[wanted > 0]))


def refined(pixels: Array, inside: Mask, reach: int) -> Mask:
    """An outline drawn to the picture's edges: within `reach` px of the outline of the mask (h, w), each pixel goes to the side
    whose local mean grey value is nearer (Chan & Vese 2001, with local means as in Lankton & Tannenbaum 2008), where both sides
    are clearly apart."""
    import cv2  # late: the window is on the screen before it is loaded

    if pixels.shape[:2] != inside.shape or reach < 1:
        raise ValueError(f"pixels {pixels.shape}, mask {inside.shape}, reach {reach}")
    grey = _smooth(luminance(pixels))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(inside.view(np.uint8), disc) > cv2.erode(inside.view(np.uint8), disc)
    size = (4 * reach + 1, 4 * reach + 1)
    now = inside
    for _ in range(ROUNDS):
        mean_in, spread_in = _local(grey, now, size)
        mean_out, spread_out = _local(grey, ~now, size)
        clear = (mean_in - mean_out) ** 2 > CLEAR_EDGE**2 * (spread_in + spread_out) / 2 + 1.0
        inner = np.abs(grey - mean_in) < np.abs(grey - mean_out)
        new = np.where(near & clear, inner, now)
        new = np.where(near & clear, cv2.medianBlur(new.astype(np.uint8), 3) > 0, now)
        if np.array_equal(new, now):
            break
        now = new
    return now.copy()


def grown(region: Region, px: int, within: Box) -> Region:
    """A region larger by `px` pixels on all sides, smaller where `px` is below 0; clipped to a box."""
    import cv2  # late: the window is on the screen before it is loaded

    if px == 0 or region.box.empty:
        return region
    box = region.box.grown(max(px, 0))
    inside = np.pad(np.asarray(region.inside, bool), max(px, 0)).view(np.uint8)
    reach = abs(px)
    disc = (np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= reach).astype(np.uint8)
    changed = (
        cv2.dilate(inside, disc) if px > 0 else cv2.erode(inside, disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    )
    seen = box.common(within)
    if seen.empty:
        return Region(Box(box.x0, box.y0, box.x0, box.y0), np.zeros((0, 0), bool))
    return Region(seen, changed.view(bool)[seen.shifted(-box.x0, -box.y0).slices])


def holes(region: Region) -> Region:
    """The pixels a region encloses and does not have (8 neighbours enclose 4)."""
    import cv2  # late: the window is on the screen before it is loaded

    ground = np.pad(~np.asarray(region.inside, bool), 1, constant_values=True).view(np.uint8)
    _, labels = cv2.connectedComponents(ground, connectivity=4)
    return Region(region.box, (ground.view(bool) & (labels != labels[0, 0]))[1:-1, 1:-1])


def disagreement(
    mask: ClassMask, level: NDArray[np.float32], least: float, cell: int, within: Box
) -> NDArray[np.uint8]:
    """Where mask and heat differ, pixel by pixel, (within.height, within.width) of `Disagreement`: heat that reaches `least` and is
    not painted, paint where heat stays below. Where nothing was inspected (NaN) heat says nothing."""
    hot = above(level, least, cell, within).inside
    painted = mask.read(within) > 0
    rows = np.clip(np.arange(within.y0, within.y1) // cell, 0, level.shape[0] - 1)
    cols = np.clip(np.arange(within.x0, within.x1) // cell, 0, level.shape[1] - 1)
    inspected = ~np.isnan(level)[np.ix_(rows, cols)]
    return _told(hot, painted, inspected)


def disagreeing_cells(mask: ClassMask, level: NDArray[np.float32], least: float, cell: int) -> NDArray[np.uint8]:
    """The same for a whole picture at once, a value per cell of `level`; a cell is painted if any of its pixels is."""
    painted = mask.reduced(cell) > 0
    if painted.shape != level.shape:
        raise ValueError(f"a level of {level.shape} cells for a mask of {painted.shape}")
    return _told(np.nan_to_num(level, nan=0.0) >= least, painted, ~np.isnan(level))


def luminance(pixels: Array) -> Plane:
    """(h, w) float32 in the pixels' own unit, from grey (h, w) or colour (h, w, 3)."""
    import cv2  # late: the window is on the screen before it is loaded

    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    if pixels.shape[2] == 1:
        return pixels[..., 0].astype(np.float32)
    return np.asarray(
        cv2.transform(np.ascontiguousarray(pixels[..., :3]).astype(np.float32), np.array([LUMINANCE], np.float32))
    )


def _told(hot: Mask, painted: Mask, inspected: Mask) -> NDArray[np.uint8]:
    out = np.zeros(hot.shape, np.uint8)
    out[hot & ~painted & inspected] = Disagreement.HEAT_ONLY
    out[painted & ~hot & inspected] = Disagreement.MASK_ONLY
    return out


def _smooth(grey: Plane) -> Plane:
    import cv2  # late: the window is on the screen before it is loaded

    return np.asarray(cv2.GaussianBlur(grey, (0, 0), SMOOTHING_PX, borderType=cv2.BORDER_REPLICATE), np.float32)


def _local(grey: Plane, where: Mask, size: tuple[int, int]) -> tuple[Plane, Plane]:
    """Mean and variance of the grey values of some pixels around each pixel; far from all of them both are no use, and harmless."""
    weight = where.astype(np.float32)
    count = np.maximum(_sums(weight, size), np.float32(1e-6))
    mean: Plane = np.divide(_sums(grey * weight, size), count, dtype=np.float32)
    spread: Plane = np.maximum(_sums(grey * grey * weight, size) / count - mean * mean, np.float32(0))
    return mean, spread


def _sums(plane: Plane, size: tuple[int, int]) -> Plane:
    import cv2  # late: the window is on the screen before it is loaded

    return np.asarray(cv2.boxFilter(plane, -1, size, borderType=cv2.BORDER_CONSTANT), np.float32)


def _otsu(values: Plane) -> float | None:
    """The grey value that parts these best in two (largest variance between them); None where the two are not clearly apart."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return None
    step = (high - low) / BINS
    counts = np.bincount(np.minimum(((values - low) / step).astype(np.int64), BINS - 1), minlength=BINS).astype(
        np.float64
    )
    centres = low + (np.arange(BINS) + 0.5) * step
    below, weighted, squared = np.cumsum(counts), np.cumsum(counts * centres), np.cumsum(counts * centres**2)
    n, total, squares = below[-1], weighted[-1], squared[-1]
    inner = (below[:-1] > 0) & (below[:-1] < n)
    n0 = np.where(inner, below[:-1], 1.0)
    n1 = np.where(inner, n - below[:-1], 1.0)
    mean0, mean1 = weighted[:-1] / n0, (total - weighted[:-1]) / n1
    between = np.where(inner, n0 * n1 * (mean1 - mean0) ** 2, -1.0)
    best = int(np.argmax(between))
    spread0 = max(squared[best] / n0[best] - mean0[best] ** 2, 0.0)
    spread1 = max((squares - squared[best]) / n1[best] - mean1[best] ** 2, 0.0)
    apart = float(mean1[best] - mean0[best])
    if apart <= CLEAR_BORDER * np.sqrt((spread0 + spread1) / 2) or apart < 1:  # a grey value
        return None
    return low + (best + 1) * step
