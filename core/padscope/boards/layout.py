"""A board type: its pads, wires and fiducials, in board coordinates (µm, x right, y down)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from padscope.errors import LayoutError

WIRE_UM = 25.0
FOOT_UM = (75.0, 125.0)
"""Width across and length along the wire of a 25 µm wedge bond's foot (largest of the Die Products tutorial's range)."""
FOOT_TOLERANCE_UM = 10.0
"""How far from its landing point a foot may come to lie, on every side."""


@dataclass(frozen=True, slots=True)
class Pad:
    """A rectangle of bond metal, `w_um` along its own x axis and `h_um` along its y axis, turned clockwise by `rotation_deg`
    about its centre; or, where `polygon_um` is given (at least three corners, board frame), that polygon."""

    id: str
    x_um: float  # centre
    y_um: float
    w_um: float
    h_um: float
    rotation_deg: float = 0.0
    net: str = ""
    single_purpose: bool = False
    wire_direction: float | None = None  # degrees, 0 = +x; None: along the longer side
    polygon_um: tuple[tuple[float, float], ...] | None = None

    @property
    def corners_um(self) -> NDArray[np.float64]:
        """(N, 2), clockwise on the screen, from the upper left of the unturned pad."""
        if self.polygon_um is not None:
            return np.array(self.polygon_um, dtype=np.float64)
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (self.w_um / 2, self.h_um / 2)
        return half @ self.axes.T + (self.x_um, self.y_um)

    @property
    def axes(self) -> NDArray[np.float64]:
        """(2, 2): columns are the pad's own x and y axis in the board frame."""
        t = math.radians(self.rotation_deg)
        return np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])

    @property
    def direction_deg(self) -> float:
        """Along which the wires run, in the board frame; 0 = +x, clockwise on the screen."""
        if self.wire_direction is not None:
            return self.wire_direction
        return self.rotation_deg + (0.0 if self.w_um >= self.h_um else 90.0)

    @property
    def area_um2(self) -> float:
        x, y = self.corners_um.T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


@dataclass(frozen=True, slots=True)
class Wire:
    """One wire on a pad: where its foot is planned, and how large that foot is."""

    id: str
    pad: str
    x_um: float  # planned landing point
    y_um: float
    direction_deg: float = 0.0
    foot_um: tuple[float, float] = FOOT_UM  # width across, length along the wire
    diameter_um: float = WIRE_UM
    chip_pad: str = ""


@dataclass(frozen=True, slots=True)
class Fiducial:
    """A round mark by which a board is found."""

    name: str
    x_um: float
    y_um: float
    diameter_um: float


