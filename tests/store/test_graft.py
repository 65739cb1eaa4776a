"""A long change is made on a copy while the project is painted on, and grafted back: all of it, or nothing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from padscope.errors import StoreError
from padscope.masks.edits import apply
from padscope.store import labels as store
from padscope.store.class_merge import merge_classes
from padscope.store.conflicts import open_conflicts, resolve
from padscope.store.database import create_project, open_project
from padscope.store.graft import graft, marks, open_copy
from padscope.store.histories import merged_history
from padscope.store.merge import merge
from padscope.store.rows import PictureRow
from padscope.types import finish
from reference_projects import LAYOUT, a_level, a_pad_map, a_stroke

W, H = 600, 500


def sha(k):
    return f"{k:064x}"


def paint(project, k, seeds, author="AB"):
    """Strokes on picture k, in its label or a new one."""
    if project.picture(sha(k)) is None:
        project.add_picture(PictureRow(sha(k), str(project.path.parent / f"p{k}.jpg"), W, H))
    row = store.label_that_counts(project, sha(k)) or store.begin_label(project, sha(k), author=author)
    mask = store.load_mask(project, row.id)
    for seed in seeds:
        edit = a_stroke(mask, seed)
        store.commit_edit(project, row.id, edit, tool="brush", author=author)
        apply(mask, edit)


@pytest.fixture
def home(tmp_path):
    with create_project(tmp_path / "home.padscope") as project:
        for name in ("dust", "scratch"):
            store.add_class(project, name, "#112233")
        for k in range(1, 4):
            paint(project, k, range(3))
        project.add_inspection(a_pad_map(6), LAYOUT, a_level(6), author="AB")
        yield project


@pytest.fixture
def other(home, tmp_path):
    """A copy that went on elsewhere: label 1 continued, label 2 forked, a new picture with an inspection, a new class."""
    path = home.copy_to(tmp_path / "other.padscope")
    with open_project(path) as project:
        paint(project, 1, (20, 21), "CD")
        paint(project, 2, (22,), "CD")
        paint(project, 7, (23, 24), "CD")
        store.undo(project, store.label_that_counts(project, sha(7)).id)
        store.add_class(project, "glue", "#445566")
        project.add_inspection(a_pad_map(8), LAYOUT, a_level(8), author="CD")
    paint(home, 2, (30,))
    return path


def grown(home, tmp_path, work):
    """(the changed copy, what was there before, the report)."""
    copy = tmp_path / "grown.padscope"
    with open_copy(home.path, copy) as project:
        before = marks(project)
        report = finish(work(project))
    return copy, before, report


def told(project):
    """All that is in a project, by names that hold in every project."""
    found = {"classes": [(c.value, c.name, c.colour, c.retired) for c in store.classes(project)]}
    for row in store.labels(project):
        mask = store.load_mask(project, row.id)
        strokes = [(e.uid, e.state, e.sha256) for e in store.edits(project, row.id)]
        found[row.uid] = (
            row.picture_sha256,
            row.author,
            row.state,
            row.comment,
            strokes,
            mask.read(mask.box).tobytes(),
        )
    for row in project.inspections():
        found[row.uid] = project.pad_map(row.id), row.picture_sha256, row.layout_sha256
    names = [r[0] for r in project.rows("SELECT DISTINCT project_uid FROM merged_history")]
    return found | {name: merged_history(project, name) for name in names}


def sound(project):
    assert project.rows("PRAGMA foreign_key_check") == []
    return project.damages() == store.label_damages(project) == ()


def test_what_is_grafted_is_what_a_merge_in_place_gives_and_strokes_meanwhile_stay(home, other, tmp_path):
    copy, before, report = grown(home, tmp_path, lambda p: merge(p, other, author="EF"))
    assert (report.labels, report.pictures, report.inspections) == (2, 2, 1)
    paint(home, 3, (40, 41))  # meanwhile: another label, a new picture, an inspection
    paint(home, 5, (42,))
    home.add_inspection(a_pad_map(9), LAYOUT, a_level(9), author="AB")
    straight = home.copy_to(tmp_path / "straight.padscope")
    assert graft(home, copy, before)
    assert sound(home)
    with open_project(straight) as p:
        finish(merge(p, other, author="EF"))
        assert told(p).keys() == told(home).keys()
        assert told(p) == told(home)
        assert sorted((r.author, r.action) for r in p.history()) == sorted((r.author, r.action) for r in home.history())
        assert (
            {c.picture_sha256 for c in open_conflicts(p)}
            == {c.picture_sha256 for c in open_conflicts(home)}
            == {sha(2)}
        )
    assert finish(merge(home, other)).labels == 0  # once more brings nothing
    (conflict,) = open_conflicts(home)
    resolve(home, conflict, {}, otherwise="both", author="EF")
    assert sound(home)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda p: paint(p, 1, (50,)),  # the label that the other has continued
        lambda p: store.undo(p, store.label_that_counts(p, sha(1)).id),
        lambda p: paint(p, 7, (51,)),  # the picture that is new in both
        lambda p: store.add_class(p, "water mark", "#778899"),
        lambda p: store.review_label(p, store.label_that_counts(p, sha(1)).id, state="accepted", comment=""),
    ],
)
def test_where_the_same_was_changed_meanwhile_nothing_is_grafted(home, other, tmp_path, meanwhile):
    copy, before, _ = grown(home, tmp_path, lambda p: merge(p, other))
    meanwhile(home)
    was, head = told(home), home.head()
    assert not graft(home, copy, before)
    assert (told(home), home.head()) == (was, head)
    copy.unlink()
    copy, before, _ = grown(home, tmp_path, lambda p: merge(p, other))
    assert graft(home, copy, before)
    assert sound(home)


def test_merged_classes_are_grafted_with_their_strokes(home, tmp_path):
    dust, scratch = (c.value for c in store.classes(home))
    copy, before, changed = grown(home, tmp_path, lambda p: merge_classes(p, scratch, dust, author="EF"))
    assert changed == 3
    assert graft(home, copy, before)
    for row in store.labels(home):
        areas = store.load_mask(home, row.id).areas()
        assert scratch not in areas
        assert areas[dust]
        store.undo(home, row.id)
        assert store.load_mask(home, row.id).areas()[scratch]
    assert sound(home)


def test_a_change_that_is_cancelled_was_never_there(home, other):
    was, head = told(home), home.head()
    for work in (merge(home, other), merge_classes(home, 1, 2)):
        for step, _ in enumerate(work):
            if step == 2:
                break
        work.close()
        assert (told(home), home.head()) == (was, head)


def test_a_copy_of_another_project_is_refused(home, tmp_path):
    with create_project(tmp_path / "else.padscope") as foreign:
        paint(foreign, 1, (1,))
        copy, before, _ = grown(foreign, tmp_path, no_work)
        with pytest.raises(StoreError, match="another project"):
            graft(home, copy, before)


def no_work(project):
    yield from ()


def test_paths_in_a_copy_mean_what_they_mean_in_the_project(home, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with open_copy(home.path, tmp_path / "elsewhere" / "c.padscope") as copy:
        assert [p.path for p in copy.pictures()] == [p.path for p in home.pictures()]
        assert copy.stored_path(str(tmp_path / "p1.jpg")) == "p1.jpg"


def test_a_graft_that_is_killed_is_there_whole_or_not_at_all(tmp_path):
    """SIGKILL at random moments of its transaction; then it is made again."""
    original = tmp_path / "original.padscope"
    with create_project(original) as project:
        store.add_class(project, "dust", "#112233")
        store.add_class(project, "scratch", "#223344")
        for k in range(30):
            paint(project, k, range(3))
    copy = tmp_path / "copy.padscope"
    with open_copy(original, copy) as changed:
        finish(merge_classes(changed, 2, 1))
        wanted = told(changed)
    with open_project(original, read_only=True) as project:
        was = told(project)
    chance, seen = random.Random(3), set()
    for turn in range(int(os.environ.get("PADSCOPE_KILLS", "4"))):
        path = tmp_path / f"p{turn}.padscope"
        shutil.copy(original, path)
        killed = run_and_kill(path, copy, chance.uniform(0.0, 0.05) if turn else None)
        with open_project(path) as project:
            assert project.row("PRAGMA integrity_check")[0] == "ok"
            assert sound(project)
            now = {uid: row[-1] for uid, row in told(project).items() if uid != "classes"}
            whole = now == {uid: row[-1] for uid, row in wanted.items() if uid != "classes"}
            assert whole or told(project) == was
            seen.add((killed, whole))
    assert (False, True) in seen  # the first one was left alone


def run_and_kill(path, copy, after_s):
    """Whether it was killed before it had said that it is done; never, where `after_s` is None."""
    command = [sys.executable, str(Path(__file__).with_name("grafter_to_kill.py")), str(path), str(copy)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        if after_s is not None:
            time.sleep(after_s)  # not to wait for something, but to strike at a random moment
            child.send_signal(signal.SIGKILL)
        return "done" not in child.stdout.read()
