"""A person's word on a pad map: which pads are to be looked at, what was decided about them, and the map that results.

Decisions are only added, never changed: the last one about a pad counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.errors import UsageError

WORST_FIRST = (
    Verdict.NOT_BONDABLE,
    Verdict.UNKNOWN,
    Verdict.RE_CLEAN,
    Verdict.REDUCED,
    Verdict.OK_SHIFT,
    Verdict.OK,
)
TO_BE_CLEANED = "to be cleaned again"


class Decision(StrEnum):
    """WITHDRAWN takes back what was decided before."""

    AGREED = "agreed"
    OVERRIDDEN = "overridden"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PadDecision:
    """What somebody decided about a pad: `verdict` is the one that holds from then on."""

    pad: str
    decision: Decision
    verdict: Verdict
    reason: str = ""
    author: str = ""
    at: str = ""  # UTC ISO 8601; filled in when stored


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is: pads looked at, of those that need a look."""

    done: int
    of: int

    @property
    def complete(self) -> bool:
        return self.done >= self.of

    def words(self) -> str:
        return "nothing to see" if not self.of else f"{self.done} of {self.of}"


def agreement(result: PadResult, author: str = "") -> PadDecision:
    """To what the program says."""
    return PadDecision(result.pad, Decision.AGREED, result.verdict, "", author)


def override(result: PadResult, verdict: Verdict, reason: str, author: str) -> PadDecision:
    """Another verdict than the program's. UsageError without a name and a reason."""
    if not author.strip():
        raise UsageError("Who overrides a verdict must say who it is; enter your name as the operator.")
    if not reason.strip():
        raise UsageError(f"Say why pad {result.pad} is {verdict} and not {result.verdict}; an override needs a reason.")
    return PadDecision(result.pad, Decision.OVERRIDDEN, verdict, reason.strip(), author.strip())


def current(decisions: Iterable[PadDecision]) -> dict[str, PadDecision]:
    """The decision that counts by pad; decisions in the order in which they were taken."""
    last = {d.pad: d for d in decisions}
    return {pad: d for pad, d in last.items() if d.decision is not Decision.WITHDRAWN}


def needs_a_look(result: PadResult) -> bool:
    """Whether a pad is not plainly OK: another verdict, or something lies on it."""
    return result.verdict is not Verdict.OK or bool(result.defects)


def to_see(pads: Sequence[PadResult]) -> tuple[str, ...]:
    """The pads that need a look, the worst first."""
    found = [p for p in pads if needs_a_look(p)]
    found.sort(key=lambda p: (WORST_FIRST.index(p.verdict), -(p.level or 0.0)))
    return tuple(p.pad for p in found)


def next_to_see(
    pads: Sequence[PadResult], decided: Mapping[str, PadDecision], after: str | None = None, step: int = 1
) -> str | None:
    """The pad to look at after (or, with step -1, before) this one: the next without a decision, round and round; with none left
    None."""
    queue = to_see(pads)
    left = [pad for pad in queue if pad not in decided]
    if not left:
        return None
    if after not in queue:
        return left[0 if step > 0 else -1]
    at = queue.index(after)
    round_trip = [queue[(at + step * k) % len(queue)] for k in range(1, len(queue) + 1)]
    return next(pad for pad in round_trip if pad not in decided)


def progress(pads: Sequence[PadResult], decided: Mapping[str, PadDecision]) -> Progress:
    queue = to_see(pads)
    return Progress(sum(pad in decided for pad in queue), len(queue))


def reviewed_pad(result: PadResult, decision: PadDecision | None) -> PadResult:
    """The pad as it is handed on, with who decided about it: an override becomes the verdict, with who and why as its first
    reason. On a pad that a person calls OK, wires that found no place land where they were planned."""
    if decision is None or decision.decision is Decision.WITHDRAWN:
        return result
    if decision.decision is Decision.AGREED:
        return replace(result, reviewer=decision.author)
    by = f" by {decision.author}" if decision.author else ""
    said = f"{decision.verdict} instead of {result.verdict}{by}: {decision.reason}"
    landings = result.landings
    if decision.verdict is Verdict.OK:
        landings = tuple(m if m.proposed_um else replace(m, proposed_um=m.planned_um) for m in landings)
    marks = tuple(replace(m, reason=m.reason + 1) for m in result.marks)
    return replace(
        result,
        verdict=decision.verdict,
        reasons=(said, *result.reasons),
        landings=landings,
        marks=marks,
        reviewer=decision.author,
    )


def reviewed(pad_map: PadMap, decisions: Iterable[PadDecision]) -> PadMap:
    """The map as it is handed on."""
    decided = current(decisions)
    return replace(pad_map, pads=tuple(reviewed_pad(p, decided.get(p.pad)) for p in pad_map.pads))
