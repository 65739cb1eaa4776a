"""How fluid the window stays while a board is inspected: longest waits of its event loop, idle and under load.

    python tests/benchmarks/bench_fluid.py [SECONDS]

A timer asks to be called every 10 ms while the picture is panned at every call; printed is how late the calls came (median,
95 %, worst), first with idle workers and then with a worker that trains and inspects drawn boards with all its threads, and
the ratio of the two. A wait above 100 ms is seen as a jerk.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest

from padscope_desktop import app as padscope_app
from padscope_desktop.main_window import MainWindow

TICK_MS = 10


class Watch:
    """Pans at every tick and notes how late each came."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._last = 0.0
        self.late_ms: list[float] = []

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> list[float]:
        self.late_ms, self._last = [], time.perf_counter()
        end = self._last + seconds
        self._timer.start()
        while time.perf_counter() < end and not until():
            QTest.qWait(50)
        self._timer.stop()
        return self.late_ms

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late_ms.append(max((now - self._last) * 1000 - TICK_MS, 0.0))
        self._window.canvas.pan(0.02 if len(self.late_ms) % 40 < 20 else -0.02, 0.0)
        self._last = time.perf_counter()


def wait(condition: Callable[[], object]) -> None:
    while not condition():
        QTest.qWait(20)


def told(name: str, late: list[float]) -> float:
    p50, p95, worst = np.percentile(late, 50), np.percentile(late, 95), max(late)
    print(f"{name:22} late by {p50:6.1f} ms (median) {p95:6.1f} ms (95 %) {worst:6.1f} ms (worst)   {len(late)} calls")
    return float(p95)


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PADSCOPE_SETTINGS"] = str(Path(folder) / "settings.json")
        application = padscope_app.application()
        window = padscope_app.build()
        window.show()
        padscope_app.Start(window, None, application).go()
        session = window.session
        session.errands.start_demo()
        wait(lambda: session.layout and len(session.album) == 5 and session.detectors and not session.jobs.active())
        window.canvas.zoom_by(3)
        watch = Watch(window)
        idle = told("idle", watch.run(seconds))
        done: list[bool] = []
        keys = [e.key for e in session.album.entries.values() if e.name.startswith("sound")]
        job = session.train(keys, "patchcore", {}, Path(folder) / "bench.padmodel")
        assert job is not None
        job.ended = lambda: done.append(True)
        busy = told("while training", watch.run(seconds, lambda: bool(done)))
        session.jobs.cancel(job)
        print(f"ratio of the 95 % values {busy / max(idle, 0.1):.2f} over {seconds:g} s each")
        window.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
