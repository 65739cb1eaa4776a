"""Thumbnails of thousands of pictures, by a worker of their own: whatever a person asks for meanwhile never waits behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from padscope_desktop.album import Entry
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.payloads import Thumbnail
from padscope_desktop.background.protocol import Fault

LONGEST_PX = 192
AT_ONCE = 1


class Thumbnails:
    """`done(key, thumbnail)` and `failed(key, fault)` for every entry that was asked for, in that order."""

    def __init__(
        self, jobs: Jobs, cache: Path, done: Callable[[int, Thumbnail], None], failed: Callable[[int, Fault], None]
    ) -> None:
        self._jobs = jobs
        self._cache = cache
        self._done = done
        self._failed = failed
        self._waiting: deque[Entry] = deque()
        self._running = 0
        jobs.changed.connect(self._go_on)

    def fetch(self, entry: Entry) -> None:
        self._waiting.append(entry)
        self._go_on()

    def forget(self) -> None:
        """What has not begun is not wanted any more."""
        self._waiting.clear()

    def _go_on(self) -> None:
        while self._waiting and self._running < AT_ONCE and not self._somebody_waits():
            entry = self._waiting.popleft()
            self._running += 1
            self._jobs.start(
                "thumbnail",
                entry.path,
                LONGEST_PX,
                self._cache,
                title=f"Reading {entry.name}",
                lane="list",
                shown=False,
                retries=1,
                done=partial(self._done, entry.key),
                failed=partial(self._failed, entry.key),
                ended=self._on_ended,
            )

    def _somebody_waits(self) -> bool:
        """For a first look at a picture: all of the computer is for that."""
        return any(job.command == "show" and job.progress is None for job in self._jobs.active())

    def _on_ended(self) -> None:
        self._running -= 1
        self._go_on()
