"""Labels through other tools' files and back: what is taken, what is refused and why, what a format loses."""

import json
import os

import cv2
import numpy as np
import pytest

from padscope.boards.bond_map import read_pad_map
from padscope.cli import main
from padscope.errors import InputError, OutputError, UsageError
from padscope.formats.registry import FORMATS
from padscope.masks.class_mask import mask_from_array
from padscope.store import labels as store
from padscope.store.database import create_project, open_project
from padscope.store.rows import PictureRow
from padscope.types import finish
from padscope.workflows.labels_in import difference, import_labels
from padscope.workflows.labels_out import export_labels, export_pad_maps, unique_names
from padscope.workflows.whole_folder import whole_folder
from reference_projects import LAYOUT, a_level, a_pad_map

W, H = 90, 70


def a_picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, (H, W, 3), dtype=np.uint8))
    return path


def classes_of(seed, values=(1, 2)):
    rng = np.random.default_rng(seed)
    out = np.zeros((H, W), np.uint8)
    for value in values:
        x, y = rng.integers(0, 60, 2)
        out[y : y + 9, x : x + 20] = value
        out[y + 3 : y + 5, x + 3 : x + 8] = 0
    return out


@pytest.fixture
def painted(tmp_path):
    """A project with three pictures: two painted, one looked at and found sound."""
    with create_project(tmp_path / "a.padscope") as p:
        for value, name, colour in ((1, "scratch", "#e69f00"), (2, "water mark", "#0072b2")):
            store.add_class(p, name, colour, value=value)
        for k, stem in enumerate(("one", "two", "sound")):
            path = a_picture(tmp_path / "pictures" / f"{stem}.png", k)
            add(p, path)
            row = store.begin_label(p, sha(path), author="AB")
            if stem != "sound":
                edit = difference(store.load_mask(p, row.id), mask_from_array(classes_of(k)))
                store.commit_edit(p, row.id, edit, tool="brush", author="AB")
            store.review_label(p, row.id, state="done", comment="", author="AB")
        yield p


def sha(path):
    from padscope.pictures.picture import open_picture

    with open_picture(path) as picture:
        return picture.sha256


def add(project, path):
    return project.add_picture(PictureRow(sha(path), str(path), W, H))


def masks(project):
    found = {}
    for picture in project.pictures():
        row = store.label_that_counts(project, picture.sha256)
        if row is not None:
            names = {c.value: c.name for c in store.classes(project)}
            mask = store.load_mask(project, row.id)
            array = mask.read(mask.box)
            found[picture.name] = {names[v]: np.flatnonzero(array == v).tobytes() for v in mask.areas()}
    return found


@pytest.mark.parametrize("form", FORMATS)
def test_labels_go_out_and_come_into_an_empty_project(tmp_path, painted, form):
    out = tmp_path / "out"
    report = finish(export_labels(painted, form, out))
    assert all(file.is_file() for file in report.files)
    assert not list(out.glob(".padscope-*"))
    assert painted.history()[-1].action == "labels exported"
    differing = [loss.picture for loss in report.losses if loss.differing_px]
    assert differing == (["one.png", "two.png"] if form == "mvtec" else [])
    if form == "mvtec":
        assert report.notes[0].startswith("one.png: MVTec-AD folders hold one class per picture: ")
    with create_project(tmp_path / "b.padscope") as other:
        for stem in ("one", "two", "sound"):
            add(other, tmp_path / "pictures" / f"{stem}.png")
        back = finish(import_labels(other, [out], form, author="CD"))
        assert back.refused == ()
        assert {(t.picture, t.new_picture) for t in back.taken} == {
            (f"{s}.png", False) for s in ("one", "two", "sound")
        }
        assert {row.author for row in store.labels(other)} == {"CD"}
        if form != "mvtec":
            assert masks(other) == masks(painted)
            assert set(back.classes_added) == {"scratch", "water mark"}
        assert other.damages() == store.label_damages(other) == ()


@pytest.mark.parametrize("form", FORMATS)
def test_names_with_dots_go_out_and_come_back(tmp_path, form):
    """“flex 1.2” without its ending is not “flex 1”."""
    names = ("flex 1.2.png", "flex 1.3.PNG", "flex 1.png", "board.rev2.png")
    with create_project(tmp_path / "a.padscope") as here, create_project(tmp_path / "b.padscope") as there:
        store.add_class(here, "scratch", "#e69f00", value=1)
        for k, name in enumerate(names):
            path = a_picture(tmp_path / "pictures" / name, k)
            add(here, path)
            add(there, path)
            label = store.begin_label(here, sha(path), author="AB")
            edit = difference(store.load_mask(here, label.id), mask_from_array(classes_of(k, (1,))))
            store.commit_edit(here, label.id, edit, tool="brush", author="AB")
        report = finish(export_labels(here, form, tmp_path / "out"))
        assert (report.exact, report.notes) == (len(names), ())
        assert finish(import_labels(there, [tmp_path / "out"], form, author="CD")).refused == ()
        assert masks(there) == masks(here)


