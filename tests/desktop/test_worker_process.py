"""Real worker processes: spawned, killed, deaf."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from padscope_desktop.background import jobs as jobs_module
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.lanes import ProcessLane

WAIT_MS = 20_000


@pytest.fixture
def lane(qtbot: QtBot) -> ProcessLane:
    return ProcessLane("long", "worker_test_commands:COMMANDS")


@pytest.fixture
def jobs(lane: ProcessLane) -> Iterator[Jobs]:
    jobs = Jobs({"long": lane})
    yield jobs
    jobs.close()


def test_a_worker_has_no_qt_and_no_torch_is_nice_and_brings_arrays_home(qtbot: QtBot, jobs: Jobs) -> None:
    facts, got = [], []
    jobs.start("facts", title="facts", done=facts.append)
    jobs.start("parts", title="parts", part=got.append, done=got.append)
    qtbot.waitUntil(lambda: len(got) == 2, timeout=WAIT_MS)
    pid, nice, modules = facts[0]
    assert pid != os.getpid()
    assert nice >= os.nice(0) + 10 or nice == 19
    assert modules == []
    assert got[0] == "first"
    np.testing.assert_array_equal(got[1], np.arange(1_000_000, dtype=np.float32))


def test_cancel_closes_the_generator_in_the_worker_and_the_worker_lives_on(
    qtbot: QtBot, jobs: Jobs, lane: ProcessLane, tmp_path: Path
) -> None:
    steps, ends, results = [], [], []
    job = jobs.start(
        "forever",
        str(tmp_path / "end"),
        title="forever",
        progressed=steps.append,
        cancelled=lambda: ends.append("cancelled"),
    )
    qtbot.waitUntil(lambda: len(steps) > 2, timeout=WAIT_MS)
    pid = lane.pid
    jobs.cancel(job)
    qtbot.waitUntil(lambda: ends == ["cancelled"], timeout=WAIT_MS)
    assert (tmp_path / "end").read_text() == "closed"
    jobs.start("count", 5, title="count", done=results.append)
    qtbot.waitUntil(lambda: results == [5], timeout=WAIT_MS)
    assert lane.pid == pid


def test_a_deaf_worker_is_replaced(
    qtbot: QtBot, jobs: Jobs, lane: ProcessLane, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jobs_module, "PATIENCE_MS", 50)
    steps, words = [], []
    file = tmp_path / "deaf"
    job = jobs.start("deaf", file, title="deaf", progressed=steps.append, cancelled=lambda: words.append("cancelled"))
    qtbot.waitUntil(lambda: len(steps) == 1 and file.exists(), timeout=WAIT_MS)
    pid = lane.pid
    jobs.cancel(job)
    jobs.start("count", 5, title="count", done=words.append)
    qtbot.waitUntil(lambda: words == ["cancelled", 5], timeout=WAIT_MS)
    assert lane.pid != pid


@pytest.mark.parametrize("how", ["killed from outside", "aborts by itself"])
def test_death_is_noticed_at_once_and_the_next_result_arrives(
    qtbot: QtBot, jobs: Jobs, lane: ProcessLane, how: str, tmp_path: Path
) -> None:
    steps, faults, results, deaths = [], [], [], []
    jobs.worker_died.connect(deaths.append)
    if how == "aborts by itself":
        jobs.start("die", title="dying", progressed=steps.append, failed=faults.append)
    else:
        jobs.start("deaf", tmp_path / "deaf", title="dying", progressed=steps.append, failed=faults.append)
        qtbot.waitUntil(lambda: len(steps) == 1, timeout=WAIT_MS)
        assert lane.pid is not None
        os.kill(lane.pid, signal.SIGKILL)
    jobs.start("count", 7, title="count", done=results.append)
    qtbot.waitUntil(lambda: results == [7], timeout=WAIT_MS)
    assert len(faults) == 1
    assert faults[0].ours
    assert [d.job for d in deaths] == ["dying"]
    assert deaths[0].exit_code == (-signal.SIGABRT if how == "aborts by itself" else -signal.SIGKILL)
