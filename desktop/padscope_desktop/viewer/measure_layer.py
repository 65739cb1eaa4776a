"""Measurements over the picture: lines, angles, rectangles and areas with their values, as wide and as large at every zoom."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from padscope.pictures.measures import Measure, Point
from padscope_desktop.quantities import number, with_unit
from padscope_desktop.viewer.pad_shape import distance_to
from padscope_desktop.viewer.view import View

COLOUR, CHOSEN = QColor("#FFFFFF"), QColor("#FFD84D")
UNDER = QColor(0, 0, 0, 170)
HANDLE = 5.0
NEAR = 9.0
"""Logical px within which a handle or a line is meant."""
TICK = 6.0


def measure_words(measure: Measure, um_per_px: float | None) -> str:
    """What it says: “152.3 µm”, “34.2°”, “120.0 × 45.5 µm · 5 460 µm²”; in px where there is no scale."""
    scale, unit = (um_per_px, "µm") if um_per_px is not None else (1.0, "px")
    if measure.kind == "angle":
        return f"{number(measure.angle_deg, 1)}°"
    if measure.kind == "length":
        return length_words(measure.length_px * scale, unit)
    size = area_words(measure.area_px * scale**2, unit)
    if measure.kind == "rectangle":
        width, height = (side * scale for side in measure.sides_px)
        return f"{number(width, 1)} × {with_unit(height, unit, 1)} · {size}"
    return f"{size} · {length_words(measure.length_px * scale, unit)} around"


def length_words(value: float, unit: str) -> str:
    return with_unit(value / 1000, "mm", 3) if unit == "µm" and value >= 10_000 else with_unit(value, unit, 1)


def area_words(value: float, unit: str) -> str:
    if unit == "µm" and value >= 1e6:
        return with_unit(value / 1e6, "mm²", 3)
    return with_unit(value, f"{unit}²", 0 if value >= 100 else 1)


class MeasureLayer:
    """`measures` by uid; of the `chosen` one the handles show while `active`. `draft`: what is being drawn, with its kind."""

    def __init__(self) -> None:
        self.active = False
        self.um_per_px: float | None = None
        self.measures: dict[str, Measure] = {}
        self.chosen: str | None = None
        self.draft: tuple[str, tuple[Point, ...]] | None = None

    @property
    def visible(self) -> bool:
        return bool(self.measures) or self.draft is not None

    # What is meant by a point

    def handle_at(self, at: Point, slack_px: float) -> tuple[str, int] | None:
        """(uid, which of its points); the chosen one's come first."""
        order = sorted(self.measures, key=lambda uid: uid != self.chosen)
        for uid in order:
            for i, point in enumerate(self.measures[uid].points):
                if math.hypot(point[0] - at[0], point[1] - at[1]) <= slack_px:
                    return uid, i
        return None

    def body_at(self, at: Point, slack_px: float) -> str | None:
        """Whose line, or whose area's edge, is near."""
        best, nearest = None, slack_px
        for uid, measure in self.measures.items():
            away = _away(measure, at)
            if away <= nearest:
                best, nearest = uid, away
        return best

    # Painting

    @property
    def live(self) -> str | None:
        """The one that a hand may be moving: painted afresh in every frame."""
        return self.chosen if self.active else None

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """All but the live one, and what they say where there is room for it."""
        x0, y0, x1, y1 = view.visible
        taken: list[QRectF] = []
        seen: list[tuple[Measure, list[QPointF]]] = []
        for uid, measure in self.measures.items():
            points = np.asarray(measure.corners)
            low, high = points.min(axis=0), points.max(axis=0)
            if uid != self.live and low[0] <= x1 and high[0] >= x0 and low[1] <= y1 and high[1] >= y0:
                seen.append((measure, self._paint_lines(painter, view, measure, False)))
                yield
        for measure, at in seen:  # no line goes through a value
            self._paint_words(painter, view, at, measure, False, taken)
            yield

    def paint(self, painter: QPainter, view: View) -> None:
        """The live one and what is being drawn, over all others."""
        if self.live in self.measures:
            self._paint_live(painter, view, self.measures[self.live])
        if self.draft is not None:
            self._paint_draft(painter, view, *self.draft)

    def _paint_draft(self, painter: QPainter, view: View, kind: str, points: tuple[Point, ...]) -> None:
        try:
            self._paint_live(painter, view, Measure(kind, points))
        except ValueError:  # not yet enough points for it
            at = [QPointF(x, y) for x, y in view.to_screen(np.asarray(points)).tolist()]
            for pen in _pens(CHOSEN):
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF(at))
            _paint_handles(painter, at)

    def _paint_live(self, painter: QPainter, view: View, measure: Measure) -> None:
        self._paint_words(painter, view, self._paint_lines(painter, view, measure, True), measure, True, [])

    def _paint_lines(self, painter: QPainter, view: View, measure: Measure, chosen: bool) -> list[QPointF]:
        """Returns where its corners are on the screen."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        colour = CHOSEN if chosen else COLOUR
        at = [QPointF(x, y) for x, y in view.to_screen(np.asarray(measure.corners)).tolist()]
        closed = measure.kind in ("rectangle", "polygon")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in _pens(colour):
            painter.setPen(pen)
            painter.drawPolygon(QPolygonF(at)) if closed else painter.drawPolyline(QPolygonF(at))
            if measure.kind == "length":
                _paint_ticks(painter, at[0], at[1])
            if measure.kind == "angle":
                _paint_arc(painter, at)
        if chosen:
            points = view.to_screen(np.asarray(measure.points)).tolist()
            _paint_handles(painter, [QPointF(x, y) for x, y in points])
        return at

    def _paint_words(
        self,
        painter: QPainter,
        view: View,
        at: Sequence[QPointF],
        measure: Measure,
        chosen: bool,
        taken: list[QRectF],
    ) -> None:
        """Beside the line, wholly in sight as long as something of it is."""
        words, kind = measure_words(measure, self.um_per_px), measure.kind
        metrics = QFontMetricsF(painter.font())
        width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 4
        if kind == "angle":
            x, y = at[1].x() + 14 + width / 2, at[1].y() - height / 2 - 8
        elif kind == "length":
            x, y = (at[0].x() + at[1].x()) / 2, (at[0].y() + at[1].y()) / 2
            steep = abs(at[1].y() - at[0].y()) > abs(at[1].x() - at[0].x())
            x, y = (x + width / 2 + 8, y) if steep else (x, y - height / 2 - 8)
        else:
            x = (min(p.x() for p in at) + max(p.x() for p in at)) / 2
            y = min(p.y() for p in at) - height / 2 - 6
        x = min(max(x, width / 2 + 4), view.width - width / 2 - 4)
        y = min(max(y, height / 2 + 4), view.height - height / 2 - 4)
        box = QRectF(x - width / 2, y - height / 2, width, height)
        places = [box.translated(0, step * (height + 2)) for step in (0, -1, 1, -2, 2, 3)]
        free = next((p for p in places if not any(p.intersects(t) for t in taken)), None)
        if free is None:  # too many in one place: nearer, they have room
            return
        box = free
        taken.append(box)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(CHOSEN if chosen else COLOUR)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def _away(measure: Measure, at: Point) -> float:
    corners = np.asarray(measure.corners, dtype=np.float64)
    ends = np.vstack([corners, corners[:1]]) if measure.kind in ("rectangle", "polygon") else corners
    return min(distance_to(np.array([a, b]), *at) for a, b in itertools.pairwise(ends))


def _pens(colour: QColor) -> tuple[QPen, QPen]:
    return QPen(UNDER, 3.5), QPen(colour, 1.5)


def _paint_ticks(painter: QPainter, a: QPointF, b: QPointF) -> None:
    long = math.hypot(b.x() - a.x(), b.y() - a.y())
    if long < 1e-6:
        return
    across = QPointF(-(b.y() - a.y()) / long * TICK, (b.x() - a.x()) / long * TICK)
    for end in (a, b):
        painter.drawLine(end - across, end + across)


def _paint_arc(painter: QPainter, at: Sequence[QPointF]) -> None:
    first, middle, last = at
    radius = min(24.0, *(math.hypot(p.x() - middle.x(), p.y() - middle.y()) * 0.6 for p in (first, last)))
    start, end = (math.degrees(math.atan2(middle.y() - p.y(), p.x() - middle.x())) for p in (first, last))
    sweep = (end - start + 180) % 360 - 180
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.drawArc(box, round(start * 16), round(sweep * 16))


def _paint_handles(painter: QPainter, at: Sequence[QPointF]) -> None:
    painter.setPen(QPen(UNDER, 1.5))
    painter.setBrush(CHOSEN)
    for point in at:
        painter.drawEllipse(point, HANDLE, HANDLE)
    painter.setBrush(Qt.BrushStyle.NoBrush)
