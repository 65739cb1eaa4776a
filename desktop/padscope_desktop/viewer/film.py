"""What lies over the picture and does not move with the hand, painted piece by piece onto a film of its own.

A thousand pads take longer to paint than a frame may last. So the film is painted for a few milliseconds per frame; until it is
done, the film before is shown, moved and stretched to where it belongs now. A board of ordinary size is done within its frame.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter

from padscope_desktop.viewer.view import View

BUDGET_S = 0.004
Steps = Callable[[QPainter, View], Iterator[None]]
"""Paints in logical screen px; between two pieces it yields."""


class Film:
    """`version` changes with everything that is painted on it; `forget` when the picture is another one."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._front: QImage | None = None
        self._front_is: tuple[View, Hashable] | None = None
        self._back: QImage | None = None
        self._back_is: tuple[View, Hashable] | None = None
        self._painter: QPainter | None = None
        self._work: Iterator[None] | None = None

    def forget(self) -> None:
        self._abandon()
        self._front_is = None

    def shows(self, version: Hashable) -> bool:
        """What is painted looks like that, wherever it lies."""
        return self._front_is is not None and self._front_is[1] == version

    def prepare(self, view: View, version: Hashable, *, budget_s: float = BUDGET_S) -> bool:
        """Go on with it, without showing it. True where all of it is as it should be; else there is more to do in the next
        frame."""
        now = (view, version)
        if self._front_is != now:
            if self._back_is is not None and self._back_is[1] != version:
                self._abandon()
            self._go_on(now, budget_s)
        return self._front_is == now

    def paint(self, painter: QPainter, view: View, version: Hashable, *, budget_s: float = BUDGET_S) -> bool:
        """`prepare`, and show what there is."""
        done = self.prepare(view, version, budget_s=budget_s)
        if self._front is not None and self._front_is is not None:
            _draw_moved(painter, self._front, self._front_is[0], view)
        return done

    def _go_on(self, now: tuple[View, Hashable], budget_s: float) -> None:
        """What has been begun is finished, though the view has moved on: something newer is better than nothing new."""
        end = time.perf_counter() + budget_s
        while self._front_is != now:
            if self._work is None:
                self._begin(now)
            assert self._work is not None
            for _ in self._work:
                if time.perf_counter() > end:
                    return
            self._finish()
            if time.perf_counter() > end:
                return

    def _begin(self, now: tuple[View, Hashable]) -> None:
        view = now[0]
        size = round(view.width * view.dpr), round(view.height * view.dpr)
        if self._back is None or (self._back.width(), self._back.height()) != size:
            self._back = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
        self._back.setDevicePixelRatio(view.dpr)
        self._back.fill(0)
        self._back_is = now
        self._painter = QPainter(self._back)
        self._work = self._steps(self._painter, view)

    def _finish(self) -> None:
        front, front_is = self._back, self._back_is
        spare = self._front
        self._abandon()
        self._front, self._front_is, self._back = front, front_is, spare

    def _abandon(self) -> None:
        if self._painter is not None:
            self._painter.end()
        self._painter = self._work = self._back_is = None


def _draw_moved(painter: QPainter, image: QImage, before: View, view: View) -> None:
    """Onto where in the widget lies now what filled it in the view before; without stretching on whole px, which is fast."""
    left, top = view.to_screen((before.visible[0], before.visible[1])).tolist()  # type: ignore[arg-type]
    if view.scale == before.scale:
        painter.drawImage(QPointF(round(left * view.dpr) / view.dpr, round(top * view.dpr) / view.dpr), image)
        return
    stretch = view.scale / before.scale
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(left, top, before.width * stretch, before.height * stretch), image, QRectF(image.rect()))
