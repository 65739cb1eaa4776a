"""Many pad maps at once, in numbers: what an overview over thousands of modules is made from."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from padscope.boards.pad_map import Verdict
from padscope.errors import StoreError
from padscope.store import reviews, rows
from padscope.store.rows import PadSum

if TYPE_CHECKING:
    from padscope.store.database import Project

VERDICTS = {str(v): v for v in Verdict}
MOST_AT_ONCE = 500
"""Inspections asked for in one question to SQLite."""
PAD, VERDICT, CLASS = (re.compile(rf'"{name}":("(?:[^"\\]|\\.)*")') for name in ("pad", "verdict", "defect_class"))
PLACES = re.compile(r'"planned_um":(\[[^]]*\]),"proposed_um":(null|\[[^]]*\])')
"""In the text of a pad as `rows.pad_to_text` writes it: one spelling, names in order, and no quotes inside words but behind a
backslash."""


@dataclass(frozen=True, slots=True)
class NewestRow:
    """The newest inspection of a module (of a picture without a serial number), and all that its numbers depend on: two equal rows
    have equal numbers."""

    inspection: int
    picture_sha256: str
    picture_path: str
    module: str
    created_at: str  # UTC ISO 8601
    layout_sha256: str
    model_sha256: str
    rules: str
    signed_by: str
    last_decision: int  # 0: none


def newest_of_modules(project: Project) -> tuple[NewestRow, ...]:
    """The one inspected last comes first."""
    sql = """
        SELECT max(i.id) AS inspection, p.sha256 AS picture_sha256, p.path AS picture_path, p.module AS module, i.created_at,
               coalesce(l.sha256, '') AS layout_sha256, i.model_sha256, i.rules,
               (SELECT coalesce(max(d.id), 0) FROM decisions d WHERE d.inspection_id = i.id) AS last_decision
        FROM inspections i JOIN pictures p ON p.id = i.picture_id LEFT JOIN layouts l ON l.id = i.layout_id
        GROUP BY CASE p.module WHEN '' THEN p.sha256 ELSE p.module END ORDER BY i.created_at DESC, inspection DESC"""
    signers = reviews.signers(project)
    found = []
    for r in project.rows(sql):
        path = project.seen_path(r["picture_path"])
        found.append(NewestRow(**{**dict(r), "picture_path": path, "signed_by": signers.get(r["inspection"], "")}))
    return tuple(found)


def pad_sums(project: Project, inspections: Sequence[int]) -> dict[int, tuple[PadSum, ...]]:
    """By inspection the pads of `Project.pad_map` in numbers, many times faster; StoreError where a bit of one has changed."""
    found: dict[int, tuple[PadSum, ...]] = {}
    for start in range(0, len(inspections), MOST_AT_ONCE):
        some = inspections[start : start + MOST_AT_ONCE]
        marks = ", ".join("?" * len(some))
        texts: dict[int, list[str]] = {inspection: [] for inspection in some}
        sql = f"SELECT inspection_id, result FROM verdicts WHERE inspection_id IN ({marks}) ORDER BY inspection_id, seq"
        for inspection, text in project.rows(sql, *some):
            texts[inspection].append(text)
        for id, head, expected in project.rows(
            f"SELECT id, head, pads_sha256 FROM inspections WHERE id IN ({marks})", *some
        ):
            project.check(f"pad map of inspection {id}", rows.sha256_of(head, *texts[id]), expected)
            found[id] = tuple(map(_sum, texts[id]))
    return found


def _sum(text: str) -> PadSum:
    """Looked up, not parsed: parsing is most of the time that an overview of thousands of modules takes. The hash says that the
    text is as it was written."""
    wires = PLACES.findall(text)
    moved = [(json.loads(planned), json.loads(there)) for planned, there in wires if there not in (planned, "null")]
    return PadSum(
        pad=_first(PAD, text),
        verdict=VERDICTS[_first(VERDICT, text)],
        wires=len(wires),
        placed=sum(there != "null" for _, there in wires),
        shifts_um=tuple(math.dist(planned, there) for planned, there in moved),
        classes=tuple(json.loads(word) for word in CLASS.findall(text)),
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise StoreError("A stored pad map is of an unknown form; inspect the picture again.")
    return str(json.loads(found[1])) if "\\" in found[1] else found[1][1:-1]
