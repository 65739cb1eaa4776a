"""A layout's likeness to itself is found, so that a pose can be told from its doubles."""

from __future__ import annotations

import numpy as np
import pytest

from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.boards.pose import find_pose
from padscope.boards.rivals import rivals
from padscope.datasets.drawn_board import DrawnPicture, demo_pose, draw_board
from padscope.errors import PoseError
from padscope.types import Affine


def comb(count: int = 10, marks: tuple[Fiducial, ...] = ()) -> Layout:
    """Equal pads at one pitch in two columns: the hardest layout there is."""
    pads = [
        Pad(f"{side}{n}", x, 800 + 300 * n, 900, 150) for side, x in (("L", 900), ("R", 4100)) for n in range(count)
    ]
    return Layout("comb", tuple(pads), (), marks)


def close(move: Affine, linear: list[list[float]], shift: tuple[float, float]) -> bool:
    return bool(np.allclose(move.linear, linear) and np.allclose((move.tx, move.ty), shift, atol=1))


def test_an_irregular_layout_has_no_rival() -> None:
    rng = np.random.default_rng(5)
    pads = [
        Pad(str(n), float(x), float(y), 300 + 40 * n, 200) for n, (x, y) in enumerate(rng.uniform(0, 9000, (12, 2)))
    ]
    assert rivals(Layout("irregular", tuple(pads), ())) == []


def test_turns_shifts_and_mirror_images_of_a_comb_are_found() -> None:
    found = rivals(comb())
    assert any(close(m, [[1, 0], [0, 1]], (0, 300)) for m in found)
    assert any(close(m, [[1, 0], [0, 1]], (0, -300)) for m in found)
    assert any(close(m, [[-1, 0], [0, -1]], (5000, 4300)) for m in found)
    assert any(m.determinant < 0 for m in found)
    assert not any(close(m, [[1, 0], [0, 1]], (0, 0)) for m in found)


def test_a_layout_that_is_itself_upside_down_is_refused_without_marks() -> None:
    truth, w, h = demo_pose(comb(), um_per_px=4)
    pixels, _ = draw_board(comb(), truth, w, h, seed=1)
    with pytest.raises(PoseError, match="fits the picture in two ways"):
        find_pose(DrawnPicture(pixels), comb())


def test_three_marks_tell_which_way_up_it_is() -> None:
    """Two on top, one below: upside down, one of the three would be missing."""
    marks = (Fiducial("A", 400, 400, 300), Fiducial("B", 4600, 400, 300), Fiducial("C", 400, 3900, 300))
    layout = comb(marks=marks)
    for turn in (0.0, 180.0):
        truth, w, h = demo_pose(layout, um_per_px=4, turn_deg=turn)
        pixels, _ = draw_board(layout, truth, w, h, seed=1)
        try:
            found = find_pose(DrawnPicture(pixels), layout)
        except PoseError:
            continue  # in doubt is allowed, wrong is not
        corners = np.concatenate([p.corners_um for p in layout.pads])
        assert np.abs(found.to_px(corners) - truth.apply(corners)).max() < 1


def test_many_pads_take_no_longer() -> None:
    pads = [Pad(str(n), 300.0 * (n % 50), 300.0 * (n // 50), 200, 200) for n in range(2500)]
    assert len(rivals(Layout("grid", tuple(pads), ()))) > 0
