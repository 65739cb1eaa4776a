"""The inspected board on the screen, and the threshold: what is certain changes at once, the rest as soon as it is judged."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal, Slot

from padscope.boards.pad_map import PadResult
from padscope.boards.rules import Rules, load_rules
from padscope_desktop.background.jobs import Jobs
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board, previewed

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.workflows.painting import Painting

SETTLE_MS = 1500
"""After the threshold has rested this long, its verdicts are worth keeping."""
PATIENCE_MS = 5000
"""How long the window waits for verdicts before it leaves their project."""
LEAST_FACTOR, MOST_FACTOR = 0.25, 4.0


class Judging(QObject):
    """Signals: board_changed() · factor_changed() · judged(Board): no preview, for the list · settled(Board): to be stored, at
    another threshold or by other rules · repainted(Board): to be stored, as other paint wins over its heat · failed(Fault) ·
    idle(): nothing is judged any more."""

    board_changed = Signal()
    factor_changed = Signal()
    judged = Signal(object)
    settled = Signal(object)
    repainted = Signal(object)
    failed = Signal(object)
    idle = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.board: Board | None = None
        self.factor = 1.0  # what is judged with from now on
        self.fixed = False  # the board on the screen is signed: it stays as it is
        self.rules: Rules = load_rules()
        self._jobs = jobs
        self._busy = False
        self._judged_at = 1.0  # the threshold of the verdicts on the screen, where they are no preview
        self._brought = ""  # the board that the worker has at hand
        self._paintings = 0  # how many were set, so that each has a name of its own
        self._reruled = False  # other rules are in use than those of the verdicts that were stored last
        self._unstored = False  # verdicts of a painting that the project does not have yet
        self._wanted = False  # by the project, as soon as it is judged
        self._left = 0  # boards that were left before they were judged
        self._refused: object = None  # what could not be judged; it is not tried again by itself
        self._rest = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._rest.timeout.connect(self.settle)

    @property
    def shown_factor(self) -> float:
        """Of the verdicts on the screen: those of a signed board stay at the threshold at which they were signed."""
        return self.board.factor if self.board is not None and self.fixed else self.factor

    @property
    def busy(self) -> bool:
        return self._busy

    def set_board(self, board: Board | None, *, fixed: bool = False) -> None:
        """Another board, or none; it is judged at the present threshold if it was not, unless it is signed."""
        self.settle()
        if self._wanted and self.board is not None and (board is None or board.key != self.board.key):
            self._judge_left(self.board)
        shown = self.shown_factor
        self.board, self.fixed = board, fixed
        self._brought, self._wanted, self._refused = "", False, None
        self._unstored = self._reruled = False
        if board is not None:
            self._judged_at = board.factor
            self._catch_up()
        if self.shown_factor != shown:
            self.factor_changed.emit()
        self.board_changed.emit()

    def set_fixed(self, fixed: bool) -> None:
        """The board on the screen was signed, or opened again: then it follows the threshold, the rules and the paint of now."""
        if self.board is None or fixed == self.fixed:
            return
        shown = self.shown_factor
        self.fixed = fixed
        if not fixed and self.board.can_be_judged and self.board.pad_map.provenance.rules_sha256 != self.rules.sha256:
            self._reruled, self._judged_at = True, math.nan
        self._catch_up()
        self._rest.start()
        if self.shown_factor != shown:
            self.factor_changed.emit()
        self.board_changed.emit()

    def _catch_up(self) -> None:
        """With the present threshold, and with what came while the board was fixed."""
        if self.board is None or self.fixed or self._judged_at == self.factor:
            return
        if self.board.factor != self.factor:
            self.board = previewed(self.board, self.factor)
        self._judge()

    def drop(self) -> None:
        """No board, and nothing of it to be stored: the project it belongs to is closed."""
        self._rest.stop()
        self.board, self.fixed = None, False
        self._brought, self._wanted = "", False
        self._unstored = self._reruled = False
        self.rules = load_rules()
        self.board_changed.emit()

    def set_rules(self, rules: Rules, *, rejudge: bool = True) -> None:
        """What is judged from now on; the board on the screen at once, unless it is to stay as it was."""
        self.rules = rules
        if self.board is None or self.fixed or not rejudge or self.board.for_judging(rules) is None:
            return
        self._reruled, self._brought, self._judged_at = True, "", math.nan
        self._judge()
        self._rest.start()

    def set_factor(self, factor: float) -> None:
        """In shipped thresholds of the model."""
        factor = min(max(factor, LEAST_FACTOR), MOST_FACTOR)
        if factor == self.factor:
            return
        self.factor = factor
        self.factor_changed.emit()
        if self.board is not None and not self.fixed:
            self.board = previewed(self.board, factor)
            self.board_changed.emit()
            self._judge()
        self._rest.start()

    def set_painting(self, painting: Painting | None) -> None:
        """What a person has painted on this board by now; its verdicts follow. They are stored with the next `settle`: a stroke
        is in the project already, and an inspection for each of them would bury the history. (What is painted on a signed board
        counts when it is opened again.)"""
        if self.board is None:
            return
        self.board = replace(self.board, painting=painting)
        if not self.board.can_be_judged:
            return
        self._paintings += 1
        self._brought = ""
        self._judged_at = math.nan
        self._judge()

    def place_feet(self, feet: tuple[HandFoot, ...]) -> None:
        """All feet that a person has put down on this board; they show at once, and their pads are judged with them."""
        if self.board is None or self.fixed or not self.board.can_be_judged:
            return
        self.board = self.board.with_feet(feet)
        self._judged_at = math.nan
        self.board_changed.emit()
        self._judge()
        self._rest.start()

    @property
    def pending(self) -> bool:
        """The project does not have the verdicts of the screen yet, or they are not judged yet."""
        board = self.board
        if board is None or self.fixed:
            return False
        return self._judged_at != board.factor or self._unstored or self._moved(board)

    def _moved(self, board: Board) -> bool:
        return board.factor != board.stored or board.hand != board.stored_hand or self._reruled

    @Slot()
    def settle(self) -> None:
        """Verdicts that differ from what is stored go out, as soon as they are judged; a preview never does."""
        self._rest.stop()
        self._wanted = False
        board = self.board
        if board is None or not self.pending:
            return
        if self._judged_at == board.factor:
            moved = self._moved(board)
            self._unstored = self._reruled = False
            self.board = replace(board, stored=board.factor, stored_hand=board.hand)
            (self.settled if moved else self.repainted).emit(self.board)
        elif board.can_be_judged:
            self._wanted, self._refused = True, None
            self._judge()

    def finish(self) -> None:
        """The same, and waits for it a while: the project is about to be left."""
        self.settle()
        if self._wanted or self._left:
            waiting = QEventLoop()
            self.idle.connect(waiting.quit)
            QTimer.singleShot(PATIENCE_MS, waiting, waiting.quit)
            waiting.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            self.idle.disconnect(waiting.quit)

    def worker_is_new(self) -> None:
        """It has no board at hand."""
        self._brought = ""

    def _judge(self) -> None:
        """One at a time, and again if the threshold has moved on meanwhile: a slider that never rests must not starve it."""
        board = self.board
        if board is None or self.fixed or not board.can_be_judged or self._busy:
            return
        name = self._name(board)
        what = (name, self.factor, board.hand)
        if what == self._refused:
            return
        self._busy = True
        self._jobs.start(
            "judge",
            name,
            None if self._brought == name else board.for_judging(self.rules),
            self.factor,
            board.hand,
            title="Judging",
            lane="quick",
            urgent=True,
            retries=1,
            shown=False,
            done=partial(self._on_judged, *what),
            failed=partial(self._on_failed, what),
            ended=self._on_ended,
        )

    def _on_judged(self, name: str, factor: float, hand: tuple[HandFoot, ...], pads: tuple[PadResult, ...]) -> None:
        board = self.board
        self._brought = name
        if board is None or self.fixed or name != self._name(board):
            return
        if hand != board.hand:
            return  # feet were put down meanwhile: it is judged again
        if factor == self.factor:
            before = board.pads
            self.board = board.judged(pads, factor, self.rules)
            self._unstored |= math.isnan(self._judged_at) and self.board.pads != before
            self._judged_at = factor
            self.judged.emit(self.board)
            if self._wanted:
                self.settle()
        else:
            self.board = previewed(board.judged(pads, factor, self.rules), self.factor)
        self.board_changed.emit()

    def _on_failed(self, what: object, fault: Fault) -> None:
        """The preview stays a preview: it never goes to the project."""
        self._brought = ""
        if fault.error != "LookupError":  # else a new worker that has no board yet: the next try brings it along
            self._refused, self._wanted = what, False
            self.failed.emit(fault)

    def _on_ended(self) -> None:
        self._busy = False
        if self.board is not None and self._judged_at != self.factor:
            self._judge()
        self._say_idle()

    def _judge_left(self, board: Board) -> None:
        """It goes to the project although it is not on the screen any more."""
        self._left += 1
        self._jobs.start(
            "judge",
            f"left/{self._name(board)}",
            board.for_judging(self.rules),
            board.factor,
            board.hand,
            title="Judging",
            lane="quick",
            retries=1,
            shown=False,
            done=partial(self._on_left, board, self.rules, self._moved(board)),
            failed=self.failed.emit,
            ended=self._on_left_ended,
        )

    def _on_left(self, board: Board, rules: Rules, moved: bool, pads: tuple[PadResult, ...]) -> None:
        judged = replace(board.judged(pads, board.factor, rules), stored=board.factor, stored_hand=board.hand)
        if moved or judged.pads != board.pads:
            self.judged.emit(judged)
            (self.settled if moved else self.repainted).emit(judged)
            if self.board is not None and self.board.key == board.key:  # it is back on the screen, as it was before
                self.set_board(judged)

    def _on_left_ended(self) -> None:
        self._left -= 1
        self._say_idle()

    def _say_idle(self) -> None:
        if not self._busy and not self._left:
            self.idle.emit()

    def _name(self, board: Board) -> str:
        """Of a board, its level grid, what is painted on it and the rules, for the worker."""
        return f"{board.key}/{id(board.level)}/{self._paintings}/{self.rules.sha256}"
