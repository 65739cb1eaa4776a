"""The master format of a layout: JSON with centres, sizes, turns, polygons, single wires and fiducials.

{"format": "padscope-layout", "schema": 1, "name": "…", "unit": "um",
 "pads": [{"id", "centre_um": [x, y], "size_um": [w, h], "rotation_deg", "polygon_um": [[x, y], …], "net", "single_purpose",
           "wire_direction", "wires": n}],
 "wires": [{"id", "pad", "at_um": [x, y], "direction_deg", "foot_um": [across, along], "diameter_um", "chip_pad"}],
 "fiducials": [{"name", "centre_um": [x, y], "diameter_um"}]}

A pad has a polygon, or a centre and a size. `wires` of a pad spreads that many where none is listed for it; a file that
lists none and counts none has no wires.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from padscope.boards.layout import FOOT_UM, Fiducial, Layout, Pad, Wire, checked, spread_wires
from padscope.boards.layout_text import LARGEST_UM, MOST_WIRES, read_bytes, text_of, written_whole
from padscope.errors import LayoutError

FORMAT = "padscope-layout"
SCHEMA = 1


def load_layout_json(path: Path) -> Layout:
    raw = read_bytes(path)
    try:
        data = json.loads(text_of(path, raw), parse_constant=lambda name: math.nan)
    except json.JSONDecodeError as error:
        raise LayoutError(f"{path.name}, line {error.lineno}: not valid JSON ({error.msg}).") from None
    except RecursionError:
        raise LayoutError(f"{path.name} is nested too deeply to be a layout.") from None
    return layout_from_json(data, path.name, name=path.stem, sha256=hashlib.sha256(raw).hexdigest())


def save_layout_json(layout: Layout, path: Path | str) -> None:
    """Replaces `path` at once; `load_layout` brings back an equal layout."""
    written_whole(Path(path), layout_text(layout))


def layout_text(layout: Layout) -> str:
    return json.dumps(layout_to_json(layout), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def sealed(layout: Layout) -> Layout:
    """Checked, with the hash that its JSON file would have: a layout that was drawn has come from no file."""
    digest = hashlib.sha256(layout_text(layout).encode()).hexdigest()
    return checked(replace(layout, sha256=digest))


def layout_to_json(layout: Layout) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "name": layout.name,
        "unit": "um",
        "pads": [_pad_to_json(p) for p in layout.pads],
        "wires": [
            {
                "id": w.id,
                "pad": w.pad,
                "at_um": _floats(w.x_um, w.y_um),
                "direction_deg": float(w.direction_deg),
                "foot_um": _floats(*w.foot_um),
                "diameter_um": float(w.diameter_um),
                "chip_pad": w.chip_pad,
            }
            for w in layout.wires
        ],
        "fiducials": [
            {"name": f.name, "centre_um": _floats(f.x_um, f.y_um), "diameter_um": float(f.diameter_um)}
            for f in layout.fiducials
        ],
    }


def _floats(*values: float) -> list[float]:
    """Whole numbers too are written with their dot, so that saving what was loaded gives the same bytes."""
    return [float(v) for v in values]


def _pad_to_json(pad: Pad) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": pad.id,
        "centre_um": _floats(pad.x_um, pad.y_um),
        "size_um": _floats(pad.w_um, pad.h_um),
    }
    facts |= {"rotation_deg": float(pad.rotation_deg), "net": pad.net, "single_purpose": pad.single_purpose}
    if pad.wire_direction is not None:
        facts["wire_direction"] = float(pad.wire_direction)
    if pad.polygon_um is not None:
        facts["polygon_um"] = [_floats(*c) for c in pad.polygon_um]
    return facts


def layout_from_json(data: Any, file: str, *, name: str, sha256: str = "") -> Layout:
    """From parsed JSON; `file` is for messages, `name` for files that give none."""
    top = _Place(file, "the file", data)
    if not isinstance(data, dict) or data.get("format", FORMAT) != FORMAT or "pads" not in data:
        raise LayoutError(f"{file} is JSON but no Padscope layout; it needs a list “pads”.")
    schema = data.get("schema")
    if schema != SCHEMA:
        raise LayoutError(f"{file} has the schema {schema!r}; this version of Padscope reads {SCHEMA}.")
    if data.get("unit", "um") != "um":
        raise LayoutError(f"{file} gives its lengths in {data['unit']!r}; Padscope reads um.")
    pads, counts = [], {}
    for place in top.list("pads"):
        pad = _pad(place)
        pads.append(pad)
        counts[pad.id] = place.count("wires")
    wires = [_wire(place) for place in top.list("wires")]
    listed = {w.pad for w in wires}
    wires += [w for p in pads if p.id not in listed for w in spread_wires(p, counts[p.id])]
    marks = [
        Fiducial(m.word("name"), *m.pair("centre_um"), diameter_um=m.number("diameter_um"))
        for m in top.list("fiducials")
    ]
    title = data.get("name", name)
    if not isinstance(title, str):
        raise LayoutError(f"{file}: the name of the layout must be text.")
    return checked(Layout(title or name, tuple(pads), tuple(wires), tuple(marks), sha256))


def polygon_pad(
    id: str,
    polygon_um: tuple[tuple[float, float], ...],
    net: str = "",
    single_purpose: bool = False,
    wire_direction: float | None = None,
) -> Pad:
    """A pad of any outline; its centre and size are those of the box around it."""
    low, high = np.min(polygon_um, axis=0), np.max(polygon_um, axis=0)
    (x, y), (w, h) = (low + high) / 2, high - low
    return Pad(id, float(x), float(y), float(w), float(h), 0.0, net, single_purpose, wire_direction, tuple(polygon_um))


@dataclass(frozen=True)
class _Place:
    """A spot in the file, and how to read and refuse it."""

    file: str
    where: str
    value: Any

    def refuse(self, reason: str) -> LayoutError:
        return LayoutError(f"{self.file}, {self.where}: {reason}")

    def list(self, key: str) -> list[_Place]:
        items = self.value.get(key, [])
        if not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
            raise self.refuse(f"“{key}” must be a list of objects.")
        return [_Place(self.file, f"{key}[{n}]", i) for n, i in enumerate(items)]

    def word(self, key: str, default: str | None = None) -> str:
        value = self.value.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.refuse(f"“{key}” must be text.")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        return self._finite(key, self.value.get(key, default))

    def pair(self, key: str, default: tuple[float, float] | None = None) -> tuple[float, float]:
        value = self.value.get(key, default)
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise self.refuse(f"“{key}” must be two numbers in µm.")
        return self._finite(key, value[0]), self._finite(key, value[1])

    def count(self, key: str) -> int:
        value = self.number(key, 0)
        if not value.is_integer() or not 0 <= value <= MOST_WIRES:
            raise self.refuse(f"“{key}” is {value:g}; it must be a whole number from 0 to {MOST_WIRES}.")
        return int(value)

    def flag(self, key: str) -> bool:
        value = self.value.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(f"“{key}” must be true or false.")
        return value

    def polygon(self, key: str) -> tuple[tuple[float, float], ...]:
        corners = self.value[key]
        if not isinstance(corners, list) or len(corners) < 3:
            raise self.refuse(f"“{key}” needs at least three corners.")
        points = tuple(_Place(self.file, self.where, {key: c}).pair(key) for c in corners)
        if crosses_itself(points):
            raise self.refuse(f"“{key}” crosses itself; give its corners in order around the pad.")
        return points

    def _finite(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(f"“{key}” must be a number, not {json.dumps(value)[:40]}.")
        if not math.isfinite(value):
            raise self.refuse(f"“{key}” must be a finite number.")
        if abs(value) > LARGEST_UM:
            raise self.refuse(f"“{key}” is {value:g}, more than ten metres; give lengths in µm.")
        return float(value)


def _pad(place: _Place) -> Pad:
    direction = place.number("wire_direction") if place.value.get("wire_direction") is not None else None
    id, net, single = place.word("id"), place.word("net", ""), place.flag("single_purpose")
    turn = place.number("rotation_deg", 0.0)
    if place.value.get("polygon_um") is None:
        (x, y), (w, h) = place.pair("centre_um"), place.pair("size_um")
        return Pad(id, x, y, w, h, turn, net, single, direction)
    outline = place.polygon("polygon_um")
    box = polygon_pad(id, outline)
    x, y = place.pair("centre_um", (box.x_um, box.y_um))
    w, h = place.pair("size_um", (box.w_um, box.h_um))
    return Pad(id, x, y, w, h, turn, net, single, direction, outline)


def _wire(place: _Place) -> Wire:
    foot = place.pair("foot_um", FOOT_UM)
    diameter = place.number("diameter_um", 25.0)
    if min(*foot, diameter) <= 0:
        raise place.refuse("the foot and the diameter of a wire must be above 0 µm.")
    x, y = place.pair("at_um")
    return Wire(
        place.word("id"),
        place.word("pad"),
        x,
        y,
        place.number("direction_deg", 0.0),
        foot,
        diameter,
        place.word("chip_pad", ""),
    )


def crosses_itself(outline: tuple[tuple[float, float], ...]) -> bool:
    """Whether two sides of a closed polygon that do not follow each other meet."""
    n = len(outline)
    sides = [(np.array(outline[i]), np.array(outline[(i + 1) % n])) for i in range(n)]
    return any(_meet(*sides[i], *sides[j]) for i in range(n) for j in range(i + 2, n) if not (i == 0 and j == n - 1))


def _meet(a: Any, b: Any, c: Any, d: Any) -> bool:
    def side(p: Any, q: Any, r: Any) -> float:
        return float(np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])))

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
