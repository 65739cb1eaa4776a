"""Brightness, contrast, gamma: what values become on the screen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope_desktop.viewer.look import AS_IT_IS, WHOLE_SPAN, Curve, Look, auto, histogram, look_of, look_text, table

curves = st.builds(Curve, st.floats(-0.5, 0.5), st.floats(0.6, 1.5), st.floats(0.2, 5.0))


def test_as_it_is_changes_nothing() -> None:
    np.testing.assert_array_equal(table(AS_IT_IS, WHOLE_SPAN, np.dtype(np.uint8))[:, 0], np.arange(256))


@given(curves, curves)
def test_brighter_never_becomes_darker(one: Curve, every: Curve) -> None:
    lut = table(Look(every, green=one), WHOLE_SPAN, np.dtype(np.uint8)).astype(int)
    assert (np.diff(lut, axis=0) >= 0).all()
    np.testing.assert_array_equal(lut[:, 0], lut[:, 2])


@given(curves, st.floats(-0.9, 0.9), st.floats(0.2, 8.0))
def test_sliders_and_handles_are_two_views_of_one_curve(curve: Curve, brightness: float, contrast: float) -> None:
    moved = curve.with_brightness(brightness).with_contrast(contrast)
    assert moved.brightness == pytest.approx(brightness, abs=1e-9)
    assert moved.contrast == pytest.approx(contrast)
    assert moved.gamma == curve.gamma
    assert curve.with_black(curve.black).with_white(curve.white) == curve


def test_black_never_passes_white() -> None:
    assert Curve().with_black(3.0).black < 1.0
    assert Curve(0.4, 1.0).with_white(0.1).white > 0.4


def test_more_gamma_lifts_the_dark() -> None:
    dark = table(Look(Curve(gamma=2.0)), WHOLE_SPAN, np.dtype(np.uint8))[40, 0]
    assert dark == round(255 * (40 / 255) ** 0.5)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_histogram_counts_every_pixel_once(channels: int) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 50, channels)).astype(np.uint8)
    counts = histogram(pixels, WHOLE_SPAN)
    for channel in range(3):
        own = pixels[..., min(channel, channels - 1)]
        np.testing.assert_array_equal(counts[channel], np.bincount(own.ravel(), minlength=256)[:256])


def test_a_histogram_of_sixteen_bits_is_over_its_span() -> None:
    pixels = np.full((10, 10, 1), 2000, np.uint16)
    counts = histogram(pixels, (1000.0, 3000.0))
    assert counts[0, 128] == 100
    assert counts.sum() == 300


def test_auto_spreads_what_is_there_and_ignores_single_specks() -> None:
    pixels = np.full((100, 100, 3), 60, np.uint8)
    pixels[50:] = 120
    pixels[0, :5] = 255
    curve = auto(histogram(pixels, WHOLE_SPAN), "all")
    lut = table(Look(curve), WHOLE_SPAN, np.dtype(np.uint8))[:, 0]
    assert lut[60] <= 1
    assert lut[120] >= 250
    assert auto(np.zeros((3, 256), np.int64), "red") == Curve()


@given(
    curves=st.lists(st.builds(Curve, st.floats(-1, 0.4), st.floats(0.5, 2), st.floats(0.2, 5)), min_size=4, max_size=4)
)
def test_a_look_is_written_and_read(curves: list[Curve]) -> None:
    assert look_of(look_text(Look(*curves))) == Look(*curves)


@pytest.mark.parametrize(
    "text",
    ["", "x", "{}", "3", "[[0, 0, 1]]", "[[0, 1, 99]]", "[[0, NaN, 1]]", "[[0, 1, 1, 1]]", "[1]", "[[0, 1, 1]] "],
)
def test_what_is_no_look_shows_the_picture_as_it_is(text: str) -> None:
    assert look_of(text) == AS_IT_IS
