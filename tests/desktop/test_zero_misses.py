"""A threshold that misses no labelled defect is offered with its cost, and taken only when a person takes it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from conftest import Bench
from padscope_desktop.background.payloads import DefectsWeighed
from padscope_desktop.inspecting.zero_misses import factor_without_misses
from padscope_desktop.panels.threshold import ThresholdPanel


def asked(bench: Bench, found: DefectsWeighed) -> ThresholdPanel:
    bench.backend.weighed = found
    bench.inspected()
    panel = bench.window.inspect_mode.panel.threshold
    click(bench, panel.no_misses)
    bench.until(panel.offer.isVisible)
    return panel


def click(bench: Bench, button: QPushButton) -> None:
    assert button.isVisible()
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_cost_is_said_before_it_is_taken(bench: Bench) -> None:
    panel = asked(bench, DefectsWeighed(14, 3, 0.55, "bad01.jpg, B3"))
    words = panel.offer.words.text().replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "finds all 14 labelled pads on 3 boards" in words
    assert "bad01.jpg, B3" in words
    assert "of sound pads; now it is 12 %" in words
    assert bench.session.judging.factor == 1.0, "only told so far"
    click(bench, panel.offer.take)
    assert 0.5 < bench.session.judging.factor <= 0.95 * 0.55
    assert panel.offer.isHidden()


def test_it_can_be_left(bench: Bench) -> None:
    panel = asked(bench, DefectsWeighed(14, 3, 0.55, "bad01.jpg, B3"))
    click(bench, panel.offer.leave)
    assert panel.offer.isHidden()
    assert bench.session.judging.factor == 1.0


@pytest.mark.parametrize(
    ("found", "words"),
    [(DefectsWeighed(0, 0), "Paint defects"), (DefectsWeighed(2, 1, 0.02, "bad01.jpg, B3"), "bad01.jpg, B3")],
)
def test_where_there_is_none_it_says_why(bench: Bench, found: DefectsWeighed, words: str) -> None:
    panel = asked(bench, found)
    assert words in panel.offer.words.text()
    assert not panel.offer.take.isVisible()


@pytest.mark.parametrize("weakest", [0.3, 0.55, 1.0, 2.77, 3.9])
def test_the_slider_s_place_is_never_above_what_is_needed(weakest: float) -> None:
    factor = factor_without_misses(DefectsWeighed(3, 1, weakest))
    assert factor is not None
    assert 0.93 * weakest < factor <= 0.95 * weakest * (1 + 1e-6)
