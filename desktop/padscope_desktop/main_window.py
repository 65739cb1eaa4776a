"""The window: wiring only. Panels stand around the picture, the session does the work, the mode links the two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QByteArray, QEvent, QMimeData, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

import padscope
from padscope.types import Scale
from padscope_desktop import settings as own
from padscope_desktop.actions import fill_menus, key_sheet, make_actions
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.held import HeldKey
from padscope_desktop.inspect_mode import InspectMode
from padscope_desktop.messages import Message, MessageBar
from padscope_desktop.panels.invitation import Invitation
from padscope_desktop.panels.keys import KeySheet
from padscope_desktop.panels.pictures import PicturesPanel
from padscope_desktop.panels.status import StatusLine
from padscope_desktop.panels.viewbar import ViewBar
from padscope_desktop.payloads import Thumbnail
from padscope_desktop.session import Session
from padscope_desktop.settings import Memory
from padscope_desktop.theme import DARK, THEMES, Theme, wear
from padscope_desktop.viewer.canvas import NOTCH, Canvas
from padscope_desktop.viewer.view import View

LEFT, RIGHT = 232, 352
"""Widths of the panels when nothing else is remembered."""


class MainWindow(QMainWindow):
    def __init__(self, session: Session, memory: Memory) -> None:
        super().__init__()
        self.session = session
        self.memory = memory
        self.theme: Theme = THEMES[memory.settings.theme]
        wear(self.theme)  # before there are widgets: each takes it on once
        self.dialogs = Dialogs(self)
        self.canvas = Canvas()
        self.pictures = PicturesPanel(self.theme)
        self.message_bar = MessageBar()
        self.invitation = Invitation()
        self.key_sheet = KeySheet(self)
        self.status = StatusLine()
        self.view_bar = ViewBar()
        self.mode = InspectMode(session, self.canvas, self.dialogs, self.theme, self)
        self._shown_key: int | None = None
        self._lay_out()
        self.actions_by_id = make_actions(self, (self.canvas, self.mode.panel.pads), self._handlers(), memory.keys)
        fill_menus(self.menuBar(), self.actions_by_id)
        self.view_bar.set_actions(self.actions_by_id)
        self._peek = HeldKey(self.actions_by_id["overlays"], Qt.Key.Key_H, self)
        self._connect()
        self._apply_settings()
        self.canvas.setFocus()
        self._on_project()
        self._on_album()

    # Building

    def _lay_out(self) -> None:
        over = QGridLayout(self.canvas)
        over.addWidget(self.invitation, 0, 0, Qt.AlignmentFlag.AlignCenter)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view_bar)
        column.addWidget(self.message_bar)
        column.addWidget(self.mode.marks)
        column.addWidget(self.canvas, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        for part in (self.pictures, middle, self.mode.panel):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.pictures.setMinimumWidth(176)
        self.mode.panel.setMinimumWidth(320)
        self.splitter.setSizes([LEFT, 1280 - LEFT - RIGHT, RIGHT])
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.splitter, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(whole)
        self.setAcceptDrops(True)
        self.resize(1280, 800)
        self.setMinimumSize(1024, 640)

    def _connect(self) -> None:
        s, c = self.session, self.canvas
        for signal, slot in (
            (s.project_changed, self._on_project),
            (s.album_changed, self._on_album),
            (s.entry_changed, self.pictures.refresh),
            (s.current_changed, self._on_current),
            (s.display.overview_arrived, self._on_overview),
            (s.display.levels_arrived, c.set_levels),
            (s.judging.board_changed, self._on_scale),
            (s.model_changed, self._on_model),
            (s.device_changed, self._on_device),
            (s.said, self.message_bar.say),
            (s.settled, self.message_bar.withdraw),
            (s.mentioned, self.status.say),
            (s.jobs.changed, self._on_jobs),
            (s.keeper.changed, self._on_keeper),
            (c.cursor_moved, self._on_cursor),
            (c.view_changed, self._on_view),
            (self.status.cancel_wanted, self.cancel_running),
            (self.pictures.chosen, self._on_chosen),
            (self.pictures.add_wanted, self.add_pictures),
            (self.pictures.inspect_wanted, s.inspect),
            (self.pictures.train_wanted, self.mode.open_training),
            (self.invitation.add_wanted, self.add_pictures),
            (self.invitation.open_wanted, self.open_project),
            (self.invitation.demo_wanted, s.errands.start_demo),
            (self.invitation.recent_wanted, self._on_recent),
            (self.mode.detector_chosen, self._on_detector_chosen),
        ):
            signal.connect(slot)

    def _handlers(self) -> dict[str, Callable[..., Any]]:
        m, c = self.mode, self.canvas
        return {
            "new_project": self.new_project,
            "open_project": self.open_project,
            "save_as": self.save_as,
            "add_pictures": self.add_pictures,
            "add_folder": self.add_folder,
            "export": m.export,
            "quit": self.close,
            "fit": c.fit,
            "pixels": c.zoom_to_pixels,
            "zoom_in": partial(c.zoom_by, NOTCH),
            "zoom_out": partial(c.zoom_by, 1 / NOTCH),
            "overlays": self._on_overlays,
            "heat": self._on_layers,
            "pads": self._on_layers,
            "feet": self._on_layers,
            "dark": self._on_dark,
            "full_screen": self._on_full_screen,
            "layout": m.choose_layout,
            "marks": m.begin_marks,
            "next_pad": partial(m.next_pad, 1),
            "previous_pad": partial(m.next_pad, -1),
            "zoom_pad": m.zoom_to_selected,
            "next_picture": partial(self._step, 1),
            "previous_picture": partial(self._step, -1),
            "inspect": m.inspect,
            "inspect_all": m.inspect_all,
            "cancel": self.cancel_running,
            "model": m.choose_model,
            "train": m.open_training,
            "keys": self._toggle_keys,
            "about": self._about,
            "go_pictures": self.pictures.list.setFocus,
            "go_picture": c.setFocus,
            "go_pads": m.panel.pads.take_focus,
            "back": self._back,
        }

    def _apply_settings(self) -> None:
        chosen = self.memory.settings
        for name, on in (
            ("heat", chosen.show_heat),
            ("pads", chosen.show_pads),
            ("feet", chosen.show_feet),
            ("overlays", True),
            ("dark", chosen.theme == "dark"),
        ):
            self.actions_by_id[name].setChecked(on)
        self.mode.detector = chosen.detector
        self.view_bar.set_opacity(chosen.heat_opacity)
        self.canvas.set_heat_opacity(chosen.heat_opacity)
        self.view_bar.opacity_changed.connect(self._on_opacity)
        self._on_layers()
        self._wear(self.theme)
        self.invitation.set_recent(self.memory.recent)
        geometry = self.memory.window.get("geometry")
        if geometry:
            self.restoreGeometry(QByteArray.fromHex(geometry.encode()))
        splitter = self.memory.window.get("splitter")
        if splitter:
            self.splitter.restoreState(QByteArray.fromHex(splitter.encode()))

    def _wear(self, theme: Theme) -> None:
        self.theme = theme
        wear(theme)
        self.canvas.set_colours(theme.canvas, DARK.accent)  # over a picture, the light one shows best
        self.pictures.set_theme(theme)
        self.mode.set_theme(theme)
        self.key_sheet.set_sheet(key_sheet(self.memory.keys), theme.dim)

    def remember(self, **changes: Any) -> None:
        """One or more fields of Settings."""
        memory = self.memory.with_setting(**changes)
        if memory != self.memory:
            self.memory = memory
            own.save(memory, own.place())

    # Projects and pictures

    @Slot()
    def new_project(self) -> None:
        path = self.dialogs.new_project("New project", self._home())
        if path is not None:
            self.session.open_project(path, create=True)

    @Slot()
    def open_project(self) -> None:
        path = self.dialogs.project(self._home())
        if path is not None:
            self.session.open_project(path)

    @Slot()
    def save_as(self) -> None:
        path = self.dialogs.new_project("Save project as", self._home())
        if path is not None:
            self.session.save_as(path)

    @Slot()
    def add_pictures(self) -> None:
        self.session.add_pictures(self.dialogs.pictures(self._home()))

    @Slot()
    def add_folder(self) -> None:
        folder = self.dialogs.folder("Add a folder of pictures", self._home())
        if folder is not None:
            self.session.add_pictures([folder])

    def _home(self) -> Path | None:
        return self.session.project.parent if self.session.project is not None and self.session.named else None

    @Slot()
    def _on_project(self) -> None:
        project = self.session.project
        named = project is not None and self.session.named
        self.setWindowTitle(f"{project.stem} — Padscope" if project is not None and named else "Padscope")
        if project is not None and named:
            self.memory = self.memory.with_recent(str(project))
            own.save(self.memory, own.place())
            self.invitation.set_recent(self.memory.recent)
        self._on_keeper()

    @Slot()
    def _on_keeper(self) -> None:
        project = self.session.project
        if project is None:
            self.status.set_saved("opening the project…", "")
            return
        state = "saving…" if self.session.keeper.busy else "saved"
        self.status.set_saved(state if self.session.named else f"unnamed, {state}", str(project))

    @Slot()
    def _on_album(self) -> None:
        self.pictures.set_album(self.session.album)
        self.invitation.setVisible(len(self.session.album) == 0)

    @Slot()
    def _on_current(self) -> None:
        """The thumbnail at once, so that nobody takes the picture before for this one."""
        key = self.session.current
        self.pictures.set_current(key)
        self.mode.end_marks()
        entry = self.session.album.entries.get(key) if key is not None else None
        self._shown_key = None
        if entry is not None and entry.thumbnail is not None:
            self._on_overview(entry.thumbnail)
        else:
            self.canvas.set_picture(0, 0, [])
        self._on_scale()

    @Slot(object)
    def _on_overview(self, overview: Thumbnail) -> None:
        key = self.session.current
        if key == self._shown_key:
            self.canvas.set_levels([overview.pixels])
        else:
            self._shown_key = key
            self.canvas.set_picture(overview.card.width, overview.card.height, [overview.pixels])
            self.canvas.set_factor(self.session.judging.factor)
            self.mode.redraw()
        self._on_scale()

    @Slot(int)
    def _on_chosen(self, key: int) -> None:
        if key != self.session.current:
            self.session.show(key)

    def _step(self, step: int, *_: object) -> None:
        key = self.session.album.neighbour(self.session.current, step)
        if key is not None and key != self.session.current:
            self.session.show(key)

    @Slot(str)
    def _on_recent(self, path: str) -> None:
        self.session.open_project(Path(path))

    # The line below

    @Slot(object)
    def _on_cursor(self, px: tuple[float, float] | None) -> None:
        um = self.mode.to_board_um(px) if px is not None else None
        level = self.canvas.heat.level_at(*px) if px is not None else None
        self.status.set_cursor(um, px, level)

    @Slot(object)
    def _on_view(self, view: View) -> None:
        self.status.set_zoom(view.zoom if self.canvas.picture.width else None)

    @Slot()
    def _on_scale(self) -> None:
        """The pad map knows the scale best: the pose measured it where the file said nothing."""
        board, entry = self.session.judging.board, self.mode.entry
        card = entry.card if entry is not None else None
        scale: Scale | None = (
            board.pad_map.picture.scale if board is not None else card.scale if card is not None else None
        )
        self.status.set_scale(scale, card.scale_conflict if card is not None else "")
        self.canvas.set_scale(scale.um_per_px if scale is not None else None)
        if self.canvas.picture.width:
            corner = (float(self.canvas.picture.width), float(self.canvas.picture.height))
            um = self.mode.to_board_um(corner)
            self.status.reserve(um, (float(np.ceil(corner[0])), float(np.ceil(corner[1]))))

    @Slot()
    def _on_model(self) -> None:
        self.status.set_model(self.session.model.name if self.session.model is not None else "")

    @Slot()
    def _on_device(self) -> None:
        self.status.set_device(self.session.device)

    @Slot()
    def _on_jobs(self) -> None:
        shown = [j for j in self.session.jobs.active() if j.shown]
        self.status.set_job(shown[0] if shown else None, max(len(shown) - 1, 0))

    @Slot()
    def cancel_running(self) -> None:
        """Everything a person sees running or waiting."""
        for job in self.session.jobs.active():
            if job.shown:
                self.session.jobs.cancel(job)

    # View

    @Slot(bool)
    def _on_overlays(self, on: bool) -> None:
        self.mode.overlays_wanted = on
        self.canvas.set_overlays_visible(on)

    @Slot()
    def _on_layers(self, *_: object) -> None:
        heat, pads, feet = (self.actions_by_id[name].isChecked() for name in ("heat", "pads", "feet"))
        self.canvas.set_visible(heat=heat, pads=pads, feet=feet)
        self.remember(show_heat=heat, show_pads=pads, show_feet=feet)

    @Slot(float)
    def _on_opacity(self, opacity: float) -> None:
        self.canvas.set_heat_opacity(opacity)
        self.remember(heat_opacity=opacity)

    @Slot(bool)
    def _on_dark(self, dark: bool) -> None:
        self._wear(THEMES["dark" if dark else "light"])
        self.remember(theme=self.theme.name)

    @Slot(bool)
    def _on_full_screen(self, on: bool) -> None:
        self.showFullScreen() if on else self.showNormal()

    @Slot(str)
    def _on_detector_chosen(self, name: str) -> None:
        self.remember(detector=name)

    @Slot()
    def _toggle_keys(self) -> None:
        if self.key_sheet.isVisible():
            self.key_sheet.hide()
        else:
            self.key_sheet.show_over(self)

    @Slot()
    def _about(self) -> None:
        text = (
            "Finds defects on the bond pads of silicon-detector modules and hands the bonding team a pad map. It works without "
            "any network, and never changes a picture."
        )
        self.message_bar.say(Message("about", f"Padscope {padscope.__version__}", text))

    @Slot()
    def _back(self) -> None:
        if self.key_sheet.isVisible():
            self.key_sheet.hide()
        elif self.mode.back():
            return
        elif self.isFullScreen():
            self.actions_by_id["full_screen"].trigger()
        else:
            self.message_bar.dismiss()

    # Qt overrides

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _dropped(event.mimeData())
        event.acceptProposedAction()
        self.take(paths)

    def take(self, paths: list[Path]) -> None:
        """Whatever was dropped, by its ending: a project, a layout, a model; everything else is taken for pictures."""
        takers: dict[str, Callable[[Path], object]] = {
            ".padscope": self.session.open_project,
            ".csv": self.session.choose_layout,
            ".json": self.session.choose_layout,
            ".padmodel": self.session.choose_model,
        }
        rest = []
        for path in paths:
            taker = takers.get(path.suffix.lower())
            if taker is not None:
                taker(path)
            else:
                rest.append(path)
        if rest:
            self.session.add_pictures(rest)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._peek.released(event)
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "actions_by_id"):
            self.actions_by_id["full_screen"].setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """No question: everything is saved already."""
        self.hide()
        window = {
            "geometry": bytes(self.saveGeometry().toHex().data()).decode(),
            "splitter": bytes(self.splitter.saveState().toHex().data()).decode(),
        }
        self.memory = Memory(self.memory.settings, self.memory.keys, self.memory.recent, window)
        own.save(self.memory, own.place())
        self.session.close()
        super().closeEvent(event)


def _dropped(data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
