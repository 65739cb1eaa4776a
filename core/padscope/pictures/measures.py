"""What a person measures on a picture: points in px become lengths, angles and areas, in px until a scale is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from padscope.types import Floats

Point = tuple[float, float]
KINDS: dict[str, tuple[int, int]] = {"length": (2, 2), "angle": (3, 3), "rectangle": (2, 2), "polygon": (3, 10_000)}
"""How few and how many points each takes. Length: its ends. Angle: an arm, the corner, the other arm. Rectangle: two opposite
corners. Polygon: its corners in order."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measurement; ValueError if its kind does not take so many points, or one of them is no number."""

    kind: str
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        least, most = KINDS.get(self.kind, (1, 0))
        if not least <= len(self.points) <= most or not np.isfinite(self.points).all():
            raise ValueError(f"a {self.kind} cannot be measured by {len(self.points)} points")

    @property
    def corners(self) -> tuple[Point, ...]:
        """Of the outline; those of a rectangle are all four."""
        if self.kind != "rectangle":
            return self.points
        (x0, y0), (x1, y1) = self.points
        return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))

    @property
    def length_px(self) -> float:
        """Of a line; of an area its circumference."""
        return path_px(self.corners, closed=self.kind in ("rectangle", "polygon"))

    @property
    def sides_px(self) -> tuple[float, float]:
        """Width and height of what encloses it."""
        low, high = np.min(self.points, axis=0), np.max(self.points, axis=0)
        return float(high[0] - low[0]), float(high[1] - low[1])

    @property
    def angle_deg(self) -> float:
        """Between the arms of an angle, in [0, 180]; of a line from the x axis, counter-clockwise on the screen."""
        points = np.asarray(self.points, dtype=np.float64)
        if self.kind != "angle":
            dx, dy = points[-1] - points[0]
            return float(np.degrees(np.arctan2(-dy, dx)))
        a, b = points[0] - points[1], points[2] - points[1]
        return abs(float(np.degrees(np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b))))

    @property
    def area_px(self) -> float:
        """Enclosed by the corners (shoelace formula); 0 for lines and angles. Where a polygon crosses itself, its parts cancel."""
        if self.kind not in ("rectangle", "polygon"):
            return 0.0
        x, y = np.asarray(self.corners, dtype=np.float64).T
        return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def path_px(points: Floats | tuple[Point, ...], *, closed: bool = False) -> float:
    """Length of a line through (N, 2) points, back to the first if closed."""
    at = np.asarray(points, dtype=np.float64)
    steps = np.diff(at, axis=0, append=at[:1]) if closed else np.diff(at, axis=0)
    return float(np.hypot(*steps.T).sum())
