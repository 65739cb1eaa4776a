"""How long a person waits for a picture: from the key or the click until a frame shows it, in the whole window.

    python tests/benchmarks/bench_window.py [RUNS] [--giant]      (--giant: also a TIFF of 20 000 x 20 000 px, 3 GB of room)

The window, offscreen, 1920 x 1080 px, with its own workers, which are up. A VHX JPEG of 101 megapixels that this computer has
never seen (the picture cache is emptied before every run) is dropped on the window, as the first one after its start and later,
and chosen by a click in the list, also while thumbnails of others like it are read. The first look counts when a frame has been
painted in which every tile in sight has at least a pixel of the file for every pixel of the screen. In the same run, right
before, the same file is decoded once at an eighth, the fastest way there is (libjpeg), in a process of its own; printed are
seconds, their range, and the ratio. Then: until every pixel is there; the same picture opened again with nothing of it in
memory; and of the TIFF, whose levels are in the cache by then, the click and the key Z up to a sharp window at 100 %, and the
peak memory of the window (files it maps counted, too) and of its worker while it is looked at everywhere.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import psutil
from bench_pictures import GIANT, STITCHED, measured, metal, write_pictures
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest

from padscope_desktop import app as padscope_app
from padscope_desktop import main_window
from padscope_desktop.main_window import MainWindow
from padscope_desktop.settings import cache_folder
from padscope_desktop.viewer.canvas import Canvas

VHX, SIDE = STITCHED[1], GIANT[1]  # widths, px
WAYS = ("dropped on the window", "clicked in the list", "clicked while others are read")
SCREENFULS = 300
PATIENCE_S = 60.0


class Timed(Canvas):
    """Knows when its last whole frame was done, and of which levels."""

    painted = 0.0
    finest = 0  # width of the largest level
    of = 0  # width of the picture
    whole = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.whole = self.picture.shows_something and not self.picture.lacks
        self.finest = max((level.shape[1] for level in self.picture.levels), default=0)
        self.of = self.picture.width
        self.painted = time.perf_counter()

    def shows(self, width: int, least: int) -> bool:
        """A whole frame of a picture so wide, painted from levels of which the largest is at least that wide, px."""
        return self.whole and self.of == width and self.finest >= least


class Watched:
    """The peak of a process's memory, MB, mapped files counted, too."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.peak = 0.0

    def look(self) -> None:
        self.peak = max(self.peak, self._process.memory_info().rss / 1e6)


def wait(condition: Callable[[], object], what: str) -> None:
    end = time.perf_counter() + PATIENCE_S
    while not condition():
        QTest.qWait(1)
        if time.perf_counter() > end:
            raise TimeoutError(what)


def a_window(home: Path) -> MainWindow:
    os.environ["PADSCOPE_SETTINGS"] = str(home / "settings.json")
    main_window.Canvas = Timed  # type: ignore[misc]
    application = padscope_app.application()
    window = padscope_app.build()
    window.resize(1920, 1080)
    window.show()
    padscope_app.Start(window, None, application).go()
    wait(lambda: window.session.project and window.session.detectors, "the window is up")
    rest(window)
    return window


def rest(window: MainWindow) -> None:
    wait(lambda: not window.session.jobs.active() and not window.session.keeper.busy, "nothing is going on")


def click(window: MainWindow, key: int) -> None:
    """On the line of a picture, as a hand does."""
    listed, model = window.pictures.list, window.pictures.list.model()
    keys = [model.index(row, 0).data(Qt.ItemDataRole.UserRole + 1) for row in range(model.rowCount())]
    box = listed.visualRect(model.index(keys.index(key), 0))
    QTest.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=box.center() + QPoint(1, 1))


def seen(canvas: Timed, width: int, least: int, since: float) -> float:
    wait(lambda: canvas.painted > since and canvas.shows(width, least), "the picture is seen")
    return canvas.painted - since


def unseen(window: MainWindow, first: int) -> None:
    """Another picture is looked at, and nothing of all others is in memory."""
    click(window, first)
    rest(window)
    window.session.display.forget()
    window.session.display.show(first, window.session.album.entries[first].path)
    rest(window)


