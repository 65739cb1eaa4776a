"""Sizes of a pixel that a TIFF page declares: resolution tags, ImageJ's and OME's descriptions."""

from __future__ import annotations

import re
from typing import Any

from padscope.pictures.scales import UM_PER_CM, UM_PER_INCH, ScaleFound, density_scale

TAG_DESCRIPTION, TAG_X_RESOLUTION, TAG_Y_RESOLUTION, TAG_UNIT = 270, 282, 283, 296
NO_UNIT, INCH, CENTIMETRE = 1, 2, 3
UNIT_UM = dict.fromkeys(("um", "µm", "μm", "\\u00b5m", "micron", "microns", "micrometer", "micrometre"), 1.0) | {
    "nm": 1e-3, "mm": 1e3, "cm": UM_PER_CM, "m": 1e6, "inch": UM_PER_INCH, "in": UM_PER_INCH,
}  # fmt: skip
IMAGEJ_UNIT = re.compile(r"^ImageJ=.*?^unit=([^\r\n]+)", re.DOTALL | re.MULTILINE)
OME_SIZE = re.compile(r'PhysicalSize([XY])="([-+.0-9eE]{1,40})"')
OME_UNIT = re.compile(r'PhysicalSizeXUnit="([^"]{1,20})"')


def tiff_scales(page: Any) -> tuple[ScaleFound, ...]:
    """Every number found, resolution tags first."""
    description = page.tags.valueof(TAG_DESCRIPTION, "")
    description = description if isinstance(description, str) else ""
    x, y = (_ratio(page.tags.valueof(tag)) for tag in (TAG_X_RESOLUTION, TAG_Y_RESOLUTION))
    unit = page.tags.valueof(TAG_UNIT, INCH)
    per_unit = {INCH: UM_PER_INCH, CENTIMETRE: UM_PER_CM}.get(int(unit), 0.0)
    imagej = IMAGEJ_UNIT.search(description[:4096])
    if imagej:  # ImageJ counts pixels per its own unit
        per_unit = UNIT_UM.get(imagej.group(1).strip().lower(), 0.0)
    return density_scale("tiff", x, y, per_unit) + _ome_scale(description)


def _ratio(value: Any) -> float:
    match value:
        case (int(number), int(parts)) if parts:
            return number / parts
        case int(number) | float(number):
            return float(number)
    return 0.0


def _ome_scale(description: str) -> tuple[ScaleFound, ...]:
    if "OME" not in description[:1000]:
        return ()
    sizes: dict[str, float] = {}
    for axis, text in OME_SIZE.findall(description):
        try:
            sizes.setdefault(axis, float(text))
        except ValueError:
            return ()
    unit = OME_UNIT.search(description)
    um = UNIT_UM.get(unit.group(1).lower(), 0.0) if unit else 1.0  # the schema's default is µm
    if not (um and sizes.get("X", 0) > 0 and sizes.get("Y", 0) > 0):
        return ()
    return tuple(
        ScaleFound(s.um_per_px, s.source, note="OME description", usable=s.usable)
        for s in density_scale("tiff", 1 / sizes["X"], 1 / sizes["Y"], um)
    )
