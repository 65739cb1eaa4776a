"""`compare`: several detectors on the same tiles."""

from __future__ import annotations

import argparse

from padscope.boards.layout_text import written_whole
from padscope.cli.progress import print_json, say, shown
from padscope.errors import InputError, UsageError
from padscope.store.artifacts import save_model
from padscope.workflows.compare import compare_on_tiles, table_csv, table_markdown
from padscope.workflows.export import prepared_folder


def compare(arguments: argparse.Namespace) -> int:
    names = [name.strip() for name in arguments.detectors.split(",") if name.strip()]
    if not names:
        raise UsageError("--detectors takes names separated by commas; see `padscope list-detectors`.")
    if len(set(names)) < len(names):
        raise UsageError("--detectors names a detector twice; each is compared once.")
    if arguments.out is not None:
        prepared_folder(arguments.out)
    found = shown(compare_on_tiles(arguments.tiles, names, seed=arguments.seed, device=arguments.device))
    if arguments.out is not None:
        for c in found:
            if c.model is not None:
                save_model(c.model, arguments.out / f"{c.detector}.padmodel")
        written_whole(arguments.out / "compare.csv", table_csv(found))
        written_whole(arguments.out / "compare.md", table_markdown(found))
    if arguments.json:
        rows = [
            {
                "detector": c.detector,
                **c.result,
                "train_seconds": c.train_seconds,
                "memory_mb": c.memory_mb,
                "gpu_memory_mb": c.gpu_memory_mb,
                "failed": c.failed,
            }
            for c in found
        ]
        print_json({"detectors": rows})
    else:
        print(table_markdown(found), end="")
    for c in found:
        if c.failed:
            say(f"{c.detector} failed: {c.failed}")
    if all(c.failed for c in found):
        raise InputError("None of the detectors could be trained and evaluated on these tiles.")
    return 0
