"""What happened to the picture on the screen, and earlier inspections of its module beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from padscope.boards.pad_map import Verdict
from padscope_desktop.panels.parts import button, label, named
from padscope_desktop.quantities import local_time, number
from padscope_desktop.theme import FINE, TARGET

if TYPE_CHECKING:
    from padscope.workflows.story import Story

LINES = ("When", "Who", "What")
INSPECTIONS = ("Inspected", "Fine", "N", "Signed by")


class HistoryPage(QWidget):
    """Signals: closed() · beside_wanted(inspection): that one is to be seen beside the present one."""

    closed = Signal()
    beside_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inspections = _table(INSPECTIONS, "Inspections of this module", 3)
        self.lines = _table(LINES, "History", 2)
        self.close_button = button("Back to the pads", tip="Esc")
        self.close_button.clicked.connect(self.closed)
        self.since = label(dim=True, wrap=True)
        top = QHBoxLayout()
        top.addWidget(label("Inspections", title=True), 1)
        top.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.inspections, 2)
        column.addWidget(label("History", title=True))
        column.addWidget(self.lines, 3)
        self._since: list[str] = []
        self._ids: list[int] = []
        self.beside = button("Show it beside", tip="Its picture and verdicts in the second view (Enter on its line)")
        self.beside.clicked.connect(self._on_beside)
        self.inspections.activated.connect(self._on_beside)
        under = QHBoxLayout()
        under.addWidget(self.since, 1)
        under.addWidget(self.beside, 0, Qt.AlignmentFlag.AlignTop)
        column.insertLayout(2, under)
        self.inspections.currentCellChanged.connect(self._on_row)

    def show_story(self, story: Story) -> None:
        self._since = [x.since for x in story.inspections]
        self._ids = [x.inspection for x in story.inspections]
        self.beside.setEnabled(False)
        rows = []
        for x in story.inspections:
            total, fine = sum(x.counts.values()), sum(x.counts.get(v, 0) for v in FINE)
            lost = x.counts.get(Verdict.NOT_BONDABLE, 0)
            rows.append(
                (
                    [local_time(x.at), f"{number(fine)}/{number(total)}", number(lost), x.signed_by],
                    f"{x.picture}, model {x.detector}, rules “{x.rules}”"
                    + (f"\nSince then: {x.since}" if x.since else ""),
                )
            )
        _fill(self.inspections, rows)
        _fill(self.lines, [([local_time(x.at), x.author, x.words], x.words) for x in story.lines])
        self.since.setText("Choose an inspection to see what is different now." if len(rows) > 1 else "")

    def _on_row(self, row: int, *_: int) -> None:
        if 0 <= row < len(self._since):
            words = self._since[row]
            self.beside.setEnabled(row > 0)
            self.since.setText(f"Since then: {words}." if words else "This is the newest inspection.")

    @Slot()
    def _on_beside(self, *_: object) -> None:
        row = self.inspections.currentRow()
        if 0 < row < len(self._ids):
            self.beside_wanted.emit(self._ids[row])


def _table(columns: tuple[str, ...], name: str, stretched: int) -> QTableWidget:
    made = named(QTableWidget(0, len(columns)), name)
    made.setHorizontalHeaderLabels(columns)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setShowGrid(False)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    made.verticalHeader().hide()
    made.verticalHeader().setDefaultSectionSize(TARGET)
    made.horizontalHeader().setHighlightSections(False)
    made.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    made.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return made


def _fill(table: QTableWidget, rows: list[tuple[list[str], str]]) -> None:
    """Cells and a tip per row."""
    table.setRowCount(len(rows))
    for row, (cells, tip) in enumerate(rows):
        for column, words in enumerate(cells):
            item = QTableWidgetItem(words)
            item.setToolTip(tip)
            table.setItem(row, column, item)
