"""A technician at Label mode: mouse and keys in, pixels of the mask and rows of the project out."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from conftest import Bench
from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import replaced
from padscope.types import Box
from padscope_desktop.labels.labelling import Labelling
from padscope_desktop.labels.mode import LabelMode

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Painter:
    """A hand on the mouse; points are pixels of the picture."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.canvas = bench.window.canvas
        self.mode: LabelMode = bench.window.label_mode
        self.labelling: Labelling = bench.session.labelling
        self.patient = True
        """Waits until what a stroke has begun is done."""

    def at(self, x: float, y: float) -> QPoint:
        sx, sy = self.canvas.view.to_screen(np.array([x, y])).tolist()
        return QPoint(round(sx), round(sy))

    def exact(self, x: float, y: float) -> tuple[float, float]:
        """The picture point that the mouse really hits."""
        at = self.at(x, y)
        return self.canvas.view.to_picture(at.x(), at.y())

    def stroke(self, *points: tuple[float, float], modifier: Qt.KeyboardModifier = NONE) -> None:
        left = Qt.MouseButton.LeftButton
        places = [self.at(*p) for p in points]
        QTest.mousePress(self.canvas, left, modifier, places[0])
        for place in places[1:]:
            QTest.mouseMove(self.canvas, place)
        QTest.mouseRelease(self.canvas, left, modifier, places[-1])
        if self.patient:
            self.bench.until(lambda: not self.mode.easel.slices.busy)

    def click(self, x: float, y: float, modifier: Qt.KeyboardModifier = NONE) -> None:
        self.stroke((x, y), modifier=modifier)

    def hover(self, x: float, y: float) -> None:
        QTest.mouseMove(self.canvas, self.at(x, y))

    def key(self, key: str | Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        self.bench.press(key, modifier=modifier)

    @property
    def mask(self) -> ClassMask:
        assert self.labelling.mask is not None
        return self.labelling.mask

    def value(self, x: int, y: int) -> int:
        return int(self.mask.read(Box(x, y, x + 1, y + 1))[0, 0])

    def area(self, value: int = 0) -> int:
        areas = self.mask.areas()
        return areas.get(value, 0) if value else sum(areas.values())

    def stored(self) -> None:
        self.bench.until(lambda: not self.labelling.unsaved and not self.bench.session.keeper.busy)

    def give(self, classes: np.ndarray) -> None:
        """A mask to begin with."""
        self.labelling.take(replaced(self.mask, self.mask.box, classes), "given")

    def asked(self, question):
        """What the project says."""
        answers: list[object] = []
        self.bench.session.keeper.ask(question, done=answers.append)
        self.bench.until(lambda: answers)
        return answers[0]


def ready(bench: Bench) -> Painter:
    bench.add("bad01.jpg", "bad02.jpg")
    made = Painter(bench)
    bench.until(lambda: made.labelling.mask is not None and made.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    assert bench.window.mode is bench.window.label_mode
    made.mode.easel.set_brush(size=20.0)
    return made


def inspected(bench: Bench) -> Painter:
    bench.inspected("bad01.jpg")
    made = Painter(bench)
    bench.until(lambda: made.labelling.mask is not None and made.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    made.mode.easel.set_brush(size=20.0)
    return made
