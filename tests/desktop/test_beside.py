"""Two views side by side: they move as one, neither answers the other, and the right one shows what was chosen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_backend import HEIGHT, WIDTH
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from conftest import Bench
from padscope.types import Affine
from padscope_desktop.beside import ALONE, HEAT, LAST, between
from padscope_desktop.viewer.linked import Linked, counterpart
from padscope_desktop.viewer.view import View
from padscope_desktop.viewer.viewport import Viewport


@given(st.floats(0.01, 64), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0.2, 5), st.floats(-0.3, 0.3))
def test_there_and_back_is_where_one_was(zoom: float, x: float, y: float, scale: float, turn: float) -> None:
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    to_other = Affine(cos, -sin, 40.0, sin, cos, -7.0)
    view = View(zoom, x, y, 800, 600)
    there = counterpart(view, to_other)
    back = counterpart(replace(view, zoom=there[0], cx=there[1], cy=there[2]), to_other.inverse())
    np.testing.assert_allclose(back, (zoom, x, y), rtol=1e-6, atol=1e-6)
    assert there[0] * scale == pytest.approx(zoom)  # what is seen is as large in both


@pytest.fixture
def pair(qtbot: QtBot) -> tuple[Viewport, Viewport, Linked, list[str]]:
    left, right = Viewport(), Viewport()
    for part in (left, right):
        qtbot.addWidget(part)
        part.resize(400, 300)
        part.show()
        part.set_size(2000, 1500)
    linked = Linked(left, right, left)
    moved: list[str] = []
    left.view_changed.connect(lambda _: moved.append("left"))
    right.view_changed.connect(lambda _: moved.append("right"))
    linked.set_map(Affine(0.5, 0.0, 100.0, 0.0, 0.5, 50.0))
    linked.set_on(True)
    moved.clear()
    return left, right, linked, moved


def test_one_move_of_the_hand_is_one_move_of_each(pair: tuple[Viewport, Viewport, Linked, list[str]]) -> None:
    left, right, _, moved = pair
    left.zoom_by(3.0, (100, 80))
    assert sorted(moved) == ["left", "right"]
    assert (right.view.cx, right.view.cy) == pytest.approx((left.view.cx / 2 + 100, left.view.cy / 2 + 50))
    assert right.view.zoom == pytest.approx(2 * left.view.zoom)
    moved.clear()
    right.pan(0.3, 0.2)
    assert sorted(moved) == ["left", "right"]
    assert (right.view.cx, right.view.cy) == pytest.approx((left.view.cx / 2 + 100, left.view.cy / 2 + 50))


def test_at_the_edge_of_one_picture_nobody_trembles(pair: tuple[Viewport, Viewport, Linked, list[str]]) -> None:
    """The right picture ends before the left one: it stops there, and the left goes on."""
    left, right, linked, moved = pair
    linked.set_map(Affine(1.0, 0.0, 900.0, 0.0, 1.0, 0.0))
    moved.clear()
    left.look_at(1.0, 1900.0, 700.0)
    assert moved.count("left") == 1
    assert left.view.cx == 1900.0
    assert right.view.cx == 1999.5


def test_unlinked_each_moves_alone(pair: tuple[Viewport, Viewport, Linked, list[str]]) -> None:
    left, right, linked, _ = pair
    linked.set_on(False)
    before = right.view
    left.zoom_by(2.0)
    assert right.view == before


def test_through_both_poses_or_the_whole_onto_the_whole() -> None:
    a, b = Affine(0.4, 0.0, 40.0, 0.0, 0.4, 60.0), Affine(0.2, 0.01, 5.0, -0.01, 0.2, 6.0)
    um = np.array([[1000.0, 500.0], [20.0, 3.0]])
    np.testing.assert_allclose(between(a, b, (9, 9), (9, 9)).apply(a.apply(um)), b.apply(um))
    plain = between(None, b, (2000, 1000), (1000, 500))
    np.testing.assert_allclose(plain.apply(np.array([[-0.5, -0.5], [1999.5, 999.5]])), [[-0.5, -0.5], [999.5, 499.5]])


def test_picture_beside_its_heat(bench: Bench) -> None:
    bench.inspected()
    view = bench.window.canvas.view
    bench.press(Qt.Key.Key_S)
    beside = bench.window.seeing.beside
    assert beside.right.isVisible()
    assert beside.chosen == ALONE
    assert [a.shape for a in beside.right.picture.levels] == [a.shape for a in bench.window.canvas.picture.levels]
    assert not beside.right.pads.marks
    beside.choose(HEAT)
    assert beside.right.heat.level is bench.window.canvas.heat.level
    bench.window.canvas.zoom_to_pad("A4")
    assert beside.right.view.cx == pytest.approx(bench.window.canvas.view.cx)
    assert beside.right.view.zoom == pytest.approx(bench.window.canvas.view.zoom)
    bench.press(Qt.Key.Key_S)
    assert not beside.right.isVisible()
    bench.until(lambda: bench.window.canvas.view.width == view.width)  # all the room is the first one's again


def test_the_same_pad_on_the_last_module(bench: Bench) -> None:
    bench.inspected("one.jpg", "two.jpg")
    bench.session.inspect([2])
    bench.until(lambda: bench.session.album.entries[2].inspection)
    bench.session.show(2)
    bench.until(lambda: bench.session.judging.board and len(bench.window.canvas.picture.levels) > 1)
    bench.press(Qt.Key.Key_S)
    beside = bench.window.seeing.beside
    beside.choose(LAST)
    bench.until(lambda: beside.right.pads.marks and len(beside.right.picture.levels) > 1)
    assert beside.words.text() == "one.jpg"
    assert beside.right.um_per_px == bench.window.canvas.um_per_px == beside._board.pad_map.picture.scale.um_per_px
    bench.window.canvas.zoom_to_pad("B2")
    left, right = bench.window.canvas.pads.bounds_of("B2"), beside.right.pads.bounds_of("B2")
    assert left == right  # the fake's boards lie alike
    assert beside.right.view.cx == pytest.approx((right[0] + right[2]) / 2)
    assert (beside.right.picture.width, beside.right.picture.height) == (WIDTH, HEIGHT)
    bench.session.show(1)  # the first of all: there is none before it
    bench.until(lambda: beside.words.text().startswith("no module"))


def test_the_golden_one_stays_while_others_are_looked_at(bench: Bench) -> None:
    bench.add("a.jpg", "b.jpg", "golden.jpg")
    bench.press(Qt.Key.Key_S)
    beside = bench.window.seeing.beside
    row = beside.chooser.findText("golden.jpg")
    beside.chooser.setCurrentIndex(row)
    beside.chooser.activated.emit(row)
    bench.until(lambda: len(beside.right.picture.levels) > 1)
    bench.window.canvas.zoom_by(3.0)
    view = bench.window.canvas.view
    assert beside.right.view.zoom == pytest.approx(view.zoom)
    bench.session.show(2)
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    assert beside.chosen == 3
    assert beside.right.view.zoom == pytest.approx(bench.window.canvas.view.zoom)


def test_a_picture_of_the_list_is_kept_beside_the_others(bench: Bench) -> None:
    bench.add("a.jpg", "b.jpg")
    window = bench.window
    bench.until(lambda: window.canvas.picture.shows_something)
    window.pictures.list.setCurrentIndex(window.pictures.list.model().index(1, 0))
    window.pictures._open_menu(QPoint(5, 5))
    menu = next(m for m in window.pictures.findChildren(QMenu) if m.isVisible())
    last = menu.actions()[-1]
    assert "golden" in last.text()
    last.trigger()
    menu.close()
    beside = window.seeing.beside
    assert beside.on
    assert window.actions_by_id["beside"].isChecked()
    assert beside.chooser.currentText() == "b.jpg"
    bench.session.show(1)
    bench.until(lambda: beside._shown == 2 and beside.right.picture.shows_something)


def test_choosing_does_not_move_the_left_view(bench: Bench) -> None:
    bench.add("a.jpg", "b.jpg")
    bench.press(Qt.Key.Key_S)
    bench.window.canvas.look_at(2.0, 500.0, 400.0)
    view = bench.window.canvas.view
    for what in (2, HEAT, LAST, ALONE):
        bench.window.seeing.beside.choose(what)
        bench.until(lambda: not bench.session.jobs.active())
        after = bench.window.canvas.view
        assert (after.zoom, after.cx, after.cy) == (view.zoom, view.cx, view.cy)
