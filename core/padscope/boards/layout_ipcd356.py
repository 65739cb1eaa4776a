"""Layouts from bare-board test netlists: IPC-D-356, A and B. Fixed columns, one test point per line.

Columns (counted from 1, IPC-D-356A table 5): 1-3 operation code (317 through hole, 327 surface mount, 0 for 3 continues the
net above), 4-17 net, 21-26 part, 28-31 pin, 33-38 hole, 39-41 access side, 42-57 X and Y, 58-67 size, 68-71 turn
counterclockwise, 73-74 solder mask. Parameters: `P  UNITS CUST 0` 0.0001 inch, `CUST 1` and `SI` 0.001 mm, `CUST 2`
0.0001 inch and turns in radians; `P  NNAMEn` spells out a long net name. A point whose Y size is 0 or missing is round.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

from padscope.boards.layout import Layout
from padscope.boards.layout_choice import Choice, Shape, circle, layout_of, rectangle
from padscope.boards.layout_text import read_bytes, text_of
from padscope.errors import LayoutError

INCH_UM = 2.54  # 0.0001 inch
UNITS = {"CUST": (INCH_UM, 1.0), "CUST 0": (INCH_UM, 1.0), "CUST 1": (1.0, 1.0), "SI": (1.0, 1.0)} | {
    "CUST 2": (INCH_UM, math.degrees(1.0))
}
"""µm per unit of length, degrees per unit of turn."""
TEST_POINTS = {"317", "327", "017", "027"}
UNCONNECTED = {"N/C", "NC", ""}
ACCESS = {"top": ("00", "01"), "bottom": ("00",)}
"""Codes of what a probe reaches from a side; from the bottom also the highest layer, which every board numbers itself."""
FIELDS = re.compile(
    r"(?:D(\d+)[PU]?)?\s*(?:A(\d\d))?\s*X([+-]? *\d{5,7})Y([+-]? *\d{5,7})\s*(?:X(\d+))?\s*(?:Y(\d+))?\s*(?:R(\d+))?(?![\dA-QT-Z])"
)
"""Hole, access, X, Y, size in X and Y, turn."""


@dataclass(frozen=True)
class _Point:
    name: str
    net: str
    access: str
    x: int
    y: int
    w: int
    h: int
    turn: int


def load_layout_ipcd356(path: Path, choice: Choice | None = None) -> Layout:
    """Surface and through-hole points of one side; LayoutError names file and line."""
    choice = choice or Choice()
    raw = read_bytes(path)
    return layout_of(ipcd356_shapes(path, choice, raw), choice, path.name, path.stem, hashlib.sha256(raw).hexdigest())


def ipcd356_shapes(path: Path, choice: Choice, raw: bytes) -> list[Shape]:
    """All points that can be reached from the chosen side."""
    points, (um, degree) = _points(path, text_of(path, raw))
    lowest = max((p.access for p in points), default="01")
    reach = set(ACCESS[choice.side]) | ({lowest} if choice.side == "bottom" else set())
    mirror = -1.0 if choice.side == "bottom" else 1.0
    return [_shape(p, um, degree, mirror) for p in points if p.access in reach]


def _points(path: Path, text: str) -> tuple[list[_Point], tuple[float, float]]:
    units = UNITS["CUST 0"]
    long_names: dict[str, str] = {}
    points: list[_Point] = []
    net = ""
    known = ended = False
    for number, line in enumerate(text.splitlines(), 1):
        line = line.rstrip()
        code = line[:3]
        if line.startswith("P"):
            known = True
            words = line[1:].split()
            if words[:1] == ["UNITS"]:
                unit = " ".join(words[1:]).upper()
                if unit not in UNITS:
                    raise LayoutError(
                        f"{path.name}, line {number}: the unit “{unit}” is unknown; it must be CUST 0, 1, 2 or SI."
                    )
                units = UNITS[unit]
            elif words and words[0].startswith("NNAME") and len(words) > 1:
                long_names[words[0]] = " ".join(words[1:])
        elif code in TEST_POINTS:
            if code[0] == "3":
                field = line[3:17].strip()
                net = "" if field.upper() in UNCONNECTED else long_names.get(field, field)
            points.append(_point(path, number, line.ljust(80), net))
        elif code == "999":
            ended = True
            break
        elif line and not (line[0] in "C#" or code.isdigit()):
            raise LayoutError(
                f"{path.name}, line {number}: this is no IPC-D-356 record; its first columns are “{code}”."
            )
    if not points:
        word = "no test points" if known else "no IPC-D-356 records"
        raise LayoutError(f"{path.name} has {word}; it needs lines that begin with 317 or 327.")
    if not ended:
        raise LayoutError(f"{path.name} ends without its last line (999), so it is cut off; write it again.")
    return points, units


def _point(path: Path, number: int, line: str, net: str) -> _Point:
    """The fields up to column 32 by their columns, the rest by their letters: writers differ in how many digits they give."""
    part, pin = line[20:26].strip(), line[27:31].strip()
    match = FIELDS.search(line, 31)
    if not match:
        raise LayoutError(
            f"{path.name}, line {number}: there is no position (X and Y with whole numbers from column 42 on); check the columns."
        )
    hole, access, x, y, w, h, turn = match.groups()
    size = int(w or 0) or int(hole or 0)  # a hole without a land
    if size <= 0:
        raise LayoutError(
            f"{path.name}, line {number}: the test point has no size (columns 58 to 67); every pad needs one."
        )
    name = "-".join(filter(None, (part, pin)))
    x_at, y_at = int(x.replace(" ", "")), int(y.replace(" ", ""))
    return _Point(name, net, access or "01", x_at, y_at, size, int(h or 0), int(turn or 0))


def _shape(p: _Point, um: float, degree: float, mirror: float) -> Shape:
    x, y = mirror * p.x * um, -p.y * um  # the file's y runs up
    if p.h == 0:
        return Shape(circle(x, y, p.w * um), p.name, p.net, p.access, p.w * um)
    corners = rectangle(x, y, p.w * um, p.h * um, -mirror * p.turn * degree)
    return Shape(corners, p.name, p.net, p.access)
