"""What the window asks of a project's labels, each as one function that runs in the keeper's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import Edit
from padscope.store.steps import LOOKED_AT, Step

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.store.labels import ClassRow, LabelRow
    from padscope.workflows.labels_out import ExportReport

AT_HAND = 40
"""Strokes of a label that are fetched with it, for undo; older ones follow when they are needed."""


@dataclass
class LabelRef:
    """Which label strokes belong to; the first of them begins it."""

    picture: str
    id: int = 0


@dataclass(frozen=True)
class Loaded:
    """A picture's label as it stands. `done` and `undone`: strokes, the next one to undo or redo last; `older`: how many more
    were done before them. `looked_at`: pads a person has agreed with."""

    project: str
    ref: LabelRef
    row: LabelRow | None
    mask: ClassMask
    done: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    older: int = 0
    looked_at: frozenset[str] = field(default_factory=frozenset)


def load(project: Project, picture: str, width: int, height: int, label: int = 0) -> Loaded:
    """The label that counts, or a rejected one where there is no other, or this one."""
    from padscope.store import labels

    rows = labels.labels(project, picture)
    row = next((r for r in rows if r.id == label), None)
    row = row or labels.label_that_counts(project, picture) or (rows[-1] if rows else None)
    if row is None:
        return Loaded(project.uid, LabelRef(picture), None, ClassMask(width, height))
    edits = labels.edits(project, row.id)
    done = [e.id for e in edits if e.state == labels.DONE]
    undone = [e.id for e in edits if e.state == labels.UNDONE]
    return Loaded(
        project.uid,
        LabelRef(picture, row.id),
        row,
        labels.load_mask(project, row.id),
        tuple(labels.load_edit(project, e) for e in done[-AT_HAND:]),
        tuple(labels.load_edit(project, e) for e in reversed(undone[:AT_HAND])),
        max(len(done) - AT_HAND, 0),
        frozenset(str(r.detail["pad"]) for r in project.history(row.uid) if r.action == LOOKED_AT),
    )


def older(project: Project, ref: LabelRef, before: int) -> tuple[Edit, ...]:
    """Of the strokes done, the last ones of the first `before`."""
    from padscope.store import labels

    done = [e.id for e in labels.edits(project, ref.id) if e.state == labels.DONE]
    return tuple(labels.load_edit(project, e) for e in done[max(before - AT_HAND, 0) : before])


def do(project: Project, ref: LabelRef, step: Step, edit: Edit | None) -> LabelRow:
    """A stroke, an undo, a redo, a review, a look at a pad; and the label that it begins if it is the first. Also of a picture on
    which nothing was painted: “reviewed” then says that all of it is sound."""
    from padscope.store import coming_back, labels

    ref.id = coming_back.do(project, step, edit, label=ref.id)
    return labels.label(project, ref.id)


def came_back(project: Project) -> tuple[str, ...]:
    """Once."""
    said, project.came_back = project.came_back, ()
    return said


# classes and states


def classes(project: Project) -> tuple[ClassRow, ...]:
    """Those offered, in order; a project without any gets the standard ones."""
    from padscope.masks.classes import load_classes
    from padscope.resources import resource
    from padscope.store import labels

    if not labels.classes(project):
        with project.transaction():
            for c in load_classes(resource("classes", "standard.toml")):
                labels.add_class(project, c.name, c.colour, value=c.value)
    return labels.classes(project)


def add_class(project: Project, name: str, colour: str, author: str) -> tuple[ClassRow, ...]:
    from padscope.store import labels

    labels.add_class(project, name, colour, author=author)
    return labels.classes(project)


def change_classes(project: Project, rows: tuple[ClassRow, ...], author: str) -> tuple[ClassRow, ...]:
    """Words, colours, places: all of them or none."""
    from padscope.store import labels

    with project.transaction():
        for row in rows:
            labels.change_class(project, row, author=author)
    return labels.classes(project)


def states(project: Project) -> Mapping[str, str]:
    """State of the label that counts, by picture; pictures without one are missing."""
    from padscope.store import labels

    found: dict[str, LabelRow] = {}
    for row in labels.labels(project):
        before = found.get(row.picture_sha256)
        if before is None or _weight(row) > _weight(before):
            found[row.picture_sha256] = row
    return {picture: row.state for picture, row in found.items()}


def _weight(row: LabelRow) -> tuple[bool, bool, str]:
    """As in `store.labels.label_that_counts`."""
    return row.state != "rejected", row.state == "accepted", row.changed_at


# what left the project


def note_export(project: Project, report: ExportReport, author: str) -> None:
    from padscope.workflows.labels_out import note_export

    note_export(project, report, author=author)


def note_split(project: Project, name: str, shas: frozenset[str], labels: int, author: str) -> None:
    from padscope.store.split import note_split

    note_split(project, name, shas, labels, author=author)
