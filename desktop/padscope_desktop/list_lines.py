"""Links the lines around the list of pictures, the watched folder and the serial number, with the session."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot

from padscope_desktop.inspecting.review_stock import Review
from padscope_desktop.inspecting.reviewing import Reviewing
from padscope_desktop.inspecting.together import lines_of
from padscope_desktop.panels.modes import ModeBar
from padscope_desktop.panels.pictures import PicturesPanel
from padscope_desktop.session import Session
from padscope_desktop.watching import state_words


class ListLines(QObject):
    def __init__(self, session: Session, pictures: PicturesPanel, mode_bar: ModeBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._pictures = pictures
        self._mode_bar = mode_bar
        pictures.serial.entered.connect(self._on_serial)
        pictures.together_wanted.connect(session.together.start)
        pictures.watch.stop_wanted.connect(session.watching.stop)
        session.watching.changed.connect(self._on_watching)
        session.entry_changed.connect(self._on_entry)
        session.labelling.states_changed.connect(self.show_labels)
        session.album_changed.connect(self.show_labels)
        session.current_changed.connect(self._show_serial)

    @Slot()
    def _on_watching(self) -> None:
        watching = self._session.watching
        self._pictures.watch.set_state(*state_words(watching), str(watching.folder or ""))

    @Slot()
    def show_labels(self) -> None:
        """How far the label of every picture is; quietly, where nothing changed."""
        states = self._session.labelling.states
        changed = [e for e in self._session.album.entries.values() if e.label != states.get(e.sha256, "")]
        for entry in changed:
            entry.label = states.get(entry.sha256, "")
        if len(changed) == 1:
            self._pictures.refresh(changed[0].key)
        elif changed:
            self._pictures.refresh_all()

    @Slot(object)
    def show_signature(self, review: Review) -> None:
        """Of an inspection, as the project has it."""
        signed_by = review.signature.author if review.signature is not None else ""
        for entry in self._session.album.entries.values():
            if entry.inspection == review.inspection and entry.signed_by != signed_by:
                entry.signed_by = signed_by
                self._pictures.refresh(entry.key)

    def follow(self, reviewing: Reviewing) -> None:
        reviewing.stored.connect(self.show_signature)
        reviewing.changed.connect(partial(self._show_counts, reviewing))

    def _show_counts(self, reviewing: Reviewing) -> None:
        """The board on the screen with what a person decided, on the lines of all its pictures."""
        board = reviewing.standing
        if board is None:
            return
        counts = board.pad_map.counts()
        for entry in lines_of(board, self._session.album):
            if entry.counts != counts:
                entry.counts = counts
                self._pictures.refresh(entry.key)

    @Slot(str)
    def _on_serial(self, serial: str) -> None:
        if self._session.current is not None:
            self._session.set_module(self._session.current, serial)

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        if key == self._session.current:
            self._show_serial()

    @Slot()
    def _show_serial(self) -> None:
        key = self._session.current
        entry = self._session.album.entries.get(key) if key is not None else None
        module = entry.module if entry is not None else ""
        self._pictures.serial.set_serial(module, entry is not None)
        self._mode_bar.set_module(f"Board {module}" if module else "")
