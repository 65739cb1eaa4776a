"""Every stroke is kept; how masks and keys are shown, as a technician does it in the window."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from painter import SHIFT, Painter
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider

from padscope.store import labels
from padscope.store.database import Project, open_project
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


def test_strokes_another_project_refused_hinder_nobody_here_and_are_not_lost_without_a_question(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from padscope.errors import StoreError

    bench, session = hand.bench, hand.bench.session
    real, refusing, first = labels.commit_edit, hand.asked(lambda p: p.uid), session.project
    assert first is not None

    def full(project: Project, *args: Any, **more: Any) -> Any:
        if project.uid == refusing:
            raise StoreError("The disk is full; free some space.")
        return real(project, *args, **more)

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    bench.until(lambda: session.labelling.outbox.stuck)

    other = bench.folder / "other.padscope"
    bench.answers.next = [other]
    bench.window.actions_by_id["new_project"].trigger()
    bench.until(lambda: session.project == other and not session.keeper.busy)
    bench.add("bad03.jpg")
    bench.until(lambda: hand.labelling.mask is not None)
    assert "another project" in bench.window.message_bar.message.headline
    hand.stroke((200, 400), (300, 400))
    bench.until(lambda: not session.keeper.busy)
    assert hand.asked(lambda p: labels.labels(p))[0].strokes == 1
    assert hand.labelling.row is not None
    assert hand.labelling.unsaved == 1  # that of the first project
    assert not bench.window.close()
    assert "another project" in bench.window.message_bar.message.text

    monkeypatch.setattr(labels, "commit_edit", real)
    session.open_project(first)
    bench.until(lambda: session.project == first and not hand.labelling.unsaved)
    hand.stored()
    assert hand.asked(lambda p: labels.labels(p))[0].strokes == 1
    bench.until(lambda: hand.labelling.mask is not None and hand.area())
    assert bench.window.message_bar.message is None


def test_a_review_pressed_while_strokes_are_being_stored_is_not_lost(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refused, and takes them again at the moment the person presses Reopen."""
    from padscope.errors import StoreError

    real, outbox = labels.commit_edit, hand.labelling.outbox
    at_work, go_on = threading.Event(), threading.Event()

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space.")

    def slow(*args: Any, **more: Any) -> Any:
        at_work.set()
        assert go_on.wait(30)
        return real(*args, **more)

    monkeypatch.setattr(labels, "commit_edit", full)
    hand.stroke((200, 200), (300, 200))
    hand.bench.until(lambda: outbox.stuck)
    monkeypatch.setattr(labels, "commit_edit", slow)
    outbox.send()
    assert at_work.wait(30)
    hand.labelling.review("done", "please look")
    go_on.set()
    hand.stored()
    row = hand.asked(lambda p: labels.labels(p))[0]
    assert (row.strokes, row.state, row.comment) == (1, "done", "please look")


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


def test_a_slider_that_moves_writes_the_settings_once_when_it_rests(
    hand: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = own_settings.save, []
    monkeypatch.setattr(own_settings, "save", lambda *a: written.append(a) or real(*a))
    slider = hand.mode.panel.opacity
    before = slider.value()
    for _ in range(10):
        slider.triggerAction(QSlider.SliderAction.SliderSingleStepSub)
    assert slider.value() == before - 10
    assert written == []
    hand.bench.until(lambda: written)
    assert len(written) == 1
    assert own_settings.load(own_settings.place()).settings.mask_opacity == slider.value() / 100
    slider.triggerAction(QSlider.SliderAction.SliderSingleStepSub)
    hand.bench.window.close()  # before it has rested
    assert own_settings.load(own_settings.place()).settings.mask_opacity == slider.value() / 100


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
    hand.bench.until(lambda: own_settings.load(own_settings.place()).keys == {"lasso": "C"})
    window.actions_by_id["edit_keys"].trigger()
    editor.choose("lasso")
    QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)
    editor.hide()
    hand.key("B")
    hand.key("L")
    assert hand.mode.tool == "lasso"
