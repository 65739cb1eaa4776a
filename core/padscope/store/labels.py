"""Painted masks in a project: classes, labels (a label is a mask with an author), and every stroke that made them.

A stroke is one transaction: the edit, the chunks it changed and a row of history are on disk together or not at all. Undo and
redo are stored too, so they work after a restart; an edit that can no longer be redone is kept as `dropped`, not deleted.
"""

from __future__ import annotations

import sqlite3
import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from padscope.errors import StoreError
from padscope.masks.class_mask import ClassMask, Place, chunk_from_bytes, chunk_to_bytes
from padscope.masks.edits import Edit, apply, edit_from_bytes, edit_to_bytes
from padscope.masks.states import LOCKED, STATES
from padscope.store.database import Project
from padscope.store.rows import sha256_of

DONE, UNDONE, DROPPED = "done", "undone", "dropped"
NO_MARK: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A defect class: `value` is what masks hold, `colour` is #rrggbb. A retired class is not offered, but keeps its pixels."""

    value: int
    name: str
    colour: str
    uid: str = ""  # filled in when added
    position: int = 0
    retired: bool = False


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A mask of one picture and who made it; the mask itself comes from `load_mask`."""

    id: int
    uid: str
    picture_sha256: str
    author: str
    state: str
    comment: str
    created_at: str
    changed_at: str
    strokes: int


@dataclass(frozen=True, slots=True)
class EditRow:
    """One stroke of a label; the edit itself comes from `load_edit`."""

    id: int
    uid: str
    label_id: int
    author: str
    tool: str
    at: str
    state: str
    sha256: str


# classes


def classes(project: Project) -> tuple[ClassRow, ...]:
    """In the order a person gave them."""
    found = project.rows("SELECT * FROM classes ORDER BY position, value")
    return tuple(ClassRow(**{**dict(r), "retired": bool(r["retired"])}) for r in found)


def add_class(project: Project, name: str, colour: str, *, value: int | None = None, author: str = "") -> ClassRow:
    """A new class with the next free value, or this one; StoreError where name or value is taken, or all 255 are."""
    _check_class(name, colour)
    with project.transaction():
        known = classes(project)
        taken = {c.value for c in known}
        if any(c.name.casefold() == name.casefold() for c in known):
            raise StoreError(f"There is already a class “{name}”; choose another name.")
        if value is None:
            value = next((v for v in range(1, 256) if v not in taken), 0)
        if value in taken or not 1 <= value <= 255:
            raise StoreError(f"The value {value} cannot be used for the class “{name}”; give a free one from 1 to 255.")
        row = ClassRow(value, name, colour.lower(), uuid.uuid4().hex, max((c.position for c in known), default=0) + 1)
        project.insert("classes", {n: getattr(row, n) for n in ClassRow.__slots__ if n != "retired"} | {"retired": 0})
        project.note(author, "class added", row.uid, {"value": value, "name": name, "colour": row.colour})
        return row


def change_class(project: Project, row: ClassRow, *, author: str = "") -> ClassRow:
    """Give the class with this value these words, colour and place; what was painted stays what it is."""
    _check_class(row.name, row.colour)
    with project.transaction():
        old = next((c for c in classes(project) if c.value == row.value), None)
        if old is None:
            raise StoreError(f"There is no class with value {row.value}.")
        if any(c.value != row.value and c.name.casefold() == row.name.casefold() for c in classes(project)):
            raise StoreError(f"There is already a class “{row.name}”; choose another name.")
        new = {"name": row.name, "colour": row.colour.lower(), "position": row.position, "retired": int(row.retired)}
        changed = {name: v for name, v in new.items() if getattr(old, name) != v}
        if changed:
            names = ", ".join(f"{name} = ?" for name in changed)
            project.execute(f"UPDATE classes SET {names} WHERE value = ?", *changed.values(), row.value)
            before = {name: getattr(old, name) for name in changed}
            project.note(author, "class changed", old.uid, {"from": before, "to": changed})
        return next(c for c in classes(project) if c.value == row.value)


def _check_class(name: str, colour: str) -> None:
    if not name.strip():
        raise StoreError("A class needs a name.")
    if len(colour) != 7 or colour[0] != "#" or set(colour[1:].lower()) - set("0123456789abcdef"):
        raise StoreError(f"The colour “{colour}” of the class “{name}” is not of the form #rrggbb.")


# labels


def labels(project: Project, picture_sha256: str | None = None) -> tuple[LabelRow, ...]:
    """All of them, or those of one picture; the oldest first."""
    where, values = ("", ()) if picture_sha256 is None else ("WHERE p.sha256 = ?", (picture_sha256,))
    return _labels(project, where, *values)


def label(project: Project, id: int) -> LabelRow:
    found = _labels(project, "WHERE l.id = ?", id)
    if not found:
        raise StoreError(f"The project {project.path} holds no label {id}.")
    return found[0]


def label_that_counts(project: Project, picture_sha256: str) -> LabelRow | None:
    """Which label speaks for a picture where there are several: the accepted one changed last, else the one changed last
    that was not rejected."""
    found = [row for row in labels(project, picture_sha256) if row.state != "rejected"]
    return max(found, key=lambda row: (row.state == "accepted", row.changed_at, row.id), default=None)


def begin_label(project: Project, picture_sha256: str, *, author: str = "", comment: str = "") -> LabelRow:
    """A new, empty label of a picture that the project knows."""
    with project.transaction():
        picture = project.picture(picture_sha256)
        if picture is None:
            raise StoreError(f"The project {project.path} does not know the picture {picture_sha256}; add it first.")
        now = project.now()
        values = {
            "uid": uuid.uuid4().hex,
            "picture_id": picture.id,
            "author": author,
            "state": STATES[0],
            "comment": comment,
            "created_at": now,
            "changed_at": now,
        }
        id = project.insert("labels", values)
        project.note(author, "label begun", str(values["uid"]), {"picture": picture_sha256})
        return label(project, id)


def review_label(
    project: Project, id: int, *, state: str, comment: str, author: str = "", mark: Mapping[str, str] = NO_MARK
) -> LabelRow:
    """Finish, accept, reject or reopen a label; who did it and what it was before stands in the history, with a `mark` by which
    the step is known again."""
    if state not in STATES:
        raise StoreError(f"A label cannot be “{state}”; it can be {', '.join(STATES)}.")
    with project.transaction():
        old = label(project, id)
        project.update("labels", id, {"state": state, "comment": comment, "changed_at": project.now()})
        before = {"state": old.state, "comment": old.comment}
        detail = {"from": before, "to": {"state": state, "comment": comment}, **mark}
        project.note(author, f"label {state}", old.uid, detail)
        return label(project, id)


def _unlocked(project: Project, id: int) -> LabelRow:
    """The label, if it may be painted on."""
    owner = label(project, id)
    if owner.state in LOCKED:
        raise StoreError(f"Label {id} was {owner.state} and is locked; reopen it before painting on it.")
    return owner


def _labels(project: Project, where: str, *values: Any) -> tuple[LabelRow, ...]:
    sql = f"""
        SELECT l.id, l.uid, p.sha256 AS picture_sha256, l.author, l.state, l.comment, l.created_at, l.changed_at,
               (SELECT count(*) FROM edits WHERE label_id = l.id AND state = '{DONE}') AS strokes
        FROM labels l JOIN pictures p ON p.id = l.picture_id {where} ORDER BY l.id"""
    return tuple(LabelRow(**dict(r)) for r in project.rows(sql, *values))


# strokes


def commit_edit(
    project: Project,
    label_id: int,
    edit: Edit,
    *,
    tool: str,
    author: str = "",
    locked_too: bool = False,
    uid: str = "",
    at: str = "",
) -> EditRow | None:
    """Store a stroke: when this returns it is on disk. What had been undone before it can no longer be redone. An edit that
    changes nothing is not stored (None). `uid` and `at` (UTC): its own, where it had them before it came here. StoreError where a
    reviewer has decided on the label, unless `locked_too`."""
    if edit.empty:
        return None
    data = edit_to_bytes(edit)
    with project.transaction():
        owner = label(project, label_id) if locked_too else _unlocked(project, label_id)
        project.execute("UPDATE edits SET state = ? WHERE label_id = ? AND state = ?", DROPPED, label_id, UNDONE)
        values = {
            "uid": uid or uuid.uuid4().hex,
            "label_id": label_id,
            "author": author,
            "tool": tool,
            "at": at or project.now(),
            "state": DONE,
            "data": data,
            "sha256": sha256_of(data),
        }
        id = project.insert("edits", values)
        _apply(project, owner, edit)
        detail = {"edit": values["sha256"], "tool": tool, "changed_px": edit.changed_px}
        project.note(author, "painted", owner.uid, detail)
        return _edit(project, id)


def undo(project: Project, label_id: int, *, author: str = "", mark: Mapping[str, str] = NO_MARK) -> Edit | None:
    """Take the last stroke back, on disk; returns the edit to apply to a mask in memory, None where nothing is left."""
    return _step(project, label_id, "ORDER BY id DESC", DONE, UNDONE, "undone", author, mark)


def redo(project: Project, label_id: int, *, author: str = "", mark: Mapping[str, str] = NO_MARK) -> Edit | None:
    """Do the stroke again that was taken back last."""
    return _step(project, label_id, "ORDER BY id", UNDONE, DONE, "redone", author, mark)


def edits(project: Project, label_id: int) -> tuple[EditRow, ...]:
    """All strokes, also undone and dropped ones, in the order they were painted."""
    return tuple(_edit_row(r) for r in project.rows(f"{_EDIT} WHERE label_id = ? ORDER BY id", label_id))


def load_edit(project: Project, id: int) -> Edit:
    """StoreError where it is not here or damaged."""
    row = project.row("SELECT data, sha256 FROM edits WHERE id = ?", id)
    if row is None:
        raise StoreError(f"The project {project.path} holds no stroke {id}.")
    project.check(f"stroke {id}", sha256_of(row["data"]), row["sha256"])
    return edit_from_bytes(row["data"])


def load_mask(project: Project, label_id: int) -> ClassMask:
    """The label as it stands. A chunk that was damaged on disk is painted again from its strokes; StoreError where one of
    those is damaged too."""
    owner = label(project, label_id)
    mask = empty_mask(project, owner)
    damaged: set[Place] = set()
    for r in project.rows("SELECT * FROM label_chunks WHERE label_id = ?", label_id):
        try:
            mask.chunks[r["chunk_row"], r["chunk_col"]] = _chunk(project, owner, r)
        except StoreError:
            damaged.add((r["chunk_row"], r["chunk_col"]))
    if damaged:
        again = replayed(project, label_id)
        mask.chunks.update({place: chunk for place, chunk in again.chunks.items() if place in damaged})
    return mask


def replayed(project: Project, label_id: int) -> ClassMask:
    """The label painted again from all its strokes; equal to `load_mask` unless something was damaged."""
    mask = empty_mask(project, label(project, label_id))
    for row in edits(project, label_id):
        if row.state == DONE:
            apply(mask, load_edit(project, row.id))
    return mask


def repaint(project: Project, label_id: int) -> None:
    """Make the stored mask what its strokes paint, inside a transaction: after a merge."""
    owner = label(project, label_id)
    project.execute("DELETE FROM label_chunks WHERE label_id = ?", label_id)
    _store_chunks(project, owner, replayed(project, label_id))


def label_damages(project: Project) -> tuple[str, ...]:
    """Everything wrong with labels, one sentence each. Reads and repaints all of them."""
    found = []
    for owner in labels(project):
        try:
            stored = ClassMask(0, 0, _chunks(project, owner))
            again = replayed(project, owner.id)
            if stored.chunks.keys() != again.chunks.keys() or any(
                (stored.chunks[place] != chunk).any() for place, chunk in again.chunks.items()
            ):
                found.append(f"The mask of label {owner.id} in {project.path} is not what its strokes painted.")
        except StoreError as error:
            found.append(str(error))
    return tuple(found)


_EDIT = "SELECT id, uid, label_id, author, tool, at, state, sha256 FROM edits"


def _edit_row(r: sqlite3.Row) -> EditRow:
    return EditRow(**dict(r))


def _edit(project: Project, id: int) -> EditRow:
    return _edit_row(project.rows(f"{_EDIT} WHERE id = ?", id)[0])


def _step(
    project: Project,
    label_id: int,
    order: str,
    before: str,
    after: str,
    action: str,
    author: str,
    mark: Mapping[str, str],
) -> Edit | None:
    with project.transaction():
        owner = _unlocked(project, label_id)
        row = project.row(
            f"SELECT id, sha256 FROM edits WHERE label_id = ? AND state = ? {order} LIMIT 1", label_id, before
        )
        if row is None:
            if mark:  # so that it is never done later, when there is one
                project.note(author, f"nothing to be {action}", owner.uid, mark)
            return None
        edit = load_edit(project, row["id"])
        project.update("edits", row["id"], {"state": after})
        _apply(project, owner, edit)
        project.note(author, action, owner.uid, {"edit": row["sha256"], **mark})
        return edit


def _apply(project: Project, owner: LabelRow, edit: Edit) -> None:
    """To the stored chunks it touches, and only to those. The edit's own row says already that it is done (or undone), so
    where a chunk is damaged, repainting the strokes gives what it must become."""
    touched = {d.place for d in edit.deltas}
    try:
        mask = ClassMask(0, 0, _chunks(project, owner, touched))
        apply(mask, edit)
    except StoreError:
        again = replayed(project, owner.id)
        mask = ClassMask(0, 0, {place: chunk for place, chunk in again.chunks.items() if place in touched})
    for row, col in touched:
        where = "WHERE label_id = ? AND chunk_row = ? AND chunk_col = ?"
        project.execute(f"DELETE FROM label_chunks {where}", owner.id, row, col)
    _store_chunks(project, owner, mask)
    project.update("labels", owner.id, {"changed_at": project.now()})


def _store_chunks(project: Project, owner: LabelRow, mask: ClassMask) -> None:
    for (row, col), chunk in mask.chunks.items():
        data = chunk_to_bytes(chunk)
        values = {"label_id": owner.id, "chunk_row": row, "chunk_col": col, "data": data, "sha256": sha256_of(data)}
        project.insert("label_chunks", values)


def _chunks(project: Project, owner: LabelRow, wanted: Iterable[Place] | None = None) -> dict[Place, Any]:
    """Stored chunks, all or the wanted ones that exist; StoreError where one is damaged."""
    if wanted is None:
        found = project.rows("SELECT * FROM label_chunks WHERE label_id = ?", owner.id)
    else:
        sql = "SELECT * FROM label_chunks WHERE label_id = ? AND chunk_row = ? AND chunk_col = ?"
        found = [r for row, col in wanted for r in project.rows(sql, owner.id, row, col)]
    return {(r["chunk_row"], r["chunk_col"]): _chunk(project, owner, r) for r in found}


def _chunk(project: Project, owner: LabelRow, r: sqlite3.Row) -> Any:
    what = f"mask of label {owner.id} around row {r['chunk_row'] * 256}, column {r['chunk_col'] * 256}"
    project.check(what, sha256_of(r["data"]), r["sha256"])
    try:
        return chunk_from_bytes(r["data"])
    except (ValueError, zlib.error) as error:
        raise StoreError(f"The {what} in {project.path} is damaged ({error}); restore a copy.") from None


def empty_mask(project: Project, owner: LabelRow) -> ClassMask:
    """Of the size of the label's picture, with nothing painted."""
    picture = project.picture(owner.picture_sha256)
    if picture is None:
        raise StoreError(f"The picture of label {owner.id} is missing in {project.path}; restore a copy.")
    return ClassMask(picture.width_px, picture.height_px)
