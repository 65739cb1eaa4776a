"""Which picture is on the screen: another becomes the current one, and comes onto the canvas coarse first, then as it arrives."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal, Slot

from padscope_desktop.display import Shown
from padscope_desktop.modes import Mode
from padscope_desktop.panels.pictures import PicturesPanel
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.look import WHOLE_SPAN


class OnScreen(QObject):
    """Signals: left(): the picture before is not on the screen any more · shown(): another one is, or more of it."""

    left = Signal()
    shown = Signal()

    def __init__(
        self, session: Session, canvas: Canvas, pictures: PicturesPanel, modes: Iterable[Mode], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._pictures = pictures
        self._modes = tuple(modes)
        self._key: int | None = None

    @Slot()
    def on_current(self) -> None:
        """The thumbnail at once, so that nobody takes the picture before for this one."""
        key = self._session.current
        self._pictures.set_current(key)
        self.left.emit()
        entry = self._session.album.entries.get(key) if key is not None else None
        self._key = None
        thumbnail = entry.thumbnail if entry is not None else None
        if thumbnail is not None:
            self.on_arrived(Shown(thumbnail.card, [thumbnail.pixels], WHOLE_SPAN, False))
        else:
            self._canvas.set_picture(0, 0, [])
        self.shown.emit()

    @Slot(object)
    def on_arrived(self, shown: Shown) -> None:
        key = self._session.current
        if key == self._key:
            self._canvas.set_levels(shown.levels, shown.span)
        else:
            self._key = key
            self._canvas.set_picture(shown.card.width, shown.card.height, shown.levels, shown.span)
            self._canvas.set_factor(self._session.judging.shown_factor)
            for mode in self._modes:
                mode.redraw()
        self.shown.emit()

    @Slot(int)
    def choose(self, key: int) -> None:
        if key != self._session.current:
            self._session.show(key)

    def step(self, step: int, *_: object) -> None:
        key = self._session.album.neighbour(self._session.current, step)
        if key is not None:
            self.choose(key)
