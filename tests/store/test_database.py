import contextlib
import dataclasses
import hashlib
import itertools
import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.pad_map import Defect, Landing, Mark, PadMap, PadResult, PictureFacts, Provenance, Shows, Verdict
from padscope.calibration import calibrated
from padscope.errors import ModelError, StoreError
from padscope.store import artifacts, connection, rows, schema
from padscope.store.artifacts import Model, load_model, save_model
from padscope.store.database import Project, create_project, open_or_create_project, open_project
from padscope.store.rows import PictureRow
from padscope.types import Affine, Scale
from reference_projects import LAYOUT, a_level, a_pad, a_pad_map


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope", "made up") as p:
        yield p


def reopened(project: Project) -> Project:
    project.close()
    return open_project(project.path)


def outside(project: Project) -> sqlite3.Connection:
    """Another program's connection, which keeps none of our rules."""
    return sqlite3.connect(project.path, isolation_level=None)


def test_an_inspection_comes_back_as_it_went(project):
    pad_map, level = a_pad_map(), a_level()
    row = project.add_inspection(pad_map, LAYOUT, level, seconds=1.5, author="AB")
    with reopened(project) as again:
        assert again.pad_map(row.id) == pad_map
        assert np.array_equal(again.level(row.id), level.astype(np.float16).astype(np.float32), equal_nan=True)
        assert again.level(row.id).dtype == np.float32
        assert again.inspections() == again.inspections(pad_map.picture.sha256) == (row,)
        assert again.inspections("no such picture") == ()
        assert again.layout(row.layout_sha256) == LAYOUT
        assert again.layout(row.layout_sha256).sha256 == LAYOUT.sha256
    assert row.counts == {Verdict.OK: 1, Verdict.OK_SHIFT: 1}
    assert (row.author, row.seconds, row.state) == ("AB", 1.5, "done")


