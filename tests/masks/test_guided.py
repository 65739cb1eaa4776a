import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference_masks as slow
from padscope.masks.class_mask import mask_from_array
from padscope.masks.guided import (
    Disagreement,
    disagreeing_cells,
    disagreement,
    grown,
    holes,
    luminance,
    refined,
    smart_brush,
)
from padscope.masks.shapes import Region
from padscope.types import Box

BOX = Box(50, 70, 170, 180)


def pad_and_ground(noise=3.0, seed=0, border=100):
    """A picture of the box: bright metal left of column `border`, dark ground right of it."""
    rng = np.random.default_rng(seed)
    grey = np.where(np.arange(BOX.x0, BOX.x1) < border, 190.0, 90.0) + rng.normal(0, noise, (BOX.height, BOX.width))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def whole(region, box=BOX):
    out = np.zeros((box.height, box.width), bool)
    out[region.box.shifted(-box.x0, -box.y0).slices] = region.inside
    return out


def disc(x, y, r, box=BOX):
    cols, rows = np.meshgrid(np.arange(box.x0, box.x1), np.arange(box.y0, box.y1))
    return (cols - x) ** 2 + (rows - y) ** 2 <= r * r


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_smart_brush_stops_at_the_border_inside_its_ring(dtype):
    picture = pad_and_ground().astype(dtype) * (1 if dtype == np.uint8 else 257)
    metal = np.zeros((BOX.height, BOX.width), bool)
    metal[:, : 100 - BOX.x0] = True
    left = whole(smart_brush(picture, BOX, 95, 120, 20))
    right = whole(smart_brush(picture, BOX, 105.0, 120.0, 20))
    ring = disc(95, 120, 20)
    assert np.count_nonzero(left ^ (ring & metal)) < 8
    assert np.count_nonzero(right ^ (disc(105, 120, 20) & ~metal)) < 8
    assert np.array_equal(whole(smart_brush(picture[..., 0], BOX, 95, 120, 20)), left)  # grey pictures too


@pytest.mark.parametrize("picture", ["noise", "even", "slope"])
def test_without_a_border_a_smart_brush_is_a_round_one(picture):
    noise = np.random.default_rng(1).normal(150, 8, (BOX.height, BOX.width))
    slope = np.broadcast_to(np.linspace(100, 180, BOX.width), noise.shape)
    pixels = {"noise": noise, "even": np.full(noise.shape, 99.0), "slope": slope}[picture].astype(np.uint8)
    assert np.array_equal(whole(smart_brush(pixels, BOX, 100, 120, 25)), disc(100, 120, 25))


@given(st.floats(45, 175), st.floats(65, 185), st.floats(0, 40), st.integers(0, 5))
def test_a_smart_brush_covers_its_tip_and_never_leaves_its_ring(x, y, radius, seed):
    region = smart_brush(pad_and_ground(seed=seed), BOX, x, y, radius)
    covered, ring = whole(region), disc(x, y, max(radius, 1.0))
    assert not (covered & ~ring).any()
    if ring[1:-1, 1:-1].any() and BOX.x0 <= x < BOX.x1 and BOX.y0 <= y < BOX.y1:
        assert covered.any()


def slow_threshold(values):
    """Otsu's threshold by trying every border between 256 bins."""
    edges = np.linspace(values.min(), values.max(), 257)
    bins = np.minimum(((values - values.min()) / (edges[1] - edges[0])).astype(int), 255)
    centres = (edges[:-1] + edges[1:]) / 2
    best = (-1.0, 0)
    for k in range(255):
        low, high = bins <= k, bins > k
        if low.any() and high.any():
            between = low.sum() * high.sum() * (centres[bins[high]].mean() - centres[bins[low]].mean()) ** 2
            best = max(best, (between, -k))
    return edges[1 - best[1]]


