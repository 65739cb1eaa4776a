"""A layout in the making, over the picture: its pads, their wires, its fiducials, what is chosen and where it can be pulled."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QTransform

from padscope.boards.layout import Layout, Pad, Wire
from padscope.types import Affine
from padscope_desktop.theme import VerdictStyle
from padscope_desktop.viewer.pad_layer import UNDER, PadLayer, PadMark
from padscope_desktop.viewer.pad_shape import FootMark, PadShape, Points, pad_at
from padscope_desktop.viewer.view import View

ACCENT = QColor("#5B9BF8")
PLAIN = VerdictStyle("#FFFFFF", 1.5, Qt.PenStyle.SolidLine, False, "", "", "")
CHOSEN = VerdictStyle("#5B9BF8", 2.5, Qt.PenStyle.SolidLine, False, "", "", "")
WRONG = VerdictStyle("#D55E00", 2.5, Qt.PenStyle.DashLine, False, "!", "", "")
HANDLE = 9.0
"""Logical px of a handle's side; it can be caught from `CATCH` px away."""
CATCH = 10.0
HANDLES = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))
"""In halves of the pad's own frame."""
HANDLE_ROOM = 44.0
"""Logical px of a pad's narrower side below which its long sides carry no handle in their middle."""


@dataclass
class Scene:
    """What is painted; `um_to_px` is None while nothing is known of where the layout lies."""

    layout: Layout
    um_to_px: Affine
    chosen: tuple[str, ...] = ()
    mark: str | None = None
    wrong: Collection[str] = ()


def shape_of(pad: Pad, um_to_px: Affine) -> PadShape:
    return PadShape(pad.id, um_to_px.apply(pad.corners_um))


def handle_points(pad: Pad, um_to_px: Affine, view: View) -> dict[tuple[int, int], Points]:
    """Screen points of the handles that there is room for; a polygon has none."""
    if pad.polygon_um is not None:
        return {}
    corners = view.to_screen(um_to_px.apply(pad.corners_um))
    narrow = min(np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[2] - corners[1])))
    some = (
        HANDLES if narrow >= HANDLE_ROOM else [h for h in HANDLES if 0 not in h or h[0 if pad.w_um > pad.h_um else 1]]
    )
    half = np.array([pad.w_um, pad.h_um]) / 2
    return {h: view.to_screen(um_to_px.apply(pad.axes @ (np.array(h) * half) + (pad.x_um, pad.y_um))) for h in some}


