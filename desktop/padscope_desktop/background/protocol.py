"""What goes over the pipe between the window and a worker: plain values that both sides know without Qt and without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from padscope.types import Progress

# Window to worker


@dataclass(frozen=True, slots=True)
class Order:
    """Do `command` with these arguments; answers carry the same job number."""

    job: int
    command: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    job: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End after the present job's next progress."""


# Worker to window


@dataclass(frozen=True, slots=True)
class Step:
    job: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Part:
    """A first part of the result, worth showing before the rest; a command yields it with job 0, the loop puts the number in."""

    job: int
    value: Any


@dataclass(frozen=True, slots=True)
class Done:
    job: int
    value: Any


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a job failed. `ours`: a bug or a broken machine, not the input; then `details` holds the traceback."""

    sentence: str
    error: str
    ours: bool = False
    details: str = ""
    megapixels: int = 0  # of a picture that is larger than the limit


@dataclass(frozen=True, slots=True)
class Failed:
    job: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class Cancelled:
    job: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker listens."""

    pid: int


Report = Step | Part | Done | Failed | Cancelled | Ready


@dataclass(frozen=True, slots=True)
class WorkerDeath:
    """A worker process is gone, though nobody asked it to go. `job` is the title of what it was doing; `restarted`
    is False where it died so often before it was ready that it is left alone."""

    lane: str
    exit_code: int | None
    job: str = ""
    restarted: bool = True
