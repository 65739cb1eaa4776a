"""The surface of a drawn pad: brushed gold, and the blemishes that technicians know."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

GOLD = np.array([1.25, 1.005, 0.422], np.float32)
"""RGB per unit of grey, as dark and light pads of real pictures show it."""
CELL_UM = 2.0
"""Resolution of the brush strokes."""

Grid = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Blemish:
    """One fault on a pad: where it lies from the pad's centre along its own axes, how large (1 = usual) and how turned."""

    pad: str
    kind: str
    u_um: float
    v_um: float
    size: float = 1.0
    turn_deg: float = 0.0


def paint_metal(u: Grid, v: Grid, rng: np.random.Generator) -> Grid:
    """(h, w, 3) RGB: strokes across the longer side whose strength wanders, slow shading, and grain. u, v in µm."""
    reach = int((np.abs(u).max(initial=1) + 0.2 * np.abs(v).max(initial=1)) / CELL_UM) + 4
    fine = rng.normal(0, 1, 2 * reach).astype(np.float32)
    strokes = _smooth(fine, 1.0) + 0.8 * _smooth(rng.normal(0, 1, 2 * reach), 3.0) + 0.7 * _smooth(fine[::-1], 12.0)
    strokes += np.where(_smooth(rng.normal(0, 1, 2 * reach), 1.5) > 2.4, 2.5, 0.0)  # a few deep, glossy strokes
    at = (u + rng.uniform(-0.04, 0.04) * v) / CELL_UM + reach
    low = np.clip(at.astype(np.int32), 0, 2 * reach - 2)
    share = at - low
    stroke = strokes[low] * (1 - share) + strokes[low + 1] * share
    cloud = cv2.resize(rng.normal(0, 1, (5, 6)).astype(np.float32), u.shape[::-1], interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.standard_normal(u.shape, dtype=np.float32), (0, 0), 0.7)
    grey = rng.uniform(105, 185) * (1 + 0.07 * cloud + (0.045 + 0.015 * cloud) * stroke.clip(-2.2, 6)) + 5.0 * grain
    shade = rng.normal(0, 0.10) * u / max(float(np.abs(u).max(initial=1)), 1.0)
    metal = np.clip(grey * (1 + shade), 25, 235)[..., None] * GOLD
    return np.asarray(metal, np.float32)


def _smooth(noise: NDArray[np.floating], sigma: float) -> NDArray[np.float32]:
    """One-dimensional noise of unit strength with this correlation length, in cells."""
    soft = cv2.GaussianBlur(noise.astype(np.float32)[None], (0, 0), sigma, borderType=cv2.BORDER_REFLECT)[0]
    return np.asarray(soft / max(float(soft.std()), 1e-6), np.float32)


def paint_blemish(
    fault: Blemish,
    metal: Grid,
    classes: NDArray[np.uint8],
    u: Grid,
    v: Grid,
    px_per_um: float,
    rng: np.random.Generator,
) -> None:
    """Draw a blemish into the metal (h, w, 3) and its truth into classes (h, w), both in place."""
    t = math.radians(fault.turn_deg)
    du, dv = u - np.float32(fault.u_um), v - np.float32(fault.v_um)
    along, across = du * math.cos(t) + dv * math.sin(t), dv * math.cos(t) - du * math.sin(t)
    depth_um, colour, strength = PAINTERS[fault.kind](along, across, metal, fault.size, rng)
    cover = np.clip(depth_um * px_per_um + 0.5, 0, 1)
    metal += (colour - metal) * (cover * strength)[..., None]
    classes[cover >= 0.5] = BLEMISHES.index(fault.kind) + 1


Painted = tuple[Grid, Grid, Grid | float]
"""Depth inside the shape in µm (negative outside), colour (h, w, 3) or (3,), strength in [0, 1]."""


