"""What a hand has done to labels and what is not in the project yet: records in a file beside it, written when the mouse is
released, so that a program killed before the commit loses nothing.

`NAME.padscope-strokes` holds records one after the other, little-endian: "PSJ1", length and CRC-32 of the body, CRC-32 of these
12 bytes; the body is a line of JSON, a line feed, and the edit of a stroke. Only the last record can be cut off by a kill.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from padscope.masks.edits import Edit
from padscope.masks.quick import edit_from_quick_bytes, quick_bytes

SUFFIX = "-strokes"
LOOKED_AT = "pad looked at"
"""Action in the history: a person agreed with what a label says of a pad."""
STROKE, UNDO, REDO, REVIEW, LOOK = "stroke", "undo", "redo", "review", "look"
KINDS = (STROKE, UNDO, REDO, REVIEW, LOOK)

_HEAD = struct.Struct("<4sII")
_SEAL = struct.Struct("<I")
_MAGIC = b"PSJ1"
_LONG = _HEAD.size + _SEAL.size


@dataclass(frozen=True)
class Step:
    """`id` is its own for ever; `label` 0 is the one that the first step of a picture begins. `words`: the tool of a stroke, the
    comment of a review, the pad looked at. `first`: before all that waited when it was made."""

    id: str
    project: str
    kind: str
    picture: str
    label: int
    author: str
    at: str
    words: str = ""
    state: str = ""
    first: bool = False


@dataclass(frozen=True, eq=False)
class Left:
    """What a journal holds. `broken`: more than a last record that was cut off cannot be read."""

    steps: tuple[tuple[Step, Edit | None], ...]
    broken: bool


def moment() -> str:
    """Now, UTC ISO 8601 as in the history."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record(step: Step, edit: Edit | None = None) -> bytes:
    body = json.dumps(asdict(step)).encode() + b"\n" + (quick_bytes(edit) if edit is not None else b"")
    head = _HEAD.pack(_MAGIC, len(body), zlib.crc32(body))
    return b"".join((head, _SEAL.pack(zlib.crc32(head)), body))


def left_in(raw: bytes) -> Left:
    """Every whole record from the beginning on, up to the first that is not."""
    found: list[tuple[Step, Edit | None]] = []
    at = 0
    while at + _LONG <= len(raw):
        head = raw[at : at + _HEAD.size]
        magic, length, crc = _HEAD.unpack(head)
        if magic != _MAGIC or _SEAL.unpack_from(raw, at + _HEAD.size)[0] != zlib.crc32(head):
            return Left(tuple(found), True)
        body = raw[at + _LONG : at + _LONG + length]
        if len(body) < length:
            break
        try:
            if zlib.crc32(body) != crc:
                raise ValueError("a body that was changed")
            words, _, data = body.partition(b"\n")
            step = Step(**json.loads(words))
            if step.kind not in KINDS or (step.kind == STROKE) != bool(data):
                raise ValueError("a step of no kind")
            found.append((step, edit_from_quick_bytes(data) if data else None))
        except (ValueError, TypeError):
            return Left(tuple(found), True)
        at += _LONG + length
    return Left(tuple(found), False)


def in_order(steps: Iterable[tuple[Step, Edit | None]]) -> list[tuple[Step, Edit | None]]:
    """As they are to be done: a step that was `first` goes before those that waited then."""
    ordered: list[tuple[Step, Edit | None]] = []
    for step, edit in steps:
        ordered.insert(0 if step.first else len(ordered), (step, edit))
    return ordered


def place(project: Path) -> Path:
    return project.with_name(project.name + SUFFIX)


def put_aside(project: Path) -> Path | None:
    """Under the next free name; None where no journal lies beside the project."""
    path = place(project)
    if not path.exists():
        return None
    n = 1
    while (goal := path.with_name(f"{path.name}.{n}")).exists():
        n += 1
    os.replace(path, goal)
    return goal


class Journal:
    """Beside one project at a time; used by the window's thread only. Where it cannot be written (a full disk, a folder for reading
    only), `write` says so: that step and all after it are safe only when they are stored, as a moment later they nearly always
    are."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file: int | None = None
        self._end = 0
        self._waiting: set[str] = set()
        self._whole = True  # nothing that waits is missing: a later step stands on the earlier ones

    def turn_to(self, project: Path | None) -> None:
        """From now on beside this one. What still waits lies beside the one before."""
        self.close()
        self._path = place(project) if project is not None else None

    def follow(self, project: Path) -> None:
        """The project has another name now: what waits goes along."""
        waiting, before = set(self._waiting), self._path
        raw = before.read_bytes() if before is not None and waiting and before.exists() else b""
        self.turn_to(project)
        if raw:
            self._whole, self._waiting = self._append(raw), waiting

    def write(self, step: Step, edit: Edit | None = None) -> bool:
        """In the file of the operating system when this returns: no kill of this program takes it back. False where it is not."""
        self._waiting.add(step.id)
        self._whole = self._whole and self._append(record(step, edit))
        return self._whole

    def forget(self, ids: Iterable[str]) -> None:
        """They are in the project."""
        if self._waiting:
            self._waiting.difference_update(ids)
            if not self._waiting:
                self._whole = self._emptied()

    def close(self) -> None:
        if self._file is not None and self._path is not None:
            with contextlib.suppress(OSError):
                own = not self._waiting and os.fstat(self._file).st_ino == self._path.stat().st_ino
                os.close(self._file)
                if own:
                    self._path.unlink()
        self._file, self._end, self._whole = None, 0, True
        self._waiting.clear()

    def _emptied(self) -> bool:
        with contextlib.suppress(OSError):
            if self._file is not None:
                os.ftruncate(self._file, 0)
            self._end = 0
            return True
        return False

    def _append(self, raw: bytes) -> bool:
        if self._path is None:
            return False
        with contextlib.suppress(OSError):
            if self._file is None:
                flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o644)
                self._end = os.fstat(self._file).st_size
            if os.write(self._file, raw) == len(raw):
                self._end += len(raw)
                return True
            os.ftruncate(self._file, self._end)  # the disk is full: half a record helps nobody
        return False
