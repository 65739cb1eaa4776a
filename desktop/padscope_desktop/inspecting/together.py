"""One board on several pictures, its left and right edge photographed separately: inspected together, gone through as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from padscope.boards.layout import Layout
from padscope.types import Progress
from padscope_desktop import stock
from padscope_desktop.album import Album, Entry
from padscope_desktop.background.payloads import Inspected, ModelCard
from padscope_desktop.background.protocol import Fault
from padscope_desktop.inspecting.board import Board, Part, board_of, seen_in
from padscope_desktop.inspecting.inspecting import with_module, with_own_scale
from padscope_desktop.messages import Choice, Message, about_fault
from padscope_desktop.viewer.canvas import Canvas

if TYPE_CHECKING:
    from padscope.boards.hand_feet import HandFoot
    from padscope.workflows.painting import Painting
    from padscope_desktop.session import Session

TOO_FEW = "Choose two or more pictures of one board in the list first (Ctrl or Shift with a click)"


def lines_of(board: Board, album: Album) -> list[Entry]:
    """The pictures whose newest inspection it is; the one on the screen is the first."""
    own = album.entries[board.key]
    shas = [facts.sha256 for facts in board.pad_map.pictures()]
    return [own, *(e for e in _of(shas, album) if e is not own and e.inspection == own.inspection)]


def _of(shas: Sequence[str], album: Album) -> list[Entry]:
    """The first line of each picture, in their order."""
    known = {e.sha256: e for e in reversed(album.entries.values())}
    return [known[sha] for sha in shas if sha in known]


def seen_from(board: Board, line: Entry) -> Board:
    """As it shows when this picture of it is on the screen."""
    if line.key == board.key:
        return board
    shas = [facts.sha256 for facts in board.pad_map.pictures()]
    return seen_in(board, shas.index(line.sha256), line.key)


def files_of(board: Board, album: Album) -> list[Path]:
    """The files of the map's pictures, in its order."""
    own = album.entries[board.key]
    known = {e.sha256: e.path for e in reversed(album.entries.values())}
    facts = board.pad_map.pictures()
    return [own.path if k == board.picture else known.get(f.sha256, Path(f.file)) for k, f in enumerate(facts)]


@dataclass(frozen=True)
class Asked:
    """Which pictures, in the map's order, and what they are inspected with."""

    lines: tuple[Entry, ...]
    layout: Layout
    model: ModelCard


