"""Two labels of one picture that say different things: shown pad by pad, resolved by a person, nothing dropped.

A conflict is open while a picture has more than one label that was not rejected. Resolving it paints what was chosen into the first
one, as one edit that can be undone, and rejects the other, which stays in the project with all its strokes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from padscope.errors import StoreError
from padscope.masks.class_mask import CHUNK, ClassMask, Place, overlap, places
from padscope.masks.components import components
from padscope.masks.edits import changed_since
from padscope.masks.shapes import Region, polygon
from padscope.masks.states import LOCKED
from padscope.store import labels
from padscope.store.database import Project
from padscope.store.labels import LabelRow
from padscope.types import Box

MINE, THEIRS, BOTH = "mine", "theirs", "both"
CHOICES = (MINE, THEIRS, BOTH)
"""`both` takes what either has painted; where both have, the first one's class."""
REST = "elsewhere"
RESOLVED = "resolved into the label"
"""How the comment of a label begins that was rejected because its conflict was resolved."""


@dataclass(frozen=True, slots=True)
class ConflictPart:
    """Where two masks differ: a pad by its id where the board's pose is known, else a place (“elsewhere 1”). `box` is x0, y0, x1,
    y1 in px of the picture; painted pixels and their classes are those of each mask in the part that differs."""

    name: str
    box: tuple[int, int, int, int]
    differing_px: int
    mine_px: int
    theirs_px: int
    mine_classes: tuple[int, ...] = ()
    theirs_classes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MaskConflict:
    """Two labels of a picture, and where they differ; without parts they are the same mask twice. `painters`: who painted the last
    stroke of each, else who began it."""

    picture_sha256: str
    picture: str
    mine: LabelRow
    theirs: LabelRow
    parts: tuple[ConflictPart, ...]
    painters: tuple[str, str] = ("", "")


def open_conflicts(project: Project, picture_sha256: str | None = None) -> tuple[MaskConflict, ...]:
    """Of all pictures, or of one: the oldest label against each younger one."""
    by_picture: dict[str, list[LabelRow]] = {}
    for row in labels.labels(project, picture_sha256):
        if row.state != "rejected":
            by_picture.setdefault(row.picture_sha256, []).append(row)
    return tuple(between(project, mine, theirs) for mine, *others in by_picture.values() for theirs in others)


def between(project: Project, mine: LabelRow, theirs: LabelRow) -> MaskConflict:
    """How two labels of one picture differ."""
    picture = project.picture(mine.picture_sha256)
    assert picture is not None, "a label has a picture"
    masks = labels.load_mask(project, mine.id), labels.load_mask(project, theirs.id)
    parts = tuple(part for part, _ in _parts(*masks, pads_of(project, mine.picture_sha256)))
    painters = painter(project, mine), painter(project, theirs)
    return MaskConflict(mine.picture_sha256, picture.name, mine, theirs, parts, painters)


def painter(project: Project, row: LabelRow) -> str:
    """A label painted on in two projects is begun by one person and goes on with another."""
    sql = "SELECT author FROM edits WHERE label_id = ? AND state = 'done' ORDER BY id DESC LIMIT 1"
    last = project.row(sql, row.id)
    return (str(last["author"]) if last is not None else "") or row.author


def resolve(
    project: Project, conflict: MaskConflict, take: Mapping[str, str], *, otherwise: str = "", author: str = ""
) -> LabelRow:
    """Paint what was chosen for each part (`mine`, `theirs` or `both`, `otherwise` for parts not named) into the first label and
    reject the second. StoreError where a part has no choice, or the labels have changed since the conflict was listed."""
    wrong = next((f"“{name}”" for name in take if name not in {p.name for p in conflict.parts}), None)
    if wrong is not None:
        raise StoreError(f"{conflict.picture} has no conflict at {wrong}; there is one at {_names(conflict)}.")
    chosen = {p.name: take.get(p.name, otherwise) for p in conflict.parts}
    undecided = [name for name, choice in chosen.items() if choice not in CHOICES]
    if undecided:
        raise StoreError(f"{conflict.picture}: say for {', '.join(undecided)} whether to take mine, theirs or both.")
    with project.transaction():
        mine, theirs = labels.label(project, conflict.mine.id), labels.label(project, conflict.theirs.id)
        if (mine.changed_at, theirs.changed_at) != (conflict.mine.changed_at, conflict.theirs.changed_at):
            raise StoreError(f"{conflict.picture} has been painted on since; look at the conflict again.")
        mask, other = labels.load_mask(project, mine.id), labels.load_mask(project, theirs.id)
        before: dict[Place, np.ndarray | None] = {}
        for part, regions in list(_parts(mask, other, pads_of(project, mine.picture_sha256))):
            for region in regions:
                _take(mask, other, region, chosen[part.name], before)
        edit = changed_since(mask, before)
        if not edit.empty and mine.state in LOCKED:
            labels.review_label(
                project, mine.id, state="draft", comment="reopened to resolve a conflict", author=author
            )
        labels.commit_edit(project, mine.id, edit, tool="resolve", author=author)
        labels.review_label(project, theirs.id, state="rejected", comment=merged_comment(mine), author=author)
        detail = {"picture": conflict.picture_sha256, "with": theirs.uid, "take": chosen}
        project.note(author, "conflict resolved", mine.uid, detail)
        return labels.label(project, mine.id)


