"""`layout` and `changes`: board types from and to files, or learned from a picture; two pad maps of one board compared."""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path
from typing import Any

from padscope.boards.bond_map import read_bond_map, read_pad_map
from padscope.boards.changes import PadChange, compare_maps, map_of_rows
from padscope.boards.layout import Layout
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import load_layout, save_layout
from padscope.boards.layout_text import written_whole
from padscope.boards.learn import learned_layout
from padscope.boards.pad_map import PadMap
from padscope.cli.given import given_scale
from padscope.cli.progress import print_json
from padscope.errors import UsageError
from padscope.pictures.picture import open_picture
from padscope.reports.changes import write_changes_pdf
from padscope.workflows.export import prepared_folder

LEAST_CONFIDENCE = 0.8
"""Pads learned with less are named, for a person to look at."""


def layout(arguments: argparse.Namespace) -> int:
    """`check` reads it, `convert` writes it in the format of the second file, `learn` measures it in a picture."""
    task, files = arguments.task, arguments.files
    wanted = 1 if task == "check" else 2
    if len(files) != wanted:
        raise UsageError(f"padscope layout {task} takes {'one file' if wanted == 1 else 'two files, from and to'}.")
    doubtful: list[str] = []
    if task == "learn":
        scale = given_scale(arguments)
        with open_picture(files[0], scale=scale) as picture:
            learned = learned_layout(picture, files[1].stem, None if scale is None else scale.um_per_px)
        found = learned.layout
        doubtful = [pad for pad, sure in learned.confidence.items() if sure < LEAST_CONFIDENCE]
    else:
        found = load_layout(files[0], _choice(arguments))
    if wanted == 2:
        save_layout(found, files[1])
    facts = facts_of(found) | ({"doubtful": doubtful} if task == "learn" else {})
    if arguments.json:
        print_json({**facts, "file": str(files[-1])})
        return 0
    nets = f", {facts['nets']} nets" if facts["nets"] else ""
    print(
        f"{files[-1]}: {facts['pads']} pads, {facts['wires']} wires, {facts['fiducials']} fiducials{nets}; "
        f"{facts['width_um'] / 1000:.2f} × {facts['height_um'] / 1000:.2f} mm"
    )
    if doubtful:
        print(f"Look at {', '.join(doubtful)}: they were not seen as clearly as the others.")
    return 0


def facts_of(found: Layout) -> dict[str, Any]:
    x0, y0, x1, y1 = found.bounds_um
    return {
        "name": found.name,
        "pads": len(found.pads),
        "wires": len(found.wires),
        "fiducials": len(found.fiducials),
        "nets": len({p.net for p in found.pads} - {""}),
        "single_purpose": sum(p.single_purpose for p in found.pads),
        "width_um": x1 - x0,
        "height_um": y1 - y0,
    }


def _choice(arguments: argparse.Namespace) -> Choice | None:
    """What to take from a drawing; None where nothing is asked."""
    given = {
        "layers": tuple(arguments.layers),
        "nets": tuple(arguments.nets),
        "pads": tuple(arguments.pads),
        "region_um": None if arguments.region is None else tuple(arguments.region),
        "side": arguments.side,
        "wires": arguments.wires,
        "wire_pitch_um": arguments.wire_pitch_um,
        "unit_um": arguments.unit_um,
    }
    asked = {name: value for name, value in given.items() if value not in (None, ())}
    return Choice(**asked) if asked else None


def changes(arguments: argparse.Namespace) -> int:
    """Two maps of one board, as before and after cleaning; `--out` writes changes.csv and, with a layout, changes.pdf."""
    before, after = (_map(path) for path in (arguments.before, arguments.after))
    found = compare_maps(before, after)
    board = load_layout(arguments.layout) if arguments.layout is not None else None
    files: list[Path] = []
    if arguments.out is not None:
        folder = prepared_folder(arguments.out)
        files.append(folder / "changes.csv")
        written_whole(files[-1], changes_csv(found.pads))
        if board is not None:
            files.append(folder / "changes.pdf")
            write_changes_pdf(before, after, board, files[-1])
    if arguments.json:
        rows = [{**_row(p), "reasons": list(p.after.reasons)} for p in found.changed()]
        counts = {str(change): n for change, n in found.counts().items()}
        print_json({"words": found.words(), "counts": counts, "changed": rows, "files": [str(f) for f in files]})
        return 0
    print(f"{arguments.before.name} to {arguments.after.name}: {found.words()}.")
    for p in found.changed():
        print(f"{p.pad:8} {p.change:7} {p.before.verdict} to {p.after.verdict}")
    return 0


def _map(path: Path) -> PadMap:
    return map_of_rows(read_bond_map(path), path.name) if path.suffix.lower() == ".csv" else read_pad_map(path)


def _row(p: PadChange) -> dict[str, Any]:
    return {
        "pad": p.pad,
        "change": str(p.change),
        "before": str(p.before.verdict),
        "after": str(p.after.verdict),
        "wires_gained": p.wires_gained,
        "defects_gone": len(p.gone),
        "defects_new": len(p.new),
        "defects_stayed": len(p.stayed),
    }


def changes_csv(pads: tuple[PadChange, ...]) -> str:
    """One line per pad, also those that stayed the same."""
    out = io.StringIO()
    rows = [_row(p) for p in pads]
    table = csv.DictWriter(out, list(rows[0]) if rows else ["pad"], lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()
