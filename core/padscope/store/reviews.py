"""Reviews in a project: what was decided about pads, who signed a pad map, and who opened it again.

Rows are only added, each together with its row of history. A signed inspection takes no more decisions until it is reopened.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from padscope.boards.pad_map import Verdict
from padscope.boards.review import Decision, PadDecision, current
from padscope.errors import StoreError

if TYPE_CHECKING:
    from padscope.store.database import Project

SIGNED, REOPENED = "signed", "reopened"


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """A sign-off, or its taking back; `pads_sha256` is that of the map that was signed."""

    action: str
    author: str
    reason: str
    at: str
    pads_sha256: str


def decide(project: Project, inspection: int, decision: PadDecision) -> PadDecision:
    """Store what was decided about a pad, with its time; StoreError where the map is signed or has no such pad."""
    with project.transaction():
        row = project.inspection(inspection)
        _refuse_signed(project, inspection)
        known = project.row(
            "SELECT verdict FROM verdicts WHERE inspection_id = ? AND pad = ?", inspection, decision.pad
        )
        if known is None:
            raise StoreError(f"The stored pad map has no pad {decision.pad}; inspect the picture again.")
        at = project.now()
        values = {
            "uid": uuid.uuid4().hex,
            "inspection_id": inspection,
            "pad": decision.pad,
            "decision": str(decision.decision),
            "verdict": str(decision.verdict),
            "reason": decision.reason,
            "author": decision.author,
            "at": at,
        }
        project.insert("decisions", values)
        detail = {
            "pad": decision.pad,
            "verdict": str(decision.verdict),
            "was": known["verdict"],
            "reason": decision.reason,
        }
        project.note(decision.author, f"pad {decision.decision}", row.uid, detail)
        return PadDecision(decision.pad, decision.decision, decision.verdict, decision.reason, decision.author, at)


def decisions(project: Project, inspection: int) -> tuple[PadDecision, ...]:
    """All of them in the order in which they were taken (`boards.review.current` says which count)."""
    return decisions_of(project, (inspection,)).get(inspection, ())


def decisions_of(project: Project, inspections: Sequence[int]) -> dict[int, tuple[PadDecision, ...]]:
    """The same of several, some thousands at the most; those without decisions are left out."""
    marks = ", ".join("?" * len(inspections))
    found: dict[int, list[PadDecision]] = {}
    for r in project.rows(f"SELECT * FROM decisions WHERE inspection_id IN ({marks}) ORDER BY id", *inspections):
        made = PadDecision(r["pad"], Decision(r["decision"]), Verdict(r["verdict"]), r["reason"], r["author"], r["at"])
        found.setdefault(r["inspection_id"], []).append(made)
    return {inspection: tuple(own) for inspection, own in found.items()}


def carry_over(project: Project, inspection: int) -> None:
    """What was decided about the picture's inspection before this one holds for pads whose verdict is the same: the threshold was
    moved, and nobody should have to look at all pads again."""
    picture = project.inspection(inspection).picture_sha256
    before = [row.id for row in project.inspections(picture) if row.id < inspection]
    if not before:
        return
    standing = current(decisions(project, before[-1]))
    if not standing:
        return
    old, new = ({p.pad: p.verdict for p in project.pad_map(id).pads} for id in (before[-1], inspection))
    with project.transaction():
        for pad, decision in standing.items():
            if pad in new and old.get(pad) is new[pad]:
                decide(project, inspection, decision)


def sign(project: Project, inspection: int, author: str) -> SignatureRow:
    """Sign a pad map off by name: it is locked from then on. StoreError without a name, or where it is signed already."""
    if not author.strip():
        raise StoreError("A pad map is signed by name; enter your name as the operator.")
    with project.transaction():
        _refuse_signed(project, inspection)
        return _add(project, inspection, SIGNED, author.strip(), "")


def reopen(project: Project, inspection: int, author: str, reason: str) -> SignatureRow:
    """Take a sign-off back; StoreError without a name and a reason, or where it is not signed."""
    if not author.strip() or not reason.strip():
        raise StoreError("A signed pad map is opened again by name and for a reason; enter both.")
    with project.transaction():
        if signature(project, inspection) is None:
            raise StoreError("The pad map is not signed, so it need not be opened again.")
        return _add(project, inspection, REOPENED, author.strip(), reason.strip())


def signature(project: Project, inspection: int) -> SignatureRow | None:
    """The sign-off that holds; None where there is none, or where it was taken back."""
    last = signatures(project, inspection)[-1:]
    return last[0] if last and last[0].action == SIGNED else None


def signatures(project: Project, inspection: int) -> tuple[SignatureRow, ...]:
    sql = "SELECT action, author, reason, at, pads_sha256 FROM signatures WHERE inspection_id = ? ORDER BY id"
    return tuple(SignatureRow(**dict(r)) for r in project.rows(sql, inspection))


def signers(project: Project) -> dict[int, str]:
    """Who signed, by inspection: the sign-offs that hold."""
    rows = project.rows("SELECT inspection_id, action, author FROM signatures ORDER BY id")
    last = {int(r["inspection_id"]): r for r in rows}
    return {inspection: str(r["author"]) for inspection, r in last.items() if r["action"] == SIGNED}


def _add(project: Project, inspection: int, action: str, author: str, reason: str) -> SignatureRow:
    row = project.inspection(inspection)
    pads = project.rows("SELECT pads_sha256 FROM inspections WHERE id = ?", inspection)[0]["pads_sha256"]
    made = SignatureRow(action, author, reason, project.now(), pads)
    values = {name: getattr(made, name) for name in SignatureRow.__slots__}
    project.insert("signatures", {"uid": uuid.uuid4().hex, "inspection_id": inspection, **values})
    project.note(author, f"pad map {action}", row.uid, {"pads_sha256": pads, "reason": reason})
    return made


def _refuse_signed(project: Project, inspection: int) -> None:
    held = signature(project, inspection)
    if held is not None:
        raise StoreError(
            f"The pad map was signed by {held.author} on {held.at[:10]}; open it again before you change it."
        )
