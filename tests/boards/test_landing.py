"""Landing points: never on a defect, never off the pad, and found whenever there is one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from padscope.boards.landing import Obstacles, land, planned
from padscope.boards.layout import Pad, Wire, spread_wires
from padscope.boards.pad_map import Landing
from padscope.types import Affine, Box
from reference_landing import best_arrangement, free_centres, squares_touched

UNIT = Affine(
    1.0, 0.0, -0.5, 0.0, 1.0, -0.5
)  # µm to px at 1 px per µm: square (r, c) covers [c, c + 1] x [r, r + 1] µm
PAD = Pad("L", 500.0, 318.0, 1000.0, 636.0)


def obstacles(blocked: NDArray[np.bool_], um_to_px: Affine = UNIT) -> Obstacles:
    return Obstacles.of(blocked, Box(0, 0, blocked.shape[1], blocked.shape[0]), um_to_px.inverse())


def on_pad(defects: list[tuple[int, int, int, int]], width: int = 1000, height: int = 636) -> Obstacles:
    """Defects as boxes x0, y0, x1, y1 in µm on a pad at the origin."""
    blocked = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in defects:
        blocked[y0:y1, x0:x1] = True
    return obstacles(blocked)


def shifts(landings: tuple[Landing, ...]) -> list[tuple[float, float] | None]:
    return [None if m.shift_um is None else (round(m.shift_um[0], 3), round(m.shift_um[1], 3)) for m in landings]


def test_a_sound_pad_takes_every_wire_as_planned() -> None:
    landings = land(PAD, spread_wires(PAD, 5), on_pad([]))
    assert [m.proposed_um for m in landings] == [m.planned_um for m in landings]
    # lanes of 127.2 µm, feet of 75 + 2 x 10 µm: the outer ones have 16.1 µm to the pad's edge
    assert [round(m.margin_um, 1) for m in landings if m.margin_um is not None] == [16.1, 143.3, 270.5, 143.3, 16.1]


def test_a_wire_moves_along_itself_before_it_leaves_its_lane() -> None:
    wires = spread_wires(PAD, 5)
    # 20 µm of a 300 µm long defect lie in the second lane: 20 µm across would do, but 232.5 µm along stays in the lane
    landings = land(PAD, wires, on_pad([(350, 120, 650, 165)]))
    assert shifts(landings)[1] == (-222.5, 0.0)
    assert [s for k, s in enumerate(shifts(landings)) if k not in (0, 1)] == [(0.0, 0.0)] * 3


def test_a_blocked_lane_pushes_its_neighbours_just_enough() -> None:
    # a scratch along the whole third lane, 10 µm off its middle: below it 3 wires fit, above it 2
    landings = land(PAD, spread_wires(PAD, 5), on_pad([(0, 325, 1000, 331)]))
    v = [m.proposed_um[1] for m in landings if m.proposed_um is not None]
    assert len(v) == 5
    assert v[2] == pytest.approx(325 - 47.5)
    assert v[1] == pytest.approx(v[2] - 95)
    assert v[0] == pytest.approx(63.6)
    assert min(np.diff(v)) >= 95 - 1e-6


def test_as_many_as_possible_land_when_not_all_can() -> None:
    landings = land(PAD, spread_wires(PAD, 5), on_pad([(0, 240, 1000, 640)]))
    assert sum(m.proposed_um is not None for m in landings) == 2
    assert shifts(landings)[0] == (
        0.0,
        0.0,
    )  # 240 - 2 x 95 leaves room: the first stays, the second keeps off the defect
    assert landings[1].proposed_um == (500.0, pytest.approx(190.8))


def test_a_defect_under_the_tolerance_alone_moves_the_foot() -> None:
    wires = spread_wires(PAD, 1)
    assert shifts(land(PAD, wires, on_pad([(573, 300, 580, 330)]))) == [(0.0, 0.0)]  # 500 + 62.5 + 10 is 572.5
    assert shifts(land(PAD, wires, on_pad([(570, 300, 580, 330)]))) == [(-2.5, 0.0)]


def test_a_gap_exactly_as_wide_as_foot_and_tolerance_is_found() -> None:
    landings = land(PAD, spread_wires(PAD, 1), on_pad([(0, 0, 1000, 400), (0, 495, 1000, 636)]))
    assert shifts(landings) == [(0.0, 129.5)]
    assert landings[0].margin_um == 0.0
    assert land(PAD, spread_wires(PAD, 1), on_pad([(0, 0, 1000, 400), (0, 494, 1000, 636)]))[0].proposed_um is None


def test_a_planned_point_too_near_the_edge_is_moved_in() -> None:
    wire = Wire("w", "L", 30.0, 318.0)
    assert shifts(land(PAD, [wire], on_pad([]))) == [(42.5, 0.0)]


def test_a_pad_smaller_than_foot_and_tolerance_takes_no_wire() -> None:
    pad = Pad("S", 50.0, 40.0, 300.0, 80.0)
    assert land(pad, spread_wires(pad, 1), on_pad([]))[0].proposed_um is None
    assert land(pad, spread_wires(pad, 1), on_pad([]), tolerance_um=2.5)[0].proposed_um is not None


def test_wires_planned_in_two_rows_stay_in_their_rows() -> None:
    pad = Pad("B", 500.0, 100.0, 1000.0, 200.0)
    rows = [Wire(f"w{k}", "B", 250.0 + 500.0 * (k % 2), 50.0 + 30.0 * k) for k in range(4)]
    assert shifts(land(pad, rows, on_pad([], 1000, 200))) == [(0.0, 0.0)] * 4
    landings = land(pad, rows, on_pad([(240, 40, 260, 60)], 1000, 200))
    assert shifts(landings)[1:] == [(0.0, 0.0)] * 3
    assert landings[0].proposed_um is not None
    feet = [m.proposed_um for m in landings if m.proposed_um is not None]
    for a, b in itertools.combinations(feet, 2):
        assert abs(a[0] - b[0]) >= 125 or abs(a[1] - b[1]) >= 60 - 1e-6


def test_fanned_out_wires_count_with_their_bounding_rectangles() -> None:
    wires = [Wire("a", "L", 500.0, 150.0, 5.0), Wire("b", "L", 500.0, 450.0, -5.0)]
    plan = planned(wires, 10.0)
    across, along = 75 * math.cos(math.radians(5)), 125 * math.sin(math.radians(5))
    assert plan.feet[0, 1] == pytest.approx((across + along) / 2)
    assert shifts(land(PAD, wires, on_pad([]))) == [(0.0, 0.0)] * 2


def test_an_l_shaped_pad_keeps_feet_out_of_its_hollow() -> None:
    corners = ((0.0, 0.0), (600.0, 0.0), (600.0, 150.0), (140.0, 150.0), (140.0, 600.0), (0.0, 600.0))
    pad = Pad("P", 300.0, 300.0, 600.0, 600.0, polygon_um=corners)
    landings = land(pad, [Wire("w", "P", 400.0, 400.0, 0.0)], on_pad([], 600, 600))
    # the upright arm is narrower than a foot is long: only the lower arm has lanes
    assert landings[0].proposed_um is not None
    u, v = landings[0].proposed_um
    assert u == pytest.approx(400.0, abs=1.0)
    assert v == pytest.approx(150 - 47.5, abs=1.1)
    landings = land(pad, [Wire("w", "P", 70.0, 500.0, 90.0)], on_pad([], 600, 600))
    assert shifts(landings) == [(0.0, 0.0)]


small_feet = st.sampled_from([(3.0, 4.0, 0.0), (2.0, 5.0, 0.5), (4.0, 3.0, 1.0), (3.0, 3.0, 0.5)])


@settings(max_examples=300, deadline=None)
@given(data=st.data(), foot=small_feet, count=st.integers(1, 3), density=st.sampled_from([0.0, 0.01, 0.03, 0.07, 0.15]))
def test_as_good_as_trying_every_place(
    data: st.DataObject, foot: tuple[float, float, float], count: int, density: float
) -> None:
    across, along, tolerance = foot
    height, width = data.draw(st.integers(4, 16)), data.draw(st.integers(6, 20))
    blocked = np.random.default_rng(data.draw(st.integers(0, 10_000))).random((height, width)) < density
    pad = Pad("L", width / 2, height / 2, float(width), float(height))
    halves = st.integers(0, 2 * height).map(lambda n: n / 2)
    pitch = across + 2 * tolerance
    start = data.draw(halves)
    wires = [
        Wire(str(k), "L", data.draw(st.integers(0, 2 * width)) / 2, start + k * pitch, 0.0, (across, along))
        for k in range(count)
    ]
    landings = land(pad, wires, obstacles(blocked), tolerance_um=tolerance)
    free = free_centres(blocked, (along / 2 + tolerance, across / 2 + tolerance))
    expected = best_arrangement([(w.x_um, w.y_um) for w in wires], free, pitch)
    moved = [m.shift_um for m in landings if m.shift_um is not None]
    found = (len(moved), sum(abs(dy) for _, dy in moved), sum(abs(dx) for dx, _ in moved))
    assert found == pytest.approx(expected, abs=1e-4)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    turned=st.floats(-180.0, 180.0),
    pad_turned=st.sampled_from([0.0, 90.0, 17.0]),
    direction=st.sampled_from([None, 0.0, 31.0]),
    count=st.integers(1, 4),
)
def test_no_foot_touches_a_defect_or_leaves_its_pad_however_the_board_lies(
    seed: int, turned: float, pad_turned: float, direction: float | None, count: int
) -> None:
    rng = np.random.default_rng(seed)
    t, scale = math.radians(turned), 0.4
    um_to_px = Affine(scale * math.cos(t), -scale * math.sin(t), 70.0, scale * math.sin(t), scale * math.cos(t), 70.0)
    pad = Pad("L", 0.0, 0.0, 320.0, 240.0, pad_turned, wire_direction=direction)
    foot, tolerance = (30.0, 44.0), 4.0
    wires = spread_wires(pad, count, foot)
    blocked = np.zeros((140, 140), bool)
    for _ in range(rng.integers(0, 9)):
        y, x = rng.integers(0, 130, 2)
        h, w = rng.integers(1, 12, 2)
        blocked[y : y + h, x : x + w] = True
    landings = land(pad, wires, obstacles(blocked, um_to_px), tolerance_um=tolerance)
    px_to_um = um_to_px.inverse().rows
    placed = [m for m in landings if m.proposed_um is not None]
    for m in placed:
        assert m.proposed_um is not None
        assert m.margin_um is not None
        d = math.radians(m.direction_deg)
        axes = np.array([[math.cos(d), math.sin(d)], [-math.sin(d), math.cos(d)]])
        half = np.array([foot[1], foot[0]]) / 2 + tolerance + m.margin_um
        assert squares_touched(blocked, px_to_um, m.proposed_um, axes, tuple(half - 1e-5)) == 0
        corners = np.array(m.proposed_um) + (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ axes
        own = (corners - (pad.x_um, pad.y_um)) @ pad.axes
        assert (np.abs(own) <= np.array([160.0, 120.0]) + 1e-5).all()
    for a, b in itertools.pairwise(placed):
        d = math.radians(a.direction_deg)
        across = np.array([-math.sin(d), math.cos(d)])
        assert (np.array(b.proposed_um) - a.proposed_um) @ across >= 38.0 - 1e-5


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), turned=st.floats(-180.0, 180.0))
def test_a_hidden_arrangement_is_found_on_a_turned_board(seed: int, turned: float) -> None:
    """Defects everywhere except under two feet that somebody chose, with half a pixel to spare: they land."""
    rng = np.random.default_rng(seed)
    t, scale = math.radians(turned), 0.4
    um_to_px = Affine(scale * math.cos(t), -scale * math.sin(t), 70.0, scale * math.sin(t), scale * math.cos(t), 70.0)
    px_to_um = um_to_px.inverse()
    pad = Pad("L", 0.0, 0.0, 320.0, 240.0)
    half = np.array([26.0, 19.0])
    slack = 0.5 / scale + 0.5 * (abs(math.cos(t)) + abs(math.sin(t)) - 1) / scale
    low = rng.uniform([-160 + 27, -120 + 20], [160 - 27, -21])
    high = rng.uniform([-160 + 27, 21], [160 - 27, 120 - 20])
    blocked = np.ones((140, 140), bool)
    rows, cols = np.indices(blocked.shape)
    squares = np.stack([cols, rows], axis=-1)[..., None, :] + np.array(
        [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    )
    um = px_to_um.apply(squares)
    for centre in (low, high):
        apart = (um.max(axis=2) <= centre - half - slack) | (um.min(axis=2) >= centre + half + slack)
        blocked &= apart.any(axis=2)
    landings = land(pad, spread_wires(pad, 2, (30.0, 44.0)), obstacles(blocked, um_to_px), tolerance_um=4.0)
    assert all(m.proposed_um is not None for m in landings)
