"""`inspect`: pictures in, pad maps out."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from padscope.boards.layout_files import load_layout
from padscope.boards.pad_map import PadMap, Verdict
from padscope.boards.rules import load_rules
from padscope.cli.progress import print_json, say, shown
from padscope.detectors import registry
from padscope.errors import InputError, UsageError
from padscope.store.artifacts import load_model
from padscope.store.database import open_project
from padscope.workflows.export import prepared_folder, store_inspection, write_outputs
from padscope.workflows.inspect import Inspector
from padscope.workflows.painting import Painting, painting_of


def inspect(arguments: argparse.Namespace) -> int:
    """Every picture that can be inspected is; exit status 1 when one could not."""
    _refuse_same_stems(arguments.pictures)
    layout = load_layout(arguments.layout)
    model = load_model(arguments.model, versions=registry.versions())
    inspector = Inspector(model, layout, load_rules(arguments.rules), device=arguments.device)
    prepared_folder(arguments.out)
    painted = partial(_painting, arguments.project)
    say(f"Inspecting on {inspector.device_words}.")
    done: list[dict[str, Any]] = []
    failed = 0
    for path in arguments.pictures:
        try:
            work = inspector.inspect(path, um_per_px=arguments.um_per_px, painting_of=painted)
            found = shown(work, path.name)
            files = write_outputs(found, layout, path, arguments.out, heat=arguments.heat)
            if arguments.project is not None:
                store_inspection(arguments.project, found, layout, arguments.model, path)
        except InputError as error:
            say(f"padscope: {path.name}: {error}")
            failed += 1
            done.append({"picture": str(path), "error": str(error)})
            continue
        counts = found.pad_map.counts()
        done.append(
            {
                "picture": str(path),
                "files": [str(f) for f in files],
                "verdicts": {str(v): n for v, n in counts.items()},
                "wires": _wires(found.pad_map),
                "residual_um": found.pad_map.residual_um,
                "notes": list(found.pad_map.notes),
                "seconds": found.seconds,
                "device": found.device,
            }
        )
        if not arguments.json:
            print(summary(found.pad_map, found.seconds))
        for note in found.pad_map.notes:
            say(f"{path.name}: {note}")
    if arguments.json:
        print_json({"pictures": done})
    return 1 if failed else 0


def _painting(project: Path | None, sha256: str) -> Painting | None:
    if project is None or not project.exists():
        return None
    with open_project(project) as opened:
        return painting_of(opened, sha256)


def summary(pad_map: PadMap, seconds: float) -> str:
    """One line about a board."""
    counts = ", ".join(f"{n} {v}" for v, n in pad_map.counts().items() if n)
    wires = _wires(pad_map)
    return (
        f"{pad_map.picture.file}: {counts}; {wires['placed']} of {wires['planned']} wires can land, "
        f"{wires['shifted']} shifted; pose ±{pad_map.residual_um:.1f} µm; {seconds:.1f} s"
    )


def print_pad_table(pad_map: PadMap) -> None:
    """What needs a person, worst first."""
    for pad in sorted(pad_map.pads, key=lambda p: (-list(Verdict).index(p.verdict), -(p.level or 0))):
        if pad.verdict is not Verdict.OK:
            level = "–" if pad.level is None else f"{pad.level:.2f}"
            print(f"{pad.pad:8} {pad.verdict:13} level {level:>6}  {'; '.join(pad.reasons)}")


def _wires(pad_map: PadMap) -> dict[str, int]:
    landings = pad_map.landings()
    placed = [x for x in landings if x.proposed_um is not None]
    shifted = sum(x.proposed_um != x.planned_um for x in placed)
    return {"planned": len(landings), "placed": len(placed), "shifted": shifted}


def _refuse_same_stems(pictures: list[Path]) -> None:
    """Their outputs would overwrite each other."""
    seen: dict[str, Path] = {}
    for path in pictures:
        other = seen.setdefault(path.stem.lower(), path)
        if other is not path:
            raise UsageError(
                f"{other} and {path} would both write {path.stem}.padmap.json; inspect them into different folders."
            )
