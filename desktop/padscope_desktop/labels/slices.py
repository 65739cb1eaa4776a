"""Long work in the window's own thread, a few milliseconds at a time: for what must see the mask as it is in memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from padscope.types import Work
from padscope_desktop.background.jobs import nothing

FIRST_S, SLICE_S = 0.03, 0.006
"""The first slice is longer: most works are over with it, and nobody waits."""


class Slices(QObject):
    """One work at a time; before a newer one begins it is completed. Signal: changed(), when one begins or ends."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work: Work[Any] | None = None
        self._done: Callable[[Any], None] = nothing
        self._stopped: Callable[[], None] = nothing
        self._lasting = False
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._on_turn)

    @property
    def busy(self) -> bool:
        return self._work is not None

    @property
    def stoppable(self) -> bool:
        return self.busy and not self._lasting

    def start(
        self,
        work: Work[Any],
        done: Callable[[Any], None] = nothing,
        stopped: Callable[[], None] = nothing,
        *,
        lasting: bool = False,
    ) -> None:
        """`stopped` is called where it is cancelled; what is `lasting` cannot be. A first slice at once."""
        self.complete()
        self._work, self._done, self._stopped, self._lasting = work, done, stopped, lasting
        self._go_on(time.perf_counter() + FIRST_S)
        if self.busy:
            self._timer.start()
            self.changed.emit()

    def complete(self) -> None:
        """All that is left of it now: what a person has asked for is not lost because they go on."""
        self._go_on(math.inf)

    def cancel(self) -> bool:
        if not self.stoppable:
            return False
        work, self._work = self._work, None
        assert work is not None
        self._timer.stop()
        work.close()
        self._stopped()
        self.changed.emit()
        return True

    @Slot()
    def _on_turn(self) -> None:
        self._go_on(time.perf_counter() + SLICE_S)

    def _go_on(self, end: float) -> None:
        while self._work is not None and time.perf_counter() < end:
            try:
                next(self._work)
            except StopIteration as stop:
                self._work = None
                self._timer.stop()
                self._done(stop.value)
                self.changed.emit()
