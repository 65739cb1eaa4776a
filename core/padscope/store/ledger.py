"""The open file of a project: its one connection, its transactions and its history. What is kept in it stands elsewhere."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlite_utils

from padscope.errors import StoreError
from padscope.store import audit, connection
from padscope.store.connection import copy_project, spoken
from padscope.store.lock import WriterLock
from padscope.store.rows import AuditRow


def local_now() -> datetime:
    """Now, with the offset of this PC's local time."""
    return datetime.now().astimezone()


class Ledger:
    """An open SQLite file with a history. It writes whole transactions, or nothing; without a lock it only reads."""

    def __init__(
        self,
        db: sqlite_utils.Database,
        path: Path,
        lock: WriterLock | None,
        clock: Callable[[], datetime] = local_now,
        home: Path | None = None,
    ) -> None:
        self.path = path
        self.home = home or path.parent  # where relative paths begin; a copy may stand in for its original
        self.session = uuid.uuid4().hex
        self.came_back: tuple[str, ...] = ()  # what became of steps that a killed program had not stored, in sentences
        self._db = db
        self._lock = lock
        self._clock = clock
        self._started = time.monotonic()

    @property
    def read_only(self) -> bool:
        return self._lock is None

    @property
    def uid(self) -> str:
        """Of this project; a copy under another name has the same."""
        row = self.row("SELECT uid FROM project")
        if row is None:
            raise StoreError(f"The project {self.path} has lost its name; restore a copy.")
        return str(row["uid"])

    def close(self) -> None:
        """Close the file; the last one to close folds the log back into it. Closing twice does nothing."""
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> str:
        """UTC ISO 8601."""
        return audit.utc_text(self._clock())

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Several writes as one: all of them or none."""
        if self._lock is None:
            raise StoreError(f"The project {self.path} is open for reading only; open it for writing to change it.")
        with connection.transaction(self._db, self.path):
            yield

    @contextlib.contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Another file's tables as `name.table`, to read in statements; outside of transactions."""
        with spoken(path):
            self._db.conn.execute(f"ATTACH DATABASE ? AS {name}", (str(path),))
        try:
            yield
        finally:
            self._db.conn.execute(f"DETACH DATABASE {name}")

    def record(self, action: str, subject: str, detail: Mapping[str, Any], *, author: str = "") -> AuditRow:
        """Add a row to the history: an export, a sign-off, a look at the settings."""
        with self.transaction():
            return self.note(author, action, subject, detail)

    def history(self, subject: str | None = None) -> tuple[AuditRow, ...]:
        """All rows, or those about one thing; in the order they happened."""
        where, values = ("", ()) if subject is None else ("WHERE subject = ?", (subject,))
        return tuple(audit.from_record(r) for r in self.rows(f"SELECT * FROM audit {where} ORDER BY seq", *values))

    def head(self) -> tuple[int, str]:
        """(length, SHA-256) of the history; every export names it, so that a later project must contain it."""
        last = self._last()
        return (0, audit.GENESIS) if last is None else (last.seq, last.sha256)

    def copy_to(self, goal: Path | str) -> Path:
        """A whole copy, also while the project is open and written."""
        goal = Path(goal)
        if goal.absolute() == self.path.absolute():
            raise StoreError(f"The copy of {self.path} needs another name than the project itself.")
        copy_project(self._db, goal)
        return goal

    # for the typed rows that are kept here

    def note(self, author: str, action: str, subject: str, detail: Mapping[str, Any]) -> AuditRow:
        """A row of history as part of the transaction it tells about."""
        row = self._after(self._last(), author, action, subject, detail)
        self.insert("audit", audit.to_record(row))
        return row

    def note_all(self, facts: Iterable[tuple[str, str, str, Mapping[str, Any]]]) -> None:
        """Many rows (author, action, subject, detail) at once."""
        last, records = self._last(), []
        for fact in facts:
            last = self._after(last, *fact)
            records.append(tuple(audit.to_record(last).values()))
        self.insert_many("audit", records)

    def _after(
        self, previous: AuditRow | None, author: str, action: str, subject: str, detail: Mapping[str, Any]
    ) -> AuditRow:
        return audit.next_row(
            previous,
            self._clock(),
            session=self.session,
            monotonic_s=time.monotonic() - self._started,
            author=author,
            action=action,
            subject=subject,
            detail=detail,
        )

    def _last(self) -> AuditRow | None:
        row = self.row("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")
        return None if row is None else audit.from_record(row)

    def stored_path(self, path: str) -> str:
        """Relative where it lies beside or below the project, so that a folder can move to another PC as a whole."""
        home = os.path.abspath(self.home)
        place = os.path.abspath(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return Path(place).relative_to(home).as_posix() if Path(place).is_relative_to(home) else place

    def seen_path(self, stored: str) -> str:
        return os.path.join(os.path.abspath(self.home), stored)

    def check(self, what: str, actual: str, expected: str) -> None:
        if actual != expected:
            raise StoreError(
                f"The {what} in {self.path} has changed on disk (hash {actual}, not {expected}); do not use it, restore a copy."
            )

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with spoken(self.path):
            return self._db.conn.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        """The new row's id. Like the writes below only inside `transaction`."""
        self._inside()
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self._db.conn.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
        return int(cursor.lastrowid or 0)

    def insert_many(self, table: str, records: Sequence[Sequence[Any]]) -> None:
        """Rows with a value for every column, in the table's order."""
        self._inside()
        if records:
            marks = ", ".join("?" * len(records[0]))
            self._db.conn.executemany(f"INSERT INTO {table} VALUES ({marks})", records)

    def update(self, table: str, id: int, values: Mapping[str, Any]) -> None:
        self._inside()
        names = ", ".join(f"{name} = ?" for name in values)
        self._db.conn.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*values.values(), id))

    def execute(self, sql: str, *values: Any) -> None:
        """Any other change."""
        self._inside()
        self._db.conn.execute(sql, values)

    def _inside(self) -> None:
        if not self._db.conn.in_transaction:
            raise RuntimeError("a write outside of a transaction")
