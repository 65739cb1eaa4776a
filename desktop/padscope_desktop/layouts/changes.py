"""What is typed into the fields of the layout panel, as changes of a layout."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_edit import (
    mirrored,
    moved,
    named,
    renamed,
    repeated,
    resized,
    turned,
    with_changed,
    with_direction,
    with_foot,
    with_wires,
)
from padscope.errors import LayoutError

OF_PAD: dict[str, Callable[[Pad, Any], Pad]] = {
    "x_um": lambda p, v: moved(p, v - p.x_um, 0.0),
    "y_um": lambda p, v: moved(p, 0.0, v - p.y_um),
    "w_um": lambda p, v: resized(p, v, p.h_um),
    "h_um": lambda p, v: resized(p, p.w_um, v),
    "rotation_deg": lambda p, v: turned(p, v - p.rotation_deg),
    "net": lambda p, v: replace(p, net=v),
    "single_purpose": lambda p, v: replace(p, single_purpose=bool(v)),
}
Change = Callable[[Layout, Sequence[str], Any], Layout]
OTHERS: dict[str, Change] = {
    "id": lambda layout, names, v: renamed(layout, dict.fromkeys(names, str(v))),
    "wires": lambda layout, names, v: with_wires(layout, names, _whole(v)),
    "wire_direction": lambda layout, names, v: with_direction(layout, names, v),
    "foot_across": lambda layout, names, v: _feet(layout, names, lambda foot: (v, foot[1])),
    "foot_along": lambda layout, names, v: _feet(layout, names, lambda foot: (foot[0], v)),
    "diameter": lambda layout, names, v: with_foot(layout, names, diameter_um=v),
    "pads": lambda layout, names, v: _exchanged(layout, v),
}


def changed_field(layout: Layout, *, field: str, value: Any, names: Sequence[str]) -> Layout:
    """One field of those pads; LayoutError where the value makes no sense."""
    if field in OF_PAD:
        return with_changed(layout, lambda p: OF_PAD[field](p, value), names)
    return OTHERS[field](layout, names, value)


def repeated_pads(
    layout: Layout, names: Sequence[str], *, count: int, dx: float, dy: float
) -> tuple[Layout, list[str]]:
    return repeated(layout, names, count, dx, dy)


def reflected_pads(layout: Layout, names: Sequence[str], *, axis: str, at: float) -> tuple[Layout, list[str]]:
    return mirrored(layout, names, x_um=at) if axis == "x" else mirrored(layout, names, y_um=at)


def named_in_order(layout: Layout, *, names: Sequence[str], pattern: str, start: int) -> Layout:
    """Row by row from left to right, or column by column from top to bottom: as they stand in fewer of them."""
    pads = [layout.pad[n] for n in names]
    columns = _lanes([p.x_um for p in pads], min(p.w_um for p in pads) / 2)
    rows = _lanes([p.y_um for p in pads], min(p.h_um for p in pads) / 2)
    down = max(columns) < max(rows)
    keys = [(c, p.y_um) if down else (r, p.x_um) for c, r, p in zip(columns, rows, pads, strict=True)]
    ordered = [p.id for _, p in sorted(zip(keys, pads, strict=True), key=lambda pair: pair[0])]
    return named(layout, ordered, pattern, start)


def _lanes(places: Sequence[float], apart: float) -> list[int]:
    """Which group each place belongs to, counted upwards: a new one begins where the next is further off than `apart`."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    lane, lanes = 0, [0] * len(places)
    for before, i in itertools.pairwise(order):
        lane += places[i] - places[before] > apart
        lanes[i] = lane
    return lanes


def _exchanged(layout: Layout, pads: Mapping[str, Pad]) -> Layout:
    return with_changed(layout, lambda p: pads[p.id], list(pads))


def _feet(layout: Layout, names: Sequence[str], change: Callable[[tuple[float, float]], tuple[float, float]]) -> Layout:
    """Pad by pad: their other side may differ."""
    for name in names:
        wires = layout.wires_of[name]
        if wires:
            layout = with_foot(layout, [name], change(wires[0].foot_um))
    return layout


def _whole(value: float) -> int:
    if value != round(value):
        raise LayoutError(f"A pad has a whole number of wires, not {value:g}.")
    return round(value)
