"""Tiles cover a picture once, borders are mirrored, and heat comes back to where it was cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from padscope.tiling import ALIGN, CELL, as_unit, cells_inside, cut, grid_shape, lay, plan_tiles, snapped
from padscope.types import Box

sizes = st.integers(1, 700)


@given(width=sizes, height=sizes, tile=st.integers(16, 300), halo=st.integers(0, 100), border=st.integers(0, 80))
def test_cores_cover_every_pixel_once_and_tiles_are_aligned(width, height, tile, halo, border) -> None:
    covered = np.zeros((height, width), dtype=int)
    for plan in plan_tiles(width, height, tile, halo, border):
        covered[plan.core.slices] += 1
        assert plan.core.clipped(width, height) == plan.core
        assert all(side % ALIGN == 0 for side in (plan.outer.x0, plan.outer.y0, plan.outer.x1, plan.outer.y1))
        assert plan.core == Box(
            max(plan.core.x0, plan.outer.x0),
            max(plan.core.y0, plan.outer.y0),
            min(plan.core.x1, plan.outer.x1),
            min(plan.core.y1, plan.outer.y1),
        )
        assert plan.core.width <= tile + ALIGN
        assert plan.core.height <= tile + ALIGN
    assert (covered == 1).all()


@given(width=st.integers(2, 40), height=st.integers(2, 40), data=st.data())
def test_cut_continues_the_picture_by_reflection(width, height, data) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    x0, y0 = data.draw(st.integers(-width + 1, width - 1)), data.draw(st.integers(-height + 1, height - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, 2 * width - 1)), data.draw(st.integers(y0 + 1, 2 * height - 1)))
    pad = (height - 1, width - 1)
    slow = np.pad(picture, ((pad[0], pad[0]), (pad[1], pad[1]), (0, 0)), mode="reflect")
    expected = slow[box.y0 + pad[0] : box.y1 + pad[0], box.x0 + pad[1] : box.x1 + pad[1]]
    windows = []

    def read(window: Box) -> np.ndarray:
        windows.append(window)
        return picture[window.slices]

    assert np.array_equal(cut(read, width, height, box), expected)
    assert windows[0].clipped(width, height) == windows[0], "only pixels that exist are read"


@given(width=sizes, height=sizes, tile=st.integers(40, 300))
def test_heat_laid_back_is_the_heat_that_was_cut(width, height, tile) -> None:
    rows, columns = grid_shape(width, height)
    truth = np.random.default_rng(1).random((rows, columns)).astype(np.float32)
    grid = np.full((rows, columns), np.nan, dtype=np.float32)
    for plan in plan_tiles(width, height, tile, 32, 16):
        inside = np.zeros((plan.outer.height, plan.outer.width), dtype=bool)
        inside[plan.core.shifted(-plan.outer.x0, -plan.outer.y0).slices] = True
        cells = plan.outer.height // CELL, plan.outer.width // CELL
        r = np.arange(cells[0]) + plan.outer.y0 // CELL
        c = np.arange(cells[1]) + plan.outer.x0 // CELL
        heat = truth[np.clip(r, 0, rows - 1)[:, None], np.clip(c, 0, columns - 1)]
        lay(grid, heat, cells_inside(inside), plan.outer)
    assert np.array_equal(grid, truth)


def test_where_two_tiles_judge_one_cell_the_worse_wins() -> None:
    grid = np.full((2, 2), np.nan, dtype=np.float32)
    keep = np.array([[True, True], [False, True]])
    lay(grid, np.array([[1, 5], [9, 2]], dtype=np.float32), keep, Box(0, 0, 16, 16))
    lay(grid, np.array([[3, 4], [9, 1]], dtype=np.float32), keep, Box(0, 0, 16, 16))
    assert np.array_equal(grid, np.array([[3, 5], [np.nan, 2]], dtype=np.float32), equal_nan=True)


def test_sixteen_bits_stay_sixteen_bits_until_they_are_floats() -> None:
    assert as_unit(np.full((1, 1, 3), 65535, dtype=np.uint16)).max() == 1
    assert np.isclose(as_unit(np.full((1, 1, 3), 257, dtype=np.uint16))[0, 0, 0], 1 / 255)
    assert as_unit(np.zeros((4, 6, 3), dtype=np.uint8)).shape == (3, 4, 6)


@given(x0=st.integers(-100, 100), y0=st.integers(-100, 100), w=st.integers(1, 90), h=st.integers(1, 90))
def test_snapped_is_the_smallest_aligned_box_around(x0, y0, w, h) -> None:
    box = Box(x0, y0, x0 + w, y0 + h)
    out = snapped(box)
    assert out.x0 <= box.x0 < out.x0 + ALIGN
    assert out.y0 <= box.y0 < out.y0 + ALIGN
    assert out.x1 - ALIGN < box.x1 <= out.x1
    assert out.y1 - ALIGN < box.y1 <= out.y1
