"""The rules as a form made from their own table, and what a change of them would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QScrollArea, QVBoxLayout, QWidget

from padscope.boards.rules import EFFECTS, TABLES, Rules
from padscope.configs import Setting, configured, settings_of, values_of
from padscope_desktop.panels.form import Form
from padscope_desktop.panels.parts import Chooser, button, label, line, named

SECTIONS = {
    "picture": "What a picture must show",
    "defects": "Defects",
    "landing": "Landing points",
    "free_rectangle": "Single-purpose pads",
    "area": "Usable area",
    "pristine": "Pristine window",
    "module": "Grade of the module",
}
IN_USE = "As in use"
EFFECT_HELP = "none: not asked · note: said among the reasons · RE_CLEAN · NOT_BONDABLE"


class RulesPage(QWidget):
    """Signals: template_wanted(name), empty for the rules in use · open_wanted() · save_wanted() · edited() · try_wanted() ·
    use_wanted() · closed()."""

    template_wanted = Signal(str)
    open_wanted = Signal()
    save_wanted = Signal()
    edited = Signal()
    try_wanted = Signal()
    use_wanted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = Rules()
        self._forms: dict[str, Form] = {}
        self.template = named(Chooser(), "Start from")
        self.template.activated.connect(self._on_template)
        self.open_button = button("Open…", tip="Rules from a TOML file")
        self.save_button = button("Save as…", tip="These rules as a TOML file, to use them elsewhere")
        self.name = named(QLineEdit(), "Name of the rules")
        self.name.setPlaceholderText("Name of the rules")
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.words = label(wrap=True, bold=True)
        self.note = label(dim=True, wrap=True)
        self.try_button = button("Try on the last 100 boards")
        self.tried = label(wrap=True)
        self.boards = named(QListWidget(), "Boards that change")
        self.boards.setWordWrap(True)
        self.boards.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.boards.setMaximumHeight(112)
        self.use = button("Use these rules", primary=True)
        self.reset = button("Back to what was")
        self.close_button = button("Close", tip="Esc")
        self._connect()
        self._arrange()
        self.show_tried(None)

    def _connect(self) -> None:
        for made, wanted in (
            (self.open_button, self.open_wanted),
            (self.save_button, self.save_wanted),
            (self.try_button, self.try_wanted),
            (self.use, self.use_wanted),
            (self.close_button, self.closed),
        ):
            made.clicked.connect(wanted)
        self.reset.clicked.connect(self._on_reset)
        self.name.textEdited.connect(self.edited)

    def _arrange(self) -> None:
        top, start, end = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (top, start, end):
            row.setSpacing(8)
        top.addWidget(label("Rules", big=True), 1)
        top.addWidget(self.close_button)
        start.addWidget(self.template, 1)
        start.addWidget(self.open_button)
        start.addWidget(self.save_button)
        end.addWidget(self.use, 1)
        end.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(start)
        column.addWidget(self.name)
        column.addWidget(self._scroll, 1)
        for part in (self.words, self.note, line(), self.try_button, self.tried, self.boards):
            column.addWidget(part)
        column.addLayout(end)

    def set_templates(self, names: Sequence[str]) -> None:
        self.template.clear()
        self.template.addItems([IN_USE, *names])

    def field(self, table: str, name: str) -> QWidget:
        return self._forms[table].field(name)

    def show_rules(self, rules: Rules) -> None:
        """New forms with these values."""
        self._base = rules
        self.name.setText(rules.name)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        self._forms = {}
        for key, kind in TABLES.items():
            now = values_of(getattr(rules, key))
            settings = [replace(s, default=now[s.name]) for s in settings_of(kind)]
            self._add(column, key, SECTIONS[key], settings)
        classes = [
            Setting(name, str, effect, name.capitalize(), choices=EFFECTS, help=EFFECT_HELP)
            for name, effect in rules.classes
        ]
        self._add(column, "classes", "What a kind of defect means", classes)
        column.addStretch(1)
        self._scroll.setWidget(inside)

    def _add(self, column: QVBoxLayout, key: str, title: str, settings: Sequence[Setting]) -> None:
        form = self._forms[key] = Form(settings)
        form.changed.connect(self.edited)
        column.addWidget(label(title, title=True))
        column.addWidget(form)

    def rules(self) -> Rules:
        """As they stand in the form."""
        parts: dict[str, Any] = {}
        for key, kind in TABLES.items():
            parts[key] = configured(kind, {**values_of(getattr(self._base, key)), **self._forms[key].values()})
        classes = {**dict(self._base.classes), **self._forms["classes"].values()}
        return replace(self._base, name=self.name.text().strip(), classes=tuple(classes.items()), **parts)

    def show_effect(self, words: str, note: str) -> None:
        self.words.setText(words)
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_tried(self, words: str | None, boards: Sequence[str] = ()) -> None:
        """None: not tried, or not with what stands in the form now."""
        self.tried.setText(words or "")
        self.tried.setVisible(bool(words))
        self.boards.clear()
        self.boards.addItems(list(boards))
        self.boards.setVisible(bool(boards))

    def set_state(self, *, changed: bool, can_use: bool, trying: bool) -> None:
        self.use.setEnabled(changed and can_use)
        self.reset.setEnabled(changed)
        self.try_button.setEnabled(changed and not trying)
        self.try_button.setText("Trying…" if trying else "Try on the last 100 boards")

    @Slot(int)
    def _on_template(self, at: int) -> None:
        self.template_wanted.emit(self.template.itemText(at) if at > 0 else "")

    @Slot()
    def _on_reset(self) -> None:
        self.template.setCurrentIndex(0)
        self.template_wanted.emit("")
