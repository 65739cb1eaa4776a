"""Lengths, angles and areas from points."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.pictures.measures import Measure, path_px

coordinate = st.floats(-5000, 5000)
points = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12)


def test_a_length_is_by_pythagoras() -> None:
    line = Measure("length", ((10, 20), (13, 24)))
    assert line.length_px == 5
    assert line.angle_deg == pytest.approx(-53.130, abs=1e-3)  # downwards on the screen
    assert line.area_px == 0


@pytest.mark.parametrize("degrees", [0, 15, 90, 133, 180])
def test_an_angle_does_not_care_which_arm_came_first(degrees: float) -> None:
    t = np.radians(degrees + 20)
    arms = [(np.cos(np.radians(20)) * 7 + 3, np.sin(np.radians(20)) * 7 + 4), (np.cos(t) + 3, np.sin(t) + 4)]
    for a, b in (arms, arms[::-1]):
        assert Measure("angle", (a, (3, 4), b)).angle_deg == pytest.approx(degrees, abs=1e-6)


def test_a_rectangle_has_sides_and_an_area() -> None:
    box = Measure("rectangle", ((30, 10), (10, 15)))
    assert box.sides_px == (20, 5)
    assert box.area_px == 100
    assert box.length_px == 50


@given(points)
def test_a_polygon_is_as_large_from_whichever_corner_and_side(corners: list[tuple[float, float]]) -> None:
    area = Measure("polygon", tuple(corners)).area_px
    triangles = sum(
        (b[0] - corners[0][0]) * (c[1] - corners[0][1]) - (c[0] - corners[0][0]) * (b[1] - corners[0][1])
        for b, c in itertools.pairwise(corners)
    )
    assert area == pytest.approx(abs(triangles) / 2, rel=1e-6, abs=1e-3)
    assert Measure("polygon", tuple(corners[1:] + corners[:1])).area_px == pytest.approx(area, rel=1e-6, abs=1e-3)
    assert path_px(tuple(corners), closed=True) >= path_px(tuple(corners)) - 1e-6


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("length", ((0, 0),)),
        ("angle", ((0, 0), (1, 1))),
        ("rectangle", ((0, float("nan")), (1, 1))),
        ("volume", ((0, 0),)),
    ],
)
def test_too_few_points_are_no_measurement(kind: str, given: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="cannot be measured"):
        Measure(kind, given)
