"""The window: wiring only. Panels stand around the picture, the session does the work, the mode links the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QMainWindow

import padscope
from padscope_desktop.actions import ACTIONS, enable_mode, fill_menus, make_actions, mode_rows
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.doors import Doors, dropped
from padscope_desktop.footer import Footer
from padscope_desktop.frame import WHOLE, Frame
from padscope_desktop.held import HeldKey
from padscope_desktop.inspecting.mode import InspectMode
from padscope_desktop.key_desk import KeyDesk
from padscope_desktop.labels.doors import LabelDoors
from padscope_desktop.labels.mode import LabelMode
from padscope_desktop.layouts.mode import LayoutMode
from padscope_desktop.list_lines import ListLines
from padscope_desktop.messages import Message, MessageBar
from padscope_desktop.modes import Mode
from padscope_desktop.on_screen import OnScreen
from padscope_desktop.panels.invitation import Invitation
from padscope_desktop.panels.modes import ModeBar
from padscope_desktop.panels.pictures import PicturesPanel
from padscope_desktop.panels.status import StatusLine
from padscope_desktop.panels.viewbar import ViewBar
from padscope_desktop.production_mode import ProductionMode
from padscope_desktop.remembering import Remembering
from padscope_desktop.seeing import ACTIONS as SEEING
from padscope_desktop.seeing import Seeing
from padscope_desktop.session import Session
from padscope_desktop.settings import Memory
from padscope_desktop.theme import DARK, THEMES, Theme, wear
from padscope_desktop.tile_sets.mode import TileMode
from padscope_desktop.viewer.canvas import NOTCH, Canvas
from padscope_desktop.viewer.look import Look, look_of, look_text


class MainWindow(QMainWindow):
    def __init__(self, session: Session, memory: Memory) -> None:
        super().__init__()
        self.session = session
        self.remembering = Remembering(memory, self)
        self.theme: Theme = THEMES[memory.settings.theme]
        self.dialogs = Dialogs(self)
        self.canvas = Canvas()
        self.pictures = PicturesPanel(self.theme)
        self.message_bar = MessageBar()
        self.invitation = Invitation()
        self.key_desk = KeyDesk(self, self._remember_keys)
        self.status = StatusLine()
        self.view_bar = ViewBar()
        self.mode_bar = ModeBar()
        self.list_lines = ListLines(session, self.pictures, self.mode_bar, self)
        self.doors = Doors(session, self.dialogs, self)
        self.inspect_mode = InspectMode(session, self.canvas, self.dialogs, self.theme, self)
        self.footer = Footer(session, self.canvas, self.status, self.inspect_mode, self)
        self.label_doors = LabelDoors(session, self.dialogs, self.pictures.selected, self)
        self.label_mode = LabelMode(session, self.canvas, self.theme, self)
        self.layout_mode = LayoutMode(session, self.canvas, self.dialogs, self.theme, self)
        self.seeing = Seeing(session, self.canvas, self.theme, self)
        self.production_mode = ProductionMode(session, self.dialogs, self.theme, self)
        self.tile_mode = TileMode(session, self.dialogs, self.theme, self)
        own_modes = (self.inspect_mode, self.label_mode, self.layout_mode, self.production_mode, self.tile_mode)
        self.modes: tuple[Mode, ...] = own_modes
        self.mode: Mode = self.inspect_mode
        self.on_screen = OnScreen(session, self.canvas, self.pictures, self.modes, self)
        self._may_lose = False  # a person has agreed to lose what cannot be saved
        self.frame = self._lay_out()
        wear(self.theme)  # once all stand in their places: a sheet is worn anew by whatever is moved
        own = [row for mode in self.modes for row in mode.actions]
        self.rows = (*ACTIONS, *SEEING, *own, *mode_rows((m.id, m.words, m.key) for m in self.modes))
        pointed_at = (self.canvas, self.inspect_mode.panel.pads)
        self.actions_by_id = make_actions(self, pointed_at, self.rows, self._handlers(), memory.keys)
        self.view_bar.set_actions(self.actions_by_id)
        self.layout_mode.set_switches(self.actions_by_id)
        self.seeing.set_actions(self.actions_by_id)
        self.mode_bar.set_actions([self.actions_by_id[f"mode_{m.id}"] for m in self.modes])
        self.key_desk.set_actions(self.rows, self.actions_by_id, memory.keys)
        for mode in self.modes:
            mode.set_actions(self.actions_by_id)
        self._peek = HeldKey(self.actions_by_id["overlays"], self)
        self._connect()
        self._apply_settings()
        self.set_mode(self.mode)
        self.canvas.setFocus()
        self._on_project()
        self._on_album()

    # Building

    def _lay_out(self) -> Frame:
        over = QGridLayout(self.canvas)
        over.addWidget(self.invitation, 0, 0, Qt.AlignmentFlag.AlignCenter)
        above = (self.view_bar, self.message_bar, self.seeing.bar)
        frame = Frame(self.mode_bar, self.pictures, above, self.seeing.views, self.modes, self.status, self.message_bar)
        self.setCentralWidget(frame)
        self.setAcceptDrops(True)
        self.resize(WHOLE, 800)
        self.setMinimumSize(1024, 640)
        return frame

    def _connect(self) -> None:
        s = self.session
        for part in (self.list_lines, self.seeing.beside):
            part.follow(self.inspect_mode.reviewing)
        for signal, slot in (
            (s.project_changed, self._on_project),
            (s.saved_as, self._on_project),
            (s.album_changed, self._on_album),
            (s.entry_changed, self.pictures.refresh),
            (self.on_screen.left, self.inspect_mode.end_marks),
            (self.on_screen.shown, self.footer.show_scale),
            (s.current_changed, self.on_screen.on_current),
            (s.display.arrived, self.on_screen.on_arrived),
            (s.said, self.message_bar.say),
            (s.settled, self.message_bar.withdraw),
            (self.pictures.chosen, self.on_screen.choose),
            (self.pictures.add_wanted, self.doors.add_pictures),
            (self.pictures.inspect_wanted, s.inspect),
            (self.pictures.train_wanted, self._train_on),
            (self.pictures.beside_wanted, self.seeing.keep_beside),
            (self.invitation.add_wanted, self.doors.add_pictures),
            (self.invitation.watch_wanted, self.doors.watch_folder),
            (self.invitation.open_wanted, self.doors.open_project),
            (self.invitation.demo_wanted, s.errands.start_demo),
            (self.invitation.recent_wanted, self.doors.open_recent),
            (self.inspect_mode.training.detector_chosen, self._on_detector_chosen),
            (self.mode_bar.operator_changed, self._on_operator),
            (s.opening.limit_raised, self._on_limit),
            (self.seeing.measuring.let_go, self._on_let_go),
            (self.seeing.look_rests, self._on_look),
            (self.production_mode.picture_wanted, self._on_picture_wanted),
            (self.inspect_mode.reviewing.operator_wanted, self.mode_bar.operator.setFocus),
            (self.inspect_mode.panel.history.beside_wanted, self.seeing.show_inspection),
            (self.label_doors.merged, self.label_mode.conflicts.look),
        ):
            signal.connect(slot)

    def _handlers(self) -> dict[str, Callable[..., Any]]:
        m, c = self.inspect_mode, self.canvas
        handlers: dict[str, Callable[..., Any]] = {
            "new_project": self.doors.new_project,
            "open_project": self.doors.open_project,
            "save_as": self.doors.save_as,
            "add_pictures": self.doors.add_pictures,
            "add_folder": self.doors.add_folder,
            "watch": self.doors.watch_folder,
            "stop_watching": self.session.watching.stop,
            "search": self.pictures.take_search,
            "serial": self.pictures.serial.take_focus,
            "export": m.export,
            "export_labels": self.label_doors.export_labels,
            "import_labels": self.label_doors.import_labels,
            "merge_project": self.label_doors.merge,
            "split_off": self.label_doors.split,
            "conflicts": self._on_conflicts,
            "quit": self.close,
            "undo": self._undo,
            "redo": self._redo,
            "fit": c.fit,
            "pixels": c.zoom_to_pixels,
            "zoom_in": partial(c.zoom_by, NOTCH),
            "zoom_out": partial(c.zoom_by, 1 / NOTCH),
            "overlays": self._on_overlays,
            "heat": self._on_layers,
            "pads": self._on_layers,
            "feet": self._on_layers,
            "masks": self._on_masks,
            "dark": self._on_dark,
            "full_screen": self._on_full_screen,
            "layout": m.choose_layout,
            "marks": self._begin_marks,
            "next": partial(self._walk, 1),
            "previous": partial(self._walk, -1),
            "agree": self._agree,
            "next_picture": partial(self.on_screen.step, 1),
            "previous_picture": partial(self.on_screen.step, -1),
            "inspect": m.inspect,
            "inspect_all": m.inspect_all,
            "together": self.pictures.ask_together,
            "cancel": self.footer.cancel_running,
            "model": m.choose_model,
            "train": self._train_on,
            "keys": self.key_desk.toggle,
            "edit_keys": self.key_desk.edit,
            "about": self._about,
            "go_pictures": self.pictures.list.setFocus,
            "go_picture": c.setFocus,
            "go_pads": m.panel.pads.take_focus,
            "back": self._back,
        }
        handlers |= self.seeing.handlers()
        for mode in self.modes:
            handlers |= mode.handlers()
            handlers[f"mode_{mode.id}"] = partial(self._on_mode_chosen, mode)
        return handlers

    # Modes

    def set_mode(self, mode: Mode) -> None:
        """Place, zoom and picture stay; the panel, the keys and the left button change."""
        if mode is not self.mode:
            self.mode.leave()
        self.mode = mode
        self.frame.show_mode(mode)
        enable_mode(self.rows, self.actions_by_id, mode.id)
        fill_menus(self.menuBar(), self.rows, self.actions_by_id, mode.id)
        for other in self.modes:
            self.actions_by_id[f"mode_{other.id}"].setChecked(other is mode)
        self.key_desk.show_mode(mode.id, self.theme.dim)
        self.canvas.set_tool(mode.idle_tool())
        mode.enter()

    def _on_mode_chosen(self, mode: Mode, *_: object) -> None:
        self.set_mode(mode)
        if mode.page is None:
            self.canvas.setFocus()

    @Slot()
    def _on_let_go(self) -> None:
        """The left button goes back to the mode."""
        self.canvas.set_tool(self.mode.idle_tool())

    def _walk(self, by: int, *_: object) -> None:
        self.mode.step(by)

    @Slot()
    def _agree(self) -> None:
        if not self.seeing.measuring.finish():
            self.mode.agree()

    @Slot()
    def _undo(self) -> None:
        if not self.seeing.measuring.undo():
            self.mode.undo()

    @Slot()
    def _redo(self) -> None:
        if not self.seeing.measuring.redo():
            self.mode.redo()

    @Slot()
    def _begin_marks(self) -> None:
        self.set_mode(self.inspect_mode)
        self.inspect_mode.begin_marks()

    @Slot(object)
    def _train_on(self, keys: list[int] | bool | None = None) -> None:
        """On chosen pictures, or (from the menu) on those that look like sound ones."""
        self.set_mode(self.inspect_mode)
        self.inspect_mode.open_training(keys if isinstance(keys, list) else None)

    @Slot(str)
    def _on_operator(self, name: str) -> None:
        self.session.operator = name
        self.remember(operator=name)

    @Slot(float)
    def _on_limit(self, megapixels: float) -> None:
        self.remember(max_megapixels=megapixels)

    def _apply_settings(self) -> None:
        chosen = self.remembering.memory.settings
        self.session.opening.set_limit(chosen.max_megapixels)
        for name, on in (
            ("heat", chosen.show_heat),
            ("pads", chosen.show_pads),
            ("feet", chosen.show_feet),
            ("masks", chosen.show_masks),
            ("overlays", True),
            ("dark", chosen.theme == "dark"),
        ):
            self.actions_by_id[name].setChecked(on)
        self.inspect_mode.training.detector = chosen.detector
        self.session.operator = chosen.operator
        self.mode_bar.set_operator(chosen.operator)
        self.view_bar.set_opacity(chosen.heat_opacity)
        self.canvas.set_heat_opacity(chosen.heat_opacity)
        self.view_bar.opacity_changed.connect(self._on_opacity)
        self.seeing.panel.set_look(look_of(chosen.look))
        self.label_mode.apply_settings(chosen)
        self.label_mode.settings_changed.connect(self._on_setting)
        self._on_layers()
        self._wear(self.theme)
        memory = self.remembering.memory
        self.invitation.set_recent(memory.recent)
        geometry = memory.window.get("geometry")
        if geometry:
            self.restoreGeometry(QByteArray.fromHex(geometry.encode()))
        splitter = memory.window.get("splitter")
        if splitter:
            self.frame.splitter.restoreState(QByteArray.fromHex(splitter.encode()))

    def _wear(self, theme: Theme) -> None:
        self.theme = theme
        wear(theme)
        self.canvas.set_colours(theme.canvas, DARK.accent)  # over a picture, the light one shows best
        self.pictures.set_theme(theme)
        self.seeing.set_theme(theme)
        for mode in self.modes:
            mode.set_theme(theme)
        self.key_desk.show_mode(self.mode.id, theme.dim)

    def remember(self, **changes: Any) -> None:
        """One or more fields of Settings."""
        self.remembering.keep(self.remembering.memory.with_setting(**changes))

    # Projects and pictures

    @Slot()
    def _on_project(self) -> None:
        project = self.session.project
        named = project is not None and self.session.named
        self.setWindowTitle(f"{project.stem} — Padscope" if project is not None and named else "Padscope")
        if project is not None and named:
            self.remembering.keep(self.remembering.memory.with_recent(str(project)))
            self.invitation.set_recent(self.remembering.memory.recent)
        self.footer.show_saved()

    @Slot()
    def _on_album(self) -> None:
        self.pictures.set_album(self.session.album)
        self.invitation.setVisible(len(self.session.album) == 0)

    @Slot(str)
    def _on_picture_wanted(self, sha256: str) -> None:
        """From the table of all modules."""
        key = next((e.key for e in self.session.album.entries.values() if e.sha256 == sha256), None)
        if key is not None:
            self.set_mode(self.inspect_mode)
            self.on_screen.choose(key)
            self.canvas.setFocus()

    # View

    @Slot(bool)
    def _on_overlays(self, on: bool) -> None:
        self.inspect_mode.overlays_wanted = on
        self.canvas.set_overlays_visible(on)

    @Slot()
    def _on_layers(self, *_: object) -> None:
        heat, pads, feet = (self.actions_by_id[name].isChecked() for name in ("heat", "pads", "feet"))
        self.canvas.set_visible(heat=heat, pads=pads, feet=feet)
        self.remember(show_heat=heat, show_pads=pads, show_feet=feet)

    @Slot()
    def _on_conflicts(self) -> None:
        self.set_mode(self.label_mode)
        self.label_mode.conflicts.look()

    @Slot(bool)
    def _on_masks(self, on: bool) -> None:
        self.label_mode.show_masks(on)
        self.remember(show_masks=on)

    @Slot(object)
    def _on_setting(self, changes: dict[str, object]) -> None:
        self.remember(**changes)

    @Slot(float)
    def _on_opacity(self, opacity: float) -> None:
        self.canvas.set_heat_opacity(opacity)
        self.remember(heat_opacity=opacity)

    @Slot(object)
    def _on_look(self, look: Look) -> None:
        self.remember(look=look_text(look))

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

    def _remember_keys(self, keys: dict[str, str]) -> None:
        self.remembering.keep(replace(self.remembering.memory, keys=keys))

    @Slot()
    def _about(self) -> None:
        text = (
            "Finds defects on the bond pads of silicon-detector modules and hands the bonding team a pad map. It works without "
            "any network, and never changes a picture."
        )
        self.message_bar.say(Message("about", f"Padscope {padscope.__version__}", text))

    @Slot()
    def _back(self) -> None:
        if self.key_desk.back() or self.seeing.back() or self.mode.back():
            pass
        elif self.isFullScreen():
            self.actions_by_id["full_screen"].trigger()
        else:
            self.message_bar.dismiss()

    # Qt overrides

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped(event.mimeData())
        event.acceptProposedAction()
        self.take(paths)

    def _lose(self) -> None:
        self._may_lose = True
        self.close()

    def take(self, paths: list[Path]) -> None:
        self.doors.take(paths)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._peek.released(event)
        self.mode.released(event)
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and hasattr(self, "actions_by_id"):
            self.actions_by_id["full_screen"].setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """No question where everything is saved already, as it nearly always is."""
        if self.session.labelling.outbox.stuck and not self._may_lose:
            self.session.labelling.ask_before_losing(self._lose)
            event.ignore()
            return
        self.hide()
        self._on_look(self.seeing.look)
        for mode in self.modes:
            mode.close()
        window = {
            "geometry": bytes(self.saveGeometry().toHex().data()).decode(),
            "splitter": bytes(self.frame.splitter.saveState().toHex().data()).decode(),
        }
        self.remembering.keep(replace(self.remembering.memory, window=window))
        self.remembering.write()
        self.session.close()
        super().closeEvent(event)
