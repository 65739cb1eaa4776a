"""Charts by pyqtgraph, without its menu and its button. Loaded late (see `plots`): pyqtgraph takes as long as the whole window."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pyqtgraph as pg
from pyqtgraph.graphicsItems import DateAxisItem as dates
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QStyleOptionGraphicsItem, QWidget

from padscope.boards.layout import Layout
from padscope_desktop.quantities import with_unit
from padscope_desktop.theme import Theme

DAY_S = 86_400.0
LEAST_DAYS = 5
"""That many days fill the chart at the least: nothing is known of the hours."""
FEW = 60
"""Days that are still told apart as points."""
NEAR_PX = 12.0
KEY_ZOOM = 1.25
HEADROOM = 1.3
"""Above the highest share stands the legend."""
MONTHS = dates.ZoomLevel(
    [
        dates.TickSpec(dates.YEAR_SPACING, dates.makeYStepper(1), "%Y", autoSkip=[1, 5, 10]),
        dates.TickSpec(dates.MONTH_SPACING, dates.makeMStepper(1), "%b", autoSkip=[1, 2, 3, 6]),
    ],
    "MMM ",
)
DAYS = dates.ZoomLevel(
    [dates.TickSpec(dates.DAY_SPACING, dates.makeSStepper(DAY_S), "%d %b", autoSkip=[1, 2, 5, 10, 20])], "00 MMM "
)
DAYS_UP_TO_S = 20 * DAY_S
"""Seconds from label to label beyond which months are named instead of days."""


class Chart(pg.PlotWidget):
    """Pan by dragging, zoom by the wheel, Home shows all, + and − zoom, the arrows go from thing to thing. One thing is always
    pointed at: the nearest to the mouse, or the one it rests on. Signal: pointed(its place in the order of the arrows)."""

    pointed = Signal(int)

    keys: Mapping[Qt.Key, tuple[str, float]] = {
        Qt.Key.Key_Home: ("show_all", 0),
        Qt.Key.Key_Plus: ("zoom", 1 / KEY_ZOOM),
        Qt.Key.Key_Equal: ("zoom", 1 / KEY_ZOOM),
        Qt.Key.Key_Minus: ("zoom", KEY_ZOOM),
        Qt.Key.Key_Left: ("step", -1),
        Qt.Key.Key_Right: ("step", 1),
    }

    def __init__(self, theme: Theme, axes: Mapping[str, pg.AxisItem], parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=dict(axes), enableMenu=False)
        self.theme = theme
        self.at = self.rest = 0
        self.things = 0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # as large as the page has room
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = self.getPlotItem().getViewBox()
        self.getPlotItem().hideButtons()
        self.box.disableAutoRange()

    def nearest(self, place: QPointF) -> int:
        """The thing at this place of the view, the rest where there is none."""
        return self.rest

    def mark(self) -> None:
        """Show which thing is pointed at."""

    def colour(self) -> None:
        """Everything in the colours of the theme."""

    def show_all(self, by: float = 0) -> None: ...

    def zoom(self, by: float) -> None:
        self.box.scaleBy((by, by))

    def step(self, by: float) -> None:
        self.point(min(max(self.at + int(by), 0), self.things - 1))

    def point(self, k: int) -> None:
        self.at = k
        self.mark()
        self.pointed.emit(k)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.setBackground(theme.panel)
        self.box.setBorder(QPen(QColor(theme.accent if self.hasFocus() else theme.panel), 0))
        self.colour()

    def event(self, event: QEvent) -> bool:
        """Its keys go before the window's."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._key(event):
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found = self._key(event)
        if found is None:
            event.ignore()  # the window's
            return
        name, by = found
        getattr(self, name)(by)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.things and not event.buttons():
            self.point(self.nearest(self.box.mapSceneToView(self.mapToScene(event.position().toPoint()))))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self.things:
            self.point(self.rest)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.set_theme(self.theme)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.set_theme(self.theme)

    def _key(self, event: QKeyEvent) -> tuple[str, float] | None:
        plain = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        return None if plain else self.keys.get(Qt.Key(event.key()))


