"""A smooth distortion is followed, noise and single outliers are not."""

from __future__ import annotations

import numpy as np
import pytest

from padscope.boards.bend import Bend, bent_pose, find_bend
from padscope.types import Affine

Rng = np.random.Generator


def places(rng: Rng, count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Four sides each of pads all over an 8 × 6 mm board."""
    um = np.repeat(rng.uniform((0, 0), (8000, 6000), (count, 2)), 4, axis=0)
    normal = np.tile([[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], (count, 1))
    return um + 60 * normal, normal


def pads(um: np.ndarray) -> np.ndarray:
    return np.arange(len(um)) // 4


def wave(um: np.ndarray, strength: float) -> np.ndarray:
    x, y = um[..., 0] / 8000, um[..., 1] / 8000
    return strength * np.stack([np.sin(3 * x + y), np.cos(2 * y - 2.5 * x)], axis=-1)


@pytest.mark.parametrize("strength", [3.0, 12.0])
def test_a_slow_wave_is_followed(strength: float) -> None:
    rng = np.random.default_rng(1)
    um, normal = places(rng)
    offset = np.einsum("ni,ni->n", normal, wave(um, strength)) + rng.normal(0, 0.2, len(um))
    bend = find_bend(um, normal, offset, pads(um), 0.2)
    assert bend is not None
    assert np.abs(bend.shift_um(um) - wave(um, strength)).max() < 0.15 * strength + 0.3


def test_noise_asks_for_no_correction() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        um, normal = places(rng)
        assert find_bend(um, normal, rng.normal(0, 0.6, len(um)), pads(um), 0.2) is None


def test_single_wrong_sides_are_not_followed() -> None:
    rng = np.random.default_rng(3)
    um, normal = places(rng)
    offset = rng.normal(0, 0.2, len(um))
    wrong = rng.choice(len(um), 12, replace=False)
    offset[wrong] += 15.0
    bend = find_bend(um, normal, offset, pads(um), 0.2)
    assert bend is None or np.abs(bend.shift_um(um)).max() < 1.0


def test_two_pads_beside_a_component_bend_nothing() -> None:
    """Their sides agree with each other, but no other pad knows of it."""
    rng = np.random.default_rng(8)
    um, normal = places(rng, 12)
    offset = rng.normal(0, 0.2, len(um))
    offset[:8] += np.einsum("ni,ni->n", normal[:8], np.tile([9.0, -12.0], (8, 1)))
    assert find_bend(um, normal, offset, pads(um), 0.2) is None


def test_what_changes_too_fast_is_no_distortion() -> None:
    rng = np.random.default_rng(4)
    um, normal = places(rng)
    steep = 25 * np.stack([np.sin(um[:, 1] / 150), np.cos(um[:, 0] / 150)], axis=-1)
    bend = find_bend(um, normal, np.einsum("ni,ni->n", normal, steep), pads(um), 0.2)
    assert bend is None or np.abs(bend.shift_um(um)).max() < 12


def test_few_sides_are_not_enough() -> None:
    rng = np.random.default_rng(5)
    um, normal = places(rng, 2)
    assert find_bend(um, normal, np.full(len(um), 9.0), pads(um), 0.2) is None


def test_the_pose_near_a_place_has_the_shift_and_slope_of_the_bend() -> None:
    rng = np.random.default_rng(6)
    um, normal = places(rng)
    bend = find_bend(um, normal, np.einsum("ni,ni->n", normal, wave(um, 10.0)), pads(um), 0.2)
    assert isinstance(bend, Bend)
    pose = Affine(0.4, 0.01, 5, -0.01, 0.4, 7)
    here = np.array([2500.0, 1800.0])
    near = bent_pose(pose, bend, here)
    for step in ((0, 0), (100, 0), (0, -100)):
        point = here + step
        assert np.abs(near.apply(point) - pose.apply(point + bend.shift_um(point))).max() < 0.01
    assert bent_pose(pose, None, here) is pose
