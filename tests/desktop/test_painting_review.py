"""Review, pad by pad and picture by picture, as a technician does it in the window."""

from __future__ import annotations

import pytest
from painter import Painter, inspected
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from conftest import Bench
from padscope.store import labels


def test_a_reviewed_label_is_locked_until_it_is_reopened(hand: Painter) -> None:
    hand.click(300, 300)
    hand.stored()
    hand.mode.panel.comment.setText("agreed")
    QTest.mouseClick(hand.mode.panel.reviewed, Qt.MouseButton.LeftButton)
    hand.stored()
    before = hand.mask.copy()
    hand.stroke((400, 400), (500, 400))
    hand.labelling.undo()
    assert hand.mask == before
    assert "Reopen" in hand.bench.window.status.mention.text()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert (row.state, row.comment) == ("accepted", "agreed")
    assert hand.mode.panel.progress.text().startswith("1/2")
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    hand.stroke((400, 400), (500, 400))
    assert hand.mask != before


def test_a_label_without_a_stroke_is_locked_the_moment_it_is_reviewed(hand: Painter) -> None:
    """All of it is sound, says the reviewer; what follows must not slip in before that is on disk."""
    hand.mode.review("accepted", "")
    hand.click(300, 300)
    assert hand.mask.empty
    hand.stored()
    assert not hand.labelling.outbox.stuck
    assert [r.state for r in hand.asked(labels.labels)] == ["accepted"]


def test_a_comment_typed_belongs_to_its_picture_though_another_one_is_shown_at_once(hand: Painter) -> None:
    session, comment = hand.bench.session, hand.mode.panel.comment
    first, second = (e.sha256 for e in session.album.entries.values())
    hand.click(300, 300)
    hand.stored()
    comment.setFocus()
    hand.bench.qtbot.keyClicks(comment, "dust on A4")
    session.labelling.reload()  # the same label once more: what is half typed stays
    hand.stored()
    assert comment.text() == "dust on A4"
    hand.bench.window.actions_by_id["next_picture"].trigger()  # PgDown, the focus still in the field
    hand.bench.until(lambda: hand.labelling.picture == second)
    assert comment.text() == ""
    hand.bench.qtbot.keyClicks(comment, "sound")
    hand.bench.qtbot.keyClick(comment, Qt.Key.Key_Return)
    hand.stored()
    said = {r.picture_sha256: r.comment for r in hand.asked(labels.labels)}
    assert said == {first: "dust on A4", second: "sound"}


def test_the_next_picture_not_reviewed_is_shown_at_the_same_place(hand: Painter) -> None:
    session = hand.bench.session
    keys = list(session.album.entries)
    hand.canvas.zoom_by(3)
    hand.canvas.centre_on(500, 400)
    view = hand.canvas.view
    hand.key("N")
    hand.bench.until(lambda: session.current == keys[1] and hand.labelling.mask is not None)
    assert (hand.canvas.view.zoom, hand.canvas.view.cx) == pytest.approx((view.zoom, view.cx))
    hand.labelling.review("accepted", "")
    hand.stored()
    hand.key("N")
    hand.bench.until(lambda: session.current == keys[0])
    hand.key("N")
    assert session.current == keys[0]
    assert "No other picture" in hand.bench.window.status.mention.text()


def test_tab_and_enter_go_from_pad_to_pad_that_nobody_has_agreed_with(bench: Bench) -> None:
    hand = inspected(bench)
    hand.key(Qt.Key.Key_Tab)
    first = hand.mode.walk.pad
    assert first == "A4"  # the worst
    zoom = hand.canvas.view.zoom
    hand.key(Qt.Key.Key_Return)
    assert hand.mode.walk.pad not in (None, first)
    assert hand.canvas.view.zoom == zoom
    hand.stored()
    hand.labelling.reload()
    hand.bench.until(lambda: hand.labelling.looked_at == {first})
