"""The classes: colour, key, name, how often and how large; and what can be done with the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from padscope_desktop.panels.colour_picker import ColourPicker
from padscope_desktop.panels.parts import label, named
from padscope_desktop.quantities import area, number
from padscope_desktop.theme import TARGET, Theme

if TYPE_CHECKING:
    from padscope.store.labels import ClassRow

Index = QModelIndex | QPersistentModelIndex
CLASS = Qt.ItemDataRole.UserRole
KEYS = (*"1234567890", *(f"Alt+{n}" for n in range(1, 10)))
"""By place in the list."""
NAME = 76
"""Logical px from the left where names begin: “Alt+9” fits before them."""
PALETTE: tuple[tuple[str, str], ...] = (
    ("orange", "#e69f00"),
    ("sky blue", "#56b4e9"),
    ("yellow", "#ffee44"),
    ("blue", "#0072b2"),
    ("indigo", "#442288"),
    ("brown", "#aa6644"),
    ("wine", "#880066"),
    ("pale green", "#cceeaa"),
    ("turquoise", "#66eecc"),
    ("violet", "#8866ee"),
    ("red", "#cc0000"),
    ("grey", "#999999"),
    ("rose", "#cc79a7"),
    ("green", "#009e73"),
)
"""The standard classes' colours first, which all eyes tell apart; then two of Okabe & Ito 2008."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How often a class occurs and how much of the picture it covers."""

    places: int
    area_px: int


def amount_words(amount: Amount | None, um_per_px: float | None) -> str:
    """“3 · 812 µm²”; pixels where there is no scale."""
    if amount is None or not amount.area_px:
        return ""
    size = area(amount.area_px * um_per_px**2) if um_per_px else f"{number(amount.area_px)} px"
    return f"{number(amount.places)} · {size}" if amount.places else size


class ClassesModel(QAbstractListModel):
    """Signal: renamed(value, name)."""

    renamed = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ClassRow] = []
        self.amounts: Mapping[int, Amount] = {}
        self.um_per_px: float | None = None

    def set_rows(self, rows: Sequence[ClassRow]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def set_amounts(self, amounts: Mapping[int, Amount], um_per_px: float | None) -> None:
        self.amounts, self.um_per_px = amounts, um_per_px
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.name
        if role == CLASS:
            return row
        words = amount_words(self.amounts.get(row.value), self.um_per_px)
        if role == Qt.ItemDataRole.ToolTipRole:
            key = f" (key {KEYS[index.row()]})" if index.row() < len(KEYS) else ""
            return f"{row.name}{key}\n{words or 'not painted on this picture'}\nDouble click to rename"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.name}, {words or 'not painted'}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = " ".join(str(value).split())
        if role == Qt.ItemDataRole.EditRole and name and name != self.rows[index.row()].name:
            self.renamed.emit(self.rows[index.row()].value, name)
        return False  # the project says what its name is


