"""The list of pictures: what each shows, and how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from padscope_desktop.album import FILTERS, Album
from padscope_desktop.panels.parts import Chooser, button, label, named
from padscope_desktop.panels.picture_line import PictureDelegate
from padscope_desktop.panels.picture_rows import KEY, Listed, PicturesModel
from padscope_desktop.panels.serial import SerialField
from padscope_desktop.panels.watch import WatchLine
from padscope_desktop.quantities import number
from padscope_desktop.theme import TARGET, Theme

FEW = 6
"""So many pictures need no search."""


class PicturesPanel(QWidget):
    """Signals: chosen(key) · add_wanted() · inspect_wanted(list of keys) · together_wanted(list of keys) ·
    train_wanted(list of keys) · beside_wanted(key): as the golden one, beside whatever is looked at."""

    chosen = Signal(int)
    add_wanted = Signal()
    inspect_wanted = Signal(object)
    together_wanted = Signal(object)
    train_wanted = Signal(object)
    beside_wanted = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._key: int | None = None
        self._model = PicturesModel(self)
        self._shown = Listed(self)
        self._shown.setSourceModel(self._model)
        self._delegate = PictureDelegate(theme, self)
        self.list = named(QListView(uniformItemSizes=True), "Pictures")
        self.list.setMouseTracking(True)
        self.list.setModel(self._shown)
        self.list.setItemDelegate(self._delegate)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.search = named(QLineEdit(clearButtonEnabled=True), "Search pictures")
        self.search.setPlaceholderText("search name or serial")
        self.search.setMinimumHeight(TARGET)
        self.search.textChanged.connect(self._on_search)
        self.none = label(dim=True, wrap=True)
        self.none.setContentsMargins(12, 8, 12, 8)
        self.none.hide()
        self.watch = WatchLine()
        self.serial = SerialField()
        self.filter = named(Chooser(), "Which pictures are listed")
        self.filter.addItems(list(FILTERS))
        self.filter.currentTextChanged.connect(self._on_filter)
        self.add = button("Add…", tip="Add pictures (Ctrl+I); or drop them on the window")
        self.add.clicked.connect(self.add_wanted)
        self._title = label("Pictures", title=True)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 8, 8)
        head.addWidget(self._title, 1)
        head.addWidget(self.add)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 8, 8, 8)
        foot.addWidget(self.filter, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        find = QHBoxLayout()
        find.setContentsMargins(8, 0, 8, 8)
        find.addWidget(self.search)
        column.addLayout(head)
        column.addWidget(self.watch)
        column.addLayout(find)
        column.addWidget(self.none)
        column.addWidget(self.list, 1)
        column.addWidget(self.serial)
        column.addLayout(foot)

    def set_theme(self, theme: Theme) -> None:
        self._delegate.theme = theme
        self.list.viewport().update()

    def set_album(self, album: Album) -> None:
        self._model.set_album(album)
        self.search.setVisible(len(album) > FEW)
        self.serial.setVisible(len(album) > 0)
        self._say_if_none()

    def refresh(self, key: int) -> None:
        with self._quietly():
            self._model.refresh(key)
        self._say_if_none()

    def refresh_all(self) -> None:
        """What is known of many changed at once."""
        with self._quietly():
            self._model.refresh_all()
        self._say_if_none()

    def set_current(self, key: int | None) -> None:
        """Follows the session; does not send `chosen` again. A picture that the filter hides stays hidden."""
        self._key = self._delegate.current = key
        index = self._shown.mapFromSource(self._model.index(self._model.row_of(key)))
        self.list.viewport().update()
        if index != self.list.currentIndex() and index.isValid():
            chooser = self.list.selectionModel()
            chooser.blockSignals(True)
            chooser.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            chooser.blockSignals(False)
            self.list.viewport().update()
            self.list.scrollTo(index)

    def selected(self) -> list[int]:
        """In the order of the list."""
        rows = sorted(self.list.selectionModel().selectedIndexes(), key=lambda i: i.row())
        return [i.data(KEY) for i in rows]

    @Slot(QModelIndex, QModelIndex)
    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid() and current.data(KEY) != self._key:
            self.chosen.emit(current.data(KEY))

    @Slot(str)
    def _on_filter(self, name: str) -> None:
        with self._quietly():
            self._shown.set_wanted(FILTERS[name])
        self._say_if_none()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        with self._quietly():
            self._shown.set_words(text)
        self._say_if_none()

    def take_search(self) -> None:
        self.search.setVisible(True)
        self.search.setFocus()
        self.search.selectAll()

    def _say_if_none(self) -> None:
        """An empty list says why it is empty."""
        every, listed = self._model.rowCount(), self._shown.rowCount()
        some = number(every) if listed == every else f"{number(listed)} of {number(every)}"
        self._title.setText(f"Pictures  {some}" if every else "Pictures")
        hidden = every > 0 and listed == 0
        self.none.setVisible(hidden)
        what = f"“{self.search.text()}”" if self.search.text() else f"“{self.filter.currentText()}”"
        self.none.setText(f"None of the {self._model.rowCount()} pictures is {what}." if hidden else "")

    @contextlib.contextmanager
    def _quietly(self) -> Iterator[None]:
        """What is listed may change, but never by that which picture is shown, also where it hides that one."""
        chooser = self.list.selectionModel()
        chooser.blockSignals(True)
        try:
            yield
        finally:
            index = self._shown.mapFromSource(self._model.index(self._model.row_of(self._key)))
            if index != self.list.currentIndex():
                chooser.clear()
            chooser.blockSignals(False)
            self.set_current(self._key)
            self.list.viewport().update()

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        keys = self.selected()
        if not keys:
            return
        some = "this picture" if len(keys) == 1 else f"these {len(keys)} pictures"
        menu = QMenu(self)
        inspect, train = menu.addAction(f"Inspect {some}"), menu.addAction(f"Train on {some}…")
        inspect.triggered.connect(self._ask_inspect)
        train.triggered.connect(self._ask_train)
        if len(keys) > 1:
            together = QAction("Inspect together as one board", menu)
            together.triggered.connect(self.ask_together)
            menu.insertAction(train, together)
        else:
            menu.addAction("Keep it beside the others, as the golden one").triggered.connect(self._ask_beside)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(at))

    @Slot()
    def _ask_inspect(self) -> None:
        self.inspect_wanted.emit(self.selected())

    @Slot()
    def ask_together(self) -> None:
        self.together_wanted.emit(self.selected())

    @Slot()
    def _ask_beside(self) -> None:
        self.beside_wanted.emit(self.selected()[0])

    @Slot()
    def _ask_train(self) -> None:
        self.train_wanted.emit(self.selected())
