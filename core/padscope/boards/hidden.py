"""Pads that a picture does not show although they lie inside it: where a stitched picture was filled up with black, or a scale bar
was burned over the metal. They become UNKNOWN, and nothing is learned from them."""

from __future__ import annotations

import cv2
import numpy as np

from padscope.boards.defects import pixels_inside
from padscope.boards.doubts import Doubt, parts
from padscope.boards.layout import Layout
from padscope.tiling import CELL
from padscope.types import Affine, Box, Mask

RIM_PX = CELL
"""Of a pad, that may lie in cells without a picture: on a black board, cells across a pad's own edge look like the end of it."""


def hidden_pads(
    layout: Layout, um_to_px: Affine, size: tuple[int, int], shown: Mask, bar: Box | None = None
) -> dict[str, Doubt]:
    """Why pads cannot be seen, by pad. `size` is (width, height) of the picture, `shown` (ceil(H / 8), ceil(W / 8)) where it was
    photographed, `bar` what a scale bar and its label cover."""
    if bar is None and shown.all():
        return {}
    hidden = {}
    for pad in layout.pads:
        corners = um_to_px.apply(pad.corners_um)
        box = Box.around(corners).clipped(*size)
        if box.empty:
            continue
        inside = pixels_inside(corners, box)
        inner = _without_rim(inside)
        filled = ~_cells_of(shown, box)
        dark = float(filled[inner].mean())
        if dark > 0:
            words = f"not photographed, {max(100 * dark, 1):.0f} % of the pad is filled up with black"
            hidden[pad.id] = _doubt(words, filled & inside, box)
        elif bar is not None:
            over = inside & _inside_box(inside.shape, bar.shifted(-box.x0, -box.y0))
            if over.any():
                hidden[pad.id] = _doubt("covered, the scale bar is burned over the pad", over, box)
    return hidden


def _doubt(words: str, where: Mask, box: Box) -> Doubt:
    """`where` (h, w) over a box of the picture."""
    return Doubt(words, tuple(part.shifted(box.x0, box.y0) for part in parts(where)))


def _without_rim(inside: Mask) -> Mask:
    """(h, w): the pad without its outermost RIM_PX; the whole of a pad that is nothing but rim."""
    size = 2 * RIM_PX + 1
    inner = cv2.erode(inside.astype(np.uint8), np.ones((size, size), np.uint8), borderValue=0).astype(bool)
    return inner if inner.any() else inside


def _cells_of(cells: Mask, box: Box) -> Mask:
    """(h, w) of a box: each pixel with the value of its cell."""
    rows, cols = np.arange(box.y0, box.y1) // CELL, np.arange(box.x0, box.x1) // CELL
    found: Mask = cells[np.ix_(rows, cols)]
    return found


def _inside_box(shape: tuple[int, ...], box: Box) -> Mask:
    found = np.zeros(shape, bool)
    found[box.clipped(shape[1], shape[0]).slices] = not box.clipped(shape[1], shape[0]).empty
    return found
