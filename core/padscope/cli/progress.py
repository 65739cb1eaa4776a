"""Showing a work on stderr: a bar on a terminal, a plain line per stage otherwise."""

from __future__ import annotations

import json
import sys
from typing import Any, TypeVar

from padscope.types import Work

T = TypeVar("T")


def shown(work: Work[T], title: str = "") -> T:
    """Run a work to its end, telling how far it is; Ctrl-C closes it, so that nothing half-written is left."""
    return _on_terminal(work, title) if sys.stderr.isatty() else _as_lines(work, title)


def say(message: str) -> None:
    """A message for the person at the terminal; stdout is kept for results."""
    print(message, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """One object on stdout; numbers that JSON does not have become null."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _on_terminal(work: Work[T], title: str) -> T:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(title, total=1.0)
        try:
            while True:
                step = next(work)
                bars.update(bar, completed=step.fraction, description=f"{title} {step.stage}".strip())
        except StopIteration as stop:
            return stop.value
        finally:
            work.close()


def _as_lines(work: Work[T], title: str) -> T:
    stage = None
    try:
        while True:
            step = next(work)
            if step.stage != stage:
                stage = step.stage
                say(f"{title} {stage} …".strip())
    except StopIteration as stop:
        return stop.value
    finally:
        work.close()
