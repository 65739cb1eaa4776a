"""From shapes on a drawing of a whole board to a layout: which of them are bond pads, which are fiducials, and their wires."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Fiducial, Layout, Pad, Wire, checked, spread_wires
from padscope.boards.layout_json import polygon_pad
from padscope.boards.layout_text import LARGEST_UM, MOST_WIRES
from padscope.errors import LayoutError, UsageError

SQUARE_SLACK = 1e-6
"""Of a rectangle's size: how far its corners may be off."""
CIRCLE_CORNERS = 32


@dataclass(frozen=True)
class Choice:
    """Which shapes of a drawing become pads. Patterns as in file names (* ? [ ]), any of them may match; none means all.

    Coordinates are those of the layout that results: µm, y down, and for the bottom side as it is seen from below.
    """

    layers: tuple[str, ...] = ()
    nets: tuple[str, ...] = ()
    pads: tuple[str, ...] = ()  # names, as PART-PIN
    region_um: tuple[float, float, float, float] | None = None  # x0, y0, x1, y1 that must hold a pad's middle
    side: str = "top"  # or "bottom"
    fiducials: tuple[str, ...] = ("FID*", "FM*", "GA*")  # names of round shapes that are marks; they may lie anywhere
    wires: int = 1  # per pad
    wire_pitch_um: float | None = None  # instead: as many wires side by side as fit at this pitch, at least one
    unit_um: float | None = None  # for drawings that do not say their unit

    def __post_init__(self) -> None:
        if self.side not in ("top", "bottom"):
            raise UsageError(f"The side of a board is top or bottom, not “{self.side}”.")
        if not 0 <= self.wires <= MOST_WIRES:
            raise UsageError(f"A pad has from 0 to {MOST_WIRES} wires, not {self.wires}.")
        for what, value in (("wire pitch", self.wire_pitch_um), ("unit", self.unit_um)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"The {what} must be above 0 µm, not {value:g}.")


@dataclass(frozen=True)
class Shape:
    """One piece of copper (or of a drawing), µm in the layout's frame; corners (N, 2), or a circle."""

    corners_um: NDArray[np.float64]
    name: str = ""  # as in the drawing, PART-PIN
    net: str = ""
    layer: str = ""
    diameter_um: float = 0.0  # above 0: a circle, and corners_um is around it
    mark: bool = False  # the drawing itself calls it a fiducial

    @property
    def centre_um(self) -> tuple[float, float]:
        low, high = self.corners_um.min(axis=0), self.corners_um.max(axis=0)
        return float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2


def rectangle(x_um: float, y_um: float, w_um: float, h_um: float, turn_deg: float = 0.0) -> NDArray[np.float64]:
    """(4, 2) corners of a rectangle about its centre, turned clockwise on the screen."""
    return Pad("", x_um, y_um, w_um, h_um, turn_deg).corners_um


def circle(x_um: float, y_um: float, diameter_um: float) -> NDArray[np.float64]:
    """(CIRCLE_CORNERS, 2), inside the circle, so that a foot on it is on metal."""
    t = 2 * np.pi * np.arange(CIRCLE_CORNERS) / CIRCLE_CORNERS
    return np.column_stack([x_um + diameter_um / 2 * np.cos(t), y_um + diameter_um / 2 * np.sin(t)])


