"""Long work on a project's labels, done in a worker on a copy, so that no stroke waits for it. Only here the window's labels meet
the workflows, and only inside functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padscope.types import Progress, Work

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.store.graft import Marks
    from padscope.store.merge import MergeReport
    from padscope.store.split import SplitReport
    from padscope.workflows.labels_in import ImportReport
    from padscope.workflows.labels_out import ExportReport


@dataclass(frozen=True)
class OnCopy:
    """What came of a work on a copy, and what the project held when the copy was made."""

    report: Any
    before: Marks


def on_copy(path: Path, copy: Path, what: str, *arguments: Any) -> Work[OnCopy]:
    """One of WORKS on a copy of the project `path`, which is left at `copy` as the work has changed it."""
    from padscope.store.graft import marks, open_copy

    yield Progress(0, 1, "reading the project")
    with open_copy(path, copy) as project:
        before = marks(project)
        report = yield from WORKS[what](project, *arguments)
    return OnCopy(report, before)


def merge(project: Project, other: Path, author: str) -> Work[MergeReport]:
    from padscope.store.merge import merge

    return (yield from merge(project, other, author=author))


def import_labels(project: Project, folder: Path, form: str, author: str) -> Work[ImportReport]:
    from padscope.workflows.labels_in import import_labels

    return (yield from import_labels(project, [folder], form, author=author))


def merge_classes(project: Project, value: int, into: int, author: str) -> Work[int]:
    from padscope.store.class_merge import merge_classes

    return (yield from merge_classes(project, value, into, author=author))


def export_labels(project: Project, form: str, goal: Path, author: str) -> Work[ExportReport]:
    from padscope.workflows.labels_out import export_labels

    return (yield from export_labels(project, form, goal, author=author))


def split(project: Project, shas: frozenset[str], goal: Path, author: str) -> Work[SplitReport]:
    from padscope.store.split import split

    rows = [p for p in project.pictures() if p.sha256 in shas]
    return (yield from split(project, rows, goal, copy_pictures=True, author=author))


WORKS: Mapping[str, Callable[..., Work[Any]]] = {
    "merge": merge,
    "import": import_labels,
    "merge_classes": merge_classes,
    "export": export_labels,
    "split": split,
}
LABEL_COMMANDS: Mapping[str, Callable[..., Any]] = {"on_copy": on_copy}
