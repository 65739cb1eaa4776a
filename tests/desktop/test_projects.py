"""Nothing is lost: projects are saved from the first picture on, whatever happens to worker, window or drive."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from fake_backend import write_model
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from conftest import Bench
from padscope.store.database import create_project, open_project
from padscope_desktop import app
from padscope_desktop.album import Mark, state
from padscope_desktop.background import jobs as jobs_module
from padscope_desktop.inspecting import judging


def drop(bench: Bench, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    at = QPointF(600, 400)
    action, buttons, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, action, data, buttons, keys)
    QApplication.sendEvent(bench.window, enter)
    assert enter.isAccepted()
    bench.window.dropEvent(QDropEvent(at, action, data, buttons, keys))


def test_everything_dropped_goes_where_it_belongs(bench: Bench) -> None:
    folder = bench.folder / "more"
    folder.mkdir()
    for name in ("c.png", "a.jpg", "a_mask.png", "notes.txt"):
        (folder / name).write_bytes(name.encode())
    model = write_model(bench.folder / "quad.padmodel")
    drop(bench, bench.picture("bad01.jpg"), folder, bench.folder / "layout.csv", model)
    bench.until(lambda: bench.session.layout and bench.session.model and len(bench.session.album) == 3)
    assert [e.name for e in bench.session.album.entries.values()] == ["bad01.jpg", "a.jpg", "c.png"]


def test_the_same_picture_is_not_added_twice(bench: Bench) -> None:
    bench.add("bad01.jpg")
    assert bench.session.add_pictures([bench.folder / "bad01.jpg"]) == []
    assert bench.window.status.mention.text() == "No new pictures there"


def test_what_was_done_is_there_again_when_the_project_is_opened(bench: Bench) -> None:
    path = bench.folder / "module 1.padscope"
    bench.answers.next = [path]
    bench.window.actions_by_id["new_project"].trigger()
    bench.until(lambda: bench.session.named)
    bench.inspected("bad01.jpg", "bad02.jpg")
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: bench.window.inspect_mode.panel.summary.headline.text() == "8 of 8 pads fine")
    bench.session.judging.settle()
    bench.until(lambda: not bench.session.keeper.busy)

    bench.answers.next = [bench.folder / "other.padscope"]
    bench.window.actions_by_id["new_project"].trigger()
    bench.until(lambda: bench.session.project == bench.folder / "other.padscope")
    bench.until(lambda: len(bench.session.album) == 0)
    assert bench.window.invitation.isVisible()

    bench.answers.next = [path]
    bench.window.actions_by_id["open_project"].trigger()
    bench.until(lambda: bench.session.judging.board)
    bench.until(lambda: bench.session.model)
    assert bench.window.windowTitle() == "module 1 — Padscope"
    assert [e.name for e in bench.session.album.entries.values()] == ["bad01.jpg", "bad02.jpg"]
    assert bench.session.judging.factor == 2.0
    assert bench.window.inspect_mode.panel.summary.headline.text() == "8 of 8 pads fine"
    assert bench.session.layout is not None
    assert bench.session.model is not None
    assert len(bench.backend.inspected_with) == 1


def test_every_threshold_that_was_settled_on_is_in_the_history(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SETTLE_MS", 10)
    bench.session.judging._rest.setInterval(10)
    bench.inspected()
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: bench.session.judging.board.stored == 2.0 and not bench.session.keeper.busy)
    project = bench.session.project
    assert project is not None
    with open_project(project, read_only=True) as stored:
        factors = [stored.pad_map(i.id).provenance.threshold_factor for i in stored.inspections()]
    assert factors == [1.0, 2.0]


def test_an_unnamed_project_is_saved_and_gets_its_name_later(bench: Bench) -> None:
    bench.inspected()
    bench.until(lambda: bench.window.status.saved.text() == "unnamed, saved")
    goal = bench.folder / "module 2.padscope"
    bench.answers.next = [goal]
    bench.window.actions_by_id["save_as"].trigger()
    bench.until(lambda: bench.session.named)
    bench.until(lambda: bench.window.status.saved.text() == "saved")
    assert bench.session.judging.board is not None  # the work goes on where it was
    with open_project(goal, read_only=True) as stored:
        assert len(stored.inspections()) == 1
    bench.until(lambda: not app.unnamed_places()[0].exists())  # else it would be there again tomorrow


def test_of_two_projects_wished_for_in_a_row_the_last_is_open_and_written_to(bench: Bench) -> None:
    session, first = bench.session, bench.session.project
    assert first is not None
    other = bench.folder / "other.padscope"
    create_project(other).close()
    read: list[object] = []
    session.contents_read.connect(lambda: read.append(session.project))
    go_on = threading.Event()
    session.keeper.ask(lambda _: go_on.wait(30))
    session.open_project(other)
    session.open_project(first)  # no, that one after all
    go_on.set()
    bench.until(lambda: not session.keeper.busy)
    written: list[Path] = []
    session.keeper.ask(lambda project: project.path, done=written.append)
    bench.until(lambda: written)
    assert written == [session.project] == [first]
    assert read == [first]
    open_project(other).close()  # nobody holds it


def test_saved_as_while_another_project_is_being_opened_it_is_the_copy_that_is_open(bench: Bench) -> None:
    session, goal, other = bench.session, bench.folder / "copy.padscope", bench.folder / "other.padscope"
    create_project(other).close()
    bench.add("bad01.jpg")
    left: list[object] = []
    session.album_changed.connect(lambda: left.append(session.current))
    session.open_project(other)
    session.save_as(goal)
    bench.until(lambda: not session.keeper.busy)
    assert left == []  # the pictures are as they were all the time
    assert [e.name for e in session.album.entries.values()] == ["bad01.jpg"]
    written: list[Path] = []
    session.keeper.ask(lambda project: project.path, done=written.append)
    bench.until(lambda: written)
    assert written == [session.project] == [goal]
    open_project(other).close()


def test_a_broken_project_dropped_before_any_is_open_leaves_the_unnamed_one(bench: Bench) -> None:
    session, read = bench.session, []
    session.project = None  # as in the first half second
    broken = bench.folder / "broken.padscope"
    broken.write_bytes(b"no project")
    session.contents_read.connect(lambda: read.append(session.project))
    session.open_unnamed([bench.folder / "u.padscope"])
    session.open_project(broken)
    bench.until(lambda: session.project == bench.folder / "u.padscope" and not session.keeper.busy)
    assert read == [session.project]
    assert "not opened" in bench.window.message_bar.message.headline  # type: ignore[union-attr]


def test_under_another_name_production_and_layout_go_on_where_they_were(bench: Bench) -> None:
    bench.inspected()
    production, drafting = bench.window.production_mode, bench.window.layout_mode.drafting
    bench.press(Qt.Key.Key_F4)
    bench.until(lambda: drafting.frame is not None and drafting.frame.found)
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: production.known)
    bench.answers.next = [bench.folder / "module 3.padscope"]
    bench.window.actions_by_id["save_as"].trigger()
    bench.until(lambda: bench.session.named and not bench.session.keeper.busy)
    assert bench.window.windowTitle() == "module 3 — Padscope"
    assert production.known
    bench.press(Qt.Key.Key_F4)
    assert drafting.frame is not None
    assert drafting.frame.found


def test_pictures_dropped_before_a_project_is_open_are_not_lost(bench: Bench) -> None:
    session = bench.session
    early = bench.picture("early.jpg")
    session.project = None  # as in the first half second
    session.add_pictures([early])
    assert len(session.album) == 0
    session.open_unnamed([bench.folder / "u.padscope"])
    bench.until(lambda: [e.name for e in session.album.entries.values()] == ["early.jpg"])


def test_a_picture_that_is_gone_is_said_to_be_and_the_rest_works(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "gone.jpg")
    project = bench.session.project
    assert project is not None
    os.remove(bench.folder / "gone.jpg")
    bench.session.open_project(project)
    entries = lambda: list(bench.session.album.entries.values())  # noqa: E731
    bench.until(lambda: len(entries()) == 2 and entries()[1].missing)
    assert state(entries()[1]) == (Mark.MISSING, "cannot be read")
    bench.session.show(entries()[1].key)
    bench.until(lambda: bench.window.message_bar.message)
    assert bench.window.message_bar.message.headline == "gone.jpg cannot be shown."
    bench.session.show(entries()[0].key)
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    assert bench.window.message_bar.message is None


def test_a_project_that_cannot_be_opened_leaves_the_open_one_alone(bench: Bench) -> None:
    bench.add("bad01.jpg")
    wrong = bench.folder / "wrong.padscope"
    wrong.write_text("no project")
    bench.answers.next = [wrong]
    bench.window.actions_by_id["open_project"].trigger()
    bench.until(lambda: bench.window.message_bar.message)
    assert "is not a Padscope project" in bench.window.message_bar.message.text
    assert len(bench.session.album) == 1
    bench.add("bad02.jpg")
    bench.until(lambda: not bench.session.keeper.busy)


def test_a_dead_worker_is_said_replaced_and_nothing_is_lost(bench: Bench) -> None:
    bench.ready("bad01.jpg", "bad02.jpg")
    bench.backend.gate_open = False
    bench.window.actions_by_id["inspect_all"].trigger()
    bench.until(lambda: bench.lanes["long"].busy)
    bench.lanes["long"].kill()
    bench.until(lambda: bench.window.message_bar.message)
    message = bench.window.message_bar.message
    assert message.headline == "The background worker stopped unexpectedly."
    assert "It was busy with: Inspecting bad01.jpg." in message.text
    assert "Your project is safe." in message.text
    bench.backend.gate_open = True
    entries = list(bench.session.album.entries.values())
    bench.until(lambda: entries[1].counts)  # what waited runs on the new worker
    assert entries[0].counts is None
    again = bench.window.message_bar.buttons()[0]
    assert again.text() == "Inspect again"
    bench.qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    bench.until(lambda: entries[0].counts)
    assert not bench.window.message_bar.isVisible()


def test_training_on_chosen_pictures_makes_the_model_in_use(bench: Bench) -> None:
    bench.add("good01.jpg", "good02.jpg", "bad01.jpg")
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout and bench.session.detectors)
    page = bench.window.inspect_mode.panel.train
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.train, Qt.MouseButton.LeftButton)
    assert page.isVisible()
    assert page.keys() == [1, 2]  # those whose names say so are proposed
    page.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    page.name.setText("quad-9")
    bench.qtbot.mouseClick(page.more, Qt.MouseButton.LeftButton)
    shares, surely = page.promise.field("false_alarms"), page.promise.field("confidence")
    assert shares.isVisible()
    assert surely.text() == "automatic"
    shares.setValue(0.02)
    surely.setValue(0.95)
    page.promise.field("thresholds_by").setCurrentText("size")
    bench.qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.session.model)
    assert bench.session.model.name == "quad-9"
    assert bench.session.model.boards == ("good01",)
    assert bench.backend.promise == {"false_alarms": 0.02, "confidence": 0.95, "thresholds_by": "size"}
    assert bench.window.inspect_mode.panel.setup.isVisible()
    assert bench.session.model.path.exists()


def test_training_can_be_cancelled_and_leaves_nothing(bench: Bench) -> None:
    bench.ready("good01.jpg")
    bench.until(lambda: bench.session.detectors)
    before = bench.session.model
    bench.backend.gate_open = False
    page = bench.window.inspect_mode.panel.train
    bench.window.actions_by_id["train"].trigger()
    bench.qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    bench.until(lambda: "learning" in page.progress.text())
    assert page.start.text() == "Training…"
    bench.qtbot.mouseClick(page.close_button, Qt.MouseButton.LeftButton)
    bench.until(lambda: not bench.session.jobs.active())
    assert bench.session.model is before
    assert not page.file.exists()


def test_training_that_ends_leaves_whoever_reads_the_rules_where_he_is(bench: Bench) -> None:
    bench.ready("good01.jpg")
    bench.until(lambda: bench.session.detectors)
    bench.backend.gate_open = False
    panel = bench.window.inspect_mode.panel
    bench.window.actions_by_id["train"].trigger()
    bench.qtbot.mouseClick(panel.train.start, Qt.MouseButton.LeftButton)
    bench.until(lambda: "learning" in panel.train.progress.text())
    bench.window.actions_by_id["rules"].trigger()
    assert panel.ruling
    bench.backend.gate_open = True
    bench.until(lambda: not bench.session.jobs.active() and not bench.session.keeper.busy)
    assert panel.ruling


def test_a_model_is_never_written_over(bench: Bench) -> None:
    bench.ready("good01.jpg")
    bench.until(lambda: bench.session.detectors)
    page = bench.window.inspect_mode.panel.train
    bench.window.actions_by_id["train"].trigger()
    write_model(bench.session.models_folder / "taken.padmodel")
    assert page.start.isEnabled()
    page.name.setText("taken")
    assert not page.start.isEnabled()
    assert "already a model" in page.chosen.text()


def test_the_demo_brings_pictures_and_layout(bench: Bench) -> None:
    bench.qtbot.mouseClick(bench.window.invitation.demo, Qt.MouseButton.LeftButton)
    bench.until(lambda: len(bench.session.album) == 2 and bench.session.layout)
    assert bench.window.inspect_mode.panel.setup.inspect.isVisible()


def test_a_second_window_takes_another_unnamed_project(bench: Bench) -> None:
    from padscope_desktop.background.keeper import Keeper

    opened: list[Path] = []
    other = Keeper()
    other.open_first_free(app.unnamed_places(), done=opened.append)
    bench.until(lambda: opened)
    other.close()
    assert opened[0] != bench.session.project
    assert jobs_module.PATIENCE_MS == 2000


def test_a_new_threshold_reaches_every_picture_of_the_project(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg", "bad03.jpg")
    bench.window.actions_by_id["inspect_all"].trigger()
    entries = list(bench.session.album.entries.values())
    bench.until(lambda: all(e.inspection for e in entries))
    assert [e.to_look_at for e in entries] == [1, 1, 1]
    bench.session.judging.set_factor(0.5)
    bench.until(lambda: not bench.session.judging._busy)
    bench.session.judging.settle()
    bench.until(lambda: [e.to_look_at for e in entries] == [3, 3, 3])
    bench.until(lambda: not bench.session.keeper.busy)
    project = bench.session.project
    assert project is not None
    with open_project(project, read_only=True) as stored:
        newest = {i.picture_sha256: i.id for i in stored.inspections()}
        assert [stored.pad_map(i).provenance.threshold_factor for i in newest.values()] == [0.5, 0.5, 0.5]


def test_the_training_page_follows_the_pictures(bench: Bench) -> None:
    bench.ready("good01.jpg", "good02.jpg")
    bench.until(lambda: bench.session.detectors)
    bench.window.actions_by_id["train"].trigger()
    page = bench.window.inspect_mode.panel.train
    assert page.keys() == [1, 2]
    bench.add("good03.jpg")
    assert page.list.count() == 3
    assert page.keys() == [1, 2]  # what a person has not chosen is not learned from
    bench.session.open_project(bench.folder / "other.padscope", create=True)
    bench.until(lambda: len(bench.session.album) == 0)
    assert page.keys() == []
    assert not page.isVisible()


def test_a_result_that_arrives_while_another_project_is_opened_stays_in_its_own(bench: Bench) -> None:
    bench.ready("bad01.jpg")
    first = bench.session.project
    assert first is not None
    bench.qtbot.mouseClick(bench.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    bench.until(lambda: bench.session.judging.board)
    bench.session.judging.set_factor(2.0)
    bench.until(lambda: not bench.session.judging._busy)
    second = bench.folder / "second.padscope"
    bench.session.open_project(second, create=True)  # with a threshold that has not settled yet
    bench.until(lambda: bench.session.project == second and not bench.session.keeper.busy)
    with open_project(first, read_only=True) as stored:
        assert [stored.pad_map(i.id).provenance.threshold_factor for i in stored.inspections()] == [1.0, 2.0]
    with open_project(second, read_only=True) as stored:
        assert stored.inspections() == ()
        assert stored.pictures() == ()


def test_a_picture_can_be_inspected_before_it_is_read(bench: Bench) -> None:
    bench.ready("bad01.jpg")
    keys = bench.session.add_pictures([bench.picture("bad02.jpg"), bench.folder / "gone.jpg"])
    bench.session.inspect(keys)
    entries = [bench.session.album.entries[k] for k in keys]
    assert [e.sha256 for e in entries] == ["", ""]
    assert all(e.waiting for e in entries)
    bench.until(lambda: entries[0].counts and entries[1].failed)
    assert not any(e.waiting for e in entries)
