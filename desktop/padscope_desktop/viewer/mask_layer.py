"""Painted classes over the picture: only the chunks in sight, each kept as a small image until it is painted on again."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from padscope.masks.class_mask import CHUNK, ClassMask, Place
from padscope_desktop.viewer.view import View

CACHE_BYTES = 96 * 2**20
CROP_ABOVE = 4.0
"""Zoom from which only the visible pixels of a chunk are drawn."""
MOST_STEP = 64
PIECE = 4
"""Chunks between two looks at the clock."""
EDGE_ALPHA = 1.0
HALF = 128
"""Classes from this on are drawn the slow way."""
Key = tuple[int, int, int]
"""(row, column, step) of a chunk at a step."""
Found = tuple[QImage | QColor, int]
"""What a chunk looks like, and at which step; a colour where all of it is one class."""


def step_for(zoom: float) -> int:
    """How many picture px along a side become one px of the image: the largest power of two that loses nothing on the screen."""
    step = 1
    while step < MOST_STEP and zoom * step * 2 <= 1.0:
        step *= 2
    return step


def colours(table: Mapping[int, str], alpha: float) -> list[int]:
    """256 times 0xAARRGGBB; class 0 is nothing, an unknown class grey."""
    a = round(255 * alpha) << 24
    return [0, *(a | QColor(table.get(value, "#808080")).rgb() & 0xFFFFFF for value in range(1, 256))]


def reduced(classes: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """The highest class of each step × step block (a power of two), so that the smallest speck stays visible. Rows at a time,
    then columns by halves: ten times faster than both axes at once."""
    if step == 1:
        return classes
    rows, cols = classes.shape
    found: NDArray[np.uint8] = classes.reshape(rows // step, step, cols).max(axis=1)
    while step > 1:
        found, step = np.maximum(found[:, ::2], found[:, 1::2]), step // 2
    return found


def edge(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Of an array with a rim of one: the painted pixels inside the rim that have another class beside them."""
    middle = classes[1:-1, 1:-1]
    found = classes[:-2, 1:-1] != middle
    for other in (classes[2:, 1:-1], classes[1:-1, :-2], classes[1:-1, 2:]):
        found |= other != middle
    found &= middle > 0
    return found


