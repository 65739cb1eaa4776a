"""What a worker is asked for while a layout is made: reading drawings, learning from a picture, finding the board in it, saving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from padscope.types import Progress, Work
from padscope_desktop.background.payloads import Drawing, Placed

if TYPE_CHECKING:
    from padscope.boards.layout import Layout
    from padscope.boards.layout_choice import Choice

DOUBTFUL = 0.7
"""Confidence below which a learned pad is worth a look."""
MOST_NAMES = 200


def place(
    picture: Path, layout: Layout, um_per_px: float | None, clicks: Mapping[str, tuple[float, float]] | None
) -> Work[Placed]:
    """How a layout lies over a picture: found, or led by clicks."""
    from padscope.boards.pose import find_pose, pose_from_clicks
    from padscope.pictures.picture import open_picture

    yield Progress(0, 1, "finding the board")
    with open_picture(picture, um_per_px=um_per_px) as opened:
        pose = pose_from_clicks(layout, clicks, opened) if clicks else find_pose(opened, layout)
    return Placed(layout, pose.um_to_px, f"by {pose.method}, ±{pose.residual_um:.1f} µm")


def learn_layout(picture: Path, um_per_px: float | None) -> Work[Placed]:
    """A layout proposed from one picture, lying over it."""
    from padscope.boards.learn import learned_layout
    from padscope.pictures.picture import open_picture

    yield Progress(0, 1, "looking for pads")
    with open_picture(picture, um_per_px=um_per_px) as opened:
        learned = learned_layout(opened, picture.stem, um_per_px)
    doubtful = tuple(pad for pad, sure in learned.confidence.items() if sure < DOUBTFUL)
    return Placed(learned.layout, learned.um_to_px, "learned from this picture", doubtful)


def read_drawing(path: Path, choice: Choice | None) -> Work[Drawing]:
    """The chosen part of a drawing as a layout, and what else could be chosen; a layout file is taken whole."""
    from padscope.boards.layout_choice import Choice
    from padscope.boards.layout_files import DRAWINGS, load_layout, not_pads, shapes_in
    from padscope.errors import LayoutError

    yield Progress(0, 1, "reading the drawing")
    if path.suffix.lower() not in DRAWINGS:
        return Drawing(path, load_layout(path), "", (), (), whole=True)
    if choice is None:  # a drawing of our own comes back as it was saved
        own = _own_drawing(path)
        if own is not None:
            return Drawing(path, own, "", (), (), whole=True)
    choice = choice or Choice()
    shapes = shapes_in(path, choice)
    layers, nets = _named(s.layer for s in shapes), _named(s.net for s in shapes)
    others = not_pads(path, shapes)
    try:
        return Drawing(path, load_layout(path, choice), "", layers, nets, left_out=others)
    except LayoutError as error:
        return Drawing(path, None, str(error), layers, nets, left_out=others)


def _own_drawing(path: Path) -> Layout | None:
    from padscope.boards.layout_dxf import own_layout

    return own_layout(path) if path.suffix.lower() == ".dxf" else None


def _named(words: Any) -> tuple[tuple[str, int], ...]:
    """(name, how many shapes), the most first."""
    return tuple((name, n) for name, n in Counter(words).most_common(MOST_NAMES) if name)


def save_layout(layout: Layout, path: Path) -> Work[Path]:
    from padscope.boards.layout_files import save_layout as save

    yield Progress(0, 1, "saving the layout")
    save(layout, path)
    return path


LAYOUT_COMMANDS: dict[str, Callable[..., Any]] = {
    "place": place,
    "learn_layout": learn_layout,
    "read_drawing": read_drawing,
    "save_layout": save_layout,
}
