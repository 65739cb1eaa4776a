"""Feet dragged in the picture, as a technician does it."""

from __future__ import annotations

import numpy as np
import pytest
from fake_backend import POSE
from PySide6.QtCore import QPoint, Qt

from conftest import Bench
from padscope.boards.pad_map import Landing

LEFT = Qt.MouseButton.LeftButton


class Technician:
    """With the mouse on pad B1 of the inspected board, whose one wire lands as planned at (2200, 400)."""

    def __init__(self, bench: Bench, name: str = "Ada") -> None:
        self.bench = bench
        self.canvas = bench.window.canvas
        self.session = bench.session
        self.session.operator = name
        bench.inspected()
        self.canvas.zoom_to_pad("B1")

    def at(self, x_um: float, y_um: float) -> QPoint:
        x, y = self.canvas.view.to_screen(POSE.apply(np.array([x_um, y_um])))
        return QPoint(round(float(x)), round(float(y)))

    def drag(self, a: tuple[float, float], b: tuple[float, float], let_go: bool = True) -> None:
        start, end = self.at(*a), self.at(*b)
        self.bench.qtbot.mouseMove(self.canvas, start)
        self.bench.qtbot.mousePress(self.canvas, LEFT, pos=start)
        self.bench.qtbot.mouseMove(self.canvas, (start + end) / 2)
        self.bench.qtbot.mouseMove(self.canvas, end)
        if let_go:
            self.bench.qtbot.mouseRelease(self.canvas, LEFT, pos=end)

    @property
    def foot(self) -> Landing:
        board = self.session.judging.board
        assert board is not None
        return next(m for m in board.pad_map.landings() if m.wire == "B1-1")

    def judged(self) -> None:
        self.bench.until(lambda: self.foot.margin_um == 3.5)


def test_a_foot_goes_where_it_is_dragged_with_a_name_and_stays_when_judged_again(bench: Bench) -> None:
    hand = Technician(bench)
    hand.drag((2200, 400), (2300, 410))
    assert hand.foot.proposed_um == pytest.approx((2300, 410), abs=6)
    assert hand.foot.placed_by == "Ada"
    hand.judged()
    placed = hand.foot.proposed_um
    hand.session.judging.set_factor(1.1)
    bench.until(lambda: not hand.session.judging._busy)
    assert hand.foot.proposed_um == placed
    hand.session.judging.settle()
    bench.until(lambda: not hand.session.keeper.busy)
    entry = hand.session.album.entries[hand.session.current]
    stored: list[object] = []
    hand.session.keeper.ask(
        lambda project: (
            project.pad_map(entry.inspection),
            [r for r in project.history() if r.action == "foot placed"],
        ),
        done=stored.append,
    )
    bench.until(lambda: stored)
    pad_map, rows = stored[0]  # type: ignore[misc]
    assert next(m for m in pad_map.landings() if m.wire == "B1-1").placed_by == "Ada"
    assert [(r.author, r.detail["wire"]) for r in rows] == [("Ada", "B1-1")]


def test_a_foot_stops_at_the_edge_of_its_pad_and_turns_red_beyond(bench: Bench) -> None:
    hand = Technician(bench)
    far = 2500 - 62.5 - 10  # the pad's end, less half the foot and its tolerance
    hand.drag((2200, 400), (2450, 400))
    assert hand.foot.proposed_um == pytest.approx((far, 400), abs=6)
    assert hand.foot.proposed_um is not None
    assert hand.foot.proposed_um[0] <= far + 1e-6
    before = hand.foot.proposed_um
    hand.drag((before[0], 400), (2700, 900), let_go=False)
    tool = bench.window.inspect_mode.feet.tool
    assert tool._standing is None
    hand.canvas.grab()  # painted red, without an error
    bench.qtbot.mouseRelease(hand.canvas, LEFT, pos=hand.at(2700, 900))
    assert hand.foot.proposed_um == before


