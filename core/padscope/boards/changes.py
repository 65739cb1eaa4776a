"""What changed between two judgements of one board: other rules tried on it, or the board before and after cleaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from padscope.boards.bond_map import BondRow
from padscope.boards.layout import FOOT_UM
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.errors import PadMapError
from padscope.types import Affine, Scale

ORDER = tuple(Verdict)  # best to worst
SAME_PLACE_UM = 0.5
"""Landing points nearer than this are the same one."""
POSE_SLACK_UM = 20.0
"""How far the box of one and the same defect may lie apart in two pictures: both poses may be off by half their limit."""


class Change(StrEnum):
    """SEEN: it was unknown before; HIDDEN: it is unknown now; MOVED: same verdict, but a wire lands elsewhere or not at all."""

    SAME = "same"
    MOVED = "moved"
    BETTER = "better"
    WORSE = "worse"
    SEEN = "seen"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class PadChange:
    """One pad before and after; defects of the pad that are gone, that are new, and that stayed (as seen after)."""

    pad: str
    change: Change
    before: PadResult
    after: PadResult
    gone: tuple[Defect, ...] = ()
    new: tuple[Defect, ...] = ()
    stayed: tuple[Defect, ...] = ()

    @property
    def wires_gained(self) -> int:
        return _placed(self.after) - _placed(self.before)


@dataclass(frozen=True, slots=True)
class Changes:
    """Every pad in the order of the map after."""

    pads: tuple[PadChange, ...]

    def changed(self) -> tuple[PadChange, ...]:
        return tuple(p for p in self.pads if p.change is not Change.SAME)

    def counts(self) -> dict[Change, int]:
        return {c: sum(p.change is c for p in self.pads) for c in Change}

    def moves(self) -> dict[tuple[Verdict, Verdict], int]:
        """How many pads went from which verdict to which; those that stayed are left out."""
        found = Counter(
            (p.before.verdict, p.after.verdict) for p in self.pads if p.before.verdict is not p.after.verdict
        )
        return dict(sorted(found.items(), key=lambda item: [ORDER.index(v) for v in item[0]]))

    def words(self) -> str:
        """The difference in one sentence."""
        changed = self.changed()
        if not changed:
            return "nothing changes"
        moves = [f"{n} {a} to {b}" for (a, b), n in self.moves().items()]
        moved = self.counts()[Change.MOVED]
        if moved:
            moves.append(f"{moved} with the same verdict land elsewhere")
        wires = sum(p.wires_gained for p in self.pads)
        gained = f"; {abs(wires)} wires {'more' if wires > 0 else 'fewer'} can land" if wires else ""
        return f"{len(changed)} of {len(self.pads)} pads change: {', '.join(moves)}{gained}"


def compare_verdicts(before: Sequence[PadResult], after: Sequence[PadResult]) -> Changes:
    """Pad by pad, for one layout: PadMapError where the pads are not the same."""
    earlier = {p.pad: p for p in before}
    if set(earlier) != {p.pad for p in after} or len(before) != len(after):
        raise PadMapError("The two pad maps have different pads; compare maps of the same layout.")
    return Changes(tuple(_pad_change(earlier[p.pad], p) for p in after))


def compare_maps(before: PadMap, after: PadMap) -> Changes:
    """Two inspections of one board, as before and after cleaning; PadMapError where their layouts differ."""
    first, second = before.provenance, after.provenance
    if first.layout_sha256 and second.layout_sha256 and first.layout_sha256 != second.layout_sha256:
        raise PadMapError(
            f"The pad maps were made with different layouts ({first.layout} and {second.layout}); inspect both pictures with one."
        )
    return compare_verdicts(before.pads, after.pads)


def map_of_rows(rows: Sequence[BondRow], file: str) -> PadMap:
    """The pad map that the rows of a bond map speak of, as far as they do: verdicts and landing points, without the places of
    defects and without what it was made from. PadMapError where a pad has two verdicts."""
    pads: dict[str, list[BondRow]] = {}
    for row in rows:
        pads.setdefault(row.pad, []).append(row)
    for pad, own in pads.items():
        if len({row.verdict for row in own}) > 1:
            raise PadMapError(f"{file}: the wires of pad {pad} name different verdicts; export the map again.")
    nothing = Provenance("", "", "", "", "", "", "", "")
    results = tuple(
        PadResult(pad, own[0].verdict, (), None, None, (), tuple(map(_landing, own))) for pad, own in pads.items()
    )
    return PadMap(PictureFacts(file, "", 0, 0, Scale()), Affine(1, 0, 0, 0, 1, 0), math.nan, "", nothing, results)


def _landing(row: BondRow) -> Landing:
    at = None if row.proposed_x_um is None or row.proposed_y_um is None else (row.proposed_x_um, row.proposed_y_um)
    return Landing(row.wire, (row.planned_x_um, row.planned_y_um), at, row.margin_um, FOOT_UM, 0.0)


def _pad_change(before: PadResult, after: PadResult) -> PadChange:
    same = [(a, b) for a in before.defects for b in after.defects if _overlap(a, b)]
    gone = tuple(d for d in before.defects if all(d is not a for a, _ in same))
    new = tuple(d for d in after.defects if all(d is not b for _, b in same))
    stayed = tuple(d for d in after.defects if any(d is b for _, b in same))
    return PadChange(after.pad, _change(before, after), before, after, gone, new, stayed)


def _change(before: PadResult, after: PadResult) -> Change:
    if before.verdict is after.verdict:
        alike = len(before.landings) == len(after.landings) and all(map(_lands_alike, before.landings, after.landings))
        return Change.SAME if alike else Change.MOVED
    if before.verdict is Verdict.UNKNOWN:
        return Change.SEEN
    if after.verdict is Verdict.UNKNOWN:
        return Change.HIDDEN
    return Change.BETTER if ORDER.index(after.verdict) < ORDER.index(before.verdict) else Change.WORSE


def _lands_alike(a: Landing, b: Landing) -> bool:
    if a.proposed_um is None or b.proposed_um is None:
        return a.proposed_um is b.proposed_um
    return math.dist(a.proposed_um, b.proposed_um) < SAME_PLACE_UM


def _overlap(a: Defect, b: Defect) -> bool:
    ax0, ay0, ax1, ay1 = a.box_um
    bx0, by0, bx1, by1 = b.box_um
    s = POSE_SLACK_UM
    return ax0 - s < bx1 and bx0 - s < ax1 and ay0 - s < by1 and by0 - s < ay1


def _placed(p: PadResult) -> int:
    return sum(m.proposed_um is not None for m in p.landings)
