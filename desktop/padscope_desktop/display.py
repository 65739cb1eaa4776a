"""Pixels for the screen: the smaller levels at once, all of them as soon as they are decoded, the last few pictures kept open."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.payloads import MappedLevels, PictureCard
from padscope_desktop.background.protocol import Fault

KEPT_OPEN = 4
"""Pictures whose levels stay mapped, so that going back to one is immediate."""


@dataclass(frozen=True)
class Shown:
    """A picture as it can be painted: its levels (h, w, 1 or 3) uint8 or uint16, the largest first, and the values that are
    black and white."""

    card: PictureCard
    levels: list[NDArray[np.integer]]
    span: tuple[float, float]
    complete: bool


class Display(QObject):
    """Latest wins: only the picture asked for last arrives. `slot` tells the displays of two canvases apart.

    Signals: arrived(Shown), twice for a picture never seen before · failed(key, Fault).
    """

    arrived = Signal(object)
    failed = Signal(int, object)

    def __init__(self, jobs: Jobs, cache: Path, parent: QObject | None = None, slot: str = "show") -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._cache = cache
        self._slot = slot
        self._wanted: int | None = None
        self._open: OrderedDict[int, Shown] = OrderedDict()

    def show(self, key: int, path: Path) -> None:
        self._wanted = key
        if key in self._open:
            self._open.move_to_end(key)
            self.arrived.emit(self._open[key])
            return
        self._start(key, path, 1)

    def _start(self, key: int, path: Path, chances: int) -> None:
        self._jobs.start(
            "show",
            path,
            self._cache,
            title=f"Opening {path.name}",
            lane="quick",
            slot=self._slot,
            urgent=True,
            retries=1,
            part=partial(self._on_levels, key, path, chances),
            done=partial(self._on_levels, key, path, chances),
            failed=partial(self._on_failed, key),
        )

    def drop(self, key: int) -> None:
        """Its file holds another picture by now."""
        self._open.pop(key, None)

    def forget(self) -> None:
        """Close all pictures."""
        self._wanted = None
        self._open.clear()

    def _on_levels(self, key: int, path: Path, chances: int, found: MappedLevels) -> None:
        try:
            shown = Shown(found.card, found.arrays(), found.span, found.complete)
        except OSError as error:  # another window made room in the cache in this very moment
            if found.complete and chances:
                self._start(key, path, chances - 1)
            elif found.complete:
                words = f"The picture cache {self._cache} does not keep what is written to it: check its drive."
                self._on_failed(key, Fault(words, type(error).__name__))
            return
        if found.complete:
            self._open[key] = shown
            while len(self._open) > KEPT_OPEN:
                self._open.popitem(last=False)
        if key == self._wanted:
            self.arrived.emit(shown)

    def _on_failed(self, key: int, fault: Fault) -> None:
        if key == self._wanted:
            self.failed.emit(key, fault)
