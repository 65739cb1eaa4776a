"""A folder is watched from the window, and boards get their serial numbers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from fake_backend import write_model
from PySide6.QtCore import Qt

from conftest import Bench
from padscope.pictures.complete import Finding, look_at
from padscope_desktop import watching
from padscope_desktop.album import Mark, state

SERIAL = "20UPGPQ2110303"


@pytest.fixture
def microscope(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files are pictures for the fake backend; looked at without pauses."""
    monkeypatch.setattr(watching, "pause_after", lambda _: 0.01)
    monkeypatch.setattr("padscope.workflows.watch.SETTLE_S", 0.0)
    monkeypatch.setattr("padscope.workflows.watch.PATIENCE_S", 0.05)
    bench.session.watching._open_file = opened
    folder = tmp_path / "microscope"
    folder.mkdir()
    return folder


def opened(path: Path) -> Finding:
    if path.read_bytes() == b"half":
        return Finding(look_at(path), trouble=f"'{path.name}' is incomplete: copy it from the microscope again.")
    return Finding(look_at(path), (path.name.encode().hex() + "0" * 64)[:64])  # as the fake backend hashes


def save(folder: Path, name: str, content: bytes = b"picture") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def line(bench: Bench) -> str:
    words = bench.window.pictures.watch
    return " | ".join(part for part in (words.words.text(), words.more.text()) if part) if words.isVisible() else ""


def watch(bench: Bench, folder: Path) -> None:
    bench.answers.next = [folder]
    bench.window.actions_by_id["watch"].trigger()
    bench.until(lambda: line(bench).startswith("Watching"))


def ready(bench: Bench) -> None:
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.session.choose_model(write_model(bench.folder / "quad.padmodel"))
    bench.until(lambda: bench.session.layout and bench.session.model)
    bench.until(lambda: not bench.session.keeper.busy)


def marks(bench: Bench) -> dict[str, Mark]:
    return {e.name: state(e)[0] for e in bench.session.album.entries.values()}


def test_what_the_microscope_saves_is_inspected_by_itself(bench: Bench, microscope: Path) -> None:
    ready(bench)
    bench.answers.next = [microscope]
    bench.qtbot.mouseClick(bench.window.invitation.watch, Qt.MouseButton.LeftButton)
    bench.until(lambda: line(bench) == "Watching microscope")
    save(microscope, f"{SERIAL}.jpg")
    bench.until(lambda: marks(bench) == {f"{SERIAL}.jpg": Mark.LOOK})
    assert line(bench) == "Watching microscope · 1 new"
    assert bench.window.mode_bar.module.text() == f"Board {SERIAL}"
    bench.until(lambda: not bench.session.keeper.busy)
    rows = bench.session.keeper
    seen: list[object] = []
    rows.ask(lambda project: project.pictures()[0].module, done=seen.append)
    bench.until(lambda: seen)
    assert seen == [SERIAL]


def test_a_new_picture_does_not_take_the_place_of_the_one_that_is_worked_on(bench: Bench, microscope: Path) -> None:
    bench.inspected("bad01.jpg")
    before = bench.session.current
    watch(bench, microscope)
    save(microscope, "bad02.jpg")
    bench.until(lambda: marks(bench).get("bad02.jpg") is Mark.LOOK)
    assert bench.session.current == before


def test_pictures_wait_for_a_layout_and_a_model(bench: Bench, microscope: Path) -> None:
    watch(bench, microscope)
    save(microscope, "bad01.jpg")
    bench.until(lambda: "1 picture waits for a layout and a model." in line(bench))
    assert marks(bench)["bad01.jpg"] in (Mark.NEW, Mark.LOADING)
    ready(bench)
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK})
    assert line(bench) == "Watching microscope · 1 new"


def test_what_lies_there_is_offered_and_left_alone(bench: Bench, microscope: Path) -> None:
    ready(bench)
    for name in ("bad01.jpg", "bad02.jpg"):
        save(microscope, name)
    watch(bench, microscope)
    bench.until(lambda: "2 pictures lie in microscope already." in bench.window.message_bar._headline.text())
    assert len(bench.session.album) == 0
    (button,) = [b for b in bench.window.message_bar._shown if b.text() == "Add and inspect them too"]
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK, "bad02.jpg": Mark.LOOK})


