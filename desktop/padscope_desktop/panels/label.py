"""The right side in Label mode: the label and its state, tools, the brush, constraints, heat, classes, how masks look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from padscope_desktop.labels.easel import LEAST_SIZE, MOST_SIZE, MOST_TOLERANCE, Brush
from padscope_desktop.panels.classes import ClassesPanel
from padscope_desktop.panels.parts import Elided, button, label, line, named
from padscope_desktop.quantities import brief_time, count, local_time, number, percent
from padscope_desktop.theme import TARGET, Theme

if TYPE_CHECKING:
    from padscope.store.labels import LabelRow

STATES: Mapping[str, tuple[str, str]] = {
    "": ("Not begun", "The first stroke begins this picture's label."),
    "draft": ("Draft", ""),
    "done": ("Finished", ""),
    "accepted": ("✓ Reviewed", "Locked: press Reopen to paint on it."),
    "rejected": ("✕ Rejected", "Locked: press Reopen to paint on it."),
}
TOOLS = (
    *("brush", "eraser", "lasso", "polygon"),
    *("rectangle", "fill", "holes", "wand"),
    *("pick", "move", "delete", "grow"),
)
HEAT = ("take_defect", "take_pad", "take_board")
ACROSS = 4
SIZE_STEPS = 100


def size_to_slider(size: float) -> int:
    """Even steps of the slider are even factors of the size."""
    return round(SIZE_STEPS * (size / LEAST_SIZE - 1) ** 0.5 / (MOST_SIZE / LEAST_SIZE - 1) ** 0.5)


def slider_to_size(at: int) -> float:
    return float(round(LEAST_SIZE * (1 + (at / SIZE_STEPS) ** 2 * (MOST_SIZE / LEAST_SIZE - 1))))


class LabelPanel(QWidget):
    """Signals: brush_wanted({field of Brush: value}) · review_wanted(state, comment) · look_wanted(opacity, outline only)."""

    brush_wanted = Signal(object)
    review_wanted = Signal(str, str)
    look_wanted = Signal(float, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.classes = ClassesPanel(theme)
        self._tools: dict[str, QToolButton] = {}
        self._state = ""
        self._make_label()
        self._make_brush()
        self._make_constraints()
        self._make_look()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(6)
        column.addLayout(self._label_rows())
        column.addWidget(line())
        self._grid = QGridLayout()
        self._grid.setSpacing(4)
        column.addLayout(self._grid)
        column.addLayout(self._brush_rows())
        column.addLayout(self._constraint_rows())
        column.addWidget(line())
        self._heat = QHBoxLayout()
        self._heat.setSpacing(4)
        self._heat.addWidget(label("Heat", title=True), 1)
        column.addLayout(self._heat)
        column.addWidget(self.told)
        column.addWidget(line())
        column.addWidget(self.classes, 1)
        column.addLayout(self._look_rows())
        self.set_label(None, 0, 0)
        self.set_board(False)

    # Building

    def _make_label(self) -> None:
        self.state = label("", bold=True)
        self.facts = Elided(dim=True)
        self.reviewed = button("Reviewed", tip="This label is right: lock it (Ctrl+Return)")
        self.rejected = button("Reject", tip="This label is not right; say why in the comment")
        self.reopen = button("Reopen", tip="Make it a draft again, to paint on (Ctrl+Return)")
        self.comment = named(QLineEdit(), "Comment")
        self.comment.setPlaceholderText("Comment")
        self.comment.setMinimumHeight(TARGET)
        self.progress = label("", dim=True)
        self.reviewed.clicked.connect(self.wish_reviewed)
        self.rejected.clicked.connect(self._on_rejected)
        self.reopen.clicked.connect(self._on_reopen)
        self.comment.editingFinished.connect(self.keep_comment)

    def _label_rows(self) -> QVBoxLayout:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.state)
        top.addWidget(self.facts, 1)
        top.addWidget(self.progress)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.comment, 1)
        for made in (self.reviewed, self.rejected, self.reopen):
            made.setMinimumHeight(TARGET)
            row.addWidget(made)
        rows = QVBoxLayout()
        rows.setSpacing(4)
        rows.addLayout(top)
        rows.addLayout(row)
        return rows

    def _make_brush(self) -> None:
        self.brush_size = _slider(
            "Size of the brush", SIZE_STEPS, "Width of the brush in picture px ([ and ], Ctrl-wheel)"
        )
        self.brush_words = label("")
        self.square = _check("Square", "A square brush (Shift+B)")
        self.tolerance = _slider(
            "Tolerance", round(MOST_TOLERANCE), "How much the wand's colours may differ, in grey values"
        )
        self.tolerance_words = label("")
        for words in (self.brush_words, self.tolerance_words):
            words.setMinimumWidth(self.fontMetrics().horizontalAdvance("2 000 px"))
        self.brush_size.valueChanged.connect(self._on_size)
        self.tolerance.valueChanged.connect(self._on_tolerance)
        self.square.toggled.connect(self._on_square)

    def _brush_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        for r, (words, slider, value) in enumerate(
            (("Size", self.brush_size, self.brush_words), ("Tolerance", self.tolerance, self.tolerance_words))
        ):
            grid.addWidget(label(words, dim=True), r, 0)
            grid.addWidget(slider, r, 1)
            grid.addWidget(value, r, 2)
        grid.addWidget(self.square, 0, 3)
        return grid

    def _make_constraints(self) -> None:
        self.inside_pads = _check("Inside pads", "Paint only on pads (Shift+P)")
        self.only_hot = _check("Level ≥", "Paint only where heat reaches this level (Shift+G)")
        self.protect = _check("Protect others", "Leave what is painted in other classes (Shift+C)")
        self.snap = _check("Snap to edges", "The brush stops where grey values change inside its ring (Shift+S)")
        self.least = named(QDoubleSpinBox(decimals=2, singleStep=0.1, minimum=0.1, maximum=20.0), "Level")
        self.least.setFixedWidth(88)
        self.least.setToolTip("1.0 is the threshold; also for heat that is taken as paint")
        for name, box in (
            ("inside_pads", self.inside_pads),
            ("only_hot", self.only_hot),
            ("protect", self.protect),
            ("snap", self.snap),
        ):
            box.toggled.connect(partial(self._on_field, name))
        self.least.valueChanged.connect(partial(self._on_field, "least"))
        self.told = label("", dim=True, wrap=True)
        self.told.hide()

    def _constraint_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        hot = QHBoxLayout()
        hot.setSpacing(4)
        hot.addWidget(self.only_hot)
        hot.addWidget(self.least)
        hot.addStretch(1)
        grid.addWidget(self.inside_pads, 0, 0)
        grid.addLayout(hot, 0, 1)
        grid.addWidget(self.protect, 1, 0)
        grid.addWidget(self.snap, 1, 1)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _make_look(self) -> None:
        self.opacity = _slider("Opacity of masks", 100, "How strongly masks cover the picture")
        self.opacity_words = label("", dim=True)
        self.opacity_words.setMinimumWidth(self.fontMetrics().horizontalAdvance(percent(1.0)))
        self.outline = _check("Outline only", "Shift+M")
        self.opacity.valueChanged.connect(self._on_look)
        self.outline.toggled.connect(self._on_look)

    def _look_rows(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label("Masks", dim=True))
        row.addWidget(self.opacity, 1)
        row.addWidget(self.opacity_words)
        row.addWidget(self.outline)
        return row

    def set_actions(self, made: Mapping[str, QAction]) -> None:
        """Buttons for the tools and for taking heat."""
        for i, name in enumerate(TOOLS):
            self._tools[name] = _action_button(made[name])
            self._grid.addWidget(self._tools[name], i // ACROSS, i % ACROSS)
            self._grid.setColumnStretch(i % ACROSS, 1)
            self._tools[name].setMinimumWidth(0)
        for name in (*HEAT, "disagreement"):
            self._tools[name] = _action_button(made[name])
            self._heat.addWidget(self._tools[name])

    # What is shown

    def set_theme(self, theme: Theme) -> None:
        self.classes.set_theme(theme)

    def set_label(self, row: LabelRow | None, reviewed: int, pictures: int) -> None:
        state = row.state if row is not None else ""
        words, tip = STATES.get(state, (state, ""))
        self._state = state
        self.state.setText(words)
        facts = [row.author, local_time(row.changed_at)] if row is not None else []
        brief = [row.author, brief_time(row.changed_at)] if row is not None else []
        self.facts.setText(" · ".join(part for part in brief if part))
        strokes = [count(row.strokes, "stroke")] if row is not None else []
        self.facts.setToolTip(" · ".join(part for part in (tip, *facts, *strokes) if part))
        locked = state in ("accepted", "rejected")
        self.reviewed.setVisible(not locked)
        self.rejected.setVisible(not locked)
        self.reopen.setVisible(locked)
        if not self.comment.isModified():
            self.comment.setText(row.comment if row is not None else "")
            self.comment.setCursorPosition(0)  # a long one is read from its beginning
            self.comment.setToolTip(self.comment.text())
        self.progress.setText(f"{number(reviewed)}/{number(pictures)} ✓" if pictures else "")
        self.progress.setToolTip(f"{number(reviewed)} of {count(pictures, 'picture')} reviewed")

    def set_open(self, there: bool) -> None:
        """Whether there is a picture to label."""
        for made in (self.reviewed, self.rejected, self.reopen, self.comment):
            made.setEnabled(there)

    def set_brush(self, brush: Brush) -> None:
        """What is chosen, without saying it back."""
        pairs: Sequence[tuple[QCheckBox, bool]] = (
            (self.square, brush.square),
            (self.inside_pads, brush.inside_pads),
            (self.only_hot, brush.only_hot),
            (self.protect, brush.protect),
            (self.snap, brush.snap),
        )
        for box, on in pairs:
            with QSignalBlocker(box):
                box.setChecked(on)
        with QSignalBlocker(self.brush_size), QSignalBlocker(self.tolerance), QSignalBlocker(self.least):
            if slider_to_size(self.brush_size.value()) != brush.size:
                self.brush_size.setValue(size_to_slider(brush.size))
            self.tolerance.setValue(round(brush.tolerance))
            self.least.setValue(brush.least)
        self.brush_words.setText(f"{number(brush.size)} px")
        self.tolerance_words.setText(number(brush.tolerance))

    def set_look(self, opacity: float, outline_only: bool) -> None:
        with QSignalBlocker(self.opacity), QSignalBlocker(self.outline):
            self.opacity.setValue(round(opacity * 100))
            self.outline.setChecked(outline_only)
        self.opacity_words.setText(percent(opacity))

    def set_board(self, inspected: bool) -> None:
        """Pads and heat are known, or not: what needs them says so."""
        for box in (self.inside_pads, self.only_hot, self.least):
            box.setEnabled(inspected)

    def say_told(self, words: str) -> None:
        self.told.setText(words)
        self.told.setVisible(bool(words))

    # What a person does

    @Slot()
    def wish_reviewed(self) -> None:
        """Ctrl+Return: reviewed, or open again."""
        if self._state in ("accepted", "rejected"):
            self._on_reopen()
        else:
            self._wish("accepted")

    @Slot()
    def _on_rejected(self) -> None:
        self._wish("rejected")

    @Slot()
    def _on_reopen(self) -> None:
        self._wish("draft")

    @Slot()
    def keep_comment(self) -> None:
        """What is typed belongs to the label that is shown now: it is kept before another one comes."""
        if self.comment.isModified():
            self._wish(self._state or "draft")

    def _wish(self, state: str) -> None:
        self.comment.setModified(False)
        self.review_wanted.emit(state, self.comment.text().strip())

    @Slot(int)
    def _on_size(self, at: int) -> None:
        self.brush_wanted.emit({"size": slider_to_size(at)})

    @Slot(int)
    def _on_tolerance(self, value: int) -> None:
        self.brush_wanted.emit({"tolerance": float(value)})

    def _on_field(self, name: str, value: object) -> None:
        self.brush_wanted.emit({name: value})

    @Slot(bool)
    def _on_square(self, on: bool) -> None:
        self.brush_wanted.emit({"square": on})

    @Slot()
    def _on_look(self, *_: object) -> None:
        opacity = self.opacity.value() / 100
        self.opacity_words.setText(percent(opacity))
        self.look_wanted.emit(opacity, self.outline.isChecked())


def _slider(name: str, most: int, tip: str) -> QSlider:
    made = named(QSlider(Qt.Orientation.Horizontal), name)
    made.setRange(0, most)
    made.setPageStep(max(most // 10, 1))
    made.setMinimumHeight(TARGET)
    made.setToolTip(tip)
    return made


def _check(words: str, tip: str) -> QCheckBox:
    made = QCheckBox(words)
    made.setMinimumHeight(TARGET)
    made.setToolTip(tip)
    return made


def _action_button(action: QAction) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(action)
    made.setText(action.iconText())
    key = action.shortcut().toString()
    made.setToolTip(f"{action.text()} ({key})" if key else action.text())
    made.setProperty("flat", True)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    made.setMinimumHeight(TARGET)

    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made
