import dataclasses
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from padscope.errors import StoreError
from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import NO_EDIT, apply, painted
from padscope.masks.shapes import Region
from padscope.store import labels as store
from padscope.store.database import create_project, open_project
from padscope.store.labels import begin_label, commit_edit, load_mask
from padscope.store.rows import PictureRow
from padscope.types import Box
from reference_projects import a_stroke

HERE = Path(__file__).resolve().parent
W, H = 600, 500
PICTURE = PictureRow("1" * 64, "a.jpg", W, H)


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope") as p:
        p.add_picture(PICTURE)
        yield p


def dab(mask, x, y, size, new_class):
    return painted(mask, [Region(Box(x, y, x + size, y + size), np.ones((size, size), bool))], new_class)


class Labelling(RuleBasedStateMachine):
    """Painting, undo, redo and restarts in any order: what is stored is what one big array says, and strokes repaint it."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.project = create_project(Path(self.folder.name) / "p.padscope")
        self.project.add_picture(PICTURE)
        self.label = begin_label(self.project, PICTURE.sha256, author="AB").id
        self.memory = ClassMask(W, H)  # as the window holds it
        self.past, self.future = [], []
        self.array = np.zeros((H, W), np.uint8)

    @rule(x=st.integers(-5, W), y=st.integers(-5, H), size=st.sampled_from([1, 9, 300]), new_class=st.integers(0, 3))
    def paint(self, x, y, size, new_class):
        edit = dab(self.memory, x, y, size, new_class)
        row = commit_edit(self.project, self.label, edit, tool="brush", author="AB")
        assert (row is None) == edit.empty
        if row is not None:
            apply(self.memory, edit)
            self.past.append(self.array)
            self.array, self.future = self.memory.read(self.memory.box), []

    @rule()
    def back(self):
        edit = store.undo(self.project, self.label, author="AB")
        assert (edit is None) == (not self.past)
        if edit is not None:
            apply(self.memory, edit)
            self.future.append(self.array)
            self.array = self.past.pop()

    @rule()
    def forth(self):
        edit = store.redo(self.project, self.label)
        assert (edit is None) == (not self.future)
        if edit is not None:
            apply(self.memory, edit)
            self.past.append(self.array)
            self.array = self.future.pop()

    @rule()
    def restart(self):
        self.project.close()
        self.project = open_project(self.project.path)

    @invariant()
    def the_same(self):
        assert np.array_equal(self.memory.read(self.memory.box), self.array)
        assert load_mask(self.project, self.label) == self.memory
        assert store.replayed(self.project, self.label) == self.memory
        assert store.label(self.project, self.label).strokes == len(self.past)

    def teardown(self):
        assert store.label_damages(self.project) == ()
        assert self.project.damages() == ()
        self.project.close()
        self.folder.cleanup()


TestLabelling = Labelling.TestCase
TestLabelling.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


def test_undo_goes_back_hundreds_of_strokes_after_a_restart(project):
    label, mask = begin_label(project, PICTURE.sha256).id, ClassMask(W, H)
    states = [mask.copy()]
    for n in range(300):
        edit = dab(mask, (7 * n) % W, (11 * n) % H, 5, 1 + n % 3)
        commit_edit(project, label, edit, tool="brush")
        apply(mask, edit)
        states.append(mask.copy())
    project.close()
    with open_project(project.path) as again:
        mask = load_mask(again, label)
        for state in reversed(states[:-1]):
            apply(mask, store.undo(again, label))
            assert mask == state
        assert store.undo(again, label) is None
        assert load_mask(again, label).empty
        for _ in states[1:]:
            store.redo(again, label)
        assert load_mask(again, label) == states[-1]


def test_nothing_that_was_painted_is_forgotten(project):
    label, mask = begin_label(project, PICTURE.sha256, author="AB").id, ClassMask(W, H)
    first = dab(mask, 0, 0, 3, 1)
    commit_edit(project, label, first, tool="brush", author="AB")
    store.undo(project, label, author="CD")
    commit_edit(project, label, dab(mask, 9, 9, 3, 2), tool="polygon", author="CD")
    assert [(e.state, e.tool, e.author) for e in store.edits(project, label)] == [
        ("dropped", "brush", "AB"),
        ("done", "polygon", "CD"),
    ]
    assert store.redo(project, label) is None
    told = [(r.author, r.action) for r in project.history(store.label(project, label).uid)]
    assert told == [("AB", "label begun"), ("AB", "painted"), ("CD", "undone"), ("CD", "painted")]
    assert commit_edit(project, label, NO_EDIT, tool="brush") is None
    assert np.array_equal(store.load_edit(project, 1).deltas[0].xor, first.deltas[0].xor)


def test_a_label_is_reviewed_and_one_speaks_for_the_picture(project):
    assert store.label_that_counts(project, PICTURE.sha256) is None
    one = begin_label(project, PICTURE.sha256, author="AB", comment="first look")
    two = begin_label(project, PICTURE.sha256, author="CD")
    assert store.label_that_counts(project, PICTURE.sha256).id == two.id
    store.review_label(project, one.id, state="accepted", comment="agreed", author="EF")
    assert store.label_that_counts(project, PICTURE.sha256).id == one.id
    rejected = store.review_label(project, one.id, state="rejected", comment="scratch missed", author="EF")
    assert (rejected.author, rejected.state, rejected.comment) == ("AB", "rejected", "scratch missed")
    assert store.label_that_counts(project, PICTURE.sha256).id == two.id
    assert project.history(one.uid)[-1].detail["from"] == {"state": "accepted", "comment": "agreed"}
    assert [row.id for row in store.labels(project, PICTURE.sha256)] == [one.id, two.id]
    with pytest.raises(StoreError, match="can be draft, done"):
        store.review_label(project, one.id, state="lovely", comment="")
    with pytest.raises(StoreError, match="no label 99"):
        store.label(project, 99)
    with pytest.raises(StoreError, match="does not know the picture"):
        begin_label(project, "2" * 64)
    with pytest.raises(StoreError, match="no stroke 99"):
        store.load_edit(project, 99)


def test_classes_have_names_that_cannot_be_mixed_up(project):
    scratch = store.add_class(project, "scratch", "#D55E00", author="AB")
    dust = store.add_class(project, "dust", "#F0E442", value=7)
    assert (scratch.value, scratch.colour, dust.value) == (1, "#d55e00", 7)
    renamed = store.change_class(
        project, dataclasses.replace(dust, name="fibre", position=0, retired=True), author="CD"
    )
    assert store.classes(project) == (renamed, scratch)
    assert project.history(dust.uid)[-1].detail == {
        "from": {"name": "dust", "position": 2, "retired": False},
        "to": {"name": "fibre", "position": 0, "retired": 1},
    }
    for name, colour, value in [
        ("SCRATCH", "#000000", None),
        ("new", "#000000", 7),
        ("new", "#000000", 256),
        ("new", "red", None),
        ("new", "#00000g", None),
        ("  ", "#000000", None),
    ]:
        with pytest.raises(StoreError):
            store.add_class(project, name, colour, value=value)
    with pytest.raises(StoreError, match="already a class"):
        store.change_class(project, dataclasses.replace(renamed, name="Scratch"))
    with pytest.raises(StoreError, match="no class with value 9"):
        store.change_class(project, dataclasses.replace(renamed, value=9))
    assert store.classes(project) == (renamed, scratch)


def test_255_classes_and_not_one_more(project):
    for n in range(255):
        store.add_class(project, f"class {n}", "#000000")
    with pytest.raises(StoreError, match="free one"):
        store.add_class(project, "one more", "#000000")


def test_a_damaged_mask_is_painted_again_from_its_strokes(project):
    label, mask = begin_label(project, PICTURE.sha256).id, ClassMask(W, H)
    for n in range(4):
        edit = dab(mask, 200 * n, 100 * n, 150, n + 1)
        commit_edit(project, label, edit, tool="brush")
        apply(mask, edit)
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute("UPDATE label_chunks SET data = zeroblob(length(data)) WHERE chunk_col = 0")
    assert len(store.label_damages(project)) == 1
    assert load_mask(project, label) == mask  # nothing lost
    edit = dab(mask, 10, 10, 30, 9)
    commit_edit(project, label, edit, tool="brush")  # and painting goes on
    apply(mask, edit)
    assert load_mask(project, label) == mask
    store.undo(project, label)
    apply(mask, edit)
    assert load_mask(project, label) == mask
    other.execute("UPDATE label_chunks SET data = x'00' WHERE chunk_col = 0")
    other.execute("UPDATE edits SET data = x'00' WHERE id = 2")
    other.close()
    with pytest.raises(StoreError, match=r"stroke 2 .* changed on disk"):
        load_mask(project, label)


def test_a_stroke_that_cannot_be_stored_changes_nothing(project):
    label, mask = begin_label(project, PICTURE.sha256).id, ClassMask(W, H)
    commit_edit(project, label, dab(mask, 0, 0, 50, 1), tool="brush")
    before, told = load_mask(project, label), project.head()
    pages = project.row("PRAGMA page_count")[0]
    project._db.conn.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    noise = np.random.default_rng(0).random((H, W)) < 0.5
    with pytest.raises(StoreError, match="no room left"):
        commit_edit(project, label, painted(before, [Region(Box(0, 0, W, H), noise)], 2), tool="brush")
    assert (load_mask(project, label), project.head()) == (before, told)
    project._db.conn.execute("PRAGMA max_page_count = 1000000").fetchone()
    assert commit_edit(project, label, painted(before, [Region(Box(0, 0, W, H), noise)], 2), tool="brush") is not None


def test_a_killed_painter_loses_no_stroke_it_was_told_is_safe(tmp_path):
    path, chance, safe = tmp_path / "p.padscope", random.Random(3), []
    with create_project(path) as p:
        p.add_picture(PICTURE)
        label = begin_label(p, PICTURE.sha256).id
    for _ in range(6):
        command = [sys.executable, str(HERE / "painter_to_kill.py"), str(path), str(label)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.15))  # to strike at a random moment
            child.send_signal(signal.SIGKILL)
            safe += [int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    with open_project(path) as p:
        assert p.damages() == store.label_damages(p) == ()
        stored = {row.id for row in store.edits(p, label)}
        assert set(safe) <= stored
        assert len(stored) - len(safe) <= 6
        mask = ClassMask(W, H)
        for row in store.edits(p, label):
            apply(mask, a_stroke(mask, row.id))
        assert load_mask(p, label) == mask
    assert len(safe) > 20
