"""One tile per pad, with the background removed: beyond its edges a pad is continued by its own mirror image.

Solder mask, traces and neighbours never reach the network, so no cell is unusual only because it lies at an edge, and a
defect at the edge is as visible as one in the middle. The tile stays on the picture's pixel grid: inside the pad every
pixel is the picture's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout, Pad
from padscope.tiling import as_unit, cut, snapped
from padscope.types import Affine, Box, Floats, Mask, Pixels, Tiles

RIM_PX = 3.0
"""Outermost px of a pad, where the edge blurs metal into background and the pose may be a pixel off: replaced by the
mirror image too. At 2.5 µm per px it is less than the tolerance a foot keeps from the edge anyway."""


@dataclass(frozen=True, slots=True)
class PadCut:
    """A pad's tile in a picture: the box is aligned and may reach over the picture's border."""

    pad: Pad
    box: Box
    seen: bool  # False where any part of the pad lies outside the picture
    near: Affine | None = None  # the pose right around it, where the picture is bent


def pad_cuts(
    layout: Layout, um_to_px: Affine, width: int, height: int, halo: int, near: Mapping[str, Affine] | None = None
) -> list[PadCut]:
    """The tiles of all pads, in the layout's order; `near` is by pad the pose right around it, where the picture is bent."""
    cuts = []
    for pad in layout.pads:
        here = (near or {}).get(pad.id)
        tight = Box.around((here or um_to_px).apply(pad.corners_um))
        seen = tight.clipped(width, height) == tight
        cuts.append(PadCut(pad, snapped(tight.grown(halo)), seen, here))
    return cuts


def pad_tile(picture: Any, cut_: PadCut, um_to_px: Affine, *, mirrored: bool = True) -> tuple[Floats, Mask, Floats]:
    """One pad's tile: pixels (3, H, W) float32 in [0, 1], inside (H, W), places (2, H, W) float32.

    `picture` is anything with width, height and read(box). The pad must be `seen`. With `mirrored=False` the surroundings
    stay as photographed."""
    um_to_px = cut_.near or um_to_px
    pixels = cut(picture.read, picture.width, picture.height, cut_.box)
    s, t = _pad_coordinates(cut_.pad, um_to_px, cut_.box)
    half_s, half_t = _half_extents(cut_.pad)
    inside = _inside(cut_.pad, um_to_px, cut_.box)
    if mirrored:
        pixels = _mirrored(pixels, cut_.pad, um_to_px, cut_.box, s, t, inside)
    u, v = (s + half_s) / (2 * half_s), (t + half_t) / (2 * half_t)
    along_first = half_s >= half_t
    places = np.clip(np.stack([u, v] if along_first else [v, u]), 0, 1).astype(np.float32)
    return as_unit(pixels), inside, places


def pad_batches(
    picture: Any, cuts: Sequence[PadCut], um_to_px: Affine, *, name: str, batch: int = 8, mirrored: bool = True
) -> Iterator[tuple[list[PadCut], Tiles]]:
    """The tiles of all seen pads, batched by equal size; at most `batch` tiles exist at a time."""
    groups: dict[tuple[int, int], list[PadCut]] = defaultdict(list)
    for c in cuts:
        if c.seen:
            groups[c.box.height, c.box.width].append(c)
    for group in groups.values():
        for start in range(0, len(group), batch):
            some = group[start : start + batch]
            parts = [pad_tile(picture, c, um_to_px, mirrored=mirrored) for c in some]
            pixels, inside, places = (np.stack(x) for x in zip(*parts, strict=True))
            yield some, Tiles(pixels, inside, tuple(f"{name}/{c.pad.id}" for c in some), places)


def _half_extents(pad: Pad) -> tuple[float, float]:
    """Half the pad's size along its own axes, µm (for a polygon: of its bounding rectangle in the pad's frame)."""
    local = (pad.corners_um - (pad.x_um, pad.y_um)) @ pad.axes
    half = np.abs(local).max(axis=0)
    return float(half[0]), float(half[1])


