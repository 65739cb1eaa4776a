"""How often each class occurs in a mask, counted beside the painting, and never while a hand paints."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from padscope.masks.class_mask import ClassMask, Pixels, Place
from padscope.masks.tally import Tally
from padscope_desktop.background.worker import step_back
from padscope_desktop.panels.classes import Amount

POLL_MS = 25
REST_MS = 500
"""It is counted when the hand has rested this long."""


@dataclass(frozen=True)
class Wanted:
    """A mask's chunks, and how often each was painted on; `tally` remembers what was found in them before."""

    tally: Tally
    chunks: Mapping[Place, Pixels]
    versions: Mapping[Place, int]


class Counter:
    """Counts what was wanted last. Its thread knows nothing of Qt, and lives only while there is something to count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: Wanted | None = None
        self._found: Mapping[int, Amount] | None = None
        self._thread: threading.Thread | None = None

    def want(self, wanted: Wanted | None) -> None:
        """In place of what is being counted; None: stop, as soon as one more chunk is counted."""
        with self._lock:
            self._wanted, self._found = wanted, None
            if wanted is not None and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="counting", daemon=True)
                self._thread.start()

    def take(self) -> Mapping[int, Amount] | None:
        """What was found, once."""
        with self._lock:
            found, self._found = self._found, None
        return found

    def stop(self) -> None:
        """Nothing runs when this returns."""
        self.want(None)
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        step_back()
        while True:
            with self._lock:
                wanted = self._wanted
                if wanted is None:
                    self._thread = None
                    return
            found = self._counted(wanted)
            with self._lock:
                if self._wanted is wanted:
                    self._wanted, self._found = None, found

    def _counted(self, wanted: Wanted) -> Mapping[int, Amount] | None:
        """None where something else is wanted by now."""
        work = wanted.tally.count(wanted.chunks, wanted.versions)
        while self._wanted is wanted:
            try:
                next(work)
            except StopIteration as stop:
                return {value: Amount(c.components, c.area_px) for value, c in stop.value.items()}
        return None


class Counting(QObject):
    """Latest wins. Signal: counted({class: Amount})."""

    counted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counter = Counter()
        self._tally = Tally()
        self._mask: ClassMask | None = None
        self._versions: dict[Place, int] = {}
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._count)

    def set_mask(self, mask: ClassMask | None) -> None:
        """Another one, counted from the beginning."""
        self._mask, self._tally, self._versions = mask, Tally(), {}
        self._count()

    def touched(self, places: Iterable[Place]) -> None:
        """These chunks were painted on: what is being counted stops, and begins again when the hand rests."""
        for place in places:
            self._versions[place] = self._versions.get(place, 0) + 1
        self._poll.stop()
        self._counter.want(None)
        self._rest.start()

    @Slot()
    def _count(self) -> None:
        self._rest.stop()
        mask = self._mask
        if mask is None or mask.empty:
            self._poll.stop()
            self._counter.want(None)
            self.counted.emit({})
            return
        self._counter.want(Wanted(self._tally, dict(mask.chunks), dict(self._versions)))
        self._poll.start()

    def close(self) -> None:
        self._rest.stop()
        self._poll.stop()
        self._counter.stop()

    @Slot()
    def _look(self) -> None:
        found = self._counter.take()
        if found is not None:
            self._poll.stop()
            self.counted.emit(found)
