"""Labels of a project into other tools' files. What was written is read back and compared, and a loss is stated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from padscope.boards.bond_map import write_bond_map, write_pad_map
from padscope.boards.pad_map import PadMap
from padscope.boards.review import reviewed
from padscope.errors import InputError, OutputError, PadscopeError, UsageError
from padscope.formats.labelled import ClassTable, Labelled, Loss, compared, without_ending
from padscope.formats.registry import Format, format_named
from padscope.masks.classes import DefectClass
from padscope.pictures.picture import open_picture
from padscope.reports.pdf import write_pdf
from padscope.store import labels, reviews
from padscope.store.database import Project
from padscope.store.labels import LabelRow
from padscope.store.rows import InspectionRow, PictureRow
from padscope.types import Progress, Work
from padscope.workflows.heat_files import write_heat
from padscope.workflows.painting import FINISHED
from padscope.workflows.whole_folder import whole_folder

PADMAP = "padmap"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written where; `losses` has every labelled picture, `notes` what a person should know, `facts` what the history
    says of it."""

    folder: Path
    files: tuple[Path, ...]
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exact(self) -> int:
        """How many labelled pictures are the same, pixel by pixel, when they are read back."""
        return sum(loss.differing_px == 0 for loss in self.losses)


def export_labels(
    project: Project, form: str, folder: Path, *, pictures: Sequence[str] = (), shapes: str = "", author: str = ""
) -> Work[ExportReport]:
    """The labels that count (`store.labels.label_that_counts`) of all pictures, or of those named by file name or hash: all files
    or, with OutputError, none. `shapes` chooses masks or polygons where a format has both."""
    entry = format_named(form)
    shapes = shapes or entry.shapes[0]
    if shapes not in entry.shapes:
        raise UsageError(f"{entry.title} has no {shapes}; it has {', '.join(entry.shapes)}.")
    chosen, notes = _labelled(project, entry, chosen_pictures(project, pictures))
    if not chosen:
        raise InputError(f"The project {project.path} has no labels to write; paint or accept some first.")
    classes = tuple(DefectClass(c.value, c.name, c.colour) for c in labels.classes(project))
    names, renamed = unique_names([picture for picture, _ in chosen])
    losses: list[Loss] = []
    with whole_folder(folder) as draft:
        items = _Items(project, chosen, names)
        for number, _ in enumerate(entry.write(items, classes, draft, shapes)):
            yield Progress(number + 1, 2 * len(chosen), "writing")
        yield from _checked(project, entry, draft, chosen, names, classes, losses)
        files = tuple(folder / p.relative_to(draft) for p in sorted(draft.rglob("*")) if p.is_file())
    heads = {"format": form, "pictures": [picture.sha256 for picture, _ in chosen], "head": list(project.head())}
    report = ExportReport(folder, files, tuple(losses), (*notes, *renamed, *said(entry, losses)), heads)
    if not project.read_only:
        note_export(project, report, author=author)
    return report


def note_export(project: Project, report: ExportReport, *, author: str = "") -> None:
    """In the history: what left the project, and where to."""
    project.record("labels exported", str(report.folder), report.facts, author=author)


def newest_inspections(project: Project, pictures: Sequence[str]) -> list[tuple[PictureRow, InspectionRow]]:
    """Of each chosen picture that has one; a board on several pictures once, beside the first of them. InputError where there
    is none."""
    found: dict[int, tuple[PictureRow, InspectionRow]] = {}
    for picture in chosen_pictures(project, pictures):
        if rows := project.inspections(picture.sha256):
            found.setdefault(rows[-1].id, (picture, rows[-1]))
    if not found:
        raise InputError(f"The project {project.path} has no inspections to write; inspect some pictures first.")
    return list(found.values())


def paths_of(project: Project, pad_map: PadMap) -> list[Path]:
    """Where the map's pictures are, in its order: it may be written under the name of any of them."""
    rows = [(facts, project.picture(facts.sha256)) for facts in pad_map.pictures()]
    return [Path(row.path if row is not None else facts.file) for facts, row in rows]


def export_pad_maps(
    project: Project, folder: Path, *, pictures: Sequence[str] = (), heat: bool = False, author: str = ""
) -> Work[ExportReport]:
    """What `inspect` writes, for the newest inspection of each picture that has one: STEM.padmap.json, STEM.bondmap.csv, STEM.pdf
    and with `heat` what `write_heat` writes. A picture that is not where it was gives a report without close-ups."""
    found = newest_inspections(project, pictures)
    names, notes = unique_names([picture for picture, _ in found])
    with whole_folder(folder) as draft:
        for number, ((picture, inspection), name) in enumerate(zip(found, names, strict=True)):
            yield Progress(number, len(found), f"writing {picture.name}")
            stem = Path(name).stem
            pad_map = reviewed(project.pad_map(inspection.id), reviews.decisions(project, inspection.id))
            layout = project.layout(inspection.layout_sha256)
            write_pad_map(pad_map, draft / f"{stem}.padmap.json")
            write_bond_map(pad_map, draft / f"{stem}.bondmap.csv")
            try:
                with ExitStack() as stack:
                    opened = [stack.enter_context(open_picture(p)) for p in paths_of(project, pad_map)]
                    write_pdf(pad_map, layout, draft / f"{stem}.pdf", opened)
            except OutputError:
                raise
            except PadscopeError as error:
                notes.append(f"{picture.name}: the report has no close-ups ({error})")
                write_pdf(pad_map, layout, draft / f"{stem}.pdf")
            if heat:
                kept = ((path, project.level(inspection.id, k)) for k, path in enumerate(paths_of(project, pad_map)))
                write_heat(draft, stem, [(path, level) for path, level in kept if level is not None])
        files = tuple(folder / p.name for p in sorted(draft.iterdir()))
    if not project.read_only:
        heads = {"inspections": [i.uid for _, i in found], "head": list(project.head())}
        project.record("pad maps exported", str(folder), heads, author=author)
    return ExportReport(folder, files, notes=tuple(notes))


