"""Everything a person can do, in one table: menus, shortcuts and the sheet of keys are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar, QWidget

MENUS = ("File", "Edit", "View", "Board", "Label", "Layout", "Model", "Production", "Help")
"""A menu is shown only while the mode that is on has something in it."""


@dataclass(frozen=True)
class Action:
    """`keys`: shortcuts, the first is shown. `where`: “window”, or “picture” for keys that elsewhere mean something else.
    `line`: a separator goes before it. `shown`: in a menu, not only on the keyboard."""

    id: str
    words: str
    menu: str
    keys: tuple[str, ...] = ()
    checkable: bool = False
    where: str = "window"
    line: bool = False
    shown: bool = True
    short: str = ""  # on a button
    mode: str = ""  # live only while this mode is on; everywhere if empty
    repeats: bool = False  # goes on while its key is held: walking, zooming, nudging; nothing that decides


ACTIONS: tuple[Action, ...] = (
    Action("new_project", "New project…", "File", ("Ctrl+N",)),
    Action("open_project", "Open project…", "File", ("Ctrl+O",)),
    Action("save_as", "Save project as…", "File", ("Ctrl+Shift+S",)),
    Action("add_pictures", "Add pictures…", "File", ("Ctrl+I",), line=True),
    Action("add_folder", "Add a folder of pictures…", "File"),
    Action("watch", "Watch a folder…", "File", ("Ctrl+Shift+I",)),
    Action("stop_watching", "Stop watching", "File"),
    Action("export", "Export pad map…", "File", ("Ctrl+E",), line=True),
    Action("export_labels", "Export labels…", "File"),
    Action("import_labels", "Import labels…", "File"),
    Action("merge_project", "Merge another project…", "File", line=True),
    Action("split_off", "Split off for a labeller…", "File"),
    Action("conflicts", "Masks that differ…", "File"),
    Action("quit", "Quit", "File", ("Ctrl+Q",), line=True),
    Action("undo", "Undo", "Edit", ("Ctrl+Z",), repeats=True),
    Action("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), repeats=True),
    Action("fit", "Fit the whole picture", "View", ("F", "Ctrl+0"), short="Fit"),
    Action("pixels", "One picture pixel on one screen pixel", "View", ("Z",), short="1:1"),
    Action("zoom_in", "Zoom in", "View", ("+", "="), repeats=True),
    Action("zoom_out", "Zoom out", "View", ("-",), repeats=True),
    Action("overlays", "Overlays: tap to switch, hold to peek", "View", ("H",), checkable=True, line=True),
    Action("heat", "Heat", "View", ("G",), checkable=True),
    Action("pads", "Pads", "View", ("P",), checkable=True),
    Action("feet", "Feet", "View", ("W",), checkable=True),
    Action("masks", "Masks", "View", ("M",), checkable=True),
    Action("dark", "Dark theme", "View", ("Ctrl+D",), checkable=True, line=True),
    Action("full_screen", "Full screen", "View", ("F11",), checkable=True),
    Action("layout", "Choose the layout…", "Board", ("Ctrl+L",)),
    Action("marks", "Click the marks by hand…", "Board", ("Ctrl+M",)),
    Action("next", "Next to look at", "Board", ("Tab",), where="picture", line=True, repeats=True),
    Action("previous", "Previous to look at", "Board", ("Shift+Tab",), where="picture", repeats=True),
    Action("agree", "Agree, and on to the next", "Board", ("Return", "Enter"), where="picture"),
    Action("next_picture", "Next picture", "Board", ("Alt+Right", "Ctrl+PgDown"), line=True, repeats=True),
    Action("previous_picture", "Previous picture", "Board", ("Alt+Left", "Ctrl+PgUp"), repeats=True),
    Action("inspect", "Inspect this picture", "Model", ("Ctrl+R",)),
    Action("together", "Inspect the chosen pictures together as one board", "Model", ("Ctrl+Alt+R",)),
    Action("inspect_all", "Inspect all that are not inspected", "Model", ("Ctrl+Shift+R",)),
    Action("cancel", "Cancel what is running", "Model", ("Ctrl+.",)),
    Action("model", "Choose a model…", "Model", ("Ctrl+Shift+M",), line=True),
    Action("train", "Train on sound boards…", "Model", ("Ctrl+T",)),
    Action("keys", "All keys", "Help", ("?", "F1")),
    Action("edit_keys", "Change keys…", "Help", ("Ctrl+K",)),
    Action("about", "About Padscope", "Help", line=True),
    Action("search", "Search the pictures", "View", ("Ctrl+F",), line=True),
    Action("serial", "Type or scan the serial number", "Board", ("Ctrl+B",), line=True),
    Action("go_pictures", "Go to the list of pictures", "View", ("Ctrl+1",), line=True),
    Action("go_picture", "Go to the picture", "View", ("Ctrl+2",)),
    Action("go_pads", "Go to the list of pads", "View", ("Ctrl+3",)),
    Action("back", "Back out of anything", "View", ("Esc",), shown=False),
)

POINTING: tuple[tuple[str, str], ...] = (
    ("Wheel", "zoom to the cursor"),
    ("Drag, middle drag, Space drag", "move the picture"),
    ("Click a pad", "choose it, here and in the table; a dotted one in its own picture"),
    ("Double click a pad", "zoom to it"),
    ("Ctrl or Shift with a click in the list", "choose several pictures"),
)
"""What the mouse does, for the sheet of keys."""


def mode_rows(modes: Iterable[tuple[str, str, str]]) -> tuple[Action, ...]:
    """The actions that switch modes, from (id, words, key) of each."""
    return tuple(
        Action(f"mode_{name}", f"{words} mode", "View", (key,), checkable=True, line=i == 0, short=words)
        for i, (name, words, key) in enumerate(modes)
    )


def make_actions(
    parent: QWidget,
    picture: tuple[QWidget, ...],
    rows: Sequence[Action],
    handlers: Mapping[str, Callable[..., Any]],
    own_keys: Mapping[str, str],
) -> dict[str, QAction]:
    """One QAction per row; every row needs its handler. Keys with `where` “picture” live only in those widgets."""
    from PySide6.QtCore import Qt

    missing = {a.id for a in rows} ^ set(handlers)
    assert not missing, f"actions and handlers differ: {missing}"
    made = {}
    for row in rows:
        action = QAction(row.words, parent, checkable=row.checkable)
        action.setShortcuts([QKeySequence(k) for k in keys_of(row, own_keys)])
        action.setAutoRepeat(row.repeats)
        action.setIconText(row.short or row.words)
        action.setObjectName(row.id)
        action.triggered.connect(handlers[row.id])
        if row.where == "picture":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            for widget in picture:
                widget.addAction(action)
        else:
            parent.addAction(action)
        made[row.id] = action
    return made


def keys_of(row: Action, own_keys: Mapping[str, str]) -> tuple[str, ...]:
    """A person's own key takes the place of all of ours."""
    return (own_keys[row.id],) if own_keys.get(row.id) else row.keys


