"""What is painted on its way to the disk: in order, one after the other, kept here until it is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from padscope_desktop.background.jobs import nothing
from padscope_desktop.background.keeper import Keeper
from padscope_desktop.background.protocol import Fault
from padscope_desktop.background.worker import fault_of

if TYPE_CHECKING:
    from padscope.store.database import Project

Act = Callable[["Project"], Any]


@dataclass(frozen=True, eq=False)
class Post:
    """One thing to store in the project with this uid (a copy under another name has the same one), and whom to tell."""

    project: str
    act: Act
    done: Callable[[Any], None]


class Outbox(QObject):
    """Nothing waits for the disk. What could not be stored stays first in line, and what comes after it waits behind: a later
    stroke stands on the earlier ones. Signals: changed() · failed(Fault)."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._posts: deque[Post] = deque()
        self.stuck = False  # the last try failed

    def __len__(self) -> int:
        """How much is not on disk yet."""
        return len(self._posts)

    def put(self, project: str, act: Act, done: Callable[[Any], None] = nothing, *, first: bool = False) -> None:
        """`act` runs in the keeper's thread, `done` with its answer in the window's. `first`: before what could not be stored, as
        a label that is locked must be opened before its strokes."""
        (self._posts.appendleft if first and self.stuck else self._posts.append)(Post(project, act, done))
        self.send()

    def send(self) -> None:
        """Once more, if something is left."""
        self._keeper.ask(self._drain, done=self._on_drained, failed=self.failed.emit)

    def _drain(self, project: Project) -> tuple[list[tuple[Callable[[Any], None], Any]], Fault | None]:
        """In the keeper's thread. What belongs to another project waits until that one is open again."""
        answers: list[tuple[Callable[[Any], None], Any]] = []
        kept: list[Post] = []
        fault, uid = None, project.uid
        while self._posts and fault is None:
            post = self._posts[0]
            if post.project != uid:
                kept.append(self._posts.popleft())
                continue
            try:
                answers.append((post.done, post.act(project)))
                self._posts.popleft()
            except Exception as error:  # whatever it was, the stroke is kept
                fault = fault_of(error)
        self._posts.extendleft(reversed(kept))
        return answers, fault

    def _on_drained(self, drained: tuple[list[tuple[Callable[[Any], None], Any]], Fault | None]) -> None:
        answers, fault = drained
        self.stuck = fault is not None
        for done, answer in answers:
            done(answer)
        if fault is not None:
            self.failed.emit(fault)
        self.changed.emit()