def test_a_share_that_goes_and_returns_is_said(bench: Bench, microscope: Path) -> None:
    ready(bench)
    watch(bench, microscope)
    bench.until(lambda: line(bench))
    microscope.rename(microscope.with_name("unplugged"))
    bench.until(lambda: "Not reachable since" in line(bench))
    microscope.with_name("unplugged").rename(microscope)
    bench.until(lambda: line(bench) == "Watching microscope")
    save(microscope, "bad01.jpg")
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK})
    assert len(bench.backend.inspected_with) == 1


def test_what_could_not_be_inspected_because_the_share_went_is_inspected_when_it_is_back(
    bench: Bench, microscope: Path
) -> None:
    ready(bench)
    bench.backend.gate_open = False
    watch(bench, microscope)
    save(microscope, "bad01.jpg")
    bench.until(lambda: bench.backend.inspected_with)
    unplugged = microscope.with_name("unplugged")
    microscope.rename(unplugged)
    bench.backend.out_of_reach, bench.backend.gate_open = True, True
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.FAILED})
    bench.until(lambda: "Not reachable since" in line(bench))
    bench.backend.out_of_reach = False
    unplugged.rename(microscope)
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK})
    assert len(bench.backend.inspected_with) == 2


def test_half_a_picture_is_said_and_taken_when_it_is_whole(bench: Bench, microscope: Path) -> None:
    ready(bench)
    watch(bench, microscope)
    path = save(microscope, "bad01.jpg", b"half")
    bench.until(lambda: "is no picture yet" in bench.window.message_bar._headline.text())
    assert len(bench.session.album) == 0
    path.write_bytes(b"the whole picture")
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK})
    assert not bench.window.message_bar.isVisible()


def test_it_goes_on_after_a_restart_and_inspects_nothing_twice(bench: Bench, microscope: Path) -> None:
    """Another project is opened and the first one again: what was inspected is not; what came meanwhile is."""
    first, other = bench.folder / "first.padscope", bench.folder / "other.padscope"
    bench.session.open_project(first, create=True)
    bench.until(lambda: bench.session.named)
    ready(bench)
    watch(bench, microscope)
    save(microscope, "bad01.jpg")
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK})
    bench.until(lambda: not bench.session.keeper.busy)
    bench.session.open_project(other, create=True)
    bench.until(lambda: bench.session.project == other and len(bench.session.album) == 0)
    assert line(bench) == ""
    save(microscope, "bad02.jpg")
    bench.session.open_project(first)
    bench.until(lambda: marks(bench) == {"bad01.jpg": Mark.LOOK, "bad02.jpg": Mark.LOOK})
    assert [p[0].name for p in bench.backend.inspected_with] == ["bad01.jpg", "bad02.jpg"]


def test_watching_stops_where_a_person_says_so(bench: Bench, microscope: Path) -> None:
    ready(bench)
    watch(bench, microscope)
    bench.until(lambda: line(bench))
    bench.qtbot.mouseClick(bench.window.pictures.watch.stop, Qt.MouseButton.LeftButton)
    bench.until(lambda: line(bench) == "")
    save(microscope, "bad01.jpg")
    looked = bench.session.watching._eyes
    assert looked is None
    assert len(bench.session.album) == 0


@pytest.mark.parametrize("by", ["typing", "scanner"])
def test_a_serial_number_is_typed_or_scanned(bench: Bench, by: str) -> None:
    bench.add("VHX_000001.jpg")
    serial = bench.window.pictures.serial
    bench.window.actions_by_id["serial"].trigger()
    bench.qtbot.keyClicks(serial.field, "20upgpq-2110303" if by == "typing" else SERIAL)
    assert serial.words.text() == "Quad PCB, Pre production OS ITkPix v1, EPEC"
    bench.qtbot.keyClick(serial.field, Qt.Key.Key_Return)
    assert serial.field.text() == SERIAL
    assert bench.window.mode_bar.module.text() == f"Board {SERIAL}"
    bench.until(lambda: not bench.session.keeper.busy)
    seen: list[str] = []
    bench.session.keeper.ask(lambda project: project.pictures()[0].module, done=seen.append)
    bench.until(lambda: seen)
    assert seen == [SERIAL]


def test_a_wrong_serial_number_says_why_and_changes_nothing(bench: Bench) -> None:
    bench.add("VHX_000001.jpg")
    field = bench.window.pictures.serial.field
    field.setFocus()
    bench.qtbot.keyClicks(field, "20UPGPQ211O303")
    assert bench.window.pictures.serial.words.text() == ""  # nothing is wrong while it is typed
    bench.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert "is it the digit 0?" in bench.window.pictures.serial.words.text()
    assert bench.session.album.entries[1].module == ""
    bench.qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""


