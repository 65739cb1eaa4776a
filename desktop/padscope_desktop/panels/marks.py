"""When the board was not found: two or three clicks on its marks show where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from padscope.boards.layout import Layout
from padscope_desktop.panels.parts import button, label
from padscope_desktop.quantities import number
from padscope_desktop.theme import Theme

FEWEST, MOST = 2, 3


@dataclass(frozen=True)
class Target:
    """What to click: a fiducial by its name, or a pad's corner as PAD/n; where it lies in the layout, µm."""

    name: str
    what: str
    x_um: float
    y_um: float


def targets(layout: Layout) -> tuple[Target, ...]:
    """Fiducials, or corners of pads where there are fewer than two; far apart first, because that places the board best."""
    found = [Target(f.name, f"the centre of fiducial {f.name}", f.x_um, f.y_um) for f in layout.fiducials]
    if len(found) < FEWEST:
        found = _outer_corners(layout)
    order: list[Target] = []
    if len(found) >= 2:
        order = list(max(combinations(found, 2), key=lambda p: _apart(*p)))
    while rest := [t for t in found if t not in order]:
        order.append(max(rest, key=lambda t: min((_apart(t, o) for o in order), default=0.0)))
    return tuple(order)


def _outer_corners(layout: Layout) -> list[Target]:
    """The pad corners farthest out along the four diagonals."""
    corners = [
        Target(f"{p.id}/{i + 1}", f"the {_side(p.corners_um, i)} corner of pad {p.id}", float(x), float(y))
        for p in layout.pads
        for i, (x, y) in enumerate(p.corners_um)
    ]
    best = {max(corners, key=lambda t: t.x_um * sx + t.y_um * sy) for sx in (-1, 1) for sy in (-1, 1)}
    return sorted(best, key=lambda t: t.name)


def _side(corners: np.ndarray, i: int) -> str:
    return place_words(*(corners[i] - corners.mean(axis=0)))


def place_words(dx: float, dy: float) -> str:
    return f"{'upper' if dy < 0 else 'lower'} {'left' if dx < 0 else 'right'}"


def _apart(a: Target, b: Target) -> float:
    return float(np.hypot(a.x_um - b.x_um, a.y_um - b.y_um))


class BoardSketch(QWidget):
    """The layout, small, with the mark to click."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._layout: Layout | None = None
        self._target: Target | None = None
        self.setFixedSize(QSize(120, 88))

    def show_target(self, layout: Layout, target: Target | None) -> None:
        self._layout, self._target = layout, target
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._layout is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(self.rect(), QColor(self.theme.base))
        x0, y0, x1, y1 = self._layout.bounds_um
        scale = min((self.width() - 16) / max(x1 - x0, 1), (self.height() - 16) / max(y1 - y0, 1))
        left, top = (self.width() - (x1 - x0) * scale) / 2, (self.height() - (y1 - y0) * scale) / 2

        def place(x: float, y: float) -> QPointF:
            return QPointF(left + (x - x0) * scale, top + (y - y0) * scale)

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.dim))
        for pad in self._layout.pads:
            low, high = pad.corners_um.min(axis=0), pad.corners_um.max(axis=0)
            painter.drawRect(QRectF(place(*low), place(*high)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.theme.dim), 1))
        for mark in self._layout.fiducials:
            painter.drawEllipse(place(mark.x_um, mark.y_um), 3, 3)
        if self._target is not None:
            painter.setPen(QPen(QColor(self.theme.accent), 2.5))
            painter.drawEllipse(place(self._target.x_um, self._target.y_um), 6, 6)


class MarksBar(QFrame):
    """Leads through the clicks. Signals: points_changed(dict name -> (x, y) px) · ready(the same) · closed()."""

    points_changed = Signal(object)
    ready = Signal(object)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._layout: Layout | None = None
        self._targets: tuple[Target, ...] = ()
        self._at = 0
        self._points: dict[str, tuple[float, float]] = {}
        self.sketch = BoardSketch(theme)
        self.words = label(bold=True, wrap=True)
        self.hint = label(dim=True, wrap=True)
        self.undo = button("Undo")
        self.skip = button("Not visible, skip")
        self.go = button("Find the board", primary=True)
        self.cancel = button("Cancel")
        for made, act in (
            (self.undo, self.take_back),
            (self.skip, self._on_skip),
            (self.go, self._on_go),
            (self.cancel, self.closed),
        ):
            made.clicked.connect(act)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for made in (self.undo, self.skip, self.cancel, self.go):
            buttons.addWidget(made)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(4)
        for part in (self.words, self.hint):
            column.addWidget(part)
        column.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(16)
        row.addWidget(self.sketch)
        row.addLayout(column, 1)
        self.hide()

    @property
    def active(self) -> bool:
        return self._layout is not None

    @property
    def points(self) -> Mapping[str, tuple[float, float]]:
        return dict(self._points)

    def begin(self, layout: Layout) -> None:
        self._layout, self._targets, self._at, self._points = layout, targets(layout), 0, {}
        self.show()
        self._say()

    def end(self) -> None:
        self._layout, self._points = None, {}
        self.hide()

    def add_point(self, point: tuple[float, float]) -> None:
        """A click in the picture, px."""
        target = self._target
        if target is not None and len(self._points) < MOST:
            self._points[target.name] = point
            self._at += 1
            self._say()

    @Slot()
    def take_back(self) -> None:
        if self._points:
            last = next(reversed(self._points))
            del self._points[last]
            self._at = next(i for i, t in enumerate(self._targets) if t.name == last)
            self._say()

    @property
    def _target(self) -> Target | None:
        return self._targets[self._at] if self._at < len(self._targets) and len(self._points) < MOST else None

    @Slot()
    def _on_skip(self) -> None:
        self._at += 1
        self._say()

    @Slot()
    def _on_go(self) -> None:
        self.ready.emit(self.points)

    def _say(self) -> None:
        layout, target, n = self._layout, self._target, len(self._points)
        if layout is None:
            return
        self.sketch.show_target(layout, target)
        if target is not None:
            x0, y0, x1, y1 = layout.bounds_um
            where = place_words(target.x_um - (x0 + x1) / 2, target.y_um - (y0 + y1) / 2)
            self.words.setText(f"Click {target.what}, {where} of the board")
        else:
            self.words.setText("That is enough" if n >= FEWEST else "Two marks are needed: take back, or cancel")
        self.hint.setText(
            f"{number(n)} of {FEWEST} or {MOST} marks. Zoom in for a good aim; the pads refine it."
            if n < MOST
            else "The pads refine it."
        )
        self.undo.setEnabled(n > 0)
        self.skip.setEnabled(target is not None and self._at + 1 < len(self._targets))
        self.go.setEnabled(n >= FEWEST)
        self.points_changed.emit(self.points)
