"""Few tiles made more: copies are of the same metal, the same at every walk, and keep their places."""

import numpy as np
import pytest

from drawn_metal import metal, split
from padscope.datasets.more_tiles import WAYS, MoreTiles, flipped
from padscope.types import Tiles


def test_every_batch_is_followed_by_its_copies_and_every_walk_gives_the_same() -> None:
    source = MoreTiles(split(metal(4, seed=1), 4), 3, seed=5)
    walks = [list(source) for _ in range(2)]
    assert sum(len(t) for t in walks[0]) == len(source) == 16
    assert [t.names for t in walks[0][:4]] == [walks[0][0].names] * 4
    for one, again in zip(*walks, strict=True):
        np.testing.assert_array_equal(one.pixels, again.pixels)
    originals = walks[0][0].pixels
    for copy in walks[0][1:4]:
        assert copy.pixels.shape == originals.shape
        assert copy.pixels.dtype == np.float32
        assert np.abs(copy.pixels - originals).max() > 0.01, "a copy that changes nothing teaches nothing"


def test_another_seed_gives_other_copies() -> None:
    first, other = (list(MoreTiles(split(metal(2, seed=1), 2), 3, seed=s)) for s in (0, 1))
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_places_and_masks_travel_with_their_metal(seed: int) -> None:
    draw = np.random.default_rng(0)
    pixels = draw.random((2, 3, 32, 48), dtype=np.float32)
    tiles = Tiles(pixels, pixels[:, 0] > 0.5, ("a", "b"), pixels[:, :2].copy())
    copy = flipped(tiles, seed)
    assert copy.places is not None
    np.testing.assert_array_equal(copy.places, copy.pixels[:, :2])
    np.testing.assert_array_equal(copy.inside, copy.pixels[:, 0] > 0.5)
    assert sorted(copy.pixels.ravel()) == sorted(pixels.ravel())


def test_tiles_with_places_are_never_cropped() -> None:
    tiles = Tiles(*(getattr(metal(1, seed=1), f) for f in ("pixels", "inside", "names")))
    square = tiles.pixels[:, :, :64, :64]
    with_places = Tiles(square, np.ones((1, 64, 64), bool), ("a",), np.zeros((1, 2, 64, 64), np.float32))
    copies = list(MoreTiles(split(with_places, 1), len(WAYS), seed=0))[1:]
    assert all(c.inside.all() and c.places is not None for c in copies)
