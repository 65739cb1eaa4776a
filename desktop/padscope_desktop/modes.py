"""What a mode is: the same picture, its place and zoom, with another panel beside it and other keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QWidget

from padscope_desktop.actions import Action
from padscope_desktop.theme import Theme
from padscope_desktop.viewer.tools import Tool


class Mode(QObject):
    """`panel` stands on the right, `bar` (if any) above the picture, `page` (if any) in the picture's place while the mode is
    on. `actions` are live only while it is on, so that two modes may give one key two meanings."""

    id = ""
    words = ""
    key = ""
    actions: tuple[Action, ...] = ()

    panel: QWidget
    bar: QWidget | None = None
    page: QWidget | None = None

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        """One for every row of `actions`."""
        return {}

    def set_actions(self, made: Mapping[str, QAction]) -> None:
        """All of the window's, for buttons."""

    def enter(self) -> None:
        """The mode is on from now: its layers show."""

    def leave(self) -> None:
        """Another mode comes: whatever was half drawn is dropped."""

    def idle_tool(self) -> Tool | None:
        """What the left button does in this mode when nothing else is going on; None moves the picture and chooses pads."""
        return None

    def step(self, by: int) -> None:
        """Tab and Shift-Tab: the next thing to look at (1), or the one before (-1)."""

    def agree(self) -> None:
        """Enter, with the picture in hand."""

    def undo(self) -> None: ...

    def redo(self) -> None: ...

    def back(self) -> bool:
        """Esc: leave the innermost thing that is going on; False where there was nothing to leave."""
        return False

    def released(self, event: QKeyEvent) -> None:
        """A key was let go of, and nothing on the canvas wanted it."""

    def redraw(self) -> None:
        """Another picture is on the canvas, or the same one afresh."""

    def close(self) -> None:
        """The window goes: end what runs beside it."""

    def set_theme(self, theme: Theme) -> None: ...
