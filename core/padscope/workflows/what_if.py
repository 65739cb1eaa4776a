"""What other rules would say: of boards as they were inspected, judged again with both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from padscope.boards.changes import Changes, compare_verdicts
from padscope.boards.defects import PaintedMask
from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.rules import Rules
from padscope.boards.verdict import judge
from padscope.store.database import Project
from padscope.types import Affine, Progress, Work
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
    """All boards that could be judged again; `left_out` says how many could not (no level, no layout)."""

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
    """The newest inspections of the last so many boards, judged with both rules at their own threshold. Nothing is stored."""
    further = project.further_pictures()
    newest = {sha: row for row in project.inspections() for sha in (row.picture_sha256, *further.get(row.id, ()))}
    rows = sorted({row.id: row for row in newest.values()}.values(), key=lambda row: row.id)[-last:]
    boards: list[BoardChange] = []
    for k, row in enumerate(rows):
        yield Progress(k, len(rows), "judging again")
        pad_map = project.pad_map(row.id)
        levels = [project.level(row.id, part) for part in range(len(pad_map.pictures()))]
        if any(level is None for level in levels) or not row.layout_sha256:
            continue
        seen = parts(pad_map, project.layout(row.layout_sha256), [level for level in levels if level is not None])
        paintings = [painting_of(project, facts.sha256) for facts in pad_map.pictures()]
        masked = [
            part
            if painting is None
            else replace(part, masks=painted_masks(painting, part.layout, part.um_to_px, part.near))
            for part, painting in zip(seen, paintings, strict=True)
        ]
        both = [judged_again(pad_map, masked, rules) for rules in (before, after)]
        boards.append(BoardChange(pad_map.picture.file, pad_map.picture.module, compare_verdicts(*both)))
    return WhatIf(tuple(boards), len(rows) - len(boards))


@dataclass(frozen=True)
class Part:
    """What one picture of a board says: `layout` has the pads that were judged in it, `near` by pad the pose right around it."""

    level: NDArray[np.float32]
    layout: Layout
    um_to_px: Affine
    size_px: tuple[int, int]
    near: Mapping[str, Affine]
    masks: Mapping[str, PaintedMask] = field(default_factory=dict)


def parts(pad_map: PadMap, layout: Layout, levels: Sequence[NDArray[np.float32]]) -> tuple[Part, ...]:
    """One for each picture of the map, in its order, as `levels` are."""
    poses = (pad_map.um_to_px, *(other.um_to_px for other in pad_map.others))
    found = []
    for k, (level, pose, facts) in enumerate(zip(levels, poses, pad_map.pictures(), strict=True)):
        own = replace(layout, pads=tuple(p for p in layout.pads if pad_map.place(p.id).picture == k))
        near = {pad: place.um_to_px for pad, place in pad_map.places.items() if place.picture == k}
        size = facts.width_px, facts.height_px
        found.append(Part(level, own if pad_map.others else layout, pose, size, near))
    return tuple(found)


def judged_again(pad_map: PadMap, seen: Sequence[Part], rules: Rules) -> tuple[PadResult, ...]:
    """The pads of a stored map under these rules. What could not be judged stays UNKNOWN: the pictures are not looked at again."""
    factor = pad_map.provenance.threshold_factor
    results = {
        pad.pad: pad
        for part in seen
        for pad in judge(
            part.level,
            part.layout,
            part.um_to_px,
            part.size_px,
            rules,
            masks=part.masks,
            near=part.near,
            threshold_factor=factor,
        )
    }
    return tuple(p if p.verdict is Verdict.UNKNOWN else results[p.pad] for p in pad_map.pads)
