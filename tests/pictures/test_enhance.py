"""What is made for the eye: contrast rises, noise falls, edges stay, nothing else is touched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from padscope.pictures.enhance import denoise, equalise, haar_join, haar_split, noise_sigma


def step_edge(bits: int = 8, noise: float = 0.0) -> np.ndarray:
    """Dark left half, bright right half, (96, 128, 3)."""
    rng = np.random.default_rng(0)
    picture = np.full((96, 128, 3), 70.0)
    picture[:, 64:] = 180
    picture += rng.normal(0, noise, picture.shape[:2])[..., None]
    scale, kind = (257, np.uint16) if bits == 16 else (1, np.uint8)
    return np.rint(np.clip(picture, 0, 255) * scale).astype(kind)


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.floats(-1e6, 1e6)),
    st.sampled_from([1, 2, 4, 8]),
)
def test_splitting_and_joining_changes_nothing(plane: np.ndarray, spacing: int) -> None:
    coarse, details = haar_split(plane, spacing)
    np.testing.assert_allclose(haar_join(coarse, details, spacing), plane, atol=1e-6)


def test_noise_is_measured() -> None:
    rng = np.random.default_rng(0)
    assert noise_sigma(rng.normal(100, 7.0, (400, 400))) == pytest.approx(7.0, rel=0.03)


@pytest.mark.parametrize("bits", [8, 16])
def test_denoising_removes_noise_and_keeps_edges(bits: int) -> None:
    one = 257 if bits == 16 else 1
    noisy, sound = step_edge(bits, noise=8.0), step_edge(bits).astype(float)
    clean = denoise(noisy)
    assert (clean.dtype, clean.shape) == (noisy.dtype, noisy.shape)
    before, after = (np.sqrt(np.mean((p - sound) ** 2)) / one for p in (noisy, clean))
    assert after < before / 2
    rise = clean[:, 66:70].mean() - clean[:, 58:62].mean()
    assert rise > 0.9 * 110 * one


def test_denoising_without_strength_changes_nothing() -> None:
    noisy = step_edge(noise=8.0)
    np.testing.assert_array_equal(denoise(noisy, strength=0), noisy)
    assert denoise(noisy, strength=2.0)[:, :50].std() < denoise(noisy, strength=0.5)[:, :50].std()


def test_a_small_bright_spot_survives_denoising() -> None:
    noisy = step_edge(noise=3.0)
    noisy[40:43, 20:23] = 250
    assert denoise(noisy)[41, 21].min() > 200


@pytest.mark.parametrize("bits", [8, 16])
def test_equalising_raises_weak_contrast_and_keeps_colours(bits: int) -> None:
    one, kind = (257, np.uint16) if bits == 16 else (1, np.uint8)
    y, x = np.mgrid[:128, :128]
    weak = (100 + 10 * ((x // 4 + y // 4) % 2))[..., None] * np.array([1.0, 0.8, 0.6])
    picture = np.rint(weak * one).astype(kind)
    shown = equalise(picture, clip=4.0)
    assert (shown.dtype, shown.shape) == (picture.dtype, picture.shape)
    assert shown[..., 0].std() > 1.5 * picture[..., 0].std()
    ratio = shown[..., 2].astype(float) / shown[..., 0]
    np.testing.assert_allclose(ratio, 0.6, atol=0.02)


def test_equalising_agrees_with_opencv() -> None:
    """On grey of 8 bits, where OpenCV's own can be asked; it counts in whole pixels, so tiles must be large to agree."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:1200, :1200]
    grey = np.clip(90 + 30 * np.sin(x / 90) + y / 40 + rng.normal(0, 6, (1200, 1200)), 0, 255).astype(np.uint8)
    theirs = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(4, 4)).apply(grey).astype(int)
    ours = equalise(np.repeat(grey[..., None], 3, axis=2), clip=2.0, tiles=4)[..., 0]
    assert np.abs(ours - theirs).mean() < 2
    assert np.abs(ours.astype(int) - grey).mean() > 10


def test_sixteen_bit_stay_smooth() -> None:
    """A slope of 4096 steps has more than 256 different values afterwards, all in order."""
    slope = np.tile(np.linspace(20000, 24095, 4096).astype(np.uint16)[None, :, None], (16, 1, 3))
    shown = equalise(slope, tiles=1)[8, :, 0].astype(int)
    assert len(np.unique(shown)) > 2000
    assert np.diff(shown).min() >= -1


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([np.uint8, np.uint16]))
def test_any_size_can_be_enhanced(height: int, width: int, kind: type) -> None:
    pixels = np.random.default_rng(height * 41 + width).integers(0, np.iinfo(kind).max, (height, width, 3)).astype(kind)
    for changed in (equalise(pixels), denoise(pixels)):
        assert changed.shape == pixels.shape
        assert changed.dtype == pixels.dtype
    black = np.zeros_like(pixels)
    np.testing.assert_array_equal(denoise(black), black)
    assert equalise(black).dtype == kind
