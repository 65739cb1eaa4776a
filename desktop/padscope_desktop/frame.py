"""Where everything stands in the window: the modes above, the pictures left, the picture in the middle, the mode's panel right,
the line below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from padscope_desktop.modes import Mode

LEFT, WHOLE, RIGHT = 232, 1280, 352
"""Widths of the panels, and of all, when nothing else is remembered."""
LEAST_LEFT, LEAST_RIGHT = 176, 320


class Frame(QWidget):
    """`above` lies over the picture, in rows; then the bars of the modes, then `views`. `message`, one of `above`, moves over the
    page of a mode that has one, so that it is seen in every mode."""

    def __init__(
        self,
        top: QWidget,
        left: QWidget,
        above: Sequence[QWidget],
        views: QWidget,
        modes: Sequence[Mode],
        below: QWidget,
        message: QWidget,
    ) -> None:
        super().__init__()
        self._message = message
        self._message_row = above.index(message)
        bars = [mode.bar for mode in modes if mode.bar is not None]
        self._around_picture = _stacked([*above, *bars, views], stretched=views)
        self.middle = QStackedWidget()
        self.middle.addWidget(self._around_picture)
        self._centre = _stacked([self.middle], stretched=self.middle)
        self.side = QStackedWidget()
        for mode in modes:
            self.side.addWidget(mode.panel)
            if mode.page is not None:
                self.middle.addWidget(mode.page)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        for part in (left, self._centre, self.side):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        left.setMinimumWidth(LEAST_LEFT)
        self.side.setMinimumWidth(LEAST_RIGHT)
        self.splitter.setSizes([LEFT, WHOLE - LEFT - RIGHT, RIGHT])
        _stack(self, [top, self.splitter, below], stretched=self.splitter)

    def show_mode(self, mode: Mode) -> None:
        over, row = (self._around_picture, self._message_row) if mode.page is None else (self._centre, 0)
        if self._message.parentWidget() is not over:
            column = over.layout()
            assert isinstance(column, QVBoxLayout)
            column.insertWidget(row, self._message)
        self.side.setCurrentWidget(mode.panel)
        self.middle.setCurrentWidget(mode.page or self._around_picture)


def _stacked(parts: Sequence[QWidget], *, stretched: QWidget) -> QWidget:
    return _stack(QWidget(), parts, stretched=stretched)


def _stack(into: QWidget, parts: Sequence[QWidget], *, stretched: QWidget) -> QWidget:
    """One above the other, without gaps; one of them takes what room is left."""
    column = QVBoxLayout(into)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part, 1 if part is stretched else 0)
    return into
