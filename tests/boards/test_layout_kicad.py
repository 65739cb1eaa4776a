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


FLIPPED = """
(kicad_pcb (version 20241229) (generator "pcbnew")
  (net 0 "") (net 7 "BIAS\\\\A")
  (footprint "lib:back" (layer "B.Cu") (at 50 40 30)
    (property "Reference" "U9" (at 0 0 30) (layer "B.SilkS"))
    (pad "1" smd rect (at 1 0.5 30) (size 1 0.127) (layers "B.Cu" "B.Mask") (net 7 "BIAS\\\\A"))
    (pad "2" thru_hole circle (at 0 5 30) (size 0.5 0.5) (drill 0.2) (layers "*.Cu" "*.Mask")
      (padstack (mode front_inner_back)
        (layer "Inner" (shape circle) (size 0.3 0.3))
        (layer "B.Cu" (shape rect) (size 0.8 0.4) (offset 0.1 0)))))
  (footprint "lib:front" (layer "F.Cu") (at 10 10)
    (property "Reference" "U1" (at 0 0))
    (pad "1" smd roundrect (at 0 0) (size 1 0.5) (layers "F.Cu")
      (roundrect_rratio 0) (chamfer_ratio 0.2) (chamfer top_left bottom_left))
    (pad "2" smd roundrect (at 3 0) (size 1 0.5) (layers "F.Cu")
      (roundrect_rratio 0.1) (chamfer_ratio 0.2) (chamfer top_right))))
"""


def test_a_turned_kicad_footprint_on_the_back_is_seen_from_below(tmp_path: Path) -> None:
    """(1, 0.5) mm turned by 30° counterclockwise is (1.116, -0.067); from below x changes its sign, and the turn."""
    below = load_layout(write(tmp_path, "back.kicad_pcb", FLIPPED), Choice(side="bottom"))
    assert [(p.id, p.net) for p in below.pads] == [("U9-1", "BIAS\\A"), ("U9-2", "")]
    pad = below.pad["U9-1"]
    assert (pad.x_um, pad.y_um) == pytest.approx((-51_116.0254, 39_933.0127))
    assert (pad.w_um, pad.h_um, pad.rotation_deg) == pytest.approx((1000, 127, 30))


def test_kicad_padstacks_have_another_shape_on_the_back(tmp_path: Path) -> None:
    path = write(tmp_path, "back.kicad_pcb", FLIPPED)
    above = load_layout(path).pad["U9-2"]
    assert (above.x_um, above.y_um) == pytest.approx((52_500, 44_330.127))
    assert above.area_um2 == pytest.approx(math.pi * 250**2, rel=0.01)
    below = load_layout(path, Choice(side="bottom")).pad["U9-2"]
    assert (below.w_um, below.h_um, below.rotation_deg) == pytest.approx((800, 400, 30))
    assert (below.x_um, below.y_um) == pytest.approx((-52_586.6025, 44_280.127))  # 0.1 mm along its own x


def test_kicad_pads_lose_their_chamfered_corners(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "back.kicad_pcb", FLIPPED))
    cut = [[9600, 9750], [10500, 9750], [10500, 10250], [9600, 10250], [9500, 10150], [9500, 9850]]
    assert sorted(layout.pad["U1-1"].corners_um.round(6).tolist()) == sorted(cut)
    assert layout.pad["U1-1"].area_um2 == pytest.approx(0.5e6 - 0.1e6 * 0.1)
    round_and_cut = 0.5e6 - 0.1e6 * 0.05 - 3 * (1 - math.pi / 4) * 50**2
    assert layout.pad["U1-2"].area_um2 == pytest.approx(round_and_cut, rel=1e-3)


def test_thermal_vias_are_part_of_their_kicad_pad(tmp_path: Path) -> None:
    text = """(footprint "chip" (layer "F.Cu")
      (pad "9" smd rect (at 0 0) (size 2 2) (layers "F.Cu"))
      (pad "9" thru_hole circle (at 0.5 0.5) (size 0.4 0.4) (drill 0.2) (layers "*.Cu"))
      (pad "9" thru_hole circle (at 5 0.5) (size 0.4 0.4) (drill 0.2) (layers "*.Cu"))
      (pad "1" smd rect (at 2 0) (size 0.5 0.5) (layers "F.Cu")))"""
    layout = load_layout(write(tmp_path, "chip.kicad_mod", text))
    assert [(p.id, p.x_um) for p in layout.pads] == [("9-1", 0), ("9-2", 5000), ("1", 2000)]


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