def set_keys(rows: Sequence[Action], made: Mapping[str, QAction], own_keys: Mapping[str, str]) -> None:
    for row in rows:
        made[row.id].setShortcuts([QKeySequence(k) for k in keys_of(row, own_keys)])


def holder(rows: Sequence[Action], own_keys: Mapping[str, str], wanted: Action, key: str) -> Action | None:
    """Which other action has this key in a mode where `wanted` lives too."""
    sequence = QKeySequence(key)
    for row in rows:
        together = not row.mode or not wanted.mode or row.mode == wanted.mode
        if row.id != wanted.id and together and any(QKeySequence(k) == sequence for k in keys_of(row, own_keys)):
            return row
    return None


def fill_menus(bar: QMenuBar, rows: Sequence[Action], made: Mapping[str, QAction], mode: str) -> None:
    """The menus of one mode; those of another are not there."""
    bar.clear()
    for name in MENUS:
        own = [row for row in rows if row.menu == name and row.shown and row.mode in ("", mode)]
        if not own:
            continue
        menu = bar.addMenu(name)
        for row in own:
            if row.line:
                menu.addSeparator()
            menu.addAction(made[row.id])


def enable_mode(rows: Sequence[Action], made: Mapping[str, QAction], mode: str) -> None:
    """Keys of other modes are dead: a disabled action's shortcut does not fire, nor is it ambiguous."""
    for row in rows:
        if row.mode:
            made[row.id].setEnabled(row.mode == mode)


def key_sheet(
    rows: Sequence[Action], own_keys: Mapping[str, str], mode: str
) -> list[tuple[str, list[tuple[str, str]]]]:
    """(menu, [(keys as the system writes them, words)]) of everything that has a key, and what the mouse does."""
    native = QKeySequence.SequenceFormat.NativeText
    sheet = []
    for name in MENUS:
        lines = [
            (" or ".join(QKeySequence(k).toString(native) for k in keys), row.words.rstrip("…"))
            for row in rows
            if row.menu == name and row.mode in ("", mode) and (keys := keys_of(row, own_keys))
        ]
        if lines:
            sheet.append((name, lines))
    return [*sheet, ("Mouse", list(POINTING))]
