"""What is done beside the work itself: files for others, the demo, other pictures' verdicts at a new threshold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from padscope.boards.pad_map import PadResult
from padscope.boards.rules import Rules
from padscope_desktop import settings, stock
from padscope_desktop.background.payloads import DemoFiles
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.together import files_of, lines_of
from padscope_desktop.messages import about_fault

if TYPE_CHECKING:
    from padscope_desktop.session import Session


class Errands(QObject):
    """Runs them for a session, through its jobs and its keeper."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._stale: list[int] = []
        session.judging.settled.connect(self._on_settled)

    def export(self, board: Board, folder: Path) -> None:
        """Pad map, bond map and PDF, as `padscope inspect` writes them."""
        entry = self._session.album.entries[board.key]
        pictures = files_of(board, self._session.album)
        self._session.judging.settle()
        self._session.jobs.start(
            "export",
            replace(board.pad_map, picture=replace(board.pad_map.picture, module=entry.module)),
            board.layout,
            pictures[0],
            folder,
            *((pictures[1:],) if pictures[1:] else ()),
            title=f"Exporting {entry.name}",
            urgent=True,
            done=partial(self._on_exported, board),
            failed=partial(self._say, "export", "The pad map was not exported."),
        )

    def _on_exported(self, board: Board, files: list[Path]) -> None:
        self._session.settled.emit("export")
        self._session.mentioned.emit(f"Written: {', '.join(f.name for f in files)} in {files[0].parent}")
        self._session.keeper.ask(partial(stock.note_export, files=files, picture=board.pad_map.picture.sha256))

    def start_demo(self) -> None:
        """A small board drawn by Padscope itself."""
        self._session.jobs.start(
            "draw_demo",
            settings.data_folder() / "demo",
            title="Drawing the demo",
            lane="quick",
            done=self._on_demo_drawn,
            failed=partial(self._say, "project", "The demo could not be drawn."),
        )

    def _on_demo_drawn(self, demo: DemoFiles) -> None:
        self._session.add_pictures(demo.pictures)
        self._session.choose_layout(demo.layout)

    # The other pictures at a new threshold, or by other rules

    @Slot(object)
    def _on_settled(self, board: Board) -> None:
        """One after the other, behind everything else: what the list says of a picture is never at an old threshold for long."""
        idle = not self._stale
        factor = self._session.judging.factor
        self._session.keeper.ask(
            partial(stock.store_threshold, factor=factor),
            failed=partial(self._say, "store", "The threshold was not saved."),
        )
        entries = self._session.album.entries.values()
        if board.key not in self._session.album.entries:
            return
        own = self._session.album.entries[board.key].inspection
        others = {e.inspection: e.key for e in entries if e.inspection not in (0, own) and e.key != board.key}
        self._stale = list(others.values())  # of a board that several pictures show, one of them
        if idle:
            self._fetch_next()

    def _fetch_next(self) -> None:
        while self._stale:
            entry = self._session.album.entries.get(self._stale.pop(0))
            if entry is not None and entry.key != self._session.current:
                self._session.keeper.ask(
                    partial(stock.unsigned_board, inspection=entry.inspection, key=entry.key, picture=entry.sha256),
                    done=partial(self._on_fetched, entry.inspection),
                    failed=self._on_skipped,
                )
                return

    def _on_fetched(self, inspection: int, board: Board | None) -> None:
        if board is None:  # signed
            self._fetch_next()
            return
        factor, rules = self._session.judging.factor, self._session.judging.rules
        same = board.factor == factor and board.pad_map.provenance.rules_sha256 == rules.sha256
        if same or board.for_judging(rules) is None or board.key not in self._session.album.entries:
            self._fetch_next()
            return
        self._session.jobs.start(
            "judge",
            f"other/{board.key}/{id(board.level)}/{rules.sha256}",
            board.for_judging(rules),
            factor,
            board.hand,
            title="Judging",
            lane="quick",
            shown=False,
            done=partial(self._on_rejudged, inspection, board, factor, rules),
            ended=self._fetch_next,
        )

    def _on_rejudged(
        self, inspection: int, board: Board, factor: float, rules: Rules, pads: tuple[PadResult, ...]
    ) -> None:
        """Unless it was inspected, merged or signed meanwhile, or is on the screen: then it is another's to judge."""
        s = self._session
        entry = s.album.entries.get(board.key)
        if entry is None or entry.inspection != inspection or entry.storing or entry.signed_by:
            return
        if all(line.key != s.current for line in lines_of(board, s.album)):
            s.take_board(replace(board.judged(pads, factor, rules), stored=factor))

    def _on_skipped(self, _: Fault) -> None:
        self._fetch_next()

    def _say(self, topic: str, what: str, fault: Fault) -> None:
        self._session.said.emit(about_fault(topic, what, fault))
