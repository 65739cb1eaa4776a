"""The whole way with real workers and the real science: draw, train, inspect, kill, go on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from padscope_desktop import app
from padscope_desktop.main_window import MainWindow

LONG_MS = 120_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    application = app.application()
    made = app.build()
    made.show()
    app.Start(made, None, application).go()
    yield made
    made.close()
    made.deleteLater()


def test_from_an_empty_window_to_verdicts_and_on_after_a_dead_worker(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session

    def until(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    qtbot.mouseClick(window.invitation.demo, Qt.MouseButton.LeftButton)
    until(lambda: session.layout and len(session.album) == 5 and len(window.canvas.picture.levels) > 1)
    until(lambda: all(e.thumbnail for e in session.album.entries.values()))
    window.canvas.zoom_by(40)
    full = window.canvas.picture.levels[0]
    assert full.shape == (window.canvas.picture.height, window.canvas.picture.width, 3)

    until(lambda: session.detectors)
    assert session.device is not None
    page = window.inspect_mode.panel.train
    qtbot.mouseClick(window.inspect_mode.panel.setup.train, Qt.MouseButton.LeftButton)
    assert len(page.keys()) == 4
    for row in (3, 4):
        page.list.item(row).setCheckState(Qt.CheckState.Unchecked)
    page.detector.setCurrentText("blob")
    qtbot.mouseClick(page.start, Qt.MouseButton.LeftButton)
    until(lambda: session.model or window.message_bar.message)
    assert window.message_bar.message is None
    assert session.model is not None
    assert len(session.model.sound_levels) >= 5

    qtbot.mouseClick(window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
    until(lambda: session.judging.board or window.message_bar.message)
    assert window.message_bar.message is None
    board = session.judging.board
    assert board is not None
    assert len(board.pads) == len(session.layout.pads) if session.layout else False

    session.judging.set_factor(0.5)
    until(lambda: not session.judging._busy)
    lower = session.judging.board
    assert lower is not None
    fine = [b.pad_map.counts()["OK"] for b in (board, lower)]  # type: ignore[index]
    assert fine[1] <= fine[0]
    levels = [np.array([p.level for p in b.pads], float) for b in (board, lower)]
    np.testing.assert_allclose(levels[1], 2 * levels[0], rtol=1e-3)

    lane = session.jobs._traffic["long"].lane
    pid = lane.pid  # type: ignore[attr-defined]
    window.actions_by_id["inspect_all"].trigger()
    until(lambda: any(e.fraction is not None for e in session.album.entries.values()))
    os.kill(pid, signal.SIGKILL)
    until(lambda: window.message_bar.message)
    assert "stopped unexpectedly" in window.message_bar.message.headline
    until(lambda: sum(e.counts is not None for e in session.album.entries.values()) >= 2)
    window.actions_by_id["cancel"].trigger()
    until(lambda: not session.jobs.active())
    assert lane.pid != pid  # type: ignore[attr-defined]

    folder = Path(os.environ["PADSCOPE_SETTINGS"]).parent / "out"
    session.errands.export(lower, folder)
    until(lambda: (folder / "blemished.pdf").exists() or window.message_bar.message.topic == "export")
    assert sorted(p.name for p in folder.iterdir()) == [
        "blemished.bondmap.csv",
        "blemished.dxf",
        "blemished.padmap.json",
        "blemished.pdf",
    ]
