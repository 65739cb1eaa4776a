"""Layout mode: draw, repeat, correct, check; import and learn. Links the draft with the picture, the panel and the workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from padscope.boards.layout import Layout
from padscope.boards.layout_edit import without
from padscope_desktop.dialogs import Dialogs
from padscope_desktop.layouts.actions import LAYOUT_ACTIONS
from padscope_desktop.layouts.changes import changed_field, named_in_order, reflected_pads, repeated_pads
from padscope_desktop.layouts.draft import EMPTY, Draft
from padscope_desktop.layouts.drafting import Drafting
from padscope_desktop.layouts.hands import LayoutHands, RegionHands
from padscope_desktop.layouts.journal import TOPIC, Journal
from padscope_desktop.modes import Mode
from padscope_desktop.panels.layout import LayoutPanel
from padscope_desktop.panels.marks import MarksBar
from padscope_desktop.session import Session
from padscope_desktop.theme import Theme
from padscope_desktop.viewer.canvas import Canvas
from padscope_desktop.viewer.layout_layer import LayoutLayer, Scene
from padscope_desktop.viewer.layout_tools import MarkTool, PadTool, SelectTool
from padscope_desktop.viewer.tools import Px, Tool

if TYPE_CHECKING:
    from padscope.boards.layout_problems import Problem

TOOLS = ("layout_select", "layout_draw", "layout_fiducial")


class LayoutMode(Mode):
    id, words, key = "layout", "Layout", "F4"
    panel: LayoutPanel
    actions = LAYOUT_ACTIONS

    def __init__(self, session: Session, canvas: Canvas, dialogs: Dialogs, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.session = session
        self.canvas = canvas
        self.dialogs = dialogs
        self.panel = LayoutPanel(theme)
        self.bar = self.marks = MarksBar(theme)
        self.draft = Draft(self)
        self.journal = Journal(session, self.draft, self)
        self.drafting = Drafting(session, self.draft, self)
        self.layer = LayoutLayer()
        self.hands = LayoutHands(session, canvas, self.layer, self.draft, self.drafting, self)
        self.tools: dict[str, Tool] = {
            "layout_select": SelectTool(self.layer, self.hands),
            "layout_draw": PadTool(self.layer, self.hands),
            "layout_fiducial": MarkTool(self.layer, self.hands),
            "region": PadTool(self.layer, RegionHands(canvas, self._on_region)),
        }
        self.tool = "layout_select"
        self.on = False
        self.switches: Mapping[str, Any] = {}
        canvas.layers.over.append(self.layer)
        self._connect()
        self._on_draft()

    def _connect(self) -> None:
        d, p, w = self.draft, self.panel, self.drafting
        d.changed.connect(self._on_draft)
        d.chosen_changed.connect(self._on_chosen)
        d.frame_changed.connect(self._on_frame)
        self.hands.committed.connect(self._show)
        self.hands.scale_wanted.connect(p.scale.setFocus)
        d.refused.connect(self.session.mentioned)
        w.previewed.connect(self._on_preview)
        w.unreadable.connect(p.imports.show_trouble)
        w.learned.connect(self._on_learned)
        self.session.layout_changed.connect(self._on_draft)
        self.journal.wanted.connect(lambda: self.switches["mode_layout"].trigger())
        self.session.current_changed.connect(self._on_picture)
        p.named_as.connect(self._on_named)
        p.scale_typed.connect(w.set_scale)
        p.find_wanted.connect(w.find)
        p.import_wanted.connect(self.begin_import)
        p.learn_wanted.connect(self.learn)
        p.new_wanted.connect(self.new)
        p.use_wanted.connect(self.use)
        p.save_wanted.connect(self.save)
        p.problem_chosen.connect(self._on_problem)
        p.table.typed.connect(lambda pad, field, value: self._change(field, value, (pad,)))
        p.table.chosen.connect(self._on_rows)
        p.table.zoom_wanted.connect(self.hands.zoom_to)
        f = p.forms
        f.pad.wanted.connect(lambda field, value: self._change(field, value, self.draft.chosen))
        f.wire.wanted.connect(lambda field, value: self._change(field, value, self.draft.chosen))
        f.repeat.wanted.connect(lambda n, dx, dy: self._copies("repeat", partial(repeated_pads, count=n, dx=dx, dy=dy)))
        f.mirror.wanted.connect(lambda axis, at: self._copies("mirror", partial(reflected_pads, axis=axis, at=at)))
        f.naming.wanted.connect(self._on_names)
        i = p.imports
        i.choice_changed.connect(w.choose)
        i.accepted.connect(self.take_import)
        i.cancelled.connect(self.end_import)
        i.region_wanted.connect(partial(self._take_up, "region"))
        i.find_wanted.connect(w.find)
        i.clicks_wanted.connect(self.begin_clicks)
        self.canvas.point_clicked.connect(self.marks.add_point)
        self.marks.points_changed.connect(self._on_points)
        self.marks.ready.connect(self._on_clicked)
        self.marks.closed.connect(self.end_clicks)

    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        return {
            **{name: partial(self._on_tool, name) for name in TOOLS},
            "layout_snap": self._on_snap,
            "layout_delete": self.delete,
            "layout_all": self.choose_all,
            "layout_to_edges": self.snap_chosen,
            "layout_find": self.drafting.find,
            "layout_clicks": self.begin_clicks,
            "layout_learn": self.learn,
            "layout_import": self.begin_import,
            "layout_new": self.new,
            "layout_use": self.use,
            "layout_save": self.save,
        }

    def set_switches(self, actions: Mapping[str, Any]) -> None:
        """The QActions of this mode, once they are made."""
        self.switches = actions
        self.panel.set_actions([actions[name] for name in (*TOOLS, "layout_snap")])
        self._show_switches()

    # The mode

    def enter(self) -> None:
        self.on = True
        self.session.settled.emit(TOPIC)  # the offer to go on with it
        if self.session.layout is not None and not self.draft.touched and self.draft.layout != self.session.layout:
            self.draft.open(self.session.layout)
            self.drafting.forget_place()
        self.layer.visible, self.canvas.layers.judged = True, False
        self.canvas.repaint_overlays()
        self.drafting.look()
        self._on_draft()

    def leave(self) -> None:
        self.on = False
        self.end_clicks()
        self.layer.visible, self.canvas.layers.judged = False, True
        self.canvas.repaint_overlays()

    def idle_tool(self) -> Tool | None:
        return self.tools[self.tool]

    def step(self, by: int) -> None:
        """The next problem's pads; without problems the next pad."""
        stops = [p.pads for p in self.draft.problems if p.pads] or [(p.id,) for p in self.draft.layout.pads]
        if stops:
            now = next((i for i, s in enumerate(stops) if s == self.draft.chosen), -1 if by > 0 else 0)
            self.draft.choose(stops[(now + by) % len(stops)])
            self.hands.reveal()

    def agree(self) -> None:
        if self.draft.chosen:
            self.hands.zoom_to(self.draft.chosen[0])

    def undo(self) -> None:
        self.draft.undo()

    def redo(self) -> None:
        self.draft.redo()

    def back(self) -> bool:
        """Out of clicking, of a drag, of a region, of an import, of a tool, of a choice."""
        tool = self.canvas.tool
        for there, act in (
            (self.marks.active, self.end_clicks),
            (tool is not None and tool.abandon(), self.canvas.update),
            (self.tool == "region", partial(self._take_up, "layout_select")),
            (self.panel.importing_now, self.end_import),
            (self.tool != "layout_select", partial(self._take_up, "layout_select")),
            (bool(self.draft.chosen) or self.draft.mark is not None, partial(self.draft.choose, ())),
        ):
            if there:
                act()
                return True
        return False

    def redraw(self) -> None:
        self._show()

    def set_theme(self, theme: Theme) -> None:
        self.panel.theme = self.marks.sketch.theme = theme

    # What changed

    @Slot()
    def _on_draft(self) -> None:
        d = self.draft
        in_use = self.session.layout is not None and d.layout == self.session.layout
        self.panel.show_layout(d.layout, d.chosen, d.touched, in_use)
        self.panel.show_problems(d.problems)
        self._show()

    @Slot()
    def _on_chosen(self) -> None:
        self.panel.show_chosen(self.draft.layout, self.draft.chosen)
        self._show()

    @Slot()
    def _on_frame(self) -> None:
        self._show()

    @Slot()
    def _on_picture(self) -> None:
        self.end_clicks()
        if self.on:
            self.drafting.look()

    def _show(self) -> None:
        """The layout, or what is about to be imported, over the picture."""
        d, frame = self.draft, self.drafting.frame
        preview = self.drafting.preview
        words = frame.words if frame is not None else "No picture"
        scale = 1 / frame.um_to_px.scale if frame is not None and frame.scaled else None
        self.panel.show_frame(words, scale, frame is not None and frame.found, self.session.current is not None)
        self.panel.imports.show_frame(f"Lies {words}." if preview is not None and frame is not None else "")
        scene = None
        if frame is not None and self.canvas.picture.width:
            if preview is not None:
                scene = Scene(preview, frame.um_to_px)
            elif not self.panel.importing_now:
                wrong = {p for problem in d.problems for p in problem.pads} | set(self.drafting.doubtful)
                scene = Scene(d.layout, frame.um_to_px, d.chosen, d.mark, wrong)
        self.layer.font = self.canvas.font()
        self.layer.show_scene(scene)
        self.canvas.update()

    # What a person wants

    def _change(self, field: str, value: object, pads: tuple[str, ...]) -> None:
        if not self.draft.do(f"change {field}", partial(changed_field, field=field, value=value, names=pads)):
            self._on_draft()  # the field shows again what is true
        elif field == "id":
            self.draft.choose([str(value).strip()])

    def _copies(self, what: str, change: Callable[..., tuple[Layout, list[str]]]) -> None:
        new: list[str] = []

        def step(layout: Layout) -> Layout:
            after, names = change(layout, self.draft.chosen)
            new.extend(names)
            return after

        if self.draft.do(what, step):
            self.draft.choose(new)

    @Slot(str, int)
    def _on_names(self, pattern: str, start: int) -> None:
        chosen = self.draft.chosen
        places = [i for i, p in enumerate(self.draft.layout.pads) if p.id in set(chosen)]
        if self.draft.do("name", partial(named_in_order, names=chosen, pattern=pattern, start=start)):
            self.draft.choose([self.draft.layout.pads[i].id for i in places])

    @Slot(str)
    def _on_named(self, name: str) -> None:
        if name:
            self.draft.do("name the layout", lambda layout: replace(layout, name=name, sha256=""))
        self._on_draft()

    @Slot()
    def delete(self, *_: object) -> None:
        gone = [*self.draft.chosen, *([self.draft.mark] if self.draft.mark else [])]
        if gone:
            self.draft.do("delete", lambda layout: without(layout, gone))

    @Slot()
    def choose_all(self, *_: object) -> None:
        self.draft.choose([p.id for p in self.draft.layout.pads])

    @Slot()
    def snap_chosen(self, *_: object) -> None:
        """Every chosen pad to the metal it lies on, as one step."""
        levels, layout = self.canvas.picture.levels, self.draft.layout
        found = {n: pad for n in self.draft.chosen if (pad := self.drafting.snapped(layout.pad[n], levels)) is not None}
        missed = len(self.draft.chosen) - len(found)
        if found:
            self.draft.do("snap", partial(changed_field, field="pads", value=found, names=tuple(found)))
        self.session.mentioned.emit(f"{len(found)} snapped" + (f"; {missed} show no clear edges" if missed else ""))

    @Slot()
    def new(self, *_: object) -> None:
        self.draft.do("new layout", lambda _: EMPTY)
        self.drafting.forget_place()

    @Slot()
    def use(self, *_: object) -> None:
        self.drafting.use()

    @Slot()
    def save(self, *_: object) -> None:
        path = self.dialogs.save_layout(self.draft.layout.name, self.drafting.folder)
        if path is not None:
            self.drafting.save(path)

    @Slot(object)
    def _on_rows(self, pads: list[str]) -> None:
        self.draft.choose(pads)
        self.hands.reveal()

    @Slot(object)
    def _on_problem(self, problem: Problem) -> None:
        self.draft.choose(problem.pads, problem.fiducials[0] if problem.fiducials else None)
        if problem.pads:
            self.hands.zoom_to(problem.pads[0])

    # Tools

    def _on_tool(self, name: str, *_: object) -> None:
        self._take_up(name)

    @Slot()
    def _on_snap(self, *_: object) -> None:
        self.hands.snapping = not self.hands.snapping
        self._show_switches()

    def _take_up(self, name: str) -> None:
        self.tool = name
        if self.on:
            self.canvas.set_tool(self.tools[name])
        self._show_switches()

    def _show_switches(self) -> None:
        for name in TOOLS:
            if name in self.switches:
                self.switches[name].setChecked(name == self.tool)
        if "layout_snap" in self.switches:
            self.switches["layout_snap"].setChecked(self.hands.snapping)

    # Importing and learning

    @Slot()
    def begin_import(self, *_: object) -> None:
        path = self.dialogs.drawing(self.drafting.folder)
        if path is not None:
            self._take_up("layout_select")
            self.panel.imports.begin(path.name)
            self.panel.show_import()
            self.drafting.read(path)
            self._show()

    @Slot()
    def _on_preview(self) -> None:
        if self.drafting.drawing is not None:
            self.panel.imports.show_drawing(self.drafting.drawing)
        self._show()

    @Slot()
    def take_import(self) -> None:
        preview = self.drafting.taken()
        if preview is not None:
            self.panel.show_edit()
            self.draft.do(f"import {preview.name}", lambda _: preview)
            self._show()

    @Slot()
    def end_import(self) -> None:
        self.drafting.taken()
        self.panel.show_edit()
        if self.tool == "region":
            self._take_up("layout_select")
        self._show()

    @Slot()
    def learn(self, *_: object) -> None:
        if self.hands.scaled():
            self.drafting.learn()

    @Slot()
    def _on_learned(self) -> None:
        self._on_draft()

    def _on_region(self, region_um: tuple[float, float, float, float]) -> None:
        self._take_up("layout_select")
        self.panel.imports.set_region(region_um)

    # Clicks on marks

    @Slot()
    def begin_clicks(self, *_: object) -> None:
        layout = self.drafting.preview or self.draft.layout
        if self.session.current is None or not (layout.pads or layout.fiducials):
            self.session.mentioned.emit("Clicking marks needs a picture and a layout")
            return
        self.canvas.set_picking(True)
        self.layer.visible = False  # it lies where the board is not
        self.marks.begin(layout)

    @Slot()
    def end_clicks(self) -> None:
        if self.marks.active:
            self.marks.end()
            self.canvas.set_picking(False)
            self.canvas.set_points({})
            self.layer.visible = self.on
            self.canvas.update()

    @Slot(object)
    def _on_points(self, points: dict[str, Px]) -> None:
        if self.marks.active:
            self.canvas.set_points(points)

    @Slot(object)
    def _on_clicked(self, points: dict[str, Px]) -> None:
        self.end_clicks()
        self.drafting.find(points)
