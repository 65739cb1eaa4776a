"""The widget in the middle: layers over one picture, pan and zoom to the cursor, and what a person points at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from padscope_desktop.viewer import overlays
from padscope_desktop.viewer.layers import Layers
from padscope_desktop.viewer.look import WHOLE_SPAN, Look, Span
from padscope_desktop.viewer.pad_layer import PadMark
from padscope_desktop.viewer.still import Still
from padscope_desktop.viewer.tiles import Pixels
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.trackpad import pinch_of, slide_of
from padscope_desktop.viewer.view import View
from padscope_desktop.viewer.viewport import NOTCH, Viewport

SLACK = 6.0
"""Logical px by which a click may miss a narrow pad."""
PAD_ROOM = 3.0
"""A pad that is zoomed to fills about a third of the canvas, so that its neighbours stay in sight."""


class Canvas(Viewport):
    """Signals: cursor_moved((x, y) px or None) · pad_clicked(name or None) · pad_double_clicked(name) ·
    point_clicked((x, y) px), only while picking · tool_changed() · scale_changed() · picture_changed(), also when more of it
    arrives · and those of Viewport."""

    cursor_moved = Signal(object)
    pad_clicked = Signal(object)
    pad_double_clicked = Signal(str)
    point_clicked = Signal(object)
    tool_changed = Signal()
    scale_changed = Signal()
    selected_changed = Signal(object)
    picture_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers = Layers()
        self.picture, self.heat = self.layers.picture, self.layers.heat
        self.pads, self.marks = self.layers.pads, self.layers.marks
        self.tool: Tool | None = None
        self._in_tool = False  # the left button is down, and the tool's
        self._over_tool = True  # the cursor is where the left button is the tool's
        self.still = Still(self.picture, self.update, self)
        self.overlays_visible = True
        self._patient = False
        self._unfinished = False
        self._go_on = QTimer(self, interval=0, singleShot=True)
        self._go_on.timeout.connect(self.update)
        self._um_per_px: float | None = None
        self._overview: QImage | None = None
        self._ground = QColor("#1B1B1B")
        self._accent = QColor("#5B9BF8")
        self._picking = False
        self._drag: tuple[QPointF, View] | None = None
        self._in_overview = False
        self._pressed: QPointF | None = None
        self._space = False
        self.pointed_at: QPointF | None = None  # where the cursor was seen last
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Picture")

    # What is shown

    def set_colours(self, ground: str, accent: str) -> None:
        self._ground, self._accent = QColor(ground), QColor(accent)
        self.update()

    def set_picture(self, width: int, height: int, levels: Sequence[Pixels], span: Span = WHOLE_SPAN) -> None:
        """A new picture of width × height px, fitted; its levels may arrive later through `set_levels`. `span`: the values that
        are black and white."""
        self.picture.set_picture(width, height, levels, span)
        self.heat.set_level(None)
        self.pads.set_marks(())
        self.pads.hovered = self.pads.selected = None
        self.marks.points = {}
        self._um_per_px = None
        self.layers.forget()
        self.set_size(width, height)
        self._renew_overview()
        self.picture_changed.emit()

    def set_levels(self, levels: Sequence[Pixels], span: Span = WHOLE_SPAN) -> None:
        """More of the same picture: place and zoom stay."""
        self.picture.set_levels(levels, span)
        self._renew_overview()
        self.picture_changed.emit()
        self.update()

    def set_look(self, look: Look) -> None:
        """Brightness, contrast and gamma; kept from picture to picture."""
        self.picture.set_look(look)
        self._renew_overview()
        self.update()

    def set_patient(self, patient: bool) -> None:
        """Paint everything whole, however long it takes: for a copy of the view."""
        self._patient = patient
        self.still.set_patient(patient)

    @property
    def settled(self) -> bool:
        """At rest, with everything painted as well as it can be."""
        if not self.picture.shows_something:
            return True
        return self.at_rest and self.still.complete(self.view) and not self._unfinished

    def repaint_overlays(self) -> None:
        """Something that lies over the picture, and was kept while it moved, looks different."""
        self.layers.changed()
        self._unfinished = self.overlays_visible
        self.update()

    def _renew_overview(self) -> None:
        image = self.picture.overview(int(overlays.OVERVIEW_LONGEST * 2))
        self._overview = image and overlays.overview_image(image, *self._plane, self.devicePixelRatioF())

    @property
    def um_per_px(self) -> float | None:
        return self._um_per_px

    def set_scale(self, um_per_px: float | None) -> None:
        self._um_per_px = um_per_px
        self.scale_changed.emit()
        self.update()

    def set_level(self, level: NDArray[np.float32] | None) -> None:
        self.heat.set_level(level)
        self.repaint_overlays()

    def set_factor(self, factor: float) -> None:
        self.heat.set_factor(factor)
        self.repaint_overlays()

    def set_heat_opacity(self, opacity: float) -> None:
        self.heat.opacity = opacity
        self.repaint_overlays()

    def set_marks(self, marks: Sequence[PadMark]) -> None:
        self.pads.set_marks(marks)
        self.repaint_overlays()

    def set_selected(self, pad: str | None) -> None:
        self.pads.selected = pad
        self.selected_changed.emit(pad)
        self.update()

    def set_points(self, points: dict[str, tuple[float, float]]) -> None:
        self.marks.points = dict(points)
        self.update()

    def set_visible(self, *, heat: bool, pads: bool, feet: bool) -> None:
        self.heat.visible, self.pads.visible, self.pads.feet_visible = heat, pads, feet
        self.repaint_overlays()

    def set_overlays_visible(self, visible: bool) -> None:
        """All of them at once, each remembering whether it was on."""
        self.overlays_visible = visible
        self.update()

    def set_picking(self, picking: bool) -> None:
        """While picking, a click is a point and not a choice of a pad."""
        self._picking = picking
        self._show_cursor()

    def set_tool(self, tool: Tool | None) -> None:
        """Whose the left button is from now on; None gives it back to moving the picture and choosing pads."""
        if tool is self.tool:
            return
        if self.tool is not None:
            self.tool.abandon()
            self.tool.hover(None)
        self.tool, self._in_tool, self._over_tool = tool, False, True
        self.tool_changed.emit()
        self._show_cursor()
        self.update()

    # Pads

    def zoom_to_pad(self, name: str) -> None:
        bounds = self.pads.bounds_of(name)
        if bounds is not None:
            x0, y0, x1, y1 = bounds
            half = max(x1 - x0, y1 - y0) / 2
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            self.fit_bounds((x - half, y - half, x + half, y + half), PAD_ROOM / 2)

    def reveal_pad(self, name: str) -> None:
        """Bring a pad into sight without changing the zoom; one that is seen whole already stays where it is."""
        bounds = self.pads.bounds_of(name)
        if bounds is None:
            return
        x0, y0, x1, y1 = self.view.visible
        if not (x0 <= bounds[0] and y0 <= bounds[1] and bounds[2] <= x1 and bounds[3] <= y1):
            self.centre_on((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)

    # Pointing

    @property
    def _acting(self) -> bool:
        """The left button is the tool's: there is one, and nothing more urgent."""
        return self.tool is not None and not self._picking and not self._space

    def _point(self, position: QPointF) -> Px:
        return self.view.to_picture(position.x(), position.y())

    def _pad_under(self, position: QPointF) -> str | None:
        if not self.overlays_visible:
            return None
        return self.pads.at(*self._point(position), SLACK / self.view.scale)

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.ArrowCursor
        if self._drag is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._picking:
            shape = Qt.CursorShape.CrossCursor
        elif self.tool is not None and self._over_tool:
            shape = self.tool.cursor
        elif self.pads.hovered is not None:
            shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    def _tool_takes(self, position: QPointF) -> bool:
        """The left button there is the tool's."""
        return self._acting and self.tool is not None and self.tool.takes(self._point(position))

    def _hover(self, position: QPointF | None) -> None:
        if self._acting:
            assert self.tool is not None
            self.tool.hover(self._point(position) if position is not None else None)
            self._over_tool = position is None or self._tool_takes(position)
            self.update()
            if self._over_tool:
                self._show_cursor()
                return
        under = None if position is None or self._picking else self._pad_under(position)
        if under != self.pads.hovered:
            self.pads.hovered = under
            self.update()
        self._show_cursor()

    def _look_from_overview(self, position: QPointF) -> None:
        box = overlays.overview_box(self.picture.width, self.picture.height, self.view)
        if box is not None:
            self.centre_on(
                (position.x() - box.x()) / box.width() * self.picture.width,
                (position.y() - box.y()) / box.height() * self.picture.height,
            )

    # Qt overrides

    def sizeHint(self) -> QSize:
        return QSize(800, 600)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt sends this in place of a second press that follows quickly: for most tools it is a press like any other."""
        self._press(event, twice=True)

    def _press(self, event: QMouseEvent, twice: bool = False) -> None:
        if not self.picture.width:
            return
        position = event.position()
        box = overlays.overview_box(self.picture.width, self.picture.height, self.view)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and self._overview is not None and box is not None and box.contains(position):
            self._in_overview = True
            self._look_from_overview(position)
        elif event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._drag = (position, self.view)
            self._show_cursor()
        elif left and self.tool is not None and self._tool_takes(position):
            self._in_tool = True
            (self.tool.double_click if twice else self.tool.press)(self._point(position), event)
            self.update()
        elif left and twice and not self._picking and (under := self._pad_under(position)) is not None:
            self.pad_double_clicked.emit(under)
        elif left:
            self._pressed = position

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = self.pointed_at = event.position()
        if self._in_overview:
            self._look_from_overview(position)
        elif self._in_tool and self.tool is not None:
            self.tool.drag(self._point(position), event)
            self.update()
        elif self._drag is not None:
            start, view = self._drag
            self._fits = False
            self._set_view(view.dragged(position.x() - start.x(), position.y() - start.y()))
        elif self._pressed is not None:
            way = position - self._pressed
            if way.manhattanLength() >= QApplication.startDragDistance():
                self._drag, self._pressed = (self._pressed, self.view), None
                self.mouseMoveEvent(event)
        else:
            self._hover(position)
        self.cursor_moved.emit(self._point(position) if self.picture.width else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._in_overview = False
        pressed, self._pressed = self._pressed, None
        if self._in_tool and event.button() == Qt.MouseButton.LeftButton:
            self._in_tool = False
            if self.tool is not None:
                self.tool.release(self._point(event.position()), event)
                self.update()
        elif self._drag is not None:
            self._drag = None
        elif pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            if self._picking:
                self.point_clicked.emit(self._point(event.position()))
            else:
                self.pad_clicked.emit(self._pad_under(event.position()))
        self._hover(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        position = event.position()
        if self.tool is not None and self._acting and self.tool.wheel(self._point(position), event):
            self.update()
            event.accept()
            return
        slid = slide_of(event)
        if slid is not None:
            self.slide(slid.x(), slid.y())
            event.accept()
            return
        turned = event.angleDelta().y() or event.angleDelta().x()
        self.zoom_by(NOTCH ** (turned / 120), (position.x(), position.y()))
        if self._drag is not None:
            self._drag = (position, self.view)  # wheel in mid-drag: go on from here
        if self.picture.width:
            self.cursor_moved.emit(self._point(position))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self.picture.width:
            factor, at = pinch_of(event), event.position()
            if factor is not None:
                self.zoom_by(factor, (at.x(), at.y()))
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = True
                self._show_cursor()
            return
        if self.tool is not None and self.tool.key(event, True):
            self.update()
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space = False
                self._show_cursor()
            return
        if self.tool is not None and self.tool.key(event, False):
            self.update()
            return
        super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.pointed_at = event.position()
        self._hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed_at = None
        self._hover(None)
        self.cursor_moved.emit(None)

    def hideEvent(self, event: QHideEvent) -> None:
        self.layers.forget()  # no painter may be left open on an image when the window goes
        super().hideEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.keep_up_with_screen():
            self._renew_overview()
        painter = QPainter(self)
        if self.picture.shows_something:
            self._paint(painter)
        else:
            painter.fillRect(self.rect(), self._ground)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        view = self.view
        self.still.paint(painter, view, self.at_rest, self._ground)
        if self.overlays_visible:
            done = self.layers.paint_overlays(painter, view, self.font(), patient=self._patient)
            self._unfinished = not done
            if not done:
                self._go_on.start()
        if self.tool is not None and not self._picking:
            painter.save()
            self.tool.paint(painter, view)
            painter.restore()
        self.marks.paint(painter, view, self.font(), self._accent)
        overlays.paint_scale_bar(painter, self._um_per_px, view, self.font())
        box = overlays.overview_box(self.picture.width, self.picture.height, view)
        if box is not None and self._overview is not None:
            overlays.paint_overview(
                painter, box, self._overview, self.picture.width, self.picture.height, view, self._accent
            )
