"""`inspect`: pictures in, pad maps out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padscope.boards.layout import Layout
from padscope.boards.layout_files import load_layout
from padscope.boards.pad_map import PadMap, Verdict
from padscope.boards.rules import load_rules
from padscope.cli.given import given_module, given_scale, kept_scale
from padscope.cli.progress import print_json, say, shown
from padscope.detectors import registry
from padscope.errors import InputError, UsageError
from padscope.pictures.files import stem_of
from padscope.pictures.scales import ScaleFound
from padscope.store.artifacts import load_model
from padscope.store.database import Project, open_or_create_project
from padscope.types import Progress, relayed
from padscope.workflows.export import add_to_project, prepared_folder, write_outputs
from padscope.workflows.inspect import Inspector
from padscope.workflows.painting import Painting, painting_of


def unchanged(step: Progress) -> Progress:
    return step


@dataclass(frozen=True)
class Inspecting:
    """One picture after the other, with the same model, layout and options."""

    inspector: Inspector
    layout: Layout
    arguments: argparse.Namespace
    scale: ScaleFound | None
    project: Project | None
    module: str = ""
    between: Callable[[Progress], Progress] = unchanged
    """Called at every step of an inspection."""

    def one(self, path: Path, *further: Path, stem: str = "") -> tuple[dict[str, Any], str]:
        """Inspect a picture, or several of one board, and write everything; what `--json` says of it, and one line. InputError
        where nothing came of it."""
        scales = [self.scale or kept_scale(self.project, p) for p in (path, *further)]
        work = self.inspector.inspect_together(
            (path, *further), scales=scales, painting_of=self._painting, module=self.module
        )
        found = shown(relayed(work, self.between), path.name)
        files = write_outputs(found, self.layout, path, self.arguments.out, heat=self.arguments.heat, stem=stem)
        if self.project is not None:
            add_to_project(self.project, found, self.layout, self.arguments.model, path)
        row = {
            "picture": str(path),
            **({"pictures": [str(p) for p in (path, *further)]} if further else {}),
            "module": found.pad_map.picture.module or None,
            "files": [str(f) for f in files],
            "verdicts": {str(v): n for v, n in found.pad_map.counts().items()},
            "wires": _wires(found.pad_map),
            "residual_um": found.pad_map.residual_um,
            "seconds": found.seconds,
            "device": found.device,
            "notes": list(found.pad_map.notes),
        }
        for note in found.pad_map.notes:
            say(f"{path.name}: {note}")
        return row, summary(found.pad_map, found.seconds)

    def _painting(self, sha256: str) -> Painting | None:
        return None if self.project is None else painting_of(self.project, sha256)


def inspect(arguments: argparse.Namespace) -> int:
    """Every picture that can be inspected is; exit status 1 when one could not."""
    if not arguments.together:
        _refuse_same_stems(arguments.pictures)
    boards = [arguments.pictures] if arguments.together else [[path] for path in arguments.pictures]
    scale, module = given_scale(arguments), given_module(arguments.serial)
    if module and len(boards) > 1:
        raise UsageError("--module names the board of one picture; several take theirs from the file names.")
    layout = load_layout(arguments.layout)
    model = load_model(arguments.model, versions=registry.versions())
    inspector = Inspector(model, layout, load_rules(arguments.rules), device=arguments.device)
    prepared_folder(arguments.out)
    say(f"Inspecting on {inspector.device_words}.")
    done: list[dict[str, Any]] = []
    failed = 0
    with ExitStack() as stack:
        project = stack.enter_context(open_or_create_project(arguments.project)) if arguments.project else None
        work = Inspecting(inspector, layout, arguments, scale, project, module)
        for paths in boards:
            try:
                row, line = work.one(*paths)
            except InputError as error:
                say(f"padscope: {paths[0].name}: {error}")
                failed += 1
                done.append({"picture": str(paths[0]), "error": str(error)})
                continue
            done.append(row)
            if not arguments.json:
                print(line, flush=True)
    if arguments.json:
        print_json({"pictures": done})
    return 1 if failed else 0


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
        other = seen.setdefault(stem_of(path).lower(), path)
        if other is not path:
            raise UsageError(
                f"{other} and {path} would both write {stem_of(path)}.padmap.json; inspect them into different folders."
            )
