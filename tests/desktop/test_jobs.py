"""The one door to background work, with a worker that runs in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from inline_lane import InlineLane
from pytestqt.qtbot import QtBot
from worker_test_commands import COMMANDS

from padscope.types import Progress
from padscope_desktop.background import jobs as jobs_module
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.protocol import WorkerDeath


def wait_for_gate(gate: list[bool]) -> Any:
    while not gate:
        yield Progress(0, 1, "waiting")
    return "through"


class Heard:
    """What a job told."""

    def __init__(self) -> None:
        self.words: list[Any] = []

    def calls(self) -> dict[str, Any]:
        return {
            "done": lambda value: self.words.append(("done", value)),
            "part": lambda value: self.words.append(("part", value)),
            "failed": lambda fault: self.words.append(("failed", fault.sentence)),
            "cancelled": lambda: self.words.append("cancelled"),
            "ended": lambda: self.words.append("ended"),
        }


@pytest.fixture
def lane() -> InlineLane:
    return InlineLane("long", {**COMMANDS, "gate": wait_for_gate})


@pytest.fixture
def jobs(qtbot: QtBot, lane: InlineLane) -> Iterator[Jobs]:
    jobs = Jobs({"long": lane, "quick": InlineLane("quick", COMMANDS)})
    yield jobs
    jobs.close()


def test_a_job_reports_progress_then_its_result_then_its_end(qtbot: QtBot, jobs: Jobs) -> None:
    heard, steps = Heard(), []
    jobs.start("count", 3, title="Counting", progressed=lambda p: steps.append(p.done), **heard.calls())
    assert heard.words == []  # nothing before start has returned
    qtbot.waitUntil(lambda: "ended" in heard.words)
    assert steps == [0, 1, 2]
    assert heard.words == [("done", 3), "ended"]


def test_jobs_of_a_lane_take_turns_and_an_urgent_one_goes_first(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    gate: list[bool] = []
    order: list[str] = []
    jobs.start("gate", gate, title="first", ended=lambda: order.append("first"))
    qtbot.waitUntil(lambda: lane.busy)
    jobs.start("count", 1, title="second", ended=lambda: order.append("second"))
    jobs.start("count", 1, title="urgent", urgent=True, ended=lambda: order.append("urgent"))
    assert [j.title for j in jobs.active()] == ["first", "urgent", "second"]
    gate.append(True)
    qtbot.waitUntil(lambda: len(order) == 3)
    assert order == ["first", "urgent", "second"]


def test_the_other_lane_does_not_wait(qtbot: QtBot, jobs: Jobs) -> None:
    gate: list[bool] = []
    jobs.start("gate", gate, title="long")
    heard = Heard()
    jobs.start("count", 2, title="quick", lane="quick", **heard.calls())
    qtbot.waitUntil(lambda: ("done", 2) in heard.words)
    assert [job.title for job in jobs.active()] == ["long"]
    gate.append(True)
    qtbot.waitUntil(lambda: not jobs.active())


def test_of_one_slot_the_latest_wins_and_every_job_still_ends(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    gate: list[bool] = []
    running, waiting, latest = Heard(), Heard(), Heard()
    jobs.start("gate", gate, title="a", slot="judge", **running.calls())
    qtbot.waitUntil(lambda: lane.busy)
    jobs.start("count", 1, title="b", slot="judge", **waiting.calls())
    jobs.start("count", 2, title="c", slot="judge", **latest.calls())
    assert waiting.words == ["ended"]
    gate.append(True)
    qtbot.waitUntil(lambda: latest.words == [("done", 2), "ended"])
    assert running.words == ["ended"]


def test_cancel_of_a_waiting_job_is_immediate(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    gate: list[bool] = []
    jobs.start("gate", gate, title="running")
    heard = Heard()
    job = jobs.start("count", 1, title="waiting", **heard.calls())
    jobs.cancel(job)
    assert heard.words == ["cancelled", "ended"]
    gate.append(True)
    qtbot.waitUntil(lambda: not jobs.active())
    assert [o.command for o in lane.orders] == ["gate"]


def test_a_running_job_is_closed_when_cancelled(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    heard = Heard()
    job = jobs.start("gate", [], title="running", **heard.calls())
    qtbot.waitUntil(lambda: lane.busy)
    jobs.cancel(job)
    qtbot.waitUntil(lambda: not jobs.active())
    assert heard.words == ["cancelled", "ended"]


@pytest.mark.parametrize(("lasting", "told"), [(False, "cancelled"), (True, ("done", "through"))])
def test_a_cancel_that_comes_too_late_is_told_as_what_happened(
    qtbot: QtBot, jobs: Jobs, lane: InlineLane, lasting: bool, told: Any
) -> None:
    lane.stubborn = True
    heard, gate = Heard(), []
    job = jobs.start("gate", gate, title="nearly there", lasting=lasting, **heard.calls())
    qtbot.waitUntil(lambda: lane.busy)
    jobs.cancel(job)
    gate.append(True)
    qtbot.waitUntil(lambda: not jobs.active())
    assert heard.words == [told, "ended"]


def test_a_job_that_does_not_listen_is_killed_and_the_next_one_runs(
    qtbot: QtBot, jobs: Jobs, lane: InlineLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "PATIENCE_MS", 20)
    lane.stubborn = True
    deaths: list[WorkerDeath] = []
    jobs.worker_died.connect(deaths.append)
    deaf, after = Heard(), Heard()
    job = jobs.start("gate", [], title="deaf", **deaf.calls())
    qtbot.waitUntil(lambda: lane.busy)
    jobs.start("count", 4, title="after", **after.calls())
    jobs.cancel(job)
    qtbot.waitUntil(lambda: after.words == [("done", 4), "ended"])
    assert deaf.words == ["cancelled", "ended"]
    assert deaths == []  # it was killed on purpose: nothing to report


def test_a_dead_worker_fails_its_job_restarts_and_keeps_the_others(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    deaths: list[WorkerDeath] = []
    jobs.worker_died.connect(deaths.append)
    lost, kept = Heard(), Heard()
    jobs.start("gate", [], title="Inspecting bad01.jpg", **lost.calls())
    qtbot.waitUntil(lambda: lane.busy)
    jobs.start("count", 2, title="next", **kept.calls())
    lane.kill()
    qtbot.waitUntil(lambda: kept.words == [("done", 2), "ended"])
    assert lost.words == [("failed", "The worker stopped in the middle of it (killed by signal 9)."), "ended"]
    assert [(d.lane, d.job, d.exit_code) for d in deaths] == [("long", "Inspecting bad01.jpg", -9)]


def test_a_job_that_may_run_again_does_so_once(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    gate: list[bool] = []
    heard = Heard()
    jobs.start("gate", gate, title="opening", retries=1, **heard.calls())
    qtbot.waitUntil(lambda: lane.busy)
    lane.kill()
    qtbot.waitUntil(lambda: len(lane.orders) == 2)
    assert heard.words == []
    gate.append(True)
    qtbot.waitUntil(lambda: heard.words == [("done", "through"), "ended"])


def test_a_worker_that_cannot_live_is_not_started_for_ever(qtbot: QtBot, jobs: Jobs, lane: InlineLane) -> None:
    starts = []
    lane.start = lambda: (starts.append(1), setattr(lane, "started", True), lane.kill())  # type: ignore[method-assign]
    heard = Heard()
    jobs.start("count", 1, title="hopeless", **heard.calls())
    qtbot.waitUntil(lambda: "ended" in heard.words)
    assert len(starts) <= jobs_module.MOST_STARTS
    assert "cannot be started" in heard.words[0][1]


def test_our_bugs_and_the_worlds_faults_are_told_apart(qtbot: QtBot, jobs: Jobs) -> None:
    faults = []
    jobs.start("refuse", title="a", failed=faults.append)
    jobs.start("stumble", title="b", failed=faults.append)
    qtbot.waitUntil(lambda: len(faults) == 2)
    refused, stumbled = faults
    assert (refused.sentence, refused.ours, refused.details) == ("This board has no pads; take another.", False, "")
    assert stumbled.ours
    assert "ZeroDivisionError" in stumbled.sentence
    assert "Traceback" in stumbled.details
