"""Changing a layout by hand: every change is a function from one layout to the next, so that undoing is keeping a list.

Nothing here refuses a layout that is still in the making (two pads may overlap for a while; `layout_problems` says so), only
what could not be told apart afterwards: a name that is there already, a name that is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Fiducial, Layout, Pad, Wire, spread_wires
from padscope.boards.layout_text import MOST_WIRES
from padscope.errors import LayoutError

SAME_UM = 1e-3
"""Wires nearer than this to where `spread_wires` puts them count as spread evenly."""
LONGEST_HISTORY = 500
MOST_COPIES = 2000
SIDES = {"L": "R", "R": "L", "T": "B", "B": "T"}
"""First letters of pads on opposite edges."""
NUMBER = re.compile(r"\{n(?::(0?)(\d{1,2}))?\}")
Point = tuple[float, float]


@dataclass(frozen=True)
class Edits:
    """A layout with what it was before and what was undone. `what` says in words what each step did."""

    now: Layout
    past: tuple[tuple[str, Layout], ...] = ()
    future: tuple[tuple[str, Layout], ...] = ()

    def done(self, what: str, layout: Layout) -> Edits:
        """One step further; a step that changes nothing is none."""
        if layout == self.now:
            return self
        return Edits(layout, (*self.past, (what, self.now))[-LONGEST_HISTORY:])

    def undone(self) -> Edits:
        if not self.past:
            return self
        *past, (what, before) = self.past
        return Edits(before, tuple(past), ((what, self.now), *self.future))

    def redone(self) -> Edits:
        if not self.future:
            return self
        (what, after), *future = self.future
        return Edits(after, (*self.past, (what, self.now)), tuple(future))


def with_pad(layout: Layout, pad: Pad, wires: int = 1) -> Layout:
    """One pad more, with that many wires spread evenly over it."""
    _refuse_taken(layout, (), [pad.id])
    return replace(layout, pads=(*layout.pads, pad), wires=(*layout.wires, *spread_wires(pad, wires)), sha256="")


def without(layout: Layout, names: Iterable[str]) -> Layout:
    """Pads or fiducials of these names are gone, with the wires that land on them."""
    gone = set(names)
    return replace(
        layout,
        pads=tuple(p for p in layout.pads if p.id not in gone),
        wires=tuple(w for w in layout.wires if w.pad not in gone),
        fiducials=tuple(f for f in layout.fiducials if f.name not in gone),
        sha256="",
    )


def with_changed(layout: Layout, change: Callable[[Pad], Pad], names: Iterable[str]) -> Layout:
    """Those pads changed, each with its wires: evenly spread ones are spread again, others keep their place in the pad."""
    chosen = set(names)
    changed = {p.id: (p, change(p)) for p in layout.pads if p.id in chosen}
    _refuse_taken(layout, chosen, [new.id for _, new in changed.values()])
    wires: list[Wire] = []
    done: set[str] = set()
    for wire in layout.wires:
        if wire.pad not in changed:
            wires.append(wire)
        elif wire.pad not in done:  # all wires of a pad at the place of its first
            done.add(wire.pad)
            wires += carried(*changed[wire.pad], layout.wires_of[wire.pad])
    pads = tuple(changed[p.id][1] if p.id in changed else p for p in layout.pads)
    return replace(layout, pads=pads, wires=tuple(wires), sha256="")


def carried(before: Pad, after: Pad, wires: Sequence[Wire]) -> tuple[Wire, ...]:
    """The wires of a pad when it moves, turns, grows or gets another name."""
    ids = [_renamed_wire(w.id, before.id, after.id) for w in wires]
    if _evenly_spread(before, wires):
        spread = spread_wires(after, len(wires), wires[0].foot_um if wires else (75.0, 125.0))
        return tuple(
            replace(s, id=i, diameter_um=w.diameter_um, chip_pad=w.chip_pad)
            for s, i, w in zip(spread, ids, wires, strict=True)
        )
    turn = (after.rotation_deg - before.rotation_deg + _turn_of_polygon(before, after)) % 360
    grown = (
        np.array([after.w_um / before.w_um, after.h_um / before.h_um]) if after.polygon_um is None or not turn else 1.0
    )
    t = math.radians(turn)
    way = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    # in the frame of the pad before: scaled with it, then turned with it
    own = (np.array([(w.x_um, w.y_um) for w in wires]).reshape(-1, 2) - (before.x_um, before.y_um)) @ before.axes
    places = (own * grown) @ (way @ before.axes).T + (after.x_um, after.y_um)
    return tuple(
        replace(w, id=i, pad=after.id, x_um=float(x), y_um=float(y), direction_deg=(w.direction_deg + turn) % 360)
        for w, i, (x, y) in zip(wires, ids, places, strict=True)
    )


def moved(pad: Pad, dx_um: float, dy_um: float) -> Pad:
    outline = pad.polygon_um and tuple((x + dx_um, y + dy_um) for x, y in pad.polygon_um)
    return replace(pad, x_um=pad.x_um + dx_um, y_um=pad.y_um + dy_um, polygon_um=outline)


def resized(pad: Pad, w_um: float, h_um: float, anchor: Point = (0.0, 0.0)) -> Pad:
    """Another size; `anchor` is the point that stays, in halves of the pad's own frame ((-1, -1): its upper left corner)."""
    if not (w_um > 0 and h_um > 0 and math.isfinite(w_um + h_um)):
        raise LayoutError(f"Pad {pad.id} needs a width and a height above 0 µm.")
    fixed = np.array(anchor) / 2
    shift = pad.axes @ (fixed * (pad.w_um, pad.h_um) - fixed * (w_um, h_um))
    after = replace(pad, w_um=w_um, h_um=h_um, x_um=pad.x_um + float(shift[0]), y_um=pad.y_um + float(shift[1]))
    if pad.polygon_um is None:
        return after
    own = (np.array(pad.polygon_um) - (pad.x_um, pad.y_um)) @ pad.axes * (w_um / pad.w_um, h_um / pad.h_um)
    return replace(after, polygon_um=_points(own @ pad.axes.T + (after.x_um, after.y_um)))


