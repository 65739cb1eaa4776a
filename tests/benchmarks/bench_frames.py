"""How long a frame takes while a picture of 400 megapixels is panned and zoomed, with everything laid over it.

    python tests/benchmarks/bench_frames.py [FRAMES] [--side PX]

A canvas of 1920 × 1080 px shows a picture of 20 000 × 20 000 px from its mapped levels, with heat, the masks of Label mode (some
million painted pixels in five classes), the outlines, letters and feet of a thousand pads, measurements, scale bar and overview.
At every zoom the picture is dragged in all directions, FRAMES times; then it is zoomed in and out from the whole to single pixels.
Printed for each: median, 95 % and worst of all frames painted meanwhile, those that came because tiles arrived or the picture came
to rest included, by the clock and (on a busy computer) of the processor's time, and how many of them there were.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest

from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.pad_map import Landing, PadResult, Verdict
from padscope.masks.class_mask import CHUNK, ClassMask, places
from padscope.pictures.measures import Measure
from padscope.pictures.pyramid import level_count, level_shape
from padscope.types import Affine, Box
from padscope_desktop import app as padscope_app
from padscope_desktop.inspecting.board import Geometry
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.mask_layer import MaskLayer
from padscope_desktop.viewer.measure_layer import MeasureLayer
from padscope_desktop.viewer.viewport import NOTCH

FRAME_S = 1 / 60
PADS_ALONG = 32
CLASS_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7")
VERDICTS = (
    Verdict.OK,
    Verdict.OK,
    Verdict.OK,
    Verdict.OK_SHIFT,
    Verdict.NOT_BONDABLE,
    Verdict.REDUCED,
    Verdict.UNKNOWN,
)


class Timed(Canvas):
    """Notes how long every paint took, ms: by the clock, and of the processor's time."""

    def __init__(self) -> None:
        super().__init__()
        self.took_ms: list[tuple[float, float]] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        began, busy = time.perf_counter(), time.thread_time()
        super().paintEvent(event)
        self.took_ms.append(((time.perf_counter() - began) * 1000, (time.thread_time() - busy) * 1000))


