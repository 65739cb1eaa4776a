"""Before a tile set is made: how many tiles there would be, how much pad each holds, and what the augmentations make of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.datasets.augment import AUGMENTATIONS, augmented, seed_of
from padscope.datasets.tile_cutting import PadGround, cut_tile, share_of, tile_sites
from padscope.datasets.tile_plan import GOOD, KEPT, Surveyed, TilePicture, TilePlan, TileSettings
from padscope.errors import InputError
from padscope.masks.class_mask import ClassMask
from padscope.pictures.picture import open_picture
from padscope.store.database import Project
from padscope.types import Box, Progress, Work
from padscope.workflows.labels_out import chosen_pictures
from padscope.workflows.tile_sets import kind_of, mask_of, pads_of, planned_pictures

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TileShown:
    """A tile to look at: (size, size, 3) uint8, and what each augmentation makes of it, as many copies as were asked for."""

    picture: str
    box: Box
    share: float
    pixels: Rgb
    copies: dict[str, tuple[Rgb, ...]]


def survey_tiles(
    project: Project, settings: TileSettings, *, layout: Layout | None = None, pictures: Sequence[str] = ()
) -> Work[TilePlan]:
    """What a set of these pictures would hold at any share of pad; nothing is written. Only `size` and where pads are looked for
    matter of the settings."""
    notes: list[str] = []
    planned = yield from planned_pictures(project, settings, layout, chosen_pictures(project, pictures), notes)
    found = []
    for number, picture in enumerate(planned):
        try:
            found.append(
                (yield from _surveyed(picture, settings.size, Progress(number, len(planned), "counting tiles")))
            )
        except InputError as error:
            notes.append(str(error))
            continue
        if not len(found[-1].shares):
            notes.append(f"{picture.file}: no tile of {settings.size} px holds any pad; it gives none")
    return TilePlan(tuple(found), settings.size, tuple(notes))


def _surveyed(picture: TilePicture, size: int, progress: Progress) -> Work[Surveyed]:
    corners, shares, kinds = [], [], []
    with open_picture(picture.path) as opened:
        if opened.sha256 != picture.sha256:
            raise InputError(f"{picture.path} has changed since it was labelled; bring the old file back.")
        yield progress
        ground, mask = pads_of(picture, opened), mask_of(picture)
        for box, inside in tile_sites(opened.width, opened.height, ground, size):
            yield progress
            share = share_of(inside)
            if share == 0:
                continue
            painted = (mask.read(box) * inside).any() or (
                ground is not None and ground.step > 1 and mask.read(box).any()
            )
            corners.append((box.x0, box.y0))
            shares.append(share)
            kinds.append(kind_of(cut_tile(opened, mask, ground, box), picture) if painted else GOOD)
    return Surveyed(picture, np.array(corners, np.int64).reshape(-1, 2), np.array(shares, np.float32), tuple(kinds))


def tiles_to_show(plan: TilePlan, settings: TileSettings, many: int, start: int = 0) -> list[tuple[TilePicture, Box]]:
    """Which sound tiles to look at, spread over the boards to train on; another `start` gives others."""
    sites = [
        (picture, Box(int(x), int(y), int(x) + plan.size, int(y) + plan.size))
        for surveyed, picture in zip(plan.pictures, plan.sides(settings), strict=True)
        for (x, y), keep, kind in zip(
            surveyed.corners, surveyed.kept(settings.least_share), surveyed.kinds, strict=True
        )
        if keep and kind == GOOD and not picture.test
    ]
    order = np.random.default_rng(start).permutation(len(sites))
    return [sites[i] for i in order[:many]]


def show_tiles(
    chosen: Sequence[tuple[TilePicture, Box]], settings: TileSettings, names: Sequence[str] = tuple(AUGMENTATIONS)
) -> Work[tuple[TileShown, ...]]:
    """The very pixels the set gets: the same seeds."""
    shown = []
    known: dict[str, tuple[ClassMask, PadGround | None]] = {}
    for number, (picture, box) in enumerate(chosen):
        yield Progress(number, len(chosen), "cutting tiles to look at")
        with open_picture(picture.path) as opened:
            if picture.sha256 not in known:
                known[picture.sha256] = mask_of(picture), pads_of(picture, opened)
            tile = cut_tile(opened, *known[picture.sha256], box)
        copies: dict[str, tuple[Rgb, ...]] = {}
        for name in names:
            yield Progress(number, len(chosen), "cutting tiles to look at")
            copies[name] = tuple(_copies(name, tile, picture, settings))
        shown.append(TileShown(picture.file, box, float(share_of(tile.inside)), tile.pixels, copies))
    return tuple(shown)


def _copies(name: str, tile: Any, picture: TilePicture, settings: TileSettings) -> list[Rgb]:
    seeds = (seed_of(settings.seed, picture.sha256, tile.box, name, copy) for copy in range(settings.copies))
    removed = picture.ground != KEPT
    return [augmented(name, tile.pixels, tile.inside, seed, removed=removed)[0] for seed in seeds]
