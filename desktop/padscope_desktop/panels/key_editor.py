"""Keys as a person wants them: every action with its key, another one with two clicks, and a word where it is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from padscope_desktop.actions import Action, holder, keys_of
from padscope_desktop.panels.parts import button, label, named
from padscope_desktop.theme import TARGET

WIDTH, HEIGHT = 640, 560
ID = Qt.ItemDataRole.UserRole


class KeyEditor(QFrame):
    """Signal: changed({action id: its own key}), after every change."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._rows: Sequence[Action] = ()
        self._own: dict[str, str] = {}
        self.search = named(QLineEdit(), "Search actions")
        self.search.setPlaceholderText("Search")
        self.search.setMinimumHeight(TARGET)
        self.table = named(QTableWidget(0, 3), "Keys")
        self.table.setHorizontalHeaderLabels(["Action", "Where", "Key"])
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(TARGET)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.key = named(QKeySequenceEdit(), "New key")
        self.key.setMaximumSequenceLength(1)
        self.key.setMinimumHeight(TARGET)
        self.set_key = button("Set", tip="The chosen action has this key from now on")
        self.reset = button("Default", tip="The key the chosen action came with")
        self.reset_all = button("All defaults")
        self.close_button = button("Close", tip="Esc")
        self.said = label("Choose an action, click into the field and press its new key.", dim=True, wrap=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label("New key", dim=True))
        row.addWidget(self.key, 1)
        for made in (self.set_key, self.reset, self.reset_all, self.close_button):
            made.setMinimumHeight(TARGET)
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(8)
        column.addWidget(label("Keys", big=True))
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addWidget(self.said)
        column.addLayout(row)
        self.search.textChanged.connect(self._filter)
        self.table.doubleClicked.connect(self._on_double)
        self.set_key.clicked.connect(self._on_set)
        self.reset.clicked.connect(self._on_reset)
        self.reset_all.clicked.connect(self._on_reset_all)
        self.close_button.clicked.connect(self.hide)
        self.hide()

    def show_over(self, window: QWidget, rows: Sequence[Action], own: Mapping[str, str]) -> None:
        self._rows, self._own = rows, {name: key for name, key in own.items() if key}
        self._fill()
        self.resize(min(WIDTH, window.width() - 32), min(HEIGHT, window.height() - 32))
        self.move((window.width() - self.width()) // 2, (window.height() - self.height()) // 2)
        self.show()
        self.raise_()
        self.search.setFocus()

    @property
    def chosen(self) -> Action | None:
        items = self.table.selectedItems()
        return next((r for r in self._rows if items and r.id == items[0].data(ID)), None)

    def choose(self, action: str) -> None:
        for at, row in enumerate(self._rows):
            if row.id == action:
                self.table.selectRow(at)

    def _fill(self) -> None:
        at = self.chosen.id if self.chosen is not None else ""
        self.table.setRowCount(len(self._rows))
        for i, row in enumerate(self._rows):
            keys = " or ".join(QKeySequence(k).toString() for k in keys_of(row, self._own))
            where = f"{row.mode.capitalize()} mode" if row.mode else row.menu
            own = " (own)" if row.id in self._own else ""
            for c, words in enumerate((row.words.rstrip("…"), where, keys + own)):
                item = QTableWidgetItem(words)
                item.setData(ID, row.id)
                self.table.setItem(i, c, item)
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._filter(self.search.text())
        if at:
            self.choose(at)

    @Slot(str)
    def _filter(self, words: str) -> None:
        for i in range(self.table.rowCount()):
            items = (self.table.item(i, c) for c in range(3))
            text = " ".join(item.text() for item in items if item is not None).casefold()
            self.table.setRowHidden(i, any(w not in text for w in words.casefold().split()))

    @Slot(QModelIndex)
    def _on_double(self, _: QModelIndex) -> None:
        self.key.clear()
        self.key.setFocus()

    @Slot()
    def _on_set(self) -> None:
        row, key = self.chosen, self.key.keySequence().toString()
        if row is None or not key:
            self.said.setText(
                "Choose an action first." if row is None else "Click into the field and press a key first."
            )
            return
        other = holder(self._rows, self._own, row, key)
        if other is not None:
            self.said.setText(f"{key} is the key of “{other.words.rstrip('…')}”; give that one another key first.")
            return
        self._take({**self._own, row.id: key}, f"{key} is the key of “{row.words.rstrip('…')}” now.")

    @Slot()
    def _on_reset(self) -> None:
        row = self.chosen
        if row is None:
            return
        left = {name: key for name, key in self._own.items() if name != row.id}
        taken = next((other for k in row.keys if (other := holder(self._rows, left, row, k)) is not None), None)
        if taken is not None:
            self.said.setText(
                f"Its default is the key of “{taken.words.rstrip('…')}” now; give that one another key first."
            )
            return
        self._take(left, f"“{row.words.rstrip('…')}” has its default again.")

    @Slot()
    def _on_reset_all(self) -> None:
        self._take({}, "All keys are as they came.")

    def _take(self, own: dict[str, str], words: str) -> None:
        self._own = own
        self.key.clear()
        self.said.setText(words)
        self._fill()
        self.changed.emit(dict(own))
