"""Heat over the picture: transparent below half the threshold, one ramp for all pictures, the threshold as a crisp line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from padscope_desktop.viewer.contour import contour, regions
from padscope_desktop.viewer.view import View

CELL_PX = 8
"""Picture px along the side of a cell."""
FAINTEST, HOTTEST = 0.5, 4.0
"""Levels where the ramp begins and ends; between them it is even in log₂ of the level."""
LIGHTNESS = (0.80, 0.32)
CHROMA = (0.12, 0.17)
HUE_DEG = (350.0, 300.0)
"""The ramp in OKLCh (Ottosson 2020): rose over magenta to deep violet. Lightness falls evenly, away from bright metal's; the
hues are no metal's and no verdict's."""
STEPS = 256
PIECE = 16
MOST_LINES = 400
"""Regions, and lines of one, that are painted in one go."""
LINES_FROM = 1.0
"""Device px of a cell from which on the threshold is a line: below, its colour says it."""


def ramp() -> NDArray[np.float64]:
    """(256, 3) sRGB in [0, 1] from FAINTEST to HOTTEST, even steps of OKLab lightness."""
    t = np.linspace(0, 1, STEPS)
    light = LIGHTNESS[0] + t * (LIGHTNESS[1] - LIGHTNESS[0])
    chroma = CHROMA[0] + t * (CHROMA[1] - CHROMA[0])
    hue = np.radians(HUE_DEG[0] + t * (HUE_DEG[1] - HUE_DEG[0]))
    return oklab_to_srgb(np.stack([light, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1))


def oklab_to_srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """(…, 3) OKLab to sRGB clipped to [0, 1]; matrices of Ottosson 2020, “A perceptual color space for image processing”."""
    to_lms = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((lab @ to_lms.T) ** 3 @ to_rgb.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def alphas() -> NDArray[np.float64]:
    """(256,) opacity along the ramp: 0 at FAINTEST, and from the threshold on 1, so that what decides stands out."""
    level = FAINTEST * (HOTTEST / FAINTEST) ** np.linspace(0, 1, STEPS)
    return np.clip((level - FAINTEST) / (1.0 - FAINTEST), 0, 1)


def lookup_table() -> NDArray[np.uint32]:
    """(256,) premultiplied 0xAARRGGBB."""
    alpha = alphas()
    red, green, blue = np.round(255 * ramp().T * alpha).astype(np.uint32)
    return np.round(255 * alpha).astype(np.uint32) << 24 | red << 16 | green << 8 | blue


def ramp_index(level: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Where on the ramp each level lies; NaN and everything below FAINTEST at 0, which is wholly transparent."""
    safe = np.nan_to_num(level, nan=0.0, posinf=HOTTEST)
    t = np.log(np.maximum(safe, FAINTEST) / FAINTEST) / math.log(HOTTEST / FAINTEST)
    return np.round(np.clip(t, 0, 1) * (STEPS - 1)).astype(np.uint8)


@dataclass(frozen=True)
class Region:
    """A box of cells with its colours and its threshold lines, both in picture px."""

    box_px: QRectF
    image: QImage
    lines: list[QLineF]


class HeatLayer:
    """Paints a level grid; the grid is kept, so that a new threshold only recolours."""

    def __init__(self) -> None:
        self.visible = True
        self.opacity = 0.7
        self._level: NDArray[np.float32] | None = None
        self._factor = 1.0
        self._boxes: list[tuple[int, int, int, int]] = []
        self._regions: list[Region] = []
        self._table = lookup_table()

    @property
    def level(self) -> NDArray[np.float32] | None:
        return self._level

    def set_level(self, level: NDArray[np.float32] | None) -> None:
        """One value per CELL_PX × CELL_PX px of the picture, NaN where nothing was inspected; None for no heat."""
        self._level = level
        self._boxes = [] if level is None else regions(np.isfinite(level))
        self._colour()

    def set_factor(self, factor: float) -> None:
        """Where the threshold stands, in levels of the grid."""
        if factor != self._factor:
            self._factor = factor
            self._colour()

    def level_at(self, x: float, y: float) -> float | None:
        """The level of the cell that holds the picture point, at the present threshold."""
        if self._level is None or not (math.isfinite(x) and math.isfinite(y)):
            return None
        row, col = math.floor((y + 0.5) / CELL_PX), math.floor((x + 0.5) / CELL_PX)
        if not (0 <= row < self._level.shape[0] and 0 <= col < self._level.shape[1]):
            return None
        value = float(self._level[row, col]) / self._factor
        return value if math.isfinite(value) else None

    def _colour(self) -> None:
        self._regions = []
        if self._level is None:
            return
        for r0, r1, c0, c1 in self._boxes:
            level = self._level[r0:r1, c0:c1] / self._factor
            colours = self._table[ramp_index(np.pad(level, 1))]  # a rim of nothing, so that smoothing fades out
            if not colours.any():
                continue
            rows, cols = colours.shape
            image = QImage(colours.tobytes(), cols, rows, cols * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
            corner = ((c0 - 1) * CELL_PX - 0.5, (r0 - 1) * CELL_PX - 0.5)
            ends = (contour(level, 1.0) + np.array([c0, r0])) * CELL_PX + (CELL_PX - 1) / 2
            lines = [QLineF(*a, *b) for a, b in ends.tolist()]
            self._regions.append(Region(QRectF(*corner, cols * CELL_PX, rows * CELL_PX), image, lines))

    def paint(self, painter: QPainter, view: View) -> None:
        """In picture px: the painter already carries the view's transform."""
        for _ in self.steps(painter, view):
            pass

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        """The same, region by region. Lines are left out where a cell is smaller than they are wide."""
        x0, y0, x1, y1 = view.visible
        sight = QRectF(x0, y0, x1 - x0, y1 - y0)
        seen = [r for r in self._regions if r.box_px.intersects(sight)]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.setOpacity(self.opacity)
        for i, region in enumerate(seen):
            painter.drawImage(region.box_px, region.image)
            if i % PIECE == PIECE - 1:
                yield
        painter.setOpacity(1.0)
        if CELL_PX * view.zoom < LINES_FROM:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255), 1.25)):
            pen = QPen(colour, width * view.dpr)  # cosmetic pens count device px
            pen.setCosmetic(True)
            painter.setPen(pen)
            for region in seen:
                for start in range(0, len(region.lines), MOST_LINES):
                    painter.drawLines(region.lines[start : start + MOST_LINES])
                    yield
