"""What tools paint on: the label in hand, with the brush and the constraints a person has chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from padscope.masks.brush import ROUND, SQUARE
from padscope.masks.class_mask import ClassMask
from padscope.masks.constraints import all_of, hot, inside_any, remembered
from padscope.masks.edits import Allowed, Edit
from padscope.masks.filling import flooded
from padscope.masks.guided import smart_brush
from padscope.masks.live import LiveStroke
from padscope.masks.shapes import Region, polygon_bands, wand
from padscope.types import Array, Box, Floats, Progress, Work
from padscope_desktop.labels.labelling import Labelling
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.heat_layer import CELL_PX
from padscope_desktop.viewer.paint_tools import pixel_at
from padscope_desktop.viewer.tools import Px

LEAST_SIZE, MOST_SIZE = 1.0, 2000.0
SIZE_STEP = 1.2
"""Per key or notch of the wheel."""
MOST_TOLERANCE = 128.0
WAND_SIDE = 1600
"""Picture px along the side of the square a wand looks at: it answers while the mouse moves."""

NOTHING_HERE = "There is nothing painted under the cursor."


@dataclass(frozen=True)
class Brush:
    """What a person has chosen. `size`: width in picture px; `least`: the level from which painting is allowed."""

    size: float = 24.0
    square: bool = False
    snap: bool = False
    tolerance: float = 24.0
    inside_pads: bool = False
    only_hot: bool = False
    least: float = 1.0
    protect: bool = False


class Easel(QObject):
    """Signals: brush_changed() · refused(sentence)."""

    brush_changed = Signal()
    refused = Signal(str)

    def __init__(self, session: Session, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.labelling: Labelling = session.labelling
        self.slices = self.labelling.slices
        self.brush = Brush()
        self.labelling.leaving.connect(self.slices.complete)
        self._kept: tuple[object, Allowed | None] = (None, None)

    # What tools see

    @property
    def size(self) -> float:
        return self.brush.size

    @property
    def shape(self) -> str:
        return SQUARE if self.brush.square else ROUND

    @property
    def mask(self) -> ClassMask | None:
        return self.labelling.mask

    @property
    def scale(self) -> float:
        return self.canvas.view.scale

    @property
    def colour(self) -> QColor:
        chosen = self.labelling.active_class
        return QColor(chosen.colour if chosen is not None else "#FFFFFF")

    def set_brush(self, **changes: object) -> None:
        """Fields of Brush."""
        brush = replace(self.brush, **changes)  # type: ignore[arg-type]
        brush = replace(
            brush,
            size=min(max(brush.size, LEAST_SIZE), MOST_SIZE),
            tolerance=min(max(brush.tolerance, 0.0), MOST_TOLERANCE),
        )
        if brush != self.brush:
            self.brush = brush
            self.brush_changed.emit()
            self.canvas.update()

    def resize(self, steps: float) -> None:
        size = self.brush.size * SIZE_STEP**steps
        if abs(round(size) - round(self.brush.size)) < 1 and steps:
            size = round(self.brush.size) + (1 if steps > 0 else -1)
        self.set_brush(size=float(round(size)))

    def begin(self, erase: bool, *, free: bool = False, value: int = 0) -> LiveStroke | None:
        """`free`: without the constraints, for what moves or changes a component as it is."""
        self.slices.complete()
        allowed = None if free else self.allowed()
        stroke = self.labelling.begin(
            erase=erase, allowed=allowed, protect=self.brush.protect and not free, value=value
        )
        if stroke is None:
            self.refused.emit(self.labelling.refusal)
        return stroke

    def add(self, stroke: LiveStroke, regions: Iterable[Region]) -> None:
        changed = stroke.add(regions)
        if changed:
            self.labelling.painted.emit(changed)

    def finish(self, stroke: LiveStroke, tool: str) -> None:
        self.labelling.finish(stroke, tool)

    def finishing(self, stroke: LiveStroke, tool: str) -> Work[Edit]:
        """The same piece by piece, at the end of a work that paints."""
        edit = yield from stroke.finishing()
        return self.labelling.keep(stroke.mask, edit, tool)

    def drop(self, stroke: LiveStroke) -> None:
        self.labelling.painted.emit(stroke.abandon())

    # Constraints

    @property
    def level(self) -> Array | None:
        """The heat of the picture, in present thresholds, or None."""
        board = self.session.judging.board
        return board.level if board is not None else None

    def allowed(self) -> Allowed | None:
        """Worked out once for each place, until pads, heat or the constraints change."""
        board, b = self.session.judging.board, self.brush
        if board is None or not (b.inside_pads or b.only_hot):
            return None
        key = (
            id(board.geometry),
            id(board.level),
            self.session.judging.shown_factor,
            b.inside_pads,
            b.only_hot,
            b.least,
        )
        if self._kept[0] != key:
            parts = []
            if b.inside_pads:
                parts.append(inside_any([shape.outline for shape in board.geometry.shapes.values()]))
            if b.only_hot and board.level is not None:
                parts.append(hot(board.level, b.least * self.session.judging.shown_factor, CELL_PX))
            found = all_of(parts)
            self._kept = (key, remembered(found) if found is not None else None)
        return self._kept[1]

    # The picture's pixels

    def pixels(self, box: Box) -> Array | None:
        """At full resolution, as stored; None where they are not read yet."""
        levels = self.canvas.picture.levels
        if not levels or levels[0].shape[:2] != (self.canvas.picture.height, self.canvas.picture.width):
            return None
        return np.asarray(levels[0][box.slices])

    def snapped(self, at: Px) -> Region | None:
        mask = self.mask
        if not self.brush.snap or mask is None:
            return None
        r = self.brush.size / 2
        box = Box.around(np.array([[at[0] - r, at[1] - r], [at[0] + r, at[1] + r]])).grown(2)
        box = box.clipped(mask.width, mask.height)
        pixels = self.pixels(box) if not box.empty else None
        return smart_brush(pixels, box, at[0], at[1], r) if pixels is not None else None

    def wand(self, at: Px, tolerance: float) -> Region | None:
        mask, (x, y) = self.mask, pixel_at(at)
        if mask is None or not (0 <= x < mask.width and 0 <= y < mask.height):
            return None
        half = WAND_SIDE // 2
        box = Box(x - half, y - half, x + half, y + half).clipped(mask.width, mask.height)
        pixels = self.pixels(box)
        if pixels is None:
            return None
        unit = 257.0 if pixels.dtype == np.uint16 else 1.0  # a tolerance is told in 8-bit grey values
        return cropped(wand(pixels, box, x, y, tolerance * unit))

    # What one click does

    def fill(self, at: Px, erase: bool) -> None:
        """Everything of one class that hangs together with the pixel under the cursor, as far as constraints allow."""
        mask, stroke = self.mask, self.begin(erase)
        if mask is not None and stroke is not None:
            x, y = pixel_at(at)
            self.slices.start(
                self._filled(stroke, flooded(mask, x, y, self.allowed())), stopped=partial(self.drop, stroke)
            )

    def _filled(self, stroke: LiveStroke, work: Work[list[Region]]) -> Work[None]:
        """Found first, painted then, both piece by piece."""
        regions = yield from work
        yield from self.painting(stroke, regions)
        yield from self.finishing(stroke, "fill")

    def fill_outline(self, points: Floats, erase: bool, tool: str) -> None:
        stroke = self.begin(erase)
        if stroke is not None:
            self.start(stroke, polygon_bands(points, stroke.mask.box), tool)

    def start(self, stroke: LiveStroke, regions: Iterable[Region], tool: str) -> None:
        """Painted piece by piece, so that the largest holds nobody up."""

        def work() -> Work[None]:
            yield from self.painting(stroke, regions)
            yield from self.finishing(stroke, tool)

        self.slices.start(work(), stopped=partial(self.drop, stroke))

    def painting(self, stroke: LiveStroke, regions: Iterable[Region]) -> Work[None]:
        for i, region in enumerate(regions):
            self.add(stroke, [region])
            yield Progress(i, i + 1, "painting")

    def pick(self, at: Px) -> None:
        """The class under the cursor becomes the one that paints."""
        x, y = pixel_at(at)
        value = int(self.mask.read(Box(x, y, x + 1, y + 1))[0, 0]) if self.mask is not None else 0
        if value:
            self.labelling.choose(value)
        else:
            self.refused.emit(NOTHING_HERE)


def cropped(region: Region) -> Region | None:
    """To its own pixels; None where it has none."""
    rows, cols = np.flatnonzero(region.inside.any(axis=1)), np.flatnonzero(region.inside.any(axis=0))
    if not len(rows):
        return None
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
    return Region(Box(x0, y0, x1, y1).shifted(region.box.x0, region.box.y0), region.inside[y0:y1, x0:x1])
