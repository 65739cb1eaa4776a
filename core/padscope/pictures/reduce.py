"""Smaller pictures by area averaging."""

from __future__ import annotations

import cv2
import numpy as np

from padscope.pictures.source import Pixels


def reduce_by(pixels: Pixels, step: int) -> Pixels:
    """(h, w, c) -> (ceil(h / step), ceil(w / step), c): each pixel the rounded mean of its step x step block; blocks at the right
    and lower edge average what is left of them."""
    if step == 1:
        return pixels
    h, w, channels = pixels.shape
    out = np.empty((-(-h // step), -(-w // step), channels), pixels.dtype)
    rows, cols = h // step, w // step
    for y, dy, height in ((0, rows * step, rows), (rows * step, h - rows * step, 1)):
        for x, dx, width in ((0, cols * step, cols), (cols * step, w - cols * step, 1)):
            if dy and dx:
                small = cv2.resize(pixels[y : y + dy, x : x + dx], (width, height), interpolation=cv2.INTER_AREA)
                out[y // step : y // step + height, x // step : x // step + width] = small.reshape(
                    height, width, channels
                )
    return out
