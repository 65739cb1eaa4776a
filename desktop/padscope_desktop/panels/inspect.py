"""The right side in Inspect mode: what is needed, what was found, the threshold, the pads; or the training page."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from padscope_desktop.inspecting.board import Board
from padscope_desktop.panels.history import HistoryPage
from padscope_desktop.panels.pads import PadsPanel
from padscope_desktop.panels.parts import label, line
from padscope_desktop.panels.review import ReviewPanel
from padscope_desktop.panels.rules import RulesPage
from padscope_desktop.panels.setup import SetupPanel
from padscope_desktop.panels.summary import SummaryPanel
from padscope_desktop.panels.threshold import ThresholdPanel
from padscope_desktop.panels.train import TrainPanel
from padscope_desktop.theme import Theme

ROOMY_PX = 760
"""Height from which everything fits with four pads of the table in sight."""


class InspectPanel(QStackedWidget):
    """Composes; each part keeps its own signals. Signal: page_changed()."""

    page_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setup = SetupPanel()
        self.summary = SummaryPanel()
        self.threshold = ThresholdPanel(theme)
        self.pads = PadsPanel(theme)
        self.review = ReviewPanel()
        self.train = TrainPanel()
        self.history = HistoryPage()
        self.rules = RulesPage()
        self.nothing = label("", dim=True, wrap=True)
        self._found = QWidget()
        found = QVBoxLayout(self._found)
        found.setContentsMargins(0, 0, 0, 0)
        found.setSpacing(8)
        for part in (line(), self.summary, line(), self.threshold, line()):
            found.addWidget(part)
        found.addWidget(self.pads, 1)
        found.addWidget(line())
        found.addWidget(self.review)
        self._inspect = QWidget()
        column = QVBoxLayout(self._inspect)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.setup)
        column.addWidget(self._found, 1)
        column.addWidget(self.nothing)
        column.addStretch(0)
        training = QWidget()
        inner = QVBoxLayout(training)
        inner.setContentsMargins(16, 12, 16, 12)
        inner.addWidget(self.train)
        self.addWidget(self._inspect)
        self.addWidget(training)
        past = QWidget()
        around = QVBoxLayout(past)
        around.setContentsMargins(16, 12, 16, 12)
        around.addWidget(self.history)
        self.addWidget(past)
        self.addWidget(self.rules)
        self.rules.closed.connect(self.show_inspect)
        self.history.closed.connect(self.show_inspect)
        self.train.closed.connect(self.show_inspect)
        self.review.form_shown.connect(self.threshold.setHidden)
        self.set_board(None, "")

    def set_board(self, board: Board | None, why_nothing: str) -> None:
        """What was found, or in one sentence why there is nothing yet."""
        self._found.setVisible(board is not None)
        self.nothing.setVisible(board is None and bool(why_nothing))
        self.nothing.setText(why_nothing)
        column = self._inspect.layout()
        assert isinstance(column, QVBoxLayout)
        column.setStretch(3, 1 if board is None else 0)
        if board is not None:
            self.summary.set_board(board)
        self.threshold.set_board(board)
        self.pads.set_board(board)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a low screen what stands in the tips too gives its room to the pads."""
        super().resizeEvent(event)
        roomy = self.height() >= ROOMY_PX
        for part in (self.setup.board_facts, self.setup.model_facts, self.summary.facts):
            part.setVisible(roomy)

    def set_theme(self, theme: Theme) -> None:
        self.threshold.set_theme(theme)
        self.pads.set_theme(theme)

    @property
    def training(self) -> bool:
        return self.currentIndex() == 1

    def show_training(self) -> None:
        self.setCurrentIndex(1)
        self.page_changed.emit()

    @property
    def telling(self) -> bool:
        """The history is shown."""
        return self.currentIndex() == 2

    def show_history(self) -> None:
        self.setCurrentIndex(2)
        self.page_changed.emit()

    @property
    def ruling(self) -> bool:
        """The rules are shown."""
        return self.currentIndex() == 3

    def show_rules(self) -> None:
        self.setCurrentIndex(3)
        self.page_changed.emit()

    def show_inspect(self) -> None:
        self.setCurrentIndex(0)
        self.page_changed.emit()
