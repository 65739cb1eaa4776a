"""What a person has painted, for the inspection: on pads it speaks of, a painted mask wins over heat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from padscope.boards.defects import PaintedMask
from padscope.boards.layout import Layout
from padscope.masks.class_mask import ClassMask
from padscope.store import labels
from padscope.store.database import Project
from padscope.types import Affine, Box

FINISHED = ("done", "accepted")


@dataclass(frozen=True)
class Painting:
    """A picture's mask. While it is `finished`, an unpainted pad was looked at and found sound; a draft speaks only for the pads
    that carry paint."""

    mask: ClassMask
    names: Mapping[int, str]
    finished: bool


def painting_of(project: Project, picture_sha256: str) -> Painting | None:
    """The painting that counts in a project; None where nobody has painted."""
    row = labels.label_that_counts(project, picture_sha256)
    if row is None:
        return None
    names = {c.value: c.name for c in labels.classes(project)}
    return Painting(labels.load_mask(project, row.id), names, row.state in FINISHED)


def painted_masks(
    painting: Painting, layout: Layout, um_to_px: Affine, near: Mapping[str, Affine] | None = None
) -> dict[str, PaintedMask]:
    """By pad, for `boards.verdict.judge`; `near` is by pad the pose right around it, where the picture is bent."""
    masks = {}
    for pad in layout.pads:
        box = Box.around((near or {}).get(pad.id, um_to_px).apply(pad.corners_um)).clipped(
            painting.mask.width, painting.mask.height
        )
        if box.empty:
            continue
        classes = painting.mask.read(box)
        if painting.finished or classes.any():
            masks[pad.id] = PaintedMask(box, classes, painting.names)
    return masks
