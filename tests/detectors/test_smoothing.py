"""Blur: outside cells thin nothing."""

import numpy as np
import pytest

from padscope.detectors.smoothing import blurred


def test_even_heat_stays_even_up_to_the_edge() -> None:
    inside = np.zeros((1, 9, 12), dtype=bool)
    inside[:, 2:7, 3:6] = True
    heat = np.where(inside, 4.0, 99.0).astype(np.float32)
    after = blurred(heat, inside, 1.5)
    assert after[inside] == pytest.approx(4.0)
    assert (after[~inside] == 0).all()


def test_a_spot_spreads_within_its_own_tile() -> None:
    heat = np.zeros((2, 11, 11), dtype=np.float32)
    heat[0, 5, 5] = 1
    after = blurred(heat, np.ones(heat.shape, dtype=bool), 1.0)
    assert after[0, 5, 5] == after.max() < 1
    assert after[0, 5, 6] == pytest.approx(after[0, 6, 5])
    assert (after[1] == 0).all()


def test_no_blur_leaves_heat_alone() -> None:
    heat = np.random.default_rng(0).random((1, 4, 4), dtype=np.float32)
    assert np.array_equal(blurred(heat, np.ones(heat.shape, dtype=bool), 0), heat)
