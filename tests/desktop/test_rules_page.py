"""Rules are tried on the board on the screen before they are used, and nothing changes before that."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QPushButton

from conftest import Bench
from padscope.boards.pad_map import Verdict
from padscope.boards.rules import edited_toml, load_rules
from padscope.store.database import open_project
from padscope_desktop.panels.rules import RulesPage


def opened(bench: Bench) -> RulesPage:
    bench.inspected()
    bench.press(Qt.Key.Key_U, modifier=Qt.KeyboardModifier.ControlModifier)
    page = bench.window.inspect_mode.panel.rules
    assert page.isVisible()
    return page


def click(bench: Bench, button: QPushButton) -> None:
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def smallest(page: RulesPage) -> QDoubleSpinBox:
    field = page.field("defects", "minimum_area_um2")
    assert isinstance(field, QDoubleSpinBox)
    return field


def type_smallest(bench: Bench, page: RulesPage, number: str) -> None:
    field = smallest(page)
    field.setFocus()
    field.selectAll()
    bench.qtbot.keyClicks(field, number)


def fine(bench: Bench) -> int:
    board = bench.window.inspect_mode.reviewing.shown
    assert board is not None
    return board.pad_map.counts()[Verdict.OK]


def in_project(bench: Bench) -> tuple[int, list[str]]:
    """How many inspections it holds, and the names of the rules that were chosen."""
    bench.until(lambda: not bench.session.keeper.busy)
    assert bench.session.project is not None
    with open_project(bench.session.project, read_only=True) as project:
        chosen = [str(row.detail["name"]) for row in project.history("rules")]
        return len(project.inspections()), chosen


def test_a_value_that_is_typed_shows_at_once_what_it_would_change(bench: Bench) -> None:
    page = opened(bench)
    assert page.words.text() == "These rules are in use."
    assert smallest(page).lineEdit().width() > 80  # a style sheet can leave it no room
    assert not page.use.isEnabled()
    type_smallest(bench, page, "900")
    bench.until(lambda: "change" in page.words.text())
    assert page.words.text() == ("3 pads change. OK, shift → OK: A2, B3. Not bondable → OK: A4.")
    assert fine(bench) == 8  # on the picture
    assert {m.style.words for m in bench.window.canvas.pads.marks} == {"OK"}
    board = bench.session.judging.board
    assert board is not None
    assert board.pad_map.counts()[Verdict.OK] == 5  # the board itself is as it was
    assert in_project(bench) == (1, [])


def test_esc_leaves_and_the_picture_is_as_it_was_but_the_draft_stays(bench: Bench) -> None:
    page = opened(bench)
    type_smallest(bench, page, "900")
    bench.until(lambda: fine(bench) == 8)
    bench.press(Qt.Key.Key_Escape)
    assert not page.isVisible()
    assert fine(bench) == 5
    bench.press(Qt.Key.Key_U, modifier=Qt.KeyboardModifier.ControlModifier)
    bench.until(lambda: fine(bench) == 8)
    click(bench, page.reset)
    assert fine(bench) == 5
    assert smallest(page).value() == 100
    assert in_project(bench) == (1, [])


def test_nothing_is_decided_on_verdicts_that_are_only_tried(bench: Bench) -> None:
    page = opened(bench)
    type_smallest(bench, page, "900")
    bench.until(lambda: fine(bench) == 8)
    bench.qtbot.mouseClick(bench.window.canvas, Qt.MouseButton.LeftButton, pos=bench.at_pad("A4"))
    bench.press(Qt.Key.Key_Return)
    assert bench.window.inspect_mode.reviewing.decided == {}
    message = bench.window.message_bar.message
    assert message is not None
    assert message.headline == "Rules are being tried."


def test_rules_that_are_used_judge_this_board_and_the_next_and_stay_in_the_project(bench: Bench) -> None:
    page = opened(bench)
    type_smallest(bench, page, "900")
    bench.until(lambda: page.use.isEnabled())
    click(bench, page.use)
    assert not page.isVisible()
    bench.until(lambda: fine(bench) == 8)
    bench.session.judging.settle()
    assert in_project(bench) == (2, ["standard, changed"])
    board = bench.session.judging.board
    assert board is not None
    made, rules = board.pad_map.provenance, bench.session.judging.rules
    assert (made.rules, made.rules_sha256) == ("standard, changed", rules.sha256)
    assert "# Specks of heat smaller than this" in rules.text
    click(bench, bench.window.inspect_mode.panel.setup.inspect)
    bench.until(lambda: len(bench.backend.inspected_with) == 2 and not bench.session.jobs.active())
    assert fine(bench) == 8
    before = bench.session.project
    assert before is not None
    bench.session.save_as(bench.folder / "kept.padscope")
    bench.until(lambda: bench.session.project != before)
    bench.session.open_project(bench.folder / "other.padscope", create=True)
    bench.until(lambda: bench.session.judging.rules == load_rules())
    bench.until(lambda: not bench.session.keeper.busy)
    bench.session.open_project(bench.folder / "kept.padscope")
    bench.until(lambda: bench.session.judging.rules == rules)


def test_the_last_boards_tell_what_would_change_on_them(bench: Bench) -> None:
    page = opened(bench)
    assert not page.try_button.isEnabled()
    type_smallest(bench, page, "900")
    click(bench, page.try_button)
    bench.until(lambda: page.boards.count() == 1)
    assert page.tried.text().startswith("3 pads on 1 of 1 boards change")
    assert page.boards.item(0).text() == "bad01.jpg: by standard, changed"
    type_smallest(bench, page, "901")
    assert not page.boards.isVisible()  # that was said of other rules


def test_rules_come_from_a_template_and_go_to_a_file_with_their_comments(bench: Bench) -> None:
    page = opened(bench)
    page.template.setFocus()
    bench.qtbot.keyClicks(page.template, "care")
    page.template.activated.emit(page.template.currentIndex())
    assert smallest(page).value() == load_rules("careful").defects.minimum_area_um2
    type_smallest(bench, page, "900")
    page.name.selectAll()
    bench.qtbot.keyClicks(page.name, "our site")
    file = bench.folder / "ours.toml"
    bench.answers.next = [file]
    click(bench, page.save_button)
    assert bench.answers.asked == ["save our site"]
    saved = load_rules(file)
    assert (saved.name, saved.defects.minimum_area_um2) == ("our site", 900)
    comments = [line for line in saved.text.splitlines() if line.startswith("#")]
    assert comments == [line for line in load_rules("careful").text.splitlines() if line.startswith("#")]
    click(bench, page.reset)
    bench.answers.next = [file]
    click(bench, page.open_button)
    assert page.name.text() == "our site"
    assert smallest(page).value() == 900
    file.write_text("[defects]\nminimum_area_um2 = 'many'\n")
    bench.answers.next = [file]
    click(bench, page.open_button)
    message = bench.window.message_bar.message
    assert message is not None
    assert message.headline == "ours.toml was not opened."
    assert page.name.text() == "our site"


def test_the_wheel_scrolls_the_form_and_turns_no_value(bench: Bench) -> None:
    page = opened(bench)
    field = smallest(page)
    page.close_button.setFocus()
    at = QPointF(5, 5)
    QApplication.sendEvent(
        field,
        QWheelEvent(
            at,
            field.mapToGlobal(at),
            QPoint(),
            QPoint(0, -240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert field.value() == 100


def test_rules_whose_text_cannot_be_followed_are_written_anew(tmp_path: Path) -> None:
    text = '# ours\nname = "short"\n\n[area]\nusable_fraction = 0.5 # half\n'
    file = tmp_path / "short.toml"
    file.write_text(text)
    rules = load_rules(file)
    assert edited_toml(text, rules) == text
    other = load_rules("careful")
    assert "#" not in edited_toml(text, other)
    file.write_text(edited_toml(text, other))
    assert load_rules(file) == other
