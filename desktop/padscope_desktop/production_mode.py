"""Production mode: all modules of the project, where their defects lie, and how it goes over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.layout import Layout
from padscope.boards.layout_text import written_whole
from padscope.errors import OutputError
from padscope.store.overview import NewestRow, newest_of_modules
from padscope.workflows.production import Filters, ModuleLine, Production, filtered, module_lines
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


PLOTTED_AGAIN = 2
"""Times as many modules as in the plots must be read before these are drawn again in the middle of reading."""
FIRST_PART, PART = 50, 200
"""Modules read at once: the first few are shown before anybody waits, and what is asked for meanwhile comes in between."""


@dataclass(frozen=True)
class Asked:
    """What the project holds: the newest inspection of every module, and the layouts of all, by sha256."""

    newest: tuple[NewestRow, ...]
    layouts: Mapping[str, Layout]


def asked(project: Project) -> Asked:
    """In the keeper's thread."""
    found = newest_of_modules(project)
    shas = dict.fromkeys(x.layout_sha256 for x in found if x.layout_sha256)
    return Asked(found, {sha: project.layout(sha) for sha in shas})


def read_lines(project: Project, newest: tuple[NewestRow, ...]) -> dict[NewestRow, ModuleLine]:
    """In the keeper's thread."""
    return dict(zip(newest, module_lines(project, newest), strict=True))


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
        self.all = Asked((), {})
        self.known = False  # what the project holds
        self._lines: dict[NewestRow, ModuleLine] = {}  # read so far
        self._plotted = 0  # modules in the plots
        self._turn = 0  # answers to what was asked in an earlier turn come too late
        self._on = False
        self.shown = Production(())
        self.panel.filters_changed.connect(self._show)
        self.panel.export_wanted.connect(self.export)
        self.page.picture_wanted.connect(self.picture_wanted)
        session.project_changed.connect(self._forget)
        session.contents_read.connect(self._on_project)
        self._forget()

    def enter(self) -> None:
        """Read afresh what was inspected, signed or decided since; all else is known."""
        self._on = True
        self._turn += 1
        if self.session.project is None:
            return  # it is being opened, and read then
        self._ask(asked, self._on_asked)

    def leave(self) -> None:
        """What is not read yet is not asked for any more."""
        self._on = False
        self._turn += 1

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {"export_production": self.export}

    def set_theme(self, theme: Theme) -> None:
        self.page.set_theme(theme)

    def _ask(self, question: Callable[[Project], Any], done: Callable[[Any], None]) -> None:
        """`done` is called unless another project, or nobody, is looked at by then."""
        turn = self._turn

        def arrived(call: Callable[[Any], None], answer: Any) -> None:
            if turn == self._turn:
                call(answer)

        self.session.keeper.ask(question, done=partial(arrived, done), failed=partial(arrived, self._on_failed))

    def _on_asked(self, found: Asked) -> None:
        self.all, self.known = found, True
        self._lines = {row: self._lines[row] for row in found.newest if row in self._lines}
        self.page.set_known(self._whole)
        chosen = self.panel.filters().layout_sha256 or next(iter(found.layouts), "")
        self.panel.set_layouts([(layout.name, sha) for sha, layout in found.layouts.items()], chosen)
        self._show(self.panel.filters())
        self._read_on()

    @property
    def _whole(self) -> bool:
        return len(self._lines) == len(self.all.newest)

    def _read_on(self) -> None:
        if not self._whole:
            part = PART if self._lines else FIRST_PART
            missing = islice((row for row in self.all.newest if row not in self._lines), part)
            self._ask(partial(read_lines, newest=tuple(missing)), self._on_part)

    def _on_part(self, lines: dict[NewestRow, ModuleLine]) -> None:
        """The table grows with every part, the plots, which take longer, now and then."""
        self._lines |= lines
        self._read_on()
        self.page.set_known(self._whole)
        if self._whole or len(self._lines) >= PLOTTED_AGAIN * max(self._plotted, FIRST_PART):
            self._show(self.panel.filters())
        else:
            self._show_table(self.panel.filters())

    def _on_failed(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("production", UNREADABLE, fault))
        if not self._lines:
            self.panel.say_unknown(UNREADABLE)

    @Slot(object)
    def _show(self, filters: Filters) -> None:
        """Everything that is known, through these filters."""
        self._show_table(filters)
        self.page.set_plots(self.shown, self.all.layouts.get(filters.layout_sha256))
        self._plotted = len(self._lines)

    def _show_table(self, filters: Filters) -> None:
        read = Production(tuple(self._lines[row] for row in self.all.newest if row in self._lines))
        self.shown = filtered(read, filters)
        self.page.set_lines(self.shown)
        if self.known:
            self.panel.show_summary(self.shown, len(read.lines), len(self.all.newest))

    @Slot()
    def _forget(self) -> None:
        """Another project: nothing is known of it until it has been read."""
        self._turn += 1
        self._lines = {}
        self._on_asked(Asked((), {}))
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
