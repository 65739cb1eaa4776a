"""The list of pictures: what each shows, and how far it is."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from padscope.boards.pad_map import Verdict
from padscope_desktop.album import FILTERS, Album, Entry, Mark, label_words, part_words, state
from padscope_desktop.background.payloads import Thumbnail
from padscope_desktop.panels.parts import Chooser, button, label, named
from padscope_desktop.panels.serial import SerialField
from padscope_desktop.panels.watch import WatchLine
from padscope_desktop.quantities import number
from padscope_desktop.theme import TARGET, VERDICTS, Theme
from padscope_desktop.viewer.picture_layer import as_image

ENTRY = Qt.ItemDataRole.UserRole
KEY = Qt.ItemDataRole.UserRole + 1
ROW = 64
KEPT_IMAGES = 200
FEW = 6
"""So many pictures need no search."""
THUMB = QSize(64, 48)
Index = QModelIndex | QPersistentModelIndex


class PicturesModel(QAbstractListModel):
    """Rows are entries of the album, in their order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._album = Album()
        self._keys: list[int] = []

    def set_album(self, album: Album) -> None:
        """The album, or the same one with more entries: the list keeps its place."""
        new = list(album.entries)
        if album is self._album and new[: len(self._keys)] == self._keys:
            if len(new) > len(self._keys):
                self.beginInsertRows(QModelIndex(), len(self._keys), len(new) - 1)
                self._keys = new
                self.endInsertRows()
            return
        self.beginResetModel()
        self._album, self._keys = album, new
        self.endResetModel()

    def refresh_all(self) -> None:
        if self._keys:
            self.dataChanged.emit(self.index(0), self.index(len(self._keys) - 1))

    def refresh(self, key: int) -> None:
        row = self.row_of(key)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def row_of(self, key: int | None) -> int:
        """Keys rise from row to row; -1 where there is none."""
        row = bisect.bisect_left(self._keys, key) if key is not None else len(self._keys)
        return row if row < len(self._keys) and self._keys[row] == key else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._keys)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self._album.entries[self._keys[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        words = state(entry)[1]
        if role == Qt.ItemDataRole.ToolTipRole:
            why = entry.missing or entry.failed
            lines = (str(entry.path), entry.module, _part_said(entry), words, why, _label_said(entry))
            return "\n".join(part for part in lines if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (entry.name, entry.module, _part_said(entry), words, _label_said(entry))
            return ", ".join(part for part in parts if part)
        return {ENTRY: entry, KEY: entry.key}.get(role)


class Listed(QSortFilterProxyModel):
    """Only the pictures in some states, and with some words in their name or serial number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted: Callable[[Entry], bool] = lambda entry: True
        self._words: tuple[str, ...] = ()

    def set_wanted(self, wanted: Callable[[Entry], bool]) -> None:
        self.beginFilterChange()
        self._wanted = wanted
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def set_words(self, text: str) -> None:
        """All of them must be there, in any order."""
        self.beginFilterChange()
        self._words = tuple(text.casefold().split())
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        entry: Entry = self.sourceModel().index(row, 0, parent).data(ENTRY)
        if self._words:
            said = f"{entry.name} {entry.module}".casefold()
            if not all(word in said for word in self._words):
                return False
        return self._wanted(entry)


class PictureDelegate(QStyledItemDelegate):
    """Thumbnail, name, and under it the state with its sign."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.current: int | None = None  # key of the picture on the screen
        self._images: dict[int, tuple[Thumbnail, Any]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(180, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        mark, words = state(entry)
        box: QRect = option.rect
        flags = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(self.theme.selected))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(self.theme.hover))
        if entry.key == self.current:  # of several that are chosen, the one on the screen
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(self.theme.accent))
        thumb = QRect(box.left() + 8, box.top() + 8, THUMB.width(), THUMB.height())
        self._paint_thumbnail(painter, thumb, entry)
        self._paint_label(painter, thumb, entry)
        left = thumb.right() + 12
        room = box.right() - 8 - left
        font: QFont = option.font
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text))
        # a board is known by its serial number; the file's name stands below it, unless it is nothing but that
        by_name = not entry.module or entry.path.stem.upper() == entry.module
        lines = [entry.name] if by_name else [entry.module, entry.name]
        top = box.top() + (10 if len(lines) == 1 else 3)
        # which of the board's pictures it is: at the end of the line with the file's name
        part = part_words(entry)
        beside = metrics.horizontalAdvance(part) + 8 if part else 0
        for k, line in enumerate(lines):
            painter.setPen(QColor(self.theme.dim if k else self.theme.text))
            last = k == len(lines) - 1
            elided = metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room - beside if last else room)
            painter.drawText(QRect(left, top + 19 * k, room, 20), Qt.AlignmentFlag.AlignVCenter, elided)
        painter.setPen(QColor(self.theme.dim))
        end = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRect(left, top + 19 * (len(lines) - 1), room, 20), end, part)
        below = box.top() + (34 if len(lines) == 1 else 41)
        sign = QRectF(left, below + 4, 12, 12)
        paint_mark(painter, sign, mark, self.theme, entry.fraction)
        painter.setPen(QColor(self.theme.dim))
        if mark is Mark.SIGNED and metrics.horizontalAdvance(words) > room - 18:
            words = entry.signed_by  # the seal says the rest
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room - 18)
        painter.drawText(QRect(left + 18, below, room - 18, 20), Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, box: QRect, entry: Entry) -> None:
        painter.fillRect(box, QColor(self.theme.canvas))
        if entry.thumbnail is None:
            return
        known = self._images.get(entry.key)
        if known is None or known[0] is not entry.thumbnail:
            if len(self._images) >= KEPT_IMAGES:
                del self._images[next(iter(self._images))]
            known = self._images[entry.key] = entry.thumbnail, as_image(entry.thumbnail.pixels)
        image = known[1]
        size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        at = QRect(QPoint(0, 0), size)
        at.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(at, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)

    def _paint_label(self, painter: QPainter, thumb: QRect, entry: Entry) -> None:
        """A tag on the thumbnail's corner: a pencil, a tick or a cross, for the label of a picture."""
        said = label_words(entry)
        if not said:
            return
        box = QRectF(thumb.right() - 16, thumb.bottom() - 16, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 3, 3)
        paint_label_sign(painter, box.adjusted(3, 3, -3, -3), said)