class ClassDelegate(QStyledItemDelegate):
    """Swatch, key, name, amount."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, TARGET)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(NAME, 0, 0, 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: ClassRow = index.data(CLASS)
        model = index.model()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        box = QRectF(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(box, QColor(self.theme.selected))
            painter.fillRect(QRectF(box.x(), box.y(), 3, box.height()), QColor(self.theme.accent))
        swatch = QRectF(box.x() + 12, box.center().y() - 8, 16, 16)
        painter.setPen(QPen(QColor(self.theme.line), 1))
        painter.setBrush(QColor(row.colour))
        painter.drawRoundedRect(swatch, 3, 3)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self.theme.dim))
        key = KEYS[index.row()] if index.row() < len(KEYS) else ""
        painter.drawText(
            QRectF(box.x() + 32, box.y(), NAME - 34, box.height()),
            middle | Qt.AlignmentFlag.AlignHCenter,
            key,
        )
        amounts = model.amounts if isinstance(model, ClassesModel) else {}
        um = model.um_per_px if isinstance(model, ClassesModel) else None
        words = amount_words(amounts.get(row.value), um)
        metrics = painter.fontMetrics()
        right = QRectF(box.x() + NAME, box.y(), box.width() - NAME - 12, box.height())
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, words)
        painter.setPen(QColor(self.theme.text))
        room = right.width() - (metrics.horizontalAdvance(words) + 12 if words else 0)
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, round(room))
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignLeft, name)
        painter.restore()


class ClassesPanel(QWidget):
    """Signals: chosen(value) · renamed(value, name) · recoloured(value, #rrggbb) · moved(value, -1 or 1) ·
    add_wanted(name, colour) · merge_wanted(value, into)."""

    chosen = Signal(int)
    renamed = Signal(int, str)
    recoloured = Signal(int, str)
    moved = Signal(int, int)
    add_wanted = Signal(str, str)
    merge_wanted = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ClassesModel(self)
        self.delegate = ClassDelegate(theme, self)
        self.list = named(QListView(), "Classes")
        self.list.setModel(self.model)
        self.list.setItemDelegate(self.delegate)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumHeight(3 * TARGET)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.model.renamed.connect(self.renamed)
        self._wanted_edit = ""
        self._setting = False
        self.add = _tool("Add", "A new class")
        self.colour = _tool("Colour", "Another colour for the chosen class; what was painted takes it on")
        self.up = _tool("↑", "Earlier in the list, and with an earlier key")
        self.down = _tool("↓", "Later in the list")
        self.merge = _tool("Merge", "What was painted with the chosen class becomes another one, in all pictures")
        self.picker = ColourPicker(self)
        self.picker.picked.connect(self.recoloured)
        self.colour.setMenu(QMenu(self.colour))
        self.merge.setMenu(QMenu(self.merge))
        for made in (self.colour, self.merge):
            made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.clicked.connect(self._on_add)
        self.up.clicked.connect(partial(self._on_move, -1))
        self.down.clicked.connect(partial(self._on_move, 1))
        self.colour.menu().aboutToShow.connect(self._fill_colours)
        self.merge.menu().aboutToShow.connect(self._fill_merge)
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(label("Classes", title=True), 1)
        for made in (self.add, self.colour, self.merge, self.up, self.down):
            top.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.list, 1)

    def set_theme(self, theme: Theme) -> None:
        self.delegate.theme = theme
        self.list.viewport().update()

    def set_classes(self, rows: Sequence[ClassRow], active: int) -> None:
        self._setting = True
        if list(rows) != self.model.rows:
            self.model.set_rows(rows)
        at = next((i for i, row in enumerate(rows) if row.value == active), -1)
        self.list.setCurrentIndex(self.model.index(at))
        self._setting = False
        for made in (self.colour, self.merge, self.up, self.down):
            made.setEnabled(at >= 0)
        new = next((i for i, row in enumerate(rows) if row.name == self._wanted_edit), -1)
        if self._wanted_edit and new >= 0:
            self._wanted_edit = ""
            self.list.setCurrentIndex(self.model.index(new))
            self.list.edit(self.model.index(new))

    @property
    def current(self) -> ClassRow | None:
        index = self.list.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    @Slot()
    def _on_current(self, *_: object) -> None:
        row = self.current
        if row is not None and not self._setting:
            self.chosen.emit(row.value)

    @Slot()
    def _on_add(self) -> None:
        taken = {row.colour for row in self.model.rows}
        names = {row.name.casefold() for row in self.model.rows}
        colour = next((c for _, c in PALETTE if c not in taken), "#999999")
        name = next(n for i in range(1, 257) if (n := f"new class {i}").casefold() not in names)
        self._wanted_edit = name
        self.add_wanted.emit(name, colour)

    def _on_move(self, by: int, *_: object) -> None:
        row = self.current
        if row is not None:
            self.moved.emit(row.value, by)

    @Slot()
    def _fill_colours(self) -> None:
        menu, row = self.colour.menu(), self.current
        menu.clear()
        names = {other.colour: other.name for other in self.model.rows}
        for name, colour in PALETTE if row is not None else ():
            assert row is not None
            action = menu.addAction(_swatch(colour), f"{name} · {names[colour]}" if colour in names else name)
            action.setCheckable(True)
            action.setChecked(colour == row.colour)
            action.triggered.connect(partial(self._on_colour, row.value, colour))
        if row is not None:
            menu.addSeparator()
            menu.addAction("Any colour…", self._on_any_colour)

    @Slot()
    def _on_any_colour(self) -> None:
        row = self.current
        if row is not None:
            others = [(other.name, other.colour) for other in self.model.rows if other.value != row.value]
            below = self.colour.mapToGlobal(self.colour.rect().bottomRight())
            self.picker.choose(row.value, row.name, row.colour, others, below)

    @Slot()
    def _fill_merge(self) -> None:
        menu, row = self.merge.menu(), self.current
        menu.clear()
        if row is None:
            return
        for other in self.model.rows:
            if other.value != row.value:
                action = menu.addAction(_swatch(other.colour), f"“{row.name}” becomes “{other.name}”")
                action.triggered.connect(partial(self._on_merge, row.value, other.value))

    def _on_colour(self, value: int, colour: str, *_: object) -> None:
        self.recoloured.emit(value, colour)

    def _on_merge(self, value: int, into: int, *_: object) -> None:
        self.merge_wanted.emit(value, into)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self.list.viewport().update()


def _tool(words: str, tip: str) -> QToolButton:
    made = QToolButton()
    made.setText(words)
    made.setToolTip(tip)
    made.setProperty("flat", True)
    made.setMinimumSize(TARGET, TARGET)
    return made


def _swatch(colour: str) -> QIcon:
    image = QPixmap(16, 16)
    image.fill(QColor(colour))
    return QIcon(image)
