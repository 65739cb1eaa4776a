"""Points a person has clicked: crosses with names."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from padscope_desktop.viewer.view import View

ARM = 12.0
HALO = QColor(0, 0, 0, 170)


class MarksLayer:
    """Paints named points, in logical px so that they keep their size."""

    def __init__(self) -> None:
        self.points: dict[str, tuple[float, float]] = {}

    def paint(self, painter: QPainter, view: View, font: QFont, colour: QColor) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        for name, point in self.points.items():
            x, y = view.to_screen(point)  # type: ignore[arg-type]
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for pen in (QPen(HALO, 4), QPen(colour, 1.75)):
                painter.setPen(pen)
                painter.drawEllipse(QPointF(x, y), ARM * 0.6, ARM * 0.6)
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):  # open in the middle, where the mark's centre is
                    painter.drawLine(QPointF(x + dx * 3, y + dy * 3), QPointF(x + dx * ARM, y + dy * ARM))
            box = QRectF(x + ARM, y + ARM / 2, metrics.horizontalAdvance(name) + 8, metrics.height())
            painter.fillRect(box, HALO)
            painter.setPen(QColor("white"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
