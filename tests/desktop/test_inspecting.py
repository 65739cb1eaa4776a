"""The task of every day, with mouse and keys: open, choose, inspect, look, decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from conftest import Bench
from padscope.boards.pad_map import Verdict
from padscope_desktop import held
from padscope_desktop.messages import Message
from padscope_desktop.theme import VERDICTS


def table(bench: Bench) -> list[list[str]]:
    model = bench.window.inspect_mode.panel.pads.table.model()
    return [[str(model.index(r, c).data() or "") for c in range(1, 5)] for r in range(model.rowCount())]


def plain(text: str) -> str:
    """Thin spaces as typed ones."""
    return text.replace("\u202f", " ")


def chosen_row(bench: Bench) -> str:
    return str(bench.window.inspect_mode.panel.pads.table.currentIndex().siblingAtColumn(1).data())


def test_an_empty_window_says_the_ways_in(bench: Bench) -> None:
    window = bench.window
    assert window.invitation.isVisible()
    assert window.inspect_mode.panel.setup.board_name.text() == "Which board is this?"
    assert not window.inspect_mode.panel.setup.inspect.isEnabled()
    assert window.inspect_mode.panel.setup.missing.text() == "To inspect: a picture, a layout, a model."


def test_pictures_layout_and_model_are_chosen_by_buttons_and_inspected_by_one(bench: Bench) -> None:
    window, setup = bench.window, bench.window.inspect_mode.panel.setup
    bench.answers.next = [[bench.picture("bad01.jpg"), bench.picture("bad02.jpg")]]
    bench.qtbot.mouseClick(window.invitation.add, Qt.MouseButton.LeftButton)
    bench.until(lambda: window.canvas.picture.width == 1200)
    assert not window.invitation.isVisible()
    bench.answers.next = [bench.folder / "layout.csv"]
    bench.qtbot.mouseClick(setup.choose_layout, Qt.MouseButton.LeftButton)
    bench.until(lambda: setup.board_facts.text() == "8 pads, 8 wires")
    from fake_backend import write_model

    bench.answers.next = [write_model(bench.folder / "quad.padmodel")]
    bench.qtbot.mouseClick(setup.choose_model, Qt.MouseButton.LeftButton)
    bench.until(lambda: setup.inspect.isEnabled())
    assert setup.model_name.text() == "quad"
    bench.qtbot.mouseClick(setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.session.judging.board)
    assert window.inspect_mode.panel.summary.headline.text() == "7 of 8 pads fine"
    assert window.message_bar.message is None


def test_the_table_is_worst_first_with_letters_levels_and_wires(bench: Bench) -> None:
    bench.inspected()
    assert table(bench)[:4] == [
        ["A4", "Not bondable", "3.00", "0/1"],
        ["B3", "OK, shift", "1.60", "1/1"],
        ["A2", "OK, shift", "1.20", "1/1"],
        ["B2", "OK", "0.90", "1/1"],
    ]


def test_a_click_on_a_pad_chooses_its_row_and_says_why(bench: Bench) -> None:
    bench.inspected()
    bench.qtbot.mouseClick(bench.window.canvas, Qt.MouseButton.LeftButton, pos=bench.at_pad("B3"))
    assert chosen_row(bench) == "B3"
    why = bench.window.inspect_mode.panel.pads.why.toPlainText()
    assert "a defect of 812 µm² with level 1.60" in why
    assert "+90 µm right" in why
    bench.qtbot.mouseClick(bench.window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert bench.window.canvas.pads.selected is None


def test_a_row_chooses_the_pad_and_a_double_click_zooms_to_it(bench: Bench) -> None:
    bench.inspected()
    pads, canvas = bench.window.inspect_mode.panel.pads.table, bench.window.canvas
    row = pads.visualRect(pads.model().index(2, 1)).center()
    bench.qtbot.mouseClick(pads.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert canvas.pads.selected == "A2"
    zoom = canvas.view.zoom
    bench.qtbot.mouseDClick(pads.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert canvas.view.zoom > 2 * zoom
    x, y = canvas.view.cx, canvas.view.cy
    bounds = canvas.pads.bounds_of("A2")
    assert bounds is not None
    assert bounds[0] < x < bounds[2]
    assert bounds[1] < y < bounds[3]


def test_tab_goes_through_what_must_be_looked_at_and_back(bench: Bench) -> None:
    bench.inspected()
    seen = []
    for _ in range(4):
        bench.press(Qt.Key.Key_Tab)
        seen.append(chosen_row(bench))
    assert seen == ["A4", "B3", "A2", "A4"]
    bench.press(Qt.Key.Key_Backtab, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert chosen_row(bench) == "A2"


def test_the_threshold_changes_verdicts_at_once_and_without_inspecting_again(bench: Bench) -> None:
    bench.inspected()
    scale = bench.window.inspect_mode.panel.threshold.scale
    scale.setFocus()
    for _ in range(40):  # one octave
        bench.qtbot.keyClick(scale, Qt.Key.Key_Right)
    assert bench.session.judging.factor == pytest.approx(2.0)
    board = bench.session.judging.board
    assert board is not None
    assert {p.pad for p in board.pads if p.verdict is not Verdict.OK} == {"A4"}  # at once: a preview
    bench.until(lambda: bench.session.judging.board.pad_map.counts()[Verdict.OK_SHIFT] == 1)
    assert table(bench)[0] == ["A4", "OK, shift", "1.50", "1/1"]
    assert len(bench.backend.inspected_with) == 1
    styles = {m.name: m.style for m in bench.window.canvas.pads.marks}
    assert styles["A4"] is VERDICTS[Verdict.OK_SHIFT]
    assert styles["B3"] is VERDICTS[Verdict.OK]


def test_dragging_the_threshold_says_what_it_costs(bench: Bench) -> None:
    bench.inspected()
    panel = bench.window.inspect_mode.panel.threshold
    assert plain(panel.words.text()) == "Flags 12 % of sound pads · 3 of 8 here"
    y = panel.scale.height() // 2
    start, end = panel.scale.x_of(1.0), panel.scale.x_of(0.5)
    bench.qtbot.mousePress(panel.scale, Qt.MouseButton.LeftButton, pos=QPoint(round(start), y))
    for x in np.linspace(start, end, 7):
        bench.qtbot.mouseMove(panel.scale, QPoint(round(x), y))
    bench.qtbot.mouseRelease(panel.scale, Qt.MouseButton.LeftButton, pos=QPoint(round(end), y))
    assert bench.session.judging.factor == pytest.approx(0.5, rel=0.02)
    assert plain(panel.words.text()) == "Flags 66 % of sound pads · 5 of 8 here"
    bench.until(lambda: bench.session.judging.board.pad_map.counts()[Verdict.NOT_BONDABLE] == 3)
    bench.qtbot.mouseClick(panel.reset, Qt.MouseButton.LeftButton)
    assert bench.session.judging.factor == 1.0
    bench.until(lambda: bench.window.inspect_mode.panel.summary.headline.text() == "7 of 8 pads fine")


def test_a_new_quick_worker_is_given_the_board_again(bench: Bench) -> None:
    bench.inspected()
    bench.session.judging.set_factor(1.1)
    bench.until(lambda: bench.backend.judged == 1)
    bench.backend.forget_boards()
    bench.session.judging.set_factor(4.0)
    bench.until(lambda: bench.session.judging.board.pad_map.counts()[Verdict.OK] == 8)
    assert bench.window.message_bar.message is None


def test_the_line_below_shows_where_the_cursor_is(bench: Bench) -> None:
    bench.inspected()
    canvas, status = bench.window.canvas, bench.window.status
    bench.qtbot.mouseMove(canvas, bench.at_pad("A2"))
    px, py = canvas.view.to_picture(*bench.at_pad("A2").toTuple())
    um = bench.session.judging.board.pad_map.um_to_px.inverse().apply(np.array([px, py]))
    text = status.position.text().replace("\u202f", "").replace("−", "-")
    numbers = [float(part.split()[0]) for part in text.replace(" · ", ", ").split(", ")]
    np.testing.assert_allclose(numbers, [*um, px, py], atol=0.51)
    assert plain(status.scale.text()) == "2.500 µm/px Keyence ✓"
    assert status.level.text().startswith("level")
    bench.qtbot.mouseMove(canvas, QPoint(1, 1))
    assert status.level.text() == ""


def test_one_key_hides_everything_that_lies_over_the_picture(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.inspected()
    canvas = bench.window.canvas
    middle = bench.at_pad("A4")
    bench.until(lambda: canvas.settled)  # a slow machine paints in pieces
    shown = canvas.grab().toImage()
    bench.press(Qt.Key.Key_H)
    hidden = canvas.grab().toImage()
    assert shown.pixelColor(middle) != hidden.pixelColor(middle)
    bench.press(Qt.Key.Key_H)
    assert canvas.grab().toImage() == shown
    monkeypatch.setattr(held, "HELD_MS", 0)  # now every press is a long one: it only peeks
    bench.press(Qt.Key.Key_H)
    assert canvas.overlays_visible


@pytest.mark.parametrize(("key", "layer"), [("g", "heat"), ("p", "pads"), ("w", "feet")])
def test_each_layer_has_its_key(bench: Bench, key: str, layer: str) -> None:
    bench.inspected()
    action = bench.window.actions_by_id[layer]
    assert action.isChecked()
    bench.press(key)
    assert not action.isChecked()
    canvas = bench.window.canvas
    assert {"heat": canvas.heat.visible, "pads": canvas.pads.visible, "feet": canvas.pads.feet_visible}[layer] is False
    bench.press(key)
    assert action.isChecked()


def test_progress_is_shown_and_cancel_cancels(bench: Bench) -> None:
    bench.ready("bad01.jpg", "bad02.jpg")
    bench.backend.gate_open = False
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect_all, Qt.MouseButton.LeftButton)
    status = bench.window.status
    bench.until(lambda: "38" in status.work.text())
    assert "Inspecting bad01.jpg" in status.work.text()
    assert "(+1)" in status.work.text()
    entries = list(bench.session.album.entries.values())
    assert entries[0].fraction == pytest.approx(0.375)
    assert entries[1].waiting
    bench.qtbot.mouseClick(status.cancel, Qt.MouseButton.LeftButton)
    bench.until(lambda: not bench.session.jobs.active())
    assert not status.cancel.isVisible()
    assert [(e.fraction, e.waiting, e.counts) for e in entries] == [(None, False, None)] * 2
    assert bench.window.message_bar.message is None  # a person asked for it: nothing to report


def test_the_window_can_be_used_while_a_board_is_inspected(bench: Bench) -> None:
    bench.ready("bad01.jpg", "bad02.jpg")
    bench.backend.gate_open = False
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.lanes["long"].busy)
    bench.session.show(2)  # another picture opens meanwhile, on the other lane
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    bench.backend.gate_open = True
    bench.until(lambda: bench.session.album.entries[1].counts)
    assert bench.session.judging.board is None  # the result belongs to the other picture
    bench.session.show(1)
    bench.until(lambda: bench.session.judging.board)


def test_when_the_board_is_not_found_two_clicks_on_its_marks_help(bench: Bench) -> None:
    bench.ready()
    bench.backend.pose_fails = True
    window, marks = bench.window, bench.window.inspect_mode.marks
    bench.qtbot.mouseClick(window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: window.message_bar.message)
    assert window.message_bar.message.headline == "The board was not found in bad01.jpg."
    bench.qtbot.mouseClick(window.message_bar.buttons()[0], Qt.MouseButton.LeftButton)
    assert marks.isVisible()
    assert not window.message_bar.isVisible()
    assert "F2" in marks.words.text()  # far apart: F2 and F3 are the diagonal
    assert not marks.go.isEnabled()
    view = window.canvas.view
    clicks = {}
    for name, um in (("F2", (2500.0, 100.0)), ("F3", (100.0, 1900.0))):
        x, y = view.to_screen(bench.session.layout and np.array([0.4 * um[0] + 40, 0.4 * um[1] + 60]))
        at = QPoint(round(float(x)), round(float(y)))
        bench.qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)
        clicks[name] = view.to_picture(at.x(), at.y())
    assert marks.go.isEnabled()
    bench.qtbot.mouseClick(marks.go, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.session.judging.board)
    assert bench.backend.inspected_with[-1][2] == clicks
    assert "clicks" in window.inspect_mode.panel.summary.facts.text()
    assert not marks.isVisible()


def test_clicks_can_be_taken_back_skipped_and_left(bench: Bench) -> None:
    bench.ready()
    marks, canvas = bench.window.inspect_mode.marks, bench.window.canvas
    bench.window.actions_by_id["marks"].trigger()
    bench.qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert len(canvas.marks.points) == 1
    bench.qtbot.mouseClick(marks.undo, Qt.MouseButton.LeftButton)
    assert canvas.marks.points == {}
    first = marks.words.text()
    bench.qtbot.mouseClick(marks.skip, Qt.MouseButton.LeftButton)
    assert marks.words.text() != first
    bench.press(Qt.Key.Key_Escape)
    assert not marks.isVisible()
    assert canvas.marks.points == {}


def test_the_pad_map_goes_out_with_the_threshold_it_was_judged_at(bench: Bench) -> None:
    bench.inspected()
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: bench.session.judging.board.pad_map.counts()[Verdict.OK_SHIFT] == 1)
    bench.answers.next = [bench.folder]
    bench.window.actions_by_id["export"].trigger()
    bench.until(lambda: (bench.folder / "bad01.padmap.json").exists())
    assert float((bench.folder / "bad01.padmap.json").read_text()) == 2.0


def test_an_unusable_layout_is_refused_in_its_own_words(bench: Bench) -> None:
    bench.add("bad01.jpg")
    bench.session.choose_layout(bench.folder / "bad.csv")
    bench.until(lambda: bench.window.message_bar.message)
    message = bench.window.message_bar.message
    assert (message.headline, message.text) == (
        "bad.csv is not the layout of a board.",
        "bad.csv, line 3: w_um is not a number.",
    )
    bench.press(Qt.Key.Key_Escape)
    assert not bench.window.message_bar.isVisible()


def test_all_keys_are_on_one_sheet(bench: Bench) -> None:
    bench.press("?")
    assert bench.window.key_desk.sheet.isVisible()
    text = " ".join(c.text() for c in bench.window.key_desk.sheet.columns)
    for words in ("Heat", "Next to look at", "zoom to the cursor", "Cancel what is running"):
        assert words in text
    bench.press(Qt.Key.Key_Escape)
    assert not bench.window.key_desk.sheet.isVisible()


def test_dark_and_light(bench: Bench) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    dark = app.palette().window().color().lightness()
    bench.window.actions_by_id["dark"].trigger()
    assert app.palette().window().color().lightness() > dark + 100
    colour = app.palette().window().color()
    assert colour.red() == colour.green() == colour.blue()  # a tinted frame would spoil the judgement of a picture


def test_every_part_is_reached_from_the_keyboard(bench: Bench) -> None:
    bench.inspected()
    parts = {
        Qt.Key.Key_1: bench.window.pictures.list,
        Qt.Key.Key_2: bench.window.canvas,
        Qt.Key.Key_3: bench.window.inspect_mode.panel.pads.table,
    }
    for key, widget in parts.items():
        bench.qtbot.keyClick(QApplication.focusWidget() or bench.window, key, Qt.KeyboardModifier.ControlModifier)
        assert widget.hasFocus()
    assert chosen_row(bench) == "A4"
    bench.qtbot.keyClick(bench.window.inspect_mode.panel.pads.table, Qt.Key.Key_Down)
    assert bench.window.canvas.pads.selected == "B3"
    bench.until(lambda: bench.window.inspect_mode.reviewing.review.inspection)
    bench.qtbot.keyClick(bench.window.inspect_mode.panel.pads.table, Qt.Key.Key_Return)
    assert set(bench.window.inspect_mode.reviewing.decided) == {"B3"}  # agreed, and on to the next
    assert bench.window.canvas.pads.selected == "A2"


def test_the_list_is_filtered_by_state_and_walked_by_keys(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg", "bad03.jpg")
    panel = bench.window.pictures
    panel.filter.setCurrentText("Not inspected")
    assert [panel.list.model().index(r, 0).data() for r in range(panel.list.model().rowCount())] == [
        "bad02.jpg",
        "bad03.jpg",
    ]
    panel.filter.setCurrentText("All pictures")
    bench.press(Qt.Key.Key_Right, modifier=Qt.KeyboardModifier.AltModifier)
    assert bench.session.current == 2
    assert panel.selected() == [2]
    bench.qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert bench.session.current == 3
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)


def test_the_list_says_who_signed_and_how_far_labels_are_also_after_a_restart(bench: Bench) -> None:
    from padscope.store import labels
    from padscope_desktop.album import Mark, state

    bench.inspected("bad01.jpg", "bad02.jpg")
    panel, entry = bench.window.pictures, bench.session.album.entries[1]
    shas = [e.sha256 for e in bench.session.album.entries.values()]
    reviewing = bench.window.inspect_mode.reviewing
    bench.session.operator = "AB"
    bench.until(lambda: reviewing.review.inspection)
    while not reviewing.progress().complete:
        assert reviewing.agree(reviewing.next(None))
    reviewing.sign()
    bench.until(lambda: entry.signed_by)
    assert state(entry) == (Mark.SIGNED, "signed by AB")
    panel.filter.setCurrentText("Signed")
    assert names(bench) == ["bad01.jpg"]

    made: list[int] = []
    bench.session.keeper.ask(lambda project: labels.begin_label(project, shas[1], author="AB"), done=made.append)
    bench.until(lambda: made)
    bench.session.labelling.renew_states()
    panel.filter.setCurrentText("Label: draft")
    bench.until(lambda: names(bench) == ["bad02.jpg"])
    assert "label draft" in panel.list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)

    bench.session.open_project(bench.session.project)
    bench.until(lambda: 1 not in bench.session.album.entries and names(bench) == ["bad02.jpg"])
    panel.filter.setCurrentText("Signed")
    assert names(bench) == ["bad01.jpg"]
    first = next(iter(bench.session.album.entries))
    bench.until(lambda: reviewing.signed)
    reviewing.reopen("a new picture")
    bench.until(lambda: not bench.session.album.entries[first].signed_by)
    bench.until(lambda: names(bench) == [])


def names(bench: Bench) -> list[str]:
    """What the list shows."""
    model = bench.window.pictures.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_a_filter_never_changes_which_picture_is_shown(bench: Bench) -> None:
    bench.ready("bad01.jpg", "bad02.jpg")
    panel = bench.window.pictures
    panel.filter.setCurrentText("Not inspected")
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.session.judging.board)
    bench.until(lambda: panel.list.model().rowCount() == 1)  # it is inspected now, so it is listed no more
    assert bench.session.current == 1
    panel.filter.setCurrentText("Fine")
    assert bench.session.current == 1


def test_messages_wait_for_each_other_and_newer_ones_on_a_topic_replace_older_ones(bench: Bench) -> None:
    bar = bench.window.message_bar
    for topic, headline in (("a", "first"), ("b", "second"), ("a", "first again")):
        bar.say(Message(topic, headline))
    assert bar.message is not None
    assert bar.message.headline == "first again"
    assert [b.text() for b in bar.buttons()] == ["Dismiss, 1 more"]
    bench.qtbot.mouseClick(bar.buttons()[0], Qt.MouseButton.LeftButton)
    assert bar.message.headline == "second"
    assert [b.text() for b in bar.buttons()] == ["Dismiss"]
    bar.withdraw("b")
    assert not bar.isVisible()


def test_another_picture_under_the_old_name_is_looked_at_anew_with_its_own_verdicts(bench: Bench) -> None:
    bench.inspected("bad01.jpg")
    entry = bench.session.album.entries[bench.session.current]
    before, card = entry.sha256, bench.backend._card
    bench.backend._card = lambda path: replace(card(path), sha256="f" * 64)
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: entry.sha256 == "f" * 64 and entry.card and entry.card.sha256 == "f" * 64)
    bench.until(lambda: entry.thumbnail is not None and not bench.session.keeper.busy)
    seen: list[set[str]] = []
    bench.session.keeper.ask(lambda project: {row.sha256 for row in project.pictures()}, done=seen.append)
    bench.until(lambda: seen)
    assert seen == [{before, "f" * 64}]
    assert bench.session.judging.board.pad_map.picture.sha256 == "f" * 64


def test_pads_unlike_those_the_threshold_rests_on_are_said_aloud(bench: Bench) -> None:
    bench.backend.notes = ("Today's pads score higher: check light and focus, or calibrate again.",)
    bench.inspected()
    message = bench.window.message_bar.message
    assert message.headline == "bad01.jpg: something to know before its verdicts are used."
    assert message.text == bench.backend.notes[0]
