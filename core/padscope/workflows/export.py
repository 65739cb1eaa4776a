"""What an inspection leaves behind: files in a folder, and a place in a project."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import ExitStack
from pathlib import Path

from padscope.boards.bond_map import read_pad_map, write_bond_map, write_pad_map
from padscope.boards.layout import Layout
from padscope.errors import OutputError, PadMapError
from padscope.pictures.files import stem_of
from padscope.pictures.picture import open_picture
from padscope.reports.pdf import write_pdf
from padscope.store.database import Project, open_or_create_project
from padscope.workflows.heat_files import write_heat
from padscope.workflows.inspect import Inspection
from padscope.workflows.whole_folder import unwritable, whole_folder


def prepared_folder(folder: Path) -> Path:
    """The folder, made if needed; OutputError where it cannot be, before any work is done for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as problem:
        raise unwritable(folder, problem) from problem


def refuse_unwritable(file: Path) -> None:
    """OutputError where a file cannot be written, before hours of work are done for it."""
    if file.is_dir():
        raise OutputError(f"{file} is a folder; give the name of a file to write.")
    if not file.parent.is_dir():
        raise OutputError(f"The folder {file.parent} does not exist; make it first, or choose another place.")
    try:
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as problem:
        raise unwritable(file.parent, problem) from problem


def write_outputs(
    inspection: Inspection,
    layout: Layout,
    picture: Path,
    folder: Path,
    *,
    heat: bool = False,
    dxf: bool = False,
    stem: str = "",
) -> list[Path]:
    """STEM.padmap.json, STEM.bondmap.csv, STEM.pdf, with `dxf` STEM.dxf and with `heat` what `write_heat` writes: all or, with
    OutputError, none. `stem`: if not the picture's."""
    stem = stem or stem_of(Path(picture))
    pad_map = inspection.pad_map
    with whole_folder(folder) as draft:
        write_pad_map(pad_map, draft / f"{stem}.padmap.json")
        write_bond_map(pad_map, draft / f"{stem}.bondmap.csv")
        with ExitStack() as open_files:
            pictures = [
                open_files.enter_context(open_picture(p)) for p in (picture, *(x.path for x in inspection.others))
            ]
            write_pdf(pad_map, layout, draft / f"{stem}.pdf", pictures)
        if dxf:
            from padscope.boards.dxf_map import write_dxf  # ezdxf is slow to load, and few want it

            write_dxf(pad_map, layout, draft / f"{stem}.dxf")
        grids = [(picture, inspection.level), *((x.path, x.level) for x in inspection.others)] if heat else []
        heats = write_heat(draft, stem, grids)
    kinds = ("padmap.json", "bondmap.csv", "pdf", *(("dxf",) if dxf else ()))
    return [folder / name for name in (*(f"{stem}.{kind}" for kind in kinds), *heats)]


def own_stem(folder: Path, picture: Path, sha256: str) -> str:
    """A stem for the picture's outputs that replaces no pad map of another picture: microscopes use their file names again."""
    for k in itertools.count(1):
        stem = stem_of(picture) if k == 1 else f"{stem_of(picture)}-{k}"
        path = folder / f"{stem}.padmap.json"
        if not path.exists() or _speaks_of(path)[:1] == (sha256,):
            return stem
    raise AssertionError


def inspected_in(folder: Path) -> frozenset[str]:
    """SHA-256 of the pictures whose pad maps lie in a folder."""
    return frozenset(sha for path in folder.glob("*.padmap.json") for sha in _speaks_of(path))


def _speaks_of(path: Path) -> tuple[str, ...]:
    """SHA-256 of a pad map's pictures, in its order; () where it cannot be read."""
    try:
        return tuple(facts.sha256 for facts in read_pad_map(path).pictures())
    except PadMapError:
        return ()


def store_inspection(
    project: Path, inspection: Inspection, layout: Layout, model: Path, picture: Path, *, author: str = ""
) -> None:
    """Into a project, new or existing: the model, the picture, the layout, the pad map and its level."""
    with open_or_create_project(project) as stored:
        add_to_project(stored, inspection, layout, model, picture, author=author)


def add_to_project(
    project: Project, inspection: Inspection, layout: Layout, model: Path, picture: Path, *, author: str = ""
) -> None:
    """The same into an open one."""
    with project.transaction():
        project.add_model(model, author=author)
        project.add_inspection(
            inspection.pad_map,
            layout,
            inspection.level,
            picture_path=str(Path(picture).absolute()),
            others=[(str(x.path.absolute()), x.level) for x in inspection.others],
            seconds=inspection.seconds,
            author=author,
        )
