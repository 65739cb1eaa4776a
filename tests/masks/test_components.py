import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import reference_masks as slow
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.components import component_at, components
from padscope.masks.outlines import joined, outline, outlines
from padscope.masks.shapes import Region, polygon
from padscope.masks.tally import Tally, class_counts
from padscope.types import Box, finish

small = hnp.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def noise(seed, height=530, width=700, share=0.02):
    """Specks and blobs of two classes across many chunks."""
    rng = np.random.default_rng(seed)
    classes = rng.choice([1, 2], (height, width)).astype(np.uint8) * (rng.random((height, width)) < share)
    blobs = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), 12)
    classes[blobs > np.quantile(blobs, 0.8)] = 2
    return classes.astype(np.uint8)


def slow_components(classes):
    found = set()
    for value in (1, 2):
        n, labels = cv2.connectedComponents((classes == value).astype(np.uint8), connectivity=8)
        for k in range(1, n):
            found.add((value, np.flatnonzero(labels == k).tobytes()))
    return found


def test_components_over_many_chunks_are_those_of_the_whole_picture():
    classes = noise(0)[:, :600]
    found = components(mask_from_array(classes))
    seen = set()
    for c in found:
        whole = np.zeros(classes.shape, bool)
        whole[c.box.slices] = c.inside
        assert c.area_px == whole.sum()
        assert c.inside.any(axis=0).all() or c.inside.any(axis=1).all() or c.area_px > 1
        seen.add((c.value, np.flatnonzero(whole).tobytes()))
    assert seen == slow_components(classes)
    assert [(c.box.y0, c.box.x0) for c in found] == sorted((c.box.y0, c.box.x0) for c in found)


def test_the_component_under_a_pixel_is_one_of_them():
    classes = noise(1)
    mask = mask_from_array(classes)
    for c in components(mask)[::40]:
        y, x = np.argwhere(c.inside)[-1]
        found = component_at(mask, c.box.x0 + int(x), c.box.y0 + int(y))
        assert (found.value, found.box, found.area_px) == (c.value, c.box, c.area_px)
        assert np.array_equal(found.inside, c.inside)
    y, x = np.argwhere(classes == 0)[0]
    assert component_at(mask, int(x), int(y)) is None
    assert component_at(mask, -1, 5) is None
    assert component_at(mask, 5, 10_000) is None


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_pixels_that_meet_over_the_corner_of_a_chunk_hang_together(shift):
    classes = np.zeros((520, 520), np.uint8)
    classes[255, 255 + (shift < 0)] = classes[256, 256 - (shift < 0)] = 7
    (one,) = components(mask_from_array(classes))
    assert one.area_px == 2
    assert component_at(mask_from_array(classes), one.box.x0 + (shift < 0), 255).area_px == 2


def test_count_and_area_per_class():
    classes = np.zeros((300, 300), np.uint8)
    classes[1:4, 1:4], classes[250:260, 250:260], classes[100, 100] = 3, 3, 1
    assert class_counts(ClassMask(10, 10)) == {}
    counts = class_counts(mask_from_array(classes))
    assert {v: (c.components, c.area_px) for v, c in counts.items()} == {1: (1, 1), 3: (2, 109)}
    assert list(counts) == [1, 3]


def test_a_tally_that_remembers_finds_the_same_as_one_that_begins():
    classes = noise(2, 512, 768)
    mask, tally, versions = mask_from_array(classes), Tally(), {}
    rng = np.random.default_rng(0)
    for n in range(5):
        for place in list(mask.chunks)[n::3]:
            y, x = rng.integers(0, 200, 2)
            mask.chunks[place][y : y + 56, x : x + 56] = rng.integers(0, 4)
            versions[place] = n + 1
        if n == 3:
            del mask.chunks[0, 1]
        found = finish(tally.count(mask.chunks, versions))
        assert found == class_counts(mask)
        whole = mask.read(mask.box)
        many = {v: cv2.connectedComponents((whole == v).astype(np.uint8), connectivity=8)[0] - 1 for v in found}
        assert {v: (c.components, c.area_px) for v, c in found.items()} == {
            v: (many[v], int((whole == v).sum())) for v in np.unique(whole[whole > 0]).tolist()
        }


@given(small)
def test_outlines_turn_once_around_every_pixel_and_come_back_to_them(inside):
    rings = outlines(inside)
    assert sum(slow.area_px(ring) for ring in rings) == inside.sum()
    for ring in rings:
        steps = np.roll(ring, -1, axis=0) - ring
        assert ((steps == 0).sum(axis=1) == 1).all()  # along the edges of pixels
        assert (np.abs(np.sign(steps)).sum(axis=1) == 1).all()
    if rings:
        box = Box(3, 5, 3 + inside.shape[1], 5 + inside.shape[0])
        region = polygon(outline(Region(box, inside)) - 0.5, box)
        back = np.zeros(inside.shape, bool)
        back[region.box.shifted(-3, -5).slices] = region.inside
        assert np.array_equal(back, inside)


def test_a_ring_has_an_outline_and_one_of_its_hole():
    inside = np.ones((5, 6), bool)
    inside[2, 2:4] = False
    outer, hole = sorted(outlines(inside), key=slow.area_px, reverse=True)
    assert (slow.area_px(outer), slow.area_px(hole)) == (30, -2)
    assert sorted(map(tuple, hole.tolist())) == [(2, 2), (2, 3), (4, 2), (4, 3)]
    assert len(joined([outer, hole])) == 4 + 4 + 2


def test_pixels_that_touch_are_joined_where_they_do():
    """No bridge: a hairline of a hundred pixels, corner to corner, walks each pixel's edge once."""
    ring = outline(Region(Box(0, 0, 100, 100), np.eye(100, dtype=bool)))
    steps = np.roll(ring, -1, axis=0) - ring
    assert np.abs(steps).sum() == 400


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_an_outline_of_anything_large_comes_back(seed):
    inside = noise(seed, 120, 90, 0.1) > 0
    box = Box(0, 0, 90, 120)
    region = polygon(outline(Region(box, inside)) - 0.5, box)
    back = np.zeros(inside.shape, bool)
    back[region.box.slices] = region.inside
    assert np.array_equal(back, inside)


def test_nothing_has_no_outline():
    assert outlines(np.zeros((3, 3), bool)) == []
    with pytest.raises(ValueError, match="no outlines"):
        joined([])
