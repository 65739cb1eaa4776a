"""Drawn roughly, measured exactly: pads and marks of a drawn board whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from padscope.boards.layout import Layout
from padscope.boards.layout_snap import Array, circle_at, snapped
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board
from padscope.types import Affine


@pytest.fixture(scope="module")
def board() -> tuple[Layout, Affine, Array]:
    layout = demo_layout()
    um_to_px, width, height = demo_pose(layout)
    picture, _ = draw_board(layout, um_to_px, width, height, seed=3)
    return layout, um_to_px, Array(picture)


def test_a_pad_drawn_by_hand_takes_the_sides_that_the_picture_shows(board: tuple[Layout, Affine, Array]) -> None:
    layout, um_to_px, picture = board
    rng = np.random.default_rng(4)
    away = []
    for pad in layout.pads[::5]:
        dx, dy, dw, dh = rng.uniform(-15, 15, 4)
        drawn = replace(pad, x_um=pad.x_um + dx, y_um=pad.y_um + dy, w_um=pad.w_um + dw, h_um=pad.h_um + dh)
        found = snapped(picture, drawn, um_to_px)
        assert found is not None, pad.id
        away.append(np.abs(found.corners_um - pad.corners_um).max())
    assert max(away) * um_to_px.scale < 1.5  # px
    assert np.median(away) * um_to_px.scale < 0.75


def test_nothing_is_made_up_on_bare_board(board: tuple[Layout, Affine, Array]) -> None:
    layout, um_to_px, picture = board
    pad = layout.pads[0]
    x0, y0, x1, y1 = layout.bounds_um
    nowhere = replace(pad, x_um=(x0 + x1) / 2, y_um=(y0 + y1) / 2)
    assert snapped(picture, nowhere, um_to_px) is None
    assert snapped(picture, replace(pad, x_um=-1e6), um_to_px) is None


def test_a_click_on_a_mark_finds_its_centre_and_size(board: tuple[Layout, Affine, Array]) -> None:
    layout, um_to_px, picture = board
    for mark in layout.fiducials:
        x, y = um_to_px.apply(np.array([mark.x_um, mark.y_um])).tolist()
        radius = mark.diameter_um / 2 * um_to_px.scale
        for known in (None, radius):
            found = circle_at(picture, x + 0.3 * radius, y - 0.2 * radius, known)
            assert found is not None
            assert np.hypot(found.x_px - x, found.y_px - y) < 0.5
            assert found.radius_px == pytest.approx(radius, rel=0.05)


def test_a_click_beside_all_marks_finds_none(board: tuple[Layout, Affine, Array]) -> None:
    layout, um_to_px, picture = board
    x0, y0, x1, y1 = layout.bounds_um
    x, y = um_to_px.apply(np.array([(x0 + x1) / 2, (y0 + y1) / 2])).tolist()
    assert circle_at(picture, x, y) is None


def test_a_pad_that_lies_far_off_is_put_onto_the_metal_it_touches(board: tuple[Layout, Affine, Array]) -> None:
    layout, um_to_px, picture = board
    rng = np.random.default_rng(5)
    away = []
    for pad in layout.pads[::4]:
        dx, dy = rng.choice([-0.4, 0.4], 2)
        off = replace(pad, x_um=pad.x_um + dx * pad.w_um, y_um=pad.y_um + dy * pad.h_um)
        found = snapped(picture, off, um_to_px)
        assert found is not None, pad.id
        away.append(np.abs(found.corners_um - pad.corners_um).max())
    assert np.quantile(away, 0.9) * um_to_px.scale < 2  # px
