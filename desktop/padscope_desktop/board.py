"""The inspected board on the screen: its pad map at the present threshold, and what the viewer and the panels want of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pad_map import Landing, PadMap, PadResult, Verdict
from padscope.types import Affine
from padscope_desktop.payloads import JudgedBoard
from padscope_desktop.theme import VERDICTS, WORST_FIRST
from padscope_desktop.viewer.pad_layer import FootMark, PadMark


@dataclass(frozen=True)
class Board:
    """`key` names the picture; `factor` is the threshold (in shipped thresholds) at which `pad_map` was judged, `stored` the one
    at which the project has it."""

    key: int
    pad_map: PadMap
    layout: Layout
    level: NDArray[np.float32] | None
    seconds: float
    device: str
    factor: float = 1.0
    stored: float = 1.0

    @property
    def pads(self) -> tuple[PadResult, ...]:
        return self.pad_map.pads

    def judged(self, pads: tuple[PadResult, ...], factor: float) -> Board:
        made = replace(self.pad_map.provenance, threshold_factor=factor)
        return replace(self, pad_map=replace(self.pad_map, pads=pads, provenance=made), factor=factor)

    def for_judging(self) -> JudgedBoard | None:
        if self.level is None:
            return None
        facts = self.pad_map.picture
        return JudgedBoard(self.level, self.layout, self.pad_map.um_to_px, (facts.width_px, facts.height_px))

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
        landings = tuple(replace(w, proposed_um=w.planned_um) for w in pad.landings)
        return replace(
            pad, level=level, verdict=Verdict.OK, reasons=(), defects=(), landings=landings, usable_fraction=1.0
        )

    return board.judged(tuple(seen(p) for p in board.pads), factor)


def worst_first(pads: Iterable[PadResult]) -> list[PadResult]:
    """In the order a person should look: by verdict, then by level, then by name."""
    rank = {v: i for i, v in enumerate(WORST_FIRST)}
    return sorted(pads, key=lambda p: (rank[p.verdict], -(p.level if p.level is not None else np.inf), p.pad))


def pad_marks(layout: Layout, um_to_px: Affine, pads: Sequence[PadResult]) -> tuple[PadMark, ...]:
    """What the viewer draws: outlines and feet in px, the most serious verdicts last, so that they lie on top."""
    rank = {v: -i for i, v in enumerate(WORST_FIRST)}
    marks = []
    for result in sorted(pads, key=lambda p: rank[p.verdict]):
        pad = layout.pad.get(result.pad)
        if pad is not None:
            feet = tuple(_foot_mark(landing, um_to_px) for landing in result.landings)
            marks.append(PadMark(pad.id, um_to_px.apply(pad.corners_um), VERDICTS[result.verdict], feet))
    return tuple(marks)


def _foot_mark(landing: Landing, um_to_px: Affine) -> FootMark:
    at = landing.proposed_um
    return FootMark(_foot(landing, landing.planned_um, um_to_px), None if at is None else _foot(landing, at, um_to_px))


def _foot(landing: Landing, at: tuple[float, float], um_to_px: Affine) -> NDArray[np.float64]:
    """(4, 2) px; `foot_um` is width across and length along the wire."""
    across, along = landing.foot_um
    turn = np.radians(landing.direction_deg)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (along / 2, across / 2)
    return um_to_px.apply(corners @ axes.T + at)
