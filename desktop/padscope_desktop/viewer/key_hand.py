"""The keyboard as a hand on the mouse: arrow keys move the cursor, a key puts the tool down and lifts it again."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from padscope_desktop.viewer.canvas import Canvas

FAST = 10
MARGIN = 8.0
"""Logical px from the border at which the picture moves instead of the cursor."""


class KeyHand:
    """Sends the canvas the events that a mouse would. `down`: the tool is on the picture."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.down = False

    @property
    def step(self) -> float:
        """Logical px: one pixel of the screen, or of the picture where that is larger."""
        return max(1.0, self._canvas.view.scale)

    def move(self, x: int, y: int) -> None:
        """By steps to the right and downwards. At the border the picture gives way."""
        canvas, step = self._canvas, self.step
        at = self._at()
        goal = QPointF(at.x() + x * step, at.y() + y * step)
        kept = QPointF(
            min(max(goal.x(), MARGIN), canvas.width() - MARGIN), min(max(goal.y(), MARGIN), canvas.height() - MARGIN)
        )
        if kept != goal:
            canvas.slide(kept.x() - goal.x(), kept.y() - goal.y())
        self._send(QEvent.Type.MouseMove, kept)

    def press(self, *, hold: bool) -> None:
        """Down and up at once; with `hold` down, and up the next time."""
        at = self._at()
        if self.down:
            self.lift()
            return
        self._send(QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)
        self.down = True
        if not hold:
            self.lift()

    def lift(self) -> bool:
        """False where nothing was down."""
        was, self.down = self.down, False
        if was:
            self._send(QEvent.Type.MouseButtonRelease, self._at(), Qt.MouseButton.LeftButton)
        return was

    def _at(self) -> QPointF:
        """Where the cursor was seen last; the middle of the picture if it never was."""
        seen = self._canvas.pointed_at
        return seen if seen is not None else QPointF(self._canvas.width() / 2, self._canvas.height() / 2)

    def _send(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
        pressed = self.down or kind == QEvent.Type.MouseButtonPress
        buttons = Qt.MouseButton.LeftButton if pressed else Qt.MouseButton.NoButton
        there = self._canvas.mapToGlobal(at)
        event = QMouseEvent(kind, at, there, button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self._canvas, event)
