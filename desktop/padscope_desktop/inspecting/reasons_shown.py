"""Which reason of the chosen pad is shown in the picture: the first that has a place, another one under the mouse, or the one
a person stepped to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Slot

from padscope.boards.pad_map import PadResult, Shows
from padscope_desktop.inspecting.board import Board
from padscope_desktop.panels.pads import PadsPanel
from padscope_desktop.quantities import THIN, number
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.pad_shape import Points
from padscope_desktop.viewer.reason_layer import ReasonLayer, Region

WORDS = {
    Shows.PAD: "",
    Shows.HIDDEN: "not shown well enough",
    Shows.DEFECT: "defect {size}",
    Shows.WINDOW: "pristine window",
    Shows.NEEDED: "needs {size}",
    Shows.FREE: "largest free {size}",
    Shows.PLANNED: "planned",
    Shows.LANDING: "lands",
}
WISHED = (Shows.NEEDED, Shows.PLANNED, Shows.WINDOW)


class ReasonsShown(QObject):
    """`board` gives what is on the screen, `chosen` the chosen pad."""

    def __init__(
        self,
        canvas: Canvas,
        pads: PadsPanel,
        board: Callable[[], Board | None],
        chosen: Callable[[], str | None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.layer = ReasonLayer(canvas.pads)
        self.shown: int | None = None  # counts the reasons of the chosen pad
        self._pointed: int | None = None
        self._on = False
        self._of: tuple[str, tuple[str, ...]] | None = None  # the pad and its reasons, as they were shown last
        self._canvas = canvas
        self._panel = pads
        self._board = board
        self._chosen = chosen
        canvas.layers.over.append(self.layer)
        pads.reason_pointed.connect(self._on_pointed)
        pads.reason_chosen.connect(self._on_chosen)

    @property
    def result(self) -> PadResult | None:
        board, name = self._board(), self._chosen()
        return next((p for p in board.pads if p.pad == name), None) if board is not None and name else None

    def set_on(self, on: bool) -> None:
        """Other modes look at other things."""
        self._on = on
        self.renew()

    def renew(self) -> None:
        """Another pad is chosen, or it is judged otherwise: the first reason with a place, else the one that was shown."""
        result = self.result
        of = (result.pad, result.reasons) if result is not None else None
        if of != self._of:
            self._of, self._pointed = of, None
            with_place = placed(result) if result is not None else ()
            self.shown = with_place[0] if with_place else None
        self._show()

    def step(self, by: int) -> None:
        """The next (1) or previous (-1) reason that has a place, round and round."""
        result = self.result
        places = placed(result) if result is not None else ()
        if places:
            now = places.index(self.shown) if self.shown in places else -1 if by > 0 else 0
            self.shown, self._pointed = places[(now + by) % len(places)], None
            self._show()

    @Slot(int)
    def _on_pointed(self, reason: int) -> None:
        """-1: the mouse is over none."""
        self._pointed = reason if reason >= 0 else None
        self._draw()

    @Slot(int)
    def _on_chosen(self, reason: int) -> None:
        self.shown = None if reason == self.shown else reason
        self._show()

    def _show(self) -> None:
        self._panel.show_reason(self.shown)
        self._draw()

    def _draw(self) -> None:
        board, result = self._board(), self.result
        reason = self._pointed if self._pointed is not None else self.shown
        self.layer.font = self._canvas.font()
        if self._on and board is not None and result is not None and reason is not None:
            self.layer.show(regions(board, result, reason))
        else:
            self.layer.show(())
        self._canvas.update()


def placed(result: PadResult) -> tuple[int, ...]:
    """Which of its reasons have something to show in the picture."""
    return tuple(sorted({m.reason for m in result.marks if m.reason < len(result.reasons)}))


def regions(board: Board, result: PadResult, reason: int) -> tuple[Region, ...]:
    """The outlines of one reason, in picture px; the words of several alike are said once."""
    if not board.here(result.pad):
        return ()
    here = board.pad_map.place(result.pad).um_to_px
    found, said = [], set()
    for mark in result.marks_of(reason):
        corners = np.array(mark.corners_um, float)
        words = WORDS[mark.shows].format(size=size_words(corners))
        found.append(
            Region(
                here.apply(corners), "" if words in said else words, mark.shows in WISHED, mark.shows is Shows.HIDDEN
            )
        )
        said.add(words)
    return tuple(found)


def size_words(corners: Points) -> str:
    """(4, 2) µm -> "95 × 155 µm", the shorter side first; of other outlines the box around them."""
    sides = np.hypot(*(corners[[1, 2]] - corners[[0, 1]]).T) if len(corners) == 4 else np.ptp(corners, axis=0)
    short, long = sorted(sides.tolist())
    return f"{number(short)} × {number(long)}{THIN}µm"