class PercentAxis(pg.AxisItem):
    """Shares, written in per cent."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        digits = max(0, -math.floor(math.log10(100 * spacing) + 1e-9))
        return [with_unit(100 * v, "%", digits) for v in values]


class DayChart(Chart):
    """Two shares over days: what is bad in the accent, what is shifted in the grey of the text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        days = dates.DateAxisItem(utcOffset=0)
        days.zoomLevels = {math.inf: MONTHS, DAYS_UP_TO_S: DAYS}
        super().__init__(theme, {"bottom": days, "left": PercentAxis("left")}, parent)
        self.seconds: list[float] = []
        self.high = 1.0
        self.legend = self.addLegend(offset=(1, 1), colCount=2)
        self.bad = self.plot(name="pads bad", antialias=True)
        self.shifted = self.plot(name="wires shifted", antialias=True)
        self.bad.setZValue(1)
        self.line = pg.InfiniteLine(angle=90)
        self.addItem(self.line, ignoreBounds=True)
        self.box.setMouseEnabled(x=True, y=False)
        self.set_theme(theme)

    def set_days(self, days: Sequence[str], bad: Sequence[float], shifted: Sequence[float]) -> None:
        """Days of UTC as 2026-01-31, oldest first; shares 0…1."""
        self.seconds = [datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() for day in days]
        self.things = len(days)
        self.bad.setData(self.seconds, list(bad))
        self.shifted.setData(self.seconds, list(shifted))
        self.high = max(0.01, *bad, *shifted) * HEADROOM
        self.colour()
        self.show_all()
        self.rest = self.things - 1
        self.point(self.rest)

    def show_all(self, by: float = 0) -> None:
        first, last = self.seconds[0], self.seconds[-1]
        margin = max(0.02 * (last - first), (LEAST_DAYS * DAY_S - (last - first)) / 2, DAY_S / 2)
        self.box.setLimits(xMin=first - margin, xMax=last + margin, minXRange=LEAST_DAYS * DAY_S)
        self.box.setRange(xRange=(first - margin, last + margin), yRange=(0, self.high), padding=0)

    def zoom(self, by: float) -> None:
        self.box.scaleBy((by, 1), center=QPointF(self.seconds[self.at], 0))

    def step(self, by: float) -> None:
        super().step(by)
        (low, high), at = self.box.viewRange()[0], self.seconds[self.at]
        if not low <= at <= high:
            self.box.translateBy(x=at - (low + high) / 2)

    def nearest(self, place: QPointF) -> int:
        after = min(bisect_left(self.seconds, place.x()), self.things - 1)
        before = max(after - 1, 0)
        return min(before, after, key=lambda k: abs(self.seconds[k] - place.x()))

    def mark(self) -> None:
        self.line.setValue(self.seconds[self.at])

    def colour(self) -> None:
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(QPen(QColor(self.theme.line), 0))
            axis.setTextPen(self.theme.dim)
            axis.setStyle(tickLength=-4)
        left = self.getPlotItem().getAxis("left")
        left.setGrid(255)
        left.setStyle(maxTickLevel=0, hideOverlappingLabels=False)
        self.line.setPen(QPen(QColor(self.theme.dim), 0))
        for item, ink, width in ((self.shifted, self.theme.dim, 1.0), (self.bad, self.theme.accent, 1.5)):
            item.setPen(pg.mkPen(ink, width=width))
            item.setSymbol("o" if self.things <= FEW else None)
            item.setSymbolSize(5)
            item.setSymbolBrush(ink)
            item.setSymbolPen(None)
        self.legend.setLabelTextColor(self.theme.text)
        for _, words in self.legend.items:
            words.setText(words.text)


class Pads(pg.GraphicsObject):
    """Every pad in the colour of its share, and one with a ring. Drawn in layout µm."""

    def __init__(self) -> None:
        super().__init__()
        self.bounds = QRectF()
        self.outlines: dict[str, QPolygonF] = {}
        self.inks: dict[str, QColor] = {}
        self.edge = self.ring = QColor()
        self.ringed = ""

    def boundingRect(self) -> QRectF:
        return self.bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(self.edge, 0))
        painter.drawRect(self.bounds)
        for pad, outline in self.outlines.items():
            painter.setBrush(self.inks.get(pad, Qt.BrushStyle.NoBrush))
            painter.drawPolygon(outline)
        if self.ringed in self.outlines:
            pen = QPen(self.ring, 2)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(self.inks.get(self.ringed, Qt.BrushStyle.NoBrush))
            painter.drawPolygon(self.outlines[self.ringed])


class PadChart(Chart):
    """Pads as a heat map over the layout; the arrows go from the worst pad to the best."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, {}, parent)
        self.order: Sequence[str] = ()
        self.shares: Mapping[str, float] = {}
        self.pads = Pads()
        self.addItem(self.pads)
        for side in ("left", "bottom"):
            self.hideAxis(side)
        self.box.setAspectLocked(True)
        self.box.invertY(True)
        self.set_theme(theme)

    def set_pads(self, layout: Layout, shares: Mapping[str, float], worst_first: Sequence[str]) -> None:
        """Share of the modules, 0…1, by pad; a pad without one is drawn hollow."""
        x0, y0, x1, y1 = layout.bounds_um
        self.order, self.shares, self.things = worst_first, shares, len(worst_first)
        self.pads.prepareGeometryChange()
        self.pads.bounds = QRectF(x0, y0, x1 - x0, y1 - y0)
        self.pads.outlines = {p.id: QPolygonF([QPointF(x, y) for x, y in p.corners_um]) for p in layout.pads}
        self.colour()
        self.show_all()
        self.rest = 0
        self.point(self.rest)

    def show_all(self, by: float = 0) -> None:
        self.box.setRange(self.pads.bounds, padding=0.03)

    def zoom(self, by: float) -> None:
        self.box.scaleBy((by, by), center=self._centre(self.order[self.at]))

    def nearest(self, place: QPointF) -> int:
        dx, dy = self.box.viewPixelSize()

        def away(k: int) -> float:
            outline = self.pads.outlines[self.order[k]]
            if outline.containsPoint(place, Qt.FillRule.OddEvenFill):
                return 0.0
            middle = self._centre(self.order[k])
            return math.hypot((middle.x() - place.x()) / dx, (middle.y() - place.y()) / dy)

        found = min(range(self.things), key=away)
        return found if away(found) <= NEAR_PX else self.rest

    def mark(self) -> None:
        self.pads.ringed = self.order[self.at]
        self.pads.update()

    def colour(self) -> None:
        most = max(self.shares.values(), default=0.0) or 1.0
        low, high = QColor(self.theme.raised), QColor(self.theme.accent)
        self.pads.inks = {pad: mixed(low, high, share / most) for pad, share in self.shares.items()}
        self.pads.edge, self.pads.ring = QColor(self.theme.dim), QColor(self.theme.text)
        self.pads.update()

    def _centre(self, pad: str) -> QPointF:
        return self.pads.outlines[pad].boundingRect().center()


def mixed(low: QColor, high: QColor, share: float) -> QColor:
    """Low at 0, high at 1."""
    rest = 1 - share
    return QColor.fromRgbF(
        rest * low.redF() + share * high.redF(),
        rest * low.greenF() + share * high.greenF(),
        rest * low.blueF() + share * high.blueF(),
    )
