"""A small board map with one pad of every verdict, written out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.defects import PaintedMask
from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.types import Affine, Box, Mask, Scale

PADS = (
    Pad("A", 600.0, 200.0, 1000.0, 127.0, net="CLK", single_purpose=True),
    Pad("B", 600.0, 600.0, 1000.0, 381.0, net="GND"),
    Pad("C", 600.0, 1100.0, 1000.0, 381.0, net="GND"),
    Pad("D", 5000.0, 200.0, 1000.0, 127.0, net="DATA"),
    Pad("E", 5000.0, 600.0, 1000.0, 127.0, net="VDD"),
    Pad("F", 5000.0, 1000.0, 1000.0, 127.0, net="VDD"),
)
LAYOUT = Layout(
    "six",
    PADS,
    tuple(w for p in PADS for w in spread_wires(p, 3 if p.h_um > 200 else 1)),
    (Fiducial("F1", 100.0, 50.0, 100.0), Fiducial("F2", 5600.0, 1300.0, 100.0)),
    "01" * 32,
)
SCRATCH = Defect("scratch", 812.0, (580.0, 580.0, 620.0, 610.0), 1.7)
DUST = Defect("dust", 300.0, (4980.0, 180.0, 5000.0, 200.0), 1.2)
SCRATCH_ALONG = replace(SCRATCH, box_um=(100.0, 1080.0, 1100.0, 1120.0))
GLUE = Defect("glue", 5000.0, (4800.0, 560.0, 5200.0, 640.0), 4.0)


def landings(pad: str, moves: dict[int, tuple[float, float] | None] | None = None) -> tuple[Landing, ...]:
    """As planned, except the wires that are moved by so many µm or left out (None)."""
    found = []
    for k, w in enumerate(LAYOUT.wires_of[pad]):
        move = (moves or {}).get(k, (0.0, 0.0))
        at = None if move is None else (w.x_um + move[0], w.y_um + move[1])
        found.append(Landing(w.id, (w.x_um, w.y_um), at, None if at is None else 5.0, w.foot_um, w.direction_deg))
    return tuple(found)


RESULTS = (
    PadResult("A", Verdict.OK, (), 0.3, 1.0, (), landings("A")),
    PadResult("B", Verdict.OK_SHIFT, ("B-2 lands …",), 1.7, 0.99, (SCRATCH,), landings("B", {1: (-120.0, 0.0)})),
    PadResult("C", Verdict.REDUCED, ("2 of 3 wires",), 2.0, 0.9, (SCRATCH_ALONG,), landings("C", {1: None})),
    PadResult("D", Verdict.RE_CLEAN, ("dust on the pad",), 1.2, 0.99, (DUST,), landings("D")),
    PadResult("E", Verdict.NOT_BONDABLE, ("glue on the pad",), 4.0, 0.7, (GLUE,), landings("E", {0: None})),
    PadResult("F", Verdict.UNKNOWN, ("blurred",), None, None, (), landings("F", {0: None})),
)  # fmt: skip
PICTURE = PictureFacts("six.jpg", "ab" * 32, 1400, 900, Scale(4.0, "keyence", True))
MADE = Provenance(
    "patchcore", "cd" * 32, "standard", "ef" * 32, "six", "01" * 32, "2026-01-02T03:04:05Z", "padscope 0.1.0"
)
MAP = PadMap(PICTURE, Affine(0.25, 0.0, 10.0, 0.0, 0.25, 10.0), 1.25, "fiducials", MADE, RESULTS)


def map_with(*results: PadResult) -> PadMap:
    """The map with some pads judged otherwise."""
    other = {r.pad: r for r in results}
    return replace(MAP, pads=tuple(other.get(r.pad, r) for r in RESULTS))


def painted_pads(
    mask: NDArray[np.uint8] | Mask, layout: Layout, um_to_px: Affine, names: Mapping[int, str] | None = None
) -> dict[str, PaintedMask]:
    """Cut a painted mask of the whole picture (H, W) into its pads: every pad then counts as looked at by a person."""
    height, width = mask.shape
    painted = {}
    for pad in layout.pads:
        box = Box.around(um_to_px.apply(pad.corners_um)).clipped(width, height)
        if not box.empty:
            painted[pad.id] = PaintedMask(box, mask[box.slices], names or {})
    return painted
