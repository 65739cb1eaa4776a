"""What is known about a picture, as plain data: the words of `padscope info`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from padscope.pictures.picture import Picture
from padscope.pictures.scale_bar import ScaleBar, bar_says, find_scale_bar
from padscope.pictures.source import Microscope
from padscope.pictures.valid_area import valid_area


def picture_facts(picture: Picture) -> dict[str, Any]:
    """Ready for JSON; None where the file says nothing. The keys up to `captured_at` are the command line's contract."""
    scale = picture.scale
    microscope = picture.microscope or Microscope()
    bar = find_scale_bar(picture)
    return {
        "width_px": picture.width,
        "height_px": picture.height,
        "channels": picture.channels,
        "bits": picture.bits,
        "format": picture.format,
        "um_per_px": scale.um_per_px,
        "scale_source": scale.source,
        "scale_verified": scale.verified,
        "model": microscope.model or None,
        "lens": microscope.lens or None,
        "magnification": microscope.magnification or None,
        "captured_at": microscope.captured_at or None,
        "software": microscope.software or None,
        "notes": list(microscope.notes),
        "scales": [asdict(found) for found in picture.scales],
        "scale_conflict": " ".join(s for s in (picture.scale_conflict, bar_says(bar, scale.um_per_px)) if s) or None,
        "scale_bar": None if bar is None else bar_facts(bar, scale.um_per_px),
        "photographed_fraction": float(valid_area(picture).mean()),
        "page": picture.page,
        "pages": picture.pages,
        "orientation": picture.orientation,
        "file": picture.path.name,
        "sha256": picture.sha256,
    }


def bar_facts(bar: ScaleBar, um_per_px: float | None) -> dict[str, Any]:
    """`length_um`: the round length it shows if the scale is right, None if it would show none."""
    return {
        "x0_px": bar.x0_px,
        "x1_px": bar.x1_px,
        "y_px": bar.y_px,
        "length_px": bar.length_px,
        "end_strokes": bar.strokes,
        "label": bar.label is not None,
        "length_um": None if um_per_px is None else bar.round_length_um(um_per_px),
    }
