"""The label of the picture in hand: painted in memory at once, stored stroke by stroke behind it, undone as far as the project
remembers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from padscope.masks.class_mask import ClassMask
from padscope.masks.edits import Allowed, Edit, applied, apply
from padscope.masks.live import LiveStroke
from padscope.masks.states import LOCKED
from padscope.store.steps import LOOK, REDO, REVIEW, STROKE, UNDO, Step, moment
from padscope.types import Progress, Work
from padscope_desktop.album import Entry
from padscope_desktop.background.protocol import Fault
from padscope_desktop.labels import stock as label_stock
from padscope_desktop.labels.long_work import LongWork, Wish
from padscope_desktop.labels.outbox import Outbox
from padscope_desktop.labels.slices import Slices
from padscope_desktop.labels.stock import Loaded
from padscope_desktop.labels.unsaved import closing_words, them
from padscope_desktop.messages import Choice, Message, about_fault
from padscope_desktop.quantities import count

if TYPE_CHECKING:
    from padscope.store.labels import ClassRow, LabelRow
    from padscope_desktop.session import Session

REST_MS = 500
"""Verdicts are renewed when the brush has rested this long."""
CHUNKS_AT_ONCE = 64
"""Of an undo, between two looks at the clock; what changes no more is over at once."""


class Labelling(QObject):
    """Signals: leaving(): another mask may come, what is half painted is to be completed · loaded(): another mask, or none ·
    painted(set of chunks that look different) · stroked(): a stroke, undo or redo is complete · rested(): and none came after
    it for a while · label_changed() · classes_changed() · states_changed()."""

    leaving = Signal()
    loaded = Signal()
    painted = Signal(object)
    stroked = Signal()
    rested = Signal()
    label_changed = Signal()
    classes_changed = Signal()
    states_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.outbox = Outbox(session.keeper, self)
        self.long_work = LongWork(session, self)
        self.slices = Slices(self)
        self.classes: tuple[ClassRow, ...] = ()
        self.active = 1
        self.states: Mapping[str, str] = {}
        self.row: LabelRow | None = None
        self.looked_at: frozenset[str] = frozenset()
        self._loaded: Loaded | None = None
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._older = 0
        self._fetching = False
        self._undo_wanted = 0  # presses while strokes of an earlier day are on their way
        self._decided = ""  # a review that is on its way to the disk
        self._asked = ""  # the picture whose label is on its way
        self._stale = False  # what came from the project lacks strokes that are still here
        self._told = 0  # of how many strokes of another project was said last that they are not saved
        self._rest = QTimer(self, interval=REST_MS, singleShot=True)
        self._rest.timeout.connect(self.rested)
        self.outbox.failed.connect(self._on_not_stored)
        self.outbox.changed.connect(self._on_stored)
        session.current_changed.connect(self._on_current)
        session.entry_changed.connect(self._on_entry)
        session.contents_read.connect(self._on_project)
        session.saved_as.connect(self._on_saved_as)

    # What there is

    @property
    def mask(self) -> ClassMask | None:
        return self._loaded.mask if self._loaded is not None else None

    @property
    def picture(self) -> str:
        """SHA-256 of the picture whose label is here, or nothing."""
        return self._loaded.ref.picture if self._loaded is not None else ""

    @property
    def state(self) -> str:
        return self._decided or (self.row.state if self.row is not None else "draft")

    @property
    def unsaved(self) -> int:
        return len(self.outbox)

    @property
    def can_undo(self) -> bool:
        return bool(self._done) or self._older > 0

    @property
    def offered(self) -> tuple[ClassRow, ...]:
        return tuple(c for c in self.classes if not c.retired)

    @property
    def active_class(self) -> ClassRow | None:
        return next((c for c in self.offered if c.value == self.active), None)

    @property
    def names(self) -> Mapping[int, str]:
        return {c.value: c.name for c in self.classes}

    @property
    def refusal(self) -> str:
        """Why nothing can be painted now, in a sentence; empty where it can."""
        if self._loaded is None:
            entry = self._entry
            return "Open a picture to paint on." if entry is None else "The picture is still being opened."
        if self.state in LOCKED:
            word = "reviewed" if self.state == "accepted" else "rejected"
            return f"This label was {word} and is locked. Press Reopen before painting on it."
        return ""

    # Loading

    @property
    def _entry(self) -> Entry | None:
        s = self._session
        return s.album.entries.get(s.current) if s.current is not None else None

    @Slot()
    def _on_project(self) -> None:
        ask = self._session.keeper.ask
        failed = partial(self._say, "classes", "The classes could not be read.")
        ask(label_stock.classes, done=self._take_classes, failed=failed)
        self.renew_states()
        self.outbox.turn_to(self._session.project)
        ask(label_stock.came_back, done=self._tell_back)
        self.outbox.send()  # what an earlier visit to this project could not store

    def _tell_back(self, said: tuple[str, ...]) -> None:
        for words in said:
            if words.endswith("."):
                self._session.said.emit(Message("back", "Something could not be brought back.", words))
            else:
                self._session.mentioned.emit(words)

    @Slot()
    def _on_saved_as(self) -> None:
        if self._session.project is not None:
            self.outbox.journal.follow(self._session.project)

    def renew_states(self) -> None:
        self._session.keeper.ask(label_stock.states, done=self._take_states)

    @Slot()
    def _on_current(self) -> None:
        self.leaving.emit()
        self._set(None)
        self._asked = ""
        self._fetch()

    @Slot(int)
    def _on_entry(self, key: int) -> None:
        """Its hash is known now, perhaps."""
        if key == self._session.current and self._loaded is None:
            self._fetch()

    def reload(self, label: int = 0) -> None:
        """The project's labels were changed from elsewhere, or this one of the picture's labels is wanted."""
        self._asked = ""
        self._fetch(label)
        self.renew_states()
        self._session.keeper.ask(label_stock.classes, done=self._take_classes)

    def _fetch(self, label: int = 0) -> None:
        entry = self._entry
        if entry is None or entry.card is None or not entry.sha256 or self._asked == entry.sha256:
            return
        self._asked = entry.sha256
        self._session.keeper.ask(
            partial(
                label_stock.load, picture=entry.sha256, width=entry.card.width, height=entry.card.height, label=label
            ),
            done=partial(self._on_loaded, entry.key),
            failed=partial(self._say, "label", f"The label of {entry.name} cannot be read."),
        )

    def _on_loaded(self, key: int, loaded: Loaded) -> None:
        self.leaving.emit()
        waits = self.outbox.waits_for(loaded.project)
        if key == self._session.current and loaded.ref.picture == self._asked and not waits:
            self._set(loaded)
        elif key == self._session.current:  # strokes of it are still on their way to the disk
            self._asked, self._stale = "", True

    def _set(self, loaded: Loaded | None) -> None:
        self._rest.stop()
        self._loaded = loaded
        self.row = loaded.row if loaded is not None else None
        self._done = list(loaded.done) if loaded is not None else []
        self._undone = list(loaded.undone) if loaded is not None else []
        self._older = loaded.older if loaded is not None else 0
        self.looked_at = loaded.looked_at if loaded is not None else frozenset()
        self._fetching, self._undo_wanted = False, 0
        self._decided = ""
        self.loaded.emit()
        self.label_changed.emit()

    def rest(self) -> None:
        """Whoever looks at verdicts now does not wait for the brush."""
        if self._rest.isActive():
            self._rest.stop()
            self.rested.emit()

    # Painting

    def begin(
        self, *, erase: bool, allowed: Allowed | None = None, protect: bool = False, value: int = 0
    ) -> LiveStroke | None:
        """A stroke with the active class, or this one; None where nothing can be painted (`refusal` says why). `protect`: other
        classes stay."""
        if self._loaded is None or self.refusal:
            return None
        self._undo_wanted = 0  # whoever paints on has not waited for it; it must not take this stroke back
        own = value or self.active
        others = frozenset(range(1, 256)) - {own} if protect else frozenset()
        return LiveStroke(self._loaded.mask, 0 if erase else own, allowed, others)

    def finish(self, stroke: LiveStroke, tool: str) -> Edit:
        return self.keep(stroke.mask, stroke.finish(), tool)

    def keep(self, mask: ClassMask, edit: Edit, tool: str) -> Edit:
        """What a stroke has changed. Safe from a kill and on its way into the project when this returns; nobody waits for it."""
        loaded = self._loaded
        if edit.empty or loaded is None or mask is not loaded.mask:
            return edit
        self._done.append(edit)
        self._undone.clear()
        self._put(loaded, STROKE, edit, words=tool)
        self._stroked()
        return edit

    def take(self, edit: Edit, tool: str) -> None:
        """A change that was worked out elsewhere."""
        loaded = self._loaded
        if loaded is None or edit.empty or self.refusal:
            return
        self._undo_wanted = 0
        apply(loaded.mask, edit)
        self.painted.emit({d.place for d in edit.deltas})
        self._done.append(edit)
        self._undone.clear()
        self._put(loaded, STROKE, edit, words=tool)
        self._stroked()

    def undo(self) -> None:
        loaded = self._loaded
        if loaded is None or self._refused():
            return
        if not self._done:
            self._undo_wanted += self._older > 0
            self._fetch_older(loaded)
            return
        self._undone.append(self._done.pop())
        self._step(loaded, self._undone[-1], UNDO)
        if len(self._done) < label_stock.AT_HAND // 4:
            self._fetch_older(loaded)

    def redo(self) -> None:
        loaded = self._loaded
        if loaded is None or not self._undone or self._refused():
            return
        self._done.append(self._undone.pop())
        self._step(loaded, self._done[-1], REDO)

    def _refused(self) -> bool:
        if self.refusal:
            self._session.mentioned.emit(self.refusal)
        return bool(self.refusal)

    def _step(self, loaded: Loaded, edit: Edit, kind: str) -> None:
        """In the journal when this returns; of a very large one the mask follows piece by piece, before anything else is done."""
        self._put(loaded, kind)
        self.slices.start(self._stepping(loaded.mask, edit), lasting=True)

    def _stepping(self, mask: ClassMask, edit: Edit) -> Work[None]:
        places, done = applied(mask, edit), 0
        while some := set(islice(places, CHUNKS_AT_ONCE)):
            self.painted.emit(some)
            done += len(some)
            if done < len(edit.deltas):
                yield Progress(done, len(edit.deltas), "undoing")
        self._stroked()

    def _fetch_older(self, loaded: Loaded) -> None:
        """Strokes of an earlier day, before those at hand are used up."""
        if self._older and not self._fetching:
            self._fetching = True
            self._session.keeper.ask(
                partial(label_stock.older, ref=loaded.ref, before=self._older),
                done=partial(self._on_older, loaded),
                failed=partial(self._say, "label", "Earlier strokes cannot be read."),
            )

    def _on_older(self, loaded: Loaded, edits: tuple[Edit, ...]) -> None:
        if loaded is self._loaded:
            self._fetching = False
            self._older -= len(edits)
            self._done[:0] = edits
            wanted, self._undo_wanted = self._undo_wanted, 0
            for _ in range(min(wanted, len(edits))):
                self.undo()

    def _stroked(self) -> None:
        self._rest.start()
        self.stroked.emit()

    # Review

    def review(self, state: str, comment: str) -> None:
        loaded = self._loaded
        if loaded is not None:
            self._decided = state  # at once: from now on it is locked, or open
            if self.row is not None:
                self.row = replace(self.row, state=state, comment=comment)
            self._put(loaded, REVIEW, words=comment, state=state)
            self.label_changed.emit()
            self._rest.start()

    def look_at(self, pad: str) -> None:
        """A person agrees with what the label says of a pad."""
        loaded = self._loaded
        if loaded is not None and pad not in self.looked_at:
            self.looked_at |= {pad}
            self._put(loaded, LOOK, words=pad)
            self.label_changed.emit()

    # Classes

    def choose(self, value: int) -> None:
        if any(c.value == value for c in self.offered) and value != self.active:
            self.active = value
            self.classes_changed.emit()

    def add_class(self, name: str, colour: str) -> None:
        self._ask_classes(partial(label_stock.add_class, name=name, colour=colour, author=self._author))

    def change_classes(self, rows: Iterable[ClassRow]) -> None:
        self._ask_classes(partial(label_stock.change_classes, rows=tuple(rows), author=self._author))

    def merge_class(self, value: int, into: int) -> None:
        """What was painted with one is the other from now on, in all pictures."""

        def done(_: int) -> None:
            self.active = into if self.active == value else self.active
            self.reload()

        wish = Wish(
            "merge_classes",
            (value, into, self._author),
            f"Merging {self.names.get(value, '')} into {self.names.get(into, '')}",
            "The classes were not merged.",
            "Cancelled; the classes are as they were",
            done,
        )
        self.long_work.start(wish)

    def _ask_classes(self, question: Callable[..., tuple[ClassRow, ...]]) -> None:
        failed = partial(self._say, "classes", "The class was not changed.")
        self._session.keeper.ask(question, done=self._take_classes, failed=failed)

    def _take_classes(self, classes: tuple[ClassRow, ...]) -> None:
        self.classes = classes
        self._session.settled.emit("classes")
        if self.active_class is None and self.offered:
            self.active = self.offered[0].value
        self.classes_changed.emit()

    def _take_states(self, states: Mapping[str, str]) -> None:
        self.states = dict(states)
        self.states_changed.emit()

    # Storing

    @property
    def _author(self) -> str:
        return self._session.operator

    def _put(self, loaded: Loaded, kind: str, edit: Edit | None = None, *, words: str = "", state: str = "") -> None:
        """In the journal when this returns."""
        id, at = uuid.uuid4().hex, moment()
        step = Step(id, loaded.project, kind, loaded.ref.picture, loaded.ref.id, self._author, at, words, state)
        act = partial(label_stock.do, ref=loaded.ref, step=step, edit=edit)
        self.outbox.put(step, edit, act, partial(self._on_row, loaded), first=kind == REVIEW)

    def _on_row(self, loaded: Loaded, row: LabelRow) -> None:
        """What the project says of the label after a stroke; later strokes may be on their way already."""
        self.states = {**self.states, row.picture_sha256: row.state}
        self.states_changed.emit()
        if loaded is self._loaded and not self.outbox.waits_for(loaded.project):
            self.row, self._decided = row, ""
            self.label_changed.emit()

    @Slot()
    def _on_stored(self) -> None:
        if self.unsaved == self.outbox.elsewhere:  # all that belongs to this project is stored
            self._say_elsewhere()
            if self._stale:
                self._stale = False
                self._fetch()

    @Slot(object)
    def _on_not_stored(self, fault: Fault) -> None:
        """Loud: until it is stored, a stroke lives in this window only."""
        n, self._told = self.unsaved, 0
        what = "A stroke is not saved." if n == 1 else f"{n} strokes are not saved."
        text = f"{fault.sentence} What you paint is kept in this window and saved as soon as that is possible."
        again = Choice("Save again", self.outbox.send)
        self._session.said.emit(Message("stroke", what, text, fault.details, (again,)))

    def _say_elsewhere(self) -> None:
        """Nothing of this project is left to store; of another one, perhaps."""
        n = self.outbox.elsewhere
        if not n:
            self._session.settled.emit("stroke")
        elif n != self._told:
            what = f"{count(n, 'stroke')} of another project {'is' if n == 1 else 'are'} not saved."
            text = f"This window keeps {them(n)}. Open that project again to save {them(n)}."
            self._session.said.emit(Message("stroke", what, text))
        self._told = n

    def ask_before_losing(self, lose: Callable[[], None]) -> None:
        """The one question there is when the window closes: the disk refuses what was painted, or the project it belongs to is
        no longer open."""
        box = self.outbox
        what, text = closing_words(self.unsaved, box.elsewhere, safe=box.safe, refused=box.refused)
        again = (Choice("Save again", box.send),) if box.refused else ()
        close = Choice("Close" if box.safe else "Close and lose", lose)
        self._session.said.emit(Message("stroke", what, text, choices=(*again, close)))

    def _say(self, topic: str, what: str, fault: Fault) -> None:
        self._session.said.emit(about_fault(topic, what, fault))
