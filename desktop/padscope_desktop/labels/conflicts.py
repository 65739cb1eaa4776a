"""Two masks of one picture, after a merge: shown part by part, resolved by a person, nothing dropped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from padscope.masks.class_mask import ClassMask
from padscope_desktop.background.protocol import Fault
from padscope_desktop.messages import about_fault
from padscope_desktop.panels.conflict_bar import ConflictBar
from padscope_desktop.quantities import number
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.mask_layer import MaskLayer

if TYPE_CHECKING:
    from padscope.store.conflicts import MaskConflict
    from padscope.store.database import Project

THEIRS = "#FFFFFF"
ROOM = 2.0


class Conflicts(QObject):
    """One picture after the other. Mine is filled as always, theirs lies over it as a white outline."""

    def __init__(self, session: Session, canvas: Canvas, bar: ConflictBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._canvas = canvas
        self._bar = bar
        self._open: list[MaskConflict] = []
        self._take: dict[str, str] = {}
        self.layer = MaskLayer()
        self.layer.set_colours(dict.fromkeys(range(1, 256), THEIRS))
        self.layer.set_look(0.0, True)
        canvas.layers.under.append(self.layer)
        bar.taken.connect(self._on_taken)
        bar.all_taken.connect(self._on_all_taken)
        bar.later.connect(self.end)

    @property
    def active(self) -> bool:
        return bool(self._open)

    def look(self) -> None:
        """Are there any?"""
        self._session.labelling.outbox.send()
        self._session.mentioned.emit("Comparing masks…")

        def act(project: Project) -> Any:
            from padscope.store.conflicts import open_conflicts

            return open_conflicts(project)

        self._session.keeper.ask(act, done=self._on_found, failed=self._on_failed)

    def _on_found(self, found: tuple[MaskConflict, ...]) -> None:
        known = {e.sha256 for e in self._session.album.entries.values()}
        self._open = [c for c in found if c.picture_sha256 in known]
        if not self._open:
            self.end()
            self._session.mentioned.emit("No picture has two masks that differ")
            return
        self._begin()

    def _begin(self) -> None:
        conflict = self._open[0]
        self._take = {}
        key = next(k for k, e in self._session.album.entries.items() if e.sha256 == conflict.picture_sha256)
        if key != self._session.current:
            self._session.show(key)
        self._session.labelling.reload(conflict.mine.id)

        def act(project: Project) -> ClassMask:
            from padscope.store import labels

            return labels.load_mask(project, conflict.theirs.id)

        self._session.keeper.ask(act, done=partial(self._on_theirs, conflict), failed=self._on_failed)

    def _on_theirs(self, conflict: MaskConflict, mask: ClassMask) -> None:
        if self._open and self._open[0] is conflict:
            self.layer.set_mask(mask)
            self._show()

    def _show(self) -> None:
        conflict = self._open[0]
        left = [p for p in conflict.parts if p.name not in self._take]
        if not left:
            self._resolve(conflict)
            return
        part = left[0]
        names = conflict.painters[0] or "first", conflict.painters[1] or "second"
        if names[0] == names[1]:
            names = f"{names[0]} (first)", f"{names[1]} (second)"
        at = len(conflict.parts) - len(left) + 1
        paint = self._words(part.mine_px, part.mine_classes), self._words(part.theirs_px, part.theirs_classes)
        self._bar.show_part(conflict.picture, part.name, at, len(conflict.parts), names, paint)
        x0, y0, x1, y1 = part.box
        self._canvas.fit_bounds((float(x0), float(y0), float(x1), float(y1)), ROOM)

    def _words(self, px: int, classes: tuple[int, ...]) -> str:
        names = self._session.labelling.names
        return f"{', '.join(names.get(v, str(v)) for v in classes)}, {number(px)} px" if px else "nothing painted"

    @Slot(str)
    def _on_taken(self, choice: str) -> None:
        if self._open:
            left = [p for p in self._open[0].parts if p.name not in self._take]
            self._take[left[0].name] = choice
            self._show()

    @Slot(str)
    def _on_all_taken(self, choice: str) -> None:
        """For every part of this picture that is left."""
        if self._open:
            self._take |= {p.name: choice for p in self._open[0].parts if p.name not in self._take}
            self._show()

    def _resolve(self, conflict: MaskConflict) -> None:
        take, author = dict(self._take), self._session.operator

        def act(project: Project) -> Any:
            from padscope.store.conflicts import resolve

            return resolve(project, conflict, take, author=author)

        self._bar.hide()
        self._session.mentioned.emit(f"Resolving {conflict.picture}…")
        self._session.keeper.ask(act, done=self._on_resolved, failed=self._on_failed)

    def _on_resolved(self, _: Any) -> None:
        self.layer.set_mask(None)
        self._session.labelling.reload()
        self._session.mentioned.emit("Resolved; Undo takes it back, and the other mask stays in the project, rejected")
        self.look()

    def _on_failed(self, fault: Fault) -> None:
        self.end()
        self._session.said.emit(about_fault("conflict", "The masks that differ were not resolved.", fault))

    @Slot()
    def end(self) -> None:
        """What was decided for whole pictures stays; this one stays open."""
        if self._open:
            self._session.labelling.reload()
        self._open, self._take = [], {}
        self.layer.set_mask(None)
        self._bar.hide()
        self._canvas.update()
