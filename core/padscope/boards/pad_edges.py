"""Where the sides of pads lie in a picture, to a small part of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.windows import Windows, eight_bits
from padscope.types import Affine, Box

SEGMENT_PX = 40.0
"""Edges are measured in pieces of about this length: long enough to average over grain, short enough to follow a bend."""
PLATEAU_PX = 5
"""Inside and outside are compared over this many pixels next to an edge."""
RIM_SHARE = 0.08
"""Part of a side next to its corners that is not looked at."""
LEAST_CONTRAST = 4.0
"""In units of the noise along an edge."""
LEAST_DROP = 15.0
"""Where metal and its surroundings differ by 100."""
CLIP = (-15.0, 60.0)
METAL_LEVEL, BARE_LEVEL = 45.0, 25.0
"""Above the one is metal, below the other none; where metal is 100 and its surroundings are 0 on average."""
SAMPLES = 12
"""Profiles per piece."""
STEP_PX = 0.5
"""Between the samples of a profile."""
SHORTEST_SIDE_PX = 6.0


@dataclass(frozen=True)
class Edges:
    """Pieces of pad sides, arrays of length N."""

    pad: NDArray[np.intp]  # place in layout.pads
    side: NDArray[np.intp]
    um: NDArray[np.float64]  # (N, 2) middle of the piece, layout
    normal: NDArray[np.float64]  # (N, 2) outwards, unit, px
    offset_px: NDArray[np.float64]  # the edge was seen this much further out; NaN where none was seen
    contradicts: NDArray[np.bool_]  # no edge, and either metal on both sides or none on both

    def __len__(self) -> int:
        return len(self.pad)


@dataclass(frozen=True)
class MetalColour:
    """The mix of R, G, B by which metal differs most from its surroundings: 100 on metal and 0 around it, on average."""

    direction: NDArray[np.float32]  # (3,)
    base: float

    def of(self, pixels: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """(h, w, 3) -> (h, w)."""
        mixed = cv2.transform(pixels.astype(np.float32), self.direction[None, :])
        return np.asarray(mixed, np.float32).reshape(pixels.shape[:2]) - np.float32(self.base)


def metal_colour(inside: NDArray[np.floating], outside: NDArray[np.floating], shrink: float = 0.15) -> MetalColour:
    """From pixels of metal (N, 3) and of its surroundings (M, 3): Fisher's linear discriminant, its scatter mixed with a round
    one because the colours of JPEG are soft."""
    scatter = np.cov(inside.T) + np.cov(outside.T)
    scatter += (shrink * np.trace(scatter) / 3 + 1.0) * np.eye(3)
    apart = inside.mean(axis=0) - outside.mean(axis=0)
    direction = np.linalg.solve(scatter, apart)
    direction *= 100.0 / max(float(direction @ apart), 1e-9)
    return MetalColour(np.asarray(direction, np.float32), float(outside.mean(axis=0) @ direction))


@dataclass(frozen=True)
class PadWindow:
    """The pixels around one pad, mixed to one channel; float32 (h, w)."""

    box: Box
    metal: NDArray[np.float32]


def pad_window(
    picture: Windows, corners_px: NDArray[np.float64], margin_px: float, colour: MetalColour
) -> PadWindow | None:
    """None where the pad lies outside the picture."""
    box = Box.around(corners_px).grown(int(np.ceil(margin_px)) + 2).clipped(picture.width, picture.height)
    if box.empty:
        return None
    return PadWindow(box, colour.of(eight_bits(picture.read(box))))


def measure_edges(windows: list[PadWindow | None], layout: Layout, poses: Sequence[Affine], reach_px: float) -> Edges:
    """Look for every pad's sides up to reach_px away from where its own pose, one per pad, puts them. Pieces whose profile
    would leave the picture are left out; those where no edge stands out have the offset NaN."""
    parts = [
        _measure_pad(n, window, pad.corners_um, um_to_px, reach_px)
        for n, (window, pad, um_to_px) in enumerate(zip(windows, layout.pads, poses, strict=True))
        if window is not None
    ]
    if not parts:
        none = np.empty(0)
        return Edges(none.astype(np.intp), none.astype(np.intp), np.empty((0, 2)), np.empty((0, 2)), none, none > 0)
    pad, side, um, normal, offset, contradicts = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Edges(pad.astype(np.intp), side.astype(np.intp), um, normal, offset, contradicts > 0)


def _measure_pad(
    number: int, window: PadWindow, corners_um: NDArray[np.float64], um_to_px: Affine, reach_px: float
) -> tuple[NDArray[np.float64], ...]:
    side, um, normal, tangent, length = _pieces(corners_um, um_to_px)
    half = reach_px + PLATEAU_PX + 1
    offsets = np.arange(-half, half + STEP_PX / 2, STEP_PX)
    along = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    start = um_to_px.apply(um) - (window.box.x0, window.box.y0)
    x = (
        start[:, None, None, 0]
        + along[:, None] * (length * tangent[:, 0])[:, None, None]
        + offsets * normal[:, None, None, 0]
    )
    y = (
        start[:, None, None, 1]
        + along[:, None] * (length * tangent[:, 1])[:, None, None]
        + offsets * normal[:, None, None, 1]
    )
    inside = (
        (x.min(axis=(1, 2)) >= 0)
        & (y.min(axis=(1, 2)) >= 0)
        & (x.max(axis=(1, 2)) <= window.box.width - 1)
        & (y.max(axis=(1, 2)) <= window.box.height - 1)
    )
    side, um, normal, x, y = side[inside], um[inside], normal[inside], x[inside], y[inside]
    flat = cv2.remap(
        window.metal,
        x.reshape(-1, len(offsets)).astype(np.float32),
        y.reshape(-1, len(offsets)).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ) if len(side) else np.empty((0, len(offsets)), np.float32)  # fmt: skip
    profiles = np.asarray(flat, np.float64).reshape(-1, SAMPLES, len(offsets))
    offset = edge_in(profiles, offsets, reach_px)
    inner = profiles[..., offsets < -1].mean(axis=(1, 2)) if len(side) else np.empty(0)
    outer = profiles[..., offsets > 1].mean(axis=(1, 2)) if len(side) else np.empty(0)
    contradicts = np.isnan(offset) & (
        (np.minimum(inner, outer) > METAL_LEVEL) | (np.maximum(inner, outer) < BARE_LEVEL)
    )
    return (
        np.full(len(side), float(number)),
        side.astype(np.float64),
        um,
        normal,
        offset,
        contradicts.astype(np.float64),
    )


def _pieces(corners_um: NDArray[np.float64], um_to_px: Affine) -> tuple[NDArray[np.float64], ...]:
    """Side number (N,), middle in µm (N, 2), outward normal and tangent in px (N, 2), length in px (N,)."""
    px = um_to_px.apply(corners_um)
    x, y = px.T
    turn = np.sign(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))  # + clockwise on the screen
    rows = []
    for k in range(len(px)):
        a, b = corners_um[k], corners_um[(k + 1) % len(px)]
        d = px[(k + 1) % len(px)] - px[k]
        long = float(np.hypot(*d))
        count = max(1, round(long * (1 - 2 * RIM_SHARE) / SEGMENT_PX))
        if long < SHORTEST_SIDE_PX:
            continue
        ends = np.linspace(RIM_SHARE, 1 - RIM_SHARE, count + 1)
        for t in (ends[:-1] + ends[1:]) / 2:
            rows.append(
                (
                    k,
                    *(a + t * (b - a)),
                    turn * d[1] / long,
                    -turn * d[0] / long,
                    *(d / long),
                    long * (ends[1] - ends[0]),
                )
            )
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    return table[:, 0], table[:, 1:3], table[:, 3:5], table[:, 5:7], table[:, 7]


def edge_in(profiles: NDArray[np.float64], offsets: NDArray[np.float64], reach_px: float) -> NDArray[np.float64]:
    """(N,) offset of the edge, NaN where none stands out, from profiles (N, samples along, offsets) that run outwards.

    Found where clipped brightness falls most (so that bright stripes on the metal count no more than the metal itself), then
    placed where the unclipped mean crosses the middle between the plateaus on both sides: blur does not move that."""
    if not len(profiles):
        return np.empty(0)
    mean = profiles.mean(axis=1)
    n = round(PLATEAU_PX / STEP_PX)
    guard = round(0.5 / STEP_PX)
    drop = _drop(np.clip(mean, *CLIP), n, guard)
    first = n + guard
    middle = offsets[first : len(offsets) - first]
    allowed = np.abs(middle) <= reach_px
    best = np.where(allowed, drop, -np.inf).argmax(axis=1)
    row = np.arange(len(mean))
    at = best + first
    span = np.arange(-n, n + 1)
    local = mean[row[:, None], at[:, None] + span]
    inner, outer = local[:, : n - guard].mean(axis=1), local[:, n + guard + 1 :].mean(axis=1)
    level = (inner + outer)[:, None] / 2
    falls = (local[:, :-1] >= level) & (local[:, 1:] < level)
    where = np.where(falls, np.abs(span[:-1] + 0.5), np.inf).argmin(axis=1)
    a, b = local[row, where], local[row, where + 1]
    share = (a - level[:, 0]) / np.where(a == b, 1, a - b)
    offset = offsets[at] + (span[where] + share) * STEP_PX
    spread = profiles[row[:, None, None], np.arange(SAMPLES)[None, :, None], (at[:, None] + span)[:, None, :]].std(
        axis=1
    )
    noise = spread.mean(axis=1) / np.sqrt(SAMPLES) + 0.5
    contrast = (inner - outer) / noise
    seen = falls.any(axis=1) & (contrast > LEAST_CONTRAST) & (inner - outer > LEAST_DROP) & (np.abs(offset) <= reach_px)
    return np.where(seen, offset, np.nan)


def _drop(mean: NDArray[np.float64], n: int, guard: int) -> NDArray[np.float64]:
    """Mean of n samples inside minus mean of n samples outside of every place, `guard` samples apart from it."""
    total = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(mean, axis=1)], axis=1)
    sums = total[:, n:] - total[:, :-n]  # sums[i] = mean[i : i + n]
    length = mean.shape[1]
    places = np.arange(n + guard, length - n - guard)
    return (sums[:, places - n - guard] - sums[:, places + guard + 1]) / n
