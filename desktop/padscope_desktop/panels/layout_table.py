"""The pads of a layout as a table whose cells can be typed into."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from padscope.boards.layout import Layout, Pad
from padscope_desktop.panels.fields import plain, typed_number
from padscope_desktop.panels.parts import named
from padscope_desktop.quantities import number
from padscope_desktop.theme import TARGET

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Pad", "x µm", "y µm", "Width", "Length", "Wires")
FIELDS = ("id", "x_um", "y_um", "w_um", "h_um", "wires")
WIDTHS = (68, 50, 50, 46, 50, 40)


class LayoutTable(QAbstractTableModel):
    """Signal: typed(pad name, field, value): a cell was filled in."""

    typed = Signal(str, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = Layout("", (), ())

    def set_layout(self, layout: Layout) -> None:
        same = [p.id for p in layout.pads] == [p.id for p in self._layout.pads]
        if same:
            self._layout = layout
            if layout.pads:
                self.dataChanged.emit(self.index(0, 0), self.index(len(layout.pads) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._layout = layout
        self.endResetModel()

    @property
    def pads(self) -> tuple[Pad, ...]:
        return self._layout.pads

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._layout.pads)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        kept = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return kept | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pad, field = self._layout.pads[index.row()], FIELDS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            shown = role == Qt.ItemDataRole.DisplayRole
            if field == "id":
                return pad.id
            if field == "wires":
                return str(len(self._layout.wires_of[pad.id]))
            value = getattr(pad, field)
            return number(value) if shown else plain(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            net = f", net {pad.net}" if pad.net else ""
            single = ", single-purpose" if pad.single_purpose else ""
            return f"{pad.id}: {pad.w_um:g} × {pad.h_um:g} µm{net}{single}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        pad, field = self._layout.pads[index.row()], FIELDS[index.column()]
        text = str(value).strip()
        if text == str(self.data(index, Qt.ItemDataRole.EditRole)):
            return False
        found: object = text if field == "id" else typed_number(text)
        if found is None:
            return False
        self.typed.emit(pad.id, field, found)
        return True


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class PadTable(QWidget):
    """Signals: typed(pad, field, value) · chosen(list of pad names) · zoom_wanted(pad)."""

    typed = Signal(str, str, object)
    chosen = Signal(object)
    zoom_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = LayoutTable(self)
        self.view = named(QTableView(), "Pads of the layout")
        self.view.setTextElideMode(Qt.TextElideMode.ElideLeft)  # names of parts begin alike: U1-17, U1-18
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(TARGET)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(36)
        for column, width in enumerate(WIDTHS):
            header.resizeSection(column, width)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._showing = False
        only = QVBoxLayout(self)
        only.setContentsMargins(0, 0, 0, 0)
        only.addWidget(self.view)
        self.model.typed.connect(self.typed)
        self.view.selectionModel().selectionChanged.connect(self._on_chosen)

    def show_layout(self, layout: Layout, chosen: tuple[str, ...]) -> None:
        self._showing = True
        self.model.set_layout(layout)
        self._showing = False
        self.show_chosen(chosen)

    def show_chosen(self, chosen: tuple[str, ...]) -> None:
        rows = [i for i, p in enumerate(self.model.pads) if p.id in set(chosen)]
        model = self.view.selectionModel()
        if {i.row() for i in model.selectedRows()} == set(rows):
            return
        self._showing = True
        model.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in rows:
            model.select(self.model.index(row, 0), flags)
        if rows:
            current = QItemSelectionModel.SelectionFlag.NoUpdate
            model.setCurrentIndex(self.model.index(rows[-1], 0), current)
            self.view.scrollTo(self.model.index(rows[-1], 0))
        self._showing = False

    @Slot()
    def _on_chosen(self) -> None:
        if not self._showing:
            rows = sorted(i.row() for i in self.view.selectionModel().selectedRows())
            self.chosen.emit([self.model.pads[r].id for r in rows])