def _pad_coordinates(pad: Pad, um_to_px: Affine, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of the box lies in the pad's own frame, µm from its centre: along its x axis, along its y axis."""
    to_pad = np.linalg.inv(um_to_px.linear @ pad.axes)
    origin = to_pad @ (-um_to_px.apply(np.array([pad.x_um, pad.y_um])))
    x = np.arange(box.x0, box.x1, dtype=np.float64)[None, :]
    y = np.arange(box.y0, box.y1, dtype=np.float64)[:, None]
    s = to_pad[0, 0] * x + to_pad[0, 1] * y + origin[0]
    t = to_pad[1, 0] * x + to_pad[1, 1] * y + origin[1]
    return s.astype(np.float32), t.astype(np.float32)


def _inside(pad: Pad, um_to_px: Affine, box: Box) -> Mask:
    """Pixels whose centre lies on the pad; `cv2.fillPoly` with 1/256 px corners, so that polygons come for free."""
    corners = um_to_px.apply(pad.corners_um) - (box.x0, box.y0)
    mask = np.zeros((box.height, box.width), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(corners * 256).astype(np.int32)], 1, shift=8)
    return mask.astype(bool)


def _mirrored(pixels: Pixels, pad: Pad, um_to_px: Affine, box: Box, s: Floats, t: Floats, inside: Mask) -> Pixels:
    """The pixels with everything beyond the pad's rim replaced by the pad's reflection at that rim, bilinear."""
    rim = RIM_PX / um_to_px.scale
    if pad.polygon_um is None:
        half_s, half_t = (max(h - rim, rim) for h in _half_extents(pad))
        metal = (np.abs(s) <= half_s) & (np.abs(t) <= half_t)
        source = _to_px(pad, um_to_px, box, _folded(s, half_s), _folded(t, half_t))
    else:
        metal = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
        if not metal.any():
            return pixels
        source = _nearest_mirrored(metal)
    reflected = cv2.remap(pixels, source[0], source[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.where(metal[..., None], pixels, reflected)


def _folded(x: Floats, half: float) -> NDArray[np.float32]:
    """A triangle wave: x folded into [-half, half] by reflection at both ends."""
    return (np.float32(half) - np.abs((x + np.float32(half)) % np.float32(4 * half) - np.float32(2 * half))).astype(
        np.float32
    )


def _to_px(pad: Pad, um_to_px: Affine, box: Box, s: Floats, t: Floats) -> tuple[Floats, Floats]:
    """Pad frame µm back to pixels of the box."""
    m = (um_to_px.linear @ pad.axes).astype(np.float32)
    cx, cy = um_to_px.apply(np.array([pad.x_um, pad.y_um])) - (box.x0, box.y0)
    return m[0, 0] * s + m[0, 1] * t + np.float32(cx), m[1, 0] * s + m[1, 1] * t + np.float32(cy)


def _nearest_mirrored(metal: Mask) -> tuple[Floats, Floats]:
    """For a pad of any shape: the pixel as deep inside the outline as this one is outside, if that is metal; else the
    nearest metal pixel."""
    _, labels = cv2.distanceTransformWithLabels(
        (~metal).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(metal)
    nearest = np.zeros((int(labels.max()) + 1, 2), dtype=np.float32)
    nearest[labels[metal]] = np.column_stack([columns, rows])
    own = np.stack(np.meshgrid(np.arange(metal.shape[1]), np.arange(metal.shape[0])), axis=-1).astype(np.float32)
    edge = nearest[labels]
    mirrored = 2 * edge - own
    x = np.clip(mirrored[..., 0], 0, metal.shape[1] - 1).astype(np.intp)
    y = np.clip(mirrored[..., 1], 0, metal.shape[0] - 1).astype(np.intp)
    source = np.where(metal[y, x][..., None], mirrored, edge)
    return np.ascontiguousarray(source[..., 0]), np.ascontiguousarray(source[..., 1])
