"""Pads that a picture does not show well enough to be judged: out of focus, glaring, or in the dark. They become UNKNOWN.

Focus is read from the pad's own edges, not from its surface: how smooth the metal is says nothing about the lens. Across each
side the brightness is averaged along the side; the width of its step is height over steepest slope. Measured on the project's
board pictures at 2.5 µm per px: 2 to 4 px where sharp, 5 to 8 px after a blur of 2 px, over 7 px after one of 3 px.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.defects import pixels_inside
from padscope.boards.layout import Layout
from padscope.boards.rules import PictureRules
from padscope.types import Affine, Box, Floats, Mask

BESIDE_UM = 35.0
"""How far to both sides of an edge its step is looked for."""
FEWEST_PX, MOST_PX = 6.0, 16.0
FAINTEST_STEP = 12.0
"""In 255 levels: a fainter step between metal and its surroundings says nothing about focus."""
SHARPEST_PX = 4.5
"""A step narrower than this is as sharp as pixels can show it, whatever their size."""
WHITE, BLACK = 250, 8
NEAR_PX, MOST_PARTS = 9, 6


class HasPixels(Protocol):
    """What is needed of an opened picture."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def read(self, box: Box, step: int = 1) -> NDArray[np.uint8] | NDArray[np.uint16]: ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a picture cannot be trusted on a pad, in words ("blurred …"), and the parts of the picture that say so; none of them:
    the whole pad."""

    words: str
    where: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class PadSight:
    """How well a picture shows one pad: why it cannot be judged (None where it can), and the width of its edges, µm (None where
    no side has a step)."""

    doubt: Doubt | None
    edge_width_um: float | None


def pad_sights(
    picture: HasPixels,
    layout: Layout,
    um_to_px: Affine,
    limits: PictureRules,
    near: Mapping[str, Affine] | None = None,
) -> dict[str, PadSight]:
    """How well the picture shows each pad; those outside it are left out. `near` is by pad the pose right around it, where the
    picture is bent."""
    reach = float(np.clip(BESIDE_UM * um_to_px.scale, FEWEST_PX, MOST_PX))
    sights = {}
    for pad in layout.pads:
        corners = (near or {}).get(pad.id, um_to_px).apply(pad.corners_um)
        box = Box.around(corners).grown(int(reach) + 2).clipped(picture.width, picture.height)
        if not box.empty:
            own = sight(in_255(picture.read(box)), corners - (box.x0, box.y0), reach, um_to_px.scale, limits)
            sights[pad.id] = _in_the_picture(own, box)
    return sights


def _in_the_picture(own: PadSight, box: Box) -> PadSight:
    if own.doubt is None or not own.doubt.where:
        return own
    where = tuple(part.shifted(box.x0, box.y0) for part in own.doubt.where)
    return replace(own, doubt=replace(own.doubt, where=where))


def sight(
    pixels: NDArray[np.float32], corners: Floats, reach: float, px_per_um: float, limits: PictureRules
) -> PadSight:
    """Of one pad: pixels (h, w, 3) in 0 … 255, its corners (N, 2) in them."""
    width = edge_width(pixels, corners, reach)
    found = doubt(pixels, corners, width, px_per_um, limits)
    return PadSight(found, None if width is None else width / px_per_um)


def doubt(
    pixels: NDArray[np.float32], corners: Floats, width: float | None, px_per_um: float, limits: PictureRules
) -> Doubt | None:
    """Why one pad cannot be judged, None where it can; `width` is that of its edges, px."""
    metal = _well_inside(corners, pixels.shape)
    if metal.any():
        white = metal & (pixels.min(axis=2) >= WHITE)
        share = float(white.sum() / metal.sum())
        if share > limits.white_fraction:
            return Doubt(f"glaring, {100 * share:.0f} % of the pad is white", parts(white))
        dark = metal & (pixels.max(axis=2) <= BLACK)
        share = float(dark.sum() / metal.sum())
        if share > limits.dark_fraction:
            return Doubt(f"too dark, {100 * share:.0f} % of the pad is black", parts(dark))
    if width is not None and width > max(limits.edge_width_um * px_per_um, SHARPEST_PX):
        return Doubt(f"blurred, its edges are {width / px_per_um:.0f} µm wide")
    return None


def parts(mask: Mask) -> tuple[Box, ...]:
    """Boxes around the largest connected parts of a mask (h, w), the largest first; specks near each other count as one part."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((NEAR_PX, NEAR_PX), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_32S)
    labels = np.where(mask, labels, 0)
    sizes = np.bincount(labels.ravel(), minlength=count)[1:]
    found = []
    for part in 1 + np.argsort(-sizes, kind="stable")[:MOST_PARTS]:
        x, y, w, h = cv2.boundingRect((labels == part).view(np.uint8))
        found.append(Box(x, y, x + w, y + h))
    return tuple(found)


def edge_width(pixels: NDArray[np.float32], corners: Floats, reach: float) -> float | None:
    """Median width in px of the brightness steps at the sides of a pad; None where no side has a step."""
    widths = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = end - start
        length = float(np.hypot(*side))
        if length < FEWEST_PX:
            continue
        width = _step_width(_profile(pixels, start, side, length, reach))
        if width is not None:
            widths.append(width)
    return float(np.median(widths)) if widths else None


def in_255(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.float32]:
    """8 or 16 bit pixels as float32 in 0 … 255."""
    return pixels.astype(np.float32) / (257.0 if pixels.dtype == np.uint16 else 1.0)


def _profile(
    pixels: NDArray[np.float32], start: Floats, side: Floats, length: float, reach: float
) -> NDArray[np.float32]:
    """Colour across a side (n, 3), half a px apart: the median along its middle part."""
    normal = np.array([side[1], -side[0]]) / length
    along = np.linspace(0.2, 0.8, 64)[:, None, None] * side
    across = np.arange(-reach, reach + 0.25, 0.5)[None, :, None] * normal
    at = (start + along + across).astype(np.float32)
    seen = cv2.remap(pixels, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.median(seen, axis=0), np.float32)


def _step_width(profile: NDArray[np.float32]) -> float | None:
    """Height of the step over its steepest slope, px, in the channel that shows it best."""
    ends = max(len(profile) // 7, 2)
    heights = np.abs(profile[:ends].mean(axis=0) - profile[-ends:].mean(axis=0))
    best = int(np.argmax(heights))
    if heights[best] < FAINTEST_STEP:
        return None
    line = np.convolve(profile[:, best], [0.25, 0.5, 0.25], mode="valid")
    return float(heights[best] / (np.abs(np.diff(line)).max() / 0.5))


def _well_inside(corners: Floats, shape: tuple[int, ...]) -> Mask:
    """(h, w): the pad without its outermost pixels."""
    inside = pixels_inside(corners, Box(0, 0, shape[1], shape[0])).astype(np.uint8)
    return np.asarray(cv2.erode(inside, np.ones((7, 7), np.uint8), borderValue=0), bool)
