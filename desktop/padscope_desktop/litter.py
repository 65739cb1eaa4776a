"""Python's garbage is collected in the window's thread only: widgets must not be destroyed in the thread that happens to allocate
when a collection is due, and a collection must not fall into a stroke of the brush.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS = 1000
OLDER_EVERY = 10
"""Rounds between two looks at what has survived for a while; ten times that between two at everything."""


class Litter(QObject):
    """From now on only this collects. What the start has made is left alone."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.collect()
        gc.freeze()
        gc.disable()
        self._rounds = 0
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        self._rounds += 1
        everything, older = self._rounds % OLDER_EVERY**2 == 0, self._rounds % OLDER_EVERY == 0
        gc.collect(2 if everything else 1 if older else 0)
