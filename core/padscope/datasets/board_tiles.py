"""The pads of several board pictures as one source of tiles, decoded again at each walk so that memory does not grow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from padscope.boards.layout import Layout
from padscope.datasets.pad_tiles import PadCut, pad_batches, pad_cuts
from padscope.types import Affine, Tiles

BORDER_PX = 64
"""How far a pad's mirror image continues around it: enough that the network's own border does not reach the pad."""


@dataclass(frozen=True)
class PosedBoard:
    """A picture whose board has been found. `open` gives an object with width, height and read(box); `hidden` are pads that lie
    inside the picture and are not shown by it; `near` is by pad the pose right around it, where the picture is bent."""

    name: str
    open: Callable[[], AbstractContextManager[Any]]
    um_to_px: Affine
    width: int
    height: int
    hidden: Collection[str] = ()
    near: Mapping[str, Affine] = field(default_factory=dict)

    def cuts(self, layout: Layout) -> list[PadCut]:
        cuts = pad_cuts(layout, self.um_to_px, self.width, self.height, BORDER_PX, self.near)
        return [replace(c, seen=False) if c.pad.id in self.hidden else c for c in cuts]


class BoardTiles:
    """A TileSource over some pads of some boards; `leave_out` names pads as (board name, pad id)."""

    def __init__(
        self,
        boards: Sequence[PosedBoard],
        layout: Layout,
        *,
        leave_out: Collection[tuple[str, str]] = (),
        mirrored: bool = True,
        batch: int = 8,
    ) -> None:
        self._boards = tuple(boards)
        self._layout = layout
        self._leave_out = frozenset(leave_out)
        self._mirrored = mirrored
        self._batch = batch

    def __len__(self) -> int:
        return sum(len(self._cuts(board)) for board in self._boards)

    def __iter__(self) -> Iterator[Tiles]:
        for board in self._boards:
            with board.open() as picture:
                for _, tiles in pad_batches(
                    picture,
                    self._cuts(board),
                    board.um_to_px,
                    name=board.name,
                    batch=self._batch,
                    mirrored=self._mirrored,
                ):
                    yield tiles

    def _cuts(self, board: PosedBoard) -> list[PadCut]:
        return [c for c in board.cuts(self._layout) if c.seen and (board.name, c.pad.id) not in self._leave_out]
