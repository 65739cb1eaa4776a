"""The blob baseline: local contrast against sound statistics."""

import numpy as np
import pytest

from drawn_metal import metal, split, with_pit
from padscope.configs import BlobConfig
from padscope.detectors.blob import Blob, local_contrast
from padscope.types import Tiles, finish


def test_the_statistics_are_those_of_all_sound_pixels_together() -> None:
    tiles = metal(5, seed=1)
    detector = finish(Blob.fit(BlobConfig(), split(tiles, 2, 3), seed=0, device="cpu"))
    values = local_contrast(tiles, 24, 1.5)[tiles.inside]
    assert detector.mean == pytest.approx(values.mean(), abs=1e-6)
    assert detector.deviation == pytest.approx(values.std(), rel=1e-4)


def test_heat_is_the_largest_deviation_on_the_cell() -> None:
    detector = Blob(BlobConfig(smoothing=0), mean=0.0, deviation=0.01)
    pixels = np.full((1, 3, 32, 32), 0.5, np.float32)
    pixels[0, :, 9, 17] = 0.2
    heat = detector.score(Tiles(pixels, np.ones((1, 32, 32), bool), ("one",)))
    assert np.unravel_index(heat.argmax(), heat.shape) == (0, 1, 2)
    assert heat.max() == pytest.approx(30, rel=0.01)


def test_bright_and_dark_count_alike() -> None:
    detector, tiles = Blob(BlobConfig(), 0.0, 0.02), metal(1, seed=2)
    dark = with_pit(tiles, row=30, column=30)
    bright = Tiles(1 - dark.pixels, dark.inside, dark.names)
    assert detector.score(bright) == pytest.approx(detector.score(dark), rel=1e-3, abs=1e-3)
