"""How quickly paint follows the hand on a picture of 16 000 × 16 000 px with a million pixels painted in 500 pieces.

    python tests/benchmarks/bench_brush.py [RUNS] [SIDE] [MODEL LAYOUT PICTURE]

With a model, its layout and a picture the brushes are measured again while that picture is inspected over and over in the worker.

A window of 1920 × 1080 (offscreen) is painted in with mouse events. Printed, as the median and the spread over RUNS: from a move
of the mouse to the painted frame with brushes of 40, 200 and 1 000 px (median, 95 %, worst); from undo and redo of a 1 000 px
stroke to the painted frame; from a release until the stroke is on disk; a flood fill of 25 megapixels and its longest slice; a
label read from the project; memory against what is painted. For comparison, napari 0.9.2 under Xvfb: moves 41 and 66 ms; undo 63.
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
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import apply, painted
from padscope.masks.filling import flooded
from padscope.masks.live import LiveStroke
from padscope.masks.shapes import polygon
from padscope.store import labels
from padscope.store.database import create_project
from padscope.store.rows import PictureRow
from padscope.types import Box, Scale
from padscope_desktop import app as padscope_app
from padscope_desktop.labels import stock as label_stock
from padscope_desktop.main_window import MainWindow

MOVES = 60
Left = Qt.MouseButton.LeftButton


def start_mask(side: int) -> ClassMask:
    """500 squares of 45 px."""
    rng = np.random.default_rng(1)
    mask = ClassMask(side, side)
    corners = rng.integers(0, side - 45, (500, 2))
    for n, (x, y) in enumerate(corners.tolist()):
        shape = np.array([[x, y], [x + 45, y], [x + 45, y + 45], [x, y + 45]], dtype=np.float64)
        apply(mask, painted(mask, [polygon(shape, mask.box)], 1 + n % 5))
    return mask


def frame(window: MainWindow, act: Callable[[], object]) -> float:
    """ms from an event to the frame that shows it."""
    begun = time.perf_counter()
    act()
    window.canvas.repaint()  # at once what it has asked for
    took = (time.perf_counter() - begun) * 1000
    QApplication.processEvents()
    return took


def frames_until_whole(window: MainWindow, act: Callable[[], object]) -> tuple[float, float]:
    """ms from an event to its first frame, and to the frame that shows all of it: masks have a part of each frame only."""
    begun = time.perf_counter()
    first = frame(window, act)
    while any(layer.unfinished for layer in window.canvas.layers.under):
        window.canvas.repaint()
    return first, (time.perf_counter() - begun) * 1000


def stroke(window: MainWindow, width: float) -> list[float]:
    window.label_mode.easel.set_brush(size=width)
    c = window.canvas
    QTest.mousePress(c, Left, pos=QPoint(300, 300))
    angle = np.linspace(0, 4 * np.pi, MOVES)
    way = np.column_stack([c.width() / 2 + 400 * np.sin(angle), c.height() / 2 + 250 * np.cos(1.3 * angle)])
    took = []
    for x, y in way.round().astype(int).tolist():
        at = QPoint(x, y)
        took.append(frame(window, lambda at=at: QTest.mouseMove(c, at)))  # type: ignore[misc]
    QTest.mouseRelease(c, Left, pos=QPoint(*way[-1].astype(int).tolist()))
    return took


def told(words: str, values: list[float], unit: str = "ms") -> None:
    print(f"{words:44} {np.median(values):8.1f} {unit}   spread {min(values):.1f} … {max(values):.1f}")


def brushes(window: MainWindow, runs: int, widths: tuple[int, ...], when: str = "") -> None:
    """Every stroke in another class than the one before, else it would change nothing."""
    labelling = window.session.labelling
    for width in widths:
        all_runs: list[list[float]] = []
        undone: list[tuple[float, float]] = []
        redone: list[tuple[float, float]] = []
        for n in range(runs):
            labelling.active = 1 + (n + width) % 5
            all_runs.append(stroke(window, width))
            if width == 1000:
                undone.append(frames_until_whole(window, labelling.undo))
                redone.append(frames_until_whole(window, labelling.redo))
        print(f"brush of {width} px, move to frame{when}:")
        told("  median", [float(np.median(r)) for r in all_runs])
        told("  95 %", [float(np.percentile(r, 95)) for r in all_runs])
        told("  worst", [max(r) for r in all_runs])
        wait(lambda: not labelling.unsaved)
        if width == 1000:
            for words, both in (("undo", undone), ("redo", redone)):
                told(f"{words} of it, key to frame{when}", [first for first, _ in both])
                told(f"  all of it on the screen{when}", [whole for _, whole in both])


def inspect_for_ever(window: MainWindow, model: Path, layout: Path, picture: Path) -> list[float]:
    """Starts the next inspection when one ends; their seconds."""
    from padscope.boards.layout_files import load_layout
    from padscope.boards.rules import load_rules

    took: list[float] = []
    board, rules = load_layout(layout), load_rules(None)

    def again(found: object = None) -> None:
        if found is not None:
            took.append(found.seconds)  # type: ignore[attr-defined]
        arguments = (picture, board, model, 1.0, None, None, None, rules)
        window.session.jobs.start("inspect", *arguments, title="bench", done=again)

    again()
    wait(lambda: took, 120)  # the networks are loaded
    return took


def in_window(side: int, runs: int, inspected: tuple[Path, ...]) -> None:
    window = padscope_app.build()
    window.resize(1920, 1080)
    window.show()
    session, canvas = window.session, window.canvas
    window.set_mode(window.label_mode)
    rng = np.random.default_rng(2)
    small = rng.integers(0, 255, (side // 16, side // 16, 3), np.uint8)
    full = np.repeat(np.repeat(small, 16, axis=0), 16, axis=1)
    levels = [np.ascontiguousarray(full[:: 2**k, :: 2**k]) for k in range(6)]
    canvas.set_picture(side, side, levels)
    folder = Path(tempfile.mkdtemp())
    session.open_project(folder / "bench.padscope", create=True)
    mask = start_mask(side)
    sha = "ab" * 32

    def prepare(project) -> None:  # type: ignore[no-untyped-def]
        project.add_picture(PictureRow(sha, "none.png", side, side, scale=Scale()))

    wait(lambda: session.project is not None and session.labelling.classes and not session.keeper.busy)
    session.keeper.ask(prepare)
    loaded: list[label_stock.Loaded] = []
    session.keeper.ask(lambda p: label_stock.load(p, sha, side, side), done=loaded.append)
    wait(lambda: loaded)
    session.labelling._set(loaded[0])
    from padscope.masks.edits import replaced

    for place, chunk in mask.chunks.items():  # as one stroke per chunk is not the point: piece by piece, one commit
        box = Box(place[1] * 256, place[0] * 256, place[1] * 256 + 256, place[0] * 256 + 256).clipped(side, side)
        apply(loaded[0].mask, replaced(loaded[0].mask, box, chunk[: box.height, : box.width]))
    session.said.connect(lambda message: print(message.headline, message.text))
    window.label_mode.layer.forget()
    canvas.zoom_by(0.6 / canvas.view.zoom)
    for _ in range(20):
        QTest.qWait(20)
    brushes(window, runs, (40, 200, 1000))
    commits = []
    for n in range(10 * runs):
        session.labelling.active = 1 + n % 5  # else nothing would change
        window.label_mode.easel.set_brush(size=40.0)
        QTest.mousePress(canvas, Left, pos=QPoint(300, 300))
        for i in range(10):
            QTest.mouseMove(canvas, QPoint(300 + 20 * i, 300 + 10 * i))
        begun = time.perf_counter()
        QTest.mouseRelease(canvas, Left, pos=QPoint(500, 400))
        while session.labelling.unsaved:
            time.sleep(0.0005)
        commits.append((time.perf_counter() - begun) * 1000)
        QTest.qWait(1)
    told("release to disk, 40 px, median", commits)
    told("release to disk, 40 px, 95 %", [float(np.percentile(commits, 95))])
    if inspected:
        took = inspect_for_ever(window, *inspected)
        brushes(window, runs, (40, 1000), ", inspecting")
        print(f"{len(took)} inspections ended meanwhile")
    window.close()


def wait(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.perf_counter() + seconds
    while not condition():
        QTest.qWait(5)
        assert time.perf_counter() < end, "waited in vain"


def fills(runs: int) -> None:
    whole, longest = [], []
    for _ in range(runs):
        mask = ClassMask(5000, 5000)
        live, slices, begun = LiveStroke(mask, 1), [], time.perf_counter()
        work, last = flooded(mask, 2500, 2500), time.perf_counter()
        while True:
            try:
                next(work)
            except StopIteration as stop:
                regions = stop.value
                break
            slices.append(time.perf_counter() - last)
            last = time.perf_counter()
        for region in regions:
            live.add([region])
        live.finish()
        whole.append((time.perf_counter() - begun) * 1000)
        longest.append(max(slices) * 1000)
    told("fill of 25 megapixels", whole)
    told("  its longest slice, after which Esc stops it", longest)


def opening(side: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder, create_project(Path(folder) / "p.padscope") as project:
        sha = "cd" * 32
        project.add_picture(PictureRow(sha, "none.png", side, side, scale=Scale()))
        label = labels.begin_label(project, sha)
        mask, goal = ClassMask(side, side), start_mask(side)
        live = LiveStroke(mask, 1)
        live._before = dict.fromkeys(goal.chunks)
        mask.chunks = goal.chunks
        labels.commit_edit(project, label.id, live.finish(), tool="given")
        took = []
        for _ in range(runs):
            begun = time.perf_counter()
            loaded = label_stock.load(project, sha, side, side)
            took.append((time.perf_counter() - begun) * 1000)
        told("label with a million painted px from the project", took)
        n = len(loaded.mask.chunks)
        print(
            f"memory of that mask: {n} chunks, {n * 65536 / 1e6:.1f} MB of {side * side / 1e6:.0f} MB as a whole array"
        )


def main(runs: int, side: int, inspected: tuple[Path, ...] = ()) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PADSCOPE_SETTINGS"] = str(Path(folder) / "settings.json")
        padscope_app.application()
        in_window(side, runs, inspected)
    fills(runs)
    opening(side, runs)


if __name__ == "__main__":
    given = sys.argv[1:]
    numbers = [int(a) for a in given[:2]]
    main(*numbers, *(5, 16000)[len(numbers) :], tuple(Path(p) for p in given[2:]))
