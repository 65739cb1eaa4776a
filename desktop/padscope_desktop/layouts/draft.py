"""The layout in the making: what it is now, what was before, which of its pads are chosen, and how it lies over the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from padscope.boards.layout import Layout
from padscope.boards.layout_edit import Edits
from padscope.boards.layout_problems import Problem, problems
from padscope.errors import PadscopeError
from padscope.types import Affine

EMPTY = Layout("new layout", (), ())


@dataclass(frozen=True)
class Frame:
    """How layout µm become picture px, in words where it is from; `found`: the board itself was seen there."""

    um_to_px: Affine
    words: str
    found: bool = False
    scaled: bool = True  # False: nobody knows how large a pixel is


class Draft(QObject):
    """Signals: changed(): another layout · chosen_changed() · frame_changed(): it lies elsewhere · refused(sentence) ·
    stepped(line of its `journal`)."""

    changed = Signal()
    chosen_changed = Signal()
    frame_changed = Signal()
    refused = Signal(str)
    stepped = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.edits = Edits(EMPTY)
        self.chosen: tuple[str, ...] = ()
        self.mark: str | None = None  # the chosen fiducial
        self.problems: tuple[Problem, ...] = problems(EMPTY)
        self.clean: Layout = EMPTY  # as it was opened, used or saved last

    @property
    def layout(self) -> Layout:
        return self.edits.now

    @property
    def touched(self) -> bool:
        """Something in it is neither saved nor in use."""
        return self.layout != self.clean

    def open(self, layout: Layout) -> None:
        """Another layout to work on; what was before can be brought back by undoing."""
        what, before = f"open {layout.name}", self.touched
        self._take(self.edits.done(what, layout) if before else Edits(layout))
        self.clean = layout
        self.choose(())
        if before:
            self.stepped.emit({"do": what, "layout": layout})
            self.stepped.emit({"saved": layout})
        else:
            self.stepped.emit({"clean": layout})

    def restore(self, edits: Edits, clean: Layout) -> None:
        """As it was left when the project was closed."""
        self.clean = clean
        self._take(edits)
        self.choose(())
        self.changed.emit()

    def do(self, what: str, change: Callable[[Layout], Layout]) -> bool:
        """One step; False where it was refused, with a word."""
        try:
            after = change(self.layout)
        except PadscopeError as error:
            self.refused.emit(str(error))
            return False
        if after != self.layout:
            self._take(self.edits.done(what, after))
            self.stepped.emit({"do": what, "layout": after})
        return True

    def undo(self) -> None:
        if self.edits.past:
            self._take(self.edits.undone())
            self.stepped.emit({"undo": 1})

    def redo(self) -> None:
        if self.edits.future:
            self._take(self.edits.redone())
            self.stepped.emit({"redo": 1})

    def kept(self, layout: Layout) -> None:
        """It is saved, or in use."""
        self.clean = layout
        self.stepped.emit({"saved": layout})
        self.changed.emit()

    def choose(self, pads: Iterable[str], mark: str | None = None) -> None:
        there = self.layout.pad
        chosen = tuple(dict.fromkeys(p for p in pads if p in there))
        if (chosen, mark) != (self.chosen, self.mark):
            self.chosen, self.mark = chosen, mark
            self.chosen_changed.emit()

    def _take(self, edits: Edits) -> None:
        if edits is self.edits:
            return
        self.edits = edits
        self.problems = problems(edits.now)
        there = edits.now.pad
        kept = tuple(p for p in self.chosen if p in there)  # what is gone is chosen no more
        mark = self.mark if any(f.name == self.mark for f in edits.now.fiducials) else None
        other, self.chosen, self.mark = (kept, mark) != (self.chosen, self.mark), kept, mark
        self.changed.emit()
        if other:
            self.chosen_changed.emit()
