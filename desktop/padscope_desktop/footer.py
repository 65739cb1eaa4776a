"""Keeps the line below true: where the cursor is, the scale, the model, what is running, what is saved."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from padscope.types import Box
from padscope_desktop.inspecting.mode import InspectMode
from padscope_desktop.panels.status import StatusLine
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.view import View


class Footer(QObject):
    def __init__(
        self, session: Session, canvas: Canvas, status: StatusLine, inspect_mode: InspectMode, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.status = status
        self.inspect_mode = inspect_mode
        for signal, slot in (
            (session.judging.board_changed, self.show_scale),
            (session.model_changed, self._on_model),
            (session.entry_changed, self._on_entry),
            (session.device_changed, self._on_device),
            (session.mentioned, status.say),
            (session.jobs.changed, self._on_jobs),
            (session.keeper.changed, self.show_saved),
            (canvas.cursor_moved, self._on_cursor),
            (canvas.view_changed, self._on_view),
            (status.cancel_wanted, self.cancel_running),
        ):
            signal.connect(slot)

    @Slot()
    def show_saved(self) -> None:
        project = self.session.project
        if project is None:
            self.status.set_saved("opening the project…", "")
            return
        state = "saving…" if self.session.keeper.busy else "saved"
        self.status.set_saved(state if self.session.named else f"unnamed, {state}", str(project))

    @Slot()
    def show_scale(self) -> None:
        """A person knows the scale best, then the pad map: the pose measured it where the file said nothing."""
        board, entry = self.session.judging.board, self.inspect_mode.entry
        scale = entry.scale if entry is not None else None
        if board is not None and (entry is None or entry.own_scale is None):
            scale = board.facts.scale
        self.status.set_scale(scale, entry.scale_conflict if entry is not None else "")
        self.canvas.set_scale(scale.um_per_px if scale is not None else None)
        if self.canvas.picture.width:
            corner = (float(self.canvas.picture.width), float(self.canvas.picture.height))
            um = self.inspect_mode.to_board_um(corner)
            self.status.reserve(um, (float(np.ceil(corner[0])), float(np.ceil(corner[1]))))

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        if key == self.session.current:
            self.show_scale()

    @Slot()
    def cancel_running(self) -> None:
        """Everything a person sees running or waiting."""
        for job in self.session.jobs.active():
            if job.shown:
                self.session.jobs.cancel(job)

    @Slot(object)
    def _on_cursor(self, px: tuple[float, float] | None) -> None:
        um = self.inspect_mode.to_board_um(px) if px is not None else None
        level = self.canvas.heat.level_at(*px) if px is not None else None
        self.status.set_cursor(um, px, level, self._painted(px) if px is not None else "")

    def _painted(self, px: tuple[float, float]) -> str:
        """The class at a point, where the masks are shown."""
        labelling, x, y = self.session.labelling, round(px[0]), round(px[1])
        if labelling.mask is None or not (0 <= x < labelling.mask.width and 0 <= y < labelling.mask.height):
            return ""
        value = int(labelling.mask.read(Box(x, y, x + 1, y + 1))[0, 0])
        return labelling.names.get(value, f"class {value}") if value else ""

    @Slot(object)
    def _on_view(self, view: View) -> None:
        self.status.set_zoom(view.zoom if self.canvas.picture.width else None)

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
