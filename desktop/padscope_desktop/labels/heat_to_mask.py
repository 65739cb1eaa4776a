"""From heat to mask: what is hot becomes paint, drawn to the picture's edges; and where the two disagree."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from padscope.masks.guided import refined
from padscope.masks.shapes import Region, above, polygon
from padscope.types import Array, Box, Floats, Mask, Progress, Work
from padscope_desktop.inspecting.board import Board
from padscope_desktop.labels.easel import Easel
from padscope_desktop.quantities import count
from padscope_desktop.viewer.heat_layer import CELL_PX
from padscope_desktop.viewer.paint_tools import pixel_at
from padscope_desktop.viewer.tools import Px

REACH = 6
"""Picture px by which an outline may move to meet an edge: a little less than a cell, which is all that heat can tell."""
MARGIN = 4 * REACH


class HeatToMask(QObject):
    """Signal: accepted(words), what came of it."""

    accepted = Signal(str)

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self.easel = easel

    @property
    def _board(self) -> Board | None:
        board = self.easel.session.judging.board
        return board if board is not None and board.level is not None else None

    @property
    def _least(self) -> float:
        """The level from which heat is taken, in the grid's own unit."""
        return self.easel.session.judging.shown_factor * self.easel.brush.least

    def take_defect(self, at: Px) -> None:
        """The connected heat under the cursor, on its pad."""
        pad = self.easel.canvas.pads.at(*at, 0.0)
        if self._board is None or pad is None:
            self.easel.refused.emit("There is no inspected pad under the cursor.")
            return
        self._take([pad], pixel_at(at))

    def take_pad(self, pad: str | None) -> None:
        if self._board is None or pad is None:
            self.easel.refused.emit("Choose an inspected pad first: Tab goes to the next one.")
            return
        self._take([pad])

    def take_board(self) -> None:
        board = self._board
        if board is None:
            self.easel.refused.emit("Inspect this picture first: there is no heat yet.")
            return
        self._take(list(board.geometry.shapes))

    def _take(self, pads: list[str], at: tuple[int, int] | None = None) -> None:
        """What is painted already stays as it is; all of it is one stroke."""
        board = self._board
        stroke = self.easel.labelling.begin(erase=False, protect=True)
        if board is None or stroke is None:
            self.easel.refused.emit(self.easel.labelling.refusal)
            return
        stroke.protect_all()
        outlines = [board.geometry.shapes[pad].outline for pad in pads]

        def work() -> Work[None]:
            found = 0
            for i, outline in enumerate(outlines):
                region = self._region(board, outline, at)
                if region is not None:
                    found += 1
                    self.easel.add(stroke, [region])
                yield Progress(i, len(outlines), "taking heat")
            edit = yield from self.easel.finishing(stroke, "heat taken")
            self.accepted.emit(_words(found, edit.changed_px, len(outlines)))

        self.easel.slices.start(work(), stopped=lambda: self.easel.drop(stroke))

    def _region(self, board: Board, outline: Floats, at: tuple[int, int] | None) -> Region | None:
        mask = self.easel.mask
        assert mask is not None
        assert board.level is not None
        box = Box.around(outline).grown(MARGIN).clipped(mask.width, mask.height)
        return taken(board.level, self._least, outline, box, self.easel.pixels(box) if not box.empty else None, at)


def taken(
    level: Floats, least: float, outline: Floats, box: Box, pixels: Array | None, at: tuple[int, int] | None = None
) -> Region | None:
    """What of a pad's heat reaches `least`, inside its outline (N, 2) px: all of it, or what hangs together with pixel `at`; drawn
    to the edges of `pixels` (box) where they are there. None where nothing is hot."""
    if box.empty:
        return None
    pad = np.zeros((box.height, box.width), bool)
    shape = polygon(outline, box)
    pad[shape.box.shifted(-box.x0, -box.y0).slices] = shape.inside
    inside = above(np.asarray(level, np.float32), least, CELL_PX, box).inside & pad
    if at is not None:
        inside = _hanging_together(inside, at[0] - box.x0, at[1] - box.y0)
    if not inside.any():
        return None
    if pixels is not None:
        drawn = refined(pixels, inside, REACH) & pad
        inside = drawn if drawn.any() else inside
    return Region(box, inside)


def _hanging_together(inside: Mask, x: int, y: int) -> Mask:
    if not (0 <= y < inside.shape[0] and 0 <= x < inside.shape[1]) or not inside[y, x]:
        return np.zeros_like(inside)
    import cv2

    labels = cv2.connectedComponents(inside.view(np.uint8), connectivity=8)[1]
    return np.asarray(labels == labels[y, x])


def _words(pads: int, px: int, asked: int) -> str:
    if not pads:
        return "No heat reaches this level here" if asked == 1 else "No heat reaches this level on any pad"
    if not px:
        return "All of this heat is painted already"
    return f"Heat of {count(pads, 'pad')} taken as paint" if asked > 1 else "Heat taken as paint"
