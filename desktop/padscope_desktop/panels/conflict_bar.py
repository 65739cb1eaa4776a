"""Above the picture while two masks of it are compared: whose paint is taken here."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from padscope_desktop.panels.parts import button, label
from padscope_desktop.quantities import number
from padscope_desktop.theme import TARGET

CHOICES = ("mine", "theirs", "both")
BOTH = "What either has painted; where both have, the class of the filled one"
ROOM_FOR_NAME = 14
"""Letters."""


class ConflictBar(QFrame):
    """Signals: taken(choice) for this part · all_taken(choice) for all that are left of this picture · later()."""

    taken = Signal(str)
    all_taken = Signal(str)
    later = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.headline = label("", bold=True)
        self.facts = [label("", wrap=True), label("", wrap=True)]
        self.buttons = {choice: button("") for choice in CHOICES}
        self.rest = {choice: button("", link=True) for choice in CHOICES}
        self.wait = button("Later", tip="Both masks stay as they are (Esc)")
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.headline)
        for line in self.facts:
            words.addWidget(line)
        row, below = QHBoxLayout(), QHBoxLayout()
        row.setSpacing(8)
        below.setSpacing(16)
        for choice in CHOICES:
            self.buttons[choice].setMinimumHeight(TARGET)
            self.buttons[choice].clicked.connect(partial(self._say, self.taken, choice))
            self.rest[choice].clicked.connect(partial(self._say, self.all_taken, choice))
            row.addWidget(self.buttons[choice])
        row.addWidget(self.wait)
        row.addStretch(1)
        for choice in CHOICES:
            below.addWidget(self.rest[choice])
        below.addStretch(1)
        self.wait.setMinimumHeight(TARGET)
        self.wait.clicked.connect(self.later)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(8)
        column.addLayout(words)
        column.addLayout(row)
        column.addLayout(below)
        self.hide()

    def _say(self, signal: SignalInstance, choice: str, *_: object) -> None:
        signal.emit(choice)

    def show_part(
        self, picture: str, part: str, at: int, of: int, names: tuple[str, str], paint: tuple[str, str]
    ) -> None:
        """`paint`: what each has painted here, in words."""
        mine, theirs = names
        self.headline.setText(f"{picture}: two masks differ on {part} ({number(at)} of {number(of)})")
        self.facts[0].setText(f"Filled: {mine}: {paint[0]}")
        self.facts[1].setText(f"White outline: {theirs}: {paint[1]}")
        left = of - at + 1
        whose = {"mine": (short(mine), mine), "theirs": (short(theirs), theirs), "both": ("both", "both")}
        for choice, (name, whole) in whose.items():
            self.buttons[choice].setText(f"Take {name}")
            tip = f"Take what {whole} painted here; the other mask stays in the project" if choice != "both" else BOTH
            self.buttons[choice].setToolTip(tip)
            self.rest[choice].setText(f"All {number(left)}: {name}")
            self.rest[choice].setToolTip(f"For the {number(left)} places that are left: {whole}")
            self.rest[choice].setVisible(left > 1)
        self.show()


def short(name: str) -> str:
    """Both names must find room beside each other in a narrow window; the whole ones stand in the line above."""
    return name if len(name) <= ROOM_FOR_NAME else f"{name[: ROOM_FOR_NAME - 1].rstrip()}…"
