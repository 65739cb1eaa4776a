"""Brightness and contrast by hand, kept from picture to picture; enhancement that never outstays its picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from conftest import Bench
from padscope_desktop import app, settings
from padscope_desktop.viewer.look import AS_IT_IS, Curve, look_of

CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def drag_handle(bench: Bench, handle: str, to: float) -> None:
    scale = bench.window.seeing.panel.histogram
    y = scale.height() - 10
    QTest.mousePress(scale, Qt.MouseButton.LeftButton, pos=QPoint(round(scale.x_of(scale.places()[handle])), y))
    QTest.mouseMove(scale, QPoint(round(scale.x_of(to)), y))
    QTest.mouseRelease(scale, Qt.MouseButton.LeftButton, pos=QPoint(round(scale.x_of(to)), y))


def shown(bench: Bench) -> np.ndarray:
    bench.until(lambda: bench.window.canvas.settled)
    image = bench.window.canvas.grab().toImage()
    return np.array([image.pixelColor(x, image.height() // 2).getRgb()[:3] for x in range(60, 370, 14)])


def test_handles_change_what_is_seen_and_nothing_else(bench: Bench) -> None:
    bench.add("a.jpg")
    before = shown(bench)
    pixels = bench.window.canvas.picture.levels[0].copy()
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    drag_handle(bench, "white", 0.5)
    curve = bench.window.seeing.look.all
    assert curve.white == pytest.approx(0.5, abs=0.01)
    after = shown(bench)
    wanted = np.clip(before[:, 0] / curve.white, 0, 255)
    assert np.abs(after[:, 0] - wanted).max() <= 4
    np.testing.assert_array_equal(bench.window.canvas.picture.levels[0], pixels)
    assert "•" in bench.window.actions_by_id["look"].iconText()


def test_one_channel_alone(bench: Bench) -> None:
    bench.add("a.jpg")
    before = shown(bench)
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    panel = bench.window.seeing.panel
    bench.qtbot.mouseClick(panel._channels.button(1), Qt.MouseButton.LeftButton)
    drag_handle(bench, "gamma", 0.25)
    assert panel.look.red.gamma == pytest.approx(2.0, abs=0.1)
    assert panel.look.all == Curve()
    after = shown(bench)
    assert (after[3:-3, 0] > before[3:-3, 0] + 5).all()
    np.testing.assert_array_equal(after[:, 1:], before[:, 1:])


def test_it_stays_from_picture_to_picture_until_reset(bench: Bench) -> None:
    bench.add("a.jpg", "b.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL | SHIFT)
    look = bench.window.seeing.look
    assert look != AS_IT_IS
    bench.session.show(2)
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    assert bench.window.canvas.picture.look == look
    bench.press(Qt.Key.Key_H, modifier=CONTROL | ALT)
    assert bench.window.canvas.picture.look == AS_IT_IS
    assert "•" not in bench.window.actions_by_id["look"].iconText()


def test_it_is_kept_to_the_next_day_and_said(bench: Bench) -> None:
    bench.add("a.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL | SHIFT)
    look = bench.window.seeing.look
    bench.until(lambda: look_of(settings.load(settings.place()).settings.look) == look)
    other = app.build()
    try:
        assert other.canvas.picture.look == look
        assert other.actions_by_id["look"].iconText() == "Look •"
    finally:
        other.close()
        other.deleteLater()


def test_keys_alone_do_it_too(bench: Bench) -> None:
    bench.add("a.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    panel = bench.window.seeing.panel
    assert panel.isVisible()
    bench.press(Qt.Key.Key_Right, on=panel.histogram)
    assert panel.look.all.black == pytest.approx(0.01)
    bench.press(Qt.Key.Key_Up, on=panel.histogram)
    bench.press(Qt.Key.Key_Left, on=panel.histogram)
    assert panel.look.all.gamma > 1
    bench.press(Qt.Key.Key_Right, on=panel.contrast)
    assert panel.look.all.contrast > 1
    bench.press(Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert not bench.window.actions_by_id["look"].isChecked()
    assert bench.window.seeing.look != AS_IT_IS  # closing the card is not a reset


def test_the_histogram_is_of_what_is_in_sight(bench: Bench) -> None:
    bench.add("a.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    whole = bench.window.seeing.panel._counts.copy()
    bench.window.canvas.look_at(4.0, 1150.0, 450.0)  # bright in red there
    bench.until(lambda: (bench.window.seeing.panel._counts != whole).any())
    assert bench.window.seeing.panel._counts[0, :128].sum() == 0


def test_clicks_on_the_card_do_not_reach_the_picture(bench: Bench) -> None:
    bench.add("a.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    view, panel = bench.window.canvas.view, bench.window.seeing.panel
    QTest.mousePress(panel, Qt.MouseButton.LeftButton, pos=QPoint(10, panel.height() - 8))
    QTest.mouseMove(panel, QPoint(60, panel.height() - 60))
    QTest.mouseRelease(panel, Qt.MouseButton.LeftButton, pos=QPoint(60, panel.height() - 60))
    assert bench.window.canvas.view == view


def test_an_enhancement_is_shown_renewed_and_gone_with_its_picture(bench: Bench) -> None:
    bench.add("a.jpg", "b.jpg")
    bench.press(Qt.Key.Key_H, modifier=CONTROL)
    seeing, canvas = bench.window.seeing, bench.window.canvas
    before = shown(bench)
    seeing.panel.enhancement.setCurrentText("Local contrast")
    bench.until(lambda: canvas.still.enhanced)
    assert (shown(bench) != before).any()
    orders = len([o for o in bench.lanes["quick"].orders if o.command == "enhance"])
    canvas.zoom_by(2)
    bench.until(lambda: len([o for o in bench.lanes["quick"].orders if o.command == "enhance"]) > orders)
    bench.session.show(2)
    assert not canvas.still.enhanced  # at once: it is of the other picture
    bench.until(lambda: canvas.still.enhanced)
    seeing.panel.reset.click()
    assert not canvas.still.enhanced
    assert seeing.panel.enhancement.currentText() == "Not enhanced"
