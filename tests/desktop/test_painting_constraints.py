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


def test_the_brush_that_follows_edges_keeps_to_all_the_other_constraints(bench: Bench) -> None:
    """Each alone covers more; together they paint what all of them allow, and no more."""
    hand = inspected(bench)
    bounds = hand.canvas.pads.bounds_of("A4")
    assert bounds is not None
    middle = ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    levels = [np.array(level) for level in hand.canvas.picture.levels]
    levels[0][:, round(middle[0]) + 4 :] //= 8  # an edge through the ring and through the hot cell
    hand.canvas.picture.set_levels(levels)

    def painted(**constraints: bool) -> np.ndarray:
        off = {"snap": False, "inside_pads": False, "only_hot": False, "protect": False}
        hand.mode.easel.set_brush(size=100.0, **{**off, **constraints})
        hand.click(*middle)
        seen = hand.mask.read(hand.mask.box) == hand.labelling.active
        hand.labelling.undo()
        return seen

    disc, snapped, on_pads = painted(), painted(snap=True), painted(inside_pads=True)
    both = painted(snap=True, inside_pads=True)
    assert 0 < both.sum() < min(snapped.sum(), on_pads.sum())
    assert max(snapped.sum(), on_pads.sum()) < disc.sum()
    assert np.array_equal(both, snapped & on_pads)
    hot = painted(only_hot=True)
    all_three = painted(snap=True, inside_pads=True, only_hot=True)
    assert 0 < all_three.sum() < hot.sum()
    assert np.array_equal(all_three, both & hot)
    hand.mode.easel.set_brush(size=6.0, snap=False, inside_pads=False, only_hot=False, protect=False)
    hand.click(*middle)
    other = hand.mask.read(hand.mask.box) == 1
    hand.key("2")
    assert (all_three & other).any()
    everything = painted(snap=True, inside_pads=True, only_hot=True, protect=True)
    assert everything.any()
    assert np.array_equal(everything, all_three & ~other)


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
