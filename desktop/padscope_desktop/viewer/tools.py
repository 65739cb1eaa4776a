"""What the left button does on the picture, and what is painted over it: the two ways into the canvas from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent

from padscope_desktop.viewer.view import View

Px = tuple[float, float]
"""A point of the picture, px: the centre of the upper left pixel is (0, 0)."""


class Layer(Protocol):
    """Painted over the picture, in logical screen px (`View.to_screen`)."""

    @property
    def visible(self) -> bool: ...

    def paint(self, painter: QPainter, view: View) -> None: ...


class UnderLayer(Layer, Protocol):
    """Painted between heat and pads. `version` changes with its looks: while it changes, it is painted in every frame (as far
    as `budget_s` goes: `unfinished` says that there is more to do), and kept when it rests."""

    version: int
    unfinished: bool

    def paint_within(self, painter: QPainter, view: View, budget_s: float) -> None: ...

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """The same, whole; yields between pieces, so that no frame takes long."""
        ...


class KeptLayer(Protocol):
    """Painted over the pads, but kept while only the view moves: `Canvas.repaint_overlays` says when it looks different. It
    yields between pieces, so that no frame takes long."""

    @property
    def visible(self) -> bool: ...

    def steps(self, painter: QPainter, view: View) -> Iterator[None]: ...


class Tool:
    """Takes the left button while it is the canvas's tool. Wheel, middle button and Space stay the canvas's own, unless
    `wheel` says that it took the turn. A drag that Esc ends is `abandon`ed."""

    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    dragged = True
    """Whether it acts from press to release; else each press is one act."""

    def takes(self, at: Px) -> bool:
        """Whether the left button is the tool's at this point; where it is not, it moves the picture and chooses pads."""
        return True

    def press(self, at: Px, event: QMouseEvent) -> None: ...

    def drag(self, at: Px, event: QMouseEvent) -> None: ...

    def release(self, at: Px, event: QMouseEvent) -> None: ...

    def double_click(self, at: Px, event: QMouseEvent) -> None:
        """The second of two quick presses at one place; drags and a release follow it, too."""
        self.press(at, event)

    def hover(self, at: Px | None) -> None:
        """The cursor, with no button down; None where it left the canvas."""

    def wheel(self, at: Px, event: QWheelEvent) -> bool:
        """True where the turn was the tool's (the size of a brush, with Ctrl), so that the picture is not zoomed."""
        return False

    def key(self, event: QKeyEvent, down: bool) -> bool:
        """A key without an action; True where the tool took it."""
        return False

    def abandon(self) -> bool:
        """Drop what is under way; False where nothing was."""
        return False

    def take_back(self) -> bool:
        """Undo in the middle of something: its last step, or all of it; False where nothing was under way."""
        return self.abandon()

    def paint(self, painter: QPainter, view: View) -> None:
        """Over everything, in logical screen px: the cursor's ring, the line that is being drawn."""
