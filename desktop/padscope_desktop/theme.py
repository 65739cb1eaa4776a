"""How things look: one neutral grey for each theme, one accent, and the colours of the verdicts, which are the same in both."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from padscope.boards.pad_map import Verdict

GRID = 8
"""Px; every distance is a multiple of it, or half."""
TARGET = 28
"""Least height of what is clicked: a glove is on the hand."""


@dataclass(frozen=True)
class VerdictStyle:
    """How a verdict is told apart, never by colour alone. Colours: Okabe & Ito 2008."""

    colour: str
    width: float  # logical px of the outline
    dash: Qt.PenStyle
    hatched: bool
    letter: str
    words: str
    means: str


VERDICTS: dict[Verdict, VerdictStyle] = {
    Verdict.OK: VerdictStyle("#009E73", 1.25, Qt.PenStyle.SolidLine, False, "✓", "OK", "bond as planned"),
    Verdict.OK_SHIFT: VerdictStyle(
        "#56B4E9", 1.75, Qt.PenStyle.SolidLine, False, "→", "OK, shift", "every wire fits, some moved"
    ),
    Verdict.REDUCED: VerdictStyle(
        "#E69F00", 2.25, Qt.PenStyle.DashLine, False, "R", "Reduced", "only some of the wires fit"
    ),
    Verdict.RE_CLEAN: VerdictStyle(
        "#F0E442", 2.25, Qt.PenStyle.DotLine, False, "C", "Re-clean", "clean the pad and look again"
    ),
    Verdict.NOT_BONDABLE: VerdictStyle(
        "#D55E00", 3.0, Qt.PenStyle.SolidLine, False, "N", "Not bondable", "leave it out"
    ),
    Verdict.UNKNOWN: VerdictStyle("#9A9A9A", 1.75, Qt.PenStyle.SolidLine, True, "?", "Unknown", "could not be judged"),
}
assert set(VERDICTS) == set(Verdict)

REASON = "#FF4FD8"
"""What a reason speaks of, in the picture: no verdict, no step of the heat and no board has this colour."""
FINE = (Verdict.OK, Verdict.OK_SHIFT)


@dataclass(frozen=True)
class Theme:
    """Greys without a tint, so that the frame does not colour the judgement of a picture."""

    name: str
    canvas: str  # behind the picture
    base: str  # lists, fields
    panel: str
    raised: str  # buttons
    hover: str
    line: str
    text: str
    dim: str
    accent: str
    on_accent: str
    selected: str  # behind a selected row
    warning: str
    warning_text: str


DARK = Theme(
    name="dark",
    canvas="#1B1B1B",
    base="#232323",
    panel="#2B2B2B",
    raised="#3A3A3A",
    hover="#464646",
    line="#444444",
    text="#ECECEC",
    dim="#A8A8A8",
    accent="#5B9BF8",
    on_accent="#0E0E0E",
    selected="#454545",
    warning="#4A3A12",
    warning_text="#FFE2A0",
)
LIGHT = Theme(
    name="light",
    canvas="#C9C9C9",
    base="#FFFFFF",
    panel="#F2F2F2",
    raised="#FFFFFF",
    hover="#E6E6E6",
    line="#CCCCCC",
    text="#1A1A1A",
    dim="#5E5E5E",
    accent="#1A62C9",
    on_accent="#FFFFFF",
    selected="#DCDCDC",
    warning="#FFF1CC",
    warning_text="#4A3500",
)
THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def palette(theme: Theme) -> QPalette:
    """For Fusion, so that what no style sheet names is right too."""
    p = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.base,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.text,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.dim,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.Light: theme.hover,
        role.Midlight: theme.hover,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Accent: theme.accent,
    }
    for name, colour in colours.items():
        p.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, name, QColor(_between(theme.dim, theme.panel)))
    return p


def _between(a: str, b: str) -> str:
    first, second = QColor(a), QColor(b)
    return QColor(
        (first.red() + second.red()) // 2, (first.green() + second.green()) // 2, (first.blue() + second.blue()) // 2
    ).name()


def style_sheet(theme: Theme) -> str:
    t = theme
    return f"""
