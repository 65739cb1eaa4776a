"""What the ordinary metadata of a JPEG say: orientation and density, from EXIF (JEITA CP-3451) and JFIF (ITU-T T.871)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from padscope.pictures.ifd import Dialect, Directory, DirectoryError, Reader, read_directory, read_values
from padscope.pictures.scales import UM_PER_CM, UM_PER_INCH, ScaleFound, density_scale

TAG_ORIENTATION, TAG_X_RESOLUTION, TAG_Y_RESOLUTION, TAG_UNIT = 274, 282, 283, 296
UM_PER_UNIT = {2: UM_PER_INCH, 3: UM_PER_CM}  # of EXIF; JFIF counts one lower
JFIF, EXIF = b"JFIF\0", b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class Exif:
    """The first directory of an EXIF block, with the means to follow its offsets."""

    read: Reader
    dialect: Dialect
    directory: Directory

    def number(self, tag: int, default: float = 0.0) -> float:
        """One number, or a rational as its quotient; `default` if it is absent or damaged."""
        entry = self.directory.entries.get(tag)
        if entry is None:
            return default
        try:
            values: Any = read_values(self.read, entry, self.dialect)
            return values[0] / values[1] if entry.type in (5, 10) else float(values[0])
        except (DirectoryError, LookupError, ArithmeticError, ValueError, TypeError):
            return default


def bytes_reader(data: bytes, start: int, stop: int) -> Reader:
    """Offsets count from `start`; nothing before it or from `stop` on is ever read."""

    def read(at: int, length: int) -> bytes:
        return data[start + at : min(start + at + length, stop)]

    return read


def read_exif(data: bytes, start: int, stop: int) -> Exif | None:
    """From the payload of an APP1 segment data[start:stop]; None if it is no EXIF block or a damaged one."""
    if not data.startswith(EXIF, start, stop):
        return None
    read = bytes_reader(data, start + len(EXIF), stop)
    try:
        dialect, first = Dialect.of(read(0, 16))
        return Exif(read, dialect, read_directory(read, first, dialect))
    except DirectoryError:
        return None


def orientation(exif: Exif | None) -> int:
    found = exif.number(TAG_ORIENTATION, 1) if exif else 1
    return int(found) if found in range(1, 9) else 1


def density_scales(exif: Exif | None, jfif: bytes) -> tuple[ScaleFound, ...]:
    """From the EXIF resolution tags and from the payload of the JFIF segment."""
    found: tuple[ScaleFound, ...] = ()
    if exif:
        per_unit = UM_PER_UNIT.get(int(exif.number(TAG_UNIT, 2)), 0.0)
        found += density_scale("exif", exif.number(TAG_X_RESOLUTION), exif.number(TAG_Y_RESOLUTION), per_unit)
    if jfif.startswith(JFIF) and len(jfif) >= 12:
        unit, x, y = struct.unpack(">BHH", jfif[7:12])
        found += density_scale("exif", x, y, UM_PER_UNIT.get(unit + 1, 0.0))
    return found