def chosen_pictures(project: Project, names: Sequence[str]) -> list[PictureRow]:
    """The project's pictures, or those with these file names, paths or hashes; InputError for a name that fits none or several."""
    known = list(project.pictures())
    if not names:
        return known
    found: dict[str, PictureRow] = {}
    for name in names:
        last = Path(name).name.casefold()
        fits = [p for p in known if p.sha256 == name] or [p for p in known if p.name.casefold() == last]
        fits = fits or [p for p in known if p.name.casefold().rsplit(".", 1)[0] == last]
        if len(fits) > 1:
            exact = [p for p in fits if Path(p.path).absolute() == Path(name).absolute()]
            fits = exact or fits
        if len(fits) != 1:
            many = "no picture" if not fits else f"{len(fits)} pictures"
            raise InputError(
                f"The project {project.path} has {many} “{name}”; give a file name or hash as in the project."
            )
        found[fits[0].sha256] = fits[0]
    return list(found.values())


def unique_names(pictures: Sequence[PictureRow]) -> tuple[list[str], list[str]]:
    """(a file name for each, unlike all others also without its ending; a note for each that was changed)."""
    names, notes, taken = [], [], set()
    for picture in pictures:
        name = picture.name
        if without_ending(name).casefold() in taken:
            name = f"{without_ending(name)}_{picture.sha256[:8]}{name.removeprefix(without_ending(name))}"
            notes.append(f"{picture.name} occurs twice; the second one is written as {name}")
        taken.add(without_ending(name).casefold())
        names.append(name)
    return names, notes


def said(entry: Format, losses: Sequence[Loss]) -> Iterator[str]:
    """What the format could not hold."""
    for loss in losses:
        if loss.differing_px:
            why = f"{entry.cannot}: " if entry.cannot else ""
            yield f"{loss.picture}: {why}{loss.differing_px:,} pixels of {loss.painted_px:,} differ".replace(",", " ")


class _Items:
    """The labelled pictures one after the other, each mask read when its turn comes."""

    def __init__(self, project: Project, chosen: Sequence[tuple[PictureRow, LabelRow]], names: Sequence[str]) -> None:
        self._project = project
        self._chosen = chosen
        self._names = names

    def __iter__(self) -> Iterator[Labelled]:
        for (picture, label), name in zip(self._chosen, self._names, strict=True):
            mask = labels.load_mask(self._project, label.id)
            yield Labelled(name, mask, picture.sha256, Path(picture.path))


def _labelled(
    project: Project, entry: Format, pictures: Sequence[PictureRow]
) -> tuple[list[tuple[PictureRow, LabelRow]], list[str]]:
    """Pictures with the label that counts; a folder of sound pictures is only for those that somebody has finished."""
    found, notes = [], []
    for picture in pictures:
        row = labels.label_that_counts(project, picture.sha256)
        if row is None:
            continue
        if entry is format_named("mvtec") and row.state not in FINISHED and labels.load_mask(project, row.id).empty:
            notes.append(
                f"{picture.name}: nothing is painted, and nobody has said that it is finished; it was left out"
            )
            continue
        found.append((picture, row))
    return found, notes


def _checked(
    project: Project,
    entry: Format,
    draft: Path,
    chosen: Sequence[tuple[PictureRow, LabelRow]],
    names: Sequence[str],
    classes: Sequence[DefectClass],
    losses: list[Loss],
) -> Work[None]:
    """Read the files back and count what differs."""
    rows = {without_ending(name).casefold(): pair for name, pair in zip(names, chosen, strict=True)}
    size_of: Callable[[str], tuple[int, int] | None] = lambda name: _size(rows, name)  # noqa: E731
    for item in entry.read([draft], ClassTable(classes), size_of):
        yield Progress(len(chosen) + len(losses), 2 * len(chosen), "reading back")
        picture, label = rows[item.stem.casefold()]
        losses.append(compared(labels.load_mask(project, label.id), item.mask, picture.name))
    if len(losses) != len(chosen):
        raise OutputError(
            f"{draft.parent}: {len(chosen) - len(losses)} pictures could not be read back; nothing was written."
        )


def _size(rows: dict[str, tuple[PictureRow, LabelRow]], name: str) -> tuple[int, int] | None:
    found = rows.get(name.casefold()) or rows.get(without_ending(name).casefold())
    return None if found is None else (found[0].width_px, found[0].height_px)
