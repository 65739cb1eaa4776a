"""Random boards in random pictures, with everything that goes wrong at a microscope, and the truth beside them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.datasets.drawn_board import DrawnPicture, demo_layout, demo_pose, draw_board, random_blemishes
from padscope.types import Affine

Rng = np.random.Generator
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Torture:
    """A picture, the layout that is looked for in it, and where its pads really are."""

    kind: str
    layout: Layout
    picture: DrawnPicture
    truth: Affine | None  # None: the board is not this layout's (foreign, mirrored, absent) and must be refused
    bend: Bend | None = None  # smooth distortion on top of the truth
    told: str = ""  # what was done, for a person

    def truth_px(self, um: NDArray[np.float64]) -> NDArray[np.float64]:
        assert self.truth is not None
        px = self.truth.apply(um)
        return px if self.bend is None else self.bend.moved(px)

    def visible_pads(self) -> list[str]:
        """Pads that lie in the picture with at least half of their corners."""
        found = []
        for pad in self.layout.pads:
            px = self.truth_px(pad.corners_um)
            inside = (px >= 0).all(axis=1) & (px < (self.picture.width, self.picture.height)).all(axis=1)
            if inside.mean() >= 0.5:
                found.append(pad.id)
        return found


@dataclass(frozen=True)
class Bend:
    """A smooth shift of every picture point by a few px, as stitching leaves it: a sum of slow waves."""

    waves: NDArray[np.float64]  # (n, 6) dx, dy amplitude px, fx, fy radians per px, phase x, phase y

    def shift(self, px: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.zeros_like(px, dtype=np.float64)
        for ax, ay, fx, fy, p, q in self.waves:
            angle = px[..., 0] * fx + px[..., 1] * fy
            out[..., 0] += ax * np.sin(angle + p)
            out[..., 1] += ay * np.sin(angle + q)
        return out

    def moved(self, px: NDArray[np.float64]) -> NDArray[np.float64]:
        return px + self.shift(px)

    def bent(self, pixels: Pixels) -> Pixels:
        """The picture in which what was at p is at p + shift(p)."""
        h, w = pixels.shape[:2]
        x, y = np.meshgrid(np.arange(w, dtype=np.float64), np.arange(h, dtype=np.float64))
        here = np.stack([x, y], axis=-1)
        source = here - self.shift(here)
        for _ in range(3):  # fixed point: source + shift(source) = here
            source = here - self.shift(source)
        at = source.astype(np.float32)
        return cv2.remap(pixels, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8
        )


# ---- layouts ----


def edge_layout(rng: Rng) -> Layout:
    """Two or four edges of pads of 127/381/635 × 1000 µm and the like, four fiducials in the corners."""
    unit = float(rng.choice([100.0, 127.0, 150.0]))
    long = float(rng.choice([700.0, 1000.0, 1372.0]))
    height, width = float(rng.uniform(4500, 8000)), float(rng.uniform(6000, 10000))
    pads: list[Pad] = []
    sides = "LR" if rng.random() < 0.6 else "LRTB"
    for side in sides:
        along = (height if side in "LR" else width) - 2600.0
        at, n = 1300.0, 0
        while True:
            lanes = int(rng.choice([1, 1, 1, 3, 5]))
            if at + lanes * unit > 1300.0 + along:
                break
            middle, n = at + lanes * unit / 2, n + 1
            depth = 650.0 + long / 2
            x, y, w, h = {
                "L": (depth, middle, long, lanes * unit),
                "R": (width - depth, middle, long, lanes * unit),
                "T": (middle + 900, depth, lanes * unit, long),
                "B": (middle + 900, height - depth, lanes * unit, long),
            }[side]
            inside = side in "LR" or 1300.0 + long < x < width - 1300.0 - long
            if inside:
                pads.append(Pad(f"{side}{n:03d}", x, y, w, h))
            at += lanes * unit + float(rng.choice([100.0, 127.0, 127.0, 254.0]))
    return Layout("edges", tuple(pads), (), corner_marks(width, height, rng))


def corner_marks(width: float, height: float, rng: Rng) -> tuple[Fiducial, ...]:
    d = float(rng.choice([300.0, 400.0, 550.0]))
    places = [(450.0, 450.0), (width - 450.0, 450.0), (450.0, height - 450.0), (width - 450.0, height - 450.0)]
    return tuple(Fiducial(f"F{n}", x, y, d) for n, (x, y) in enumerate(places, 1))


def scattered_layout(rng: Rng) -> Layout:
    """Pads of several sizes and turns anywhere, two to four fiducials anywhere."""
    width, height = 7000.0, 5500.0
    taken: list[tuple[float, float, float]] = []

    def place(reach: float) -> tuple[float, float] | None:
        for _ in range(60):
            x, y = rng.uniform(reach + 200, width - reach - 200), rng.uniform(reach + 200, height - reach - 200)
            if all(math.hypot(x - a, y - b) > reach + r + 120 for a, b, r in taken):
                taken.append((x, y, reach))
                return x, y
        return None

    sizes = [(float(rng.uniform(300, 1200)), float(rng.uniform(120, 500))) for _ in range(4)]
    marks, pads = [], []
    d = float(rng.uniform(300, 500))
    for n in range(int(rng.integers(2, 5))):
        at = place(d / 2)
        if at:
            marks.append(Fiducial(f"F{n}", *at, d))
    for n in range(int(rng.integers(8, 26))):
        w, h = sizes[rng.integers(len(sizes))]
        at = place(math.hypot(w, h) / 2)
        if at:
            pads.append(Pad(f"P{n}", *at, w, h, float(rng.choice([0, 0, 0, 90, 45]))))
    return Layout("scattered", tuple(pads), (), tuple(marks))


def shuffled(layout: Layout, rng: Rng) -> Layout:
    """Another board of the same family: the same columns, other sizes in other places."""
    pads: list[Pad] = []
    for side in sorted({p.id[0] for p in layout.pads}):
        own = [p for p in layout.pads if p.id[0] == side]
        upright = side in "LR"
        at = min(p.y_um - p.h_um / 2 if upright else p.x_um - p.w_um / 2 for p in own)
        sizes = [p.h_um if upright else p.w_um for p in own]
        for n, k in enumerate(rng.permutation(len(own)), 1):
            first = own[0]
            if upright:
                pads.append(dataclasses.replace(first, id=f"{side}{n:03d}", y_um=at + sizes[k] / 2, h_um=sizes[k]))
            else:
                pads.append(dataclasses.replace(first, id=f"{side}{n:03d}", x_um=at + sizes[k] / 2, w_um=sizes[k]))
            at += sizes[k] + 127.0
    return dataclasses.replace(layout, name="shuffled", pads=tuple(pads))


def random_layout(rng: Rng) -> Layout:
    make = rng.choice(np.array([edge_layout, scattered_layout, lambda _: demo_layout()]), p=[0.6, 0.25, 0.15])
    return make(rng)


# ---- what goes wrong ----


def blurred(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    sigma = float(rng.uniform(0.5, 4.0))
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def noisy(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    return np.clip(pixels + rng.normal(0, rng.uniform(3, 14), pixels.shape), 0, 255).astype(np.uint8)


def glaring(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    """Some round reflections that saturate in their middle."""
    h, w = pixels.shape[:2]
    y, x = np.ogrid[:h, :w]
    out = pixels.astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        reach = rng.uniform(0.04, 0.16) * w
        far = ((x - rng.uniform(0, w)) ** 2 + (y - rng.uniform(0, h)) ** 2) / reach**2
        out += (rng.uniform(150, 500) * np.exp(-far)).astype(np.float32)[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)


def shaded(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    h, w = pixels.shape[:2]
    a, b = rng.uniform(-0.5, 0.5, 2)
    light = 1 + a * (np.linspace(-0.5, 0.5, w)[None, :]) + b * (np.linspace(-0.5, 0.5, h)[:, None])
    return np.clip(pixels * (light * rng.uniform(0.6, 1.15))[..., None], 0, 255).astype(np.uint8)


def dirty(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    """Dark crumbs and fibres anywhere, on pads and marks too."""
    out = pixels.copy()
    h, w = pixels.shape[:2]
    for _ in range(int(rng.integers(3, 16))):
        at = (int(rng.uniform(0, w)), int(rng.uniform(0, h)))
        colour = [int(c) for c in rng.integers(15, 120, 3)]
        if rng.random() < 0.7:
            axes = (int(rng.uniform(20, 160) * px_per_um) + 1, int(rng.uniform(20, 120) * px_per_um) + 1)
            cv2.ellipse(out, at, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        else:
            points = np.cumsum(rng.normal(0, 140 * px_per_um, (6, 2)), axis=0) + at
            cv2.polylines(out, [points.astype(np.int32)], False, colour, max(1, int(12 * px_per_um)), cv2.LINE_AA)
    return out


def recoloured(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    """Another solder mask or lamp: channels mixed, sometimes exchanged, and another gamma."""
    mix = np.eye(3)[rng.permutation(3)] if rng.random() < 0.4 else np.eye(3)
    mix = 0.8 * mix + rng.uniform(0, 0.2, (3, 3))
    bright = np.clip((pixels @ mix.T) / 255, 0, 1) ** rng.uniform(0.6, 1.6)
    return np.clip(bright * 255, 0, 255).astype(np.uint8)


def compressed(pixels: Pixels, rng: Rng, px_per_um: float) -> Pixels:
    quality = int(rng.integers(40, 92))
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]).astype(np.uint8)


HARM: dict[str, Callable[[Pixels, Rng, float], Pixels]] = {
    "glare": glaring,
    "dirt": dirty,
    "shade": shaded,
    "colour": recoloured,
    "blur": blurred,
    "noise": noisy,
    "jpeg": compressed,
}


def dirt_on_marks(pixels: Pixels, layout: Layout, truth: Affine, rng: Rng) -> Pixels:
    out = pixels.copy()
    for mark in layout.fiducials:
        if rng.random() < 0.5:
            x, y = (
                truth.apply(np.array([mark.x_um, mark.y_um])) + rng.normal(0, 0.3, 2) * mark.diameter_um * truth.scale
            )
            r = rng.uniform(0.15, 0.6) * mark.diameter_um * truth.scale
            cv2.circle(
                out, (int(x), int(y)), max(int(r), 1), [int(c) for c in rng.integers(15, 140, 3)], -1, cv2.LINE_AA
            )
    return out


def random_bend(rng: Rng, size_px: float, amplitude_px: float) -> Bend:
    waves = []
    for _ in range(2):
        amplitude = rng.normal(0, 1, 2)
        amplitude *= amplitude_px / 2 / max(float(np.hypot(*amplitude)), 1e-9)
        frequency = rng.normal(0, 1, 2)
        frequency *= rng.uniform(0.5, 1.0) * 2 * math.pi / size_px / max(float(np.hypot(*frequency)), 1e-9)
        waves.append([*amplitude, *frequency, *rng.uniform(0, 2 * math.pi, 2)])
    return Bend(np.array(waves))


KINDS = (
    "clean",  # any turn, scale and small stretch
    "harmed",  # one to three harms
    "marks",  # fiducials missing or dirty
    "pads only",  # the layout has no fiducials
    "partial",  # a part of the board is outside the picture
    "bent",  # smooth distortion
    "everything",  # all of the above at once
    "mirrored",
    "foreign",  # another board of the same family
    "absent",  # no board at all
)


def torture(kind: str, seed: int, largest_px: int = 2600) -> Torture:
    """One random board; the same for the same seed."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    layout = random_layout(rng)
    if kind == "foreign":
        layout = edge_layout(rng)
    if kind == "pads only" or (kind == "everything" and rng.random() < 0.25):
        layout = dataclasses.replace(layout, fiducials=())
    drawn = layout
    told = [layout.name]
    if kind == "foreign":
        drawn = shuffled(layout, rng) if rng.random() < 0.7 else edge_layout(rng)
        told.append(drawn.name)
    if kind in ("marks", "everything") and layout.fiducials:
        left = tuple(f for f in layout.fiducials if rng.random() < 0.6)
        drawn = dataclasses.replace(drawn, fiducials=left)
        told.append(f"{len(left)} of {len(layout.fiducials)} marks")
    turn = float(rng.integers(4)) * 90 + float(rng.normal(0, 2.5))
    if rng.random() < 0.1:
        turn = float(rng.uniform(0, 360))
    x0, y0, x1, y1 = drawn.bounds_um
    um_per_px = max(float(rng.uniform(2.2, 6.0)), 1.3 * max(x1 - x0, y1 - y0) / largest_px)
    truth, w, h = demo_pose(drawn, um_per_px, turn, float(rng.uniform(5, 120)))
    stretch = np.eye(2) + rng.normal(0, 0.0012, (2, 2))
    middle = np.array([w / 2, h / 2])
    truth = Affine.from_rows(np.column_stack([stretch, middle - stretch @ middle])).after(truth)
    if kind == "partial" or (kind == "everything" and rng.random() < 0.3):
        w2, h2 = (int(w * rng.uniform(0.45, 1.0)), int(h * rng.uniform(0.45, 1.0)))
        shift = np.array([rng.uniform(0, w - w2), rng.uniform(0, h - h2)])
        truth = Affine(1, 0, -shift[0], 0, 1, -shift[1]).after(truth)
        w, h = w2, h2
        told.append(f"part {w} x {h}")
    blemishes = random_blemishes(drawn, float(rng.uniform(0, 0.5)), int(rng.integers(2**31)))
    pixels, _ = draw_board(drawn, truth, w, h, seed=int(rng.integers(2**31)), defects=blemishes)
    told.append(f"{um_per_px:.1f} µm/px, {turn:.0f}°")
    bend = None
    if kind == "bent" or (kind == "everything" and rng.random() < 0.3):
        amplitude = float(rng.uniform(1, 16)) * truth.scale
        bend = random_bend(rng, max(w, h), amplitude)
        pixels = bend.bent(pixels)
        told.append(f"bent by up to {amplitude / truth.scale:.0f} µm")
    if kind in ("marks", "everything"):
        pixels = dirt_on_marks(pixels, drawn, truth, rng)
    if kind in ("harmed", "everything", "foreign", "mirrored") or (kind == "partial" and rng.random() < 0.5):
        names = rng.choice(list(HARM), int(rng.integers(1, 4)), replace=False)
        for name in HARM:
            if name in names:
                pixels = HARM[name](pixels, rng, truth.scale)
                told.append(name)
    if kind == "absent":
        pixels = without_board(rng, w, h)
    if kind == "mirrored":
        pixels = pixels[:, ::-1]
    known = None if kind in ("mirrored", "foreign", "absent") else truth
    return Torture(kind, layout, DrawnPicture(np.ascontiguousarray(pixels)), known, bend, ", ".join(told))


def without_board(rng: Rng, w: int, h: int) -> Pixels:
    """Something else under the microscope: noise, cloth, chips of metal, or a board without pads."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
    if kind == 1:
        y, x = np.ogrid[:h, :w]
        weave = 90 + 60 * np.sin(x / rng.uniform(3, 30)) * np.sin(y / rng.uniform(3, 30))
        return np.repeat(weave[..., None], 3, axis=2).astype(np.uint8)
    empty = Layout("empty", (Pad("X", 4000, 3000, 1, 1),), (), corner_marks(8000, 6000, rng))
    pose, _, _ = demo_pose(empty, 8000 / w)
    pixels, _ = draw_board(empty, pose, w, h, seed=int(rng.integers(2**31)))
    if kind == 3:
        for _ in range(40):
            x, y = rng.uniform(0, w), rng.uniform(0, h)
            a, b = rng.uniform(5, 120, 2)
            cv2.rectangle(pixels, (int(x), int(y)), (int(x + a), int(y + b)), (200, 160, 70), -1)
    return pixels
