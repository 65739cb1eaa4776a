"""Grades are a proposal: what it says for boards a person would grade at a glance."""

from dataclasses import replace

from padscope.boards.grades import OVERALL, field_of, proposed_grades
from padscope.boards.pad_map import PadMap, Verdict
from padscope.boards.rules import ModuleRules, load_rules
from reference_maps import GLUE, LAYOUT, MAP, RESULTS, SCRATCH, landings, map_with

RULES = load_rules()
FINE = [replace(r, verdict=Verdict.OK, reasons=(), defects=(), landings=landings(r.pad)) for r in RESULTS]


def board(**changed: object) -> PadMap:
    """All fine, except pads given as PAD=verdict."""
    return map_with(*(replace(r, verdict=changed.get(r.pad, Verdict.OK)) for r in FINE))  # type: ignore[arg-type]


def overall(pad_map: PadMap, rules: object = RULES) -> int | None:
    return proposed_grades(pad_map, LAYOUT, rules).overall  # type: ignore[arg-type]


def test_the_scale() -> None:
    assert overall(board()) == 1
    blemished = map_with(*FINE[1:], replace(FINE[0], defects=(SCRATCH,)))
    assert overall(blemished) == 2
    assert overall(board(B=Verdict.OK_SHIFT)) == 2
    assert overall(board(D=Verdict.RE_CLEAN)) == 3
    assert overall(board(D=Verdict.RE_CLEAN, E=Verdict.NOT_BONDABLE)) == 4
    assert overall(board(A=Verdict.NOT_BONDABLE)) == 5  # the only pad of the clock
    assert set(OVERALL) == {1, 2, 3, 4, 5}


def test_a_board_with_an_unknown_pad_gets_no_overall_grade() -> None:
    grades = proposed_grades(MAP, LAYOUT, RULES)
    assert grades.overall is None
    assert grades.reasons == ("pad F could not be judged; no overall grade before they are",)


def test_a_net_that_loses_too_many_wires_is_rework() -> None:
    one = map_with(*FINE, replace(FINE[1], verdict=Verdict.REDUCED, landings=landings("B", {1: None})))
    assert overall(one) == 2  # 5 of 6 wires of GND are left
    two = map_with(
        *FINE,
        replace(FINE[1], verdict=Verdict.REDUCED, landings=landings("B", {1: None})),
        replace(FINE[2], verdict=Verdict.REDUCED, landings=landings("C", {0: None})),
    )
    grades = proposed_grades(two, LAYOUT, RULES)
    assert grades.overall == 4
    assert grades.reasons == ("net GND keeps only 4 of 6 wires",)


def test_pads_lost_in_a_row_on_one_net_discard() -> None:
    lost = board(B=Verdict.NOT_BONDABLE, C=Verdict.NOT_BONDABLE)
    assert overall(lost) == 4
    strict = replace(RULES, module=ModuleRules(discard_consecutive_lost=2))
    grades = proposed_grades(lost, LAYOUT, strict)
    assert grades.overall == 5
    assert grades.reasons == ("2 pads in a row of net GND cannot be bonded",)
    apart = board(C=Verdict.NOT_BONDABLE, E=Verdict.NOT_BONDABLE)
    assert overall(apart, strict) == 4
    assert overall(apart, replace(RULES, module=ModuleRules(discard_lost_pads=2))) == 5


def test_fields_speak_of_their_kinds_of_defects() -> None:
    fields = proposed_grades(MAP, LAYOUT, RULES).fields
    assert fields == {
        "WIREBOND_PADS_CONTAMINATION_GRADE": 3,
        "PARTICULATE_CONTAMINATION_GRADE": 2,
        "WATERMARKS_GRADE": 1,
        "SCRATCHES_GRADE": 2,
        "SOLDER_SPILLS_GRADE": 1,
    }
    assert field_of("Water-Mark") == "WATERMARKS_GRADE"
    assert field_of("something new") == field_of(GLUE.defect_class) == "WIREBOND_PADS_CONTAMINATION_GRADE"
