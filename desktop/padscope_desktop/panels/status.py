"""The line below: where the cursor is, what it is over, how large things are, what runs, and how to stop it."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from padscope.types import Scale
from padscope_desktop.background.jobs import Job
from padscope_desktop.background.payloads import Device
from padscope_desktop.panels.parts import Elided, button, label
from padscope_desktop.quantities import ABSENT, number, percent, with_unit
from padscope_desktop.theme import TARGET

MENTION_MS = 6000
ROOM_FOR_MODEL = 1480
SOURCES = {
    "keyence": "Keyence",
    "tiff": "TIFF",
    "exif": "EXIF",
    "png": "PNG",
    "bmp": "BMP",
    "typed": "typed in",
    "two-point": "measured",
    "layout": "by the layout",
}


def position_words(um: tuple[float, float] | None, px: tuple[float, float] | None) -> str:
    """“8 214.5, 3 310.0 µm · 3 291, 1 322 px”."""
    parts = []
    if um is not None:
        parts.append(f"{number(um[0], 1)}, {number(um[1], 1)} µm")
    if px is not None:
        parts.append(f"{number(px[0])}, {number(px[1])} px")
    return " · ".join(parts)


def scale_words(scale: Scale) -> str:
    """“2.500 µm/px Keyence ✓”; ✓ where it was verified, “unverified” where a microscope's own note could not be."""
    if scale.um_per_px is None:
        return "no scale"
    sign = " ✓" if scale.verified else " unverified" if scale.source == "keyence" else ""
    return f"{with_unit(scale.um_per_px, 'µm/px', 3)} {SOURCES.get(scale.source, scale.source)}{sign}"


WHERE_FROM = (
    "The file does not say how large a pixel is. The scale comes from a line of known length or a typed size (Ruler, R), "
    "or from the layout once the board is inspected; until then lengths are in px."
)

UNVERIFIED = (
    "The microscope's note in the file is not whole, or does not say by how much the picture was resized when it was saved: "
    "check the scale with a line of known length (Ruler, R) or the picture's scale bar."
)


class StatusLine(QWidget):
    """Signal: cancel_wanted()."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.position, self.level, self.zoom, self.scale = label(), label(), label(), Elided(dim=True)
        self.painted = Elided()
        self.mention, self.saved, self.model, self.device = Elided(), label(dim=True), Elided(dim=True), label(dim=True)
        self.work = Elided()
        self.bar = QProgressBar(textVisible=False, maximum=1000)
        self.bar.setFixedWidth(72)
        self.cancel = button("Cancel", tip="Ctrl+.")
        self.cancel.clicked.connect(self.cancel_wanted)
        self._forget = QTimer(self, interval=MENTION_MS, singleShot=True)
        self._forget.timeout.connect(self.mention.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(12)
        for part in (self.zoom, self.scale, self.position, self.level, self.painted):
            row.addWidget(part)
        self.mention.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.mention.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.mention, 1)
        for right in (self.work, self.bar, self.cancel, self.model, self.device, self.saved):
            row.addWidget(right)
        self.setFixedHeight(TARGET + 8)
        self.set_cursor(None, None, None)
        self.set_job(None, 0)

    def set_cursor(
        self,
        um: tuple[float, float] | None,
        px: tuple[float, float] | None,
        level: float | None,
        painted: str = "",
    ) -> None:
        """`painted`: the class under the cursor, in words: no class is told by its colour alone."""
        self.painted.setText(painted)
        self.position.setText(position_words(um, px))
        self.level.setText("" if level is None else f"level {number(level, 2)}")

    def reserve(self, um: tuple[float, float] | None, px: tuple[float, float]) -> None:
        """Room for the widest position of this picture, so that nothing jumps while the mouse moves."""
        widest = position_words(None if um is None else (-abs(um[0]), -abs(um[1])), px)
        metrics = self.fontMetrics()
        self.position.setMinimumWidth(metrics.horizontalAdvance(widest))
        self.level.setMinimumWidth(metrics.horizontalAdvance(f"level {number(88.88, 2)}"))
        self.zoom.setMinimumWidth(metrics.horizontalAdvance(with_unit(6400, "%")))

    def set_zoom(self, zoom: float | None) -> None:
        self.zoom.setText("" if zoom is None else percent(zoom))

    def set_scale(self, scale: Scale | None, conflict: str = "") -> None:
        self.scale.setText("" if scale is None else scale_words(scale) + (" ⚠" if conflict else ""))
        self.scale.setToolTip(conflict or _what_to_do(scale))

    def set_model(self, name: str) -> None:
        self.model.setText(f"model {name}" if name else "no model")
        self.model.setToolTip(name)

    def set_device(self, device: Device | None) -> None:
        """The number of threads is for the tip; that there is no GPU is not."""
        words = device.words if device is not None else "starting the networks…"
        self.device.setText(re.sub(r", \d+ threads?", "", words))
        self.device.setToolTip(words)

    def set_saved(self, words: str, tip: str) -> None:
        self.saved.setText(words)
        self.saved.setToolTip(tip)

    def set_job(self, job: Job | None, waiting: int) -> None:
        """What runs; `waiting` more stand behind it."""
        for shown in (self.work, self.bar, self.cancel):
            shown.setVisible(job is not None)
        if job is None:
            return
        progress = job.progress
        words = job.title
        if job.stopping:
            words = f"stopping: {words}"
        elif progress is not None and progress.total:
            words += f" {percent(progress.fraction)}"
        self.work.setText(words + (f"  (+{number(waiting)})" if waiting else ""))
        self.work.setToolTip(f"{job.title}: {progress.stage if progress else ABSENT}")
        self.bar.setRange(0, 1000 if progress is not None and progress.total else 0)
        self.bar.setValue(round(1000 * progress.fraction) if progress is not None else 0)
        self.cancel.setEnabled(not job.stopping)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the model is said on the right side only."""
        self.model.setVisible(self.width() >= ROOM_FOR_MODEL)

    @Slot(str)
    def say(self, words: str) -> None:
        """For a few seconds."""
        self.mention.setText(words)
        self._forget.start()


def _what_to_do(scale: Scale | None) -> str:
    if scale is None or scale.verified:
        return ""
    return WHERE_FROM if scale.um_per_px is None else UNVERIFIED if scale.source == "keyence" else ""
