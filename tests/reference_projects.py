"""Made-up pad maps and layouts for tests of the store."""

from __future__ import annotations

import numpy as np

from padscope.boards.layout import Fiducial, Layout, Pad, Wire
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import Edit, painted
from padscope.masks.shapes import stroke
from padscope.types import Affine, Scale

LAYOUT = Layout(
    "small board",
    (Pad("L1", 100, 200, 381, 1000), Pad("L2", 600, 200, 127, 1000, rotation_deg=3.5, net="GND", single_purpose=True)),
    (Wire("L1-1", "L1", 100, 200), Wire("L2-1", "L2", 600, 200)),
    (Fiducial("F1", 0, 0, 500), Fiducial("F2", 5000, 0, 500)),
    "f" * 64,
)


def a_pad(name: str, verdict: Verdict = Verdict.OK_SHIFT, level: float | None = 1.7) -> PadResult:
    defect = Defect("dust µ", 812.5, (0.1, 0.2, 30.0, 40.0), 1.7)
    landing = Landing(f"{name}-1", (1.0, 2.0), (1.5, 2.1), 12.5, (75.0, 125.0), 0.0)
    lost = Landing(f"{name}-2", (1.0, 2.0), None, None, (75.0, 125.0), 90.0)
    return PadResult(name, verdict, ("a reason", "“another”"), level, 0.94, (defect,), (landing, lost))


def a_pad_map(seed: int = 0, pads: int = 2) -> PadMap:
    rng = np.random.default_rng(seed)
    facts = PictureFacts(f"board{seed}.jpg", f"{seed:064x}", 720, 560, Scale(2.5, "keyence", True))
    made = Provenance(
        "patchcore", "a" * 64, "default", "b" * 64, "small board", "f" * 64, "2026-01-01T00:00:00Z", "padscope"
    )
    results = [a_pad(f"L{i + 1}", list(Verdict)[i % 6], float(rng.random())) for i in range(pads)]
    pose = Affine.from_rows(rng.random((2, 3)))
    return PadMap(facts, pose, float(rng.random()), "fiducials", made, tuple(results), ("a note",))


def a_level(seed: int = 0) -> np.ndarray:
    grid = np.random.default_rng(seed).gamma(2.0, 0.3, (70, 90)).astype(np.float32)
    grid[:, :30] = np.nan
    return grid


def a_stroke(mask: ClassMask, seed: int) -> Edit:
    """A stroke across edges of chunks that always changes something."""
    rng = np.random.default_rng(seed)
    points = rng.uniform((200, 200), (320, 320), (3, 2))
    return painted(mask, stroke(points, float(rng.uniform(1, 9))), 1 + seed % 250)
