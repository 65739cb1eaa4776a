"""The inspected board on the screen: its pad map at the present threshold, and what the viewer and the panels want of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pad_map import Landing, PadMap, PadResult, PictureFacts, Verdict
from padscope.boards.review import WORST_FIRST
from padscope.boards.rules import Rules
from padscope.types import Affine
from padscope_desktop.background.payloads import JudgedBoard, judged_board, kept_unknown
from padscope_desktop.theme import VERDICTS
from padscope_desktop.viewer.pad_layer import ELSEWHERE, PadMark
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
class Part:
    """What was read from one of the pictures of a board: its level, and what is painted on it."""

    level: NDArray[np.float32]
    painting: Painting | None


@dataclass(frozen=True)
class Board:
    """`key` names the picture on the screen, whose are `level`, `painting` and `geometry`: of a board that several pictures
    show it is the one that `picture` counts, and `parts` are all of them in the map's order (that of this picture may be older
    than `level` and `painting`). `factor` is the threshold (in shipped thresholds) at which `pad_map` was judged, `stored` the one
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
    picture: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def facts(self) -> PictureFacts:
        """Of the picture on the screen."""
        return self.pad_map.pictures()[self.picture]

    @property
    def um_to_px(self) -> Affine:
        return self.pad_map.pose_in(self.picture)

    def here(self, pad: str) -> bool:
        """Whether this picture is the one in which the pad was judged."""
        return self.pad_map.place(pad).picture == self.picture

    def now_parts(self) -> tuple[Part, ...]:
        """All of them, this picture's as it is now; () where a level is not there."""
        if self.level is None or len(self.parts) not in (0, len(self.pad_map.others) + 1):
            return ()
        own = Part(self.level, self.painting)
        if not self.parts:
            return () if self.pad_map.others else (own,)
        return tuple(own if k == self.picture else part for k, part in enumerate(self.parts))

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

    @property
    def can_be_judged(self) -> bool:
        return bool(self.now_parts())

    def for_judging(self, rules: Rules) -> JudgedBoard | None:
        """None where it cannot be judged again here: without the levels of all its pictures."""
        looks = [(part.level, part.painting) for part in self.now_parts()]
        return judged_board(self.pad_map, self.layout, looks, rules) if looks else None

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
    parts: tuple[Part, ...] = (),
) -> Board:
    """A board as it was judged and stored; of several pictures, with the first on the screen."""
    factor = pad_map.provenance.threshold_factor
    geometry = geometry_in(layout, pad_map, 0)
    from padscope.boards.hand_feet import HandFoot

    feet = tuple(
        HandFoot(m.wire, m.proposed_um, m.placed_by) for m in pad_map.landings() if m.placed_by and m.proposed_um
    )
    return Board(key, pad_map, layout, geometry, level, seconds, device, factor, factor, painting, feet, feet, 0, parts)


def geometry_in(layout: Layout, pad_map: PadMap, picture: int) -> Geometry:
    """Pads that were judged in another picture lie where this one's pose has them."""
    near = {pad: place.um_to_px for pad, place in pad_map.places.items() if place.picture == picture}
    return Geometry(layout, pad_map.pose_in(picture), near)


def seen_in(board: Board, picture: int, key: int) -> Board:
    """The same board with another of its pictures, `key`, on the screen."""
    if picture == board.picture and key == board.key:
        return board
    parts = board.now_parts()
    part = parts[picture] if parts else None
    return replace(
        board,
        key=key,
        picture=picture,
        parts=parts,
        level=part.level if part is not None else None,
        painting=part.painting if part is not None else None,
        geometry=geometry_in(board.layout, board.pad_map, picture),
    )


def pad_marks(board: Board) -> tuple[PadMark, ...]:
    """What the viewer draws, the most serious verdicts last, so that they lie on top."""
    rank = {v: -i for i, v in enumerate(WORST_FIRST)}
    known = (p for p in board.pads if p.pad in board.geometry.shapes)
    return tuple(_mark(board, p) for p in sorted(known, key=lambda p: (board.here(p.pad), rank[p.verdict])))


def _mark(board: Board, result: PadResult) -> PadMark:
    if board.here(result.pad):
        return board.geometry.mark(result)
    file = board.pad_map.pictures()[board.pad_map.place(result.pad).picture].file
    return PadMark(board.geometry.shapes[result.pad], ELSEWHERE, (), f"judged in {file}")