def test_reading_labels_is_one_edit_that_can_be_undone(tmp_path, painted):
    finish(export_labels(painted, "coco", tmp_path / "out"))
    row = store.label_that_counts(painted, sha(tmp_path / "pictures" / "one.png"))
    before = store.load_mask(painted, row.id)
    changed = mask_from_array(classes_of(9))
    store.commit_edit(painted, row.id, difference(before, changed), tool="brush", author="AB")
    report = finish(import_labels(painted, [tmp_path / "out"], "coco", author="CD"))
    assert {t.picture: t.changed_px > 0 for t in report.taken} == {
        "one.png": True,
        "two.png": False,
        "sound.png": False,
    }
    assert store.load_mask(painted, row.id) == before
    assert painted.history()[-1].author == "CD"
    assert painted.history()[-1].detail["tool"] == "read from COCO"
    store.undo(painted, row.id)
    assert store.load_mask(painted, row.id) == changed


def test_a_locked_label_is_never_painted_over(tmp_path, painted):
    finish(export_labels(painted, "labelme", tmp_path / "out"))
    one = store.label_that_counts(painted, sha(tmp_path / "pictures" / "one.png"))
    store.undo(painted, one.id)
    store.review_label(painted, one.id, state="accepted", comment="", author="EF")
    kept = store.load_mask(painted, one.id)
    report = finish(import_labels(painted, [tmp_path / "out"], "labelme"))
    assert [t.picture for t in report.taken] == ["sound.png", "two.png"]
    assert [r.what for r in report.refused] == ["one.png"]
    assert "was reviewed and is locked; reopen it" in report.refused[0].why
    assert store.load_mask(painted, one.id) == kept


def test_new_pictures_are_added_and_missing_ones_are_named(tmp_path):
    a_picture(tmp_path / "set" / "images" / "new.png", 1)
    (tmp_path / "set" / "labels").mkdir()
    (tmp_path / "set" / "data.yaml").write_text("names: [dust]\n")
    (tmp_path / "set" / "labels" / "new.txt").write_text("0 0 0 0.5 0 0.5 0.5 0 0.5\n")
    (tmp_path / "set" / "labels" / "lost.txt").write_text("0 0 0 0.5 0 0.5 0.5 0 0.5\n")
    with create_project(tmp_path / "a.padscope") as p:
        report = finish(import_labels(p, [tmp_path / "set" / "labels"], "yolo"))
        assert [(t.picture, t.new_picture, t.painted_px) for t in report.taken] == [("new.png", True, 35 * 45)]
        assert [row.what.rsplit("/")[-1] for row in report.refused] == ["lost.txt"]
        assert [(c.name, c.colour) for c in store.classes(p)] == [("dust", "#ffee44")]  # the usual colour of this word
        again = finish(import_labels(p, [tmp_path / "set" / "labels"], "yolo"))
        assert [(t.new_picture, t.changed_px) for t in again.taken] == [(False, 0)]
        assert len(store.labels(p)) == 1


def test_labels_of_another_size_are_refused(tmp_path, painted):
    cv2.imwrite(str(tmp_path / "one_mask.png"), np.ones((20, 20), np.uint8))
    report = finish(import_labels(painted, [tmp_path / "one_mask.png"], "png-index"))
    assert "the labels are for 20 × 20 px, the picture has 90 × 70" in report.refused[0].why


def test_two_pictures_of_one_name_are_not_guessed(tmp_path, painted):
    add(painted, a_picture(tmp_path / "other" / "one.png", 77))
    (tmp_path / "m").mkdir()
    cv2.imwrite(str(tmp_path / "m" / "one_mask.png"), np.ones((H, W), np.uint8))
    report = finish(import_labels(painted, [tmp_path / "m"], "png-index"))
    assert "2 pictures of the project have this name" in report.refused[0].why
    assert unique_names(painted.pictures())[0][-1] == f"one_{painted.pictures()[-1].sha256[:8]}.png"