class LayoutLayer:
    """A `Layer` of the canvas."""

    def __init__(self) -> None:
        self.visible = False
        self.font = QFont()
        self.rubber: tuple[Points, bool] | None = None  # (4, 2) px of what is being drawn; True: a pad, False: a choice
        self.ring: tuple[float, float, float] | None = None  # a circle that is being drawn, px
        self._scene: Scene | None = None
        self._pads = PadLayer()
        self._shapes: dict[Pad, PadShape] = {}
        self._pose: Affine | None = None

    @property
    def scene(self) -> Scene | None:
        return self._scene

    def show_scene(self, scene: Scene | None) -> None:
        self._scene = scene
        if scene is None:
            self._pads.set_marks(())
            return
        if scene.um_to_px != self._pose:
            self._shapes, self._pose = {}, scene.um_to_px
        shapes = {p: self._shapes.get(p) or shape_of(p, scene.um_to_px) for p in scene.layout.pads}
        self._shapes = shapes
        chosen = set(scene.chosen)
        marks = []
        for pad, shape in shapes.items():
            style = CHOSEN if pad.id in chosen else WRONG if pad.id in scene.wrong else PLAIN
            feet = tuple(_foot(w.x_um, w.y_um, w.foot_um, w.direction_deg, scene.um_to_px) for w in _wires(scene, pad))
            marks.append(PadMark(shape, style, feet))
        self._pads.set_marks(sorted(marks, key=lambda m: m.style is not PLAIN))

    def pad_at(self, x: float, y: float, slack_px: float) -> str | None:
        return pad_at(self._shapes.values(), x, y, slack_px)

    def pads_within(self, x0: float, y0: float, x1: float, y1: float) -> list[str]:
        """Those that lie wholly in the box, px."""
        return [
            s.name
            for s in self._shapes.values()
            if s.bounds[0] >= x0 and s.bounds[1] >= y0 and s.bounds[2] <= x1 and s.bounds[3] <= y1
        ]

    def bounds_of(self, name: str) -> tuple[float, float, float, float] | None:
        return self._pads.bounds_of(name)

    def paint(self, painter: QPainter, view: View) -> None:
        scene = self._scene
        if scene is not None:
            s = view.scale
            painter.save()
            painter.setTransform(
                QTransform(s, 0, 0, s, view.width / 2 - view.cx * s, view.height / 2 - view.cy * s), True
            )
            self._pads.selected = scene.chosen[0] if len(scene.chosen) == 1 else None
            deque(self._pads.line_steps(painter, view), maxlen=0)
            self._pads.paint_chosen(painter, view)
            painter.restore()
            deque(self._pads.letter_steps(painter, view, self.font), maxlen=0)
            self._pads.paint_chosen_letters(painter, view, self.font)
            self._paint_fiducials(painter, view, scene)
            if len(scene.chosen) == 1 and scene.chosen[0] in scene.layout.pad:
                _paint_handles(painter, handle_points(scene.layout.pad[scene.chosen[0]], scene.um_to_px, view))
        if self.rubber is not None:
            corners, drawn = self.rubber
            dash = Qt.PenStyle.SolidLine if drawn else Qt.PenStyle.DashLine
            _outlined(painter, [QPointF(*p) for p in view.to_screen(corners).tolist()], ACCENT, 2.0, dash)
        if self.ring is not None:
            x, y, radius = self.ring
            _circled(painter, view.to_screen(np.array([x, y])), radius * view.scale, ACCENT, 2.0)

    def _paint_fiducials(self, painter: QPainter, view: View, scene: Scene) -> None:
        metrics = QFontMetricsF(self.font)
        painter.setFont(self.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for f in scene.layout.fiducials:
            at = view.to_screen(scene.um_to_px.apply(np.array([f.x_um, f.y_um])))
            radius = max(f.diameter_um / 2 * scene.um_to_px.scale * view.scale, 4.0)
            chosen = f.name == scene.mark
            colour = ACCENT if chosen else QColor("white")
            _circled(painter, at, radius, colour, 2.5 if chosen else 1.5)
            for dx, dy in ((5, 0), (0, 5)):
                painter.drawLine(QPointF(at[0] - dx, at[1] - dy), QPointF(at[0] + dx, at[1] + dy))
            box = QRectF(0, 0, metrics.horizontalAdvance(f.name) + 8, metrics.height())
            box.moveCenter(QPointF(at[0], at[1] + radius + 6 + box.height() / 2))
            painter.setPen(QPen(UNDER, 1))
            painter.setBrush(colour)
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(QColor("#101010"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f.name)


def _wires(scene: Scene, pad: Pad) -> tuple[Wire, ...]:
    return scene.layout.wires_of[pad.id]


def _foot(x: float, y: float, foot_um: tuple[float, float], direction: float, um_to_px: Affine) -> FootMark:
    across, along = foot_um
    corners = um_to_px.apply(Pad("", x, y, along, across, direction).corners_um)
    return FootMark(corners, corners)


def _paint_handles(painter: QPainter, points: dict[tuple[int, int], Points]) -> None:
    painter.setPen(QPen(QColor("#101010"), 1))
    painter.setBrush(QBrush(QColor("white")))
    for x, y in points.values():
        painter.drawRect(QRectF(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE))


def _outlined(
    painter: QPainter, corners: list[QPointF], colour: QColor, width: float, dash: Qt.PenStyle = Qt.PenStyle.SolidLine
) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(UNDER, width + 2), QPen(colour, width, dash)):
        painter.setPen(pen)
        painter.drawPolygon(corners)


def _circled(painter: QPainter, at: Points, radius: float, colour: QColor, width: float) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(UNDER, width + 2), QPen(colour, width)):
        painter.setPen(pen)
        painter.drawEllipse(QPointF(*at), radius, radius)
