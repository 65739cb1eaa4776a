"""Pads outlined in their verdict's colour, line style and letter; feet where they were planned and where they can land."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from padscope_desktop.theme import VerdictStyle
from padscope_desktop.viewer.pad_shape import FootMark, PadShape, Points, pad_at, polygon
from padscope_desktop.viewer.view import View

UNDER = QColor(0, 0, 0, 140)
"""Drawn a little wider under every line, so that it stands out on bright metal as on dark board."""
FOOT_FROM = 5.0
"""Logical px of a foot's shorter side from which it is worth drawing."""
NAME_FROM = 28.0
"""Logical px of a pad's shorter side from which also the pads nobody needs to find carry their name."""
CHIP_GAP = 10.0
"""Logical px between a pad and its name, so that the frame of the chosen pad fits between."""
QUIET = ("✓", "")
"""Letters of the pads nobody needs to find."""
PLAIN = VerdictStyle("#BDBDBD", 1.25, Qt.PenStyle.SolidLine, False, "", "", "")
"""A pad that nobody has judged yet."""


@dataclass(frozen=True, eq=False)
class PadMark:
    """One pad: its shape, how it is drawn, its wires."""

    shape: PadShape
    style: VerdictStyle = PLAIN
    feet: tuple[FootMark, ...] = ()

    @property
    def name(self) -> str:
        return self.shape.name


class PadLayer:
    """Paints pads and feet; each verdict is one path, so that a thousand pads cost few calls."""

    def __init__(self) -> None:
        self.visible = True
        self.feet_visible = True
        self.hovered: str | None = None
        self.selected: str | None = None
        self.marks: tuple[PadMark, ...] = ()
        self.outlines = QPainterPath()
        """All pads, in picture px."""
        self._by_name: dict[str, PadMark] = {}
        self._groups: list[tuple[VerdictStyle, list[PadMark], QPainterPath]] = []
        self._ends: dict[str, tuple[Points, Points]] = {}
        self._shapes: set[PadShape] = set()

    def set_marks(self, marks: Sequence[PadMark]) -> None:
        self.marks = tuple(marks)
        self._by_name = {m.name: m for m in self.marks}
        groups: dict[int, tuple[VerdictStyle, list[PadMark], QPainterPath]] = {}
        for mark in self.marks:
            _, members, path = groups.setdefault(id(mark.style), (mark.style, [], QPainterPath()))
            members.append(mark)
            path.addPolygon(mark.shape.polygon)
            path.closeSubpath()
        self._groups = list(groups.values())
        self.outlines = QPainterPath()
        for _, _, path in self._groups:
            self.outlines.addPath(path)
        shapes = {m.shape for m in self.marks}
        if shapes != self._shapes:
            self._shapes = shapes
            self._place_names()

    def _place_names(self) -> None:
        """Again only for other shapes, not for every verdict."""
        if self.marks:
            middle = np.mean([m.shape.centre for m in self.marks], axis=0)
            self._ends = {m.name: m.shape.end(middle) for m in self.marks}

    def bounds_of(self, name: str) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 in px."""
        mark = self._by_name.get(name)
        return None if mark is None else mark.shape.bounds

    def at(self, x: float, y: float, slack_px: float) -> str | None:
        return pad_at((m.shape for m in self.marks), x, y, slack_px) if self.visible else None

    def paint_lines(self, painter: QPainter, view: View) -> None:
        """In picture px: the painter already carries the view's transform."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for style, _, path in self._groups:
            painter.setPen(_cosmetic(view, UNDER, style.width + 1.75))
            painter.drawPath(path)
        for style, _, path in self._groups:
            if style.hatched:
                hatch = QBrush(QColor(style.colour), Qt.BrushStyle.BDiagPattern)
                hatch.setTransform(painter.transform().inverted()[0])
                painter.fillPath(path, hatch)
            painter.setPen(_cosmetic(view, QColor(style.colour), style.width, style.dash))
            painter.drawPath(path)
        for name, colour, width in (
            (self.hovered, QColor(255, 255, 255, 150), 1.5),
            (self.selected, QColor("white"), 2.0),
        ):
            mark = self._by_name.get(name or "")
            if mark is not None:
                self._frame(painter, mark, view, colour, width)
        if self.feet_visible:
            self._paint_feet(painter, view)

    def _frame(self, painter: QPainter, mark: PadMark, view: View, colour: QColor, width: float) -> None:
        """Around the outline, so that the verdict's own line stays visible."""
        corners = polygon(mark.shape.framed((mark.style.width / 2 + 3.5) / view.scale))
        for pen in (_cosmetic(view, UNDER, width + 2), _cosmetic(view, colour, width)):
            painter.setPen(pen)
            painter.drawPolygon(corners)

    def _paint_feet(self, painter: QPainter, view: View) -> None:
        x0, y0, x1, y1 = view.visible
        for style, marks, _ in self._groups:
            for mark in marks:
                left, top, right, bottom = mark.shape.bounds
                if right < x0 or left > x1 or bottom < y0 or top > y1:
                    continue
                for foot in mark.feet:
                    if foot.least_side * view.scale >= FOOT_FROM:
                        _paint_foot(painter, foot, QColor(style.colour), view)

    def paint_letters(self, painter: QPainter, view: View, font: QFont) -> None:
        """In logical px of the widget: names and letters keep their size at every zoom. Where they would cover each other,
        the chosen pad's comes first, then the thicker outline's."""
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        x0, y0, x1, y1 = view.visible
        taken: list[QRectF] = []
        screen = QRectF(0, 0, view.width, view.height)
        for mark in sorted(self.marks, key=lambda m: (m.name not in (self.selected, self.hovered), -m.style.width)):
            end, axis = self._ends[mark.name]
            if not (x0 <= end[0] <= x1 and y0 <= end[1] <= y1):
                continue
            chosen = mark.name in (self.selected, self.hovered)
            if not chosen and mark.style.letter in QUIET and mark.shape.across * view.scale < NAME_FROM:
                continue
            text = " ".join(part for part in (mark.style.letter, mark.name) if part)
            box = _chip_box(metrics, text, view.to_screen(end), axis)
            if not screen.contains(box):  # then at the pad's other end, over the board
                other = mark.shape.centre * 2 - end
                box = _chip_box(metrics, text, view.to_screen(other), -axis)
            if not any(box.intersects(other) for other in taken):
                taken.append(box)
                _paint_chip(painter, box, text, mark.style)


