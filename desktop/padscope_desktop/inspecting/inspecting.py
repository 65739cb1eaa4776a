"""Inspections from the wish to the verdicts: what was painted is asked for first, then each picture takes its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult
from padscope.boards.rules import Rules
from padscope.types import Progress, Scale
from padscope_desktop import stock
from padscope_desktop.album import Entry
from padscope_desktop.background.payloads import Inspected, ModelCard
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board, board_of
from padscope_desktop.messages import Choice, Message, about_fault

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.workflows.painting import Painting
    from padscope_desktop.session import Session

Clicks = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Wish:
    """What a picture is to be inspected with; the layout and the model that were chosen when it was asked for."""

    key: int
    layout: Layout
    model: ModelCard
    clicks: Clicks | None


def with_own_scale(pad_map: PadMap, own: Scale | None) -> PadMap:
    """What a person measured was given to the worker as typed; the pad map says which of the two it was."""
    if own is None or pad_map.picture.scale.um_per_px != own.um_per_px:
        return pad_map
    return replace(pad_map, picture=replace(pad_map.picture, scale=own))


def with_module(pad_map: PadMap, module: str) -> PadMap:
    """What a person typed goes before what the file's name says."""
    return replace(pad_map, picture=replace(pad_map.picture, module=module)) if module else pad_map


class Inspecting(QObject):
    """Runs for a session, through its jobs and its keeper; results go to `Session.take_board`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._unhashed: dict[int, Callable[[Any], None]] = {}

    def start(self, keys: Iterable[int], layout: Layout, model: ModelCard, clicks: Clicks | None) -> None:
        self._session.judging.settle()
        for key in keys:
            entry = self._entry(key)
            if entry is None or entry.waiting or entry.fraction is not None:
                continue
            entry.waiting, entry.failed = True, ""
            self._session.settled.emit(f"inspect {key}")
            self._session.entry_changed.emit(key)
            start = partial(self._start, Wish(key, layout, model, clicks))
            if entry.sha256:
                self._ask_painting(entry, start)
            else:
                self._unhashed[key] = start  # its file is still being read; what was painted on it is known by its hash

    def picture_read(self, entry: Entry) -> None:
        """Its hash is known now."""
        start = self._unhashed.pop(entry.key, None)
        if start is not None:
            self._ask_painting(entry, start)

    def picture_unreadable(self, key: int, fault: Fault) -> None:
        if self._unhashed.pop(key, None) is not None:
            self._on_refused(key, fault)

    def forget(self) -> None:
        self._unhashed.clear()

    def _entry(self, key: int) -> Entry | None:
        return self._session.album.entries.get(key)

    def _ask_painting(self, entry: Entry, start: Callable[[Any], None]) -> None:
        question = partial(stock.carried, picture_sha256=entry.sha256)
        self._session.keeper.ask(question, done=start, failed=partial(self._on_refused, entry.key))

    def _start(self, wish: Wish, carried: tuple[Painting | None, tuple[HandFoot, ...]]) -> None:
        entry = self._entry(wish.key)
        painting, feet = carried
        if entry is None:
            return
        self._session.jobs.start(
            "inspect",
            entry.path,
            wish.layout,
            wish.model.path,
            self._session.judging.factor,
            entry.own_scale.um_per_px if entry.own_scale is not None else None,
            dict(wish.clicks) if wish.clicks else None,
            painting,
            self._session.judging.rules,
            title=f"Inspecting {entry.name}",
            done=partial(self._on_inspected, wish, painting, feet),
            progressed=partial(self._on_progress, wish.key),
            failed=partial(self._on_failed, wish.key),
            ended=partial(self._on_ended, wish.key),
        )

    def _on_progress(self, key: int, progress: Progress) -> None:
        entry = self._entry(key)
        if entry is not None:
            entry.waiting, entry.fraction = False, progress.fraction
            self._session.entry_changed.emit(key)

    def _on_ended(self, key: int) -> None:
        entry = self._entry(key)
        if entry is not None:
            entry.waiting, entry.fraction = False, None
            self._session.entry_changed.emit(key)

    def _on_inspected(
        self, wish: Wish, painting: Painting | None, feet: tuple[HandFoot, ...], found: Inspected
    ) -> None:
        entry = self._entry(wish.key)
        if entry is not None:
            pad_map = with_own_scale(with_module(found.pad_map, entry.module), entry.own_scale)
            board = board_of(wish.key, pad_map, wish.layout, found.level, found.seconds, found.device, painting)
            if found.pad_map.notes:
                headline = f"{found.pad_map.picture.file}: something to know before its verdicts are used."
                self._session.said.emit(Message("notes", headline, " ".join(found.pad_map.notes)))
            self.finish(board, feet)

    def finish(self, board: Board, feet: tuple[HandFoot, ...]) -> None:
        shown = self._session.judging.board
        if shown is not None and (shown.key, shown.facts.sha256) == (board.key, board.facts.sha256):
            feet = shown.hand  # also those that were put down while the inspection ran
        judging = self._session.judging
        late = board.factor != judging.factor or board.pad_map.provenance.rules_sha256 != judging.rules.sha256
        if (late or feet != board.hand) and board.can_be_judged:
            self._judge_again(board, feet)
        else:
            self._take(board)

    def _take(self, board: Board) -> None:
        if board.key == self._session.current:
            self._session.judging.settle()  # before the new one, so that the new one is the newest
        self._session.take_board(board)
        if board.key == self._session.current:
            self._session.judging.set_board(board)

    def _judge_again(self, board: Board, feet: tuple[HandFoot, ...]) -> None:
        """At the threshold and by the rules of now, which may have moved while it was inspected. Feet that a person put down
        before stay where they still fit; a pad where one does not says so."""
        factor, rules = self._session.judging.factor, self._session.judging.rules
        self._session.jobs.start(
            "judge",
            f"feet/{board.key}/{id(board.level)}/{rules.sha256}",
            board.for_judging(rules),
            factor,
            feet,
            title="Judging",
            lane="quick",
            retries=1,
            shown=False,
            done=partial(self._on_judged, board, factor, rules, feet),
            failed=partial(self._on_failed, board.key),
        )

    def _on_judged(
        self, board: Board, factor: float, rules: Rules, feet: tuple[HandFoot, ...], pads: tuple[PadResult, ...]
    ) -> None:
        if self._entry(board.key) is not None:
            judged = board.judged(pads, factor, rules)
            self.finish(replace(judged, stored=factor, hand=feet, stored_hand=feet), feet)

    def _on_refused(self, key: int, fault: Fault) -> None:
        self._on_ended(key)
        self._on_failed(key, fault)

    def _on_failed(self, key: int, fault: Fault) -> None:
        entry = self._entry(key)
        if entry is None:
            return
        entry.failed = fault.sentence
        what = f"{entry.name} was not inspected."
        again = Choice("Try again", partial(self._session.inspect, [key]))
        if fault.error == "PoseError":
            what = f"The board was not found in {entry.name}."
            again = Choice("Click its marks", partial(self._session.pose_wanted.emit, key))
        self._session.said.emit(about_fault(f"inspect {key}", what, fault, again))
