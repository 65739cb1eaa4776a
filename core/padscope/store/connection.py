"""Opening a project file: what it must be, how it is held open, how it grows, and what SQLite's refusals mean for a person."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import sqlite_utils

from padscope.errors import StoreError
from padscope.store import schema
from padscope.store.places import on_network

SUFFIX = ".padscope"
BUSY_MS = 3000

PRAGMAS = {
    "synchronous": "FULL",  # with WAL, NORMAL may lose the last commits at a power cut; FULL does not
    "fullfsync": "ON",  # macOS: F_FULLFSYNC
    "foreign_keys": "ON",
    "recursive_triggers": "ON",  # else INSERT OR REPLACE deletes audit rows without asking their trigger
    "busy_timeout": str(BUSY_MS),
    "trusted_schema": "OFF",
    "cell_size_check": "ON",
    "mmap_size": "0",
}
"""Set on every connection."""

REMEDIES: dict[str, str] = {
    "SQLITE_BUSY": "is being written by another program; close it there, then try again",
    "SQLITE_LOCKED": "is being written by another program; close it there, then try again",
    "SQLITE_FULL": "has no room left on its drive; free some space, then try again: nothing of this step was saved",
    "SQLITE_READONLY": "cannot be written; it or its folder is read-only, copy it to a place where you may write",
    "SQLITE_IOERR": "could not be read or written by the drive; check the drive and its cable: nothing of this step was saved",
    "SQLITE_CORRUPT": "is damaged; open the backup beside it, or restore a copy",
    "SQLITE_NOTADB": "is not a Padscope project or is damaged at its beginning; choose another file or restore a copy",
    "SQLITE_CANTOPEN": "cannot be opened; check that its folder exists and that you may write there",
    "SQLITE_PERM": "may not be opened by you; ask for the right to read and write it",
    "SQLITE_AUTH": "may not be opened by you; ask for the right to read and write it",
    "SQLITE_TOOBIG": "cannot hold anything this large in one piece (1 GB)",
    "SQLITE_NOMEM": "could not be used because this PC has no memory left; close other programs",
}
"""Sentence by SQLite's primary result code."""


@contextlib.contextmanager
def spoken(path: Path) -> Iterator[None]:
    """SQLite's refusals as StoreError; broken rules of ours (constraints, wrong SQL) stay what they are: bugs."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        if "Could not decode to UTF-8" in str(error):  # text with a flipped bit, which sqlite3 reports without a code
            name = "SQLITE_CORRUPT"
        for code, remedy in REMEDIES.items():
            if name.startswith(code):
                raise StoreError(f"The project {path} {remedy} ({error}).") from error
        raise
    except UnicodeDecodeError as error:  # an error text of SQLite that quotes flipped bits
        raise StoreError(f"The project {path} {REMEDIES['SQLITE_CORRUPT']} ({error}).") from error


def look_at(path: Path) -> int:
    """The version of the project, without changing a byte of it; StoreError where it is no project, or a newer one."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a project; choose a file ending in {SUFFIX}.")
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError:
        raise StoreError(f"There is no project {path}.") from None
    except OSError as error:
        raise StoreError(f"The project {path} cannot be read: {error.strerror or error}.") from None
    if not start:
        raise StoreError(f"The project {path} is empty (0 bytes), so nothing can be restored from it; restore a copy.")
    if start != b"SQLite format 3\0":
        raise StoreError(f"{path} is not a Padscope project, or its beginning is damaged; choose another file.")
    log = path.with_name(path.name + "-wal")
    way = "?mode=ro" if log.exists() else "?mode=ro&immutable=1"  # without a log, leave no new files beside it either
    with spoken(path), contextlib.closing(_connected(_uri(path) + way)) as conn:
        application = conn.execute("PRAGMA application_id").fetchone()[0]
        version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if application != schema.APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program, not a Padscope project; choose another file.")
    newest = len(schema.MIGRATIONS)
    if version > newest:
        raise StoreError(
            f"The project {path} has version {version}, written by a newer Padscope; this one reads up to version {newest}. "
            f"Update Padscope; the file was not changed."
        )
    return version


