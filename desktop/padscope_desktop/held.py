"""A key that switches when tapped, and only peeks while it is held down."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent

HELD_MS = 350


class HeldKey(QObject):
    """The window tells it of released keys; when the one that triggered the action was held long, it switches back. (A filter
    over all events of the application would cost a call into Python for each of them.)"""

    def __init__(self, action: QAction, key: Qt.Key, parent: QObject) -> None:
        super().__init__(parent)
        self._action = action
        self._key = key
        self._since: QElapsedTimer | None = None
        action.triggered.connect(self._on_triggered)

    @Slot()
    def _on_triggered(self) -> None:
        if self._since is None:
            self._since = QElapsedTimer()
            self._since.start()

    def released(self, event: QKeyEvent) -> None:
        if event.key() != self._key or event.isAutoRepeat() or self._since is None:
            return
        held = self._since.elapsed() >= HELD_MS
        if held:
            self._action.trigger()
        self._since = None
