"""Any colour for a class, chosen in place, with a word where it cannot be told from another."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from padscope.masks.colours import warnings
from padscope_desktop.panels.parts import button, label
from padscope_desktop.theme import TARGET

FINE = "Apart from the other classes, also for colour-blind eyes."


class ColourPicker(QFrame):
    """Not modal: it goes when it is clicked beside, or with Esc. Signal: picked(class value, #rrggbb)."""

    picked = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self._value = 0
        self._others: list[tuple[str, str]] = []
        self.title = label(bold=True)
        self.field = QColorDialog(self)
        self.field.setOptions(
            QColorDialog.ColorDialogOption.NoButtons | QColorDialog.ColorDialogOption.DontUseNativeDialog
        )
        self.field.setWindowFlags(Qt.WindowType.Widget)
        self.said = label(wrap=True)
        self.said.setMinimumHeight(2 * TARGET)
        self.use = button("Use this colour", primary=True)
        self.never_mind = button("Leave it")
        for made in (self.use, self.never_mind):
            made.setMinimumHeight(TARGET)
        row = QHBoxLayout()
        row.addWidget(self.use, 1)
        row.addWidget(self.never_mind)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        for part in (self.title, self.field, self.said):
            column.addWidget(part)
        column.addLayout(row)
        self.field.currentColorChanged.connect(self._on_colour)
        self.use.clicked.connect(self._on_use)
        self.never_mind.clicked.connect(self.hide)

    def choose(self, value: int, name: str, colour: str, others: Sequence[tuple[str, str]], at: QPoint) -> None:
        """For one class beside these (name, colour), near a point of the screen."""
        self._value, self._others = value, list(others)
        self.title.setText(f"Colour of “{name}”")
        self.field.setCurrentColor(QColor(colour))
        self._on_colour(QColor(colour))
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = min(max(at.x() - self.width(), screen.left()), screen.right() - self.width())
        y = min(max(at.y(), screen.top()), screen.bottom() - self.height())
        self.move(x, y)
        self.show()
        self.field.show()

    @Slot(QColor)
    def _on_colour(self, colour: QColor) -> None:
        found = warnings(colour.name(), self._others)
        self.said.setText(" ".join(found) or FINE)

    @Slot()
    def _on_use(self) -> None:
        self.hide()
        self.picked.emit(self._value, self.field.currentColor().name())
