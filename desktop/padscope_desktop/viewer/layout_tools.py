"""What the left button does while a layout is made: choose, move and pull pads; draw one; show a mark."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter

from padscope.boards.layout import Layout
from padscope.boards.layout_edit import moved, resized, with_changed, with_fiducial
from padscope_desktop.viewer.layout_layer import CATCH, LayoutLayer, Scene, handle_points
from padscope_desktop.viewer.tools import Px, Tool
from padscope_desktop.viewer.view import View

DRAG_PX = 4.0
"""Logical px that a click may wander."""
PAD_SLACK = 6.0
LEAST_UM = 5.0
"""No pad is narrower."""
STEPS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
FAR = 10.0
"""Times as far with Shift."""
MANY = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class Hands(Protocol):
    """What a tool asks of whoever owns the layout."""

    def view(self) -> View: ...
    def choose(self, pads: list[str], mark: str | None = None) -> None: ...
    def commit(self, what: str, change: Callable[[Layout], Layout]) -> None: ...
    def drawn(self, corners: np.ndarray) -> None: ...
    def pointed(self, at: Px, radius_px: float | None) -> None: ...
    def zoom_to(self, pad: str) -> None: ...


@dataclass
class _Pull:
    """A drag under way: from where, and what it does to the layout for a way in µm or for a point in µm."""

    start: Px
    what: str
    change: Callable[[Px], Callable[[Layout], Layout]]
    moving: bool = False


class SelectTool(Tool):
    """Click chooses, with Ctrl or Shift more than one; a drag on a pad moves all that are chosen, a drag on a handle pulls
    that side, a drag on nothing chooses what it encloses."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, layer: LayoutLayer, hands: Hands) -> None:
        self._layer = layer
        self._hands = hands
        self._pull: _Pull | None = None
        self._band: Px | None = None
        self._before: Scene | None = None
        self._twice: str | None = None  # the pad that was pressed twice

    def press(self, at: Px, event: QMouseEvent) -> None:
        scene = self._layer.scene
        if scene is None:
            return
        self._before = scene
        handle = self._handle_at(at)
        if handle is not None:
            self._pull = _Pull(at, "resize", lambda to: _resize(scene, handle, to), moving=True)
            return
        pad, mark = self._pad_at(at), self._mark_at(at)
        many = bool(event.modifiers() & MANY)
        if mark is not None and pad is None:
            self._hands.choose([], mark)
            self._pull = _Pull(at, "move fiducial", lambda to: _move_mark(scene, mark, at, to))
        elif pad is not None:
            chosen = list(scene.chosen)
            if many:
                chosen = [p for p in chosen if p != pad] if pad in chosen else [*chosen, pad]
            elif pad not in chosen:
                chosen = [pad]
            self._hands.choose(chosen)
            self._pull = _Pull(at, "move", lambda to: _move(scene, chosen, at, to))
        else:
            if not many:
                self._hands.choose([])
            self._band = at

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._band is not None:
            self._layer.rubber = _box(self._band, at), False
        pull, before = self._pull, self._before
        if pull is None or before is None:
            return
        far = math.dist(at, pull.start) * self._hands.view().scale
        pull.moving = pull.moving or far >= DRAG_PX
        if pull.moving:
            now = self._layer.scene or before
            self._layer.show_scene(
                Scene(pull.change(at)(before.layout), before.um_to_px, now.chosen, now.mark, before.wrong)
            )

    def release(self, at: Px, event: QMouseEvent) -> None:
        pull, band, self._pull, self._band = self._pull, self._band, None, None
        self._layer.rubber = None
        if band is not None and math.dist(at, band) * self._hands.view().scale >= DRAG_PX:
            (x0, y0), (x1, y1) = np.minimum(band, at).tolist(), np.maximum(band, at).tolist()
            kept = list(self._layer.scene.chosen) if self._layer.scene is not None and event.modifiers() & MANY else []
            self._hands.choose([*kept, *self._layer.pads_within(x0, y0, x1, y1)])
        twice, self._twice = self._twice, None
        if pull is not None and pull.moving and at != pull.start:
            self._hands.commit(pull.what, pull.change(at))
        elif pull is not None and twice is not None:
            self._hands.zoom_to(twice)

    def double_click(self, at: Px, event: QMouseEvent) -> None:
        """Zooms to the pad, unless it is pulled away: a hand may grab it right after choosing it."""
        self.press(at, event)
        self._twice = None if event.modifiers() & MANY else self._pad_at(at)

    def hover(self, at: Px | None) -> None:
        self.cursor = Qt.CursorShape.ArrowCursor
        if at is None or self._layer.scene is None:
            return
        if self._handle_at(at) is not None:
            self.cursor = Qt.CursorShape.SizeAllCursor
        elif self._pad_at(at) is not None or self._mark_at(at) is not None:
            self.cursor = Qt.CursorShape.PointingHandCursor

    def key(self, event: QKeyEvent, down: bool) -> bool:
        """The arrows nudge what is chosen by 1 µm, with Shift by 10."""
        scene, step = self._layer.scene, STEPS.get(Qt.Key(event.key()))
        if step is None or scene is None or not scene.chosen:
            return False
        if down:
            far = FAR if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            chosen, (dx, dy) = scene.chosen, step
            self._hands.commit(
                "nudge", lambda layout: with_changed(layout, lambda p: moved(p, dx * far, dy * far), chosen)
            )
        return True

    def abandon(self) -> bool:
        going = self._pull is not None or self._band is not None
        if self._pull is not None and self._before is not None:
            self._layer.show_scene(self._before)
        self._pull = self._band = self._before = self._twice = None
        self._layer.rubber = None
        return going

    def _pad_at(self, at: Px) -> str | None:
        return self._layer.pad_at(*at, PAD_SLACK / self._hands.view().scale)

    def _mark_at(self, at: Px) -> str | None:
        scene = self._layer.scene
        if scene is None:
            return None
        for f in scene.layout.fiducials:
            x, y = scene.um_to_px.apply(np.array([f.x_um, f.y_um]))
            if math.dist(at, (x, y)) <= max(f.diameter_um / 2 * scene.um_to_px.scale, CATCH / self._hands.view().scale):
                return f.name
        return None

    def _handle_at(self, at: Px) -> tuple[int, int] | None:
        scene = self._layer.scene
        if scene is None or len(scene.chosen) != 1 or scene.chosen[0] not in scene.layout.pad:
            return None
        view = self._hands.view()
        here = view.to_screen(np.array(at))
        points = handle_points(scene.layout.pad[scene.chosen[0]], scene.um_to_px, view)
        near = [(float(np.hypot(*(p - here))), h) for h, p in points.items()]
        near = [n for n in near if n[0] <= CATCH]
        return min(near)[1] if near else None


