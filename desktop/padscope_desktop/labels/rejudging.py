"""What is painted wins over heat: when the brush has rested, the board's verdicts are renewed with the label as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from padscope_desktop.labels.labelling import Labelling

if TYPE_CHECKING:
    from padscope.workflows.painting import Painting
    from padscope_desktop.session import Session

SIGNED = "The pad map is signed: what is painted changes its verdicts only when it is opened again (Board menu)"


class Rejudging(QObject):
    def __init__(self, session: Session, labelling: Labelling) -> None:
        super().__init__(session)
        self._session = session
        self._labelling = labelling
        self._seen: object = None  # the level grid of the board that was last looked at
        labelling.rested.connect(self._on_rested)
        labelling.loaded.connect(self._on_loaded)
        session.judging.board_changed.connect(self._on_board)

    @Slot()
    def _on_board(self) -> None:
        board = self._session.judging.board
        level = board.level if board is not None else None
        if level is not self._seen:
            self._seen = level
            self._on_loaded()

    @Slot()
    def _on_loaded(self) -> None:
        """Strokes may be newer than the stored verdicts: the window was killed, or the picture was painted on elsewhere."""
        mask = self._labelling.mask
        if mask is not None and not mask.empty:
            self.renew()

    @Slot()
    def _on_rested(self) -> None:
        self.renew()
        if self._session.judging.fixed:
            self._session.mentioned.emit(SIGNED)

    @Slot()
    def renew(self) -> None:
        board, labelling = self._session.judging.board, self._labelling
        if board is None or not labelling.picture or board.facts.sha256 != labelling.picture:
            return
        self._session.judging.set_painting(self._painting())

    def _painting(self) -> Painting | None:
        """A copy: it travels to a worker while painting goes on."""
        from padscope.workflows.painting import FINISHED, Painting

        mask, row = self._labelling.mask, self._labelling.row
        if mask is None or (row is None and mask.empty) or (row is not None and row.state == "rejected"):
            return None
        return Painting(mask.copy(), self._labelling.names, row is not None and row.state in FINISHED)