texts = st.text(max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
points = st.tuples(numbers, numbers)
results = st.builds(
    PadResult,
    texts,
    st.sampled_from(Verdict),
    st.lists(texts, max_size=2).map(tuple),
    st.none() | numbers | st.floats(width=32, allow_nan=False, allow_infinity=False).map(np.float32),
    st.none() | numbers,
    st.lists(st.builds(Defect, texts, numbers, st.tuples(*[numbers] * 4), numbers), max_size=2).map(tuple),
    st.lists(
        st.builds(Landing, texts, points, st.none() | points, st.none() | numbers, points, numbers), max_size=2
    ).map(tuple),
    st.lists(
        st.builds(Mark, st.integers(0, 9), st.sampled_from(Shows), st.lists(points, max_size=3).map(tuple)), max_size=2
    ).map(tuple),
)
pad_maps = st.builds(
    PadMap,
    st.builds(
        PictureFacts,
        texts,
        texts,
        st.integers(1, 10**6),
        st.integers(1, 10**6),
        st.builds(Scale, st.none() | numbers, texts, st.booleans()),
    ),
    st.builds(Affine, *[numbers] * 6),
    numbers,
    texts,
    st.builds(Provenance, *[texts] * 8),
    st.lists(results, max_size=3).map(tuple),
)


@given(pad_maps)
def test_any_pad_map_is_the_same_after_its_text(pad_map):
    assert rows.pad_map_from_text(rows.head_to_text(pad_map), [rows.pad_to_text(p) for p in pad_map.pads]) == pad_map


@given(st.lists(st.floats(width=16) | st.just(float("nan")), min_size=1, max_size=30))
def test_any_half_precision_grid_survives(values):
    grid = np.array([values], dtype=np.float32)
    back = rows.level_from_blob(rows.level_to_blob(grid), 1, len(values))
    assert np.array_equal(back, np.clip(grid, -65504, 65504), equal_nan=True)


def test_a_picture_is_known_by_its_content(project, tmp_path):
    first = project.add_picture(
        PictureRow("1" * 64, str(tmp_path / "a.jpg"), 10, 20, 99, Scale(2.5, "keyence"), "20UP1")
    )
    again = project.add_picture(PictureRow("1" * 64, str(tmp_path / "sub" / "b.jpg"), 10, 20, 99))
    assert project.pictures() == (again,)
    assert (again.id, again.scale, again.module) == (first.id, first.scale, "20UP1")  # nothing known is forgotten
    assert again.name == "b.jpg"
    assert project.history("1" * 64)[-1].detail == {"from": {"path": "a.jpg"}, "to": {"path": "sub/b.jpg"}}
    count = len(project.history())
    assert project.add_picture(again) == again
    assert len(project.history()) == count  # nothing changed, nothing to tell


def test_a_folder_may_move_with_its_project(project, tmp_path):
    project.add_picture(PictureRow("1" * 64, str(tmp_path / "pictures" / "a.jpg"), 1, 1))
    project.add_picture(PictureRow("2" * 64, "/elsewhere/b.jpg", 1, 1))
    project.close()
    moved = tmp_path / "other PC"
    moved.mkdir()
    project.path.rename(moved / "p.padscope")
    with open_project(moved / "p.padscope") as p:
        assert [row.path for row in p.pictures()] == [str(moved / "pictures" / "a.jpg"), "/elsewhere/b.jpg"]


def test_models_are_kept_whole(project, tmp_path):
    arrays = {"bank": np.arange(6.0)}
    path = save_model(
        Model("patchcore", 1, {"k": 1}, calibrated([1.0]), {}, {"note": "µ"}, arrays), tmp_path / "m.padmodel"
    )
    row = project.add_model(path)
    assert project.add_model(path) == row
    assert row.kept
    whole = path.read_bytes()
    assert project.model_file(row.sha256) == whole
    path.unlink()
    back = tmp_path / "back.padmodel"
    back.write_bytes(project.model_file(row.sha256))
    assert load_model(back, expected_sha256=row.sha256).facts == {"note": "µ"}
    with pytest.raises(StoreError, match="does not keep"):
        project.model_file("0" * 64)
    back.write_bytes(b"rubbish, longer than eight bytes")
    with pytest.raises(ModelError):
        project.add_model(back)
    assert project.models() == (row,)


def test_a_model_file_is_read_once_and_a_known_one_by_its_head_alone(project, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(artifacts, "_bytes", lambda path: read.append(path) or path.read_bytes())
    models = [
        save_model(
            Model("patchcore", 1, {"k": k}, calibrated([1.0]), {}, {}, {"bank": np.arange(6.0)}), tmp_path / f"{k}"
        )
        for k in (1, 2)
    ]
    first = project.add_model(models[0])
    assert project.add_model(models[0]) == first
    assert read == models[:1]
    changed = bytearray(models[1].read_bytes())
    changed[-1] ^= 1
    models[1].write_bytes(changed)
    with pytest.raises(ModelError, match="damaged"):  # an unknown one is checked to its last byte
        project.add_model(models[1])
    assert project.models() == (first,)


def test_what_fails_in_the_middle_leaves_nothing(project):
    before = project.history(), project.pictures(), project.layouts()
    good = a_pad_map()
    bad = dataclasses.replace(good, pads=(*good.pads, dataclasses.replace(a_pad("L9"), pad=None)))
    with pytest.raises(sqlite3.IntegrityError):
        project.add_inspection(bad, LAYOUT, a_level())
    assert (project.history(), project.pictures(), project.layouts()) == before
    assert project.inspections() == ()
    with contextlib.suppress(ZeroDivisionError), project.transaction():
        project.add_inspection(good, LAYOUT)
        raise ZeroDivisionError
    assert project.inspections() == ()
    with project.transaction():
        project.add_inspection(good, LAYOUT)
        with contextlib.suppress(sqlite3.IntegrityError):
            project.add_inspection(bad, LAYOUT)
    assert len(project.inspections()) == 1


def test_every_connection_keeps_the_promises(project, tmp_path):
    project.add_inspection(a_pad_map(), LAYOUT)
    with open_project(project.path, read_only=True) as reader:
        for p, name in itertools.product((project, reader), connection.PRAGMAS):
            wanted = {"FULL": 2, "ON": 1, "OFF": 0}.get(connection.PRAGMAS[name], connection.PRAGMAS[name])
            assert p.row(f"PRAGMA {name}")[0] == int(wanted), name
        assert reader.row("PRAGMA journal_mode")[0] == "wal"
        assert reader.pad_map(1) == a_pad_map()
        project.add_inspection(a_pad_map(1), LAYOUT)
        assert len(reader.inspections()) == 2  # sees what the writer has finished
        for write in (lambda: reader.add_inspection(a_pad_map(), LAYOUT), lambda: reader.record("a", "b", {})):
            with pytest.raises(StoreError, match="reading only"):
                write()
        with pytest.raises(sqlite3.OperationalError):
            reader._db.conn.execute("DELETE FROM verdicts")


def test_only_one_may_write_and_the_other_is_told_who(project):
    with pytest.raises(StoreError, match=r"open in another Padscope \(.+process \d+\)"):
        open_project(project.path)
    project.close()
    with open_project(project.path) as p:
        assert not p.read_only
    assert sorted(f.name for f in project.path.parent.iterdir()) == ["p.padscope"]


def test_a_program_that_holds_the_file_is_told_of_and_not_waited_for(project):
    project._db.conn.execute("PRAGMA busy_timeout = 1")
    other = outside(project)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="written by another program"):
        project.record("a", "b", {})
    other.execute("ROLLBACK")
    project.record("a", "b", {})
    other.close()


# the history


def test_the_history_tells_everything_and_holds(project):
    row = project.add_inspection(a_pad_map(), LAYOUT, author="AB")
    project.record("exported", row.uid, {"file": "x.pdf"}, author="CD")
    told = [(r.author, r.action) for r in project.history()]
    assert told == [
        ("", "project created"),
        ("AB", "picture added"),
        ("AB", "layout added"),
        ("AB", "inspected"),
        ("CD", "exported"),
    ]
    assert project.damages() == ()
    assert project.head() == (5, project.history()[-1].sha256)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET author = 'nobody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "INSERT OR REPLACE INTO audit SELECT 2, at, offset_min, session, 0, 'x', action, subject, detail, '', '' FROM audit",
        "INSERT INTO audit SELECT 99, at, offset_min, session, 0, 'x', action, subject, detail, '', '' FROM audit LIMIT 1",
        "UPDATE OR REPLACE audit SET seq = 1 WHERE seq = 2",
    ],
)
def test_the_history_is_only_ever_appended_to(project, sql):
    project.record("a", "b", {})
    before = project.history()
    for conn in (project._db.conn, outside(project)):  # also without recursive_triggers
        with pytest.raises(sqlite3.IntegrityError, match="audit rows are"):
            conn.execute(sql)
        project._db.rollback()
        if conn is not project._db.conn:
            conn.close()
    assert project.history() == before
    with pytest.raises(sqlite3.IntegrityError, match="audit rows are"), project.transaction():
        project._db["audit"].insert({**dict(project.row("SELECT * FROM audit WHERE seq = 1"))}, replace=True)
    assert project.history() == before


