"""Tiles made in the background: something is always shown at once, the right thing soon, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from padscope_desktop.viewer import picture_layer
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.look import Curve, Look, table
from padscope_desktop.viewer.picture_layer import PictureLayer
from padscope_desktop.viewer.tiles import let_go, tile_pixels
from padscope_desktop.viewer.view import View


def painted(layer: PictureLayer, view: View, patient: bool) -> np.ndarray:
    """(h, w, 3) on black."""
    image = QImage(round(view.width), round(view.height), QImage.Format.Format_RGB888)
    image.fill(QColor("black"))
    painter = QPainter(image)
    layer.paint(painter, view, True, patient)
    painter.end()
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def halved(pixels: np.ndarray, times: int) -> list[np.ndarray]:
    levels = [pixels]
    for _ in range(times):
        p = levels[-1]
        levels.append(p.reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2, 3).mean(axis=(1, 3)).astype(np.uint8))
    return levels


@pytest.fixture
def smooth_picture() -> list[np.ndarray]:
    """Levels of 2048 × 1536 px without edges, so that a coarser level looks almost the same."""
    y, x = np.mgrid[0:1536, 0:2048]
    return halved(np.stack([x / 8, y / 6, (x + y) / 14], axis=-1).astype(np.uint8), 3)


def test_a_coarser_tile_stands_in_at_the_right_place_until_the_fine_one_is_there(
    qtbot: QtBot, smooth_picture: list[np.ndarray]
) -> None:
    layer = PictureLayer()
    layer.set_picture(2048, 1536, smooth_picture)
    view = View(1.0, 1111.5, 777.5, 700, 500)
    first = painted(layer, view, patient=False)
    qtbot.waitUntil(lambda: layer.arrived() or not layer.waits, timeout=5000)
    while layer.waits:
        layer.arrived()
    then = painted(layer, view, patient=False)
    exact = painted(layer, view, patient=True)
    np.testing.assert_array_equal(then, exact)
    assert np.abs(first.astype(int) - exact.astype(int)).max() <= 4
    assert (first != exact).any()


def test_another_look_shows_the_old_tiles_until_the_new_ones_are_there(
    qtbot: QtBot, smooth_picture: list[np.ndarray]
) -> None:
    layer = PictureLayer()
    layer.set_picture(2048, 1536, smooth_picture)
    view = View(1.0, 1111.5, 777.5, 300, 200)
    before = painted(layer, view, patient=True)
    layer.set_look(Look(Curve(0.0, 0.5)))
    np.testing.assert_array_equal(painted(layer, view, patient=False), before)
    qtbot.waitUntil(layer.arrived, timeout=5000)
    while layer.waits:
        layer.arrived()
    brighter = np.clip(np.rint(before / 255 * 2 * 255), 0, 255)
    assert np.abs(painted(layer, view, patient=False) - brighter).max() <= 1


def test_the_canvas_repaints_itself_when_tiles_arrive(qtbot: QtBot, smooth_picture: list[np.ndarray]) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.show()
    qtbot.waitExposed(canvas)
    noise = np.random.default_rng(0).integers(0, 255, smooth_picture[0].shape, dtype=np.uint8)
    canvas.set_picture(2048, 1536, [noise, *smooth_picture[1:]])
    canvas.look_at(1.0, 1023.5, 767.5)
    image = canvas.grab().toImage()
    qtbot.waitUntil(lambda: canvas.settled, timeout=5000)
    assert canvas.grab().toImage() != image
    colour = canvas.grab().toImage().pixelColor(QPoint(250, 200))
    assert (colour.red(), colour.green(), colour.blue()) in {
        tuple(p) for p in noise[766:770, 1022:1026].reshape(-1, 3).tolist()
    }


def test_memory_stays_bounded_and_what_is_in_sight_is_never_thrown_away(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_layer, "CACHE_BYTES", 6 * 512 * 512 * 4)
    layer = PictureLayer()
    layer.set_picture(8192, 4096, [np.zeros((4096, 8192, 3), np.uint8), np.zeros((512, 1024, 3), np.uint8)])
    for x in range(500, 8000, 700):
        view = View(1.0, float(x), 2000.0, 1200, 900)
        painted(layer, view, patient=False)
        while layer.waits:
            layer.arrived()
        assert not layer._lacking or painted(layer, view, patient=False) is not None
        assert not layer._lacking  # all in sight is there, though more than the limit is needed for it
    assert layer._bytes <= 20 * 512 * 512 * 4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_are_what_the_table_says(dtype: type, channels: int) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, np.iinfo(dtype).max, (40, 30, channels)).astype(dtype)
    look = Look(Curve(0.1, 0.8, 1.4), red=Curve(0.0, 0.5), blue=Curve(0.2, 1.0, 0.7))
    lut = table(look, (10.0, float(np.iinfo(dtype).max) * 0.9), np.dtype(dtype))
    got = tile_pixels(pixels, lut)
    for channel, at in ((0, 2), (1, 1), (2, 0)):
        np.testing.assert_array_equal(got[..., at], lut[pixels[..., min(channel, channels - 1)], channel])
    assert (got[..., 3] == 255).all()


def test_a_copy_of_the_view_waits_for_every_tile(qtbot: QtBot, smooth_picture: list[np.ndarray]) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.set_picture(2048, 1536, smooth_picture)
    canvas.look_at(1.0, 1023.5, 767.5)
    canvas.set_patient(True)
    colour = canvas.grab().toImage().pixelColor(QPoint(250, 200))
    fine = {tuple(p) for p in smooth_picture[0][766:770, 1022:1026].reshape(-1, 3).tolist()}
    assert (colour.red(), colour.green(), colour.blue()) in fine


def test_what_was_read_is_let_go_and_can_be_read_again(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (700, 900, 3), dtype=np.uint8)
    (tmp_path / "level.raw").write_bytes(pixels.tobytes())
    mapped = np.asarray(np.memmap(tmp_path / "level.raw", np.uint8, "r", shape=pixels.shape))
    part = mapped[100:600, 50:800]
    np.testing.assert_array_equal(part, pixels[100:600, 50:800])
    let_go(part)
    np.testing.assert_array_equal(part, pixels[100:600, 50:800])
    let_go(pixels[10:20])  # of the process's own: nothing to let go
    assert pixels[15, 15].any()
