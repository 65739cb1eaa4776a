"""Every reason of a verdict has its place in the picture: shown at once, under the mouse, and step by step with two keys."""

from __future__ import annotations

import numpy as np
from fake_backend import POSE
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QColor

from conftest import Bench
from padscope_desktop.theme import REASON
from padscope_desktop.viewer.reason_layer import Region


def regions(bench: Bench) -> tuple[Region, ...]:
    return bench.window.inspect_mode.reasons.layer.regions


def words(bench: Bench) -> list[str]:
    return [r.words for r in regions(bench)]


def test_the_first_reason_of_a_chosen_pad_is_outlined_and_keys_step_on(bench: Bench) -> None:
    bench.inspected()
    assert regions(bench) == ()
    bench.press(Qt.Key.Key_Tab)
    assert bench.window.inspect_mode.selected == "A4"
    assert words(bench) == ["defect 20 × 20\u202fµm"]
    np.testing.assert_allclose(
        regions(bench)[0].outline, POSE.apply(np.array([(400, 1600), (420, 1600), (420, 1620), (400, 1620)]))
    )
    bench.press(".")
    assert words(bench) == ["needs 95 × 155\u202fµm"]
    assert regions(bench)[0].dashed
    bench.press(".")  # the third has no place: round to the first
    assert words(bench) == ["defect 20 × 20\u202fµm"]
    bench.press(",")
    assert words(bench) == ["needs 95 × 155\u202fµm"]
    bench.press(Qt.Key.Key_Escape)
    assert regions(bench) == ()


def test_reasons_are_links_where_the_picture_has_their_place(bench: Bench) -> None:
    bench.inspected()
    bench.press(Qt.Key.Key_Tab)
    why = bench.window.inspect_mode.panel.pads.why
    html = why.toHtml()
    assert 'href="reason-0"' in html
    assert 'href="reason-1"' in html
    assert "said without a place" in why.toPlainText()
    assert 'href="reason-2"' not in html
    why.highlighted.emit(QUrl("reason-1"))  # the mouse over it
    assert words(bench) == ["needs 95 × 155\u202fµm"]
    why.highlighted.emit(QUrl())
    assert words(bench) == ["defect 20 × 20\u202fµm"]
    why.anchorClicked.emit(QUrl("reason-1"))
    assert words(bench) == ["needs 95 × 155\u202fµm"]
    assert "■ no place" in why.toPlainText()


def test_a_reason_is_painted_over_the_pad_and_goes_with_the_pads(bench: Bench) -> None:
    bench.inspected()
    bench.press(Qt.Key.Key_Tab)
    bench.press(".")

    def ink() -> int:
        image = bench.window.canvas.grab().toImage()
        spot = bench.at_pad("A4")
        around = [QPoint(spot.x() + dx, spot.y() + dy) for dx in range(-150, 150) for dy in range(-100, 100)]
        return sum(image.pixelColor(p) == QColor(REASON) for p in around if image.rect().contains(p))

    assert ink() > 50
    bench.press("p")
    assert ink() == 0


def test_a_persons_word_comes_first_and_the_places_stay_with_their_reasons(bench: Bench) -> None:
    bench.inspected()
    bench.session.operator = "AB"
    mode = bench.window.inspect_mode
    bench.until(lambda: mode.reviewing.review.inspection)
    bench.press(Qt.Key.Key_Tab)
    bench.press("c")
    mode.select("A4")
    assert mode.reasons.result is not None
    assert mode.reasons.result.reasons[0].startswith("RE_CLEAN instead of")
    assert mode.reasons.shown == 1
    assert words(bench) == ["defect 20 × 20\u202fµm"]


def test_another_mode_shows_no_reason(bench: Bench) -> None:
    bench.inspected()
    bench.press(Qt.Key.Key_Tab)
    bench.press(Qt.Key.Key_F3)
    assert regions(bench) == ()
    bench.press(Qt.Key.Key_F2)
    assert len(regions(bench)) == 1
