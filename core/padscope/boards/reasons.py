"""Why a pad has its verdict: one function per rule, from the facts of a pad to reasons a technician understands.

Each reason says which verdict it asks for (None: it only informs) and where on the board it lies, so that it can be shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from padscope.boards.defects import Found, PadView
from padscope.boards.doubts import Doubt
from padscope.boards.free_ground import largest_free
from padscope.boards.ground import Ground
from padscope.boards.layout import Pad, Wire
from padscope.boards.pad_map import Defect, Landing, Mark, PadResult, Polygon, Shows, Verdict
from padscope.boards.rules import Effect, Rules, plain_class
from padscope.types import Affine, Box, Floats, Mask

MOST_MARKS = 40
"""Outlines of one reason; of more defects the largest are shown."""

VERDICT_OF = {
    Effect.NONE: None,
    Effect.NOTE: None,
    Effect.RE_CLEAN: Verdict.RE_CLEAN,
    Effect.NOT_BONDABLE: Verdict.NOT_BONDABLE,
}


@dataclass(frozen=True)
class Reason:
    """One sentence, the rule it comes from, the verdict it asks for, and the outlines it speaks of: what each shows, and its
    corners in board µm."""

    rule: str
    text: str
    effect: Verdict | None = None
    marks: tuple[tuple[Shows, Polygon], ...] = ()


@dataclass(frozen=True)
class PadFacts:
    """What the rules are asked about: one pad that was seen, its defects and landings.

    cleaned  the landings if everything that can be cleaned off were gone
    lasting  (n,) which defects cannot be cleaned off
    usable   part of the pad without lasting defects
    box      what of the picture `found.at` counts from
    left     where wires found no place: what is left of the pad beside defects and other wires, and its axes (2, 2) on the board
    """

    pad: Pad
    found: Found
    landings: tuple[Landing, ...]
    cleaned: tuple[Landing, ...]
    lasting: Mask
    usable: float
    level: float | None
    um_to_px: Affine
    box: Box
    left: tuple[Ground, NDArray[np.float64]] | None = None


Rule = Callable[[PadFacts, Rules], tuple[Reason, ...]]


def not_seen(view: PadView, doubt: Doubt | None, px_to_um: Affine, *, painted: bool) -> tuple[Reason, ...]:
    """Why nothing can be said about a pad; empty where it was seen. What a person painted has been seen by that person."""
    whole = ((Shows.HIDDEN, polygon(view.pad.corners_um)),)

    def shown(*boxes: Box) -> tuple[tuple[Shows, Polygon], ...]:
        return tuple((Shows.HIDDEN, polygon(px_to_um.apply(box_corners(b)))) for b in boxes if not b.empty) or whole

    found: list[tuple[str, tuple[tuple[Shows, Polygon], ...]]] = []
    if view.cut_off:
        beyond = tuple((Shows.HIDDEN, part) for part in _beyond(view, px_to_um)) or whole
        words = "the pad is not wholly inside the picture; take a picture that shows all of it"
        found.append((words, beyond))
    elif view.unseen > 0 and not (painted or doubt):
        part = "the pad" if view.unseen >= 1 else f"{_percent(view.unseen)} of the pad"
        words = f"{part} was not inspected; inspect the picture again or look at the pad yourself"
        found.append((words, shown(view.unseen_at)))
    if doubt and not painted:
        words = f"{doubt.words}: the pad cannot be judged here; take the picture again"
        found.append((words, shown(*doubt.where)))
    return tuple(Reason("coverage", words, Verdict.UNKNOWN, marks) for words, marks in found)


def classes(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """What the kinds of the defects mean, whatever their size."""
    words = {
        Effect.RE_CLEAN: "{what} on the pad: clean it and look again",
        Effect.NOT_BONDABLE: "{what} on the pad: not to be bonded, whatever its size",
    }
    found = []
    for name in dict.fromkeys(d.defect_class for d in facts.found.defects):
        effect = rules.effect_of(name)
        if effect in words:
            marks = _defect_marks(d for d in facts.found.defects if d.defect_class == name)
            found.append(Reason("classes", words[effect].format(what=plain_class(name)), VERDICT_OF[effect], marks))
    return tuple(found)


def free_rectangle(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """Whether every wire finds free ground for its foot and tolerance, and what that means for the pad."""
    lost = [m for m in facts.landings if m.proposed_um is None]
    if not lost:
        return ()
    n, k = len(facts.landings), len(facts.landings) - len(lost)
    after = sum(m.proposed_um is not None for m in facts.cleaned)
    across, along = (x + 2 * rules.landing.tolerance_um for x in lost[0].foot_um)
    need = f"{across:g} × {along:g} µm of free ground (foot and tolerance)"
    if n == 1:
        text = f"no place on the pad has {need}"
    elif k == 0:
        text = f"none of the {n} wires finds {need}"
    else:
        text = f"{k} of {n} wires can land; {_listed([m.wire for m in lost])} cannot find {need}"
    free = _free_mark(facts, lost[0], rules.landing.tolerance_um)
    if free is not None:
        text += f"; the largest {'that is left ' if k else ''}is {free[1]}"
    if after > k:
        text += f"; {after} of {n} could once the pad is clean" if n > 1 else "; there is one once the pad is clean"
    single = facts.pad.single_purpose and rules.free_rectangle.single_purpose_needs_all
    if after == n:
        effect = Verdict.RE_CLEAN
    elif after == 0 or single:
        effect = Verdict.NOT_BONDABLE
        text += "; the pad has a net of its own and needs all its wires" if single and after else ""
    else:
        effect = Verdict.REDUCED
    marks = [(Shows.NEEDED, foot_polygon(m, m.planned_um, rules.landing.tolerance_um)) for m in lost]
    marks += [] if free is None else [(Shows.FREE, free[0])]
    return (Reason("free_rectangle", text, effect, tuple(marks)),)


def _free_mark(facts: PadFacts, lost: Landing, tolerance_um: float) -> tuple[Polygon, str] | None:
    """The largest free rectangle that is left for a wire, if it is too small, and its size in words."""
    if facts.left is None:
        return None
    g, axes = facts.left
    wanted = np.array(lost.foot_um)[::-1] + 2 * tolerance_um
    free = largest_free(g, wanted, 1 / facts.um_to_px.scale, axes @ np.array(lost.planned_um))
    if free is None or (free[1] - free[0] >= wanted - 1e-6).all():
        return None
    (u0, v0), (u1, v1) = free
    corners = np.array([(u0, v0), (u1, v0), (u1, v1), (u0, v1)]) @ axes
    return polygon(corners), f"{math.floor(v1 - v0 + 1e-6)} × {math.floor(u1 - u0 + 1e-6)} µm"


def shifts(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """Which wires land beside their planned points."""
    found = []
    for m in facts.landings:
        if m.proposed_um is not None and is_shifted(m, rules.landing.as_planned_um):
            planned, lands = foot_polygon(m, m.planned_um), foot_polygon(m, m.proposed_um)
            marks = ((Shows.PLANNED, planned), (Shows.LANDING, lands))
            by = f", placed by hand by {m.placed_by}" if m.placed_by else ""
            found.append(Reason("landing", f"{m.wire} lands {shift_words(m)}{by}", Verdict.OK_SHIFT, marks))
    return tuple(found)


def no_longer_fits(wire: str, author: str, wires: Sequence[Wire], at_um: tuple[float, float]) -> Reason:
    """A foot that a person put where now a defect, a neighbour or the pad's edge is; it decides nothing."""
    w = next(w for w in wires if w.id == wire)
    mark = foot_polygon(Landing(wire, at_um, None, None, w.foot_um, w.direction_deg), at_um)
    return Reason(
        "landing", f"the foot of {wire} that {author} placed no longer fits there", None, ((Shows.NEEDED, mark),)
    )


