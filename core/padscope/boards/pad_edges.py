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
LEAST_NOISE = 0.5
WHITE = 245
"""Where all channels are so high, glare hides what lies there."""
WHITE_SHARE = 0.75
"""Of what is looked at across an edge: with so much of it white, neither metal nor its end can be seen."""


@dataclass(frozen=True)
class Edges:
    """Pieces of pad sides, arrays of length N."""

    pad: NDArray[np.intp]  # place in layout.pads
    side: NDArray[np.intp]
    um: NDArray[np.float64]  # (N, 2) middle of the piece, layout
    normal: NDArray[np.float64]  # (N, 2) outwards, unit, px
    offset_px: NDArray[np.float64]  # the edge was seen this much further out; NaN where none was seen
    contradicts: NDArray[np.bool_]  # no edge, and either metal on both sides or none on both
    whole: NDArray[np.intp]  # (pads,) pieces that each pad's outline has, in the picture or not
    sides: NDArray[np.intp]  # (pads,) sides that these pieces lie on
    glare: NDArray[np.intp]  # (pads,) of them those that lie in the picture and are left out because of glare

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


def metal_colour(inside: NDArray[np.floating], outside: NDArray[np.floating], shrink: float = 1.5) -> MetalColour:
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
    white: NDArray[np.float32] | None = None  # 1 where it glares; None where hardly anything does


def pad_window(
    picture: Windows, corners_px: NDArray[np.float64], margin_px: float, colour: MetalColour
) -> PadWindow | None:
    """None where the pad lies outside the picture."""
    box = Box.around(corners_px).grown(int(np.ceil(margin_px)) + 2).clipped(picture.width, picture.height)
    if box.empty:
        return None
    pixels = eight_bits(picture.read(box))
    white = cv2.inRange(pixels, (WHITE, WHITE, WHITE), (255, 255, 255))
    glares = cv2.countNonZero(white) > SEGMENT_PX
    return PadWindow(box, colour.of(pixels), (white / np.float32(255)).astype(np.float32) if glares else None)


def measure_edges(windows: list[PadWindow | None], layout: Layout, poses: Sequence[Affine], reach_px: float) -> Edges:
    """Look for every pad's sides up to reach_px away from where its own pose, one per pad, puts them. Pieces whose profile
    would leave the picture, or in which glare hides everything, are left out; those where no edge stands out have the offset
    NaN."""
    half = reach_px + PLATEAU_PX + 1
    offsets = np.arange(-half, half + STEP_PX / 2, STEP_PX)
    whole, sides, glare = (np.zeros(len(layout.pads), np.intp) for _ in range(3))
    kept: list[_Pieces] = []
    pad_of: list[NDArray[np.intp]] = []
    profiles: list[Profiles] = [Profiles(np.empty((0, len(offsets))), np.empty(0))]
    for n, (window, pad, um_to_px) in enumerate(zip(windows, layout.pads, poses, strict=True)):
        pieces = _pieces(pad.corners_um, um_to_px)
        whole[n], sides[n] = len(pieces.side), len(np.unique(pieces.side))
        if window is None:
            continue
        inside, blind, seen = _profiles(window, pieces, um_to_px, offsets)
        glare[n] = blind.sum()
        kept.append(pieces.some(inside))
        pad_of.append(np.full(int(inside.sum()), n, np.intp))
        profiles.append(seen)
    if not kept:
        none = np.empty(0)
        return Edges(
            none.astype(np.intp),
            none.astype(np.intp),
            np.empty((0, 2)),
            np.empty((0, 2)),
            none,
            none > 0,
            whole,
            sides,
            glare,
        )
    seen = Profiles(np.concatenate([p.mean for p in profiles]), np.concatenate([p.noise for p in profiles]))
    offset = edge_in(seen, offsets, reach_px)
    inner, outer = seen.mean[:, offsets < -1].mean(axis=1), seen.mean[:, offsets > 1].mean(axis=1)
    alike = (np.minimum(inner, outer) > METAL_LEVEL) | (np.maximum(inner, outer) < BARE_LEVEL)
    return Edges(
        np.concatenate(pad_of),
        np.concatenate([p.side for p in kept]),
        np.concatenate([p.um for p in kept]),
        np.concatenate([p.normal for p in kept]),
        offset,
        np.isnan(offset) & alike,
        whole,
        sides,
        glare,
    )


@dataclass(frozen=True)
class Profiles:
    """Metal along lines that run outwards across an edge."""

    mean: NDArray[np.float64]  # (N, offsets)
    noise: NDArray[np.float64]  # (N,) of the mean


@dataclass(frozen=True)
class _Pieces:
    """Pieces of the sides of one pad."""

    side: NDArray[np.intp]  # (N,)
    um: NDArray[np.float64]  # (N, 2) middle, layout
    normal: NDArray[np.float64]  # (N, 2) outwards, unit, px
    extent: NDArray[np.float64]  # (N, 2) from end to end, px

    def some(self, keep: NDArray[np.bool_]) -> _Pieces:
        return _Pieces(self.side[keep], self.um[keep], self.normal[keep], self.extent[keep])


