"""The technician's way: Tab and Enter through what needs a look, another verdict with a reason, the signature."""

from __future__ import annotations

from PySide6.QtCore import Qt

from conftest import Bench
from padscope.boards.pad_map import Verdict
from padscope.boards.review import current
from padscope.store import reviews
from padscope.store.database import open_project
from padscope_desktop.beside import PAST
from padscope_desktop.theme import VERDICTS


def begun(bench: Bench, operator: str = "AB") -> None:
    """A picture inspected, the map stored, and somebody at work."""
    bench.inspected()
    bench.session.operator = operator
    bench.until(lambda: bench.window.inspect_mode.reviewing.review.inspection)


def words(bench: Bench) -> str:
    return bench.window.inspect_mode.panel.review.words.text()


def test_enter_agrees_and_goes_on_worst_first_until_signed(bench: Bench) -> None:
    begun(bench)
    mode = bench.window.inspect_mode
    assert words(bench) == "0 of 3 looked at"
    seen = []
    bench.press(Qt.Key.Key_Tab)
    while mode.selected not in seen and not mode.reviewing.progress().complete:
        seen.append(mode.selected)
        bench.press(Qt.Key.Key_Return)
    assert seen == ["A4", "B3", "A2"]
    assert words(bench) == "All 3 looked at: Enter, Enter signs"
    bench.press(Qt.Key.Key_Return)
    assert words(bench) == "Press Enter again to sign"
    bench.press(Qt.Key.Key_Return)
    bench.until(lambda: mode.reviewing.signed)
    assert words(bench).startswith("Signed by AB")
    assert not mode.panel.threshold.isEnabled()
    assert not mode.panel.review.agree.isVisible()


def test_everything_is_in_the_project_with_who_and_why(bench: Bench) -> None:
    begun(bench)
    mode, panel = bench.window.inspect_mode, bench.window.inspect_mode.panel.review
    bench.press(Qt.Key.Key_Tab)
    bench.press("o")
    panel.verdict.setCurrentIndex(panel.verdict.findData(Verdict.OK))
    bench.qtbot.keyClicks(panel.reason, "only a reflection")
    bench.qtbot.keyClick(panel.reason, Qt.Key.Key_Return)
    assert not panel.form_open
    assert mode.selected == "B3"  # on to the next
    shown = {p.pad: p for p in mode.reviewing.shown.pads}  # type: ignore[union-attr]
    assert shown["A4"].verdict is Verdict.OK
    assert shown["A4"].reasons[0] == "OK instead of NOT_BONDABLE by AB: only a reflection"
    bench.press("c")
    bench.until(lambda: not bench.session.keeper.busy)
    inspection = mode.reviewing.review.inspection
    with open_project(bench.session.project, read_only=True) as project:  # type: ignore[arg-type]
        stored = current(reviews.decisions(project, inspection))
    assert {pad: (d.verdict, d.author, d.reason) for pad, d in stored.items()} == {
        "A4": (Verdict.OK, "AB", "only a reflection"),
        "B3": (Verdict.RE_CLEAN, "AB", "to be cleaned again"),
    }


def test_what_was_decided_can_be_taken_back(bench: Bench) -> None:
    begun(bench)
    mode = bench.window.inspect_mode
    bench.press(Qt.Key.Key_Tab)
    bench.press(Qt.Key.Key_Return)
    assert words(bench).startswith("1 of 3")
    bench.window.actions_by_id["undo"].trigger()
    assert words(bench).startswith("0 of 3")
    assert mode.selected == "A4"


def test_an_override_without_a_name_or_a_reason_says_what_is_missing(bench: Bench) -> None:
    begun(bench, operator="")
    panel = bench.window.inspect_mode.panel.review
    bench.press(Qt.Key.Key_Tab)
    bench.qtbot.mouseClick(panel.other, Qt.MouseButton.LeftButton)
    bench.qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    message = bench.window.message_bar.message
    assert message is not None
    assert "must say who it is" in message.text
    assert panel.form_open
    bench.qtbot.keyClicks(bench.window.mode_bar.operator, "AB")  # the focus is there already
    bench.qtbot.keyClick(bench.window.mode_bar.operator, Qt.Key.Key_Return)
    bench.qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    message = bench.window.message_bar.message
    assert message is not None
    assert "needs a reason" in message.text
    bench.press(Qt.Key.Key_Escape)
    assert not panel.form_open


