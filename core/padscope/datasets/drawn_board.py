"""Boards we draw ourselves, with exact truth: for the demo, for tests, and to torture the search for the pose.

Everything is a function of board coordinates evaluated at pixel centres, so edges lie where the pose says to a small part
of a pixel, at any turn and scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Fiducial, Layout, Pad, checked, spread_wires
from padscope.datasets.drawn_metal import BLEMISHES, Blemish, paint_blemish, paint_metal
from padscope.types import Affine, Box, Floats

__all__ = ["BLEMISHES", "Blemish", "DrawnPicture", "demo_layout", "demo_pose", "draw_board", "random_blemishes"]

BOARD_MARGIN_UM = 225.0
"""How far the board reaches beyond its outermost pad or fiducial."""
SOLDER_MASK = np.array([40.0, 90.0, 67.0])  # RGB
BACKGROUND = (31, 31, 31)
TRACE = (66, 114, 74)
COMPONENT = (48, 43, 40)
TERMINAL = (196, 191, 184)
SILKSCREEN = (214, 224, 216)
FIDUCIAL = np.array([203.0, 180.0, 116.0])
HOLE = np.array([39.0, 54.0, 38.0])
HOLE_SHARE = 0.41
"""Of a fiducial's diameter: the bare laminate in its middle."""
SMALLEST_MIDDLE_UM = 3000.0
"""Smaller boards have no room for components between their pads."""
SUBPIXEL_BITS = 6


@dataclass(frozen=True)
class DrawnPicture:
    """A picture in memory, (H, W, 3) RGB, read in windows like one on disk."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    def read(self, box: Box, step: int = 1) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """(h, w, 3); with a step, the mean of blocks of step × step pixels, those cut off by the rim continued beyond it."""
        cut = self.pixels[box.slices]
        if step == 1:
            return cut
        h, w = -(-box.height // step), -(-box.width // step)
        whole = cv2.copyMakeBorder(cut, 0, h * step - box.height, 0, w * step - box.width, cv2.BORDER_REPLICATE)
        small = cv2.resize(whole, (w, h), interpolation=cv2.INTER_AREA)
        return small.astype(np.uint16) if cut.dtype == np.uint16 else small.astype(np.uint8)


def demo_layout() -> Layout:
    """8 × 6 mm, 24 pads of 127, 381 and 635 × 1000 µm on two edges that look different from every side, four fiducials."""
    left, right = (1, 3, 1, 1, 5, 1, 1, 3, 1, 1, 1, 1), (3, 1, 1, 1, 5, 1, 3, 1, 1, 3, 1, 1)
    pads: list[Pad] = []
    for side, x, widths in (("L", 1300.0, left), ("R", 6700.0, right)):
        top = 950.0
        for n, lanes in enumerate(widths, 1):
            height = 127.0 * lanes
            net = f"N{len(pads) + 1}"
            pads.append(Pad(f"{side}{n:02d}", x, top + height / 2, 1000.0, height, net=net, single_purpose=n % 6 == 3))
            top += height + 127.0
    wires = tuple(w for pad in pads for w in spread_wires(pad, round(pad.h_um / 127)))
    places = (("F1", 500.0, 500.0), ("F2", 7500.0, 500.0), ("F3", 500.0, 5500.0), ("F4", 7500.0, 5500.0))
    return checked(Layout("demo", tuple(pads), wires, tuple(Fiducial(n, x, y, 500.0) for n, x, y in places)))


def demo_pose(
    layout: Layout, um_per_px: float = 2.5, turn_deg: float = 0.4, margin_px: float = 12.0
) -> tuple[Affine, int, int]:
    """A pose that shows the whole board, and the width and height of the picture it needs."""
    x0, y0, x1, y1 = layout.bounds_um
    m = BOARD_MARGIN_UM
    corners = np.array([[x0 - m, y0 - m], [x1 + m, y0 - m], [x1 + m, y1 + m], [x0 - m, y1 + m]])
    t = math.radians(turn_deg)
    linear = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]]) / um_per_px
    seen = corners @ linear.T
    shift = margin_px - seen.min(axis=0)
    width, height = np.ceil(np.ptp(seen, axis=0) + 2 * margin_px).astype(int)
    return Affine.from_rows(np.column_stack([linear, shift])), int(width), int(height)


def random_blemishes(layout: Layout, share: float, seed: int) -> tuple[Blemish, ...]:
    """One blemish of a random kind, size and place on about `share` of the pads, inside the pad's middle part."""
    rng = np.random.default_rng(seed)
    found = []
    for pad in layout.pads:
        if rng.random() >= share:
            continue
        kind = BLEMISHES[rng.integers(len(BLEMISHES))]
        u, v = rng.uniform(-0.38, 0.38, 2) * (pad.w_um, pad.h_um)
        size = float(rng.uniform(0.7, 1.5))
        found.append(Blemish(pad.id, kind, float(u), float(v), size, float(rng.uniform(0, 360))))
    return tuple(found)


