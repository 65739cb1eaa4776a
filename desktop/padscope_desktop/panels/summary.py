"""The board in one line: how many pads are fine, and a bar of all verdicts."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from padscope.boards.pad_map import Verdict
from padscope_desktop.inspecting.board import Board
from padscope_desktop.panels.parts import label, paint_chip
from padscope_desktop.quantities import count, duration, local_time, number, with_unit
from padscope_desktop.theme import FINE, VERDICTS

ORDER = (
    Verdict.OK,
    Verdict.OK_SHIFT,
    Verdict.REDUCED,
    Verdict.RE_CLEAN,
    Verdict.NOT_BONDABLE,
    Verdict.UNKNOWN,
)
BAR = 12
CHIP = 20


class VerdictBar(QWidget):
    """Lengths by count, and under it letter and number of every verdict that occurs. Signal: clicked(Verdict)."""

    clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: dict[Verdict, int] = {}
        self._chips: list[tuple[QRectF, Verdict]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def set_counts(self, counts: Mapping[Verdict, int]) -> None:
        self._counts = {v: counts.get(v, 0) for v in ORDER if counts.get(v, 0)}
        self.setAccessibleName(", ".join(f"{n} {VERDICTS[v].words}" for v, n in self._counts.items()))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, BAR + 8 + CHIP)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        total = sum(self._counts.values())
        left, self._chips = 0.0, []
        for verdict, n in self._counts.items():
            width = self.width() * n / total
            style = VERDICTS[verdict]
            box = QRectF(left, 0, max(width - 1, 1), BAR)
            painter.fillRect(box, QColor(style.colour))
            if style.hatched:
                painter.fillRect(box, QBrush(QColor("#303030"), Qt.BrushStyle.BDiagPattern))
            left += width
        at = 0.0
        metrics = self.fontMetrics()
        for verdict, n in self._counts.items():
            words = number(n)
            wide = metrics.horizontalAdvance(words)
            chip = QRectF(at, BAR + 8, CHIP, CHIP)
            paint_chip(painter, chip, VERDICTS[verdict])
            painter.setPen(self.palette().text().color())
            painter.drawText(QRectF(chip.right() + 5, chip.top(), wide + 2, CHIP), Qt.AlignmentFlag.AlignVCenter, words)
            self._chips.append((QRectF(at, 0, CHIP + 5 + wide, BAR + 8 + CHIP), verdict))
            at = chip.right() + 5 + wide + 14

    def _verdict_at(self, x: float, y: float) -> Verdict | None:
        if y < BAR:
            total, left = sum(self._counts.values()), 0.0
            for verdict, n in self._counts.items():
                left += self.width() * n / total
                if x <= left:
                    return verdict
            return None
        return next((v for box, v in self._chips if box.contains(x, y)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        verdict = self._verdict_at(event.position().x(), event.position().y())
        if verdict is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(verdict)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            verdict = self._verdict_at(event.pos().x(), event.pos().y())
            if verdict is not None:
                style = VERDICTS[verdict]
                words = f"{style.words}: {count(self._counts[verdict], 'pad')}, {style.means}"
                QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


class SummaryPanel(QWidget):
    """Signal: verdict_clicked(Verdict): show the first such pad."""

    verdict_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = label(big=True)
        self.bar = VerdictBar()
        self.bar.clicked.connect(self.verdict_clicked)
        self.facts = label(dim=True, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.headline, self.bar, self.facts):
            column.addWidget(part)

    def set_board(self, board: Board) -> None:
        counts = board.pad_map.counts()
        fine, total = sum(counts[v] for v in FINE), len(board.pads)
        self.headline.setText(f"{number(fine)} of {count(total, 'pad')} fine")
        self.bar.set_counts(counts)
        made = board.pad_map.provenance
        pose = f"pose by {board.pad_map.pose_method}, residual {with_unit(board.pad_map.residual_um, 'µm', 1)}"
        took = f"in {duration(board.seconds)}" if board.seconds else ""
        on = f"on {board.device}" if board.device else ""
        self.facts.setText(pose)
        when = " ".join(part for part in ("Inspected", local_time(made.created_at), took, on) if part)
        rules = f"Judged by the rules “{made.rules}”"
        self.facts.setToolTip("\n".join((when, f"Model {made.detector} {made.model_sha256[:12]}", rules)))
