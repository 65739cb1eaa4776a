"""Where bare metal may be: several ways to split a picture in two by brightness or colour, and the shapes they leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_SHAPE_PX2 = 24
LARGEST_SHAPE_SHARE = 0.2
"""Of the picture: a larger shape is the board or the table, not a pad."""
SHAPES_KEPT = 400
ROUND_SHARE = 0.03
"""A shape is round if its rim strays from a circle by less than this part of its diameter (RMS), or 0.6 px."""


@dataclass(frozen=True)
class Shapes:
    """Connected pieces of one split; arrays of length N, px of the overview."""

    centre: NDArray[np.float64]  # (N, 2)
    length: NDArray[np.float64]  # longer side of the smallest rectangle around it
    width: NDArray[np.float64]
    angle: NDArray[np.float64]  # of the longer side, radians
    filled: NDArray[np.float64]  # area inside the outline / area of that rectangle
    round: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.length)


def splits(small: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Candidate masks (h, w) of 0 and 1, the most likely first: gold is redder than its surroundings and brighter; bright
    metal on amber foil is bluer; on the light side of anything else come the odd cases."""
    soft = cv2.GaussianBlur(small, (0, 0), 0.8).astype(np.int16)
    red, green, blue = soft[..., 0], soft[..., 1], soft[..., 2]
    luma = (3 * red + 6 * green + blue) // 10
    channels = (red - blue, 2 * red - green - blue // 2, luma, red - green, blue - red)
    for channel in channels:
        low, high = np.percentile(channel[::3, ::3], (0.2, 99.8))
        if high - low < 12:
            continue  # nothing to split
        scaled = np.clip((channel - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)
        _, mask = cv2.threshold(scaled, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        yield mask.astype(np.uint8)


def shapes(mask: NDArray[np.uint8]) -> Shapes:
    """The connected pieces of a mask that could be pads or marks, largest first; those touching the border are left out."""
    height, width = mask.shape
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = LARGEST_SHAPE_SHARE * width * height
    sized = [
        (cv2.contourArea(o) + 0.5 * len(o) + 1, o) for o in outlines if len(o) >= 8
    ]  # outlines run through pixel centres
    sized = [s for s in sized if SMALLEST_SHAPE_PX2 <= s[0] <= largest]
    sized.sort(key=lambda s: -s[0])
    rows = []
    for area, outline in sized[: 2 * SHAPES_KEPT]:
        points = outline[:, 0].astype(np.float64)
        low, high = points.min(axis=0), points.max(axis=0)
        if low.min() <= 0 or high[0] >= width - 1 or high[1] >= height - 1:
            continue
        (cx, cy), (a, b), turn = cv2.minAreaRect(outline)
        a, b = a + 1, b + 1
        if b > a:
            a, b, turn = b, a, turn + 90
        rows.append((cx, cy, a, b, np.deg2rad(turn), area / (a * b), _is_round(points, a, b)))
        if len(rows) == SHAPES_KEPT:
            break
    table = np.array(rows, dtype=np.float64).reshape(-1, 7)
    return Shapes(table[:, :2], table[:, 2], table[:, 3], table[:, 4], table[:, 5], table[:, 6] > 0)


def _is_round(points: NDArray[np.float64], a: float, b: float) -> bool:
    if a > 1.2 * b or a < 7:
        return False
    far = np.hypot(*(points - points.mean(axis=0)).T)
    return bool(far.std() < max(ROUND_SHARE * a, 0.6))
