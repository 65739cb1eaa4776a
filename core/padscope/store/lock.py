"""One writer per project: a lock of the operating system on a file beside it.

It is gone the moment its owner is, also when that was killed; so a project is never locked by a ghost. SQLite below 3.51.3
can damage a write-ahead log when two connections write at once (sqlite.org/wal.html, "WAL-reset bug"), so one writer is
not only politeness.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import platform
import sys
from pathlib import Path
from typing import IO

from padscope.errors import StoreError

SUFFIX = "-lock"
_LOCKED_BYTE = 1 << 30
"""Windows' locks keep others from reading what is locked, so the lock lies far behind the words in the file."""


class WriterLock:
    """Held from `take_lock` until `release`."""

    def __init__(self, path: Path, file: IO[str]) -> None:
        self.path = path
        self._file = file

    def release(self) -> None:
        if self._file.closed:
            return
        with contextlib.suppress(OSError):  # an open file cannot be removed on Windows: there it stays, unlocked
            self.path.unlink()
        self._file.close()


def take_lock(project: Path, what: str = "") -> WriterLock:
    """The only writer's lock; StoreError, at once, with the name of who holds it."""
    path = project.with_name(project.name + SUFFIX)
    while True:
        try:
            file = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"The project {project} cannot be locked for writing: {error.strerror or error}."
            ) from None
        if not _lock(file):
            holder = _holder(file)
            file.close()
            raise StoreError(f"The project {project} is open in another Padscope ({holder}); close it there first.")
        if _still_there(path, file):
            break
        file.close()  # its owner removed it between our opening and our locking: try the new one
    file.seek(0)
    file.truncate()
    file.write(json.dumps({"pid": os.getpid(), "host": platform.node(), "user": _user(), "what": what}))
    file.flush()
    return WriterLock(path, file)


def _still_there(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:
        return False


def _holder(file: IO[str]) -> str:
    try:
        file.seek(0)
        facts = json.loads(file.read())
        return f"{facts['user']} on {facts['host']}, process {facts['pid']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it does not say whose"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> bool:
        try:
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
