"""Whole pictures as tiles: brought to one size and back, or cut as they are."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tifffile

from padscope.boards.layout import Layout, Pad
from padscope.datasets.pad_tiles import pad_cuts, pad_tile
from padscope.datasets.picture_tiles import RESIZED_BORDER_PX, FolderTiles, on_picture, picture_tiles, resized_tiles
from padscope.pictures.picture import open_picture
from padscope.types import Affine, Box


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


@pytest.mark.parametrize("channels", [1, 3])
def test_one_of_65535_greys_reaches_the_detector(tmp_path: Path, channels: int) -> None:
    """From the file through both ways of cutting tiles: every one of 1024 neighbouring greys of a 16-bit picture stays itself."""
    ramp = (40_000 + np.arange(1024, dtype=np.uint16).reshape(32, 32)).repeat(4, axis=0).repeat(4, axis=1)
    pixels = ramp if channels == 1 else np.stack([ramp, ramp + 1, ramp + 2], axis=-1)
    tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="minisblack" if channels == 1 else "rgb", tile=(64, 64))
    with open_picture(tmp_path / "deep.tif") as picture:
        assert picture.bits == 16
        ((_, tiles),) = picture_tiles(picture, "deep", tile=128, halo=0)
        layout = Layout("one", (Pad("A", 64.0, 64.0, 128.0, 128.0),), ())
        here = Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
        (found,) = pad_cuts(layout, here, 128, 128, 0)
        pad, _, _ = pad_tile(picture, found, here, mirrored=False)
    for seen in (tiles.pixels[0], pad):
        assert seen.dtype == np.float32
        for plane in range(3):
            offset = plane if channels == 3 else 0
            greys = np.unique(np.rint(seen[plane].astype(np.float64) * 65535))
            assert len(np.unique(seen[plane])) == 1024
            assert (greys[0], greys[-1]) == (40_000 + offset, 41_023 + offset)
