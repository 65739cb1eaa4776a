"""A project: pictures, layouts, models, inspections and their history in one SQLite file.

One thread owns the one connection that writes; others open the same file with `read_only=True`. Every public write is one
transaction: it is on disk when it returns, or nothing of it ever was. Large parts carry a SHA-256 that is checked when they
are read, because SQLite's own check finds almost no flipped bit (1 of 200 against 194 of 200).
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import padscope
from padscope.boards.layout import Layout
from padscope.boards.layout_json import layout_from_json, layout_to_json
from padscope.boards.pad_map import PadMap, PictureFacts, Verdict
from padscope.errors import StoreError
from padscope.store import audit, connection, rows, schema
from padscope.store.artifacts import describe_model, read_model
from padscope.store.connection import SUFFIX, check_tables, look_at, migrate, spoken
from padscope.store.ledger import Ledger, local_now
from padscope.store.lock import take_lock
from padscope.store.rows import InspectionRow, LayoutRow, ModelRow, PictureRow
from padscope.store.steps import put_aside
from padscope.types import Floats, Scale

DONE = "done"
KNOWN = frozenset(Verdict)
KEEP_UP_TO = 256_000_000
"""Bytes; a model file up to this size is kept inside the project."""


class Project(Ledger):
    """An open project; `create_project` and `open_project` make one. Use it in a `with` block, or `close` it."""

    # pictures

    def add_picture(self, picture: PictureRow, *, author: str = "") -> PictureRow:
        """The stored row. A picture already known by its hash is not added again: its path, and scale and module where given,
        become those."""
        with self.transaction():
            known = self.picture(picture.sha256)
            path = self.stored_path(picture.path)
            values = {
                "path": path,
                "um_per_px": picture.scale.um_per_px,
                "scale_source": picture.scale.source,
                "scale_verified": int(picture.scale.verified),
                "module": picture.module,
            }
            if known is None:
                fixed = {
                    "sha256": picture.sha256,
                    "size_bytes": picture.size_bytes,
                    "width_px": picture.width_px,
                    "height_px": picture.height_px,
                    "added_at": picture.added_at or self.now(),
                }
                self.insert("pictures", {**fixed, **values})
                self.note(author, "picture added", picture.sha256, {"path": path, "module": picture.module})
            else:
                if picture.scale.um_per_px is None:
                    values = {name: v for name, v in values.items() if not name.startswith(("um_", "scale_"))}
                if not picture.module:
                    del values["module"]
                before = self.row("SELECT * FROM pictures WHERE id = ?", known.id)
                changed = {name: v for name, v in values.items() if before is not None and before[name] != v}
                if changed:
                    self.update("pictures", known.id, changed)
                    old = {name: before[name] for name in changed} if before is not None else {}
                    self.note(author, "picture changed", picture.sha256, {"from": old, "to": changed})
            stored = self.picture(picture.sha256)
        assert stored is not None
        return stored

    def picture(self, sha256: str) -> PictureRow | None:
        row = self.row("SELECT * FROM pictures WHERE sha256 = ?", sha256)
        return None if row is None else self._picture(row)

    def pictures(self) -> tuple[PictureRow, ...]:
        """All of them, in the order they were added."""
        return tuple(self._picture(r) for r in self.rows("SELECT * FROM pictures ORDER BY id"))

    # layouts

    def add_layout(self, layout: Layout, *, author: str = "") -> LayoutRow:
        """The stored row; a layout with the same content is stored once."""
        text = rows.to_text(layout_to_json(layout))
        sha = rows.sha256_of(text)
        with self.transaction():
            if self.row("SELECT id FROM layouts WHERE sha256 = ?", sha) is None:
                values = {"sha256": sha, "file_sha256": layout.sha256, "name": layout.name, "json": text}
                self.insert("layouts", {**values, "added_at": self.now()})
                self.note(author, "layout added", sha, {"name": layout.name, "file_sha256": layout.sha256})
            return next(r for r in self.layouts() if r.sha256 == sha)

    def layouts(self) -> tuple[LayoutRow, ...]:
        found = self.rows("SELECT sha256, file_sha256, name, added_at, id FROM layouts ORDER BY id")
        return tuple(LayoutRow(**dict(r)) for r in found)

    def layout(self, sha256: str) -> Layout:
        """By the hash of its content; StoreError where it is not here or damaged."""
        row = self.row("SELECT * FROM layouts WHERE sha256 = ?", sha256)
        if row is None:
            raise StoreError(f"The project {self.path} holds no layout {sha256}.")
        self.check("layout " + row["name"], rows.sha256_of(row["json"]), sha256)
        return layout_from_json(json.loads(row["json"]), row["name"], name=row["name"], sha256=row["file_sha256"])

    # models

    def add_model(self, path: Path | str, *, keep: bool = True, author: str = "") -> ModelRow:
        """Remember a model file and, if it is not too large, keep its bytes; ModelError where it is damaged. Of a file whose head
        names a model that is remembered already, no more than the head is read: nothing of it is taken."""
        path = Path(path)
        named = describe_model(path)
        known = next((r for r in self.models() if (r.sha256, r.size_bytes) == (named.sha256, named.size_bytes)), None)
        if known is not None:
            return known
        model, data = read_model(path)
        with self.transaction():
            if self.row("SELECT id FROM models WHERE sha256 = ?", model.sha256) is None:
                facts = {"config": model.config, "preparation": model.preparation, "facts": model.facts}
                values = {
                    "sha256": model.sha256,
                    "detector": model.detector,
                    "path": self.stored_path(str(path)),
                    "size_bytes": len(data),
                    "facts": rows.to_text({**facts, "threshold": model.calibration.threshold}),
                    "file": data if keep and len(data) <= KEEP_UP_TO else None,
                    "added_at": self.now(),
                }
                self.insert("models", values)
                self.note(author, "model added", model.sha256, {"detector": model.detector, "path": values["path"]})
            return next(r for r in self.models() if r.sha256 == model.sha256)

    def models(self) -> tuple[ModelRow, ...]:
        sql = "SELECT sha256, detector, path, size_bytes, facts, file IS NOT NULL AS kept, added_at, id FROM models ORDER BY id"
        return tuple(self._model(r) for r in self.rows(sql))

    def model_file(self, sha256: str) -> bytes:
        """The bytes of a kept model file, for `save beside` or `load_model` (which checks them); StoreError where not kept."""
        row = self.row("SELECT file, path FROM models WHERE sha256 = ?", sha256)
        if row is None or row["file"] is None:
            where = f"; it was last seen at {self.seen_path(row['path'])}" if row is not None else ""
            raise StoreError(f"The project {self.path} does not keep the file of model {sha256}{where}.")
        return bytes(row["file"])

    # inspections

    def add_inspection(
        self,
        pad_map: PadMap,
        layout: Layout,
        level: Floats | None = None,
        *,
        picture_path: str = "",
        others: Sequence[tuple[str, Floats]] = (),
        seconds: float = 0.0,
        state: str = DONE,
        author: str = "",
    ) -> InspectionRow:
        """Store a pad map with its level grid (rows, cols), and the pictures and layout it speaks of where they are new. `others`
        are path and level grid of the map's other pictures, in its order."""
        p = pad_map
        blob = rows.level_to_blob(level) if level is not None else None
        shape = np.shape(level) if level is not None else (0, 0)
        head, pads = rows.head_to_text(p), [rows.pad_to_text(pad) for pad in p.pads]
        with self.transaction():
            picture = self._picture_of(p.picture, picture_path, author)
            layout_row = self.add_layout(layout, author=author)
            values = {
                "uid": uuid.uuid4().hex,
                "picture_id": picture.id,
                "layout_id": layout_row.id,
                "model_sha256": p.provenance.model_sha256,
                "rules": p.provenance.rules,
                "rules_sha256": p.provenance.rules_sha256,
                "created_at": self.now(),
                "state": state,
                "seconds": float(seconds),
                "author": author,
                "head": head,
                "pads_sha256": rows.sha256_of(head, *pads),
                "level": blob,
                "level_rows": shape[0],
                "level_cols": shape[1],
                "level_sha256": rows.sha256_of(blob) if blob is not None else "",
            }
            inspection = self.insert("inspections", values)
            records = [
                (inspection, seq, pad.pad, str(pad.verdict), _real(pad.level), _real(pad.usable_fraction), text)
                for seq, (pad, text) in enumerate(zip(p.pads, pads, strict=True))
            ]
            self.insert_many("verdicts", records)
            for seq, (other, (path, grid)) in enumerate(zip(p.others, others, strict=True), start=1):
                further = self._picture_of(other.facts, path, author)
                data = rows.level_to_blob(grid)
                record = (inspection, seq, further.id, data, *np.shape(grid), rows.sha256_of(data))
                self.insert_many("inspection_pictures", [record])
            counts = {str(v): n for v, n in p.counts().items() if n}
            detail = {"picture": p.picture.sha256, "pads_sha256": values["pads_sha256"], "verdicts": counts}
            self.note(author, "inspected", values["uid"], detail)
            return self.inspection(inspection)

    def inspection(self, id: int) -> InspectionRow:
        found = self._inspections("WHERE i.id = ?", id)
        if not found:
            raise StoreError(f"The project {self.path} holds no inspection {id}.")
        return found[0]

    def inspections(self, picture_sha256: str | None = None) -> tuple[InspectionRow, ...]:
        """All of them, or those of one picture; the newest last."""
        if picture_sha256 is None:
            return self._inspections("")
        further = (
            "SELECT inspection_id FROM inspection_pictures f JOIN pictures q ON q.id = f.picture_id WHERE q.sha256 = ?"
        )
        return self._inspections(f"WHERE p.sha256 = ? OR i.id IN ({further})", picture_sha256, picture_sha256)

    def further_pictures(self) -> dict[int, tuple[str, ...]]:
        """By inspection the SHA-256 of the board's pictures beside its first, in the map's order; only where there are any."""
        join = "inspection_pictures f JOIN pictures q ON q.id = f.picture_id"
        sql = f"SELECT inspection_id, sha256 FROM {join} ORDER BY inspection_id, seq"
        found: dict[int, tuple[str, ...]] = {}
        for row in self.rows(sql):
            found[int(row["inspection_id"])] = (*found.get(int(row["inspection_id"]), ()), str(row["sha256"]))
        return found

    def pad_map(self, inspection: int) -> PadMap:
        """Equal to what was stored; StoreError where a bit of it has changed since."""
        head, pads, picture = self._texts(inspection)
        pad_map = rows.pad_map_from_text(head, pads)
        self.check(f"picture of inspection {inspection}", picture, pad_map.picture.sha256)
        return pad_map

    def _texts(self, inspection: int) -> tuple[str, list[str], str]:
        """Head and pads as they were stored, and the picture's sha256."""
        sql = "SELECT head, pads_sha256, p.sha256 AS picture FROM inspections i JOIN pictures p ON p.id = picture_id WHERE i.id = ?"
        row = self.row(sql, inspection)
        if row is None:
            raise StoreError(f"The project {self.path} holds no inspection {inspection}.")
        found = self.rows("SELECT result FROM verdicts WHERE inspection_id = ? ORDER BY seq", inspection)
        pads = [r["result"] for r in found]
        self.check(f"pad map of inspection {inspection}", rows.sha256_of(row["head"], *pads), row["pads_sha256"])
        return row["head"], pads, row["picture"]

    def level(self, inspection: int, picture: int = 0) -> NDArray[np.float32] | None:
        """The level grid (rows, cols) float32 of half-precision values, of the map's own picture or its k-th other one; None where
        none was stored; StoreError where damaged."""
        columns = "level, level_rows, level_cols, level_sha256"
        if picture:
            sql = f"SELECT {columns} FROM inspection_pictures WHERE inspection_id = ? AND seq = ?"
            row = self.row(sql, inspection, picture)
        else:
            row = self.row(f"SELECT {columns} FROM inspections WHERE id = ?", inspection)
        if row is None:
            raise StoreError(f"The project {self.path} holds no inspection {inspection}.")
        if row["level"] is None:
            return None
        what = f"level grid of inspection {inspection}"
        self.check(what, rows.sha256_of(row["level"]), row["level_sha256"])
        try:
            return rows.level_from_blob(row["level"], row["level_rows"], row["level_cols"])
        except (ValueError, zlib.error) as error:
            raise StoreError(f"The {what} in {self.path} is damaged ({error}); inspect the picture again.") from None

    # care

    def damages(self) -> tuple[str, ...]:
        """Everything wrong with the file, its history, inspections and layouts, one sentence each; empty where all is well. For
        all else see `soundness.all_damages`."""
        found = []
        with spoken(self.path):
            answer = [r[0] for r in self._db.conn.execute("PRAGMA quick_check")]
        found += [] if answer == ["ok"] else [f"SQLite: {line}" for line in answer]
        try:
            broken = audit.first_break(self.history())
            found += [f"The history does not hold: {broken}."] if broken else []
            self.models()
        except StoreError as error:
            found.append(str(error))
        further = self.further_pictures()
        for (id,) in self.rows("SELECT id FROM inspections ORDER BY id"):
            levels = (partial(self.level, id, picture) for picture in range(1 + len(further.get(id, ()))))
            reads: list[Callable[[], object]] = [partial(self.pad_map, id), *levels]
            for read in reads:
                try:
                    read()
                except StoreError as error:
                    found.append(str(error))
        for row in self.layouts():
            try:
                self.layout(row.sha256)
            except StoreError as error:
                found.append(str(error))
        return tuple(found)

    # within

    def _picture_of(self, facts: PictureFacts, path: str, author: str) -> PictureRow:
        known = self.picture(facts.sha256)
        if known is not None and not path:
            return known
        place = path or str(self.home / facts.file)
        module = "" if known is not None and known.module else facts.module  # what a person has typed stays
        row = PictureRow(facts.sha256, place, facts.width_px, facts.height_px, scale=facts.scale, module=module)
        return self.add_picture(row, author=author)

    def _inspections(self, where: str, *values: Any) -> tuple[InspectionRow, ...]:
        sql = f"""
            SELECT i.id, i.uid, p.sha256 AS picture_sha256, p.path AS picture_path, coalesce(l.sha256, '') AS layout_sha256,
                   i.model_sha256, i.rules, i.rules_sha256, i.created_at, i.state, i.seconds, i.author,
                   (SELECT json_group_object(verdict, n) FROM
                       (SELECT verdict, count(*) AS n FROM verdicts WHERE inspection_id = i.id GROUP BY verdict)) AS counts
            FROM inspections i JOIN pictures p ON p.id = i.picture_id LEFT JOIN layouts l ON l.id = i.layout_id
            {where} ORDER BY i.id"""
        found = []
        for r in self.rows(sql, *values):
            counts = Counter[Verdict]()
            for name, n in json.loads(r["counts"]).items():
                counts[Verdict(name) if name in KNOWN else Verdict.UNKNOWN] += n
            found.append(
                InspectionRow(**{**dict(r), "counts": counts, "picture_path": self.seen_path(r["picture_path"])})
            )
        return tuple(found)

    def _model(self, r: sqlite3.Row) -> ModelRow:
        try:
            facts = json.loads(r["facts"])
        except ValueError:
            raise StoreError(f"The facts of model {r['sha256']} in {self.path} are damaged; restore a copy.") from None
        return ModelRow(**{**dict(r), "facts": facts, "kept": bool(r["kept"]), "path": self.seen_path(r["path"])})

    def _picture(self, r: sqlite3.Row) -> PictureRow:
        return PictureRow(
            sha256=r["sha256"],
            path=self.seen_path(r["path"]),
            width_px=r["width_px"],
            height_px=r["height_px"],
            size_bytes=r["size_bytes"],
            scale=Scale(r["um_per_px"], r["scale_source"], bool(r["scale_verified"])),
            module=r["module"],
            added_at=r["added_at"],
            id=r["id"],
        )


