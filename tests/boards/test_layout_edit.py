"""Changing a layout by hand: what comes of each change, what can be undone, and what is said to be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.layout import Fiducial, Layout, Pad, Wire, checked, spread_wires
from padscope.boards.layout_edit import (
    Edits,
    mirrored,
    moved,
    named,
    next_name,
    numbered,
    reflected,
    renamed,
    repeated,
    resized,
    turned,
    with_changed,
    with_direction,
    with_fiducial,
    with_foot,
    with_pad,
    with_wires,
    without,
)
from padscope.boards.layout_problems import problems
from padscope.errors import LayoutError

PAD = Pad("L001", 500.0, 1000.0, 1000.0, 127.0)
ONE = Layout("board", (PAD,), spread_wires(PAD, 1))
lengths = st.floats(20, 5000)
places = st.floats(-20_000, 20_000)
angles = st.floats(-180, 180)
pads = st.builds(Pad, st.just("P1"), places, places, lengths, lengths, angles)


def outline(pad: Pad) -> np.ndarray:
    return pad.corners_um


def same_outline(a: Pad, b: Pad) -> bool:
    """As sets of corners: a mirror changes their order."""
    far = np.hypot(*(outline(a)[:, None] - outline(b)[None]).transpose(2, 0, 1))
    return bool(far.min(axis=0).max() < 1e-3 and far.min(axis=1).max() < 1e-3)


def own_frame(pad: Pad, wires: tuple[Wire, ...]) -> np.ndarray:
    return (np.array([(w.x_um, w.y_um) for w in wires]) - (pad.x_um, pad.y_um)) @ pad.axes


def uneven(pad: Pad) -> Layout:
    x, y = pad.axes @ (pad.w_um / 5, -pad.h_um / 4) + (pad.x_um, pad.y_um)
    wires = (
        Wire("P1-1", pad.id, float(x), float(y), 10.0, chip_pad="GNDA"),
        Wire("SLDO", pad.id, pad.x_um, pad.y_um, 100.0),
    )
    return Layout("board", (pad,), wires)


def test_a_drawn_pad_repeated_is_a_row_with_names_that_go_on() -> None:
    layout, new = repeated(ONE, ["L001"], 29, 0.0, 254.0)
    assert len(checked(layout).pads) == 30
    assert new[0] == "L002"
    assert new[-1] == "L030"
    assert layout.pad["L030"].y_um == pytest.approx(1000 + 29 * 254)
    (wire,) = layout.wires_of["L030"]
    assert (wire.id, wire.x_um, wire.y_um) == ("L030-1", 500.0, pytest.approx(1000 + 29 * 254))


def test_pads_repeated_together_keep_counting_together() -> None:
    two = with_pad(ONE, moved(replace(PAD, id="L002"), 0, 254))
    layout, _ = repeated(two, ["L001", "L002"], 2, 0.0, 508.0)
    assert [p.id for p in layout.pads] == [f"L00{n}" for n in range(1, 7)]
    np.testing.assert_allclose(np.diff([p.y_um for p in layout.pads]), 254)


def test_the_other_edge_is_a_mirror_image_with_names_of_its_own() -> None:
    layout, new = mirrored(with_wires(ONE, ["L001"], 2), ["L001"], x_um=9000.0)
    assert new == ["R001"]
    assert layout.pad["R001"].x_um == pytest.approx(17_500)
    assert [w.id for w in layout.wires_of["R001"]] == ["R001-1", "R001-2"]
    again, new = mirrored(layout, ["L001"], x_um=8000.0)
    assert new == ["R002"]
    assert len(again.pads) == 3


def test_names_by_a_pattern() -> None:
    layout, _ = repeated(ONE, ["L001"], 2, 0, 254)
    layout = named(layout, ["L003", "L002", "L001"], "TOP-{n:03}", start=8)
    assert [p.id for p in layout.pads] == ["TOP-010", "TOP-009", "TOP-008"]
    assert [w.id for w in layout.wires] == ["TOP-010-1", "TOP-009-1", "TOP-008-1"]
    assert numbered("{n}x", 7) == "7x"
    for wrong in ("L", "L{n}{n}", "L{m}", "L{n.__class__}", "{n:3f}"):
        with pytest.raises(LayoutError, match="where the number goes"):
            named(layout, ["TOP-008"], wrong)


def test_two_pads_cannot_have_one_name_but_may_exchange_theirs() -> None:
    layout, _ = repeated(ONE, ["L001"], 1, 0, 254)
    with pytest.raises(LayoutError, match="L002 already"):
        renamed(layout, {"L001": "L002"})
    changed = renamed(layout, {"L001": "L002", "L002": "L001"})
    assert changed.pad["L002"].y_um == 1000
    with pytest.raises(LayoutError, match="empty"):
        renamed(layout, {"L001": " "})
    with pytest.raises(LayoutError, match="L001 already"):
        with_pad(layout, PAD)


@given(pads, lengths, lengths, st.sampled_from([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (0.0, 1.0)]))
def test_the_anchor_stays_where_it_is(pad: Pad, w: float, h: float, anchor: tuple[float, float]) -> None:
    after = resized(pad, w, h, anchor)
    at = [p.axes @ (np.array(anchor) / 2 * (p.w_um, p.h_um)) + (p.x_um, p.y_um) for p in (pad, after)]
    np.testing.assert_allclose(at[0], at[1], atol=1e-6)


@given(pads, angles, places, places)
def test_turning_forth_and_back_changes_nothing(pad: Pad, degrees: float, x: float, y: float) -> None:
    back = turned(turned(pad, degrees, (x, y)), -degrees, (x, y))
    np.testing.assert_allclose(outline(back), outline(pad), atol=1e-6)


@given(pads, places)
def test_a_mirror_twice_changes_nothing_and_once_keeps_the_distance(pad: Pad, at: float) -> None:
    for mirror in ({"x_um": at}, {"y_um": at}):
        once = reflected(pad, **mirror)
        assert same_outline(reflected(once, **mirror), pad)
        axis = 0 if "x_um" in mirror else 1
        np.testing.assert_allclose(outline(once)[:, axis].mean() + outline(pad)[:, axis].mean(), 2 * at, atol=1e-6)
        flipped = 2 * np.array([at, at]) * (1 - axis, axis) + outline(pad) * (2 * axis - 1, 1 - 2 * axis)
        far = np.hypot(*(outline(once)[:, None] - flipped[None]).transpose(2, 0, 1))
        assert far.min(axis=0).max() < 1e-6


@given(pads, angles, places, places, st.integers(1, 6))
def test_evenly_spread_wires_stay_so_and_others_stay_where_they_are_in_the_pad(
    pad: Pad, degrees: float, dx: float, dy: float, count: int
) -> None:
    def change(p: Pad) -> Pad:
        return turned(moved(p, dx, dy), degrees)

    spread = with_changed(Layout("b", (pad,), spread_wires(pad, count)), change, ["P1"])
    assert spread.wires == spread_wires(spread.pads[0], count)
    before = uneven(pad)
    after = with_changed(before, change, ["P1"])
    np.testing.assert_allclose(own_frame(after.pads[0], after.wires), own_frame(pad, before.wires), atol=1e-6)
    turns = [
        (b.direction_deg - a.direction_deg - degrees) % 360 for a, b in zip(before.wires, after.wires, strict=True)
    ]
    np.testing.assert_allclose((np.array(turns) + 180) % 360 - 180, 0, atol=1e-6)
    assert [w.chip_pad for w in after.wires] == ["GNDA", ""]


def test_a_polygon_turns_moves_and_mirrors_with_its_wires() -> None:
    corners = ((0.0, 0.0), (400.0, 0.0), (400.0, 200.0), (200.0, 200.0), (200.0, 100.0), (0.0, 100.0))
    pad = Pad("P1", 200.0, 100.0, 400.0, 200.0, polygon_um=corners)
    layout = Layout("b", (pad,), (Wire("P1-1", "P1", 300.0, 60.0, 0.0),))
    quarter = with_changed(layout, lambda p: turned(p, 90), ["P1"])
    assert quarter.pads[0].area_um2 == pytest.approx(pad.area_um2)
    assert (quarter.pads[0].w_um, quarter.pads[0].h_um) == (pytest.approx(200), pytest.approx(400))
    wire = quarter.wires[0]
    assert (wire.x_um, wire.y_um, wire.direction_deg) == (pytest.approx(240), pytest.approx(200), pytest.approx(90))
    assert outline(reflected(pad, x_um=0.0)).max() == 200
    wider = with_changed(layout, lambda p: resized(p, 800, 200), ["P1"])
    assert (wider.wires[0].x_um, wider.wires[0].y_um) == (pytest.approx(400), pytest.approx(60))


def test_wires_feet_and_direction_of_several_pads_at_once() -> None:
    layout, _ = repeated(ONE, ["L001"], 2, 0, 254)
    layout = with_wires(layout, ["L001", "L003"], 3)
    assert [len(layout.wires_of[p.id]) for p in layout.pads] == [3, 1, 3]
    layout = with_foot(layout, ["L003"], (40.0, 60.0), 18.0)
    assert {(w.foot_um, w.diameter_um) for w in layout.wires_of["L003"]} == {((40.0, 60.0), 18.0)}
    layout = with_wires(layout, ["L003"], 2)
    assert {(w.foot_um, w.diameter_um) for w in layout.wires_of["L003"]} == {((40.0, 60.0), 18.0)}
    across = with_direction(layout, ["L003"], 90.0)
    assert [w.direction_deg for w in across.wires_of["L003"]] == [90.0, 90.0]
    assert len({w.y_um for w in across.wires_of["L003"]}) == 1
    assert with_direction(across, ["L003"], None).wires_of["L003"] == layout.wires_of["L003"]
    for wrong in (-1, 10_000):
        with pytest.raises(LayoutError, match="wires"):
            with_wires(layout, ["L001"], wrong)


def test_what_is_done_can_be_undone_and_done_again() -> None:
    edits = Edits(ONE)
    steps = [
        with_wires(ONE, ["L001"], 2),
        with_fiducial(with_wires(ONE, ["L001"], 2), Fiducial("F1", 0, 0, 500)),
        without(ONE, ["L001"]),
    ]
    for k, step in enumerate(steps):
        edits = edits.done(f"step {k}", step)
    assert edits.done("nothing", edits.now) is edits
    for step in [steps[1], steps[0], ONE, ONE]:
        edits = edits.undone()
        assert edits.now == step
    for step in [*steps, steps[-1]]:
        edits = edits.redone()
        assert edits.now == step
    edits = edits.undone().done("another way", ONE)
    assert edits.redone() is edits
    assert edits.undone().now == steps[1]


def test_a_history_does_not_grow_without_end() -> None:
    edits = Edits(ONE)
    for _ in range(700):
        edits = edits.done("move", with_changed(edits.now, lambda p: moved(p, 1, 0), ["L001"]))
    assert len(edits.past) == 500
    assert edits.now.pads[0].x_um == 1200.0
    assert edits.undone().now.pads[0].x_um == 1199.0


def test_problems_name_the_pads() -> None:
    assert [p.text for p in problems(Layout("new", (), ()))] == ["There are no pads yet; draw one on the picture."]
    layout, _ = repeated(ONE, ["L001"], 3, 0, 100)
    found = problems(layout)
    assert [p.pads for p in found] == [("L001", "L002"), ("L002", "L003"), ("L003", "L004")]
    assert found[0].text == "Pads L001 and L002 overlap."
    twice = Layout("b", (PAD, replace(PAD, id="X")), ())
    assert problems(twice)[0].text == "Pads L001 and X lie on the same place; delete one of them."
    same = Layout("b", (PAD, moved(PAD, 0, 500)), ())
    assert problems(same)[0].text == "2 pads are called L001; every name must be unique."
    assert problems(Layout("b", (PAD,), (Wire("w", "gone", 0, 0),)))[0].text.startswith("Wire w lands on pad gone")
    assert problems(Layout("b", (PAD,), (), (Fiducial("F1", 0, 0, 0),)))[0].fiducials == ("F1",)


def test_wires_that_do_not_fit_are_no_serious_problem_but_said() -> None:
    (found,) = problems(with_wires(ONE, ["L001"], 2))
    assert not found.serious
    assert found.pads == ("L001",)
    assert found.text.startswith("Pad L001 is too small: 1 of 2 wires do not fit (feet of 75 × 125 µm")
    assert not problems(ONE)


@given(st.integers(1, 12), st.floats(-400, 400), st.floats(-400, 400))
def test_whatever_has_no_serious_problem_can_be_saved_and_used(count: int, dx: float, dy: float) -> None:
    if dx == 0 and dy == 0:
        return
    layout, _ = repeated(ONE, ["L001"], count, dx, dy)
    if any(p.serious for p in problems(layout)):
        with pytest.raises(LayoutError):
            checked(layout)
    else:
        assert checked(layout) is layout


def test_next_names() -> None:
    assert next_name("L009", {"L009"}) == "L010"
    assert next_name("L009", {"L009", "L010"}) == "L011"
    assert next_name("GND", {"GND"}) == "GND-2"
    assert next_name("99", set()) == "100"
