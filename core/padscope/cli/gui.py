"""`gui`: the window, where it is installed."""

from __future__ import annotations

import argparse
import importlib.util

from padscope.errors import InputError


def gui(arguments: argparse.Namespace) -> int:
    return open_window(arguments.project)


def open_window(project: str | None) -> int:
    """Returns when the window is closed. InputError where the desktop half is not installed."""
    missing = [name for name in ("padscope_desktop", "PySide6", "pyqtgraph") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"The window needs {', '.join(missing)}; install it with: pip install 'padscope[desktop]'.")
    from padscope_desktop.app import main

    return int(main(project))
