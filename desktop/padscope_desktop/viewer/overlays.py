"""What stays put while the picture moves: the scale bar and the overview."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from padscope_desktop.quantities import length, round_length, with_unit
from padscope_desktop.viewer.view import View

MARGIN = 16.0
BAR_LONGEST = 160.0
OVERVIEW_LONGEST = 150.0
LEAST_BOX = 7.0
GROUND = QColor(0, 0, 0, 150)


def scale_bar(um_per_px: float, view: View) -> tuple[float, float]:
    """(length in µm, length in logical px) of the longest round bar within BAR_LONGEST."""
    um_per_logical = um_per_px / view.scale
    um = round_length(BAR_LONGEST * um_per_logical)
    return um, um / um_per_logical


def scale_bar_words(um_per_px: float | None, view: View) -> tuple[str, float]:
    """What it says, and its length in logical px: of the picture's own px where nobody knows how large they are."""
    if um_per_px is not None:
        um, logical = scale_bar(um_per_px, view)
        return length(um), logical
    px, logical = scale_bar(1.0, view)
    return f"{with_unit(px, 'px', 0 if px >= 1 else 1)}, no scale", logical


def paint_scale_bar(painter: QPainter, um_per_px: float | None, view: View, font: QFont) -> None:
    text, px = scale_bar_words(um_per_px, view)
    metrics = QFontMetricsF(font)
    width = max(px, metrics.horizontalAdvance(text)) + 20
    height = metrics.height() + 16
    box = QRectF(MARGIN, view.height - MARGIN - height, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(GROUND)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor("white"))
    painter.setFont(font)
    painter.drawText(QRectF(box.x(), box.y() + 3, box.width(), metrics.height()), Qt.AlignmentFlag.AlignCenter, text)
    left, y = box.center().x() - px / 2, box.bottom() - 7
    painter.setPen(QPen(QColor("white"), 2, c=Qt.PenCapStyle.FlatCap))
    painter.drawLine(QPointF(left, y), QPointF(left + px, y))
    for x in (left + 1, left + px - 1):
        painter.drawLine(QPointF(x, y - 4), QPointF(x, y + 1))


def overview_box(picture_width: int, picture_height: int, view: View) -> QRectF | None:
    """Where the overview stands, in logical px; None where the whole picture is in sight anyway, or there is no room."""
    x0, y0, x1, y1 = view.visible
    all_seen = x0 <= 0 and y0 <= 0 and x1 >= picture_width - 1 and y1 >= picture_height - 1
    if all_seen or view.width < 3 * OVERVIEW_LONGEST or view.height < 3 * OVERVIEW_LONGEST:
        return None
    width, height = _overview_size(picture_width, picture_height)
    return QRectF(round(view.width - MARGIN - width), round(view.height - MARGIN - height), width, height)


def overview_image(image: QImage, picture_width: int, picture_height: int, dpr: float) -> QImage:
    """In the size it is painted in, so that it is scaled only once."""
    width, height = _overview_size(picture_width, picture_height)
    smooth = Qt.TransformationMode.SmoothTransformation
    size = max(round(width * dpr), 1), max(round(height * dpr), 1)
    made = image.scaled(*size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
    made.setDevicePixelRatio(dpr)
    return made


def _overview_size(picture_width: int, picture_height: int) -> tuple[float, float]:
    shrink = OVERVIEW_LONGEST / max(picture_width, picture_height)
    return max(picture_width * shrink, 8), max(picture_height * shrink, 8)


def found_again(seen: QRectF, box: QRectF) -> QRectF:
    """The box of what is in sight, inside the overview and never too small to be found."""
    wide, high = max(seen.width(), LEAST_BOX), max(seen.height(), LEAST_BOX)
    middle = seen.center()
    return QRectF(middle.x() - wide / 2, middle.y() - high / 2, wide, high).intersected(box)


def paint_overview(
    painter: QPainter, box: QRectF, image: QImage, picture_width: int, picture_height: int, view: View, accent: QColor
) -> None:
    painter.fillRect(box.adjusted(-4, -4, 4, 4), GROUND)
    painter.drawImage(box.topLeft(), image)
    x0, y0, x1, y1 = view.visible
    sx, sy = box.width() / picture_width, box.height() / picture_height
    seen = found_again(QRectF(box.x() + x0 * sx, box.y() + y0 * sy, (x1 - x0) * sx, (y1 - y0) * sy), box)
    for pen in (QPen(GROUND, 4), QPen(accent, 2)):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(seen)
