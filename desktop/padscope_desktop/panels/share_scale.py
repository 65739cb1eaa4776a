"""How much pad tiles hold, as bars, with a line to drag: what lies left of it is left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from padscope_desktop.quantities import percent
from padscope_desktop.theme import Theme

BINS = 20
SIDE, HANDLE, BARS, WORDS = 10.0, 6.0, 44.0, 16.0


class ShareScale(QAbstractSlider):
    """From 0 to 100 percent; keys and wheel are those of any slider."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._bars: NDArray[np.intp] = np.zeros(BINS, np.intp)
        self.setRange(0, 100)
        self.setSingleStep(1)
        self.setPageStep(10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def set_shares(self, shares: NDArray[np.float32]) -> None:
        self._bars = np.bincount(np.minimum((shares * BINS).astype(np.intp), BINS - 1), minlength=BINS)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, round(2 * HANDLE + BARS + WORDS + 4))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        self.update()

    def _x(self, share: float) -> float:
        return SIDE + share * (self.width() - 2 * SIDE)

    def _follow(self, event: QMouseEvent) -> None:
        part = (event.position().x() - SIDE) / max(self.width() - 2 * SIDE, 1)
        self.setSliderPosition(round(100 * part))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setSliderDown(False)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        foot = 2 * HANDLE + BARS
        least, most = self.sliderPosition() / 100, max(int(self._bars.max()), 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for k, n in enumerate(self._bars.tolist()):
            x0, x1 = self._x(k / BINS), self._x((k + 1) / BINS)
            painter.setBrush(QColor(self.theme.accent if (k + 0.5) / BINS >= least else self.theme.line))
            height = (n / most) ** 0.5 * BARS  # a few tiles among many stay seen
            painter.drawRect(QRectF(x0 + 0.5, foot - height, x1 - x0 - 1, height))
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.drawLine(QPointF(SIDE, foot + 0.5), QPointF(self.width() - SIDE, foot + 0.5))
        x = self._x(least)
        painter.setPen(QPen(QColor(self.theme.text), 2 if self.hasFocus() else 1.5))
        painter.drawLine(QPointF(x, HANDLE), QPointF(x, foot))
        painter.setBrush(QColor(self.theme.text))
        painter.drawEllipse(QPointF(x, HANDLE), HANDLE - 1, HANDLE - 1)
        painter.setPen(QColor(self.theme.dim))
        words = QRectF(SIDE, foot + 2, self.width() - 2 * SIDE, WORDS)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft, percent(0))
        painter.drawText(words, Qt.AlignmentFlag.AlignHCenter, "share of pad in a tile")
        painter.drawText(words, Qt.AlignmentFlag.AlignRight, percent(1))
        painter.end()
