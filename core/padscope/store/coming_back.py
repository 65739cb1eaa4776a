"""Steps of a hand into the project: at once, or when it is opened again after a program was killed before they were stored."""

from __future__ import annotations

import contextlib
from pathlib import Path

from padscope.errors import StoreError
from padscope.masks.edits import Edit
from padscope.masks.states import LOCKED, WORDS
from padscope.store import labels, steps
from padscope.store.database import Project
from padscope.store.steps import LOOKED_AT, Left, Step


def do(project: Project, step: Step, edit: Edit | None = None, *, label: int = 0) -> int:
    """One transaction, with the label that it begins where there is none; the label's id. StoreError where it is locked."""
    with project.transaction():
        id = label or labels.begin_label(project, step.picture, author=step.author).id
        mark = {"step": step.id}
        if step.kind == steps.STROKE and edit is not None:
            labels.commit_edit(project, id, edit, tool=step.words, author=step.author, uid=step.id, at=step.at)
        elif step.kind == steps.UNDO:
            labels.undo(project, id, author=step.author, mark=mark)
        elif step.kind == steps.REDO:
            labels.redo(project, id, author=step.author, mark=mark)
        elif step.kind == steps.REVIEW:
            labels.review_label(project, id, state=step.state, comment=step.words, author=step.author, mark=mark)
        else:
            uid = labels.label(project, id).uid
            project.note(step.author, LOOKED_AT, uid, {"pad": step.words, **mark})
    return id


def label_with(project: Project, step: str) -> int:
    """The label in which the step with this id stands already; 0 where it is not in the project."""
    row = project.row("SELECT label_id AS id FROM edits WHERE uid = ?", step)
    sql = "SELECT l.id FROM audit a JOIN labels l ON l.uid = a.subject WHERE a.detail LIKE ? LIMIT 1"
    row = row or project.row(sql, f'%"{step}"%')
    return int(row["id"]) if row is not None else 0


def bring_back(project: Project) -> tuple[str, ...]:
    """Store what a journal beside the project still holds, each step once; what was done, in sentences. What cannot be stored is
    put aside, never deleted."""
    path = steps.place(project.path)
    if not path.exists():
        return ()
    try:
        left = steps.left_in(path.read_bytes())
    except OSError as error:
        raise StoreError(
            f"{path} beside the project cannot be read ({error.strerror or error}); move it away."
        ) from None
    if any(step.project != project.uid for step, _ in left.steps):
        return (_aside(project.path, "is of another project"),)
    strokes, others, refused = _stored(project, left)
    what = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((strokes, "stroke"), (others, "step")) if n]
    verb = "was" if strokes + others == 1 else "were"
    said = (f"{' and '.join(what)} that {verb} being stored came back",) if what else ()
    if refused or left.broken:
        return (*said, _aside(project.path, refused or "cannot be read to its end"))
    with contextlib.suppress(OSError):
        path.unlink()
    return said


def _stored(project: Project, left: Left) -> tuple[int, int, str]:
    """How many strokes, how many other steps; why the next was refused, if one was."""
    begun: dict[str, int] = {}
    counts = [0, 0]
    for step, edit in steps.in_order(left.steps):
        there = label_with(project, step.id)
        if there:
            begun.setdefault(step.picture, there)
            continue
        label = step.label or begun.get(step.picture, 0)
        refused = _refusal(project, step, label)
        if refused:
            return counts[0], counts[1], refused
        begun.setdefault(step.picture, do(project, step, edit, label=label))
        counts[step.kind != steps.STROKE] += 1
    return counts[0], counts[1], ""


def _refusal(project: Project, step: Step, label: int) -> str:
    if project.picture(step.picture) is None:
        return "speaks of a picture that the project does not know"
    row = next((row for row in labels.labels(project, step.picture) if row.id == label), None)
    if row is None:
        return (
            "speaks of a label that the project does not know" if label or step.kind in (steps.UNDO, steps.REDO) else ""
        )
    locked = row.state in LOCKED and step.kind in (steps.STROKE, steps.UNDO, steps.REDO)
    return f"holds strokes of a label that was {WORDS[row.state]} meanwhile" if locked else ""


def _aside(project: Path, why: str) -> str:
    goal = steps.put_aside(project)
    return f"What was not stored yet {why}; it was put aside as {goal.name if goal is not None else project.name}."
