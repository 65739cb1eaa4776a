"""How long a slider waits for verdicts, and how much of it are landing points: 57 pads with 135 wires, and about a thousand
wires; most pads of the larger board are flagged. Run by hand:

python tests/benchmarks/bench_judge.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.defects import pad_view
from padscope.boards.landing import Obstacles, land
from padscope.boards.layout import Layout, Pad, Wire, spread_wires
from padscope.boards.pad_map import Landing
from padscope.boards.rules import load_rules
from padscope.boards.verdict import prepare
from padscope.types import Affine, Box

HEIGHTS_UM = (127.0, 381.0, 127.0, 635.0, 127.0, 127.0, 381.0)
POSE = Affine(0.39878, 0.006627, 40.0, -0.006627, 0.39878, 140.0)


def board(columns: int) -> Layout:
    """Columns of 57 / 2 pads each, 127 µm apart, 1000 µm long."""
    pads, wires = [], []
    for column in range(columns):
        y = 1000.0
        for k in range(29 if column % 2 == 0 else 28):
            h = HEIGHTS_UM[k % len(HEIGHTS_UM)]
            pad = Pad(f"C{column}-{k:02}", 1500.0 + 1200.0 * column, y + h / 2, 1000.0, h)
            y += h + 127.0
            pads.append(pad)
            wires += spread_wires(pad, {127.0: 1, 381.0: 3, 635.0: 5}[h])
    return Layout("bench", tuple(pads), tuple(wires))


def heat(size: tuple[int, int]) -> NDArray[np.float32]:
    """Quiet metal with a blemish here and there, as a detector gives it."""
    rng = np.random.default_rng(0)
    cells = (-(-size[1] // 8), -(-size[0] // 8))
    level = rng.normal(0.4, 0.1, cells)
    spots = rng.random(cells) < 0.002
    level += cv2.GaussianBlur(cv2.dilate(spots.astype(np.float64), np.ones((3, 5))), (0, 0), 1.0) * 3
    return level.astype(np.float32)


Case = tuple[Pad, tuple[Wire, ...], NDArray[np.bool_], Box]


def cases(layout: Layout, level: NDArray[np.float32], size: tuple[int, int]) -> list[Case]:
    """Every pad with its wires and where over a box of the picture its defects are."""
    views = [pad_view(pad, POSE, size, level) for pad in layout.pads]
    return [(v.pad, layout.wires_of[v.pad.id], v.level >= 1, v.box) for v in views]


def landed(found: list[Case]) -> list[Landing]:
    """From masks of defects to landing points."""
    back = POSE.inverse()
    return [m for pad, wires, mask, box in found for m in land(pad, wires, Obstacles.of(mask, box, back, 5.0))]


def best_ms(work: Callable[[], object], repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def main() -> None:
    rules = load_rules()
    for columns in (2, 17):
        layout = board(columns)
        _, _, x1, y1 = layout.bounds_um
        size = int(0.41 * x1) + 200, int(0.41 * y1) + 400
        level = heat(size)
        judge = prepare(level, layout, POSE, size, rules)
        flagged = sum(r.verdict != "OK" for r in judge.verdicts())
        print(f"{len(layout.pads)} pads, {len(layout.wires)} wires, {flagged} pads not OK")
        print(f"  prepare  {best_ms(lambda: prepare(level, layout, POSE, size, rules), 3):6.0f} ms")  # noqa: B023
        for factor in (3.0, 1.5, 1.0, 0.8):
            print(f"  verdicts at {factor:g} times the threshold  {best_ms(lambda: judge.verdicts(factor)):6.0f} ms")  # noqa: B023
        found = cases(layout, level, size)
        moved = sum(m.shift_um != (0.0, 0.0) for m in landed(found))
        ms = best_ms(lambda: landed(found))  # noqa: B023
        per_thousand = 1000 * ms / len(layout.wires)
        print(
            f"  landing points alone  {ms:6.0f} ms, {moved} wires moved or lost; {per_thousand:.0f} ms for 1000 wires"
        )


if __name__ == "__main__":
    main()
