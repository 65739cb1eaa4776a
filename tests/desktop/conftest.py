"""Tests of the window: offscreen, no sleeping, and nothing may be left running behind."""

from __future__ import annotations

import faulthandler
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for `from inline_lane import …`, also in spawned workers
faulthandler.enable()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A thread or a process that outlives its test fails it, by name."""
    threads, processes = set(threading.enumerate()), set(multiprocessing.active_children())
    yield
    left = [t.name for t in threading.enumerate() if t not in threads and not t.daemon]
    left += [p.name for p in multiprocessing.active_children() if p not in processes]
    assert not left, f"left running: {left}"


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings of whoever runs it."""
    monkeypatch.setenv("PADSCOPE_SETTINGS", str(tmp_path / "settings.json"))
