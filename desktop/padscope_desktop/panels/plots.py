"""Three small plots of a production: bars, a board coloured pad by pad, and lines over days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from padscope.boards.layout import Layout
from padscope_desktop.quantities import number, percent
from padscope_desktop.theme import Theme

MOST_BARS = 8
BAR_ROW = 24
EDGE = 8
OFTEN = QColor("#D55E00")
SHIFTED = QColor("#56B4E9")


class Plot(QWidget):
    """Says in words what it has nothing to draw of."""

    nothing = "No modules here."

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(240, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 140)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    @property
    def empty(self) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if self.empty:
            painter.setPen(QColor(self.theme.dim))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.nothing)
        else:
            self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None: ...


class Bars(Plot):
    """Words, a bar, a number; the most first."""

    nothing = "No defects were found."

    def set_rows(self, rows: Sequence[tuple[str, int]]) -> None:
        self.rows = list(rows[:MOST_BARS])
        self.setAccessibleName(", ".join(f"{n} {name}" for name, n in self.rows))
        self.update()

    rows: list[tuple[str, int]] = []  # noqa: RUF012 - replaced, never changed

    @property
    def empty(self) -> bool:
        return not self.rows

    def draw(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        words = min(max(metrics.horizontalAdvance(name) for name, _ in self.rows) + 4, self.width() // 2)
        most = max(n for _, n in self.rows)
        room = self.width() - words - 2 * EDGE - metrics.horizontalAdvance(number(most)) - EDGE
        for k, (name, n) in enumerate(self.rows):
            top = k * BAR_ROW
            painter.setPen(QColor(self.theme.text))
            short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, words)
            painter.drawText(QRectF(0, top, words, BAR_ROW), Qt.AlignmentFlag.AlignVCenter, short)
            bar = QRectF(words + EDGE, top + 6, max(room * n / most, 2), BAR_ROW - 12)
            painter.fillRect(bar, QColor(self.theme.accent))
            painter.drawText(
                QRectF(bar.right() + EDGE, top, self.width(), BAR_ROW), Qt.AlignmentFlag.AlignVCenter, number(n)
            )


class PadShares(Plot):
    """The board, every pad the stronger coloured the more often it is not OK."""

    layout_shown: Layout | None = None
    shares: Mapping[str, float] = {}

    def set_shares(self, layout: Layout | None, shares: Mapping[str, float]) -> None:
        self.layout_shown, self.shares = layout, shares
        worst = max(shares, key=lambda pad: shares[pad], default=None)
        self.setAccessibleName("" if worst is None else f"Worst: pad {worst}, {percent(shares[worst])}")
        self.update()

    @property
    def empty(self) -> bool:
        return self.layout_shown is None or not self.shares

    def draw(self, painter: QPainter) -> None:
        assert self.layout_shown is not None
        x0, y0, x1, y1 = self.layout_shown.bounds_um
        foot = self.fontMetrics().height() + EDGE
        scale = min((self.width() - 2 * EDGE) / (x1 - x0), (self.height() - 2 * EDGE - foot) / (y1 - y0))
        left = (self.width() - scale * (x1 - x0)) / 2
        most = max(self.shares.values()) or 1.0
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawRect(QRectF(left, EDGE, scale * (x1 - x0), scale * (y1 - y0)))
        for pad in self.layout_shown.pads:
            outline = QPolygonF([QPointF(left + scale * (x - x0), EDGE + scale * (y - y0)) for x, y in pad.corners_um])
            share = self.shares.get(pad.id)
            painter.setPen(QPen(QColor(self.theme.dim), 0.5))
            painter.setBrush(Qt.BrushStyle.NoBrush if share is None else _mixed(self.theme.raised, share / most))
            painter.drawPolygon(outline)
        painter.setPen(QColor(self.theme.dim))
        words = f"at most {percent(max(self.shares.values()))} not OK"
        painter.drawText(QRectF(0, self.height() - foot, self.width(), foot), Qt.AlignmentFlag.AlignCenter, words)


class Trend(Plot):
    """Two shares over days: pads that are not fine, wires that are shifted."""

    days: Sequence[tuple[str, int, float, float]] = ()

    def set_days(self, days: Sequence[tuple[str, int, float, float]]) -> None:
        self.days = days
        self.update()

    @property
    def empty(self) -> bool:
        return not self.days

    def draw(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        high = max(0.01, *(max(bad, shifted) for _, _, bad, shifted in self.days))
        side, foot = metrics.horizontalAdvance("100 %") + EDGE, 2 * metrics.height() + EDGE
        box = QRectF(side, EDGE, self.width() - side - EDGE, self.height() - foot - 2 * EDGE)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topLeft())
        painter.setPen(QColor(self.theme.dim))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for share in (0.0, high):
            y = box.bottom() - box.height() * share / high
            painter.drawText(QRectF(0, y - 10, side - 6, 20), right, percent(share))
        across = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        for align, day in zip(across, (self.days[0][0], self.days[-1][0]), strict=True):
            if align is across[0] or len(self.days) > 1:
                painter.drawText(QRectF(box.left(), box.bottom() + 2, box.width(), metrics.height()), align, day)
        for which, colour in ((2, OFTEN), (3, SHIFTED)):
            points = [
                QPointF(
                    box.left() + box.width() * (k / (len(self.days) - 1) if len(self.days) > 1 else 0.5),
                    box.bottom() - box.height() * float(day[which]) / high,
                )
                for k, day in enumerate(self.days)
            ]
            painter.setPen(QPen(colour, 2))
            painter.drawPolyline(QPolygonF(points))
            painter.setBrush(colour)
            for point in points:
                painter.drawEllipse(point, 3, 3)
        at = 0.0
        for words, colour in (("pads bad", OFTEN), ("wires shifted", SHIFTED)):
            y = self.height() - metrics.height() / 2 - 2
            painter.fillRect(QRectF(at, y - 4, 10, 8), colour)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(QPointF(at + 14, y + metrics.ascent() / 2 - 1), words)
            at += 14 + metrics.horizontalAdvance(words) + 16


def _mixed(low: str, share: float) -> QColor:
    a, b, rest = QColor(low), OFTEN, 1 - share
    return QColor.fromRgbF(
        rest * a.redF() + share * b.redF(), rest * a.greenF() + share * b.greenF(), rest * a.blueF() + share * b.blueF()
    )
