"""Whole pictures as tiles: brought to one size and back, or cut as they are."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from padscope.datasets.picture_tiles import RESIZED_BORDER_PX, FolderTiles, on_picture, resized_tiles
from padscope.types import Box


def ramp(width: int, height: int) -> np.ndarray:
    """Brighter to the right, and one dark row at 3/4 of the height."""
    grey = np.tile(np.linspace(0, 200, width), (height, 1))
    grey[height * 3 // 4 : height * 3 // 4 + 8] = 0
    return np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)


class InMemory:
    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def read(self, box: Box) -> np.ndarray:
        return self.pixels[box.slices]


PICTURES = {Path(f"{i}.png"): ramp(100 + 30 * i, 300 - 20 * i) for i in range(10)}


@contextmanager
def opened(path: Path):
    yield InMemory(PICTURES[path])


def test_pictures_of_any_size_become_tiles_of_one() -> None:
    tiles = resized_tiles([ramp(103, 386), ramp(640, 60), ramp(128, 128)], ["a", "b", "c"], 128)
    side = 128 + 2 * RESIZED_BORDER_PX
    assert tiles.pixels.shape == (3, 3, side, side)
    assert tiles.names == ("a", "b", "c")
    assert (tiles.inside.sum(axis=(1, 2)) == 128 * 128).all()
    core = tiles.pixels[:, 0, RESIZED_BORDER_PX:-RESIZED_BORDER_PX, RESIZED_BORDER_PX:-RESIZED_BORDER_PX]
    for own in core:
        assert own[20, [0, 64, 127]] == pytest.approx(np.array([0, 0.5, 1]) * 200 / 255, abs=0.02)
        assert own[97].max() < 0.3, "the dark row lies at 3/4 of the height whatever the size"
        assert own[60].max() > 0.7


def test_around_a_resized_picture_lies_its_reflection() -> None:
    tiles = resized_tiles([ramp(200, 90)], ["a"], 64)
    b, row = RESIZED_BORDER_PX, tiles.pixels[0, 0, RESIZED_BORDER_PX + 10]
    assert row[b - 5] == pytest.approx(row[b + 5], abs=1e-6)
    assert row[-b + 4] == pytest.approx(row[-b - 6], abs=1e-6)


@pytest.mark.parametrize(("width", "height"), [(103, 386), (128, 128), (300, 250), (61, 640)])
def test_heat_of_a_resized_tile_lies_on_its_picture_where_it_was_seen(width: int, height: int) -> None:
    """A ramp over the tile is a ramp over the picture, whatever the stretch."""
    cells = (128 + 2 * RESIZED_BORDER_PX) // 8
    i, j = np.mgrid[:cells, :cells]
    fraction = ((j + 0.5) * 8 - RESIZED_BORDER_PX) / 128
    laid = on_picture((fraction + 10 * ((i + 0.5) * 8 - RESIZED_BORDER_PX) / 128).astype(np.float32), width, height)
    assert laid.shape == (-(-height // 8), -(-width // 8))
    y, x = (np.arange(n, dtype=float) * 8 + 4 for n in laid.shape)
    low, high = 0.5 / 16, 1 - 0.5 / 16
    expected = np.clip(x / width, low, high)[None] + 10 * np.clip(y / height, low, high)[:, None]
    assert laid == pytest.approx(expected, abs=0.02)


def test_a_resized_source_gives_batches_and_can_be_walked_again() -> None:
    source = FolderTiles(list(PICTURES), opened, tile=640, halo=192, input_px=64)
    first, again = list(source), list(source)
    assert [len(t) for t in first] == [8, 2]
    assert len(source) == 10
    assert [n for t in first for n in t.names] == [p.name for p in PICTURES]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))


def test_without_a_size_pictures_keep_theirs() -> None:
    source = FolderTiles(list(PICTURES)[:2], opened, tile=640, halo=192)
    assert [(int(t.inside.sum())) for t in source] == [100 * 300, 130 * 280]
