"""Tests of the window: offscreen, no sleeping, and nothing may be left running behind."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QThread
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

sys.path.insert(0, str(Path(__file__).resolve().parent))  # for `from inline_lane import …`, also in spawned workers
from fake_backend import Backend, write_model
from inline_lane import InlineLane

from padscope_desktop import app
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.keeper import Keeper
from padscope_desktop.main_window import MainWindow
from padscope_desktop.session import Session

faulthandler.enable()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """A thread or a process that outlives its test fails it, by name."""
    threads, processes = set(threading.enumerate()), set(multiprocessing.active_children())
    yield
    left = [t.name for t in threading.enumerate() if t not in threads and not t.daemon]
    left += [p.name for p in multiprocessing.active_children() if p not in processes]
    left += [type(t).__name__ for t in gc.get_objects() if isinstance_of_thread(t) and isValid(t) and t.isRunning()]
    assert not left, f"left running: {left}"


def isinstance_of_thread(something: object) -> bool:
    """By its type alone: asking every living object for more would wake proxies."""
    return issubclass(type(something), QThread)


@pytest.fixture(autouse=True)
def litter_stays_here() -> Iterator[None]:
    """Widgets of a test that is over are destroyed in this thread, never in one that happens to allocate (see `litter`)."""
    gc.disable()
    yield
    gc.collect(1)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings of whoever runs it."""
    monkeypatch.setenv("PADSCOPE_SETTINGS", str(tmp_path / "settings.json"))
    monkeypatch.setenv("PADSCOPE_MAX_MEGAPIXELS", "500")


class Answers:
    """Stands in for the system's file dialogs: a test says beforehand what a person would choose."""

    def __init__(self) -> None:
        self.next: list[Any] = []
        self.asked: list[str] = []

    def _answer(self, what: str) -> Any:
        self.asked.append(what)
        return self.next.pop(0)

    def pictures(self, start: Path | None) -> list[Path]:
        return self._answer("pictures")

    def folder(self, title: str, start: Path | None) -> Path | None:
        return self._answer("folder")

    def project(self, start: Path | None) -> Path | None:
        return self._answer("project")

    def new_project(self, title: str, start: Path | None) -> Path | None:
        return self._answer("new project")

    def one_of(self, title: str, what: str, options: list[str]) -> str | None:
        return self._answer(title)

    def layout(self, start: Path | None) -> Path | None:
        return self._answer("layout")

    def drawing(self, start: Path | None) -> Path | None:
        return self._answer("drawing")

    def save_layout(self, name: str, start: Path | None) -> Path | None:
        return self._answer(f"save {name}")

    def manifest(self, start: Path | None) -> Path | None:
        return self._answer("manifest")

    def rules(self, start: Path | None) -> Path | None:
        return self._answer("rules")

    def save_rules(self, name: str, start: Path | None) -> Path | None:
        return self._answer(f"save {name}")

    def model(self, start: Path | None) -> Path | None:
        return self._answer("model")


@dataclass
class Bench:
    """A window on a fake backend, and what a test needs at hand."""

    window: MainWindow
    backend: Backend
    lanes: dict[str, InlineLane]
    answers: Answers
    folder: Path
    qtbot: QtBot

    @property
    def session(self) -> Session:
        return self.window.session

    def picture(self, name: str) -> Path:
        path = self.folder / name
        path.write_bytes(name.encode())
        return path

    def until(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def add(self, *names: str) -> None:
        """Pictures, and wait until the first is on the screen with all its pixels."""
        self.session.add_pictures([self.picture(n) for n in names])
        self.until(lambda: all(e.thumbnail or e.missing for e in self.session.album.entries.values()))
        self.until(lambda: len(self.window.canvas.picture.levels) > 1)

    def ready(self, *names: str) -> None:
        """Pictures, layout and model."""
        self.add(*(names or ("bad01.jpg",)))
        self.session.choose_layout(self.folder / "layout.csv")
        self.session.choose_model(write_model(self.folder / "quad.padmodel"))
        self.until(lambda: self.session.can_inspect)
        self.until(lambda: not self.session.keeper.busy)

    def inspected(self, *names: str) -> None:
        """The first picture inspected and stored."""
        self.ready(*names)
        self.qtbot.mouseClick(self.window.inspect_mode.panel.setup.inspect, Qt.MouseButton.LeftButton)
        self.until(lambda: self.session.judging.board)
        self.until(lambda: not self.session.keeper.busy)

    def press(
        self,
        key: Qt.Key | str,
        *,
        on: QWidget | None = None,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        target = on or self.window.canvas
        target.setFocus()
        if isinstance(key, str):
            self.qtbot.keyClicks(target, key)
        else:
            self.qtbot.keyClick(target, key, modifier)

    def at_pad(self, name: str) -> QPoint:
        """Where a pad's middle is on the canvas."""
        bounds = self.window.canvas.pads.bounds_of(name)
        assert bounds is not None
        middle = np.array([(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2])
        x, y = self.window.canvas.view.to_screen(middle)
        return QPoint(round(float(x)), round(float(y)))


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    folder = tmp_path / "boards"
    folder.mkdir()
    backend = Backend()
    lanes = {name: InlineLane(name, backend.commands()) for name in app.LANES}
    session = Session(Jobs(lanes), Keeper(), tmp_path / "cache")
    answers = Answers()
    monkeypatch.setattr("padscope_desktop.main_window.Dialogs", lambda parent: answers)
    app.application()
    window = app.build(session)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    session.open_unnamed(app.unnamed_places())
    session.warm_up()
    qtbot.waitUntil(lambda: session.project is not None and not session.keeper.busy, timeout=30_000)
    yield Bench(window, backend, lanes, answers, folder, qtbot)
    window._may_lose = True  # what a test's disk refused must not keep the window open
    window.close()
    window.deleteLater()


@pytest.fixture
def hand(bench: Bench) -> Any:
    """A `painter.Painter` in Label mode, with a picture."""
    from painter import ready

    return ready(bench)
