"""What is painted on its way to the disk: in order, one after the other, kept here until it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from padscope.masks.edits import Edit
from padscope.store.steps import Journal, Step
from padscope_desktop.background.jobs import nothing
from padscope_desktop.background.keeper import Keeper
from padscope_desktop.background.protocol import Fault
from padscope_desktop.background.worker import fault_of

if TYPE_CHECKING:
    from padscope.store.database import Project

Act = Callable[["Project"], Any]


@dataclass(frozen=True, eq=False)
class Post:
    """One step to store in the project with this uid (a copy under another name has the same one), and whom to tell. `safe`: it
    stands in a journal."""

    project: str
    step: str
    safe: bool
    act: Act
    done: Callable[[Any], None]


class Outbox(QObject):
    """Nothing waits for the disk, and no kill takes what is here: it stands in a journal until it is stored. What could not be
    stored stays first in line, and what comes after it waits behind: a later stroke stands on the earlier ones. Signals:
    changed() · failed(Fault)."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._posts: list[Post] = []
        self._left: set[str] = set()  # steps that waited when another project was opened
        self.journal = Journal()
        self.refused = False  # the last try failed
        self.elsewhere = 0  # how many wait for a project that is not open

    def __len__(self) -> int:
        """How much is not on disk yet."""
        return len(self._posts)

    @property
    def stuck(self) -> bool:
        """Something is left that waiting does not store."""
        return self.refused or self.elsewhere > 0

    @property
    def safe(self) -> bool:
        """All that is not on disk yet stands in a journal, and comes back when its project is opened again."""
        return all(p.safe for p in self._posts)

    def waits_for(self, project: str) -> bool:
        """Something of this project is not on disk yet."""
        return any(p.project == project for p in self._posts)

    def put(
        self,
        step: Step,
        edit: Edit | None,
        act: Act,
        done: Callable[[Any], None] = nothing,
        *,
        first: bool = False,
    ) -> None:
        """`act` runs in the keeper's thread, `done` with its answer in the window's. `first`: before what could not be stored, as
        a label that is locked must be opened before its strokes."""
        early = first and self.refused
        safe = self.journal.write(replace(step, first=early), edit)
        self._posts.insert(0 if early else len(self._posts), Post(step.project, step.id, safe, act, done))
        self.send()

    def turn_to(self, project: Path | None) -> None:
        """Another project is open now; where one comes back with steps that still wait here, its journal has stored them."""
        self._left |= {post.step for post in tuple(self._posts)}
        self.journal.turn_to(project)

    def send(self) -> None:
        """Once more, if something is left."""
        self._keeper.ask(self._drain, done=self._on_drained, failed=self.failed.emit)

    def _drain(self, project: Project) -> tuple[list[tuple[Post, Any]], Fault | None, int]:
        """In the keeper's thread, while the window puts more in. What belongs to another project waits until that one is open
        again; what its journal brought back then is not done twice."""
        answers: list[tuple[Post, Any]] = []
        fault, uid = None, project.uid
        while fault is None and (post := next((p for p in tuple(self._posts) if p.project == uid), None)) is not None:
            try:
                if post.step in self._left and stands(project, post.step):
                    answers.append((replace(post, done=nothing), None))
                else:
                    answers.append((post, post.act(project)))
                self._posts.remove(post)  # by itself: another may have come before it meanwhile
            except Exception as error:  # whatever it was, the stroke is kept
                fault = fault_of(error)
        return answers, fault, sum(p.project != uid for p in tuple(self._posts))

    def _on_drained(self, drained: tuple[list[tuple[Post, Any]], Fault | None, int]) -> None:
        answers, fault, self.elsewhere = drained
        self.refused = fault is not None
        self.journal.forget(post.step for post, _ in answers)
        for post, answer in answers:
            post.done(answer)
        if fault is not None:
            self.failed.emit(fault)
        self.changed.emit()


def stands(project: Project, step: str) -> bool:
    """The project has it already."""
    from padscope.store.coming_back import label_with

    return label_with(project, step) > 0
