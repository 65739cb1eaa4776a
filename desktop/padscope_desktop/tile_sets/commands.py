"""What a worker is asked for while a tile set is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padscope.datasets.tile_plan import TilePicture, TilePlan, TileSettings
from padscope.types import Progress, Work

if TYPE_CHECKING:
    from padscope.boards.layout import Layout
    from padscope.workflows.tile_sets import TileSetReport
    from padscope.workflows.tile_survey import TileShown

FEW, LARGE_PX = 4, 300
"""Tiles to look at where they are this large; else twice as many."""


def survey_tiles(
    project: Path, settings: TileSettings, layout: Layout | None, pictures: Sequence[str]
) -> Work[TilePlan]:
    from padscope.store.database import open_project
    from padscope.workflows import tile_survey

    yield Progress(0, 1, "counting tiles")
    with open_project(project, read_only=True) as opened:
        return (yield from tile_survey.survey_tiles(opened, settings, layout=layout, pictures=pictures))


def show_tiles(plan: TilePlan, settings: TileSettings, start: int) -> Work[tuple[TileShown, ...]]:
    """One copy by every augmentation there is, also of those that are not chosen."""
    from dataclasses import replace

    from padscope.workflows import tile_survey

    yield Progress(0, 1, "cutting tiles to look at")
    many = FEW if plan.size > LARGE_PX else 2 * FEW
    chosen = tile_survey.tiles_to_show(plan, settings, many, start)
    return (yield from tile_survey.show_tiles(chosen, replace(settings, copies=1)))


def make_tiles(
    pictures: Sequence[TilePicture], settings: TileSettings, folder: Path, notes: Sequence[str]
) -> Work[TileSetReport]:
    from padscope.workflows.tile_sets import write_tile_set

    yield Progress(0, len(pictures), "cutting tiles")
    return (yield from write_tile_set(pictures, settings, folder, notes))


def make_tiles_again(manifest: Path, folder: Path) -> Work[TileSetReport]:
    from padscope.workflows.tile_sets import make_again

    yield Progress(0, 1, "reading the manifest")
    return (yield from make_again(manifest, folder))


TILE_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "survey_tiles": survey_tiles,
    "show_tiles": show_tiles,
    "make_tiles": make_tiles,
    "make_tiles_again": make_tiles_again,
}
