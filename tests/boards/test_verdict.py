"""Verdicts: what a technician is told about a pad, and why."""

from __future__ import annotations

import dataclasses
import math
import tomllib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from padscope.boards.defects import PaintedMask, level_at_pixels, pixels_inside
from padscope.boards.doubts import Doubt
from padscope.boards.landing import Obstacles
from padscope.boards.layout import Layout, Pad, Wire, spread_wires
from padscope.boards.pad_map import PadResult, Verdict
from padscope.boards.rules import PristineRules, Rules, load_rules, parse_rules, rule_names, rules_toml
from padscope.boards.verdict import judge, prepare
from padscope.errors import RulesError
from padscope.resources import resource
from padscope.types import Affine, Box
from reference_maps import painted_pads

SIZE = (640, 480)
UM_TO_PX = Affine(0.4, 0.0, 10.0, 0.0, 0.4, 10.0)
WIDE = Pad("WIDE", 600.0, 350.0, 1000.0, 635.0)
NARROW = Pad("NARROW", 600.0, 850.0, 1000.0, 127.0, net="CLK", single_purpose=True)
LAYOUT = Layout("two pads", (WIDE, NARROW), (*spread_wires(WIDE, 5), *spread_wires(NARROW, 1)))
STANDARD = load_rules()


def grid(value: float = 0.2) -> NDArray[np.float32]:
    return np.full((SIZE[1] // 8, SIZE[0] // 8), value, np.float32)


def painted(boxes_um: list[tuple[float, float, float, float]], name: str = "scratch") -> dict[str, PaintedMask]:
    """Rectangles in board µm, painted with one class."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    for x0, y0, x1, y1 in boxes_um:
        (c0, r0), (c1, r1) = np.rint(UM_TO_PX.apply(np.array([[x0, y0], [x1, y1]]))).astype(int)
        mask[r0:r1, c0:c1] = 1
    return painted_pads(mask, LAYOUT, UM_TO_PX, {1: name})


def judged(
    level: NDArray[np.float32] | None = None,
    rules: Rules = STANDARD,
    masks: dict[str, PaintedMask] | None = None,
    factor: float = 1.0,
    layout: Layout = LAYOUT,
) -> dict[str, PadResult]:
    level = grid() if level is None else level
    results = judge(level, layout, UM_TO_PX, SIZE, rules, masks=masks, threshold_factor=factor)
    return {r.pad: r for r in results}


def test_sound_pads_are_ok_without_a_word() -> None:
    for result in judged().values():
        assert result.verdict is Verdict.OK
        assert result.reasons == ()
        assert result.level == pytest.approx(0.2)
        assert result.usable_fraction == 1.0


def test_a_warm_cell_under_a_foot_shifts_its_wire_and_says_where_to() -> None:
    level = grid()
    level[18, 30] = 5.0  # px 240 … 247, 144 … 151: at (587, 346) µm, where the third wire is planned
    result = judged(level)["WIDE"]
    assert result.verdict is Verdict.OK_SHIFT
    assert result.level == pytest.approx(5.0, rel=0.2)  # bilinear: no pixel centre lies on the cell's centre
    (defect,) = result.defects
    x0, y0, x1, y1 = defect.box_um
    assert x0 < 587 < x1
    assert y0 < 346 < y1
    assert defect.defect_class == "unknown"
    third = result.landings[2]
    assert third.shift_um is not None
    assert third.shift_um[0] > x1 - 587 + 62
    assert third.shift_um[1] == 0.0
    assert any("WIDE-3 lands" in r and "to the right, along the wire" in r for r in result.reasons)
    assert [w.shift_um for k, w in enumerate(result.landings) if k != 2] == [(0.0, 0.0)] * 4


def test_feet_keep_off_doubtful_metal_around_a_defect_while_that_costs_no_wire() -> None:
    bold = dataclasses.replace(STANDARD, landing=dataclasses.replace(STANDARD.landing, doubtful_level=1.0))
    level = grid()
    level[35:46, 28:33] = 0.85  # NARROW: doubtful, with a defect in it
    level[41, 30] = 1.5
    near, far = (judged(level, rules)["NARROW"].landings[0] for rules in (bold, STANDARD))
    assert near.shift_um is not None
    assert far.shift_um is not None
    assert abs(far.shift_um[0]) > abs(near.shift_um[0]) + 25
    level[35:46] = np.maximum(level[35:46], 0.85)  # all of it is doubtful: then the nearest place will do
    assert judged(level)["NARROW"].landings[0] == judged(level, bold)["NARROW"].landings[0]
    level[41, 30] = 0.9  # no defect, so nobody asks for doubts
    assert judged(level)["NARROW"].landings[0].shift_um == (0.0, 0.0)


def test_a_blemish_away_from_the_feet_leaves_the_pad_ok_but_is_said() -> None:
    result = judged(masks=painted([(150, 60, 190, 100)]))["WIDE"]
    assert result.verdict is Verdict.OK
    assert result.reasons == ("scratch of 1\u2009600 µm² clear of every foot",)
    assert result.level == 1.0  # painted: a person says it is one


def test_a_pad_that_cannot_take_all_its_wires_is_reduced() -> None:
    result = judged(masks=painted([(100, 250, 1100, 400)]))["WIDE"]
    assert result.verdict is Verdict.REDUCED
    assert sum(w.proposed_um is None for w in result.landings) == 1
    assert result.reasons[0].startswith("4 of 5 wires can land; WIDE-")
    assert "95 × 145 µm of free ground" in result.reasons[0]


def test_a_pad_with_a_net_of_its_own_needs_all_its_wires() -> None:
    own = dataclasses.replace(WIDE, single_purpose=True)
    layout = Layout("own", (own,), spread_wires(own, 5))
    result = judged(masks=painted([(100, 250, 1100, 400)]), layout=layout)["WIDE"]
    assert result.verdict is Verdict.NOT_BONDABLE


def test_no_place_at_all_is_not_bondable() -> None:
    result = judged(masks=painted([(100, 840, 1100, 860)]))["NARROW"]
    assert result.verdict is Verdict.NOT_BONDABLE
    assert result.landings[0].proposed_um is None
    assert result.landings[0].margin_um is None
    assert result.reasons[0] == (
        "no place on the pad has 95 × 145 µm of free ground (foot and tolerance); the largest is 54 × 1000 µm"
    )


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("exposed metal", Verdict.NOT_BONDABLE),
        ("Glue_on_Pads", Verdict.NOT_BONDABLE),
        ("dust", Verdict.RE_CLEAN),
        ("Water-Mark", Verdict.RE_CLEAN),
        ("scratch", Verdict.OK),
        ("never heard of", Verdict.OK),
    ],
)
def test_some_kinds_of_defects_decide_whatever_their_size(name: str, verdict: Verdict) -> None:
    result = judged(masks=painted([(150, 60, 160, 70)], name))["WIDE"]
    assert result.verdict is verdict
    assert all(w.proposed_um == w.planned_um for w in result.landings)


def test_a_pad_blocked_only_by_what_can_be_cleaned_off_is_to_be_cleaned() -> None:
    result = judged(masks=painted([(100, 840, 1100, 860)], "dust"))["NARROW"]
    assert result.verdict is Verdict.RE_CLEAN
    assert result.landings[0].proposed_um is None
    assert any("once the pad is clean" in r for r in result.reasons)


def test_too_little_sound_metal_is_not_bondable_even_where_wires_could_land() -> None:
    result = judged(masks=painted([(100, 32, 400, 668)]))["WIDE"]
    assert result.usable_fraction == pytest.approx(0.7, abs=0.01)
    assert result.verdict is Verdict.NOT_BONDABLE
    assert all(w.proposed_um is not None for w in result.landings)
    assert "only 70 % of the pad is free of defects; a pad needs 75 %" in result.reasons


def test_the_pristine_window_can_be_made_strict() -> None:
    strict = dataclasses.replace(STANDARD, pristine=PristineRules(effect="NOT_BONDABLE"))
    inside, rim = painted([(220, 300, 240, 320)]), painted([(110, 300, 130, 320)])
    assert judged(rules=STANDARD, masks=inside)["WIDE"].verdict is Verdict.OK
    assert judged(rules=strict, masks=inside)["WIDE"].verdict is Verdict.NOT_BONDABLE
    assert judged(rules=strict, masks=rim)["WIDE"].verdict is Verdict.OK


@pytest.mark.parametrize("cell", [(18, 30), (6, 8), (41, 45)])
def test_a_pad_with_a_cell_that_was_not_inspected_is_unknown(cell: tuple[int, int]) -> None:
    level = grid()
    level[cell] = np.nan
    results = judged(level)
    seen = "NARROW" if cell[0] < 40 else "WIDE"
    blind = "WIDE" if cell[0] < 40 else "NARROW"
    assert results[seen].verdict is Verdict.OK
    assert results[blind].verdict is Verdict.UNKNOWN
    assert all(w.proposed_um is None for w in results[blind].landings)
    assert "not inspected" in results[blind].reasons[0]


def test_cells_that_only_touch_the_pads_edge_need_not_be_inspected() -> None:
    level = np.full((SIZE[1] // 8, SIZE[0] // 8), np.nan, np.float32)
    centres = UM_TO_PX.inverse().apply(np.stack(np.meshgrid(np.arange(80) * 8 + 3.5, np.arange(60) * 8 + 3.5), axis=-1))
    for pad in LAYOUT.pads:
        on = np.abs(centres - (pad.x_um, pad.y_um)) < (pad.w_um / 2, pad.h_um / 2)
        level[on.all(axis=-1)] = 0.3
    assert {r.verdict for r in judged(level).values()} == {Verdict.OK}


def test_a_pad_that_reaches_out_of_the_picture_is_unknown_even_if_painted() -> None:
    pose = Affine(0.4, 0.0, -45.0, 0.0, 0.4, 10.0)
    for masks in ({}, {"WIDE": PaintedMask(Box(0, 0, 5, 5), np.zeros((5, 5), np.uint8))}):
        wide, narrow = judge(grid(), LAYOUT, pose, SIZE, STANDARD, masks=masks)
        assert wide.verdict is narrow.verdict is Verdict.UNKNOWN
        assert "not wholly inside the picture" in wide.reasons[0]
    far = Affine(0.4, 0.0, 5000.0, 0.0, 0.4, 10.0)
    assert {r.verdict for r in judge(grid(), LAYOUT, far, SIZE, STANDARD)} == {Verdict.UNKNOWN}


def test_a_doubted_pad_is_unknown_and_says_why() -> None:
    results = judge(grid(), LAYOUT, UM_TO_PX, SIZE, STANDARD, doubts={"WIDE": Doubt("blurred")})
    assert results[0].verdict is Verdict.UNKNOWN
    assert results[0].reasons[0].startswith("blurred: ")
    assert results[1].verdict is Verdict.OK


def test_a_painted_mask_wins_over_heat_both_ways() -> None:
    hot = grid(3.0)
    clean = {"WIDE": PaintedMask(Box(0, 0, 1, 1), np.zeros((1, 1), bool))}
    results = judged(hot, masks=clean)
    assert results["WIDE"].verdict is Verdict.OK
    assert results["WIDE"].level == pytest.approx(3.0)
    assert results["WIDE"].reasons == ("a person painted no defect here; the level of 3.00 is overruled",)
    assert results["NARROW"].verdict is Verdict.NOT_BONDABLE
    nan = np.full_like(hot, np.nan)
    assert judged(nan, masks=clean)["WIDE"].verdict is Verdict.OK
    assert judged(nan, masks=clean)["WIDE"].level is None


def test_specks_of_heat_are_left_out_but_painted_ones_count() -> None:
    rules = dataclasses.replace(STANDARD, defects=dataclasses.replace(STANDARD.defects, minimum_area_um2=1000.0))
    level = grid()
    level[18, 30] = 1.6
    result = judged(level, rules)["WIDE"]
    assert result.verdict is Verdict.OK
    assert result.defects == ()
    assert result.reasons == ("above the threshold only in specks below 1000 µm²; not counted",)
    assert len(judged(masks=painted([(150, 60, 152.5, 62.5)]), rules=rules)["WIDE"].defects) == 1


def test_the_threshold_factor_is_a_higher_threshold() -> None:
    level = grid()
    level[18, 30] = 5.0
    prepared = prepare(level, LAYOUT, UM_TO_PX, SIZE, STANDARD)
    low, high = prepared.verdicts(1.0)[0], prepared.verdicts(10.0)[0]
    assert low.verdict is Verdict.OK_SHIFT
    assert high.verdict is Verdict.OK
    assert low.level is not None
    assert high.level == pytest.approx(low.level / 10)
    other = judged(level / 10)["WIDE"]
    assert dataclasses.replace(high, level=None) == dataclasses.replace(other, level=None)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.3, 3.0))
def test_every_reason_has_its_place_and_no_verdict_is_without_a_reason(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    level = grid()
    hot = rng.random(level.shape) < 0.01
    level[hot] = rng.uniform(1.0, 4.0, hot.sum())
    for judgement in prepare(level, LAYOUT, UM_TO_PX, SIZE, STANDARD).judgements(factor):
        result = judgement.result
        assert [r.text for r in judgement.reasons] == list(result.reasons)
        asked = {r.effect for r in judgement.reasons}
        assert result.verdict is Verdict.OK or result.verdict in asked
        assert all(r.marks for r in judgement.reasons)
        assert [m.corners_um for m in result.marks] == [m for r in judgement.reasons for _, m in r.marks]
        assert {m.reason for m in result.marks} == set(range(len(result.reasons)))
        if result.defects and result.level is not None:
            assert result.level >= 1.0
        if not math.isclose(result.usable_fraction or 0, 1.0):
            assert result.defects


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), nan=st.booleans())
def test_level_between_cells_is_bilinear_and_knows_no_nan(seed: int, nan: bool) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.random((7, 9)).astype(np.float32)
    if nan:
        cells[rng.random(cells.shape) < 0.4] = np.nan
    box = Box(3, 5, 70, 51)
    level, seen = level_at_pixels(cells, box)
    for row, col in rng.integers(0, (box.height, box.width), (30, 2)):
        y, x = np.clip(((row + box.y0 - 3.5) / 8, (col + box.x0 - 3.5) / 8), 0, (6, 8))
        total = weight = 0.0
        for i in range(7):
            for j in range(9):
                w = max(0.0, 1 - abs(i - y)) * max(0.0, 1 - abs(j - x))
                if np.isfinite(cells[i, j]):
                    total, weight = total + w * float(cells[i, j]), weight + w
        assert seen[row, col] == (weight > 1e-6)
        if weight > 1e-3:
            assert level[row, col] == pytest.approx(total / weight, abs=1e-4)


def test_pixels_inside_a_polygon_are_those_whose_centre_is() -> None:
    bent = np.array([[2.2, 1.2], [12.7, 1.2], [12.7, 6.4], [7.1, 6.4], [7.1, 11.9], [2.2, 11.9]])
    inside = pixels_inside(bent, Box(0, 0, 16, 14))
    rows, cols = np.indices(inside.shape)
    upper = (cols > 2.2) & (cols < 12.7) & (rows > 1.2) & (rows < 6.4)
    lower = (cols > 2.2) & (cols < 7.1) & (rows > 6.4) & (rows < 11.9)
    assert (inside == (upper | lower)).all()


@pytest.mark.parametrize("name", rule_names())
def test_packaged_rules_load_and_come_back_from_toml(name: str) -> None:
    rules = load_rules(name)
    assert rules.name == name
    assert len(rules.sha256) == 64
    assert parse_rules(rules_toml(rules).encode(), "back.toml") == rules
    assert load_rules(None).name == "standard"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[defects]\nminimum_area = 3", "minimum_area"),
        ("[defects]\nminimum_area_um2 = -3", "at least 0"),
        ("[area]\nusable_fraction = nan", "from 0 to 1"),
        ("[area]\neffect = 'maybe'", "one of none, note"),
        ("[classes]\ndust = 'wash'", "dust"),
        ("[surprise]\na = 1", "surprise"),
        ("area = 3", "must be a table"),
        ("name = 3", "quotation marks"),
        ("[defects", "TOML"),
        ("\udcff", "TOML"),
    ],
)
def test_wrong_rules_are_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(RulesError, match=word):
        parse_rules(text.encode("utf-8", "surrogateescape"), "mine.toml")


def test_rules_that_are_not_there_are_refused_with_those_that_are() -> None:
    with pytest.raises(RulesError, match="standard"):
        load_rules("nothing of the kind")


def test_a_pad_without_wires_is_still_judged() -> None:
    layout = Layout("bare", (WIDE,), ())
    assert judged(layout=layout)["WIDE"].verdict is Verdict.OK
    assert judged(grid(2.0), layout=layout)["WIDE"].verdict is Verdict.NOT_BONDABLE


def test_a_wire_planned_off_its_place_on_a_sound_pad_is_shifted_with_a_reason() -> None:
    layout = Layout("edge", (WIDE,), (Wire("w", "WIDE", 150.0, 350.0),))
    result = judged(layout=layout)["WIDE"]
    assert result.verdict is Verdict.OK_SHIFT
    assert result.reasons == ("w lands 22 µm to the right, along the wire",)


def test_obstacles_of_an_empty_mask_are_none() -> None:
    assert len(Obstacles.of(np.zeros((4, 4), bool), Box(0, 0, 4, 4), UM_TO_PX.inverse()).points_um) == 0


def test_reasons_are_found_in_the_picture() -> None:
    level = grid()
    level[18, 30] = 5.0
    shift = prepare(level, LAYOUT, UM_TO_PX, SIZE, STANDARD).judgements()[0].reasons
    (landing,) = [r for r in shift if r.rule == "landing"]
    planned, proposed = (UM_TO_PX.apply(np.array(corners)) for _, corners in landing.marks)
    assert planned.mean(axis=0) == pytest.approx([250.0, 150.0], abs=0.5)  # (600, 350) µm, in px
    assert np.ptp(planned, axis=0) == pytest.approx([50.0, 30.0])  # a foot of 125 x 75 µm
    assert proposed[:, 0].mean() > planned[:, 0].mean() + 20


def test_every_class_a_new_project_starts_with_means_something_to_the_rules() -> None:
    classes = tomllib.loads(resource("classes", "standard.toml").read_text(encoding="utf-8"))["class"]
    named = {name for name, _ in STANDARD.classes}
    assert {c["name"] for c in classes} <= named


def test_the_collaborations_words_are_understood() -> None:
    effects = {
        w: str(STANDARD.effect_of(w)) for w in ("Scratches_Wirebonding_pad", "Critical_damage_Wirebonding_pad", "Dusts")
    }
    assert list(effects.values()) == ["note", "NOT_BONDABLE", "RE_CLEAN"]


def test_only_what_hangs_together_with_a_defect_is_kept_clear_of() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:15, 5:25] = mask[20:30, 40:50] = True
    core = np.array([[10, 8]])  # a pixel of the first part
    points = Obstacles.of(mask, Box(0, 0, 60, 40), UM_TO_PX.inverse(), core=core).points_um
    px = UM_TO_PX.apply(points)
    assert np.ptp(px, axis=0) == pytest.approx([19.0, 9.0])
    both = Obstacles.of(mask, Box(0, 0, 60, 40), UM_TO_PX.inverse()).points_um
    assert len(both) > len(points)


def test_where_the_picture_is_bent_each_pad_is_judged_at_its_own_place() -> None:
    """The defect lies where the second pad is only by its own pose."""
    level = grid()
    moved = Affine(0.4, 0.0, 10.0, 0.0, 0.4, 50.0)  # 40 px further down: 330 … 381 px instead of 324 … 375
    level[48:, :] = 5.0  # below 384 px
    straight = judge(level, LAYOUT, UM_TO_PX, SIZE, STANDARD)
    bent = judge(level, LAYOUT, UM_TO_PX, SIZE, STANDARD, near={"NARROW": moved})
    assert [r.verdict for r in straight] == [Verdict.OK, Verdict.OK]
    assert [r.verdict is Verdict.OK for r in bent] == [True, False]