def _profiles(
    window: PadWindow, pieces: _Pieces, um_to_px: Affine, offsets: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Profiles]:
    """Which pieces lie in the window with all of their profile and are not hidden by glare, which are, and the profiles of the
    first."""
    along = ((np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5)[:, None]
    start = um_to_px.apply(pieces.um) - (window.box.x0, window.box.y0)
    points = [
        start[:, None, None, k] + along * pieces.extent[:, None, None, k] + offsets * pieces.normal[:, None, None, k]
        for k in (0, 1)
    ]
    inside, blind = np.ones(len(start), np.bool_), np.zeros(len(start), np.bool_)
    for at, size in zip(points, (window.box.width, window.box.height), strict=True):
        inside &= (at.min(axis=(1, 2)) >= 0) & (at.max(axis=(1, 2)) <= size - 1)
    if window.white is not None and inside.any():
        white = _looked_up(window.white, points, inside)
        blind[inside] = white.reshape(int(inside.sum()), -1).mean(axis=1) > WHITE_SHARE
        inside &= ~blind
    if not inside.any():
        return inside, blind, Profiles(np.empty((0, len(offsets))), np.empty(0))
    return inside, blind, profiles_of(_looked_up(window.metal, points, inside))


def _looked_up(
    pixels: NDArray[np.float32], points: list[NDArray[np.float64]], some: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(n · SAMPLES, offsets) values at the points of some pieces."""
    x, y = (at[some].reshape(-1, at.shape[2]).astype(np.float32) for at in points)
    return np.asarray(cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float64)


def profiles_of(values: NDArray[np.float64]) -> Profiles:
    """From (N · SAMPLES, offsets) neighbouring lines."""
    lines = values.reshape(-1, SAMPLES, values.shape[1])
    return Profiles(lines.mean(axis=1), lines.std(axis=1).mean(axis=1) / np.sqrt(SAMPLES) + LEAST_NOISE)


def _pieces(corners_um: NDArray[np.float64], um_to_px: Affine) -> _Pieces:
    px = um_to_px.apply(corners_um)
    x, y = px.T
    turn = np.sign(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))  # + clockwise on the screen
    run = np.roll(px, -1, axis=0) - px
    long = np.hypot(*run.T)
    count = np.maximum(1, np.round(long * (1 - 2 * RIM_SHARE) / SEGMENT_PX)).astype(np.intp)
    count[long < SHORTEST_SIDE_PX] = 0
    side = np.repeat(np.arange(len(px)), count)
    within = np.arange(len(side)) - np.repeat(np.cumsum(count) - count, count)
    share = (1 - 2 * RIM_SHARE) / np.maximum(count, 1)
    place = (RIM_SHARE + (within + 0.5) * share[side])[:, None]
    tangent = run / np.maximum(long, 1e-9)[:, None]
    normal = turn * np.column_stack([tangent[:, 1], -tangent[:, 0]])
    um = corners_um[side] + place * (np.roll(corners_um, -1, axis=0) - corners_um)[side]
    return _Pieces(side, um, normal[side], run[side] * share[side][:, None])


def edge_in(profiles: Profiles, offsets: NDArray[np.float64], reach_px: float) -> NDArray[np.float64]:
    """(N,) offset of the edge, NaN where none stands out.

    Found where clipped brightness falls most (so that bright stripes on the metal count no more than the metal itself), then
    placed where the mean lies in the middle between the plateaus on both sides of that very place: blur does not move it."""
    mean = profiles.mean
    if not len(mean):
        return np.empty(0)
    places, inner, outer = _plateaus(np.clip(mean, *CLIP))
    allowed = np.abs(offsets[places]) <= reach_px
    steepest = np.where(allowed, inner - outer, -np.inf).argmax(axis=1)
    _, inner, outer = _plateaus(mean)
    above = mean[:, places] - (inner + outer) / 2
    falls = (above[:, :-1] >= 0) & (above[:, 1:] < 0)
    away = np.abs(np.arange(len(places) - 1) + 0.5 - steepest[:, None])
    row, at = np.arange(len(mean)), np.where(falls, away, np.inf).argmin(axis=1)
    a, b = above[row, at], above[row, at + 1]
    offset = offsets[places[at]] + a / np.where(a == b, 1, a - b) * STEP_PX
    drop = inner[row, at] - outer[row, at]
    near = np.where(falls, away, np.inf)[row, at] * STEP_PX <= PLATEAU_PX
    seen = near & (drop > LEAST_CONTRAST * profiles.noise) & (drop > LEAST_DROP) & (np.abs(offset) <= reach_px)
    return np.where(seen, offset, np.nan)


def _plateaus(mean: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Places (K,) of a profile (N, offsets), and the means (N, K) of what lies next to each, inside and outside."""
    n, guard = round(PLATEAU_PX / STEP_PX), round(0.5 / STEP_PX)
    total = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(mean, axis=1)], axis=1)
    sums = (total[:, n:] - total[:, :-n]) / n  # sums[i]: the mean of mean[i : i + n]
    places = np.arange(n + guard, mean.shape[1] - n - guard)
    return places, sums[:, places - n - guard], sums[:, places + guard + 1]