def test_a_smart_brush_takes_what_a_slow_one_takes():
    picture = pad_and_ground(noise=6.0, seed=3)
    x, y, r = 97, 120, 24
    ring = Box(x - r, y - r, x + r + 1, y + r + 1)
    part = picture[ring.shifted(-BOX.x0, -BOX.y0).slices]
    grey = cv2.GaussianBlur(luminance(part), (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    inside = disc(x, y, r, ring)
    side = (grey > slow_threshold(grey[inside])) & inside
    closed = cv2.morphologyEx(side.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(bool) & inside
    assert np.array_equal(smart_brush(picture, BOX, x, y, r).inside, slow.reached(closed, r, r))


def test_a_rough_outline_is_drawn_to_the_edge_of_the_picture():
    truth = disc(110, 125, 30)
    rng = np.random.default_rng(0)
    picture = np.clip(np.where(truth, 80, 170) + rng.normal(0, 4, truth.shape), 0, 255).astype(np.uint8)
    for rough in (disc(113, 127, 30), disc(110, 125, 34), disc(110, 125, 26)):
        new = refined(picture, rough, 8)
        assert np.count_nonzero(new ^ truth) < 0.2 * np.count_nonzero(rough ^ truth)


@settings(max_examples=30)
@given(hnp.arrays(bool, (24, 30)), st.integers(1, 5), st.integers(0, 9))
def test_refining_changes_only_what_is_near_the_old_outline(inside, reach, seed):
    picture = np.random.default_rng(seed).integers(0, 255, (24, 30, 3), dtype=np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
    near = cv2.dilate(inside.astype(np.uint8), kernel) - cv2.erode(inside.astype(np.uint8), kernel)
    assert not ((refined(picture, inside, reach) != inside) & (near == 0)).any()


def test_refining_over_even_ground_changes_nothing():
    inside = disc(110, 125, 30)
    assert np.array_equal(refined(np.full(inside.shape, 7, np.uint8), inside, 6), inside)


@settings(max_examples=25)
@given(hnp.arrays(bool, (7, 9)), st.integers(-3, 3))
def test_growing_and_shrinking_are_those_of_a_disc(inside, px):
    around = Box(-8, -8, 22, 22)
    region = grown(Region(Box(2, 3, 11, 10), inside), px, around)
    expected = np.zeros((30, 30), bool)
    base = np.zeros((30, 30), bool)
    base[11:18, 10:19] = inside
    reach = abs(px)
    for row, col in itertools.product(range(3, 27), range(3, 27)):
        near = [
            base[row + dy, col + dx]
            for dy in range(-reach, reach + 1)
            for dx in range(-reach, reach + 1)
            if np.hypot(dy, dx) <= reach
        ]
        expected[row, col] = any(near) if px > 0 else all(near)
    assert np.array_equal(whole(region, around), expected)


def test_a_grown_region_stays_inside_its_box():
    region = Region(Box(0, 0, 4, 4), np.ones((4, 4), bool))
    assert grown(region, 3, Box(0, 0, 5, 5)).box == Box(0, 0, 5, 5)
    assert grown(region, 3, Box(20, 20, 25, 25)).inside.size == 0


@given(hnp.arrays(bool, (8, 9)))
def test_holes_are_ground_that_no_way_leads_to(inside):
    framed = np.pad(~inside, 1, constant_values=True)
    open_ground = slow.reached(framed, 0, 0)[1:-1, 1:-1]
    region = holes(Region(Box(0, 0, 9, 8), inside))
    assert np.array_equal(region.inside, ~inside & ~open_ground)


def test_mask_and_heat_disagree_only_where_heat_was_asked():
    level = np.zeros((4, 5), np.float32)
    level[1, 1] = 9.0
    level[:, 4] = np.nan
    classes = np.zeros((29, 37), np.uint8)
    classes[20:24, 20:24] = classes[0:4, 33:37] = 3
    mask = mask_from_array(classes)
    found = disagreement(mask, level, 1.0, 8, Box(0, 0, 37, 29))
    assert found[12, 12] == Disagreement.HEAT_ONLY
    assert (found[20:24, 20:24] == Disagreement.MASK_ONLY).all()
    assert (found[:, 32:] == Disagreement.NONE).all()
    assert np.array_equal(disagreement(mask, level, 1.0, 8, Box(5, 9, 30, 25)), found[9:25, 5:30])
    cells = disagreeing_cells(mask, level, 1.0, 8)
    assert cells.tolist() == [[0] * 5, [0, 1, 0, 0, 0], [0, 0, 2, 0, 0], [0] * 5]
    with pytest.raises(ValueError, match="a level of"):
        disagreeing_cells(mask, level[:3], 1.0, 8)
