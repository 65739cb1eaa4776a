"""The folder a microscope saves into, watched for a project: what is complete and new there is added and inspected, once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.pictures.complete import Finding, Look, examine
from padscope.workflows.watch import Found, Watched, Watcher, pause_after
from padscope_desktop import stock
from padscope_desktop.messages import Choice, Message, about_fault
from padscope_desktop.quantities import count
from padscope_desktop.stock import Outcome

if TYPE_CHECKING:
    from padscope_desktop.session import Session

PATIENT_S = 2.0
"""How long leaving waits for a look under way; one that hangs in a dead share is left to itself."""


@dataclass(frozen=True)
class Looked:
    """What one look at the folder told. `passed`: what lay there when watching began."""

    eyes: Eyes
    found: tuple[Found, ...]
    away: bool
    passed: Mapping[str, Look]


class Eyes:
    """A thread that looks and tells; a daemon, because a network share may hold it for minutes."""

    def __init__(self, watcher: Watcher, new_only: bool, tell: Callable[[object], None]) -> None:
        self._watcher = watcher
        self._new_only = new_only
        self._tell = tell
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="padscope-watch", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join(PATIENT_S)

    def _run(self) -> None:
        passed = self._watcher.pass_over() if self._new_only else {}
        while not self._end.is_set():
            began = time.monotonic()
            found = self._watcher.look(began)
            if self._end.is_set():
                return
            with contextlib.suppress(RuntimeError):  # a dead share may answer when the window is gone
                self._tell(Looked(self, tuple(found), self._watcher.watched.away_since is not None, passed))
            passed = {}
            self._end.wait(pause_after(time.monotonic() - began))


class Watching(QObject):
    """Runs for a session. `folder` is None while nothing is watched; `away_since` when it cannot be reached; `new` counts the
    pictures that came since the window is open. Signal: changed()."""

    changed = Signal()
    _looked = Signal(object)

    def __init__(self, session: Session, open_file: Callable[[Path], Finding] = examine) -> None:
        super().__init__(session)
        self._session = session
        self._open_file = open_file
        self._eyes: Eyes | None = None
        self._pending: dict[int, str] = {}
        self._unready: list[int] = []
        self._failed: dict[int, int] = {}
        self._looks = 0
        self.folder: Path | None = None
        self.away_since: datetime | None = None
        self.new = 0
        self.looked = False  # once at least
        self._looked.connect(self._on_looked)
        session.entry_changed.connect(self._on_entry)
        session.layout_changed.connect(self._inspect_waiting)
        session.model_changed.connect(self._inspect_waiting)

    @property
    def unready(self) -> int:
        """Pictures that wait for a layout or a model."""
        return len(self._unready)

    def start(self, folder: Path) -> None:
        """From now on, as a person wishes: what lies there already is left alone, but offered."""
        self.leave()
        self._session.keeper.ask(
            partial(stock.start_watching, folder=folder),
            done=partial(self._open, folder, True),
            failed=partial(self._say, "The folder is not watched."),
        )

    def resume(self, folder: Path | None, watched: Watched | None) -> None:
        """Where the project left off."""
        if folder is not None and watched is not None:
            self._open(folder, False, watched)

    def stop(self) -> None:
        """A person's wish; the project will not begin again by itself."""
        if self.folder is not None:
            self.leave()
            self._session.keeper.ask(stock.stop_watching)

    def leave(self) -> None:
        """The project is left, or the window closed."""
        if self._eyes is not None:
            self._eyes.close()
        self._eyes, self.folder, self.away_since, self.new = None, None, None, 0
        self._pending.clear()
        self._unready.clear()
        self._failed.clear()
        self._session.settled.emit("watch")
        self.changed.emit()

    def _open(self, folder: Path, new_only: bool, watched: Watched) -> None:
        watcher = Watcher(folder, watched, open_file=self._open_file)
        self.folder, self.looked = folder, False
        self._eyes = Eyes(watcher, new_only, self._looked.emit)
        self._eyes.open()
        self.changed.emit()

    @Slot(object)
    def _on_looked(self, looked: Looked) -> None:
        if looked.eyes is not self._eyes or self.folder is None:
            return
        if not self.looked:
            self.looked = True
            self.changed.emit()
        if looked.passed:
            self._offer(self.folder, looked.passed)
        for found in looked.found:
            self._take(self.folder, found)
        self._looks += 1
        if self.away_since is None and not looked.away:  # a look that began before the folder went may be told after it
            self._failed = {key: look for key, look in self._failed.items() if look >= self._looks - 1}
        if looked.away != (self.away_since is not None):
            if not looked.away:
                self._again()
            self.away_since = datetime.now() if looked.away else None
            self.changed.emit()

    def _again(self) -> None:
        """The folder is back: what could not be inspected since it was last reached may only have been out of reach."""
        keys = [key for key in self._failed if key in self._session.album.entries]
        self._pending.update((key, self._session.album.entries[key].sha256) for key in keys)
        self._failed.clear()
        self._inspect(keys)

    def _offer(self, folder: Path, passed: Mapping[str, Look]) -> None:
        self._remember([Found(name, look) for name, look in passed.items()], Outcome.PASSED)
        names = sorted(passed)
        text = "What is saved there from now on is inspected by itself."
        choice = Choice("Add and inspect them too", partial(self._take_passed, folder, names))
        self._session.said.emit(
            Message("watch", f"{count(len(names), 'picture')} lie in {folder.name} already." if len(names) > 1 else
                    f"1 picture lies in {folder.name} already.", text, choices=(choice,))
        )  # fmt: skip

    def _take_passed(self, folder: Path, names: list[str]) -> None:
        self._session.settled.emit("watch")
        self._inspect(self._session.add_pictures([folder / name for name in names]))

    def _take(self, folder: Path, found: Found) -> None:
        path = folder / found.name
        if found.trouble:
            self._remember([found], Outcome.DAMAGED)
            self._session.said.emit(Message(f"watch {found.name}", f"{found.name} is no picture yet.", found.trouble))
            return
        self._remember([found], Outcome.FOUND if found.new else Outcome.PASSED)
        if not found.new:
            return
        self.new += 1
        self._session.settled.emit(f"watch {found.name}")
        key = self._session.take_picture(path, found.sha256)
        self._pending[key] = found.sha256
        self._inspect([key])
        self.changed.emit()

    def _inspect(self, keys: list[int]) -> None:
        if self._session.can_inspect:
            self._session.inspect(keys)
        else:
            self._unready += keys

    @Slot()
    def _inspect_waiting(self) -> None:
        if self._unready and self._session.can_inspect:
            keys, self._unready = self._unready, []
            self._session.inspect(keys)
            self.changed.emit()

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        """What came of a picture that was found."""
        entry = self._session.album.entries.get(key)
        sha256 = self._pending.get(key)
        if entry is None or sha256 is None:
            return
        outcome = (
            Outcome.DAMAGED
            if entry.missing
            else Outcome.FAILED
            if entry.failed
            else Outcome.INSPECTED
            if entry.inspection
            else None
        )
        if outcome is not None:
            del self._pending[key]
            if outcome in (Outcome.FAILED, Outcome.DAMAGED):
                self._failed[key] = self._looks
            self._session.keeper.ask(partial(stock.came_of, sha256=sha256, outcome=outcome))

    def _remember(self, found: list[Found], outcome: Outcome) -> None:
        if self.folder is not None:
            self._session.keeper.ask(partial(stock.remember_found, folder=self.folder, found=found, outcome=outcome))

    def _say(self, what: str, fault: Any) -> None:
        self._session.said.emit(about_fault("watch", what, fault))


def state_words(watching: Watching) -> tuple[str, str]:
    """What the line above the list says, and what below it."""
    if watching.folder is None:
        return "", ""
    name = watching.folder.name or str(watching.folder)
    if not watching.looked:
        return f"Looking into {name}…", ""
    words = f"Watching {name}" + (f" · {watching.new} new" if watching.new else "")
    if watching.away_since is not None:
        return words, f"⚠ Not reachable since {watching.away_since:%H:%M}; it goes on by itself when it is back."
    if watching.unready:
        n = watching.unready
        return words, f"{count(n, 'picture')} {'waits' if n == 1 else 'wait'} for a layout and a model."
    return words, ""
