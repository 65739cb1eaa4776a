"""The ruler: draws measurements, takes them by a handle or by their line, and lets go of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from padscope.pictures.measures import KINDS, Measure, Point
from padscope_desktop.viewer.measure_layer import NEAR, MeasureLayer
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.view import View

LEAST = 3.0
"""Logical px that a line must be long: less was a click."""


@dataclass(frozen=True)
class Wishes:
    """What the tool wants of whoever keeps the measurements: `put` a new one (uid None) or a changed one, `remove` one; `chosen`
    says that another is chosen."""

    put: Callable[[str | None, Measure], None]
    remove: Callable[[str], None]
    chosen: Callable[[], None]


class MeasureTool(Tool):
    """`kind` is what is drawn next. Length and rectangle: press, drag, release, or click twice. Angle: three clicks. Polygon: a
    click per corner, the first corner again (or a double click, or Enter) closes it. Shift keeps a line at multiples of 45°."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, layer: MeasureLayer, scale: Callable[[], float], wishes: Wishes) -> None:
        self.kind = "length"
        self._layer = layer
        self._scale = scale  # logical px per picture px
        self._wishes = wishes
        self._points: list[Point] = []
        self._held: tuple[str, int, Measure, Point] | None = None  # uid, which point (-1: all), as it was, where taken
        self._pressed_at: Point | None = None

    def press(self, at: Px, event: QMouseEvent) -> None:
        slack = NEAR / self._scale()
        self._pressed_at = at
        if not self._points:
            handle = self._layer.handle_at(at, slack)
            body = handle[0] if handle is not None else self._layer.body_at(at, slack)
            if body is not None:
                self._choose(body)
                self._held = (body, handle[1] if handle is not None else -1, self._layer.measures[body], at)
                return
            self._choose(None)
            self._points = [at]
            self._draw(at)
            return
        self._points.append(self._straight(at, event))
        self._draw(self._points[-1])
        if self._closes(slack):
            del self._points[-1]
            self._finish()
        elif len(self._points) == KINDS[self.kind][1]:
            self._finish()

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._held is not None:
            uid, which, before, taken = self._held
            moved = [(x + at[0] - taken[0], y + at[1] - taken[1]) for x, y in before.points]
            points = tuple(
                m if which in (-1, i) else p for i, (p, m) in enumerate(zip(before.points, moved, strict=True))
            )
            self._layer.measures[uid] = Measure(before.kind, points)
        elif self._points:
            self._draw(self._straight(at, event))

    def release(self, at: Px, event: QMouseEvent) -> None:
        if self._held is not None:
            uid, _, before, _ = self._held
            self._held = None
            if self._layer.measures[uid] != before:
                self._wishes.put(uid, self._layer.measures[uid])
        elif len(self._points) == 1 and self.kind in ("length", "rectangle") and self._pressed_at is not None:
            end = self._straight(at, event)
            if math.dist(end, self._pressed_at) * self._scale() >= LEAST:
                self._points.append(end)
                self._finish()

    def double_click(self, at: Px, event: QMouseEvent) -> None:
        if self.kind == "polygon" and self._points:
            self._finish()
        else:
            self.press(at, event)

    def hover(self, at: Px | None) -> None:
        if self._points and at is not None:
            self._draw(at)

    def key(self, event: QKeyEvent, down: bool) -> bool:
        key = event.key()
        if not down or key not in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            return False
        if len(self._points) > 1:
            del self._points[-1]
            self._draw(self._points[-1])
        elif self._points:
            self.abandon()
        elif self._layer.chosen is not None:
            self._wishes.remove(self._layer.chosen)
        return True

    def finish(self) -> bool:
        """Enter: close the polygon that is being drawn; False where none is."""
        if self.kind != "polygon" or not self._points:
            return False
        self._finish()
        return True

    def abandon(self) -> bool:
        under_way = bool(self._points) or self._held is not None
        if self._held is not None:
            self._layer.measures[self._held[0]] = self._held[2]
        self._points, self._held, self._layer.draft = [], None, None
        return under_way

    def paint(self, painter: QPainter, view: View) -> None:
        """The layer paints what is drawn."""

    def _choose(self, uid: str | None) -> None:
        self._layer.chosen = uid
        self._wishes.chosen()

    def _draw(self, to: Point) -> None:
        self._layer.draft = (self.kind, (*self._points, to))

    def _straight(self, at: Point, event: QMouseEvent) -> Point:
        """With Shift, along the nearest multiple of 45° from the point before."""
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier or not self._points:
            return at
        x, y = self._points[-1]
        turn = round(math.atan2(at[1] - y, at[0] - x) / (math.pi / 4)) * math.pi / 4
        along = (at[0] - x) * math.cos(turn) + (at[1] - y) * math.sin(turn)
        return x + along * math.cos(turn), y + along * math.sin(turn)

    def _closes(self, slack_px: float) -> bool:
        points = self._points
        return self.kind == "polygon" and len(points) > 3 and math.dist(points[0], points[-1]) <= slack_px

    def _finish(self) -> None:
        points, self._points, self._layer.draft = self._points, [], None
        least = LEAST / self._scale() / 4
        kept = [p for i, p in enumerate(points) if i == 0 or math.dist(p, points[i - 1]) > least]
        if len(kept) >= KINDS[self.kind][0]:
            self._wishes.put(None, Measure(self.kind, tuple(kept)))
