"""Production: the page over all modules, and the filters beside it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from padscope.boards.layout import Layout
from padscope.workflows.production import Filters, Production
from padscope_desktop.panels.modules_table import SHA, ModulesTable
from padscope_desktop.panels.parts import Chooser, button, label, line, named
from padscope_desktop.panels.plots import Bars, PadShares, Trend
from padscope_desktop.quantities import count, number, percent
from padscope_desktop.theme import TARGET, Theme

STATES = (("All modules", ""), ("Signed", "signed"), ("To be signed", "to be signed"))


class ProductionPage(QWidget):
    """Signal: picture_wanted(sha256): a person wants to see that module."""

    picture_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.table = ModulesTable()
        self.table.activated.connect(self._on_activated)
        self.bars, self.shares, self.trend = Bars(theme), PadShares(theme), Trend(theme)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setSpacing(8)
        grid.addWidget(self.table, 0, 0, 1, 3)
        plots = (("Defects by class", self.bars), ("Where on the board", self.shares), ("Over time", self.trend))
        for k, (words, plot) in enumerate(plots):
            grid.addWidget(label(words, title=True), 1, k)
            grid.addWidget(plot, 2, k)
            grid.setColumnStretch(k, 5 if plot is self.trend else 3)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(2, 2)

    def set_lines(self, shown: Production) -> None:
        self.table.modules.set_lines(shown.lines)

    def set_plots(self, shown: Production, layout: Layout | None) -> None:
        self.bars.set_rows(shown.classes())
        self.shares.set_shares(layout, shown.pads(layout) if layout is not None else {})
        self.trend.set_days(shown.trend())

    def set_known(self, known: bool) -> None:
        """That there is nothing is said only of what has been read."""
        for plot in (self.bars, self.shares, self.trend):
            plot.nothing = type(plot).nothing if known else ""
            plot.update()

    def set_theme(self, theme: Theme) -> None:
        for plot in (self.bars, self.shares, self.trend):
            plot.set_theme(theme)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.picture_wanted.emit(str(index.data(SHA)))


class ProductionPanel(QWidget):
    """Signals: filters_changed(Filters) · export_wanted()."""

    filters_changed = Signal(object)
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.headline = label(big=True, wrap=True)
        self.facts = label(dim=True, wrap=True)
        self.text = named(QLineEdit(), "Serial number or name")
        self.text.setPlaceholderText("serial number or name")
        self.state = named(Chooser(), "State")
        self.layouts = named(Chooser(), "Layout")
        self.since = named(QLineEdit(), "Since")
        self.until = named(QLineEdit(), "Until")
        self.export = button("Export as CSV…", tip="One line per module that is listed")
        for words, value in STATES:
            self.state.addItem(words, value)
        for field in (self.since, self.until):
            field.setPlaceholderText("2026-01-31")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.headline)
        column.addWidget(self.facts)
        column.addWidget(line())
        fields = (
            ("Show", self.text),
            ("", self.state),
            ("Layout", self.layouts),
            ("Since", self.since),
            ("Until", self.until),
        )
        for words, part in fields:
            if words:
                column.addWidget(label(words, title=True))
            part.setMinimumHeight(TARGET)
            column.addWidget(part)
        column.addWidget(line())
        column.addWidget(self.export)
        column.addStretch(1)
        for box in (self.text, self.since, self.until):
            box.textChanged.connect(self._on_changed)
        for chooser in (self.state, self.layouts):
            chooser.currentIndexChanged.connect(self._on_changed)
        self.export.clicked.connect(self.export_wanted)

    def set_layouts(self, layouts: list[tuple[str, str]], chosen: str) -> None:
        """(name, sha256) of all that were used; pads are compared within one layout."""
        self.layouts.blockSignals(True)
        self.layouts.clear()
        for name, sha in layouts:
            self.layouts.addItem(name, sha)
        self.layouts.setCurrentIndex(max(0, self.layouts.findData(chosen)))
        self.layouts.blockSignals(False)

    def say_unknown(self, why: str) -> None:
        """In place of numbers that nobody knows yet."""
        self.headline.setText(why)
        self.facts.setText("")
        self.export.setEnabled(False)

    def show_summary(self, shown: Production, known: int, total: int) -> None:
        """Of the modules that are known so far, and of all that there are."""
        n = len(shown.lines)
        of = "" if n == total else f" of {number(total)}"
        if known < total:
            self.headline.setText(f"Reading… {number(known)} of {count(total, 'module')}")
        else:
            self.headline.setText(f"{count(n, 'module')}{of}" if total else "No module is inspected yet")
        placed = sum(x.placed for x in shown.lines)
        shifted = sum(x.shifted for x in shown.lines) / placed if placed else 0.0
        signed = sum(bool(x.signed_by) for x in shown.lines)
        self.facts.setText(f"{number(signed)} signed · {percent(shifted)} of the wires shifted" if n else "")
        self.export.setEnabled(n > 0 and known == total)

    def filters(self) -> Filters:
        return Filters(
            layout_sha256=self.layouts.currentData() or "",
            since=self.since.text().strip(),
            until=self.until.text().strip(),
            state=self.state.currentData() or "",
            text=self.text.text().strip(),
        )

    @Slot()
    def _on_changed(self) -> None:
        self.filters_changed.emit(self.filters())