def create_project(path: Path | str, name: str = "", *, clock: Callable[[], datetime] = local_now) -> Project:
    """A new, empty project; StoreError where the file exists already or cannot be made."""
    path = Path(path)
    if path.exists():
        raise StoreError(f"There is already a file {path}; open it, or choose another name for the new project.")
    if not path.parent.is_dir():
        raise StoreError(f"The project {path} cannot be made: the folder {path.parent} does not exist.")
    remains = [old.name for old in _companions(path) if old.exists()]
    if remains:  # SQLite would play a foreign log into the new file
        raise StoreError(f"Beside {path} lies {remains[0]} of a lost project; move it away, or choose another name.")
    lock = take_lock(path)
    part = path.with_name(path.name + ".part")
    try:
        for old in (part, *_companions(part)):
            old.unlink(missing_ok=True)
        with spoken(path):
            db = connection.connect(part)
            try:
                migrate(db, part)
                with connection.transaction(db, part):
                    born = (1, uuid.uuid4().hex, name or path.stem, audit.utc_text(clock()), padscope.__version__)
                    db.conn.execute("INSERT INTO project VALUES (?, ?, ?, ?, ?)", born)
            finally:
                db.close()
        os.replace(part, path)
        with spoken(path):
            project = Project(connection.connect(path), path, lock, clock)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        lock.release()
        if isinstance(error, OSError):
            raise StoreError(f"The project {path} cannot be made: {error.strerror or error}.") from None
        raise
    project.record("project created", "project", {"name": name or path.stem, "software": padscope.__version__})
    put_aside(path)  # strokes of a lost project
    return project