def _part_said(entry: Entry) -> str:
    part = part_words(entry)
    return f"picture {part.replace('/', ' of ')} of its board" if part else ""


def _label_said(entry: Entry) -> str:
    said = label_words(entry)
    return f"label {said}" if said else ""


def paint_label_sign(painter: QPainter, box: QRectF, said: str) -> None:
    """White on dark, in three shapes."""
    pen = QPen(QColor("white"), 1.75, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    w, h = box.width(), box.height()
    strokes: dict[str, list[list[tuple[float, float]]]] = {
        "draft": [[(0.0, 1.0), (0.12, 0.66), (0.74, 0.04), (0.96, 0.26), (0.34, 0.88), (0.0, 1.0)]],
        "reviewed": [[(0.0, 0.55), (0.38, 0.92), (1.0, 0.1)]],
        "rejected": [[(0.05, 0.05), (0.95, 0.95)], [(0.95, 0.05), (0.05, 0.95)]],
    }
    for stroke in strokes[said]:
        painter.drawPolyline([QPointF(box.left() + x * w, box.top() + y * h) for x, y in stroke])


def paint_mark(painter: QPainter, box: QRectF, mark: Mark, theme: Theme, fraction: float | None) -> None:
    """Signs differ in shape, not only in colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    dim = QPen(QColor(theme.dim), 1.5)
    inner = box.adjusted(1, 1, -1, -1)
    if mark is Mark.SIGNED:  # a seal
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 1.5))
        painter.drawEllipse(inner)
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 2))
        painter.drawPolyline(
            [inner.center() + QPointF(-2.5, 0), inner.center() + QPointF(-0.5, 2), inner.center() + QPointF(2.5, -2)]
        )
    elif mark is Mark.FINE:
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 2.25))
        painter.drawPolyline(
            [inner.center() + QPoint(-4, 0), inner.center() + QPoint(-1, 3), inner.center() + QPoint(5, -4)]
        )
    elif mark is Mark.LOOK:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(VERDICTS[Verdict.NOT_BONDABLE].colour))
        painter.drawEllipse(inner)
    elif mark in (Mark.FAILED, Mark.MISSING):
        painter.setPen(QPen(QColor(VERDICTS[Verdict.NOT_BONDABLE].colour), 2.25))
        painter.drawLine(inner.topLeft() + QPoint(1, 1), inner.bottomRight() - QPoint(1, 1))
        painter.drawLine(inner.topRight() + QPoint(-1, 1), inner.bottomLeft() + QPoint(1, -1))
    elif mark is Mark.RUNNING:
        painter.setPen(dim)
        painter.drawEllipse(inner)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        painter.drawPie(inner, 90 * 16, -round(360 * 16 * (fraction or 0.0)))
    elif mark is Mark.QUEUED:
        painter.setPen(QPen(QColor(theme.dim), 1.5, Qt.PenStyle.DotLine))
        painter.drawEllipse(inner)
    else:
        painter.setPen(dim)
        painter.drawEllipse(inner)


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
