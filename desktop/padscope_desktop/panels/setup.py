"""What an inspection needs: the board's layout and a model, each with what to do if it is not there; and the button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from padscope.boards.layout import Layout
from padscope_desktop.background.payloads import ModelCard
from padscope_desktop.panels.parts import button, label, set_primary
from padscope_desktop.quantities import count, elided_middle, local_time, number

LONGEST_NAME = 26


def layout_words(layout: Layout) -> str:
    return f"{count(len(layout.pads), 'pad')}, {count(len(layout.wires), 'wire')}"


def model_words(model: ModelCard) -> str:
    parts = [model.detector]
    if model.learned_from:
        parts.append(f"{number(model.learned_from)} sound {model.unit}")
    if model.trained_at:
        parts.append(local_time(model.trained_at))
    return " · ".join(parts)


class SetupPanel(QWidget):
    """Signals: layout_wanted() · model_wanted() · train_wanted() · inspect_wanted() · inspect_all_wanted()."""

    layout_wanted = Signal()
    model_wanted = Signal()
    train_wanted = Signal()
    inspect_wanted = Signal()
    inspect_all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.board_name, self.board_facts = label(), label(dim=True)
        self.model_name, self.model_facts = label(), label(dim=True)
        self.choose_layout = button("Choose…", tip="A CSV or JSON file with pads, wires and fiducials (Ctrl+L)")
        self.choose_model = button("Choose…", tip="A .padmodel file (Ctrl+Shift+M)")
        self.train = button("Train…", tip="Learn from pictures of sound boards (Ctrl+T)")
        self.inspect = button("Inspect", primary=True, tip="Ctrl+R")
        self.inspect.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.inspect_all = button("All", tip="Inspect all pictures that are not inspected (Ctrl+Shift+R)")
        self.missing = label(dim=True, wrap=True)
        for made, wanted in (
            (self.choose_layout, self.layout_wanted),
            (self.choose_model, self.model_wanted),
            (self.train, self.train_wanted),
            (self.inspect, self.inspect_wanted),
            (self.inspect_all, self.inspect_all_wanted),
        ):
            made.clicked.connect(wanted)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for block, (title, name, facts, buttons) in enumerate(
            (
                ("Board", self.board_name, self.board_facts, (self.choose_layout,)),
                ("Model", self.model_name, self.model_facts, (self.choose_model, self.train)),
            )
        ):
            top = 3 * block
            side = QHBoxLayout()
            side.setSpacing(8)
            for made in buttons:
                side.addWidget(made)
            words = QVBoxLayout()
            words.setSpacing(4)
            words.addWidget(label(title, title=True))
            words.addWidget(name)
            grid.addLayout(words, top, 0)
            grid.addLayout(side, top, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(facts, top + 1, 0, 1, 2)
            grid.setRowMinimumHeight(top + 2, 4)
        grid.setColumnStretch(0, 1)
        go = QHBoxLayout()
        go.setSpacing(8)
        go.addWidget(self.inspect, 1)
        go.addWidget(self.inspect_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(grid)
        column.addLayout(go)
        column.addWidget(self.missing)

    def show_state(
        self, layout: Layout | None, model: ModelCard | None, picture: str, pictures: int, busy: bool, inspected: bool
    ) -> None:
        """What is there, what is missing, and what the button would do. The one primary button leads on."""
        self.board_name.setText(elided_middle(layout.name, LONGEST_NAME) if layout else "Which board is this?")
        self.board_name.setToolTip(f"{layout.name}: {layout_words(layout)}" if layout else "")
        self.board_facts.setText(layout_words(layout) if layout else "A file with its pads, wires and fiducials")
        self.model_name.setText(elided_middle(model.name, LONGEST_NAME) if model else "No model yet")
        self.model_name.setToolTip(f"{model.path}\n{model_words(model)}" if model else "")
        self.model_facts.setText(model_words(model) if model else "Choose one, or train on sound boards")
        ready = layout is not None and model is not None and bool(picture)
        self.inspect.setEnabled(ready and not busy)
        again = "Inspect again" if inspected else "Inspect"
        self.inspect.setText("Inspecting…" if busy else again)
        self.inspect.setToolTip(f"{again} {picture} (Ctrl+R)" if picture else "")
        self.inspect_all.setVisible(pictures > 1)
        self.inspect_all.setEnabled(ready)
        self.train.setEnabled(layout is not None and pictures > 0)
        set_primary(self.choose_layout, layout is None and pictures > 0)
        set_primary(self.choose_model, layout is not None and model is None)
        set_primary(self.inspect, ready and not inspected)
        needed = [
            words
            for words, there in (
                ("a picture", picture),
                ("a layout", layout is not None),
                ("a model", model is not None),
            )
            if not there
        ]
        self.missing.setText("To inspect: " + ", ".join(needed) + "." if needed else "")
        self.missing.setVisible(bool(needed))
