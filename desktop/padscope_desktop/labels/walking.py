"""From pad to pad and from picture to picture that nobody has reviewed, seen at the same zoom."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from padscope_desktop.inspecting.board import worst_first
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.view import View


class Walk(QObject):
    """`pad`: where it stands now."""

    def __init__(self, session: Session, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.labelling = session.labelling
        self.pad: str | None = None
        self._kept: View | None = None  # to show the next picture the same way
        session.judging.board_changed.connect(self._on_board)
        canvas.pad_clicked.connect(self._on_pad)

    @Slot()
    def _on_board(self) -> None:
        board = self.session.judging.board
        if board is None or self.pad not in board.geometry.shapes:
            self.pad = None

    @Slot(object)
    def _on_pad(self, pad: str | None) -> None:
        self.pad = pad

    def _pads(self) -> list[str]:
        """That nobody has agreed with yet, worst first."""
        board = self.session.judging.board
        names = [p.pad for p in worst_first(board.pads) if board.here(p.pad)] if board is not None else []
        return [n for n in names if n not in self.labelling.looked_at]

    def step(self, by: int) -> None:
        """The next pad that nobody has looked at, at the same zoom."""
        pads = self._pads()
        if not pads:
            there = self.session.judging.board is not None
            self.session.mentioned.emit(
                "All pads are looked at" if there else "Inspect this picture to go from pad to pad"
            )
            return
        at = pads.index(self.pad) + by if self.pad in pads else 0
        self.pad = pads[at % len(pads)]
        self.canvas.set_selected(self.pad)
        bounds = self.canvas.pads.bounds_of(self.pad)
        if bounds is not None and not self.canvas.fits:
            self.canvas.centre_on((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
        elif bounds is not None:
            self.canvas.zoom_to_pad(self.pad)

    def agree(self) -> None:
        """What the label says of this pad is right; the next one."""
        pads = self._pads()
        if self.pad in pads:
            following = pads[(pads.index(self.pad) + 1) % len(pads)]
            self.labelling.look_at(self.pad)
            self.pad = following if following != self.pad else None
            self.step(0)
        else:
            self.step(1)

    def step_picture(self, by: int, *_: object) -> None:
        """The next picture whose label is not reviewed, seen at the same place and zoom."""
        entries = list(self.session.album.entries.values())
        keys = [e.key for e in entries]
        at = keys.index(self.session.current) if self.session.current in keys else 0
        for i in range(1, len(entries)):
            entry = entries[(at + by * i) % len(entries)]
            if self.labelling.states.get(entry.sha256) != "accepted":
                self._kept = None if self.canvas.fits else self.canvas.view
                self.session.show(entry.key)
                return
        self.session.mentioned.emit("No other picture waits for a review")

    def show_as_before(self) -> None:
        """Once, when the next picture is on the canvas."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self.canvas.zoom_by(kept.zoom / self.canvas.view.zoom)
            self.canvas.centre_on(kept.cx, kept.cy)
