"""The real window with somebody who paints in it until it is killed: `window_to_kill.py PROJECT SEED SCENE`.

Every step is announced as one line of JSON before it is made (`plan`), told when the mouse is released (`released N`), and told
once more when nothing of it waits any longer (`stored N`); numbers count the steps of this run from 1.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from padscope_desktop import app

LEFT = Qt.MouseButton.LeftButton
SIZES = (8.0, 21.0, 60.0)


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


class Chosen:
    """What a person would choose in the dialogs of a scene."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def project(self, start: Path | None) -> Path:
        return self._folder / "other.padscope"

    def folder(self, title: str, start: Path | None) -> Path:
        return self._folder / "labels"

    def one_of(self, title: str, what: str, options: list[str]) -> str:
        return "PNG index masks"


class Painter:
    """Strokes, erasures, undo and redo, one after the other without a pause; in the middle of them what the scene is about."""

    def __init__(self, window: Any, seed: int, scene: str, folder: Path) -> None:
        self.window = window
        self.labelling = window.session.labelling
        self.chance = random.Random(seed)
        self.scene = scene
        self.made = 0
        self.told = 0
        window.label_doors.dialogs = Chosen(folder)
        self.labelling.outbox.changed.connect(self.tell_stored)
        self.timer = QTimer(window, interval=5)
        self.timer.timeout.connect(self.turn)
        self.timer.start()
        self.ready = False

    def tell_stored(self) -> None:
        if not self.labelling.unsaved and self.made > self.told:
            self.told = self.made
            tell(f"stored {self.made}")

    def turn(self) -> None:
        w = self.labelling
        heat_missing = self.scene == "heat" and self.window.session.judging.board is None
        if w.mask is None or not w.classes or w.refusal or not self.window.canvas.picture.levels or heat_missing:
            return
        if not self.ready:
            self.window.set_mode(self.window.label_mode)
            self.ready = True
            tell("ready")
            self.begin_scene()
        self.tell_stored()
        if self.window.label_mode.easel.slices.busy:
            return  # a stroke would take its place
        self.timer.setInterval(self.chance.choice((0, 0, 0, 2, 10, 25) if self.scene == "paint" else (30, 90, 150)))
        dice = self.chance.random()
        if dice < 0.75:
            self.stroke()
        else:
            self.step("undo" if dice < 0.88 else "redo")

    def begin_scene(self) -> None:
        actions = self.window.actions_by_id
        if self.scene == "heat":
            self.window.label_mode.easel.set_brush(least=0.5)
            self.window.label_mode.heat.take_board()
        elif self.scene == "classes":
            rows = {c.name: c for c in self.labelling.classes}
            first = next(iter(rows.values()))
            self.window.label_mode._on_renamed(first.value, f"{first.name} x")
            self.labelling.merge_class(self.labelling.offered[-1].value, first.value)
        elif self.scene in ("import_labels", "merge_project"):
            actions[self.scene].trigger()

    def stroke(self) -> None:
        mode, canvas, c = self.window.label_mode, self.window.canvas, self.chance
        erase, value, size = c.random() < 0.2, c.randint(1, 3), c.choice(SIZES)
        at = [(c.randrange(250, 600), c.randrange(150, 500))]
        for _ in range(c.randint(0, 5)):
            at.append((at[-1][0] + c.randint(-70, 70), at[-1][1] + c.randint(-70, 70)))
        points = [canvas.view.to_picture(x, y) for x, y in at]
        mode.choose_tool("eraser" if erase else "brush")
        mode.easel.set_brush(size=size)
        self.labelling.choose(value)
        self.plan(do="stroke", points=points, radius=size / 2, value=0 if erase else value)
        QTest.mousePress(canvas, LEFT, pos=QPoint(*at[0]))
        for place in at[1:]:
            QTest.mouseMove(canvas, QPoint(*place))
        QTest.mouseRelease(canvas, LEFT, pos=QPoint(*at[-1]))
        self.finished()

    def step(self, what: str) -> None:
        self.plan(do=what)
        self.window.actions_by_id[what].trigger()
        self.finished()

    def plan(self, **what: object) -> None:
        tell(json.dumps({"plan": self.made + 1, **what}))

    def finished(self) -> None:
        self.made += 1
        tell(f"released {self.made}")
        self.tell_stored()


def main() -> None:
    path, seed, scene = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    application = app.application()
    window = app.build()
    window.resize(1280, 800)
    window.show()
    window.session.said.connect(lambda message: print("said", message.headline, message.text, file=sys.stderr))
    painter = Painter(window, seed, scene, path.parent)
    window.session.jobs.warm_up("quick")
    window.session.open_project(path)
    application.exec()
    del painter  # held until here


if __name__ == "__main__":
    main()
