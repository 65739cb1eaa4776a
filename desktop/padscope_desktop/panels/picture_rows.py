"""The pictures of the album as rows of a list, and which of them are listed."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QWidget

from padscope_desktop.album import Album, Entry, label_words, part_words, state

ENTRY = Qt.ItemDataRole.UserRole
KEY = Qt.ItemDataRole.UserRole + 1
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


def _part_said(entry: Entry) -> str:
    part = part_words(entry)
    return f"picture {part.replace('/', ' of ')} of its board" if part else ""


def _label_said(entry: Entry) -> str:
    said = label_words(entry)
    return f"label {said}" if said else ""