def merged_comment(mine: LabelRow) -> str:
    return f"{RESOLVED} of {mine.author or 'nobody'}"


def pads_of(project: Project, picture_sha256: str) -> dict[str, np.ndarray]:
    """The pads' corners (n, 2) in px of this picture by id, by its pose in the newest inspection that has a layout; empty where
    there is none."""
    for row in reversed(project.inspections(picture_sha256)):
        if row.layout_sha256:
            pad_map, pads = project.pad_map(row.id), project.layout(row.layout_sha256).pads
            picture = pad_map.number_of(picture_sha256)
            return {pad.id: pad_map.pose_in(picture, pad.id).apply(pad.corners_um) for pad in pads}
    return {}


def _parts(
    mine: ClassMask, theirs: ClassMask, pads: Mapping[str, np.ndarray]
) -> Iterator[tuple[ConflictPart, list[Region]]]:
    """Every differing pixel once: by pad in the layout's order, with what hangs over its edge; the rest by what hangs together."""
    whole = Box(0, 0, mine.width, mine.height)
    shapes = {name: polygon(corners, whole) for name, corners in pads.items()}
    on_pads: dict[str, list[Region]] = {name: [] for name in pads}
    elsewhere: list[list[Region]] = []
    for component in components(_differing(mine, theirs)):
        left, most, at = list(component.pieces), 0, ""
        for name, shape in shapes.items():
            if component.box.common(shape.box).empty:
                continue
            on = [inside for piece in left if (inside := _cut(piece, shape, keep=True)) is not None]
            left = [outside for piece in left if (outside := _cut(piece, shape, keep=False)) is not None]
            on_pads[name] += on
            found = sum(int(np.count_nonzero(r.inside)) for r in on)
            if found > most:
                most, at = found, name
        if at:
            on_pads[at] += left
        else:
            elsewhere.append(left)
    for name, regions in on_pads.items():
        if regions:
            yield _part(name, regions, mine, theirs), regions
    for number, regions in enumerate(elsewhere, start=1):
        yield _part(f"{REST} {number}", regions, mine, theirs), regions


def _cut(piece: Region, shape: Region, keep: bool) -> Region | None:
    """What of a piece lies on a shape, or what does not; None where nothing is left."""
    common = piece.box.common(shape.box)
    on = np.zeros(piece.inside.shape, bool)
    if not common.empty:
        there = common.shifted(-piece.box.x0, -piece.box.y0).slices
        on[there] = shape.inside[common.shifted(-shape.box.x0, -shape.box.y0).slices]
    inside = piece.inside & (on if keep else ~on)
    return Region(piece.box, inside) if inside.any() else None


def _part(name: str, regions: list[Region], mine: ClassMask, theirs: ClassMask) -> ConflictPart:
    boxes = np.array([(r.box.x0, r.box.y0, r.box.x1, r.box.y1) for r in regions])
    (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    differing = sum(int(np.count_nonzero(r.inside)) for r in regions)
    counts = [
        np.sum([np.bincount(m.read(r.box)[r.inside], minlength=256) for r in regions], axis=0) for m in (mine, theirs)
    ]
    ours, others = (int(np.sum(n[1:])) for n in counts)
    classes = (tuple(int(v) for v in np.flatnonzero(n) if v) for n in counts)
    return ConflictPart(name, (int(x0), int(y0), int(x1), int(y1)), differing, ours, others, *classes)


def _differing(mine: ClassMask, theirs: ClassMask) -> ClassMask:
    """1 where they are not alike."""
    nothing = np.zeros((CHUNK, CHUNK), np.uint8)
    out = ClassMask(mine.width, mine.height)
    for place in sorted(mine.chunks.keys() | theirs.chunks.keys()):
        unlike = mine.chunks.get(place, nothing) != theirs.chunks.get(place, nothing)
        if unlike.any():
            out.chunks[place] = unlike.astype(np.uint8)
    return out


def _take(
    mask: ClassMask, other: ClassMask, region: Region, choice: str, before: dict[Place, np.ndarray | None]
) -> None:
    """Into the mask in memory, remembering what its chunks were."""
    if choice == MINE:
        return
    nothing = np.zeros((CHUNK, CHUNK), np.uint8)
    for place in places(region.box):
        there, here = overlap(place, region.box)
        old = mask.chunks.get(place)
        before.setdefault(place, None if old is None else old.copy())
        chunk = nothing.copy() if old is None else old
        theirs = other.chunks.get(place, nothing)[there]
        inside = region.inside[here] & ((chunk[there] == 0) if choice == BOTH else True)
        chunk[there][inside] = theirs[inside]
        if chunk.any():
            mask.chunks[place] = chunk
        else:
            mask.chunks.pop(place, None)


def _names(conflict: MaskConflict) -> str:
    return ", ".join(p.name for p in conflict.parts) or "no place"
