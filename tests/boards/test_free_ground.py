"""The largest free rectangle: nothing on it, and none that is larger by more than the lattice loses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.boards.free_ground import largest_free, without
from padscope.boards.ground import Ground, ground, rotation
from padscope.types import Floats

CORNERS = np.array([(0.0, 0.0), (30.0, 0.0), (30.0, 12.0), (0.0, 12.0)])


def board(points: list[tuple[float, float]]) -> Ground:
    return ground(CORNERS, rotation(0.0), np.reshape(np.array(points, float), (-1, 2)), np.array([0.5, 0.5]))


def best_share(blocked: set[tuple[int, int]], wanted: tuple[float, float]) -> float:
    """By looking at every rectangle of whole squares: how much of the wanted size the best free one has on both sides."""
    best = 0.0
    for x0, x1 in itertools.combinations(range(31), 2):
        for y0, y1 in itertools.combinations(range(13), 2):
            share = min((x1 - x0) / wanted[0], (y1 - y0) / wanted[1])
            if share > best and not any(x0 <= x < x1 and y0 <= y < y1 for x, y in blocked):
                best = share
    return best


@settings(max_examples=30, deadline=None)
@given(
    squares=st.sets(st.tuples(st.integers(0, 29), st.integers(0, 11)), min_size=1, max_size=30),
    wanted=st.tuples(st.integers(8, 40), st.integers(5, 20)),
)
def test_as_large_as_any_and_free(squares: set[tuple[int, int]], wanted: tuple[int, int]) -> None:
    g = board([(x + 0.5, y + 0.5) for x, y in sorted(squares)])
    found = largest_free(g, np.array(wanted, float), 1.0, np.array([15.0, 6.0]))
    assert found is not None
    (u0, v0), (u1, v1) = found
    assert not any(u0 < x + 1 and x < u1 and v0 < y + 1 and y < v1 for x, y in squares)
    assert u0 >= 0
    assert v0 >= 0
    assert u1 <= 30
    assert v1 <= 12
    size: Floats = found[1] - found[0]
    expected = min(1.0, best_share(squares, (float(wanted[0]), float(wanted[1]))))
    # the search narrows the share down to 1 / 512
    assert min(1.0, float((size / wanted).min())) == pytest.approx(expected, abs=0.003)


def test_feet_that_landed_are_not_free() -> None:
    g = without(board([]), [np.array([(0.0, 0.0), (30.0, 0.0), (30.0, 7.0), (0.0, 7.0)])])
    found = largest_free(g, np.array([20.0, 9.0]), 1.0, np.array([15.0, 3.0]))
    assert found is not None
    assert found.tolist() == [[0.0, 7.0], [30.0, 12.0]]


def test_a_pad_without_free_ground_has_none() -> None:
    g = without(board([]), [CORNERS])
    assert largest_free(g, np.array([20.0, 9.0]), 1.0, np.array([15.0, 3.0])) is None


def test_the_hollow_of_a_bent_pad_is_not_free() -> None:
    corners = np.array([(0.0, 0.0), (60.0, 0.0), (60.0, 10.0), (20.0, 10.0), (20.0, 40.0), (0.0, 40.0)])
    g = ground(corners, rotation(0.0), np.empty((0, 2)), np.array([0.5, 0.5]))
    found = largest_free(g, np.array([60.0, 40.0]), 1.0, np.array([30.0, 20.0]))
    assert found is not None
    (u0, v0), (u1, v1) = found
    assert u1 <= 20 or v1 <= 10
    assert (u1 - u0) * (v1 - v0) >= 0.8 * 20 * 38
