"""Stored pad maps as files for others: DXF for machine CAD, and the draft of the collaboration's visual inspection with the
pictures it needs. They carry what a person decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from padscope.boards.dxf_map import write_dxf
from padscope.boards.grades import Grades, proposed_grades
from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import PadMap
from padscope.boards.review import WORST_FIRST, reviewed
from padscope.boards.rules import Rules, load_rules, parse_rules
from padscope.boards.visual_inspection import Inspector, tile_box_um, tiles_of, tiles_to_show, write_visual_inspection
from padscope.errors import OutputError, PadscopeError, RulesError
from padscope.pictures.files import stem_of
from padscope.pictures.picture import Picture, open_picture
from padscope.store import reviews
from padscope.store.database import Project
from padscope.store.rows import InspectionRow
from padscope.types import Box, Progress, Work
from padscope.workflows.labels_out import ExportReport, newest_inspections, paths_of, unique_names
from padscope.workflows.whole_folder import whole_folder

LONGEST_PX = 2400
"""Longer side of a picture in the draft; the official tool shows tiles at 800 px."""


@dataclass(frozen=True)
class StoredMap:
    """The newest pad map of a picture, with what was decided about its pads."""

    row: InspectionRow
    pad_map: PadMap
    layout: Layout
    rules: Rules
    operator: str


def stored_map(project: Project, row: InspectionRow) -> StoredMap:
    """The map as it is handed on; rules that are no longer here are replaced by the standard ones, for the grades only."""
    held = reviews.signature(project, row.id)
    pad_map = reviewed(project.pad_map(row.id), reviews.decisions(project, row.id))
    return StoredMap(
        row, pad_map, project.layout(row.layout_sha256), _rules(project, row), held.author if held else row.author
    )


def export_maps(
    project: Project, form: str, folder: Path, *, pictures: Sequence[str] = (), author: str = ""
) -> Work[ExportReport]:
    """`form` of FORMS, for the newest inspection of each picture that has one: all files or, with OutputError, none. InputError
    where there is nothing to write."""
    found = newest_inspections(project, pictures)
    names, notes = unique_names([picture for picture, _ in found])
    with whole_folder(folder) as draft:
        for number, ((picture, row), name) in enumerate(zip(found, names, strict=True)):
            yield Progress(number, len(found), f"writing {picture.name}")
            stored = stored_map(project, row)
            notes += FORMS[form](stored, paths_of(project, stored.pad_map), draft / stem_of(Path(name)))
        files = tuple(folder / p.name for p in sorted(draft.iterdir()))
    if not project.read_only:
        detail = {"format": form, "inspections": [i.uid for _, i in found], "head": list(project.head())}
        project.record("pad maps exported", str(folder), detail, author=author)
    return ExportReport(folder, files, notes=tuple(notes))


def _write_dxf(stored: StoredMap, pictures: Sequence[Path], stem: Path) -> list[str]:
    write_dxf(stored.pad_map, stored.layout, stem.with_name(stem.name + ".dxf"))
    return []


def _write_visual_inspection(stored: StoredMap, pictures: Sequence[Path], stem: Path) -> list[str]:
    grades: Grades = proposed_grades(stored.pad_map, stored.layout, stored.rules)
    by = Inspector(stored.pad_map.picture.module, stored.operator)
    images, notes = {}, []
    try:
        with ExitStack() as stack:
            opened = [stack.enter_context(open_picture(picture)) for picture in pictures]
            images = _pictures(stored.pad_map, stored.layout, opened, stem)
    except OutputError:
        raise
    except PadscopeError as error:
        notes.append(f"{pictures[0].name}: the draft has no pictures ({error})")
    path = stem.with_name(stem.name + ".visual-inspection.json")
    write_visual_inspection(stored.pad_map, stored.layout, grades, by, path, images)
    return notes


def _pictures(pad_map: PadMap, layout: Layout, pictures: Sequence[Picture], stem: Path) -> dict[str, str]:
    """The whole board ("") and every tile that has something to show, as JPEG; file names by tile. A tile is cut out of the
    picture in which the worst of its pads was judged; further pictures of the board are written whole beside the first."""
    names = {"": f"{stem.name}.front.jpg"}
    for k, picture in enumerate(pictures):
        name = names[""] if k == 0 else f"{stem.name}.front_picture{k + 1}.jpg"
        _write_jpeg(picture, Box(0, 0, picture.width, picture.height), stem.with_name(name))
    tiles = tiles_of(layout)
    worst_last = sorted(pad_map.pads, key=lambda p: WORST_FIRST.index(p.verdict), reverse=True)
    places = {tiles[p.pad]: pad_map.place(p.pad) for p in worst_last if p.pad in tiles}
    for number in tiles_to_show(pad_map, layout):
        picture = pictures[places[number].picture]
        corners = places[number].um_to_px.apply(tile_box_um(layout, number))
        box = Box.around(corners).clipped(picture.width, picture.height)
        if not box.empty:
            names[str(number)] = f"{stem.name}.front_tile{number}.jpg"
            _write_jpeg(picture, box, stem.with_name(names[str(number)]))
    return names


def _write_jpeg(picture: Picture, box: Box, path: Path) -> None:
    step = max(1, -(-max(box.width, box.height) // LONGEST_PX))
    pixels = picture.read(box, step)
    shown = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else np.asarray(pixels, np.uint8)
    _, data = cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    written_whole(path, data.tobytes())


def _rules(project: Project, row: InspectionRow) -> Rules:
    for kept in project.history("rules"):  # a project's own, as the window stores them
        if kept.detail.get("sha256") == row.rules_sha256:
            return parse_rules(str(kept.detail["toml"]).encode(), row.rules)
    try:
        return load_rules(row.rules)
    except RulesError:
        return load_rules(None)


FORMS: dict[str, Callable[[StoredMap, Sequence[Path], Path], list[str]]] = {
    "dxf": _write_dxf,
    "visual-inspection": _write_visual_inspection,
}
