"""From level to verdicts: what stands on each pad, what the rules say of it, where its wires can land.

`prepare` does what does not depend on the threshold, so that a slider can ask `verdicts(factor)` at every move; `judge` does
both at once. Each rule is a function from the facts of a pad to reasons; the verdict is the worst effect among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.defects import Found, PadView, PaintedMask, busy_part, find_defects, pad_view
from padscope.boards.doubts import Doubt
from padscope.boards.free_ground import without
from padscope.boards.ground import Ground
from padscope.boards.hand_feet import HandFoot, Room, room_of, with_hand_feet
from padscope.boards.landing import Obstacles, Plan, ground_of, land_as_planned, planned
from padscope.boards.layout import Layout, Wire
from padscope.boards.pad_map import Landing, PadResult, Verdict
from padscope.boards.reasons import RULES, PadFacts, Reason, no_longer_fits, not_seen, with_marks
from padscope.boards.rules import Effect, Rules, load_rules
from padscope.errors import UsageError
from padscope.types import Affine, Floats, Mask

__all__ = ["Judge", "Judgement", "Rules", "judge", "load_rules", "prepare"]

WORST_FIRST = (Verdict.NOT_BONDABLE, Verdict.RE_CLEAN, Verdict.REDUCED, Verdict.OK_SHIFT)


SURELY_TOO_SMALL = 0.8
"""Sound metal below this part of a foot's area, counted in whole pixels, cannot hold the foot."""


@dataclass(frozen=True)
class Judgement:
    """A pad's result and the reasons behind it, each with the place it speaks of."""

    result: PadResult
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class PreparedPad:
    """A pad as seen, with its landings where nothing lies on it; `um_to_px` is right around it."""

    view: PadView
    um_to_px: Affine
    px_to_um: Affine
    wires: tuple[Wire, ...]
    plan: Plan | None  # None without wires
    sound: tuple[Landing, ...]
    painted: PaintedMask | None
    doubt: Doubt | None


class Judge:
    """A board ready to be judged at any threshold."""

    def __init__(self, pads: tuple[PreparedPad, ...], rules: Rules) -> None:
        self._pads = pads
        self._rules = rules
        self._quiet: dict[int, Judgement] = {}

    def verdicts(self, threshold_factor: float = 1.0, hand: Sequence[HandFoot] = ()) -> tuple[PadResult, ...]:
        """All pads, in the layout's order; the threshold is the calibrated one times the factor. `hand`: feet that a person has
        put down; where one does not fit any more, its wire lands as without it and the pad says so."""
        return tuple(j.result for j in self.judgements(threshold_factor, hand))

    def judgements(self, threshold_factor: float = 1.0, hand: Sequence[HandFoot] = ()) -> tuple[Judgement, ...]:
        """The same with the place of every reason."""
        wires = {f.wire for f in hand}
        return tuple(
            judged(p, self._rules, threshold_factor, hand)
            if wires and any(w.id in wires for w in p.wires)
            else self._judgement(k, threshold_factor)
            for k, p in enumerate(self._pads)
        )

    def room(self, wire: str, threshold_factor: float = 1.0, landings: Sequence[Landing] | None = None) -> Room:
        """Where the foot of a wire may be put by hand, while its neighbours stay where they are: at `landings` of its pad, or
        where Padscope puts them. UsageError where there is no such wire, or its pad cannot be judged."""
        p = next((p for p in self._pads if any(w.id == wire for w in p.wires)), None)
        if p is None or p.plan is None:
            raise UsageError(f"The layout has no wire {wire}.")
        if not_seen(p.view, p.doubt, p.px_to_um, painted=p.painted is not None):
            raise UsageError(f"Pad {p.view.pad.id} cannot be judged, so no foot can be put on it.")
        others = judged(p, self._rules, threshold_factor).result.landings if landings is None else landings
        return room_of(p.view.pad, p.wires, p.plan, others, wire, _solid(p, self._rules, threshold_factor))

    def _judgement(self, k: int, threshold_factor: float) -> Judgement:
        p = self._pads[k]
        worst = p.view.worst
        if p.painted is not None or worst is None or worst >= threshold_factor:
            return judged(p, self._rules, threshold_factor)
        if k not in self._quiet:  # below its threshold a pad is judged once
            self._quiet[k] = judged(p, self._rules, math.inf)
        quiet = self._quiet[k]
        return replace(quiet, result=replace(quiet.result, level=worst / threshold_factor))


