"""Layouts from KiCad: small boards and footprints written by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import load_layout
from padscope.errors import LayoutError
from reference_drawings import box, write

KICAD = """
(kicad_pcb (version 20221018) (generator pcbnew)
  (net 0 "") (net 1 "GND") (net 2 "VDD \\"core\\"")
  (footprint "lib:fingers" (layer "F.Cu") (at 10 20 90)
    (property "Reference" "U1" (at 0 0))
    (pad "1" smd rect (at 1 0 90) (size 1 0.127) (layers "F.Cu" "F.Mask") (net 1 "GND"))
    (pad "2" smd roundrect (at 0 2 90) (size 1 0.381) (layers "F.Cu") (roundrect_rratio 0.1) (net 2 "VDD \\"core\\""))
    (pad "3" thru_hole oval (at -3 0 90) (size 0.8 0.4) (drill 0.2) (layers "*.Cu"))
    (pad "4" smd rect (at 0 9 90) (size 1 1) (layers "B.Cu"))
    (pad "" np_thru_hole circle (at 5 0) (size 1 1) (drill 1) (layers "*.Cu")))
  (footprint "lib:fid" (layer "F.Cu") (at 3 4)
    (fp_text reference "FID1" (at 0 0) (layer "F.SilkS"))
    (pad "" smd circle (at 0 0) (size 0.5 0.5) (layers "F.Cu"))
    (pad "9" smd circle (at 0 8) (size 0.6 0.6) (property pad_prop_fiducial_loc) (layers "F.Cu")))
  (module "old" (layer F.Cu) (at 30 30)
    (fp_text reference J1 (at 0 0))
    (pad 1 smd custom (at 0 0 30) (size 0.2 0.2) (layers F.Cu)
      (primitives (gr_poly (pts (xy 0 0) (xy 1 0) (xy 1 1) (xy 0.5 0.4) (xy 0 1)) (width 0))))
    (pad 2 smd trapezoid (at 3 0) (size 1 0.6) (rect_delta 0 0.2) (layers F.Cu)))
)
"""


def test_kicad_boards_place_pads_by_their_footprint(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.kicad_pcb", KICAD))
    assert {p.id for p in layout.pads} == {"U1-1", "U1-2", "U1-3", "J1-1", "J1-2"}
    # the footprint is turned by 90° counterclockwise on the screen: its x axis runs up
    assert box(layout.pad["U1-1"]) == [9936.5, 18500, 10063.5, 19500]
    assert layout.pad["U1-1"].direction_deg % 180 == 90
    assert layout.pad["U1-1"].net == "GND"
    assert layout.pad["U1-2"].net == 'VDD "core"'
    assert (layout.pad["U1-2"].x_um, layout.pad["U1-2"].y_um) == pytest.approx((12000, 20000))
    assert box(layout.pad["U1-3"]) == [9800, 22600, 10200, 23400]
    assert [(f.name, f.x_um, f.y_um, f.diameter_um) for f in layout.fiducials] == [
        ("FID1", 3000, 4000, 500),
        ("FID1-9", 3000, 12000, 600),
    ]


def test_kicad_custom_and_trapezoid_pads_keep_their_outline(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.kicad_pcb", KICAD))
    custom = layout.pad["J1-1"]
    assert len(custom.corners_um) == 5
    assert custom.area_um2 == pytest.approx(0.7e6)
    far = custom.corners_um[1] - (30000, 30000)  # (1, 0) mm, turned by 30° counterclockwise on the screen
    assert far == pytest.approx((1000 * math.cos(math.radians(30)), -1000 * math.sin(math.radians(30))))
    trapezoid = layout.pad["J1-2"]
    assert trapezoid.area_um2 == pytest.approx(0.6e6)
    assert box(trapezoid) == [32400, 29700, 33600, 30300]


def test_the_bottom_of_a_kicad_board_is_seen_from_below(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.kicad_pcb", KICAD), Choice(side="bottom"))
    assert {p.id for p in layout.pads} == {"U1-3", "U1-4"}
    assert layout.pad["U1-4"].x_um == -19000


def test_a_kicad_footprint_alone_has_its_own_origin(tmp_path: Path) -> None:
    text = """(footprint "chip" (version 20211014) (layer "F.Cu") (fp_text reference "REF**" (at 0 0))
      (pad "1" smd rect (at 0.1 0.2) (size 0.058 0.086) (layers "F.Cu"))
      (pad "2" smd rect (at 0.2 0.2) (size 0.058 0.086) (layers "F.Cu")))"""
    layout = load_layout(write(tmp_path, "chip.kicad_mod", text))
    assert [p.id for p in layout.pads] == ["1", "2"]
    assert box(layout.pads[0]) == [71, 157, 129, 243]


BAD_KICAD = {
    "another text": ("hello", "no KiCad file"),
    "another expression": ("(eagle 1)", "begins with “eagle”"),
    "cut off": (KICAD[:600], "cut off"),
    "a bracket too many": ("(kicad_pcb))", "line 1: a bracket is closed"),
    "no pads": ("(kicad_pcb (version 1))", "no pads on F.Cu"),
    "no position": ('(footprint "a" (pad "1" smd rect (size 1 1) (layers "F.Cu")))', "pad 1: it has no position"),
    "a word for a number": (
        '(footprint "a" (pad "1" smd rect (at x 1) (size 1 1) (layers "F.Cu")))',
        "“x 1” should be 2 numbers",
    ),
    "an unknown shape": (
        '(footprint "a" (pad "1" smd star (at 0 0) (size 1 1) (layers "F.Cu")))',
        "the pad shape “star”",
    ),
    "no size": ('(footprint "a" (pad "1" smd rect (at 0 0) (size 0 1) (layers "F.Cu")))', "must be above 0"),
    "a deep nest": ("(" * 100_000, "nested"),
}


@pytest.mark.parametrize(("text", "words"), BAD_KICAD.values(), ids=BAD_KICAD)
def test_bad_kicad_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayoutError, match=r"board\.kicad_pcb") as caught:
        load_layout(write(tmp_path, "board.kicad_pcb", text))
    assert words in str(caught.value)
