"""What lies over what: the picture, heat, masks, pads, and whatever a mode lays between and above them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QFont, QPainter, QTransform

from padscope_desktop.viewer.heat_layer import HeatLayer
from padscope_desktop.viewer.marks_layer import MarksLayer
from padscope_desktop.viewer.pad_layer import PadLayer
from padscope_desktop.viewer.picture_layer import PictureLayer
from padscope_desktop.viewer.tools import Layer
from padscope_desktop.viewer.view import View


class Layers:
    """From the bottom up: picture, heat, `under` (masks), pads, `over` (measurements); the canvas paints what stays put."""

    def __init__(self) -> None:
        self.picture = PictureLayer()
        self.heat = HeatLayer()
        self.pads = PadLayer()
        self.marks = MarksLayer()
        self.under: list[Layer] = []
        self.over: list[Layer] = []

    def paint_overlays(self, painter: QPainter, view: View, font: QFont) -> None:
        s = view.scale
        to_screen = QTransform(s, 0, 0, s, view.width / 2 - view.cx * s, view.height / 2 - view.cy * s)
        if self.heat.visible:
            painter.save()
            painter.setTransform(to_screen, True)
            if not self.pads.outlines.isEmpty():
                painter.setClipPath(self.pads.outlines)  # a cell may reach over the pad's edge; what it says does not
            self.heat.paint(painter, view)
            painter.restore()
        _paint_all(self.under, painter, view)
        if self.pads.visible:
            painter.save()
            painter.setTransform(to_screen, True)
            self.pads.paint_lines(painter, view)
            painter.restore()
            self.pads.paint_letters(painter, view, font)
        _paint_all(self.over, painter, view)


def _paint_all(layers: Sequence[Layer], painter: QPainter, view: View) -> None:
    for layer in layers:
        if layer.visible:
            painter.save()
            layer.paint(painter, view)
            painter.restore()
