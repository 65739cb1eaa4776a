"""How values become brightness on the screen: black and white points and gamma, for all channels and for each. For the eye only:
what is inspected and measured is the picture as it is."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]
"""The values that are black and white when nothing is adjusted."""
WHOLE_SPAN: Span = (0.0, 255.0)
CHANNELS = ("all", "red", "green", "blue")
LEAST_WIDTH = 1 / 256
GAMMA_RANGE = (0.2, 5.0)
AUTO_CUT = 0.002
"""Part of the pixels that may be wholly black, and as many wholly white, after `auto`."""


@dataclass(frozen=True, slots=True)
class Curve:
    """`black` and `white` are parts of the span (0 and 1: all of it); `gamma` above 1 lifts what is dark."""

    black: float = 0.0
    white: float = 1.0
    gamma: float = 1.0

    @property
    def brightness(self) -> float:
        """-1 … 1: how far the middle of what is shown was moved; 0 for none."""
        return 1.0 - (self.black + self.white)

    @property
    def contrast(self) -> float:
        """How much steeper than unadjusted."""
        return 1.0 / (self.white - self.black)

    def with_brightness(self, brightness: float) -> Curve:
        half, middle = (self.white - self.black) / 2, (1.0 - brightness) / 2
        return replace(self, black=middle - half, white=middle + half)

    def with_contrast(self, contrast: float) -> Curve:
        half, middle = 0.5 / contrast, (self.black + self.white) / 2
        return replace(self, black=middle - half, white=middle + half)

    def with_black(self, black: float) -> Curve:
        return replace(self, black=min(black, self.white - LEAST_WIDTH))

    def with_white(self, white: float) -> Curve:
        return replace(self, white=max(white, self.black + LEAST_WIDTH))

    def with_gamma(self, gamma: float) -> Curve:
        return replace(self, gamma=min(max(gamma, GAMMA_RANGE[0]), GAMMA_RANGE[1]))

    def applied(self, part: NDArray[np.floating]) -> NDArray[np.floating]:
        """Parts of the span to brightness in [0, 1]."""
        shown: NDArray[np.floating] = np.clip((part - self.black) / (self.white - self.black), 0.0, 1.0)
        return shown if self.gamma == 1.0 else shown ** (1.0 / self.gamma)


PLAIN = Curve()


@dataclass(frozen=True, slots=True)
class Look:
    """Each channel's own curve first, then the one of all."""

    all: Curve = PLAIN
    red: Curve = PLAIN
    green: Curve = PLAIN
    blue: Curve = PLAIN

    def curve(self, channel: str) -> Curve:
        return {"all": self.all, "red": self.red, "green": self.green, "blue": self.blue}[channel]

    def with_curve(self, channel: str, curve: Curve) -> Look:
        return replace(self, **{channel: curve})


AS_IT_IS = Look()


def look_text(look: Look) -> str:
    """For the settings; empty where nothing is adjusted."""
    curves = [look.curve(channel) for channel in CHANNELS]
    return "" if look == AS_IT_IS else json.dumps([[c.black, c.white, c.gamma] for c in curves])


def look_of(text: str) -> Look:
    """From `look_text`; what cannot be one shows the picture as it is."""
    try:
        curves = [Curve(*map(float, values)) for values in json.loads(text or "[]")]
        usable = all(
            math.isfinite(c.black + c.white)
            and c.white - c.black >= LEAST_WIDTH / 2
            and GAMMA_RANGE[0] <= c.gamma <= GAMMA_RANGE[1]
            for c in curves
        )
        return Look(*curves) if usable else AS_IT_IS
    except (ValueError, TypeError, OverflowError):
        return AS_IT_IS


def table(look: Look, span: Span, dtype: np.dtype) -> NDArray[np.uint8]:
    """(256 or 65536, 3): what every value of each channel looks like."""
    low, high = span
    part = (np.arange(np.iinfo(dtype).max + 1) - low) / max(high - low, 1e-9)
    columns = [look.all.applied(curve.applied(part)) for curve in (look.red, look.green, look.blue)]
    return np.rint(np.stack(columns, axis=1) * 255).astype(np.uint8)


def histogram(pixels: NDArray[np.integer], span: Span, bins: int = 256) -> NDArray[np.int64]:
    """(3, bins) counts of red, green and blue over the span of (h, w, 1 or 3) pixels; what lies beyond it is in the outermost
    bins."""
    low, high = span
    counts = []
    for channel in range(3):
        values = pixels[..., min(channel, pixels.shape[2] - 1)].ravel()
        all_values = np.bincount(values, minlength=int(np.iinfo(pixels.dtype).max) + 1)
        at = np.clip((np.arange(all_values.size) - low) / max(high - low, 1e-9) * bins, 0, bins - 1).astype(np.int64)
        counts.append(np.bincount(at, weights=all_values, minlength=bins).astype(np.int64))
    return np.stack(counts)


def auto(counts: NDArray[np.int64], channel: str) -> Curve:
    """Black and white where AUTO_CUT of the pixels lie beyond them, from a `histogram`; of all channels together, or of one."""
    own = counts.sum(axis=0) if channel == "all" else counts[CHANNELS.index(channel) - 1]
    total = own.sum()
    if total == 0:
        return PLAIN
    below = np.cumsum(own) / total
    low = int(np.searchsorted(below, AUTO_CUT, side="right"))
    high = int(np.searchsorted(below, 1 - AUTO_CUT)) + 1
    return Curve(low / own.size, max(high, low + 1) / own.size)
