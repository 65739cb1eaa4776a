"""The writing beside a scale bar ("500 µm"): where it stands, not what it says.

Writing is a few separate marks on one line, about equally high, in the bar's own colour, with nothing else of that colour
around; metal, grain and dirt do not come like that.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.types import Box

ACROSS, ALONG = (0.6, 60, 400), (1.2, 160, 600)
"""How far it may reach above and below the bar, and to its sides: parts of the bar's length, at least and at most px."""
LOWEST = 6  # px: letters that are lower cannot be read
WIDEST = 2.2  # of a letter's height: an m in a wide font
FEWEST, MOST = 2, 12  # marks: "1m" … "1000.0 µm"
ALIKE = 0.55
"""The lowest letter, in parts of the highest (an m beside a digit)."""
CROWD = 400
"""More marks than this around a bar are grain, and no writing can be told from it."""
OTHER_INK = 0.35
"""What else of the bar's colour may be in the letters' rows, in parts of their own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One connected piece of ink."""

    box: Box
    area: int


def find_label(darkness: NDArray[np.uint8], bar: Box) -> Box | None:
    """Where the writing above, below or beside a bar stands; `darkness` is (h, w), 255 in the bar's own colour."""
    dx, dy = (int(np.clip(part * bar.width, least, most)) for part, least, most in (ALONG, ACROSS))
    around = Box(bar.x0 - dx, bar.y0 - dy, bar.x1 + dx, bar.y1 + dy).clipped(darkness.shape[1], darkness.shape[0])
    near = darkness[around.slices]
    least = (255 + float(np.median(near))) / 2
    _, _, stats, _ = cv2.connectedComponentsWithStats((near >= least).astype(np.uint8), connectivity=8)
    own = bar.shifted(-around.x0, -around.y0).grown(1)
    marks = [
        Mark(box, area)
        for x, y, w, h, area in stats[1:].tolist()
        if area >= LOWEST and (box := Box(x, y, x + w, y + h)).common(own).empty
    ]
    if len(marks) > CROWD:
        return None
    lines = [line for seed in marks if (line := _line(seed, marks)) is not None]
    lines = [line for line in lines if _alone(line, marks, near.shape[1], near.shape[0])]
    if not lines:
        return None
    best = min(lines, key=lambda line: (-len(line), _gap(_span(line), own)))
    return _span(best).shifted(around.x0, around.y0)


def _line(seed: Mark, marks: list[Mark]) -> list[Mark] | None:
    """The letters that stand on one line with `seed`, the highest of them, without a gap wider than a blank."""
    high = seed.box.height
    if not high >= LOWEST or not _letter(seed, high):
        return None
    row = [m for m in marks if _letter(m, high) and _on_line(m.box, seed.box)]
    row.sort(key=lambda m: m.box.x0)
    at = next(i for i, m in enumerate(row) if m is seed)
    first = last = at
    while first and row[first].box.x0 - row[first - 1].box.x1 <= high:
        first -= 1
    while last + 1 < len(row) and row[last + 1].box.x0 - row[last].box.x1 <= high:
        last += 1
    line = row[first : last + 1]
    return line if FEWEST <= len(line) <= MOST else None


def _letter(mark: Mark, high: int) -> bool:
    return ALIKE * high <= mark.box.height <= high and mark.box.width <= WIDEST * high and mark.area >= high


def _on_line(box: Box, seed: Box) -> bool:
    """Feet on the same line; a µ may reach below it."""
    return abs(box.y1 - seed.y1) <= 0.3 * seed.height


def _alone(line: list[Mark], marks: list[Mark], width: int, height: int) -> bool:
    """Written, not grown: whole letters, most of them upright and tall, and little else of that colour around them."""
    span = _span(line)
    if span.x0 <= 0 or span.y0 <= 0 or span.x1 >= width or span.y1 >= height:
        return False
    around = span.grown(span.height // 2)
    own = sum(m.area for m in line)
    other = sum(
        m.area
        for m in marks
        if m not in line
        and m.box.x0 < around.x1
        and m.box.x1 > around.x0
        and m.box.y0 < around.y1
        and m.box.y1 > around.y0
    )
    return other <= OTHER_INK * own


def _span(line: list[Mark]) -> Box:
    return Box(
        min(m.box.x0 for m in line),
        min(m.box.y0 for m in line),
        max(m.box.x1 for m in line),
        max(m.box.y1 for m in line),
    )


def _gap(a: Box, b: Box) -> int:
    """How far two boxes are apart, px."""
    return max(a.x0 - b.x1, b.x0 - a.x1, 0) + max(a.y0 - b.y1, b.y0 - a.y1, 0)
