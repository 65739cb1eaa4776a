"""Tiles mode: a tile set from the labels of the project, counted and looked at before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from padscope.datasets.tile_plan import TilePlan, TileSettings
from padscope_desktop.actions import Action
from padscope_desktop.background.jobs import Job
from padscope_desktop.background.protocol import Fault
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.messages import about_fault
from padscope_desktop.modes import Mode
from padscope_desktop.panels.tile_page import Shown, TilePage
from padscope_desktop.panels.tile_settings import TilePanel, free_folder
from padscope_desktop.quantities import count
from padscope_desktop.session import Session
from padscope_desktop.theme import Theme

if TYPE_CHECKING:
    from padscope.store.database import Project
    from padscope.workflows.tile_sets import TileSetReport

REST_MS = 250
"""Work begins when a knob has rested this long."""


class TileMode(Mode):
    id, words, key = "tiles", "Tiles", "F7"
    actions = (
        Action("make_tiles", "Make the tile set…", "Model", ("Ctrl+Return",), line=True, mode="tiles"),
        Action("make_tiles_again", "Make a tile set from its manifest…", "Model", mode="tiles"),
        Action("other_tiles", "Look at other tiles", "Model", ("N",), mode="tiles"),
    )
    panel: TilePanel
    page: TilePage

    def __init__(self, session: Session, dialogs: Dialogs, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.dialogs = dialogs
        self.panel = TilePanel(theme)
        self.page = TilePage()
        self.plan: TilePlan | None = None
        self.on = False
        self._start = 0  # which tiles are looked at
        self._making: Job | None = None
        self._survey_rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._show_rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._survey_rest.timeout.connect(self._survey)
        self._show_rest.timeout.connect(self._show_tiles)
        for signal, slot in (
            (self.panel.survey_wanted, self._on_survey_wanted),
            (self.panel.changed, self._on_changed),
            (self.panel.make_wanted, self.make),
            (self.panel.again_wanted, self.make_again),
            (self.panel.cancel_wanted, self.cancel),
            (self.page.changed, self._show_plan),
            (self.page.others_wanted, self._on_others),
            (session.labelling.states_changed, self._on_states),
            (session.album_changed, self._on_states),
            (session.project_changed, self._forget),
        ):
            signal.connect(slot)

    @property
    def settings(self) -> TileSettings:
        return self.panel.settings(self.page.augmentations, self.page.copies.value())

    # The mode

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "make_tiles": self.make,
            "make_tiles_again": self.make_again,
            "other_tiles": self._on_others,
        }

    def enter(self) -> None:
        """Afresh: pictures may have been painted on since."""
        self.on = True
        self._on_states()
        self._on_survey_wanted()

    def leave(self) -> None:
        self.on = False
        self.page.back()

    def back(self) -> bool:
        return self.page.back()

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)

    @Slot()
    def _on_states(self) -> None:
        if self.on:
            self.panel.set_pictures(self.session.album.entries.values(), self.session.labelling.states)
            self._show_plan()
            if self.plan is None:
                self._survey_rest.start()

    @Slot()
    def _forget(self) -> None:
        self.plan = None
        self.page.show_tiles(())
        self._show_plan()

    # Counting

    @Slot()
    def _on_survey_wanted(self) -> None:
        self.plan = None
        self._show_plan()
        self._survey_rest.start()

    @Slot()
    def _survey(self) -> None:
        pictures = self.panel.pictures()
        if not pictures:
            self.page.show_tiles(())
            return
        self.session.keeper.ask(_path_of, done=partial(self._start_survey, pictures))  # behind the strokes on their way

    def _start_survey(self, pictures: tuple[str, ...], project: Path) -> None:
        if self.on and pictures == self.panel.pictures():
            self.session.jobs.start(
                "survey_tiles",
                project,
                self.settings,
                self.session.layout,
                pictures,
                title="Counting tiles",
                slot="tile survey",
                done=partial(self._on_surveyed, pictures),
                failed=partial(self._on_failed, "The tiles could not be counted."),
            )

    def _on_surveyed(self, pictures: tuple[str, ...], plan: TilePlan) -> None:
        if pictures == self.panel.pictures() and plan.size == self.settings.size:
            self.plan = plan
            self._show_plan()
            self._show_rest.start()

    @Slot()
    def _show_plan(self) -> None:
        self.panel.show_plan(self.plan, self.settings)
        self.page.show_boards(self.plan, self.settings)

    @Slot()
    def _on_changed(self) -> None:
        """The tiles are the same, but fall otherwise."""
        self._show_plan()
        self._show_rest.start()

    # Looking

    @Slot()
    def _on_others(self, *_: object) -> None:
        self._start += 1
        self._show_tiles()

    @Slot()
    def _show_tiles(self) -> None:
        if self.plan is None or not self.on:
            return
        self.session.jobs.start(
            "show_tiles",
            self.plan,
            self.settings,
            self._start,
            title="Cutting tiles to look at",
            lane="quick",
            slot="tiles to look at",
            shown=False,
            done=self._on_shown,
            failed=partial(self._on_failed, "The tiles cannot be shown."),
        )

    def _on_shown(self, tiles: tuple[Shown, ...]) -> None:
        self.page.show_tiles(tiles)

    # Making

    @Slot()
    def make(self, *_: object) -> None:
        plan, settings = self.plan, self.settings
        if plan is None or self._making is not None or not self.panel.make.isEnabled():
            return
        near = self.dialogs.folder("Make a new folder of tiles in", self._near)
        if near is not None:
            pictures = plan.sides(settings)
            done = partial(self._on_made, settings, [p.sha256 for p in pictures])
            self._begin(
                "make_tiles", pictures, settings, free_folder(near, f"tiles {settings.size}"), plan.notes, done=done
            )

    @Slot()
    def make_again(self, *_: object) -> None:
        manifest = self.dialogs.manifest(self._near) if self._making is None else None
        near = self.dialogs.folder("Make the same tiles again in", self._near) if manifest is not None else None
        if manifest is not None and near is not None:
            goal = free_folder(near, "tiles again")
            self._begin("make_tiles_again", manifest, goal, done=partial(self._on_made, None, []))

    def _begin(self, command: str, *arguments: Any, done: Callable[[TileSetReport], None]) -> None:
        self._making = self.session.jobs.start(
            command,
            *arguments,
            title="Making a tile set",
            done=done,
            progressed=self.panel.show_progress,
            failed=partial(self._on_failed, "The tile set was not made; nothing was written."),
            cancelled=partial(self.panel.say, "Cancelled; nothing was written."),
            lasting=True,
            ended=self._on_ended,
        )
        self.panel.set_running(True)

    @Slot()
    def cancel(self) -> None:
        if self._making is not None:
            self.session.jobs.cancel(self._making)

    def _on_made(self, settings: TileSettings | None, pictures: list[str], report: TileSetReport) -> None:
        made = count(sum(report.counts.values()), "tile")
        late = "Finished before it could be cancelled: " if self._making is not None and self._making.stopping else ""
        self.panel.say_made(f"{late}{made} and their manifest are in {report.folder}.", report.folder)
        self.session.mentioned.emit(f"{made} written to {report.folder.name}")
        if settings is not None:
            author = self.session.operator
            self.session.keeper.ask(
                partial(_record, report=report, settings=settings, pictures=pictures, author=author)
            )

    def _on_ended(self) -> None:
        self._making = None
        self.panel.set_running(False)
        self._show_plan()

    def _on_failed(self, what: str, fault: Fault) -> None:
        self.panel.say(f"{what} {fault.sentence}")
        if fault.ours:
            self.session.said.emit(about_fault("tiles", what, fault))

    @property
    def _near(self) -> Path | None:
        project = self.session.project
        return project.parent if project is not None and self.session.named else None


def _path_of(project: Project) -> Path:
    return Path(project.path)


def _record(project: Project, report: TileSetReport, settings: TileSettings, pictures: list[str], author: str) -> None:
    from padscope.workflows.tile_sets import record_tile_set

    record_tile_set(project, report, settings, pictures, author=author)
