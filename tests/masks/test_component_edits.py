"""Work on a component chunk by chunk says the same of every pixel as the slow way on one array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.component_edits import grown_by, holes_of, rim, seen_from_afar
from padscope.masks.components import component_at, components
from padscope.masks.guided import grown, holes
from padscope.masks.shapes import polygon, polygon_bands
from padscope.types import Box, finish

HEIGHT, WIDTH = 600, 530


def winding(seed):
    """A component over many chunks, with holes, at the border of the picture too."""
    rng = np.random.default_rng(seed)
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[:, 250:262] = classes[250:260, :] = 3
    for x, y in rng.integers(0, 480, (14, 2)):
        classes[y : y + rng.integers(3, 120), x : x + rng.integers(3, 50)] = 3
    classes[rng.random(classes.shape) < 0.02] = 0
    return classes


def spread(regions):
    out = np.zeros((HEIGHT, WIDTH), bool)
    for region in regions:
        box = region.box.clipped(WIDTH, HEIGHT)
        inside = region.inside[box.shifted(-region.box.x0, -region.box.y0).slices]
        assert inside.sum() == region.inside.sum()
        assert not out[box.slices][inside].any()  # each pixel once
        out[box.slices] |= inside
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("px", [1, 2, 5])
def test_growing_shrinking_and_holes_chunk_by_chunk(seed, px):
    mask = mask_from_array(winding(seed))
    component = component_at(mask, 255, 255) or component_at(mask, 256, 255)
    at_once = spread([component.region])
    assert component.area_px > 10_000
    bigger, smaller = grown(component.region, px, mask.box), grown(component.region, -px, mask.box)
    assert np.array_equal(spread(grown_by(component, px, mask.box)), spread([bigger]))
    assert np.array_equal(spread(rim(component, px)), at_once & ~spread([smaller]))
    assert np.array_equal(spread(finish(holes_of(component))), spread([holes(component.region)]))


def test_all_that_is_found_at_once_is_found_under_a_pixel_too():
    mask = mask_from_array(winding(5))
    for c in components(mask):
        y, x = np.argwhere(c.inside)[0]
        found = component_at(mask, c.box.x0 + int(x), c.box.y0 + int(y))
        assert (found.box, found.area_px) == (c.box, c.area_px)
        assert np.array_equal(found.inside, c.inside)


@pytest.mark.parametrize("most", [1000, 300, 40, 7])
def test_from_afar_the_smallest_speck_is_seen(most):
    component = component_at(mask_from_array(winding(1)), 256, 255)
    seen = seen_from_afar(component, most)
    assert max(seen.inside.shape) <= most
    step = seen.box.width // seen.inside.shape[1]
    rows, cols = np.nonzero(component.inside)
    expected = np.zeros_like(seen.inside)
    expected[rows // step, cols // step] = True
    assert np.array_equal(seen.inside, expected)
    assert (seen.box.x0, seen.box.y0) == (component.box.x0, component.box.y0)


@given(hnp.arrays(np.float64, st.tuples(st.integers(3, 8), st.just(2)), elements=st.floats(-300, 900, width=32)))
@settings(max_examples=40)
def test_an_outline_in_bands_is_the_outline(points):
    within = Box(0, 0, WIDTH, HEIGHT)
    assert np.array_equal(spread(polygon_bands(points, within)), spread([polygon(points, within)]))
    assert all(r.box.height <= 256 for r in polygon_bands(points, within))


def test_an_outline_beside_the_picture_covers_nothing():
    assert not list(polygon_bands(np.array([[-9.0, -9], [-5, -9], [-5, -3]]), ClassMask(50, 50).box))
    assert not list(polygon_bands(np.array([[70.0, 70], [75, 70], [75, 80]]), ClassMask(50, 50).box))
