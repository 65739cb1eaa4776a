"""What is typed into the fields of the layout panel, as changes of a layout."""

from __future__ import annotations

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
    """Along the row they form: from left to right where they spread more that way, else from top to bottom."""
    pads = [layout.pad[n] for n in names]
    wide = max(p.x_um for p in pads) - min(p.x_um for p in pads)
    high = max(p.y_um for p in pads) - min(p.y_um for p in pads)
    ordered = sorted(pads, key=lambda p: (p.x_um, p.y_um) if wide > high else (p.y_um, p.x_um))
    return named(layout, [p.id for p in ordered], pattern, start)


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
