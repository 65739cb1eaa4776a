"""The modules of a project as a table: thousands of lines, of which only those in sight are ever put into words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from padscope.boards.pad_map import Verdict
from padscope.workflows.production import ModuleLine
from padscope_desktop.quantities import local_time, number, percent
from padscope_desktop.theme import TARGET

Index = QModelIndex | QPersistentModelIndex
SHA = Qt.ItemDataRole.UserRole
ROWS_MEASURED = 60
"""From which the widths of the columns are taken."""


def _pads(verdict: Verdict) -> Callable[[ModuleLine], str]:
    return lambda line: number(line.counts[verdict]) if line.counts.get(verdict) else ""


COLUMNS: tuple[tuple[str, Callable[[ModuleLine], str], bool], ...] = (
    ("Module", lambda x: x.module or x.picture, False),
    ("Inspected", lambda x: local_time(x.inspected_at), False),
    ("Fine", lambda x: f"{number(x.fine)}/{number(sum(x.counts.values()))}", True),
    ("Re-clean", _pads(Verdict.RE_CLEAN), True),
    ("Not bondable", _pads(Verdict.NOT_BONDABLE), True),
    ("Unknown", _pads(Verdict.UNKNOWN), True),
    ("Shifted", lambda x: percent(x.shifted_share) if x.shifted else "", True),
    ("Signed by", lambda x: x.signed_by, False),
)
"""Words, what they say of a module, whether it is a number."""


class ModulesModel(QAbstractTableModel):
    """One line per module, in the order given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: Sequence[ModuleLine] = ()

    def set_lines(self, lines: Sequence[ModuleLine]) -> None:
        """Lines that only follow those that stand there already leave what is chosen and in sight alone."""
        before = len(self.lines)
        if before and len(lines) > before and tuple(lines[:before]) == tuple(self.lines):
            self.beginInsertRows(QModelIndex(), before, len(lines) - 1)
            self.lines = lines
            self.endInsertRows()
        elif tuple(lines) != tuple(self.lines):
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section][0]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[index.column()][1](line)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{line.picture}, rules “{line.rules}”, model {line.model_sha256[:12]}"
        if role == SHA:
            return line.picture_sha256
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if COLUMNS[column][2] else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class ModulesTable(QTableView):
    """Enter or a double click means a module: `activated`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.modules = ModulesModel(self)
        self.setModel(self.modules)
        self.setAccessibleName("Modules, the newest first")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # serial numbers differ at their ends
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(TARGET)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(ROWS_MEASURED)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
