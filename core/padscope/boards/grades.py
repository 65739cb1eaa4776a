"""Grades of the collaboration's production database, proposed from a pad map for a person to confirm.

Fields are graded 1 to 3 (1 best), the whole flex 1 to 5: no damage, no action, re-clean, rework, discard (`ModuleRules` says
where rework ends). A board with pads that could not be judged gets no overall grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.rules import ModuleRules, Rules, plain_class

FIELDS = {
    "WIREBOND_PADS_CONTAMINATION_GRADE": ("contamination", "glue", "glue on pads", "discoloration", "unknown", "other"),
    "PARTICULATE_CONTAMINATION_GRADE": ("dust", "dusts", "particle", "fibre"),
    "WATERMARKS_GRADE": ("water mark", "watermark", "watermarks"),
    "SCRATCHES_GRADE": ("scratch", "scratches", "probe mark"),
    "SOLDER_SPILLS_GRADE": ("solder", "solder overflow"),
}
"""Which kinds of defects each field speaks of; kinds that are named nowhere count as contamination."""
OVERALL = {1: "no damage", 2: "no action", 3: "re-clean", 4: "rework", 5: "discard"}


@dataclass(frozen=True, slots=True)
class Grades:
    """A proposal: `fields` 1 to 3, `overall` 1 to 5 or None, and why."""

    fields: dict[str, int]
    overall: int | None
    reasons: tuple[str, ...]


def proposed_grades(pad_map: PadMap, layout: Layout, rules: Rules) -> Grades:
    """The grades a pad map speaks for."""
    fields = dict.fromkeys(FIELDS, 1)
    for p in pad_map.pads:
        for d in p.defects:
            field = field_of(d.defect_class)
            fields[field] = max(fields[field], 3 if p.verdict is Verdict.NOT_BONDABLE else 2)
    overall, reasons = _overall(pad_map, layout, rules.module)
    return Grades(fields, overall, reasons)


def field_of(defect_class: str) -> str:
    """The field a kind of defect is graded in."""
    plain = plain_class(defect_class)
    return next((field for field, kinds in FIELDS.items() if plain in kinds), "WIREBOND_PADS_CONTAMINATION_GRADE")


def _overall(pad_map: PadMap, layout: Layout, limits: ModuleRules) -> tuple[int | None, tuple[str, ...]]:
    of = {v: [p for p in pad_map.pads if p.verdict is v] for v in Verdict}
    if of[Verdict.UNKNOWN]:
        return None, (f"{_pads(of[Verdict.UNKNOWN])} could not be judged; no overall grade before they are",)
    lost = of[Verdict.NOT_BONDABLE]
    discard = _discard(lost, pad_map, layout, limits)
    if discard:
        return 5, discard
    if lost:
        return 4, (f"{_pads(lost)} cannot be bonded",)
    short = _short_nets(pad_map, layout, limits)
    if short:
        return 4, short
    if of[Verdict.RE_CLEAN]:
        return 3, (f"{_pads(of[Verdict.RE_CLEAN])} to be cleaned",)
    touched = [p for p in pad_map.pads if p.defects or p.verdict is not Verdict.OK]
    if touched:
        return 2, (f"{_pads(touched)} with defects that leave room for the wires",)
    return 1, ()


def _discard(lost: list[PadResult], pad_map: PadMap, layout: Layout, limits: ModuleRules) -> tuple[str, ...]:
    """Why the flex is beyond rework; empty where it is not."""
    names = {p.pad for p in lost}
    found = []
    single = [p for p in lost if p.pad in layout.pad and layout.pad[p.pad].single_purpose]
    if len(single) >= limits.discard_single_purpose_lost:
        found.append(f"{_pads(single)} of a net of its own cannot be bonded")
    if len(lost) >= limits.discard_lost_pads:
        found.append(f"{len(lost)} pads cannot be bonded")
    for net, pads in _nets(pad_map, layout).items():
        run = max(len(list(group)) if is_lost else 0 for is_lost, group in groupby(p.pad in names for p in pads))
        if run >= limits.discard_consecutive_lost:
            found.append(f"{run} pads in a row of net {net} cannot be bonded")
    return tuple(found)


def _short_nets(pad_map: PadMap, layout: Layout, limits: ModuleRules) -> tuple[str, ...]:
    """Nets that lose too many of their wires."""
    found = []
    for net, pads in _nets(pad_map, layout).items():
        placed = [m.proposed_um is not None for p in pads for m in p.landings]
        if placed and sum(placed) / len(placed) < limits.net_wires_fraction:
            found.append(f"net {net} keeps only {sum(placed)} of {len(placed)} wires")
    return tuple(found)


def _nets(pad_map: PadMap, layout: Layout) -> dict[str, list[PadResult]]:
    """Pads by net, in the order of the map; a pad without a net is one of its own."""
    nets: dict[str, list[PadResult]] = {}
    for p in pad_map.pads:
        net = layout.pad[p.pad].net if p.pad in layout.pad else ""
        nets.setdefault(net or p.pad, []).append(p)
    return nets


def _pads(pads: list[PadResult]) -> str:
    names = [p.pad for p in pads]
    if len(names) == 1:
        return f"pad {names[0]}"
    return f"{len(names)} pads ({', '.join(names[:5])}{' …' if len(names) > 5 else ''})"
