"""What the reason of a verdict speaks of, outlined in the picture: a window, a foot without a place, ground that is too small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen

from padscope_desktop.theme import REASON
from padscope_desktop.viewer.pad_layer import UNDER, PadLayer
from padscope_desktop.viewer.pad_shape import Points, polygon
from padscope_desktop.viewer.view import View

INK = QColor(REASON)
LEAST_PX = 5.0
"""Logical px below which an outline is widened to be seen at all."""
GAP = 6.0


@dataclass(frozen=True, eq=False)
class Region:
    """One outline (N, 2) in picture px, with words beside it. `dashed`: what was wished for, not what is there; `hatched`: what
    cannot be seen."""

    outline: Points
    words: str
    dashed: bool = False
    hatched: bool = False


class ReasonLayer:
    """A `Layer` of the canvas; it is seen where its pads are."""

    def __init__(self, pads: PadLayer) -> None:
        self.font = QFont()
        self.regions: tuple[Region, ...] = ()
        self._pads = pads

    @property
    def visible(self) -> bool:
        return self._pads.visible and bool(self.regions)

    def show(self, regions: Sequence[Region]) -> None:
        self.regions = tuple(regions)

    def paint(self, painter: QPainter, view: View) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(self.font)
        metrics = QFontMetricsF(self.font)
        seen: list[tuple[QRectF, str]] = []
        for region in self.regions:
            corners = polygon(_seen(view.to_screen(region.outline)))
            if not corners.boundingRect().intersects(QRectF(0, 0, view.width, view.height)):
                continue
            painter.setBrush(QBrush(INK, Qt.BrushStyle.BDiagPattern) if region.hatched else Qt.BrushStyle.NoBrush)
            style = Qt.PenStyle.DashLine if region.dashed else Qt.PenStyle.SolidLine
            for pen in (QPen(UNDER, 4.5), QPen(INK, 2.0, style)):
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                painter.drawPolygon(corners)
            seen.append((corners.boundingRect(), region.words))
        taken: list[QRectF] = []
        for around, words in seen:
            if words:
                _paint_words(painter, metrics, around, words, view, taken, [box for box, _ in seen if box != around])


def _seen(corners: Points) -> Points:
    """A speck at low zoom is drawn as large as can be seen."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    if (high - low).max() >= LEAST_PX:
        return corners
    middle = (low + high) / 2
    box: Points = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * LEAST_PX / 2
    return box


def _paint_words(
    painter: QPainter,
    metrics: QFontMetricsF,
    around: QRectF,
    words: str,
    view: View,
    taken: list[QRectF],
    others: list[QRectF],
) -> None:
    """Beside the outline, inside the canvas, and not over other words: to the right, to the left, below, above, else nowhere.
    Over another outline, whose words they would seem to be, only where there is no other place."""
    width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 4
    middle = around.center()
    places = (
        (around.right() + GAP, middle.y() - height / 2),
        (around.left() - GAP - width, middle.y() - height / 2),
        (middle.x() - width / 2, around.bottom() + GAP),
        (middle.x() - width / 2, around.top() - GAP - height),
    )
    boxes = [QRectF(x, y, width, height) for x, y in places]
    free = [b for b in boxes if not any(b.intersects(t) for t in others)]
    for box in (*free, *boxes):
        if QRectF(0, 0, view.width, view.height).contains(box) and not any(box.intersects(t) for t in taken):
            taken.append(box)
            painter.setPen(QPen(UNDER, 1))
            painter.setBrush(INK)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(QColor("#101010"))
            painter.drawText(QPointF(box.left() + 6, box.bottom() - 2 - metrics.descent()), words)
            return
