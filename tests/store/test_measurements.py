"""Measurements stay with their picture, with a history, also through a merge."""

import pytest

from padscope.errors import StoreError
from padscope.store.database import create_project, open_project
from padscope.store.measurements import measurements, put_measurement, remove_measurement
from padscope.store.merge import merge
from padscope.store.rows import PictureRow
from padscope.types import finish

SHA = "1" * 64
LINE, LONGER = ((10.0, 20.5), (300.25, 40.0)), ((10.0, 20.5), (400.0, 41.0))


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope") as p:
        p.add_picture(PictureRow(SHA, "a.jpg", 600, 500))
        yield p


def test_it_is_there_after_the_project_was_closed(project):
    row = put_measurement(project, SHA, "m1", "length", LINE, author="AB")
    project.close()
    with open_project(project.path) as again:
        assert measurements(again, SHA) == (row,)
        assert (row.kind, row.points, row.author) == ("length", LINE, "AB")
        assert measurements(again, "2" * 64) == ()


def test_every_change_stands_in_the_history_and_nothing_is_lost(project):
    put_measurement(project, SHA, "m1", "length", LINE, author="AB")
    put_measurement(project, SHA, "m1", "length", LONGER, author="CD")
    remove_measurement(project, "m1", author="CD")
    assert measurements(project, SHA) == ()
    told = [(row.action, row.author) for row in project.history("m1")]
    assert told == [("measured", "AB"), ("measurement changed", "CD"), ("measurement removed", "CD")]
    put_measurement(project, SHA, "m1", "length", LONGER)
    assert [m.points for m in measurements(project, SHA)] == [LONGER]
    remove_measurement(project, "unknown")
    assert len(project.history("unknown")) == 0


def test_a_picture_that_is_not_there_cannot_be_measured(project):
    with pytest.raises(StoreError, match="holds no picture"):
        put_measurement(project, "9" * 64, "m1", "length", LINE)
    assert project.history("m1") == ()


def test_merging_brings_them_once_and_keeps_the_later_word(project, tmp_path):
    (tmp_path / "b").mkdir()
    project.copy_to(tmp_path / "b" / "other.padscope")
    put_measurement(project, SHA, "both", "length", LINE)
    with open_project(tmp_path / "b" / "other.padscope") as other:
        put_measurement(other, SHA, "both", "length", LONGER)
        put_measurement(other, SHA, "theirs", "polygon", ((0, 0), (5, 0), (5, 5)))
    assert finish(merge(project, tmp_path / "b" / "other.padscope")).measurements == 1
    assert [(m.uid, m.points) for m in measurements(project, SHA)] == [
        ("both", LONGER),
        ("theirs", ((0, 0), (5, 0), (5, 5))),
    ]
    assert finish(merge(project, tmp_path / "b" / "other.padscope")).measurements == 0
