import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference_masks as slow
from padscope.masks.shapes import SMALLEST_RADIUS, above, polygon, stroke, wand
from padscope.types import Box

W, H = 23, 17
PICTURE = Box(0, 0, W, H)
coordinate = st.integers(-6, 28).map(float) | st.floats(-6, 28, width=32) | st.integers(-12, 56).map(lambda v: v / 2)
points = st.tuples(coordinate, coordinate)


def drawn(regions, box=PICTURE):
    """The union of regions as one array over the picture."""
    out = np.zeros((box.height, box.width), bool)
    for region in regions:
        assert region.inside.shape == (region.box.height, region.box.width)
        seen = region.box.clipped(box.width, box.height)
        if not seen.empty:
            out[seen.slices] |= region.inside[seen.shifted(-region.box.x0, -region.box.y0).slices]
    return out


@given(st.lists(points, min_size=1, max_size=4), st.floats(0, 12, width=32) | st.integers(0, 8).map(float))
@example([(3.0, 3.0), (3.0, 3.0)], 2.0)
def test_a_brush_covers_what_is_near_its_line(line, radius):
    covered = drawn(stroke(np.array(line), radius))
    assert np.array_equal(covered, slow.near_line(line, max(radius, SMALLEST_RADIUS), W, H))


@given(st.lists(st.tuples(st.floats(0, W - 1), st.floats(0, H - 1)), min_size=1, max_size=5))
def test_the_finest_brush_leaves_no_gap(line):
    covered = drawn(stroke(np.array(line), 0.0))
    assert covered.any()
    assert cv2.connectedComponents(covered.astype(np.uint8), connectivity=8)[0] == 2  # ground and one piece


def test_a_long_slanted_line_is_drawn_in_pieces_of_its_own_size():
    regions = list(stroke(np.array([[0.0, 0.0], [4000.3, 3234.7]]), 5))
    assert sum(r.inside.size for r in regions) < 4000 * 300  # the bounding box would be 16 000 000
    whole = np.zeros((4010, 4010), np.uint8)
    for r in regions:
        seen = r.box.clipped(4010, 4010)
        whole[seen.slices] |= r.inside[seen.shifted(-r.box.x0, -r.box.y0).slices]
    assert whole.sum() == pytest.approx(10 * np.hypot(4000.3, 3234.7), rel=0.01)


@given(st.lists(points, min_size=3, max_size=7))
@example([(2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0)])
def test_a_polygon_covers_what_it_turns_around(corners):
    region = polygon(np.array(corners), PICTURE)
    assert np.array_equal(drawn([region]), slow.in_polygon(corners, W, H))


@given(st.lists(points, min_size=3, max_size=6), st.tuples(st.integers(0, W), st.integers(0, H)))
def test_a_clipped_polygon_is_the_polygon_clipped(corners, corner):
    part = Box(corner[0], corner[1], W, H)
    whole = drawn([polygon(np.array(corners), PICTURE)])
    whole[: part.y0] = False
    whole[:, : part.x0] = False
    assert np.array_equal(drawn([polygon(np.array(corners), part)]), whole)


def side(p, q, r):
    """Above 0 where the way p q r turns right, below 0 where left."""
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


@given(points, points, points, points)
def test_neighbours_share_no_pixel_and_leave_none(a, b, c, d):
    """Two triangles over a common edge: where both turn the same way they are the quadrangle, without overlap."""
    one, two = (drawn([polygon(np.array(t), PICTURE)]) for t in ([a, b, c], [a, c, d]))
    sides = [side(*three) for three in ((a, b, c), (a, c, d), (b, c, d), (b, d, a))]
    if all(s > 1e-3 for s in sides) or all(s < -1e-3 for s in sides):
        assert not (one & two).any()
        assert np.array_equal(one | two, drawn([polygon(np.array([a, b, c, d]), PICTURE)]))


def test_a_lasso_that_crosses_itself_has_no_hole():
    star = [(11 + 8 * np.sin(k * 4 * np.pi / 5), 8 - 8 * np.cos(k * 4 * np.pi / 5)) for k in range(5)]
    assert drawn([polygon(np.array(star), PICTURE)])[8, 11]


def test_two_points_surround_nothing():
    assert polygon(np.array([[1.0, 1.0], [9.0, 9.0]]), PICTURE).inside.size == 0
    assert polygon(np.array([[50.0, 50.0], [60.0, 50.0], [60.0, 60.0]]), PICTURE).inside.size == 0


def test_a_wand_from_outside_its_box_takes_nothing():
    assert not wand(np.zeros((5, 5), np.uint8), Box(0, 0, 5, 5), 5, 0, 1).inside.any()


@given(
    hnp.arrays(st.sampled_from([np.uint8, np.uint16]), (H, W, 3), elements=st.integers(0, 255)),
    st.integers(0, W - 1),
    st.integers(0, H - 1),
    st.integers(0, 255),
)
def test_a_wand_takes_connected_pixels_of_like_colour(pixels, x, y, tolerance):
    alike = (np.abs(pixels.astype(int) - pixels[y, x].astype(int)) <= tolerance).all(axis=2)
    box = Box(100, 200, 100 + W, 200 + H)
    region = wand(pixels, box, 100 + x, 200 + y, tolerance)
    assert region.box == box
    assert np.array_equal(region.inside, slow.reached(alike, x, y))
    assert region.inside[y, x]


def test_heat_above_a_level_becomes_a_region():
    level = np.full((4, 5), np.nan, np.float32)
    level[1, 2] = 4.0
    region = above(level, 1.0, 8, Box(0, 0, 37, 29))
    rows, cols = np.nonzero(region.inside)
    assert region.inside.shape == (29, 37)
    assert (rows.mean(), cols.mean()) == (11.5, 19.5)  # centre of cell (1, 2)
    assert region.inside[8:16, 16:24].all()
    assert (rows.min(), rows.max()) == (6, 17)  # where 4 · (1 - |d| / 8) sinks below 1: 6 px from the centre
    part = above(level, 1.0, 8, Box(16, 8, 30, 29))
    assert np.array_equal(part.inside, region.inside[8:29, 16:30])


def test_constant_heat_has_no_seams():
    assert above(np.full((3, 3), 2.0, np.float32), 2.0, 8, Box(0, 0, 24, 24)).inside.all()
    assert not above(np.full((3, 3), 1.9, np.float32), 2.0, 8, Box(0, 0, 24, 24)).inside.any()