def test_a_broken_file_refuses_only_itself(tmp_path, painted):
    finish(export_labels(painted, "labelme", tmp_path / "out"))
    (tmp_path / "out" / "one.json").write_text("{")
    report = finish(import_labels(painted, [tmp_path / "out"], "labelme"))
    assert [t.picture for t in report.taken] == ["sound.png", "two.png"]
    assert "one.json, line 1: this is not JSON" in report.refused[0].why


def test_a_cancelled_export_leaves_nothing(tmp_path, painted):
    work = export_labels(painted, "png-index", tmp_path / "out")
    next(work)
    work.close()
    assert not (tmp_path / "out").exists()


def three_new_files(folder):
    with whole_folder(folder) as draft:
        for name in ("a.json", "b.csv", "c.pdf"):
            (draft / name).write_text("new")


def test_where_one_file_cannot_be_replaced_all_stay_as_they_were(tmp_path):
    goal = tmp_path / "out"
    (goal / "c.pdf").mkdir(parents=True)  # cannot be replaced by a file
    (goal / "b.csv").write_text("old")
    with pytest.raises(OutputError, match="cannot be written"):
        three_new_files(goal)
    assert (goal / "b.csv").read_text() == "old"
    assert sorted(p.name for p in goal.iterdir()) == ["b.csv", "c.pdf"]


def test_a_file_that_is_held_open_is_found_out_when_others_were_written(tmp_path, monkeypatch):
    """As on Windows, where a report that somebody reads cannot be replaced."""
    replace = os.replace

    def held(source, goal):
        if str(goal).endswith("c.pdf"):
            raise PermissionError(13, "held open by another program")
        replace(source, goal)

    for name in ("b.csv", "c.pdf"):
        (tmp_path / name).write_text("old")
    monkeypatch.setattr("padscope.workflows.whole_folder.os.replace", held)
    with pytest.raises(OutputError, match="held open"):
        three_new_files(tmp_path)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"b.csv": "old", "c.pdf": "old"}


def test_an_export_that_cannot_be_whole_writes_nothing(tmp_path, painted):
    (tmp_path / "pictures" / "two.png").unlink()
    with pytest.raises(OutputError, match="is not where it was"):
        finish(export_labels(painted, "mvtec", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_export_needs_something_to_write(tmp_path, painted):
    with pytest.raises(InputError, match="has no picture “three"):
        finish(export_labels(painted, "coco", tmp_path / "out", pictures=["three.png"]))
    with pytest.raises(UsageError, match="YOLO segmentation has no masks; it has polygons"):
        finish(export_labels(painted, "yolo", tmp_path / "out", shapes="masks"))
    with (
        create_project(tmp_path / "empty.padscope") as empty,
        pytest.raises(InputError, match="has no labels to write"),
    ):
        finish(export_labels(empty, "coco", tmp_path / "out"))


def test_pad_maps_go_out_as_inspect_writes_them(tmp_path, painted):
    pad_map = a_pad_map(3)
    painted.add_inspection(pad_map, LAYOUT, a_level(3), picture_path=str(tmp_path / "pictures" / "board3.jpg"))
    report = finish(export_pad_maps(painted, tmp_path / "maps", heat=True))
    endings = ["bondmap.csv", "heat.npz", "padmap.json", "pdf"]
    assert [file.name for file in report.files] == [f"board3.{ending}" for ending in endings]
    assert report.notes[0].startswith("board3.jpg: the report has no close-ups")
    assert read_pad_map(tmp_path / "maps" / "board3.padmap.json").pads == pad_map.pads
    assert np.load(tmp_path / "maps" / "board3.heat.npz")["level"].shape == (70, 90)


def test_the_commands_say_what_they_did(tmp_path, painted, capsys):
    painted.close()
    out, project = str(tmp_path / "out"), str(tmp_path / "a.padscope")
    assert main(["export", project, "--format", "cvat", "--out", out, "--pictures", "one.png", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [p["picture"] for p in told["pictures"]] == ["one.png"]
    assert told["files"] == [f"{out}/annotations.xml"]
    new = str(tmp_path / "new.padscope")
    assert main(["import", new, out, "--format", "cvat", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["taken"] == []
    assert captured.err.rstrip().endswith(
        "this picture is neither in the project nor beside the labels; put it there, or add it first."
    )
    assert main(["import", project, out, "--format", "cvat", "--author", "CD"]) == 0
    assert capsys.readouterr().out.startswith("one.png: ")
    assert main(["export", project, "--format", "voc", "--out", out]) == 2
    assert main(["export", project, "--format", "padmap", "--out", out]) == 1
    assert "has no inspections to write" in capsys.readouterr().err
    with open_project(project) as p:
        assert store.label_damages(p) == ()
