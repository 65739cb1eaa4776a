"""What happened to a picture and its module: who did what, when, with which model and rules; and its inspections beside each
other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from padscope.boards.changes import compare_maps
from padscope.boards.pad_map import Verdict
from padscope.errors import PadMapError
from padscope.store import labels, reviews
from padscope.store.database import Project
from padscope.store.rows import AuditRow
from padscope.workflows.maps_out import stored_map

QUIET = ("picture changed",)
"""Told by the program for itself."""


@dataclass(frozen=True)
class StoryLine:
    """`at` is UTC ISO 8601."""

    at: str
    author: str
    words: str


@dataclass(frozen=True)
class EarlierInspection:
    """One inspection of the module; `since` says what is different in the newest one ("" for that itself)."""

    inspection: int
    picture: str
    at: str
    detector: str
    rules: str
    counts: Mapping[Verdict, int]
    signed_by: str
    since: str


@dataclass(frozen=True)
class Story:
    """Both with the newest first."""

    lines: tuple[StoryLine, ...]
    inspections: tuple[EarlierInspection, ...]


def story(project: Project, picture_sha256: str) -> Story:
    """Of a picture, and of all pictures of the same module."""
    picture = project.picture(picture_sha256)
    alike = [p for p in project.pictures() if picture is not None and picture.module and p.module == picture.module]
    shas = {picture_sha256, *(p.sha256 for p in alike)}
    rows = sorted(
        {r.id: r for sha in shas for r in project.inspections(sha)}.values(), key=lambda r: r.id, reverse=True
    )
    subjects = shas | {r.uid for r in rows} | {x.uid for sha in shas for x in labels.labels(project, sha)}
    told = [row for subject in subjects for row in project.history(subject) if row.action not in QUIET]
    told.sort(key=lambda row: row.seq, reverse=True)
    earlier: list[EarlierInspection] = []
    newest = stored_map(project, rows[0]).pad_map if rows else None
    for row in rows:
        pad_map = stored_map(project, row).pad_map
        held = reviews.signature(project, row.id)
        since = ""
        if newest is not None and row is not rows[0]:
            try:
                since = compare_maps(pad_map, newest).words()
            except PadMapError:
                since = "another layout"
        earlier.append(
            EarlierInspection(
                row.id,
                pad_map.picture.file,
                row.created_at,
                pad_map.provenance.detector,
                row.rules,
                pad_map.counts(),
                held.author if held else "",
                since,
            )
        )
    return Story(tuple(StoryLine(r.at, r.author, words_of(r)) for r in told), tuple(earlier))


def words_of(row: AuditRow) -> str:
    """A row of the history in words."""
    d = row.detail
    if row.action in ("pad agreed", "pad overridden", "pad withdrawn"):
        what = {
            "pad agreed": "agreed to",
            "pad overridden": f"{d.get('was')} overridden to",
            "pad withdrawn": "back to",
        }
        reason = f": {d['reason']}" if d.get("reason") else ""
        return f"{d.get('pad')}: {what[row.action]} {d.get('verdict')}{reason}"
    if row.action == "inspected":
        counts = ", ".join(f"{n} {v}" for v, n in dict(d.get("verdicts", {})).items())
        return f"inspected: {counts}"
    reason = f": {d['reason']}" if d.get("reason") else ""
    return f"{row.action}{reason}"
