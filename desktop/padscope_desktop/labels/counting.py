"""How often each class occurs in a mask, counted beside the painting."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from padscope.masks.class_mask import ClassMask
from padscope.masks.components import class_counts
from padscope_desktop.panels.classes import Amount

POLL_MS = 25


class Counter:
    """Counts the mask that was wanted last. Its thread knows nothing of Qt, and lives only while there is something to count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: ClassMask | None = None
        self._found: Mapping[int, Amount] | None = None
        self._thread: threading.Thread | None = None

    def want(self, mask: ClassMask | None) -> None:
        with self._lock:
            self._wanted, self._found = mask, None
            if mask is not None and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="counting", daemon=True)
                self._thread.start()

    def take(self) -> Mapping[int, Amount] | None:
        """What was found, once."""
        with self._lock:
            found, self._found = self._found, None
        return found

    def stop(self) -> None:
        """Nothing runs when this returns."""
        with self._lock:
            self._wanted, thread = None, self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                mask, self._wanted = self._wanted, None
                if mask is None:
                    self._thread = None
                    return
            still = mask.copy()  # painting goes on, and a chunk that changes while it is counted contradicts itself
            found = {value: Amount(c.components, c.area_px) for value, c in class_counts(still).items()}
            with self._lock:
                if self._wanted is None:
                    self._found = found


class Counting(QObject):
    """Latest wins. Signal: counted({class: Amount})."""

    counted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counter = Counter()
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)

    def count(self, mask: ClassMask | None) -> None:
        """The chunks are copied while they may be painted on: half a stroke that is counted then is counted again after it."""
        if mask is None or mask.empty:
            self._poll.stop()
            self._counter.want(None)
            self.counted.emit({})
            return
        self._counter.want(ClassMask(mask.width, mask.height, dict(mask.chunks)))
        self._poll.start()

    def close(self) -> None:
        self._poll.stop()
        self._counter.stop()

    @Slot()
    def _look(self) -> None:
        found = self._counter.take()
        if found is not None:
            self._poll.stop()
            self.counted.emit(found)
