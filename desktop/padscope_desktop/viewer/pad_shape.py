"""Pads and feet as shapes in a picture: what can be measured of them once, and which one the mouse means."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PadShape:
    """One pad's outline (N, 2) in px. Made once per board and kept while verdicts change: all below is worked out only once."""

    name: str
    outline: Points

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1."""
        (x0, y0), (x1, y1) = self.outline.min(axis=0).tolist(), self.outline.max(axis=0).tolist()
        return x0, y0, x1, y1

    @cached_property
    def centre(self) -> Points:
        return self.outline.mean(axis=0)

    @cached_property
    def axis(self) -> Points:
        """Unit vector along the longer extent: the larger eigenvector of the corners' scatter, in closed form."""
        dx, dy = (self.outline - self.centre).T
        turn = 0.5 * math.atan2(2 * float(dx @ dy), float(dx @ dx - dy @ dy))
        return np.array([math.cos(turn), math.sin(turn)])

    @cached_property
    def across(self) -> float:
        """Full width across the axis."""
        side = (self.outline - self.centre) @ (-self.axis[1], self.axis[0])
        return float(side.max() - side.min())

    @cached_property
    def polygon(self) -> QPolygonF:
        return polygon(self.outline)

    def end(self, middle: Points) -> tuple[Points, Points]:
        """Where the pad's name stands: the end of its axis that looks away from the board's middle, and that direction.
        Between pads there is no room."""
        axis = self.axis if self.axis @ (self.centre - middle) >= 0 else -self.axis
        return self.centre + axis * float(((self.outline - self.centre) @ axis).max()), axis

    def framed(self, away: float) -> Points:
        """(4, 2): the rectangle along the axis around the outline, `away` px from it."""
        axes = np.array([self.axis, [-self.axis[1], self.axis[0]]])
        local = (self.outline - self.centre) @ axes.T
        low, high = local.min(axis=0) - away, local.max(axis=0) + away
        corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
        return corners @ axes + self.centre


@dataclass(frozen=True, eq=False)
class FootMark:
    """One wire: corners (4, 2) px of its foot as planned and as proposed (None: it lands nowhere; the same array: as planned)."""

    planned: Points
    proposed: Points | None
    by_hand: bool = False

    @cached_property
    def least_side(self) -> float:
        a, b = self.planned[1] - self.planned[0], self.planned[2] - self.planned[1]
        return min(math.hypot(*a.tolist()), math.hypot(*b.tolist()))

    @cached_property
    def shift_px(self) -> float:
        if self.proposed is self.planned:
            return 0.0
        if self.proposed is None:
            return math.inf
        return math.hypot(*(self.proposed.mean(axis=0) - self.planned.mean(axis=0)).tolist())


def pad_at(shapes: Iterable[PadShape], x: float, y: float, slack_px: float) -> str | None:
    """The pad that holds the point, else the nearest whose outline is within `slack_px`: a narrow pad must be hit from afar."""
    best, nearest = None, slack_px
    for shape in shapes:
        x0, y0, x1, y1 = shape.bounds
        if not (x0 - slack_px <= x <= x1 + slack_px and y0 - slack_px <= y <= y1 + slack_px):
            continue
        away = distance_to(shape.outline, x, y)
        if away == 0.0:
            return shape.name
        if away <= nearest:
            best, nearest = shape.name, away
    return best


def distance_to(outline: Points, x: float, y: float) -> float:
    """0 inside a polygon (even-odd), else the way to its nearest edge."""
    a, b = outline, np.roll(outline, -1, axis=0)
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(crosses, b[:, 1] - a[:, 1], 1.0)
    at = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    if np.count_nonzero(crosses & (x < at)) % 2:
        return 0.0
    edge = b - a
    along = np.clip(((x, y) - a) * edge @ (1.0, 1.0) / np.maximum((edge**2).sum(axis=1), 1e-12), 0, 1)
    return float(np.hypot(*((a + edge * along[:, None]) - (x, y)).T).min())


def polygon(points: Points) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
