"""The line above the list of pictures while a folder is watched: which, how many came, whether it can be reached."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import Elided, button, label, named
from padscope_desktop.theme import TARGET


class WatchLine(QWidget):
    """Hidden while nothing is watched. Signal: stop_wanted()."""

    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = named(Elided(), "Watched folder")
        self.more = label(dim=True, wrap=True)
        self.stop = named(button("Stop", link=True, tip="Watch this folder no longer"), "Stop watching")
        self.stop.setMinimumHeight(TARGET)
        self.stop.clicked.connect(self.stop_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 8, 8)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.more)
        self.hide()

    def set_state(self, words: str, more: str, place: str) -> None:
        """`more`: what is to be known besides, on lines of its own; `place`: the whole path, for the tip."""
        self.words.setText(words)
        self.words.setToolTip(place)
        self.more.setText(more)
        self.more.setVisible(bool(more))
        self.setVisible(bool(words))
