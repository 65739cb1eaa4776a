"""Whether two colours of classes can be told apart: by everybody, and by the one man in twelve who is colour-blind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from padscope.types import Floats

APART = 15.0
"""Distance in CIELAB below which two colours on a picture are taken for one; about 2.3 is just visible side by side."""
GOLD = "#b89040"
"""About the metal of pads under ring light."""
BLINDNESS: Mapping[str, Floats] = {
    "red-blind": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "green-blind": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "blue-blind": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""On linear RGB, full severity: Machado, Oliveira & Fernandes 2009, table 1."""
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def warnings(colour: str, others: Sequence[tuple[str, str]]) -> list[str]:
    """Sentences about “#rrggbb” beside (name, colour) of the other classes; none where all is well."""
    said = []
    like = [name for name, other in others if distance(colour, other) < APART]
    if like:
        said.append(f"Nearly the colour of {_named(like)}.")
    for who, matrix in BLINDNESS.items():
        same = [name for name, other in others if name not in like and distance(colour, other, matrix) < APART]
        if same:
            said.append(f"A {who} eye cannot tell it from {_named(same)}.")
    if distance(colour, GOLD) < 1.6 * APART:
        said.append("Close to the gold of the pads: hard to see on them.")
    return said


def distance(one: str, other: str, seen: Floats | None = None) -> float:
    """CIE 1976 colour difference of two “#rrggbb”, as seen through a matrix of BLINDNESS."""
    return float(np.linalg.norm(_lab(one, seen) - _lab(other, seen)))


def _lab(colour: str, seen: Floats | None) -> NDArray[np.float64]:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    if seen is not None:
        linear = np.clip(seen @ linear, 0, 1)
    t = _TO_XYZ @ linear / _WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _named(names: Sequence[str]) -> str:
    return " or ".join(f"“{name}”" for name in names)
