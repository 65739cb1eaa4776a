"""Watched folders in a project, and what came of the files in them: so that none is inspected twice, also after a restart.

This is about places on this PC: merged projects do not share it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from padscope.store.database import Project


class Outcome(StrEnum):
    """What came of a file: not yet anything, an inspection, none because the board was not found or such, none because it is no
    complete picture, none because it lay there before the folder was watched."""

    FOUND = "found"
    INSPECTED = "inspected"
    FAILED = "failed"
    DAMAGED = "damaged"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it looked when it was dealt with; `sha256` is empty where it was not read."""

    name: str
    size_bytes: int
    mtime_ns: int
    sha256: str
    outcome: Outcome


def start_watching(project: Project, folder: Path | str, *, author: str = "") -> None:
    """From now on this folder, and no other."""
    with project.transaction():
        project.execute("UPDATE watched_folders SET active = 0")
        sql = "INSERT INTO watched_folders VALUES (?, ?, 1) ON CONFLICT (folder) DO UPDATE SET active = 1, since = excluded.since"
        project.execute(sql, _place(folder), project.now())
        project.note(author, "watching", _place(folder), {})


def stop_watching(project: Project, *, author: str = "") -> None:
    with project.transaction():
        folder = watched_folder(project)
        if folder is not None:
            project.execute("UPDATE watched_folders SET active = 0")
            project.note(author, "not watching", str(folder), {})


def watched_folder(project: Project) -> Path | None:
    """The folder that is watched until somebody says otherwise."""
    row = project.row("SELECT folder FROM watched_folders WHERE active = 1 ORDER BY since DESC LIMIT 1")
    return None if row is None else Path(row["folder"])


def remember(project: Project, folder: Path | str, files: Iterable[SeenFile]) -> None:
    """What came of them, in place of what was known of files of these names."""
    at = project.now()
    with project.transaction():
        for f in files:
            values = (_place(folder), f.name, f.size_bytes, f.mtime_ns, f.sha256, str(f.outcome), at)
            project.execute("INSERT OR REPLACE INTO seen_files VALUES (?, ?, ?, ?, ?, ?, ?)", *values)


def came_of(project: Project, sha256: str, outcome: Outcome) -> None:
    """What came of a file with this content, wherever it was found."""
    with project.transaction():
        project.execute(
            "UPDATE seen_files SET outcome = ? WHERE sha256 = ? AND outcome = 'found'", str(outcome), sha256
        )


def seen_files(project: Project, folder: Path | str) -> tuple[SeenFile, ...]:
    sql = "SELECT name, size_bytes, mtime_ns, sha256, outcome FROM seen_files WHERE folder = ? ORDER BY name"
    return tuple(SeenFile(**{**dict(r), "outcome": Outcome(r["outcome"])}) for r in project.rows(sql, _place(folder)))


def known_contents(project: Project) -> frozenset[str]:
    """SHA-256 of every picture that was inspected, alone or with others of its board, and of files that were read in a watched
    folder and need no second look."""
    sql = """SELECT p.sha256 FROM pictures p WHERE EXISTS (SELECT 1 FROM inspections i WHERE i.picture_id = p.id)
             OR EXISTS (SELECT 1 FROM inspection_pictures f WHERE f.picture_id = p.id)
             UNION SELECT sha256 FROM seen_files WHERE sha256 <> '' AND outcome <> 'found'"""
    return frozenset(r["sha256"] for r in project.rows(sql))


def _place(folder: Path | str) -> str:
    return os.path.abspath(folder).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
