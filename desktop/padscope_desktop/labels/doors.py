"""Labels on their way in and out of a project: other projects, parts for labellers, files of other tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope_desktop import stock
from padscope_desktop.background.jobs import nothing
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.labels import stock as label_stock
from padscope_desktop.labels.long_work import Wish
from padscope_desktop.messages import Message
from padscope_desktop.quantities import count
from padscope_desktop.session import Session

if TYPE_CHECKING:
    from padscope.store.merge import MergeReport
    from padscope.store.split import SplitReport
    from padscope.workflows.labels_in import ImportReport
    from padscope.workflows.labels_out import ExportReport

MOST_TOLD = 6
Done = Callable[[Any], None]


class LabelDoors(QObject):
    """Each is a job in the line below, with a cancel; no stroke waits for it. Signal: merged(), after another project came in."""

    merged = Signal()

    def __init__(self, session: Session, dialogs: Dialogs, chosen: Callable[[], list[int]], parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.dialogs = dialogs
        self._chosen = chosen  # keys of the pictures that are selected in the list

    @property
    def _near(self) -> Path | None:
        project = self._session.project
        return project.parent if project is not None and self._session.named else None

    def _start(
        self, what: str, arguments: tuple[Any, ...], words: tuple[str, str, str], done: Done, changes: bool = True
    ) -> None:
        """`words`: what is being done; that it was not; that it was cancelled."""
        self._session.labelling.long_work.start(Wish(what, arguments, *words, done, changes))

    def _tell(self, headline: str, lines: list[str]) -> None:
        more = len(lines) - MOST_TOLD
        text = "\n".join(lines[:MOST_TOLD]) + (f"\n… and {more} more: see Details" if more > 0 else "")
        self._session.said.emit(Message("labels", headline, text, "\n".join(lines) if more > 0 else ""))

    # Other projects

    @Slot()
    def merge(self) -> None:
        path = self.dialogs.project(self._near)
        if path is None:
            return
        if self._session.project is not None and path.absolute() == self._session.project.absolute():
            self._session.mentioned.emit("This project is open already; choose another one to merge")
            return
        words = (
            f"Merging {path.name}",
            f"{path.name} was not merged; nothing was changed.",
            "Cancelled; nothing was merged",
        )
        self._start("merge", (path, self._session.operator), words, partial(self._on_merged, path))

    def _on_merged(self, path: Path, report: MergeReport) -> None:
        new = [
            count(n, one)
            for n, one in (
                (report.pictures, "picture"),
                (report.labels, "label"),
                (report.strokes, "stroke"),
                (report.inspections, "inspection"),
            )
            if n
        ]
        kept = [f"{c.what}: here “{c.here}”, there “{c.there}”; kept: {c.kept}" for c in report.conflicts]
        self._tell(f"{path.name} is merged: {', '.join(new) or 'nothing'} new.", kept)
        self._reread(then=self.merged.emit)

    def _reread(self, then: Callable[[], None] = nothing) -> None:
        """The project holds more than it did; verdicts that are on the screen and not yet in it go there first."""
        self._session.judging.settle()
        self._session.keeper.ask(stock.contents, done=partial(self._on_contents, then))

    def _on_contents(self, then: Callable[[], None], contents: stock.Contents) -> None:
        album = self._session.album
        for picture in contents.pictures:
            entry = album.at(Path(picture.path))
            if entry is None:
                entry = album.entries[self._session.take_picture(Path(picture.path), picture.sha256)]
            if entry.sha256 not in ("", picture.sha256):
                continue  # another picture lies under that name by now
            if (picture.inspection, picture.signed_by) != (entry.inspection, entry.signed_by):
                entry.sha256, entry.counts, entry.inspection = picture.sha256, picture.counts, picture.inspection
                entry.signed_by, entry.together = picture.signed_by, picture.together
                entry.module = picture.module or entry.module
                entry.own_scale = picture.own_scale or entry.own_scale
                self._session.renew_board(entry.key)
        self._session.labelling.reload()
        then()

    @Slot()
    def split(self) -> None:
        """The pictures chosen in the list; where only one is, all that are not reviewed."""
        keys, s = self._chosen(), self._session
        entries = [s.album.entries[k] for k in keys if k in s.album.entries]
        if len(entries) < 2:
            entries = [e for e in s.album.entries.values() if s.labelling.states.get(e.sha256) != "accepted"]
        shas = {e.sha256 for e in entries if e.sha256}
        if not shas:
            s.mentioned.emit("There are no pictures to split off")
            return
        path = self.dialogs.new_project(f"Split off {count(len(shas), 'picture')} for a labeller", self._near)
        if path is None:
            return
        words = f"Splitting off {path.stem}", "Nothing was split off.", "Cancelled; nothing was split off"
        done = partial(self._on_split, frozenset(shas))
        self._start("split", (frozenset(shas), path, s.operator), words, done, changes=False)

    def _on_split(self, shas: frozenset[str], report: SplitReport) -> None:
        author = self._session.operator
        self._session.keeper.ask(
            partial(label_stock.note_split, name=report.path.name, shas=shas, labels=report.labels, author=author)
        )
        lines = [f"{name} is not where it was, and was not copied" for name in report.missing]
        back = "Give the labeller this file and the folder of pictures beside it; File, Merge another project takes it back."
        what = f"{report.path.name}: {count(report.pictures, 'picture')}, {count(report.labels, 'label')}."
        self._tell(what, [back, *lines])

    # Files of other tools

    @Slot()
    def export_labels(self) -> None:
        form = self._form("Export labels as")
        folder = self.dialogs.folder("Export labels to a new folder in", self._near) if form else None
        if form is None or folder is None:
            return
        goal = next(
            p for n in range(1, 1000) if not (p := folder / f"labels {form}{'' if n == 1 else f' {n}'}").exists()
        )
        words = "Exporting labels", "The labels were not exported.", "Cancelled; nothing was exported"
        self._start("export", (form, goal, self._session.operator), words, self._on_exported, changes=False)

    def _on_exported(self, report: ExportReport) -> None:
        author = self._session.operator
        self._session.keeper.ask(partial(label_stock.note_export, report=report, author=author))
        exact = (
            f"{report.exact} of {len(report.losses)} pictures are the same, pixel by pixel, when they are read back."
        )
        self._tell(f"{count(len(report.files), 'file')} written to {report.folder}.", [exact, *report.notes])

    @Slot()
    def import_labels(self) -> None:
        form = self._form("Import labels from")
        folder = self.dialogs.folder("Import labels from this folder", self._near) if form else None
        if form is None or folder is None:
            return
        words = "Importing labels", "No labels were imported; nothing was changed.", "Cancelled; nothing was imported"
        self._start("import", (folder, form, self._session.operator), words, self._on_imported)

    def _on_imported(self, report: ImportReport) -> None:
        lines = [r.why if r.what in r.why else f"{r.what}: {r.why}" for r in report.refused]
        lines += [f"{t.picture}: {note}" for t in report.taken for note in t.notes]
        if report.classes_added:
            lines.insert(0, f"New classes: {', '.join(report.classes_added)}")
        self._tell(f"Labels of {count(len(report.taken), 'picture')} imported.", lines)
        self._reread()

    def _form(self, title: str) -> str | None:
        from padscope.formats.registry import FORMATS

        titles = {entry.title: name for name, entry in FORMATS.items()}
        chosen = self.dialogs.one_of(title, "Format", list(titles))
        return titles.get(chosen) if chosen is not None else None
