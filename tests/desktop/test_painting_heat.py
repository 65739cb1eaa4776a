"""From heat to paint and back, as a technician does it in the window."""

from __future__ import annotations

import pytest
from painter import inspected
from PySide6.QtCore import Qt

from conftest import Bench
from padscope_desktop.labels import differences


def test_heat_becomes_paint_and_paint_wins_over_heat(bench: Bench) -> None:
    hand = inspected(bench)
    judged = bench.backend.judged
    hand.key("T")
    bounds = hand.canvas.pads.bounds_of("A4")
    hand.click((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    one = hand.area()
    assert one > 0
    bench.until(lambda: bench.backend.judged > judged)  # verdicts follow when the brush has rested
    board = bench.session.judging.board
    assert board.painting is not None
    assert board.painting.mask == hand.mask
    hand.key(Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    bench.until(lambda: not hand.mode.easel.slices.busy)
    assert hand.area() > one
    hand.labelling.undo()
    assert hand.area() == one


def test_a_brush_of_another_size_compares_nothing_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real, compared = differences.disagreeing_cells, []
    monkeypatch.setattr(differences, "disagreeing_cells", lambda *a: compared.append(a) or real(*a))
    hand = inspected(bench)
    hand.key("Y")
    before = len(compared)
    for _ in range(3):
        hand.key("]")
    assert hand.mode.easel.brush.size > 20
    assert len(compared) == before
    hand.mode.panel.least.stepUp()
    assert len(compared) == before + 1


def test_the_difference_of_mask_and_heat_is_said(bench: Bench) -> None:
    hand = inspected(bench)
    hand.key("Y")
    assert "hot, not painted" in hand.mode.panel.told.text()
    hand.mode.heat.take_board()
    bench.until(lambda: "(0 cells). Blue" in hand.mode.panel.told.text() or "agree" in hand.mode.panel.told.text())
    hand.key("Y")
    assert not hand.mode.panel.told.isVisible()
