"""The left button as a mode's own tool: presses, drags and turns reach it in picture px, and the picture stays put."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.view import View


class Pencil(Tool):
    def __init__(self) -> None:
        self.said: list[tuple[str, Px | None]] = []
        self.painted = 0

    def press(self, at: Px, event: QMouseEvent) -> None:
        self.said.append(("press", at))

    def drag(self, at: Px, event: QMouseEvent) -> None:
        self.said.append(("drag", at))

    def release(self, at: Px, event: QMouseEvent) -> None:
        self.said.append(("release", at))

    def hover(self, at: Px | None) -> None:
        self.said.append(("hover", at))

    def wheel(self, at: Px, event: QWheelEvent) -> bool:
        return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)

    def abandon(self) -> bool:
        self.said.append(("abandon", None))
        return True

    def paint(self, painter: QPainter, view: View) -> None:
        self.painted += 1


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.set_picture(400, 300, [np.full((300, 400, 3), 128, np.uint8)])
    return made


def turn(canvas: Canvas, modifiers: Qt.KeyboardModifier) -> None:
    at = QPointF(200, 150)
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_a_stroke_goes_to_the_tool_and_moves_nothing(canvas: Canvas) -> None:
    pencil = Pencil()
    canvas.set_tool(pencil)
    before = canvas.view
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    QTest.mouseMove(canvas, QPoint(160, 90))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(170, 95))
    kinds = [kind for kind, _ in pencil.said if kind != "hover"]
    assert kinds == ["press", "drag", "release"]
    at = dict(pencil.said)["press"]
    assert at == pytest.approx(canvas.view.to_picture(100, 80))
    assert canvas.view == before
    canvas.grab()
    assert pencil.painted


def test_the_middle_button_still_moves_the_picture(canvas: Canvas) -> None:
    canvas.zoom_by(4)
    pencil = Pencil()
    canvas.set_tool(pencil)
    before = canvas.view
    QTest.mousePress(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(100, 80))
    QTest.mouseMove(canvas, QPoint(160, 90))
    QTest.mouseRelease(canvas, Qt.MouseButton.MiddleButton, pos=QPoint(160, 90))
    assert canvas.view.cx < before.cx
    assert "press" not in dict(pencil.said)


def test_a_turn_is_the_tools_only_if_it_says_so(canvas: Canvas) -> None:
    canvas.set_tool(Pencil())
    before = canvas.view
    turn(canvas, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view == before
    turn(canvas, Qt.KeyboardModifier.NoModifier)
    assert canvas.view.zoom > before.zoom


def test_another_tool_ends_what_the_first_had_begun(canvas: Canvas) -> None:
    pencil = Pencil()
    canvas.set_tool(pencil)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 80))
    canvas.set_tool(None)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(170, 95))
    assert [kind for kind, _ in pencil.said if kind in ("press", "abandon", "release")] == ["press", "abandon"]