def judge(
    level: Floats,
    layout: Layout,
    um_to_px: Affine,
    picture_size: tuple[int, int],
    rules: Rules,
    *,
    masks: Mapping[str, PaintedMask] | None = None,
    doubts: Mapping[str, Doubt] | None = None,
    near: Mapping[str, Affine] | None = None,
    threshold_factor: float = 1.0,
) -> tuple[PadResult, ...]:
    """Every pad of the layout in its order; the arguments are those of `prepare`."""
    prepared = prepare(level, layout, um_to_px, picture_size, rules, masks=masks, doubts=doubts, near=near)
    return prepared.verdicts(threshold_factor)


def prepare(
    level: Floats,
    layout: Layout,
    um_to_px: Affine,
    picture_size: tuple[int, int],
    rules: Rules,
    *,
    masks: Mapping[str, PaintedMask] | None = None,
    doubts: Mapping[str, Doubt] | None = None,
    near: Mapping[str, Affine] | None = None,
) -> Judge:
    """Everything that does not depend on the threshold.

    level         (ceil(H / 8), ceil(W / 8)), NaN where nothing was inspected; picture_size is (width, height)
    masks         by pad: what a person painted there, in place of heat
    doubts        by pad: why the picture cannot be trusted there; such pads are UNKNOWN
    near          by pad: the pose that is right around it, where the picture is bent
    """
    masks, doubts, near = masks or {}, doubts or {}, near or {}
    flat = um_to_px.inverse()
    nothing = Obstacles(np.empty((0, 2)), flat)
    pads = []
    for pad in layout.pads:
        wires = layout.wires_of[pad.id]
        plan = planned(wires, rules.landing.tolerance_um) if wires else None
        sound = () if plan is None else land_as_planned(pad, wires, plan, nothing)
        here = near.get(pad.id, um_to_px)
        view = pad_view(pad, here, picture_size, level)
        back = flat if here is um_to_px else here.inverse()
        pads.append(PreparedPad(view, here, back, wires, plan, sound, masks.get(pad.id), doubts.get(pad.id)))
    return Judge(tuple(pads), rules)


def judged(p: PreparedPad, rules: Rules, threshold_factor: float = 1.0, hand: Sequence[HandFoot] = ()) -> Judgement:
    """One pad at one threshold."""
    view, pad = p.view, p.view.pad
    part, found = _found(p, rules, threshold_factor)
    levels = [d.level for d in found.defects] + ([] if view.worst is None else [view.worst / threshold_factor])
    level = max(levels, default=None)
    unknown = not_seen(view, p.doubt, p.px_to_um, painted=p.painted is not None)
    if unknown:
        nowhere = tuple(replace(m, proposed_um=None, margin_um=None) for m in p.sound)
        result = PadResult(pad.id, Verdict.UNKNOWN, _texts(unknown), level, None, found.defects, nowhere)
        return Judgement(with_marks(result, unknown), unknown)
    lasting = np.array([rules.effect_of(d.defect_class) is not Effect.RE_CLEAN for d in found.defects], bool)
    landings = cleaned = _landings(p, part, found, rules, np.ones(len(lasting), bool), threshold_factor)
    if not lasting.all() and any(m.proposed_um is None for m in landings):
        cleaned = _landings(p, part, found, rules, lasting, threshold_factor)
    dropped: tuple[HandFoot, ...] = ()
    if hand and p.plan is not None:
        solid = _solid(p, rules, threshold_factor)
        landings, dropped = with_hand_feet(pad, p.wires, p.plan, landings, hand, solid)
    areas = np.array([d.area_um2 for d in found.defects]) * abs(p.um_to_px.determinant) / view.pixels
    usable, sound_now = 1.0 - float(areas @ lasting), 1.0 - float(areas.sum())
    left = _left(p, part, found, rules, landings) if any(m.proposed_um is None for m in landings) else None
    facts = PadFacts(pad, found, landings, cleaned, lasting, usable, level, p.um_to_px, part.box, left)
    said = tuple(reason for rule in RULES for reason in rule(facts, rules))
    said += tuple(no_longer_fits(f.wire, f.author, p.wires, f.at_um) for f in dropped)
    asked = {reason.effect for reason in said}
    verdict = next((v for v in WORST_FIRST if v in asked), Verdict.OK)
    result = PadResult(pad.id, verdict, _texts(said), level, sound_now, found.defects, landings)
    return Judgement(with_marks(result, said), said)


