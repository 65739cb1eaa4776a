"""How the picture is shown: histogram with handles, brightness, contrast, gamma, per channel, and enhancement. Display only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import Chooser, button, label, named
from padscope_desktop.quantities import number, percent
from padscope_desktop.theme import TARGET, Theme
from padscope_desktop.viewer.look import AS_IT_IS, CHANNELS, GAMMA_RANGE, Curve, Look, auto

WIDTH = 296
HANDLE = 7.0
SIDE = 12.0
BARS = 84.0
COLOURS = {"red": "#E0605A", "green": "#4FB36B", "blue": "#5B9BF8"}
OCTAVES = 3.0
"""Contrast from 1/8 to 8."""
ENHANCEMENTS = {"Not enhanced": "", "Local contrast": "contrast", "Less noise": "denoise", "Both": "both"}


class HistogramScale(QWidget):
    """Counts of each channel, square-rooted, with handles for black, gamma (in the middle) and white. Signal:
    curve_wanted(Curve)."""

    curve_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._counts: NDArray[np.int64] = np.zeros((3, 256), np.int64)
        self._curve = Curve()
        self._channel = "all"
        self._held = ""
        self._chosen = "black"
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram")
        self.setToolTip("Drag black, gamma and white; Left and Right move the chosen one, Up and Down choose")

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        self._counts = counts
        self.update()

    def set_curve(self, curve: Curve, channel: str) -> None:
        self._curve, self._channel = curve, channel
        self.update()

    # Where the handles are: parts of the span, 0 … 1

    def places(self) -> dict[str, float]:
        c = self._curve
        return {"black": c.black, "gamma": c.black + (c.white - c.black) * 0.5**c.gamma, "white": c.white}

    def moved(self, handle: str, part: float) -> Curve:
        c = self._curve
        if handle == "black":
            return c.with_black(part)
        if handle == "white":
            return c.with_white(part)
        middle = min(max((part - c.black) / (c.white - c.black), 1e-3), 1 - 1e-3)
        return c.with_gamma(math.log(middle) / math.log(0.5))

    def x_of(self, part: float) -> float:
        return SIDE + part * (self.width() - 2 * SIDE)

    def part_at(self, x: float) -> float:
        return (x - SIDE) / (self.width() - 2 * SIDE)

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 32, round(BARS + 2 * HANDLE + 8))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        ends = {name: min(max(part, -0.02), 1.02) for name, part in self.places().items()}
        self._held = self._chosen = min(ends, key=lambda name: abs(self.x_of(ends[name]) - x))
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            part = min(max(self.part_at(event.position().x()), 0.0), 1.0)
            self.curve_wanted.emit(self.moved(self._held, part))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.curve_wanted.emit(Curve())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = list(self.places())
        turn = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if turn is not None:
            self._chosen = names[(names.index(self._chosen) + turn) % 3]
            self.update()
        elif step is not None:
            self.curve_wanted.emit(self.moved(self._chosen, self.places()[self._chosen] + step / 100))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        box = QRectF(SIDE, 4, self.width() - 2 * SIDE, BARS)
        painter.fillRect(box, QColor(self.theme.canvas))
        names = ("red", "green", "blue") if self._channel == "all" else (self._channel,)
        grey = len(names) == 3 and bool((self._counts == self._counts[0]).all())
        for name in names[:1] if grey else names:
            colour = QColor(self.theme.dim if grey else COLOURS[name])
            colour.setAlpha(150)
            painter.fillPath(self._bars(self._counts[CHANNELS.index(name) - 1], box), colour)
        painter.setClipRect(box)
        painter.setPen(QPen(QColor(self.theme.text), 1.5))
        part = np.linspace(0, 1, 65)
        bright = self._curve.applied(part)
        painter.drawPolyline(
            QPolygonF(
                [QPointF(self.x_of(a), box.bottom() - b * box.height()) for a, b in zip(part, bright, strict=True)]
            )
        )
        painter.setClipping(False)
        for name, at in self.places().items():
            self._paint_handle(painter, name, min(max(at, -0.02), 1.02), box.bottom() + 2)

    def _bars(self, counts: NDArray[np.int64], box: QRectF) -> QPainterPath:
        inner = counts[1:-1] if counts.size > 2 else counts  # clipped values would dwarf all others
        top = math.sqrt(max(int(inner.max(initial=0)), 1))
        heights = np.minimum(np.sqrt(counts) / top, 1.0) * box.height()
        path = QPainterPath(QPointF(box.left(), box.bottom()))
        for i, height in enumerate(heights.tolist()):
            path.lineTo(box.left() + (i + 0.5) / counts.size * box.width(), box.bottom() - height)
        path.lineTo(box.right(), box.bottom())
        path.closeSubpath()
        return path

    def _paint_handle(self, painter: QPainter, name: str, part: float, y: float) -> None:
        x = self.x_of(part)
        fill = {"black": "#000000", "gamma": "#808080", "white": "#FFFFFF"}[name]
        chosen = self.hasFocus() and name == self._chosen
        painter.setPen(QPen(QColor(self.theme.accent if chosen else self.theme.dim), 2 if chosen else 1.25))
        painter.setBrush(QColor(fill))
        painter.drawPolygon(
            QPolygonF([QPointF(x, y), QPointF(x + HANDLE, y + 2 * HANDLE - 1), QPointF(x - HANDLE, y + 2 * HANDLE - 1)])
        )


class LookPanel(QFrame):
    """A card over the picture, never modal. Signals: look_changed(Look) · enhancement_wanted(“” or its name) ·
    closed()."""

    look_changed = Signal(object)
    enhancement_wanted = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFixedWidth(WIDTH)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # the picture is below it
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.look = AS_IT_IS
        self.channel = "all"
        self._counts: NDArray[np.int64] = np.zeros((3, 256), np.int64)
        self.histogram = HistogramScale(theme)
        self.histogram.curve_wanted.connect(self._on_curve)
        self.brightness = self._slider("Brightness", -100, 100)
        self.contrast = self._slider("Contrast", -100, 100)
        self.gamma = self._slider("Gamma", -100, 100)
        self._words = {name: label(dim=True) for name in ("brightness", "contrast", "gamma")}
        self.enhancement = named(Chooser(), "Enhancement")
        self.enhancement.addItems(list(ENHANCEMENTS))
        self.enhancement.setToolTip("Of the part in sight, when the picture rests; the file stays as it is")
        self.enhancement.currentTextChanged.connect(self._on_enhancement)
        self._lay_out()
        self._show()

    def _slider(self, name: str, low: int, high: int) -> QSlider:
        made = named(QSlider(Qt.Orientation.Horizontal), name)
        made.setRange(low, high)
        made.setPageStep(10)
        made.setMinimumHeight(TARGET)
        made.valueChanged.connect(self._on_slider)
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(label("Brightness and contrast", bold=True), 1)
        close = button("✕", tip="Close (Esc)")
        close.setProperty("flat", True)
        close.setFixedWidth(TARGET + 4)
        close.setAccessibleName("Close brightness and contrast")
        close.clicked.connect(self.closed)
        head.addWidget(close)
        column.addLayout(head)
        self._channels = QButtonGroup(self)
        channels = QHBoxLayout()
        channels.setSpacing(4)
        for i, name in enumerate(CHANNELS):
            choice = button(name.capitalize())
            choice.setCheckable(True)
            choice.setChecked(i == 0)
            choice.setMinimumHeight(TARGET)
            choice.setStyleSheet("padding: 2px 4px;")
            self._channels.addButton(choice, i)
            channels.addWidget(choice, 1)
        self._channels.idClicked.connect(self._on_channel)
        column.addLayout(channels)
        column.addWidget(self.histogram)
        rows = QGridLayout()
        rows.setVerticalSpacing(0)
        widest = self.fontMetrics().horizontalAdvance("+100 %")
        for i, (name, slider) in enumerate(
            (("brightness", self.brightness), ("contrast", self.contrast), ("gamma", self.gamma))
        ):
            rows.addWidget(label(name.capitalize(), dim=True), i, 0)
            rows.addWidget(slider, i, 1)
            self._words[name].setMinimumWidth(widest)
            self._words[name].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            rows.addWidget(self._words[name], i, 2)
        column.addLayout(rows)
        last = QHBoxLayout()
        self.auto, self.reset = button("Auto", tip="Ctrl+Shift+H"), button("Reset", tip="Ctrl+Alt+H")
        self.auto.clicked.connect(self.apply_auto)
        self.reset.clicked.connect(self.apply_reset)
        for each in (self.auto, self.reset):
            each.setMinimumHeight(TARGET)
            last.addWidget(each)
        column.addLayout(last)
        column.addWidget(self.enhancement)
        column.addWidget(
            label("Only on the screen: files, measurements and inspections stay as they are.", dim=True, wrap=True)
        )

    # From outside

    def set_counts(self, counts: NDArray[np.int64]) -> None:
        """(3, 256) of what is in sight."""
        self._counts = counts
        self.histogram.set_counts(counts)

    def set_look(self, look: Look) -> None:
        """As it was the last time."""
        self._set(look)

    def set_theme(self, theme: Theme) -> None:
        self.histogram.theme = theme
        self.histogram.update()

    @Slot()
    def apply_auto(self) -> None:
        self._on_curve(auto(self._counts, self.channel).with_gamma(self.look.curve(self.channel).gamma))

    @Slot()
    def apply_reset(self) -> None:
        """Everything: all channels, and no enhancement."""
        self.enhancement.setCurrentIndex(0)
        self._set(AS_IT_IS)

    # What a hand does

    @Slot(int)
    def _on_channel(self, which: int) -> None:
        self.channel = CHANNELS[which]
        self._show()

    @Slot(object)
    def _on_curve(self, curve: Curve) -> None:
        self._set(self.look.with_curve(self.channel, curve))

    @Slot(int)
    def _on_slider(self, value: int) -> None:
        curve, part = self.look.curve(self.channel), value / 100
        change = {
            self.brightness: lambda: curve.with_brightness(part),
            self.contrast: lambda: curve.with_contrast(2.0 ** (part * OCTAVES)),
            self.gamma: lambda: curve.with_gamma(GAMMA_RANGE[1] ** part),
        }
        self._on_curve(change[self.sender()]())  # type: ignore[index]

    @Slot(str)
    def _on_enhancement(self, words: str) -> None:
        self.enhancement_wanted.emit(ENHANCEMENTS[words])

    def _set(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.look_changed.emit(look)
        self._show()

    def _show(self) -> None:
        curve = self.look.curve(self.channel)
        self.histogram.set_curve(curve, self.channel)
        for slider, value in (
            (self.brightness, curve.brightness),
            (self.contrast, math.log2(curve.contrast) / OCTAVES),
            (self.gamma, math.log(curve.gamma) / math.log(GAMMA_RANGE[1])),
        ):
            slider.blockSignals(True)
            slider.setValue(round(100 * value))
            slider.blockSignals(False)
        self._words["brightness"].setText(percent(curve.brightness))
        self._words["contrast"].setText(f"× {number(curve.contrast, 2)}")
        self._words["gamma"].setText(number(curve.gamma, 2))
