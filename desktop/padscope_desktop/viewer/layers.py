"""What lies over what: the picture, heat, masks, pads, and whatever a mode lays between and above them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

from PySide6.QtGui import QFont, QPainter, QTransform

from padscope_desktop.viewer.film import BUDGET_S, Film
from padscope_desktop.viewer.heat_layer import CELL_PX, HeatLayer
from padscope_desktop.viewer.marks_layer import MarksLayer
from padscope_desktop.viewer.pad_layer import PadLayer
from padscope_desktop.viewer.picture_layer import PictureLayer
from padscope_desktop.viewer.tools import KeptLayer, Layer, UnderLayer
from padscope_desktop.viewer.view import View

CLIP_FROM = 3.0
"""Logical px of a cell from which on heat is cut at the pad's edge: a cell may reach over it, what it says does not."""

MASK_SHARE = 1.5
"""How much longer masks may take than the other films: a hand waits for them. The rest follows in the next frame."""
LIVE_S = 0.4
"""So long after its last change a mask is still painted afresh in every frame: the next stroke comes soon."""


class Layers:
    """From the bottom up: picture, heat, `under` (masks), pads, `kept` (measurements), `over` (what a hand is just
    drawing); the canvas paints what stays put."""

    def __init__(self) -> None:
        self.picture = PictureLayer()
        self.heat = HeatLayer()
        self.pads = PadLayer()
        self.marks = MarksLayer()
        self.under: list[UnderLayer] = []
        self.over: list[Layer] = []
        self.kept: list[KeptLayer] = []
        self.judged = True
        """Heat and verdicts are painted; not while the layout itself is being made."""
        self.version = 0
        self._masks: tuple[tuple[int, int], ...] = ()  # which of `under` are seen, and how they look
        self._live_until = 0.0
        self._font = QFont()
        self._heat_film = Film(self._heat_steps)
        self._pad_film = Film(self._pad_steps)
        self._whole_film = Film(self._all_steps)

    def forget(self) -> None:
        """Another picture: nothing of the one before may show."""
        for film in (self._heat_film, self._pad_film, self._whole_film):
            film.forget()

    def masks_rest(self) -> None:
        """No stroke follows: they are kept from the next frame on."""
        self._live_until = 0.0

    def changed(self) -> None:
        """Something that is painted on the films looks different."""
        self.version += 1

    def paint_overlays(self, painter: QPainter, view: View, font: QFont, *, patient: bool) -> bool:
        """False where not all of it could be painted within the frame (unless `patient`)."""
        self._font = font
        budget_s = math.inf if patient else BUDGET_S
        masks = [layer for layer in self.under if layer.visible]
        whole = (self.version, self._looks(masks))
        live = bool(masks) and time.perf_counter() < self._live_until
        done, apart = True, live
        if masks and not live:
            done = self._whole_film.prepare(view, whole, budget_s=budget_s)
            apart = not self._whole_film.shows(whole)
        heat = self.judged and self.heat.visible and self.heat.level is not None
        pads = self.judged and self.pads.visible and bool(self.pads.marks)
        if apart and heat:
            done &= self._heat_film.paint(painter, view, self.version, budget_s=budget_s)
        if apart:
            for layer in masks:
                painter.save()
                layer.paint_within(painter, view, MASK_SHARE * budget_s)
                painter.restore()
                done &= not layer.unfinished
        if not apart and (pads or heat or masks or any(layer.visible for layer in self.kept)):
            done &= self._whole_film.paint(painter, view, whole, budget_s=0.0 if masks else budget_s)
        elif apart and (pads or any(layer.visible for layer in self.kept)):
            done &= self._pad_film.paint(painter, view, self.version, budget_s=budget_s)
        if pads:
            painter.save()
            painter.setTransform(_to_screen(view), True)
            self.pads.paint_chosen(painter, view)
            painter.restore()
            self.pads.paint_chosen_letters(painter, view, font)
        _paint_all(self.over, painter, view)
        return done

    def _looks(self, masks: Sequence[UnderLayer]) -> tuple[tuple[int, int], ...]:
        """And whether a hand is just changing them."""
        looks = tuple((id(layer), layer.version) for layer in masks)
        if looks != self._masks:
            if [which for which, _ in looks] == [which for which, _ in self._masks]:
                self._live_until = time.perf_counter() + LIVE_S
            self._masks = looks
        return looks

    def _heat_steps(self, painter: QPainter, view: View) -> Iterator[None]:
        own = painter.transform()  # no save and restore: it may be abandoned in between
        painter.setTransform(_to_screen(view), True)
        if CELL_PX * view.scale >= CLIP_FROM and not self.pads.outlines.isEmpty():
            painter.setClipPath(self.pads.seen_outlines(view))
        yield from self.heat.steps(painter, view)
        painter.setClipping(False)
        painter.setTransform(own)

    def _all_steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """Heat, masks that rest, and pads on one film."""
        if self.judged and self.heat.visible and self.heat.level is not None:
            yield from self._heat_steps(painter, view)
        for layer in self.under:
            if layer.visible:
                own = painter.transform()
                yield from layer.steps(painter, view)
                painter.setTransform(own)
        yield from self._pad_steps(painter, view)

    def _pad_steps(self, painter: QPainter, view: View) -> Iterator[None]:
        if self.judged and self.pads.visible:
            own = painter.transform()
            painter.setTransform(_to_screen(view), True)
            yield from self.pads.line_steps(painter, view)
            painter.setTransform(own)
            yield from self.pads.letter_steps(painter, view, self._font)
        painter.setFont(self._font)
        for layer in self.kept:
            if layer.visible:
                yield from layer.steps(painter, view)


def _to_screen(view: View) -> QTransform:
    s = view.scale
    return QTransform(s, 0, 0, s, view.width / 2 - view.cx * s, view.height / 2 - view.cy * s)


def _paint_all(layers: Sequence[Layer], painter: QPainter, view: View) -> None:
    for layer in layers:
        if layer.visible:
            painter.save()
            layer.paint(painter, view)
            painter.restore()
