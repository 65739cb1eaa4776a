"""Layouts in and out, by the ending of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from padscope.boards.layout import Layout
from padscope.boards.layout_csv import load_layout_csv, save_layout_csv
from padscope.boards.layout_json import load_layout_json, save_layout_json
from padscope.errors import LayoutError

__all__ = ["LOADERS", "load_layout", "save_layout_csv", "save_layout_json"]

LOADERS: dict[str, Callable[[Path], Layout]] = {".csv": load_layout_csv, ".json": load_layout_json}


def load_layout(path: Path | str) -> Layout:
    """A checked board type; LayoutError says in one sentence what is wrong, where, and what to do."""
    path = Path(path)
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise LayoutError(f"{path.name} is no layout Padscope can read; it reads {', '.join(LOADERS)}.")
    return loader(path)
