"""What is signed is what was seen, and it stays so until somebody opens it again by name."""

from __future__ import annotations

from painter import Painter
from PySide6.QtCore import Qt

from conftest import Bench
from padscope.boards.pad_map import PadResult
from padscope.store import reviews

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
