"""Inspect mode: look, decide. Links the picture, the pads and the panel on the right with the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Slot

from padscope.boards.pad_map import Verdict
from padscope_desktop.album import Entry
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.inspecting.actions import INSPECT_ACTIONS
from padscope_desktop.inspecting.board import pad_marks
from padscope_desktop.inspecting.foot_placing import FootPlacing
from padscope_desktop.inspecting.reasons_shown import ReasonsShown
from padscope_desktop.inspecting.reviewing import Reviewing
from padscope_desktop.inspecting.rules_page import RulesDesk
from padscope_desktop.inspecting.together import Jump
from padscope_desktop.inspecting.training_desk import TrainingDesk
from padscope_desktop.inspecting.zero_misses import ZeroMisses
from padscope_desktop.messages import Message
from padscope_desktop.modes import Mode
from padscope_desktop.panels.inspect import InspectPanel
from padscope_desktop.panels.marks import MarksBar
from padscope_desktop.session import Session
from padscope_desktop.theme import Theme
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.tools import Tool

WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class InspectMode(Mode):
    """`panel` stands on the right, `marks` above the picture."""

    id, words, key = "inspect", "Inspect", "F2"
    actions = INSPECT_ACTIONS
    panel: InspectPanel

    def __init__(self, session: Session, canvas: Canvas, dialogs: Dialogs, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.dialogs = dialogs
        self.panel = InspectPanel(theme)
        self.bar = self.marks = MarksBar(theme)
        self.selected: str | None = None
        self.overlays_wanted = True
        self.reviewing = Reviewing(session, self)
        self.training = TrainingDesk(session, self.panel, self)
        self.zero_misses = ZeroMisses(session, self.panel.threshold, self)
        self.reasons = ReasonsShown(canvas, self.panel.pads, lambda: self.reviewing.shown, lambda: self.selected, self)
        self.feet = FootPlacing(session, canvas, lambda: self.reviewing.fixed, self)
        self.jump = Jump(session, canvas, self.select)
        self._armed = False
        self._connect()
        self.rules = RulesDesk(self, self.reviewing)
        self.refresh()

    def _connect(self) -> None:
        s, p, c, m = self.session, self.panel, self.canvas, self.marks
        for changed in (s.layout_changed, s.model_changed, s.current_changed, s.album_changed):
            changed.connect(self.refresh)
        s.entry_changed.connect(self._on_entry)
        s.model_changed.connect(self._on_model)
        s.pose_wanted.connect(self._on_pose_wanted)
        self.reviewing.changed.connect(self._on_board)
        s.judging.factor_changed.connect(self._on_factor)
        p.setup.layout_wanted.connect(self.choose_layout)
        p.setup.model_wanted.connect(self.choose_model)
        p.setup.train_wanted.connect(self.open_training)
        p.setup.inspect_wanted.connect(self.inspect)
        p.setup.inspect_all_wanted.connect(self.inspect_all)
        p.threshold.factor_wanted.connect(s.judging.set_factor)
        p.summary.verdict_clicked.connect(self._on_verdict_clicked)
        p.review.agreed.connect(self.agree)
        p.review.clean_wanted.connect(self.clean_again)
        p.review.override_wanted.connect(self._on_override)
        p.review.sign_wanted.connect(self.sign)
        p.review.reopen_wanted.connect(self._on_reopen)
        s.current_changed.connect(self._disarm)
        s.current_changed.connect(p.review.end_form)  # a reason is one picture's
        p.pads.chosen.connect(self._on_row_chosen)
        p.pads.zoom_wanted.connect(self._on_zoom_wanted)
        c.pad_clicked.connect(self._on_pad_clicked)
        c.pad_double_clicked.connect(self._on_zoom_wanted)
        c.point_clicked.connect(m.add_point)
        m.points_changed.connect(c.set_points)
        m.ready.connect(self._on_marks_ready)
        m.closed.connect(self.end_marks)

    def enter(self) -> None:
        self.reasons.set_on(True)

    def leave(self) -> None:
        self.reasons.set_on(False)
        if self.panel.ruling:
            self.panel.show_inspect()

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)
        self.marks.sketch.theme = theme

    # What the session says

    @property
    def entry(self) -> Entry | None:
        return self.session.album.entries.get(self.session.current) if self.session.current is not None else None

    @Slot()
    def refresh(self) -> None:
        s, entry = self.session, self.entry
        busy = entry is not None and (entry.waiting or entry.fraction is not None)
        inspected = entry is not None and entry.counts is not None
        self.panel.setup.show_state(s.layout, s.model, entry.name if entry else "", len(s.album), busy, inspected)
        if s.judging.board is None:
            self.panel.set_board(None, self._why_nothing(entry))

    def _why_nothing(self, entry: Entry | None) -> str:
        if entry is None or not self.session.can_inspect:
            return ""
        if entry.missing or entry.failed:
            return entry.missing or entry.failed
        if entry.waiting or entry.fraction is not None:
            return "The pads appear here as soon as they are judged."
        return "" if entry.counts is not None else "This picture is not inspected yet."

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        if key == self.session.current:
            self.refresh()

    @Slot()
    def _on_model(self) -> None:
        self.panel.threshold.set_model(self.session.model)

    @Slot()
    def _on_board(self) -> None:
        board = self.reviewing.shown
        self.panel.set_board(board, self._why_nothing(self.entry))
        self.panel.pads.set_decided(frozenset(self.reviewing.decided))
        self.panel.threshold.setEnabled(not self.reviewing.signed)
        if board is None:
            self.select(None)
        self.redraw()
        self._show_review()

    @Slot()
    def _on_factor(self) -> None:
        factor = self.session.judging.shown_factor
        self.panel.threshold.set_factor(factor)
        self.canvas.set_factor(factor)

    @Slot()
    def redraw(self) -> None:
        """Heat, pads and feet of the board, on whatever picture is shown."""
        board = self.reviewing.shown
        if board is None or self.canvas.picture.width == 0:
            self.canvas.set_level(None)
            self.canvas.set_marks(())
            self.reasons.renew()
            return
        if self.canvas.heat.level is not board.level:
            self.canvas.set_level(board.level)
        self.canvas.set_marks(pad_marks(board))
        self.canvas.set_selected(self.selected)
        self.reasons.renew()
        self.jump.land()

    def to_board_um(self, px: tuple[float, float]) -> tuple[float, float] | None:
        board = self.session.judging.board
        if board is None:
            return None
        x, y = board.um_to_px.inverse().apply(np.array(px))
        return float(x), float(y)

    # Pads

    def select(self, pad: str | None, *, reveal: bool = False) -> None:
        self._choose(pad)
        self.panel.pads.set_selected(pad)
        if pad is not None and reveal:
            self.jump.to(pad)

    def _choose(self, pad: str | None) -> None:
        if pad != self.selected and self.panel.review.override_open:
            self.panel.review.end_form()  # a verdict and its reason are one pad's
        self.selected = pad
        self.canvas.set_selected(pad)
        self.reasons.renew()
        self._disarm()

    @Slot(object)
    def _on_pad_clicked(self, pad: str | None) -> None:
        self.select(pad, reveal=pad is not None and not self.jump.here(pad))

    @Slot(str)
    def _on_row_chosen(self, pad: str) -> None:
        self._choose(pad)
        self.jump.to(pad)

    @Slot(str)
    def _on_zoom_wanted(self, pad: str) -> None:
        self.select(pad)
        self.jump.to(pad, zoom=True)

    @Slot(object)
    def _on_verdict_clicked(self, verdict: Verdict) -> None:
        pad = self.panel.pads.first_with(verdict)
        if pad is not None:
            self._on_zoom_wanted(pad)

    def step(self, by: int) -> None:
        """The next pad to look at, shown as large as the one before was; when all are decided, round them again."""
        pad = self.reviewing.next(self.selected, by) or self.panel.pads.neighbour(by)
        if pad is not None:
            first = self.selected is None
            self.select(pad)
            self.jump.to(pad, zoom=first)

    # Review

    @Slot()
    def agree(self) -> None:
        """Enter: the chosen pad's verdict is right, on to the next. When nothing is left, twice: signed."""
        review = self.reviewing
        if review.board is None or review.signed or self.panel.review.form_open:
            return
        if not review.progress().complete:
            if self.selected is None:
                self.step(1)
            elif review.agree(self.selected):
                self._go_on()
        elif self._armed:
            self.sign()
        else:
            self._armed = True
            self._show_review()

    def _go_on(self) -> None:
        pad = self.reviewing.next(self.selected)
        if pad is not None:
            self.select(pad, reveal=True)
        else:
            self._show_review()

    @Slot()
    def clean_again(self) -> None:
        if self.selected is not None and self.reviewing.clean_again(self.selected):
            self._go_on()

    @Slot(object, str)
    def _on_override(self, verdict: Verdict, reason: str) -> None:
        if self.selected is not None and self.reviewing.override(self.selected, verdict, reason):
            self.panel.review.end_form()
            self.canvas.setFocus()
            self._go_on()

    @Slot()
    def withdraw(self) -> None:
        pad = self.reviewing.withdraw(self.selected)
        if pad is not None:
            self.select(pad, reveal=True)

    def undo(self) -> None:
        pad = self.reviewing.withdraw()
        if pad is not None:
            self.select(pad, reveal=True)

    @Slot()
    def sign(self) -> None:
        if self.reviewing.board is not None and not self.reviewing.signed:
            self.reviewing.sign()

    @Slot()
    def show_history(self) -> None:
        if self.panel.telling:
            self.panel.show_inspect()
        elif self.entry is not None:
            self.panel.show_history()
            self.reviewing.ask_history(self.panel.history.show_story)

    @Slot()
    def begin_reopen(self) -> None:
        if self.reviewing.signed:
            self.panel.review.begin_reopen()

    @Slot(str)
    def _on_reopen(self, reason: str) -> None:
        if self.reviewing.reopen(reason):
            self.panel.review.end_form()
            self.canvas.setFocus()

    @Slot()
    def _disarm(self) -> None:
        self._armed = False
        self._show_review()

    def _show_review(self) -> None:
        review = self.reviewing
        decided = review.decided.get(self.selected) if self.selected is not None else None
        self.panel.review.show_state(review.progress(), self.selected, decided, review.review.signature, self._armed)

    def idle_tool(self) -> Tool:
        return self.feet.tool

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "next_reason": lambda *_: self.reasons.step(1),
            "previous_reason": lambda *_: self.reasons.step(-1),
            "next_foot": lambda *_: self.feet.next_foot(self.selected),
            **{f"foot_{way}": partial(self._nudge, *step) for way, step in WAYS.items()},
            "feet_back": lambda *_: self.feet.give_back(self.selected),
            "override": self.panel.review.begin_override,
            "clean_again": self.clean_again,
            "withdraw": self.withdraw,
            "sign": self.sign,
            "reopen": self.begin_reopen,
            "rules": self.rules.toggle,
            "history": self.show_history,
        }

    def _nudge(self, right: int, down: int, *_: object) -> None:
        self.feet.nudge(self.selected, right, down)

    # Layout, model, inspecting, training

    @Slot()
    def choose_layout(self) -> None:
        path = self.dialogs.layout(self._near())
        if path is not None:
            self.session.choose_layout(path)

    @Slot()
    def choose_model(self) -> None:
        path = self.dialogs.model(self._near())
        if path is not None:
            self.session.choose_model(path)

    def _near(self) -> Path | None:
        """Where a person probably keeps it: beside the picture."""
        return self.entry.path.parent if self.entry is not None else None

    @Slot()
    def inspect(self) -> None:
        if self.entry is not None and self.entry.together:
            self.session.together.again(self.entry)
        elif self.entry is not None:
            self._inspect_when_ready([self.entry.key])

    @Slot()
    def inspect_all(self) -> None:
        keys = [k for k, e in self.session.album.entries.items() if e.counts is None and not e.missing]
        if keys:
            self._inspect_when_ready(keys)
        else:
            self.session.mentioned.emit("All pictures are inspected")

    def _inspect_when_ready(self, keys: list[int]) -> None:
        if self.session.can_inspect:
            self.session.inspect(keys)
        else:
            self.session.mentioned.emit("Choose a layout and a model first")

    @Slot()
    def open_training(self, keys: list[int] | None = None) -> None:
        self.training.open(keys)

    # Marks

    @Slot(int)
    def _on_pose_wanted(self, key: int) -> None:
        if key not in self.session.album.entries:
            return
        if key != self.session.current:
            self.session.show(key)
        self.begin_marks()

    @Slot()
    def begin_marks(self) -> None:
        if self.session.layout is None or self.entry is None or self.session.model is None:
            self.session.mentioned.emit("Clicking marks needs a picture, a layout and a model")
            return
        self.select(None)
        self.canvas.set_picking(True)
        self.canvas.set_overlays_visible(False)  # they lie where the board is not
        self.marks.begin(self.session.layout)

    @Slot()
    def end_marks(self) -> None:
        if self.marks.active:
            self.marks.end()
            self.canvas.set_picking(False)
            self.canvas.set_overlays_visible(self.overlays_wanted)
            self.canvas.set_points({})

    @Slot(object)
    def _on_marks_ready(self, points: dict[str, tuple[float, float]]) -> None:
        entry = self.entry
        self.end_marks()
        if entry is not None:
            self.session.inspect([entry.key], points)

    def export(self) -> None:
        """The pad map on the screen, as the files of `padscope inspect`."""
        board = self.reviewing.standing
        if board is None:
            self.session.said.emit(Message("export", "There is no pad map to export.", "Inspect this picture first."))
            return
        folder = self.dialogs.folder("Export the pad map to this folder", self._near())
        if folder is not None:
            self.session.errands.export(board, folder)

    def back(self) -> bool:
        """Esc: out of a foot in the hand, of clicking marks, of training, of a choice; False where there was nothing to leave."""
        leave: tuple[tuple[bool, Callable[[], None]], ...] = (
            (self.feet.tool.abandon(), self.canvas.update),
            (self.marks.active, self.end_marks),
            (self.panel.review.form_open, self.panel.review.end_form),
            (self._armed, self._disarm),
            (self.panel.currentIndex() > 0, self.panel.show_inspect),
            (self.selected is not None, partial(self.select, None)),
        )
        for there, act in leave:
            if there:
                act()
                return True
        return False
