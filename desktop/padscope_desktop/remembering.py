"""What the window remembers from day to day: written to its file when a hand rests, not at each step of a slider."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from padscope_desktop import settings as own
from padscope_desktop.settings import Memory

REST_MS = 500


class Remembering(QObject):
    def __init__(self, memory: Memory, parent: QObject) -> None:
        super().__init__(parent)
        self.memory = memory
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.write)

    def keep(self, memory: Memory) -> None:
        if memory != self.memory:
            self.memory = memory
            self._rest.start()

    @Slot()
    def write(self) -> None:
        """At once: the window is closed."""
        self._rest.stop()
        own.save(self.memory, own.place())
