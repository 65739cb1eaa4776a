import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.calibration import calibrated
from padscope.errors import StoreError
from padscope.masks.edits import apply
from padscope.store import labels as store
from padscope.store.artifacts import Model, save_model
from padscope.store.database import create_project, open_project
from padscope.store.histories import merged_history
from padscope.store.labels import begin_label, commit_edit, load_mask
from padscope.store.merge import MergeReport, merge
from padscope.store.rows import PictureRow
from padscope.types import Scale, finish
from reference_projects import LAYOUT, a_level, a_pad_map, a_stroke

SHA = "1" * 64


def painted_project(path, seeds, *, author="AB", classes=("dust", "scratch"), module=""):
    """A closed project with one labelled picture."""
    with create_project(path) as p:
        p.add_picture(
            PictureRow(SHA, str(path.parent / f"{path.stem}.jpg"), 600, 500, scale=Scale(2.5, "keyence"), module=module)
        )
        for name in classes:
            store.add_class(p, name, "#112233")
        label = begin_label(p, SHA, author=author).id
        strokes(p, label, seeds, author=author)
    return path


def strokes(project, label, seeds, *, author="AB"):
    mask = load_mask(project, label)
    for seed in seeds:
        edit = a_stroke(mask, seed)
        commit_edit(project, label, edit, tool="brush", author=author)
        apply(mask, edit)
    return mask


def masks_of(path):
    with open_project(path, read_only=True) as p:
        return [load_mask(p, row.id) for row in store.labels(p)]


def sound(project):
    return project.damages() == store.label_damages(project) == ()


