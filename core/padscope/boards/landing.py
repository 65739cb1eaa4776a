"""Landing points: for every wire of a pad the place nearest its planned one where its foot stands on sound metal.

A foot with its tolerance on every side must lie on the pad and touch no defect. Wires keep their order across the pad and, unless
planned closer, a foot's width plus two tolerances between them, so that no foot is set on a neighbour or its tolerance. Of all
arrangements the one with the most wires is taken; among those, the one that leaves the lanes least; among those, the one that
moves least along them. Both properties that tests hold follow: no foot on a defect or off its pad, and if any arrangement exists
(`ground.LATTICE_PER_PX` says to what fraction of a pixel) one is found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.ground import (
    TOUCH_UM,
    Ground,
    Intervals,
    defect_points,
    free_across,
    free_along,
    free_ways,
    ground,
    nearest,
    pixel_reach,
    rotation,
)
from padscope.boards.lanes import arranged
from padscope.boards.layout import FOOT_TOLERANCE_UM, Pad, Wire
from padscope.boards.pad_map import Landing
from padscope.types import Affine, Box, Floats, Mask

PARALLEL_DEG = 0.01
"""Wires of one pad turned by less than this against each other count as parallel."""


@dataclass(frozen=True)
class Obstacles:
    """Pixels no foot may touch: their centres in board µm (N, 2), how a pixel maps to µm, and how far each one reaches beyond
    itself on every side."""

    points_um: Floats
    px_to_um: Affine
    grown_um: float = 0.0

    @staticmethod
    def of(
        mask: Mask, box: Box, px_to_um: Affine, grown_um: float = 0.0, core: NDArray[np.integer] | None = None
    ) -> Obstacles:
        """From a mask (h, w) over `box` of the picture, True on defects; with a core (N, 2), columns and rows in the mask, only
        the parts that hang together with it."""
        return Obstacles(defect_points(mask, box, px_to_um, core), px_to_um, grown_um)


@dataclass(frozen=True)
class Plan:
    """The wires of one pad in the frame of their common direction, in their order across.

    order   (n,) indices into the wires as given
    points  (n, 2) planned (u, v)
    feet    (n, 2) half a foot, along and across
    half    (n, 2) the same with its tolerance
    apart   (n, n) least distance across of wires i < k
    bands   (n, 2) where along the pad each wire stays
    """

    turn: NDArray[np.float64]
    order: NDArray[np.int64]
    points: NDArray[np.float64]
    feet: NDArray[np.float64]
    half: NDArray[np.float64]
    apart: NDArray[np.float64]
    bands: NDArray[np.float64]


def land(
    pad: Pad, wires: Sequence[Wire], obstacles: Obstacles, *, tolerance_um: float = FOOT_TOLERANCE_UM
) -> tuple[Landing, ...]:
    """One landing per wire, in the order given; `proposed_um` is None where a wire cannot land."""
    return land_as_planned(pad, wires, planned(wires, tolerance_um), obstacles) if wires else ()


def land_as_planned(pad: Pad, wires: Sequence[Wire], plan: Plan, obstacles: Obstacles) -> tuple[Landing, ...]:
    """The same for wires whose plan is known: it does not depend on what lies on the pad."""
    g = ground_of(pad, plan, obstacles)
    ways = free_ways(g, plan.points, plan.half)
    centres = _centres(g, plan, ways, obstacles.px_to_um.scale)
    moved = [k for k, c in enumerate(centres) if c is not None and np.abs(c - plan.points[k]).max() > TOUCH_UM]
    if moved:
        ways[moved] = free_ways(g, np.array([centres[k] for k in moved]), plan.half[moved])
    landings: list[Landing | None] = [None] * len(wires)
    for k, wire_index in enumerate(plan.order):
        wire, centre = wires[wire_index], centres[k]
        landing = Landing(wire.id, (wire.x_um, wire.y_um), None, None, wire.foot_um, wire.direction_deg)
        if centre is not None:
            x, y = centre @ plan.turn if k in moved else (wire.x_um, wire.y_um)
            landing = replace(landing, proposed_um=(float(x), float(y)), margin_um=max(0.0, float(ways[k])))
        landings[wire_index] = landing
    return tuple(landing for landing in landings if landing is not None)


def ground_of(pad: Pad, plan: Plan, obstacles: Obstacles) -> Ground:
    """A pad with what lies on it, in the frame of its wires."""
    reach = pixel_reach(obstacles.px_to_um, plan.turn, obstacles.grown_um)
    return ground(pad.corners_um, plan.turn, obstacles.points_um, reach)


def planned(wires: Sequence[Wire], tolerance_um: float) -> Plan:
    """How the wires of a pad lie to each other as planned.

    Two wires planned nearer than a foot's width and two tolerances may stay as near as planned. If their feet then are clear of
    each other along the wires (two rows), each keeps to its own side of the middle between them; if not, at least the feet
    themselves are kept apart. Wires that are not parallel count with the bounding rectangles of their feet.
    """
    direction = _common_direction([w.direction_deg for w in wires])
    turn = rotation(direction)
    points = np.array([(w.x_um, w.y_um) for w in wires], dtype=np.float64) @ turn.T
    feet = np.array([_foot_half(w, direction) for w in wires])
    order = np.lexsort((points[:, 0], np.round(points[:, 1], 3)))
    points, feet = points[order], feet[order]
    half = feet + tolerance_um
    n = len(wires)
    apart, bands = np.zeros((n, n)), np.tile([-math.inf, math.inf], (n, 1))
    for i in range(n):
        for k in range(i + 1, n):
            pitch = feet[i, 1] + feet[k, 1] + 2 * tolerance_um
            way = points[k] - points[i]
            apart[i, k] = max(0.0, min(pitch, way[1]))
            if way[1] > pitch - TOUCH_UM:
                continue
            near, far = (i, k) if way[0] >= 0 else (k, i)
            if abs(way[0]) < half[i, 0] + half[k, 0] - TOUCH_UM:
                apart[i, k] = max(apart[i, k], feet[i, 1] + feet[k, 1])
                continue
            middle = (points[near, 0] + half[near, 0] + points[far, 0] - half[far, 0]) / 2
            bands[near, 1] = min(bands[near, 1], middle - half[near, 0])
            bands[far, 0] = max(bands[far, 0], middle + half[far, 0])
    return Plan(turn, order, points, feet, half, apart, bands)


def _centres(g: Ground, plan: Plan, ways: Floats, um_per_px: float) -> list[NDArray[np.float64] | None]:
    """Where the wires of a plan land, (u, v) each; `ways` (n,) is how free they are where they were planned."""
    wanted = plan.points
    as_planned = (ways >= -TOUCH_UM) & (wanted[:, 0] >= plan.bands[:, 0]) & (wanted[:, 0] <= plan.bands[:, 1])
    in_lane = [
        u if free else nearest(free_along(g, v, half, _limits(band)), u)
        for free, (u, v), half, band in zip(as_planned, wanted, plan.half, plan.bands, strict=True)
    ]
    keeps_apart = all(
        wanted[k + 1, 1] - wanted[k, 1] >= plan.apart[k, k + 1] - TOUCH_UM for k in range(len(wanted) - 1)
    )
    if keeps_apart and None not in in_lane:  # nobody leaves a lane, and everybody moves along it as little as possible
        return [np.array([u, v]) for u, v in zip(in_lane, wanted[:, 1], strict=True)]

    seen: dict[tuple[float, ...], Intervals] = {}  # wires with equal feet share their free ground

    def free(k: int) -> Intervals:
        key = (*plan.half[k], *plan.bands[k])
        if key not in seen:
            seen[key] = free_across(g, plan.half[k], _limits(plan.bands[k]), um_per_px)
        return seen[key]

    def along(k: int, v: float) -> float | None:
        return nearest(free_along(g, v, plan.half[k], _limits(plan.bands[k])), wanted[k, 0])

    def way_along(k: int, v: float) -> float:
        u = along(k, v)
        return math.inf if u is None else abs(u - wanted[k, 0])

    across = arranged(wanted[:, 1], [free(k) for k in range(len(wanted))], plan.apart, way_along)
    places = [(None if v is None else along(k, v), v) for k, v in enumerate(across)]
    centres = [None if u is None or v is None else np.array([u, v]) for u, v in places]
    return _without_overlaps(centres, plan)


def _without_overlaps(centres: list[NDArray[np.float64] | None], plan: Plan) -> list[NDArray[np.float64] | None]:
    """Leaves out a wire whose foot would stand on that of another; only plans that stack feet of several sizes come to that."""
    kept = list(centres)
    for k, centre in enumerate(centres):
        for i in range(k):
            other = kept[i]
            if centre is None or other is None:
                continue
            if (np.abs(centre - other) < plan.feet[i] + plan.feet[k] - TOUCH_UM).all():
                kept[k] = None
    return kept


def _limits(band: Floats) -> tuple[float, float]:
    return float(band[0]), float(band[1])


def _common_direction(directions_deg: Sequence[float]) -> float:
    """The first wire's direction where all are parallel (a wire and its reverse are), else their mean."""
    first = directions_deg[0]
    turns = (np.array(directions_deg) - first + 90.0) % 180.0 - 90.0
    return first if np.abs(turns).max() <= PARALLEL_DEG else first + float(turns.mean())


def _foot_half(wire: Wire, direction_deg: float) -> tuple[float, float]:
    """Half the bounding rectangle of a foot in the frame of that direction, along and across."""
    across, length = wire.foot_um
    turned = (wire.direction_deg - direction_deg + 90.0) % 180.0 - 90.0
    if abs(turned) <= PARALLEL_DEG:
        return length / 2, across / 2
    c, s = abs(math.cos(math.radians(turned))), abs(math.sin(math.radians(turned)))
    return (length * c + across * s) / 2, (length * s + across * c) / 2
