"""Fields for numbers with a unit, for one thing or for several that differ."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from padscope_desktop.panels.parts import named
from padscope_desktop.theme import TARGET

SEVERAL = "several"


def plain(value: float, digits: int = 3) -> str:
    """127.0 -> "127", 0.25 -> "0.25", as it can be typed again."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return "0" if text in ("-0", "") else text


def typed_number(text: str) -> float | None:
    """What a person types: a comma or a dot, spaces between thousands, a unit after it; None for anything else."""
    kept = "".join(text.replace(",", ".").replace("−", "-").split()).removesuffix("µm").removesuffix("°")
    try:
        value = float(kept)
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None


class NumberField(QLineEdit):
    """Signal: entered(number or None), when a person has typed another one; None: the field was emptied."""

    entered = Signal(object)

    def __init__(self, name: str, *, empty: str = "", digits: int = 1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name)
        self._empty, self._digits = empty, digits
        self._shown = ""
        self.setMinimumHeight(TARGET)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editingFinished.connect(self._on_typed)

    def show_values(self, values: Iterable[float | None]) -> None:
        """The one value of all, or nothing where they differ."""
        found = {None if v is None else round(v, 3) for v in values}
        one = next(iter(found)) if len(found) == 1 else None
        self._shown = "" if one is None else plain(one, self._digits)
        self.setPlaceholderText(SEVERAL if len(found) > 1 else self._empty)
        if not self.hasFocus() or self.text() != self._shown:
            self.setText(self._shown)

    @property
    def number(self) -> float | None:
        return typed_number(self.text())

    @Slot()
    def _on_typed(self) -> None:
        text = self.text().strip()
        if text == self._shown:
            return
        value = typed_number(text)
        if value is None and text:
            self.setText(self._shown)  # no number: as it was
            return
        self._shown = text
        self.entered.emit(value)


class WordField(QLineEdit):
    """Signal: entered(words), when a person has typed others."""

    entered = Signal(str)

    def __init__(self, name: str, *, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name)
        self._empty = empty
        self._shown = self._tip = ""
        self.setMinimumHeight(TARGET)
        self.setMaxLength(200)
        self.editingFinished.connect(self._on_typed)

    def show_values(self, values: Iterable[str]) -> None:
        found = set(values)
        self._shown = next(iter(found)) if len(found) == 1 else ""
        self.setPlaceholderText(SEVERAL if len(found) > 1 else self._empty)
        self.setText(self._shown)
        self._show_beginning()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_beginning()

    def _show_beginning(self) -> None:
        """A long name is known by how it begins; the whole stands in the tip, unless the field has one of its own."""
        if not self.hasFocus():
            self.setCursorPosition(0)
        if self.toolTip() in ("", self._tip):
            self._tip = self.text()
            self.setToolTip(self._tip)

    @Slot()
    def _on_typed(self) -> None:
        text = self.text().strip()
        if text != self._shown:
            self._shown = text
            self.entered.emit(text)
