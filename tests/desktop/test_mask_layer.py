"""Masks on the screen: the same pixels whatever was drawn before, and only what changed is drawn again."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from padscope.masks.brush import ROUND, swept
from padscope.masks.class_mask import CHUNK, ClassMask, mask_from_array
from padscope.masks.live import LiveStroke
from padscope_desktop.viewer.layers import Layers
from padscope_desktop.viewer.mask_layer import MaskLayer, reduced, step_for
from padscope_desktop.viewer.view import View

COLOURS = {1: "#ff0000", 2: "#00ff00", 200: "#0000ff"}
VIEW = View(1.0, 299.5, 199.5, 600.0, 400.0)


def drawn(layer: MaskLayer, view: View = VIEW) -> np.ndarray:
    """(400, 600, 4) blue, green, red, alpha."""
    image = QImage(600, 400, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    layer.paint(painter, view)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(400, 600, 4).copy()


def layer_of(mask: ClassMask) -> MaskLayer:
    layer = MaskLayer()
    layer.set_colours(COLOURS)
    layer.set_mask(mask)
    return layer


@pytest.fixture
def classes() -> np.ndarray:
    found = np.zeros((400, 600), np.uint8)
    found[50:120, 200:300] = 1  # over the border of two chunks
    found[200:300, 256:300] = 2  # up to the border of one
    return found


def test_every_pixel_has_its_class_colour_and_every_piece_a_crisp_edge(qtbot: QtBot, classes: np.ndarray) -> None:
    seen = drawn(layer_of(mask_from_array(classes)))
    assert (seen[classes == 0] == 0).all()
    inner = np.zeros_like(classes, dtype=bool)
    inner[51:119, 201:299] = True
    inner[201:299, 257:299] = True
    painted = classes > 0
    assert (seen[painted & ~inner][:, 3] == 255).all()
    assert (np.abs(seen[inner][:, 3].astype(int) - round(255 * 0.45)) <= 1).all()
    assert seen[60, 250, 2] > 0
    assert seen[60, 250, 1] == 0


def test_a_high_class_looks_the_same_as_a_low_one(qtbot: QtBot, classes: np.ndarray) -> None:
    low = drawn(layer_of(mask_from_array(classes)))
    classes[classes == 2] = 200
    high = drawn(layer_of(mask_from_array(classes)))
    assert np.array_equal(low[..., 3], high[..., 3])


@pytest.mark.parametrize("zoom", [1.0, 0.6, 0.37, 0.2, 5.3])
def test_what_is_painted_step_by_step_looks_as_if_drawn_at_once(qtbot: QtBot, classes: np.ndarray, zoom: float) -> None:
    mask, view = mask_from_array(classes), replace(VIEW, zoom=zoom)
    layer = layer_of(mask)
    drawn(layer, view)
    live = LiveStroke(mask, 2)
    for x in range(100, 500, 23):
        layer.touched(live.add(swept((x, 240.0), (x + 23, 255.0), 14.0, ROUND, mask.box)))
        assert np.array_equal(drawn(layer, view), drawn(layer_of(mask), view))
    layer.touched(live.abandon())
    assert np.array_equal(drawn(layer, view), drawn(layer_of(mask_from_array(classes)), view))
    eraser = LiveStroke(mask, 0)
    layer.touched(eraser.add(swept((300.0, 200.0), (300.0, 200.0), 999.0, ROUND, mask.box)))
    assert not drawn(layer, view).any()
    eraser.finish()
    assert not drawn(layer, view).any()


def test_a_stroke_draws_only_the_chunks_that_look_different(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = mask_from_array(np.ones((400, 600), np.uint8))
    layer, seen = layer_of(mask), []
    drawn(layer)
    original = MaskLayer._drawn
    monkeypatch.setattr(MaskLayer, "_drawn", lambda self, *of: (seen.append(of[0]), original(self, *of))[1])
    live = LiveStroke(mask, 2)
    layer.touched(live.add(swept((300.0, 100.0), (300.0, 100.0), 10.0, ROUND, mask.box)))
    drawn(layer)
    assert seen == [(0, 1)]
    seen.clear()
    layer.touched(live.add(swept((300.0, 100.0), (300.0, 300.0), 10.0, ROUND, mask.box)))
    drawn(layer)
    assert sorted(seen) == [(0, 1), (1, 1)]
    seen.clear()
    layer.touched(live.add(swept((257.0, 300.0), (257.0, 300.0), 3.0, ROUND, mask.box)))
    drawn(layer)
    assert sorted(seen) == [(1, 0), (1, 1)]


def test_zoomed_out_the_smallest_speck_is_seen(qtbot: QtBot) -> None:
    classes = np.zeros((3000, 4000), np.uint8)
    classes[1501, 2003] = 1
    layer = layer_of(mask_from_array(classes))
    view = View(0.1, 2000.0, 1500.0, 600.0, 400.0)
    assert step_for(view.zoom) == 8
    assert drawn(layer, view)[..., 3].max() == 255


def test_hidden_and_empty_masks_cost_nothing(qtbot: QtBot) -> None:
    layer = layer_of(ClassMask(10_000, 10_000))
    assert not layer.visible
    assert not drawn(layer).any()


def painted(layers: Layers, view: View = VIEW, *, patient: bool = False) -> tuple[np.ndarray, bool]:
    """((400, 600, 4), whether all of it is as it should be)."""
    image = QImage(600, 400, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    done = layers.paint_overlays(painter, view, QFont(), patient=patient)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(400, 600, 4).copy(), done


def rested(layers: Layers, view: View = VIEW) -> np.ndarray:
    layers.masks_rest()
    for _ in range(100):
        seen, done = painted(layers, view)
        if done:
            return seen
    raise AssertionError("it is never done")


def test_a_mask_that_rests_is_kept_while_the_picture_moves_and_a_stroke_is_seen_at_once(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, classes: np.ndarray
) -> None:
    for name in (
        "BUDGET_S",
        "LIVE_S",
    ):  # a frame has all the time it needs, and only `masks_rest` says that a stroke is over
        monkeypatch.setattr(f"padscope_desktop.viewer.layers.{name}", math.inf)
    mask = mask_from_array(classes)
    layers, layer = Layers(), layer_of(mask)
    layers.under.append(layer)
    assert np.array_equal(rested(layers), drawn(layer))
    drawings: list[int] = []
    original = layer.paint_within
    layer.paint_within = lambda *of: (drawings.append(1), original(*of))[1]  # type: ignore[method-assign]
    assert np.array_equal(painted(layers)[0], drawn(layer_of(mask)))
    assert not drawings  # it was kept
    stroke = LiveStroke(mask, 2)
    layer.touched(stroke.add(swept((100.0, 240.0), (400.0, 255.0), 14.0, ROUND, mask.box)))
    assert np.array_equal(painted(layers)[0], drawn(layer_of(mask)))
    assert drawings
    assert np.array_equal(rested(layers), drawn(layer_of(mask)))
    away = replace(VIEW, cx=320.0)
    assert np.array_equal(rested(layers, away), drawn(layer_of(mask), away))
    layer.shown = False
    assert not rested(layers).any()


def test_what_cannot_be_drawn_in_time_is_shown_coarser_and_drawn_later(qtbot: QtBot, classes: np.ndarray) -> None:
    layer = layer_of(mask_from_array(classes))
    half = replace(VIEW, zoom=0.5)
    whole = drawn(layer)
    image = QImage(600, 400, QImage.Format.Format_ARGB32_Premultiplied)

    def within(budget_s: float, view: View) -> np.ndarray:
        image.fill(0)
        painter = QPainter(image)
        layer.paint_within(painter, view, budget_s)
        painter.end()
        return np.frombuffer(image.constBits(), np.uint8).reshape(400, 600, 4).copy()

    assert np.array_equal(within(-1.0, VIEW), whole)  # nothing was left to draw
    assert not layer.unfinished
    rough = within(-1.0, half)
    assert layer.unfinished
    fine = drawn(layer_of(mask_from_array(classes)), half)
    assert ((rough[..., 3] > 0) == (fine[..., 3] > 0)).mean() > 0.99
    assert np.array_equal(within(1.0, half), fine)
    assert not layer.unfinished


def test_a_chunk_of_one_class_looks_like_the_middle_of_any_other() -> None:
    """It is filled with a colour, not drawn."""
    classes = np.zeros((3 * CHUNK, 3 * CHUNK), np.uint8)
    classes[10:-10, 10:-10] = 2
    layer = MaskLayer()
    layer.set_colours({2: "#e69f00"})
    layer.set_mask(mask_from_array(classes))
    image = QImage(3 * CHUNK, 3 * CHUNK, QImage.Format.Format_RGB32)
    image.fill(QColor("#336644"))
    painter = QPainter(image)
    layer.paint(painter, View(1.0, 1.5 * CHUNK - 0.5, 1.5 * CHUNK - 0.5, 3 * CHUNK, 3 * CHUNK, 1.0))
    painter.end()
    seen = {image.pixel(x, y) for x in range(20, 3 * CHUNK - 20, 7) for y in range(20, 3 * CHUNK - 20, 7)}
    assert len(seen) == 1
    assert image.pixel(5, 5) != seen.pop()


@pytest.mark.parametrize("step", [1, 2, 8, 64])
def test_zoomed_out_each_block_shows_its_highest_class(step: int) -> None:
    draw = np.random.default_rng(step)
    for shape in ((CHUNK, CHUNK), (step, CHUNK), (CHUNK, step)):  # a chunk, and what its neighbours show of themselves
        classes = (draw.integers(0, 255, shape) * (draw.random(shape) < 0.02)).astype(np.uint8)
        blocks = classes.reshape(shape[0] // step, step, shape[1] // step, step)
        assert (reduced(classes, step) == blocks.max(axis=(1, 3))).all()
