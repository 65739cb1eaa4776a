"""Layouts in and out, by the ending of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from padscope.boards.layout import Layout
from padscope.boards.layout_choice import Choice, Shape
from padscope.boards.layout_csv import load_layout_csv, save_layout_csv
from padscope.boards.layout_dxf import dxf_shapes, load_layout_dxf, save_layout_dxf
from padscope.boards.layout_gerber import gerber_shapes, load_layout_gerber, no_pads_of
from padscope.boards.layout_ipcd356 import ipcd356_shapes, load_layout_ipcd356
from padscope.boards.layout_json import load_layout_json, save_layout_json
from padscope.boards.layout_kicad import kicad_shapes, load_layout_kicad
from padscope.boards.layout_text import read_bytes
from padscope.errors import LayoutError, OutputError, UsageError

__all__ = [
    "DRAWINGS",
    "LAYOUTS",
    "SAVERS",
    "Choice",
    "load_layout",
    "not_pads",
    "save_layout",
    "save_layout_csv",
    "save_layout_json",
    "shapes_in",
]

LAYOUTS: dict[str, Callable[[Path], Layout]] = {".csv": load_layout_csv, ".json": load_layout_json}
"""Files that hold a layout and nothing else."""
DRAWINGS: dict[str, Callable[[Path, Choice | None], Layout]] = {
    ".dxf": load_layout_dxf,
    ".kicad_pcb": load_layout_kicad,
    ".kicad_mod": load_layout_kicad,
    **dict.fromkeys((".ipc", ".d356", ".356", ".net"), load_layout_ipcd356),
    **dict.fromkeys((".gbr", ".ger", ".gtl", ".gbl", ".gts", ".gbs", ".art", ".pho"), load_layout_gerber),
}
"""Files of a whole board, from which pads are chosen."""
SHAPES: dict[Callable[[Path, Choice | None], Layout], Callable[[Path, Choice, bytes], list[Shape]]] = {
    load_layout_dxf: dxf_shapes,
    load_layout_kicad: kicad_shapes,
    load_layout_ipcd356: ipcd356_shapes,
    load_layout_gerber: gerber_shapes,
}
SAVERS: dict[str, Callable[[Layout, Path], None]] = {
    ".json": save_layout_json,
    ".csv": save_layout_csv,
    ".dxf": save_layout_dxf,
}


def load_layout(path: Path | str, choice: Choice | None = None) -> Layout:
    """A checked board type; LayoutError says in one sentence what is wrong, where, and what to do. From drawings of a whole
    board, `choice` says which shapes are bond pads."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending in LAYOUTS:
        if choice is not None:
            raise UsageError(f"{path.name} is a layout already and taken whole; pads are chosen only from drawings.")
        return LAYOUTS[ending](path)
    if ending in DRAWINGS:
        return DRAWINGS[ending](path, choice)
    raise LayoutError(f"{path.name} is no layout Padscope can read; it reads {', '.join([*LAYOUTS, *DRAWINGS])}.")


def shapes_in(path: Path | str, choice: Choice) -> list[Shape]:
    """Everything of a drawing that could be chosen as a pad, by the choice's side and unit; LayoutError where there is nothing."""
    path = Path(path)
    loader = DRAWINGS.get(path.suffix.lower())
    if loader is None:
        raise LayoutError(f"{path.name} is no drawing of a board; pads are chosen from {', '.join(DRAWINGS)}.")
    return SHAPES[loader](path, choice, read_bytes(path))


def not_pads(path: Path | str, shapes: Sequence[Shape]) -> tuple[str, ...]:
    """Layers of a drawing that are left out where none is chosen: only Gerber X2 says of its copper what it is for."""
    return no_pads_of(shapes) if DRAWINGS.get(Path(path).suffix.lower()) is load_layout_gerber else ()


def save_layout(layout: Layout, path: Path | str) -> None:
    """By the ending: .json keeps everything, .csv rectangles with evenly spread wires, .dxf a drawing that keeps everything."""
    path = Path(path)
    saver = SAVERS.get(path.suffix.lower())
    if saver is None:
        raise OutputError(f"A layout cannot be written as {path.name}; use {', '.join(SAVERS)}.")
    saver(layout, path)
