"""The serial number of the board on the picture: typed, or scanned (a scanner types and ends with Enter), and checked at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from padscope.boards.serial import parse_serial
from padscope.errors import SerialError
from padscope_desktop.panels.parts import label, named
from padscope_desktop.theme import TARGET


class SerialField(QWidget):
    """Signal: entered(serial), as the collaboration writes it, or "" where it was cleared."""

    entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._serial = ""
        self.field = named(_Field(), "Serial number of the board")
        self.field.setPlaceholderText("serial number of the board")
        self.field.setToolTip("Type or scan it (Ctrl+B), then Enter")
        self.field.setMinimumHeight(TARGET)
        self.field.setMaxLength(40)
        self.words = label(dim=True, wrap=True)
        self.field.returnPressed.connect(self._on_entered)
        self.field.textEdited.connect(self._on_typed)
        self.field.backed_out.connect(self._on_backed_out)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 0)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self.words)

    def set_serial(self, serial: str, there: bool) -> None:
        """Of the picture shown; `there`: a picture is shown."""
        if self.field.hasFocus() and serial == self._serial and there:
            return  # somebody types
        self._serial = serial
        self.field.setText(serial)
        self.setEnabled(there)
        self._explain(serial)

    @Slot()
    def take_focus(self) -> None:
        self.field.setFocus()
        self.field.selectAll()

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        """While it is typed nothing is wrong yet, but it may be right."""
        self._explain(text, half=True)

    @Slot()
    def _on_entered(self) -> None:
        text = self.field.text().strip()
        try:
            serial = parse_serial(text).text if text else ""
        except SerialError:
            self._explain(text)
            self.field.selectAll()
            return
        self._serial = serial
        self.field.setText(serial)
        self._explain(serial)
        self.field.clearFocus()
        self.entered.emit(serial)

    @Slot()
    def _on_backed_out(self) -> None:
        self.field.setText(self._serial)
        self._explain(self._serial)
        self.field.clearFocus()

    def _explain(self, text: str, half: bool = False) -> None:
        words = ""
        if text.strip():
            try:
                serial = parse_serial(text)
                words = serial.component + (f", {serial.details}" if serial.details else "")
            except SerialError as error:
                words = "" if half else str(error)
        self.words.setText(words)
        self.words.setVisible(bool(words))


class _Field(QLineEdit):
    """Signal: backed_out(), with Esc."""

    backed_out = Signal()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()  # here Esc backs out of typing, not of what the window shows
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.backed_out.emit()
        else:
            super().keyPressEvent(event)
