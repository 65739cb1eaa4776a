"""What can be done in Label mode, as a table; the window makes menus, keys and buttons of it."""

from __future__ import annotations

from padscope_desktop.actions import Action
from padscope_desktop.panels.classes import KEYS

LABEL_ACTIONS: tuple[Action, ...] = (
    Action("brush", "Brush", "Label", ("B",), checkable=True, mode="label"),
    Action(
        "eraser", "Eraser: hold for a moment's eraser", "Label", ("E",), checkable=True, short="Eraser", mode="label"
    ),
    Action("lasso", "Lasso", "Label", ("L",), checkable=True, mode="label"),
    Action("polygon", "Polygon", "Label", ("O",), checkable=True, mode="label"),
    Action("rectangle", "Rectangle", "Label", ("X",), checkable=True, short="Box", mode="label"),
    Action("fill", "Fill what is connected", "Label", ("K",), checkable=True, short="Fill", mode="label"),
    Action("holes", "Fill the holes of a piece", "Label", ("J",), checkable=True, short="Holes", mode="label"),
    Action("wand", "Magic wand: drag for tolerance", "Label", ("A",), checkable=True, short="Wand", mode="label"),
    Action("pick", "Pick the class from the picture", "Label", ("I",), checkable=True, short="Pick", mode="label"),
    Action("move", "Move a piece", "Label", ("V",), checkable=True, short="Move", mode="label"),
    Action("delete", "Delete a piece", "Label", ("D",), checkable=True, short="Delete", mode="label"),
    Action("grow", "Grow a piece; with Shift shrink it", "Label", ("U",), checkable=True, short="Grow", mode="label"),
    Action("grow_here", "Grow the piece under the cursor", "Label", (".",), shown=False, mode="label", repeats=True),
    Action(
        "shrink_here", "Shrink the piece under the cursor", "Label", (",",), shown=False, mode="label", repeats=True
    ),
    Action(
        "delete_here",
        "Delete the piece under the cursor",
        "Label",
        ("Del",),
        shown=False,
        mode="label",
        where="picture",
    ),
    Action("touch", "Put the tool down where the cursor is, or lift it", "Label", ("Q",), shown=False, mode="label"),
    *(
        Action(
            f"{name}{fast}",
            f"Cursor {name}{', ten steps' if fast else ''}",
            "Label",
            (f"{shift}{key}",),
            shown=False,
            mode="label",
            where="picture",
            repeats=True,
        )
        for fast, shift in (("", ""), ("_fast", "Shift+"))
        for name, key in (("left", "Left"), ("right", "Right"), ("up", "Up"), ("down", "Down"))
    ),
    Action("larger", "Larger brush", "Label", ("]",), shown=False, mode="label", repeats=True),
    Action("smaller", "Smaller brush", "Label", ("[",), shown=False, mode="label", repeats=True),
    Action("square", "Square brush", "Label", ("Shift+B",), checkable=True, line=True, mode="label"),
    Action("inside_pads", "Paint only inside pads", "Label", ("Shift+P",), checkable=True, mode="label"),
    Action("only_hot", "Paint only where heat reaches the level", "Label", ("Shift+G",), checkable=True, mode="label"),
    Action("protect", "Protect other classes", "Label", ("Shift+C",), checkable=True, mode="label"),
    Action("snap", "Snap the brush to edges", "Label", ("Shift+S",), checkable=True, mode="label"),
    Action(
        "take_defect",
        "Heat of a defect: click it",
        "Label",
        ("T",),
        checkable=True,
        line=True,
        short="Defect",
        mode="label",
    ),
    Action("take_pad", "Heat of the chosen pad", "Label", ("Shift+T",), short="Pad", mode="label"),
    Action("take_board", "Heat of the whole board", "Label", ("Alt+T",), short="Board", mode="label"),
    Action(
        "disagreement", "Where mask and heat disagree", "Label", ("Y",), checkable=True, short="Differ", mode="label"
    ),
    Action("outline", "Only the outlines of masks", "Label", ("Shift+M",), checkable=True, line=True, mode="label"),
    Action("review", "Reviewed, or open again", "Label", ("Ctrl+Return", "Ctrl+Enter"), line=True, mode="label"),
    Action("next_unreviewed", "Next picture not reviewed", "Label", ("N", "PgDown"), mode="label", repeats=True),
    Action(
        "previous_unreviewed", "Previous picture not reviewed", "Label", ("Shift+N", "PgUp"), mode="label", repeats=True
    ),
    *(
        Action(f"class_{i}", f"Class {i}", "Label", (key,), shown=False, mode="label", where="picture")
        for i, key in enumerate(KEYS, start=1)
    ),
)
