"""What happens to a project when the world breaks (design: what is said to be saved is saved, the rest never was)."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from padscope.errors import StoreError
from padscope.store import connection, schema
from padscope.store.database import create_project, open_project
from reference_projects import LAYOUT, a_level, a_pad_map

HERE = Path(__file__).resolve().parent
ROUNDS = 8


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope") as p:
        yield p


def test_a_killed_writer_loses_nothing_it_called_safe(tmp_path):
    """SIGKILL at random moments, again and again on the same file; every acknowledged inspection is there, bit for bit."""
    path = tmp_path / "p.padscope"
    create_project(path).close()
    chance = random.Random(5)
    safe: dict[int, int] = {}
    for turn in range(ROUNDS):
        command = [sys.executable, str(HERE / "writer_to_kill.py"), str(path), str(turn * 1000)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.15))  # not to wait for something, but to strike at a random moment
            child.send_signal(signal.SIGKILL)
            for line in child.stdout.read().splitlines(keepends=True):
                if line.endswith("\n"):
                    id, seed = map(int, line.split())
                    safe[id] = seed
        with open_project(path) as project:  # no lock is left behind
            assert project.row("PRAGMA quick_check")[0] == "ok"
    with open_project(path) as project:
        assert project.damages() == ()
        stored = {row.id for row in project.inspections()}
        assert safe.keys() <= stored
        assert len(stored - safe.keys()) <= ROUNDS  # at most the one in flight of each round
        for id, seed in safe.items():
            assert project.pad_map(id) == a_pad_map(seed, pads=20)
            level = project.level(id)
            assert np.array_equal(level, a_level(seed).astype(np.float16).astype(np.float32), equal_nan=True)
    assert len(safe) > ROUNDS  # else this test has shown nothing


def test_a_log_cut_off_anywhere_gives_a_beginning_of_what_was_written(project, tmp_path):
    """Power loss: the end of the log never reached the disk, or is garbage. What remains are the first k inspections, whole."""
    project._db.conn.execute("PRAGMA wal_autocheckpoint = 0")
    for seed in range(6):
        project.add_inspection(a_pad_map(seed), LAYOUT, a_level(seed)[:8])
    main, log = project.path.read_bytes(), Path(f"{project.path}-wal").read_bytes()
    chance = random.Random(11)
    kept = set()
    for turn in range(60):
        cut = bytearray(log[: chance.randrange(len(log) + 1)])
        if turn % 2 and cut:
            cut[chance.randrange(len(cut))] ^= 1 << chance.randrange(8)
        copy = tmp_path / f"copy{turn}.padscope"
        copy.write_bytes(main)
        Path(f"{copy}-wal").write_bytes(cut)
        with open_project(copy) as p:
            assert p.damages() == ()
            ids = [row.id for row in p.inspections()]
            assert ids == list(range(1, len(ids) + 1))
            for id in ids:
                assert p.pad_map(id) == a_pad_map(id - 1)
            kept.add(len(ids))
    assert len(kept) > 3


def test_a_full_drive_takes_nothing_away(project):
    row = project.add_inspection(a_pad_map(), LAYOUT, a_level())
    before, told = project.inspections(), project.head()
    pages = project.row("PRAGMA page_count")[0]
    for room in (0, 1, 2, 5):
        project._db.conn.execute(f"PRAGMA max_page_count = {pages + room}").fetchone()
        with pytest.raises(StoreError, match="no room left") as caught:
            project.add_inspection(a_pad_map(9, pads=300), LAYOUT, np.random.default_rng(0).random((300, 300)))
        assert str(project.path) in str(caught.value)
        assert (project.inspections(), project.head()) == (before, told)
    project._db.conn.execute("PRAGMA max_page_count = 1000000").fetchone()
    assert project.add_inspection(a_pad_map(9), LAYOUT).id == row.id + 1  # and goes on when there is room again
    assert project.damages() == ()


def test_a_file_limit_of_the_system_is_an_error_of_the_drive(project):
    resource = pytest.importorskip("resource", reason="only on Unix")
    before = project.head()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(StoreError, match=r"drive|no room"):
            project.add_inspection(a_pad_map(), LAYOUT, np.random.default_rng(0).random((700, 700)))
        assert project.head() == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    project.add_inspection(a_pad_map(), LAYOUT)
    assert project.damages() == ()


def test_flipped_bits_are_reported_row_by_row_and_the_rest_is_usable(project):
    """Bits flipped in the stored parts themselves, as a dying drive does: SQLite sees nothing, we see every one."""
    for seed in range(4):
        project.add_inspection(a_pad_map(seed), LAYOUT, a_level(seed))
    other = sqlite3.connect(project.path, isolation_level=None)
    chance = random.Random(2)
    for _ in range(40):
        blob = other.execute("SELECT level FROM inspections WHERE id = 2").fetchone()[0]
        bad = bytearray(blob)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        other.execute("UPDATE inspections SET level = ? WHERE id = 2", (bytes(bad),))
        with pytest.raises(StoreError, match=r"level grid of inspection 2 .* changed on disk"):
            project.level(2)
        other.execute("UPDATE inspections SET level = ? WHERE id = 2", (blob,))
    other.execute("UPDATE verdicts SET result = replace(result, '0.94', '0.99') WHERE inspection_id = 3 AND seq = 1")
    other.execute("UPDATE inspections SET head = replace(head, 'fiducials', 'pads') WHERE id = 4")
    other.close()
    for id in (3, 4):
        with pytest.raises(StoreError, match=f"pad map of inspection {id} .* changed on disk"):
            project.pad_map(id)
    assert project.pad_map(1) == a_pad_map(0)
    assert project.level(2) is not None
    assert len(project.damages()) == 2


def test_random_flips_in_the_file_never_give_a_wrong_pad_map(project, tmp_path):
    """Any bit of the whole file: the project is refused, or a row is, or what is read is right."""
    for seed in range(3):
        project.add_inspection(a_pad_map(seed, pads=6), LAYOUT, a_level(seed))
    project.close()
    whole = project.path.read_bytes()
    chance = random.Random(4)
    refused = 0
    copy = tmp_path / "copy.padscope"
    for _ in range(150):
        bad = bytearray(whole)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        copy.write_bytes(bad)
        for suffix in ("-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
        try:
            with open_project(copy) as p:
                for row in p.inspections():
                    seed = row.id - 1
                    assert p.pad_map(row.id) == a_pad_map(seed, pads=6)
                    level = p.level(row.id)
                    assert np.array_equal(level, a_level(seed).astype(np.float16).astype(np.float32), equal_nan=True)
                assert isinstance(p.damages(), tuple)  # and looking for damages never breaks
        except StoreError:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("sql", ["DROP TRIGGER audit_no_update", "DROP INDEX verdicts_pad", "DROP TABLE verdicts"])
def test_a_project_that_lost_a_guard_is_refused(project, sql):
    project.close()
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute(sql)
    other.close()
    for read_only in (True, False):
        with pytest.raises(StoreError, match=f"table plan .*{sql.split()[-1]}"):
            open_project(project.path, read_only=read_only)


def test_a_folder_that_cannot_be_written_still_shows_the_project(project, monkeypatch):
    """As on a read-only drive: neither log nor lock can be made. (Not by chmod: who tests as root may write anywhere.)"""
    project.add_inspection(a_pad_map(), LAYOUT)
    project.close()
    connected = connection._connected

    def read_only_drive(uri):
        if "immutable" not in uri:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorname = "SQLITE_CANTOPEN"
            raise error
        return connected(uri)

    monkeypatch.setattr(connection, "_connected", read_only_drive)
    with open_project(project.path, read_only=True) as p:
        assert p.pad_map(1) == a_pad_map()
    monkeypatch.setattr(Path, "open", refuse_to_write(Path.open))
    with pytest.raises(StoreError, match="cannot be locked for writing: Read-only file system"):
        open_project(project.path)
    with pytest.raises(StoreError, match="Read-only file system"):
        create_project(project.path.with_name("q.padscope"))


def refuse_to_write(real):
    def opened(self, mode="r", *rest, **named):
        if set(mode) & set("wax+"):
            raise OSError(30, "Read-only file system")
        return real(self, mode, *rest, **named)

    return opened


def test_on_a_network_drive_there_is_no_write_ahead_log(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "on_network", lambda path: True)
    with create_project(tmp_path / "p.padscope") as p:
        assert p.row("PRAGMA journal_mode")[0] == "truncate"
        p.add_inspection(a_pad_map(), LAYOUT)
    monkeypatch.undo()
    with open_project(tmp_path / "p.padscope") as p:
        assert p.row("PRAGMA journal_mode")[0] == "wal"
        assert p.pad_map(1) == a_pad_map()


# growing older

SECOND = ("a table more", "CREATE TABLE more (id INTEGER PRIMARY KEY);\nINSERT INTO more VALUES (1);")
BROKEN = ("a step that fails", "CREATE TABLE half (id INTEGER);\nINSERT INTO nowhere VALUES (1);")


def test_an_older_project_grows_and_its_old_self_is_kept(project, monkeypatch):
    project.add_inspection(a_pad_map(), LAYOUT)
    project.close()
    old = len(schema.MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))
    with pytest.raises(StoreError, match="open it once for writing"):
        open_project(project.path, read_only=True)
    with open_project(project.path) as p:
        assert p.pad_map(1) == a_pad_map()
        assert p.row("SELECT id FROM more")[0] == 1
        assert p.row("PRAGMA user_version")[0] == old + 1
    backup = project.path.with_name(f"p.padscope.v{old}-backup")
    monkeypatch.undo()
    with pytest.raises(StoreError, match="newer"):
        open_project(project.path)
    with open_project(backup) as p:
        assert p.pad_map(1) == a_pad_map()


def test_an_interrupted_step_leaves_the_version_before_it(project, monkeypatch):
    project.add_inspection(a_pad_map(), LAYOUT)
    project.close()
    old = len(schema.MIGRATIONS)
    first = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*first, SECOND, BROKEN))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        open_project(project.path)
    monkeypatch.setattr(schema, "MIGRATIONS", (*first, SECOND))
    with open_project(project.path) as p:  # the lock is free, the second step is done, of the third there is nothing
        assert p.row("PRAGMA user_version")[0] == old + 1
        assert p.row("SELECT count(*) FROM sqlite_schema WHERE name = 'half'")[0] == 0
        assert p.pad_map(1) == a_pad_map()


def test_without_room_for_the_backup_nothing_grows(project, monkeypatch):
    project.close()
    before = project.path.read_bytes()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, SECOND))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(connection.os, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        open_project(project.path)
    assert project.path.read_bytes() == before
    assert [f.name for f in project.path.parent.iterdir()] == ["p.padscope"]