def _found(p: PreparedPad, rules: Rules, threshold_factor: float) -> tuple[PadView, Found]:
    """The busy part of a pad and the defects in it."""
    part = busy_part(p.view, threshold_factor * rules.landing.doubtful_level, p.painted)
    found = find_defects(
        part,
        p.px_to_um,
        minimum_area_um2=rules.defects.minimum_area_um2,
        threshold_factor=threshold_factor,
        painted=p.painted,
    )
    return part, found


def _solid(p: PreparedPad, rules: Rules, threshold_factor: float) -> Obstacles:
    """All defects of a pad, with their margin, without the doubtful metal around them: what a hand may not touch."""
    return _in_the_way(p, *_found(p, rules, threshold_factor), rules)


def _in_the_way(p: PreparedPad, part: PadView, found: Found, rules: Rules) -> Obstacles:
    mask = np.zeros(part.level.shape, bool)
    mask[found.at[:, 1], found.at[:, 0]] = True
    return Obstacles.of(mask, part.box, p.px_to_um, _margin_um(found, rules))


def _left(
    p: PreparedPad, part: PadView, found: Found, rules: Rules, landings: tuple[Landing, ...]
) -> tuple[Ground, NDArray[np.float64]] | None:
    """What is left of a pad beside its defects and the lanes of the wires that land, in the frame of the wires, and the axes of
    that."""
    if p.plan is None:
        return None
    g = ground_of(p.view.pad, p.plan, _in_the_way(p, part, found, rules))
    lanes = []
    for k, wire in enumerate(p.plan.order):
        at = landings[int(wire)].proposed_um
        if at is not None:  # no wire stands before or behind another one in its row
            v, half = float(p.plan.turn[1] @ at), p.plan.half[k]
            low, high = np.clip(p.plan.bands[k] + (-half[0], half[0]), g.low[0], g.high[0])
            lanes.append(np.array([(low, v - half[1]), (high, v + half[1])]))
    return without(g, lanes), p.plan.turn


def _margin_um(found: Found, rules: Rules) -> float:
    return rules.defects.painted_margin_um if found.painted else rules.defects.margin_um


def _landings(
    p: PreparedPad,
    part: PadView,
    found: Found,
    rules: Rules,
    in_the_way: Mask,
    threshold_factor: float,
) -> tuple[Landing, ...]:
    """Where the wires land among those defects (n,), and off doubtful metal around them as far as that costs no wire."""
    if p.plan is None or not in_the_way.any():
        return p.sound
    core = found.at[in_the_way[found.which]]
    smallest = float((4 * p.plan.half.prod(axis=1)).min())
    sound_px = p.view.pixels - len(core)
    if sound_px * abs(p.px_to_um.determinant) < SURELY_TOO_SMALL * smallest:  # no need to look where
        return tuple(replace(m, proposed_um=None, margin_um=None) for m in p.sound)
    grown = _margin_um(found, rules)
    tried = []
    doubtful = 1.0 if found.painted else rules.landing.doubtful_level
    for fraction in sorted({doubtful, (1 + doubtful) / 2, 1.0}):
        if fraction < 1:
            wider = part.level >= fraction * threshold_factor
            obstacles = Obstacles.of(wider, part.box, p.px_to_um, grown, core)
        else:
            mask = np.zeros(part.level.shape, bool)
            mask[core[:, 1], core[:, 0]] = True
            obstacles = Obstacles.of(mask, part.box, p.px_to_um, grown)
        tried.append(land_as_planned(p.view.pad, p.wires, p.plan, obstacles))
        if _placed(tried[-1]) == len(p.wires):
            break
    return max(tried, key=_placed)  # of equals the first: the farthest from the defects


def _placed(landings: tuple[Landing, ...]) -> int:
    return sum(m.proposed_um is not None for m in landings)


def _texts(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    return tuple(r.text for r in reasons)
