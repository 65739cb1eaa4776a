"""Which part of a drawing becomes pads: layers, nets, names, a region, a side; what comes of it is shown over the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from padscope.boards.layout_choice import Choice
from padscope.errors import UsageError
from padscope_desktop.background.payloads import Drawing
from padscope_desktop.panels.fields import NumberField, WordField
from padscope_desktop.panels.parts import Chooser, Elided, button, label, line, named, set_primary
from padscope_desktop.quantities import count, number
from padscope_desktop.theme import TARGET

WAIT_MS = 250
SIDES = {"Top": "top", "Bottom": "bottom"}
UNITS = {"file’s": None, "mm": 1000.0, "inch": 25_400.0, "mil": 25.4, "µm": 1.0}


class ImportPage(QWidget):
    """Signals: choice_changed(Choice) · accepted() · cancelled() · region_wanted(): draw it on the picture · find_wanted()."""

    choice_changed = Signal(object)
    accepted = Signal()
    cancelled = Signal()
    region_wanted = Signal()
    find_wanted = Signal()
    clicks_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.file = Elided()
        self.file.setProperty("bold", True)
        self.layers = named(QListWidget(), "Layers")
        self.layers.setObjectName("checks")
        self.layers.setMinimumHeight(3 * TARGET)
        self.layers.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the number behind a long name stays in sight
        self.layers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.nets = WordField("Nets", empty="all")
        self.nets.setToolTip("Patterns as in file names, separated by commas: VDD*, GND?")
        self.names = WordField("Names of pads", empty="all")
        self.names.setToolTip("PART-PIN, patterns as in file names, separated by commas: J1-*")
        self.side, self.unit = named(Chooser(), "Side"), named(Chooser(), "Unit of the drawing")
        self.side.addItems(list(SIDES))
        self.unit.addItems(list(UNITS))
        self.unit.setToolTip("What one unit of the drawing is; the file’s: as the file itself says")
        self.wires = NumberField("Wires per pad", digits=0)
        self.pitch = NumberField("Wire pitch in µm", empty="–")
        self.pitch.setToolTip("As many wires side by side as fit at this pitch, in place of a fixed number.")
        self.fiducials = WordField("Names of fiducials")
        self.region = button("Region…", tip="Drag a rectangle on the picture: only pads within it are taken")
        self.whole = button("Whole board", tip="No region")
        self.region_words = label(dim=True)
        self.found = label(bold=True, wrap=True)
        self.trouble = label(wrap=True, dim=True)
        self.lies = label(dim=True, wrap=True)
        self.look = button("Find the board", tip="Look for these pads in the picture")
        self.clicks = button("Click its marks", tip="Two or three clicks show where the board lies")
        self.accept = button("Take it", primary=True)
        self.cancel = button("Cancel")
        self._layers_title = label("Layers", title=True)
        self._choices = QWidget()
        self._region_um: tuple[float, float, float, float] | None = None
        self._left_out: tuple[str, ...] = ()
        self._filling = False
        self._wait = QTimer(self, interval=WAIT_MS, singleShot=True)
        self._wait.timeout.connect(self._tell)
        self._lay_out()
        self.layers.itemChanged.connect(self._later)
        for field in (self.nets, self.names, self.fiducials, self.wires, self.pitch):
            field.entered.connect(self._later)
        for chooser in (self.side, self.unit):
            chooser.currentIndexChanged.connect(self._later)
        self.region.clicked.connect(self.region_wanted)
        self.whole.clicked.connect(lambda: self.set_region(None))
        self.look.clicked.connect(self.find_wanted)
        self.clicks.clicked.connect(self.clicks_wanted)
        self.accept.clicked.connect(self.accepted)
        self.cancel.clicked.connect(self.cancelled)

    def _lay_out(self) -> None:
        grid = QGridLayout(self._choices)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.addWidget(self._layers_title, 0, 0, 1, 4)
        grid.addWidget(self.layers, 1, 0, 1, 4)
        for k, (first, a, second, b) in enumerate(
            (
                ("Nets", self.nets, "Pads", self.names),
                ("Side", self.side, "Unit", self.unit),
                ("Wires", self.wires, "or pitch µm", self.pitch),
            ),
            start=2,
        ):
            for column, (words, field) in enumerate(((first, a), (second, b))):
                grid.addWidget(label(words, dim=True), k, 2 * column)
                grid.addWidget(field, k, 2 * column + 1)
                field.setMinimumHeight(TARGET)
        grid.addWidget(label("Fiducials", dim=True), 5, 0)
        grid.addWidget(self.fiducials, 5, 1, 1, 3)
        region = QHBoxLayout()
        region.setSpacing(8)
        for part in (self.region, self.whole, self.region_words):
            region.addWidget(part)
        region.addStretch(1)
        grid.addLayout(region, 6, 0, 1, 4)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        lies = QHBoxLayout()
        lies.setSpacing(8)
        lies.addWidget(self.look)
        lies.addWidget(self.clicks)
        lies.addStretch(1)
        go = QHBoxLayout()
        go.setSpacing(8)
        go.addWidget(self.accept, 1)
        go.addWidget(self.cancel)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(16, 12, 16, 12)
        rows.setSpacing(8)
        rows.addWidget(label("Import a layout", title=True))
        rows.addWidget(self.file)
        rows.addWidget(line())
        rows.addWidget(self._choices, 1)
        rows.addWidget(line())
        for part in (self.found, self.trouble, self.lies):
            rows.addWidget(part)
        rows.addLayout(lies)
        rows.addStretch(0)
        rows.addLayout(go)

    def begin(self, name: str) -> None:
        """Another file: nothing is chosen yet."""
        self._filling = True
        self.file.setText(name)
        self.layers.clear()
        for field in (self.nets, self.names):
            field.show_values([""])
        self.fiducials.show_values([", ".join(Choice().fiducials)])
        self.wires.show_values([1])
        self.pitch.show_values([None])
        self.side.setCurrentIndex(0)
        self.unit.setCurrentIndex(0)
        self._region_um = None
        self._left_out = ()
        self._choices.setVisible(False)
        self.found.setText("Reading…")
        for part in (self.trouble, self.lies):
            part.setText("")
            part.hide()
        self._say_region()
        self.accept.setEnabled(False)
        self._filling = False

    def show_drawing(self, drawing: Drawing) -> None:
        self._filling = True
        self._choices.setVisible(not drawing.whole)
        self._left_out = drawing.left_out
        ticked = set(self._ticked()) if self.layers.count() else None
        if [name for name, _ in drawing.layers] != [self._layer(k) for k in range(self.layers.count())]:
            self.layers.clear()
            for name, n in drawing.layers:
                item = QListWidgetItem(f"{name}   ({number(n)})")
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setToolTip(name)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                on = name not in drawing.left_out if ticked is None else name in ticked
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
                self.layers.addItem(item)
        for part in (self._layers_title, self.layers):
            part.setVisible(len(drawing.layers) > 1)
        self.nets.setEnabled(bool(drawing.nets))
        shown = ", ".join(name for name, _ in drawing.nets[:12])
        self.nets.setToolTip(
            f"Patterns as in file names, separated by commas. The drawing has {shown} …"
            if shown
            else "The drawing names no nets."
        )
        layout = drawing.layout
        self.found.setText(
            f"{count(len(layout.pads), 'pad')}, {count(len(layout.wires), 'wire')}, {count(len(layout.fiducials), 'fiducial')}"
            if layout is not None
            else "Not a layout yet"
        )
        self.trouble.setText(drawing.refusal)
        self.trouble.setVisible(bool(drawing.refusal))
        self.accept.setEnabled(layout is not None)
        set_primary(self.accept, layout is not None)
        for made in (self.look, self.clicks):
            made.setEnabled(layout is not None)
        self._filling = False

    def show_trouble(self, sentence: str) -> None:
        """The file itself cannot be read."""
        self.found.setText("Nothing could be read")
        self.trouble.setText(sentence)
        self.trouble.show()
        self._choices.setVisible("unit" in sentence or "side" in sentence)  # what a person can still say
        self.accept.setEnabled(False)
        for made in (self.look, self.clicks):
            made.setEnabled(False)

    def show_frame(self, words: str) -> None:
        self.lies.setText(words)
        self.lies.setVisible(bool(words))

    def set_region(self, region_um: tuple[float, float, float, float] | None) -> None:
        self._region_um = region_um
        self._say_region()
        self._later()

    def choice(self) -> Choice:
        """UsageError where what is typed makes none."""
        ticked = self._ticked()
        every = len(ticked) == self.layers.count() and not self._left_out
        return Choice(
            layers=() if every else tuple(_literal(t) for t in ticked) or ("",),
            nets=_patterns(self.nets.text()),
            pads=_patterns(self.names.text()),
            region_um=self._region_um,
            side=SIDES[self.side.currentText()],
            fiducials=_patterns(self.fiducials.text()),
            wires=int(self.wires.number or 0),
            wire_pitch_um=self.pitch.number,
            unit_um=UNITS[self.unit.currentText()],
        )

    def _ticked(self) -> list[str]:
        on = Qt.CheckState.Checked
        return [self._layer(k) for k in range(self.layers.count()) if self.layers.item(k).checkState() == on]

    def _layer(self, row: int) -> str:
        return str(self.layers.item(row).data(Qt.ItemDataRole.UserRole))

    def _say_region(self) -> None:
        r = self._region_um
        self.region_words.setText(
            "" if r is None else f"{number((r[2] - r[0]) / 1000, 1)} × {number((r[3] - r[1]) / 1000, 1)} mm"
        )
        self.whole.setEnabled(r is not None)

    @Slot()
    def _later(self) -> None:
        if not self._filling:
            self._wait.start()

    @Slot()
    def _tell(self) -> None:
        try:
            self.choice_changed.emit(self.choice())
        except UsageError as error:
            self.trouble.setText(str(error))
            self.trouble.show()
            self.accept.setEnabled(False)


def _patterns(text: str) -> tuple[str, ...]:
    return tuple(part for part in (p.strip() for p in text.split(",")) if part)


def _literal(name: str) -> str:
    """A layer's own name as a pattern that means only itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)
