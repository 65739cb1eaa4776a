"""What an empty window says: the ways in, large, where the picture will be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import button, label
from padscope_desktop.quantities import elided_middle

MOST_RECENT = 4


class Invitation(QFrame):
    """Signals: watch_wanted() · add_wanted() · open_wanted() · demo_wanted() · recent_wanted(path)."""

    add_wanted = Signal()
    watch_wanted = Signal()
    open_wanted = Signal()
    demo_wanted = Signal()
    recent_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setFixedWidth(400)
        self.add = button("Add pictures…", primary=True)
        self.watch = button("Watch the microscope's folder…", tip="What it saves is inspected by itself (Ctrl+Shift+I)")
        self.open = button("Open a project…")
        self.demo = button("See the demo")
        self.add.clicked.connect(self.add_wanted)
        self.watch.clicked.connect(self.watch_wanted)
        self.open.clicked.connect(self.open_wanted)
        self.demo.clicked.connect(self.demo_wanted)
        self._recent_title = label("Recent projects", title=True)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._buttons: list[QPushButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(8)
        column.addWidget(label("No pictures yet", big=True))
        words = "Drop pictures of boards here, or folders of them, or a project. Pictures are read and never changed."
        column.addWidget(label(words, dim=True, wrap=True))
        column.addSpacing(8)
        for made in (self.add, self.watch, self.open, self.demo):
            made.setMinimumHeight(36)
            column.addWidget(made)
        column.addSpacing(8)
        column.addWidget(self._recent_title)
        column.addLayout(self._recent)

    def set_recent(self, projects: Iterable[str]) -> None:
        """Only those that are still there."""
        for old in self._buttons:
            self._recent.removeWidget(old)
            old.deleteLater()
        self._buttons = []
        for path in [p for p in projects if Path(p).is_file()][:MOST_RECENT]:
            made = button(elided_middle(Path(path).stem, 44), link=True, tip=path)
            made.setProperty("path", path)
            made.clicked.connect(self._on_recent)
            self._recent.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            self._buttons.append(made)
        self._recent_title.setVisible(bool(self._buttons))
        self.adjustSize()

    @Slot()
    def _on_recent(self) -> None:
        self.recent_wanted.emit(self.sender().property("path"))