@pytest.mark.parametrize(
    "column", ["at", "offset_min", "session", "monotonic_s", "author", "action", "subject", "detail"]
)
def test_a_forged_row_breaks_the_chain(project, column):
    for n in range(3):
        project.record("a", "b", {"n": n})
    other = outside(project)
    other.execute("DROP TRIGGER audit_no_update")
    forged = {"offset_min": 77, "monotonic_s": 77.5, "detail": '{"n":7}'}.get(column, "x")
    other.execute(f"UPDATE audit SET {column} = ? WHERE seq = 2", (forged,))
    other.close()
    assert project.damages() == ("The history does not hold: history row 2 was changed after it was written.",)


def test_a_removed_row_and_an_exchanged_row_break_the_chain(project):
    for n in range(3):
        project.record("a", "b", {"n": n})
    other = outside(project)
    other.execute("DROP TRIGGER audit_no_delete")
    other.execute("DROP TRIGGER audit_no_update")
    other.execute("DELETE FROM audit WHERE seq = 2")
    assert "row 2 is missing" in project.damages()[0]
    other.execute("UPDATE audit SET seq = seq - 1 WHERE seq > 2")
    assert "does not stand on the row before" in project.damages()[0]
    other.close()


def test_a_clock_set_back_is_noted_and_changes_no_order(tmp_path):
    times = [datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), datetime(1970, 1, 1, tzinfo=UTC)]
    moments = iter([times[0]] * 2 + [times[1]] * 9)
    with create_project(tmp_path / "p.padscope", clock=lambda: next(moments)) as p:
        p.record("late", "x", {})
        p.record("later", "x", {})
        first, second, third = p.history()
        assert (first.at, first.offset_min) == ("2026-03-01T10:00:00.000000Z", 120)
        assert second.at.startswith("1970")
        assert second.detail == {"clock_was_set_back_from": first.at}
        assert third.detail == {}
        assert p.damages() == ()


