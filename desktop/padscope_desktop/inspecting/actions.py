"""What can be done in Inspect mode beside looking, as rows for menus, keys and the sheet of keys."""

from __future__ import annotations

from padscope_desktop.actions import Action

INSPECT_ACTIONS = (
    Action(
        "next_reason",
        "Show the next reason in the picture",
        "Board",
        (".",),
        where="picture",
        mode="inspect",
        repeats=True,
    ),
    Action(
        "previous_reason", "Show the reason before it", "Board", (",",), where="picture", mode="inspect", repeats=True
    ),
    Action("override", "Override the verdict…", "Board", ("O",), where="picture", line=True, mode="inspect"),
    Action("clean_again", "To be cleaned again", "Board", ("C",), where="picture", mode="inspect"),
    Action("withdraw", "Take the decision back", "Board", ("Backspace",), where="picture", mode="inspect"),
    Action("sign", "Sign the pad map off", "Board", ("Ctrl+Return",), line=True, mode="inspect"),
    Action("reopen", "Open the signed map again…", "Board", mode="inspect"),
    Action("rules", "Rules…", "Board", ("Ctrl+U",), mode="inspect"),
    Action("history", "History, and earlier inspections", "Board", ("Ctrl+J",), mode="inspect"),
    Action(
        "next_foot", "Next foot of the pad", "Board", ("E",), where="picture", line=True, mode="inspect", repeats=True
    ),
    *(
        Action(
            f"foot_{way}",
            f"Move the foot {way} by 5 µm",
            "Board",
            (keys,),
            where="picture",
            shown=False,
            mode="inspect",
            repeats=True,
        )
        for way, keys in (("left", "Ctrl+Left"), ("right", "Ctrl+Right"), ("up", "Ctrl+Up"), ("down", "Ctrl+Down"))
    ),
    Action("feet_back", "Give feet placed by hand back", "Board", ("Shift+W",), mode="inspect"),
)