def open_project(
    path: Path | str,
    *,
    read_only: bool = False,
    clock: Callable[[], datetime] = local_now,
    home: Path | None = None,
) -> Project:
    """An existing project, brought to this version if it is older. One opener may write; any number may read. `home`: the folder
    its relative paths begin in, where that is not its own. Strokes that a killed program had not stored are stored now, and
    `came_back` says so."""
    path = Path(path)
    version = look_at(path)
    if read_only and version < len(schema.MIGRATIONS):
        raise StoreError(f"The project {path} is of an older version; open it once for writing to renew it.")
    with contextlib.ExitStack() as undo:
        lock = None if read_only else take_lock(path)
        if lock is not None:
            undo.callback(lock.release)
        with spoken(path):
            db = connection.connect(path, read_only=read_only)
            undo.callback(db.close)
            if not read_only:
                migrate(db, path)
            check_tables(db, path)
        project = Project(db, path, lock, clock, home)
        if not read_only:
            from padscope.store.coming_back import bring_back  # which stands on this module

            project.came_back = bring_back(project)
        undo.pop_all()
    return project


def open_or_create_project(path: Path | str) -> Project:
    return open_project(path) if Path(path).exists() else create_project(path)


def _companions(path: Path) -> tuple[Path, ...]:
    """What SQLite keeps beside an open file."""
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))


def _real(value: float | None) -> float | None:
    return None if value is None else float(value)


__all__ = ["SUFFIX", "Project", "create_project", "open_or_create_project", "open_project"]