def test_a_reason_half_typed_is_not_given_to_another_pad(bench: Bench) -> None:
    begun(bench)
    mode, panel = bench.window.inspect_mode, bench.window.inspect_mode.panel.review
    bench.press(Qt.Key.Key_Tab)
    bench.qtbot.mouseClick(panel.other, Qt.MouseButton.LeftButton)
    bench.qtbot.keyClicks(panel.reason, "a burr at the left")
    first = mode.selected
    mode.step(1)
    assert mode.selected != first
    assert not panel.form_open
    assert not mode.reviewing.decided


def test_a_signed_map_is_changed_only_after_it_was_opened_again(bench: Bench) -> None:
    begun(bench)
    mode, panel = bench.window.inspect_mode, bench.window.inspect_mode.panel.review
    bench.press(Qt.Key.Key_Tab)
    for _ in range(5):
        bench.press(Qt.Key.Key_Return)
    bench.until(lambda: mode.reviewing.signed)
    bench.press("c")
    assert words(bench).startswith("Signed by AB")
    bench.qtbot.mouseClick(panel.sign, Qt.MouseButton.LeftButton)  # Open again…
    bench.qtbot.keyClicks(panel.reason, "wrong module")
    bench.qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    bench.until(lambda: not mode.reviewing.signed)
    assert mode.panel.threshold.isEnabled()
    inspection = mode.reviewing.review.inspection
    with open_project(bench.session.project, read_only=True) as project:  # type: ignore[arg-type]
        told = [(s.action, s.author, s.reason) for s in reviews.signatures(project, inspection)]
    assert told == [("signed", "AB", ""), ("reopened", "AB", "wrong module")]


def test_a_reason_half_typed_does_not_open_the_next_pictures_map(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg")
    session, mode, panel = bench.session, bench.window.inspect_mode, bench.window.inspect_mode.panel.review
    session.operator = "AB"
    keys = list(session.album.entries)
    bench.until(lambda: mode.reviewing.review.inspection)
    bench.press(Qt.Key.Key_Tab)
    for begin in (panel.begin_override, panel.begin_reopen):
        session.show(keys[0])
        begin()
        bench.qtbot.keyClicks(panel.reason, "wrong module")
        bench.window.actions_by_id["next_picture"].trigger()
        bench.until(lambda: session.current == keys[1])
        assert not panel.form_open


def test_a_map_is_not_signed_before_everything_was_looked_at(bench: Bench) -> None:
    begun(bench)
    bench.window.actions_by_id["sign"].trigger()
    message = bench.window.message_bar.message
    assert message is not None
    assert "3 of 3 pads have not been looked at" in message.text
    assert not bench.window.inspect_mode.reviewing.signed


def test_decisions_stay_when_the_threshold_moves_and_the_verdict_does_not(bench: Bench) -> None:
    begun(bench)
    mode = bench.window.inspect_mode
    bench.press(Qt.Key.Key_Tab)
    bench.press(Qt.Key.Key_Return)
    before = mode.reviewing.review.inspection
    bench.session.judging.set_factor(1.1)
    bench.until(lambda: not bench.session.judging._busy)
    bench.session.judging.settle()
    bench.until(lambda: mode.reviewing.review.inspection > before and mode.reviewing.review.decisions)
    assert "A4" in mode.reviewing.decided


def test_the_history_says_who_did_what_and_what_changed_between_inspections(bench: Bench) -> None:
    begun(bench)
    page = bench.window.inspect_mode.panel.history
    bench.press(Qt.Key.Key_Tab)
    bench.press(Qt.Key.Key_Return)
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: not bench.session.judging._busy)
    bench.session.judging.settle()
    bench.until(lambda: not bench.session.keeper.busy)
    bench.press(Qt.Key.Key_J, modifier=Qt.KeyboardModifier.ControlModifier)
    bench.until(lambda: page.lines.rowCount() > 2 or bench.window.message_bar.message)
    assert bench.window.message_bar.message is None
    told = [(page.lines.item(r, 1).text(), page.lines.item(r, 2).text()) for r in range(page.lines.rowCount())]
    assert ("AB", "A4: agreed to NOT_BONDABLE") in told
    assert any(words.startswith("inspected: ") for _, words in told)
    assert page.inspections.rowCount() == 2
    page.inspections.setCurrentCell(1, 0)
    assert "pads change" in page.since.text()
    bench.press(Qt.Key.Key_Escape)
    assert not bench.window.inspect_mode.panel.telling


