"""All modules of a project at a glance: what was found, where on the board, and whether it grows. Of every module (of every
picture without a serial number) the newest inspection counts, as a person decided."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from padscope.boards.layout import Layout
from padscope.boards.pad_map import Verdict
from padscope.boards.review import Decision, PadDecision, current
from padscope.boards.rules import plain_class

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.store.overview import NewestRow
    from padscope.store.rows import PadSum

DAY = 10
"""Characters of a time that name its day."""
SHIFTED_UM = 1.0
"""From the planned point, as `boards.reasons.is_shifted` has it."""


@dataclass(frozen=True)
class ModuleLine:
    """One module: its newest inspection in numbers."""

    module: str
    picture: str
    picture_sha256: str
    inspected_at: str  # UTC ISO 8601
    layout_sha256: str
    model_sha256: str
    rules: str
    signed_by: str
    counts: Mapping[Verdict, int]
    wires: int
    placed: int
    shifted: int
    classes: Mapping[str, int]  # defects by class
    pads: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def fine(self) -> int:
        return self.counts.get(Verdict.OK, 0) + self.counts.get(Verdict.OK_SHIFT, 0)

    @property
    def shifted_share(self) -> float:
        return self.shifted / self.placed if self.placed else 0.0

    @property
    def state(self) -> str:
        return "signed" if self.signed_by else "to be signed"


@dataclass(frozen=True)
class Filters:
    """Empty: all. Days are those of UTC, both inclusive, as 2026-01-31."""

    layout_sha256: str = ""
    since: str = ""
    until: str = ""
    state: str = ""
    text: str = ""  # part of the serial number or of the picture's name

    def passes(self, line: ModuleLine) -> bool:
        day = line.inspected_at[:DAY]
        return (
            (not self.layout_sha256 or line.layout_sha256 == self.layout_sha256)
            and (not self.since or day >= self.since)
            and (not self.until or day <= self.until)
            and (not self.state or line.state == self.state)
            and self.text.casefold() in f"{line.module} {line.picture}".casefold()
        )


@dataclass(frozen=True)
class Production:
    """What came of all modules that pass the filters."""

    lines: tuple[ModuleLine, ...]

    def classes(self) -> list[tuple[str, int]]:
        """Defects by class, the most frequent first."""
        total: Counter[str] = Counter()
        for line in self.lines:
            total.update(line.classes)
        return total.most_common()

    def pads(self, layout: Layout) -> dict[str, float]:
        """By pad of the layout: in which share of the modules it is not OK; pads that were never judged are left out."""
        seen, bad = Counter[str](), Counter[str]()
        for line in self.lines:
            seen.update(pad for pad, verdict in line.pads.items() if verdict is not Verdict.UNKNOWN)
            bad.update(
                pad
                for pad, verdict in line.pads.items()
                if verdict is not Verdict.UNKNOWN and verdict is not Verdict.OK
            )
        return {p.id: bad[p.id] / seen[p.id] for p in layout.pads if seen[p.id]}

    def trend(self) -> list[tuple[str, int, float, float]]:
        """By day: modules, mean share of pads that are not fine, share of landed wires that are shifted."""
        days: dict[str, list[ModuleLine]] = {}
        for line in sorted(self.lines, key=lambda x: x.inspected_at):
            days.setdefault(line.inspected_at[:DAY], []).append(line)
        result = []
        for day, own in days.items():
            pads = sum(sum(x.counts.values()) for x in own)
            placed = sum(x.placed for x in own)
            bad = pads - sum(x.fine for x in own)
            shifted = sum(x.shifted for x in own)
            result.append((day, len(own), bad / pads if pads else 0.0, shifted / placed if placed else 0.0))
        return result

    def csv(self) -> str:
        """One line per module."""
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        head = ["module", "picture", "picture_sha256", "inspected_at", "state", "signed_by", "rules", "model_sha256"]
        table.writerow([*head, *(f"pads_{v}" for v in Verdict), "wires", "placed", "shifted", "defects"])
        for x in self.lines:
            facts = [
                x.module,
                x.picture,
                x.picture_sha256,
                x.inspected_at,
                x.state,
                x.signed_by,
                x.rules,
                x.model_sha256,
            ]
            defects = ";".join(f"{name}={n}" for name, n in sorted(x.classes.items()))
            table.writerow([*facts, *(x.counts.get(v, 0) for v in Verdict), x.wires, x.placed, x.shifted, defects])
        return out.getvalue()


def production(project: Project) -> Production:
    """All modules, the newest inspection first."""
    from padscope.store.overview import newest_of_modules

    return Production(module_lines(project, newest_of_modules(project)))


def module_lines(project: Project, newest: Sequence[NewestRow]) -> tuple[ModuleLine, ...]:
    """A line for each, in their order. StoreError where a stored map is damaged."""
    from padscope.store import reviews
    from padscope.store.overview import MOST_AT_ONCE, pad_sums

    lines: list[ModuleLine] = []
    for start in range(0, len(newest), MOST_AT_ONCE):
        some = newest[start : start + MOST_AT_ONCE]
        ids = [row.inspection for row in some]
        sums, decided = pad_sums(project, ids), reviews.decisions_of(project, ids)
        lines += [_line(row, sums[row.inspection], decided.get(row.inspection, ())) for row in some]
    return tuple(lines)


def _line(row: NewestRow, sums: Sequence[PadSum], decisions: Sequence[PadDecision]) -> ModuleLine:
    decided = current(decisions)
    pads = [_decided(p, decided.get(p.pad)) for p in sums]
    return ModuleLine(
        module=row.module,
        picture=Path(row.picture_path).name,
        picture_sha256=row.picture_sha256,
        inspected_at=row.created_at,
        layout_sha256=row.layout_sha256,
        model_sha256=row.model_sha256,
        rules=row.rules,
        signed_by=row.signed_by,
        counts=dict(Counter(p.verdict for p in pads)),
        wires=sum(p.wires for p in pads),
        placed=sum(p.placed for p in pads),
        shifted=sum(um >= SHIFTED_UM for p in pads for um in p.shifts_um),
        classes=dict(Counter(plain_class(name) for p in pads for name in p.classes)),
        pads={p.pad: p.verdict for p in pads},
    )


def _decided(pad: PadSum, decision: PadDecision | None) -> PadSum:
    """As `boards.review.reviewed_pad`: an override is the verdict, and on a pad that is called OK all wires land as planned that
    had no place."""
    if decision is None or decision.decision is not Decision.OVERRIDDEN:
        return pad
    placed = pad.wires if decision.verdict is Verdict.OK else pad.placed
    return replace(pad, verdict=decision.verdict, placed=placed)


def filtered(all_modules: Production, filters: Filters) -> Production:
    return Production(tuple(line for line in all_modules.lines if filters.passes(line)))
