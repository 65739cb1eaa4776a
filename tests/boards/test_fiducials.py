"""Centres of round marks: exact on clean ones, unmoved by dirt, and refused where there is no mark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from padscope.boards.fiducials import measure_mark
from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.datasets.drawn_board import DrawnPicture, draw_board
from padscope.types import Affine


def mark_at(x: float, y: float, radius: float = 40.0, ring: bool = True) -> np.ndarray:
    """A mark at this place of a 200 × 200 px picture, its rim smooth over a pixel."""
    v, u = np.mgrid[:200, :200]
    far = np.hypot(u - x, v - y)
    cover = np.clip(radius - far + 0.5, 0, 1)
    if ring:
        cover *= 1 - np.clip(0.4 * radius - far + 0.5, 0, 1)
    grain = np.random.default_rng(1).normal(0, 3, (200, 200, 1))
    colour = np.array([40, 90, 67]) + cover[..., None] * np.array([163, 90, 49])
    return np.clip(colour + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("ring", [True, False])
@pytest.mark.parametrize(("x", "y"), [(100.0, 100.0), (100.3, 99.6), (95.5, 104.5)])
def test_the_centre_is_found_to_a_twentieth_of_a_pixel(x: float, y: float, ring: bool) -> None:
    mark = measure_mark(DrawnPicture(mark_at(x, y, ring=ring)), 100, 100, 40, 12)
    assert mark is not None
    assert abs(mark.x_px - x) < 0.05
    assert abs(mark.y_px - y) < 0.05
    assert abs(mark.radius_px - 40) < 0.2
    assert mark.share > 0.9


def test_dark_marks_are_marks_too() -> None:
    mark = measure_mark(DrawnPicture(255 - mark_at(101.0, 98.0)), 100, 100, 40, 12)
    assert mark is not None
    assert np.hypot(mark.x_px - 101, mark.y_px - 98) < 0.1


def test_dirt_on_a_quarter_of_the_rim_moves_nothing() -> None:
    pixels = mark_at(100.4, 99.7)
    cv2.circle(pixels, (135, 100), 18, (30, 25, 20), -1)
    mark = measure_mark(DrawnPicture(pixels), 100, 100, 40, 12)
    assert mark is not None
    assert np.hypot(mark.x_px - 100.4, mark.y_px - 99.7) < 0.15
    assert mark.share < 0.9


def test_a_mark_cut_off_by_the_rim_of_the_picture_is_still_measured() -> None:
    pixels = mark_at(100.4, 99.7)[:, :128]
    mark = measure_mark(DrawnPicture(pixels), 100, 100, 40, 12)
    assert mark is not None
    assert np.hypot(mark.x_px - 100.4, mark.y_px - 99.7) < 0.15


def test_where_there_is_no_mark_none_is_found() -> None:
    rng = np.random.default_rng(2)
    square = mark_at(300, 300)
    square[70:130, 70:130] = (203, 180, 116)
    for pixels in (
        mark_at(300, 300),  # bare laminate
        square,
        mark_at(100, 100, radius=30),  # another size
        mark_at(100, 100)[:, :70],  # only the left third
        rng.integers(0, 256, (200, 200, 3), dtype=np.uint8),
        np.zeros((200, 200, 3), np.uint8),
    ):
        assert measure_mark(DrawnPicture(pixels), 100, 100, 40, 8) is None
    assert measure_mark(DrawnPicture(mark_at(100, 100)), 900, 900, 40, 8) is None  # outside the picture


def test_drawn_fiducials_are_found_where_they_were_drawn() -> None:
    layout = Layout("m", (Pad("A", 9000, 9000, 10, 10),), (), (Fiducial("F", 700, 500, 500),))
    pose = Affine(0.2, 0.003, 0.3, -0.003, 0.2, 0.7)
    pixels, _ = draw_board(layout, pose, 300, 220, seed=3)
    x, y = pose.apply(np.array([700.0, 500.0]))
    mark = measure_mark(DrawnPicture(pixels), x + 3, y - 3, 500 / 2 * pose.scale, 10)
    assert mark is not None
    assert np.hypot(mark.x_px - x, mark.y_px - y) < 0.06
