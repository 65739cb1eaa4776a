"""What is signed is what was seen, and it stays so until somebody opens it again by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_backend import verdicts
from painter import Painter
from painter import inspected as inspected_painter
from PySide6.QtCore import Qt
from test_feet import Technician

from conftest import Bench
from padscope.boards.pad_map import Landing, PadResult, Verdict
from padscope.store import reviews
from padscope.store.database import open_project
from padscope.types import Progress
from padscope_desktop import stock

SIGNER = "AB"


def inspect(bench: Bench, key: int) -> None:
    bench.session.show(key)
    bench.session.inspect([key])
    bench.until(lambda: bench.session.judging.board is not None and bench.session.judging.board.key == key)
    stored(bench)


def stored(bench: Bench) -> None:
    bench.until(lambda: not bench.session.judging.busy and not bench.session.keeper.busy)


def show(bench: Bench, key: int) -> None:
    bench.session.show(key)
    bench.until(lambda: bench.session.judging.board is not None and bench.session.judging.board.key == key)
    stored(bench)


def agree_with_all_and_sign(bench: Bench) -> None:
    reviewing = bench.window.inspect_mode.reviewing
    bench.press(Qt.Key.Key_Tab)
    while not reviewing.progress().complete:
        bench.press(Qt.Key.Key_Return)
    bench.press(Qt.Key.Key_Return)
    bench.press(Qt.Key.Key_Return)
    bench.until(lambda: reviewing.signed)


def signed_one_of_two(bench: Bench) -> tuple[int, int]:
    """Keys of a signed picture and of another one, on the screen, with its board at the same threshold."""
    bench.inspected("bad01.jpg", "bad02.jpg")
    first, second = bench.session.album.entries
    bench.session.operator = SIGNER
    bench.until(lambda: bench.window.inspect_mode.reviewing.review.inspection)
    agree_with_all_and_sign(bench)
    inspect(bench, second)
    return first, second


def in_project(bench: Bench, key: int) -> tuple[int, str, tuple[PadResult, ...]]:
    """Of a picture's newest inspection: its row, who signed it, its pads."""
    sha, answers = bench.session.album.entries[key].sha256, []

    def ask(project):
        row = project.inspections(sha)[-1].id
        return row, reviews.signers(project).get(row, ""), project.pad_map(row).pads

    bench.session.keeper.ask(ask, done=answers.append)
    bench.until(lambda: answers)
    return answers[0]


def signed_as_shown(bench: Bench) -> tuple[PadResult, ...]:
    """The pads that carry the signature in the project, after it was seen that they are those on the screen."""
    key = bench.session.current
    assert key is not None
    _, signer, pads = in_project(bench, key)
    assert signer == SIGNER
    assert pads == bench.session.judging.board.pads
    return pads


def move_threshold(bench: Bench, factor: float) -> None:
    bench.window.inspect_mode.panel.threshold.factor_wanted.emit(factor)
    bench.until(lambda: not bench.session.judging.busy)
    bench.session.judging.settle()
    stored(bench)


def test_a_signed_map_is_not_judged_again_by_looking_at_it_at_another_threshold(bench: Bench) -> None:
    first, second = signed_one_of_two(bench)
    before, seen = in_project(bench, first), bench.session.judging
    move_threshold(bench, 2.0)
    show(bench, first)
    assert seen.board.pads == before[2]  # what was signed is what is seen
    assert bench.window.inspect_mode.panel.threshold.value.text() == "× 1.00"
    show(bench, second)
    assert bench.window.inspect_mode.panel.threshold.value.text() == "× 2.00"
    show(bench, first)
    bench.session.judging.settle()
    stored(bench)
    assert in_project(bench, first) == before
    assert bench.session.album.entries[first].signed_by == SIGNER
    assert bench.window.inspect_mode.reviewing.signed


