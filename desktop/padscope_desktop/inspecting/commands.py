"""What a worker can be asked to inspect, and to judge again while a threshold or rules change."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padscope.types import Progress, Work
from padscope_desktop.background.payloads import Inspected, JudgedBoard, judged_board, kept_unknown

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.boards.layout import Layout
    from padscope.boards.pad_map import PadResult
    from padscope.boards.rules import Rules
    from padscope.boards.verdict import Judge
    from padscope.workflows.inspect import Inspector
    from padscope.workflows.painting import Painting

_inspectors: dict[tuple[str, int, str, str], Inspector] = {}
"""The last one used: opening a model takes longer than inspecting with it."""


def inspect(
    picture: Path,
    layout: Layout,
    model: Path,
    factor: float,
    um_per_px: float | None,
    clicks: Mapping[str, tuple[float, float]] | None,
    painting: Painting | None,
    rules: Rules | None = None,
) -> Work[Inspected]:
    """One picture, judged at `factor` times the model's threshold; what was painted on it wins over heat."""
    yield Progress(0, len(layout.pads), "opening the model")
    inspector = _inspector(model, layout, rules)
    from padscope.pictures.scales import typed_scale

    scale = None if um_per_px is None else typed_scale(um_per_px)
    found = yield from inspector.inspect(picture, scale=scale, clicks=clicks, painting_of=lambda _: painting)
    pad_map = found.pad_map
    if factor != 1.0:
        yield Progress(len(layout.pads), len(layout.pads), "judging")
        board = judged_board(pad_map, layout, [(found.level, painting)], rules)
        pads = _verdicts(_ready_to_judge(board), factor)
        made = replace(pad_map.provenance, threshold_factor=factor)
        pad_map = replace(pad_map, pads=kept_unknown(pad_map.pads, pads, factor), provenance=made)
    return Inspected(pad_map, found.level, found.seconds, found.device)


def inspect_together(
    pictures: Sequence[Path],
    layout: Layout,
    model: Path,
    factor: float,
    um_per_px: Sequence[float | None],
    paintings: Mapping[str, Painting],
    rules: Rules | None = None,
) -> Work[Inspected]:
    """Several pictures of one board as one pad map; `paintings` is by the SHA-256 of the picture that carries them."""
    yield Progress(0, len(layout.pads), "opening the model")
    inspector = _inspector(model, layout, rules)
    from padscope.pictures.scales import typed_scale

    scales = [None if s is None else typed_scale(s) for s in um_per_px]
    found = yield from inspector.inspect_together(pictures, scales=scales, painting_of=paintings.get)
    pad_map, levels = found.pad_map, tuple(look.level for look in found.others)
    if factor != 1.0:
        yield Progress(len(layout.pads), len(layout.pads), "judging")
        painted = [paintings.get(facts.sha256) for facts in pad_map.pictures()]
        grids = (found.level, *levels)
        board = judged_board(pad_map, layout, list(zip(grids, painted, strict=True)), rules)
        pads = _verdicts(_ready_to_judge(board), factor)
        made = replace(pad_map.provenance, threshold_factor=factor)
        pad_map = replace(pad_map, pads=kept_unknown(pad_map.pads, pads, factor), provenance=made)
    return Inspected(pad_map, found.level, found.seconds, found.device, levels)


def _inspector(model: Path, layout: Layout, rules: Rules | None) -> Inspector:
    from padscope.boards.rules import load_rules
    from padscope.store.artifacts import load_model
    from padscope.workflows.inspect import Inspector

    rules = rules or load_rules(None)
    key = (str(model), os.stat(model).st_mtime_ns, layout.sha256 or repr(layout), rules.sha256)
    if key not in _inspectors:
        _inspectors.clear()
        _inspectors[key] = Inspector(load_model(model), layout, rules)
    return _inspectors[key]


Prepared = tuple[tuple[str, ...], tuple["Judge", ...]]
"""The names of all pads in order, and what judges them: one for each picture of the board."""
KEPT_PREPARED = 2
_prepared: dict[str, Prepared] = {}
"""The board whose threshold is being moved, and one that is judged again behind it."""


def judge(
    key: str, board: JudgedBoard | None, factor: float, hand: Sequence[HandFoot] = ()
) -> Work[tuple[PadResult, ...]]:
    """Verdicts and landings at another threshold (see `kept_unknown` for what cannot be judged). The board comes along the
    first time; later its key is enough."""
    yield Progress(0, 1, "judging")
    if board is not None:
        _prepared.pop(key, None)  # whatever had this key before is another board by now
    if key not in _prepared:
        if board is None:
            raise LookupError(f"board {key} was never brought")
        while len(_prepared) >= KEPT_PREPARED:
            del _prepared[next(iter(_prepared))]
        _prepared[key] = _ready_to_judge(board)
    return _verdicts(_prepared[key], factor, hand)


def _verdicts(prepared: Prepared, factor: float, hand: Sequence[HandFoot] = ()) -> tuple[PadResult, ...]:
    """Of all pads in the layout's order, each from its own picture."""
    names, judges = prepared
    found = {pad.pad: pad for judge in judges for pad in judge.verdicts(factor, hand)}
    return tuple(found[name] for name in names)


def _ready_to_judge(board: JudgedBoard) -> Prepared:
    parts = (board, *board.further)
    judges = tuple(_judge_of(part) for part in parts)
    return board.order or tuple(p.id for p in board.layout.pads), judges


def _judge_of(board: JudgedBoard) -> Judge:
    from padscope.boards.rules import load_rules
    from padscope.boards.verdict import prepare
    from padscope.workflows.painting import painted_masks

    painting = board.painting
    near, size = board.near, board.picture_size
    masks = painted_masks(painting, board.layout, board.um_to_px, near) if painting is not None else None
    rules = board.rules or load_rules(None)
    return prepare(board.level, board.layout, board.um_to_px, size, rules, masks=masks, near=near)


INSPECT_COMMANDS: dict[str, Callable[..., Any]] = {
    "inspect": inspect,
    "inspect_together": inspect_together,
    "judge": judge,
}
