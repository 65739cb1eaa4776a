"""What other rules would say: of boards as they were inspected, judged again with both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from padscope.boards.changes import Changes, compare_verdicts
from padscope.boards.defects import PaintedMask
from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.rules import Rules
from padscope.boards.verdict import judge
from padscope.store.database import Project
from padscope.types import Progress, Work
from padscope.workflows.painting import painted_masks, painting_of

LAST = 100
"""Boards a change of the rules is tried on."""


@dataclass(frozen=True)
class BoardChange:
    """One board under both rules."""

    picture: str
    module: str
    changes: Changes


@dataclass(frozen=True)
class WhatIf:
    """All boards that could be judged again; `left_out` says how many could not (no level, no layout, several pictures)."""

    boards: tuple[BoardChange, ...]
    left_out: int = 0

    def moves(self) -> dict[tuple[Verdict, Verdict], int]:
        """How many pads go from which verdict to which."""
        found: Counter[tuple[Verdict, Verdict]] = Counter()
        for board in self.boards:
            found.update(board.changes.moves())
        return dict(found.most_common())

    def words(self) -> str:
        """All in one sentence."""
        changed = [b for b in self.boards if b.changes.changed()]
        if not changed:
            return f"nothing changes on {len(self.boards)} boards"
        moves = ", ".join(f"{n} {a} to {b}" for (a, b), n in self.moves().items()) or "only landing points move"
        pads = sum(len(b.changes.changed()) for b in changed)
        return f"{pads} pads on {len(changed)} of {len(self.boards)} boards change: {moves}"


def what_if(project: Project, before: Rules, after: Rules, *, last: int = LAST) -> Work[WhatIf]:
    """The newest inspections of the last so many pictures, judged with both rules at their own threshold. Nothing is stored."""
    newest = {row.picture_sha256: row for row in project.inspections()}
    rows = sorted(newest.values(), key=lambda row: row.id)[-last:]
    boards: list[BoardChange] = []
    for k, row in enumerate(rows):
        yield Progress(k, len(rows), "judging again")
        pad_map, level = project.pad_map(row.id), project.level(row.id)
        if level is None or pad_map.others or not row.layout_sha256:
            continue
        layout = project.layout(row.layout_sha256)
        painting = painting_of(project, row.picture_sha256)
        near = {pad: place.um_to_px for pad, place in pad_map.places.items()}
        masks = painted_masks(painting, layout, pad_map.um_to_px, near) if painting is not None else {}
        both = [judged_again(pad_map, layout, level, rules, masks) for rules in (before, after)]
        boards.append(BoardChange(pad_map.picture.file, pad_map.picture.module, compare_verdicts(*both)))
    return WhatIf(tuple(boards), len(rows) - len(boards))


def judged_again(
    pad_map: PadMap,
    layout: Layout,
    level: NDArray[np.float32],
    rules: Rules,
    masks: Mapping[str, PaintedMask] | None = None,
) -> tuple[PadResult, ...]:
    """The pads of a stored map under these rules. What could not be judged stays UNKNOWN: the picture is not looked at again."""
    facts = pad_map.picture
    results = judge(
        level,
        layout,
        pad_map.um_to_px,
        (facts.width_px, facts.height_px),
        rules,
        masks=masks,
        near={pad: place.um_to_px for pad, place in pad_map.places.items()},
        threshold_factor=pad_map.provenance.threshold_factor,
    )
    unknown = {p.pad: p for p in pad_map.pads if p.verdict is Verdict.UNKNOWN}
    return tuple(unknown.get(p.pad, p) for p in results)
