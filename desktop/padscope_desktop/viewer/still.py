"""The picture as it was painted last: while only what lies over it changes, it need not be painted again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from padscope_desktop.viewer.picture_layer import PictureLayer
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
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)

    @property
    def complete(self) -> bool:
        """Nothing better is on its way."""
        return not self._layer.waits

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
        painter.restore()
        if self._layer.waits and not self._poll.isActive():
            self._poll.start()

    @Slot()
    def _look(self) -> None:
        if self._layer.arrived():
            self._of = None
            self._repaint()
        if not self._layer.waits:
            self._poll.stop()
