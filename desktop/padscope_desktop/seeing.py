"""How the picture is looked at, in whatever mode: brightness and enhancement, the ruler, a second view, copies of what is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QWidget

from padscope_desktop.actions import Action
from padscope_desktop.background.payloads import Enhanced
from padscope_desktop.background.protocol import Fault
from padscope_desktop.beside import Beside
from padscope_desktop.measuring import Measuring
from padscope_desktop.messages import about_fault
from padscope_desktop.panels.look import LookPanel
from padscope_desktop.session import Session
from padscope_desktop.theme import Theme
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.look import AS_IT_IS, Look, histogram

COUNTED_PX = 1200
"""Longest side of what the histogram counts."""
SOON_MS = 150
MARGIN = 16

ACTIONS: tuple[Action, ...] = (
    Action("look", "Brightness, contrast and histogram", "View", ("Ctrl+H",), checkable=True, line=True, short="Look"),
    Action("look_auto", "Brightness and contrast by themselves", "View", ("Ctrl+Shift+H",)),
    Action("look_reset", "Show the picture as it is", "View", ("Ctrl+Alt+H",)),
    Action("ruler", "Ruler: length, angle, rectangle, area", "View", ("R",), line=True, checkable=True, short="Ruler"),
    Action("beside", "Two views side by side", "View", ("S",), checkable=True, short="Beside"),
    Action("copy_measurement", "Copy the measurement", "Edit", ("Ctrl+C",), line=True),
    Action("copy_view", "Copy what is seen", "Edit", ("Ctrl+Shift+C",)),
)


class Seeing(QObject):
    """`views` is the picture, and perhaps a second one beside it; `bar` stands above while the ruler is out. Signal:
    look_rests(Look): a hand has let go of it."""

    look_rests = Signal(object)

    def __init__(self, session: Session, canvas: Canvas, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.measuring = Measuring(session, canvas, self)
        self.bar: QWidget = self.measuring.bar
        self.beside = Beside(session, canvas, self)
        self.views: QWidget = self.beside.views
        self.panel = LookPanel(theme, canvas)
        self.panel.hide()
        self._how = ""
        self._made: dict[str, QAction] = {}
        self._soon = QTimer(self, interval=SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._renew)
        self._rest = QTimer(self, interval=SOON_MS, singleShot=True)
        self._rest.timeout.connect(self._on_rest)
        for signal, slot in (
            (self.panel.look_changed, self._on_look),
            (self.panel.enhancement_wanted, self._on_enhancement),
            (self.panel.closed, self._on_closed),
            (canvas.view_changed, self._on_view),
            (canvas.picture_changed, self._on_picture),
            (self.measuring.active_changed, self._on_ruler),
            (self.beside.closed, self._on_beside_closed),
        ):
            signal.connect(slot)

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "look": self._toggle_panel,
            "look_auto": self.look_auto,
            "look_reset": self.panel.apply_reset,
            "ruler": self._take_ruler,
            "beside": self._toggle_beside,
            "copy_measurement": self.measuring.copy,
            "copy_view": self.copy_view,
        }

    def set_actions(self, made: Mapping[str, QAction]) -> None:
        self._made = dict(made)
        for name in ("heat", "pads", "feet"):
            made[name].toggled.connect(self._on_layers)

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)
        self.beside.set_theme(theme)

    def back(self) -> bool:
        """Esc: out of a measurement, then the ruler is put away, then the card closes."""
        if self.measuring.back():
            return True
        if self.panel.isVisible():
            self._on_closed()
            return True
        return False

    # Look

    @property
    def look(self) -> Look:
        return self.panel.look

    @Slot(bool)
    def _toggle_panel(self, on: bool) -> None:
        self.panel.setVisible(on)
        if on:
            self.place_panel()
            self.panel.raise_()
            self._count()

    def place_panel(self) -> None:
        """In the upper right corner of the picture."""
        self.panel.adjustSize()
        self.panel.move(self.canvas.width() - self.panel.width() - MARGIN, MARGIN)

    @Slot()
    def _on_closed(self) -> None:
        self.panel.hide()
        self._made["look"].setChecked(False)
        self.canvas.setFocus()

    @Slot()
    def look_auto(self) -> None:
        self._count()
        self.panel.apply_auto()

    @Slot(object)
    def _on_look(self, look: Look) -> None:
        self.canvas.set_look(look)
        self.beside.right.set_look(look)
        self._mark()
        self._rest.start()

    @Slot()
    def _on_rest(self) -> None:
        self.look_rests.emit(self.panel.look)

    def _mark(self) -> None:
        """Nobody takes an adjusted picture for the picture itself."""
        if self._made:
            adjusted = self.panel.look != AS_IT_IS or bool(self._how)
            self._made["look"].setIconText("Look •" if adjusted else "Look")

    def _count(self) -> None:
        pixels = self.canvas.picture.in_sight(self.canvas.view, COUNTED_PX)
        if pixels is not None:
            step = max(1, max(pixels.shape[:2]) // COUNTED_PX)
            self.panel.set_counts(histogram(np.asarray(pixels[::step, ::step]), self.canvas.picture.span))

    # Enhancement

    @Slot(str)
    def _on_enhancement(self, how: str) -> None:
        self._how = how
        self._mark()
        if how:
            self._renew()
        else:
            self.canvas.still.set_enhanced(None, (0, 0, 0, 0))
            self.session.settled.emit("enhance")

    @Slot()
    def _renew(self) -> None:
        """What depends on what is in sight, once the picture rests."""
        if self.panel.isVisible():
            self._count()
        key = self.session.current
        entry = self.session.album.entries.get(key) if key is not None else None
        if not self._how or entry is None or not self.canvas.picture.shows_something:
            return
        self.session.jobs.start(
            "enhance",
            entry.path,
            self.session.cache,
            self._how,
            self.canvas.view.visible,
            self.canvas.view.zoom,
            title="Enhancing the picture",
            lane="quick",
            slot="enhance",
            urgent=True,
            retries=1,
            done=self._enhanced_for(key),
            failed=self._on_not_enhanced,
        )

    def _enhanced_for(self, key: int | None) -> Callable[[Enhanced], None]:
        def arrived(found: Enhanced) -> None:
            if self._how and key == self.session.current:
                self.canvas.still.set_enhanced(found.pixels, found.edges)

        return arrived

    def _on_not_enhanced(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("enhance", "The picture could not be enhanced.", fault))

    @Slot(object)
    def _on_view(self, _: object) -> None:
        if self.panel.isVisible():
            self.place_panel()
        if self._how or self.panel.isVisible():
            self._soon.start()

    @Slot()
    def _on_picture(self) -> None:
        self.canvas.still.set_enhanced(None, (0, 0, 0, 0))
        if self._how or self.panel.isVisible():
            self._soon.start()

    # Ruler

    @Slot()
    def _take_ruler(self, *_: object) -> None:
        if self.canvas.picture.shows_something:
            self.measuring.take()
        self._made["ruler"].setChecked(self.measuring.active)

    @Slot(bool)
    def _on_ruler(self, active: bool) -> None:
        self._made["ruler"].setChecked(active)

    # Side by side

    @Slot(bool)
    def _toggle_beside(self, on: bool) -> None:
        self.beside.set_on(on)
        self.canvas.setFocus()

    @Slot(int)
    def keep_beside(self, key: int) -> None:
        """The golden picture, beside whatever is looked at."""
        self.beside.choose(key)
        self._made["beside"].setChecked(True)
        self._toggle_beside(True)

    @Slot()
    def _on_beside_closed(self) -> None:
        self._made["beside"].setChecked(False)
        self._toggle_beside(False)

    @Slot()
    def _on_layers(self, *_: object) -> None:
        QTimer.singleShot(0, self.beside.show_layers)  # after the picture on the left

    @Slot(int)
    def show_inspection(self, inspection: int) -> None:
        """An earlier one, in the second view."""
        self._made["beside"].setChecked(True)
        self._toggle_beside(True)
        self.beside.show_inspection(inspection)

    # Copies

    @Slot()
    def copy_view(self) -> None:
        """As it is on the screen, with the scale bar, but everything painted whole."""
        if not self.canvas.picture.shows_something:
            self.session.mentioned.emit("There is no picture to copy")
            return
        shown = self.panel.isVisible()
        self.panel.hide()
        self.canvas.set_patient(True)
        image = self.canvas.grab().toImage()
        self.canvas.set_patient(False)
        self.panel.setVisible(shown)
        QGuiApplication.clipboard().setImage(image)
        self.session.mentioned.emit(f"Copied the view, {image.width()} × {image.height()} px")