def is_shifted(landing: Landing, as_planned_um: float = 1.0) -> bool:
    """Whether a wire lands beside its planned point."""
    return landing.shift_um is not None and math.hypot(*landing.shift_um) >= as_planned_um


def shift_words(landing: Landing) -> str:
    """Which way a wire was moved, as seen in the layout: “47 µm to the right, along the wire”."""
    along, across = shift_along_across(landing)
    parts = ((along, 0.0), (across, 90.0))
    ways = [f"{abs(w):.0f} µm {_heading(landing.direction_deg + a, w)}" for w, a in parts if abs(w) >= 0.5]
    return " and ".join(ways) + ("" if abs(across) >= 0.5 else ", along the wire")


def shift_along_across(landing: Landing) -> tuple[float, float]:
    """The shift in the frame of the wire, µm; (0, 0) where it cannot land."""
    dx, dy = landing.shift_um or (0.0, 0.0)
    t = math.radians(landing.direction_deg)
    return dx * math.cos(t) + dy * math.sin(t), dy * math.cos(t) - dx * math.sin(t)


def area(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """Whether enough of the pad is free of defects, apart from what can be cleaned off."""
    single = facts.pad.single_purpose
    wanted = rules.area.single_purpose_usable_fraction if single else rules.area.usable_fraction
    effect = Effect(rules.area.effect)
    if effect is Effect.NONE or facts.usable >= wanted:
        return ()
    of = "a pad with a net of its own" if single else "a pad"
    marks = _defect_marks(d for d, lasts in zip(facts.found.defects, facts.lasting, strict=True) if lasts)
    text = f"only {_percent(facts.usable)} of the pad is free of defects; {of} needs {_percent(wanted)}"
    return (Reason("area", text, VERDICT_OF[effect], marks),)


def pristine(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """Whether a defect that cannot be cleaned off lies in the middle part of the pad that IPC-A-600 wants untouched."""
    r = rules.pristine
    effect = Effect(r.single_purpose_effect if facts.pad.single_purpose else r.effect)
    if effect is Effect.NONE or not facts.found.defects:
        return ()
    window = pristine_window(facts.pad, r.width_fraction, r.length_fraction)
    if window is None:
        return ()
    within = in_window(facts.found.at, facts.um_to_px.apply(window) - (facts.box.x0, facts.box.y0))
    px_um2 = 1 / abs(facts.um_to_px.determinant)
    counts = np.bincount(facts.found.which[within], minlength=len(facts.found.defects)) * facts.lasting
    hit = [(d, n * px_um2) for d, n in zip(facts.found.defects, counts, strict=True) if n * px_um2 > r.minimum_area_um2]
    if not hit:
        return ()
    size = sum(a for _, a in hit)
    what = "a defect lies" if len(hit) == 1 else f"{len(hit)} defects lie"
    middle = f"the middle {_percent(r.width_fraction)} × {_percent(r.length_fraction)} of the pad"
    text = f"{what} in {middle}, {thin(size)} µm² there"
    marks = ((Shows.WINDOW, polygon(window)), *_defect_marks(d for d, _ in hit))
    return (Reason("pristine", text, VERDICT_OF[effect], marks),)


def blemishes(facts: PadFacts, rules: Rules) -> tuple[Reason, ...]:
    """What was seen but stands in nobody's way, so that a flagged pad with verdict OK explains itself."""
    found = []
    defects = facts.found.defects
    if defects and all(m.proposed_um is not None for m in facts.landings):
        largest = max(defects, key=lambda d: d.area_um2)
        what = f"{_named(largest)} of {thin(largest.area_um2)} µm²"
        if len(defects) > 1:
            largest_words = what.removeprefix("a defect ")
            what = f"{len(defects)} defects, the largest {largest_words},"
        found.append(Reason("defects", f"{what} clear of every foot", None, _defect_marks(defects)))
    pad = ((Shows.PAD, polygon(facts.pad.corners_um)),)
    if facts.found.painted and not defects and facts.level is not None and facts.level >= 1:
        words = f"a person painted no defect here; the level of {facts.level:.2f} is overruled"
        found.append(Reason("painted", words, None, pad))
    elif not defects and facts.found.too_small:
        small = f"above the threshold only in specks below {rules.defects.minimum_area_um2:g} µm²; not counted"
        found.append(Reason("defects", small, None, pad))
    return tuple(found)


RULES: tuple[Rule, ...] = (classes, free_rectangle, shifts, area, pristine, blemishes)
"""In the order in which their reasons are told."""


def pristine_window(pad: Pad, width_fraction: float, length_fraction: float) -> Floats | None:
    """Its four corners in board µm: the middle of the pad's rectangle along and across its wires, None if it has no size."""
    t = math.radians(pad.direction_deg)
    axes = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
    own = pad.corners_um @ axes.T
    middle, size = (own.max(axis=0) + own.min(axis=0)) / 2, own.max(axis=0) - own.min(axis=0)
    half = size / 2 * (length_fraction, width_fraction)
    if not (half > 0).all():
        return None
    corners: Floats = (middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half) @ axes
    return corners


def foot_polygon(landing: Landing, centre_um: tuple[float, float], grown_um: float = 0.0) -> Polygon:
    """A foot's corners in board µm, perhaps with its tolerance on every side."""
    t = math.radians(landing.direction_deg)
    axes = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
    half = np.array([landing.foot_um[1], landing.foot_um[0]]) / 2 + grown_um
    return polygon(np.array(centre_um) + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ axes)


def foot_axis(landing: Landing, centre_um: tuple[float, float]) -> Polygon:
    """Heel and toe: the two ends of a foot's middle line, board µm."""
    t, half = math.radians(landing.direction_deg), landing.foot_um[1] / 2
    (x, y), dx, dy = centre_um, half * math.cos(t), half * math.sin(t)
    return (x - dx, y - dy), (x + dx, y + dy)


def with_marks(result: PadResult, reasons: Sequence[Reason]) -> PadResult:
    """The result with the outlines of its reasons, which are told in this order."""
    marks = (Mark(k, shows, corners) for k, reason in enumerate(reasons) for shows, corners in reason.marks)
    return replace(result, marks=tuple(marks))


def in_window(points: NDArray[np.integer], window: Floats) -> Mask:
    """(N,): which points (N, 2) lie in a window whose four corners may be turned, stretched and sheared."""
    sides = np.column_stack([window[1] - window[0], window[3] - window[0]])
    (a, b), (c, d) = np.linalg.inv(sides)
    x, y = points[:, 0] - window[0, 0], points[:, 1] - window[0, 1]  # column by column: arrays of pairs are slow
    across, along = a * x + b * y, c * x + d * y
    found: Mask = (across >= 0) & (across <= 1) & (along >= 0) & (along <= 1)
    return found


def thin(value: float) -> str:
    """A rounded number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u2009")


def _heading(direction_deg: float, way: float) -> str:
    """Where a step goes as seen in the layout (y down): in words near the axes, else as an angle."""
    angle = (direction_deg + (180.0 if way < 0 else 0.0)) % 360.0
    for word, at in (("right", 0.0), ("down", 90.0), ("left", 180.0), ("up", 270.0), ("right", 360.0)):
        if abs(angle - at) <= 20:
            return f"to the {word}" if word in ("right", "left") else word
    return f"towards {angle:.0f}°"


def _named(defect: Defect) -> str:
    name = plain_class(defect.defect_class)
    return "a defect" if name == "unknown" else name


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %" if fraction >= 0.01 or fraction == 0 else "less than 1 %"


def polygon(corners: Floats) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)


def box_corners(box: Box) -> NDArray[np.float64]:
    """(4, 2): the outer corners of a box's pixels, px."""
    x0, y0, x1, y1 = box.x0 - 0.5, box.y0 - 0.5, box.x1 - 0.5, box.y1 - 0.5
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _beyond(view: PadView, px_to_um: Affine) -> list[Polygon]:
    """The parts of a pad beyond each side of the picture."""
    corners = px_to_um.inverse().apply(view.pad.corners_um)
    if view.box.empty:
        return [polygon(view.pad.corners_um)]
    b = view.box
    sides = ((-1.0, 0.0, -(b.x0 - 0.5)), (1.0, 0.0, b.x1 - 0.5), (0.0, -1.0, -(b.y0 - 0.5)), (0.0, 1.0, b.y1 - 0.5))
    found = (_half(corners, np.array(side[:2]), side[2]) for side in sides)
    return [polygon(px_to_um.apply(part)) for part in found if len(part) > 2]


def _half(corners: NDArray[np.float64], normal: Floats, at: float) -> NDArray[np.float64]:
    """The part of a polygon (N, 2) where corner @ normal > at (Sutherland and Hodgman, one side)."""
    kept = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        da, db = float(a @ normal - at), float(b @ normal - at)
        if da > 0:
            kept.append(a)
        if (da > 0) != (db > 0):
            kept.append(a + (b - a) * (da / (da - db)))
    return np.reshape(kept, (-1, 2))


def _defect_marks(defects: Iterable[Defect]) -> tuple[tuple[Shows, Polygon], ...]:
    """Boxes around the first of some defects, which are sorted by size."""
    found = []
    for x0, y0, x1, y1 in (d.box_um for d in islice(defects, MOST_MARKS)):
        found.append((Shows.DEFECT, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))))
    return tuple(found)
