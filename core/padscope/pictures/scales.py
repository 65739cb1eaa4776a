"""How large a pixel is, and how we know: every number a file (or a person) offers is kept; one of them is chosen by rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from padscope.types import Scale

UM_PER_INCH = 25_400.0
UM_PER_CM = 10_000.0
PRINT_DPI = (
    72,
    75,
    90,
    96,
    100,
    120,
    144,
    150,
    160,
    180,
    192,
    200,
    220,
    240,
    250,
    300,
    320,
    350,
    360,
    400,
    500,
    600,
    720,
    1200,
)
"""Densities that programs write for printers and screens; such a number says nothing about a microscope."""
AGREE = 0.005
"""Two scales that differ by less than this fraction are the same number, written by different hands."""
CHOICE = ("two-point", "typed", "keyence", "tiff", "exif", "png", "bmp")
"""Which source is believed first: a person, who measured or typed, then what the microscope wrote, then density tags."""


ROUND = (1, 2, 5, 10)
TOLERANCE = 0.01
"""Of the length of a scale bar: a pixel or two of some hundred."""


@dataclass(frozen=True, slots=True)
class ScaleFound:
    """One number somebody offers for the size of a pixel.

    usable is False for a number that is kept and shown but never chosen; `note` then says why.
    """

    um_per_px: float
    source: str
    verified: bool = False
    note: str = ""
    usable: bool = True

    def __str__(self) -> str:
        return f"{self.um_per_px:.6g} µm/px ({self.source}{', ' + self.note if self.note else ''})"


def choose_scale(found: tuple[ScaleFound, ...]) -> Scale:
    """The most trusted usable number, or none. Disagreement does not change the choice; `disagreement` tells of it."""
    usable = sorted((s for s in found if s.usable), key=lambda s: (CHOICE.index(s.source), not s.verified))
    return Scale(usable[0].um_per_px, usable[0].source, usable[0].verified) if usable else Scale()


def disagreement(found: tuple[ScaleFound, ...]) -> str:
    """One sentence naming every usable scale if they contradict each other by more than AGREE, otherwise ''."""
    usable = [s for s in found if s.usable]
    if not usable or max(s.um_per_px for s in usable) <= (1 + AGREE) * min(s.um_per_px for s in usable):
        return ""
    chosen = choose_scale(found)
    return f"The scales contradict each other: {'; '.join(map(str, usable))}; '{chosen.source}' is used."


def likely_length_um(length_px: float, um_per_px: float) -> float:
    """The round length (1, 2 or 5 times a power of ten) nearest to what this scale makes of a scale bar."""
    length = length_px * um_per_px
    ten = 10.0 ** math.floor(math.log10(length))
    return min((ten * r for r in ROUND), key=lambda r: abs(math.log(r / length)))


def round_length_um(length_px: float, um_per_px: float) -> float | None:
    """The round length a scale bar shows if this scale is right; None if it would show none, so that the scale is doubtful."""
    nearest = likely_length_um(length_px, um_per_px)
    return nearest if abs(nearest - length_px * um_per_px) <= TOLERANCE * nearest else None


def two_point_scale(length_um: float, length_px: float) -> ScaleFound:
    """From a line in the picture whose true length a person knows. ValueError unless both are positive numbers."""
    if not (math.isfinite(length_um) and math.isfinite(length_px) and length_um > 0 and length_px > 0):
        raise ValueError(f"a line of {length_px} px cannot be {length_um} µm long")
    return ScaleFound(length_um / length_px, "two-point")


def typed_scale(um_per_px: float) -> ScaleFound:
    """What a person says. ValueError unless it is a positive number."""
    if not (math.isfinite(um_per_px) and um_per_px > 0):
        raise ValueError(f"a pixel cannot be {um_per_px} µm large")
    return ScaleFound(float(um_per_px), "typed")


def density_scale(
    source: str, px_per_unit_x: float, px_per_unit_y: float, um_per_unit: float
) -> tuple[ScaleFound, ...]:
    """From the density tags of a file (pixels per inch, centimetre, metre …); nothing for densities of zero or worse.

    Printer's densities and pixels that are not square are kept but not usable.
    """
    if not all(math.isfinite(v) and v > 0 for v in (px_per_unit_x, px_per_unit_y, um_per_unit)):
        return ()
    x, y = um_per_unit / px_per_unit_x, um_per_unit / px_per_unit_y
    if not 1e-6 < x < 1e6:
        return ()
    if abs(x - y) > AGREE * x:
        return (ScaleFound(x, source, note=f"pixels are not square: {y:.6g} µm high", usable=False),)
    dpi = UM_PER_INCH / x
    if dpi < PRINT_DPI[0] or any(abs(dpi - p) < 0.01 * p for p in PRINT_DPI):
        return (ScaleFound(x, source, note=f"{dpi:.0f} dpi is a density for printers", usable=False),)
    return (ScaleFound(x, source),)
