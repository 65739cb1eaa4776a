"""What tests of drawn layouts share: small files, and where a pad lies."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from padscope.boards.layout import Pad


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def box(pad: Pad) -> list[float]:
    """x0, y0, x1, y1 in µm, to a nanometre."""
    low, high = pad.corners_um.min(axis=0), pad.corners_um.max(axis=0)
    return [round(float(v), 3) for v in (*low, *high)]


def tags(*codes_and_values: object) -> str:
    """Group codes and values of a DXF, one a line, as the format is printed."""
    return "".join(f"{v}\n" for v in codes_and_values)


def polyline(layer: str, *vertices: tuple[float, ...]) -> str:
    """A closed POLYLINE of (x, y) or (x, y, bulge)."""
    points = (
        (0, "VERTEX", 8, layer, *chain.from_iterable(zip((10, 20, 42), vertex, strict=False))) for vertex in vertices
    )
    return tags(0, "POLYLINE", 8, layer, 66, 1, 70, 1, *chain.from_iterable(points), 0, "SEQEND", 8, layer)


MILS = (
    tags(0, "SECTION", 2, "HEADER", 9, "$ACADVER", 1, "AC1015", 9, "$INSUNITS", 70, 9, 0, "ENDSEC")
    + tags(0, "SECTION", 2, "BLOCKS", 0, "BLOCK", 8, "0", 2, "MARKED", 70, 0, 10, 0, 20, 0)
    + polyline("0", (0, 0), (40, 0), (40, 10), (0, 10))
    + polyline("MASK", (60, 0), (80, 0, 1), (80, 10), (60, 10))  # a half disc at its right end
    + tags(0, "CIRCLE", 8, "FID", 10, 100, 20, 0, 40, 10, 0, "TEXT", 8, "0", 10, 2, 20, 2, 40, 5, 1, "A7")
    + tags(0, "ENDBLK", 8, "0", 0, "BLOCK", 8, "0", 2, "OUTER", 70, 0, 10, 0, 20, 0)
    + tags(0, "INSERT", 8, "0", 2, "MARKED", 10, 10, 20, 0, 50, 90, 0, "ENDBLK", 8, "0", 0, "ENDSEC")
    + tags(0, "SECTION", 2, "ENTITIES", 0, "INSERT", 8, "BOND", 2, "MARKED", 10, 1000, 20, 500, 41, -1)
    + tags(0, "INSERT", 8, "BACK", 2, "OUTER", 10, 2000, 20, 500, 42, -1)
    + tags(0, "CIRCLE", 8, "FID", 10, -300, 20, 40, 40, 10, 210, 0, 220, 0, 230, -1)
    + tags(0, "ENDSEC", 0, "EOF")
)
"""Typed by hand, in mils: a block mirrored, the same turned by 90° in a block that is mirrored the other way, and a circle
in a plane that is seen from behind."""
