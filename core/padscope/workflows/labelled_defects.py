"""What a model says of the defects that people painted: from here a threshold that misses none of them."""

from __future__ import annotations

from dataclasses import dataclass

from padscope.boards.defects import pad_view
from padscope.store.database import Project
from padscope.types import Progress, Work
from padscope.workflows.painting import painted_masks, painting_of


@dataclass(frozen=True)
class LabelledDefects:
    """`found` are (level at the shipped threshold, “picture, pad”) of every pad that carries paint, the weakest first; `boards`
    is how many boards they are on."""

    found: tuple[tuple[float, str], ...]
    boards: int


def labelled_defects(project: Project, model_sha256: str) -> Work[LabelledDefects]:
    """Of the newest inspection of every picture by this model, as its level was stored: nothing is inspected again. Pads of boards
    that several pictures show are left out, and so are pads on which nothing was inspected."""
    newest = {row.picture_sha256: row for row in project.inspections() if row.model_sha256 == model_sha256}
    found: list[tuple[float, str]] = []
    boards = 0
    for k, row in enumerate(newest.values()):
        yield Progress(k, len(newest), "reading labelled defects")
        painting = painting_of(project, row.picture_sha256)
        level = project.level(row.id) if painting is not None and row.layout_sha256 else None
        pad_map = project.pad_map(row.id) if level is not None else None
        if painting is None or level is None or pad_map is None or pad_map.others:
            continue
        layout, facts = project.layout(row.layout_sha256), pad_map.picture
        near = {pad: place.um_to_px for pad, place in pad_map.places.items()}
        masks = painted_masks(painting, layout, pad_map.um_to_px, near)
        before = len(found)
        for pad in layout.pads:
            if pad.id in masks and masks[pad.id].classes.any():
                here = near.get(pad.id, pad_map.um_to_px)
                view = pad_view(pad, here, (facts.width_px, facts.height_px), level)
                if view.worst is not None and masks[pad.id].classes[view.inside].any():
                    found.append((view.worst, f"{facts.file}, {pad.id}"))
        boards += len(found) > before
    return LabelledDefects(tuple(sorted(found)), boards)
