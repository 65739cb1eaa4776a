"""The way of a review: which pads are looked at, in which order, and what a person's word does to the map."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.pad_map import Defect, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.review import (
    Decision,
    PadDecision,
    agreement,
    current,
    next_to_see,
    override,
    progress,
    reviewed,
    to_see,
)
from padscope.errors import UsageError
from padscope.types import Affine, Scale

SPECK = Defect("unknown", 500.0, (0.0, 0.0, 20.0, 25.0), 1.2)


def pad(id: str, verdict: Verdict, level: float = 0.3, defects: tuple[Defect, ...] = ()) -> PadResult:
    return PadResult(id, verdict, ("because",), level, 0.9, defects, ())


PADS = (
    pad("A", Verdict.OK),
    pad("B", Verdict.OK_SHIFT, 1.5),
    pad("C", Verdict.NOT_BONDABLE, 2.0),
    pad("D", Verdict.OK, 1.2, (SPECK,)),
    pad("E", Verdict.NOT_BONDABLE, 3.0),
    pad("F", Verdict.UNKNOWN, 0.1),
)
MAP = PadMap(
    PictureFacts("x.jpg", "00", 10, 10, Scale()),
    Affine(1, 0, 0, 0, 1, 0),
    1.0,
    "pads",
    Provenance("blob", "", "standard", "", "demo", "", "2026-01-01T00:00:00Z", "padscope"),
    PADS,
)


def test_the_worst_pad_comes_first_and_a_plain_one_never() -> None:
    assert to_see(PADS) == ("E", "C", "F", "B", "D")


def test_the_way_goes_round_what_is_left_and_ends() -> None:
    decided: dict[str, PadDecision] = {}
    seen, at = [], None
    while (at := next_to_see(PADS, decided, at)) is not None:
        seen.append(at)
        decided[at] = agreement(next(p for p in PADS if p.pad == at))
    assert seen == list(to_see(PADS))
    assert progress(PADS, decided).complete
    assert next_to_see(PADS, {}, "E", -1) == "D"
    assert next_to_see(PADS, {"C": agreement(PADS[2])}, "E") == "F"


def test_a_board_with_nothing_to_see_says_so() -> None:
    fine = PADS[:1]
    assert next_to_see(fine, {}) is None
    assert progress(fine, {}).complete
    assert progress(fine, {}).words() == "nothing to see"


def test_an_override_needs_a_name_and_a_reason() -> None:
    with pytest.raises(UsageError, match="who it is"):
        override(PADS[2], Verdict.OK, "only a reflection", " ")
    with pytest.raises(UsageError, match="needs a reason"):
        override(PADS[2], Verdict.OK, "", "AB")


def test_the_map_that_is_handed_on_carries_who_and_why() -> None:
    said = override(PADS[2], Verdict.OK, "only a reflection", "AB")
    changed = reviewed(MAP, [agreement(PADS[1]), said]).pads
    assert changed[2].verdict is Verdict.OK
    assert changed[2].reasons == ("OK instead of NOT_BONDABLE by AB: only a reflection", "because")
    assert [p for k, p in enumerate(changed) if k != 2] == [p for k, p in enumerate(PADS) if k != 2]
    taken_back = PadDecision("C", Decision.WITHDRAWN, Verdict.NOT_BONDABLE, "", "AB")
    assert reviewed(MAP, [said, taken_back]).pads == PADS


@given(st.lists(st.sampled_from("BCDEF"), unique=True), st.sampled_from([None, *"ABCDEF"]), st.sampled_from([1, -1]))
def test_the_next_pad_is_always_one_that_is_left(done: list[str], after: str | None, step: int) -> None:
    decided = {id: agreement(next(p for p in PADS if p.pad == id)) for id in done}
    found = next_to_see(PADS, decided, after, step)
    left = set("BCDEF") - set(done)
    assert (found in left) if left else found is None
    assert set(current(decided.values())) == set(done)
