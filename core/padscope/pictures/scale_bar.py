"""A scale bar burned into the pixels: found, so that it is not taken for a defect, and measured, to check the scale.

Only its length in pixels is measured; its label is found but not read. A bar shows a round length (1, 2 or 5 times a power of
ten), which a right scale confirms and a scale that is wrong by a factor does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.pictures.bar_label import find_label
from padscope.pictures.picture import Picture
from padscope.pictures.scales import likely_length_um, round_length_um
from padscope.pictures.source import Pixels
from padscope.types import Box, Mask

ZONE = 0.2
"""Part of the picture's height, at the top and at the bottom, where bars are looked for."""
SHORTEST = 60  # px
THICKEST = 0.08  # of its length
INK = 70
"""Of 255: how far a pixel of a bar may be from pure black or white; JPEG softens thin strokes."""
PURE = 228
"""Of 255: what most of a bar without end strokes must reach, because metal and shadows can look like one."""
EVEN = 8.0
"""Of 255: the spread along a bar without end strokes, its ends apart: it was drawn, not photographed."""
CLOSE = 4  # px
CLEAR = 0.9
"""Part of a bar's length that must have no ink close above and below it."""
BESIDE = 3
"""Heights of a bar around it in which a label may stand that was not found."""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A horizontal bar from x0_px to x1_px (between the middles of its end strokes, or the ends of a plain bar)."""

    x0_px: float
    x1_px: float
    y_px: float
    box: Box  # of the bar with its strokes
    strokes: bool  # it has a stroke at each end
    label: Box | None = None  # of the writing beside it

    @property
    def length_px(self) -> float:
        return self.x1_px - self.x0_px

    @property
    def sure(self) -> bool:
        """A bar without strokes and writing may be a scratch."""
        return self.strokes or self.label is not None

    @property
    def covers(self) -> Box:
        """What is to be taken for written over; it may leave the picture."""
        if self.label is None:
            return self.box.grown(BESIDE * self.box.height)
        a, b = self.box, self.label
        return Box(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)).grown(2)

    def um_per_px(self, length_um: float) -> float:
        """The scale, if a person reads `length_um` beside the bar."""
        return length_um / self.length_px

    def round_length_um(self, um_per_px: float) -> float | None:
        """The round length the bar shows if this scale is right; None if it would show none, so that the scale is doubtful."""
        return round_length_um(self.length_px, um_per_px)

    def moved(self, rows: int) -> ScaleBar:
        """The same so many rows further down."""
        label = self.label.shifted(0, rows) if self.label is not None else None
        return replace(self, y_px=self.y_px + rows, box=self.box.shifted(0, rows), label=label)


def bar_says(bar: ScaleBar | None, um_per_px: float | None) -> str:
    """One sentence where a burned-in bar contradicts the scale, otherwise ''. Only bars that are sure: others may be none."""
    if bar is None or um_per_px is None or not bar.sure or bar.round_length_um(um_per_px) is not None:
        return ""
    um, likely = bar.length_px * um_per_px, likely_length_um(bar.length_px, um_per_px)
    return (
        f"The scale bar in the picture is {bar.length_px:.1f} px, which {um_per_px:.4g} µm/px makes {um:.4g} µm, no round length: "
        f"read what stands beside it; if that is {likely:g} µm, a pixel is {bar.um_per_px(likely):.4g} µm."
    )


def find_scale_bar(picture: Picture) -> ScaleBar | None:
    """The longest bar near the top or the bottom of the picture; a sure one before one that is not."""
    found = [
        bar.moved(zone.y0)
        for zone in bar_zones(picture.width, picture.height)
        for bar in scale_bars(picture.read(zone))
    ]
    return surest(found)


def bar_zones(width: int, height: int) -> tuple[Box, ...]:
    """Where bars are looked for."""
    rows = max(int(ZONE * height), min(4 * SHORTEST, height))
    return tuple(dict.fromkeys((Box(0, height - rows, width, height), Box(0, 0, width, rows))))


def surest(bars: list[ScaleBar]) -> ScaleBar | None:
    return max(bars, key=lambda bar: (bar.label is not None, bar.strokes, bar.length_px), default=None)


def scale_bars(pixels: Pixels) -> Iterator[ScaleBar]:
    """Every bar in (h, w, 3) pixels, black or white."""
    shown = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)
    for darkness in (np.asarray(255 - grey, np.uint8), np.asarray(grey, np.uint8)):
        for least in (255 - INK, PURE):  # over bright metal a white bar shows only at the second
            ink = (darkness >= least).astype(np.uint8)
            lines = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, SHORTEST), np.uint8))
            _, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
            for x, y, width, height, area in stats[1:].tolist():
                if (
                    height <= max(THICKEST * width, 2)
                    and area >= 0.8 * width * height
                    and _stands_free(ink, x, y, width, height)
                    and not _rim_of_a_bar(darkness, x, y, width, height)
                ):
                    bar = _measured(darkness, ink.astype(bool), Box(x, y, x + width, y + height))
                    if bar is not None and _inside(bar.box, grey.shape):
                        yield replace(bar, label=find_label(darkness, bar.box))


def _rim_of_a_bar(darkness: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> bool:
    """What lies between a bar and the edge of the panel it is drawn on: on one side the opposite colour, on the other none."""
    sides = [darkness[max(row, 0) : row + 1, x : x + width] for row in (y - 3, y + height + 2)]
    opposite = [float((side <= 255 - PURE).mean()) if side.size else 0.0 for side in sides]
    return max(opposite) > 0.8 and min(opposite) < 0.5


def _inside(box: Box, shape: tuple[int, ...]) -> bool:
    """Whoever draws a bar leaves room around it: what touches the edge is the picture's own rim."""
    return box.x0 > 0 and box.y0 > 0 and box.x1 < shape[1] and box.y1 < shape[0]