@pytest.fixture
def here(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with create_project(tmp_path / "a" / "here.padscope") as p:
        yield p


@pytest.fixture
def there(tmp_path):
    return tmp_path / "b" / "there.padscope"


def test_everything_arrives_and_arrives_once(here, there, tmp_path):
    model = Model("patchcore", 1, {}, calibrated([1.0]), {}, {}, {"bank": np.zeros(3)})
    save_model(model, there.with_name("m.padmodel"))
    painted_project(there, range(5), module="20UP1")
    with open_project(there) as other:
        other.add_model(there.with_name("m.padmodel"))
        inspection = other.add_inspection(a_pad_map(3), LAYOUT, a_level(3), author="AB")
        history = other.history()
    before = there.read_bytes()
    report = finish(merge(here, there, author="CD"))
    assert (report.pictures, report.layouts, report.models, report.inspections) == (2, 1, 1, 1)
    assert (report.classes, report.labels, report.strokes, report.history) == (2, 1, 5, len(history))
    assert report.conflicts == ()
    assert here.pad_map(1) == a_pad_map(3)
    assert here.inspections()[0].uid == inspection.uid
    assert np.array_equal(here.level(1), a_level(3).astype(np.float16).astype(np.float32), equal_nan=True)
    assert here.model_file(model.sha256) == there.with_name("m.padmodel").read_bytes()
    assert here.models()[0].path == str(there.parent / "m.padmodel").replace("/a/../", "/")
    assert [load_mask(here, row.id) for row in store.labels(here)] == masks_of(there)
    assert here.picture(SHA).path == str(there.parent / "there.jpg")
    assert merged_history(here, sources(here)[0]) == history
    assert here.history()[-1].action == "merged"
    assert sound(here)
    count = len(here.history())
    again = finish(merge(here, there))
    assert again == MergeReport(str(there))
    assert len(here.history()) == count
    assert there.read_bytes() == before


def sources(project):
    return [r[0] for r in project.rows("SELECT DISTINCT project_uid FROM merged_history")]


def test_a_rehearsal_says_the_same_and_changes_nothing(here, there):
    painted_project(there, range(3))
    before = here.head(), here.pictures(), store.classes(here)
    rehearsed = finish(merge(here, there, dry_run=True))
    assert (here.head(), here.pictures(), store.classes(here)) == before
    assert store.labels(here) == ()
    assert finish(merge(here, there)) == rehearsed


def test_what_was_painted_further_elsewhere_comes_home(here, tmp_path):
    """A project is copied to another PC, painted on there, and brought back."""
    here.close()
    copy = tmp_path / "copy.padscope"
    painted_project(tmp_path / "a" / "home.padscope", range(3))
    with open_project(tmp_path / "a" / "home.padscope") as home:
        home.copy_to(copy)
        with open_project(copy) as other:
            strokes(other, 1, range(3, 7))
            store.undo(other, 1)
        report = finish(merge(home, copy))
        assert (report.labels, report.strokes, report.conflicts) == (0, 4, ())
        assert masks_of(copy) == [load_mask(home, 1)]
        assert store.redo(home, 1) is not None  # what was undone there can be redone here
        store.undo(home, 1)
        with open_project(copy) as other:
            strokes(other, 1, range(20, 22))
        assert finish(merge(home, copy)).strokes == 2
        assert masks_of(copy) == [load_mask(home, 1)]
        assert sound(home)


def test_masks_that_went_different_ways_become_two(here, tmp_path):
    home_path, copy = tmp_path / "a" / "home.padscope", tmp_path / "copy.padscope"
    painted_project(home_path, range(3))
    shutil.copy(home_path, copy)
    with open_project(copy) as other:
        strokes(other, 1, range(10, 13), author="CD")
    with open_project(home_path) as home:
        mine = strokes(home, 1, range(20, 24))
        report = finish(merge(home, copy))
        assert [(c.what, c.kept) for c in report.conflicts] == [("a mask painted on in both", "both")]
        assert report.strokes == 6
        assert [load_mask(home, row.id) for row in store.labels(home)] == [mine, *masks_of(copy)]
        assert finish(merge(home, copy)).labels == 0
        with open_project(copy) as other:
            strokes(other, 1, range(30, 32), author="CD")
        report = finish(merge(home, copy))
        assert (report.labels, report.strokes, report.conflicts) == (0, 2, ())
        assert [load_mask(home, row.id) for row in store.labels(home)] == [mine, *masks_of(copy)]
        assert sound(home)
        assert len(sources(home)) == 1  # one fork of our own history, continued
        with open_project(copy) as other:
            assert merged_history(home, sources(home)[0]) == other.history()


def test_a_class_that_was_retired_stays_retired(here, there):
    painted_project(there, range(1))
    with open_project(there) as other:
        dust = next(c for c in store.classes(other) if c.name == "dust")
        store.change_class(other, replace(dust, retired=True))
    finish(merge(here, there))
    assert {c.name: c.retired for c in store.classes(here)} == {"dust": True, "scratch": False}


def test_words_that_differ_are_listed_and_ours_stay(here, there):
    painted_project(there, [1], author="CD", module="20UP2")
    here.add_picture(PictureRow(SHA, "x.jpg", 600, 500, scale=Scale(5.0, "typed"), module="20UP1"))
    store.add_class(here, "DUST", "#ffffff")
    label = begin_label(here, SHA, author="AB")
    report = finish(merge(here, there))
    assert {(c.what, c.here, c.there, c.kept) for c in report.conflicts} == {
        ("scale of a picture", "5 µm per px (typed)", "2.5 µm per px (keyence)", "here"),
        ("module of a picture", "20UP1", "20UP2", "here"),
        ("colour of a class", "#ffffff", "#112233", "here"),
        ("two labels of one picture", "AB", "CD", "both"),
    }
    assert (here.picture(SHA).module, here.picture(SHA).scale.um_per_px) == ("20UP1", 5.0)
    told = here.history()[-1].detail["conflicts"]
    assert {
        "what": "module of a picture",
        "subject": SHA,
        "here": "20UP1",
        "there": "20UP2",
        "kept": "here",
        "parts": [],
    } in told
    assert len(store.labels(here)) == 2
    assert store.label(here, label.id).author == "AB"


def test_what_is_unknown_here_is_learned(here, there):
    painted_project(there, [1], module="20UP2")
    here.add_picture(PictureRow(SHA, "x.jpg", 600, 500))
    assert finish(merge(here, there)).conflicts == ()
    assert (here.picture(SHA).module, here.picture(SHA).scale) == ("20UP2", Scale(2.5, "keyence"))
    assert here.picture(SHA).name == "x.jpg"  # where it lies here stays


def test_a_review_there_does_not_overrule_ours(here, tmp_path):
    home_path, copy = tmp_path / "a" / "home.padscope", tmp_path / "copy.padscope"
    painted_project(home_path, range(3))
    shutil.copy(home_path, copy)
    with open_project(copy) as other:
        store.undo(other, 1)
        store.review_label(other, 1, state="rejected", comment="too thick")
    with open_project(home_path) as home:
        store.review_label(home, 1, state="accepted", comment="")
        report = finish(merge(home, copy))
        assert [(c.what, c.here, c.there) for c in report.conflicts] == [
            ("review of a label", "accepted: ", "rejected: too thick"),
            ("a stroke taken back", "done", "undone"),
        ]
        assert store.label(home, 1).state == "accepted"


@given(st.permutations([1, 2, 3, 4]), st.integers(0, 4))
@settings(max_examples=15)
def test_classes_meet_by_name_whatever_their_values(tmp_path_factory, order, undone):
    """Painted with other values there: after the merge every pixel has the class of the same name, also through undo and redo."""
    folder = tmp_path_factory.mktemp("merge")
    names = ["a", "b", "c", "d"]
    with create_project(folder / "there.padscope") as other:
        other.add_picture(PictureRow(SHA, "x.jpg", 600, 500))
        for value, name in zip(order, names, strict=True):
            store.add_class(other, name, "#000000", value=value)
        label = begin_label(other, SHA).id
        mask = load_mask(other, label)
        steps = []
        for seed in (0, 1, 2, 3, 249, 252):  # classes 1 … 4, 250 without a name, and over 3 again
            edit = a_stroke(mask, seed)
            commit_edit(other, label, edit, tool="brush")
            apply(mask, edit)
            steps.append(mask.read(mask.box))
        for _ in range(undone):
            store.undo(other, label)
    lut = np.arange(256, dtype=np.uint8)
    lut[order] = [1, 2, 3, 4]
    with create_project(folder / "here.padscope") as here:
        for name in names:
            store.add_class(here, name, "#000000")
        finish(merge(here, folder / "there.padscope"))
        left = len(steps) - undone
        for _ in range(undone):
            assert np.array_equal(whole(here), lut[steps[left - 1]])
            store.redo(here, 1)
            left += 1
        for step in reversed(steps):
            assert np.array_equal(whole(here), lut[step])
            store.undo(here, 1)
        assert not whole(here).any()
        assert sound(here)


def whole(project):
    mask = load_mask(project, 1)
    return mask.read(mask.box)


def test_damaged_parts_are_left_out_and_named(here, there):
    painted_project(there, range(3))
    with open_project(there) as other:
        other.add_inspection(a_pad_map(1), LAYOUT, a_level(1))
        other.add_inspection(a_pad_map(2), LAYOUT, a_level(2))
    broken = sqlite3.connect(there, isolation_level=None)
    broken.execute("UPDATE inspections SET level = zeroblob(4) WHERE id = 1")
    broken.execute("UPDATE edits SET data = zeroblob(4) WHERE id = 2")
    broken.close()
    report = finish(merge(here, there))
    assert {c.what for c in report.conflicts} == {"damaged inspection, not taken", "damaged label, not taken"}
    assert (report.inspections, report.labels) == (1, 0)
    assert sound(here)


def test_what_cannot_be_merged_is_refused(here, there, tmp_path):
    with pytest.raises(StoreError, match="into itself"):
        finish(merge(here, here.path))
    with pytest.raises(StoreError, match="no project"):
        finish(merge(here, tmp_path / "absent.padscope"))
    with create_project(there) as other:  # open elsewhere: it is only read
        other.add_picture(PictureRow(SHA, "x.jpg", 600, 500))
        assert finish(merge(here, there)).pictures == 1
