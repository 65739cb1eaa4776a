"""The journal of steps on their way into a project: cut anywhere, confirmed as far as anywhere, each is done once."""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import Edit, apply, edit_to_bytes, painted
from padscope.masks.shapes import stroke
from padscope.store import labels, steps
from padscope.store.coming_back import do
from padscope.store.database import Project, create_project, open_project
from padscope.store.rows import PictureRow
from padscope.store.steps import Step, left_in, place, record

SHA = "1" * 64
AT = "2026-01-02T03:04:05.000006Z"
Made = list[tuple[Step, Edit | None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with create_project(tmp_path / "p.padscope") as project:
        project.add_picture(PictureRow(SHA, "a.jpg", 600, 500))
    return tmp_path / "p.padscope"


def step(kind: str, project: str = "p", **more: object) -> Step:
    made = Step(uuid.uuid4().hex, project, kind, SHA, 0, "AB", AT)
    return dataclasses.replace(made, **more)


def made(kinds: list[str], project: str = "p") -> Made:
    """As a window makes them: undo and redo only where there is something."""
    mask, done, undone, found = ClassMask(600, 500), [], [], []
    for n, kind in enumerate(kinds):
        if kind == "stroke":
            edit = painted(mask, stroke(np.array([[60.0 + 37 * (n % 13), 90.0 + 23 * n % 300]]), 20.0 + n), 1 + n % 5)
            done.append(edit)
            undone.clear()
            found.append((step(kind, project, words=f"tool {n}"), edit))
        elif kind == "undo" and done:
            undone.append(done.pop())
            found.append((step(kind, project), None))
        elif kind == "redo" and undone:
            done.append(undone.pop())
            found.append((step(kind, project), None))
        else:
            continue
        apply(mask, (done or undone)[-1] if kind != "undo" else undone[-1])
    return found


KINDS = st.lists(st.sampled_from(["stroke", "stroke", "undo", "redo"]), min_size=1, max_size=7)


def written(found: Made) -> bytes:
    return b"".join(record(*one) for one in found)


def same(a: Made | tuple[tuple[Step, Edit | None], ...], b: Made) -> bool:
    def plain(found):
        return [(s, edit_to_bytes(e) if e is not None else b"") for s, e in found]

    return plain(a) == plain(b)


@given(kinds=KINDS, share=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_cut_at_any_byte_every_whole_record_before_it_is_read(kinds: list[str], share: float) -> None:
    found = made(kinds)
    raw = written(found)
    cut = round(share * len(raw))
    ends = np.cumsum([len(record(*one)) for one in found])
    left = left_in(raw[:cut])
    assert not left.broken
    assert same(left.steps, found[: int((ends <= cut).sum())])


@given(kinds=KINDS, at=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_is_seen_and_what_stands_before_it_is_read(kinds: list[str], at: int, bit: int) -> None:
    found = made(kinds)
    raw = bytearray(written(found))
    at %= max(len(raw), 1)
    ends = np.cumsum([len(record(*one)) for one in found])
    if raw:
        raw[at] ^= 1 << bit
        left = left_in(bytes(raw))
        assert left.broken
        assert same(left.steps, found[: int((ends <= at).sum())])


def story(project: Project) -> list[object]:
    """What must not depend on when the program was killed."""
    found: list[object] = []
    for row in labels.labels(project):
        found += [(e.uid, e.author, e.tool, e.at, e.state, e.sha256) for e in labels.edits(project, row.id)]
        found += [r.action for r in project.history(row.uid)]
        mask = labels.load_mask(project, row.id)
        found.append(mask.read(mask.box).tobytes())
    return found


@given(kinds=KINDS, confirmed=st.integers(0, 7), share=st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_whatever_was_confirmed_each_step_is_done_once(kinds: list[str], confirmed: int, share: float) -> None:
    """Killed after any number of commits, with any piece of a further record behind what waited."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.padscope"
        with create_project(path) as project:
            project.add_picture(PictureRow(SHA, "a.jpg", 600, 500))
            project.copy_to(Path(folder) / "other.padscope")
            found = made(kinds, project.uid)
        with open_project(Path(folder) / "other.padscope") as other:
            label = 0
            for one, edit in found:
                label = do(other, one, edit, label=label)
            wanted = story(other)
        with open_project(path) as project:
            label = 0
            for one, edit in found[:confirmed]:
                label = do(project, one, edit, label=label)
        torn = record(*made(["stroke"], "p")[0])
        place(path).write_bytes(written(found) + torn[: round(share * (len(torn) - 1))])
        with open_project(path) as project:
            assert story(project) == wanted
            assert len(project.came_back) == (len(found) > confirmed)
            assert labels.label_damages(project) == () == project.damages()
        assert not place(path).exists()
        with open_project(path) as project:
            assert story(project) == wanted
            assert project.came_back == ()


@pytest.fixture
def waiting(path: Path) -> tuple[Path, Made]:
    with open_project(path) as project:
        found = made(["stroke", "stroke", "undo"], project.uid)
    return path, found


def test_what_came_back_is_said(waiting: tuple[Path, Made]) -> None:
    path, found = waiting
    place(path).write_bytes(written(found[:2]))
    with open_project(path) as project:
        assert project.came_back == ("2 strokes that were being stored came back",)
    place(path).write_bytes(written(found))
    with open_project(path) as project:
        assert project.came_back == ("1 step that was being stored came back",)


def test_a_reader_leaves_the_journal_where_it_is(waiting: tuple[Path, Made]) -> None:
    path, found = waiting
    place(path).write_bytes(written(found))
    with open_project(path, read_only=True) as project:
        assert labels.labels(project) == ()
    assert place(path).read_bytes() == written(found)


def test_a_review_and_a_look_come_back_too_and_lock_what_comes_after(waiting: tuple[Path, Made]) -> None:
    path, found = waiting
    project = found[0][0].project
    more: Made = [
        (step("look", project, words="P1"), None),
        (step("review", project, state="accepted", words="fine"), None),
    ]
    place(path).write_bytes(written([*found, *more]))
    with open_project(path) as opened:
        row = labels.labels(opened)[0]
        assert (row.state, row.comment, row.strokes) == ("accepted", "fine", 1)
        assert [r.detail["pad"] for r in opened.history(row.uid) if r.action == steps.LOOKED_AT] == ["P1"]
    late = made(["stroke"], project)
    late[0] = dataclasses.replace(late[0][0], label=row.id), late[0][1]
    place(path).write_bytes(written(late))
    with open_project(path) as opened:
        assert "was reviewed meanwhile; it was put aside as p.padscope-strokes.1" in opened.came_back[0]
        assert labels.labels(opened)[0].strokes == 1
    assert path.with_name("p.padscope-strokes.1").read_bytes() == written(late)


def test_an_opening_of_the_label_goes_before_the_strokes_that_waited_for_it(waiting: tuple[Path, Made]) -> None:
    path, found = waiting
    project = found[0][0].project
    with open_project(path) as opened:
        id = do(opened, step("review", project, state="accepted"))
    held = [(dataclasses.replace(s, label=id), e) for s, e in found]
    reopened = step("review", project, state="draft", label=id, first=True)
    place(path).write_bytes(written([*held, (reopened, None)]))
    with open_project(path) as opened:
        assert opened.came_back == ("2 strokes and 2 steps that were being stored came back",)
        assert labels.labels(opened)[0].strokes == 1


def test_the_journal_of_another_project_and_a_broken_one_are_put_aside(waiting: tuple[Path, Made]) -> None:
    path, found = waiting
    foreign = written(made(["stroke"], "somebody else's"))
    place(path).write_bytes(foreign)
    with open_project(path) as project:
        assert "of another project; it was put aside as p.padscope-strokes.1." in project.came_back[0]
        assert labels.labels(project) == ()
    place(path).write_bytes(written(found[:1]) + b"no record at all")
    with open_project(path) as project:
        assert project.came_back[0] == "1 stroke that was being stored came back"
        assert "cannot be read to its end; it was put aside as p.padscope-strokes.2." in project.came_back[1]
    assert path.with_name("p.padscope-strokes.1").read_bytes() == foreign


def test_a_new_project_takes_nothing_over(tmp_path: Path) -> None:
    path = tmp_path / "new.padscope"
    place(path).write_bytes(b"of one that was deleted")
    with create_project(path):
        pass
    assert not place(path).exists()
    assert path.with_name("new.padscope-strokes.1").read_bytes() == b"of one that was deleted"


def test_the_file_is_empty_when_nothing_waits_and_gone_when_it_is_closed(tmp_path: Path) -> None:
    found = made(["stroke", "stroke"])
    journal, path = steps.Journal(), tmp_path / "p.padscope"
    journal.turn_to(path)
    for one in found:
        journal.write(*one)
    assert place(path).read_bytes() == written(found)
    journal.forget([found[0][0].id])
    assert place(path).read_bytes() == written(found)
    journal.follow(tmp_path / "q.padscope")
    assert place(tmp_path / "q.padscope").read_bytes() == written(found)
    journal.forget([found[1][0].id])
    assert place(tmp_path / "q.padscope").read_bytes() == b""
    journal.close()
    assert not place(tmp_path / "q.padscope").exists()
    assert place(path).exists()  # of the other name; when that is opened, it has what waited then


def test_what_cannot_be_written_is_said_and_nothing_is_written_that_stands_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk half a record is taken back; an undo after a stroke that is not there would undo another one."""
    found = made(["stroke", "stroke", "undo"])
    journal, path, real = steps.Journal(), tmp_path / "p.padscope", steps.os.write
    journal.turn_to(path)
    assert journal.write(*found[0])
    monkeypatch.setattr(steps.os, "write", lambda file, raw: real(file, raw[: len(raw) // 2]))
    assert not journal.write(*found[1])
    monkeypatch.setattr(steps.os, "write", real)
    assert not journal.write(*found[2])
    assert place(path).read_bytes() == written(found[:1])
    journal.forget(step.id for step, _ in found)
    assert journal.write(*found[0])  # all was stored meanwhile: it begins anew
    assert place(path).read_bytes() == written(found[:1])
    journal.turn_to(tmp_path / "no such folder" / "p.padscope")
    assert not journal.write(*found[0])
