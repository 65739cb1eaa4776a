"""The boards we draw are true to their layout: that is what makes them worth measuring on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from padscope.boards.layout import Layout, Pad
from padscope.datasets.drawn_board import (
    BLEMISHES,
    Blemish,
    DrawnPicture,
    demo_layout,
    demo_pose,
    draw_board,
    random_blemishes,
)
from padscope.types import Affine, Box


def is_gold(picture: np.ndarray) -> np.ndarray:
    return picture[..., 0].astype(int) - picture[..., 2] > 30


def test_the_demo_board_looks_different_from_every_side() -> None:
    layout = demo_layout()
    assert len(layout.pads) == 24
    assert len(layout.fiducials) == 4
    x0, y0, x1, y1 = layout.bounds_um
    for turn in ((-1, 1), (1, -1), (-1, -1)):
        moved = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        places = {tuple(np.round(c)) for p in layout.pads for c in p.corners_um}
        turned = {tuple(np.round((c - moved) * turn + moved)) for p in layout.pads for c in p.corners_um}
        assert len(places & turned) < 0.8 * len(places)


def test_the_same_seed_draws_the_same_board_and_another_seed_another() -> None:
    layout = demo_layout()
    pose, w, h = demo_pose(layout, um_per_px=10)
    first, _ = draw_board(layout, pose, w, h, seed=1)
    again, _ = draw_board(layout, pose, w, h, seed=1)
    other, _ = draw_board(layout, pose, w, h, seed=2)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.8])
def test_a_pad_edge_lies_where_the_pose_puts_it(shift: float) -> None:
    layout = Layout("one", (Pad("A", 250, 150, 200, 100),), ())
    picture, _ = draw_board(layout, Affine(0.4, 0, shift, 0, 0.4, 0), 200, 120, seed=0)
    gold = is_gold(picture)
    assert abs(np.flatnonzero(gold[60])[0] - (60 + shift)) <= 0.75
    assert abs(np.flatnonzero(gold[60])[-1] - (140 + shift)) <= 0.75
    assert abs(np.flatnonzero(gold[:, 100])[0] - 40) <= 0.75
    assert abs(np.flatnonzero(gold[:, 100])[-1] - 80) <= 0.75


def test_the_mask_holds_the_blemish_and_nothing_off_the_pad() -> None:
    layout = demo_layout()
    pose, w, h = demo_pose(layout, um_per_px=5)
    for n, kind in enumerate(BLEMISHES, 1):
        fault = Blemish("L05", kind, 100.0, -50.0, 1.2, 30.0)
        sound, empty = draw_board(layout, pose, w, h, seed=4)
        picture, mask = draw_board(layout, pose, w, h, seed=4, defects=[fault])
        assert not empty.any()
        assert set(np.unique(mask)) == {0, n}
        changed = np.abs(picture.astype(int) - sound).max(axis=2) > 12
        assert changed[mask > 0].mean() > 0.4  # it can be seen
        assert changed[mask == 0].mean() < 1e-3  # and nowhere else
        rows, cols = np.nonzero(mask)
        pad = layout.pad["L05"]
        centre = pose.inverse().apply(np.array([cols.mean(), rows.mean()]))
        assert np.hypot(*(centre - (pad.x_um + 100, pad.y_um - 50))) < 25
        box = Box.around(pose.apply(pad.corners_um))
        outside = mask.copy()
        outside[box.slices] = 0
        assert not outside.any()


def test_a_blemish_at_the_rim_is_cut_off_by_it() -> None:
    layout = demo_layout()
    pose, w, h = demo_pose(layout, um_per_px=5, turn_deg=0)
    pad = layout.pad["L05"]
    _, whole = draw_board(layout, pose, w, h, seed=4, defects=[Blemish("L05", "glue", 0.0, 0.0)])
    _, cut = draw_board(layout, pose, w, h, seed=4, defects=[Blemish("L05", "glue", pad.w_um / 2, 0.0)])
    assert 0.2 < cut.astype(bool).sum() / whole.astype(bool).sum() < 0.8


def test_random_blemishes_are_repeatable_and_about_as_many_as_asked() -> None:
    layout = demo_layout()
    some = random_blemishes(layout, 0.5, 7)
    assert some == random_blemishes(layout, 0.5, 7)
    assert 6 <= len(some) <= 18
    assert random_blemishes(layout, 0.0, 7) == ()


def test_polygons_turned_pads_and_boards_beyond_the_picture_are_drawn() -> None:
    outline = ((100.0, 100.0), (400.0, 100.0), (400.0, 200.0), (200.0, 200.0), (200.0, 400.0), (100.0, 400.0))
    angle = Pad("angle", 250, 250, 300, 300, polygon_um=outline)
    turned = Pad("turned", 700, 250, 300, 100, rotation_deg=45)
    layout = Layout("odd", (angle, turned), ())
    picture, _ = draw_board(layout, Affine(0.5, 0, 0, 0, 0.5, 0), 450, 220, seed=1)
    gold = is_gold(picture)
    assert gold[100, 75]
    assert not gold[150, 150]  # in the notch
    along = turned.axes @ (120.0, 0.0)  # clockwise on the screen: down to the right
    assert gold[round(0.5 * (250 + along[1])), round(0.5 * (700 + along[0]))]
    assert not gold[round(0.5 * (250 - along[1])), round(0.5 * (700 + along[0]))]
    area = gold[:, :230].sum() / 0.25
    assert area == pytest.approx(angle.area_um2, rel=0.03)
    far, mask = draw_board(layout, Affine(0.5, 0, -5000, 0, 0.5, 0), 300, 200, seed=1)
    assert not mask.any()
    assert far.shape == (200, 300, 3)


def test_a_missing_fiducial_is_just_not_drawn() -> None:
    layout = demo_layout()
    fewer = dataclasses.replace(layout, fiducials=layout.fiducials[1:])
    pose, w, h = demo_pose(layout, um_per_px=10, turn_deg=0)
    x, y = np.round(pose.apply(np.array([layout.fiducials[0].x_um - 180, layout.fiducials[0].y_um]))).astype(int)
    assert draw_board(layout, pose, w, h, seed=1)[0][y, x, 0] > 150
    assert draw_board(fewer, pose, w, h, seed=1)[0][y, x, 0] < 80


def test_a_drawn_picture_is_read_in_windows_and_reduced() -> None:
    pixels = np.arange(60 * 90 * 3, dtype=np.uint32).reshape(60, 90, 3).astype(np.uint8)
    picture = DrawnPicture(pixels)
    assert (picture.width, picture.height) == (90, 60)
    assert np.array_equal(picture.read(Box(5, 10, 25, 40)), pixels[10:40, 5:25])
    assert picture.read(Box(0, 0, 90, 60), 4).shape == (15, 23, 3)
