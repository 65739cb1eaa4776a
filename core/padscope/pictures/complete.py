"""Is a file that another program writes, perhaps over a network, complete by now? Asked of a file whose size and time rest.

Formats tell by their end: a JPEG by its end-of-image mark and what a Keyence microscope puts behind it, a PNG by its last chunk, a
TIFF by its directories and the strips they name. But a copy over a network may reserve all its room first and fill it with zeros
until the data come: a file that ends in many zeros can be complete (a black border) or not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from padscope.errors import PictureError

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".vk4", ".vk6", ".vk7"))
ZEROS = 4096  # bytes at the end that a copy under way leaves at least


@dataclass(frozen=True, slots=True)
class Look:
    """How a file appears without opening it; the same look is taken for the same content."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What opening a file told. No `trouble`: it is complete. With a `sha256` beside the trouble it can be read all the same."""

    look: Look
    sha256: str = ""
    trouble: str = ""


def look_at(path: Path | str) -> Look:
    """OSError where the file is gone."""
    found = os.stat(path)
    return Look(found.st_size, found.st_mtime_ns)


def examine(path: Path) -> Finding:
    """Read the file once, from end to end, without ever locking it. OSError where it went away meanwhile."""
    from padscope.pictures.picture import (
        open_picture,  # decoders take their time: a window that watches nothing needs none
    )

    look = look_at(path)
    try:
        with open_picture(path) as picture:
            lost = picture.microscope.lost if picture.microscope is not None else 0
            sha256 = picture.sha256
    except PictureError as error:
        return Finding(look_at(path), trouble=str(error))
    if lost:
        return Finding(look, sha256, f"{lost} values of the microscope are not in the file")
    return Finding(look, sha256, "the file ends in zeros" if _ends_in_zeros(path, look.size) else "")


def _ends_in_zeros(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(max(size - ZEROS, 0))
        return not any(file.read(ZEROS))


def may_be_picture(name: str) -> bool:
    """By its name: not a copy under way (`.part`, `.tmp`, `~name`), not hidden, not a file beside a picture."""
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith((".", "~", "$"))