def test_an_earlier_inspection_stands_beside_the_present_one_with_what_changed(bench: Bench) -> None:
    begun(bench)
    mode, beside = bench.window.inspect_mode, bench.window.seeing.beside
    page = mode.panel.history
    bench.session.judging.set_factor(2.0)  # of A2, A4 and B3 only A4 still reaches it
    bench.until(lambda: not bench.session.judging._busy)
    bench.session.judging.settle()
    bench.until(lambda: not bench.session.keeper.busy)
    bench.press(Qt.Key.Key_J, modifier=Qt.KeyboardModifier.ControlModifier)
    bench.until(lambda: page.inspections.rowCount() == 2)
    page.inspections.setCurrentCell(0, 0)
    assert not page.beside.isEnabled()  # the newest is on the screen
    page.inspections.setCurrentCell(1, 0)
    bench.qtbot.mouseClick(page.beside, Qt.MouseButton.LeftButton)
    bench.until(lambda: beside.chosen == PAST and beside.right.pads.marks)
    then = {m.name: m.style.words for m in beside.right.pads.marks}
    now = {m.name: m.style.words for m in bench.window.canvas.pads.marks}
    assert (then["B3"], now["B3"]) == ("OK, shift", "OK")
    assert beside.words.text() == "3 pads changed since"
    assert sorted(r.words for r in beside.changes.regions) == ["now OK", "now OK", "now OK, shift"]
    mode.select("B3")
    assert beside.right.pads.selected == "B3"
    bench.window.canvas.zoom_to_pad("B3")
    assert beside.right.view.cx == bench.window.canvas.view.cx
    assert beside.right.view.zoom == bench.window.canvas.view.zoom
    assert beside.chooser.currentText().startswith("As of ")


def test_an_earlier_picture_of_the_module_stands_beside_and_goes_with_another_module(bench: Bench) -> None:
    begun(bench)
    beside, entries = bench.window.seeing.beside, bench.session.album.entries
    first = next(iter(entries))
    bench.session.set_module(first, "20UPGPQ2110303")
    bench.session.add_pictures([bench.picture("cleaned.jpg"), bench.picture("other.jpg")])
    bench.until(lambda: all(e.thumbnail for e in entries.values()))
    second, third = list(entries)[1:]
    bench.session.set_module(second, "20UPGPQ2110303")
    bench.session.show(second)
    bench.session.inspect([second])
    bench.until(lambda: bench.session.judging.board is not None and bench.session.judging.board.key == second)
    bench.window.seeing.show_inspection(entries[first].inspection)
    bench.until(lambda: beside.chosen == PAST and beside.right.pads.marks)
    assert beside._shown == first
    assert beside.words.text() == "nothing has changed since"
    bench.session.show(third)
    assert beside.chosen != PAST


def test_beside_an_earlier_inspection_stand_the_verdicts_that_counted(bench: Bench) -> None:
    begun(bench)
    mode, beside = bench.window.inspect_mode, bench.window.seeing.beside
    bench.session.operator = "AB"
    assert mode.reviewing.override("A4", Verdict.RE_CLEAN, "dust")
    bench.until(lambda: not bench.session.keeper.busy)
    first = bench.session.album.entries[1].inspection
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: not bench.session.judging._busy)
    bench.session.judging.settle()
    bench.until(lambda: bench.session.album.entries[1].inspection != first and not bench.session.keeper.busy)
    bench.window.seeing.show_inspection(first)
    bench.until(lambda: beside.chosen == PAST and beside.right.pads.marks)
    marks = {m.name: m.style.words for m in beside.right.pads.marks}
    assert marks["A4"] == VERDICTS[Verdict.RE_CLEAN].words
    words = beside.words.text()
    mode.reviewing.override("A1", Verdict.NOT_BONDABLE, "scratch")  # what is decided now is told at once
    assert beside.words.text() != words


def test_nobody_opens_a_signed_map_again_without_a_name_and_the_reason_is_kept(bench: Bench) -> None:
    begun(bench)
    mode = bench.window.inspect_mode
    bench.session.operator = "AB"
    while not mode.reviewing.progress().complete:
        mode.reviewing.agree(mode.reviewing.next(None))
    mode.sign()
    bench.until(lambda: mode.reviewing.signed)
    bench.session.operator = ""
    mode.begin_reopen()
    mode.panel.review.reopen_wanted.emit("wrong module")
    assert bench.window.message_bar.message.headline == "Not opened yet."
    assert mode.panel.review.form_open
    assert mode.reviewing.signed
