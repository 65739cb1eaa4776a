"""Brush and eraser, as a technician does it in the window."""

from __future__ import annotations

import numpy as np
import pytest
from fake_backend import HEIGHT, WIDTH
from painter import NONE, SHIFT, Painter
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from padscope.masks.shapes import stroke
from padscope.store import labels


def test_a_stroke_is_painted_without_gaps_and_on_disk_after_the_release(hand: Painter) -> None:
    points = [(200, 200), (500, 260), (480, 600)]
    hand.stroke(*points)
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    for region in stroke(np.array([hand.exact(*p) for p in points]), 10.0):
        wanted[region.box.slices] |= region.inside
    assert np.array_equal(hand.mask.read(hand.mask.box) == 1, wanted)
    hand.stored()
    rows = hand.asked(lambda p: labels.labels(p))
    assert [(r.strokes, r.state) for r in rows] == [(1, "draft")]
    assert hand.asked(lambda p: labels.load_mask(p, rows[0].id)) == hand.mask


def test_who_painted_stands_in_the_history(hand: Painter) -> None:
    hand.bench.session.operator = "AB"
    hand.stroke((200, 200), (300, 200))
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert row.author == "AB"
    painted = [r for r in hand.asked(lambda p: p.history(row.uid)) if r.action == "painted"]
    assert [(r.author, r.detail["tool"]) for r in painted] == [("AB", "brush")]
    assert "AB" in hand.mode.panel.facts.text()


def test_undo_and_redo_stroke_by_stroke_also_after_a_restart(hand: Painter) -> None:
    hand.stroke((200, 200), (300, 200))
    first = hand.mask.copy()
    hand.stroke((200, 400), (300, 400))
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.mask == first
    hand.stored()
    # another picture and back: all of it comes from the project
    keys = list(hand.bench.session.album.entries)
    hand.bench.session.show(keys[1])
    hand.bench.until(lambda: hand.labelling.mask is not None and hand.mask.empty)
    hand.bench.session.show(keys[0])
    hand.bench.until(lambda: hand.labelling.mask is not None and not hand.mask.empty)
    assert hand.mask == first
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert hand.mask.empty
    for _ in range(2):
        hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | SHIFT)
    assert hand.area() > first.areas()[1]
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert hand.asked(lambda p: labels.load_mask(p, row.id)) == hand.mask


def test_undo_goes_back_further_than_what_is_at_hand(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope_desktop.labels.stock.AT_HAND", 4)
    for i in range(11):
        hand.stroke((100 + 60 * i, 100), (100 + 60 * i, 160))
    hand.stored()
    hand.labelling.reload()
    hand.bench.until(lambda: len(hand.labelling._done) == 4)
    for left in range(10, -1, -1):
        before = hand.area()
        hand.labelling.undo()
        hand.bench.until(lambda before=before: hand.area() < before)
        assert hand.labelling.can_undo == (left > 0)
    assert hand.mask.empty


def test_a_held_key_is_a_moments_eraser(hand: Painter) -> None:
    hand.stroke((200, 200), (400, 200))
    QTest.keyPress(hand.canvas, Qt.Key.Key_E)
    assert hand.mode.tool == "eraser"
    hand.mode._held.start()
    hand.bench.qtbot.waitUntil(lambda: hand.mode._held.elapsed() > 400, timeout=2000)
    hand.stroke((300, 150), (300, 250))
    QTest.keyRelease(hand.canvas, Qt.Key.Key_E)
    assert hand.mode.tool == "brush"
    assert hand.value(300, 200) == 0
    assert hand.value(250, 200) == 1
    hand.key("E")  # a tap stays
    assert hand.mode.tool == "eraser"


def test_the_brush_grows_by_keys_and_by_the_wheel_with_ctrl(hand: Painter) -> None:
    before = hand.mode.easel.size
    hand.key("]")
    assert hand.mode.easel.size > before
    hand.key("[")
    hand.key("[")
    assert hand.mode.easel.size < before
    at, view = QPointF(300, 300), hand.canvas.view
    event = QWheelEvent(
        at, hand.canvas.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    size = hand.mode.easel.size
    QApplication.sendEvent(hand.canvas, event)
    assert hand.mode.easel.size > size
    assert hand.canvas.view == view
    assert hand.mode.panel.brush_words.text().startswith(f"{hand.mode.easel.size:.0f}")
    hand.mode.easel.set_brush(size=2.0)
    hand.key("[")
    hand.key("[")
    assert hand.mode.easel.size == 1.0  # and the finest still paints
    hand.click(300, 300)
    assert hand.area() >= 1


def test_shift_draws_straight_lines(hand: Painter) -> None:
    hand.click(200, 200)
    hand.click(600, 200, SHIFT)  # from where the last stroke ended
    assert hand.value(400, 200) == 1
    hand.stroke((200, 600), (300, 500), (600, 600), modifier=SHIFT)  # from where the drag began
    assert hand.value(400, 600) == 1
    assert hand.value(300, 500) == 0


def test_the_wheel_and_the_middle_button_stay_the_pictures_own(hand: Painter) -> None:
    view = hand.canvas.view
    at = hand.at(400, 400)
    QTest.mousePress(hand.canvas, Qt.MouseButton.MiddleButton, pos=at)
    QTest.mouseMove(hand.canvas, at + QPoint(40, 0))
    QTest.mouseRelease(hand.canvas, Qt.MouseButton.MiddleButton, pos=at + QPoint(40, 0))
    assert hand.canvas.view != view
    assert hand.mask.empty


def test_esc_and_undo_in_mid_stroke_drop_it(hand: Painter) -> None:
    for key, modifier in ((Qt.Key.Key_Escape, NONE), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)):
        QTest.mousePress(hand.canvas, Qt.MouseButton.LeftButton, pos=hand.at(200, 200))
        QTest.mouseMove(hand.canvas, hand.at(500, 200))
        assert not hand.mask.empty
        hand.key(key, modifier)
        QTest.mouseRelease(hand.canvas, Qt.MouseButton.LeftButton, pos=hand.at(500, 200))
        assert hand.mask.empty
    hand.stored()
    assert hand.asked(lambda p: labels.labels(p)) == ()
