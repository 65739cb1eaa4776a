"""Long changes of a project that is painted on meanwhile: made on a copy of it, and grafted back in one short transaction.

A stroke waits for no merge and no import, a change that is cancelled was never there, and one that is killed neither. Rows that
the change made get new numbers on their way back; where a person has changed the very same things meanwhile nothing is grafted,
and the change is made again on a newer copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padscope.errors import StoreError
from padscope.store import audit
from padscope.store.connection import copy_file
from padscope.store.database import Project, open_project

NUMBERED: Mapping[str, Mapping[str, str]] = {
    "pictures": {},
    "layouts": {},
    "models": {},
    "inspections": {"picture_id": "pictures", "layout_id": "layouts"},
    "decisions": {"inspection_id": "inspections"},
    "signatures": {"inspection_id": "inspections"},
    "measurements": {"picture_id": "pictures"},
    "labels": {"picture_id": "pictures"},
    "edits": {"label_id": "labels"},
}
"""Tables whose rows have a number, in the order they can be filled: column → table it points into."""
BELONGING: Mapping[str, Mapping[str, str]] = {
    "verdicts": {"inspection_id": "inspections"},
    "inspection_pictures": {"inspection_id": "inspections", "picture_id": "pictures"},
    "label_chunks": {"label_id": "labels"},
}
"""Tables whose rows belong to a new row of another: the first column says to which."""
CHANGING: Mapping[str, tuple[str, ...]] = {
    "pictures": ("path", "um_per_px", "scale_source", "scale_verified", "module"),
    "measurements": ("points", "author", "at", "removed"),
    "labels": ("state", "comment", "changed_at"),
}
"""What of a row that was there before a change may alter."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a project held when the copy was made: its highest number in each table, the rows that may change, its classes."""

    uid: str
    highest: Mapping[str, int]
    rows: Mapping[str, Mapping[int, tuple[Any, ...]]]
    classes: tuple[tuple[Any, ...], ...]


def open_copy(path: Path, goal: Path) -> Project:
    """A whole copy to make a long change in, of a project that may be open and written elsewhere. It stands in for its original:
    paths in it mean what they mean there."""
    copy_file(path, goal)
    return open_project(goal, home=path.absolute().parent)


def marks(project: Project) -> Marks:
    highest = {table: _highest(project, table) for table in (*NUMBERED, "audit")}
    return Marks(project.uid, highest, {t: _changing(project, t) for t in CHANGING}, _classes(project))


class _Overtaken(Exception):
    """Ends a transaction of which nothing may stay."""


def graft(project: Project, changed: Path, before: Marks) -> bool:
    """Take over what was changed in a copy since `before`: all of it in one transaction, or False and nothing, where the same
    labels, pictures or classes were changed here meanwhile. StoreError where the copy is not of this project."""
    if before.uid != project.uid:
        raise StoreError(f"The change was made for another project than {project.path}; nothing was changed.")
    with project.attached(changed, "grown"):
        try:
            with project.transaction():
                _take_over(project, before)
        except (_Overtaken, sqlite3.IntegrityError):  # or a name that must be unique came into the project meanwhile
            return False
    return True


def _take_over(project: Project, before: Marks) -> None:
    _take_classes(project, before)
    touched = {table: _touched(project, table, before) for table in CHANGING}
    shift = {t: _highest(project, t) - before.highest[t] for t in NUMBERED}
    _refuse_a_second_label(project, before)
    for table in CHANGING:
        names = ", ".join(CHANGING[table])
        for id in sorted(touched[table]):
            project.execute(
                f"UPDATE {table} SET ({names}) = (SELECT {names} FROM grown.{table} WHERE id = ?1) WHERE id = ?1", id
            )
    for table, points in NUMBERED.items():
        _insert(project, table, {"id": table, **points}, "id", before, shift)
    for label in sorted(touched["labels"]):
        project.execute(
            "UPDATE edits SET state = (SELECT state FROM grown.edits g WHERE g.id = edits.id) WHERE label_id = ? AND id <= ?",
            label,
            before.highest["edits"],
        )
        project.execute("DELETE FROM label_chunks WHERE label_id = ?", label)
        project.execute("INSERT INTO label_chunks SELECT * FROM grown.label_chunks WHERE label_id = ?", label)
    for table, points in BELONGING.items():
        _insert(project, table, points, next(iter(points)), before, shift)
    project.execute(
        """INSERT INTO merged_history SELECT * FROM grown.merged_history g WHERE seq >
           (SELECT coalesce(max(seq), 0) FROM merged_history m WHERE m.project_uid = g.project_uid) ORDER BY project_uid, seq"""
    )
    rows = project.rows("SELECT * FROM grown.audit WHERE seq > ? ORDER BY seq", before.highest["audit"])
    project.note_all([(r.author, r.action, r.subject, r.detail) for r in map(audit.from_record, rows)])


