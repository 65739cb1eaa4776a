"""How long after its release a stroke is on disk: alone, beside a worker that computes as an inspection does, and while 10 000
labels of another tool come in.

    python tests/benchmarks/bench_keeping.py [STROKES] [LABELS]

Strokes of 40 px are drawn with mouse events in the real window (offscreen), ten a second. Printed: median, 95 % and worst from
release to disk; for the import also its length, and how long its one short transaction held the strokes up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from padscope.store.database import Project
from padscope.store.rows import PictureRow
from padscope.types import Scale
from padscope_desktop import app as padscope_app
from padscope_desktop.labels import long_work
from padscope_desktop.labels import stock as label_stock
from padscope_desktop.labels.long_work import Wish
from padscope_desktop.main_window import MainWindow

SIDE = 4000
LEFT = Qt.MouseButton.LeftButton
COMPUTE = """
import os, numpy as np
os.nice(10)
a = np.random.default_rng(0).random((1500, 1500), np.float32)
while True: a = a @ a; a /= a.max()
"""


def wait(condition: Callable[[], object], limit_s: float = 600.0) -> None:
    end = time.perf_counter() + limit_s
    while not condition():
        QTest.qWait(2)
        assert time.perf_counter() < end, "waited in vain"


class Hand:
    """Somebody who paints in the window."""

    def __init__(self, folder: Path) -> None:
        self.application = padscope_app.application()
        self.window: MainWindow = padscope_app.build()
        self.window.resize(1920, 1080)
        self.window.show()
        self.session = self.window.session
        self.window.set_mode(self.window.label_mode)
        rng = np.random.default_rng(2)
        small = rng.integers(0, 255, (SIDE // 16, SIDE // 16, 3), np.uint8)
        full = np.repeat(np.repeat(small, 16, axis=0), 16, axis=1)
        self.window.canvas.set_picture(SIDE, SIDE, [np.ascontiguousarray(full[:: 2**k, :: 2**k]) for k in range(4)])
        self.session.said.connect(lambda message: print(message.headline, message.text))
        self.session.open_project(folder / "bench.padscope", create=True)
        wait(lambda: self.session.project and self.session.labelling.classes and not self.session.keeper.busy)
        sha = "ab" * 32
        self.session.keeper.ask(lambda p: p.add_picture(PictureRow(sha, "none.png", SIDE, SIDE, scale=Scale())))
        loaded: list[label_stock.Loaded] = []
        self.session.keeper.ask(lambda p: label_stock.load(p, sha, SIDE, SIDE), done=loaded.append)
        wait(lambda: loaded)
        self.session.labelling._set(loaded[0])
        self.window.label_mode.easel.set_brush(size=40.0)
        self.made = 0

    def stroke(self) -> float:
        """ms from its release until it is on disk."""
        canvas, labelling = self.window.canvas, self.session.labelling
        self.made += 1
        labelling.active = 1 + self.made % 5  # else nothing would change
        x, y = 200 + 13 * (self.made % 40), 200 + 9 * (self.made % 50)
        QTest.mousePress(canvas, LEFT, pos=QPoint(x, y))
        for i in range(8):
            QTest.mouseMove(canvas, QPoint(x + 12 * i, y + 7 * i))
        begun = time.perf_counter()
        QTest.mouseRelease(canvas, LEFT, pos=QPoint(x + 84, y + 49))
        while labelling.unsaved:
            time.sleep(0.0005)
        took = (time.perf_counter() - begun) * 1000
        QTest.qWait(100)
        return took


def told(words: str, ms: list[float]) -> None:
    late = f"{sum(t > 30 for t in ms)} of {len(ms)} above 30"
    print(
        f"{words:44} median {np.median(ms):6.1f}  95 % {np.percentile(ms, 95):6.1f}  worst {max(ms):7.1f} ms  ({late})"
    )


def incoming(folder: Path, many: int) -> Path:
    """So many index masks of 400 × 300 px, a blob each."""
    labels = folder / "labels"
    labels.mkdir()
    rng = np.random.default_rng(0)
    for n in range(many):
        mask = np.zeros((300, 400), np.uint8)
        cv2.circle(mask, rng.integers(50, 250, 2).tolist(), 20, 1, -1)
        cv2.imwrite(str(labels / f"p{n:05d}.png"), mask)
    (labels / "classes.csv").write_text("value,name,colour\n1,scratch,#d55e00\n")
    return labels


def pictures(project: Project, many: int) -> None:
    with project.transaction():
        for n in range(many):
            project.add_picture(PictureRow(f"{n:064x}", f"p{n:05d}.jpg", 400, 300))


def during_import(hand: Hand, labels: Path) -> None:
    ended: list[object] = []
    held: list[float] = []
    grafted = long_work._grafted

    def timed(project, copy, made):  # type: ignore[no-untyped-def]
        begun = time.perf_counter()
        answer = grafted(project, copy, made)
        held.append((time.perf_counter() - begun) * 1000)
        return answer

    long_work._grafted = timed
    begun = time.perf_counter()
    words = "Importing labels", "not imported", "cancelled"
    hand.session.labelling.long_work.start(Wish("import", (labels, "png-index", "AB"), *words, ended.append))
    ms = []
    while not ended:
        ms.append(hand.stroke())
        assert time.perf_counter() - begun < 600
    report = ended[0]
    assert not report.refused, report.refused[:3]  # type: ignore[attr-defined]
    told(f"while {len(report.taken)} labels come in", ms)  # type: ignore[attr-defined]
    print(f"{'the import':44} {time.perf_counter() - begun:.1f} s; its transaction took {held[-1]:.0f} ms")


def main() -> None:
    strokes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as place:
        hand = Hand(Path(place))
        told("alone", [hand.stroke() for _ in range(strokes)])
        threads = str(max(1, (os.cpu_count() or 2) - 1))  # as a worker of the window
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        busy = subprocess.Popen([sys.executable, "-c", COMPUTE], env=environment)
        told("beside a worker that computes", [hand.stroke() for _ in range(strokes)])
        busy.kill()
        labels = incoming(Path(place), many)
        hand.session.keeper.ask(lambda p: pictures(p, many))
        wait(lambda: not hand.session.keeper.busy)
        during_import(hand, labels)
        hand.window.close()


if __name__ == "__main__":
    main()
