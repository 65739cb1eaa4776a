"""Training a model from pictures of sound boards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from padscope.configs import TrainingConfig, settings_of
from padscope.types import Progress
from padscope_desktop.album import Album, Mark, state
from padscope_desktop.background.payloads import DetectorCard
from padscope_desktop.panels.form import Form
from padscope_desktop.panels.parts import Chooser, button, label, named
from padscope_desktop.quantities import count, percent

SUFFIX = ".padmodel"
KEY = Qt.ItemDataRole.UserRole
GOOD_NUMBER = 5
"""Sound boards from which a threshold begins to be worth something."""


class TrainPanel(QWidget):
    """Signals: start_wanted(keys, detector, settings, file) · cancel_wanted() · closed()."""

    start_wanted = Signal(object, str, object, object)
    cancel_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detectors: tuple[DetectorCard, ...] = ()
        self._folder = Path()
        self._running = False
        self._form: Form | None = None
        self.list = named(QListWidget(), "Sound boards to learn from")
        self.list.setObjectName("checks")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemChanged.connect(self._say)
        self.chosen = label(dim=True, wrap=True)
        self.name = named(QLineEdit(), "Name of the model")
        self.name.textChanged.connect(self._say)
        self.detector = named(Chooser(), "Detector")
        self.detector.currentIndexChanged.connect(self._on_detector)
        self.summary = label(dim=True, wrap=True)
        self.more = button("Settings ▸", link=True)
        self.more.clicked.connect(self._toggle_form)
        self.promise = Form(settings_of(TrainingConfig))
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        self._forms = QVBoxLayout(page)
        self._forms.setContentsMargins(0, 0, 0, 0)
        self._forms.addWidget(self.promise)
        self._forms.addStretch(1)
        self._scroll.setWidget(page)
        self._scroll.hide()
        self.start = button("Train", primary=True)
        self.start.clicked.connect(self._on_start)
        self.close_button: QPushButton = button("Close")
        self.close_button.clicked.connect(self._on_close)
        self.progress = label(wrap=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("Train on sound boards", big=True))
        column.addWidget(
            label(
                "Only pictures without any defect. What the model has not seen here, it will flag.", dim=True, wrap=True
            )
        )
        column.addWidget(self.list, 1)
        column.addWidget(self.chosen)
        column.addWidget(label("Name", title=True))
        column.addWidget(self.name)
        column.addWidget(label("Detector", title=True))
        column.addWidget(self.detector)
        column.addWidget(self.summary)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._scroll, 1)
        column.addLayout(buttons)
        column.addWidget(self.progress)

    def open(self, album: Album, chosen: Iterable[int], folder: Path, name: str) -> None:
        """A new training, with these pictures proposed and a name that is free."""
        self._folder = folder
        self.list_pictures(album, chosen)
        self.name.setText(free_name(folder, name))
        self.progress.setText("")

    def list_pictures(self, album: Album, chosen: Iterable[int]) -> None:
        """Pictures that were inspected and have pads to look at cannot be taken for sound without saying so."""
        wanted = set(chosen)
        self.list.blockSignals(True)
        self.list.clear()
        for entry in album.entries.values():
            mark, words = state(entry)
            item = QListWidgetItem(entry.name if mark is not Mark.LOOK else f"{entry.name}   {words}")
            item.setData(KEY, entry.key)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if entry.key in wanted else Qt.CheckState.Unchecked)
            item.setToolTip(str(entry.path))
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._say()

    def set_detectors(self, detectors: tuple[DetectorCard, ...], wanted: str) -> None:
        self._detectors = detectors
        self.detector.blockSignals(True)
        self.detector.clear()
        self.detector.addItems([d.name for d in detectors])
        self.detector.setCurrentIndex(max(self.detector.findText(wanted), 0))
        self.detector.blockSignals(False)
        self._on_detector()

    def keys(self) -> list[int]:
        items = (self.list.item(i) for i in range(self.list.count()))
        return [item.data(KEY) for item in items if item.checkState() == Qt.CheckState.Checked]

    def values(self) -> Mapping[str, Any]:
        return self._form.values() if self._form is not None else {}

    def set_running(self, running: bool) -> None:
        self._running = running
        self.list.setEnabled(not running)
        self.close_button.setText("Cancel training" if running else "Close")
        self._say()

    def show_progress(self, progress: Progress) -> None:
        self.progress.setText(f"{progress.stage}, {percent(progress.fraction)}")

    @property
    def file(self) -> Path:
        return self._folder / (self.name.text().strip() + SUFFIX)

    @Slot()
    def _say(self) -> None:
        n = len(self.keys())
        words = f"{count(n, 'picture')} chosen"
        if n < GOOD_NUMBER:
            words += f"; with {GOOD_NUMBER} or more the threshold is worth more"
        self.chosen.setText(words)
        name = self.name.text().strip()
        taken = bool(name) and self.file.exists()
        if taken:
            self.chosen.setText(f"{words}. There is already a model “{name}”: choose another name.")
        self.start.setEnabled(n > 0 and bool(name) and not taken and bool(self._detectors) and not self._running)
        self.start.setText("Training…" if self._running else "Train")
        self.name.setToolTip(str(self.file))

    @Slot()
    def _on_detector(self) -> None:
        at = self.detector.currentIndex()
        if not 0 <= at < len(self._detectors):
            self.summary.setText("Waiting for the background worker…")
            return
        card = self._detectors[at]
        self.summary.setText(card.summary)
        if self._form is not None:
            self._form.deleteLater()
        self._form = Form(card.settings)
        self._forms.addWidget(self._form)
        self._say()

    @Slot()
    def _toggle_form(self) -> None:
        self._scroll.setVisible(not self._scroll.isVisible())
        self.more.setText("Settings ▾" if self._scroll.isVisible() else "Settings ▸")

    @Slot()
    def _on_start(self) -> None:
        self.start_wanted.emit(self.keys(), self.detector.currentText(), self.values(), self.file)

    @Slot()
    def _on_close(self) -> None:
        if self._running:
            self.cancel_wanted.emit()
        else:
            self.closed.emit()


def free_name(folder: Path, stem: str) -> str:
    """“quad-1”, or the first number that no model has yet."""
    n = 1
    while (folder / f"{stem}-{n}{SUFFIX}").exists():
        n += 1
    return f"{stem}-{n}"