def _insert(
    project: Project, table: str, points: Mapping[str, str], first: str, before: Marks, shift: Mapping[str, int]
) -> None:
    """Rows that are new by their first number; numbers that point to new rows are shifted as those are."""
    columns = [str(r["name"]) for r in project.rows(f"PRAGMA main.table_info({table})")]
    taken = [_shifted(name, points, before, shift) for name in columns]
    project.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(taken)} FROM grown.{table} WHERE {first} > ? ORDER BY rowid",
        before.highest[points[first]],
    )


def _shifted(name: str, points: Mapping[str, str], before: Marks, shift: Mapping[str, int]) -> str:
    if name not in points or not shift[points[name]]:
        return name
    table = points[name]
    return f"CASE WHEN {name} > {before.highest[table]} THEN {name} + {shift[table]} ELSE {name} END"


def _take_classes(project: Project, before: Marks) -> None:
    if _classes(project) != before.classes:
        raise _Overtaken
    if _classes(project, "grown.") != before.classes:
        names = ("uid", "name", "colour", "position", "retired")
        known = [row[0] for row in before.classes]
        for row in project.rows("SELECT * FROM grown.classes"):
            values = {name: row[name] for name in ("value", *names)}
            if row["value"] not in known:
                project.insert("classes", values)
            else:
                sets = ", ".join(f"{name} = ?" for name in names)
                project.execute(f"UPDATE classes SET {sets} WHERE value = ?", *(row[n] for n in names), row["value"])


def _touched(project: Project, table: str, before: Marks) -> set[int]:
    """Rows that were there before and that the change has altered; nobody else may have."""
    then, here, there = before.rows[table], _changing(project, table), _changing(project, table, "grown.")
    touched = {id for id, row in then.items() if there[id] != row}
    if table == "labels":
        limits = before.highest["edits"], before.highest["labels"]
        sql = "SELECT DISTINCT label_id FROM {}edits WHERE id > ? AND label_id <= ?"
        touched |= {r["label_id"] for r in project.rows(sql.format("grown."), *limits)}
        painted = {r["label_id"] for r in project.rows(sql.format("main."), *limits)}
        if touched & painted:
            raise _Overtaken
    if any(here[id] != then[id] for id in touched):
        raise _Overtaken
    return touched


def _refuse_a_second_label(project: Project, before: Marks) -> None:
    """Begun here meanwhile, of a picture that the change has begun one of."""
    sql = """SELECT 1 FROM labels l JOIN grown.labels g ON g.picture_id = l.picture_id
             WHERE l.id > ?1 AND g.id > ?1 AND l.picture_id <= ?2 LIMIT 1"""
    if project.row(sql, before.highest["labels"], before.highest["pictures"]) is not None:
        raise _Overtaken


def _highest(project: Project, table: str) -> int:
    column = "seq" if table == "audit" else "id"
    return int(project.rows(f"SELECT coalesce(max({column}), 0) AS n FROM main.{table}")[0]["n"])


def _changing(project: Project, table: str, where: str = "main.") -> dict[int, tuple[Any, ...]]:
    return {r["id"]: tuple(r)[1:] for r in project.rows(f"SELECT id, {', '.join(CHANGING[table])} FROM {where}{table}")}


def _classes(project: Project, where: str = "main.") -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(r) for r in project.rows(f"SELECT * FROM {where}classes ORDER BY value"))