class PadTool(Tool):
    """A drag is a pad, along the board's own axes."""

    def __init__(self, layer: LayoutLayer, hands: Hands) -> None:
        self._layer = layer
        self._hands = hands
        self._start: Px | None = None

    def press(self, at: Px, event: QMouseEvent) -> None:
        self._start = at

    def drag(self, at: Px, event: QMouseEvent) -> None:
        corners = self._corners(at)
        if corners is not None and self._layer.scene is not None:
            self._layer.rubber = self._layer.scene.um_to_px.apply(corners), True

    def release(self, at: Px, event: QMouseEvent) -> None:
        corners = self._corners(at)
        self.abandon()
        if corners is not None:
            self._hands.drawn(corners)

    def abandon(self) -> bool:
        going, self._start, self._layer.rubber = self._start is not None, None, None
        return going

    def _corners(self, at: Px) -> np.ndarray | None:
        """(4, 2) board µm; None for a click."""
        scene = self._layer.scene
        if self._start is None or scene is None or math.dist(at, self._start) * self._hands.view().scale < DRAG_PX:
            return None
        a, b = scene.um_to_px.inverse().apply(np.array([self._start, at]))
        (x0, y0), (x1, y1) = np.minimum(a, b), np.maximum(a, b)
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) if min(x1 - x0, y1 - y0) >= LEAST_UM else None


class MarkTool(Tool):
    """A click means the round mark under it; a drag from a centre to a rim draws one."""

    def __init__(self, layer: LayoutLayer, hands: Hands) -> None:
        self._layer = layer
        self._hands = hands
        self._start: Px | None = None

    def press(self, at: Px, event: QMouseEvent) -> None:
        self._start = at

    def drag(self, at: Px, event: QMouseEvent) -> None:
        if self._start is not None:
            self._layer.ring = (*self._start, math.dist(at, self._start))

    def release(self, at: Px, event: QMouseEvent) -> None:
        start = self._start
        self.abandon()
        if start is not None:
            radius = math.dist(at, start)
            self._hands.pointed(start, radius if radius * self._hands.view().scale >= DRAG_PX else None)

    def abandon(self) -> bool:
        going, self._start, self._layer.ring = self._start is not None, None, None
        return going

    def paint(self, painter: QPainter, view: View) -> None: ...


def _move(scene: Scene, pads: list[str], start: Px, to: Px) -> Callable[[Layout], Layout]:
    a, b = scene.um_to_px.inverse().apply(np.array([start, to]))
    dx, dy = (b - a).tolist()
    return lambda layout: with_changed(layout, lambda p: moved(p, dx, dy), pads)


def _move_mark(scene: Scene, name: str, start: Px, to: Px) -> Callable[[Layout], Layout]:
    a, b = scene.um_to_px.inverse().apply(np.array([start, to]))
    dx, dy = (b - a).tolist()

    def change(layout: Layout) -> Layout:
        f = next(f for f in layout.fiducials if f.name == name)
        return with_fiducial(layout, type(f)(f.name, f.x_um + dx, f.y_um + dy, f.diameter_um))

    return change


def _resize(scene: Scene, handle: tuple[int, int], to: Px) -> Callable[[Layout], Layout]:
    name = scene.chosen[0]
    pad = scene.layout.pad[name]
    anchor = np.array([-handle[0], -handle[1]], dtype=np.float64)
    fixed = pad.axes @ (anchor / 2 * (pad.w_um, pad.h_um)) + (pad.x_um, pad.y_um)
    u, v = (scene.um_to_px.inverse().apply(np.array(to)) - fixed) @ pad.axes
    w = max(float(u) * handle[0], LEAST_UM) if handle[0] else pad.w_um
    h = max(float(v) * handle[1], LEAST_UM) if handle[1] else pad.h_um
    return lambda layout: with_changed(layout, lambda p: resized(p, w, h, (float(anchor[0]), float(anchor[1]))), [name])


def _box(a: Px, b: Px) -> np.ndarray:
    (x0, y0), (x1, y1) = np.minimum(a, b), np.maximum(a, b)
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