def test_the_serial_number_goes_into_the_pad_map(bench: Bench) -> None:
    bench.ready("VHX_000001.jpg")
    bench.session.set_module(1, SERIAL)
    bench.session.inspect([1])
    bench.until(lambda: bench.session.judging.board)
    assert bench.session.judging.board is not None
    assert bench.session.judging.board.pad_map.picture.module == SERIAL


def listed(bench: Bench) -> list[str]:
    shown = bench.window.pictures.list.model()
    return [shown.index(row, 0).data() for row in range(shown.rowCount())]


def test_pictures_are_found_by_name_and_serial_number(bench: Bench) -> None:
    names = [f"VHX_{k:06}.jpg" for k in range(8)]
    bench.add(*names)
    bench.session.set_module(3, SERIAL)
    bench.window.actions_by_id["search"].trigger()
    search = bench.window.pictures.search
    checks: list[tuple[str, list[str]]] = [
        ("00005", [names[5]]),
        ("110303 vhx", [names[2]]),
        ("nothing", []),
        ("", names),
    ]
    for text, found in checks:
        search.clear()
        bench.qtbot.keyClicks(search, text)
        assert listed(bench) == found
    search.setText("nothing")
    assert bench.window.pictures.none.text() == "None of the 8 pictures is “nothing”."
    assert bench.session.current == 1


def test_a_name_used_again_is_a_new_picture(bench: Bench, microscope: Path) -> None:
    """The microscope counts from 1 again: what was found under the old name does not stand for the new picture."""
    ready(bench)
    card = bench.backend._card

    def by_content(path: Path) -> Finding:
        return Finding(look_at(path), hashlib.sha256(path.read_bytes()).hexdigest())

    bench.backend._card = lambda path: replace(card(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    bench.session.watching._open_file = by_content
    watch(bench, microscope)
    path = save(microscope, "VHX_000001.jpg", b"one module")
    bench.until(lambda: marks(bench) == {"VHX_000001.jpg": Mark.LOOK})
    bench.until(lambda: not bench.session.keeper.busy)
    path.write_bytes(b"another module")
    bench.until(lambda: len(bench.backend.inspected_with) == 2)
    bench.until(lambda: marks(bench) == {"VHX_000001.jpg": Mark.LOOK})
    bench.until(lambda: not bench.session.keeper.busy)
    seen: list[int] = []
    bench.session.keeper.ask(lambda project: len(project.pictures()), done=seen.append)
    bench.until(lambda: seen)
    assert seen == [2]


def test_thumbnails_wait_for_the_first_look_at_a_picture(bench: Bench) -> None:
    asked: list[int] = []

    def note(_: object) -> None:
        asked.append(sum(o.command == "thumbnail" for o in bench.lanes["list"].orders))

    bench.until(lambda: bench.session.project)
    bench.session.display.arrived.connect(note)
    bench.session.add_pictures([bench.picture(f"VHX_{k}.jpg") for k in range(4)])
    bench.until(lambda: all(e.thumbnail for e in bench.session.album.entries.values()))
    assert asked[0] == 0


def test_a_person_does_not_wait_behind_thousands_of_thumbnails(bench: Bench) -> None:
    """The layout that is chosen while many pictures are read comes long before the last of them."""
    paths = [bench.picture(f"VHX_{k:06}.jpg") for k in range(60)]
    bench.session.add_pictures(paths)
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout)
    assert sum(e.thumbnail is not None for e in bench.session.album.entries.values()) < 20
    bench.until(lambda: all(e.thumbnail for e in bench.session.album.entries.values()))


def test_a_board_with_nothing_to_see_takes_two_key_presses(bench: Bench, microscope: Path) -> None:
    """From the picture that the microscope saves to the signature."""
    ready(bench)
    bench.session.operator = "AB"
    bench.session.judging.set_factor(4.0)  # above every level of the fake board: all of its pads are sound
    watch(bench, microscope)
    save(microscope, f"{SERIAL}.jpg")
    mode = bench.window.inspect_mode
    bench.until(lambda: bench.session.judging.board and mode.reviewing.review.inspection)
    words = mode.panel.review.words
    assert words.text() == "Nothing to see: Enter, Enter signs"
    for _ in range(2):
        bench.qtbot.keyClick(bench.window.canvas, Qt.Key.Key_Return)
    bench.until(lambda: mode.reviewing.signed)
    assert words.text().startswith("Signed by AB")