def first_of_all(home: Path, vhx: Path, found: dict[str, list[float]]) -> None:
    """The first picture after the window has come up."""
    window = a_window(home)
    canvas = window.canvas
    assert isinstance(canvas, Timed)
    scaled = measured("decode_scaled", vhx, cache_folder())[0]
    began = time.perf_counter()
    window.take([vhx])
    took = seen(canvas, VHX, VHX // 8, began)
    found["101 MP JPEG, first picture after the start"].append(took)
    found["ratio: first after the start"].append(took / scaled)
    rest(window)
    window.close()


def first_looks(
    window: MainWindow, canvas: Timed, vhx: Path, first: int, runs: int, found: dict[str, list[float]]
) -> None:
    for run in range(runs):
        cache = cache_folder()
        for k, way in enumerate(WAYS):
            file = vhx.with_name(f"vhx-{run}-{k}.jpg")
            shutil.copy(vhx, file)
            unseen(window, first)
            shutil.rmtree(cache, ignore_errors=True)
            scaled = measured("decode_scaled", file, cache)[0]
            found["one decode at an eighth"].append(scaled)
            if way.startswith("clicked"):
                window.session.add_pictures([file])
                key = max(window.session.album.entries)
                rest(window)
                unseen(window, first)
                shutil.rmtree(cache, ignore_errors=True)
                for _ in range(6 if way.endswith("read") else 0):
                    window.session.thumbnails.fetch(window.session.album.entries[key])
                began = time.perf_counter()
                click(window, key)
            else:
                began = time.perf_counter()
                window.take([file])
            took = seen(canvas, VHX, VHX // 8, began)
            found[f"101 MP JPEG {way}: first look"].append(took)
            found[f"ratio: {way}"].append(took / scaled)
            wait(lambda: canvas.shows(VHX, VHX), "every pixel is there")
            found["every pixel of it is there"].append(canvas.painted - began)
            rest(window)
            key = max(window.session.album.entries)
            unseen(window, first)
            began = time.perf_counter()
            click(window, key)
            found["opened again"].append(seen(canvas, VHX, VHX, began))
            file.unlink()


def giant(window: MainWindow, canvas: Timed, path: Path, first: int, runs: int, found: dict[str, list[float]]) -> None:
    key = window.session.add_pictures([path])[0]
    rest(window)
    worker = next(p.pid for p in multiprocessing.active_children() if p.name == "padscope quick")
    for _ in range(runs):
        unseen(window, first)
        began = time.perf_counter()
        click(window, key)
        found["400 MP TIFF: opened again"].append(seen(canvas, SIDE, SIDE, began))
        unseen(window, first)
        began = time.perf_counter()
        click(window, key)
        canvas.setFocus()
        QTest.keyClick(canvas, Qt.Key.Key_Z)
        wait(lambda: canvas.shows(SIDE, SIDE), "all its levels")
        QTest.keyClick(canvas, Qt.Key.Key_Z)
        wait(lambda: canvas.view.zoom == 1.0 and canvas.shows(SIDE, SIDE), "100 %")
        found["400 MP TIFF: click, Z, sharp at 100 %"].append(canvas.painted - began)
    ours, theirs = Watched(os.getpid()), Watched(worker)
    for k in range(SCREENFULS):
        canvas.look_at(2.0 ** -(k % 6), 1000 + 7919 * k % 18_000, 1000 + 104_729 * k % 18_000)
        since = time.perf_counter()
        wait(lambda since=since: canvas.painted > since and canvas.whole, "a screenful")
        ours.look()
        theirs.look()
    found["MB window, looking at it everywhere"].append(ours.peak)
    found["MB its reading worker meanwhile"].append(theirs.peak)


def write(folder: Path, giant: bool) -> None:
    write_pictures(folder, giant=False)
    if giant:
        import tifffile

        tifffile.imwrite(folder / "giant.tif", metal(*GIANT), photometric="rgb", metadata=None, rowsperstrip=64)


def told(found: dict[str, list[float]]) -> None:
    for what, values in found.items():
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"{what:44} median {middle:8.3f}   ({low:.3f} to {high:.3f})   {len(values)} runs", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=int, nargs="?", default=7)
    parser.add_argument("--giant", action="store_true")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    if given.write:
        write(given.write, given.giant)
        return
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="padscope-bench-") as temporary:
        folder = Path(temporary)
        asked = ["--write", str(folder), *(["--giant"] if given.giant else [])]
        subprocess.run([sys.executable, __file__, *asked], check=True)  # its memory is not the window's
        for run in range(given.runs):
            home = folder / f"home{run}"
            home.mkdir()
            first_of_all(home, folder / "vhx.jpg", found)
        window = a_window(folder)
        canvas = window.canvas
        assert isinstance(canvas, Timed)
        first = window.session.add_pictures([folder / "board.jpg"])[0]
        rest(window)
        first_looks(window, canvas, folder / "vhx.jpg", first, given.runs, found)
        told(found)
        if given.giant:
            found.clear()
            giant(window, canvas, folder / "giant.tif", first, given.runs, found)
            told(found)
        window.close()


if __name__ == "__main__":
    main()
