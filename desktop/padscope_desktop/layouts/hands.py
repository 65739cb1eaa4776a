"""What the tools of Layout mode do to the draft: the picture is measured here, so that what is drawn roughly becomes exact."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.boards.layout_edit import next_name, with_fiducial, with_pad
from padscope_desktop.layouts.draft import Draft
from padscope_desktop.layouts.drafting import Drafting
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.layout_layer import LayoutLayer
from padscope_desktop.viewer.tools import Px
from padscope_desktop.viewer.view import View

ROOM = 1.5
"""A pad that is zoomed to leaves so much around it."""


class LayoutHands(QObject):
    """Signals: committed(): paint again · scale_wanted(): nobody knows how large a pixel is."""

    committed = Signal()
    scale_wanted = Signal()

    def __init__(
        self, session: Session, canvas: Canvas, layer: LayoutLayer, draft: Draft, drafting: Drafting, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._layer = layer
        self._draft = draft
        self._drafting = drafting
        self.snapping = True

    def view(self) -> View:
        return self._canvas.view

    def choose(self, pads: list[str], mark: str | None = None) -> None:
        self._draft.choose(pads, mark)

    def commit(self, what: str, change: Callable[[Layout], Layout]) -> None:
        if self._drafting.preview is None:
            self._draft.do(what, change)
        self.committed.emit()

    def drawn(self, corners: np.ndarray) -> None:
        """A rectangle, (4, 2) board µm."""
        if not self.scaled():
            return
        (x0, y0), (x1, y1) = corners[0].tolist(), corners[2].tolist()
        pads = self._draft.layout.pads
        middle = (x0 + x1) / 2, (y0 + y1) / 2
        like = min(pads, key=lambda p: math.dist((p.x_um, p.y_um), middle)).id if pads else "P000"
        pad = Pad(next_name(like, {p.id for p in pads}), *middle, x1 - x0, y1 - y0)
        if self.snapping:
            found = self._drafting.snapped(pad, self._canvas.picture.levels)
            if found is None:
                self._session.mentioned.emit("No metal edges there; the pad is as it was drawn")
            pad = found or pad
        if self._draft.do("draw a pad", lambda layout: with_pad(layout, pad)):
            self._draft.choose([pad.id])

    def pointed(self, at: Px, radius_px: float | None) -> None:
        """A click on a mark, or a circle drawn around its centre."""
        frame = self._drafting.frame
        if frame is None or not self.scaled():
            return
        mark = (*at, radius_px) if radius_px else self._drafting.mark_at(at, self._canvas.picture.levels)
        if mark is None:
            self._session.mentioned.emit("No round mark there; drag from its centre to its rim to draw one")
            return
        x, y = frame.um_to_px.inverse().apply(np.array(mark[:2])).tolist()
        size = 2 * mark[2] / frame.um_to_px.scale
        marks = self._draft.layout.fiducials
        known = next((f for f in marks if np.hypot(f.x_um - x, f.y_um - y) < max(f.diameter_um, size) / 2), None)
        like = re.sub(r"\d+$", "0", marks[-1].name) if marks else "F0"  # a number that is free again is used again
        name = known.name if known else next_name(like, {f.name for f in marks})
        made = Fiducial(name, round(x, 2), round(y, 2), round(size, 1))
        if self._draft.do("set a fiducial", lambda layout: with_fiducial(layout, made)):
            self._draft.choose((), name)

    def scaled(self) -> bool:
        """Without a scale nothing can be drawn or learned in µm: the field asks for it."""
        frame = self._drafting.frame
        if frame is None or frame.scaled:
            return True
        self._session.mentioned.emit("Type first how many µm one pixel of the picture is")
        self.scale_wanted.emit()
        return False

    def zoom_to(self, pad: str) -> None:
        bounds = self._layer.bounds_of(pad)
        if bounds is not None:
            x0, y0, x1, y1 = bounds
            half = max(x1 - x0, y1 - y0) / 2
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            self._canvas.fit_bounds((x - half, y - half, x + half, y + half), ROOM)

    def reveal(self) -> None:
        bounds = self._layer.bounds_of(self._draft.chosen[0]) if self._draft.chosen else None
        x0, y0, x1, y1 = self._canvas.view.visible
        if bounds is not None and not (x0 <= bounds[0] and y0 <= bounds[1] and bounds[2] <= x1 and bounds[3] <= y1):
            self._canvas.centre_on((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)


class RegionHands:
    """Those of the tool that draws a region to import from: `done` takes x0, y0, x1, y1 in board µm."""

    def __init__(self, canvas: Canvas, done: Callable[[tuple[float, float, float, float]], None]) -> None:
        self._canvas = canvas
        self._done = done

    def view(self) -> View:
        return self._canvas.view

    def drawn(self, corners: np.ndarray) -> None:
        (x0, y0), (x1, y1) = corners[0].tolist(), corners[2].tolist()
        self._done((x0, y0, x1, y1))

    def choose(self, pads: list[str], mark: str | None = None) -> None: ...

    def commit(self, what: str, change: Callable[[Layout], Layout]) -> None: ...

    def pointed(self, at: Px, radius_px: float | None) -> None: ...

    def zoom_to(self, pad: str) -> None: ...
