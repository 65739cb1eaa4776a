"""Something that can be taken or left, with its price said before."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import button, label


class Offer(QWidget):
    """Hidden while there is nothing to say. Signal: taken(float)."""

    taken = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = label(wrap=True)
        self.take, self.leave = button(""), button("")
        self._value: float | None = None
        self.take.clicked.connect(self._on_take)
        self.leave.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.take)
        row.addWidget(self.leave)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(6)
        column.addWidget(self.words)
        column.addLayout(row)
        self.hide()

    def show_offer(self, words: str, take: str, value: float | None) -> None:
        """None: there is nothing to take, only to be told."""
        self._value = value
        self.words.setText(words)
        self.take.setText(take)
        self.take.setVisible(value is not None)
        self.leave.setText("Leave it" if value is not None else "Close")
        self.show()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """All lines of the words are read, however little room the panel has."""
        tall = self.words.heightForWidth(self.width())
        self.words.setMinimumHeight(tall)
        self.setMinimumHeight(tall + 6 + self.leave.sizeHint().height() + 8)

    @Slot()
    def _on_take(self) -> None:
        self.hide()
        if self._value is not None:
            self.taken.emit(self._value)
