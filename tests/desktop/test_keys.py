"""All keys can be seen, found and changed; what was changed is still there another day."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from conftest import Bench
from padscope_desktop import app, settings
from padscope_desktop.panels.keys import in_columns, matching

SHEET = [("Edit", [("Ctrl+Z", "Undo"), ("Ctrl+Y", "Redo")]), ("Label", [(f"F{i}", f"tool {i}") for i in range(30)])]


@pytest.mark.parametrize("many", [1, 2, 3, 4])
def test_no_line_is_lost_in_columns(many: int) -> None:
    columns = in_columns(SHEET, many)
    assert [row for column in columns for _, rows in column for row in rows] == [r for _, rows in SHEET for r in rows]
    lengths = [sum(len(rows) + 2 for _, rows in column) for column in columns]
    assert max(lengths) <= sum(lengths) / many + 3


def test_lines_are_found_by_key_by_word_and_by_section() -> None:
    assert matching(SHEET, "ctrl un") == [("Edit", [("Ctrl+Z", "Undo")])]
    assert matching(SHEET, "label TOOL 29") == [("Label", [("F29", "tool 29")])]
    assert matching(SHEET, "nothing") == []


@pytest.mark.parametrize("mode", [Qt.Key.Key_F2, Qt.Key.Key_F3, Qt.Key.Key_F4, Qt.Key.Key_F7])
def test_the_sheet_stays_inside_the_window_in_every_mode(bench: Bench, mode: Qt.Key) -> None:
    window = bench.window
    window.resize(1024, 640)
    bench.press(mode)
    bench.press("?")
    sheet = window.key_desk.sheet
    assert sheet.isVisible()
    assert window.rect().contains(sheet.geometry())
    assert sheet.area.horizontalScrollBar().maximum() == 0
    at = sheet.area.verticalScrollBar().value()
    QTest.keyClick(sheet.search, Qt.Key.Key_PageDown)
    assert sheet.area.verticalScrollBar().value() > at
    QTest.keyClicks(sheet.search, "quit")
    assert "Ctrl+Q" in "".join(c.text() for c in sheet.columns)
    assert "Undo" not in "".join(c.text() for c in sheet.columns)
    bench.press(Qt.Key.Key_Escape, on=sheet.search)
    assert not sheet.isVisible()


def test_a_key_that_was_changed_is_still_there_after_a_restart(bench: Bench) -> None:
    editor = bench.window.key_desk.editor
    bench.window.actions_by_id["edit_keys"].trigger()
    editor.choose("lasso")
    editor.key.setKeySequence("B")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    assert "B is the key of “Brush”" in editor.said.text()
    editor.key.setKeySequence("Ctrl+7")
    QTest.mouseClick(editor.set_key, Qt.MouseButton.LeftButton)
    bench.window.remembering.write()  # as when the hand rests
    other = app.build()  # another day: the same settings
    try:
        assert other.actions_by_id["lasso"].shortcut().toString() == "Ctrl+7"
        assert other.actions_by_id["brush"].shortcut().toString() == "B"
        editor.choose("lasso")
        QTest.mouseClick(editor.reset, Qt.MouseButton.LeftButton)
        bench.window.remembering.write()
        assert settings.load(settings.place()).keys == {}
        assert bench.window.actions_by_id["lasso"].shortcut().toString() == "L"
    finally:
        other.close()
        other.deleteLater()


def test_a_key_that_is_leant_on_walks_but_decides_nothing(bench: Bench) -> None:
    going_on = {name for name, action in bench.window.actions_by_id.items() if action.autoRepeat()}
    assert not going_on & {"agree", "sign", "clean_again", "withdraw", "overlays", "review", "eraser", "delete_here"}
    assert {"next", "zoom_in", "undo", "foot_left", "left", "left_fast", "grow_here", "larger"} <= going_on
    assert len(going_on) == 29


@pytest.mark.parametrize("key", ["H", "Ctrl+7"])
def test_overlays_are_hidden_while_their_key_is_held_whichever_it_is(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, canvas = bench.window.actions_by_id["overlays"], bench.window.canvas
    action.setShortcut(key)
    action.trigger()
    action.trigger()  # from the menu, there and back
    assert canvas.overlays_visible
    pressed, modifier = QKeySequence(key)[0].key(), QKeySequence(key)[0].keyboardModifiers()
    bench.qtbot.keyClick(canvas, pressed, modifier)
    assert not canvas.overlays_visible  # tapped: it stays so
    bench.qtbot.keyClick(canvas, pressed, modifier)
    monkeypatch.setattr("padscope_desktop.held.HELD_MS", 0)
    bench.qtbot.keyPress(canvas, pressed, modifier)
    assert not canvas.overlays_visible
    bench.qtbot.keyRelease(canvas, pressed)
    assert canvas.overlays_visible
