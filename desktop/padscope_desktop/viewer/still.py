"""The picture as it was painted last: while only what lies over it changes, it need not be painted again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QTimer, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from padscope_desktop.viewer.look import AS_IT_IS, WHOLE_SPAN, table
from padscope_desktop.viewer.picture_layer import PictureLayer, as_image
from padscope_desktop.viewer.view import View

POLL_MS = 5
"""How often it is looked whether tiles have arrived, while some are waited for."""


class Still(QObject):
    """Paints a picture layer onto a widget; `repaint` is called when there is something better to paint."""

    def __init__(self, layer: PictureLayer, repaint: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._layer = layer
        self._repaint = repaint
        self._image: QImage | None = None
        self._of: tuple[View, int, int] | None = None
        self._patient = False
        self._enhanced: NDArray[np.uint8] | None = None
        self._enhanced_image: tuple[int, QImage] | None = None  # of the picture's version
        self._bounds = (0.0, 0.0, 0.0, 0.0)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)

    def complete(self, view: View) -> bool:
        """It is painted as well as it can be: nothing better is on its way."""
        return self._of is not None and self._of[:2] == (view, self._layer.version) and not self._layer.waits

    def set_enhanced(self, pixels: NDArray[np.uint8] | None, bounds: tuple[float, float, float, float]) -> None:
        """(h, w, 3) in place of a part of the picture (x0, y0, x1, y1 in px, the pixels' edges); None for none."""
        self._enhanced, self._bounds = pixels, bounds
        self._drop()
        self._repaint()

    @property
    def enhanced(self) -> bool:
        return self._enhanced is not None

    def _drop(self) -> None:
        self._of = self._enhanced_image = None

    def set_patient(self, patient: bool) -> None:
        """Wait for every tile in sight, as for a copy of the view, instead of showing a coarser one meanwhile."""
        self._patient = patient
        self._of = None

    def paint(self, painter: QPainter, view: View, smooth: bool, ground: QColor) -> None:
        """`smooth` at rest; a picture in motion is painted as fast as it goes."""
        if not smooth:
            self._of = None
            painter.fillRect(painter.viewport(), ground)
            self._onto(painter, view, False)
            return
        now = (view, self._layer.version, ground.rgb())
        if self._of != now:
            size = round(view.width * view.dpr), round(view.height * view.dpr)
            if self._image is None or (self._image.width(), self._image.height()) != size:
                self._image = QImage(*size, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(view.dpr)
            self._image.fill(ground)
            onto = QPainter(self._image)
            self._onto(onto, view, True)
            onto.end()
            self._of = now
        assert self._image is not None
        painter.drawImage(0, 0, self._image)

    def _onto(self, painter: QPainter, view: View, smooth: bool) -> None:
        painter.save()
        painter.scale(1 / view.dpr, 1 / view.dpr)  # device px
        self._layer.paint(painter, view, smooth, self._patient)
        if self._enhanced is not None:
            self._paint_enhanced(painter, view, self._enhanced)
        painter.restore()
        if self._layer.waits and not self._poll.isActive():
            self._poll.start()

    def _paint_enhanced(self, painter: QPainter, view: View, pixels: NDArray[np.uint8]) -> None:
        version = self._layer.version
        if self._enhanced_image is None or self._enhanced_image[0] != version:
            look = self._layer.look
            seen = None if look == AS_IT_IS else table(look, WHOLE_SPAN, np.dtype(np.uint8))
            self._enhanced_image = version, as_image(pixels, seen)
        image = self._enhanced_image[1]
        x0, y0, x1, y1 = self._bounds
        left, top = (
            (x0 - view.cx) * view.zoom + view.width * view.dpr / 2,
            (y0 - view.cy) * view.zoom + view.height * view.dpr / 2,
        )
        target = QRectF(round(left), round(top), round((x1 - x0) * view.zoom), round((y1 - y0) * view.zoom))
        painter.drawImage(target, image, QRectF(image.rect()))

    @Slot()
    def _look(self) -> None:
        if self._layer.arrived():
            self._of = None
            self._repaint()
        if not self._layer.waits:
            self._poll.stop()
