"""Pads outlined in their verdict's colour, line style and letter; feet where they were planned and where they can land."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
BUNDLE = 24
"""Pads that are painted in one go: a thousand cost few calls, and none takes long."""
SQUARE = 128
QUIET = ("✓", "")
"""Letters of the pads nobody needs to find."""
PLAIN = VerdictStyle("#BDBDBD", 1.25, Qt.PenStyle.SolidLine, False, "", "", "")
"""A pad that nobody has judged yet."""
ELSEWHERE = VerdictStyle("#9A9A9A", 1.0, Qt.PenStyle.DotLine, False, "", "", "")
"""A pad that was judged in another picture of the board."""


@dataclass(frozen=True, eq=False)
class PadMark:
    """One pad: its shape, how it is drawn, its wires."""

    shape: PadShape
    style: VerdictStyle = PLAIN
    feet: tuple[FootMark, ...] = ()
    word: str = ""  # after its name

    @property
    def name(self) -> str:
        return self.shape.name


class PadLayer:
    """Paints pads and feet, those of a verdict bundle by bundle, so that a thousand pads cost few calls and none of them much."""

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
        self._bounds: list[QRectF] = []  # of each group
        self._ends: dict[str, tuple[Points, Points]] = {}
        self._shapes: set[PadShape] = set()

    def set_marks(self, marks: Sequence[PadMark]) -> None:
        self.marks = tuple(marks)
        self._by_name = {m.name: m for m in self.marks}
        groups: dict[tuple[int, int], tuple[VerdictStyle, list[PadMark], QPainterPath]] = {}
        for place, mark in enumerate(self.marks):
            key = (id(mark.style), place // BUNDLE)
            _, members, path = groups.setdefault(key, (mark.style, [], QPainterPath()))
            members.append(mark)
            path.addPolygon(mark.shape.polygon)
            path.closeSubpath()
        self._groups = list(groups.values())
        self._bounds = [path.boundingRect() for _, _, path in self._groups]
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

    def seen_outlines(self, view: View) -> QPainterPath:
        """Of the pads in sight (and perhaps some more), in picture px."""
        path = QPainterPath()
        for _, _, part in self._seen(view):
            path.addPath(part)
        return path

    def _seen(self, view: View) -> list[tuple[VerdictStyle, list[PadMark], QPainterPath]]:
        sight = _sight(view)
        return [g for g, box in zip(self._groups, self._bounds, strict=True) if box.intersects(sight)]

    def line_steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """In picture px: the painter already carries the view's transform. Yields between pieces."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        seen = self._seen(view)
        for style, _, path in seen:
            painter.setPen(_cosmetic(view, UNDER, style.width + 1.75))
            painter.drawPath(path)
            yield
        for style, _, path in seen:
            if style.hatched:
                hatch = QBrush(QColor(style.colour), Qt.BrushStyle.BDiagPattern)
                hatch.setTransform(painter.transform().inverted()[0])
                painter.fillPath(path, hatch)
            painter.setPen(_cosmetic(view, QColor(style.colour), style.width, style.dash))
            painter.drawPath(path)
            yield
        if self.feet_visible:
            yield from self._feet_steps(painter, view)

    def paint_chosen(self, painter: QPainter, view: View) -> None:
        """The frames of the pad under the cursor and of the chosen one, in picture px."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for name, colour, width in (
            (self.hovered, QColor(255, 255, 255, 150), 1.5),
            (self.selected, QColor("white"), 2.0),
        ):
            mark = self._by_name.get(name or "")
            if mark is not None:
                self._frame(painter, mark, view, colour, width)

    def _frame(self, painter: QPainter, mark: PadMark, view: View, colour: QColor, width: float) -> None:
        """Around the outline, so that the verdict's own line stays visible."""
        corners = polygon(mark.shape.framed((mark.style.width / 2 + 3.5) / view.scale))
        for pen in (_cosmetic(view, UNDER, width + 2), _cosmetic(view, colour, width)):
            painter.setPen(pen)
            painter.drawPolygon(corners)

    def _feet_steps(self, painter: QPainter, view: View) -> Iterator[None]:
        x0, y0, x1, y1 = view.visible
        for style, marks, _ in self._seen(view):
            colour = QColor(style.colour)
            for mark in marks:
                left, top, right, bottom = mark.shape.bounds
                if right < x0 or left > x1 or bottom < y0 or top > y1:
                    continue
                for foot in mark.feet:
                    if foot.least_side * view.scale >= FOOT_FROM:
                        _paint_foot(painter, foot, colour, view)
                        yield

    def letter_steps(self, painter: QPainter, view: View, font: QFont) -> Iterator[None]:
        """In logical px of the widget: names and letters keep their size at every zoom. Where they would cover each other,
        the thicker outline's comes first. Yields between pieces."""
        wanted = [m for m in self.marks if not self._quiet(m, view)]
        yield from self._chips(painter, view, font, sorted(wanted, key=lambda m: -m.style.width))

    def paint_chosen_letters(self, painter: QPainter, view: View, font: QFont) -> None:
        """Those of the pad under the cursor and of the chosen one, over all others."""
        chosen = [self._by_name[n] for n in (self.selected, self.hovered) if n in self._by_name]
        for _ in self._chips(painter, view, font, chosen):
            pass

    def _quiet(self, mark: PadMark, view: View) -> bool:
        return mark.style.letter in QUIET and mark.shape.across * view.scale < NAME_FROM

    def _chips(self, painter: QPainter, view: View, font: QFont, marks: Sequence[PadMark]) -> Iterator[None]:
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        x0, y0, x1, y1 = view.visible
        taken: dict[tuple[int, int], list[QRectF]] = {}  # by squares of the screen
        screen = QRectF(0, 0, view.width, view.height)
        for i, mark in enumerate(marks):
            if i % 32 == 31:
                yield
            end, axis = self._ends[mark.name]
            if not (x0 <= end[0] <= x1 and y0 <= end[1] <= y1):
                continue
            text = " ".join(part for part in (mark.style.letter, mark.name, mark.word) if part)
            box = _chip_box(metrics, text, view.to_screen(end), axis)
            if not screen.contains(box):  # then at the pad's other end, over the board
                other = mark.shape.centre * 2 - end
                box = _chip_box(metrics, text, view.to_screen(other), -axis)
            squares = _squares(box)
            if not any(box.intersects(other) for square in squares for other in taken.get(square, ())):
                for square in squares:
                    taken.setdefault(square, []).append(box)
                _paint_chip(painter, box, text, mark.style)
                if i % 8 == 7:
                    yield


def _squares(box: QRectF) -> list[tuple[int, int]]:
    """The squares of SQUARE px that a box touches."""
    cols = range(int(box.left() // SQUARE), int(box.right() // SQUARE) + 1)
    rows = range(int(box.top() // SQUARE), int(box.bottom() // SQUARE) + 1)
    return [(col, row) for col in cols for row in rows]


def _sight(view: View) -> QRectF:
    x0, y0, x1, y1 = view.visible
    return QRectF(x0, y0, x1 - x0, y1 - y0)


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
    width = 3.0 if foot.by_hand else 1.25
    for pen in (_cosmetic(view, UNDER, width + 1.75), _cosmetic(view, colour, width)):
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
