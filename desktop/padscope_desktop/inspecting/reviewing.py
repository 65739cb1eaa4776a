"""The review of the board on the screen: what was decided about its pads, who signed it. Everything is stored as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from padscope.boards.pad_map import PadResult, Verdict
from padscope.boards.review import (
    TO_BE_CLEANED,
    Decision,
    PadDecision,
    Progress,
    agreement,
    current,
    next_to_see,
    override,
    progress,
    reviewed,
)
from padscope.errors import UsageError
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting import review_stock
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.review_stock import Review
from padscope_desktop.messages import Message, about_fault

if TYPE_CHECKING:
    from padscope.workflows.story import Story
    from padscope_desktop.session import Session

BEHIND = "The verdicts on the screen are on their way to the project; try again in a moment"
EMPTY = Review(0, (), None)


class Reviewing(QObject):
    """Signals: changed(), what was decided or signed is another · stored(Review), of whatever inspection ·
    operator_wanted(), somebody must say who it is."""

    changed = Signal()
    stored = Signal(object)
    operator_wanted = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.review = EMPTY
        self.trial: Board | None = None
        session.current_changed.connect(self.refresh)
        session.entry_changed.connect(self._on_entry)
        session.judging.board_changed.connect(self.changed)

    # What it is

    @property
    def board(self) -> Board | None:
        """The board as the program judged it."""
        return self.session.judging.board

    @property
    def shown(self) -> Board | None:
        """What is on the screen: the board as it is handed on, or as other rules would have it."""
        return self.trial if self.trial is not None else self.standing

    @property
    def standing(self) -> Board | None:
        """The board as it is handed on, with what a person decided."""
        return self.decided_on(self.board)

    def decided_on(self, board: Board | None) -> Board | None:
        """What a person decided holds for it too."""
        if board is None or not self.review.decisions:
            return board
        return replace(board, pad_map=reviewed(board.pad_map, self.review.decisions))

    @property
    def decided(self) -> dict[str, PadDecision]:
        """By pad what counts; an agreement to a verdict that is another by now counts no more."""
        pads = {p.pad: p for p in self.board.pads} if self.board is not None else {}
        return {
            name: d
            for name, d in current(self.review.decisions).items()
            if name in pads and (d.decision is Decision.OVERRIDDEN or d.verdict is pads[name].verdict)
        }

    @property
    def signed(self) -> bool:
        return self.review.signature is not None

    @property
    def fixed(self) -> bool:
        """Nothing on the screen may be changed by hand: it is signed, or only tried."""
        return self.signed or self.trial is not None

    def progress(self) -> Progress:
        return progress(self.board.pads if self.board is not None else (), self.decided)

    def next(self, after: str | None, step: int = 1) -> str | None:
        return None if self.board is None else next_to_see(self.board.pads, self.decided, after, step)

    # What a person does

    def show_trial(self, board: Board | None) -> None:
        """The board by rules that are only tried; nothing can be decided meanwhile. None: it is over."""
        if board is not self.trial:
            self.trial = board
            self.changed.emit()

    def _refused(self) -> bool:
        """While rules are tried, the verdicts on the screen are nobody's yet."""
        if self.trial is not None:
            self.session.said.emit(
                Message("review", "Rules are being tried.", "Use them, or leave them with Esc, first.")
            )
        return self.trial is not None

    def _not_stored(self) -> bool:
        """What is agreed to and signed is what the project has, so what is on the screen goes there first."""
        s = self.session
        s.labelling.rest()
        s.judging.settle()
        entry = s.album.entries.get(s.current) if s.current is not None else None
        behind = s.judging.pending or (entry is not None and entry.storing > 0)
        if behind:
            s.mentioned.emit(BEHIND)
        return behind

    def agree(self, pad: str) -> bool:
        result = self._result(pad)
        return result is not None and self._decide(agreement(result, self.session.operator))

    def override(self, pad: str, verdict: Verdict, reason: str) -> bool:
        """False, with a word of why, where it was refused."""
        result = self._result(pad)
        if result is None:
            return False
        try:
            return self._decide(override(result, verdict, reason, self.session.operator))
        except UsageError as error:
            if not self.session.operator:
                self.operator_wanted.emit()
            self.session.said.emit(Message("review", "The verdict was not changed.", str(error)))
            return False

    def clean_again(self, pad: str) -> bool:
        return self.override(pad, Verdict.RE_CLEAN, TO_BE_CLEANED)

    def withdraw(self, pad: str | None = None) -> str | None:
        """Take back what was decided about this pad, or what was decided last; returns the pad."""
        standing = [d.pad for d in self.review.decisions if d.pad in self.decided]
        if pad is None and standing:
            pad = standing[-1]
        result = self._result(pad) if pad in self.decided else None
        if result is None:
            return None
        taken = PadDecision(result.pad, Decision.WITHDRAWN, result.verdict, "", self.session.operator)
        return pad if self._decide(taken) else None

    def sign(self) -> None:
        """Only by name, and after every pad that needs a look has had one."""
        if self._refused() or self._not_stored():
            return
        left = self.progress()
        if not left.complete:
            words = f"{left.of - left.done} of {left.of} pads have not been looked at; Tab goes through them."
            self.session.said.emit(Message("review", "Not signed yet.", words))
            return
        if not self.session.operator:
            self.operator_wanted.emit()
            words = "A pad map is signed by name: enter yours above, then sign."
            self.session.said.emit(Message("review", "Who signs?", words))
            return
        self.session.judging.set_fixed(True)  # from now on: nothing may slip in before it is on disk
        self._ask(partial(review_stock.sign, inspection=self.review.inspection, author=self.session.operator))

    def reopen(self, reason: str) -> bool:
        """False, with a word of why, where nobody says who it is, or gives no reason."""
        if not self.session.operator or not reason.strip():
            if not self.session.operator:
                self.operator_wanted.emit()
            words = "A signed pad map is opened again by name and for a reason: enter both, then open it."
            self.session.said.emit(Message("review", "Not opened yet.", words))
            return False
        self.session.settled.emit("review")
        self._ask(
            partial(
                review_stock.reopen,
                inspection=self.review.inspection,
                author=self.session.operator,
                reason=reason,
            )
        )
        return True

    def ask_history(self, done: Callable[[Story], None]) -> None:
        """Of the picture on the screen, and its module."""
        key = self.session.current
        entry = self.session.album.entries.get(key) if key is not None else None
        if entry is not None and entry.sha256:
            question = partial(review_stock.told, picture_sha256=entry.sha256)
            self.session.keeper.ask(question, done=done, failed=self._on_failed)

    # How it is kept

    @Slot()
    def refresh(self) -> None:
        """What the project has of the inspection that is shown."""
        key = self.session.current
        entry = self.session.album.entries.get(key) if key is not None else None
        inspection = entry.inspection if entry is not None else 0
        if inspection != self.review.inspection:
            self._take(Review(inspection, (), None))
        if inspection:
            self.session.keeper.ask(
                partial(review_stock.review, inspection=inspection), done=self._take_if_shown, failed=self._on_failed
            )

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        entry = self.session.album.entries.get(key)
        if key == self.session.current and entry is not None and entry.inspection != self.review.inspection:
            self.refresh()

    def _result(self, pad: str | None) -> PadResult | None:
        return next((p for p in self.board.pads if p.pad == pad), None) if self.board is not None else None

    def _decide(self, decision: PadDecision) -> bool:
        """It shows at once; what could not be stored is taken from the screen again."""
        if self._refused():
            return False
        if self.signed or not self.review.inspection:
            words = (
                "Open it again first: Board, Open the signed map again."
                if self.signed
                else "It is being stored; try again in a moment."
            )
            self.session.said.emit(Message("review", "The pad map is signed." if self.signed else "Not yet.", words))
            return False
        if self._not_stored():
            return False
        self._take(replace(self.review, decisions=(*self.review.decisions, decision)))
        self._ask(partial(review_stock.decide, inspection=self.review.inspection, decision=decision))
        return True

    def _ask(self, question: review_stock.Question) -> None:
        self.session.keeper.ask(question, done=self._take_if_shown, failed=self._on_failed)

    def _take_if_shown(self, review: Review) -> None:
        """Answers come one after the other: an older one must not hide what was decided since."""
        self.stored.emit(review)
        if review.inspection != self.review.inspection:
            return
        self.session.judging.set_fixed(review.signature is not None)
        if len(review.decisions) >= len(self.review.decisions):
            self._take(review)

    def _take(self, review: Review) -> None:
        if review != self.review:
            self.review = review
            self.changed.emit()

    def _on_failed(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("review", "This was not stored.", fault))
        self.review = Review(self.review.inspection, (), None)
        self.refresh()
        self.changed.emit()
