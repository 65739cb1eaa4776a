"""Two painters, two projects: split off, painted on, merged, and where both have painted a person decides; files of other tools."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from conftest import Bench
from padscope.masks.edits import painted
from padscope.masks.shapes import stroke
from padscope.store import labels
from padscope.store.database import open_project
from padscope.types import Box, Progress
from padscope_desktop.labels.commands import WORKS, import_labels
from padscope_desktop.labels.long_work import MOST_TRIES


def stored(bench: Bench) -> None:
    session = bench.session
    bench.until(lambda: not (session.labelling.unsaved or session.keeper.busy or session.jobs.active()))


def paint(bench: Bench, x: float, y: float) -> None:
    """One dab in the window."""
    easel = bench.window.label_mode.easel
    live = easel.begin(False)
    assert live is not None
    live.add(stroke(np.array([[x, y]]), 20.0))
    easel.finish(live, "brush")
    stored(bench)


def paint_there(path: Path, x: float, y: float) -> None:
    """One dab at another PC."""
    with open_project(path) as project:
        row = labels.labels(project)[0]
        mask = labels.load_mask(project, row.id)
        edit = painted(mask, stroke(np.array([[x, y]]), 30.0), 2)
        labels.commit_edit(project, row.id, edit, tool="brush", author="CD")


def begin(bench: Bench) -> None:
    bench.add("bad01.jpg")
    bench.until(lambda: bench.session.labelling.mask is not None and bench.session.labelling.classes)
    bench.press(Qt.Key.Key_F3)
    bench.session.operator = "AB"
    stored(bench)


def do(bench: Bench, action: str, *answers: object) -> None:
    bench.answers.next += answers
    bench.window.actions_by_id[action].trigger()
    stored(bench)


def test_a_part_goes_to_a_labeller_and_comes_back(bench: Bench, tmp_path: Path) -> None:
    begin(bench)
    paint(bench, 200, 200)
    part = tmp_path / "for CD.padscope"
    do(bench, "split_off", part)
    assert bench.window.message_bar.message.headline.startswith("for CD.padscope: 1 picture")
    paint_there(part, 500, 500)
    do(bench, "merge_project", part)
    bench.until(lambda: bench.session.labelling.mask.areas().get(2))
    assert bench.session.labelling.mask.areas().keys() == {1, 2}
    assert not bench.window.label_mode.conflicts.active  # only one has painted: it simply goes on


def test_where_both_have_painted_a_person_decides_part_by_part(bench: Bench, tmp_path: Path) -> None:
    begin(bench)
    paint(bench, 200, 200)
    part = tmp_path / "for CD.padscope"
    do(bench, "split_off", part)
    paint_there(part, 500, 500)
    paint(bench, 800, 500)
    do(bench, "merge_project", part)
    mode = bench.window.label_mode
    bench.until(lambda: mode.bar.isVisible())
    assert "two masks differ" in mode.bar.headline.text()
    assert "AB" in mode.bar.facts[0].text() + mode.bar.facts[1].text()
    parts = 0
    while mode.bar.isVisible():
        QTest.mouseClick(mode.bar.buttons["both"], Qt.MouseButton.LeftButton)
        parts += 1
        assert parts < 5
    stored(bench)
    assert parts == 2
    bench.until(lambda: not mode.conflicts.active and bench.session.labelling.mask is not None)
    bench.until(lambda: bench.session.labelling.mask.areas().get(2))
    assert bench.session.labelling.mask.areas()[1] > 2000  # both dabs of AB
    answers: list[object] = []
    bench.session.keeper.ask(labels.labels, done=answers.append)
    bench.until(lambda: answers)
    assert sorted(r.state for r in answers[0]) == ["draft", "rejected"]  # nothing is dropped


def test_labels_go_out_to_other_tools_and_come_back(bench: Bench, tmp_path: Path) -> None:
    begin(bench)
    paint(bench, 200, 200)
    before = bench.session.labelling.mask.copy()
    do(bench, "export_labels", "PNG index masks", tmp_path)
    assert "written to" in bench.window.message_bar.message.headline
    bench.session.labelling.undo()
    stored(bench)
    assert bench.session.labelling.mask.empty
    do(bench, "import_labels", "PNG index masks", tmp_path / "labels png-index")
    bench.until(lambda: bench.session.labelling.mask is not None and not bench.session.labelling.mask.empty)
    assert bench.session.labelling.mask == before


def exported(bench: Bench, tmp_path: Path) -> Path:
    """A folder of labels, and nothing painted any more."""
    begin(bench)
    paint(bench, 200, 200)
    do(bench, "export_labels", "PNG index masks", tmp_path)
    bench.session.labelling.undo()
    stored(bench)
    return tmp_path / "labels png-index"


def trigger(bench: Bench, action: str, *answers: object) -> None:
    """Without waiting for its end, but until it runs."""
    bench.answers.next += answers
    bench.window.actions_by_id[action].trigger()
    bench.until(lambda: bench.lanes["labels"].busy)


def test_an_import_that_is_cancelled_leaves_the_project_as_it_was(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = exported(bench, tmp_path)

    def endless_import(project, *arguments):
        yield from import_labels(project, *arguments)
        while True:
            yield Progress(0, 1, "reading labels")

    monkeypatch.setitem(WORKS, "import", endless_import)
    heads: list[object] = []
    bench.session.keeper.ask(lambda p: p.head(), done=heads.append)
    trigger(bench, "import_labels", "PNG index masks", labelled)
    assert bench.window.status.work.text().startswith("Importing labels")
    QTest.mouseClick(bench.window.status.cancel, Qt.MouseButton.LeftButton)
    stored(bench)
    bench.session.keeper.ask(lambda p: p.head(), done=heads.append)
    bench.until(lambda: len(heads) == 2)
    assert heads[0] == heads[1]
    assert bench.session.labelling.mask.empty


def test_a_stroke_does_not_wait_for_an_import_and_the_import_takes_it_into_account(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Painted on the very picture that is being read: the change is made again on top of the stroke."""
    labelled = exported(bench, tmp_path)
    gate = []

    def long_import(project, *arguments):
        report = yield from import_labels(project, *arguments)
        while not gate:
            yield Progress(0, 1, "reading labels")
        return report

    monkeypatch.setitem(WORKS, "import", long_import)
    trigger(bench, "import_labels", "PNG index masks", labelled)
    easel = bench.window.label_mode.easel
    live = easel.begin(False)
    assert live is not None
    live.add(stroke(np.array([[800.0, 500.0]]), 20.0))
    easel.finish(live, "brush")
    bench.until(lambda: not bench.session.labelling.unsaved)
    assert bench.session.jobs.active()  # the stroke is on disk, the import still reads
    gate.append("open")
    stored(bench)
    rows: list[tuple[str, ...]] = []
    bench.session.keeper.ask(lambda p: rows.append(tuple(e.tool for e in labels.edits(p, 1) if e.state == "done")))
    bench.until(lambda: rows)
    assert rows[0] == ("brush", "read from PNG index masks")
    bench.until(lambda: bench.session.labelling.mask is not None)
    assert bench.session.labelling.mask.read(Box(800, 500, 801, 501))[0, 0] == 0  # as the file says


def test_whoever_paints_on_and_on_cannot_keep_an_import_out(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = exported(bench, tmp_path)
    monkeypatch.setattr("padscope_desktop.labels.long_work._grafted", lambda project, copy, made: False)
    do(bench, "import_labels", "PNG index masks", labelled)
    bench.until(lambda: bench.session.labelling.mask is not None and not bench.session.labelling.mask.empty)
    assert [o.command for o in bench.lanes["labels"].orders].count("on_copy") == 1 + MOST_TRIES  # and the export


def test_a_file_that_is_no_project_is_refused_and_nothing_changes(bench: Bench, tmp_path: Path) -> None:
    begin(bench)
    bad = tmp_path / "no.padscope"
    bad.write_text("nothing")
    do(bench, "merge_project", bad)
    assert "was not merged" in bench.window.message_bar.message.headline
