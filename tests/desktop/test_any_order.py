"""Hundreds of clicks, keys, deaths and refusals in any order: no slot may raise, and in the end everything comes to rest."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_backend import write_model
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from conftest import Bench

STEPS = 400
LEFT_OUT = ("quit", "full_screen")


class Whims:
    """Answers file dialogs at random, and often not at all."""

    def __init__(self, bench: Bench, rng: random.Random) -> None:
        self._bench, self._rng = bench, rng
        self._pictures = [bench.picture(f"{name}.jpg") for name in ("bad01", "bad02", "good01", "good02")]
        self._model = write_model(bench.folder / "quad.padmodel")
        self._projects = 0

    def pictures(self, start: Path | None) -> list[Path]:
        return self._rng.sample(self._pictures, 2) if self._rng.random() < 0.7 else []

    def folder(self, title: str, start: Path | None) -> Path | None:
        return self._perhaps(self._bench.folder)

    def project(self, start: Path | None) -> Path | None:
        return self._perhaps(self._bench.session.project)

    def new_project(self, title: str, start: Path | None) -> Path | None:
        self._projects += 1
        return self._perhaps(self._bench.folder / f"project {self._projects}.padscope")

    def layout(self, start: Path | None) -> Path | None:
        return self._perhaps(self._bench.folder / self._rng.choice(["layout.csv", "layout.csv", "bad.csv"]))

    def drawing(self, start: Path | None) -> Path | None:
        return self.layout(start)

    def save_layout(self, name: str, start: Path | None) -> Path | None:
        return self._perhaps(self._bench.folder / f"drawn {self._rng.randrange(3)}.json")

    def model(self, start: Path | None) -> Path | None:
        return self._perhaps(self._model)

    def one_of(self, title: str, what: str, options: list[str]) -> str | None:
        return self._perhaps(self._rng.choice(options))

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Whatever else is asked: a person thinks better of it."""
        return lambda *_: None

    def _perhaps(self, answer: Any) -> Any:
        return answer if self._rng.random() < 0.7 else None


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_a_person_does_in_any_order_breaks_the_window(bench: Bench, seed: int) -> None:
    rng = random.Random(seed)
    window, session, backend = bench.window, bench.session, bench.backend
    whims = Whims(bench, rng)
    for asks in (
        window,
        window.doors,
        window.label_doors,
        *(mode for mode in window.modes if hasattr(mode, "dialogs")),
    ):
        asks.dialogs = whims  # type: ignore[attr-defined]
    actions = [action for name, action in window.actions_by_id.items() if name not in LEFT_OUT]

    def click_a_button() -> None:
        buttons = [b for b in window.findChildren(QAbstractButton) if b.isVisible() and b.isEnabled()]
        QTest.mouseClick(rng.choice(buttons), Qt.MouseButton.LeftButton)

    def click_the_picture() -> None:
        at = QPoint(rng.randrange(window.canvas.width()), rng.randrange(window.canvas.height()))
        QTest.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=at)

    def kill_a_worker() -> None:
        bench.lanes[rng.choice(["long", "quick"])].kill()
        backend.forget_boards()

    def change_the_world() -> None:
        backend.gate_open = rng.random() < 0.6
        backend.pose_fails = rng.random() < 0.3

    steps: list[tuple[int, Callable[[], object]]] = [
        (30, lambda: rng.choice(actions).trigger()),
        (20, click_a_button),
        (15, click_the_picture),
        (8, lambda: session.judging.set_factor(2.0 ** rng.uniform(-2, 2))),
        (3, kill_a_worker),
        (4, change_the_world),
        (3, lambda: window.pictures.filter.setCurrentIndex(rng.randrange(4))),
        (2, session.judging.settle),
        (15, lambda: QTest.qWait(rng.choice([1, 3, 10]))),
    ]
    for _ in range(STEPS):
        rng.choices([act for _, act in steps], [weight for weight, _ in steps])[0]()
    backend.gate_open = True
    bench.until(lambda: not session.jobs.active() and not session.keeper.busy)
    assert not session.labelling.outbox.stuck
