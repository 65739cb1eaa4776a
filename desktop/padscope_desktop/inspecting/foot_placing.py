"""Feet that a person puts where they know better: lifted from the picture, set down where they fit, given back with a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from padscope.boards.layout import Pad
from padscope.boards.pad_map import Landing, PadResult
from padscope.boards.rules import Rules
from padscope.errors import PadscopeError
from padscope_desktop import stock
from padscope_desktop.inspecting.board import Board
from padscope_desktop.quantities import signed, with_unit
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.foot_tool import FootTool, Lifted
from padscope_desktop.viewer.tools import Px
from padscope_desktop.viewer.view import View

if TYPE_CHECKING:
    from padscope.boards.hand_feet import Room
    from padscope_desktop.session import Session

LOCKED = "No foot moves while the pad map is signed (open it again) or rules are tried (Esc leaves them)"
NO_HEAT = "The project does not hold the heat of all pictures of this board; inspect it again, then place feet"
STEP_UM = 5.0
"""How far one key press moves a foot."""
GRIP_PX = 8.0
"""Logical px of a foot's shorter side from which it can be taken hold of."""


class FootPlacing(QObject):
    """The hands of `tool`, for the board on the screen."""

    def __init__(self, session: Session, canvas: Canvas, locked: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._locked = locked  # the map is signed, or rules are tried
        self._turn = ""  # the wire whose foot the keys move
        self.tool = FootTool(self)

    def view(self) -> View:
        return self._canvas.view

    def foot_under(self, at: Px) -> str | None:
        """The wire whose foot lies there, where it can be seen and taken hold of."""
        board, layers = self._session.judging.board, self._canvas.layers
        shown = self._canvas.overlays_visible and layers.pads.visible and layers.pads.feet_visible
        if board is None or board.level is None or not shown:
            return None
        name = layers.pads.at(*at, 0.0)
        result = next((p for p in board.pads if p.pad == name), None)
        if result is None or not board.here(result.pad):
            return None
        um_to_px = board.pad_map.place(result.pad).um_to_px
        here = um_to_px.inverse().apply(np.array(at))
        for m in result.landings:
            if min(m.foot_um) * um_to_px.scale * self.view().scale < GRIP_PX:
                continue
            own = (here - (m.proposed_um or m.planned_um)) @ Pad("", 0, 0, 1, 1, m.direction_deg).axes
            if (np.abs(own) <= np.array([m.foot_um[1], m.foot_um[0]]) / 2).all():
                return m.wire
        return None

    def clicked(self, wire: str, twice: bool) -> None:
        """As if the pad below it had been clicked."""
        result, _ = self._find(wire)
        if result is not None:
            (self._canvas.pad_double_clicked if twice else self._canvas.pad_clicked).emit(result.pad)

    def lift(self, wire: str) -> Lifted | None:
        """The foot with where it may go; None, with a word, where it may not be moved."""
        board = self._session.judging.board
        result, landing = self._find(wire)
        if board is None or result is None or landing is None:
            return None
        if not self._session.operator:
            self._session.mentioned.emit("To place a foot, type your name as operator first")
            return None
        if self._locked():
            self._session.mentioned.emit(LOCKED)
            return None
        if not board.can_be_judged:
            self._session.mentioned.emit(NO_HEAT)
            return None
        um_to_px = board.pad_map.place(result.pad).um_to_px
        try:
            room = _room(board, result, wire, self._session.judging.rules)
        except PadscopeError as error:
            self._session.mentioned.emit(str(error))
            return None
        planned = np.array(landing.planned_um)
        across, along = landing.foot_um

        def words(at: tuple[float, float]) -> str:
            dx, dy = (np.array(at) - planned).tolist()
            margin = with_unit(max(room.margin_um(at), 0.0), "µm", 1)
            return f"{wire}: {signed(dx)} µm right, {signed(dy)} µm down, margin {margin}"

        corners = Pad("", 0.0, 0.0, along, across, landing.direction_deg).corners_um
        start = landing.proposed_um or landing.planned_um
        return Lifted(wire, result.pad, start, corners, um_to_px, room.nearest, words)

    def put_down(self, lifted: Lifted, at_um: tuple[float, float]) -> None:
        board = self._session.judging.board
        if board is None or at_um == lifted.at_um:
            return
        from padscope.boards.hand_feet import HandFoot

        author = self._session.operator
        kept = tuple(f for f in board.hand if f.wire != lifted.wire)
        self._session.judging.place_feet((*kept, HandFoot(lifted.wire, at_um, author)))
        self._note(board, "foot placed", {"pad": lifted.pad, "wire": lifted.wire, "at_um": list(at_um)})
        self._session.mentioned.emit(f"{lifted.wire} placed by {author}")

    def nudge(self, pad: str | None, right: int, down: int) -> None:
        """From the keyboard: the foot in turn of the chosen pad goes one step as seen on the screen, or stops with a word."""
        wire = self._in_turn(pad)
        lifted = self.lift(wire) if wire is not None else None
        if lifted is None:
            return
        linear = replace(lifted.um_to_px, tx=0.0, ty=0.0).inverse()
        way = linear.apply(np.array([right, down], float))
        x, y = (np.array(lifted.at_um) + way / np.hypot(*way) * STEP_UM).tolist()
        at = lifted.nearest((x, y), STEP_UM / 2)
        if at is None:
            self._session.mentioned.emit(f"{lifted.wire} cannot go further that way: a defect, a foot or the edge")
        else:
            self.put_down(lifted, at)
            self._session.mentioned.emit(lifted.words(at))

    def next_foot(self, pad: str | None) -> None:
        """Which foot of the chosen pad the keys move."""
        wires = self._wires(pad)
        if wires:
            self._turn = wires[(wires.index(self._turn) + 1) % len(wires)] if self._turn in wires else wires[0]
            self._session.mentioned.emit(f"The arrow keys with Ctrl move {self._turn}")

    def _wires(self, pad: str | None) -> list[str]:
        board = self._session.judging.board
        return [m.wire for p in board.pads if p.pad == pad for m in p.landings] if board is not None else []

    def _in_turn(self, pad: str | None) -> str | None:
        wires = self._wires(pad)
        return self._turn if self._turn in wires else next(iter(wires), None)

    def give_back(self, pad: str | None) -> None:
        """All feet of a pad go where Padscope puts them; of the whole board where no pad is chosen."""
        board = self._session.judging.board
        if board is None:
            return
        if self._locked():
            self._session.mentioned.emit(LOCKED)
            return
        own = {w.wire for p in board.pads if pad in (None, p.pad) for w in p.landings}
        gone = [f.wire for f in board.hand if f.wire in own]
        if not gone:
            self._session.mentioned.emit("No foot was placed by hand here")
            return
        self._session.judging.place_feet(tuple(f for f in board.hand if f.wire not in gone))
        self._note(board, "feet given back", {"pad": pad or "", "wires": gone})
        self._session.mentioned.emit(f"{', '.join(gone)} where Padscope puts {'it' if len(gone) == 1 else 'them'}")

    def _note(self, board: Board, action: str, detail: dict[str, object]) -> None:
        picture = board.facts.sha256
        self._session.keeper.ask(
            partial(stock.note_feet, action=action, picture=picture, detail=detail, author=self._session.operator)
        )

    def _find(self, wire: str) -> tuple[PadResult | None, Landing | None]:
        board = self._session.judging.board
        for result in board.pads if board is not None else ():
            for landing in result.landings:
                if landing.wire == wire:
                    return result, landing
        return None, None


def _room(board: Board, result: PadResult, wire: str, rules: Rules) -> Room:
    """Where the foot may stand among the defects at the present threshold and the other feet as they are shown."""
    from padscope.boards.verdict import prepare
    from padscope.workflows.painting import painted_masks

    judged = board.for_judging(rules)
    assert judged is not None
    judged = next(part for part in (judged, *judged.further) if result.pad in part.layout.pad)
    alone = replace(board.layout, pads=tuple(p for p in board.layout.pads if p.id == result.pad))
    near, here = judged.near, judged.um_to_px
    masks = painted_masks(judged.painting, alone, here, near) if judged.painting is not None else None
    judge = prepare(judged.level, alone, here, judged.picture_size, rules, masks=masks, near=near)
    return judge.room(wire, board.factor, result.landings)
