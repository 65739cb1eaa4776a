"""All keys, over the window until Esc: in as many columns as fit, searched by typing, scrolled where they are more."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import label, named
from padscope_desktop.theme import TARGET

COLUMN = 400
"""Logical px that a column of keys and words needs."""
MOST_COLUMNS = 4
AROUND = 32
Sheet = Sequence[tuple[str, list[tuple[str, str]]]]


def matching(sheet: Sheet, words: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Lines that hold all of these words, in their keys, their meaning or their section."""
    wanted = words.casefold().split()
    found = []
    for title, rows in sheet:
        kept = [row for row in rows if all(w in f"{title} {row[0]} {row[1]}".casefold() for w in wanted)]
        if kept:
            found.append((title, kept))
    return found


def in_columns(sheet: Sheet, many: int) -> list[list[tuple[str, list[tuple[str, str]]]]]:
    """Sections in order, each column about as long as the others; a long section goes on in the next one."""
    total = sum(len(rows) + 2 for _, rows in sheet)
    columns: list[list[tuple[str, list[tuple[str, str]]]]] = [[] for _ in range(many)]
    at, used, room = 0, 0, -(-(total + 2 * (many - 1)) // many)  # a section that goes on has its title twice
    for title, rows in sheet:
        left = list(rows)
        while left:
            if used + 3 > room and at < many - 1:
                at, used = at + 1, 0
            take = len(left) if at == many - 1 else max(room - used - 2, 1)
            columns[at].append((title, left[:take]))
            used += min(take, len(left)) + 2
            left = left[take:]
    return columns


class KeySheet(QFrame):
    """Shows the table of actions; what is not in the table has no key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._sheet: Sheet = ()
        self._dim = "#808080"
        self.search = named(QLineEdit(), "Search keys")
        self.search.setPlaceholderText("Search: a key or a word")
        self.search.setMinimumHeight(TARGET)
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self._inside = QWidget()
        self._row = QHBoxLayout(self._inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(24)
        self.columns = [QLabel(textFormat=Qt.TextFormat.RichText, wordWrap=True) for _ in range(MOST_COLUMNS)]
        for made in self.columns:
            self._row.addWidget(made, 1, Qt.AlignmentFlag.AlignTop)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidget(self._inside)
        self.area.setStyleSheet("QScrollArea { background: transparent; border: none; }")
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(label("All keys", big=True))
        top.addWidget(self.search, 1)
        top.addWidget(label("Esc closes. Help, Change keys makes them yours.", dim=True))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(self.area, 1)
        self.hide()

    def set_sheet(self, sheet: Sheet, dim: str) -> None:
        self._sheet, self._dim = sheet, dim
        self._fill()

    @property
    def many(self) -> int:
        """Columns for which there is room."""
        over = self.parentWidget()
        width = over.width() if over is not None else COLUMN
        return max(1, min(MOST_COLUMNS, (width - 4 * AROUND) // COLUMN))

    @Slot()
    def _fill(self, *_: object) -> None:
        found = matching(self._sheet, self.search.text())
        many = self.many
        for made, sections in zip(self.columns, in_columns(found, many) + [[]] * MOST_COLUMNS, strict=False):
            made.setVisible(bool(sections))
            made.setText("".join(self._section(title, rows) for title, rows in sections))
        if not found:
            self.columns[0].setVisible(True)
            self.columns[0].setText("No key and no action is called like that.")

    def _section(self, title: str, rows: list[tuple[str, str]]) -> str:
        lines = "".join(
            f"<tr><td style='padding:2px 12px 2px 0; white-space:nowrap'><b>{html.escape(keys)}</b></td>"
            f"<td style='padding:2px 0'>{html.escape(words)}</td></tr>"
            for keys, words in rows
        )
        return f"<p style='color:{self._dim}'><b>{html.escape(title)}</b></p><table>{lines}</table>"

    def show_over(self, window: QWidget) -> None:
        """In the middle of the window, whatever panels it covers, and never larger than it."""
        self.search.clear()
        self._fill()
        room = window.width() - 2 * AROUND, window.height() - 2 * AROUND
        self.show()  # only then the labels know how high they are
        high = max(made.heightForWidth(COLUMN - 2 * AROUND) for made in self.columns) + 120
        self.resize(min(room[0], self.many * COLUMN + 3 * AROUND), min(room[1], high))
        self.move((window.width() - self.width()) // 2, max((window.height() - self.height()) // 2, 0))
        self.raise_()
        self.search.setFocus()

    def _turn(self, event: QKeyEvent) -> int:
        """By how much a key scrolls; 0 for any other."""
        bar = self.area.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep() * 2,
            Qt.Key.Key_Up: -bar.singleStep() * 2,
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
        }
        return steps.get(Qt.Key(event.key()), 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While the sheet is read, its keys are not those of the mode below it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._turn(event):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and pages scroll while the search has the focus."""
        by, bar = self._turn(event), self.area.verticalScrollBar()
        if by:
            bar.setValue(bar.value() + by)
        else:
            super().keyPressEvent(event)
