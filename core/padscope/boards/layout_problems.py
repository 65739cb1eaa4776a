"""What is wrong with a layout in the making, each problem as a sentence that names what it speaks of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from padscope.boards.layout import Layout, Pad, overlapping
from padscope.types import Affine

MOST_LISTED = 200
FIT_TOLERANCE_UM = 10.0


@dataclass(frozen=True)
class Problem:
    """`pads` and `fiducials` are those to look at. A layout with a `serious` one cannot be used."""

    text: str
    pads: tuple[str, ...] = ()
    fiducials: tuple[str, ...] = ()
    serious: bool = True


def problems(layout: Layout, tolerance_um: float = FIT_TOLERANCE_UM) -> tuple[Problem, ...]:
    """The serious ones first; empty where all is well."""
    found = [*_nothing(layout), *_names(layout), *_sizes(layout), *_overlaps(layout), *_strays(layout)]
    if not found:
        found += [*_wires(layout, tolerance_um), *_few_fiducials(layout)]
    return tuple(found[:MOST_LISTED])


def _nothing(layout: Layout) -> Iterator[Problem]:
    if not layout.pads:
        yield Problem("There are no pads yet; draw one on the picture.")


def _names(layout: Layout) -> Iterator[Problem]:
    for what, names in (
        ("pads", [p.id for p in layout.pads]),
        ("wires", [w.id for w in layout.wires]),
        ("fiducials", [f.name for f in layout.fiducials]),
    ):
        for name, n in Counter(names).items():
            if not name.strip():
                yield Problem(f"{n} of the {what} have no name.")
            elif n > 1:
                shown = (name,) if what != "fiducials" else ()
                yield Problem(f"{n} {what} are called {name}; every name must be unique.", pads=shown)


def _sizes(layout: Layout) -> Iterator[Problem]:
    for p in layout.pads:
        if not (np.isfinite(p.corners_um).all() and p.w_um > 0 and p.h_um > 0 and p.area_um2 > 0):
            yield Problem(f"Pad {p.id} has no size.", (p.id,))
    for f in layout.fiducials:
        if not (np.isfinite((f.x_um, f.y_um, f.diameter_um)).all() and f.diameter_um > 0):
            yield Problem(f"Fiducial {f.name} has no diameter.", fiducials=(f.name,))


def _overlaps(layout: Layout) -> Iterator[Problem]:
    for i, j in overlapping(layout.pads):
        a, b = layout.pads[i], layout.pads[j]
        if _same_place(a, b):
            yield Problem(f"Pads {a.id} and {b.id} lie on the same place; delete one of them.", (a.id, b.id))
        else:
            yield Problem(f"Pads {a.id} and {b.id} overlap.", (a.id, b.id))


def _same_place(a: Pad, b: Pad) -> bool:
    return a.corners_um.shape == b.corners_um.shape and float(np.abs(a.corners_um - b.corners_um).max()) < 1.0


def _strays(layout: Layout) -> Iterator[Problem]:
    for w in layout.wires:
        if w.pad not in layout.pad:
            yield Problem(f"Wire {w.id} lands on pad {w.pad}, which is not there.")


def _wires(layout: Layout, tolerance_um: float) -> Iterator[Problem]:
    """A wire that cannot land as planned on its own clean pad."""
    from padscope.boards.landing import Obstacles, land  # late: it brings OpenCV, and the window must not wait for that

    nothing = Obstacles(np.empty((0, 2)), Affine(1, 0, 0, 0, 1, 0))
    fits: dict[tuple[object, ...], int] = {}
    for pad in layout.pads:
        wires = layout.wires_of[pad.id]
        if not wires:
            continue
        key = _shape(pad, layout)
        if key not in fits:
            landings = land(pad, wires, nothing, tolerance_um=tolerance_um)
            fits[key] = sum(m.proposed_um is not None for m in landings)
        lost = len(wires) - fits[key]
        if lost:
            across, along = wires[0].foot_um
            how = f"feet of {across:g} × {along:g} µm with {tolerance_um:g} µm around them"
            few = "its wire does not fit" if len(wires) == 1 else f"{lost} of {len(wires)} wires do not fit"
            yield Problem(f"Pad {pad.id} is too small: {few} ({how}).", (pad.id,), serious=False)


def _shape(pad: Pad, layout: Layout) -> tuple[object, ...]:
    """Equal for pads that differ in place and name only."""
    own = replace(pad, id="", net="", x_um=0.0, y_um=0.0, polygon_um=None)
    outline = tuple(np.round(pad.corners_um - (pad.x_um, pad.y_um), 3).ravel().tolist())
    wires = tuple(
        (round(w.x_um - pad.x_um, 3), round(w.y_um - pad.y_um, 3), w.direction_deg, w.foot_um)
        for w in layout.wires_of[pad.id]
    )
    return own, outline, wires


def _few_fiducials(layout: Layout) -> Iterator[Problem]:
    if len(layout.fiducials) == 1:
        f = layout.fiducials[0].name
        yield Problem(f"{f} is the only fiducial; two or more place a board better.", fiducials=(f,), serious=False)