class Together(QObject):
    """Runs for a session, through its jobs and its keeper."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    def again(self, line: Entry) -> None:
        """All pictures of the board on this one."""
        self.start([e.key for e in _of(line.together, self._session.album)])

    @Slot(object)
    def start(self, keys: Sequence[int]) -> None:
        s = self._session
        lines = tuple(s.album.entries[k] for k in keys if k in s.album.entries)
        if s.layout is None or s.model is None:
            s.mentioned.emit("Choose a layout and a model first")
        elif refusal := why_not(lines):
            s.mentioned.emit(refusal)
        else:
            s.judging.settle()
            for line in lines:
                line.waiting, line.failed = True, ""
                s.settled.emit(f"inspect {line.key}")
                s.entry_changed.emit(line.key)
            asked = Asked(lines, s.layout, s.model)
            question = partial(stock.carried_together, pictures=[e.sha256 for e in lines])
            s.keeper.ask(question, done=partial(self._start, asked), failed=partial(self._on_refused, asked))

    def _start(self, asked: Asked, carried: tuple[dict[str, Painting], tuple[HandFoot, ...]]) -> None:
        paintings, feet = carried
        s, lines = self._session, asked.lines
        s.jobs.start(
            "inspect_together",
            [e.path for e in lines],
            asked.layout,
            asked.model.path,
            s.judging.factor,
            [e.own_scale.um_per_px if e.own_scale is not None else None for e in lines],
            paintings,
            s.judging.rules,
            title=f"Inspecting {names(lines)} together",
            done=partial(self._on_inspected, asked, paintings, feet),
            progressed=partial(self._on_progress, asked),
            failed=partial(self._on_failed, asked),
            ended=partial(self._on_ended, asked),
        )

    def _on_progress(self, asked: Asked, progress: Progress) -> None:
        for line in asked.lines:
            line.waiting, line.fraction = False, progress.fraction
            self._session.entry_changed.emit(line.key)

    def _on_ended(self, asked: Asked) -> None:
        for line in asked.lines:
            line.waiting, line.fraction = False, None
            self._session.entry_changed.emit(line.key)

    def _on_inspected(
        self, asked: Asked, paintings: dict[str, Painting], feet: tuple[HandFoot, ...], found: Inspected
    ) -> None:
        s, lines = self._session, asked.lines
        if any(s.album.entries.get(e.key) is not e for e in lines):
            return  # the project was left
        for line in lines:
            line.inspection = 0  # what each of them had before is not its newest any more
        first = lines[0]
        module = next((e.module for e in lines if e.module), "")
        pad_map = with_own_scale(with_module(found.pad_map, module), first.own_scale)
        levels = (found.level, *found.others)
        parts = tuple(Part(g, paintings.get(f.sha256)) for g, f in zip(levels, pad_map.pictures(), strict=True))
        painting = parts[0].painting
        board = board_of(first.key, pad_map, asked.layout, found.level, found.seconds, found.device, painting, parts)
        shown = next((e for e in lines if e.key == s.current), first)
        if pad_map.notes:
            headline = f"{names(lines)}: something to know before its verdicts are used."
            s.said.emit(Message("notes", headline, " ".join(pad_map.notes)))
        s.inspecting.finish(seen_from(board, shown), feet)

    def _on_refused(self, asked: Asked, fault: Fault) -> None:
        self._on_ended(asked)
        self._on_failed(asked, fault)

    def _on_failed(self, asked: Asked, fault: Fault) -> None:
        keys = [e.key for e in asked.lines]
        for line in asked.lines:
            line.failed = fault.sentence
        what = f"{names(asked.lines)} were not inspected together."
        again = Choice("Try again", partial(self.start, keys))
        self._session.said.emit(about_fault(f"inspect {keys[0]}", what, fault, again))


def why_not(lines: Sequence[Entry]) -> str:
    """One sentence where these pictures cannot be inspected together now."""
    if len(lines) < 2:
        return TOO_FEW
    for e in lines:
        if e.missing:
            return f"{e.name} cannot be read; choose the other pictures alone"
        if not e.sha256:
            return f"{e.name} is still being read; try again in a moment"
        if e.waiting or e.fraction is not None:
            return f"{e.name} is being inspected; wait for it, or cancel it first (Ctrl+.)"
    modules = sorted({e.module for e in lines if e.module})
    if len(modules) > 1:
        return f"These are pictures of different boards ({', '.join(modules)}); choose those of one"
    return ""


def names(lines: Sequence[Entry]) -> str:
    """A title, so not all of many."""
    if len(lines) == 2:
        return f"{lines[0].name} and {lines[1].name}"
    return f"{lines[0].name} and {len(lines) - 1} more"


class Jump:
    """To a pad wherever it was judged: in this picture, or in another one of the board, at the same zoom."""

    def __init__(self, session: Session, canvas: Canvas, select: Callable[[str], None]) -> None:
        self._session = session
        self._canvas = canvas
        self._select = select
        self._under_way: tuple[int, str, float | None] | None = None  # picture, pad, zoom (None: to the pad)

    def here(self, pad: str) -> bool:
        board = self._session.judging.board
        return board is None or board.here(pad)

    def to(self, pad: str, *, zoom: bool = False) -> None:
        board = self._session.judging.board
        if board is None or board.here(pad):
            (self._canvas.zoom_to_pad if zoom else self._canvas.reveal_pad)(pad)
            return
        s = self._session
        facts = board.pad_map.pictures()[board.pad_map.place(pad).picture]
        goal = next((e for e in lines_of(board, s.album) if e.sha256 == facts.sha256), None)
        if goal is None:
            s.mentioned.emit(f"{pad} was judged in {facts.file}, which is not here or was inspected again since")
            return
        close = not zoom and not self._canvas.fits
        self._under_way = (goal.key, pad, self._canvas.view.zoom if close else None)
        s.show(goal.key)

    def land(self) -> None:
        """The picture and its board are on the screen by now, perhaps."""
        board, goal = self._session.judging.board, self._under_way
        if goal is None or self._session.current != goal[0]:
            self._under_way = None
            return
        key, pad, zoom = goal
        bounds = self._canvas.pads.bounds_of(pad)
        if board is None or board.key != key or bounds is None:
            return
        self._under_way = None
        self._select(pad)
        if zoom is None:
            self._canvas.zoom_to_pad(pad)
        else:
            self._canvas.look_at(zoom, (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
