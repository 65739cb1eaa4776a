"""The threshold: a line to drag through what sound pads score, and what it means in pads."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractSlider, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from padscope_desktop.background.payloads import ModelCard
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.judging import LEAST_FACTOR, MOST_FACTOR
from padscope_desktop.panels.offer import Offer
from padscope_desktop.panels.parts import button, label
from padscope_desktop.quantities import number, percent
from padscope_desktop.theme import VERDICTS, Theme
from padscope_desktop.viewer.heat_layer import FAINTEST, HOTTEST, alphas, ramp

STEPS = 40
"""Of the slider per doubling of the threshold."""
BINS_PER_OCTAVE = 8
OCTAVES = (math.log2(LEAST_FACTOR), math.log2(MOST_FACTOR))
SIDE = 16.0
"""Logical px kept free left and right, so that the handle fits at the ends."""
HANDLE = 8.0
BARS, RUG, STRIP, WORDS = 44.0, 14.0, 6.0, 16.0


def to_factor(value: int) -> float:
    return float(2.0 ** (value / STEPS))


def to_value(factor: float) -> int:
    return round(math.log2(factor) * STEPS)


def floor_value(factor: float) -> int:
    """The slider's last place not above a threshold: what it must find it then finds."""
    return math.floor(math.log2(factor) * STEPS + 1e-6)


def histogram(levels: NDArray[np.floating]) -> NDArray[np.intp]:
    """Counts per bin of 1 / BINS_PER_OCTAVE octave over the scale; what lies beyond an end counts in the last bin there."""
    bins = round((OCTAVES[1] - OCTAVES[0]) * BINS_PER_OCTAVE)
    octave = np.log2(np.maximum(levels, 1e-9))
    place = np.floor((octave - OCTAVES[0]) * BINS_PER_OCTAVE).astype(np.intp)
    return np.bincount(np.clip(place, 0, bins - 1), minlength=bins)


