"""The picture under the mouse: pan, zoom to the cursor, sharp pixels, tiles without seams."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from padscope_desktop.theme import VERDICTS
from padscope_desktop.viewer import overlays, picture_layer
from padscope_desktop.viewer.canvas import NOTCH, Canvas
from padscope_desktop.viewer.pad_layer import PadLayer, PadMark
from padscope_desktop.viewer.pad_shape import PadShape, distance_to, pad_at
from padscope_desktop.viewer.picture_layer import PictureLayer, level_for
from padscope_desktop.viewer.view import View


def chequered(width: int, height: int) -> np.ndarray:
    """Every pixel tells its place: red its column, green its row, modulo 256."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width) % 256
    image[..., 1] = (np.arange(height) % 256)[:, None]
    image[..., 2] = 128
    return image


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    qtbot.waitExposed(made)
    made.set_picture(2000, 1500, [chequered(2000, 1500), chequered(1000, 750), chequered(500, 375)])
    return made


def turn_wheel(canvas: Canvas, at: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(at),
        canvas.mapToGlobal(QPointF(at)),
        QPoint(0, 0),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_wheel_zooms_to_the_cursor(canvas: Canvas) -> None:
    at = QPoint(100, 220)
    before, zoom = canvas.view.to_picture(100, 220), canvas.view.zoom
    turn_wheel(canvas, at, 4)
    assert canvas.view.zoom == pytest.approx(zoom * NOTCH**4)
    np.testing.assert_allclose(canvas.view.to_picture(100, 220), before, atol=1e-6)


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
def test_a_drag_moves_the_picture_with_the_mouse(qtbot: QtBot, canvas: Canvas, button: Qt.MouseButton) -> None:
    canvas.zoom_by(4)
    start, end = QPoint(200, 150), QPoint(120, 190)
    held = canvas.view.to_picture(200, 150)
    qtbot.mousePress(canvas, button, pos=start)
    qtbot.mouseMove(canvas, QPoint(180, 160))
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, button, pos=end)
    np.testing.assert_allclose(canvas.view.to_picture(120, 190), held, atol=1e-6)


def test_space_turns_a_click_into_a_drag_also_while_picking_points(qtbot: QtBot, canvas: Canvas) -> None:
    canvas.zoom_by(4)
    canvas.set_picking(True)
    points: list[object] = []
    canvas.point_clicked.connect(points.append)
    before = canvas.view
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    qtbot.mouseMove(canvas, QPoint(103, 100))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(103, 100))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.cx == pytest.approx(before.cx - 3 / before.scale)
    assert points == []
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(103, 100))
    assert len(points) == 1


def test_it_follows_the_size_of_the_window_until_it_was_moved(canvas: Canvas) -> None:
    canvas.resize(800, 600)
    assert canvas.view.visible[0] < 0
    assert canvas.view.visible[2] > 1999
    canvas.centre_on(300, 400)
    zoom = canvas.view.zoom
    canvas.resize(500, 700)
    assert (canvas.view.cx, canvas.view.cy, canvas.view.zoom) == (300, 400, zoom)


def test_the_overview_shows_the_way(qtbot: QtBot, canvas: Canvas) -> None:
    canvas.resize(700, 600)
    canvas.zoom_by(8)
    from padscope_desktop.viewer.overlays import overview_box

    box = overview_box(2000, 1500, canvas.view)
    assert box is not None
    qtbot.mouseClick(
        canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(box.x() + box.width() / 4), round(box.center().y()))
    )
    assert canvas.view.cx == pytest.approx(500, abs=20)
    assert canvas.view.cy == pytest.approx(750, abs=20)


def painted(layer: PictureLayer, view: View) -> np.ndarray:
    """(h, w, 3) of what the layer paints on black, in device px."""
    image = QImage(round(view.width * view.dpr), round(view.height * view.dpr), QImage.Format.Format_RGB888)
    image.fill(QColor("black"))
    painter = QPainter(image)
    layer.paint(painter, view)
    painter.end()
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_one_to_one_is_every_pixel_as_it_is(qtbot: QtBot, dpr: float) -> None:
    """Also across the borders of tiles, and with a fractional place of the view."""
    picture = chequered(1300, 1100)
    layer = PictureLayer()
    layer.set_picture(1300, 1100, [picture])
    view = View(1.0, 520.3, 511.8, 300 / dpr, 200 / dpr, dpr)
    got = painted(layer, view)
    left, top = got[0, 0, 0], got[0, 0, 1]
    x = next(c for c in range(350, 390) if c % 256 == left)
    y = next(r for r in range(400, 420) if r % 256 == top)
    np.testing.assert_array_equal(got, picture[y : y + 200, x : x + 300])
    assert abs(x - (520.3 - 150 + 0.5)) <= 1
    assert abs(y - (511.8 - 100 + 0.5)) <= 1


