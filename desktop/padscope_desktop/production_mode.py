"""Production mode: all modules of the project, where their defects lie, and how it goes over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.errors import OutputError
from padscope.workflows.production import Filters, Production, filtered, production
from padscope_desktop.actions import Action
from padscope_desktop.background.protocol import Fault
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.messages import Message, about_fault
from padscope_desktop.modes import Mode
from padscope_desktop.panels.production import ProductionPage, ProductionPanel
from padscope_desktop.session import Session
from padscope_desktop.theme import Theme

if TYPE_CHECKING:
    from padscope.store.database import Project

FILE = "production.csv"
READING, UNREADABLE = "Reading the modules…", "The modules could not be read."


@dataclass(frozen=True)
class Asked:
    """All modules, and the layouts they were inspected with, by sha256."""

    modules: Production
    layouts: Mapping[str, Layout]


def asked(project: Project) -> Asked:
    """In the keeper's thread."""
    found = production(project)
    return Asked(
        found, {sha: project.layout(sha) for sha in dict.fromkeys(x.layout_sha256 for x in found.lines) if sha}
    )


class ProductionMode(Mode):
    """Signal: picture_wanted(sha256)."""

    picture_wanted = Signal(str)

    id, words, key = "production", "Production", "F6"
    actions = (Action("export_production", "Export the table…", "Production", ("Ctrl+Shift+E",), mode="production"),)
    panel: ProductionPanel
    page: ProductionPage

    def __init__(self, session: Session, dialogs: Dialogs, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.dialogs = dialogs
        self.panel = ProductionPanel()
        self.page = ProductionPage(theme)
        self.all = Asked(Production(()), {})
        self.known = False  # what the project holds
        self._on = False
        self.shown = Production(())
        self.panel.filters_changed.connect(self._show)
        self.panel.export_wanted.connect(self.export)
        self.page.picture_wanted.connect(self.picture_wanted)
        session.project_changed.connect(self._forget)
        session.contents_read.connect(self._on_project)
        self._forget()

    def enter(self) -> None:
        """Read afresh: modules may have been inspected and signed since."""
        self._on = True
        if self.session.project is None:
            return  # it is being opened, and read then
        failed: Callable[[Fault], None] = partial(self._on_failed)
        self.session.keeper.ask(asked, done=self._on_asked, failed=failed)

    def leave(self) -> None:
        self._on = False

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {"export_production": self.export}

    def set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)

    def _on_asked(self, found: Asked) -> None:
        self.all, self.known = found, True
        self.page.set_known(True)
        chosen = self.panel.filters().layout_sha256 or next(iter(found.layouts), "")
        self.panel.set_layouts([(layout.name, sha) for sha, layout in found.layouts.items()], chosen)
        self._show(self.panel.filters())

    def _on_failed(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("production", UNREADABLE, fault))
        if not self.known:
            self.panel.say_unknown(UNREADABLE)

    @Slot(object)
    def _show(self, filters: Filters) -> None:
        self.shown = filtered(self.all.modules, filters)
        self.page.set_production(self.shown, self.all.layouts.get(filters.layout_sha256))
        if self.known:
            self.panel.show_summary(self.shown, len(self.all.modules.lines))

    @Slot()
    def _forget(self) -> None:
        """Another project: nothing is known of it until it has been read."""
        self._on_asked(Asked(Production(()), {}))
        self.known = False
        self.page.set_known(False)
        self.panel.say_unknown(READING)

    @Slot()
    def _on_project(self) -> None:
        if self._on:
            self.enter()

    @Slot()
    def export(self) -> None:
        """What is listed, one line per module."""
        project = self.session.project
        folder = self.dialogs.folder("Export the table to this folder", project.parent if project is not None else None)
        if folder is None:
            return
        try:
            written_whole(folder / FILE, self.shown.csv())
        except OutputError as error:
            self.session.said.emit(Message("export", "The table was not written.", str(error)))
            return
        self.session.mentioned.emit(f"Written: {FILE}")
