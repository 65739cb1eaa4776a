"""What is done to one piece of paint, however large: moved, deleted, grown, shrunk, its holes filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtGui import QColor

from padscope.masks.component_edits import grown_by, holes_of, rim
from padscope.masks.components import Component, component_found
from padscope.masks.live import LiveStroke
from padscope.masks.shapes import Region
from padscope.types import Box, Work
from padscope_desktop.labels.easel import NOTHING_HERE, Easel
from padscope_desktop.viewer.paint_tools import pixel_at
from padscope_desktop.viewer.tools import Px

Change = Callable[[Component], Work[Iterable[Region]]]


class Pieces:
    """Each is one stroke in the piece's own class, found and painted piece by piece."""

    def __init__(self, easel: Easel) -> None:
        self.easel = easel

    def delete(self, at: Px) -> None:
        self._change(at, "delete", _whole, erase=True)

    def fill_holes(self, at: Px) -> None:
        self._change(at, "fill hole", holes_of)

    def grow(self, at: Px, px: int = 1) -> None:
        """Larger by `px` on all sides, smaller where it is below 0; what lies beside it in another class stays."""
        mask = self.easel.mask
        if px < 0:
            self._change(at, "shrink", partial(_shrunk, px=-px), erase=True)
        elif mask is not None:
            self._change(at, "grow", partial(_grown, px=px, within=mask.box), protect=True)

    def take(self, at: Px, done: Callable[[Component, QColor], None]) -> None:
        """The component to move, with its colour, as soon as all of it is known."""
        mask, labelling = self.easel.mask, self.easel.labelling
        if mask is None or labelling.refusal:
            self.easel.refused.emit(labelling.refusal)
            return

        def taken(found: Component | None) -> None:
            if found is None:
                self.easel.refused.emit(NOTHING_HERE)
                return
            colour = next((c.colour for c in labelling.classes if c.value == found.value), "#808080")
            done(found, QColor(colour))

        self.easel.slices.start(component_found(mask, *pixel_at(at)), done=taken)

    def put(self, piece: Component, dx: int, dy: int) -> None:
        """Moved by whole pixels."""
        stroke = self.easel.begin(True, free=True, value=piece.value)
        if stroke is None:
            return

        def work() -> Work[None]:
            yield from self.easel.painting(stroke, piece.pieces)
            stroke.new_class = piece.value
            moved = (Region(r.box.shifted(dx, dy), r.inside) for r in piece.pieces)
            yield from self.easel.painting(stroke, moved)
            yield from self.easel.finishing(stroke, "move")

        self.easel.slices.start(work(), stopped=partial(self.easel.drop, stroke))

    def _change(self, at: Px, tool: str, change: Change, *, erase: bool = False, protect: bool = False) -> None:
        """Something made of the component under the cursor, painted or erased; constraints of the brush are not asked."""
        easel = self.easel
        easel.slices.complete()
        mask, labelling = easel.mask, easel.labelling
        if mask is None or labelling.refusal:
            easel.refused.emit(labelling.refusal)
            return
        begun: list[LiveStroke] = []

        def work() -> Work[None]:
            found = yield from component_found(mask, *pixel_at(at))
            if found is None:
                easel.refused.emit(NOTHING_HERE)
                return
            regions = yield from change(found)
            stroke = labelling.begin(erase=erase, protect=protect, value=found.value)
            if stroke is not None:
                begun.append(stroke)
                yield from easel.painting(stroke, regions)
                yield from easel.finishing(stroke, tool)

        def stopped() -> None:
            for stroke in begun:
                easel.drop(stroke)

        easel.slices.start(work(), stopped=stopped)


def _whole(piece: Component) -> Work[Iterable[Region]]:
    return piece.pieces
    yield


def _grown(piece: Component, px: int, within: Box) -> Work[Iterable[Region]]:
    return grown_by(piece, px, within)
    yield


def _shrunk(piece: Component, px: int) -> Work[Iterable[Region]]:
    return rim(piece, px)
    yield
