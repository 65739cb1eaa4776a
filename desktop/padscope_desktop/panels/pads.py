"""The pads of the board, worst first, and why the chosen one is what it is."""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    Qt,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from padscope.boards.pad_map import Landing, PadResult, Verdict
from padscope_desktop.inspecting.board import Board, worst_first
from padscope_desktop.panels.parts import label, named, paint_chip
from padscope_desktop.quantities import ABSENT, area, number, percent, signed, with_unit
from padscope_desktop.theme import FINE, REASON, TARGET, VERDICTS, Theme

Index = QModelIndex | QPersistentModelIndex
RESULT = Qt.ItemDataRole.UserRole
COLUMNS = ("", "Pad", "Verdict", "Level", "Wires")
WIDTHS = (32, 72, 104, 56, 56)
SHIFT_UM = 1.0
"""A shift that is worth saying."""


def wires_words(pad: PadResult) -> str:
    """How many wires land: “4 of 5”."""
    if not pad.landings:
        return ABSENT
    placed = sum(w.proposed_um is not None for w in pad.landings)
    return f"{number(placed)}/{number(len(pad.landings))}"


def level_words(level: float | None) -> str:
    return ABSENT if level is None else number(level, 2)


class PadsModel(QAbstractTableModel):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pads: list[PadResult] = []
        self._decided: frozenset[str] = frozenset()

    def set_decided(self, pads: frozenset[str]) -> None:
        """Pads that somebody has looked at: they carry a tick."""
        if pads != self._decided:
            self._decided = pads
            if self._pads:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._pads) - 1, len(COLUMNS) - 1))

    def set_pads(self, pads: list[PadResult]) -> None:
        """The same pads in the same order only repaint, so that the table does not jump while the threshold moves."""
        same = [p.pad for p in pads] == [p.pad for p in self._pads]
        if same:
            self._pads = pads
            self.dataChanged.emit(self.index(0, 0), self.index(len(pads) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self._pads = pads
        self.endResetModel()

    @property
    def pads(self) -> list[PadResult]:
        return self._pads

    def row_of(self, name: str | None) -> int:
        return next((i for i, p in enumerate(self._pads) if p.pad == name), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._pads)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        pad = self._pads[index.row()]
        style = VERDICTS[pad.verdict]
        if role == Qt.ItemDataRole.DisplayRole:
            name = f"{pad.pad} ✓" if pad.pad in self._decided else pad.pad
            return ("", name, style.words, level_words(pad.level), wires_words(pad))[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join((f"{pad.pad}: {style.words}, {style.means}", *pad.reasons))
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return style.words
        return pad if role == RESULT else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column >= 3 else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class ChipDelegate(QStyledItemDelegate):
    """The letter on the verdict's colour."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        box = option.rect
        chip = QRectF(box.left() + 8, box.center().y() - 9, 20, 20)
        paint_chip(painter, chip, VERDICTS[index.data(RESULT).verdict])


class PadsPanel(QWidget):
    """Signals: chosen(pad name) · zoom_wanted(pad name) · reason_pointed(n): the mouse is over the n-th reason, -1 over none ·
    reason_chosen(n)."""

    chosen = Signal(str)
    zoom_wanted = Signal(str)
    reason_pointed = Signal(int)
    reason_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._board: Board | None = None
        self._pad: str | None = None
        self._model = PadsModel(self)
        self.table = named(QTableView(showGrid=False, wordWrap=False), "Pads, worst first")
        self.table.setMouseTracking(True)
        self.table.setModel(self._model)
        self.table.setItemDelegateForColumn(0, ChipDelegate(self))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(TARGET)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        for column, width in enumerate(WIDTHS):
            self.table.setColumnWidth(column, width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.table.doubleClicked.connect(self._on_double_clicked)
        self.why = named(QTextBrowser(openLinks=False), "Why")
        self.why.setMinimumHeight(64)
        self.why.highlighted.connect(self._on_link)
        self.why.anchorClicked.connect(self._on_link_clicked)
        self._reason: int | None = None
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(8)
        parts.addWidget(self.table)
        parts.addWidget(self.why)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        self.title = label("Pads, worst first", title=True)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(4)
        column_box.addWidget(self.title)
        column_box.addWidget(parts, 1)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._explain()

    def set_board(self, board: Board | None) -> None:
        """The order stays while the same board is judged again and again: rows must not run away under the mouse."""
        same = self._board is not None and board is not None and self._board.key == board.key
        self._board = board
        if board is None:
            self._model.set_pads([])
        elif same and self.table.underMouse():
            now = {p.pad: p for p in board.pads}
            self._model.set_pads([now[p.pad] for p in self._model.pads if p.pad in now])
        else:
            self._model.set_pads(worst_first(board.pads))
        self.set_selected(self._pad if board is not None else None)
        self._explain()

    def set_decided(self, pads: frozenset[str]) -> None:
        self._model.set_decided(pads)

    def set_selected(self, pad: str | None) -> None:
        """Follows the picture; does not send `chosen` again."""
        self._pad = pad
        row = self._model.row_of(pad)
        chooser = self.table.selectionModel()
        chooser.blockSignals(True)
        if row < 0:
            chooser.clear()
        else:
            index = self._model.index(row, 1)
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            chooser.setCurrentIndex(index, flags)
            self.table.scrollTo(index)
        chooser.blockSignals(False)
        self.table.viewport().update()
        self._explain()

    def take_focus(self) -> None:
        """From the keyboard: there is always a row to go on from."""
        self.table.setFocus()
        if self._pad is None and self._model.pads:
            self.table.setCurrentIndex(self._model.index(0, 1))

    def neighbour(self, step: int) -> str | None:
        """The next (1) or previous (-1) pad to look at, in the table's order, round and round."""
        names = [p.pad for p in self._model.pads if p.verdict not in FINE or p.verdict is Verdict.OK_SHIFT]
        if not names:
            return None
        if self._pad not in names:
            return names[0 if step > 0 else -1]
        return names[(names.index(self._pad) + step) % len(names)]

    def first_with(self, verdict: Verdict) -> str | None:
        return next((p.pad for p in self._model.pads if p.verdict is verdict), None)

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self._pad = self._model.pads[current.row()].pad
            self._explain()
            self.chosen.emit(self._pad)

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.zoom_wanted.emit(self._model.pads[index.row()].pad)

    def _explain(self) -> None:
        row = self._model.row_of(self._pad)
        if row < 0:
            text = "Choose a pad, here or in the picture, to see why it is what it is." if self._board else ""
            self.why.setHtml(f'<p style="color:{self._theme.dim}">{text}</p>')
        else:
            self.why.setHtml(explanation(self._model.pads[row], self._theme, self._reason))
            if self._reason:  # new words stand at their top; the first reason does so, too
                self.why.scrollToAnchor(f"place-{self._reason}")

    def show_reason(self, reason: int | None) -> None:
        """Which reason of the chosen pad is outlined in the picture."""
        if reason != self._reason:
            self._reason = reason
            self._explain()

    @Slot(QUrl)
    def _on_link(self, url: QUrl) -> None:
        self.reason_pointed.emit(_reason_of(url))

    @Slot(QUrl)
    def _on_link_clicked(self, url: QUrl) -> None:
        if _reason_of(url) >= 0:
            self.reason_chosen.emit(_reason_of(url))


def _reason_of(url: QUrl) -> int:
    number = url.toString().removeprefix("reason-")
    return int(number) if number.isdecimal() else -1


def explanation(pad: PadResult, theme: Theme, shown: int | None = None) -> str:
    """HTML: the reasons first (a link where the picture can show its place, a sign before the one it shows), then what was
    measured, then wires that do not land as planned."""
    style = VERDICTS[pad.verdict]
    dim = f'style="color:{theme.dim}"'
    placed = {m.reason for m in pad.marks}
    reasons = "".join(
        f"<li>{_reason(k, text, k in placed, k == shown, theme)}</li>" for k, text in enumerate(pad.reasons)
    )
    facts = [f"level {level_words(pad.level)}"]
    if pad.usable_fraction is not None:
        facts.append(f"{percent(pad.usable_fraction)} usable")
    facts.append(f"{wires_words(pad)} wires")
    parts = [
        f"<p><b>{html.escape(pad.pad)}</b> &nbsp; {style.words}: {style.means}</p>",
        f'<ul style="margin-left:-24px">{reasons}</ul>' if reasons else "",
        f"<p {dim}>{' · '.join(facts)}</p>",
    ]
    if pad.defects:
        rows = "".join(
            f"<tr><td>{html.escape(d.defect_class)}</td><td align='right'>&nbsp;&nbsp;{area(d.area_um2)}</td>"
            f"<td align='right'>&nbsp;&nbsp;level {number(d.level, 2)}</td></tr>"
            for d in pad.defects[:6]
        )
        more = f"<p {dim}>… and {number(len(pad.defects) - 6)} more defects</p>" if len(pad.defects) > 6 else ""
        parts.append(f"<p {dim}>Defects</p><table>{rows}</table>{more}")
    moved = [w for w in pad.landings if w.proposed_um is None or w.placed_by or _length(w) >= SHIFT_UM]
    if moved:
        rows = "".join(f"<tr><td>{html.escape(w.wire)}</td><td>&nbsp;&nbsp;{landing_words(w)}</td></tr>" for w in moved)
        parts.append(f"<p {dim}>Wires</p><table>{rows}</table>")
    return "".join(parts)


def _reason(k: int, text: str, placed: bool, shown: bool, theme: Theme) -> str:
    if not placed:
        return html.escape(text)
    sign = f'<span style="color:{REASON}">■</span> ' if shown else ""
    return f'{sign}<a name="place-{k}"></a><a href="reason-{k}" style="color:{theme.text}">{html.escape(text)}</a>'


def landing_words(wire: Landing) -> str:
    """“+140 µm, −12 µm, margin 12.5 µm”, right and down from the plan."""
    shift = wire.shift_um
    if shift is None:
        return "lands nowhere"
    words = f"{signed(shift[0])} µm right, {signed(shift[1])} µm down"
    if wire.placed_by:
        words += f", by hand ({html.escape(wire.placed_by)})"
    return words if wire.margin_um is None else f"{words}, margin {with_unit(wire.margin_um, 'µm', 1)}"


def _length(wire: Landing) -> float:
    shift = wire.shift_um
    return 0.0 if shift is None else float((shift[0] ** 2 + shift[1] ** 2) ** 0.5)
