"""What the search for a board asks of a picture: windows of pixels at a scale."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from padscope.types import Affine, Box, Scale

OVERVIEW_PX = 1500
"""Longer side of the reduced picture in which a board is looked for."""

VOUCHED = ("keyence", "typed", "two-point")


class Windows(Protocol):
    """Pixels of a picture, (h, w, 3) RGB of 8 or 16 bits; with a step, the mean of blocks of step × step pixels."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def read(self, box: Box, step: int = 1) -> NDArray[Any]: ...


def known_scale(picture: Windows) -> Scale | None:
    """The picture's scale if its microscope or a person vouches for it; resolutions that other programs leave in files do not
    count."""
    scale = getattr(picture, "scale", None)
    if isinstance(scale, Scale) and scale.um_per_px is not None and (scale.verified or scale.source in VOUCHED):
        return scale
    return None


def eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """The upper eight bits are enough to find edges."""
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    return np.asarray(pixels, np.uint8)


def overview(picture: Windows) -> tuple[NDArray[np.uint8], Affine]:
    """The whole picture reduced, (h, w, 3), and the map from its pixels to those of the picture."""
    step = max(1, -(-max(picture.width, picture.height) // OVERVIEW_PX))
    small = eight_bits(picture.read(Box(0, 0, picture.width, picture.height), step))
    half = (step - 1) / 2  # the centre of a block of pixels
    return small, Affine(step, 0, half, 0, step, half)
