"""Merge, import, export and the like while somebody paints: in the background, with progress, and with a cancel after which the
project is as it was."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from padscope.types import finish
from padscope_desktop.background.protocol import Fault
from padscope_desktop.labels.commands import WORKS, OnCopy
from padscope_desktop.messages import about_fault

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope_desktop.session import Session

LANE = "labels"
MOST_TRIES = 3
"""How often a change is made again because somebody painted on the very same labels meanwhile; then strokes wait for it once."""


@dataclass(frozen=True)
class Wish:
    """A work of `labels.commands.WORKS`. `title` stands in the line below; `refused` says what did not happen, `cancelled` that
    nothing did. `changes`: what it made on the copy is grafted into the project."""

    what: str
    arguments: tuple[Any, ...]
    title: str
    refused: str
    cancelled: str
    done: Callable[[Any], None]
    changes: bool = True


class LongWork(QObject):
    """One after the other."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session

    def start(self, wish: Wish, tries: int = 1) -> None:
        """What was painted until now is in the copy: the keeper answers when it is on disk."""
        self._session.labelling.outbox.send()
        self._session.keeper.ask(
            _where, done=partial(self._on_ready, wish, tries), failed=partial(self._on_failed, wish)
        )

    def _on_ready(self, wish: Wish, tries: int, project: Path) -> None:
        folder = tempfile.TemporaryDirectory(prefix="padscope-", ignore_cleanup_errors=True)
        copy = Path(folder.name) / project.name
        took = _Took(folder, copy)
        self._session.jobs.start(
            "on_copy",
            project,
            copy,
            wish.what,
            *wish.arguments,
            title=wish.title,
            lane=LANE,
            done=partial(self._on_done, wish, tries, took),
            failed=partial(self._on_failed, wish),
            cancelled=partial(self._session.mentioned.emit, wish.cancelled),
            ended=took.end,
            lasting=not wish.changes,
        )

    def _on_done(self, wish: Wish, tries: int, took: _Took, made: OnCopy) -> None:
        if not wish.changes:
            wish.done(made.report)
            return
        took.kept = True
        self._session.keeper.ask(
            partial(_grafted, copy=took.copy, made=made),
            done=partial(self._on_grafted, wish, tries, took, made),
            failed=partial(self._on_not_grafted, wish, took),
        )

    def _on_grafted(self, wish: Wish, tries: int, took: _Took, made: OnCopy, whole: bool) -> None:
        took.folder.cleanup()
        if whole:
            wish.done(made.report)
        elif tries < MOST_TRIES:
            self.start(wish, tries + 1)
        else:
            self._session.labelling.outbox.send()
            self._session.keeper.ask(
                partial(_in_place, wish=wish), done=wish.done, failed=partial(self._on_failed, wish)
            )

    def _on_not_grafted(self, wish: Wish, took: _Took, fault: Fault) -> None:
        took.folder.cleanup()
        self._on_failed(wish, fault)

    def _on_failed(self, wish: Wish, fault: Fault) -> None:
        self._session.said.emit(about_fault("labels", wish.refused, fault))


@dataclass
class _Took:
    """The place of a copy; gone with the job, unless it is still to be grafted."""

    folder: tempfile.TemporaryDirectory[str]
    copy: Path
    kept: bool = False

    def end(self) -> None:
        if not self.kept:
            self.folder.cleanup()


def _where(project: Project) -> Path:
    return project.path


def _grafted(project: Project, copy: Path, made: OnCopy) -> bool:
    from padscope.store.graft import graft

    return graft(project, copy, made.before)


def _in_place(project: Project, wish: Wish) -> Any:
    return finish(WORKS[wish.what](project, *wish.arguments))
