"""Where the brush may paint, as a technician does it in the window."""

from __future__ import annotations

import numpy as np
from painter import SHIFT, Painter, inspected
from PySide6.QtCore import QPoint, Qt

from conftest import Bench


def test_constraints_combine(bench: Bench) -> None:
    hand = inspected(bench)
    bounds = hand.canvas.pads.bounds_of("A4")
    assert bounds is not None
    x0, y0, x1, y1 = bounds
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    hand.mode.easel.set_brush(size=400.0, inside_pads=True)
    hand.click(*middle)
    inside = hand.area()
    assert 0 < inside < np.pi * 200**2
    assert hand.value(round(x1) + 5, round(middle[1])) == 0
    hand.labelling.undo()
    hand.mode.easel.set_brush(only_hot=True)
    hand.click(*middle)
    hot = hand.area()
    assert 0 < hot < inside
    hand.key("2")
    hand.mode.easel.set_brush(only_hot=False, protect=True)
    hand.click(*middle)
    assert hand.area(1) == hot
    assert hand.area(2) == inside - hot
    hand.key("E")
    hand.click(*middle)  # the eraser leaves other classes too
    assert hand.area(1) == hot
    assert hand.area(2) == 0


def test_switches_are_the_same_in_the_panel_and_on_the_keyboard(hand: Painter) -> None:
    panel, easel = hand.mode.panel, hand.mode.easel
    hand.bench.qtbot.mouseClick(panel.protect, Qt.MouseButton.LeftButton, pos=QPoint(8, 14))
    assert easel.brush.protect
    hand.key(Qt.Key.Key_C, SHIFT)
    assert not easel.brush.protect
    assert not panel.protect.isChecked()
    hand.key(Qt.Key.Key_B, SHIFT)
    assert panel.square.isChecked()
    hand.click(300, 300)
    corner = easel.size / 2 - 1
    x, y = hand.exact(300, 300)
    assert hand.value(round(x + corner), round(y + corner)) == 1
    panel.brush_size.setValue(60)
    assert easel.size > 300


def test_constraints_that_need_an_inspection_wait_for_one(hand: Painter) -> None:
    assert not hand.mode.panel.inside_pads.isEnabled()
    assert not hand.bench.window.actions_by_id["take_pad"].isEnabled()
