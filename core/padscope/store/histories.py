"""Histories of projects that were merged in: their chains, beside ours. Chains cannot be interleaved and stay chains."""

from __future__ import annotations

from dataclasses import fields

from padscope.store import audit
from padscope.store.database import Project
from padscope.store.rows import AuditRow


def merge_histories(into: Project, other: Project) -> tuple[int, list[tuple[str, str]]]:
    """(how many rows were new; name and break of each chain that does not hold, which is taken as it is). Theirs, and those they
    took over from others."""
    chains = [(other.uid, other.history())]
    names = [r["project_uid"] for r in other.rows("SELECT DISTINCT project_uid FROM merged_history ORDER BY 1")]
    chains += [(name, merged_history(other, name)) for name in names]
    new, breaks = 0, []
    for name, rows in chains:
        broken = audit.first_break(rows)
        if broken:
            breaks.append((name, broken))
        new += _take_chain(into, name.split("@")[0], rows)
    return new, breaks


def merged_history(project: Project, name: str) -> tuple[AuditRow, ...]:
    """The history of a project that was merged in, in its own order."""
    columns = ", ".join(f.name for f in fields(AuditRow))
    found = project.rows(f"SELECT {columns} FROM merged_history WHERE project_uid = ? ORDER BY seq", name)
    return tuple(audit.from_record(r) for r in found)


def _take_chain(into: Project, uid: str, rows: tuple[AuditRow, ...]) -> int:
    own = into.history() if uid == into.uid else ()
    if rows[: len(own)] == own[: len(rows)] and len(rows) <= len(own):
        return 0  # a copy of this project that was never worked on
    names = [r["project_uid"] for r in into.rows("SELECT DISTINCT project_uid FROM merged_history ORDER BY 1")]
    for name in names:
        if name.split("@")[0] == uid:
            known = merged_history(into, name)
            common = min(len(known), len(rows))
            if known[:common] == rows[:common]:
                return _append_chain(into, name, rows[len(known) :])
    taken = uid in names or bool(own)
    return _append_chain(into, f"{uid}@{rows[-1].sha256[:16]}" if taken else uid, rows)


def _append_chain(into: Project, name: str, rows: tuple[AuditRow, ...]) -> int:
    for row in rows:
        into.insert("merged_history", {"project_uid": name, **audit.to_record(row)})
    return len(rows)