def draw_board(
    layout: Layout, um_to_px: Affine, width: int, height: int, *, seed: int, defects: Sequence[Blemish] = ()
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(picture (H, W, 3) RGB, mask (H, W) with 0 for sound and k for BLEMISHES[k - 1], only on pads)."""
    rng = np.random.default_rng(seed)
    picture = _solder_mask(layout, um_to_px, width, height, rng)
    _draw_traces(picture, layout, um_to_px, rng)
    _draw_middle(picture, layout, um_to_px, rng)
    for mark in layout.fiducials:
        _draw_fiducial(picture, um_to_px, (mark.x_um, mark.y_um), mark.diameter_um, rng)
    mask = np.zeros((height, width), np.uint8)
    for pad in layout.pads:
        own = [d for d in defects if d.pad == pad.id]
        _draw_pad(picture, mask, pad, um_to_px, own, np.random.default_rng([seed, _number(pad.id)]))
    return picture, mask


def _number(name: str) -> int:
    """The same pad has the same surface whatever else is drawn."""
    return int.from_bytes(name.encode()[-6:], "big")


def _shape(points_um: Floats, um_to_px: Affine) -> NDArray[np.int32]:
    """Corners for OpenCV's sub-pixel polygons (which, like us, put 0 at a pixel's centre)."""
    return np.round(um_to_px.apply(points_um) * 2**SUBPIXEL_BITS).astype(np.int32)


def _fill(picture: NDArray[np.uint8], points_um: Floats, um_to_px: Affine, colour: tuple[int, int, int]) -> None:
    cv2.fillPoly(picture, [_shape(points_um, um_to_px)], colour, cv2.LINE_AA, SUBPIXEL_BITS)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _solder_mask(
    layout: Layout, um_to_px: Affine, width: int, height: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Green laminate with cloudy brightness and sensor grain, on a dark table."""
    cloud_px = max(110.0 * um_to_px.scale, 2.0)
    cells = (max(2, math.ceil(height / cloud_px)), max(2, math.ceil(width / cloud_px)))
    cloud = cv2.resize(rng.normal(0, 5, cells).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    grain = np.empty((height, width), np.float32)
    cv2.randn(grain, np.array([128.0]), np.array([2.2]))
    level = cv2.add(cloud, grain, dtype=cv2.CV_8U)
    ramp = (np.arange(256)[:, None] / 128.0) * SOLDER_MASK
    table = np.clip(np.round(ramp), 0, 255).astype(np.uint8).reshape(1, 256, 3)
    picture = cv2.LUT(cv2.merge([level, level, level]), table).astype(np.uint8, copy=False)
    x0, y0, x1, y1 = layout.bounds_um
    m = BOARD_MARGIN_UM
    outside = np.full((height, width), 255, np.uint8)
    board = _shape(_rectangle(x0 - m, y0 - m, x1 + m, y1 + m), um_to_px)
    cv2.fillPoly(outside, [board], 0, cv2.LINE_AA, SUBPIXEL_BITS)
    picture[outside > 127] = BACKGROUND
    return picture


def _draw_traces(picture: NDArray[np.uint8], layout: Layout, um_to_px: Affine, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = layout.bounds_um
    middle = np.array([x0 + x1, y0 + y1]) / 2
    for pad in layout.pads:
        centre = np.array([pad.x_um, pad.y_um])
        t = math.radians(pad.direction_deg)
        along = np.array([math.cos(t), math.sin(t)])
        along *= 1.0 if along @ (middle - centre) >= 0 else -1.0
        across = np.array([-along[1], along[0]])
        reach = max(pad.w_um, pad.h_um) / 2 + 0.13 * max(x1 - x0, y1 - y0)
        end = centre + along * reach + across * rng.normal(0, 0.04 * reach)
        line = (end - centre) / np.linalg.norm(end - centre)
        side = np.array([-line[1], line[0]]) * 15.0
        _fill(picture, np.array([centre + side, end + side, end - side, centre - side]), um_to_px, TRACE)


def _draw_middle(picture: NDArray[np.uint8], layout: Layout, um_to_px: Affine, rng: np.random.Generator) -> None:
    """Components, vias and the board's name, where no pad is: things that look like pads and fiducials but are none."""
    x0, y0, x1, y1 = layout.bounds_um
    w, h = x1 - x0, y1 - y0
    if min(w, h) < SMALLEST_MIDDLE_UM:
        return
    taken: list[tuple[float, float, float]] = []
    for _ in range(8):
        a, b = rng.uniform(150, 420), rng.uniform(90, 220)
        if rng.random() < 0.5:
            a, b = b, a
        place = _free_place(taken, math.hypot(a, b), (x0, y0, w, h), rng)
        if place is None:
            continue
        x, y = place
        _fill(picture, _rectangle(x - a, y - b, x + a, y + b), um_to_px, COMPONENT)
        end = 0.4 * max(a, b)
        for s in (-1, 1):
            tip = (
                (x + s * a, y - b, x + s * (a - end), y + b) if a > b else (x - a, y + s * b, x + a, y + s * (b - end))
            )
            _fill(picture, _rectangle(*tip), um_to_px, TERMINAL)
    for _ in range(8):
        diameter = float(rng.uniform(120, 240))
        at = _free_place(taken, diameter / 2 + 40, (x0, y0, w, h), rng)
        if at is not None:
            _draw_fiducial(picture, um_to_px, at, diameter, rng)
    _draw_name(picture, layout, um_to_px)


def _free_place(
    taken: list[tuple[float, float, float]],
    reach_um: float,
    frame: tuple[float, float, float, float],
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """Somewhere in the middle of the board where nothing else lies within reach; remembered in `taken`."""
    x0, y0, w, h = frame
    for _ in range(20):
        x, y = x0 + w * rng.uniform(0.3, 0.7), y0 + h * rng.uniform(0.18, 0.92)
        if all(math.hypot(x - tx, y - ty) > reach_um + tr for tx, ty, tr in taken):
            taken.append((x, y, reach_um))
            return x, y
    return None


def _draw_name(picture: NDArray[np.uint8], layout: Layout, um_to_px: Affine) -> None:
    x0, y0, x1, y1 = layout.bounds_um
    (w, h), _ = cv2.getTextSize(layout.name.upper(), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 6)
    if not 0 < w <= 4000:
        return
    text = np.zeros((h + 20, w + 20), np.uint8)
    cv2.putText(text, layout.name.upper(), (10, h + 10), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 6, cv2.LINE_AA)
    um = 0.035 * (y1 - y0) / h
    corner = ((x0 + x1) / 2 - um * w / 2, y0 + 0.045 * (y1 - y0))
    to_px = um_to_px.after(Affine(um, 0, corner[0], 0, um, corner[1]))
    ends = to_px.apply(np.array([[0, 0], [w + 20, 0], [w + 20, h + 20], [0, h + 20]], dtype=np.float64))
    box = Box.around(ends).clipped(picture.shape[1], picture.shape[0])
    if box.empty:
        return
    local = Affine(1, 0, -box.x0, 0, 1, -box.y0).after(to_px).rows
    ink = cv2.warpAffine(text, local, (box.width, box.height), flags=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    _blend(picture, box, np.array(SILKSCREEN, np.float32), ink)


def _draw_fiducial(
    picture: NDArray[np.uint8],
    um_to_px: Affine,
    centre_um: tuple[float, float],
    diameter_um: float,
    rng: np.random.Generator,
) -> None:
    box, x, y = _grid(centre_um, (diameter_um, diameter_um), um_to_px, picture.shape)
    if box.empty:
        return
    px = um_to_px.scale
    far = np.hypot(x, y)
    metal = np.clip((diameter_um / 2 - far) * px + 0.5, 0, 1)[..., None]
    hole = np.clip((HOLE_SHARE * diameter_um / 2 - far) * px + 0.5, 0, 1)[..., None]
    grain = rng.normal(0, 2.5, far.shape).astype(np.float32)[..., None]
    _blend(picture, box, FIDUCIAL.astype(np.float32) * (1 - hole) + HOLE.astype(np.float32) * hole + grain, metal)


def _draw_pad(
    picture: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    pad: Pad,
    um_to_px: Affine,
    defects: Sequence[Blemish],
    rng: np.random.Generator,
) -> None:
    corners = pad.corners_um
    low, high = corners.min(axis=0), corners.max(axis=0)
    centre = (low + high) / 2
    box, x, y = _grid((centre[0], centre[1]), (high[0] - low[0], high[1] - low[1]), um_to_px, picture.shape)
    if box.empty:
        return
    u, v = x * pad.axes[0, 0] + y * pad.axes[1, 0], x * pad.axes[0, 1] + y * pad.axes[1, 1]
    if pad.polygon_um is None:
        inside_um = np.minimum(pad.w_um / 2 - np.abs(u), pad.h_um / 2 - np.abs(v))
    else:
        inside_um = _depth(corners - centre, x, y)
    metal = paint_metal(u, v, rng)
    classes = np.zeros(u.shape, np.uint8)
    for defect in defects:
        paint_blemish(defect, metal, classes, u, v, um_to_px.scale, rng)
    cover = np.clip(inside_um * um_to_px.scale + 0.5, 0, 1)
    _blend(picture, box, metal, cover[..., None])
    target = mask[box.slices]
    target[cover >= 0.5] = classes[cover >= 0.5]


def _depth(outline: Floats, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance in µm to a polygon's outline, positive inside (even-odd rule)."""
    near = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, np.bool_)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        dx, dy = bx - ax, by - ay
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        near = np.minimum(near, np.hypot(x - ax - t * dx, y - ay - t * dy).astype(np.float32))
        if ay != by:
            inside ^= ((ay > y) != (by > y)) & (x < dx * (y - ay) / dy + ax)
    return np.where(inside, near, -near).astype(np.float32)


def _grid(
    centre_um: tuple[float, float], size_um: tuple[float, float], um_to_px: Affine, shape: tuple[int, ...]
) -> tuple[Box, NDArray[np.float32], NDArray[np.float32]]:
    """The box of pixels that a rectangle touches, and the board coordinates of their centres relative to its centre."""
    (cx, cy), (w, h) = centre_um, size_um
    ends = um_to_px.apply(_rectangle(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2))
    box = Box.around(ends).grown(2).clipped(shape[1], shape[0])
    if box.empty:
        return box, np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)
    back = um_to_px.inverse()
    cols = np.arange(box.x0, box.x1, dtype=np.float64)[None, :]
    rows = np.arange(box.y0, box.y1, dtype=np.float64)[:, None]
    x = (back.a * cols + back.b * rows + (back.tx - cx)).astype(np.float32)
    y = (back.c * cols + back.d * rows + (back.ty - cy)).astype(np.float32)
    return box, x, y


def _blend(picture: NDArray[np.uint8], box: Box, colour: Floats, cover: Floats) -> None:
    """Lay a colour over a window of the picture; cover (h, w, 1) in [0, 1]."""
    window = picture[box.slices]
    window[:] = np.clip(np.round(window + (colour - window) * cover), 0, 255).astype(np.uint8)
