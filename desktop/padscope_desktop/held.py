"""A key that switches when tapped, and only peeks while it is held down."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Slot
from PySide6.QtGui import QAction, QKeyEvent

HELD_MS = 350


class HeldKey(QObject):
    """The window tells it of released keys; when the one that triggered the action was held long, it switches back. (A filter
    over all events of the application would cost a call into Python for each of them.)"""

    def __init__(self, action: QAction, parent: QObject) -> None:
        super().__init__(parent)
        self._action = action
        self._since: QElapsedTimer | None = None
        action.triggered.connect(self._on_triggered)

    @Slot()
    def _on_triggered(self) -> None:
        """From its key, or from a menu: then the next press of the key begins anew."""
        self._since = QElapsedTimer()
        self._since.start()

    def released(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or self._since is None:
            return
        if all(keys[0].key() != event.key() for keys in self._action.shortcuts()):  # type: ignore[index]  # stubs lack it
            return
        held = self._since.elapsed() >= HELD_MS
        if held:
            self._action.trigger()
        self._since = None