def _paint_foot(painter: QPainter, foot: FootMark, colour: QColor, view: View) -> None:
    moved = foot.shift_px * view.scale > 2
    corners = [QPointF(x, y) for x, y in foot.planned.tolist()]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if moved:
        for pen in (_cosmetic(view, UNDER, 2.5), _cosmetic(view, QColor(255, 255, 255, 200), 1, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawPolygon(QPolygonF(corners))
    if foot.proposed is None:
        for pen in (_cosmetic(view, UNDER, 3.5), _cosmetic(view, QColor("#D55E00"), 1.75)):
            painter.setPen(pen)
            painter.drawLine(corners[0], corners[2])
            painter.drawLine(corners[1], corners[3])
        return
    fill = QColor(colour)
    fill.setAlpha(50)
    for pen in (_cosmetic(view, UNDER, 3), _cosmetic(view, colour, 1.25)):
        painter.setPen(pen)
        painter.drawPolygon(polygon(foot.proposed))
    painter.fillPath(_path(foot.proposed), fill)
    if moved:
        _arrow(painter, foot.planned.mean(axis=0), foot.proposed.mean(axis=0), view, colour)


def _arrow(painter: QPainter, start: Points, end: Points, view: View, colour: QColor) -> None:
    way = end - start
    along = way / np.hypot(*way)
    head = min(7.0 / view.scale, float(np.hypot(*way)) / 2)
    across = np.array([-along[1], along[0]])
    tip = [end - along * head + across * head * 0.5, end, end - along * head - across * head * 0.5]
    for pen in (_cosmetic(view, UNDER, 4), _cosmetic(view, colour, 2)):
        painter.setPen(pen)
        painter.drawLine(QPointF(*start), QPointF(*end))
        painter.drawPolyline(polygon(np.array(tip)))


def _chip_box(metrics: QFontMetricsF, text: str, end: Points, axis: Points) -> QRectF:
    """Beyond the pad's outer end, touching nothing of it."""
    width, height = metrics.horizontalAdvance(text) + 8, metrics.height()
    centre = end + axis * CHIP_GAP + np.sign(np.round(axis, 1)) * (width / 2, height / 2)
    return QRectF(float(centre[0]) - width / 2, float(centre[1]) - height / 2, width, height)


def _paint_chip(painter: QPainter, box: QRectF, text: str, style: VerdictStyle) -> None:
    """Dark text on the verdict's colour."""
    painter.setPen(QPen(UNDER, 1))
    painter.setBrush(QColor(style.colour))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor("#101010"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _cosmetic(view: View, colour: QColor, width: float, dash: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A line as wide for the eye at every zoom and on every screen: cosmetic pens count device px."""
    pen = QPen(colour, width * view.dpr, dash)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    return pen


def _path(points: Points) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(polygon(points))
    path.closeSubpath()
    return path
