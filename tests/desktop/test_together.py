"""Several pictures of one board in the window: chosen in the list, inspected together, gone through as one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from conftest import Bench
from padscope.boards.pad_map import Verdict
from padscope.store.database import open_project
from padscope_desktop.album import part_words, state

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def choose_both(bench: Bench) -> None:
    pictures = bench.window.pictures.list
    rows = [pictures.visualRect(pictures.model().index(k, 0)).center() for k in (0, 1)]
    bench.qtbot.mouseClick(pictures.viewport(), Qt.MouseButton.LeftButton, pos=rows[0])
    bench.qtbot.mouseClick(pictures.viewport(), Qt.MouseButton.LeftButton, CTRL, rows[1])


@pytest.fixture
def both(bench: Bench) -> Bench:
    """left.jpg and right.jpg inspected together, left.jpg on the screen."""
    bench.ready("left.jpg", "right.jpg")
    choose_both(bench)
    bench.press(Qt.Key.Key_R, modifier=CTRL | ALT)
    bench.until(lambda: bench.session.judging.board)
    bench.until(lambda: not bench.session.keeper.busy)
    bench.session.show(1)
    bench.until(lambda: bench.session.judging.board)
    return bench


def entries(bench: Bench) -> list:
    return list(bench.session.album.entries.values())


def test_two_rows_become_one_board(both: Bench) -> None:
    left, right = entries(both)
    assert left.inspection == right.inspection > 0
    assert [part_words(e) for e in (left, right)] == ["1/2", "2/2"]
    assert state(left)[1] == state(right)[1]
    row = both.window.pictures.list.model().index(1, 0)
    assert "picture 2 of 2 of its board" in row.data(Qt.ItemDataRole.AccessibleTextRole)
    assert left.counts == right.counts
    marks = {m.name: m for m in both.window.canvas.pads.marks}
    assert marks["B1"].word == "judged in right.jpg"
    assert marks["B1"].feet == ()
    assert marks["A1"].word == ""


def test_shift_and_the_arrows_choose_them_too(bench: Bench) -> None:
    bench.ready("left.jpg", "right.jpg")
    bench.session.show(1)
    bench.press(Qt.Key.Key_Down, on=bench.window.pictures.list, modifier=SHIFT)
    bench.window.actions_by_id["together"].trigger()
    bench.until(lambda: all(e.inspection for e in entries(bench)))
    assert entries(bench)[0].together == tuple(e.sha256 for e in entries(bench))


def test_a_pad_of_the_other_picture_brings_it_at_the_same_zoom(both: Bench) -> None:
    canvas = both.window.canvas
    canvas.zoom_by(3)
    zoom = canvas.view.zoom
    x0, y0, x1, y1 = canvas.pads.bounds_of("B2")
    canvas.centre_on((x0 + x1) / 2, (y0 + y1) / 2)
    at = both.at_pad("B2")
    both.qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    both.until(lambda: both.session.current == 2 and both.window.inspect_mode.selected == "B2")
    assert canvas.view.zoom == pytest.approx(zoom)
    assert canvas.pads.bounds_of("B2")[0] == pytest.approx(x0 - 100.0)
    assert both.session.judging.board.here("B2")


def test_tab_agree_and_sign_go_through_both_pictures(both: Bench) -> None:
    both.session.operator = "Ada"
    seen = set()
    while not both.window.inspect_mode.reviewing.progress().complete:
        both.until(lambda: both.session.judging.board and not both.session.keeper.busy)
        if both.window.inspect_mode.selected is None:
            both.press(Qt.Key.Key_Tab)
            both.until(lambda: both.window.inspect_mode.selected)
        seen.add(both.session.current)
        both.press(Qt.Key.Key_Return)
    assert seen == {1, 2}
    both.until(lambda: both.session.judging.board)
    both.window.inspect_mode.sign()
    both.until(lambda: all(e.signed_by == "Ada" for e in entries(both)))


def test_the_threshold_moves_on_both_and_is_stored_with_both(both: Bench) -> None:
    before = both.session.judging.board.pad_map.counts()
    first = entries(both)[0].inspection
    both.session.judging.set_factor(0.5)
    both.until(lambda: not both.session.judging._busy and both.session.judging.board.factor == 0.5)
    both.session.judging.settle()
    both.until(lambda: not both.session.keeper.busy and entries(both)[0].inspection != first)
    assert both.session.judging.board.pad_map.counts() != before
    left, right = entries(both)
    assert left.inspection == right.inspection
    assert left.counts == right.counts
    with open_project(both.session.project, read_only=True) as project:
        assert [f.file for f in project.pad_map(left.inspection).pictures()] == ["left.jpg", "right.jpg"]
        assert project.level(left.inspection, 1) is not None


def test_it_is_there_when_the_project_is_opened_again(both: Bench) -> None:
    path = both.session.project
    other = both.folder / "other.padscope"
    both.session.open_project(other, create=True)
    both.until(lambda: both.session.project == other and not both.session.keeper.busy)
    both.session.open_project(path)
    both.until(lambda: both.session.project == path and both.session.judging.board)
    left, right = entries(both)
    assert left.together == right.together == (left.sha256, right.sha256)
    both.session.show(right.key)
    both.until(lambda: both.session.judging.board and both.session.judging.board.picture == 1)
    assert both.session.judging.board.can_be_judged


def test_export_takes_all_pictures(both: Bench) -> None:
    both.session.show(2)
    both.until(lambda: both.session.judging.board)
    both.session.errands.export(both.session.judging.board, both.folder)
    both.until(lambda: hasattr(both.backend, "exported"))
    assert [p.name for p in both.backend.exported] == ["left.jpg", "right.jpg"]


def test_an_inspection_together_can_be_cancelled(bench: Bench) -> None:
    bench.ready("left.jpg", "right.jpg")
    bench.backend.gate_open = False
    choose_both(bench)
    bench.window.actions_by_id["together"].trigger()
    bench.until(lambda: all(e.fraction is not None for e in entries(bench)))
    bench.window.actions_by_id["cancel"].trigger()
    bench.until(lambda: all(e.fraction is None and not e.waiting for e in entries(bench)))
    assert all(e.inspection == 0 for e in entries(bench))


def test_one_picture_is_not_several(bench: Bench) -> None:
    bench.ready("left.jpg", "right.jpg")
    said = []
    bench.session.mentioned.connect(said.append)
    bench.session.show(1)
    bench.window.actions_by_id["together"].trigger()
    assert "two or more" in said[-1]
    for entry, module in zip(entries(bench), ("20UPGPQ2110303", "20UPGPQ2110304"), strict=True):
        entry.module = module
    bench.session.together.start([1, 2])
    assert "different boards" in said[-1]


def test_the_rows_count_what_a_person_decided(both: Bench) -> None:
    left, right = entries(both)
    both.session.operator = "AB"
    before = left.to_look_at
    review = both.window.inspect_mode.reviewing
    worst = next(p.pad for p in both.session.judging.board.pads if p.verdict is Verdict.NOT_BONDABLE)
    assert review.override(worst, Verdict.OK, "looked at it under the microscope")
    assert left.to_look_at == right.to_look_at == before - 1
    both.until(lambda: not both.session.keeper.busy)
    path = both.session.project
    both.answers.next = [both.folder / "other.padscope"]
    both.window.actions_by_id["new_project"].trigger()
    both.until(lambda: both.session.project != path and not both.session.keeper.busy)
    both.session.open_project(path)
    both.until(lambda: len(entries(both)) == 2 and entries(both)[0].counts is not None)
    assert [e.to_look_at for e in entries(both)] == [before - 1, before - 1]
