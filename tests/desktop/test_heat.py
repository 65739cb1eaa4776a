"""Heat: one ramp for all pictures, transparent where nothing is wrong, the threshold as a line that closes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PySide6.QtGui import QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot
from reference_contour import crossings

from padscope_desktop.viewer import heat_layer
from padscope_desktop.viewer.contour import contour, regions
from padscope_desktop.viewer.heat_layer import CELL_PX, HeatLayer, alphas, ramp, ramp_index
from padscope_desktop.viewer.view import View

grids = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.one_of(st.floats(0, 3, width=32), st.just(float("nan"))),
)


@given(grids, st.floats(0.1, 2))
def test_the_line_crosses_every_edge_it_must_and_no_other(level: np.ndarray, value: float) -> None:
    ends = {(round(x, 6), round(y, 6)) for x, y in contour(level, value).reshape(-1, 2).tolist()}
    wanted = crossings(level, value)
    assert len(ends) == len(wanted)
    for x, y in ends:
        assert any(abs(x - a) < 2e-6 and abs(y - b) < 2e-6 for a, b in wanted)


@given(grids)
def test_lines_close(level: np.ndarray) -> None:
    ends = [(round(x, 6), round(y, 6)) for x, y in contour(level, 1.0).reshape(-1, 2).tolist()]
    assert all(ends.count(end) % 2 == 0 for end in set(ends))


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_regions_hold_everything_once(occupied: np.ndarray) -> None:
    count = np.zeros(occupied.shape, int)
    for r0, r1, c0, c1 in regions(occupied):
        assert occupied[r0:r1, c0:c1].any()
        count[r0:r1, c0:c1] += 1
    assert (count[occupied] == 1).all()
    assert count.max(initial=0) <= 1


def test_pads_apart_are_regions_apart() -> None:
    occupied = np.zeros((30, 40), bool)
    occupied[2:10, 3:8] = occupied[14:20, 3:8] = occupied[5:25, 30:38] = True
    assert regions(occupied) == [(2, 10, 3, 8), (5, 25, 30, 38), (14, 20, 3, 8)]


def test_the_ramp_is_even_to_the_eye() -> None:
    """Steps of OKLab lightness, computed back from the sRGB that is painted, are all alike and all downwards."""
    rgb = ramp()
    assert ((rgb > 0) & (rgb < 1)).all(), "no colour may be clipped: clipping would bend the ramp"
    steps = np.diff(_oklab_lightness(rgb))
    assert (steps < 0).all()
    assert steps.std() < 0.05 * abs(steps.mean())


def _oklab_lightness(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    return np.cbrt(linear @ np.array(to_lms).T) @ [0.2104542553, 0.7936177850, -0.0040720468]


def test_below_half_the_threshold_nothing_is_painted() -> None:
    assert alphas()[ramp_index(np.array([0.0, 0.3, 0.5, np.nan]))].tolist() == [0, 0, 0, 0]
    assert alphas()[ramp_index(np.array([1.01, 2.0, 1e9, np.inf]))].tolist() == [1, 1, 1, 1]


def painted(layer: HeatLayer, size: int = 64) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.setTransform(QTransform.fromTranslate(0.5, 0.5))
    layer.paint(painter, View(1.0, size / 2 - 0.5, size / 2 - 0.5, size, size))
    painter.end()
    return image


@pytest.fixture
def hot_spot(qtbot: QtBot) -> HeatLayer:
    level = np.full((8, 8), 0.2, np.float32)
    level[3, 4] = 2.0
    level[0, :] = np.nan
    layer = HeatLayer()
    layer.set_level(level)
    return layer


def test_heat_lies_on_the_cell_it_belongs_to(hot_spot: HeatLayer) -> None:
    image = painted(hot_spot)
    assert image.pixelColor(4 * CELL_PX + 4, 3 * CELL_PX + 4).alpha() > 150
    assert image.pixelColor(1 * CELL_PX + 4, 6 * CELL_PX + 4).alpha() == 0


def test_the_threshold_recolours_and_the_level_under_the_cursor_follows(hot_spot: HeatLayer) -> None:
    assert hot_spot.level_at(4 * CELL_PX + 1, 3 * CELL_PX + 1) == 2.0
    hot_spot.set_factor(8.0)
    assert hot_spot.level_at(4 * CELL_PX + 1, 3 * CELL_PX + 1) == 0.25
    image = painted(hot_spot)
    assert all(image.pixelColor(x, y).alpha() == 0 for x in range(64) for y in range(64))


def test_no_level_where_nothing_was_inspected_or_outside(hot_spot: HeatLayer) -> None:
    assert hot_spot.level_at(10, 2) is None
    assert hot_spot.level_at(-5, 20) is None
    assert hot_spot.level_at(64, 20) is None
    assert HeatLayer().level_at(3, 3) is None


def test_a_quiet_board_costs_nothing_to_paint(qtbot: QtBot) -> None:
    layer = HeatLayer()
    layer.set_level(np.full((700, 900), 0.3, np.float32))
    assert layer._regions == []
    assert heat_layer.FAINTEST == 0.5
