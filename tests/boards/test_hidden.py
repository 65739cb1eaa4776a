"""Pads that lie inside a picture and are not shown by it."""

from __future__ import annotations

import numpy as np
import pytest

from padscope.boards.hidden import hidden_pads
from padscope.boards.layout import Layout, Pad
from padscope.types import Affine, Box

LAYOUT = Layout("two", (Pad("A", 400.0, 200.0, 400.0, 160.0), Pad("B", 400.0, 600.0, 400.0, 160.0)), ())
POSE = Affine(0.5, 0.0, 0.0, 0.0, 0.5, 0.0)  # A covers x 100 … 300, y 60 … 140; B y 260 … 340
SIZE = (400, 400)


def shown(*dark: Box) -> np.ndarray:
    """Cells; `dark` boxes in px."""
    cells = np.ones((50, 50), bool)
    for box in dark:
        cells[box.y0 // 8 : -(-box.y1 // 8), box.x0 // 8 : -(-box.x1 // 8)] = False
    return cells


def test_where_everything_is_shown_no_pad_is_hidden() -> None:
    assert hidden_pads(LAYOUT, POSE, SIZE, shown()) == {}
    assert hidden_pads(LAYOUT, POSE, SIZE, shown(Box(0, 0, 48, 400))) == {}  # beside the pads


def test_a_black_border_across_a_pad_hides_it() -> None:
    hidden = hidden_pads(LAYOUT, POSE, SIZE, shown(Box(200, 0, 400, 200)))
    assert list(hidden) == ["A"]
    assert "51 % of the pad" in hidden["A"].words
    assert hidden["A"].where == (Box(200, 60, 301, 140),)


def test_cells_across_a_pads_own_edge_do_not_hide_it() -> None:
    """Metal on a black board: all around it looks like the end of a stitched picture."""
    around = shown(Box(0, 0, 400, 400))
    around[8:17, 13:37] = True  # whole cells on A
    assert "A" not in hidden_pads(LAYOUT, POSE, SIZE, around)
    assert "100 %" in hidden_pads(LAYOUT, POSE, SIZE, around)["B"].words


@pytest.mark.parametrize(("y", "names"), [(100, ["A"]), (138, ["A"]), (150, []), (200, []), (300, ["B"])])
def test_a_scale_bar_over_a_pad_hides_it(y: int, names: list[str]) -> None:
    assert list(hidden_pads(LAYOUT, POSE, SIZE, shown(), Box(120, y, 220, y + 8))) == names


def test_pads_outside_the_picture_are_no_concern_here() -> None:
    far = Affine(0.5, 0.0, 5000.0, 0.0, 0.5, 0.0)
    assert hidden_pads(LAYOUT, far, SIZE, shown(Box(0, 0, 400, 400))) == {}
