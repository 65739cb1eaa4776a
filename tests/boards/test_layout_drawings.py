"""What every drawing of a layout has in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import DRAWINGS, load_layout, save_layout
from padscope.errors import LayoutError, OutputError, UsageError


def test_every_ending_is_read_by_something_that_says_what_is_wrong(tmp_path: Path) -> None:
    for ending in DRAWINGS:
        for name, raw in (("empty", b""), ("noise", bytes(range(256)) * 8), ("text", b"nothing of the kind\n" * 3)):
            path = tmp_path / f"{name}{ending}"
            path.write_bytes(raw)
            with pytest.raises(LayoutError) as caught:
                load_layout(path)
            assert path.name in str(caught.value)
            assert "\n" not in str(caught.value)


def test_only_drawings_can_be_chosen_from_and_only_layouts_saved(tmp_path: Path) -> None:
    layout = Layout("x", (Pad("A", 500, 100, 1000, 127),), ())
    save_layout(layout, tmp_path / "x.json")
    with pytest.raises(UsageError, match="taken whole"):
        load_layout(tmp_path / "x.json", Choice())
    with pytest.raises(OutputError, match=r"use \.json, \.csv, \.dxf"):
        save_layout(layout, tmp_path / "x.gbr")
