"""What every drawing of a layout has in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import DRAWINGS, load_layout, save_layout
from padscope.errors import LayoutError, OutputError, UsageError
from reference_drawings import MILS

KICAD = '(kicad_pcb (footprint "f" (at 1 1) (pad "1" smd rect (at 0 0) (size 1 1) (layers "F.Cu")))\n)'
GERBER = "%FSLAX46Y46*%\n%MOMM*%\n%ADD10R,1X0.127*%\nD10*\nX1000000Y-2000000D03*\nX1000000Y-3000000D03*\nM02*"
POINT = "327GND               U1    -1          A01X+012000Y-001000X0394Y0050R090 S2\n"


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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cut.dxf", MILS),
        ("cut.kicad_pcb", KICAD),
        ("cut.gbr", GERBER),
        ("cut.ipc", "P  UNITS CUST 0\n" + 3 * POINT + "999"),
        ("cut.json", '{"schema": 1, "pads": [{"id": "A", "centre_um": [0, 0], "size_um": [10, 10]}]}'),
    ],
)
def test_a_file_cut_off_anywhere_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    for length in range(1, len(text) - 1, max(1, len(text) // 40)):
        path.write_text(text[:length])
        with pytest.raises(LayoutError) as caught:
            load_layout(path)
        sentence = str(caught.value)
        assert sentence.startswith(name)
        assert sentence.endswith(".")
        assert "\n" not in sentence