def turned(pad: Pad, degrees: float, about: Point | None = None) -> Pad:
    """Clockwise on the screen, about its own centre unless another is given; its wires' direction turns along."""
    cx, cy = about or (pad.x_um, pad.y_um)
    way = Pad("", 0, 0, 1, 1, degrees).axes
    x, y = way @ (pad.x_um - cx, pad.y_um - cy) + (cx, cy)
    direction = None if pad.wire_direction is None else (pad.wire_direction + degrees) % 360
    after = replace(pad, x_um=float(x), y_um=float(y), wire_direction=direction)
    if pad.polygon_um is None:
        return replace(after, rotation_deg=_within_a_turn(pad.rotation_deg + degrees))
    outline = (np.array(pad.polygon_um) - (cx, cy)) @ way.T + (cx, cy)
    return _boxed(replace(after, polygon_um=_points(outline)))


def reflected(pad: Pad, x_um: float | None = None, y_um: float | None = None) -> Pad:
    """Seen in a mirror that stands at x (left and right change places) or at y (above and below do)."""
    if (x_um is None) == (y_um is None):
        raise LayoutError("A mirror stands at one x or at one y.")

    def through(x: float, y: float) -> Point:
        return (2 * x_um - x, y) if x_um is not None else (x, 2 * (y_um or 0.0) - y)

    x, y = through(pad.x_um, pad.y_um)
    direction = pad.wire_direction
    if direction is not None:
        direction = ((180.0 if x_um is not None else 0.0) - direction) % 360
    outline = pad.polygon_um and tuple(through(*p) for p in reversed(pad.polygon_um))
    turn = _within_a_turn(-pad.rotation_deg)
    return replace(pad, x_um=x, y_um=y, rotation_deg=turn, wire_direction=direction, polygon_um=outline)


def repeated(layout: Layout, names: Sequence[str], count: int, dx_um: float, dy_um: float) -> tuple[Layout, list[str]]:
    """Each of the pads `count` times more, every copy one pitch further; the names of the copies go on counting."""
    if not 1 <= count <= MOST_COPIES:
        raise LayoutError(f"A pad is repeated from 1 to {MOST_COPIES} times, not {count}.")
    if dx_um == 0 and dy_um == 0:
        raise LayoutError("The pitch is zero: every copy would lie on the pad itself; give a pitch along x or y.")
    chosen = [p for p in layout.pads if p.id in set(names)]
    taken = {p.id for p in layout.pads}
    block = len(chosen)
    copies = []
    for k in range(1, count + 1):
        for pad in chosen:
            name = next_name(pad.id, taken, step=block * k)
            taken.add(name)
            copies.append((pad, replace(moved(pad, k * dx_um, k * dy_um), id=name)))
    return _with_copies(layout, copies), [new.id for _, new in copies]


