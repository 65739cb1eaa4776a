"""By hand: scrolling and searching a list of thousands of pictures, offscreen.

usage: bench_picture_list.py [pictures] [runs]

Printed are the times of frames while the list is scrolled from end to end, of one refresh of a row, and of a search; the list of
100 pictures beside it is what the same costs without thousands of rows.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from padscope.boards.pad_map import Verdict
from padscope.types import Scale
from padscope_desktop.album import FILTERS, Album
from padscope_desktop.background.payloads import PictureCard, Thumbnail
from padscope_desktop.panels.pictures import PicturesPanel
from padscope_desktop.theme import DARK, wear

FRAMES = 300


def album(count: int) -> Album:
    """Every picture with a thumbnail of its own, half of them inspected, some signed, a third with serial numbers, labels in every
    state."""
    made = Album()
    rng = np.random.default_rng(0)
    for k in range(count):
        name = f"20UPGPQ21{k:05}.jpg" if k % 3 == 0 else f"VHX_{k:06}.jpg"
        entry = made.add(Path(f"/share/{name}"))
        assert entry is not None
        entry.card = PictureCard(entry.path, 7200, 5600, 8, "JPEG", Scale())
        entry.thumbnail = Thumbnail(entry.card, rng.integers(0, 255, (149, 192, 3), dtype=np.uint8))
        entry.counts = {Verdict.OK: 50, Verdict.NOT_BONDABLE: k % 4} if k % 2 else None
        entry.signed_by = "AB" if k % 6 == 1 else ""
        entry.label = ("", "draft", "accepted", "rejected")[k // 2 % 4]
    return made


def frames(panel: PicturesPanel, app: QApplication) -> list[float]:
    """Seconds of each frame while the list is scrolled from its first row to its last."""
    bar = panel.list.verticalScrollBar()
    found = []
    for k in range(FRAMES):
        began = time.perf_counter()
        bar.setValue(round(bar.maximum() * k / (FRAMES - 1)))
        panel.list.viewport().repaint()
        found.append(time.perf_counter() - began)
    app.processEvents()
    return found


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def told(what: str, seconds: list[float]) -> None:
    ms = sorted(1e3 * s for s in seconds)
    print(
        f"  {what:34} median {statistics.median(ms):6.2f} ms, 95 % {ms[int(0.95 * (len(ms) - 1))]:6.2f}, worst {ms[-1]:6.2f}"
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    app = QApplication([])
    wear(DARK)
    for pictures in (100, count):
        measure(app, pictures, runs)


def measure(app: QApplication, pictures: int, runs: int) -> None:
    panel = PicturesPanel(DARK)
    panel.resize(232, 1000)
    panel.show()
    made = album(pictures)
    filled = timed(lambda: panel.set_album(made))
    app.processEvents()
    words = ["2", "21", "21000", "vhx", "nothing", ""] * runs
    names = list(FILTERS) * runs
    print(f"{pictures} pictures, {runs} runs")
    told("the list is filled", [filled])
    told("a frame while scrolling", [s for _ in range(runs) for s in frames(panel, app)])
    told("one row changes", [timed(partial(panel.refresh, 1 + k % pictures)) for k in range(50 * runs)])
    told("the labels of all change", [timed(panel.refresh_all) for _ in range(10 * runs)])
    told("a letter of a search", [timed(partial(panel.search.setText, w)) for w in words])
    told("a filter is chosen", [timed(partial(panel.filter.setCurrentText, n)) for n in names])
    panel.close()


if __name__ == "__main__":
    main()
