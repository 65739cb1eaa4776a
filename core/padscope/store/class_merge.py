"""Two classes become one: everywhere in a project, as strokes that stand in the history and can be undone label by label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from padscope.errors import StoreError
from padscope.masks.class_mask import CHUNK, ClassMask
from padscope.masks.edits import Edit, merged, replaced
from padscope.store import labels
from padscope.store.database import Project
from padscope.types import Box, Progress, Work

TOOL = "classes merged"


def merge_classes(project: Project, value: int, into: int, *, author: str = "") -> Work[int]:
    """What was painted with class `value` is `into` from now on, in locked labels too, as the words change and not what was
    seen; the class itself is retired. Returns how many labels changed; StoreError where one of the classes does not exist. One
    transaction: cancelled, nothing has changed."""
    known = {c.value: c for c in labels.classes(project)}
    missing = [v for v in (value, into) if v not in known]
    if missing or value == into:
        raise StoreError(f"Classes {value} and {into} cannot be merged; choose two classes of this project.")
    changed, rows = 0, labels.labels(project)
    with project.transaction():
        for number, row in enumerate(rows):
            yield Progress(number, len(rows), "merging classes")
            edit = recoloured(labels.load_mask(project, row.id), value, into)
            if not edit.empty:
                labels.commit_edit(project, row.id, edit, tool=TOOL, author=author, locked_too=True)
                changed += 1
        labels.change_class(project, replace(known[value], retired=True), author=author)
        detail = {"into": known[into].name, "labels": changed}
        project.note(author, TOOL, known[value].uid, detail)
    return changed


def recoloured(mask: ClassMask, value: int, into: int) -> Edit:
    """Every pixel of one class becomes another."""
    pieces = []
    for (row, col), chunk in mask.chunks.items():
        found = chunk == value
        if found.any():
            box = Box(col * CHUNK, row * CHUNK, (col + 1) * CHUNK, (row + 1) * CHUNK).clipped(mask.width, mask.height)
            new = np.where(found, np.uint8(into), chunk)[: box.height, : box.width]
            pieces.append(replaced(mask, box, new))
    return merged(pieces)
