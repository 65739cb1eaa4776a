"""A scale bar burned into the pixels: found, so that it is not taken for a defect, and measured, to check the scale.

Only its length in pixels is measured; its label is not read. A bar shows a round length (1, 2 or 5 times a power of ten), which a
right scale confirms and a scale that is wrong by a factor does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.pictures.picture import Picture
from padscope.pictures.source import Pixels
from padscope.types import Box, Mask

ZONE = 0.2
"""Part of the picture's height, at the top and at the bottom, where bars are looked for."""
SHORTEST = 60  # px
THICKEST = 0.08  # of its length
INK = 70
"""Of 255: how far a pixel of a bar may be from pure black or white; JPEG softens thin strokes."""
PURE = 235
"""Of 255: what most of a bar without end strokes must reach, because metal and shadows can look like one."""
CLEAR = 0.9
"""Part of a bar's length that must have no ink close above and below it."""
ROUND = (1, 2, 5, 10)
TOLERANCE = 0.01
"""A pixel or two of some hundred."""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A horizontal bar from x0_px to x1_px (between the middles of its end strokes, or the ends of a plain bar)."""

    x0_px: float
    x1_px: float
    y_px: float
    box: Box  # everything it covers
    strokes: bool  # it has a stroke at each end

    @property
    def length_px(self) -> float:
        return self.x1_px - self.x0_px

    def um_per_px(self, length_um: float) -> float:
        """The scale, if a person reads `length_um` beside the bar."""
        return length_um / self.length_px

    def round_length_um(self, um_per_px: float) -> float | None:
        """The round length the bar shows if this scale is right; None if it would show none, so that the scale is doubtful."""
        length = self.length_px * um_per_px
        ten = 10.0 ** math.floor(math.log10(length))
        nearest = min((ten * r for r in ROUND), key=lambda r: abs(r - length))
        return nearest if abs(nearest - length) <= TOLERANCE * nearest else None


def bar_says(bar: ScaleBar | None, um_per_px: float | None) -> str:
    """One sentence where a burned-in bar contradicts the scale, otherwise ''. Only bars with end strokes: others may be none."""
    if bar is None or um_per_px is None or not bar.strokes or bar.round_length_um(um_per_px) is not None:
        return ""
    um = bar.length_px * um_per_px
    ten = 10.0 ** math.floor(math.log10(um))
    likely = min((ten * r for r in ROUND), key=lambda r: abs(math.log(r / um)))
    return (
        f"The scale bar in the picture is {bar.length_px:.1f} px, which {um_per_px:.4g} µm/px makes {um:.4g} µm, no round length: "
        f"read what stands beside it; if that is {likely:g} µm, a pixel is {bar.um_per_px(likely):.4g} µm."
    )


def find_scale_bar(picture: Picture) -> ScaleBar | None:
    """The longest bar near the top or the bottom of the picture; one with end strokes before one without."""
    rows = max(int(ZONE * picture.height), min(4 * SHORTEST, picture.height))
    zones = {Box(0, picture.height - rows, picture.width, picture.height), Box(0, 0, picture.width, rows)}
    found = [
        ScaleBar(bar.x0_px, bar.x1_px, bar.y_px + zone.y0, bar.box.shifted(0, zone.y0), bar.strokes)
        for zone in zones
        for bar in scale_bars(picture.read(zone))
    ]
    return max(found, key=lambda bar: (bar.strokes, bar.length_px), default=None)


def scale_bars(pixels: Pixels) -> Iterator[ScaleBar]:
    """Every bar in (h, w, 3) pixels, black or white."""
    shown = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    for darkness in (np.asarray(255 - grey, np.uint8), np.asarray(grey, np.uint8)):
        ink = (darkness >= 255 - INK).astype(np.uint8)
        lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, SHORTEST), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
        for x, y, width, height, area in stats[1:].tolist():
            if (
                height <= max(THICKEST * width, 2)
                and area >= 0.8 * width * height
                and _stands_free(ink, x, y, width, height)
            ):
                bar = _measured(darkness, ink.astype(bool), Box(x, y, x + width, y + height))
                if bar is not None:
                    yield bar


def _stands_free(ink: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> bool:
    """Little ink within a few thicknesses above and below, end strokes apart: not the rim of a dark area."""
    reach = height + 2
    for rows in (slice(max(y - reach, 0), max(y - 2, 0)), slice(y + height + 2, y + height + reach)):
        near = ink[rows, x : x + width]
        if near.size and (near.max(axis=0) == 0).mean() < CLEAR:
            return False
    return True


def _measured(darkness: NDArray[np.uint8], ink: Mask, line: Box) -> ScaleBar | None:
    reach = max(3 * line.height, 6)
    middle = (line.y0 + line.y1 - 1) / 2
    ends = [_stroke(darkness, ink, line, side, reach) for side in (-1, 1)]
    if ends[0] is None or ends[1] is None:
        if np.percentile(darkness[line.slices], 20) < PURE:
            return None
        half = 0.5  # the edges of the outermost pixels
        return ScaleBar(line.x0 - half, line.x1 - 1 + half, middle, line, strokes=False)
    (x0, box0), (x1, box1) = ends[0], ends[1]
    box = Box(
        min(line.x0, box0.x0), min(line.y0, box0.y0, box1.y0), max(line.x1, box1.x1), max(line.y1, box0.y1, box1.y1)
    )
    return ScaleBar(x0, x1, middle, box, strokes=True)


def _stroke(darkness: NDArray[np.uint8], ink: Mask, line: Box, side: int, reach: int) -> tuple[float, Box] | None:
    """(middle in px, box) of the vertical stroke at the left (-1) or right (1) end, None if there is none."""
    end = line.x0 if side < 0 else line.x1 - 1
    around = Box(end - reach, line.y0 - reach, end + reach + 1, line.y1 + reach).clipped(ink.shape[1], ink.shape[0])
    near = ink[around.slices]
    beyond = np.ones(near.shape[0], bool)
    beyond[max(line.y0 - 1 - around.y0, 0) : line.y1 + 1 - around.y0] = False  # rows above and below the line itself
    tall = near[beyond].sum(axis=0)
    if tall.max() < max(line.height, 3):
        return None
    cols = np.flatnonzero(tall >= 0.5 * tall.max())
    cols = cols[np.abs(cols - int(np.argmax(tall))) <= 2 * line.height + 2]
    wide = slice(max(int(cols[0]) - 1, 0), int(cols[-1]) + 2)
    weight = darkness[around.slices][beyond][:, wide].astype(float).sum(axis=0)
    weight -= weight.min()
    at = np.arange(wide.start, wide.start + len(weight))
    rows = np.flatnonzero(near[:, cols].any(axis=1))
    box = Box(int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1).shifted(around.x0, around.y0)
    return float((weight * at).sum() / weight.sum()) + around.x0, box