def mirrored(
    layout: Layout, names: Sequence[str], *, x_um: float | None = None, y_um: float | None = None
) -> tuple[Layout, list[str]]:
    """The pads once more on the other side of a mirror; L becomes R, and T becomes B, at the beginning of their names."""
    taken = {p.id for p in layout.pads}
    copies = []
    for pad in [p for p in layout.pads if p.id in set(names)]:
        wanted = SIDES.get(pad.id[:1].upper(), "") + pad.id[1:] if pad.id[:1].upper() in SIDES else pad.id
        name = wanted if wanted not in taken else next_name(wanted, taken)
        taken.add(name)
        copies.append((pad, replace(reflected(pad, x_um, y_um), id=name)))
    found = _with_copies(layout, copies, lambda w: _reflected_wire(w, x_um, y_um))
    return found, [new.id for _, new in copies]


def named(layout: Layout, names: Sequence[str], pattern: str, start: int = 1) -> Layout:
    """New names in the order given: in “L{n:03}” {n:03} is the number, here with three digits."""
    if len(NUMBER.findall(pattern)) != 1 or "{" in NUMBER.sub("", pattern) or "}" in NUMBER.sub("", pattern):
        raise LayoutError(f"“{pattern}” needs one {{n}} where the number goes; {{n:03}} gives it three digits.")
    new = {name: numbered(pattern, start + k) for k, name in enumerate(names)}
    return renamed(layout, new)


def numbered(pattern: str, n: int) -> str:
    """ "L{n:03}", 7 -> "L007"."""
    return NUMBER.sub(lambda m: str(n).rjust(int(m.group(2) or 0), "0" if m.group(1) else " ").strip(), pattern)


def renamed(layout: Layout, new: Mapping[str, str]) -> Layout:
    """Pads (and their wires) or fiducials with other names."""
    if any(not name.strip() for name in new.values()):
        raise LayoutError("A name cannot be empty.")
    pads = with_changed(layout, lambda p: replace(p, id=new[p.id].strip()), [p.id for p in layout.pads if p.id in new])
    marks = tuple(replace(f, name=new.get(f.name, f.name).strip()) for f in layout.fiducials)
    return replace(pads, fiducials=marks)


def with_wires(layout: Layout, names: Iterable[str], count: int) -> Layout:
    """So many wires on each of the pads, spread evenly; the foot of a pad stays that of its first wire."""
    if not 0 <= count <= MOST_WIRES:
        raise LayoutError(f"A pad has from 0 to {MOST_WIRES} wires, not {count}.")
    return _rewired(layout, names, lambda pad, old: _spread_like(pad, old, count))


def with_foot(
    layout: Layout, names: Iterable[str], foot_um: Point | None = None, diameter_um: float | None = None
) -> Layout:
    """Another foot (width across, length along the wire) or another wire on all wires of the pads."""
    if (foot_um is not None and min(foot_um) <= 0) or (diameter_um is not None and diameter_um <= 0):
        raise LayoutError("The foot and the diameter of a wire must be above 0 µm.")

    def change(w: Wire) -> Wire:
        return replace(w, foot_um=foot_um or w.foot_um, diameter_um=diameter_um or w.diameter_um)

    return _rewired(layout, names, lambda pad, old: tuple(change(w) for w in old))


def with_direction(layout: Layout, names: Iterable[str], degrees: float | None) -> Layout:
    """The direction of the wires (None: along the pad's longer side); they are spread anew."""
    chosen = set(names)
    turned_pads = tuple(replace(p, wire_direction=degrees) if p.id in chosen else p for p in layout.pads)
    after = replace(layout, pads=turned_pads, sha256="")
    return _rewired(after, chosen, lambda pad, old: _spread_like(pad, old, len(old)))


def with_fiducial(layout: Layout, mark: Fiducial) -> Layout:
    """One fiducial more, or the one of that name replaced."""
    if not mark.name.strip():
        raise LayoutError("A fiducial needs a name.")
    if mark.diameter_um <= 0:
        raise LayoutError(f"Fiducial {mark.name} needs a diameter above 0 µm.")
    known = any(f.name == mark.name for f in layout.fiducials)
    kept = tuple(mark if f.name == mark.name else f for f in layout.fiducials)
    return replace(layout, fiducials=kept if known else (*kept, mark), sha256="")


def next_name(name: str, taken: set[str], step: int = 1) -> str:
    """The name `step` further on (“L007” to “L008”), or the first after it that is free; without a number one is added."""
    found = re.search(r"\d+$", name)
    stem, digits = (name[: found.start()], found.group()) if found else (f"{name}-", "1")
    n, width = int(digits) + step, len(digits) if found else 1
    while f"{stem}{n:0{width}}" in taken:
        n += 1
    return f"{stem}{n:0{width}}"


