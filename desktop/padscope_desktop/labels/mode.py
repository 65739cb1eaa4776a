"""Label mode: paint. Links tools, panel and layers with the label of the picture in hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QElapsedTimer, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QMouseEvent

from padscope.masks.class_mask import Place
from padscope_desktop.held import HELD_MS
from padscope_desktop.labels.actions import LABEL_ACTIONS
from padscope_desktop.labels.class_desk import ClassDesk
from padscope_desktop.labels.conflicts import Conflicts
from padscope_desktop.labels.counting import Counting
from padscope_desktop.labels.differences import Differences
from padscope_desktop.labels.easel import Easel
from padscope_desktop.labels.heat_to_mask import HeatToMask
from padscope_desktop.labels.pieces import Pieces
from padscope_desktop.labels.walking import Walk
from padscope_desktop.modes import Mode
from padscope_desktop.panels.classes import KEYS
from padscope_desktop.panels.conflict_bar import ConflictBar
from padscope_desktop.panels.label import TOOLS, LabelPanel
from padscope_desktop.session import Session
from padscope_desktop.settings import Settings
from padscope_desktop.theme import Theme
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.key_hand import FAST, KeyHand
from padscope_desktop.viewer.mask_layer import MaskLayer
from padscope_desktop.viewer.paint_tools import (
    BrushTool,
    ClickTool,
    LassoTool,
    PaintTool,
    PolygonTool,
    RectangleTool,
)
from padscope_desktop.viewer.piece_tools import MoveTool, WandTool
from padscope_desktop.viewer.tools import Px, Tool

ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class LabelMode(Mode):
    """Signal: settings_changed({field of Settings: value})."""

    settings_changed = Signal(object)

    id, words, key = "label", "Label", "F3"
    actions = LABEL_ACTIONS
    panel: LabelPanel

    def __init__(self, session: Session, canvas: Canvas, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.labelling = session.labelling
        self.panel = LabelPanel(theme)
        self.easel = Easel(session, canvas, self)
        self.pieces = Pieces(self.easel)
        self.heat = HeatToMask(self.easel)
        self.counting = Counting(self)
        self.bar = ConflictBar()
        self.conflicts = Conflicts(session, canvas, self.bar, self)
        self.class_desk = ClassDesk(session, self.panel.classes, self)
        self.layer = MaskLayer()
        self.differences = Differences(self.easel)
        canvas.layers.under += [self.layer, self.differences.layer]
        self.on = False
        self.walk = Walk(session, canvas, self)
        self._made: Mapping[str, QAction] = {}
        self._before = ""  # the tool to return to when the eraser's key is let go of
        self._held = QElapsedTimer()
        self._cursor: Px | None = None
        self.key_hand = KeyHand(canvas)
        self.tools = self._make_tools()
        self.tool = "brush"
        self._connect()

    def _make_tools(self) -> dict[str, PaintTool]:
        e = self.easel

        def click(name: str, act: Callable[[Px, QMouseEvent], None]) -> ClickTool:
            return ClickTool(e, name, act)

        return {
            "brush": BrushTool(e),
            "eraser": BrushTool(e, erase=True),
            "lasso": LassoTool(e),
            "polygon": PolygonTool(e),
            "rectangle": RectangleTool(e),
            "fill": click("fill", lambda at, event: e.fill(at, _alt(event))),
            "holes": click("holes", lambda at, event: self.pieces.fill_holes(at)),
            "wand": WandTool(e, e.wand, lambda: e.brush.tolerance, lambda value: e.set_brush(tolerance=value)),
            "pick": click("pick", lambda at, event: e.pick(at)),
            "move": MoveTool(e, self.pieces.take, self.pieces.put),
            "delete": click("delete", lambda at, event: self.pieces.delete(at)),
            "grow": click("grow", lambda at, event: self.pieces.grow(at, -1 if _shift(event) else 1)),
            "take_defect": click("take_defect", lambda at, event: self.heat.take_defect(at)),
        }

    def _connect(self) -> None:
        s, p, w = self.session, self.panel, self.labelling
        for signal, slot in (
            (w.leaving, self._on_leaving),
            (w.loaded, self._on_loaded),
            (w.painted, self._on_painted),
            (w.stroked, self._on_stroked),
            (w.rested, self._on_rested),
            (w.label_changed, self._on_label),
            (w.states_changed, self._on_label),
            (w.classes_changed, self._on_classes),
            (self.easel.brush_changed, self._on_brush),
            (self.easel.refused, s.mentioned),
            (self.easel.slices.changed, self._on_slices),
            (self.heat.accepted, s.mentioned),
            (self.differences.told, p.say_told),
            (self.counting.counted, self._on_counted),
            (self.canvas.cursor_moved, self._on_cursor),
            (s.judging.board_changed, self._on_board),
            (s.album_changed, self._on_label),
            (p.brush_wanted, self._on_brush_wanted),
            (p.review_wanted, self.review),
            (p.look_wanted, self._on_look),
        ):
            signal.connect(slot)

    # The mode

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        found: dict[str, Callable[..., Any]] = {name: partial(self.choose_tool, name) for name in self.tools}
        found |= {
            "eraser": self._on_eraser,
            "grow_here": partial(self._here, self.pieces.grow),
            "shrink_here": partial(self._here, partial(self.pieces.grow, px=-1)),
            "delete_here": partial(self._here, self.pieces.delete),
            "larger": partial(self._resize, 1),
            "smaller": partial(self._resize, -1),
            "take_pad": self._take_pad,
            "take_board": self._take_board,
            "disagreement": self.differences.show,
            "outline": self._on_outline,
            "review": self.panel.wish_reviewed,
            "next_unreviewed": partial(self.walk.step_picture, 1),
            "previous_unreviewed": partial(self.walk.step_picture, -1),
        }
        for name, (x, y) in ARROWS.items():
            found[name] = partial(self._move_cursor, x, y)
            found[f"{name}_fast"] = partial(self._move_cursor, FAST * x, FAST * y)
        found["touch"] = self._touch
        for name in ("square", "inside_pads", "only_hot", "protect", "snap"):
            found[name] = partial(self._on_switch, name)
        for i in range(len(KEYS)):
            found[f"class_{i + 1}"] = partial(self.class_desk.choose_at, i)
        return found

    def set_actions(self, made: Mapping[str, QAction]) -> None:
        self._made = made
        self.panel.set_actions(made)
        self._check_tool()
        self._on_brush()

    def enter(self) -> None:
        self.on = True
        self._on_label()
        self._on_board()

    def leave(self) -> None:
        self.on = False
        self.tools[self.tool].abandon()
        self.easel.slices.complete()
        self.easel.labelling.rest()
        self.easel.session.judging.settle()

    def close(self) -> None:
        self.leave()
        self.counting.close()

    def idle_tool(self) -> Tool | None:
        return self.tools[self.tool]

    def set_theme(self, theme: Theme) -> None:
        self.panel.set_theme(theme)

    def undo(self) -> None:
        """In the middle of a stroke: that stroke."""
        if not self.easel.slices.cancel() and not self.tools[self.tool].take_back():
            self.labelling.undo()
        self.key_hand.lift()
        self.canvas.update()

    def redo(self) -> None:
        if not self.easel.slices.stoppable and not self.tools[self.tool].abandon():
            self.labelling.redo()

    def back(self) -> bool:
        """Esc: out of a fill, out of a shape, back to the brush."""
        if self.easel.slices.cancel():
            self.session.mentioned.emit("Stopped; nothing was changed")
            return True
        if self.tools[self.tool].abandon():
            self.key_hand.lift()
            self.canvas.update()
            return True
        if self.conflicts.active:
            self.conflicts.end()
            return True
        if self.tool != "brush":
            self.choose_tool("brush")
            return True
        return False

    def released(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or not self._before or "eraser" not in self._made:
            return
        if self._made["eraser"].shortcut().matches(QKeySequence(event.key())) == QKeySequence.SequenceMatch.ExactMatch:
            before, self._before = self._before, ""
            if self._held.elapsed() >= HELD_MS and self.tool == "eraser":
                self.choose_tool(before)

    # Tools

    def choose_tool(self, name: str, *_: object) -> None:
        self.tool = name
        self._check_tool()
        if self.on:
            self.canvas.set_tool(self.tools[name])
            self.tools[name].hover(self._cursor)
            self.canvas.update()

    def _check_tool(self) -> None:
        for name in (*TOOLS, "take_defect"):
            if name in self._made:
                self._made[name].setChecked(name == self.tool)

    @Slot()
    def _on_eraser(self, *_: object) -> None:
        if self.tool != "eraser":
            self._before = self.tool
            self._held.start()
        self.choose_tool("eraser")

    def _here(self, act: Callable[[Px], None], *_: object) -> None:
        if self._cursor is not None:
            act(self._cursor)
            self.canvas.update()

    def _move_cursor(self, x: int, y: int, *_: object) -> None:
        self.key_hand.move(x, y)

    @Slot()
    def _touch(self, *_: object) -> None:
        """As the left button would: once for what is clicked; for what is dragged, down, and up the next time."""
        self.key_hand.press(hold=self.tools[self.tool].dragged)

    def _resize(self, steps: int, *_: object) -> None:
        self.easel.resize(steps)

    @Slot(object)
    def _on_cursor(self, at: Px | None) -> None:
        self._cursor = at

    # The brush and the constraints

    @Slot()
    def _on_brush(self) -> None:
        b = self.easel.brush
        self.panel.set_brush(b)
        for name in ("square", "inside_pads", "only_hot", "protect", "snap"):
            if name in self._made:
                self._made[name].setChecked(getattr(b, name))
        self.settings_changed.emit(
            {"brush_size": b.size, "brush_square": b.square, "wand_tolerance": b.tolerance},
        )
        self.differences.follow_brush()

    @Slot(object)
    def _on_brush_wanted(self, changes: dict[str, object]) -> None:
        self.easel.set_brush(**changes)

    def _on_switch(self, name: str, *_: object) -> None:
        self.easel.set_brush(**{name: self._made[name].isChecked()})

    def apply_settings(self, chosen: Settings) -> None:
        self.easel.brush = replace(
            self.easel.brush, size=chosen.brush_size, square=chosen.brush_square, tolerance=chosen.wand_tolerance
        )
        self._on_brush()
        self.layer.shown = chosen.show_masks
        self._on_look(chosen.mask_opacity, chosen.mask_outline)

    @Slot(float, bool)
    def _on_look(self, opacity: float, outline_only: bool) -> None:
        self.layer.set_look(opacity, outline_only)
        self.panel.set_look(opacity, outline_only)
        if "outline" in self._made:
            self._made["outline"].setChecked(outline_only)
        self.settings_changed.emit({"mask_opacity": opacity, "mask_outline": outline_only})
        self.canvas.update()

    @Slot(bool)
    def _on_outline(self, on: bool) -> None:
        self._on_look(self.layer.opacity, on)

    def show_masks(self, on: bool) -> None:
        self.layer.shown = on
        self.canvas.update()

    # The label

    @Slot()
    def _on_loaded(self) -> None:
        self.easel.slices.cancel()
        self.tools[self.tool].abandon()
        self.layer.set_mask(self.labelling.mask)
        self.counting.set_mask(self.labelling.mask)
        self.differences.renew()
        self.canvas.update()

    @Slot(object)
    def _on_painted(self, places: set[Place]) -> None:
        self.layer.touched(places)
        self.counting.touched(places)
        self.canvas.update()

    @Slot()
    def _on_stroked(self) -> None:
        if not self.layer.shown:  # nobody paints what cannot be seen
            self._made["masks"].trigger()

    @Slot()
    def _on_rested(self) -> None:
        self.differences.renew()

    @Slot(object)
    def _on_counted(self, found: Any) -> None:
        self.panel.classes.model.set_amounts(found, self._um_per_px())

    def _um_per_px(self) -> float | None:
        board = self.session.judging.board
        if board is not None:
            return board.facts.scale.um_per_px
        entry = self.session.album.entries.get(self.session.current) if self.session.current is not None else None
        return entry.card.scale.um_per_px if entry is not None and entry.card is not None else None

    @Slot()
    def _on_label(self) -> None:
        entries = self.session.album.entries.values()
        reviewed = sum(self.labelling.states.get(e.sha256) == "accepted" for e in entries)
        self.panel.set_label(self.labelling.row, reviewed, len(self.session.album))
        self.panel.set_open(self.labelling.mask is not None)

    @Slot()
    def _on_leaving(self) -> None:
        """Not where the same label is only read again."""
        s = self.session
        entry = s.album.entries.get(s.current) if s.current is not None else None
        if entry is None or entry.sha256 != self.labelling.picture:
            self.panel.keep_comment()

    @Slot(str, str)
    def review(self, state: str, comment: str) -> None:
        self.easel.slices.complete()
        self.tools[self.tool].abandon()
        self.labelling.review(state, comment)

    @Slot()
    def _on_classes(self) -> None:
        self.layer.set_colours({c.value: c.colour for c in self.labelling.classes})
        self.canvas.update()

    # Pads and pictures

    @Slot()
    def _on_board(self) -> None:
        board = self.session.judging.board
        self.panel.set_board(board is not None)
        for name in ("inside_pads", "only_hot", "take_defect", "take_pad", "take_board", "disagreement"):
            if name in self._made and self.on:
                self._made[name].setEnabled(board is not None)
        self.differences.renew()

    def step(self, by: int) -> None:
        self.walk.step(by)

    def agree(self) -> None:
        """Enter: closes a polygon; else what the label says of this pad is right, and the next one."""
        tool = self.tools[self.tool]
        if self.key_hand.lift() or (isinstance(tool, PolygonTool) and tool.close()):
            self.canvas.update()
        else:
            self.walk.agree()

    def redraw(self) -> None:
        """Another picture is on the canvas."""
        self.walk.show_as_before()
        self.layer.set_mask(self.labelling.mask)

    # Heat

    @Slot()
    def _take_pad(self) -> None:
        under = self.canvas.pads.at(*self._cursor, 0.0) if self._cursor is not None else None
        self.heat.take_pad(under or self.walk.pad)

    @Slot()
    def _take_board(self) -> None:
        self.heat.take_board()

    @Slot()
    def _on_slices(self) -> None:
        if self.easel.slices.busy:
            self.session.mentioned.emit("Working… Esc stops it" if self.easel.slices.stoppable else "Working…")
        self.canvas.update()


def _alt(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)


def _shift(event: QMouseEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