def test_the_box_in_the_overview_can_be_found_at_any_zoom() -> None:
    overview = QRectF(100, 100, 150, 90)
    tiny = overlays.found_again(QRectF(130, 140, 0.02, 0.01), overview)
    assert (tiny.width(), tiny.height()) == (overlays.LEAST_BOX, overlays.LEAST_BOX)
    assert tiny.contains(130.01, 140.005)
    assert overlays.found_again(QRectF(120, 110, 30, 20), overview) == QRectF(120, 110, 30, 20)
    assert overview.contains(overlays.found_again(QRectF(249, 189, 0.1, 0.1), overview))


def test_high_zoom_shows_hard_pixels(qtbot: QtBot) -> None:
    picture = chequered(600, 600)
    layer = PictureLayer()
    layer.set_picture(600, 600, [picture])
    got = painted(layer, View(32.0, 511.0, 511.0, 320, 320))
    blocks = got[4:-4:8, 4:-4:8].reshape(-1, 3)
    wanted = {tuple(p) for p in picture[500:525, 500:525].reshape(-1, 3).tolist()}
    assert {tuple(p) for p in blocks.tolist()} <= wanted  # only colours that the picture has: nothing is blurred
    assert tuple(got[160, 160]) == tuple(picture[511, 511])


def test_no_seams_and_no_gaps_below_one_to_one(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_layer, "TILE", 64)
    flat = np.full((700, 900, 3), 200, np.uint8)
    layer = PictureLayer()
    layer.set_picture(900, 700, [flat])
    for zoom in (0.37, 0.5, 0.731):
        got = painted(layer, View(zoom, 450.3, 349.1, 150, 120))
        assert (got == 200).all()


@pytest.mark.parametrize(("zoom", "wanted"), [(4.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.26, 1), (0.1, 2)])
def test_the_coarsest_level_with_a_pixel_for_every_screen_pixel(zoom: float, wanted: int) -> None:
    assert level_for([2000, 1000, 500], 2000, zoom) == wanted
    assert level_for([500], 2000, zoom) == 0  # only an overview so far: better than nothing


def test_memory_is_bounded_however_far_one_pans(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_layer, "CACHE_BYTES", 3 * 512 * 512 * 4)
    layer = PictureLayer()
    layer.set_picture(6000, 600, [np.zeros((600, 6000, 3), np.uint8)])
    for x in range(0, 6000, 300):
        painted(layer, View(1.0, x, 300, 200, 200))
        assert sum(t.bytes for t in layer._tiles.values()) <= picture_layer.CACHE_BYTES


def square(name: str, x: float, y: float, w: float, h: float) -> PadShape:
    return PadShape(name, np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], float))


def test_a_narrow_pad_is_hit_from_afar_but_never_through_its_neighbour() -> None:
    marks = [square("thin", 100, 100, 200, 2), square("wide", 100, 106, 200, 50)]
    assert pad_at(marks, 150, 97, slack_px=6) == "thin"
    assert pad_at(marks, 150, 107, slack_px=6) == "wide"
    assert pad_at(marks, 150, 103, slack_px=6) == "thin"
    assert pad_at(marks, 150, 80, slack_px=6) is None


def test_distance_to_a_polygon() -> None:
    triangle = np.array([[0, 0], [10, 0], [0, 10]], float)
    assert distance_to(triangle, 2, 2) == 0
    assert distance_to(triangle, -3, 4) == pytest.approx(3)
    assert distance_to(triangle, 10, 10) == pytest.approx(np.sqrt(50))


def test_names_stand_outside_the_board() -> None:
    end, axis = square("pad", 100, 100, 200, 20).end(np.array([1000.0, 500.0]))
    np.testing.assert_allclose(end, [100, 110], atol=1e-9)
    np.testing.assert_allclose(axis, [-1, 0], atol=1e-9)


def test_every_verdict_is_told_apart_without_colour() -> None:
    signs = [(s.letter, s.width, s.dash, s.hatched) for s in VERDICTS.values()]
    assert len({s.letter for s in VERDICTS.values()}) == len(VERDICTS)
    assert len(set(signs)) == len(signs)


def test_a_thousand_pads_are_painted_in_few_calls(qtbot: QtBot) -> None:
    layer = PadLayer()
    styles = list(VERDICTS.values())
    layer.set_marks([PadMark(square(f"P{i}", 10.0 * i, 0, 8, 30), styles[i % 6]) for i in range(1000)])
    assert len(layer._groups) <= len(styles) * 42
