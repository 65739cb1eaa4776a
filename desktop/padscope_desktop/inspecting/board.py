"""The inspected board on the screen: its pad map at the present threshold, and what the viewer and the panels want of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pad_map import Landing, PadMap, PadResult, Verdict
from padscope.boards.review import WORST_FIRST
from padscope.boards.rules import Rules
from padscope.types import Affine
from padscope_desktop.background.payloads import JudgedBoard, kept_unknown
from padscope_desktop.theme import VERDICTS
from padscope_desktop.viewer.pad_layer import PadMark
from padscope_desktop.viewer.pad_shape import FootMark, PadShape

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.workflows.painting import Painting


class Geometry:
    """Pads and planned feet of a board in its picture, worked out once: verdicts change at every move of the threshold."""

    def __init__(self, layout: Layout, um_to_px: Affine, near: Mapping[str, Affine] | None = None) -> None:
        """`near` is by pad the pose right around it, where the picture is bent."""
        self._um_to_px = um_to_px
        self._near = near or {}
        self._feet: dict[tuple[object, ...], NDArray[np.float64]] = {}
        self.shapes = {p.id: PadShape(p.id, self._near.get(p.id, um_to_px).apply(p.corners_um)) for p in layout.pads}

    def mark(self, result: PadResult) -> PadMark:
        here = self._near.get(result.pad, self._um_to_px)
        feet = tuple(self._foot_mark(landing, here) for landing in result.landings)
        return PadMark(self.shapes[result.pad], VERDICTS[result.verdict], feet)

    def _foot_mark(self, landing: Landing, um_to_px: Affine) -> FootMark:
        planned = self._foot(landing, landing.planned_um, um_to_px)
        if landing.proposed_um is None:
            return FootMark(planned, None)
        return FootMark(planned, self._foot(landing, landing.proposed_um, um_to_px), bool(landing.placed_by))

    def _foot(self, landing: Landing, at: tuple[float, float], um_to_px: Affine) -> NDArray[np.float64]:
        """(4, 2) px, the same array for the same foot; `foot_um` is width across and length along the wire."""
        key = (landing.foot_um, landing.direction_deg, at)
        if key not in self._feet:
            if len(self._feet) > MOST_FEET:
                self._feet.clear()
            across, along = landing.foot_um
            turn = np.radians(landing.direction_deg)
            axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (along / 2, across / 2)
            self._feet[key] = um_to_px.apply(corners @ axes.T + at)
        return self._feet[key]


MOST_FEET = 20_000


@dataclass(frozen=True)
class Board:
    """`key` names the picture; `factor` is the threshold (in shipped thresholds) at which `pad_map` was judged, `stored` the one
    at which the project has it."""

    key: int
    pad_map: PadMap
    layout: Layout
    geometry: Geometry
    level: NDArray[np.float32] | None
    seconds: float
    device: str
    factor: float = 1.0
    stored: float = 1.0
    painting: Painting | None = None
    hand: tuple[HandFoot, ...] = ()  # feet that a person has put down, also those that do not fit at this threshold
    stored_hand: tuple[HandFoot, ...] = ()

    @property
    def pads(self) -> tuple[PadResult, ...]:
        return self.pad_map.pads

    def judged(self, pads: tuple[PadResult, ...], factor: float, rules: Rules | None = None) -> Board:
        """`rules`: where they may be others than before."""
        pads = kept_unknown(self.pads, pads, factor / self.factor)
        made = replace(self.pad_map.provenance, threshold_factor=factor)
        if rules is not None:
            made = replace(made, rules=rules.name, rules_sha256=rules.sha256)
        return replace(self, pad_map=replace(self.pad_map, pads=pads, provenance=made), factor=factor)

    def for_judging(self, rules: Rules) -> JudgedBoard | None:
        """None where it cannot be judged again here: without its level, or where several pictures show it."""
        if self.level is None or self.pad_map.others:
            return None
        near = {pad: place.um_to_px for pad, place in self.pad_map.places.items()}
        facts = self.pad_map.picture
        size = (facts.width_px, facts.height_px)
        return JudgedBoard(self.level, self.layout, self.pad_map.um_to_px, size, self.painting, near, rules)

    def with_feet(self, feet: tuple[HandFoot, ...]) -> Board:
        """Those feet stand where they were put, until the pads are judged with them."""
        at = {f.wire: f for f in feet}

        def shown(m: Landing) -> Landing:
            foot = at.get(m.wire)
            if foot is not None:
                return replace(m, proposed_um=foot.at_um, placed_by=foot.author, margin_um=None)
            return replace(m, proposed_um=m.planned_um, placed_by="") if m.placed_by else m

        pads = tuple(replace(p, landings=tuple(shown(m) for m in p.landings)) for p in self.pads)
        return replace(self, hand=feet, pad_map=replace(self.pad_map, pads=pads))

    def shipped_levels(self) -> NDArray[np.float64]:
        """(n,) the worst level of every pad that was seen, at the shipped threshold."""
        return np.array([p.level * self.factor for p in self.pads if p.level is not None])


def previewed(board: Board, factor: float) -> Board:
    """What can be said at once when the threshold moves: levels scale, and a pad below it is sound. Pads that newly reach it
    keep their verdict until they are judged."""

    def seen(pad: PadResult) -> PadResult:
        if pad.level is None:
            return pad
        level = pad.level * board.factor / factor
        if level >= 1 or pad.verdict in (Verdict.UNKNOWN, Verdict.OK):
            return replace(pad, level=level)
        landings = tuple(w if w.placed_by else replace(w, proposed_um=w.planned_um) for w in pad.landings)
        return replace(
            pad,
            level=level,
            verdict=Verdict.OK,
            reasons=(),
            defects=(),
            landings=landings,
            usable_fraction=1.0,
            marks=(),
        )

    return board.judged(tuple(seen(p) for p in board.pads), factor)


def worst_first(pads: Iterable[PadResult]) -> list[PadResult]:
    """In the order a person should look: by verdict, then by level, then by name."""
    rank = {v: i for i, v in enumerate(WORST_FIRST)}
    return sorted(pads, key=lambda p: (rank[p.verdict], -(p.level if p.level is not None else np.inf), p.pad))


def board_of(
    key: int,
    pad_map: PadMap,
    layout: Layout,
    level: NDArray[np.float32] | None,
    seconds: float,
    device: str,
    painting: Painting | None = None,
) -> Board:
    """A board as it was judged and stored."""
    factor = pad_map.provenance.threshold_factor
    near = {pad: place.um_to_px for pad, place in pad_map.places.items() if place.picture == 0}
    geometry = Geometry(layout, pad_map.um_to_px, near)
    from padscope.boards.hand_feet import HandFoot

    feet = tuple(
        HandFoot(m.wire, m.proposed_um, m.placed_by) for m in pad_map.landings() if m.placed_by and m.proposed_um
    )
    return Board(key, pad_map, layout, geometry, level, seconds, device, factor, factor, painting, feet, feet)


def pad_marks(board: Board) -> tuple[PadMark, ...]:
    """What the viewer draws, the most serious verdicts last, so that they lie on top."""
    rank = {v: -i for i, v in enumerate(WORST_FIRST)}
    known = (p for p in board.pads if p.pad in board.geometry.shapes)
    return tuple(board.geometry.mark(p) for p in sorted(known, key=lambda p: rank[p.verdict]))