def test_without_a_name_no_foot_moves_and_esc_lets_go_of_it(bench: Bench) -> None:
    hand = Technician(bench, name="")
    hand.drag((2200, 400), (2300, 410))
    assert hand.foot.proposed_um == (2200.0, 400.0)
    hand.session.operator = "Ada"
    hand.drag((2200, 400), (2300, 410), let_go=False)
    bench.press(Qt.Key.Key_Escape)
    bench.qtbot.mouseRelease(hand.canvas, LEFT, pos=hand.at(2300, 410))
    assert hand.foot.placed_by == ""


def test_a_key_gives_the_feet_back(bench: Bench) -> None:
    hand = Technician(bench)
    hand.drag((2200, 400), (2300, 410))
    hand.judged()
    bench.press(Qt.Key.Key_W, modifier=Qt.KeyboardModifier.ShiftModifier)
    bench.until(lambda: hand.foot.margin_um == 12.5)
    assert hand.foot.proposed_um == (2200.0, 400.0)
    assert hand.foot.placed_by == ""


def test_decisions_outlive_a_moved_foot(bench: Bench) -> None:
    hand = Technician(bench)
    review = bench.window.inspect_mode.reviewing
    bench.until(lambda: review.review.inspection)
    assert review.agree("A4")
    bench.until(lambda: not hand.session.keeper.busy)
    before = review.review.inspection
    hand.drag((2200, 400), (2300, 410))
    hand.judged()
    hand.session.judging.settle()
    bench.until(lambda: review.review.inspection != before and review.decided)
    assert list(review.decided) == ["A4"]


def test_a_click_on_a_foot_chooses_its_pad_and_beside_it_the_picture_moves(bench: Bench) -> None:
    hand = Technician(bench)
    bench.qtbot.mouseClick(hand.canvas, LEFT, pos=hand.at(2200, 400))
    assert bench.window.inspect_mode.selected == "B1"
    cx = hand.canvas.view.cx
    hand.drag((2000, 600), (2100, 600))
    assert hand.canvas.view.cx < cx


def test_a_foot_stays_where_it_was_put_when_the_picture_is_inspected_again(bench: Bench) -> None:
    hand = Technician(bench)
    hand.drag((2200, 400), (2300, 410))
    hand.judged()
    placed = hand.foot.proposed_um
    before = hand.session.judging.board
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, LEFT)
    bench.until(lambda: hand.session.judging.board is not before and len(bench.backend.inspected_with) == 2)
    bench.until(lambda: hand.foot.placed_by == "Ada" and not hand.session.keeper.busy)
    assert hand.foot.proposed_um == placed
    entry = hand.session.album.entries[hand.session.current]
    stored: list[object] = []
    hand.session.keeper.ask(lambda project: project.pad_map(entry.inspection), done=stored.append)
    bench.until(lambda: stored)
    (pad_map,) = stored
    kept = next(m for m in pad_map.landings() if m.wire == "B1-1")  # type: ignore[attr-defined]
    assert (kept.placed_by, kept.proposed_um) == ("Ada", placed)


def test_a_foot_is_moved_with_the_keys_and_stops_at_the_edge(bench: Bench) -> None:
    hand = Technician(bench)
    bench.window.inspect_mode.select("B1")
    bench.press("e")
    assert "B1-1" in bench.window.status.mention.text()
    for _ in range(3):
        bench.press(Qt.Key.Key_Right, modifier=Qt.KeyboardModifier.ControlModifier)
    bench.press(Qt.Key.Key_Up, modifier=Qt.KeyboardModifier.ControlModifier)
    assert hand.foot.proposed_um == pytest.approx((2215, 395))
    assert hand.foot.placed_by == "Ada"
    for _ in range(20):
        bench.press(Qt.Key.Key_Up, modifier=Qt.KeyboardModifier.ControlModifier)
    assert "cannot go further that way" in bench.window.status.mention.text()
    assert hand.foot.proposed_um is not None
    assert hand.foot.proposed_um[1] >= 300 + 75 / 2  # the pad's edge and half a foot
