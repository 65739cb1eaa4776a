"""Strokes as they are drawn: the same pixels as the slow way, undone exactly, and only where allowed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.masks.brush import ROUND, SQUARE, swept
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.constraints import all_of, hot, inside_any, remembered
from padscope.masks.edits import apply, painted
from padscope.masks.filling import flooded
from padscope.masks.live import LiveStroke
from padscope.masks.shapes import Region, above, polygon
from padscope.types import Box, finish
from reference_masks import near_line, reached

WIDTH, HEIGHT = 300, 280
"""Over the border of a chunk in both ways."""
across = st.floats(-40, 340).map(lambda v: round(v, 2))
point = st.tuples(across, across)
radius = st.sampled_from([0.3, 0.5, 0.7072, 1.0, 1.5, 2.0, 7.25, 40.0, 100.0])


def covered(regions) -> np.ndarray:
    out = np.zeros((HEIGHT, WIDTH), bool)
    for region in regions:
        out[region.box.slices] |= region.inside
    return out


def near_line_quickly(a, b, r):
    """`reference_masks.near_line` for two points, all pixels at once."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = 0.0 if length == 0 else np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / length, 0, 1)
    return (x - a[0] - t * dx) ** 2 + (y - a[1] - t * dy) ** 2 <= r * r


@given(point, point, radius)
@settings(max_examples=150)
def test_a_round_brush_covers_what_is_near_its_way(a, b, r):
    found = covered(swept(a, b, r, ROUND, Box(0, 0, WIDTH, HEIGHT)))
    assert np.array_equal(found, near_line_quickly(a, b, max(r, 0.7072)))


def test_the_quick_reference_is_the_slow_one():
    a, b = (3.2, 4.0), (20.5, 11.7)
    assert np.array_equal(near_line_quickly(a, b, 3.0)[:20, :30], near_line([a, b], 3.0, 30, 20))


@given(point, point, radius)
@settings(max_examples=100)
def test_a_square_brush_covers_what_its_square_passes(a, b, r):
    """The slow way: for each pixel, is there a t with both distances at most r? Both are intervals of t."""
    r = max(r, 0.7072)
    low, high = np.zeros((HEIGHT, WIDTH)), np.ones((HEIGHT, WIDTH))
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    for start, end, at in ((a[0], b[0], x), (a[1], b[1], y)):
        if start == end:
            high = np.where(np.abs(at - start) <= r, high, -1)
            continue
        t1, t2 = (at - r - start) / (end - start), (at + r - start) / (end - start)
        low, high = np.maximum(low, np.minimum(t1, t2)), np.minimum(high, np.maximum(t1, t2))
    found = covered(swept(a, b, r, SQUARE, Box(0, 0, WIDTH, HEIGHT)))
    sure = np.abs(high - low) > 1e-9  # on the very edge two roundings may differ
    assert np.array_equal(found[sure], (low <= high)[sure])


@given(st.lists(point, min_size=2, max_size=6), st.sampled_from([0.5, 3.0]))
@settings(max_examples=50)
def test_a_fast_mouse_leaves_no_gap(points, r):
    """Wherever the way runs inside the picture, the pixel under it is painted."""
    found = np.zeros((HEIGHT, WIDTH), bool)
    for a, b in itertools.pairwise(points):
        found |= covered(swept(a, b, r, ROUND, Box(0, 0, WIDTH, HEIGHT)))
        for t in np.linspace(0, 1, 50):
            x, y = round(a[0] + t * (b[0] - a[0])), round(a[1] + t * (b[1] - a[1]))
            if 0 <= x < WIDTH and 0 <= y < HEIGHT:
                assert found[y, x]


@given(st.lists(point, min_size=1, max_size=5), radius, st.sampled_from([ROUND, SQUARE]))
@settings(max_examples=150)
def test_a_brush_that_goes_on_from_where_it_was_covers_the_same_with_less(points, r, shape):
    box = Box(0, 0, WIDTH, HEIGHT)
    whole, onward = covered(swept(points[0], points[0], r, shape, box)), np.zeros((HEIGHT, WIDTH), bool)
    onward |= whole
    for before, a, b in zip([points[0], *points], points, points[1:], strict=False):
        new = covered(swept(a, b, r, shape, box))
        whole |= new
        added = covered(swept(a, b, r, shape, box, before=before))
        assert np.array_equal(added, new & ~covered(swept(before, a, r, shape, box)))
        onward |= added
    assert np.array_equal(onward, whole)


def test_a_wide_brush_costs_what_it_adds():
    far, a, b = Box(0, 0, 4000, 4000), (1500, 1500), (1510, 1505)
    added, whole = (sum(r.inside.size for r in swept(a, b, 500, ROUND, far, before=x)) for x in (a, None))
    assert added < 0.3 * whole


def test_an_unknown_brush_is_a_bug():
    with pytest.raises(ValueError, match="triangular"):
        next(swept((0, 0), (1, 1), 2, "triangular", Box(0, 0, 9, 9)))


