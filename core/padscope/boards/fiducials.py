"""Centres of round marks, to a small part of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope.boards.pad_edges import PLATEAU_PX, SAMPLES, STEP_PX, MetalColour, edge_in, metal_colour, profiles_of
from padscope.boards.pose_fit import biweight
from padscope.boards.windows import Windows, eight_bits
from padscope.types import Box

SECTORS = 48
LEAST_SECTORS_SHARE = 0.6
"""Of the rim that must lie on one circle: dirt may cover the rest."""
RADIUS_SLACK = 0.08
LARGEST_RIM_PX = 0.8
"""RMS distance of the rim from the circle."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A measured round mark, px."""

    x_px: float
    y_px: float
    radius_px: float
    share: float  # of the rim that lies on the circle
    rim_px: float  # RMS distance of that part from the circle


def measure_mark(picture: Windows, x_px: float, y_px: float, radius_px: float, reach_px: float) -> Mark | None:
    """The round mark whose rim lies within reach_px of the expected circle; None where there is no such circle, or too little
    of it is seen."""
    margin = radius_px + reach_px + 2 * PLATEAU_PX + 4
    box = Box.around(np.array([[x_px - margin, y_px - margin], [x_px + margin, y_px + margin]]))
    box = box.clipped(picture.width, picture.height)
    if box.empty:
        return None
    pixels = eight_bits(picture.read(box)).astype(np.float32)
    mark = Mark(x_px, y_px, radius_px, 0.0, 0.0)
    for reach in (reach_px, max(reach_px / 3, 3.0), 3.0):
        colour = _ring_colour(pixels, box, mark, reach)
        if colour is None:
            return None
        found = _circle(colour.of(pixels), box, mark, reach)
        if found is None or abs(found.radius_px / radius_px - 1) > RADIUS_SLACK + 1.0 / radius_px:
            return None
        mark = found
    return mark if mark.share >= LEAST_SECTORS_SHARE and mark.rim_px <= LARGEST_RIM_PX else None


def _ring_colour(pixels: NDArray[np.float32], box: Box, mark: Mark, reach: float) -> MetalColour | None:
    """How the ring of the mark differs from its surroundings."""
    y, x = np.ogrid[box.y0 : box.y1, box.x0 : box.x1]
    far = np.hypot(x - mark.x_px, y - mark.y_px)
    gap = min(reach, 0.2 * mark.radius_px)
    inside = pixels[(far > 0.6 * mark.radius_px) & (far < mark.radius_px - gap - 1)]
    outside = pixels[(far > mark.radius_px + gap + 1) & (far < mark.radius_px + gap + 3 + 0.25 * mark.radius_px)]
    if len(inside) < 12 or len(outside) < 12:
        return None
    return metal_colour(inside, outside)


def _circle(metal: NDArray[np.float32], box: Box, mark: Mark, reach: float) -> Mark | None:
    angles = (np.arange(SECTORS * SAMPLES) + 0.5) * (2 * np.pi / (SECTORS * SAMPLES))
    out = np.column_stack([np.cos(angles), np.sin(angles)])
    half = reach + PLATEAU_PX + 1
    offsets = np.arange(-half, half + STEP_PX / 2, STEP_PX)
    far = mark.radius_px + offsets
    x = mark.x_px - box.x0 + out[:, :1] * far
    y = mark.y_px - box.y0 + out[:, 1:] * far
    flat = cv2.remap(
        metal,
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("nan"),
    )
    lines = np.asarray(flat, np.float64).reshape(SECTORS, -1)
    whole = np.isfinite(lines).all(axis=1)
    offset = np.full(SECTORS, np.nan)
    offset[whole] = edge_in(profiles_of(lines[whole].reshape(-1, len(offsets))), offsets, reach)
    seen = np.isfinite(offset)
    if seen.sum() < LEAST_SECTORS_SHARE * SECTORS:
        return None
    middle = out.reshape(SECTORS, SAMPLES, 2).mean(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    return _fit(middle[seen], offset[seen], mark)


def _fit(out: NDArray[np.float64], offset: NDArray[np.float64], mark: Mark) -> Mark:
    """Shift and growth of the circle by iteratively reweighted least squares: offset = out · shift + growth."""
    design = np.column_stack([out, np.ones(len(out))])
    weight = np.ones(len(out))
    solution = np.zeros(3)
    for _ in range(15):
        normal = design.T @ (design * weight[:, None]) + 1e-9 * np.eye(3)
        solution = np.asarray(np.linalg.solve(normal, design.T @ (weight * offset)), np.float64)
        left = np.abs(offset - design @ solution)
        weight = biweight(left, max(1.4826 * float(np.median(left)), 0.1))
    rest = (offset - design @ solution)[weight > 0]
    return Mark(
        mark.x_px + float(solution[0]),
        mark.y_px + float(solution[1]),
        mark.radius_px + float(solution[2]),
        len(rest) / SECTORS,
        float(np.sqrt(np.mean(rest**2))),
    )