def connect(path: Path, *, read_only: bool = False) -> sqlite_utils.Database:
    """A connection as every connection must be. Only the thread that made it may use it."""
    conn = _read_only(path) if read_only else sqlite3.connect(path, timeout=BUSY_MS / 1000)
    conn.row_factory = sqlite3.Row
    db = sqlite_utils.Database(conn, execute_plugins=False)
    for name, value in PRAGMAS.items():
        conn.execute(f"PRAGMA {name} = {value}")
    if read_only:
        conn.execute("PRAGMA query_only = ON")
    else:
        conn.execute(f"PRAGMA journal_mode = {'TRUNCATE' if on_network(path) else 'WAL'}").fetchone()
    return db


def migrate(db: sqlite_utils.Database, path: Path) -> None:
    """Bring an older project to this version, each step whole or not at all; a copy of the old file is made first."""
    have = int(db.conn.execute("PRAGMA user_version").fetchone()[0])
    if 0 < have < len(schema.MIGRATIONS):
        copy_project(db, path.with_name(f"{path.name}.v{have}-backup"))
    for number, (_, sql) in enumerate(schema.MIGRATIONS[have:], start=have + 1):
        with transaction(db, path):
            for statement in schema.statements(sql):
                db.conn.execute(statement)
            db.conn.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
            db.conn.execute(f"PRAGMA user_version = {number}")


def check_tables(db: sqlite_utils.Database, path: Path) -> None:
    """StoreError where a table or trigger of ours is not what the migrations made: a flipped bit there can drop a guard."""
    found = dict(db.conn.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())
    for name, sql in _expected_tables(schema.MIGRATIONS).items():
        if found.get(name) != sql:
            raise StoreError(
                f"The table plan of {path} is damaged (at “{name}”); open the backup beside it, or restore a copy."
            )


@lru_cache(maxsize=2)
def _expected_tables(migrations: tuple[tuple[str, str], ...]) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(":memory:")) as conn:
        for _, sql in migrations:
            conn.executescript(sql)
        return dict(conn.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall())


@contextlib.contextmanager
def transaction(db: sqlite_utils.Database, path: Path) -> Iterator[None]:
    """All of it or nothing; the write lock is taken at once, so that no later statement can be refused for it. Inside
    another one it is a part of that."""
    with spoken(path):
        if db.conn.in_transaction:
            with db.atomic():
                yield
            return
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise


def copy_project(db: sqlite_utils.Database, goal: Path) -> None:
    """A whole copy of the open project, also of what only its log holds (copying the file of an open database is unsafe)."""
    part = goal.with_name(goal.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with spoken(goal), contextlib.closing(sqlite3.connect(part)) as other:
            db.conn.backup(other)
            other.execute("PRAGMA journal_mode = DELETE")
        os.replace(part, goal)
    except OSError as error:
        raise StoreError(f"The project cannot be copied to {goal}: {error.strerror or error}.") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def copy_file(path: Path, goal: Path) -> None:
    """A whole copy of a project that is not open here, perhaps elsewhere; it is only read."""
    look_at(path)
    with spoken(path):
        db = sqlite_utils.Database(_read_only(path), execute_plugins=False)
    try:
        copy_project(db, goal)
    finally:
        db.close()


def _read_only(path: Path) -> sqlite3.Connection:
    """In a folder where nothing may be written SQLite cannot make the log's index; without a log the file itself is all
    there is, and can be read as immutable."""
    try:
        return _connected(_uri(path) + "?mode=ro")
    except sqlite3.OperationalError as error:
        log = path.with_name(path.name + "-wal")
        if (error.sqlite_errorname or "").startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")) and not log.exists():
            return _connected(_uri(path) + "?mode=ro&immutable=1")
        raise


def _connected(uri: str) -> sqlite3.Connection:
    """SQLite opens lazily; one question makes it open now."""
    conn = sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000)
    try:
        conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def _uri(path: Path) -> str:
    """file:///C:/… and file:////server/share/… as sqlite.org/uri.html wants them on Windows."""
    place = path.absolute().as_posix()
    if not place.startswith("/"):
        place = "/" + place
    return "file:" + quote("//" + place if place.startswith("//") else place)