def middle_um(layout: Layout, names: Iterable[str] = ()) -> Point:
    """Of the box around those pads, or around everything."""
    chosen = set(names)
    part = replace(layout, pads=tuple(p for p in layout.pads if p.id in chosen), fiducials=()) if chosen else layout
    if not part.pads and not part.fiducials:
        return 0.0, 0.0
    x0, y0, x1, y1 = part.bounds_um
    return (x0 + x1) / 2, (y0 + y1) / 2


def _with_copies(
    layout: Layout, copies: Sequence[tuple[Pad, Pad]], carry: Callable[[Wire], Wire] | None = None
) -> Layout:
    wires = list(layout.wires)
    for old, new in copies:
        own = layout.wires_of[old.id]
        if carry is None or _evenly_spread(old, own):
            wires += carried(old, new, own)
        else:
            wires += [replace(carry(w), id=_renamed_wire(w.id, old.id, new.id), pad=new.id) for w in own]
    taken = {w.id for w in layout.wires}
    fresh = []
    for wire in wires[len(layout.wires) :]:  # a wire named after its chip pad gets a name of its own on a copy
        name = wire.id if wire.id not in taken else next_name(wire.id, taken)
        taken.add(name)
        fresh.append(replace(wire, id=name))
    return replace(layout, pads=(*layout.pads, *(new for _, new in copies)), wires=(*layout.wires, *fresh), sha256="")


def _rewired(layout: Layout, names: Iterable[str], change: Callable[[Pad, tuple[Wire, ...]], Sequence[Wire]]) -> Layout:
    """Other wires on those pads, in the order of the pads."""
    chosen = set(names)
    wires: list[Wire] = []
    for pad in layout.pads:
        own = layout.wires_of[pad.id]
        wires += change(pad, own) if pad.id in chosen else own
    return replace(layout, wires=tuple(wires), sha256="")


def _spread_like(pad: Pad, old: Sequence[Wire], count: int) -> list[Wire]:
    like = old[0] if old else Wire("", pad.id, 0.0, 0.0)
    return [
        replace(w, diameter_um=like.diameter_um, chip_pad=old[k].chip_pad if k < len(old) else "")
        for k, w in enumerate(spread_wires(pad, count, like.foot_um))
    ]


def _evenly_spread(pad: Pad, wires: Sequence[Wire]) -> bool:
    return all(
        w.foot_um == wires[0].foot_um
        and math.hypot(w.x_um - s.x_um, w.y_um - s.y_um) < SAME_UM
        and abs((w.direction_deg - s.direction_deg + 180) % 360 - 180) < SAME_UM
        for w, s in zip(wires, spread_wires(pad, len(wires)), strict=True)
    )


def _turn_of_polygon(before: Pad, after: Pad) -> float:
    """Degrees; a polygon has no turn of its own, so its first side tells."""
    if before.polygon_um is None or after.polygon_um is None or len(before.polygon_um) != len(after.polygon_um):
        return 0.0
    (ax, ay), (bx, by) = (np.subtract(p[1], p[0]) for p in (before.polygon_um, after.polygon_um))
    turn = math.degrees(math.atan2(ax * by - ay * bx, ax * bx + ay * by))
    same = math.isclose(np.hypot(ax, ay), np.hypot(bx, by), rel_tol=1e-6)
    return turn if same and abs(turn) > 1e-6 else 0.0


def _reflected_wire(wire: Wire, x_um: float | None, y_um: float | None) -> Wire:
    if x_um is not None:
        return replace(wire, x_um=2 * x_um - wire.x_um, direction_deg=(180 - wire.direction_deg) % 360)
    assert y_um is not None
    return replace(wire, y_um=2 * y_um - wire.y_um, direction_deg=-wire.direction_deg % 360)


def _renamed_wire(wire: str, before: str, after: str) -> str:
    return after + wire[len(before) :] if wire.startswith(f"{before}-") else wire


def _refuse_taken(layout: Layout, chosen: Iterable[str], names: Sequence[str]) -> None:
    """Names must stay apart, also among themselves."""
    seen = {p.id for p in layout.pads} - set(chosen)
    for name in names:
        if name in seen:
            raise LayoutError(f"There is a pad {name} already; give another name.")
        seen.add(name)


def _within_a_turn(degrees: float) -> float:
    """In (-180, 180]."""
    turn = degrees % 360
    return turn - 360 if turn > 180 else turn


def _boxed(pad: Pad) -> Pad:
    """A polygon's centre and size are those of the box around it."""
    low, high = pad.corners_um.min(axis=0), pad.corners_um.max(axis=0)
    (x, y), (w, h) = ((low + high) / 2).tolist(), (high - low).tolist()
    return replace(pad, x_um=x, y_um=y, w_um=w, h_um=h)


def _points(outline: NDArray[np.float64]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in outline)
