"""Two views that move as one: the same place in the middle of both, at the same size for the eye."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from padscope.types import Affine
from padscope_desktop.viewer.view import View
from padscope_desktop.viewer.viewport import Viewport

SAME = Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The other view shows the same picture."""
CLOSE = 1e-6


def counterpart(view: View, to_other: Affine) -> tuple[float, float, float]:
    """(zoom, x, y) of the other view: `to_other` maps px of this picture to px of the other. A view does not turn: of a turned
    picture the middle and the size agree."""
    x, y = to_other.apply(np.array([view.cx, view.cy])).tolist()
    return view.zoom / to_other.scale, x, y


class Linked(QObject):
    """Whichever moves takes the other along, and is not answered."""

    def __init__(self, left: Viewport, right: Viewport, parent: QObject) -> None:
        super().__init__(parent)
        self._left = left
        self._right = right
        self._to_right = SAME
        self._on = False
        self._leading = False
        left.view_changed.connect(self._on_left)
        right.view_changed.connect(self._on_right)

    def set_on(self, on: bool) -> None:
        self._on = on
        self._on_left()

    def set_map(self, to_right: Affine) -> None:
        """From px of the left picture to px of the right one; the right view follows."""
        self._to_right = to_right
        self._on_left()

    @Slot()
    def _on_left(self, *_: object) -> None:
        self._lead(self._left, self._right, self._to_right)

    @Slot()
    def _on_right(self, *_: object) -> None:
        self._lead(self._right, self._left, self._to_right.inverse())

    def _lead(self, one: Viewport, other: Viewport, to_other: Affine) -> None:
        if self._leading or not self._on:
            return
        zoom, x, y = counterpart(one.view, to_other)
        there = other.view
        close = np.allclose((zoom, x, y), (there.zoom, there.cx, there.cy), rtol=CLOSE, atol=CLOSE)
        if close and (other is self._left or not other.fits):
            return
        self._leading = True
        try:
            other.look_at(zoom, x, y)
        finally:
            self._leading = False
