"""A second view beside the first: the same picture without its overlays, its heat alone, or another picture's same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from padscope.boards.changes import Change, PadChange, compare_maps
from padscope.errors import PadMapError
from padscope.types import Affine
from padscope_desktop import stock
from padscope_desktop.album import Entry
from padscope_desktop.background.protocol import Fault
from padscope_desktop.display import Display, Shown
from padscope_desktop.inspecting.board import Board, pad_marks
from padscope_desktop.inspecting.reviewing import Reviewing
from padscope_desktop.messages import about_fault
from padscope_desktop.panels.parts import Chooser, Elided, button, label, named
from padscope_desktop.quantities import count, local_time
from padscope_desktop.session import Session
from padscope_desktop.theme import DARK, TARGET, VERDICTS, Theme
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.linked import SAME, Linked
from padscope_desktop.viewer.look import WHOLE_SPAN, Span
from padscope_desktop.viewer.reason_layer import ReasonLayer, Region
from padscope_desktop.viewer.tiles import Pixels

ALONE, HEAT, LAST, PAST = -1, -2, -3, -4
"""What may be chosen, beside the keys of pictures."""
WORDS = {ALONE: "Picture alone", HEAT: "Heat alone", LAST: "Last module"}
FRAME_PX = 6.0
"""Picture px between a pad and the mark that it has changed."""


def between(
    left: Affine | None, right: Affine | None, left_size: tuple[int, int], right_size: tuple[int, int]
) -> Affine:
    """From px of one picture to px of another: through both poses where they are known, else the whole onto the whole."""
    if left is not None and right is not None:
        return right.after(left.inverse())
    stretch = right_size[0] / max(left_size[0], 1)
    return Affine(stretch, 0.0, (stretch - 1) / 2, 0.0, stretch, (stretch - 1) / 2)


def change_words(pad: PadChange) -> str:
    """What it is now."""
    if pad.before.verdict is not pad.after.verdict:
        return f"now {VERDICTS[pad.after.verdict].words}"
    return "now lands elsewhere" if pad.change is Change.MOVED else ""


class Beside(QObject):
    """`views` holds the canvas and, while it is on, the second one. Signal: closed()."""

    closed = Signal()

    def __init__(self, session: Session, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.left = canvas
        self.right = Canvas()
        self.right.setAccessibleName("Picture beside")
        self.display = Display(session.jobs, session.cache, self, slot="show beside")
        self.chooser = named(Chooser(), "Shown beside")
        self.chooser.setMinimumHeight(TARGET)
        self.words = Elided(dim=True)
        self.on = False
        self.chosen = ALONE
        self._shown: int | None = None  # the picture on the right
        self._board: Board | None = None  # its inspection
        self._past: Board | None = None  # an earlier inspection that was asked for
        self._reviewing: Reviewing | None = None
        self.changes = ReasonLayer(self.right.pads)
        self.right.layers.over.append(self.changes)
        self._fill()
        self._lay_out()
        self.linked = Linked(self.left, self.right, self)
        for signal, slot in (
            (session.current_changed, self.refresh),
            (session.album_changed, self._on_album),
            (session.judging.board_changed, self._on_board),
            (session.entry_changed, self._mark_changes),
            (canvas.picture_changed, self._on_picture),
            (canvas.selected_changed, self.right.set_selected),
            (canvas.scale_changed, self._on_scale),
            (self.display.arrived, self._on_arrived),
            (self.display.failed, self._on_failed),
            (self.chooser.activated, self._on_chosen),
        ):
            signal.connect(slot)

    def follow(self, reviewing: Reviewing) -> None:
        """What has changed since an earlier inspection is told of the verdicts that count now."""
        self._reviewing = reviewing
        reviewing.changed.connect(self._mark_changes)

    @property
    def _standing(self) -> Board | None:
        return self._reviewing.standing if self._reviewing is not None else self.session.judging.board

    def _lay_out(self) -> None:
        self.head = QWidget()
        self.head.setObjectName("panel")
        row = QHBoxLayout(self.head)
        row.setContentsMargins(8, 2, 8, 4)
        row.addStretch(1)
        row.addWidget(self.words)
        row.addWidget(label("on the right", dim=True))
        self.chooser.setMinimumWidth(200)
        row.addWidget(self.chooser)
        close = button("✕", tip="Close the second view (S)")
        close.setAccessibleName("Close the second view")
        close.setProperty("flat", True)
        close.clicked.connect(self.closed)
        row.addWidget(close)
        self.halves = QSplitter(Qt.Orientation.Horizontal)
        self.halves.setHandleWidth(4)
        self.halves.setChildrenCollapsible(False)
        self.halves.addWidget(self.left)
        self.halves.addWidget(self.right)
        self.views = QWidget()
        column = QVBoxLayout(self.views)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.halves, 1)
        for part in (self.head, self.right):
            part.hide()
        self.right.setMinimumWidth(160)

    def set_theme(self, theme: Theme) -> None:
        self.right.set_colours(theme.canvas, DARK.accent)

    def set_on(self, on: bool) -> None:
        self.on = on
        for part in (self.head, self.right):
            part.setVisible(on)
        if on:
            self._fill()
            half = self.halves.width() // 2
            self.halves.setSizes([half, half])
            self.refresh()
        else:
            self.display.forget()
            self._shown = self._board = None
            self._put(0, 0, [])
        self.linked.set_on(on)

    def choose(self, what: int) -> None:
        """ALONE, HEAT, LAST, or the key of a picture (the golden one): it stays while the picture on the left changes."""
        self.chosen = what
        self._fill()
        self.refresh()

    def show_inspection(self, inspection: int) -> None:
        """An earlier inspection of this module: its picture, its verdicts, and what has changed since."""
        question = partial(stock.handed_on, inspection=inspection, key=0)
        self.session.keeper.ask(question, done=self._on_past, failed=self._on_no_past)

    def _on_past(self, board: Board) -> None:
        sha = board.pad_map.picture.sha256
        key = next((k for k, e in self.session.album.entries.items() if e.sha256 == sha), None)
        if key is None:
            self.session.mentioned.emit(f"{board.pad_map.picture.file} is not in the list of pictures any more")
            return
        self._past = replace(board, key=key)
        self.choose(PAST)

    def _on_no_past(self, fault: Fault) -> None:
        self.session.said.emit(about_fault("history", "That inspection cannot be shown.", fault))

    # What there is to choose

    @Slot()
    def _on_album(self) -> None:
        if self.chosen > 0 and self.chosen not in self.session.album.entries:
            self.chosen = ALONE
        if self.on:
            self._fill()
            self.refresh()

    def _fill(self) -> None:
        self.chooser.clear()
        for what, words in WORDS.items():
            self.chooser.addItem(words, what)
        if self._past is not None:
            self.chooser.addItem(f"As of {local_time(self._past.pad_map.provenance.created_at)}", PAST)
        for key, entry in self.session.album.entries.items():
            self.chooser.addItem(entry.name, key)
        self.chooser.setCurrentIndex(max(self.chooser.findData(self.chosen), 0))

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        self.choose(int(self.chooser.itemData(row)))
        self.left.setFocus()

    def _wanted(self) -> Entry | None:
        """The picture on the right."""
        entries = self.session.album.entries
        current = self.session.current
        if self.chosen == LAST:
            before = [e for key, e in entries.items() if current is not None and key < current and e.inspection]
            return before[-1] if before else None
        if self.chosen == PAST:
            return entries.get(self._past.key) if self._past is not None else None
        return entries.get(self.chosen if self.chosen > 0 else current) if current is not None else None

    @property
    def _same(self) -> bool:
        """The right shows the picture of the left, without verdicts of its own."""
        return self._shown == self.session.current and self.chosen != PAST

    # What is shown

    @Slot()
    def refresh(self) -> None:
        if not self.on:
            return
        self._forget_past()
        entry = self._wanted()
        self.words.setText("")
        self.changes.show(())
        self.linked.set_map(SAME)
        current = entry is not None and entry.key == self.session.current
        if self.chosen in (ALONE, HEAT) or (current and self.chosen != PAST):
            self._show_same()
        elif entry is None:
            self._shown = self._board = None
            self._put(0, 0, [])
            self.words.setText("no module was inspected before this one")
        else:
            self.words.setText(entry.name if self.chosen == LAST else "")
            self._shown, self._board = entry.key, self._past if self.chosen == PAST else None
            if current:
                picture = self.left.picture
                self._put(picture.width, picture.height, picture.levels, picture.span)
                self.right.set_scale(self.left.um_per_px)
                self._dress()
                return
            if entry.thumbnail is not None:  # at once, so that nobody takes the one before for this one
                card = entry.thumbnail.card
                self._put(card.width, card.height, [entry.thumbnail.pixels])
                self._dress()
            else:
                self._put(0, 0, [])
            self.display.show(entry.key, entry.path)
            if entry.inspection and self.chosen != PAST:
                question = partial(stock.handed_on, inspection=entry.inspection, key=entry.key, picture=entry.sha256)
                self.session.keeper.ask(question, done=self._on_other_board)

    def _forget_past(self) -> None:
        """It says nothing about another module."""
        entry = self.session.album.entries.get(self.session.current or -1)
        if self._past is None or entry is None:
            return
        past = self.session.album.entries.get(self._past.key)
        alike = past is not None and (past.key == entry.key or (bool(past.module) and past.module == entry.module))
        if not alike:
            self._past, self.chosen = None, ALONE if self.chosen == PAST else self.chosen
            self._fill()

    def _put(self, width: int, height: int, levels: Sequence[Pixels], span: Span = WHOLE_SPAN) -> None:
        """On the right; that it is fitted there first does not move the left."""
        self.linked.set_on(False)
        self.right.set_picture(width, height, levels, span)
        self.linked.set_on(self.on and width > 0)

    def _show_same(self) -> None:
        picture = self.left.picture
        self._shown, self._board = self.session.current, self.session.judging.board
        self.right.set_look(picture.look)
        self._put(picture.width, picture.height, picture.levels, picture.span)
        self.right.set_scale(self.left.um_per_px)
        self.right.set_heat_opacity(self.left.heat.opacity)
        self.right.set_factor(self.session.judging.shown_factor)
        heat = self.chosen == HEAT and self._board is not None
        self.right.set_level(self._board.level if heat and self._board is not None else None)
        self.right.set_visible(heat=heat, pads=False, feet=False)
        if self.chosen == HEAT and self._board is None:
            self.words.setText("not inspected")
        self.linked.set_map(SAME)

    @Slot(object)
    def _on_arrived(self, shown: Shown) -> None:
        if not self.on or self._shown is None or self._same:
            return
        self.right.set_look(self.left.picture.look)
        if (self.right.picture.width, self.right.picture.height) == (shown.card.width, shown.card.height):
            self.right.set_levels(shown.levels, shown.span)
        else:
            self._put(shown.card.width, shown.card.height, shown.levels, shown.span)
        self._dress()

    def _on_other_board(self, board: Board) -> None:
        if board.key == self._shown:
            self._board = board
            self._dress()

    def _dress(self) -> None:
        """The other picture's own heat and pads, and the way from one to the other."""
        if not self.right.picture.shows_something or self._same:
            return
        board, own = self._board, self.session.judging.board
        self._show_scale()
        self.right.set_heat_opacity(self.left.heat.opacity)
        self.right.set_factor(board.factor if board is not None else 1.0)
        self.right.set_level(board.level if board is not None else None)
        self.right.set_marks(pad_marks(board) if board is not None else ())
        self.show_layers()
        poses = (own.um_to_px if own else None, board.um_to_px if board else None)
        self.right.set_selected(self.left.pads.selected)
        self._mark_changes()
        left, right = self.left.picture, self.right.picture
        self.linked.set_map(between(*poses, (left.width, left.height), (right.width, right.height)))

    @Slot()
    def _mark_changes(self, *_: object) -> None:
        """On the earlier inspection, what each pad that has changed is now."""
        now, past = self._standing, self._board
        if not self.on or self.chosen != PAST or now is None or past is None:
            self.changes.show(())
            return
        try:
            changed = compare_maps(past.pad_map, now.pad_map).changed()
        except PadMapError as error:
            self.words.setText(str(error))
            return
        self.changes.font = self.right.font()
        self.changes.show(
            [
                Region(shape.framed(FRAME_PX), change_words(pad))
                for pad in changed
                if (shape := past.geometry.shapes.get(pad.pad)) is not None
            ]
        )
        pads = count(len(changed), "pad")
        self.words.setText(f"{pads} changed since" if changed else "nothing has changed since")
        self.right.update()

    def _show_scale(self) -> None:
        """A person's word first, then the pad map's, then the file's: as on the left."""
        entry, board = self.session.album.entries.get(self._shown or 0), self._board
        scale = entry.scale if entry is not None else None
        if board is not None and (entry is None or entry.own_scale is None):
            scale = board.facts.scale
        self.right.set_scale(scale.um_per_px if scale is not None else None)

    def show_layers(self) -> None:
        """The same overlays as on the left, where another picture is shown."""
        if self.on and self.chosen not in (ALONE, HEAT):
            left = self.left
            self.right.set_visible(heat=left.heat.visible, pads=left.pads.visible, feet=left.pads.feet_visible)

    @Slot()
    def _on_board(self) -> None:
        if not self.on:
            return
        if self._same:
            self._show_same()
        else:
            self._dress()

    @Slot()
    def _on_picture(self) -> None:
        if self.on and self._same:
            self._show_same()
        elif self.on and self._shown == self.session.current:
            self.refresh()

    @Slot()
    def _on_scale(self) -> None:
        if self.on and self._shown == self.session.current:
            self.right.set_scale(self.left.um_per_px)

    @Slot(int, object)
    def _on_failed(self, key: int, fault: Fault) -> None:
        if self.on and key == self._shown:
            self._put(0, 0, [])
            self.words.setText(fault.sentence)
