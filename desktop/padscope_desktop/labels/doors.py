"""Labels on their way in and out of a project: other projects, parts for labellers, files of other tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.types import finish
from padscope_desktop import stock
from padscope_desktop.background.protocol import Fault
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.messages import Message, about_fault
from padscope_desktop.quantities import count
from padscope_desktop.session import Session

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.store.merge import MergeReport
    from padscope.store.split import SplitReport
    from padscope.workflows.labels_in import ImportReport
    from padscope.workflows.labels_out import ExportReport

MOST_TOLD = 6


class LabelDoors(QObject):
    """All of it runs in the keeper's thread, behind the strokes that wait there. Signal: reread(), after what came in."""

    reread = Signal()

    def __init__(self, session: Session, dialogs: Dialogs, chosen: Callable[[], list[int]], parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.dialogs = dialogs
        self._chosen = chosen  # keys of the pictures that are selected in the list

    @property
    def _near(self) -> Path | None:
        project = self._session.project
        return project.parent if project is not None and self._session.named else None

    def _ask(self, act: Callable[[Project], Any], done: Callable[[Any], None], what: str) -> None:
        self._session.labelling.outbox.send()
        failed = partial(self._on_failed, what)
        self._session.keeper.ask(act, done=done, failed=failed)

    def _on_failed(self, what: str, fault: Fault) -> None:
        self._session.said.emit(about_fault("labels", what, fault))

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
        author = self._session.operator

        def act(project: Project) -> MergeReport:
            from padscope.store.merge import merge

            return merge(project, path, author=author)

        self._session.mentioned.emit(f"Merging {path.name}…")
        self._ask(act, partial(self._on_merged, path), f"{path.name} was not merged; nothing was changed.")

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
        self._reread()

    def _reread(self) -> None:
        """The project holds more than it did."""
        self._session.keeper.ask(stock.contents, done=self._on_contents)

    def _on_contents(self, contents: stock.Contents) -> None:
        album = self._session.album
        for picture in contents.pictures:
            entry = album.at(Path(picture.path))
            if entry is None:
                entry = album.entries[self._session.take_picture(Path(picture.path), picture.sha256)]
            if picture.inspection > entry.inspection:
                entry.sha256, entry.counts, entry.inspection = picture.sha256, picture.counts, picture.inspection
                self._session.entry_changed.emit(entry.key)
        self._session.labelling.reload()
        self.reread.emit()

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
        author = s.operator

        def act(project: Project) -> SplitReport:
            from padscope.store.split import split

            rows = [p for p in project.pictures() if p.sha256 in shas]
            return finish(split(project, rows, path, copy_pictures=True, author=author))

        s.mentioned.emit("Splitting off…")
        self._ask(act, self._on_split, "Nothing was split off.")

    def _on_split(self, report: SplitReport) -> None:
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
        author = self._session.operator

        def act(project: Project) -> ExportReport:
            from padscope.workflows.labels_out import export_labels

            return finish(export_labels(project, form, goal, author=author))

        self._session.mentioned.emit("Exporting labels…")
        self._ask(act, self._on_exported, "The labels were not exported.")

    def _on_exported(self, report: ExportReport) -> None:
        self._tell(f"{count(len(report.files), 'file')} written to {report.folder}.", list(report.notes))

    @Slot()
    def import_labels(self) -> None:
        form = self._form("Import labels from")
        folder = self.dialogs.folder("Import labels from this folder", self._near) if form else None
        if form is None or folder is None:
            return
        author = self._session.operator

        def act(project: Project) -> ImportReport:
            from padscope.workflows.labels_in import import_labels

            return finish(import_labels(project, [folder], form, author=author))

        self._session.mentioned.emit("Importing labels…")
        self._ask(act, self._on_imported, "No labels were imported.")

    def _on_imported(self, report: ImportReport) -> None:
        lines = [f"{r.what}: {r.why}" for r in report.refused]
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
