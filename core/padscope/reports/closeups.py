"""Close-ups: a pad cut from its picture, with its outline, defects and feet drawn over it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from padscope.boards.layout import Pad
from padscope.boards.pad_map import PadResult, Shows
from padscope.reports.drawing import Sheet, draw_outline, draw_wire, hatch, with_halo
from padscope.reports.styles import INK
from padscope.types import Affine, Box

LARGEST_PX = 560
AROUND_UM = 60.0
JPEG_QUALITY = 82


class HasPixels(Protocol):
    """What a close-up needs of an opened picture."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def read(self, box: Box, step: int = 1) -> NDArray[np.uint8] | NDArray[np.uint16]: ...


@dataclass(frozen=True, slots=True)
class Marked:
    """How the outline of a reason looks: its colour and dashes (pt), the same in words, what it says; whether it is hatched, or
    stands back behind the others."""

    colour: Color
    dashes: tuple[float, ...]
    line: str
    words: str
    hatched: bool = False
    faint: bool = False


MARKED = {
    Shows.NEEDED: Marked(
        HexColor("#ff7a33"), (2.0, 1.0), "orange and dashed", "ground that a wire needs where it was planned"
    ),
    Shows.FREE: Marked(HexColor("#2fd6a3"), (), "green", "the largest free ground that is left, too small"),
    Shows.WINDOW: Marked(
        HexColor("#56B4E9"), (5.0, 2.0), "blue and dashed", "window that is to be pristine", faint=True
    ),
    Shows.HIDDEN: Marked(
        HexColor("#e0e0e0"), (), "hatched", "what the picture does not show well enough", hatched=True
    ),
}
"""Feet, defects and the pad itself are drawn anyway."""


@dataclass(frozen=True)
class CloseUp:
    """A JPEG of `box` of the picture, turned so that it lies across the page where the pad is tall."""

    jpeg: bytes
    box: Box
    size: tuple[int, int]
    upright: bool


def close_up(picture: HasPixels, pad: Pad, um_to_px: Affine) -> CloseUp | None:
    """The pad with a little around it; None where it lies outside the picture."""
    margin = round(AROUND_UM * um_to_px.scale)
    box = Box.around(um_to_px.apply(pad.corners_um)).grown(margin).clipped(picture.width, picture.height)
    if box.empty:
        return None
    step = max(1, int(np.ceil(max(box.width, box.height) / LARGEST_PX)))
    box = Box(box.x0, box.y0, box.x0 + box.width // step * step, box.y0 + box.height // step * step)
    if box.empty:
        return None
    pixels = as_8_bit(picture.read(box, step))
    upright = box.height > 1.2 * box.width
    if upright:
        pixels = np.ascontiguousarray(np.rot90(pixels))
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=JPEG_QUALITY)
    return CloseUp(out.getvalue(), box, (pixels.shape[1], pixels.shape[0]), upright)


def as_8_bit(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """16-bit pixels stretched over what they use, for the eye only; 8-bit ones as they are."""
    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    low, high = np.percentile(pixels, (0.5, 99.5))
    scaled = cv2.convertScaleAbs(np.clip(pixels, low, high) - low, alpha=255.0 / max(high - low, 1.0))
    return np.asarray(scaled, np.uint8)


def draw_close_up(
    canvas: Canvas, shot: CloseUp, pad: Pad, result: PadResult, um_to_px: Affine, width: float, height: float
) -> None:
    """Within width × height pt from the origin up, in the upper left corner."""
    scale = min(width / shot.size[0], height / shot.size[1])
    w, h = shot.size[0] * scale, shot.size[1] * scale
    canvas.saveState()
    canvas.translate(0, height - h)
    canvas.drawImage(ImageReader(io.BytesIO(shot.jpeg)), 0, 0, w, h)
    sheet = Sheet(_px_to_pt(shot, w, h).after(um_to_px), um_to_px.scale * w / shot.size[0])
    clip = canvas.beginPath()
    clip.rect(0, 0, w, h)
    canvas.clipPath(clip, stroke=0, fill=0)
    draw_outline(canvas, sheet.points(pad.corners_um), result.verdict, fill=False)
    for mark in result.marks:
        if mark.shows in MARKED:
            draw_mark(canvas, sheet.points(mark.corners_um), MARKED[mark.shows])
    for defect in result.defects:
        x0, y0, x1, y1 = defect.box_um
        corners = sheet.points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        (left, low), (right, top) = corners.min(axis=0) - 1, corners.max(axis=0) + 1
        canvas.setDash(2, 1.2)
        with_halo(canvas, np.array([(left, low), (right, low), (right, top), (left, top)]), 0.7)
    canvas.setDash()
    for landing in result.landings:
        draw_wire(canvas, sheet, landing, result.verdict, on_picture=True)
    canvas.restoreState()


def draw_mark(canvas: Canvas, corners: NDArray[np.float64], style: Marked) -> None:
    """An outline (N, 2) in pt, to be seen on bright metal and on dark."""
    path = canvas.beginPath()
    path.moveTo(*corners[0])
    for corner in corners[1:]:
        path.lineTo(*corner)
    path.close()
    canvas.saveState()
    if style.hatched:
        hatch(canvas, path, corners, style.colour)
    for colour, width in ((style.colour, 0.5),) if style.faint else ((INK, 1.6), (style.colour, 0.8)):
        canvas.setStrokeColor(colour)
        canvas.setLineWidth(width)
        canvas.setDash() if colour is INK or not style.dashes else canvas.setDash(*style.dashes)
        canvas.drawPath(path, stroke=1, fill=0)
    canvas.restoreState()


def _px_to_pt(shot: CloseUp, w: float, h: float) -> Affine:
    """Picture px to pt (y up) inside the drawn picture; a tall one was turned counterclockwise."""
    box = shot.box
    if shot.upright:
        sx, sy = w / box.height, h / box.width
        return Affine(0.0, sx, -(box.y0 - 0.5) * sx, sy, 0.0, -(box.x0 - 0.5) * sy)
    sx, sy = w / box.width, h / box.height
    return Affine(sx, 0.0, -(box.x0 - 0.5) * sx, 0.0, -sy, h + (box.y0 - 0.5) * sy)
