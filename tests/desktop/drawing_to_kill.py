"""The real window with somebody who draws a layout in it until it is killed: `drawing_to_kill.py PROJECT SEED`.

First it tells what came back of the draft and whether going on was offered (`back`), then after every step what the draft is now
(`drawn`), and once more when no step of it waits any longer (`stored`).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from padscope_desktop import app

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def tell(what: str, **more: object) -> None:
    os.write(1, f"{json.dumps({'tell': what, **more})}\n".encode())


class Drawer:
    """Draws, moves, repeats, mirrors, names, deletes, undoes and redoes, one after the other without a pause."""

    def __init__(self, window: Any, seed: int) -> None:
        self.window = window
        self.mode = window.layout_mode
        self.chance = random.Random(seed)
        self.offered = False
        self.steps = 0
        self.told = 0
        self.began = False
        window.session.said.connect(self.hear)
        journal, draft = window.layout_mode.journal, window.layout_mode.draft
        draft.stepped.disconnect(journal._on_step)
        draft.stepped.connect(self.tell_step)  # before it is on its way to the disk
        draft.stepped.connect(journal._on_step)
        self.timer = QTimer(window, interval=5)
        self.timer.timeout.connect(self.turn)
        self.timer.start()

    def hear(self, message: Any) -> None:
        self.offered |= "as you left it" in message.headline
        print("said", message.headline, message.text, file=sys.stderr)

    def tell_step(self, _: object) -> None:
        self.steps += 1
        tell("drawn", n=self.steps, **self.state())

    def state(self) -> dict[str, object]:
        """Short, and another one for every other draft or undo stack."""
        edits = self.mode.draft.edits
        whole = repr((edits.now, [b for _, b in edits.past], len(edits.future)))
        return {"sha": hashlib.sha256(whole.encode()).hexdigest(), "pads": len(edits.now.pads), "past": len(edits.past)}

    def turn(self) -> None:
        if self.window.session.keeper.busy or not self.window.canvas.picture.levels:
            return
        if not self.began:
            self.began = True
            offered = self.offered and self.window.message_bar.isVisible()
            tell("back", offered=offered, touched=self.mode.draft.touched, **self.state())
            self.window.actions_by_id["mode_layout"].trigger()
            self.mode.hands.snapping = False
            if not self.mode.drafting.frame.scaled:
                self.fill(self.mode.panel.scale, "2.5")
        if self.told < self.steps:
            self.told = self.steps
            tell("stored", n=self.steps)
        for _ in range(self.chance.choice((1, 1, 3))):
            self.step()

    def step(self) -> None:
        draft, forms, c = self.mode.draft, self.mode.panel.forms, self.chance
        dice = c.random()
        if len(draft.layout.pads) > 40:
            draft.choose([p.id for p in draft.layout.pads[10:]])
            self.window.actions_by_id["layout_delete"].trigger()
        elif dice < 0.4 or not draft.layout.pads:
            self.mode._take_up("layout_draw")
            x, y = c.randrange(250, 600), c.randrange(150, 500)
            self.drag(QPoint(x, y), QPoint(x + c.randrange(15, 60), y + c.randrange(15, 60)))
        elif dice < 0.55:
            self.mode._take_up("layout_select")
            pad = c.choice(draft.layout.pads)
            at = self.window.canvas.view.to_screen(
                self.mode.drafting.frame.um_to_px.apply(np.array([pad.x_um, pad.y_um]))
            )
            start = QPoint(*(round(v) for v in at.tolist()))
            self.drag(start, start + QPoint(c.randrange(-40, 40), c.randrange(-40, 40)))
        elif dice < 0.65:
            draft.choose([c.choice(draft.layout.pads).id])
            self.fill(forms.repeat.count, "2")
            QTest.mouseClick(forms.repeat.go, LEFT)
        elif dice < 0.7:
            draft.choose([c.choice(draft.layout.pads).id])
            QTest.mouseClick(forms.mirror.left_right, LEFT)
        elif dice < 0.78:
            draft.choose([p.id for p in draft.layout.pads])
            self.fill(forms.naming.pattern, c.choice(("L{n:03}", "VDD{n}")))
            QTest.mouseClick(forms.naming.go, LEFT)
        else:
            self.window.actions_by_id["undo" if dice < 0.91 else "redo"].trigger()

    def drag(self, start: QPoint, end: QPoint) -> None:
        canvas = self.window.canvas
        QTest.mousePress(canvas, LEFT, pos=start)
        QTest.mouseMove(canvas, (start + end) / 2)
        QTest.mouseMove(canvas, end)
        QTest.mouseRelease(canvas, LEFT, pos=end)

    def fill(self, field: QLineEdit, text: str) -> None:
        field.setText(text)
        QTest.keyClick(field, Qt.Key.Key_Return)


def main() -> None:
    application = app.application()
    window = app.build()
    window.resize(1280, 800)
    window.show()
    drawer = Drawer(window, int(sys.argv[2]))
    window.session.jobs.warm_up("quick")
    window.session.open_project(Path(sys.argv[1]))
    application.exec()
    del drawer  # held until here


if __name__ == "__main__":
    main()