# files that are not what they should be


def test_what_is_no_project_is_refused_with_a_word(tmp_path):
    path = tmp_path / "x.padscope"
    with pytest.raises(StoreError, match="no project"):
        open_project(path)
    with pytest.raises(StoreError, match="folder"):
        open_project(tmp_path)
    path.touch()
    with pytest.raises(StoreError, match="empty"):
        open_project(path)
    for rubbish in (b"hello", b"SQLite format 3\0" + b"\xff" * 4096, b"SQLite format 3\0"):
        path.write_bytes(rubbish)
        with pytest.raises(StoreError, match="not a Padscope project"):
            open_project(path)
        assert path.read_bytes() == rubbish
    path.unlink()
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(StoreError, match="another program"):
        open_project(path)
    with pytest.raises(StoreError, match=r"folder .* does not exist"):
        create_project(tmp_path / "absent" / "x.padscope")
    with pytest.raises(StoreError, match="already a file"):
        create_project(path)
    path.rename(tmp_path / "x.padscope-wal")
    with pytest.raises(StoreError, match="lost project"):
        create_project(path)


def test_a_newer_project_is_refused_and_left_as_it_is(project):
    project.record("a", "b", {})
    project.close()
    other = outside(project)
    other.execute("PRAGMA user_version = 999")
    other.close()
    before = hashlib.sha256(project.path.read_bytes()).hexdigest()
    newest = len(schema.MIGRATIONS)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=f"version 999.*up to version {newest}"):
            open_project(project.path, read_only=read_only)
    assert hashlib.sha256(project.path.read_bytes()).hexdigest() == before
    assert [f.name for f in project.path.parent.iterdir()] == ["p.padscope"]


def test_open_or_create_does_either(tmp_path):
    path = tmp_path / "p.padscope"
    with open_or_create_project(path) as p:
        p.record("a", "b", {})
    with open_or_create_project(path) as p:
        assert [r.action for r in p.history()] == ["project created", "a"]


def test_a_copy_is_whole_while_the_project_is_open(project, tmp_path):
    row = project.add_inspection(a_pad_map(), LAYOUT, a_level())
    with open_project(project.copy_to(tmp_path / "copy.padscope")) as copy:
        assert copy.pad_map(row.id) == a_pad_map()
        assert copy.head() == project.head()
    with pytest.raises(StoreError, match="another name"):
        project.copy_to(project.path)
    with pytest.raises(StoreError, match="cannot be"):
        project.copy_to(tmp_path / "absent" / "copy.padscope")


def test_the_facts_of_a_stored_pad_map_are_readable_by_hand(project):
    """What is stored is JSON and plain columns, to be read without Padscope in twenty years."""
    project.add_inspection(a_pad_map(), LAYOUT)
    other = outside(project)
    head, result = other.execute("SELECT head, result FROM inspections JOIN verdicts ON inspection_id = id").fetchone()
    assert json.loads(head)["picture"]["sha256"] == "0" * 64
    assert json.loads(result)["defects"][0]["defect_class"] == "dust µ"
    other.close()
