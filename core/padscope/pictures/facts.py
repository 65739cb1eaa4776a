"""What is known about a picture, as plain data: the words of `padscope info`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from padscope.pictures.picture import Picture
from padscope.pictures.source import Microscope


def picture_facts(picture: Picture) -> dict[str, Any]:
    """Ready for JSON; None where the file says nothing. The keys up to `captured_at` are the command line's contract."""
    scale = picture.scale
    microscope = picture.microscope or Microscope()
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
        "scale_conflict": picture.scale_conflict or None,
        "page": picture.page,
        "pages": picture.pages,
        "orientation": picture.orientation,
        "file": picture.path.name,
        "sha256": picture.sha256,
    }
