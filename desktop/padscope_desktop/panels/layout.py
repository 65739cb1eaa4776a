"""The right side in Layout mode: the layout's name, how it lies, its pads, what can be done with them, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from padscope.boards.layout import Layout
from padscope.boards.layout_edit import middle_um
from padscope_desktop.panels.fields import NumberField, WordField
from padscope_desktop.panels.layout_forms import Forms
from padscope_desktop.panels.layout_import import ImportPage
from padscope_desktop.panels.layout_table import PadTable
from padscope_desktop.panels.parts import Elided, button, label, line, named, set_primary, show_wanted
from padscope_desktop.quantities import count
from padscope_desktop.theme import TARGET, Theme

PROBLEM_ROWS = 3
PROBLEM_PAD = 8
SCALE_FIRST = "First say how large a pixel is: type it above, or measure something known with the ruler (R)."
EMPTY = (
    "No pads yet. Draw the first one on the picture and repeat it, import a drawing, or let Padscope learn them from this "
    "picture."
)

if TYPE_CHECKING:
    from padscope.boards.layout_problems import Problem


class LayoutPanel(QStackedWidget):
    """Composes; each part keeps its own signals. Signals: named_as(name) · scale_typed(µm per px) · find_wanted() ·
    import_wanted() · learn_wanted() · new_wanted() · use_wanted() · save_wanted() · problem_chosen(Problem)."""

    named_as = Signal(str)
    scale_typed = Signal(float)
    find_wanted = Signal()
    import_wanted = Signal()
    learn_wanted = Signal()
    new_wanted = Signal()
    use_wanted = Signal()
    save_wanted = Signal()
    problem_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.theme = theme
        self._asks_scale = False
        self.name = WordField("Name of the layout")
        self.facts = label(dim=True)
        self.lies = Elided(dim=True)
        self.look = button("Find the board", tip="Look for this layout's pads and fiducials in the picture (Ctrl+G)")
        self.scale = NumberField("µm per px", digits=4)
        self.scale_words = label("One picture pixel is", dim=True)
        self.scale_unit = label("µm", dim=True)
        self.importing = button("Import…", tip="A layout, or a drawing: CSV, JSON, IPC-D-356, DXF, Gerber, KiCad")
        self.learn = button("Learn", tip="Look for pads and fiducials in this picture and propose a layout")
        self.new = button("New", tip="An empty layout; Ctrl+Z brings this one back")
        self.tools = QHBoxLayout()
        self.tools.setSpacing(4)
        self.empty = label(EMPTY, dim=True, wrap=True)
        self.table = PadTable()
        self.forms = Forms()
        self.problems = named(QListWidget(), "Problems of the layout")
        self.problems.setWordWrap(True)
        self.problems.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.well = label(dim=True)
        self.use = button("Use this layout", primary=True, tip="Inspections judge these pads from now on (Ctrl+Return)")
        self.save = button("Save as…", tip="JSON keeps everything; CSV and DXF are for other programs (Ctrl+S)")
        for made, wanted in (
            (self.look, self.find_wanted),
            (self.importing, self.import_wanted),
            (self.learn, self.learn_wanted),
            (self.new, self.new_wanted),
            (self.use, self.use_wanted),
            (self.save, self.save_wanted),
        ):
            made.clicked.connect(wanted)
        self.name.entered.connect(self.named_as)
        self.scale.entered.connect(self._on_scale)
        self.problems.itemActivated.connect(self._on_problem)
        self.problems.itemClicked.connect(self._on_problem)
        self.imports = ImportPage()
        self.addWidget(self._edit_page())
        self.addWidget(self.imports)

    def _edit_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(8)
        for made in (self.learn, self.importing, self.new):
            top.addWidget(made, 1)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.lies, 1)
        where.addWidget(self.look)
        size = QHBoxLayout()
        size.setSpacing(8)
        for part in (self.scale_words, self.scale, self.scale_unit):
            size.addWidget(part)
        size.addStretch(1)
        self.scale.setFixedWidth(80)
        go = QHBoxLayout()
        go.setSpacing(8)
        go.addWidget(self.use, 1)
        go.addWidget(self.save)
        column.addWidget(self.name)
        column.addWidget(self.facts)
        column.addLayout(where)
        column.addLayout(size)
        column.addLayout(top)
        column.addWidget(line())
        column.addLayout(self.tools)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        column.addWidget(self.forms)
        column.addWidget(line())
        column.addWidget(self.problems)
        column.addWidget(self.well)
        column.addStretch(0)
        column.addLayout(go)
        self._column = column
        return page

    def set_actions(self, actions: Sequence[QAction]) -> None:
        """Buttons for the tools, and the snap switch."""
        for action in actions:
            made = QToolButton()
            made.setDefaultAction(action)
            made.setToolTip(f"{action.text()} ({action.shortcut().toString()})")
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            made.setMinimumHeight(TARGET)
            self.tools.addWidget(made)
        self.tools.addStretch(1)

    def show_layout(self, layout: Layout, chosen: tuple[str, ...], touched: bool, in_use: bool) -> None:
        self.name.show_values([layout.name])
        n, w, f = len(layout.pads), len(layout.wires), len(layout.fiducials)
        state = "in use" if in_use else "not saved" if touched else "saved"
        words = f"{count(n, 'pad')}, {count(w, 'wire')}, {count(f, 'fiducial')} · {state}"
        self.facts.setText(words if n or f else "An empty layout")
        self.empty.setVisible(not n)
        self.table.setVisible(bool(n))
        self.forms.setVisible(bool(n))
        self._column.setStretch(self._column.count() - 2, 0 if n else 1)
        self._show_first_step()
        self.table.show_layout(layout, chosen)
        self.forms.show_pads(layout, chosen)
        self.forms.mirror.show_middle(*middle_um(layout))
        self.use.setEnabled(not in_use)
        set_primary(self.use, bool(n) and not in_use)

    def show_chosen(self, layout: Layout, chosen: tuple[str, ...]) -> None:
        self.table.show_chosen(chosen)
        self.forms.show_pads(layout, chosen)

    def show_problems(self, found: Sequence[Problem]) -> None:
        serious = sum(p.serious for p in found)
        self.problems.clear()
        for problem in found:
            item = QListWidgetItem(problem.text)
            item.setData(Qt.ItemDataRole.UserRole, problem)
            item.setToolTip(problem.text)
            item.setSizeHint(QSize(0, self._height_of(problem.text)))
            self.problems.addItem(item)
        pads_there = self.table.model.rowCount() > 0
        self.problems.setVisible(bool(found) and pads_there)
        rows = [self.problems.item(k).sizeHint().height() for k in range(min(len(found), PROBLEM_ROWS))]
        self.problems.setFixedHeight(sum(rows) + 4)
        self.well.setVisible(pads_there)
        words = f"{count(len(found), 'problem')}" if serious else f"{count(len(found), 'remark')}"
        self.well.setText(
            f"{words}; click one to see its pads" if found else "No overlaps, every name once, all wires fit"
        )
        self.use.setEnabled(self.use.isEnabled() and not serious)

    def show_frame(self, words: str, um_per_px: float | None, found: bool, can_find: bool) -> None:
        self.lies.setText(words)
        self.lies.setToolTip(words)
        for part in (self.scale, self.scale_words, self.scale_unit):
            part.setVisible(not found)
        self.scale.show_values([um_per_px])
        self.look.setEnabled(can_find)
        self._asks_scale = can_find and um_per_px is None
        self._show_first_step()

    def _show_first_step(self) -> None:
        """On an empty page: the scale where nobody knows it, then learning."""
        nothing = not self.table.model.rowCount()
        self.empty.setText(f"{SCALE_FIRST} {EMPTY}" if self._asks_scale else EMPTY)
        set_primary(self.learn, nothing and not self._asks_scale)
        show_wanted(self.scale, nothing and self._asks_scale)

    def _height_of(self, text: str) -> int:
        """Of a row of the list of problems: the whole sentence is read without the mouse."""
        room = QRect(0, 0, max(self.problems.viewport().width() - 2 * PROBLEM_PAD, 120), 400)
        wrapped = self.problems.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, text)
        return max(TARGET, wrapped.height() + PROBLEM_PAD)

    def _on_scale(self, value: float | None) -> None:
        if value is not None and value > 0:
            self.scale_typed.emit(value)

    def _on_problem(self, item: QListWidgetItem) -> None:
        self.problem_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    @property
    def importing_now(self) -> bool:
        return self.currentWidget() is self.imports

    def show_import(self) -> None:
        self.setCurrentWidget(self.imports)

    def show_edit(self) -> None:
        self.setCurrentIndex(0)
