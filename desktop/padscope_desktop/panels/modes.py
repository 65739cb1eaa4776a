"""The row above everything: the modes, and who is working."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from padscope_desktop.panels.parts import Elided, label, named
from padscope_desktop.theme import TARGET

OPERATOR_WIDTH = 128


class ModeBar(QWidget):
    """Signal: operator_changed(name), when a person has finished typing it."""

    operator_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.module = Elided()
        self.operator = named(QLineEdit(), "Operator")
        self.operator.setPlaceholderText("your name")
        self.operator.setToolTip("Who paints, overrides and signs: it is written beside all of that.")
        self.operator.setFixedWidth(OPERATOR_WIDTH)
        self.operator.setMinimumHeight(TARGET)
        self.operator.setMaxLength(80)
        self.operator.editingFinished.connect(self._on_typed)
        self._modes = QHBoxLayout()
        self._modes.setSpacing(4)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 16, 4)
        row.setSpacing(8)
        row.addLayout(self._modes)
        row.addStretch(1)
        row.addWidget(self.module)
        row.addWidget(label("Operator", dim=True))
        row.addWidget(self.operator)

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """One button per mode, in their order."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)  # its short name; the key stands in the tip
            button.setToolTip(f"{action.text()} ({action.shortcut().toString()})")
            button.setProperty("flat", True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setMinimumHeight(TARGET)
            self._modes.addWidget(button)

    def set_operator(self, name: str) -> None:
        self.operator.setText(name)
        self.operator.setCursorPosition(0)  # a long name is known by how it begins

    def set_module(self, words: str) -> None:
        """The serial of the module on the picture, or nothing."""
        self.module.setText(words)

    @Slot()
    def _on_typed(self) -> None:
        name = " ".join(self.operator.text().split())
        self.set_operator(name)
        self.operator.clearFocus()
        self.operator_changed.emit(name)
