"""Which part of a picture a widget shows, as a value: all pan and zoom arithmetic, without Qt.

Picture points are px with the centre of the upper left pixel at (0, 0); screen points are logical px of the widget.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.types import Floats

MOST_ZOOM = 64.0
FIT_MARGIN = 16.0
"""Logical px left free around what is fitted."""


@dataclass(frozen=True, slots=True)
class View:
    """`zoom` is device px per picture px, so 1.0 shows every pixel as one pixel of the screen also on a high-DPI display;
    (cx, cy) is the picture point in the middle; width and height are the widget's, in logical px."""

    zoom: float
    cx: float
    cy: float
    width: float
    height: float
    dpr: float = 1.0

    @property
    def scale(self) -> float:
        """Logical px per picture px."""
        return self.zoom / self.dpr

    def to_screen(self, points: Floats) -> NDArray[np.float64]:
        """(…, 2) picture px to logical px."""
        return (np.asarray(points, dtype=np.float64) - (self.cx, self.cy)) * self.scale + (
            self.width / 2,
            self.height / 2,
        )

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.width / 2) / self.scale + self.cx, (y - self.height / 2) / self.scale + self.cy

    @property
    def visible(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in picture px."""
        half_w, half_h = self.width / 2 / self.scale, self.height / 2 / self.scale
        return self.cx - half_w, self.cy - half_h, self.cx + half_w, self.cy + half_h

    def zoomed(self, factor: float, at: tuple[float, float]) -> View:
        """Larger by `factor`; the picture point under the screen point `at` stays where it is."""
        x, y = self.to_picture(*at)
        zoom = self.zoom * factor
        return replace(self, zoom=zoom, cx=x + (self.cx - x) / factor, cy=y + (self.cy - y) / factor)

    def dragged(self, dx: float, dy: float) -> View:
        """The picture follows the mouse by (dx, dy) logical px."""
        return replace(self, cx=self.cx - dx / self.scale, cy=self.cy - dy / self.scale)

    def resized(self, width: float, height: float, dpr: float) -> View:
        """The same picture point stays in the middle, at the same size for the eye."""
        return replace(self, zoom=self.zoom / self.dpr * dpr, width=width, height=height, dpr=dpr)


def fitted(
    bounds: tuple[float, float, float, float], width: float, height: float, dpr: float, margin: float = FIT_MARGIN
) -> View:
    """All of `bounds` (x0, y0, x1, y1 in picture px) as large as it goes, in the middle."""
    x0, y0, x1, y1 = map(float, bounds)  # Qt does not bear numpy's numbers everywhere
    room_w, room_h = max(width - 2 * margin, 1.0), max(height - 2 * margin, 1.0)
    scale = min(room_w / max(x1 - x0, 1e-9), room_h / max(y1 - y0, 1e-9))
    return View(min(scale * dpr, MOST_ZOOM), (x0 + x1) / 2, (y0 + y1) / 2, width, height, dpr)


def whole(picture_width: int, picture_height: int) -> tuple[float, float, float, float]:
    """The bounds of a picture: its outermost pixels reach half a px beyond their centres."""
    return -0.5, -0.5, picture_width - 0.5, picture_height - 0.5


def least_zoom(view: View, picture_width: int, picture_height: int) -> float:
    """A picture is never smaller than half of what fits, nor held above its own pixels."""
    return min(fitted(whole(picture_width, picture_height), view.width, view.height, view.dpr).zoom / 2, 1.0)


def zoomed_within(view: View, factor: float, at: tuple[float, float], least: float) -> View:
    """Zoomed to `at`, but only as far as allowed, so that the picture does not slide when the limit is reached."""
    return view.zoomed(min(max(view.zoom * factor, least), MOST_ZOOM) / view.zoom, at)


def kept_near(view: View, picture_width: int, picture_height: int) -> View:
    """The picture cannot get lost: its edge stops at the middle of the widget."""
    x0, y0, x1, y1 = whole(picture_width, picture_height)
    return replace(view, cx=min(max(view.cx, x0), x1), cy=min(max(view.cy, y0), y1))
