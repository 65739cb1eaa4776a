"""All keys, over the picture until any of them is pressed."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import label

COLUMNS = 3


class KeySheet(QFrame):
    """Shows the table of actions; what is not in the table has no key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._columns = [QLabel(textFormat=Qt.TextFormat.RichText) for _ in range(COLUMNS)]
        row = QHBoxLayout()
        row.setSpacing(32)
        for made in self._columns:
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(16)
        column.addWidget(label("All keys", big=True))
        column.addLayout(row)
        column.addWidget(label("Esc closes this sheet.", dim=True))
        self.hide()

    def set_sheet(self, sheet: Sequence[tuple[str, list[tuple[str, str]]]], dim: str) -> None:
        """Sections go into the shortest column so far."""
        heights = [0] * COLUMNS
        texts = [""] * COLUMNS
        for title, rows in sheet:
            at = heights.index(min(heights))
            lines = "".join(
                f"<tr><td style='padding:3px 16px 3px 0'><b>{html.escape(keys)}</b></td>"
                f"<td style='padding:3px 0'>{html.escape(words)}</td></tr>"
                for keys, words in rows
            )
            texts[at] += f"<p style='color:{dim}'><b>{html.escape(title)}</b></p><table>{lines}</table>"
            heights[at] += len(rows) + 2
        for made, text in zip(self._columns, texts, strict=True):
            made.setText(text)
        self.adjustSize()

    def show_over(self, window: QWidget) -> None:
        """In the middle of the window, whatever panels it covers."""
        self.adjustSize()
        self.move((window.width() - self.width()) // 2, max((window.height() - self.height()) // 2, 0))
        self.show()
        self.raise_()
