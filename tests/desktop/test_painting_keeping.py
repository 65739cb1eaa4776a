"""Every stroke is kept; how masks and keys are shown, as a technician does it in the window."""

from __future__ import annotations

import pytest
from painter import SHIFT, Painter
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from padscope.store import labels
from padscope.store.database import open_project
from padscope_desktop import settings as own_settings


def test_a_stroke_that_cannot_be_stored_is_kept_and_said_aloud(hand: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    from padscope.errors import StoreError

    real = labels.commit_edit

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space.")

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    bar = hand.bench.window.message_bar
    hand.bench.until(lambda: bar.message)
    assert "not saved" in bar.message.headline
    assert "disk is full" in bar.message.text
    hand.stroke((200, 400), (300, 400))  # painting goes on
    hand.bench.until(lambda: not hand.bench.session.keeper.busy)
    assert hand.labelling.unsaved == 2
    monkeypatch.setattr(labels, "commit_edit", real)
    hand.bench.qtbot.mouseClick(bar.buttons()[0], Qt.MouseButton.LeftButton)
    hand.stored()
    assert bar.message is None
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert row.strokes == 2
    assert hand.asked(lambda p: labels.load_mask(p, row.id)) == hand.mask


def test_masks_are_shown_in_their_colours_and_hidden_by_a_key(hand: Painter) -> None:
    hand.hover(10, 10)
    bare = hand.canvas.grab().toImage()
    hand.stroke((400, 300), (600, 300))
    hand.hover(10, 10)
    at = hand.at(500, 300)
    painted = hand.canvas.grab().toImage()
    assert painted.pixelColor(at) != bare.pixelColor(at)
    hand.key("M")
    assert hand.canvas.grab().toImage().pixelColor(at) == bare.pixelColor(at)
    hand.stroke((400, 600), (600, 600))  # nobody paints blindly: masks are back
    assert hand.mode.layer.shown
    hand.key(Qt.Key.Key_M, SHIFT)
    hand.hover(10, 10)
    assert hand.canvas.grab().toImage().pixelColor(at) == bare.pixelColor(at)  # outlines only


def test_what_was_painted_before_a_crash_is_there_afterwards(hand: Painter) -> None:
    """The project's file as it lies on the disk at any moment after the release."""
    hand.stroke((200, 200), (600, 500))
    hand.stored()
    path = hand.bench.session.project
    with open_project(path, read_only=True) as seen:
        assert labels.load_mask(seen, labels.labels(seen)[0].id) == hand.mask


def test_keys_are_changed_in_the_app_and_conflicts_are_said(hand: Painter) -> None:
    window = hand.bench.window
    hand.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    editor = window.key_desk.editor
    assert editor.isVisible()
    editor.choose("lasso")
    editor.key.setKeySequence("K")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    assert "Fill" in editor.said.text()  # K is taken
    editor.key.setKeySequence("C")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    hand.key(Qt.Key.Key_Escape)
    assert not editor.isVisible()
    hand.key("L")
    assert hand.mode.tool == "brush"
    hand.key("C")
    assert hand.mode.tool == "lasso"
    assert own_settings.load(own_settings.place()).keys == {"lasso": "C"}
    window.actions_by_id["edit_keys"].trigger()
    editor.choose("lasso")
    QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)
    editor.hide()
    hand.key("B")
    hand.key("L")
    assert hand.mode.tool == "lasso"
