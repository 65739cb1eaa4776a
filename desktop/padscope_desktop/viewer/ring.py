"""The ring at the cursor that shows how large a brush is: drawn once and then only moved, as a wide one takes longer to draw than
what it paints."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

DARK, LIGHT = QColor(0, 0, 0, 190), QColor(255, 255, 255)
PENS = 4.5
"""Logical px that the widest line of the ring takes."""
LARGEST = 2400
"""Device px along the side of a ring that is kept; a larger one is seen in part only."""


class Ring:
    def __init__(self) -> None:
        self._image: QImage | None = None
        self._of: tuple[float, bool, int, float] | None = None

    def paint(self, painter: QPainter, at: QPointF, radius: float, square: bool, colour: QColor) -> None:
        """Around a point, in logical px; where it is kept its middle lies on a whole px of the screen."""
        dpr = painter.device().devicePixelRatioF()
        half = math.ceil((radius + PENS) * dpr)
        if 2 * half > LARGEST:
            _draw(painter, at, radius, square, colour)
            return
        looks = radius, square, colour.rgba(), dpr
        if self._of != looks:
            self._image = QImage(2 * half, 2 * half, QImage.Format.Format_ARGB32_Premultiplied)
            self._image.setDevicePixelRatio(dpr)
            self._image.fill(0)
            onto = QPainter(self._image)
            onto.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            _draw(onto, QPointF(half / dpr, half / dpr), radius, square, colour)
            onto.end()
            self._of = looks
        assert self._image is not None
        corner = QPointF((round(at.x() * dpr) - half) / dpr, (round(at.y() * dpr) - half) / dpr)
        painter.drawImage(corner, self._image)


def _draw(painter: QPainter, at: QPointF, radius: float, square: bool, colour: QColor) -> None:
    """On any ground: dark below, the colour above, and white between for colours that are dark themselves."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    box = QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)
    for pen in (QPen(DARK, PENS), QPen(LIGHT, 3.0), QPen(colour, 1.5)):
        painter.setPen(pen)
        (painter.drawRect if square else painter.drawEllipse)(box)
