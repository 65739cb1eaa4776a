"""Background work behind one door: start, progress, cancel, latest wins. `ended` always follows, whatever happened.

One job at a time per lane; what waits, waits here, so that a dead worker loses only what it was doing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from padscope.types import Progress
from padscope_desktop.background.protocol import (
    Cancel,
    Cancelled,
    Done,
    Failed,
    Fault,
    Order,
    Part,
    Ready,
    Report,
    Step,
    WorkerDeath,
)

MOST_STARTS = 3
"""How often a worker that ends before it is ready is started again without being asked."""
PATIENCE_MS = 2000
"""How long a cancelled job may take to reach its next progress before its worker is killed."""


class Lane(Protocol):
    """A worker, or a stand-in for one. `received` and `died` fire in the window's thread."""

    name: str

    @property
    def received(self) -> SignalInstance: ...
    @property
    def died(self) -> SignalInstance: ...
    @property
    def started(self) -> bool: ...
    def start(self) -> None: ...
    def send(self, message: object) -> None: ...
    def kill(self) -> None: ...
    def close(self) -> None: ...


def nothing(_: Any = None) -> None:
    """For whoever does not want to hear."""


@dataclass(eq=False)
class Job:
    """One piece of background work. Calls happen in the window's thread; of `done`, `failed` and `cancelled` at most one, and
    then `ended`, always, also for a job that was dropped for a newer one."""

    id: int
    command: str
    arguments: tuple[Any, ...]
    title: str
    lane: str
    slot: str = ""
    retries: int = 0
    done: Callable[[Any], None] = nothing
    part: Callable[[Any], None] = nothing
    progressed: Callable[[Progress], None] = nothing
    failed: Callable[[Fault], None] = nothing
    cancelled: Callable[[], None] = nothing
    ended: Callable[[], None] = nothing
    shown: bool = True  # in the status bar
    lasting: bool = False
    progress: Progress | None = None
    running: bool = False
    stopping: bool = False
    dropped: bool = False


@dataclass
class _Traffic:
    """What a lane does and what waits for it."""

    lane: Lane
    running: Job | None = None
    waiting: list[Job] = field(default_factory=list)
    ready: bool = False
    starts: int = 0  # since it was last ready

    def start(self) -> bool:
        """False where it has failed too often."""
        if self.starts >= MOST_STARTS:
            return False
        self.starts += 1
        self.lane.start()
        return True