QWidget {{ color: {t.text}; }}
QMainWindow, QMenuBar, QStatusBar, #panel {{ background: {t.panel}; }}
QMenuBar {{ padding: 2px 8px; border-bottom: 1px solid {t.line}; }}
QMenuBar::item {{ padding: 6px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QMenu {{ background: {t.base}; border: 1px solid {t.line}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 24px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.selected}; }}
QMenu::item:disabled {{ color: {t.dim}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
QStatusBar {{ border-top: 1px solid {t.line}; }}
QStatusBar::item {{ border: none; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
QPushButton, QToolButton {{
  background: {t.raised}; border: 1px solid {t.line}; border-radius: 4px; padding: 4px 12px; min-height: 18px; }}
QPushButton[tight="true"] {{ padding: 4px 4px; }}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus, QAbstractSpinBox:focus {{ border-color: {t.accent}; }}
QToolButton:disabled, QCheckBox:disabled, QAbstractSpinBox:disabled {{ color: {_between(t.dim, t.panel)}; }}
QPushButton:disabled {{ color: {t.dim}; background: {t.panel}; }}
QPushButton[primary="true"] {{
  background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; font-weight: 600; min-height: 26px; }}
QPushButton[primary="true"]:disabled {{ background: {t.panel}; color: {t.dim}; border-color: {t.line}; }}
QPushButton[flat="true"], QToolButton[flat="true"] {{ background: transparent; border-color: transparent; }}
QPushButton[flat="true"]:hover, QToolButton[flat="true"]:hover {{ background: {t.hover}; }}
QPushButton[link="true"] {{
  background: transparent; border: none; color: {t.accent}; padding: 4px 0px; text-align: left; }}
QPushButton[link="true"]:hover {{ text-decoration: underline; }}
QComboBox, QLineEdit, QAbstractSpinBox {{
  background: {t.base}; border: 1px solid {t.line}; border-radius: 4px; padding: 4px 8px; min-height: 18px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0px; border: none; }}
QLineEdit[wanted="true"] {{ border: 2px solid {t.accent}; }}
QAbstractSpinBox QLineEdit {{ border: none; padding: 0px; background: transparent; }}
#form QAbstractSpinBox QLineEdit {{ padding-left: 8px; }}
QListView, QTableView, QTextBrowser, QScrollArea {{ background: {t.base}; border: 1px solid {t.line}; border-radius: 4px; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QListView {{ border: none; border-radius: 0px; background: {t.panel}; outline: none; }}
QListView::item {{ min-height: 28px; padding: 0px 4px; }}
QListView#checks {{ background: {t.base}; border: 1px solid {t.line}; border-radius: 4px; }}
QTableView {{ outline: none; gridline-color: transparent; selection-background-color: {t.selected}; selection-color: {t.text}; }}
QHeaderView {{ background: {t.base}; }}
QHeaderView::section {{
  background: {t.base}; color: {t.dim}; border: none; border-bottom: 1px solid {t.line}; padding: 5px 4px; }}
QSplitter::handle:horizontal {{ background: {t.line}; }}
QSplitter::handle:vertical {{ background: {t.panel}; }}
QCheckBox::indicator:unchecked, QListView::indicator:unchecked {{
  width: 13px; height: 13px; background: {t.base}; border: 1px solid {t.dim}; border-radius: 3px; }}
QCheckBox::indicator:unchecked:disabled {{ border-color: {t.line}; }}
#line {{ background: {t.line}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: none; }}
QPushButton:checked, QToolButton:checked {{ background: {t.selected}; border-color: {t.accent}; }}
QToolButton[flat="true"] {{ padding: 4px 8px; }}
QToolButton[tight="true"] {{ padding: 4px 4px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0px; }}
QScrollBar::handle {{ background: {t.line}; border-radius: 4px; margin: 2px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {t.base}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QLabel[dim="true"] {{ color: {t.dim}; }}
QLabel[title="true"] {{ color: {t.dim}; font-weight: 600; }}
QLabel[bold="true"] {{ font-weight: 600; }}
QLabel[big="true"] {{ font-size: 15pt; font-weight: 600; }}
#message {{ background: {t.warning}; border-bottom: 1px solid {t.line}; }}
#message QLabel {{ color: {t.warning_text}; }}
#card {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 8px; }}
"""


def wear(theme: Theme) -> None:
    """For the whole application, and only if it is another one: a style sheet is worked into every widget there is."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    sheet = style_sheet(theme)
    if app.styleSheet() != sheet:
        app.setPalette(palette(theme))
        app.setStyleSheet(sheet)
