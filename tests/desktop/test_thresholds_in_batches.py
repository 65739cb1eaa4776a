"""A threshold that a person moves while pictures wait, are inspected or judged again is the one that holds afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt

from conftest import Bench
from padscope.types import Progress
from padscope_desktop import stock


def quiet(bench: Bench) -> None:
    session = bench.session
    bench.until(lambda: not session.judging.busy and not session.jobs.active() and not session.keeper.busy)


def in_project(bench: Bench, key: int) -> list[tuple[int, float]]:
    """Row and threshold of all inspections of a picture."""
    sha, answers = bench.session.album.entries[key].sha256, []

    def ask(project):
        rows = [row.id for row in project.inspections(sha)]
        return [(row, project.pad_map(row).provenance.threshold_factor) for row in rows]

    bench.session.keeper.ask(ask, done=answers.append)
    bench.until(lambda: answers)
    return answers[0]


def chosen(bench: Bench) -> float:
    answers: list[stock.Contents] = []
    bench.session.keeper.ask(stock.contents, done=answers.append)
    bench.until(lambda: answers)
    return answers[0].factor


def move_threshold(bench: Bench, factor: float) -> None:
    bench.window.inspect_mode.panel.threshold.factor_wanted.emit(factor)
    bench.until(lambda: not bench.session.judging.busy)
    bench.session.judging.settle()


def test_a_threshold_moved_while_a_batch_runs_holds_for_all_of_it(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg", "bad03.jpg")
    first, second, third = bench.session.album.entries
    bench.backend.gate_open = False
    bench.press(Qt.Key.Key_R, modifier=Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    bench.until(lambda: len(bench.backend.inspected_with) == 2)
    bench.until(lambda: sum(j.command == "inspect" for j in bench.session.jobs.active()) == 2)
    move_threshold(bench, 2.0)
    bench.backend.gate_open = True
    bench.until(lambda: all(bench.session.album.entries[k].inspection for k in (second, third)))
    quiet(bench)
    assert chosen(bench) == 2.0
    assert [in_project(bench, k)[-1][1] for k in (first, second, third)] == [2.0, 2.0, 2.0]


def test_verdicts_judged_again_behind_give_way_to_a_fresh_inspection(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg")
    _, second = bench.session.album.entries
    bench.session.inspect([second])
    bench.until(lambda: bench.session.album.entries[second].inspection)
    quiet(bench)
    commands = bench.lanes["quick"].commands
    judge, held, freed = commands["judge"], [], []

    def slow(name: str, *rest: object) -> Iterator[Progress]:
        if name.startswith("other/"):
            held.append(name)
            while not freed:
                yield Progress(0, 1, "judging")
        return (yield from judge(name, *rest))

    commands["judge"] = slow
    move_threshold(bench, 2.0)
    bench.until(lambda: held)
    before = bench.session.album.entries[second].inspection
    bench.session.inspect([second])
    bench.until(lambda: bench.session.album.entries[second].inspection > before)
    fresh = bench.session.album.entries[second].inspection
    freed.append(True)
    quiet(bench)
    assert in_project(bench, second)[-1] == (fresh, 2.0)
