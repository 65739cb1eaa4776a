"""A draft of the collaboration's VISUAL_INSPECTION result, for a person to complete and upload.

Its form is that of module-qc-nonelec-gui: defects are ticked per tile of a 6 x 6 grid over the board, as “Yellow.” or “Red.” and a
word of its list; yellow becomes grade 2, red grade 3. It has no room for single pads, so those go into the tiles' comments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from padscope.boards.grades import Grades
from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.rules import plain_class

TILES = 6
MODULE_HALF_UM = 21_800.0
"""The official tool cuts a module this far around the middle of its pick-up points."""
PICK_UP_POINTS = ("GA1", "GA2", "GA3", "GA4")
WORDS = {
    "scratch": "Scratches_Wirebonding_pad",
    "scratches": "Scratches_Wirebonding_pad",
    "probe mark": "Scratches_Wirebonding_pad",
    "exposed metal": "Critical_damage_Wirebonding_pad",
    "exposed copper": "Critical_damage_Wirebonding_pad",
    "exposed nickel": "Critical_damage_Wirebonding_pad",
    "lifted pad": "Critical_damage_Wirebonding_pad",
    "missing plating": "Critical_damage_Wirebonding_pad",
    "critical damage": "Critical_damage_Wirebonding_pad",
    "solder": "Solder_overflow_Wirebonding_pad",
    "solder overflow": "Solder_overflow_Wirebonding_pad",
    "glue": "Glue_on_Pads",
    "glue on pads": "Glue_on_Pads",
}
"""Our kinds of defects in the words of the tool; everything else is contamination of the pad."""
OTHERWISE = "Contamination_Wirebonding_pad"
RED_ONLY = "Critical_damage_Wirebonding_pad"


@dataclass(frozen=True, slots=True)
class Inspector:
    """Who inspected what, with what; whatever is not known stays empty for the person who completes the draft."""

    serial_number: str = ""
    operator: str = ""
    instrument: str = ""


def visual_inspection(
    pad_map: PadMap, layout: Layout, grades: Grades, by: Inspector, images: Mapping[str, str] | None = None
) -> list[list[dict[str, Any]]]:
    """[[test run]], as the LocalDB uploader takes it. `images` are names of picture files, by tile, "" for the whole board; whoever
    uploads them puts their identifiers in their place."""
    defects: dict[str, list[str]] = {}
    comments: dict[str, str] = {}
    tiles = tiles_of(layout)
    for p in pad_map.pads:
        tile = tiles.get(p.pad)
        if tile is None or (p.verdict is Verdict.OK and not p.defects):
            continue
        found = defects.setdefault(str(tile), [])
        found += [word for word in ticked(p) if word not in found]
        line = f"{p.pad} {p.verdict}" + (f": {'; '.join(p.reasons)}" if p.reasons else "")
        comments[str(tile)] = f"{comments[str(tile)]}\n{line}" if str(tile) in comments else line
    return [[_test_run(pad_map, grades, by, {k: v for k, v in defects.items() if v}, comments, images or {})]]


def tiles_to_show(pad_map: PadMap, layout: Layout) -> tuple[int, ...]:
    """Tiles with a pad that is not plainly OK: the draft needs their pictures."""
    tiles = tiles_of(layout)
    found = {tiles[p.pad] for p in pad_map.pads if p.pad in tiles and (p.verdict is not Verdict.OK or p.defects)}
    return tuple(sorted(found))


def tile_box_um(layout: Layout, tile: int) -> NDArray[np.float64]:
    """The four corners of a tile, layout µm."""
    low, size = _grid(layout)
    row, column = divmod(tile, TILES)
    corner = low + size / TILES * (column, row)
    return np.array([corner + size / TILES * step for step in ((0, 0), (1, 0), (1, 1), (0, 1))])


def write_visual_inspection(
    pad_map: PadMap,
    layout: Layout,
    grades: Grades,
    by: Inspector,
    path: Path,
    images: Mapping[str, str] | None = None,
) -> None:
    """The draft as JSON, whole or not at all; OutputError where it cannot be written."""
    draft = visual_inspection(pad_map, layout, grades, by, images)
    written_whole(path, json.dumps(draft, indent=1, ensure_ascii=False) + "\n")


def ticked(p: PadResult) -> list[str]:
    """What would be ticked for a pad, as “Colour.Word”."""
    colour = "Red" if p.verdict is Verdict.NOT_BONDABLE else "Yellow"
    words = dict.fromkeys(WORDS.get(plain_class(d.defect_class), OTHERWISE) for d in p.defects)
    return [f"{'Red' if word == RED_ONLY else colour}.{word}" for word in words]


def tiles_of(layout: Layout) -> dict[str, int]:
    """The tile of every pad's centre, row by row from the upper left: a square around the four pick-up points where the layout
    has them, else the rectangle around all it has."""
    low, size = _grid(layout)
    tiles = {}
    for p in layout.pads:
        column, row = np.clip((np.array([p.x_um, p.y_um]) - low) / size * TILES, 0, TILES - 1).astype(int).tolist()
        tiles[p.id] = row * TILES + column
    return tiles


def _grid(layout: Layout) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Upper left corner and size of the grid of tiles, µm."""
    points = {f.name: (f.x_um, f.y_um) for f in layout.fiducials}
    if all(name in points for name in PICK_UP_POINTS):
        middle = np.mean([points[name] for name in PICK_UP_POINTS], axis=0)
        return middle - MODULE_HALF_UM, np.full(2, 2 * MODULE_HALF_UM)
    x0, y0, x1, y1 = layout.bounds_um
    return np.array([x0, y0]), np.array([x1 - x0, y1 - y0])


def _test_run(
    pad_map: PadMap,
    grades: Grades,
    by: Inspector,
    defects: dict[str, list[str]],
    comments: dict[str, str],
    images: Mapping[str, str],
) -> dict[str, Any]:
    made = pad_map.provenance
    overall = "no overall grade" if grades.overall is None else f"OVERALL_GRADE {grades.overall}"
    fields = ", ".join(f"{name} {grade}" for name, grade in grades.fields.items() if grade > 1)
    comment = (
        f"Draft, to be confirmed by a person. Proposed: {overall}{', ' + fields if fields else ''}. "
        f"{'; '.join(grades.reasons)}{'. ' if grades.reasons else ''}"
        f"Picture {pad_map.picture.file}, SHA-256 {pad_map.picture.sha256}; model {made.detector} {made.model_sha256}; "
        f"rules {made.rules}; {made.software}."
    )
    return {
        "serialNumber": by.serial_number,
        "testType": "VISUAL_INSPECTION",
        "subtestType": "",
        "results": {
            "property": {
                "OPERATOR": by.operator,
                "INSTRUMENT": by.instrument,
                "VISUAL_INSPECTION_MEASUREMENT_VERSION": made.software,
            },
            "comment": comment,
            "Metadata": {
                "QCHELPER_VERSION": made.software,
                "ModuleSN": by.serial_number,
                "TimeStart": made.created_at,
                "front_defects": defects,
                "front_comments": comments,
                "front_image": images.get("", ""),
                "front_defect_images": {tile: name for tile, name in images.items() if tile},
                "back_defects": {},
                "back_comments": {},
                "back_image": "",
                "back_defect_images": {},
            },
            "Measurements": {},
        },
    }
