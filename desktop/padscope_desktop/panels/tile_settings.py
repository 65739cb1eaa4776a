"""Beside the tiles: which pictures, how large, how much pad, which boards to test on, and the button that makes the set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QListWidget, QListWidgetItem, QSpinBox, QVBoxLayout, QWidget

from padscope.datasets.tile_plan import SELECTIVITY, SIZES, TilePlan, TileSettings
from padscope.masks.states import WORDS
from padscope.types import Progress
from padscope_desktop.album import Entry
from padscope_desktop.panels.parts import Chooser, button, label, line, named
from padscope_desktop.panels.share_scale import ShareScale
from padscope_desktop.quantities import count, number, percent
from padscope_desktop.theme import TARGET, Theme

SHA = Qt.ItemDataRole.UserRole
LEAST_PX, MOST_PX = 32, 4096
GROUNDS: tuple[tuple[str, str, bool, bool], ...] = (
    (
        "Pads alone: by layout, else by colour",
        "An inspection's pose, the chosen layout, or where there is none the colour",
        True,
        False,
    ),
    ("Pads alone: by colour", "Metal is told from the ground by its colour", True, True),
    ("Keep the background", "The whole picture is cut", False, False),
)
"""Words, tip, `remove_background`, `by_colour`."""


class TilePanel(QWidget):
    """Signals: survey_wanted(), when other tiles must be counted · changed(), when those that are counted fall otherwise ·
    make_wanted() · again_wanted() · cancel_wanted()."""

    survey_wanted = Signal()
    changed = Signal()
    make_wanted = Signal()
    again_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.headline = label(big=True, wrap=True)
        self.facts = label(dim=True, wrap=True)
        self.list = named(QListWidget(), "Pictures of the set")
        self.list.setObjectName("checks")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.all, self.none = button("All"), button("None")
        self.sizes = {px: button(str(px), tip=f"Tiles of {px} × {px} px") for px in SIZES}
        self.side = _spin("Side of a tile", LEAST_PX, MOST_PX, 256, " px")
        self.ground = named(Chooser(), "Background")
        self.selectivity = {name: button(name.capitalize()) for name in SELECTIVITY}
        self.selectivity["original"].setToolTip("Every tile with any pad in it")
        self.selectivity["filtered"].setToolTip("Tiles that are mostly pad")
        self.least = named(ShareScale(theme), "Least share of pad in a tile")
        self.least.setValue(50)
        self.least_words = label(dim=True)
        self.test = _spin("Share of boards to test on", 1, 99, 30, " %")
        self.seed = _spin("Seed", 0, 999_999, 0, "")
        self.seed.setToolTip("Another seed: other boards to test on, other augmented copies")
        self.make = button("Make the tile set…", primary=True, tip="Asks for a folder; nothing is written before")
        self.again = button("From a manifest…", tip="The same set again, byte for byte, from its tiles.json")
        self.cancel = button("Cancel")
        self.progress = label(wrap=True)
        self.progress.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for words, tip, *_ in GROUNDS:
            self.ground.addItem(words)
            self.ground.setItemData(self.ground.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._arrange()
        self._connect()
        self.set_running(False)
        self.show_plan(None, TileSettings())

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(6)
        column.addWidget(self.headline)
        column.addWidget(self.facts)
        column.addWidget(line())
        column.addLayout(_row(label("Pictures", title=True), None, self.all, self.none))
        column.addWidget(self.list, 1)
        column.addLayout(_row(label("Side", title=True), None, *self.sizes.values(), self.side))
        column.addWidget(label("Background", title=True))
        column.addWidget(self.ground)
        column.addLayout(_row(label("Selectivity", title=True), self.least_words, None, *self.selectivity.values()))
        column.addWidget(self.least)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        for k, (words, field) in enumerate((("To test on", self.test), ("Seed", self.seed))):
            grid.addWidget(label(words, dim=True), 0, 2 * k)
            grid.addWidget(field, 0, 2 * k + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        column.addLayout(grid)
        column.addWidget(line())
        column.addWidget(self.progress)
        column.addWidget(self.make)
        column.addLayout(_row(self.again, None, self.cancel))
        for made in (self.all, self.none, self.again, self.cancel, self.ground, *self.sizes.values()):
            made.setMinimumHeight(TARGET)
        for made in (*self.sizes.values(), *self.selectivity.values()):
            made.setCheckable(True)
            made.setProperty("tight", True)
            made.setMinimumSize(44, TARGET)

    def _connect(self) -> None:
        self.list.itemChanged.connect(self.survey_wanted)
        self.all.clicked.connect(partial(self._check_all, True))
        self.none.clicked.connect(partial(self._check_all, False))
        for px, made in self.sizes.items():
            made.clicked.connect(partial(self._on_size, px))
        for name, made in self.selectivity.items():
            made.clicked.connect(partial(self._on_selectivity, name))
        self.side.valueChanged.connect(self._on_surveyed_otherwise)
        self.ground.currentIndexChanged.connect(self._on_surveyed_otherwise)
        for signal in (self.least.valueChanged, self.test.valueChanged, self.seed.valueChanged):
            signal.connect(self._on_changed)
        self.make.clicked.connect(self.make_wanted)
        self.again.clicked.connect(self.again_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)

    # What is chosen

    def set_pictures(self, entries: Iterable[Entry], states: Mapping[str, str]) -> None:
        """Those with a label; a person's earlier choice stays."""
        before = {i.data(SHA): i.checkState() for i in self._items()}
        with QSignalBlocker(self.list):
            self.list.clear()
            for entry in entries:
                state = states.get(entry.sha256, "")
                if not entry.sha256 or state in ("", "rejected"):
                    continue
                item = QListWidgetItem(f"{entry.name}   {WORDS.get(state, state)}")
                item.setData(SHA, entry.sha256)
                item.setFlags(
                    Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                )
                item.setCheckState(before.get(entry.sha256, Qt.CheckState.Checked))
                item.setToolTip(str(entry.path))
                self.list.addItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(i) for i in range(self.list.count())]

    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of those that are checked."""
        return tuple(i.data(SHA) for i in self._items() if i.checkState() == Qt.CheckState.Checked)

    def settings(self, augmentations: tuple[str, ...], copies: int) -> TileSettings:
        _, _, remove, by_colour = GROUNDS[self.ground.currentIndex()]
        return TileSettings(
            size=self.side.value(),
            least_share=self.least.value() / 100,
            remove_background=remove,
            by_colour=by_colour,
            test_share=self.test.value() / 100,
            augmentations=augmentations,
            copies=copies,
            seed=self.seed.value(),
        )

    # What is shown

    def set_theme(self, theme: Theme) -> None:
        self.least.theme = theme
        self.least.update()

    def show_plan(self, plan: TilePlan | None, settings: TileSettings) -> None:
        """None: nothing is counted, or it is still being counted."""
        for px, made in self.sizes.items():
            made.setChecked(px == settings.size)
        for name, made in self.selectivity.items():
            made.setChecked(round(SELECTIVITY[name] * 100) == self.least.value())
        self.least_words.setText(f"≥ {percent(settings.least_share)} pad")
        shares = [s.shares for s in plan.pictures] if plan is not None else []
        self.least.set_shares(np.concatenate(shares) if shares else np.zeros(0, np.float32))
        if plan is None:
            self.headline.setText("Tile set")
            words = (
                "Counting…"
                if self.pictures()
                else "Label pictures and review sound ones first: press Reviewed on them."
            )
            self.facts.setText(words if not self.list.count() or self.pictures() else "Check the pictures to cut.")
            self.make.setEnabled(False)
            return
        counts = plan.counts(settings)
        train = counts["train/good"]
        plain = train // (1 + len(settings.augmentations) * settings.copies)
        sound = counts["test/good"]
        bad = sum(n for place, n in counts.items() if place.startswith("test/")) - sound
        self.headline.setText(count(sum(counts.values()), "tile"))
        more = f" ({number(plain)} and {number(train - plain)} augmented)" if train != plain else ""
        lines = [f"{number(train)} to train on{more}"]
        lines.append(f"{number(sound)} sound and {number(bad)} with defects to test on")
        left = plan.left_out(settings)
        if left:
            lines.append(f"{number(left)} with defects lie on boards to train on, and are left out.")
        if not train:
            lines.append("No sound tile is left to train on: add sound boards, or ask for less pad.")
        elif sound + bad == 0:
            lines.append("There is only one board: nothing is left to test on.")
        self.facts.setText("\n".join([f"{lines[0]} · {lines[1]}", *lines[2:]]))
        self.make.setEnabled(train > 0 and not self._running)

    def set_running(self, running: bool) -> None:
        self._running = running
        if not running and self.cancel.hasFocus():
            self.list.setFocus()  # else the operator's name would have it, and the next key be written there
        self.cancel.setVisible(running)
        self.make.setText("Making…" if running else "Make the tile set…")
        self.again.setEnabled(not running)
        if running:
            self.make.setEnabled(False)
            self.progress.setText("Starting…")
        self.progress.setVisible(bool(self.progress.text()))

    def show_progress(self, progress: Progress) -> None:
        self.say(f"{progress.stage}, {percent(progress.fraction)}")

    def say_made(self, words: str, folder: Path) -> None:
        """With how to train on them, to be copied."""
        self.say(
            f'{words} Train on them:\npadscope train --detector patchcore --tiles "{folder}" --model tiles.padmodel'
        )

    def say(self, words: str) -> None:
        self.progress.setText(words)
        self.progress.setVisible(bool(words))

    # What a person does

    def _check_all(self, on: bool, *_: object) -> None:
        with QSignalBlocker(self.list):
            for item in self._items():
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.survey_wanted.emit()

    def _on_size(self, px: int, *_: object) -> None:
        self.sizes[px].setChecked(True)
        self.side.setValue(px)

    def _on_selectivity(self, name: str, *_: object) -> None:
        self.selectivity[name].setChecked(True)
        self.least.setValue(round(SELECTIVITY[name] * 100))

    @Slot()
    def _on_surveyed_otherwise(self, *_: object) -> None:
        self.survey_wanted.emit()

    @Slot()
    def _on_changed(self, *_: object) -> None:
        self.changed.emit()


def free_folder(near: Path, name: str) -> Path:
    """“tiles 256”, or the first number behind it that is not there yet."""
    names = (name if n == 1 else f"{name} {n}" for n in range(1, 10_000))
    return next(p for tried in names if not (p := near / tried).exists())


def _spin(name: str, low: int, high: int, value: int, unit: str) -> QSpinBox:
    made = named(QSpinBox(minimum=low, maximum=high, suffix=unit), name)
    made.setValue(value)
    made.setKeyboardTracking(False)
    made.setMinimumHeight(TARGET)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    return made


def _row(*parts: QWidget | None) -> QHBoxLayout:
    """None: what room there is."""
    row = QHBoxLayout()
    row.setSpacing(4)
    for part in parts:
        if part is None:
            row.addStretch(1)
        else:
            row.addWidget(part)
    return row