class ThresholdScale(QAbstractSlider):
    """A slider over an axis of levels, even in octaves: sound pads as bars, this board's pads as ticks in their verdicts'
    colours, the heat's colours below. Keys and wheel are those of any slider."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._sound: NDArray[np.float32] = np.zeros(0, np.float32)
        self._ticks: list[tuple[float, QColor]] = []
        self.setRange(to_value(LEAST_FACTOR), to_value(MOST_FACTOR))
        self.setSingleStep(1)
        self.setPageStep(STEPS // 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Threshold")
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def set_sound(self, levels: NDArray[np.float32]) -> None:
        self._sound = levels
        self.update()

    def set_board(self, board: Board | None) -> None:
        self._ticks = []
        if board is not None:
            for pad in board.pads:
                if pad.level is not None:
                    self._ticks.append((pad.level * board.factor, QColor(VERDICTS[pad.verdict].colour)))
        self.update()

    def x_of(self, level: float) -> float:
        octave = min(max(math.log2(max(level, 1e-9)), OCTAVES[0]), OCTAVES[1])
        return SIDE + (octave - OCTAVES[0]) / (OCTAVES[1] - OCTAVES[0]) * (self.width() - 2 * SIDE)

    def _value_at(self, x: float) -> int:
        part = (x - SIDE) / max(self.width() - 2 * SIDE, 1)
        return round(self.minimum() + part * (self.maximum() - self.minimum()))

    def sizeHint(self) -> QSize:
        return QSize(240, round(HANDLE * 2 + BARS + RUG + STRIP + WORDS + 6))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self.setSliderPosition(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderPosition(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.setValue(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        top = HANDLE * 2
        foot = top + BARS
        factor = to_factor(self.sliderPosition())
        self._paint_bars(painter, foot, factor)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawLine(QPointF(SIDE, foot + 0.5), QPointF(self.width() - SIDE, foot + 0.5))
        for level, colour in self._ticks:
            x = self.x_of(level)
            painter.setPen(QPen(colour, 2))
            painter.drawLine(QPointF(x, foot + 3), QPointF(x, foot + RUG - 2))
        self._paint_ramp(painter, foot + RUG, factor)
        painter.setPen(QColor(self.theme.dim))
        for level in (0.25, 0.5, 1.0, 2.0, 4.0):
            words = f"{level:g}"
            at = QRectF(self.x_of(level) - 20, foot + RUG + STRIP + 2, 40, WORDS)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, words)
        self._paint_handle(painter, foot + RUG + STRIP, self.x_of(factor))

    def _paint_bars(self, painter: QPainter, foot: float, factor: float) -> None:
        if not len(self._sound):
            return
        counts = histogram(self._sound)
        step = (self.width() - 2 * SIDE) / len(counts)
        for i, n in enumerate(counts.tolist()):
            if n:
                lower = 2.0 ** (OCTAVES[0] + i / BINS_PER_OCTAVE)
                colour = QColor(self.theme.dim)
                if lower >= factor * (1 - 1e-9):
                    colour = QColor(VERDICTS_FLAGGED)
                height = max(BARS * math.sqrt(n / counts.max()), 2.0)  # square root: one lone pad must be seen
                painter.fillRect(QRectF(SIDE + i * step + 0.5, foot - height, max(step - 1, 1), height), colour)

    def _paint_ramp(self, painter: QPainter, top: float, factor: float) -> None:
        """The heat's colours where they lie at this threshold."""
        left, right = self.x_of(FAINTEST * factor), self.x_of(HOTTEST * factor)
        gradient = QLinearGradient(left, 0, SIDE + self._octaves_wide(HOTTEST / FAINTEST) + left - SIDE, 0)
        for t, (red, green, blue), alpha in zip(np.linspace(0, 1, 256), ramp(), alphas(), strict=True):
            if round(t * 255) % 15 == 0:
                gradient.setColorAt(float(t), QColor.fromRgbF(red, green, blue, alpha))
        painter.fillRect(QRectF(SIDE, top, self.width() - 2 * SIDE, STRIP), QColor(self.theme.base))
        painter.fillRect(QRectF(left, top, max(right, self.width() - SIDE) - left, STRIP), gradient)

    def _octaves_wide(self, ratio: float) -> float:
        return math.log2(ratio) / (OCTAVES[1] - OCTAVES[0]) * (self.width() - 2 * SIDE)

    def _paint_handle(self, painter: QPainter, foot: float, x: float) -> None:
        colour = QColor(self.theme.accent)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(x, HANDLE), QPointF(x, foot))
        painter.setPen(QPen(QColor(self.theme.text), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        h = HANDLE
        painter.drawPolygon(
            QPolygonF([QPointF(x - h, 1), QPointF(x + h, 1), QPointF(x + h, h), QPointF(x, h * 2), QPointF(x - h, h)])
        )


VERDICTS_FLAGGED = "#C8763A"
"""Sound pads beyond the threshold: false alarms."""


class ThresholdPanel(QWidget):
    """Signals: factor_wanted(float), in shipped thresholds, at every move · defects_wanted(): a threshold that misses no labelled
    defect is asked for."""

    factor_wanted = Signal(float)
    defects_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = label("Threshold", title=True)
        self.value = label()
        self.reset = button(
            "as shipped", link=True, tip="Back to the threshold the model was calibrated with (double click)"
        )
        self.reset.clicked.connect(self._on_reset)
        self.scale = ThresholdScale(theme)
        self.scale.valueChanged.connect(self._on_moved)
        self.words = label(wrap=True)
        self.no_misses = button(
            "miss no labelled defect …",
            link=True,
            tip="The threshold that finds every defect painted on this project's boards; what it costs is said first",
        )
        self.no_misses.clicked.connect(self.defects_wanted)
        self.offer = Offer(self)
        self.offer.taken.connect(self._on_taken)
        self._model: ModelCard | None = None
        self._board: Board | None = None
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addWidget(self.value)
        head.addStretch(1)
        head.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.scale)
        column.addWidget(self.words)
        column.addWidget(self.no_misses, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.offer)
        self._say()

    def set_theme(self, theme: Theme) -> None:
        self.scale.theme = theme
        self.scale.update()

    def set_model(self, model: ModelCard | None) -> None:
        self._model = model
        self.no_misses.setVisible(model is not None)
        self.offer.hide()
        self.scale.set_sound(model.sound_levels if model is not None else np.zeros(0, np.float32))
        self._say()

    def set_board(self, board: Board | None) -> None:
        self._board = board
        self.scale.set_board(board)
        self._say()

    def set_factor(self, factor: float) -> None:
        """Follows the session; does not send `factor_wanted` again."""
        self.scale.blockSignals(True)
        self.scale.setValue(to_value(factor))
        self.scale.blockSignals(False)
        self.scale.update()
        self._say()

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        self._say()
        self.factor_wanted.emit(to_factor(value))

    @Slot(float)
    def _on_taken(self, factor: float) -> None:
        self.scale.setValue(floor_value(factor))

    @Slot()
    def _on_reset(self) -> None:
        self.scale.setValue(0)

    def _say(self) -> None:
        factor = to_factor(self.scale.value())
        self.value.setText(f"× {number(factor, 2)}")
        self.reset.setVisible(self.scale.value() != 0)
        self.words.setToolTip(evidence_words(self._model, factor))
        self.words.setText(
            " · ".join(p for p in (flagged_words(self._model, factor), here_words(self._board, factor)) if p)
        )


def flagged_words(model: ModelCard | None, factor: float) -> str:
    """What the threshold costs: how many sound pads it would flag."""
    if model is None:
        return ""
    n, total = int(np.count_nonzero(model.sound_levels >= np.float32(factor))), len(model.sound_levels)
    if not total:
        return "This model carries no sound pads to compare with"
    return f"Flags {percent(n / total)} of sound {model.unit}"


def evidence_words(model: ModelCard | None, factor: float) -> str:
    """What the share rests on."""
    if model is None or not len(model.sound_levels):
        return ""
    n = int(np.count_nonzero(model.sound_levels >= np.float32(factor)))
    return f"{number(n)} of {number(len(model.sound_levels))} held-out sound {model.unit}\nThreshold: {model.rule}"


def here_words(board: Board | None, factor: float) -> str:
    if board is None:
        return ""
    levels = board.shipped_levels()
    return f"{number(int(np.count_nonzero(levels >= factor)))} of {number(len(board.pads))} here"
