"""`compare`: several detectors on the same tiles."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from padscope.boards.layout_text import written_whole
from padscope.cli.progress import print_json, say, shown
from padscope.errors import InputError, UsageError
from padscope.store.artifacts import save_model
from padscope.workflows.compare import Compared, compare_on_tiles, entrant
from padscope.workflows.compare_tables import table_csv, table_markdown, table_rows
from padscope.workflows.compare_text import table_text
from padscope.workflows.export import prepared_folder


def compare(arguments: argparse.Namespace) -> int:
    names = [name.strip() for name in arguments.detectors.split(",") if name.strip()]
    if not names:
        raise UsageError("--detectors takes names separated by commas; see `padscope list-detectors`.")
    if len(set(names)) < len(names):
        raise UsageError("--detectors names a detector twice; each is compared once.")
    entrants = [entrant(name) for name in names]
    if arguments.out is not None:
        prepared_folder(arguments.out)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    found = shown(compare_on_tiles(arguments.tiles, entrants, seeds=seeds, device=arguments.device))
    if arguments.out is not None:
        for run in found:
            if run.model is not None:
                save_model(run.model, arguments.out / _file_name(run, len(seeds) > 1))
        written_whole(arguments.out / "compare.csv", table_csv(found))
        written_whole(arguments.out / "compare.md", table_markdown(found))
    if arguments.json:
        runs = [
            {
                "detector": run.name,
                "seed": run.seed,
                **run.result,
                "notes": list(run.notes),
                "train_seconds": run.train_seconds,
                "memory_mb": run.memory_mb,
                "gpu_memory_mb": run.gpu_memory_mb,
                "failed": run.failed,
            }
            for run in found
        ]
        print_json({"detectors": runs, "table": table_rows(found)})
    else:
        print(table_text(found), end="")
    for run in found:
        for note in run.notes:
            say(f"{run.name}, seed {run.seed}: {note}")
        if run.failed:
            say(f"{run.name} failed: {run.failed}")
    if all(run.failed for run in found):
        raise InputError("None of the detectors could be trained and evaluated on these tiles.")
    return 0


def _file_name(run: Compared, several: bool) -> Path:
    """Of its model; without the signs that Windows does not allow."""
    name = re.sub(r"[^\w.=+-]", "-", run.name)
    return Path(f"{name}-seed{run.seed}.padmodel" if several else f"{name}.padmodel")