class Jobs(QObject):
    """The door. Signals: changed() when a job starts, moves or ends · worker_died(WorkerDeath) · worker_ready(lane name)."""

    changed = Signal()
    worker_died = Signal(object)
    worker_ready = Signal(str)

    def __init__(self, lanes: Mapping[str, Lane], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._traffic = {name: _Traffic(lane) for name, lane in lanes.items()}
        self._last_id = 0
        self._closed = False
        self._patience: dict[int, QTimer] = {}
        for lane in lanes.values():
            lane.received.connect(self._on_received)
            lane.died.connect(self._on_died)

    # What others ask for

    def start(
        self,
        command: str,
        *arguments: Any,
        title: str,
        lane: str = "long",
        slot: str = "",
        urgent: bool = False,
        retries: int = 0,
        shown: bool = True,
        done: Callable[[Any], None] = nothing,
        part: Callable[[Any], None] = nothing,
        progressed: Callable[[Progress], None] = nothing,
        failed: Callable[[Fault], None] = nothing,
        cancelled: Callable[[], None] = nothing,
        ended: Callable[[], None] = nothing,
        lasting: bool = False,
    ) -> Job:
        """Nothing is called before this returns. `slot`: a newer job of the same slot takes an older one's place, whose result
        is dropped. `urgent`: before all that waits. `retries`: how often it may run again after its worker died under it.
        `lasting`: what it makes is on the disk when it is done, so a cancel that comes too late is told as `done`."""
        self._last_id += 1
        job = Job(
            self._last_id,
            command,
            arguments,
            title,
            lane,
            slot,
            retries,
            done,
            part,
            progressed,
            failed,
            cancelled,
            ended,
            shown,
            lasting,
        )
        if slot:
            for older in self.active():
                if older.slot == slot:
                    self._drop(older)
        waiting = self._traffic[lane].waiting
        waiting.insert(0 if urgent else len(waiting), job)
        QTimer.singleShot(0, self._send_next)
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """A waiting job ends at once; a running one at its next progress, or with its worker if that takes too long."""
        traffic = self._traffic[job.lane]
        if job in traffic.waiting:
            traffic.waiting.remove(job)
            job.cancelled()
            self._end(job)
        elif job is traffic.running and not job.stopping:
            job.stopping = True
            traffic.lane.send(Cancel(job.id))
            timer = QTimer(self, interval=PATIENCE_MS, singleShot=True)
            timer.timeout.connect(self._on_impatient)
            self._patience[job.id] = timer
            timer.start()
            self.changed.emit()

    def active(self) -> list[Job]:
        """Running and waiting, in the order of their turn."""
        return [j for t in self._traffic.values() for j in ([t.running] if t.running else []) + t.waiting]

    def running(self) -> list[Job]:
        return [t.running for t in self._traffic.values() if t.running is not None]

    def warm_up(self, lane: str) -> None:
        """Start a worker before anybody needs it."""
        if not self._closed and not self._traffic[lane].lane.started:
            self._traffic[lane].start()

    def close(self) -> None:
        """Ends every worker; nothing is called any more."""
        self._closed = True
        for timer in self._patience.values():
            timer.stop()
        for traffic in self._traffic.values():
            traffic.waiting.clear()
            traffic.running = None
            traffic.lane.close()

    # What lanes say

    @Slot(object)
    def _on_received(self, report: Report) -> None:
        if isinstance(report, Ready):
            name = self._name_of(self.sender())
            self._traffic[name].ready, self._traffic[name].starts = True, 0
            self.worker_ready.emit(name)
            self._send_next()
            return
        job = next((j for j in self.running() if j.id == report.job), None)
        if job is None or self._closed:
            return  # too late: nobody waits for it any more
        if isinstance(report, Step):
            job.progress = report.progress
            if not job.dropped:
                job.progressed(report.progress)
            self.changed.emit()
        elif isinstance(report, Part):
            if not (job.dropped or job.stopping):
                job.part(report.value)
        else:
            self._traffic[job.lane].running = None
            try:
                self._answer(job, report)
            finally:
                self._end(job)
                self._send_next()

    def _answer(self, job: Job, report: Done | Failed | Cancelled) -> None:
        if job.dropped:
            return
        too_late = job.lasting and isinstance(report, Done)
        if isinstance(report, Cancelled) or (job.stopping and not too_late):
            job.cancelled()  # also where the result came after all: a person said no
        elif isinstance(report, Done):
            job.done(report.value)
        else:
            job.failed(report.fault)

    @Slot(object)
    def _on_died(self, exit_code: int | None) -> None:
        if self._closed:
            return
        name = self._name_of(self.sender())
        traffic = self._traffic[name]
        job, traffic.running = traffic.running, None
        asked_for = job is not None and job.stopping
        traffic.ready = False
        lives = traffic.start()
        if job is not None:
            self._bury(job, exit_code)
        if not asked_for:
            self.worker_died.emit(WorkerDeath(name, exit_code, job.title if job and job.shown else "", lives))
        if not lives:
            self._give_up(traffic, exit_code)
        self._send_next()

    def _give_up(self, traffic: _Traffic, exit_code: int | None) -> None:
        """The next job tries again, but nothing that waits is kept waiting for ever."""
        traffic.starts = 0
        waiting, traffic.waiting = traffic.waiting, []
        words = f"The worker cannot be started ({exit_words(exit_code)}); restart Padscope, or see `padscope doctor`."
        for job in waiting:
            job.failed(Fault(words, "WorkerDied", ours=True))
            self._end(job)

    def _bury(self, job: Job, exit_code: int | None) -> None:
        job.running = False
        if job.dropped:
            self._end(job)
        elif job.stopping:
            job.cancelled()
            self._end(job)
        elif job.retries > 0:
            job.retries -= 1
            job.progress = None
            self._traffic[job.lane].waiting.insert(0, job)
        else:
            job.failed(
                Fault(f"The worker stopped in the middle of it ({exit_words(exit_code)}).", "WorkerDied", ours=True)
            )
            self._end(job)

    @Slot()
    def _on_impatient(self) -> None:
        for traffic in self._traffic.values():
            job = traffic.running
            timer = self._patience.get(job.id) if job is not None else None
            if timer is not None and not timer.isActive():
                traffic.lane.kill()

    @Slot()
    def _send_next(self) -> None:
        if self._closed:
            return
        for traffic in self._traffic.values():
            if not traffic.waiting or traffic.running is not None:
                continue
            if not traffic.lane.started:
                traffic.start()
            if traffic.ready:
                job = traffic.running = traffic.waiting.pop(0)
                job.running = True
                traffic.lane.send(Order(job.id, job.command, job.arguments))
                self.changed.emit()

    def _drop(self, job: Job) -> None:
        """For a newer one: its result is not wanted, but it need not be killed either."""
        job.dropped = True
        traffic = self._traffic[job.lane]
        if job in traffic.waiting:
            traffic.waiting.remove(job)
            self._end(job)
        elif job is traffic.running:
            traffic.lane.send(Cancel(job.id))

    def _end(self, job: Job) -> None:
        job.running = False
        timer = self._patience.pop(job.id, None)
        if timer is not None:
            timer.stop()
            timer.deleteLater()
        job.ended()
        self.changed.emit()

    def _name_of(self, lane: object) -> str:
        return next(name for name, t in self._traffic.items() if t.lane is lane)


def exit_words(exit_code: int | None) -> str:
    """-9 -> "killed by signal 9"; on POSIX a negative exit code is a signal."""
    if exit_code is None:
        return "it vanished"
    return f"killed by signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
