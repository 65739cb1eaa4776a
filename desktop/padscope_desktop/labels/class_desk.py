"""What a person does to the classes in the panel: chosen, renamed, recoloured, moved, added, merged."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from padscope_desktop.panels.classes import ClassesPanel
from padscope_desktop.session import Session


class ClassDesk(QObject):
    """Links the list of classes with the project's."""

    def __init__(self, session: Session, panel: ClassesPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._labelling = session.labelling
        self._panel = panel
        for signal, slot in (
            (self._labelling.classes_changed, self._on_classes),
            (panel.chosen, self._labelling.choose),
            (panel.renamed, self._on_renamed),
            (panel.recoloured, self._on_recoloured),
            (panel.moved, self._on_moved),
            (panel.add_wanted, self._labelling.add_class),
            (panel.merge_wanted, self._labelling.merge_class),
        ):
            signal.connect(slot)

    def choose_at(self, at: int, *_: object) -> None:
        """By its place in the list, from 0."""
        offered = self._labelling.offered
        if at < len(offered):
            self._labelling.choose(offered[at].value)
            self._session.mentioned.emit(f"Painting {offered[at].name}")

    @Slot()
    def _on_classes(self) -> None:
        self._panel.set_classes(self._labelling.offered, self._labelling.active)

    @Slot(int, str)
    def _on_renamed(self, value: int, name: str) -> None:
        self._change(value, name=name)

    @Slot(int, str)
    def _on_recoloured(self, value: int, colour: str) -> None:
        self._change(value, colour=colour)

    def _change(self, value: int, *, name: str = "", colour: str = "") -> None:
        rows = [c for c in self._labelling.classes if c.value == value]
        self._labelling.change_classes([replace(c, name=name or c.name, colour=colour or c.colour) for c in rows])

    @Slot(int, int)
    def _on_moved(self, value: int, by: int) -> None:
        """Places are numbered afresh, so that two never share one."""
        rows = list(self._labelling.offered)
        at = next((i for i, c in enumerate(rows) if c.value == value), -1)
        if at >= 0 and 0 <= at + by < len(rows):
            rows[at], rows[at + by] = rows[at + by], rows[at]
            self._labelling.change_classes([replace(c, position=i) for i, c in enumerate(rows, start=1)])
