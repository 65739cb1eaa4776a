"""Where mask and heat of the picture in hand disagree: shown, and told in a sentence."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from padscope.masks.guided import Disagreement, disagreeing_cells
from padscope_desktop.labels.easel import Easel
from padscope_desktop.quantities import number
from padscope_desktop.viewer.disagreement_layer import DisagreementLayer
from padscope_desktop.viewer.heat_layer import CELL_PX


class Differences(QObject):
    """Signal: told(sentence), empty where nothing is shown."""

    told = Signal(str)

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self._easel = easel
        self.layer = DisagreementLayer()
        self._least = 0.0  # what was last compared with

    def show(self, on: bool) -> None:
        self.layer.shown = on
        self.renew()
        if not on:
            self.told.emit("")
        self._easel.canvas.update()

    def follow_brush(self) -> None:
        """The whole mask is compared again only where the level is another one: nothing else of a brush matters."""
        if self._easel.brush.least != self._least:
            self.renew()

    def renew(self) -> None:
        """After a stroke, and where heat or the level have changed."""
        if not self.layer.shown:
            return
        self._least = self._easel.brush.least
        board, mask = self._easel.session.judging.board, self._easel.mask
        if board is None or board.level is None or mask is None:
            self.layer.set_cells(None)
            self.told.emit("Inspect this picture to compare masks with heat.")
            return
        least = self._easel.brush.least * self._easel.session.judging.shown_factor
        cells = disagreeing_cells(mask, board.level, least, CELL_PX)
        self.layer.set_cells(cells)
        hot, cold = (int((cells == kind).sum()) for kind in (Disagreement.HEAT_ONLY, Disagreement.MASK_ONLY))
        self.told.emit(
            f"Amber: hot, not painted ({number(hot)} cells). Blue: painted, not hot ({number(cold)} cells)."
            if hot or cold
            else "Masks and heat agree everywhere."
        )
        self._easel.canvas.update()
