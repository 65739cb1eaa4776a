"""Plots of a production: bars drawn here, and the frame of those that pyqtgraph draws (see `charts`), which is loaded only when
there is first something to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from padscope.boards.layout import Layout
from padscope_desktop.panels.parts import label
from padscope_desktop.quantities import count, named_day, number, percent
from padscope_desktop.theme import Theme

if TYPE_CHECKING:
    from padscope_desktop.panels.charts import Chart

MOST_BARS = 8
BAR_ROW = 24
EDGE = 8


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


class Charted(Plot):
    """A chart above the words about what is pointed at in it."""

    chart: Chart | None = None

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.said = label(wrap=True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.said.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.said)

    def words(self, k: int) -> str:
        """About the thing pointed at, by its place in the order of the keys."""
        return ""

    def made(self) -> Chart:
        """Another chart, empty."""
        raise AssertionError("a frame without a chart")

    def charted(self) -> Chart:
        """The one there is, made at the first call."""
        if self.chart is None:
            self.chart = self.made()
            self.chart.pointed.connect(self._on_pointed)
            column = self.layout()
            assert isinstance(column, QVBoxLayout)
            column.insertWidget(0, self.chart, 1)
        return self.chart

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self.chart is not None:
            self.chart.set_theme(theme)

    def show_or_say(self) -> None:
        """The chart, or in its place that there is nothing."""
        if self.chart is not None:
            if self.empty:
                self.chart.things = 0  # a mouse that leaves it points at nothing
            self.chart.setVisible(not self.empty)
        self.said.setVisible(not self.empty)
        self.said.setMinimumHeight(
            2 * self.fontMetrics().lineSpacing()
        )  # the chart keeps its height as the words change
        self.update()

    @Slot(int)
    def _on_pointed(self, k: int) -> None:
        self.said.setText(self.words(k))


class PadShares(Charted):
    """The board, every pad the stronger coloured the more often it is not OK."""

    layout_shown: Layout | None = None
    shares: Mapping[str, float] = {}
    worst_first: Sequence[str] = ()

    def set_shares(self, layout: Layout | None, shares: Mapping[str, float]) -> None:
        self.layout_shown, self.shares = layout, shares
        self.worst_first = sorted(shares, key=lambda pad: -shares[pad])
        self.setAccessibleName("" if self.empty else f"Worst: {self._about(self.worst_first[0])}")
        if layout is not None and shares:
            from padscope_desktop.panels.charts import PadChart  # pyqtgraph: not before it is needed

            chart = self.charted()
            assert isinstance(chart, PadChart)
            chart.set_pads(layout, shares, self.worst_first)
        self.show_or_say()

    @property
    def empty(self) -> bool:
        return self.layout_shown is None or not self.shares

    def made(self) -> Chart:
        from padscope_desktop.panels.charts import PadChart

        return PadChart(self.theme)

    def words(self, k: int) -> str:
        about = self._about(self.worst_first[k])
        return f"Worst: {about}" if k == 0 and self.shares[self.worst_first[0]] else about[0].upper() + about[1:]

    def _about(self, pad: str) -> str:
        return f"pad {pad}, not OK in {percent(self.shares[pad])} of the modules"


class Trend(Charted):
    """Two shares over days: pads that are not fine, wires that are shifted."""

    days: Sequence[tuple[str, int, float, float]] = ()

    def set_days(self, days: Sequence[tuple[str, int, float, float]]) -> None:
        """(day of UTC as 2026-01-31, modules, share of pads that are bad, share of wires that are shifted), oldest first."""
        self.days = days
        self.setAccessibleName("" if self.empty else f"Newest: {self.words(len(days) - 1)}")
        if days:
            from padscope_desktop.panels.charts import DayChart  # pyqtgraph: not before it is needed

            chart = self.charted()
            assert isinstance(chart, DayChart)
            chart.set_days([day for day, *_ in days], [bad for *_, bad, _ in days], [shift for *_, shift in days])
        self.show_or_say()

    @property
    def empty(self) -> bool:
        return not self.days

    def made(self) -> Chart:
        from padscope_desktop.panels.charts import DayChart

        return DayChart(self.theme)

    def words(self, k: int) -> str:
        """12 Nov 2026: 3.1 % of pads bad, 1.2 % of wires shifted, 14 modules."""
        day, modules, bad, shifted = self.days[k]
        shares = f"{percent(bad)} of pads bad, {percent(shifted)} of wires shifted"
        return f"{named_day(day)}: {shares}, {count(modules, 'module')}"
