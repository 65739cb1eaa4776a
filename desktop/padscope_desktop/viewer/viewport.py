"""A widget onto a plane of pixels: fit, zoom, pan, and when it rests. What is painted there is for others to say."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from padscope_desktop.viewer.view import View, fitted, kept_near, least_zoom, whole, zoomed_within

NOTCH = 1.25
"""Zoom per notch of the wheel (120 eighths of a degree)."""
REST_MS = 120
PAN_STEP = 0.15


class Viewport(QWidget):
    """Signal: view_changed(View)."""

    view_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = View(1.0, 0.0, 0.0, max(self.width(), 1), max(self.height(), 1))
        self._plane = (0, 0)
        self._fits = True  # the view follows the widget's size until a person has moved it
        self._resting = True
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self._at_rest)

    @property
    def at_rest(self) -> bool:
        """Not moving: now everything is painted as well as it can be."""
        return self._resting

    @property
    def fits(self) -> bool:
        """The whole plane is shown, and will be also after the widget has got another size."""
        return self._fits

    def set_size(self, width: int, height: int) -> None:
        """Of the plane, px; it is fitted."""
        self._plane = (width, height)
        self.fit()

    def fit(self) -> None:
        self._fits = True
        if self._plane[0]:
            self._set_view(fitted(whole(*self._plane), self.width(), self.height(), self.devicePixelRatioF()))

    def fit_bounds(self, bounds: tuple[float, float, float, float], room: float = 1.0) -> None:
        """Show x0, y0, x1, y1 (picture px) in the middle, with `room` times as much around it."""
        x0, y0, x1, y1 = bounds
        grow_x, grow_y = (x1 - x0) * (room - 1) / 2, (y1 - y0) * (room - 1) / 2
        self._fits = False
        around = (x0 - grow_x, y0 - grow_y, x1 + grow_x, y1 + grow_y)
        self._set_view(fitted(around, self.width(), self.height(), self.devicePixelRatioF()))

    def centre_on(self, x: float, y: float) -> None:
        v = self.view
        self.look_at(v.zoom, x, y)

    def look_at(self, zoom: float, x: float, y: float) -> None:
        """`zoom` device px per px, the point (x, y) in the middle."""
        v = self.view
        self._fits = False
        self._set_view(View(zoom, x, y, v.width, v.height, v.dpr))

    def zoom_by(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """At a point of the widget, its middle by default."""
        if not self._plane[0]:
            return
        self._fits = False
        least = least_zoom(self.view, *self._plane)
        self._set_view(zoomed_within(self.view, factor, at or (self.width() / 2, self.height() / 2), least))

    def zoom_to_pixels(self) -> None:
        """One pixel of the picture on one pixel of the screen; under the cursor if it is over the widget."""
        here = self.mapFromGlobal(self.cursor().pos())
        at = (here.x(), here.y()) if self.rect().contains(here) else None
        self.zoom_by(1.0 / self.view.zoom, at)

    def pan(self, right: float, down: float) -> None:
        """By steps of a part of what is seen."""
        v = self.view
        self._fits = False
        self._set_view(v.dragged(-right * PAN_STEP * v.width, -down * PAN_STEP * v.height))

    def slide(self, x: float, y: float) -> None:
        """The picture moves by logical px."""
        self._fits = False
        self._set_view(self.view.dragged(x, y))

    def keep_up_with_screen(self) -> bool:
        """True where the window has moved to a screen of another density."""
        moved = self.view.dpr != self.devicePixelRatioF()
        if moved:
            self.view = self.view.resized(self.width(), self.height(), self.devicePixelRatioF())
        return moved

    def _set_view(self, view: View) -> None:
        if self._plane[0]:
            view = kept_near(view, *self._plane)
        self.view = view
        self._resting = False
        self._rest.start()
        self.update()
        self.view_changed.emit(view)

    @Slot()
    def _at_rest(self) -> None:
        self._resting = True
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fits:
            self.fit()
        if not self._fits or not self._plane[0]:
            self._set_view(self.view.resized(self.width(), self.height(), self.devicePixelRatioF()))
