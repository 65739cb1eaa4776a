"""What was measured on the pictures of a project, kept with them. Values follow from the points and the picture's scale."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from padscope.errors import StoreError
from padscope.store.database import Project
from padscope.store.rows import to_text


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """`kind` as in `pictures.measures`, `points` in px of the picture; `uid` is the same in every project it is merged into."""

    uid: str
    picture_sha256: str
    kind: str
    points: tuple[tuple[float, float], ...]
    author: str
    at: str  # UTC, when it was last changed


def measurements(project: Project, picture_sha256: str) -> tuple[MeasurementRow, ...]:
    """Of a picture, in the order they were made; without those that were removed."""
    sql = """SELECT m.*, p.sha256 FROM measurements m JOIN pictures p ON p.id = m.picture_id
             WHERE p.sha256 = ? AND m.removed = 0 ORDER BY m.id"""
    return tuple(_row(r) for r in project.rows(sql, picture_sha256))


def put_measurement(
    project: Project,
    picture_sha256: str,
    uid: str,
    kind: str,
    points: Sequence[tuple[float, float]],
    *,
    author: str = "",
) -> MeasurementRow:
    """Keep a new one, or the new points of the one with this uid (which thereby is there again, if it was removed). StoreError
    where the picture is not in the project."""
    picture = project.picture(picture_sha256)
    if picture is None:
        raise StoreError(f"The project {project.path} holds no picture {picture_sha256}; add it, then measure on it.")
    text = to_text([[float(x), float(y)] for x, y in points])
    with project.transaction():
        at = project.now()
        known = project.row("SELECT * FROM measurements WHERE uid = ?", uid)
        if known is None:
            values = {"uid": uid, "picture_id": picture.id, "kind": kind, "points": text, "author": author, "at": at}
            project.insert("measurements", {**values, "removed": 0})
            project.note(author, "measured", uid, {"picture": picture_sha256, "kind": kind, "points": text})
        else:
            project.update("measurements", known["id"], {"points": text, "author": author, "at": at, "removed": 0})
            project.note(author, "measurement changed", uid, {"from": known["points"], "to": text})
    return next(m for m in measurements(project, picture_sha256) if m.uid == uid)


def remove_measurement(project: Project, uid: str, *, author: str = "") -> None:
    """It is not shown any more, but its points stay: `put_measurement` brings it back."""
    with project.transaction():
        known = project.row("SELECT * FROM measurements WHERE uid = ? AND removed = 0", uid)
        if known is not None:
            project.update("measurements", known["id"], {"removed": 1, "at": project.now()})
            project.note(author, "measurement removed", uid, {"kind": known["kind"], "points": known["points"]})


def new_uid() -> str:
    return uuid.uuid4().hex


def merge_measurements(into: Project, other: Project) -> int:
    """Those the project does not know yet, removed ones too; how many were new. Of one known to both, what was changed last
    stays. Both hold the pictures already."""
    columns = "uid, kind, points, author, at, removed"
    new = 0
    for r in other.rows(
        f"SELECT {columns}, p.sha256 FROM measurements m JOIN pictures p ON p.id = m.picture_id ORDER BY m.id"
    ):
        picture = into.picture(r["sha256"])
        known = into.row("SELECT id, at FROM measurements WHERE uid = ?", r["uid"])
        values = {name: r[name] for name in columns.split(", ")}
        if known is None and picture is not None:
            into.insert("measurements", {**values, "picture_id": picture.id})
            new += 1
        elif known is not None and known["at"] < r["at"]:
            into.update("measurements", known["id"], values)
    return new


def _row(r: sqlite3.Row) -> MeasurementRow:
    try:
        points = tuple((float(x), float(y)) for x, y in json.loads(r["points"]))
    except (ValueError, TypeError) as error:
        raise StoreError(f"A measurement in the project is damaged ({error}); restore a copy of the project.") from None
    return MeasurementRow(r["uid"], r["sha256"], r["kind"], points, r["author"], r["at"])