def _blob(along: Grid, across: Grid, radius_um: float, rough: float, rng: np.random.Generator) -> Grid:
    """Depth inside a round shape with a wavy rim."""
    angle, far = np.arctan2(across, along), np.hypot(along, across)
    rim = np.zeros_like(far)
    for k in (2, 3, 5, 7):
        rim += np.float32(rng.normal(0, rough / k**0.5)) * np.cos(k * angle + np.float32(rng.uniform(0, 6.3)))
    return np.asarray(radius_um * (1 + rim.clip(-0.6, 0.6)) - far, np.float32)


def _scratch(along: Grid, across: Grid, metal: Grid, size: float, rng: np.random.Generator) -> Painted:
    half, width = 150.0 * size, rng.uniform(9, 18)
    bend = rng.normal(0, 0.12)
    line = across - bend * (along**2 / half - half / 3)
    taper = np.sqrt(np.clip(1 - (along / half) ** 2, 0, 1))
    depth = np.where(np.abs(along) < half, width / 2 * taper - np.abs(line), half - np.abs(along) - width / 2)
    tone = 0.36 if rng.random() < 0.6 else 1.5
    return depth.astype(np.float32), np.clip(metal * np.float32(tone), 0, 255), 0.92


def _contamination(along: Grid, across: Grid, metal: Grid, size: float, rng: np.random.Generator) -> Painted:
    depth = _blob(along, across, 38.0 * size, 0.22, rng)
    speckle = cv2.GaussianBlur(rng.standard_normal(along.shape, dtype=np.float32), (0, 0), 2.5)
    colour = metal * np.array([0.36, 0.35, 0.42], np.float32) + 22 * speckle[..., None]
    return depth, np.clip(colour, 0, 255), np.clip(0.72 + depth / 120.0, 0, 0.97)


def _blowhole(along: Grid, across: Grid, metal: Grid, size: float, rng: np.random.Generator) -> Painted:
    radius = 24.0 * size
    depth = _blob(along, across, radius, 0.06, rng)
    floor = np.float32(0.22) + np.float32(0.25) * np.clip(-across / radius, 0, 1)
    rim = np.clip(1 - np.abs(depth - 3.0) / 3.0, 0, 1) * (across > 0)
    return depth, np.clip(metal * floor[..., None] + 120 * rim[..., None], 0, 255), 0.97


def _glue(along: Grid, across: Grid, metal: Grid, size: float, rng: np.random.Generator) -> Painted:
    radius = 70.0 * size
    depth = _blob(along, across * 1.25, radius, 0.10, rng)
    dome = np.sqrt(np.clip(depth / radius, 0, 1))
    shine = np.exp(-(((along + 0.3 * radius) / 22.0) ** 2) - ((across + 0.25 * radius) / 13.0) ** 2)
    amber = np.array([168, 150, 112], np.float32) * (0.62 + 0.5 * dome[..., None])
    return depth, np.clip(0.35 * metal + 0.6 * amber + 150 * shine[..., None], 0, 255), 0.95


def _missing_plating(along: Grid, across: Grid, metal: Grid, size: float, rng: np.random.Generator) -> Painted:
    half = np.array([80.0, 42.0]) * size
    ripple = 4.0 * np.sin(along / 9.0 + rng.uniform(0, 6)) + 3.0 * np.cos(across / 6.0 + rng.uniform(0, 6))
    depth = np.minimum(half[0] - np.abs(along), half[1] - np.abs(across)) + ripple
    grey = metal.mean(axis=2, keepdims=True)
    copper = np.array([180, 106, 74], np.float32) * (0.55 + 0.45 * grey / max(float(grey.mean()), 1.0))
    return depth.astype(np.float32), np.clip(copper, 0, 255), 0.96


PAINTERS: dict[str, Callable[[Grid, Grid, Grid, float, np.random.Generator], Painted]] = {
    "scratch": _scratch,
    "contamination": _contamination,
    "blowhole": _blowhole,
    "glue": _glue,
    "missing_plating": _missing_plating,
}
BLEMISHES = tuple(PAINTERS)
"""Kinds of blemish; a mask holds the place in this list, counted from 1."""
