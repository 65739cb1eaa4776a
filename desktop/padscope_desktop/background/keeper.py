"""The one thread that holds the project's one writing connection. Questions go in, answers come back as signals, in order."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from padscope.errors import StoreError
from padscope_desktop.background.jobs import nothing
from padscope_desktop.background.protocol import Fault
from padscope_desktop.background.worker import fault_of, step_back

if TYPE_CHECKING:
    from padscope.store.database import Project

Question = Callable[["Project"], Any]


@dataclass(frozen=True)
class _Asked:
    question: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[Fault], None]


@dataclass(frozen=True)
class _Answer:
    call: Callable[[Any], None]
    value: Any


class Keeper(QObject):
    """`done` and `failed` are called in the thread that made the keeper: the window's. Signal: changed(), when it becomes busy
    or idle."""

    changed = Signal()
    _answered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inbox: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._thread = _KeeperThread(self._inbox, self._answered.emit, self)
        self._answered.connect(self._on_answered)
        self._waiting = 0
        self._closed = False

    @property
    def busy(self) -> bool:
        """Something is not yet on disk, or not yet read."""
        return self._waiting > 0

    def open(
        self,
        path: Path,
        *,
        create: bool,
        done: Callable[[Any], None] = nothing,
        failed: Callable[[Fault], None] = nothing,
    ) -> None:
        """Beside the one that is open; what is asked goes to that one until `switch`. `create`: it must not exist yet."""
        self._put(lambda: self._thread.open(path, create), done, failed)

    def open_first_free(
        self, paths: list[Path], *, done: Callable[[Any], None] = nothing, failed: Callable[[Fault], None] = nothing
    ) -> None:
        """The first of these that can be opened or made: another window may hold some of them."""
        self._put(lambda: self._thread.open_first_free(paths), done, failed)

    def switch(self) -> None:
        """To the project opened last: what was asked before went to the old one, what is asked from now on goes to the new."""
        self._put(self._thread.switch, nothing, nothing)

    def move_to(
        self, goal: Path, *, done: Callable[[Any], None] = nothing, failed: Callable[[Fault], None] = nothing
    ) -> None:
        """A whole copy that is worked on from now on, in one step: nothing is written between the copy and the change."""
        self._put(lambda: self._thread.move_to(goal), done, failed)

    def ask(
        self, question: Question, *, done: Callable[[Any], None] = nothing, failed: Callable[[Fault], None] = nothing
    ) -> None:
        self._put(lambda: self._thread.answer(question), done, failed)

    def close(self) -> None:
        """Waits until everything asked for is on disk; after that nothing is asked and nobody is told any more."""
        self._closed = True
        if self._thread.isRunning():
            self._inbox.put(None)
            self._thread.wait()

    def _put(self, question: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Fault], None]) -> None:
        if self._closed:
            return
        if not self._thread.isRunning():
            self._thread.start()
        self._waiting += 1
        if self._waiting == 1:
            self.changed.emit()
        self._inbox.put(_Asked(question, done, failed))

    @Slot(object)
    def _on_answered(self, answer: _Answer) -> None:
        self._waiting -= 1
        if self._closed:
            return
        try:
            answer.call(answer.value)
        finally:
            if self._waiting == 0:
                self.changed.emit()


class _KeeperThread(QThread):
    def __init__(
        self, inbox: queue.SimpleQueue[_Asked | None], answer: Callable[[object], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._inbox = inbox
        self._tell = answer
        self._project: Project | None = None
        self._next: Project | None = None

    def run(self) -> None:
        step_back()
        while (asked := self._inbox.get()) is not None:
            try:
                answer = _Answer(asked.done, asked.question())
            except Exception as error:  # a question must not take the thread with it
                answer = _Answer(asked.failed, fault_of(error))
            self._tell(answer)
        self._close()

    def open(self, path: Path, create: bool) -> None:
        from padscope.store.database import create_project, open_project

        self._close_next()  # nobody waits for that one any more
        if not create and self._project is not None and self._project.path.absolute() == path.absolute():
            return  # it is open already, and its lock is ours
        self._next = create_project(path) if create else open_project(path)

    def switch(self) -> None:
        if self._next is not None:
            if self._project is not None:
                self._project.close()
            self._project, self._next = self._next, None

    def move_to(self, goal: Path) -> None:
        from padscope.store.database import open_project
        from padscope.store.steps import put_aside

        if self._project is None:
            raise StoreError("No project is open; make one with File, New project.")
        self._close_next()
        if goal.absolute() != self._project.path.absolute():
            goal.unlink(missing_ok=True)  # a person has just agreed to replace it in the file dialog
            put_aside(goal)
        self._project.copy_to(goal)
        self._next = open_project(goal)
        self.switch()

    def open_first_free(self, paths: list[Path]) -> Path:
        last = StoreError("There is no place for an unnamed project; make one with File, New project.")
        for path in paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self.open(path, create=not path.exists())
                return path
            except (StoreError, OSError) as error:
                last = error if isinstance(error, StoreError) else StoreError(f"{path} cannot be made: {error}.")
        raise last

    def answer(self, question: Question) -> Any:
        if self._project is None:
            raise StoreError("No project is open; make one with File, New project.")
        return question(self._project)

    def _close(self) -> None:
        self._close_next()
        if self._project is not None:
            self._project.close()
            self._project = None

    def _close_next(self) -> None:
        if self._next is not None:
            self._next.close()
            self._next = None
