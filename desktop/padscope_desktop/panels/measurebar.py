"""Above the picture while the ruler is out: what is measured, what it says, and how large a pixel is."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QWidget

from padscope_desktop.panels.parts import button, label, named
from padscope_desktop.theme import TARGET

KINDS = {"length": "Length", "angle": "Angle", "rectangle": "Rectangle", "polygon": "Area"}


def typed_number(text: str) -> float | None:
    """“1 250,5” and “1250.5” alike; None unless it is a number above 0."""
    plain = "".join(text.split()).replace("\u202f", "").replace(",", ".")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


class MeasureBar(QWidget):
    """Signals: kind_chosen(kind) · scale_wanted(number): the true length in µm of the chosen line, or µm per px where none is
    chosen · file_scale_wanted() · on_bar_wanted(): the ruler on the scale bar of the picture ·
    copy_wanted() · remove_wanted() · closed()."""

    kind_chosen = Signal(str)
    scale_wanted = Signal(float)
    file_scale_wanted = Signal()
    on_bar_wanted = Signal()
    copy_wanted = Signal()
    remove_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scaled, self._there = True, False
        self.setObjectName("panel")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 4)
        row.setSpacing(4)
        self._kinds = QButtonGroup(self)
        self.buttons = {}
        for i, (kind, words) in enumerate(KINDS.items()):
            made = button(
                words, tip=f"Measure {'an' if kind == 'angle' else 'a'} {words.lower()} (R goes through all four)"
            )
            made.setCheckable(True)
            made.setProperty("flat", True)
            made.setStyleSheet("padding: 4px 8px;")
            made.setChecked(i == 0)
            self._kinds.addButton(made, i)
            self.buttons[kind] = made
            row.addWidget(made)
        self._kinds.idClicked.connect(self._on_kind)
        row.addStretch(1)
        self.in_px = label("no scale: lengths are in px", dim=True)
        self.in_px.setToolTip(
            "Draw a line of known length, or none, and type its length or the size of a pixel: Set scale"
        )
        row.addWidget(self.in_px)
        self.on_bar = button(
            "Scale bar", tip="Lay the ruler on the scale bar in the picture, to check the scale with it"
        )
        self.on_bar.clicked.connect(self.on_bar_wanted)
        self.copy, self.remove = button("Copy", tip="Ctrl+C"), button("Delete", tip="Del")
        self.copy.clicked.connect(self.copy_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.length = named(QLineEdit(), "True length, µm")
        self.length.setFixedWidth(96)
        self.length.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.length.returnPressed.connect(self._on_set)
        self.length.textChanged.connect(self._on_text)
        self.unit = label("µm", dim=True)
        self.set = button("Set scale")
        self.set.clicked.connect(self._on_set)
        self.file = button("↺", tip="Forget the scale that a person gave, and take what the file says")
        self.file.setAccessibleName("The file's scale")
        self.file.clicked.connect(self.file_scale_wanted)
        close = button("✕", tip="Put the ruler away (Esc)")
        close.setAccessibleName("Put the ruler away")
        close.setProperty("flat", True)
        close.clicked.connect(self.closed)
        for part in (self.on_bar, self.copy, self.remove, self.length, self.unit, self.set, self.file, close):
            part.setMinimumHeight(TARGET)
            row.addWidget(part)
        for each in (self.on_bar, self.copy, self.remove, self.set, self.file, close):
            each.setStyleSheet("padding: 4px 8px;")
        self.show_chosen("", line=False)
        self.show_own_scale(False)
        self._make_room()

    def set_kind(self, kind: str) -> None:
        self.buttons[kind].setChecked(True)

    def show_chosen(self, words: str, *, line: bool) -> None:
        """What the chosen measurement says; of a line also its true length can be told."""
        for each in (self.copy, self.remove):
            each.setEnabled(bool(words))
        self.length.setPlaceholderText("true length" if line else "size of 1 px")
        self.length.setAccessibleName("True length, µm" if line else "Size of a pixel, µm")
        self.length.setToolTip("How long this line is in truth" if line else "How large a pixel is")
        self._on_text(self.length.text())

    def show_scaled(self, scaled: bool) -> None:
        """Without a scale it is said in which unit everything is measured."""
        self._scaled = scaled
        self._make_room()

    def show_own_scale(self, own: bool) -> None:
        """A person gave the scale: then it can be given back."""
        self.file.setVisible(own)

    def show_on_bar(self, there: bool) -> None:
        """A scale bar was found in the picture."""
        self._there = there
        self._make_room()

    def _make_room(self) -> None:
        """Both would not fit into a small window; the scale bar is the way to a scale."""
        self.on_bar.setVisible(self._there)
        self.in_px.setVisible(not self._scaled and not self._there)

    @Slot(int)
    def _on_kind(self, which: int) -> None:
        self.kind_chosen.emit(list(KINDS)[which])

    @Slot(str)
    def _on_text(self, text: str) -> None:
        self.set.setEnabled(typed_number(text) is not None)

    @Slot()
    def _on_set(self) -> None:
        value = typed_number(self.length.text())
        if value is not None:
            self.length.clear()
            self.scale_wanted.emit(value)
