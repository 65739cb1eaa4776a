"""In the picture's place while a tile set is made: real tiles with what every augmentation makes of them, and the boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from padscope.datasets.tile_plan import AUGMENTATION_WORDS, TilePlan, TileSettings
from padscope.types import Box
from padscope_desktop.panels.parts import button, label, named
from padscope_desktop.quantities import number, percent
from padscope_desktop.theme import TARGET

Rgb = NDArray[np.uint8]
LEAST_TILE, MOST_TILE, GAP = 76, 128, 6
LARGE = 440
COLUMNS = ("Picture", "Board", "For", "Pads found", "Tiles", "Share kept")
GROUND_WORDS = {"pose": "by layout", "colour": "by colour", "kept": "background kept"}


class Shown(Protocol):
    """A tile to look at, as `workflows.tile_survey` cuts it."""

    @property
    def picture(self) -> str: ...
    @property
    def box(self) -> Box: ...
    @property
    def share(self) -> float: ...
    @property
    def pixels(self) -> Rgb: ...
    @property
    def copies(self) -> Mapping[str, tuple[Rgb, ...]]: ...


def image_of(pixels: Rgb) -> QImage:
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class TileStrip(QWidget):
    """Tiles side by side, as many as there is room for. Signal: opened(number), by a click or Return."""

    opened = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name)
        self._images: list[QImage] = []
        self._tips: list[str] = []
        self.at = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(LEAST_TILE, LEAST_TILE)
        self.setMaximumHeight(MOST_TILE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_tiles(self, images: Sequence[QImage], tips: Sequence[str]) -> None:
        self._images, self._tips, self.at = list(images), list(tips), 0
        self.update()

    @property
    def seen(self) -> int:
        """How many there is room for."""
        return min(len(self._images), max((self.width() + GAP) // (self.height() + GAP), 1))

    def _box(self, i: int) -> QRectF:
        return QRectF(i * (self.height() + GAP), 0, self.height(), self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for i in range(self.seen):
            painter.drawImage(self._box(i), self._images[i])
        if self.hasFocus() and self.seen:
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(self._box(min(self.at, self.seen - 1)).adjusted(1, 1, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().x() // (self.height() + GAP))
        if at < self.seen:
            self.at = at
            self.opened.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()), 0)
        if step and self.seen:
            self.at = (self.at + step) % self.seen
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.seen:
            self.opened.emit(self.at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            at = int(event.pos().x() // (self.height() + GAP))  # type: ignore[attr-defined]
            self.setToolTip(self._tips[at] if at < self.seen else "")
        return super().event(event)


class LargeTile(QFrame):
    """A tile and what an augmentation made of it, side by side; a click or Esc closes it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title = label(bold=True)
        self.facts = label(dim=True)
        self._pictures = QLabel(), QLabel()
        row = QHBoxLayout()
        row.setSpacing(16)
        for made in self._pictures:
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        for part in (self.title, self.facts):
            column.addWidget(part)
        column.addLayout(row)
        self.hide()

    def show_tiles(self, title: str, facts: str, images: Sequence[QImage], side: int) -> None:
        self.title.setText(title)
        self.facts.setText(facts)
        for made, image in zip(self._pictures, [*images, QImage()], strict=False):
            made.setVisible(not image.isNull())
            if not image.isNull():
                smooth = (
                    Qt.TransformationMode.SmoothTransformation
                    if image.width() > side
                    else Qt.TransformationMode.FastTransformation
                )
                made.setPixmap(_pixmap(image, side, smooth))
        self.adjustSize()
        over = self.parentWidget()
        assert over is not None
        self.move(max((over.width() - self.width()) // 2, 0), max((over.height() - self.height()) // 2, 0))
        self.show()
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hide()


class TilePage(QWidget):
    """Signals: changed(), when other augmentations are chosen · others_wanted(): other tiles to look at."""

    changed = Signal()
    others_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._tiles: tuple[Shown, ...] = ()
        self.note = label(dim=True, wrap=True)
        self.others = button("Other tiles", tip="Look at other tiles of the set")
        self.copies = named(QSpinBox(minimum=1, maximum=100), "Copies by each augmentation")
        self.copies.setSuffix(" of each")
        self.copies.setMinimumHeight(TARGET)
        self.checks = {name: QCheckBox(words) for name, (words, _) in AUGMENTATION_WORDS.items()}
        self.strips = {
            name: TileStrip(words)
            for name, words in (("", "Tiles"), *((n, w) for n, (w, _) in AUGMENTATION_WORDS.items()))
        }
        self.table = named(QTableWidget(0, len(COLUMNS)), "Boards of the set")
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(TARGET)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(4 * TARGET)
        self._arrange()
        self.large = LargeTile(self)
        self.others.clicked.connect(self.others_wanted)
        self.copies.valueChanged.connect(self._on_changed)
        for name, check in self.checks.items():
            check.toggled.connect(self._on_changed)
            check.setMinimumHeight(TARGET)
            check.setToolTip(AUGMENTATION_WORDS[name][1])
        for name, strip in self.strips.items():
            strip.opened.connect(partial(self._open, name))

    def _arrange(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(label("What the set is made of", big=True))
        top.addStretch(1)
        top.addWidget(label("Augmented copies", dim=True))
        top.addWidget(self.copies)
        self.others.setMinimumHeight(TARGET)
        top.addWidget(self.others)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(8, 8, 8, 8)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(GAP)
        grid.setColumnStretch(1, 1)
        for row, (name, strip) in enumerate(self.strips.items()):
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addStretch(1)
            words.addWidget(self.checks[name] if name else label("Tiles as they are cut", bold=True))
            explained = label(AUGMENTATION_WORDS[name][1] if name else "click one to see it large", dim=True, wrap=True)
            explained.setFixedWidth(176)
            words.addWidget(explained)
            words.addStretch(1)
            grid.addLayout(words, row, 0)
            grid.addWidget(strip, row, 1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addWidget(scroll, 4)
        column.addWidget(self.table, 1)

    # What is chosen

    @property
    def augmentations(self) -> tuple[str, ...]:
        return tuple(name for name, check in self.checks.items() if check.isChecked())

    @Slot()
    def _on_changed(self, *_: object) -> None:
        self.changed.emit()

    # What is shown

    def show_boards(self, plan: TilePlan | None, settings: TileSettings) -> None:
        """Each picture, its side, and how many of its tiles are kept."""
        rows = list(zip(plan.pictures, plan.sides(settings), strict=True)) if plan is not None else []
        self.table.setRowCount(len(rows))
        for r, (surveyed, picture) in enumerate(rows):
            kept = int(surveyed.kept(settings.least_share).sum())
            share = percent(kept / len(surveyed.shares)) if len(surveyed.shares) else "–"
            board = picture.board if picture.board != picture.sha256 else "this picture alone"
            cells = (
                picture.file,
                board,
                "testing" if picture.test else "training",
                GROUND_WORDS[picture.ground],
                number(kept),
                share,
            )
            for c, words in enumerate(cells):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                if c >= 4:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(r, c, item)
        self.note.setText("\n".join(plan.notes[:3]) if plan is not None else "")
        self.note.setToolTip("\n".join(plan.notes) if plan is not None else "")
        self.note.setVisible(bool(self.note.text()))

    def show_tiles(self, tiles: tuple[Shown, ...]) -> None:
        self._tiles = tiles
        tips = [f"{t.picture}, {number(t.box.x0)}, {number(t.box.y0)} px, {percent(t.share)} pad" for t in tiles]
        for name, strip in self.strips.items():
            strip.set_tiles([image_of(t.copies[name][0] if name else t.pixels) for t in tiles], tips)
        self.others.setEnabled(bool(tiles))

    def back(self) -> bool:
        shown = self.large.isVisible()
        self.large.hide()
        return shown

    def _open(self, name: str, at: int) -> None:
        tile = self._tiles[at]
        words = AUGMENTATION_WORDS[name][0] if name else "As it is cut"
        facts = f"{tile.picture} · {number(tile.box.x0)}, {number(tile.box.y0)} px · {percent(tile.share)} pad"
        images = [image_of(tile.pixels), *([image_of(tile.copies[name][0])] if name else [])]
        side = min(LARGE, (self.width() - 80) // len(images), self.height() - 120)
        self.large.show_tiles(words, facts, images, side)


def _pixmap(image: QImage, side: int, how: Qt.TransformationMode) -> QPixmap:
    return QPixmap.fromImage(image.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio, how))
