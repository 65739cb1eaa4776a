"""What can be done with the chosen pads: one small page each for their facts, repeating, mirroring and naming."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from padscope.boards.layout import FOOT_UM, Layout
from padscope.boards.layout_edit import numbered
from padscope_desktop.panels.fields import NumberField, WordField
from padscope_desktop.panels.parts import Elided, button, label, named
from padscope_desktop.quantities import count
from padscope_desktop.theme import TARGET

PAGES = ("Pad", "Wires", "Repeat", "Mirror", "Name")
LABEL_WIDTH = 64


class PadPage(QWidget):
    """Signal: wanted(field, value) for all chosen pads; fields as in `boards.layout.Pad`, and id, wires, foot, diameter."""

    wanted = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_um, self.y_um = NumberField("x in µm"), NumberField("y in µm")
        self.w, self.h = NumberField("Width in µm"), NumberField("Length in µm")
        self.turn = NumberField("Turn in degrees", digits=3)
        self.name, self.net = WordField("Name of the pad"), WordField("Net", empty="none")
        self.single = named(QCheckBox("single-purpose"), "Single-purpose")
        self.single.setTristate(False)
        self.single.setMinimumHeight(TARGET)
        self.single.setToolTip("Its net has no other pad: the rules are stricter with it.")
        fields: tuple[tuple[str, QWidget, str, QWidget], ...] = (
            ("Name", self.name, "Net", self.net),
            ("x", self.x_um, "y", self.y_um),
            ("Width", self.w, "Length", self.h),
            ("Turn °", self.turn, "", self.single),
        )
        _fill(self, fields)
        for field, name in ((self.x_um, "x_um"), (self.y_um, "y_um"), (self.w, "w_um"), (self.h, "h_um")):
            field.entered.connect(partial(self._on_number, name))
        self.turn.entered.connect(partial(self._on_number, "rotation_deg"))
        self.name.entered.connect(lambda v: self.wanted.emit("id", v))
        self.net.entered.connect(lambda v: self.wanted.emit("net", v))
        self.single.clicked.connect(lambda on: self.wanted.emit("single_purpose", on))

    def show_pads(self, layout: Layout, names: Sequence[str]) -> None:
        pads = [layout.pad[n] for n in names]
        for field, values in (
            (self.x_um, [p.x_um for p in pads]),
            (self.y_um, [p.y_um for p in pads]),
            (self.w, [p.w_um for p in pads]),
            (self.h, [p.h_um for p in pads]),
            (self.turn, [p.rotation_deg for p in pads]),
        ):
            field.show_values(values)
        self.turn.setEnabled(all(p.polygon_um is None for p in pads))
        self.name.show_values([p.id for p in pads])
        self.name.setEnabled(len(pads) == 1)
        self.net.show_values([p.net for p in pads])
        state = {p.single_purpose for p in pads}
        self.single.setCheckState(
            Qt.CheckState.PartiallyChecked
            if len(state) > 1
            else Qt.CheckState.Checked
            if True in state
            else Qt.CheckState.Unchecked
        )

    def _on_number(self, field: str, value: float | None) -> None:
        if value is not None:
            self.wanted.emit(field, value)


class WirePage(QWidget):
    """Signal: wanted(field, value): wires, wire_direction, foot_across, foot_along, diameter."""

    wanted = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wires = NumberField("Wires on the pad", digits=0)
        self.direction = NumberField("Direction of the wires in degrees", empty="auto", digits=3)
        self.direction.setToolTip("0 runs to the right, 90 downwards; empty: along the pad's longer side.")
        self.across, self.along = NumberField("Foot across the wire in µm"), NumberField("Foot along the wire in µm")
        self.diameter = NumberField("Diameter of the wire in µm")
        _fill(
            self,
            (
                ("Wires", self.wires, "Direction °", self.direction),
                ("Foot across", self.across, "along", self.along),
                ("Wire ⌀", self.diameter, "", label("lengths in µm", dim=True)),
            ),
        )
        for field, name in (
            (self.wires, "wires"),
            (self.across, "foot_across"),
            (self.along, "foot_along"),
            (self.diameter, "diameter"),
        ):
            field.entered.connect(partial(self._on_number, name))
        self.direction.entered.connect(lambda v: self.wanted.emit("wire_direction", v))

    def show_pads(self, layout: Layout, names: Sequence[str]) -> None:
        wires = [w for n in names for w in layout.wires_of[n]]
        self.wires.show_values([float(len(layout.wires_of[n])) for n in names])
        self.direction.show_values([layout.pad[n].wire_direction for n in names])
        self.across.show_values([w.foot_um[0] for w in wires] or [FOOT_UM[0]])
        self.along.show_values([w.foot_um[1] for w in wires] or [FOOT_UM[1]])
        self.diameter.show_values([w.diameter_um for w in wires] or [25.0])
        for field in (self.across, self.along, self.diameter):
            field.setEnabled(bool(wires))

    def _on_number(self, field: str, value: float | None) -> None:
        if value is not None:
            self.wanted.emit(field, value)


class RepeatPage(QWidget):
    """Signal: wanted(count, dx µm, dy µm)."""

    wanted = Signal(int, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = NumberField("Copies", digits=0)
        self.dx, self.dy = NumberField("Pitch to the right in µm"), NumberField("Pitch downwards in µm")
        self.go = button("Repeat", tip="Copies of the chosen pads, each one pitch further; their names count on")
        self.count.show_values([10])
        self.dx.show_values([0])
        self.dy.show_values([254])
        _fill(
            self,
            (("Copies", self.count, "", self.go), ("Pitch x", self.dx, "y", self.dy)),
        )
        self.go.clicked.connect(self._on_go)

    @Slot()
    def _on_go(self) -> None:
        n, dx, dy = self.count.number, self.dx.number, self.dy.number
        self.wanted.emit(int(n or 0), float(dx or 0.0), float(dy or 0.0))


class MirrorPage(QWidget):
    """Signal: wanted("x" or "y", place of the mirror in µm)."""

    wanted = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_um, self.y_um = NumberField("Mirror at x in µm"), NumberField("Mirror at y in µm")
        self.left_right = button("Left ↔ right", tip="Copies on the opposite edge; L001 becomes R001")
        self.top_bottom = button("Top ↔ bottom", tip="Copies on the opposite edge; T001 becomes B001")
        _fill(
            self,
            (("Mirror at x", self.x_um, "", self.left_right), ("Mirror at y", self.y_um, "", self.top_bottom)),
        )
        self.left_right.clicked.connect(lambda: self.wanted.emit("x", self.x_um.number or 0.0))
        self.top_bottom.clicked.connect(lambda: self.wanted.emit("y", self.y_um.number or 0.0))

    def show_middle(self, x_um: float, y_um: float) -> None:
        self.x_um.show_values([x_um])
        self.y_um.show_values([y_um])


class NamePage(QWidget):
    """Signal: wanted(pattern, first number)."""

    wanted = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pattern = WordField("Pattern of the names")
        self.pattern.show_values(["L{n:03}"])
        self.pattern.setToolTip("{n} is the number; {n:03} writes it with three digits.")
        self.start = NumberField("First number", digits=0)
        self.start.show_values([1])
        self.go = button("Name", tip="In their order from left to right, or from top to bottom")
        self.example = Elided(dim=True)
        self._count = 1
        _fill(self, (("Pattern", self.pattern, "", self.example), ("First", self.start, "", self.go)))
        for field in (self.pattern, self.start):
            field.textChanged.connect(self._show_example)
        self.go.clicked.connect(lambda: self.wanted.emit(self.pattern.text().strip(), int(self.start.number or 0)))

    def show_count(self, pads: int) -> None:
        self._count = pads
        self._show_example()

    @Slot()
    def _show_example(self) -> None:
        """What the first and the last pad would be called."""
        first = int(self.start.number or 0)
        ends = [numbered(self.pattern.text().strip(), n) for n in (first, first + max(self._count, 1) - 1)]
        self.example.setText(" … ".join(dict.fromkeys(ends)))


class Forms(QWidget):
    """The pages, and the buttons that turn them. Signals of the pages stay their own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pad, self.wire, self.repeat, self.mirror, self.naming = (
            PadPage(),
            WirePage(),
            RepeatPage(),
            MirrorPage(),
            NamePage(),
        )
        self.title = label(bold=True)
        self.pages = QStackedWidget()
        self.tabs: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for k, (words, page) in enumerate(
            zip(PAGES, (self.pad, self.wire, self.repeat, self.mirror, self.naming), strict=True)
        ):
            tab = QToolButton()
            tab.setText(words)
            tab.setCheckable(True)
            tab.setChecked(k == 0)
            tab.setProperty("flat", True)
            tab.setProperty("tight", True)
            tab.setMinimumHeight(TARGET)
            tab.clicked.connect(lambda _=False, page=page: self.pages.setCurrentWidget(page))
            group.addButton(tab)
            row.addWidget(tab)
            self.tabs[words] = tab
            self.pages.addWidget(page)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addLayout(row)
        column.addWidget(self.pages)

    def show_pads(self, layout: Layout, names: Sequence[str]) -> None:
        self.setEnabled(bool(names))
        words = f"Pad {names[0]}" if len(names) == 1 else f"{count(len(names), 'pad')} chosen"
        self.title.setText(words if names else "No pad chosen")
        if names:
            self.pad.show_pads(layout, names)
            self.wire.show_pads(layout, names)
            self.naming.show_count(len(names))


def _fill(page: QWidget, rows: Sequence[tuple[str, QWidget, str, QWidget]]) -> None:
    """Two pairs of a label and a field side by side."""
    grid = QGridLayout(page)
    grid.setContentsMargins(0, 4, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(8)
    for k, (first, a, second, b) in enumerate(rows):
        for column, (words, field) in enumerate(((first, a), (second, b))):
            if words:
                grid.addWidget(label(words, dim=True), k, 2 * column)
                grid.addWidget(field, k, 2 * column + 1)
            else:
                grid.addWidget(field, k, 2 * column, 1, 2)
    grid.setColumnMinimumWidth(0, LABEL_WIDTH)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(3, 1)
    grid.setRowStretch(len(rows), 1)
