"""How a picture's line is painted: thumbnail, name, and the signs of its state and its label."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from padscope.boards.pad_map import Verdict
from padscope_desktop.album import Entry, Mark, label_words, part_words, state
from padscope_desktop.background.payloads import Thumbnail
from padscope_desktop.panels.picture_rows import ENTRY, Index
from padscope_desktop.theme import VERDICTS, Theme
from padscope_desktop.viewer.picture_layer import as_image

ROW = 64
KEPT_IMAGES = 200
THUMB = QSize(64, 48)


class PictureDelegate(QStyledItemDelegate):
    """Thumbnail, name, and under it the state with its sign."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.current: int | None = None  # key of the picture on the screen
        self._images: dict[int, tuple[Thumbnail, Any]] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(180, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY)
        mark, words = state(entry)
        box: QRect = option.rect
        flags = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if flags & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(self.theme.selected))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(self.theme.hover))
        if entry.key == self.current:  # of several that are chosen, the one on the screen
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(self.theme.accent))
        thumb = QRect(box.left() + 8, box.top() + 8, THUMB.width(), THUMB.height())
        self._paint_thumbnail(painter, thumb, entry)
        self._paint_label(painter, thumb, entry)
        left = thumb.right() + 12
        room = box.right() - 8 - left
        font: QFont = option.font
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text))
        # a board is known by its serial number; the file's name stands below it, unless it is nothing but that
        by_name = not entry.module or entry.path.stem.upper() == entry.module
        lines = [entry.name] if by_name else [entry.module, entry.name]
        top = box.top() + (10 if len(lines) == 1 else 3)
        # which of the board's pictures it is: at the end of the line with the file's name
        part = part_words(entry)
        beside = metrics.horizontalAdvance(part) + 8 if part else 0
        for k, line in enumerate(lines):
            painter.setPen(QColor(self.theme.dim if k else self.theme.text))
            last = k == len(lines) - 1
            elided = metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room - beside if last else room)
            painter.drawText(QRect(left, top + 19 * k, room, 20), Qt.AlignmentFlag.AlignVCenter, elided)
        painter.setPen(QColor(self.theme.dim))
        end = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRect(left, top + 19 * (len(lines) - 1), room, 20), end, part)
        below = box.top() + (34 if len(lines) == 1 else 41)
        sign = QRectF(left, below + 4, 12, 12)
        paint_mark(painter, sign, mark, self.theme, entry.fraction)
        painter.setPen(QColor(self.theme.dim))
        if mark is Mark.SIGNED and metrics.horizontalAdvance(words) > room - 18:
            words = entry.signed_by  # the seal says the rest
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room - 18)
        painter.drawText(QRect(left + 18, below, room - 18, 20), Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, box: QRect, entry: Entry) -> None:
        painter.fillRect(box, QColor(self.theme.canvas))
        if entry.thumbnail is None:
            return
        known = self._images.get(entry.key)
        if known is None or known[0] is not entry.thumbnail:
            if len(self._images) >= KEPT_IMAGES:
                del self._images[next(iter(self._images))]
            known = self._images[entry.key] = entry.thumbnail, as_image(entry.thumbnail.pixels)
        image = known[1]
        size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        at = QRect(QPoint(0, 0), size)
        at.moveCenter(box.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(at, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)

    def _paint_label(self, painter: QPainter, thumb: QRect, entry: Entry) -> None:
        """A tag on the thumbnail's corner: a pencil, a tick or a cross, for the label of a picture."""
        said = label_words(entry)
        if not said:
            return
        box = QRectF(thumb.right() - 16, thumb.bottom() - 16, 16, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 3, 3)
        paint_label_sign(painter, box.adjusted(3, 3, -3, -3), said)


def paint_label_sign(painter: QPainter, box: QRectF, said: str) -> None:
    """White on dark, in three shapes."""
    pen = QPen(QColor("white"), 1.75, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    w, h = box.width(), box.height()
    strokes: dict[str, list[list[tuple[float, float]]]] = {
        "draft": [[(0.0, 1.0), (0.12, 0.66), (0.74, 0.04), (0.96, 0.26), (0.34, 0.88), (0.0, 1.0)]],
        "reviewed": [[(0.0, 0.55), (0.38, 0.92), (1.0, 0.1)]],
        "rejected": [[(0.05, 0.05), (0.95, 0.95)], [(0.95, 0.05), (0.05, 0.95)]],
    }
    for stroke in strokes[said]:
        painter.drawPolyline([QPointF(box.left() + x * w, box.top() + y * h) for x, y in stroke])


def paint_mark(painter: QPainter, box: QRectF, mark: Mark, theme: Theme, fraction: float | None) -> None:
    """Signs differ in shape, not only in colour."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    dim = QPen(QColor(theme.dim), 1.5)
    inner = box.adjusted(1, 1, -1, -1)
    if mark is Mark.SIGNED:  # a seal
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 1.5))
        painter.drawEllipse(inner)
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 2))
        painter.drawPolyline(
            [inner.center() + QPointF(-2.5, 0), inner.center() + QPointF(-0.5, 2), inner.center() + QPointF(2.5, -2)]
        )
    elif mark is Mark.FINE:
        painter.setPen(QPen(QColor(VERDICTS[Verdict.OK].colour), 2.25))
        painter.drawPolyline(
            [inner.center() + QPoint(-4, 0), inner.center() + QPoint(-1, 3), inner.center() + QPoint(5, -4)]
        )
    elif mark is Mark.LOOK:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(VERDICTS[Verdict.NOT_BONDABLE].colour))
        painter.drawEllipse(inner)
    elif mark in (Mark.FAILED, Mark.MISSING):
        painter.setPen(QPen(QColor(VERDICTS[Verdict.NOT_BONDABLE].colour), 2.25))
        painter.drawLine(inner.topLeft() + QPoint(1, 1), inner.bottomRight() - QPoint(1, 1))
        painter.drawLine(inner.topRight() + QPoint(-1, 1), inner.bottomLeft() + QPoint(1, -1))
    elif mark is Mark.RUNNING:
        painter.setPen(dim)
        painter.drawEllipse(inner)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        painter.drawPie(inner, 90 * 16, -round(360 * 16 * (fraction or 0.0)))
    elif mark is Mark.QUEUED:
        painter.setPen(QPen(QColor(theme.dim), 1.5, Qt.PenStyle.DotLine))
        painter.drawEllipse(inner)
    else:
        painter.setPen(dim)
        painter.drawEllipse(inner)
