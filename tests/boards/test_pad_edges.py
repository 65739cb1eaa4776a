"""Sides of pads are measured where they are, whatever lies on the metal, and said to be missing where they are missing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_edges import Edges, measure_edges, metal_colour, pad_window
from padscope.datasets.drawn_board import DrawnPicture, draw_board
from padscope.types import Affine

PAD = Pad("A", 600, 400, 600, 300)
LAYOUT = Layout("one", (PAD,), ())
POSE = Affine(0.5, 0.004, 3.2, -0.004, 0.5, 1.7)


def picture(blur: float = 0.0, layout: Layout = LAYOUT) -> np.ndarray:
    pixels, _ = draw_board(layout, POSE, 620, 420, seed=2)
    return cv2.GaussianBlur(pixels, (0, 0), blur) if blur else pixels


def measured(pixels: np.ndarray, pose: Affine, reach: float = 8.0, layout: Layout = LAYOUT) -> Edges:
    drawn = DrawnPicture(pixels)
    colour = metal_colour(
        pixels[180:220, 200:400].reshape(-1, 3).astype(float), pixels[330:, 100:500].reshape(-1, 3).astype(float)
    )
    windows = [pad_window(drawn, pose.apply(p.corners_um), reach + 10, colour) for p in layout.pads]
    return measure_edges(windows, layout, [pose] * len(layout.pads), reach)


def moved(dx: float, dy: float) -> Affine:
    return Affine(1, 0, dx, 0, 1, dy).after(POSE)


@pytest.mark.parametrize("blur", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.3, -1.6), (-4.0, 3.3)])
def test_offsets_are_those_of_the_pose(blur: float, shift: tuple[float, float]) -> None:
    edges = measured(picture(blur), moved(*shift))
    expected = -edges.normal @ shift
    assert np.isfinite(edges.offset_px).mean() > 0.9
    rest = edges.offset_px - expected
    assert np.nanmedian(np.abs(rest)) < 0.12
    assert set(edges.side) == {0, 1, 2, 3}
    assert len(edges) == edges.whole[0]


def test_normals_point_outwards_whichever_way_the_outline_runs() -> None:
    back = Pad("A", 600, 400, 600, 300, polygon_um=tuple(map(tuple, PAD.corners_um[::-1])))
    layout = Layout("one", (back,), ())
    edges = measured(picture(), POSE, layout=layout)
    out = POSE.apply(edges.um) - POSE.apply(np.array([600.0, 400.0]))
    assert (np.einsum("ni,ni->n", out, edges.normal) > 0).all()
    assert np.nanmedian(np.abs(edges.offset_px)) < 0.1


def test_a_side_further_away_than_the_reach_is_not_seen() -> None:
    edges = measured(picture(), moved(0.0, 12.0), reach=6.0)
    flat = np.abs(edges.normal[:, 1]) > 0.9
    assert np.isnan(edges.offset_px[flat]).all()
    assert np.isfinite(edges.offset_px[~flat]).any()


def test_metal_where_there_should_be_none_contradicts() -> None:
    smaller = Layout("one", (Pad("A", 600, 400, 600, 120),), ())
    edges = measured(picture(), POSE, layout=smaller)
    long = np.abs(edges.normal[:, 1]) > 0.9
    assert edges.contradicts[long].all()
    larger = Layout("one", (Pad("A", 600, 400, 600, 520),), ())
    edges = measured(picture(), POSE, layout=larger)
    long = np.abs(edges.normal[:, 1]) > 0.9
    assert edges.contradicts[long].all()


def test_sides_outside_the_picture_are_left_out_but_counted() -> None:
    edges = measured(picture()[:, :300], POSE)
    assert 0 < len(edges) < edges.whole[0]
    assert 1 not in edges.side  # the right side
    nothing = measured(picture(), moved(5000.0, 0.0))
    assert len(nothing) == 0
    assert nothing.whole[0] > 0


def test_a_featureless_picture_has_no_edges() -> None:
    edges = measured(picture(), POSE)
    assert np.isfinite(edges.offset_px).any()
    flat = np.full((420, 620, 3), 128, np.uint8)
    window = pad_window(
        DrawnPicture(flat), POSE.apply(PAD.corners_um), 20, metal_colour(np.eye(3) * 9 + 200, np.eye(3) * 9 + 30)
    )
    assert np.isnan(measure_edges([window], LAYOUT, [POSE], 8.0).offset_px).all()