@dataclass(frozen=True)
class _Sight:
    """Where chunks lie on the screen, in device px, so that they meet on whole ones: picture px (x, y) is painted from
    left + x · zoom, top + y · zoom on. `xs`, `ys`: first and one past the last px in sight."""

    zoom: float
    left: float
    top: float
    xs: tuple[int, int]
    ys: tuple[int, int]

    @property
    def step(self) -> int:
        return step_for(self.zoom)

    def holds(self, place: Place) -> bool:
        y, x = place[0] * CHUNK, place[1] * CHUNK
        return self.xs[0] < x + CHUNK and x < self.xs[1] and self.ys[0] < y + CHUNK and y < self.ys[1]

    def lay(self, place: Place, of: int) -> tuple[QRect, QRect]:
        """Onto which px of the screen an image of a chunk at this step is drawn, and which px of it."""
        y, x = place[0] * CHUNK, place[1] * CHUNK
        x0, x1, y0, y1 = x, x + CHUNK, y, y + CHUNK
        if self.zoom > CROP_ABOVE:
            x0, x1 = max(x0, self.xs[0]), min(x1, self.xs[1])
            y0, y1 = max(y0, self.ys[0]), min(y1, self.ys[1])
        goal = QRect()
        goal.setCoords(
            round(self.left + x0 * self.zoom),
            round(self.top + y0 * self.zoom),
            round(self.left + x1 * self.zoom) - 1,
            round(self.top + y1 * self.zoom) - 1,
        )
        return goal, QRect((x0 - x) // of, (y0 - y) // of, (x1 - x0) // of, (y1 - y0) // of)


def _sight(view: View) -> _Sight:
    zoom, width, height = view.zoom, view.width * view.dpr, view.height * view.dpr
    left, top = (-0.5 - view.cx) * zoom + width / 2, (-0.5 - view.cy) * zoom + height / 2
    return _Sight(zoom, left, top, _seen(left, zoom, width), _seen(top, zoom, height))


class MaskLayer:
    """Paints a ClassMask that is changed elsewhere; whoever changes it says which chunks with `touched`."""

    def __init__(self) -> None:
        self.shown = True
        self.opacity = 0.45
        self.outline_only = False
        self.mask: ClassMask | None = None
        self.version = 0
        self.unfinished = False
        self._colours: Mapping[int, str] = {}
        self._images: OrderedDict[Key, QImage | QColor | None] = OrderedDict()
        self._bytes = 0
        self._known: dict[Place, bytes] = {}
        self._film: QImage | None = None
        self._film_of: View | None = None
        self._stale: set[Place] = set()  # chunks that look different from what the film shows
        self._until = math.inf
        self._tables()

    @property
    def visible(self) -> bool:
        """Shown, and there is something to show."""
        return self.shown and self.mask is not None and not self.mask.empty

    def set_mask(self, mask: ClassMask | None) -> None:
        self.mask = mask
        self.forget()

    def set_colours(self, table: Mapping[int, str]) -> None:
        """Class value to #rrggbb."""
        self._colours = dict(table)
        self._tables()

    def set_look(self, opacity: float, outline_only: bool) -> None:
        self.opacity, self.outline_only = opacity, outline_only
        self._tables()

    def _tables(self) -> None:
        self._fill = colours(self._colours, 0.0 if self.outline_only else self.opacity)
        self._line = colours(self._colours, EDGE_ALPHA)
        self._both = self._fill[:HALF] + self._line[:HALF]
        self.forget()

    def _sides(self, place: Place) -> bytes:
        """The pixels that its neighbours see of a chunk: above, below, left and right of it."""
        chunk = self.mask.chunks.get(place) if self.mask is not None else None
        if chunk is None:
            return bytes(4 * CHUNK)
        return chunk[0].tobytes() + chunk[-1].tobytes() + chunk[:, 0].tobytes() + chunk[:, -1].tobytes()

    def forget(self) -> None:
        self.version += 1
        self._known.clear()
        self._images.clear()
        self._bytes = 0
        self._film_of = None

    def touched(self, places: Iterable[Place]) -> None:
        """These chunks look different now; so may the edges of their neighbours."""
        self.version += 1
        near: set[Place] = set()  # zoomed out, a neighbour sees more than the outermost pixels
        beside: set[Place] = set()
        for place in places:
            (r, c), sides, before = place, self._sides(place), self._known.get(place, b"")
            around = (r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)
            self._known[place] = sides
            beside.add(place)
            near |= {place, *around}
            for i, other in enumerate(around):
                if before[i * CHUNK : (i + 1) * CHUNK] != sides[i * CHUNK : (i + 1) * CHUNK]:
                    beside.add(other)
        for r, c in near:
            step = 1 if (r, c) in beside else 2
            while step <= MOST_STEP:
                self._bytes -= _size(self._images.pop((r, c, step), None))
                step *= 2
        if self._film_of is not None:
            self._stale |= beside if step_for(self._film_of.zoom) == 1 else near

    def paint(self, painter: QPainter, view: View) -> None:
        self.paint_within(painter, view, math.inf)

    def paint_within(self, painter: QPainter, view: View, budget_s: float) -> None:
        """From a film, on which only what looks different is drawn. Chunks for which there is no time now are shown as they were
        at another zoom, or before, and drawn in a later frame."""
        self._until = time.perf_counter() + budget_s
        sight = _sight(view)
        if self._film_of != view:
            size = round(view.width * view.dpr), round(view.height * view.dpr)
            if self._film is None or (self._film.width(), self._film.height()) != size:
                self._film = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
            self._film.setDevicePixelRatio(view.dpr)
            self._film.fill(0)
            self._film_of, self._stale = view, set(self._in_sight(sight))
        assert self._film is not None
        onto = QPainter(self._film)
        onto.scale(1 / view.dpr, 1 / view.dpr)
        self._stale = {place for place in self._stale if sight.holds(place) and not self._renewed(onto, place, sight)}
        onto.end()
        self.unfinished, self._until = bool(self._stale), math.inf
        painter.drawImage(0, 0, self._film)

    def _renewed(self, onto: QPainter, place: Place, sight: _Sight) -> bool:
        """Drawn in place of what was there; False where it is not as it should be yet."""
        ready = self._ready(place, sight.step)
        found = self._found(place, sight.step, ready)
        if ready or found is not None:
            modes = QPainter.CompositionMode
            onto.setCompositionMode(modes.CompositionMode_Source)
            image = found is not None and isinstance(found[0], QImage)
            if image or found is None:
                onto.fillRect(sight.lay(place, 1)[0], Qt.GlobalColor.transparent)
            if image:  # over nothing: stretched, that is many times faster than in place of it
                onto.setCompositionMode(modes.CompositionMode_SourceOver)
            _draw(onto, found, place, sight)
        return ready

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """The same without a film; yields between pieces."""
        sight = _sight(view)
        painter.scale(1 / view.dpr, 1 / view.dpr)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for i, place in enumerate(self._in_sight(sight)):
            if i % PIECE == PIECE - 1:
                yield
            _draw(painter, self._found(place, sight.step, True), place, sight)

    def _in_sight(self, sight: _Sight) -> list[Place]:
        (x0, x1), (y0, y1) = sight.xs, sight.ys
        if self.mask is None or x1 <= x0 or y1 <= y0:
            return []
        rows, cols = range(y0 // CHUNK, (y1 - 1) // CHUNK + 1), range(x0 // CHUNK, (x1 - 1) // CHUNK + 1)
        if len(rows) * len(cols) < len(self.mask.chunks):
            return [(r, c) for r in rows for c in cols if (r, c) in self.mask.chunks]
        return [p for p in self.mask.chunks if p[0] in rows and p[1] in cols]

    def _ready(self, place: Place, step: int) -> bool:
        """Its image is there, or there is time to draw it now."""
        assert self.mask is not None
        drawn = (*place, step) in self._images or place not in self.mask.chunks
        return drawn or time.perf_counter() <= self._until

    def _found(self, place: Place, step: int, ready: bool) -> Found | None:
        """The image to draw, and its step: another one's where it is not ready; None for nothing."""
        if ready:
            image = self._image(place, step)
            return None if image is None else (image, step)
        others = ((self._images.get((*place, 2**k)), 2**k) for k in range(MOST_STEP.bit_length()))
        return next(((image, of) for image, of in others if image is not None), None)

    def _image(self, place: Place, step: int) -> QImage | QColor | None:
        """A colour where a chunk has one class and no edge, as most have under a large brush."""
        key = (*place, step)
        if key in self._images:
            self._images.move_to_end(key)
            return self._images[key]
        image = self._images[key] = self._drawn(place, step)
        self._bytes += _size(image)
        while self._bytes > CACHE_BYTES and len(self._images) > 1:
            self._bytes -= _size(self._images.popitem(last=False)[1])
        return image

    def _neighbours(self, place: Place, step: int = 1) -> list[NDArray[np.uint8] | None]:
        """What lies next to a chunk, `step` px deep: above, below, left, right; None where nothing is painted."""
        assert self.mask is not None
        (r, c), chunks = place, self.mask.chunks
        above, below = chunks.get((r - 1, c)), chunks.get((r + 1, c))
        left, right = chunks.get((r, c - 1)), chunks.get((r, c + 1))
        return [
            None if above is None else above[-step:],
            None if below is None else below[:step],
            None if left is None else left[:, -step:],
            None if right is None else right[:, :step],
        ]

    def _drawn(self, place: Place, step: int) -> QImage | QColor | None:
        """Fill, and over it the crisp line where a class ends."""
        assert self.mask is not None
        chunk = self.mask.chunks.get(place)
        if chunk is None or not chunk.any():
            return None
        (r, c), sides = place, self._neighbours(place)
        for seen in (place, (r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            if seen not in self._known:
                self._known[seen] = self._sides(seen)
        value = chunk[0, 0]
        if all(side is not None and (side == value).all() for side in sides) and (chunk == value).all():
            return QColor.fromRgba(self._fill[int(value)])
        small = CHUNK // step
        rim = np.zeros((small + 2, small + 2), np.uint8)
        rim[1:-1, 1:-1] = reduced(chunk, step)
        edges = rim[:1, 1:-1], rim[-1:, 1:-1], rim[1:-1, :1], rim[1:-1, -1:]
        for goal, side in zip(edges, self._neighbours(place, step), strict=True):
            if side is not None:
                goal[:] = reduced(side, step)
        classes = rim[1:-1, 1:-1]
        line = edge(rim)
        if int(classes.max()) < HALF:  # one table for both: Qt makes colours of it faster than anybody
            told = classes | line.view(np.uint8) << 7
            image = QImage(told.data, small, small, small, QImage.Format.Format_Indexed8)
            image.setColorTable(self._both)
            return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        pixels = np.where(line, np.array(self._line, np.uint32)[classes], np.array(self._fill, np.uint32)[classes])
        image = QImage(pixels.data, small, small, small * 4, QImage.Format.Format_ARGB32)
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _draw(painter: QPainter, found: Found | None, place: Place, sight: _Sight) -> None:
    if found is None:
        return
    image, of = found
    goal, source = sight.lay(place, of)
    if isinstance(image, QColor):
        painter.fillRect(goal, image)
    else:
        painter.drawImage(goal, image, source)


def _seen(start: float, zoom: float, room: float) -> tuple[int, int]:
    """First and one past the last picture px in sight."""
    return max(math.floor(-start / zoom), 0), math.ceil((room - start) / zoom)


def _size(image: QImage | QColor | None) -> int:
    return int(image.sizeInBytes()) if isinstance(image, QImage) else 0
