"""Keys as they are and as a person wants them: the sheet, the editor, and the actions that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from padscope_desktop.actions import Action, key_sheet, set_keys
from padscope_desktop.panels.key_editor import KeyEditor
from padscope_desktop.panels.keys import KeySheet


class KeyDesk(QObject):
    """`remember` is told of a person's own keys, {action id: key}."""

    def __init__(self, window: QWidget, remember: Callable[[dict[str, str]], None]) -> None:
        super().__init__(window)
        self._window = window
        self._remember = remember
        self.sheet = KeySheet(window)
        self.editor = KeyEditor(window)
        self._rows: Sequence[Action] = ()
        self._made: Mapping[str, QAction] = {}
        self._own: Mapping[str, str] = {}
        self._mode, self._dim = "", ""
        self.editor.changed.connect(self._on_changed)

    def set_actions(self, rows: Sequence[Action], made: Mapping[str, QAction], own: Mapping[str, str]) -> None:
        self._rows, self._made, self._own = rows, made, own

    def show_mode(self, mode: str, dim: str) -> None:
        self._mode, self._dim = mode, dim
        self.sheet.set_sheet(key_sheet(self._rows, self._own, mode), dim)

    @Slot()
    def toggle(self) -> None:
        if not self.back():
            self.sheet.show_over(self._window)

    @Slot()
    def edit(self) -> None:
        self.sheet.hide()
        self.editor.show_over(self._window, self._rows, self._own)

    def back(self) -> bool:
        """Esc: False where neither is shown."""
        for card in (self.editor, self.sheet):
            if card.isVisible():
                card.hide()
                return True
        return False

    @Slot(object)
    def _on_changed(self, own: dict[str, str]) -> None:
        self._own = own
        set_keys(self._rows, self._made, own)
        self.show_mode(self._mode, self._dim)
        self._remember(own)