def test_paint_on_a_signed_map_waits_until_it_is_opened_again(bench: Bench) -> None:
    first, second = signed_one_of_two(bench)
    before = in_project(bench, first)
    move_threshold(bench, 2.0)
    show(bench, first)
    bench.until(lambda: bench.session.labelling.mask is not None and bench.session.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    hand = Painter(bench)
    judged = bench.backend.judged
    with bench.qtbot.waitSignal(bench.session.labelling.rested):
        hand.click(300, 300)
    assert "signed" in bench.window.status.mention.text()
    hand.stored()
    show(bench, second)
    show(bench, first)
    assert bench.backend.judged == judged
    assert in_project(bench, first) == before
    bench.press(Qt.Key.Key_F2)
    panel = bench.window.inspect_mode.panel.review
    bench.qtbot.mouseClick(panel.sign, Qt.MouseButton.LeftButton)
    bench.qtbot.keyClicks(panel.reason, "a defect was missed")
    bench.qtbot.keyClick(panel.reason, Qt.Key.Key_Return)
    bench.until(lambda: not bench.window.inspect_mode.reviewing.signed)
    bench.until(lambda: bench.backend.judged > judged)
    stored(bench)
    assert bench.session.judging.board.factor == 2.0
    assert bench.session.judging.board.painting is not None


def sign(bench: Bench) -> None:
    """As long as Enter is pressed: it is never signed before what is seen is in the project."""
    reviewing = bench.window.inspect_mode.reviewing

    def pressed() -> bool:
        bench.press(Qt.Key.Key_Return)
        return reviewing.signed

    bench.until(pressed)


def test_paint_is_in_the_map_that_is_signed_right_after_it(bench: Bench) -> None:
    bench.backend.paint_counts = True
    hand = inspected_painter(bench)
    bench.session.operator = SIGNER
    bench.press(Qt.Key.Key_F2)
    mode = bench.window.inspect_mode
    while not mode.reviewing.progress().complete:
        bench.press(Qt.Key.Key_Return)
    bench.press(Qt.Key.Key_F3)
    hand.click(300, 300)
    bench.press(Qt.Key.Key_F2)
    sign(bench)
    stored(bench)
    pads = signed_as_shown(bench)
    assert {p.pad: p.verdict for p in pads}["B1"] is Verdict.RE_CLEAN


def test_a_threshold_moved_right_before_is_in_the_map_that_is_signed(bench: Bench) -> None:
    bench.inspected()
    bench.session.operator = SIGNER
    bench.until(lambda: bench.window.inspect_mode.reviewing.review.inspection)
    bench.press(Qt.Key.Key_Tab)
    bench.window.inspect_mode.panel.threshold.factor_wanted.emit(0.5)
    sign(bench)
    stored(bench)
    assert sum(p.verdict is not Verdict.OK for p in signed_as_shown(bench)) == 5


def test_verdicts_that_nobody_judged_are_neither_stored_nor_signed(bench: Bench) -> None:
    bench.inspected()
    bench.session.operator = SIGNER
    key, seen = bench.session.current, bench.session.judging
    assert key is not None
    before = in_project(bench, key)
    commands = bench.lanes["quick"].commands
    judge = commands["judge"]

    def broken(*_: object) -> Iterator[Progress]:
        yield Progress(0, 1, "judging")
        raise RuntimeError("no memory")

    commands["judge"] = broken
    bench.window.inspect_mode.panel.threshold.factor_wanted.emit(0.5)
    bench.until(lambda: bench.window.message_bar.message)
    seen.settle()
    bench.until(lambda: not seen.busy)
    stored(bench)
    assert in_project(bench, key) == before
    bench.window.actions_by_id["sign"].trigger()
    stored(bench)
    assert not bench.window.inspect_mode.reviewing.signed
    commands["judge"] = judge
    seen.settle()
    bench.until(lambda: not seen.pending)
    stored(bench)
    assert in_project(bench, key)[2] == seen.board.pads


def test_a_foot_is_kept_when_the_picture_or_the_window_is_left_at_once(bench: Bench) -> None:
    hand = Technician(bench)
    first = hand.session.current
    assert first is not None
    bench.session.add_pictures([bench.picture("bad02.jpg")])
    bench.until(lambda: all(e.thumbnail for e in bench.session.album.entries.values()))
    show(bench, first)
    hand.canvas.zoom_to_pad("B1")
    hand.drag((2200, 400), (2300, 410))
    bench.press(Qt.Key.Key_Right, modifier=Qt.KeyboardModifier.AltModifier)
    assert bench.session.current != first
    bench.until(lambda: bench.session.album.entries[first].storing or not bench.session.keeper.busy)
    bench.until(lambda: foot_of(in_project(bench, first)[2]).margin_um == 3.5)
    show(bench, first)
    assert hand.foot.placed_by == "Ada"
    hand.canvas.zoom_to_pad("B1")
    x, y = hand.foot.proposed_um
    hand.drag((x, y), (2150, 400))
    sha, file = bench.session.album.entries[first].sha256, bench.session.project
    assert file is not None
    bench.window.close()
    with open_project(file, read_only=True) as project:
        left = foot_of(project.pad_map(project.inspections(sha)[-1].id).pads)
    assert left.proposed_um == pytest.approx((2150, 400), abs=6)
    assert left.margin_um == 3.5


def foot_of(pads: tuple[PadResult, ...]) -> Landing:
    return next(m for p in pads for m in p.landings if m.wire == "B1-1")


def test_a_merged_inspection_is_on_the_screen_with_its_own_review(bench: Bench, tmp_path: Path) -> None:
    bench.inspected()
    session, mode = bench.session, bench.window.inspect_mode
    session.operator = "Cy"
    there = tmp_path / "of a colleague.padscope"
    session.keeper.ask(lambda project: project.copy_to(there))
    stored(bench)
    key, board = session.current, session.judging.board
    assert key is not None
    assert board is not None
    entry = session.album.entries[key]
    with open_project(there) as project:
        theirs = stock.store_board(project, board.judged(verdicts(2.0), 2.0), [entry.path])
        reviews.sign(project, theirs, "Di")
    bench.answers.next = [there]
    bench.window.actions_by_id["merge_project"].trigger()
    bench.until(lambda: entry.signed_by == "Di")
    bench.until(lambda: mode.reviewing.signed and session.judging.board is not None)
    stored(bench)
    assert mode.reviewing.review.inspection == entry.inspection
    assert session.judging.board.pads == verdicts(2.0)
    assert session.judging.fixed
    assert in_project(bench, key) == (entry.inspection, "Di", verdicts(2.0))
