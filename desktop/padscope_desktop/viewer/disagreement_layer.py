"""Where mask and heat disagree, cell by cell: heat that nobody painted, and paint where there is no heat."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from padscope.masks.guided import Disagreement
from padscope_desktop.viewer.heat_layer import CELL_PX
from padscope_desktop.viewer.view import View

COLOURS = {Disagreement.HEAT_ONLY: "#FFB000", Disagreement.MASK_ONLY: "#3D8BFF"}
"""Amber and blue: apart for every eye."""
ALPHA = 0.75


class DisagreementLayer:
    def __init__(self) -> None:
        self.shown = False
        self.version = 0
        self.unfinished = False
        self._image: QImage | None = None
        self._size = (0, 0)

    @property
    def visible(self) -> bool:
        return self.shown and self._image is not None

    def set_cells(self, told: NDArray[np.uint8] | None) -> None:
        """(rows, cols) of `Disagreement`, one per cell of CELL_PX; None shows nothing."""
        self.version += 1
        if told is None or not told.any():
            self._image = None
            return
        rows, cols = told.shape
        table = np.zeros(256, np.uint32)
        for value, colour in COLOURS.items():
            rgb = [round(int(colour[i : i + 2], 16) * ALPHA) for i in (1, 3, 5)]
            table[value] = round(255 * ALPHA) << 24 | rgb[0] << 16 | rgb[1] << 8 | rgb[2]
        pixels = table[told]
        self._image = QImage(pixels.data, cols, rows, cols * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
        self._size = (cols * CELL_PX, rows * CELL_PX)

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        self.paint(painter, view)
        yield

    def paint_within(self, painter: QPainter, view: View, budget_s: float) -> None:
        self.paint(painter, view)

    def paint(self, painter: QPainter, view: View) -> None:
        if self._image is None:
            return
        width, height = self._size
        corners = np.array([[-0.5, -0.5], [width - 0.5, height - 0.5]])
        (x0, y0), (x1, y1) = view.to_screen(corners).tolist()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(x0, y0, x1 - x0, y1 - y0), self._image)