def rounded(
    x_um: float, y_um: float, w_um: float, h_um: float, radius_um: float, turn_deg: float = 0.0
) -> NDArray[np.float64]:
    """A rectangle with round corners, an oval if the radius is half its width."""
    r = min(radius_um, w_um / 2, h_um / 2)
    if r <= 0:
        return rectangle(x_um, y_um, w_um, h_um, turn_deg)
    t = np.linspace(0, np.pi / 2, CIRCLE_CORNERS // 4 + 1)
    arc = r * np.column_stack([np.cos(t), np.sin(t)])
    turns = [np.array([[math.cos(q), -math.sin(q)], [math.sin(q), math.cos(q)]]) for q in np.arange(4) * np.pi / 2]
    middles = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * (w_um / 2 - r, h_um / 2 - r)
    own = np.concatenate([arc @ m.T + c for m, c in zip(turns, middles, strict=True)])
    keep = np.hypot(*(own - np.roll(own, 1, axis=0)).T) > 1e-9
    return own[keep] @ Pad("", 0, 0, 1, 1, turn_deg).axes.T + (x_um, y_um)


def layout_of(shapes: Sequence[Shape], choice: Choice, file: str, name: str, sha256: str = "") -> Layout:
    """The chosen shapes as a checked layout, in the drawing's order; LayoutError names the file where nothing is left."""
    for shape in shapes:
        if not np.isfinite(shape.corners_um).all() or np.abs(shape.corners_um).max() > LARGEST_UM:
            raise LayoutError(
                f"{file}: the shape {shape.name or '(without a name)'} lies outside any board; check the unit."
            )
    marks = [s for s in shapes if s.diameter_um > 0 and (s.mark or _any(s.name, choice.fiducials, empty=False))]
    metal = [s for s in shapes if not any(s is m for m in marks) and _chosen(s, choice)]
    if not metal:
        raise LayoutError(f"{file} has {_counted(shapes)}, but none was chosen as a pad; {_what_there_is(shapes)}.")
    names = _unique([s.name for s in metal], "P")
    pads = [_pad(s, n) for s, n in zip(metal, names, strict=True)]
    wires = [w for p in pads for w in _wires(p, choice)]
    fiducials = tuple(
        Fiducial(n, *s.centre_um, s.diameter_um)
        for s, n in zip(marks, _unique([s.name for s in marks], "F"), strict=True)
    )
    return checked(Layout(name, tuple(pads), tuple(wires), fiducials, sha256))


def _chosen(shape: Shape, choice: Choice) -> bool:
    x, y = shape.centre_um
    inside = choice.region_um is None or (
        choice.region_um[0] <= x <= choice.region_um[2] and choice.region_um[1] <= y <= choice.region_um[3]
    )
    return (
        inside and _any(shape.layer, choice.layers) and _any(shape.net, choice.nets) and _any(shape.name, choice.pads)
    )


def _any(word: str, patterns: tuple[str, ...], empty: bool = True) -> bool:
    return empty if not patterns else any(fnmatchcase(word.upper(), p.upper()) for p in patterns)


def _unique(names: Sequence[str], letter: str) -> list[str]:
    """The names, numbered where the drawing has none or uses one twice."""
    often = Counter(n for n in names if n)
    taken = {n for n, k in often.items() if k == 1}
    out, count = [], Counter[str]()
    for name in names:
        if often[name] == 1:
            out.append(name)
            continue
        base = f"{name}-" if name else letter
        while True:
            count[base] += 1
            new = f"{base}{count[base]}"
            if new not in taken:
                break
        taken.add(new)
        out.append(new)
    return out


def _pad(shape: Shape, name: str) -> Pad:
    """A rectangle where the corners are one, else a polygon."""
    c = shape.corners_um
    if len(c) == 4:
        a, b = c[1] - c[0], c[3] - c[0]
        w, h = float(np.hypot(*a)), float(np.hypot(*b))
        slack = SQUARE_SLACK * max(w, h)
        if w > 0 and h > 0 and np.hypot(*(c[0] + c[2] - c[1] - c[3])) <= slack and abs(a @ b) <= slack * max(w, h):
            clockwise = a[0] * b[1] - a[1] * b[0] > 0
            if not clockwise:
                a, w, h = b, h, w
            turn = math.degrees(math.atan2(a[1], a[0]))
            w, h, turn = _upright(w, h, turn)
            x, y = c.mean(axis=0)
            return Pad(name, float(x), float(y), w, h, turn, shape.net)
    return polygon_pad(name, tuple((float(x), float(y)) for x, y in c), shape.net)


def _upright(w: float, h: float, turn_deg: float) -> tuple[float, float, float]:
    """The same rectangle with its turn in (-45, 45]."""
    quarter = math.ceil(turn_deg / 90 - 0.5 - 1e-12)
    turn = turn_deg - 90 * quarter
    turn = 0.0 if abs(turn) < 1e-7 else turn
    return (h, w, turn) if quarter % 2 else (w, h, turn)


def _wires(pad: Pad, choice: Choice) -> tuple[Wire, ...]:
    if choice.wire_pitch_um is None:
        return spread_wires(pad, choice.wires)
    t = math.radians(pad.direction_deg)
    across = float(np.ptp(pad.corners_um @ (-math.sin(t), math.cos(t))))
    return spread_wires(pad, min(max(1, int(across / choice.wire_pitch_um + 1e-9)), MOST_WIRES))


def _counted(shapes: Sequence[Shape]) -> str:
    return f"{len(shapes)} shape{'s' if len(shapes) != 1 else ''}"


def _what_there_is(shapes: Sequence[Shape]) -> str:
    """A hint at what could be chosen instead."""
    for what, words in (("layers", {s.layer for s in shapes}), ("nets", {s.net for s in shapes})):
        named = sorted(w for w in words if w)
        if len(named) > 1:
            return f"it has the {what} {', '.join(named[:12])}{' …' if len(named) > 12 else ''}"
    return "check the file and what was chosen"
