"""Overlays painted piece by piece: never longer than a frame may last, and in the end all of it in the right place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from padscope_desktop.viewer.film import Film
from padscope_desktop.viewer.view import View

AT = [(x, y) for x in range(0, 400, 40) for y in range(0, 300, 30)]


class Squares:
    """A hundred squares, one per piece, at places of the picture."""

    def __init__(self) -> None:
        self.begun = 0

    def steps(self, painter: QPainter, view: View) -> Iterator[None]:
        self.begun += 1
        for place in AT:
            x, y = view.to_screen(np.array(place, float))
            painter.fillRect(QRectF(float(x), float(y), 12, 12), QColor("red"))
            yield


def shown(film: Film, view: View, version: int, budget_s: float) -> tuple[np.ndarray, bool]:
    """((h, w) where something is red, whether it is done)."""
    image = QImage(round(view.width), round(view.height), QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    done = film.paint(painter, view, version, budget_s=budget_s)
    painter.end()
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return raw[..., 2].copy() > 0, done


VIEW = View(1.0, 200.0, 150.0, 400, 300)


def test_it_is_painted_over_several_frames_and_then_kept(qtbot: QtBot) -> None:
    squares = Squares()
    film = Film(squares.steps)
    first, done = shown(film, VIEW, 0, 0.0)
    assert not done
    assert not first.any()  # half of it is not shown
    for _ in range(200):
        red, done = shown(film, VIEW, 0, 0.0)
        if done:
            break
    assert done
    assert red[0, 0]
    assert red.sum() == 100 * 144
    assert squares.begun == 1
    again, _ = shown(film, VIEW, 0, 0.0)
    np.testing.assert_array_equal(again, red)
    assert squares.begun == 1


def test_while_the_picture_moves_what_lies_over_it_moves_along(qtbot: QtBot) -> None:
    film = Film(Squares().steps)
    before, _ = shown(film, VIEW, 0, 10.0)
    moved, done = shown(film, VIEW.dragged(25, -10), 0, 0.0)
    assert not done
    np.testing.assert_array_equal(moved[:-10, 25:], before[10:, :-25])
    twice, _ = shown(film, VIEW.zoomed(2.0, (0.0, 0.0)), 0, -1.0)
    assert twice[:24, :24].all()
    exact, done = shown(film, VIEW.dragged(25, -10), 0, 10.0)
    assert done
    np.testing.assert_array_equal(exact, shown(Film(Squares().steps), VIEW.dragged(25, -10), 0, 10.0)[0])


def test_what_looks_different_now_is_painted_anew(qtbot: QtBot) -> None:
    squares = Squares()
    film = Film(squares.steps)
    shown(film, VIEW, 0, 0.0)
    shown(film, VIEW, 1, 10.0)
    assert squares.begun == 2
    film.forget()
    red, done = shown(film, replace(VIEW, cx=210.0), 1, 0.0)
    assert not red.any()
    assert not done
    film.forget()
