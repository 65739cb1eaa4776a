"""A part of a project goes to a labeller and comes back; where both painted, a person decides pad by pad and nothing is dropped."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.cli import main
from padscope.errors import StoreError
from padscope.masks.edits import apply, painted
from padscope.masks.shapes import Region
from padscope.store import labels as store
from padscope.store.conflicts import CHOICES, open_conflicts, resolve
from padscope.store.database import create_project, open_project
from padscope.store.merge import merge
from padscope.store.rows import PictureRow
from padscope.store.split import split
from padscope.types import Affine, Box, finish
from reference_projects import LAYOUT, a_level, a_pad_map, a_stroke

W, H = 600, 500
SHAS = [f"{k:064x}" for k in range(3)]


def a_project(path, *, pictures=3, author="AB"):
    project = create_project(path)
    for name in ("dust", "scratch"):
        store.add_class(project, name, "#112233")
    for k in range(pictures):
        project.add_picture(PictureRow(SHAS[k], str(path.parent / f"p{k}.jpg"), W, H))
        row = store.begin_label(project, SHAS[k], author=author)
        dab(project, row.id, 300, 300 + 20 * k, 1, author=author)
    return project


def dab(project, label, x, y, value, *, size=10, author="AB"):
    mask = store.load_mask(project, label)
    edit = painted(mask, [Region(Box(x, y, x + size, y + size), np.ones((size, size), bool))], value)
    store.commit_edit(project, label, edit, tool="brush", author=author)


def label_of(project, sha):
    return store.label_that_counts(project, sha).id


def array(project, label):
    mask = store.load_mask(project, label)
    return mask.read(mask.box)


def sound(project):
    return project.damages() == store.label_damages(project) == ()


@pytest.fixture
def home(tmp_path):
    with a_project(tmp_path / "home.padscope") as project:
        yield project


def test_a_part_holds_its_pictures_and_comes_back(home, tmp_path):
    layouts = home.add_inspection(a_pad_map(1), LAYOUT, a_level(1))
    assert layouts.picture_sha256 == SHAS[1]
    report = finish(split(home, home.pictures()[1:], tmp_path / "part.padscope", author="AB"))
    assert (report.pictures, report.labels, report.strokes) == (2, 2, 2)
    with open_project(report.path) as part:
        assert [p.sha256 for p in part.pictures()] == SHAS[1:]
        assert [c.name for c in store.classes(part)] == ["dust", "scratch"]
        assert [i.picture_sha256 for i in part.inspections()] == [SHAS[1]]
        assert len(part.layouts()) == 1
        assert sound(part)
        dab(part, label_of(part, SHAS[1]), 10, 10, 2, author="CD")
        painted_there = array(part, label_of(part, SHAS[1]))
    back = finish(merge(home, report.path))
    assert (back.pictures, back.labels, back.strokes, back.inspections) == (0, 0, 1, 0)
    assert back.conflicts == ()
    assert np.array_equal(array(home, label_of(home, SHAS[1])), painted_there)
    assert open_conflicts(home) == ()
    assert finish(merge(home, report.path)).strokes == 0
    assert home.history("part.padscope")[0].action == "split off"
    assert sound(home)


def test_pictures_go_along_when_asked(home, tmp_path):
    (tmp_path / "p0.jpg").write_bytes(b"pixels")
    (tmp_path / "stick").mkdir()
    report = finish(split(home, home.pictures()[:2], tmp_path / "stick" / "part.padscope", copy_pictures=True))
    assert (report.copied, report.missing) == (1, ("p1.jpg",))
    with open_project(report.path) as part:
        assert part.pictures()[0].path == str(tmp_path / "stick" / "part pictures" / "p0.jpg")
    with pytest.raises(StoreError, match="already a folder"):
        finish(split(home, home.pictures()[:1], tmp_path / "stick" / "part.padscope", copy_pictures=True))


def test_a_cancelled_split_leaves_nothing(home, tmp_path):
    (tmp_path / "p0.jpg").write_bytes(b"pixels")
    work = split(home, home.pictures(), tmp_path / "part.padscope", copy_pictures=True)
    next(work)
    next(work)
    work.close()
    assert not (tmp_path / "part.padscope").exists()
    assert not (tmp_path / "part pictures").exists()
    with pytest.raises(StoreError, match="at least one picture"):
        finish(split(home, [], tmp_path / "part.padscope"))


def forked(home, tmp_path, *, pose=None):
    """Both paint on picture 0: at home at (100, 100), there over it with another class and at (400, 400)."""
    part = finish(split(home, home.pictures()[:1], tmp_path / "part.padscope")).path
    dab(home, label_of(home, SHAS[0]), 100, 100, 1)
    with open_project(part) as there:
        dab(there, label_of(there, SHAS[0]), 105, 100, 2, author="CD")
        dab(there, label_of(there, SHAS[0]), 400, 400, 2, author="CD")
    return part


def test_what_both_painted_is_told_place_by_place(home, tmp_path):
    report = finish(merge(home, forked(home, tmp_path)))
    (told,) = report.conflicts
    assert (told.what, told.here, told.there, told.kept) == ("a mask painted on in both", "AB", "CD", "both")
    assert [(p.name, p.box, p.differing_px, p.mine_px, p.theirs_px) for p in told.parts] == [
        ("elsewhere 1", (100, 100, 115, 110), 150, 100, 100),
        ("elsewhere 2", (400, 400, 410, 410), 100, 0, 100),
    ]
    (conflict,) = open_conflicts(home)
    assert conflict.parts == told.parts
    assert (conflict.mine.author, conflict.theirs.author) == ("AB", "AB")


def test_with_a_layout_and_a_pose_it_is_told_pad_by_pad(home, tmp_path):
    pad_map = a_pad_map(0)
    pose = Affine(0.5, 0, 0, 0, 0.2, 0)  # layout µm → px: pad L1 covers x 2 … 97
    from dataclasses import replace

    facts = replace(pad_map.picture, sha256=SHAS[0], width_px=W, height_px=H)
    home.add_inspection(replace(pad_map, picture=facts, um_to_px=pose), LAYOUT)
    part = finish(split(home, home.pictures()[:1], tmp_path / "part.padscope")).path
    dab(home, label_of(home, SHAS[0]), 40, 20, 1)
    with open_project(part) as there:
        dab(there, label_of(there, SHAS[0]), 60, 20, 2, author="CD")
        dab(there, label_of(there, SHAS[0]), 300, 20, 2, author="CD")
        dab(there, label_of(there, SHAS[0]), 500, 450, 2, author="CD")
    finish(merge(home, part))
    (conflict,) = open_conflicts(home)
    assert [(p.name, p.differing_px) for p in conflict.parts] == [("L1", 200), ("L2", 100), ("elsewhere 1", 100)]


@pytest.mark.parametrize("choice", CHOICES)
def test_a_person_decides_and_the_other_label_stays(home, tmp_path, choice):
    finish(merge(home, forked(home, tmp_path)))
    (conflict,) = open_conflicts(home)
    mine, theirs = array(home, conflict.mine.id), array(home, conflict.theirs.id)
    strokes = len(store.edits(home, conflict.theirs.id))
    row = resolve(home, conflict, {"elsewhere 1": choice}, otherwise="theirs", author="EF")
    result = array(home, row.id)
    expected = theirs.copy()
    both = np.where(mine > 0, mine, theirs)
    expected[90:120, 90:120] = {"mine": mine, "theirs": theirs, "both": both}[choice][90:120, 90:120]
    assert np.array_equal(result, expected)
    assert open_conflicts(home) == ()
    other = store.label(home, conflict.theirs.id)
    assert (other.state, len(store.edits(home, other.id))) == ("rejected", strokes)
    assert np.array_equal(array(home, other.id), theirs)
    assert home.history()[-1].action == "conflict resolved"
    assert home.history()[-1].detail["take"] == {"elsewhere 1": choice, "elsewhere 2": "theirs"}
    store.undo(home, row.id)
    assert np.array_equal(array(home, row.id), mine)
    assert sound(home)


def test_nothing_is_decided_by_itself(home, tmp_path):
    finish(merge(home, forked(home, tmp_path)))
    (conflict,) = open_conflicts(home)
    before = home.history()
    with pytest.raises(StoreError, match="say for elsewhere 2 whether to take mine, theirs or both"):
        resolve(home, conflict, {"elsewhere 1": "mine"})
    with pytest.raises(StoreError, match="has no conflict at “L9”; there is one at elsewhere 1, elsewhere 2"):
        resolve(home, conflict, {"L9": "mine"}, otherwise="mine")
    assert home.history() == before
    dab(home, conflict.mine.id, 1, 1, 1)
    with pytest.raises(StoreError, match="has been painted on since"):
        resolve(home, conflict, {}, otherwise="mine")


def test_painting_on_after_a_decision_is_a_new_conflict(home, tmp_path):
    part = forked(home, tmp_path)
    finish(merge(home, part))
    resolve(home, open_conflicts(home)[0], {}, otherwise="theirs")
    assert finish(merge(home, part)).conflicts == ()
    assert open_conflicts(home) == ()
    with open_project(part) as there:
        dab(there, label_of(there, SHAS[0]), 200, 200, 1, author="CD")
    (told,) = finish(merge(home, part)).conflicts
    assert [p.box for p in told.parts] == [(200, 200, 210, 210)]
    assert len(open_conflicts(home)) == 1


def test_strokes_from_elsewhere_never_change_what_a_reviewer_accepted(home, tmp_path):
    part = finish(split(home, home.pictures()[:1], tmp_path / "part.padscope")).path
    accepted = store.review_label(home, label_of(home, SHAS[0]), state="accepted", comment="good", author="EF")
    before = array(home, accepted.id)
    with open_project(part) as there:
        dab(there, label_of(there, SHAS[0]), 5, 5, 2, author="CD")
    finish(merge(home, part))
    assert np.array_equal(array(home, accepted.id), before)
    (conflict,) = open_conflicts(home)
    row = resolve(home, conflict, {}, otherwise="theirs", author="EF")
    assert row.state == "draft"  # reopened by the person who decided
    assert array(home, row.id)[5, 5] == 2


seeds = st.lists(st.tuples(st.sampled_from(["stroke", "undo", "redo"]), st.integers(0, 10**6)), max_size=5)


def work(project, sha, steps, author):
    label = label_of(project, sha)
    mask = store.load_mask(project, label)
    for kind, seed in steps:
        if kind == "stroke":
            edit = a_stroke(mask, seed % 2)
            store.commit_edit(project, label, edit, tool="brush", author=author)
        else:
            edit = getattr(store, kind)(project, label, author=author)
        if edit is not None:
            apply(mask, edit)


@settings(max_examples=20)
@given(here=seeds, there=seeds, later=seeds, choices=st.lists(st.sampled_from(CHOICES), min_size=1, max_size=4))
def test_any_history_of_two_people_loses_no_stroke(tmp_path_factory, here, there, later, choices):
    folder = tmp_path_factory.mktemp("two")
    with a_project(folder / "home.padscope", pictures=1) as home:
        path = finish(split(home, home.pictures(), folder / "part.padscope")).path
        work(home, SHAS[0], here, "AB")
        for steps in (there, later):
            with open_project(path) as part:
                work(part, SHAS[0], steps, "CD")
                theirs = array(part, label_of(part, SHAS[0]))
                strokes = {e.sha256 for row in store.labels(part) for e in store.edits(part, row.id)}
            mine = {row.id: array(home, row.id) for row in store.labels(home)}
            own = {e.sha256 for row in store.labels(home) for e in store.edits(home, row.id)}
            finish(merge(home, path))
            kept = {e.sha256 for row in store.labels(home) for e in store.edits(home, row.id)}
            assert own | strokes <= kept
            assert any(np.array_equal(array(home, row.id), theirs) for row in store.labels(home)) or any(
                np.array_equal(array(home, id), was) for id, was in mine.items()
            )
            for conflict in open_conflicts(home):
                ours, other = array(home, conflict.mine.id), array(home, conflict.theirs.id)
                take = {p.name: choices[k % len(choices)] for k, p in enumerate(conflict.parts)}
                result = array(home, resolve(home, conflict, take).id)
                assert ((result == ours) | (result == other)).all()
                if len(set(take.values())) == 1:
                    wanted = {"mine": ours, "theirs": other, "both": np.where(ours > 0, ours, other)}
                    assert np.array_equal(result, wanted[choices[0]])
            assert open_conflicts(home) == ()
            assert sound(home)


def test_the_commands_split_merge_and_resolve(home, tmp_path, capsys):
    home.close()
    project, part = str(tmp_path / "home.padscope"), str(tmp_path / "part.padscope")
    assert main(["split", project, "--pictures", "p0.jpg", "--out", part, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == 1
    for path, x in ((project, 100), (part, 400)):
        with open_project(path) as p:
            dab(p, label_of(p, SHAS[0]), x, x, 2)
    assert main(["merge", project, part, "--dry-run"]) == 0
    assert "elsewhere 2: 100 px differ (mine 0 px painted, theirs 100 px)" in capsys.readouterr().out
    assert main(["merge", project, part]) == 0
    assert main(["resolve", project, "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out.split("kept both")[-1].split("\n", 3)[-1])["open"]
    assert [p["name"] for p in listed["parts"]] == ["elsewhere 1", "elsewhere 2"]
    assert main(["resolve", project, "--take", "p0.jpg:L7=mine"]) == 1
    assert "There is no conflict at p0.jpg:L7" in capsys.readouterr().err
    assert main(["resolve", project, "--take", "maybe"]) == 2
    assert main(["resolve", project, "--take", "mine", "--take", "p0.jpg:elsewhere 2=theirs"]) == 0
    assert "resolved: p0.jpg" in capsys.readouterr().out
    assert main(["resolve", project]) == 0
    assert capsys.readouterr().out == "No picture has two labels.\n"
    with open_project(project) as p:
        assert store.load_mask(p, label_of(p, SHAS[0])).areas()[2] == 200