@dataclass(frozen=True)
class Layout:
    """A board type. Construction checks nothing; `checked` does."""

    name: str
    pads: tuple[Pad, ...]
    wires: tuple[Wire, ...]
    fiducials: tuple[Fiducial, ...] = ()
    sha256: str = field(default="", compare=False)  # of the files it was read from

    @cached_property
    def pad(self) -> dict[str, Pad]:
        return {p.id: p for p in self.pads}

    @cached_property
    def wires_of(self) -> dict[str, tuple[Wire, ...]]:
        """Wires by pad, in the layout's order; every pad has an entry."""
        found: dict[str, list[Wire]] = {p.id: [] for p in self.pads}
        for wire in self.wires:
            if wire.pad in found:
                found[wire.pad].append(wire)
        return {pad: tuple(wires) for pad, wires in found.items()}

    @property
    def bounds_um(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around all pads and fiducials."""
        points = [c for p in self.pads for c in p.corners_um]
        points += [(f.x_um + s, f.y_um + s) for f in self.fiducials for s in (-f.diameter_um / 2, f.diameter_um / 2)]
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def spread_wires(pad: Pad, count: int, foot_um: tuple[float, float] = FOOT_UM) -> tuple[Wire, ...]:
    """Planned wires of a pad that only says how many: side by side across, each in the middle of its lane, at half the
    pad's length along the wire direction (`design/pads.md`). Ids are PAD-1 … PAD-n in the order across."""
    t = math.radians(pad.direction_deg)
    along, across = np.array([math.cos(t), math.sin(t)]), np.array([-math.sin(t), math.cos(t)])
    corners = pad.corners_um
    s, u = corners @ across, corners @ along
    lane = (s.max() - s.min()) / max(count, 1)
    middle = (u.max() + u.min()) / 2
    points = [along * middle + across * (s.min() + lane * (k + 0.5)) for k in range(count)]
    return tuple(
        Wire(f"{pad.id}-{k + 1}", pad.id, float(p[0]), float(p[1]), float(pad.direction_deg), foot_um)
        for k, p in enumerate(points)
    )


def checked(layout: Layout) -> Layout:
    """The layout itself, or LayoutError with the first contradiction: no pads, duplicates, sizes ≤ 0, pads that overlap,
    wires without a pad, numbers that are not finite."""
    if not layout.pads:
        raise LayoutError(f"The layout “{layout.name}” has no pads; give it at least one.")
    _refuse_twice("pad", [p.id for p in layout.pads], layout.name)
    _refuse_twice("wire", [w.id for w in layout.wires], layout.name)
    _refuse_twice("fiducial", [f.name for f in layout.fiducials], layout.name)
    for p in layout.pads:
        if not np.isfinite(p.corners_um).all():
            raise LayoutError(
                f"Pad {p.id} of layout “{layout.name}” has a position or size that is not a finite number."
            )
        if p.w_um <= 0 or p.h_um <= 0 or p.area_um2 <= 0:
            raise LayoutError(
                f"Pad {p.id} of layout “{layout.name}” is {p.w_um:g} × {p.h_um:g} µm; width and height must be above 0."
            )
    for f in layout.fiducials:
        if not (np.isfinite((f.x_um, f.y_um, f.diameter_um)).all() and f.diameter_um > 0):
            raise LayoutError(
                f"Fiducial {f.name} of layout “{layout.name}” needs finite numbers and a diameter above 0 µm."
            )
    for w in layout.wires:
        if w.pad not in layout.pad:
            raise LayoutError(
                f"Wire {w.id} of layout “{layout.name}” lands on pad {w.pad}, which is not in the layout."
            )
    _refuse_overlaps(layout)
    return layout


def _refuse_twice(what: str, names: list[str], layout: str) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise LayoutError(
            f"The {what} {twice[0]} appears more than once in layout “{layout}”; every name must be unique."
        )


def _refuse_overlaps(layout: Layout) -> None:
    pair = overlapping_pads(layout.pads)
    if pair:
        a, b = (layout.pads[i].id for i in pair)
        raise LayoutError(f"Pads {a} and {b} of layout “{layout.name}” overlap; move one of them.")


def overlapping_pads(pads: Sequence[Pad]) -> tuple[int, int] | None:
    """The places in the list of the first two pads that share metal, or None; pads that only touch do not overlap."""
    return next(overlapping(pads), None)


def overlapping(pads: Sequence[Pad]) -> Iterator[tuple[int, int]]:
    """All such pairs, in the order of the list."""
    corners = [p.corners_um for p in pads]
    low = np.reshape([c.min(axis=0) for c in corners], (-1, 2))
    high = np.reshape([c.max(axis=0) for c in corners], (-1, 2))
    for i in range(len(pads)):
        near = np.flatnonzero((low[i + 1 :] < high[i]).all(axis=1) & (high[i + 1 :] > low[i]).all(axis=1)) + i + 1
        yield from ((i, int(j)) for j in near if _overlap(corners[i], corners[j]))


def _overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether two simple outlines share an area. A quick look at separating axes decides for convex ones."""
    if not _convex_overlap(a, b):
        return False
    if _is_convex(a) and _is_convex(b):
        return True
    ends_a, ends_b = np.roll(a, -1, axis=0), np.roll(b, -1, axis=0)
    if any(_cross(p, q, r, s) for p, q in zip(a, ends_a, strict=True) for r, s in zip(b, ends_b, strict=True)):
        return True
    return any(_inside(p, b) for p in (*a, *(a + ends_a) / 2)) or any(_inside(p, a) for p in (*b, *(b + ends_b) / 2))


def _is_convex(outline: NDArray[np.float64]) -> bool:
    edges = np.roll(outline, -1, axis=0) - outline
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((turns >= -1e-6).all() or (turns <= 1e-6).all())


def _cross(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64], s: NDArray[np.float64]) -> bool:
    """Whether two segments cross in the inside of both."""

    def side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    slack = 1e-6 * max(float(np.abs(q - p).max()), float(np.abs(s - r).max()))
    around = min(side(p, q, r), side(p, q, s)) < -slack and max(side(p, q, r), side(p, q, s)) > slack
    return around and min(side(r, s, p), side(r, s, q)) < -slack and max(side(r, s, p), side(r, s, q)) > slack


def _inside(point: NDArray[np.float64], outline: NDArray[np.float64], slack_um: float = 1e-6) -> bool:
    """Whether a point lies in an outline and not just on it (even-odd rule)."""
    ends = np.roll(outline, -1, axis=0)
    run = ends - outline
    share = np.clip(((point - outline) * run).sum(axis=1) / np.maximum((run**2).sum(axis=1), 1e-12), 0, 1)
    if np.hypot(*(point - outline - share[:, None] * run).T).min() <= slack_um:
        return False
    above = (outline[:, 1] > point[1]) != (ends[:, 1] > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        left = point[0] < run[:, 0] * (point[1] - outline[:, 1]) / run[:, 1] + outline[:, 0]
    return bool((above & left).sum() % 2)


def _convex_overlap(a: NDArray[np.float64], b: NDArray[np.float64], slack_um: float = 1e-6) -> bool:
    """Separating axes: exact for convex outlines, on the safe side (may report an overlap) for others."""
    for outline in (a, b):
        edges = np.roll(outline, -1, axis=0) - outline
        for ex, ey in edges:
            normal = np.array([-ey, ex])
            pa, pb = a @ normal, b @ normal
            if pa.max() <= pb.min() + slack_um or pb.max() <= pa.min() + slack_um:
                return False
    return True
