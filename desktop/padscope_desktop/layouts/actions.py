"""What can be done in Layout mode, as rows for menus, keys and the sheet of keys."""

from __future__ import annotations

from padscope_desktop.actions import Action

LAYOUT_ACTIONS = (
    Action("layout_select", "Choose and move pads", "Layout", ("V",), mode="layout", checkable=True, short="Select"),
    Action("layout_draw", "Draw a pad", "Layout", ("D",), mode="layout", checkable=True, short="Draw"),
    Action("layout_fiducial", "Click a fiducial", "Layout", ("C",), mode="layout", checkable=True, short="Mark"),
    Action(
        "layout_snap",
        "Snap to what the picture shows",
        "Layout",
        ("N",),
        mode="layout",
        checkable=True,
        short="Snap",
    ),
    Action(
        "layout_delete",
        "Delete what is chosen",
        "Layout",
        ("Del", "Backspace"),
        where="picture",
        mode="layout",
        line=True,
    ),
    Action("layout_all", "Choose all pads", "Layout", ("Ctrl+A",), where="picture", mode="layout"),
    Action("layout_to_edges", "Snap the chosen pads now", "Layout", ("Ctrl+Shift+N",), mode="layout"),
    Action("layout_find", "Find the board in the picture", "Layout", ("Ctrl+G",), mode="layout", line=True),
    Action("layout_clicks", "Click the board's marks", "Layout", ("Ctrl+Shift+G",), mode="layout"),
    Action("layout_learn", "Learn a layout from this picture", "Layout", (), mode="layout", line=True),
    Action("layout_import", "Import a layout…", "Layout", ("Ctrl+Shift+L",), mode="layout"),
    Action("layout_new", "New layout", "Layout", (), mode="layout"),
    Action("layout_use", "Use this layout", "Layout", ("Ctrl+Return",), mode="layout", line=True),
    Action("layout_save", "Save the layout as…", "Layout", ("Ctrl+S",), mode="layout"),
)