def _stands_free(ink: NDArray[np.uint8], x: int, y: int, width: int, height: int) -> bool:
    """Little ink close above and below, end strokes apart: not the rim of a dark area. (A label may stand a few px away.)"""
    reach = min(height, CLOSE) + 2
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
        return _plain(darkness, line)
    (x0, box0), (x1, box1) = ends[0], ends[1]
    if not _alike(box0, box1):
        return _plain(darkness, line)
    box = Box(
        min(line.x0, box0.x0), min(line.y0, box0.y0, box1.y0), max(line.x1, box1.x1), max(line.y1, box0.y1, box1.y1)
    )
    return ScaleBar(x0, x1, middle, box, strokes=True)


def _alike(left: Box, right: Box) -> bool:
    """The strokes of a bar are drawn equal, and side by side."""
    apart = max(abs(left.y0 - right.y0), abs(left.y1 - right.y1), abs(left.width - right.width))
    return apart <= 2 + 0.15 * min(left.height, right.height)


def _plain(darkness: NDArray[np.uint8], line: Box) -> ScaleBar | None:
    """A bar without strokes: as pure and even as only a drawn one is, measured where its ends are half as dark as it is."""
    inner = darkness[line.slices][:, 3:-3]
    core = inner[inner.shape[0] // 4 : inner.shape[0] - inner.shape[0] // 4]
    if np.percentile(inner, 20) < PURE or core.astype(float).mean(axis=0).std() > EVEN:
        return None
    along = darkness[line.y0 : line.y1].astype(float).mean(axis=0)
    x0 = _half(along, line.x0, -1, float(core.mean()))
    x1 = _half(along, line.x1 - 1, 1, float(core.mean()))
    return ScaleBar(x0, x1, (line.y0 + line.y1 - 1) / 2, line, strokes=False)


def _half(along: NDArray[np.float64], end: int, side: int, full: float) -> float:
    """Where the profile falls to half way between the bar and what lies beyond its end, in px, to a part of a pixel."""
    beyond = along[max(end - 12, 0) : max(end - 3, 0)] if side < 0 else along[end + 4 : end + 13]
    if not beyond.size:
        return end + 0.5 * side
    half = (full + float(np.median(beyond))) / 2
    at = end - 3 * side
    while 0 <= at + side < len(along) and along[at + side] >= half:
        at += side
    if not 0 <= at + side < len(along):
        return at + 0.5 * side
    return at + side * float((along[at] - half) / max(along[at] - along[at + side], 1e-9))


def _stroke(darkness: NDArray[np.uint8], ink: Mask, line: Box, side: int, reach: int) -> tuple[float, Box] | None:
    """(middle in px, box) of the vertical stroke at the left (-1) or right (1) end, None if there is none."""
    end = line.x0 if side < 0 else line.x1 - 1
    around = Box(end - reach, line.y0 - reach, end + reach + 1, line.y1 + reach).clipped(ink.shape[1], ink.shape[0])
    near = ink[around.slices]
    beyond = np.ones(near.shape[0], bool)
    beyond[max(line.y0 - 1 - around.y0, 0) : line.y1 + 1 - around.y0] = False  # rows above and below the line itself
    tall = near[beyond].sum(axis=0)
    if not len(tall) or tall.max() < max(line.height, 3):
        return None
    cols = np.flatnonzero(tall >= 0.5 * tall.max())
    cols = cols[np.abs(cols - int(np.argmax(tall))) <= 2 * line.height + 2]
    touching = cols[-1] + around.x0 >= line.x0 - 1 if side < 0 else cols[0] + around.x0 <= line.x1
    if not touching:
        return None
    wide = slice(max(int(cols[0]) - 1, 0), int(cols[-1]) + 2)
    weight = darkness[around.slices][beyond][:, wide].astype(float).sum(axis=0)
    weight -= weight.min()
    at = np.arange(wide.start, wide.start + len(weight))
    rows = np.flatnonzero(near[:, cols].any(axis=1))
    box = Box(int(cols[0]), int(rows[0]), int(cols[-1]) + 1, int(rows[-1]) + 1).shifted(around.x0, around.y0)
    return float((weight * at).sum() / weight.sum()) + around.x0, box
