"""Undo and redo as data: what was done and what was taken back, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Step = TypeVar("Step")


@dataclass(frozen=True, slots=True)
class Undo(Generic[Step]):
    """Steps that were done and can be undone, and steps that were undone and can be done again; the next one is the last."""

    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()

    def after(self, step: Step) -> Undo[Step]:
        """A new step was done; what had been undone before it can no longer be done again."""
        return Undo((*self.done, step))

    def back(self) -> tuple[Undo[Step], Step | None]:
        """The last step is undone: what to apply, or None where there is nothing."""
        if not self.done:
            return self, None
        return Undo(self.done[:-1], (*self.undone, self.done[-1])), self.done[-1]

    def forth(self) -> tuple[Undo[Step], Step | None]:
        """The step undone last is done again."""
        if not self.undone:
            return self, None
        return Undo((*self.done, self.undone[-1]), self.undone[:-1]), self.undone[-1]
