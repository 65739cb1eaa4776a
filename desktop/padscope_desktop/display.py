"""Pixels for the screen: an overview at once, all levels as soon as they are decoded, the last few pictures kept open."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from padscope_desktop.jobs import Jobs
from padscope_desktop.payloads import MappedLevels, Thumbnail
from padscope_desktop.protocol import Fault
from padscope_desktop.scratch import Scratch

KEPT_OPEN = 4
"""Pictures whose levels stay mapped, so that going back to one is immediate."""


class Display(QObject):
    """Latest wins: only the picture asked for last arrives.

    Signals: overview_arrived(Thumbnail) · levels_arrived(list of (h, w, 3) uint8 arrays) · failed(key, Fault).
    """

    overview_arrived = Signal(object)
    levels_arrived = Signal(object)
    failed = Signal(int, object)

    def __init__(self, jobs: Jobs, scratch: Scratch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._scratch = scratch
        self._wanted: int | None = None
        self._open: OrderedDict[int, tuple[Thumbnail, MappedLevels]] = OrderedDict()
        self._overview: Thumbnail | None = None

    def show(self, key: int, path: Path) -> None:
        self._wanted = key
        if key in self._open:
            self._open.move_to_end(key)
            overview, levels = self._open[key]
            self.overview_arrived.emit(overview)
            self.levels_arrived.emit(levels.arrays())
            return
        self._jobs.start(
            "show",
            path,
            None,
            self._scratch.new_file(),
            title=f"Opening {path.name}",
            lane="quick",
            slot="show",
            urgent=True,
            retries=1,
            part=partial(self._on_overview, key),
            done=partial(self._on_levels, key),
            failed=partial(self._on_failed, key),
        )

    def forget(self) -> None:
        """Close all pictures; their files go as soon as the system lets go of them."""
        self._wanted = None
        for _, levels in self._open.values():
            self._scratch.discard(levels.file)
        self._open.clear()

    def _on_overview(self, key: int, overview: Thumbnail) -> None:
        self._overview = overview
        if key == self._wanted:
            self.overview_arrived.emit(overview)

    def _on_levels(self, key: int, levels: MappedLevels) -> None:
        if self._overview is not None:
            self._open[key] = self._overview, levels
        while len(self._open) > KEPT_OPEN:
            self._scratch.discard(self._open.popitem(last=False)[1][1].file)
        if key == self._wanted:
            self.levels_arrived.emit(levels.arrays())

    def _on_failed(self, key: int, fault: Fault) -> None:
        if key == self._wanted:
            self.failed.emit(key, fault)