@st.composite
def drawn(draw):
    """A mask of a few blocks of classes, and strokes over it."""
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(draw(st.integers(0, 4))):
        x, y, w, h = (draw(st.integers(0, 260)) for _ in range(4))
        classes[y : y + h, x : x + w] = draw(st.integers(0, 3))
    strokes = draw(st.lists(st.tuples(point, point, radius), min_size=1, max_size=4))
    return classes, strokes


@given(drawn(), st.integers(0, 3), st.sets(st.integers(1, 3)))
@settings(max_examples=60)
def test_a_live_stroke_is_the_edit_that_painting_gives(case, new_class, protected):
    classes, strokes = case
    mask, plain = mask_from_array(classes), mask_from_array(classes)
    keep = frozenset(protected - {new_class})
    frame = inside_any([np.array([[20.0, 30], [250, 10], [280, 270], [5, 200]])])
    live = LiveStroke(mask, new_class, frame, keep)
    regions = [r for a, b, size in strokes for r in swept(a, b, size, ROUND, mask.box)]
    for region in regions:
        live.add([region])
    edit = live.finish()
    wanted = painted(plain, regions, new_class, allowed=frame, protected=keep)
    assert [(d.place, d.box) for d in edit.deltas] == [(d.place, d.box) for d in wanted.deltas]
    assert all(np.array_equal(a.xor, b.xor) for a, b in zip(edit.deltas, wanted.deltas, strict=True))
    apply(plain, wanted)
    assert mask == plain
    apply(mask, edit)
    assert mask == mask_from_array(classes)


@given(drawn())
@settings(max_examples=30)
def test_an_abandoned_stroke_never_was(case):
    classes, strokes = case
    mask = mask_from_array(classes)
    live = LiveStroke(mask, 2)
    for a, b, size in strokes:
        live.add(swept(a, b, size, SQUARE, mask.box))
    live.abandon()
    assert mask == mask_from_array(classes)


def test_a_stroke_stopped_while_it_is_compared_can_still_be_abandoned():
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[200:270, 200:290] = 3  # in four chunks
    mask = mask_from_array(classes)
    live = LiveStroke(mask, 0)
    live.add([Region(mask.box, np.ones((HEIGHT, WIDTH), bool))])
    comparing = live.finishing()
    steps = [next(comparing) for _ in range(3)]
    assert [s.total for s in steps] == [4, 4, 4]
    comparing.close()
    live.abandon()
    assert mask == mask_from_array(classes)


def test_only_chunks_that_look_different_are_named():
    mask = ClassMask(2000, 2000)
    live = LiveStroke(mask, 1)
    assert live.add(swept((500, 500), (500, 500), 400, ROUND, mask.box))
    assert live.add(swept((500, 500), (500, 500), 400, ROUND, mask.box)) == set()
    more = live.add(swept((500, 500), (501, 500), 400, ROUND, mask.box))
    assert more
    assert (500 // 256, 500 // 256) not in more  # the middle was painted already


@given(drawn(), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.booleans())
@settings(max_examples=40)
def test_a_fill_goes_as_far_as_its_class_and_what_is_allowed(case, x, y, framed):
    classes, _ = case
    frame = remembered(inside_any([np.array([[20.0, 30], [250, 10], [280, 270], [5, 200]])])) if framed else None
    whole = Box(0, 0, WIDTH, HEIGHT)
    alike = classes == classes[y, x]
    if frame is not None:
        alike &= frame(whole)
    wanted = reached(alike, x, y) if alike[y, x] else np.zeros_like(alike)
    found = np.zeros_like(alike)
    for region in finish(flooded(mask_from_array(classes), x, y, frame)):
        box = region.box.clipped(WIDTH, HEIGHT)
        found[box.slices] |= region.inside[: box.height, : box.width]
    assert np.array_equal(found, wanted)


def test_a_fill_outside_fills_nothing_and_can_be_cancelled():
    assert finish(flooded(ClassMask(100, 100), 100, 5)) == []
    work = flooded(ClassMask(5000, 5000), 5, 5)
    assert next(work).total == 400
    work.close()


def test_constraints_combine():
    level = np.array([[0.2, 2.0], [np.nan, 2.0]], np.float32)
    outline = np.array([[0.0, 0], [15, 0], [15, 7], [0, 7]])
    box = Box(0, 0, 16, 16)
    both = all_of([inside_any([outline]), hot(level, 1.0, 8)])
    assert both is not None
    wanted = np.zeros((16, 16), bool)
    inner: Region = polygon(outline, box)
    wanted[inner.box.slices] = inner.inside
    wanted &= above(level, 1.0, 8, box).inside
    assert np.array_equal(both(box), wanted)
    assert wanted.any()
    assert np.array_equal(remembered(both)(box), wanted)
    assert all_of([]) is None
