"""Feet put down by hand: they stand on sound metal or nowhere, stop at what is in the way, and survive judging again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.boards.bond_map import bond_map_text, bond_rows, pad_map_text, parse_pad_map, read_bond_map
from padscope.boards.defects import PaintedMask
from padscope.boards.hand_feet import HandFoot
from padscope.boards.layout import Layout, Pad, spread_wires
from padscope.boards.pad_map import PadMap, PictureFacts, Provenance, Verdict
from padscope.boards.rules import load_rules
from padscope.boards.verdict import Judge, prepare
from padscope.errors import UsageError
from padscope.types import Affine, Box, Scale
from reference_landing import squares_touched

RULES = load_rules(None)
SIZE = (480, 480)
PAD = Pad("L001", 600.0, 250.0, 1000.0, 381.0)
WIRES = spread_wires(PAD, 3)
TOLERANCE = RULES.landing.tolerance_um


def pose(turn_deg: float = 0.0, scale: float = 0.4) -> Affine:
    t = math.radians(turn_deg)
    c, s = scale * math.cos(t), scale * math.sin(t)
    x, y = np.array([[c, -s], [s, c]]) @ (PAD.x_um, PAD.y_um)
    return Affine(c, -s, SIZE[0] / 2 - float(x), s, c, SIZE[1] / 2 - float(y))


def board(mask: np.ndarray, um_to_px: Affine, pad: Pad = PAD) -> Judge:
    """A pad with a painted mask (h, w) of the whole picture."""
    grid = np.zeros((SIZE[1] // 8, SIZE[0] // 8), np.float32)
    layout = Layout("b", (pad,), WIRES)
    painted = {pad.id: PaintedMask(Box(0, 0, *SIZE), mask, {1: "scratch"})}
    return prepare(grid, layout, um_to_px, SIZE, RULES, masks=painted)


def clean() -> np.ndarray:
    return np.zeros((SIZE[1], SIZE[0]), np.uint8)


def dirty(seed: int, blots: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = clean()
    for _ in range(blots):
        x, y = rng.integers(40, SIZE[0] - 40), rng.integers(150, SIZE[1] - 160)
        w, h = rng.integers(1, 30), rng.integers(1, 30)
        mask[y : y + h, x : x + w] = 1
    return mask


points = st.tuples(st.floats(50, 1150), st.floats(30, 470))
turns = st.sampled_from([0.0, 0.6, -1.7, 12.0, 90.0])


@given(st.integers(0, 10_000), st.integers(0, 8), turns, points, st.integers(0, 2), st.floats(0, 300))
def test_no_foot_that_is_let_down_touches_a_defect_or_leaves_its_pad(
    seed: int, blots: int, turn: float, at: tuple[float, float], which: int, reach: float
) -> None:
    mask, um_to_px = dirty(seed, blots), pose(turn)
    room = board(mask, um_to_px).room(WIRES[which].id)
    found = room.nearest(at, reach)
    if found is None:
        assert not room.fits(at)
        return
    assert room.fits(found)
    assert math.dist(found, at) <= reach + 1e-6 or found == at
    half = np.array(WIRES[which].foot_um[::-1]) / 2 + TOLERANCE
    linear = um_to_px.inverse().linear
    back = np.column_stack([linear, um_to_px.inverse().rows[:, 2]])
    assert squares_touched(mask.astype(bool), back, found, np.eye(2), tuple(half - 1e-3)) == 0
    assert PAD.x_um - 500 - 1e-6 <= found[0] - half[0]
    assert found[0] + half[0] <= PAD.x_um + 500 + 1e-6
    assert PAD.y_um - 190.5 - 1e-6 <= found[1] - half[1]
    assert found[1] + half[1] <= PAD.y_um + 190.5 + 1e-6


@given(st.integers(0, 10_000), st.integers(1, 6), points)
def test_no_nearer_place_was_missed(seed: int, blots: int, at: tuple[float, float]) -> None:
    """Against every place of a lattice."""
    room = board(dirty(seed, blots), pose()).room(WIRES[1].id)
    found = room.nearest(at)
    xs, ys = np.arange(100, 1101, 25.0), np.arange(60, 441, 12.5)
    free = [(x, y) for x in xs for y in ys if room.fits((float(x), float(y)))]
    if free:
        assert found is not None
        assert math.dist(found, at) <= min(math.dist(p, at) for p in free) + 1e-6


def test_a_foot_stops_at_the_edge_of_the_pad_and_at_its_neighbours() -> None:
    room = board(clean(), pose()).room(WIRES[0].id)
    assert room.nearest((5000.0, WIRES[0].y_um)) == pytest.approx((1100 - 62.5 - TOLERANCE, WIRES[0].y_um))
    down = room.nearest((600.0, 450.0))
    assert down == pytest.approx((600.0, WIRES[1].y_um - 75 - 2 * TOLERANCE))
    assert room.nearest((5000.0, 5000.0), reach_um=40.0) is None


def test_the_margin_shrinks_towards_a_defect() -> None:
    mask = clean()
    mask[220:260, 300:310] = 1
    room = board(mask, pose()).room(WIRES[1].id)
    here = [room.margin_um((x, WIRES[1].y_um)) for x in (600.0, 640.0, 660.0, 720.0)]
    assert here == sorted(here, reverse=True)
    assert here[-1] < 0


def test_a_foot_put_down_is_in_the_verdict_with_its_name_and_the_others_stay() -> None:
    judge = board(clean(), pose())
    (plain,) = judge.verdicts()
    foot = HandFoot(WIRES[1].id, (700.0, WIRES[1].y_um), "Ada")
    (by_hand,) = judge.verdicts(1.0, [foot])
    assert by_hand.verdict is Verdict.OK_SHIFT
    assert by_hand.landings[1].proposed_um == foot.at_um
    assert by_hand.landings[1].placed_by == "Ada"
    assert (by_hand.landings[1].margin_um or 0) > 0
    assert [by_hand.landings[k] for k in (0, 2)] == [plain.landings[k] for k in (0, 2)]
    assert by_hand.reasons == ("L001-2 lands 100 µm to the right, along the wire, placed by hand by Ada",)
    assert judge.verdicts() == (plain,)


def test_feet_may_change_places_only_where_all_of_them_fit() -> None:
    judge = board(clean(), pose())
    near = HandFoot(WIRES[0].id, (600.0, WIRES[1].y_um - 20), "Ada")
    (result,) = judge.verdicts(1.0, [near])
    assert result.landings[0].placed_by == ""
    assert result.reasons == ("the foot of L001-1 that Ada placed no longer fits there",)
    assert result.verdict is Verdict.OK
    aside = HandFoot(WIRES[1].id, (600.0, WIRES[1].y_um + 20), "Ada")
    last = HandFoot(WIRES[2].id, (600.0, WIRES[2].y_um + 15), "Ada")
    (result,) = judge.verdicts(1.0, [replace(near, at_um=(600.0, WIRES[0].y_um + 10)), aside, last])
    assert [m.placed_by for m in result.landings] == ["Ada", "Ada", "Ada"]


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 6), st.lists(st.tuples(st.integers(0, 2), points), max_size=4))
def test_whatever_was_put_down_no_foot_stands_on_a_defect_or_on_another(
    seed: int, blots: int, wishes: list[tuple[int, tuple[float, float]]]
) -> None:
    mask, um_to_px = dirty(seed, blots), pose(0.6)
    feet = [HandFoot(WIRES[k].id, at, "Ada") for k, at in wishes]
    (result,) = board(mask, um_to_px).verdicts(1.0, feet)
    (plain,) = board(mask, um_to_px).verdicts(1.0)
    back = um_to_px.inverse().rows
    placed = [m for m in result.landings if m.proposed_um is not None]
    for m in placed:
        half = np.array(m.foot_um[::-1]) / 2
        assert m.proposed_um is not None
        assert squares_touched(mask.astype(bool), back, m.proposed_um, np.eye(2), tuple(half)) == 0
    for a in placed:
        for b in placed:
            if a is not b and a.proposed_um and b.proposed_um:
                (ax, ay), (bx, by) = a.proposed_um, b.proposed_um
                assert abs(ax - bx) >= 125 - 1e-6 or abs(ay - by) >= 75 - 1e-6
    wished = {f.wire for f in feet}
    untouched = [k for k, m in enumerate(result.landings) if m.wire not in wished or not m.placed_by]
    assert [result.landings[k].proposed_um for k in untouched] == [plain.landings[k].proposed_um for k in untouched]


def test_a_pad_that_cannot_be_judged_takes_no_foot() -> None:
    grid = np.full((SIZE[1] // 8, SIZE[0] // 8), np.nan, np.float32)
    judge = prepare(grid, Layout("b", (PAD,), WIRES), pose(), SIZE, RULES)
    with pytest.raises(UsageError, match="cannot be judged"):
        judge.room(WIRES[0].id)
    with pytest.raises(UsageError, match="no wire"):
        judge.room("elsewhere")
    (result,) = judge.verdicts(1.0, [HandFoot(WIRES[0].id, (600.0, 120.0), "Ada")])
    assert result.verdict is Verdict.UNKNOWN
    assert all(m.proposed_um is None for m in result.landings)


def test_files_say_which_feet_were_placed_by_hand(tmp_path: object) -> None:
    judge = board(clean(), pose())
    made = Provenance("d", "", "r", "", "b", "", "2026-01-02T03:04:05Z", "padscope")
    facts = PictureFacts("a.png", "ab", *SIZE, Scale(2.5, "typed", True))

    def pad_map(feet: list[HandFoot]) -> PadMap:
        return PadMap(facts, pose(), 1.0, "pads", made, judge.verdicts(1.0, feet))

    by_hand = pad_map([HandFoot(WIRES[1].id, (700.0, WIRES[1].y_um), "Ada")])
    assert parse_pad_map(pad_map_text(by_hand), "x") == by_hand
    file = tmp_path / "x.bondmap.csv"  # type: ignore[operator]
    file.write_text(bond_map_text(bond_rows(by_hand)))
    assert [row.placed_by for row in read_bond_map(file)] == ["", "Ada", ""]
    assert read_bond_map(file) == bond_rows(by_hand)
    for plain in (pad_map_text(pad_map([])), bond_map_text(bond_rows(pad_map([])))):
        assert "placed_by" not in plain