def metal(side: int) -> np.ndarray:
    """(side, side, 3) uint8: bright pads on a dark board, grainy."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 8, (side, side, 1))
    pixels = np.full((side, side, 3), (60, 75, 70), np.float32)
    pixels[side // 4 : side // 2, side // 8 : side * 7 // 8] = (205, 200, 190)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def write_levels(folder: Path, side: int) -> list[np.ndarray]:
    """The levels of a picture of side × side px, as the picture cache keeps them."""
    stamp = metal(625)
    levels = []
    for level in range(level_count(side, side)):
        rows, cols = level_shape(side, side, level)
        file = folder / f"{level}.raw"
        with file.open("wb") as out:
            wide = np.tile(stamp, (1, -(-cols // 625), 1))[:, :cols]
            for row in range(0, rows, 625):
                out.write(np.ascontiguousarray(wide[: min(625, rows - row)]).data)
        levels.append(np.memmap(file, np.uint8, "r", shape=(rows, cols, 3)))
    return levels


def a_board(side: int) -> tuple[Layout, tuple[PadResult, ...], np.ndarray]:
    """A thousand pads over the whole picture (µm = px), their verdicts with three wires each, and their level grid."""
    step = side / PADS_ALONG
    pads = tuple(
        Pad(f"P{row:02}{col:02}", (col + 0.5) * step, (row + 0.5) * step, step * 0.7, step * 0.35)
        for row in range(PADS_ALONG)
        for col in range(PADS_ALONG)
    )
    layout = Layout("bench", pads, tuple(w for p in pads for w in spread_wires(p, 3)), (Fiducial("F1", 0, 0, 10),))
    level = np.full((-(-side // 8), -(-side // 8)), np.nan, np.float32)
    rng = np.random.default_rng(1)
    results = []
    for i, pad in enumerate(pads):
        verdict = VERDICTS[i % len(VERDICTS)]
        r0, r1 = int((pad.y_um - pad.h_um / 2) // 8), int((pad.y_um + pad.h_um / 2) // 8)
        c0, c1 = int((pad.x_um - pad.w_um / 2) // 8), int((pad.x_um + pad.w_um / 2) // 8)
        level[r0:r1, c0:c1] = rng.gamma(2.0, 0.15, (r1 - r0, c1 - c0))
        if verdict is not Verdict.OK:
            level[(r0 + r1) // 2 : (r0 + r1) // 2 + 3, c0 + 4 : c0 + 20] = 2.5
        landings = tuple(
            Landing(w.id, (w.x_um, w.y_um), (w.x_um + 8, w.y_um), 12.0, (75.0, 125.0), 0.0)
            for w in layout.wires
            if w.pad == pad.id
        )
        results.append(PadResult(pad.id, verdict, (), 2.5, 0.9, (), landings))
    return layout, tuple(results), level


def dressed(side: int, levels: list[np.ndarray]) -> Timed:
    canvas = Timed()
    canvas.resize(1920, 1080)
    canvas.show()
    canvas.set_picture(side, side, levels)
    layout, results, level = a_board(side)
    geometry = Geometry(layout, Affine(1, 0, 0, 0, 1, 0))
    canvas.set_level(level)
    canvas.set_marks([geometry.mark(r) for r in results])
    canvas.set_scale(2.5)
    canvas.layers.kept.append(measured(side))
    canvas.layers.under.append(painted(side))
    return canvas


def painted(side: int) -> MaskLayer:
    """A painted blob on every pad, some of them large, in five classes; said is how much that is."""
    mask = ClassMask(side, side)
    rng = np.random.default_rng(3)
    step = side / PADS_ALONG
    for i in range(PADS_ALONG**2):
        row, col = divmod(i, PADS_ALONG)
        radius = int(rng.choice([9, 25, 60, 120], p=[0.4, 0.3, 0.2, 0.1]) * side / 20_000)
        x, y = int((col + rng.uniform(0.3, 0.7)) * step), int((row + rng.uniform(0.4, 0.6)) * step)
        for place in places(Box(x - radius, y - radius, x + radius + 1, y + radius + 1).clipped(side, side)):
            chunk = mask.chunks.setdefault(place, np.zeros((CHUNK, CHUNK), np.uint8))
            rows, cols = np.ogrid[place[0] * CHUNK : (place[0] + 1) * CHUNK, place[1] * CHUNK : (place[1] + 1) * CHUNK]
            chunk[(rows - y) ** 2 + (cols - x) ** 2 <= radius**2] = 1 + i % len(CLASS_COLOURS)
    print(f"{sum(mask.areas().values()):,} painted pixels in {len(mask.areas())} classes, {len(mask.chunks)} chunks")
    layer = MaskLayer()
    layer.set_colours(dict(enumerate(CLASS_COLOURS, 1)))
    layer.set_mask(mask)
    return layer


def measured(side: int) -> MeasureLayer:
    """Sixty measurements, most of them around the place that is panned over."""
    layer = MeasureLayer()
    layer.um_per_px = 2.5
    rng = np.random.default_rng(2)
    for i in range(60):
        x, y = rng.normal(side * 0.42, side * 0.03 * (1 + i % 4), 2)
        kind, count = (("length", 2), ("angle", 3), ("rectangle", 2), ("polygon", 7))[i % 4]
        points = [(float(x + a), float(y + b)) for a, b in rng.normal(0, 250, (count, 2))]
        layer.measures[str(i)] = Measure(kind, tuple(points))
    return layer


def settle(canvas: Timed, seconds: float = 5.0) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not canvas.settled:
        QTest.qWait(5)


def paced(canvas: Timed, moves: list[tuple[str, float, float]]) -> list[tuple[float, float]]:
    """All frames of these moves, one move per sixtieth of a second."""
    settle(canvas)
    canvas.took_ms.clear()
    for kind, a, b in moves:
        began = time.perf_counter()
        if kind == "pan":
            canvas.pan(a, b)
        else:
            canvas.zoom_by(a, (b, 540.0))
        QTest.qWait(1)
        while time.perf_counter() < began + FRAME_S:
            QTest.qWait(1)
    settle(canvas)
    return list(canvas.took_ms)


def told(name: str, ms: list[tuple[float, float]]) -> None:
    clock, busy = np.array(ms).T
    words = (
        f"{np.median(clock):6.1f} ms (median) {np.percentile(clock, 95):6.1f} ms (95 %) {clock.max():6.1f} ms (worst)"
    )
    own = f"processor {np.percentile(busy, 95):6.1f} ms (95 %) {busy.max():6.1f} ms (worst)"
    print(f"{name:18} {words}   {own}   {len(ms)} frames", flush=True)


def main(frames: int, side: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        padscope_app.application()
        canvas = dressed(side, write_levels(Path(folder), side))
        around = [(0.12, 0.0), (0.0, 0.12), (-0.12, 0.0), (0.0, -0.12)]
        every: list[tuple[float, float]] = []
        for zoom in (1 / 32, 1 / 16, 1 / 8, 1 / 4, 0.37, 1 / 2, 0.73, 1.0, 2.0, 8.0, 32.0):
            canvas.look_at(zoom, side * 0.41, side * 0.43)
            ms = paced(canvas, [("pan", *around[i * 4 // frames]) for i in range(frames)])
            told(f"pan at {zoom * 100:g} %", ms)
            every += ms
        canvas.fit()
        steps = round(np.log(64 * side / 1000) / np.log(NOTCH))
        ms = paced(canvas, [("zoom", NOTCH, 700.0)] * steps + [("zoom", 1 / NOTCH, 1200.0)] * steps)
        told("zoom in and out", ms)
        told("all", every + ms)
        canvas.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("frames", nargs="?", type=int, default=120)
    asked.add_argument("--side", type=int, default=20_000)
    given = asked.parse_args()
    main(given.frames, given.side)
