"""Small pieces that several panels are made of."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from padscope_desktop.theme import VerdictStyle

W = TypeVar("W", bound=QWidget)
INK = QColor("#101010")
"""On a verdict's colour: all of them are light enough for black."""


def label(
    text: str = "", *, dim: bool = False, title: bool = False, big: bool = False, bold: bool = False, wrap: bool = False
) -> QLabel:
    made = QLabel(text, wordWrap=wrap, textFormat=Qt.TextFormat.PlainText)
    made.setProperty("dim", dim)
    made.setProperty("title", title)
    made.setProperty("big", big)
    made.setProperty("bold", bold)
    if wrap:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return made


class Elided(QLabel):
    """Gives way when there is little room: its text is cut in the middle, and whole in the tip."""

    def __init__(self, *, dim: bool = False) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self.setProperty("dim", dim)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 48), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, words)


def button(text: str, *, primary: bool = False, link: bool = False, tip: str = "") -> QPushButton:
    made = QPushButton(text)
    made.setProperty("primary", primary)
    made.setProperty("link", link)
    made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def named(made: W, name: str) -> W:
    """For screen readers, and for tests that look for what a person sees."""
    made.setAccessibleName(name)
    return made


def set_primary(made: QPushButton, primary: bool) -> None:
    """Only one button of a panel is primary: the one that leads on."""
    if made.property("primary") != primary:
        made.setProperty("primary", primary)
        made.style().unpolish(made)
        made.style().polish(made)


def show_wanted(field: QLineEdit, wanted: bool) -> None:
    """What a person must fill in before anything else can be done."""
    if bool(field.property("wanted")) != wanted:
        field.setProperty("wanted", wanted)
        field.style().unpolish(field)
        field.style().polish(field)


class Chooser(QComboBox):
    """A combo box that draws its own arrow: a style sheet takes the style's away and only knows picture files instead."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(self.palette().text().color(), 1.5))
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)])


def line() -> QWidget:
    made = QWidget()
    made.setFixedHeight(1)
    made.setObjectName("line")
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return made


def paint_chip(painter: QPainter, box: QRectF, style: VerdictStyle, text: str = "") -> None:
    """A verdict's letter (or other words) on its colour; hatched where nothing is known."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(style.colour))
    painter.drawRoundedRect(box, 3, 3)
    font = QFont(painter.font())
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QPen(INK))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text or style.letter)
    painter.restore()
