"""What a tile set is made of, before a pixel is cut: settings, pictures, and how many tiles of which kind they give. Light enough
for a window to count with while somebody turns a knob.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

GOOD = "good"
POSE, COLOUR, KEPT = "pose", "colour", "kept"
"""Where a picture's pads are known from; `kept` keeps the background."""
SIZES = (128, 256, 500)
"""Px along a tile's side on the ITk slides; any other will do."""
SELECTIVITY = {"original": 0.0, "filtered": 0.5}
"""Least share of pad in a tile: every tile with any pad, or those that are mostly pad."""
AUGMENTATION_WORDS: Mapping[str, tuple[str, str]] = {
    "crop": ("Crop", "a random part, enlarged to the tile's size"),
    "flip": ("Flip", "mirrored left to right, top to bottom, or both"),
    "contrast": ("Contrast enhancement", "local histogram equalisation with a random limit"),
    "background": ("Random background", "another ground around the pads"),
    "denoise": ("Wavelet denoising", "noise removed with a random strength"),
    "texture": ("Wavelet texture", "the coarse look kept, the grain made anew"),
}
"""What each is called, and what it does."""


@dataclass(frozen=True, slots=True)
class TileSettings:
    """How tiles are cut. `least_share` of pad in a tile; `by_colour` finds pads by colour also where a layout is known;
    `augmentations` each give `copies` more of every tile to train on."""

    size: int = 256
    least_share: float = 0.5
    remove_background: bool = True
    test_share: float = 0.3
    augmentations: tuple[str, ...] = ()
    copies: int = 1
    seed: int = 0
    by_colour: bool = False


@dataclass(frozen=True, slots=True)
class TilePicture:
    """One picture of a set: `pads_px` are the pads' corners, `painted` run lengths of its defects by class name."""

    file: str
    path: str
    sha256: str
    width_px: int
    height_px: int
    board: str
    test: bool
    ground: str
    pads_px: tuple[tuple[tuple[float, float], ...], ...] = ()
    painted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Surveyed:
    """The tiles of a picture that hold any pad: upper left corners (n, 2) px, shares of pad (n,) float32, and the folder each goes
    to, “good” or a class."""

    picture: TilePicture
    corners: NDArray[np.int64]
    shares: NDArray[np.float32]
    kinds: tuple[str, ...]

    def kept(self, least_share: float) -> NDArray[np.bool_]:
        return self.shares >= least_share


@dataclass(frozen=True)
class TilePlan:
    """All that was surveyed, with tiles of `size` px; `notes`: pictures that give none, and why."""

    pictures: tuple[Surveyed, ...]
    size: int
    notes: tuple[str, ...] = ()

    def sides(self, settings: TileSettings) -> tuple[TilePicture, ...]:
        """The pictures, each on its side."""
        return with_sides([s.picture for s in self.pictures], settings)

    def counts(self, settings: TileSettings) -> Counter[str]:
        """Tiles by folder, as the set will have them: “train/good” with its augmented copies."""
        found: Counter[str] = Counter()
        each = 1 + len(settings.augmentations) * settings.copies
        for surveyed, picture in zip(self.pictures, self.sides(settings), strict=True):
            kept = surveyed.kept(settings.least_share)
            kinds = Counter(kind for kind, keep in zip(surveyed.kinds, kept, strict=True) if keep)
            if picture.test:
                found.update({f"test/{kind}": n for kind, n in kinds.items()})
            elif kinds[GOOD]:
                found["train/good"] += kinds[GOOD] * each
        return found

    def left_out(self, settings: TileSettings) -> int:
        """Tiles with defects on boards to train on: no detector learns from them."""
        return sum(
            int(keep) and kind != GOOD
            for surveyed, picture in zip(self.pictures, self.sides(settings), strict=True)
            for kind, keep in zip(surveyed.kinds, surveyed.kept(settings.least_share), strict=True)
            if not picture.test
        )


def with_sides(pictures: Sequence[TilePicture], settings: TileSettings) -> tuple[TilePicture, ...]:
    """No board on both sides."""
    defective = frozenset(p.board for p in pictures if p.painted)
    test = split_boards([p.board for p in pictures], defective, settings.test_share, settings.seed)
    return tuple(replace(p, test=p.board in test) for p in pictures)


def split_boards(boards: Sequence[str], defective: frozenset[str], test_share: float, seed: int) -> frozenset[str]:
    """Which boards are for testing: about this share of them, at least one where there are two, those with defects first, because
    they are needed there; and at least one is left to train on. Seeded, and independent of the order they are given in."""
    rng = np.random.default_rng(seed)
    names = sorted(set(boards))
    shuffled = [names[i] for i in rng.permutation(len(names))]
    wanted = min(max(round(test_share * len(names)), 1), len(names) - 1)
    ordered = [b for b in shuffled if b in defective] + [b for b in shuffled if b not in defective]
    return frozenset(ordered[: max(wanted, 0)])
