"""A wire's foot put down by hand: where it may stand, and what becomes of it when its pad is judged again.

The admissible centres of one foot are those of `landing`: the pad shrunk by the foot and its tolerance, minus the defects grown
by them, between its neighbours across the pad and in its own row along it. Nothing here moves another wire.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.ground import TOUCH_UM, Ground, free_along, free_ways, nearest
from padscope.boards.landing import Obstacles, Plan, ground_of
from padscope.boards.layout import Pad, Wire
from padscope.boards.pad_map import Landing
from padscope.errors import UsageError

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class HandFoot:
    """Where somebody wants a wire's foot, in board µm."""

    wire: str
    at_um: Point
    author: str


@dataclass(frozen=True)
class Room:
    """Where the centre of one foot may lie, in the frame (u, v) of its wires.

    half   (2,) half the foot with its tolerance
    along  how far along the pad it stays in its row
    across between its neighbours
    """

    ground: Ground
    turn: NDArray[np.float64]
    half: NDArray[np.float64]
    along: Point
    across: Point

    def margin_um(self, at_um: Point) -> float:
        """How far the foot with its tolerance could still grow before it touches a defect or the pad's edge; below zero it does
        already. Neighbours do not count."""
        return float(free_ways(self.ground, (self.turn @ np.array(at_um))[None], self.half[None])[0])

    def fits(self, at_um: Point) -> bool:
        u, v = self.turn @ np.array(at_um)
        in_row = self.along[0] - TOUCH_UM <= u <= self.along[1] + TOUCH_UM
        apart = self.across[0] - TOUCH_UM <= v <= self.across[1] + TOUCH_UM
        return bool(in_row and apart and self.margin_um(at_um) >= -TOUCH_UM)

    def nearest(self, at_um: Point, reach_um: float = math.inf) -> Point | None:
        """The admissible place nearest to a point, None where there is none within reach.

        The admissible set is made of rectangles along u and v, so the nearest place lies on the point's own lane or on one that
        touches something: only those are looked at."""
        if self.fits(at_um):
            return at_um
        u, v = (float(x) for x in self.turn @ np.array(at_um))
        g, (hu, hv) = self.ground, self.half
        near = (np.abs(g.points - (u, v)) <= np.array([hu, hv]) + g.reach + min(reach_um, 1e9) + 1).all(axis=1)
        span = hv + g.reach[1]
        walls = g.points[near, 1]
        ends = [v, g.low[1] + hv, g.high[1] - hv, *self.across]
        lanes = np.unique(np.round(np.concatenate([ends, walls - span, walls + span]), 9))
        lanes = lanes[
            np.isfinite(lanes) & (np.abs(lanes - v) <= reach_um) & (lanes >= self.across[0]) & (lanes <= self.across[1])
        ]
        best, found = reach_um, None
        for lane in lanes[np.argsort(np.abs(lanes - v))].tolist():
            if abs(lane - v) > best:
                break
            place = nearest(free_along(g, lane, self.half, self.along), u)
            if place is not None and math.hypot(place - u, lane - v) <= best:
                candidate = np.array([place, lane]) @ self.turn
                at = (float(candidate[0]), float(candidate[1]))
                if self.fits(at):
                    best, found = math.hypot(place - u, lane - v), at
        return found


def room_of(
    pad: Pad, wires: Sequence[Wire], plan: Plan, landings: Sequence[Landing], wire: str, obstacles: Obstacles
) -> Room:
    """Where the foot of `wire` may stand while the other wires of its pad stay where `landings` (in the order of `wires`) puts
    them. UsageError where the pad has no such wire."""
    index = next((i for i, w in enumerate(wires) if w.id == wire), None)
    if index is None:
        raise UsageError(f"Pad {pad.id} has no wire {wire}.")
    g = ground_of(pad, plan, obstacles)
    k = int(np.flatnonzero(plan.order == index)[0])
    low, high = -math.inf, math.inf
    for i, other in enumerate(plan.order):
        at = landings[int(other)].proposed_um
        if i == k or at is None:
            continue
        v = float((plan.turn @ np.array(at))[1])
        if i < k:
            low = max(low, v + float(plan.apart[i, k]))
        else:
            high = min(high, v - float(plan.apart[k, i]))
    along = float(plan.bands[k, 0]), float(plan.bands[k, 1])
    return Room(g, plan.turn, plan.half[k], along, (low, high))


def with_hand_feet(
    pad: Pad,
    wires: Sequence[Wire],
    plan: Plan,
    landings: tuple[Landing, ...],
    feet: Iterable[HandFoot],
    obstacles: Obstacles,
) -> tuple[tuple[Landing, ...], tuple[HandFoot, ...]]:
    """The landings with those feet where a person put them, and the feet that no longer fit there: their wires stay where
    `landings` had them. All feet are put down together, then those that do not fit are taken back until the rest does."""
    own = {w.id for w in wires}
    kept = {f.wire: f for f in feet if f.wire in own}
    dropped: list[HandFoot] = []
    while True:
        now = tuple(_put(m, kept.get(m.wire)) for m in landings)
        rooms = {name: room_of(pad, wires, plan, now, name, obstacles) for name in kept}
        wrong = [name for name, room in rooms.items() if not room.fits(kept[name].at_um)]
        if not wrong:
            margins = {name: max(0.0, room.margin_um(kept[name].at_um)) for name, room in rooms.items()}
            placed = tuple(replace(m, margin_um=margins[m.wire]) if m.wire in margins else m for m in now)
            return placed, tuple(dropped)
        # where two stand in each other's way, the one put down later (further back in the list) stays
        dropped.append(kept.pop(wrong[0]))


def _put(landing: Landing, foot: HandFoot | None) -> Landing:
    return landing if foot is None else replace(landing, proposed_um=foot.at_um, placed_by=foot.author)
