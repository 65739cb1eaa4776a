"""Labels from other tools' files into a project: pictures are found or added, classes meet by name, what is locked stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from padscope.errors import InputError
from padscope.formats.labelled import ClassTable, Labelled, file_name, listed, without_ending
from padscope.formats.registry import Format, format_named
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass, load_classes
from padscope.masks.edits import Edit, changed_since
from padscope.masks.states import LOCKED, WORDS
from padscope.pictures.picture import Picture, open_picture
from padscope.resources import resource
from padscope.store import labels
from padscope.store.database import Project
from padscope.store.rows import PictureRow
from padscope.types import Progress, Work


@dataclass(frozen=True, slots=True)
class Taken:
    """One picture whose labels are in the project now; `changed_px` counts pixels that were something else before."""

    picture: str
    sha256: str
    label: int
    painted_px: int
    changed_px: int
    new_picture: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One picture or file whose labels were not taken, and why in a sentence."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of an import; nothing is dropped without a word."""

    taken: tuple[Taken, ...]
    refused: tuple[Refused, ...]
    classes_added: tuple[str, ...]


def import_labels(project: Project, paths: Sequence[Path], form: str, *, author: str = "") -> Work[ImportReport]:
    """Labels of files or folders of a format (`formats.registry`), each an edit that can be undone with a row of history. A file
    that cannot be read is refused, the others are taken; all that is taken is one transaction: cancelled, nothing was."""
    entry = format_named(form)
    files = _files(entry, paths)
    known = {c.value for c in labels.classes(project)}
    taken: list[Taken] = []
    refused: list[Refused] = []
    with project.transaction():
        yield from _read_all(project, entry, files, taken, refused, author)
        added = tuple(c.name for c in labels.classes(project) if c.value not in known)
    return ImportReport(tuple(taken), tuple(refused), added)


def _read_all(
    project: Project, entry: Format, files: Sequence[Path], taken: list[Taken], refused: list[Refused], author: str
) -> Work[None]:
    table = ClassTable(DefectClass(c.value, c.name, c.colour) for c in labels.classes(project))
    pictures = _Pictures(project)
    for number, path in enumerate(files):
        yield Progress(number, len(files), "reading labels")
        try:
            for item in entry.read([path], table, pictures.size_of):
                try:
                    taken.append(_taken(project, pictures, item, table, entry.title, author))
                except InputError as error:
                    refused.append(Refused(item.picture, str(error)))
                yield Progress(number, len(files), "reading labels")
        except InputError as error:
            refused.append(Refused(str(path), str(error)))


def difference(before: ClassMask, after: ClassMask) -> Edit:
    """The edit that makes one mask the other."""
    return changed_since(
        after, {place: before.chunks.get(place) for place in before.chunks.keys() | after.chunks.keys()}
    )


def _files(entry: Format, paths: Sequence[Path]) -> list[Path]:
    """Formats with a file per picture are read file by file, so that one bad file refuses only itself."""
    if not entry.suffix:
        return list(paths)
    return [file for path in paths for file in (listed([path], (entry.suffix,)) if path.is_dir() else [path])]


def _taken(project: Project, pictures: _Pictures, item: Labelled, table: ClassTable, title: str, author: str) -> Taken:
    with project.transaction():
        picture, new = pictures.of(item, author)
        if (picture.width_px, picture.height_px) != (item.mask.width, item.mask.height):
            size, theirs = f"{picture.width_px} × {picture.height_px}", f"{item.mask.width} × {item.mask.height}"
            raise InputError(
                f"{item.picture}: the labels are for {theirs} px, the picture has {size}; they do not belong together."
            )
        row = labels.label_that_counts(project, picture.sha256)
        if row is not None and row.state in LOCKED:
            raise InputError(
                f"{item.picture}: its label was {WORDS[row.state]} and is locked; reopen it, then read these labels again."
            )
        _add_classes(project, item.mask, table, author)
        if row is None:
            row = labels.begin_label(project, picture.sha256, author=author, comment=f"from {title}")
        edit = difference(labels.load_mask(project, row.id), item.mask)
        labels.commit_edit(project, row.id, edit, tool=f"read from {title}", author=author)
        painted = sum(item.mask.areas().values())
    if new:
        pictures.remember(picture)
    return Taken(picture.name, picture.sha256, row.id, painted, edit.changed_px, new, item.notes)


def _add_classes(project: Project, mask: ClassMask, table: ClassTable, author: str) -> None:
    """Those that occur and are new, in the colours the collaboration's words have where the files bring none."""
    known = {c.value for c in labels.classes(project)}
    usual = {c.name.casefold(): c.colour for c in load_classes(resource("classes", "standard.toml"))}
    for value in sorted(mask.areas().keys() - known):
        c = table.valued(value)
        assert c is not None, "a value of a mask that was read is in its table"
        colour = usual.get(c.name.casefold(), c.colour) if not c.colour or c.name.casefold() in usual else c.colour
        labels.add_class(project, c.name, colour, value=c.value, author=author)


class _Pictures:
    """The project's pictures by hash, by name and by name without ending."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._by_sha: dict[str, PictureRow] = {}
        self._by_name: dict[str, list[PictureRow]] = {}
        for row in project.pictures():
            self.remember(row)

    def remember(self, row: PictureRow) -> None:
        if row.sha256 not in self._by_sha:
            self._by_sha[row.sha256] = row
            name = row.name.casefold()
            for key in {name, without_ending(name)}:
                self._by_name.setdefault(key, []).append(row)

    def size_of(self, name: str) -> tuple[int, int] | None:
        found = self._named(name)
        return (found[0].width_px, found[0].height_px) if found else None

    def of(self, item: Labelled, author: str) -> tuple[PictureRow, bool]:
        """(the picture, whether it is new): by the hash the labels name, by that of the file beside them, by name. InputError where
        there is none, or several of that name."""
        if item.sha256 in self._by_sha:
            return self._by_sha[item.sha256], False
        if item.path is not None and item.path.is_file():
            with open_picture(item.path) as picture:
                known = self._by_sha.get(picture.sha256)
                return (known, False) if known is not None else (self._added(picture, author), True)
        found = self._named(item.picture)
        if len(found) > 1:
            raise InputError(
                f"{item.picture}: {len(found)} pictures of the project have this name; put the right one beside the labels."
            )
        if not found:
            raise InputError(
                f"{item.picture}: this picture is neither in the project nor beside the labels; put it there, or add it first."
            )
        return found[0], False

    def _named(self, name: str) -> list[PictureRow]:
        key = file_name(name).casefold()
        return self._by_name.get(key) or self._by_name.get(without_ending(key), [])

    def _added(self, picture: Picture, author: str) -> PictureRow:
        size = picture.path.stat().st_size
        row = PictureRow(
            picture.sha256, str(picture.path.absolute()), picture.width, picture.height, size, picture.scale
        )
        return self._project.add_picture(row, author=author)


def told(report: ImportReport) -> Iterator[str]:
    """The report in lines for a person."""
    for t in report.taken:
        new = ", new picture" if t.new_picture else ""
        yield f"{t.picture}: {t.painted_px} px painted, {t.changed_px} px changed{new}"
        yield from (f"  {note}" for note in t.notes)
    if report.classes_added:
        yield f"New classes: {', '.join(report.classes_added)}"
