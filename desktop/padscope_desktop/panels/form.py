"""A form from any table of settings: label, unit, range and help come from where the setting is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from padscope.configs import Setting
from padscope_desktop.panels.parts import Chooser, label
from padscope_desktop.theme import GRID

MOST = 1_000_000_000


class Form(QWidget):
    """One row per setting; `values` holds only what differs from the defaults, so that later defaults still reach old forms.
    Signal: changed()."""

    changed = Signal()

    def __init__(self, settings: Iterable[Setting], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = tuple(settings)
        self._fields: dict[str, QWidget] = {}
        self.setObjectName("form")
        rows = QFormLayout(self)
        rows.setContentsMargins(GRID, GRID, GRID, GRID)
        rows.setSpacing(GRID)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for s in self._settings:
            field = self._fields[s.name] = field_for(s)
            field.setToolTip(s.help)
            field.setAccessibleName(s.label)
            _changes(field).connect(self.changed)
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel scrolls the page, it does not turn values
            field.installEventFilter(self)
            rows.addRow(label(s.label), field)

    def eventFilter(self, field: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(field, QWidget) and not field.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(field, event)

    def field(self, name: str) -> QWidget:
        return self._fields[name]

    def values(self) -> Mapping[str, Any]:
        now = {s.name: value_of(s, self._fields[s.name]) for s in self._settings}
        return {s.name: now[s.name] for s in self._settings if now[s.name] != s.default}


class PlainSpinBox(QDoubleSpinBox):
    """0.5 is written as 0.5, not as 0.500000."""

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"


def field_for(s: Setting) -> QWidget:
    """A list for choices, a box for yes or no, a spin box for numbers, a line for words."""
    if s.choices:
        chooser = Chooser()
        chooser.addItems(list(s.choices))
        chooser.setCurrentText(str(s.default))
        return chooser
    return MAKERS[s.kind](s)


def _changes(field: Any) -> Any:
    """The signal of another value."""
    for kind, name in CHANGES.items():
        if isinstance(field, kind):
            return getattr(field, name)
    raise TypeError(f"{type(field).__name__} is no field of a form")


def value_of(s: Setting, field: QWidget) -> Any:
    if isinstance(field, QComboBox):
        return field.currentText()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    if isinstance(field, QSpinBox | QDoubleSpinBox):
        empty = s.default is None and field.value() == field.minimum()
        return None if empty else field.value()
    assert isinstance(field, QLineEdit)
    return field.text() or s.default


def _check(s: Setting) -> QWidget:
    box = QCheckBox()
    box.setChecked(bool(s.default))
    return box


def _whole(s: Setting) -> QWidget:
    low = round(s.low) if s.low is not None else -MOST
    box = QSpinBox(minimum=low - (s.default is None), maximum=round(s.high) if s.high is not None else MOST)
    box.setValue(box.minimum() if s.default is None else int(s.default))
    return _with_unit(box, s)


def _number(s: Setting) -> QWidget:
    step = abs(s.default or 1.0) / 10
    low = s.low if s.low is not None else -float(MOST)
    box = PlainSpinBox(decimals=6, singleStep=step, maximum=s.high if s.high is not None else float(MOST))
    box.setMinimum(low - (step if s.default is None else 0))
    box.setValue(box.minimum() if s.default is None else float(s.default))
    return _with_unit(box, s)


def _with_unit(box: Any, s: Setting) -> QWidget:
    box.setSuffix(f" {s.unit}" if s.unit else "")
    if s.default is None:
        box.setSpecialValueText("automatic")
    return box


def _line(s: Setting) -> QWidget:
    return QLineEdit(str(s.default or ""))


CHANGES = {
    QComboBox: "currentIndexChanged",
    QCheckBox: "toggled",
    QSpinBox: "valueChanged",
    QDoubleSpinBox: "valueChanged",
    QLineEdit: "textChanged",
}
MAKERS: dict[type, Callable[[Setting], QWidget]] = {bool: _check, int: _whole, float: _number, str: _line}
