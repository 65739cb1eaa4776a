"""Commands for real worker processes under test."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np

from padscope.errors import InputError
from padscope.types import Progress
from padscope_desktop.background.protocol import Part


def count(n: int) -> Generator[Any, None, int]:
    for i in range(n):
        yield Progress(i, n, "counting")
    return n


def forever(file: str) -> Generator[Any, None, None]:
    """Reports without end; writes to `file` that it was closed, not just killed."""
    try:
        while True:
            threading.Event().wait(0.002)
            yield Progress(0, 0, "working")
    finally:
        with open(file, "w") as out:
            out.write("closed")


def deaf(here: Path) -> Generator[Any, None, None]:
    """Never reports again, from when its file is there."""
    yield Progress(0, 1, "deaf")
    here.touch()
    threading.Event().wait()


def parts() -> Generator[Any, None, Any]:
    yield Part(0, "first")
    return np.arange(1_000_000, dtype=np.float32)


def refuse() -> Generator[Any, None, None]:
    yield Progress(0, 1, "trying")
    raise InputError("This board has no pads; take another.")


def stumble() -> Generator[Any, None, None]:
    yield Progress(0, 1, "trying")
    raise ZeroDivisionError("oops")


def facts() -> Generator[Any, None, Any]:
    yield Progress(0, 1, "looking")
    return os.getpid(), os.nice(0), [m for m in sys.modules if m.split(".")[0] in ("PySide6", "torch")]


def die() -> Generator[Any, None, None]:
    yield Progress(0, 1, "dying")
    os.abort()


COMMANDS = {f.__name__: f for f in (count, forever, deaf, parts, refuse, stumble, facts, die)}
