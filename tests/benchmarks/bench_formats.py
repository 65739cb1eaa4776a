"""Labels of a large picture through every format, and the tools that look at pixels; run by hand:

    python tests/benchmarks/bench_formats.py

A picture of 16 000 × 16 000 px with a million painted pixels in 500 defects of four classes: seconds to write and to read back, the
size of the files, the largest memory Python held, and whether it came back pixel by pixel. Then the brush that follows borders, the
refined outline, wand, fill and components: median and worst of 20 runs.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from padscope.formats.labelled import ClassTable, Labelled, compared, stamp
from padscope.formats.registry import FORMATS
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass
from padscope.masks.components import component_at, components
from padscope.masks.guided import refined, smart_brush
from padscope.masks.shapes import stroke, wand
from padscope.masks.tally import class_counts
from padscope.types import Box

SIDE = 16_000
CLASSES = tuple(DefectClass(k + 1, f"class {k + 1}", f"#{40 * k + 60:02x}80c0") for k in range(4))


def large_mask() -> ClassMask:
    """500 crooked strokes far from each other, a million pixels together."""
    rng = np.random.default_rng(0)
    mask = ClassMask(SIDE, SIDE)
    for k in range(500):
        x, y = 350 + (k % 25) * 630, 350 + (k // 25) * 780
        points = np.add((x, y), np.cumsum(rng.normal(0, 30, (5, 2)), axis=0))
        for region in stroke(points, 8.5):
            stamp(mask, region, 1 + k % 4)
    return mask


def through(name: str, shapes: str, mask: ClassMask, folder: Path) -> str:
    folder.mkdir()
    entry = FORMATS[name]

    def write() -> None:
        for _ in entry.write([Labelled("large.jpg", mask)], CLASSES, folder, shapes):
            pass

    def read() -> ClassMask:
        (item,) = entry.read([folder], ClassTable(CLASSES), lambda stem: (SIDE, SIDE))
        return item.mask

    start = time.perf_counter()
    write()
    written = time.perf_counter()
    again = read()
    done = time.perf_counter()
    tracemalloc.start()  # again, because tracing makes everything slower
    write()
    read()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6
    differing = compared(mask, again, "large.jpg").differing_px
    return f"{written - start:8.2f} s {done - written:8.2f} s {size:8.2f} MB {peak:8.0f} MB {differing:8} px differ"


def timed(work: Callable[[], object], runs: int = 20) -> str:
    work()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return f"{statistics.median(seconds) * 1e3:9.2f} ms {max(seconds) * 1e3:9.2f} ms"


def main() -> None:
    mask = large_mask()
    counts = class_counts(mask)
    print(f"{sum(c.area_px for c in counts.values())} px in {sum(c.components for c in counts.values())} defects")
    print(f"{'format':22} {'write':>10} {'read':>10} {'files':>11} {'memory':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, entry in FORMATS.items():
            for shapes in entry.shapes if name != "mvtec" else ():
                print(f"{name + ' ' + shapes:22} {through(name, shapes, mask, Path(folder) / f'{name}-{shapes}')}")
    rng = np.random.default_rng(1)
    view = np.clip(rng.normal(180, 8, (400, 400, 3)) - (np.arange(400) > 210)[None, :, None] * 60, 0, 255).astype(
        np.uint8
    )
    disc = np.hypot(*np.mgrid[-100:100, -100:100]) < 60
    large = np.full((5000, 5000, 3), 90, np.uint8)
    large[::7, ::5] = 200
    tools: dict[str, Callable[[], object]] = {
        "smart brush, 200 px": lambda: smart_brush(view, Box(0, 0, 400, 400), 190, 190, 100),
        "refined outline, 200 px": lambda: refined(view[:200, 100:300], disc, 8),
        "components, whole mask": lambda: components(mask),
        "component under a pixel": lambda: component_at(mask, 350, 350),
    }
    slow: dict[str, Callable[[], object]] = {
        "wand over 25 megapixels": lambda: wand(large, Box(0, 0, 5000, 5000), 1, 1, 10),
    }
    print(f"{'tool':26} {'median':>11} {'worst':>12}")
    for words, work in tools.items():
        print(f"{words:26} {timed(work)}")
    for words, work in slow.items():
        print(f"{words:26} {timed(work, 5)}")


if __name__ == "__main__":
    main()
