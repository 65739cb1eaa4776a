"""`tiles`: a project's pictures as a tile set to train on, or an old set made again from its manifest."""

from __future__ import annotations

import argparse
from pathlib import Path

from padscope.cli.progress import print_json, shown
from padscope.datasets.augment import AUGMENTATIONS
from padscope.datasets.tile_plan import SELECTIVITY, TileSettings
from padscope.errors import UsageError
from padscope.store.database import open_project
from padscope.workflows.tile_sets import TileSetReport, make_again, make_tile_set


def tiles(arguments: argparse.Namespace) -> int:
    source: Path = arguments.source
    report = _again(arguments) if source.suffix.lower() == ".json" else _made(arguments)
    if arguments.json:
        told = {"folder": str(report.folder), "counts": dict(report.counts), "sha256": report.sha256}
        print_json({**told, "notes": list(report.notes)})
        return 0
    for place, count in sorted(report.counts.items()):
        print(f"{place:24} {count}")
    for note in report.notes:
        print(f"  {note}")
    return 0


def _made(arguments: argparse.Namespace) -> TileSetReport:
    from padscope.boards.layout_files import load_layout

    names = tuple(name.strip() for name in arguments.augment.split(",") if name.strip())
    unknown = [name for name in names if name not in AUGMENTATIONS]
    if unknown:
        raise UsageError(f"There is no augmentation “{unknown[0]}”; there are {', '.join(AUGMENTATIONS)}.")
    share = SELECTIVITY[arguments.selectivity] if arguments.min_share is None else arguments.min_share
    settings = TileSettings(
        size=arguments.size,
        least_share=share,
        remove_background=not arguments.keep_background,
        by_colour=arguments.by_colour,
        test_share=arguments.test_share,
        augmentations=names,
        copies=arguments.copies,
        seed=arguments.seed,
    )
    layout = None if arguments.layout is None else load_layout(arguments.layout)
    with open_project(arguments.source) as project:
        options = {"layout": layout, "pictures": arguments.pictures, "author": arguments.author}
        return shown(make_tile_set(project, arguments.out, settings, **options))


def _again(arguments: argparse.Namespace) -> TileSetReport:
    return shown(make_again(arguments.source, arguments.out))
