"""Inspect what the microscope saves: which files of a folder are complete and new.

The folder is asked again and again (network shares tell nobody of changes). What follows from a listing is a pure function of
it, so that every order of events can be tried: half-written, renamed, overwritten, deleted files, a share that comes and goes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from padscope.pictures.complete import Finding, Look, examine, look_at, may_be_picture
from padscope.store import watched as store
from padscope.store.watched import Outcome, SeenFile

if TYPE_CHECKING:
    from padscope.store.database import Project

SETTLE_S = 2.0
"""A file is opened when it has looked the same this long, in two looks at least."""
LOOK_EVERY_S, LOOK_AT_LEAST_EVERY_S = 1.0, 30.0
PATIENCE_S = 60.0
"""A file that rests this long and still is not complete will not become so."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that was seen and not dealt with. `since` it looks as it does, in `looks` listings; `trouble` when it was opened."""

    look: Look
    since: float
    looks: int = 1
    trouble: str = ""

    def due(self, now: float) -> bool:
        rest = now - self.since
        return self.look.size > 0 and self.looks > 1 and rest >= (PATIENCE_S if self.trouble else SETTLE_S)


@dataclass(frozen=True)
class Watched:
    """What is known of a folder. `settled`: files that were dealt with, and how they looked then; `known`: SHA-256 of contents that
    were found before, here or anywhere; `away_since`: since when the folder cannot be reached."""

    settled: Mapping[str, Look] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    away_since: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A file was dealt with. `new`: a complete picture whose content was never found before. `trouble`: why it cannot be one."""

    name: str
    look: Look
    sha256: str = ""
    new: bool = False
    trouble: str = ""


def after_listing(watched: Watched, listing: Mapping[str, Look] | None, now: float) -> tuple[Watched, tuple[str, ...]]:
    """What is known after a look at the folder (None: it could not be reached), and the files to be opened now.

    Everything that waited waits anew when the folder returns: nobody knows what happened to it meanwhile."""
    if listing is None:
        return replace(watched, waiting={}, away_since=now if watched.away_since is None else watched.away_since), ()
    waiting = {}
    for name, look in listing.items():
        if watched.settled.get(name) == look:
            continue
        before = watched.waiting.get(name)
        same = before is not None and before.look == look
        waiting[name] = replace(before, looks=before.looks + 1) if before is not None and same else Waiting(look, now)
    due = tuple(name for name, w in waiting.items() if w.due(now))
    return replace(watched, waiting=waiting, away_since=None), due


def after_opening(watched: Watched, name: str, finding: Finding | None, now: float) -> tuple[Watched, Found | None]:
    """What is known after a file was opened (None: it was gone), and what came of it, if anything yet."""
    waits = watched.waiting.get(name)
    if waits is None:
        return watched, None
    others = {n: w for n, w in watched.waiting.items() if n != name}
    if finding is None or finding.look != waits.look:  # the next listing tells how it is now
        return replace(watched, waiting=others), None
    if finding.trouble and now - waits.since < PATIENCE_S:
        return replace(watched, waiting={**others, name: replace(waits, trouble=finding.trouble)}), None
    settled = {**watched.settled, name: finding.look}
    if not finding.sha256:
        return replace(watched, waiting=others, settled=settled), Found(name, finding.look, trouble=finding.trouble)
    new = finding.sha256 not in watched.known
    known = watched.known | {finding.sha256}
    return replace(watched, waiting=others, settled=settled, known=known), Found(
        name, finding.look, finding.sha256, new
    )


def listing(folder: Path, settled: Mapping[str, Look]) -> dict[str, Look] | None:
    """Files of the folder (not below it) that may be pictures, and how they look; None where it cannot be reached.

    A directory entry may tell an old size while a file grows (Windows), so that everything unsettled is asked for itself."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not may_be_picture(entry.name):
                    continue
                try:
                    if not entry.is_file():
                        continue
                    told = entry.stat()
                    look = Look(told.st_size, told.st_mtime_ns)
                    found[entry.name] = look if settled.get(entry.name) == look else look_at(entry.path)
                except OSError:  # renamed or deleted just now
                    continue
    except OSError:
        return None
    return found


def remembered(project: Project, folder: Path) -> Watched:
    """What a project knows of a folder. A file that was found and not inspected before the program ended is found again."""
    known = store.known_contents(project)
    settled = {
        f.name: Look(f.size_bytes, f.mtime_ns)
        for f in store.seen_files(project, folder)
        if f.outcome is not Outcome.FOUND or f.sha256 in known
    }
    return Watched(settled, known)


def seen_file(found: Found, outcome: Outcome) -> SeenFile:
    return SeenFile(found.name, found.look.size, found.look.mtime_ns, found.sha256, outcome)


def pause_after(look_s: float) -> float:
    """Seconds until the next look: most of the time a slow share is left in peace."""
    return min(max(LOOK_EVERY_S, 10 * look_s), LOOK_AT_LEAST_EVERY_S)


class Watcher:
    """A folder, what is known of it, and the eyes. `look` is all there is to do, again and again."""

    def __init__(
        self,
        folder: Path,
        watched: Watched | None = None,
        *,
        list_folder: Callable[[Path, Mapping[str, Look]], Mapping[str, Look] | None] = listing,
        open_file: Callable[[Path], Finding] = examine,
    ) -> None:
        self.folder = folder
        self.watched = watched or Watched()
        self._list = list_folder
        self._open = open_file

    def look(self, now: float) -> list[Found]:
        """One look at the folder, at a time in seconds of a clock that never goes back."""
        self.watched, due = after_listing(self.watched, self._list(self.folder, self.watched.settled), now)
        found = []
        for name in due:
            try:
                finding: Finding | None = self._open(self.folder / name)
            except OSError:
                finding = None
            self.watched, came = after_opening(self.watched, name, finding, now)
            if came is not None:
                found.append(came)
        return found

    def lose(self, found: Found) -> None:
        """A file that was found went away before anything came of it: when it is there again, it is found again."""
        settled = {name: look for name, look in self.watched.settled.items() if name != found.name}
        self.watched = replace(self.watched, settled=settled, known=self.watched.known - {found.sha256})

    def pass_over(self) -> dict[str, Look]:
        """Take what lies there now as dealt with, unopened; returns the files that had not been."""
        there = self._list(self.folder, self.watched.settled) or {}
        fresh = {name: look for name, look in there.items() if name not in self.watched.settled}
        self.watched = replace(self.watched, settled={**self.watched.settled, **fresh})
        return fresh
