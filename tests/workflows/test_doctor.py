import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from padscope.boards.pad_map import OtherPicture
from padscope.calibration import calibrated
from padscope.cli import main
from padscope.store import labels
from padscope.store.artifacts import Model, save_model
from padscope.store.database import create_project
from padscope.store.merge import merge
from padscope.types import finish
from padscope.workflows import doctor
from padscope.workflows.doctor import Check, examine
from reference_projects import LAYOUT, a_level, a_pad_map, a_stroke


def test_every_check_has_a_remedy_and_a_known_state(tmp_path):
    checks = examine(create_project(tmp_path / "p.padscope").path)
    assert len({c.name for c in checks}) == len(checks) == 12
    for c in checks:
        assert c.status in ("ok", "warn", "fail")
        assert c.found, c
        assert c.remedy.endswith("."), c
    found = {c.name: c for c in checks}
    assert found["Python"].status == found["torch"].status == found["weights"].status == "ok"
    assert found["write permission"].status == "ok"
    assert sqlite3.sqlite_version in found["SQLite"].found


def test_qt_is_looked_for_and_not_imported():
    code = "import sys; from padscope.workflows.doctor import examine; examine(); print('PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_torch_is_not_loaded_before_it_is_asked_for():
    code = "import sys; import padscope.workflows.doctor; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_broken_part_is_a_finding_and_not_a_crash(monkeypatch):
    def broken():
        raise OSError("libcudart.so not found")

    monkeypatch.setattr(doctor, "_torch", broken)
    found = {c.name: c for c in examine()}
    assert found["torch"] == Check(
        "torch", "fail", "OSError: libcudart.so not found", "Install Padscope again; it is not complete."
    )
    assert found["Python"].status == "ok"


@pytest.mark.parametrize(("version", "status"), [((3, 40, 1), "warn"), ((3, 51, 2), "warn"), ((3, 51, 3), "ok")])
def test_the_log_bug_of_sqlite_is_told(version, status):
    assert doctor.sqlite_check(version).status == status


@pytest.mark.parametrize(("gigabytes", "status"), [(1, "fail"), (3, "warn"), (8, "ok")])
def test_memory_is_graded(gigabytes, status):
    assert doctor.memory_check(gigabytes * 10**9).status == status


@pytest.mark.parametrize(("gigabytes", "status"), [(0.5, "fail"), (3, "warn"), (8, "ok")])
def test_disk_is_graded(tmp_path, gigabytes, status):
    assert doctor.disk_check(tmp_path, int(gigabytes * 1e9)).status == status


def test_a_place_that_cannot_be_written_fails(tmp_path, monkeypatch):
    assert doctor.write_check(tmp_path / "absent").status == "fail"

    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "fsync", read_only)
    check = doctor.write_check(tmp_path)
    assert (check.status, "Read-only" in check.found) == ("fail", True)
    assert list(tmp_path.iterdir()) == []


def test_changed_weights_are_seen(tmp_path):
    path = tmp_path / "weights.pth"
    assert doctor.weights_check(path, "0" * 64).status == "fail"
    path.write_bytes(b"x")
    assert doctor.weights_check(path, "0" * 64).status == "warn"


def test_a_clock_of_1970_is_told():
    assert doctor.clock_check(datetime(1970, 1, 1, tzinfo=UTC)).status == "warn"
    assert doctor.clock_check(datetime(2026, 11, 1, tzinfo=UTC)).status == "ok"


def test_a_project_is_read_from_end_to_end(tmp_path, monkeypatch, capsys):
    path = tmp_path / "p.padscope"
    assert doctor.project_check(path).status == "fail"
    with create_project(path) as project:
        project.add_inspection(a_pad_map(), LAYOUT, a_level())
        assert doctor.project_check(path).status == "ok"  # while it is open elsewhere
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("UPDATE inspections SET level = zeroblob(9)")
    other.close()
    check = doctor.project_check(path)
    assert check.status == "fail"
    assert "level grid of inspection 1" in check.found
    assert main(["doctor", str(path), "--json"]) == 1
    (told,) = (c for c in json.loads(capsys.readouterr().out)["checks"] if c["name"] == "project")
    assert told["found"] == check.found
    path.write_bytes(b"hello")
    assert "not a Padscope project" in doctor.project_check(path).found
    create_project(tmp_path / "q.padscope").close()
    monkeypatch.setattr(doctor, "on_network", lambda _: True)
    assert doctor.project_check(tmp_path / "q.padscope").status == "warn"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE inspection_pictures SET level = zeroblob(9)", "level grid of inspection 1"),
        ("UPDATE label_chunks SET data = zeroblob(9)", "mask of label 1"),
        ("UPDATE edits SET sha256 = 'other'", "stroke"),
        ("UPDATE models SET file = zeroblob(9)", "The kept file of the model m.padmodel"),
        ("UPDATE merged_history SET author = 'EF'", "of the merged project"),
    ],
)
def test_every_kept_part_is_read(tmp_path, harm, words):
    save_model(Model("patchcore", 1, {}, calibrated([1.0]), {}, {}, {"bank": np.zeros(3)}), tmp_path / "m.padmodel")
    create_project(tmp_path / "q.padscope").close()
    path = tmp_path / "p.padscope"
    with create_project(path) as project:
        one, other = a_pad_map(0), a_pad_map(1)
        both = replace(one, others=(OtherPicture(other.picture, other.um_to_px, 1.0, "pads"),))
        project.add_inspection(both, LAYOUT, a_level(0), others=[("", a_level(1))])
        label = labels.begin_label(project, one.picture.sha256, author="AB")
        stroke = a_stroke(labels.load_mask(project, label.id), 1)
        labels.commit_edit(project, label.id, stroke, tool="brush", author="AB")
        project.add_model(tmp_path / "m.padmodel")
        finish(merge(project, tmp_path / "q.padscope"))
    assert doctor.project_check(path).status == "ok"
    other_hand = sqlite3.connect(path, isolation_level=None)
    (guard,) = other_hand.execute("SELECT sql FROM sqlite_master WHERE name = 'merged_history_no_update'").fetchone()
    for step in ("DROP TRIGGER merged_history_no_update", harm, guard):
        other_hand.execute(step)
    other_hand.close()
    check = doctor.project_check(path)
    assert (check.status, words in check.found) == ("fail", True), check.found
