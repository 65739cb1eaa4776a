"""The verdicts of the pictures: the last few at hand, the newest on their way into the project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from padscope.boards.pad_map import PictureFacts
from padscope_desktop import stock
from padscope_desktop.album import Entry
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board
from padscope_desktop.inspecting.together import files_of, lines_of, seen_from
from padscope_desktop.messages import about_fault

if TYPE_CHECKING:
    from padscope_desktop.session import Session

AT_HAND = 8


class BoardsAtHand(QObject):
    """The newest board of a picture is here before the project has it; older ones are fetched from the project."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._boards: dict[int, Board] = {}

    def of(self, key: int) -> Board | None:
        return self._boards.get(key)

    def forget(self, key: int) -> None:
        self._boards.pop(key, None)

    def clear(self) -> None:
        self._boards.clear()

    @Slot(object)
    def store(self, board: Board) -> None:
        """Into the project, for every picture the board was taken on."""
        album = self._session.album
        if board.key not in album.entries:
            return  # of a project that was left
        lines = lines_of(board, album)
        for line in lines:
            line.storing += 1
            self._keep(seen_from(board, line))
        self._session.keeper.ask(
            partial(stock.store_board, board=board, pictures=files_of(board, album)),
            done=partial(self._on_stored, lines, board.pad_map.pictures()),
            failed=partial(self._on_not_stored, lines),
        )

    def _keep(self, board: Board) -> None:
        self._boards.pop(board.key, None)
        self._boards[board.key] = board
        if len(self._boards) > AT_HAND:
            del self._boards[next(iter(self._boards))]

    def _on_stored(self, lines: list[Entry], pictures: tuple[PictureFacts, ...], inspection: int) -> None:
        shas = tuple(facts.sha256 for facts in pictures)
        together = shas if shas[1:] else ()
        for entry in lines:
            entry.storing -= 1
            if self._session.album.entries.get(entry.key) is entry and entry.sha256 in ("", *shas):
                entry.inspection, entry.signed_by, entry.together = inspection, "", together
                self._session.entry_changed.emit(entry.key)

    def _on_not_stored(self, lines: list[Entry], fault: Fault) -> None:
        for entry in lines:
            entry.storing -= 1
        self._session.said.emit(about_fault("store", f"The inspection of {lines[0].name} was not saved.", fault))
