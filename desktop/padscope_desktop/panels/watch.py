"""The line above the list of pictures while a folder is watched: which, how many came, whether it can be reached."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from padscope_desktop.panels.parts import Elided, button, named
from padscope_desktop.theme import TARGET


class WatchLine(QWidget):
    """Hidden while nothing is watched. Signal: stop_wanted()."""

    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = named(Elided(dim=True), "Watched folder")
        self.stop = named(button("Stop", link=True, tip="Watch this folder no longer"), "Stop watching")
        self.stop.setMinimumHeight(TARGET)
        self.stop.clicked.connect(self.stop_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.stop)
        self.hide()

    def set_state(self, words: str, place: str) -> None:
        """`place`: the whole path, for the tip."""
        self.words.setText(words)
        self.words.setToolTip(f"{place}\n{words}" if words else "")
        self.setVisible(bool(words))
