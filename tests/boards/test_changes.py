"""What a person is told about the difference between two judgements."""

from dataclasses import replace

import pytest

from padscope.boards.changes import Change, compare_maps, compare_verdicts
from padscope.boards.pad_map import PadResult, Verdict
from padscope.errors import PadMapError
from reference_maps import DUST, MAP, RESULTS, SCRATCH, landings, map_with


def test_nothing_changes_against_itself() -> None:
    changes = compare_maps(MAP, MAP)
    assert changes.changed() == ()
    assert changes.counts()[Change.SAME] == 6
    assert changes.words() == "nothing changes"
    assert changes.moves() == {}


def test_cleaning_shows_what_went_what_came_and_what_stayed() -> None:
    cleaned = PadResult("D", Verdict.OK, (), 0.2, 1.0, (), landings("D"))
    fresh = replace(SCRATCH, box_um=(300.0, 500.0, 310.0, 510.0))
    moved = replace(SCRATCH, box_um=(585.0, 584.0, 626.0, 612.0))  # the same scratch, seen a little elsewhere
    worse = replace(RESULTS[1], verdict=Verdict.REDUCED, defects=(moved, fresh), landings=landings("B", {1: None}))
    seen = PadResult("F", Verdict.OK, (), 0.2, 1.0, (), landings("F"))
    changes = compare_maps(MAP, map_with(cleaned, worse, seen))
    by_pad = {c.pad: c for c in changes.pads}
    assert [by_pad[p].change for p in "ABCDEF"] == ["same", "worse", "same", "better", "same", "seen"]
    assert by_pad["D"].gone == (DUST,)
    assert by_pad["B"].new == (fresh,)
    assert by_pad["B"].stayed == (moved,)
    assert by_pad["B"].gone == ()
    assert by_pad["B"].wires_gained == -1
    assert changes.moves() == {
        (Verdict.OK_SHIFT, Verdict.REDUCED): 1,
        (Verdict.RE_CLEAN, Verdict.OK): 1,
        (Verdict.UNKNOWN, Verdict.OK): 1,
    }
    assert changes.words() == "3 of 6 pads change: 1 OK_SHIFT to REDUCED, 1 RE_CLEAN to OK, 1 UNKNOWN to OK"


def test_a_wire_that_lands_elsewhere_is_a_change_too() -> None:
    moved = replace(RESULTS[1], landings=landings("B", {1: (-100.0, 0.0)}))
    lost = replace(RESULTS[3], landings=landings("D", {0: None}))
    changes = compare_verdicts(RESULTS, map_with(moved, lost).pads)
    assert [c.pad for c in changes.changed()] == ["B", "D"]
    assert changes.counts()[Change.MOVED] == 2
    assert changes.words() == "2 of 6 pads change: 2 with the same verdict land elsewhere; 1 wires fewer can land"
    nearly = replace(RESULTS[1], landings=landings("B", {1: (-119.9, 0.0)}))
    assert compare_verdicts(RESULTS, map_with(nearly).pads).changed() == ()


def test_a_pad_that_can_no_longer_be_judged_is_neither_better_nor_worse() -> None:
    hidden = replace(RESULTS[0], verdict=Verdict.UNKNOWN, landings=landings("A", {0: None}))
    assert compare_verdicts(RESULTS, map_with(hidden).pads).pads[0].change is Change.HIDDEN


def test_maps_of_different_boards_are_not_compared() -> None:
    with pytest.raises(PadMapError, match="different pads"):
        compare_verdicts(RESULTS, RESULTS[1:])
    with pytest.raises(PadMapError, match=r"different layouts \(six and other\)"):
        compare_maps(MAP, replace(MAP, provenance=replace(MAP.provenance, layout="other", layout_sha256="02" * 32)))
