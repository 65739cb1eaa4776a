"""The ruler and what was measured with it: drawn on the canvas, kept in the project, undone, copied; and the scale from a line."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from padscope.pictures.measures import Measure
from padscope.pictures.scales import two_point_scale, typed_scale
from padscope.types import Scale
from padscope_desktop import stock
from padscope_desktop.background.payloads import BarCard
from padscope_desktop.background.protocol import Fault
from padscope_desktop.messages import about_fault
from padscope_desktop.opening import against_file
from padscope_desktop.panels.measurebar import KINDS, MeasureBar
from padscope_desktop.session import Session
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.measure_layer import MeasureLayer, measure_words
from padscope_desktop.viewer.measure_tool import MeasureTool, Wishes

Step = tuple[str, Measure | None, Measure | None]
"""uid, before, after: what undo and redo exchange."""


class Measuring(QObject):
    """Signals: active_changed(bool) · let_go(): the ruler is put away, the left button is free."""

    active_changed = Signal(bool)
    let_go = Signal()

    def __init__(self, session: Session, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.bar = MeasureBar()
        self.bar.hide()
        self.layer = MeasureLayer()
        self.tool = MeasureTool(self.layer, self._scale, Wishes(self._put, self.remove, self._show_chosen))
        canvas.layers.kept.append(self.layer)
        canvas.layers.over.append(self.layer)
        self._of: tuple[int | None, str] = (None, "")  # the picture whose measurements are shown, and its hash
        self._kept: dict[str, Measure] = {}  # as they are without what a hand is just moving
        self._done: list[Step] = []
        self._undone: list[Step] = []
        for signal, slot in (
            (session.current_changed, self._on_current),
            (session.entry_changed, self._on_entry),
            (canvas.tool_changed, self._on_tool),
            (canvas.scale_changed, self._on_scale),
            (self.bar.kind_chosen, self.choose),
            (self.bar.scale_wanted, self._on_scale_wanted),
            (self.bar.file_scale_wanted, self._on_file_scale),
            (self.bar.copy_wanted, self.copy),
            (self.bar.remove_wanted, self._on_remove),
            (self.bar.closed, self.put_away),
            (self.bar.on_bar_wanted, self._on_bar_wanted),
            (session.opening.bar_wanted, self.lay),
            (session.opening.bar_changed, self._on_bar_changed),
        ):
            signal.connect(slot)

    @property
    def active(self) -> bool:
        return self.layer.active

    def _scale(self) -> float:
        return self.canvas.view.scale

    # In hand and put away

    def take(self) -> None:
        """The ruler; in hand already, its next kind."""
        kinds = list(KINDS)
        if self.active:
            self.choose(kinds[(kinds.index(self.tool.kind) + 1) % len(kinds)])
        else:
            self.canvas.set_tool(self.tool)
            self.canvas.setFocus()

    @Slot(str)
    def choose(self, kind: str) -> None:
        self.tool.abandon()
        self.tool.kind = kind
        self.bar.set_kind(kind)
        self.canvas.set_tool(self.tool)
        self.canvas.setFocus()
        self.canvas.repaint_overlays()

    @Slot(object)
    def lay(self, found: BarCard) -> None:
        """The ruler on a scale bar, for a person to say how long it is in truth."""
        self.choose("length")
        if not any(m.points == (found.left, found.right) for m in self._kept.values()):
            self._put(None, Measure("length", (found.left, found.right)))
        self.layer.chosen = next(u for u, m in self._kept.items() if m.points == (found.left, found.right))
        self._show_chosen()
        self.bar.length.setFocus()

    @Slot()
    def _on_bar_wanted(self) -> None:
        if self.session.opening.bar is not None:
            self.lay(self.session.opening.bar)

    @Slot()
    def _on_bar_changed(self) -> None:
        self.bar.show_on_bar(self.session.opening.bar is not None)

    @Slot()
    def put_away(self) -> None:
        if self.active:
            self.let_go.emit()

    @Slot()
    def _on_tool(self) -> None:
        """The left button was given to the ruler, or to something else."""
        active = self.canvas.tool is self.tool
        if active != self.layer.active:
            self.layer.active = active
            self.bar.setVisible(active)
            self._show_chosen()
            self.active_changed.emit(active)

    def back(self) -> bool:
        """Esc: drop what is being drawn, then the choice, then put the ruler away."""
        if not self.active:
            return False
        if self.tool.abandon():
            self.canvas.repaint_overlays()
        elif self.layer.chosen is not None:
            self.layer.chosen = None
            self._show_chosen()
        else:
            self.put_away()
        return True

    def finish(self) -> bool:
        """Enter: the polygon that is being drawn; False where none is."""
        return self.active and self.tool.finish()

    # Measurements

    def _put(self, uid: str | None, measure: Measure) -> None:
        from padscope.store.measurements import new_uid

        uid = uid or new_uid()
        self._do((uid, self._kept.get(uid), measure))
        self.layer.chosen = uid
        self._show_chosen()

    def remove(self, uid: str) -> None:
        self._do((uid, self._kept.get(uid), None))

    @Slot()
    def _on_remove(self) -> None:
        if self.layer.chosen is not None:
            self.remove(self.layer.chosen)

    def undo(self) -> bool:
        """Of what was measured on this picture since it is shown; False where there is nothing, or the ruler is put away."""
        return self.active and self._exchange(self._done, self._undone)

    def redo(self) -> bool:
        return self.active and self._exchange(self._undone, self._done)

    def _exchange(self, source: list[Step], goal: list[Step]) -> bool:
        if not source:
            return False
        uid, before, after = source.pop()
        goal.append((uid, after, before))
        self._apply(uid, before)
        return True

    def _do(self, step: Step) -> None:
        self._done.append(step)
        self._undone.clear()
        self._apply(step[0], step[2])

    def _apply(self, uid: str, measure: Measure | None) -> None:
        if measure is None:
            self.layer.measures.pop(uid, None)
            self._kept.pop(uid, None)
            if self.layer.chosen == uid:
                self.layer.chosen = None
        else:
            self.layer.measures[uid] = self._kept[uid] = measure
        if self._of[1]:
            self._store(uid, measure)
        self._show_chosen()
        self.canvas.repaint_overlays()

    def _store(self, uid: str, measure: Measure | None) -> None:
        author = self.session.operator
        question = (
            partial(stock.remove_measurement, uid=uid, author=author)
            if measure is None
            else partial(stock.put_measurement, sha256=self._of[1], uid=uid, measure=measure, author=author)
        )
        self.session.keeper.ask(question, failed=self._on_not_stored)

    def _on_not_stored(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("store", "The measurement was not saved.", fault))

    # Pictures

    @Slot()
    def _on_current(self) -> None:
        self.tool.abandon()
        self._of = (self.session.current, "")
        self._kept, self._done, self._undone = {}, [], []
        self.layer.measures, self.layer.chosen = {}, None
        self._show_chosen()
        self._look_up()

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        if key == self._of[0] and not self._of[1]:
            self._look_up()

    def _look_up(self) -> None:
        """As soon as the picture's hash is known: until then what is measured waits."""
        entry = self.session.album.entries.get(self._of[0]) if self._of[0] is not None else None
        if entry is None or not entry.sha256:
            return
        self._of = (entry.key, entry.sha256)
        for uid, measure in self._kept.items():
            self._store(uid, measure)
        question = partial(stock.measurements, sha256=entry.sha256)
        self.session.keeper.ask(question, done=partial(self._on_found, self._of))

    def _on_found(self, of: tuple[int | None, str], found: dict[str, Measure]) -> None:
        if of == self._of:
            self._kept = {**found, **self._kept}
            self.layer.measures = dict(self._kept)
            self.canvas.repaint_overlays()

    # Words and scale

    @Slot()
    def _on_scale(self) -> None:
        self.layer.um_per_px = self.canvas.um_per_px
        entry = self.session.album.entries.get(self._of[0]) if self._of[0] is not None else None
        self.bar.show_scaled(self.canvas.um_per_px is not None)
        self.bar.show_own_scale(entry is not None and entry.own_scale is not None)
        self._show_chosen()

    @property
    def words(self) -> str:
        """What the chosen measurement says; nothing where none is chosen."""
        measure = self.layer.measures.get(self.layer.chosen or "")
        return measure_words(measure, self.layer.um_per_px) if measure is not None else ""

    @Slot()
    def _show_chosen(self) -> None:
        measure = self.layer.measures.get(self.layer.chosen or "")
        self.bar.show_chosen(self.words, line=measure is not None and measure.kind == "length")
        self.canvas.repaint_overlays()

    @Slot()
    def copy(self) -> None:
        """The chosen measurement; all of them, one a line, where none is chosen."""
        scale = self.layer.um_per_px
        words = self.words or "\n".join(measure_words(m, scale) for m in self.layer.measures.values())
        if words:
            QGuiApplication.clipboard().setText(words)
            self.session.mentioned.emit(f"Copied: {words.splitlines()[0]}")
        else:
            self.session.mentioned.emit("There is no measurement to copy; measure with the ruler (R) first")

    @Slot(float)
    def _on_scale_wanted(self, value: float) -> None:
        measure = self.layer.measures.get(self.layer.chosen or "")
        if self._of[0] is None:
            return
        if measure is not None and measure.kind == "length":
            found = two_point_scale(value, measure.length_px)
        else:
            found = typed_scale(value)
        self.session.set_scale(self._of[0], Scale(found.um_per_px, found.source))
        if measure is not None and measure.kind == "length":
            entry = self.session.album.entries[self._of[0]]
            self.session.mentioned.emit(against_file(value, measure.length_px, entry))
        self.canvas.setFocus()

    @Slot()
    def _on_file_scale(self) -> None:
        if self._of[0] is not None:
            self.session.set_scale(self._of[0], None)
