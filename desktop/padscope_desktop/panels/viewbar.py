"""Above the picture: what lies over it and how large it is shown, for a hand that is on the mouse."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSlider, QToolButton, QWidget

from padscope_desktop.panels.parts import label, named
from padscope_desktop.quantities import percent
from padscope_desktop.theme import TARGET

LAYERS = ("pads", "feet", "masks", "heat")
LOOKS = ("look", "ruler", "beside")
SIZES = ("fit", "pixels", "zoom_out", "zoom_in")
SIGNS = {"zoom_out": "−", "zoom_in": "+"}


class ViewBar(QWidget):
    """Buttons are actions of the table. Signal: opacity_changed(float in [0, 1])."""

    opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Heat opacity")
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setMinimumWidth(40)
        self.slider.setMaximumWidth(112)
        self.slider.setToolTip("How strongly heat covers the picture")
        self.slider.valueChanged.connect(self._on_moved)
        self.words = label(dim=True)
        self.words.setMinimumWidth(self.fontMetrics().horizontalAdvance(percent(1.0)))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(4)

    def set_actions(self, made: Mapping[str, QAction]) -> None:
        for name in LAYERS:
            self._row.addWidget(_button(made[name]))
        for part in (self.slider, self.words):
            self._row.addWidget(part)
        made["heat"].toggled.connect(self.slider.setEnabled)
        self._row.addStretch(1)
        for name in LOOKS:
            self._row.addWidget(_button(made[name]))
        self._row.addSpacing(8)
        for name in SIZES:
            self._row.addWidget(_button(made[name], SIGNS.get(name, "")))

    def set_opacity(self, opacity: float) -> None:
        self.slider.setValue(round(opacity * 100))
        self._on_moved(self.slider.value())

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        self.words.setText(percent(value / 100))
        self.opacity_changed.emit(value / 100)


def _button(action: QAction, sign: str = "") -> QToolButton:
    """Its name on the button, what it does and its key in the tip."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setText(sign or action.iconText())
    button.setToolTip(f"{action.text()} ({action.shortcut().toString()})")
    button.setProperty("flat", True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setMinimumSize(max(TARGET + 4, button.sizeHint().width()), TARGET)
    return button
