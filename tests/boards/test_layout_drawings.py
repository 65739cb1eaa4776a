"""Layouts from drawings of whole boards: small files written by hand from each format's specification."""

from __future__ import annotations

import math
from pathlib import Path

import ezdxf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.layout_choice import Choice, Shape, circle, layout_of, rectangle, rounded
from padscope.boards.layout_dxf import layout_to_dxf
from padscope.boards.layout_files import DRAWINGS, load_layout, save_layout
from padscope.errors import LayoutError, OutputError, UsageError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def box(pad: Pad) -> list[float]:
    """x0, y0, x1, y1 in µm, to a nanometre."""
    low, high = pad.corners_um.min(axis=0), pad.corners_um.max(axis=0)
    return [round(float(v), 3) for v in (*low, *high)]


# ---- the shared part ----


def test_corners_become_rectangles_whichever_way_round_they_run() -> None:
    for turn in (0.0, 30.0, -44.0, 45.0, 90.0, 133.0):
        for corners in (rectangle(10, 20, 300, 100, turn), rectangle(10, 20, 300, 100, turn)[::-1]):
            for start in range(4):
                layout = layout_of([Shape(np.roll(corners, start, axis=0), "A")], Choice(), "f", "n")
                pad = layout.pads[0]
                assert pad.polygon_um is None
                assert -45 < pad.rotation_deg <= 45
                assert pad.area_um2 == pytest.approx(30_000)
                ours = {tuple(np.round(c, 6) + 0.0) for c in pad.corners_um}
                assert ours == {tuple(np.round(c, 6) + 0.0) for c in corners}
                assert math.cos(math.radians(2 * (pad.direction_deg - turn))) == pytest.approx(1)


def test_other_outlines_become_polygons_inside_the_metal() -> None:
    disc, oval = circle(0, 0, 100), rounded(500, 0, 300, 100, 50)
    layout = layout_of([Shape(disc, "A", diameter_um=100), Shape(oval, "B")], Choice(), "f", "n")
    assert np.hypot(*layout.pad["A"].corners_um.T).max() <= 50 + 1e-9
    assert layout.pad["A"].area_um2 == pytest.approx(math.pi * 50**2, rel=0.01)
    assert layout.pad["B"].area_um2 == pytest.approx(200 * 100 + math.pi * 50**2, rel=0.01)


def test_names_are_made_unique_and_kept_where_they_are() -> None:
    shapes = [Shape(rectangle(300.0 * n, 0, 100, 100), name) for n, name in enumerate(["A", "", "B", "B", "", "B-1"])]
    assert [p.id for p in layout_of(shapes, Choice(), "f", "n").pads] == ["A", "P1", "B-2", "B-3", "P2", "B-1"]


def test_pads_are_chosen_by_layer_net_name_and_region() -> None:
    shapes = [
        Shape(rectangle(500.0 * n, 0, 100, 100), f"U{n}-1", net, layer)
        for n, (net, layer) in enumerate([("GND", "top"), ("VDD", "top"), ("GND", "mask"), ("", "top")])
    ]

    def chosen(choice: Choice) -> list[str]:
        return [p.id for p in layout_of(shapes, choice, "f", "n").pads]

    assert chosen(Choice(layers=("t*",))) == ["U0-1", "U1-1", "U3-1"]
    assert chosen(Choice(nets=("gnd",))) == ["U0-1", "U2-1"]
    assert chosen(Choice(pads=("U[12]-*",))) == ["U1-1", "U2-1"]
    assert chosen(Choice(region_um=(400, -10, 1100, 10))) == ["U1-1", "U2-1"]
    with pytest.raises(LayoutError, match="f has 4 shapes, but none was chosen as a pad; it has the layers mask, top"):
        chosen(Choice(layers=("bottom",)))


def test_wires_are_counted_by_pitch() -> None:
    shapes = [Shape(rectangle(0, 500.0 * n, 1000, h), f"P{n}") for n, h in enumerate((60.0, 127.0, 381.0))]
    layout = layout_of(shapes, Choice(wire_pitch_um=127.0), "f", "n")
    assert [len(layout.wires_of[p.id]) for p in layout.pads] == [1, 1, 3]
    assert layout.wires_of["P2"] == spread_wires(layout.pad["P2"], 3)


@pytest.mark.parametrize("wrong", [{"side": "left"}, {"wires": -1}, {"wire_pitch_um": 0.0}, {"unit_um": math.nan}])
def test_a_choice_that_makes_no_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        Choice(**wrong)


# ---- IPC-D-356 ----


def record(
    net: str,
    part: str,
    pin: str,
    x: int,
    y: int,
    w: int,
    h: int,
    *,
    code: str = "327",
    turn: int = 0,
    access: str = "A01",
) -> str:
    """One test point, its columns as the standard numbers them."""
    line = f"{code:3}{net:<14.14}   {part:<6}-{pin:<4}       {access}X{x:+07d}Y{y:+07d}X{w:04d}Y{h:04d}R{turn:03d} S0"
    assert line[41] == "X"
    assert line[57] == "X"
    assert line[67] == "R"
    return line


IPC = "\n".join(
    [
        "C  a board for tests",
        "P  JOB   test",
        "P  UNITS CUST 1",
        "P  NNAME1 A_VERY_LONG_NET_NAME",
        record("GND", "U1", "1", 1000, 2000, 1000, 127),
        record("NNAME1", "U1", "2", 1000, 1500, 1000, 381),
        record("N/C", "U1", "3", 5000, -700, 300, 100, turn=30),
        record("", "", "", 9000, 0, 300, 100, code="389"),  # an outline, no test point
        record("VDD", "U2", "1", 7000, 0, 400, 0, code="317", access="A00"),
        record("BACK", "U3", "1", 8000, 0, 400, 200, access="A02"),
        record("", "FID1", "1", 0, 0, 500, 0),
        "999",
    ]
)


def test_ipcd356_has_nets_names_sizes_and_turns(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.ipc", IPC))
    assert [p.id for p in layout.pads] == ["U1-1", "U1-2", "U1-3", "U2-1"]
    assert box(layout.pad["U1-1"]) == [500, -2063.5, 1500, -1936.5]
    assert [p.net for p in layout.pads] == ["GND", "A_VERY_LONG_NET_NAME", "", "VDD"]
    assert layout.pad["U1-3"].rotation_deg == pytest.approx(-30)  # the file's turn is counterclockwise
    assert (layout.pad["U1-3"].x_um, layout.pad["U1-3"].y_um) == pytest.approx((5000, 700))
    assert layout.pad["U2-1"].polygon_um is not None
    assert layout.fiducials == (Fiducial("FID1-1", 0, 0, 500),)
    assert all(len(w) == 1 for w in layout.wires_of.values())


def test_ipcd356_of_the_other_side_is_seen_from_there(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.ipc", IPC), Choice(side="bottom"))
    assert {p.id for p in layout.pads} == {"U2-1", "U3-1"}
    assert layout.pad["U3-1"].x_um == -8000


@pytest.mark.parametrize(("unit", "um"), [("CUST 0", 2.54), ("CUST", 2.54), ("SI", 1.0)])
def test_ipcd356_units(tmp_path: Path, unit: str, um: float) -> None:
    text = IPC.replace("CUST 1", unit)
    layout = load_layout(write(tmp_path, "board.d356", text))
    assert layout.pad["U1-1"].w_um == pytest.approx(1000 * um)


def test_ipcd356_as_board_programs_write_it(tmp_path: Path) -> None:
    """Seven digits, spaces for signs, a drilled hole, no line end of 80 columns."""
    text = "\n".join(
        [
            "P  CODE 00",
            "P  UNITS CUST 0",
            "P  arrayDim   N",
            "317GND              VIA   -     D0118PA00X+0001000Y-0002000X0236Y0000R000S3",
            "327Net-(U1-Pad1)    U1    -1          A01X 012000Y-001000X0394Y0050R090S2",
            "999",
        ]
    )
    layout = load_layout(write(tmp_path, "board.d356", text))
    via, pad = layout.pads
    assert (via.x_um, via.y_um, via.w_um) == pytest.approx((2540, 5080, 599.44))
    assert (pad.x_um, pad.y_um) == pytest.approx((30480, 2540))
    assert (pad.w_um, pad.h_um, pad.rotation_deg) == pytest.approx((127, 1000.76, 0))
    assert pad.net == "Net-(U1-Pad1)"


def test_ipcd356_turns_in_radians(tmp_path: Path) -> None:
    text = "\n".join(["P  UNITS CUST 2", record("A", "U", "1", 0, 0, 300, 100, turn=1), "999"])
    assert load_layout(write(tmp_path, "r.ipc", text)).pads[0].rotation_deg == pytest.approx(
        -math.degrees(1) + 90, abs=1e-9
    )


BAD_IPC = {
    "empty": ("", "empty"),
    "another text": ("hello\nworld", "line 1: this is no IPC-D-356 record"),
    "no points": ("P  JOB x\n999\n", "no test points"),
    "an unknown unit": (IPC.replace("CUST 1", "CUBITS"), "line 3: the unit “CUBITS” is unknown"),
    "no position": (IPC.replace("X+001000Y+002000", "                "), "line 5: there is no position"),
    "letters for digits": (IPC.replace("+002000", "+00O000"), "line 5: there is no position"),
    "no size": (record("A", "U", "1", 0, 0, 0, 0), "line 1: the test point has no size"),
}


@pytest.mark.parametrize(("text", "words"), BAD_IPC.values(), ids=BAD_IPC)
def test_bad_ipcd356_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayoutError, match=r"board\.ipc") as caught:
        load_layout(write(tmp_path, "board.ipc", text))
    assert words in str(caught.value)


# ---- KiCad ----

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


# ---- Gerber ----

GERBER = """%TF.FileFunction,Copper,L1,Top*%
%FSLAX46Y46*%
G04 a board for tests*
%MOMM*%
%AMRoundRect*
0 as KiCad writes it*
4,1,4,$2,$3,$4,$5,$6,$7,$8,$9,$2,$3,0*
1,1,$1+$1,$2,$3*
1,1,$1+$1,$4,$5*
1,1,$1+$1,$6,$7*
1,1,$1+$1,$8,$9*
20,1,$1+$1,$2,$3,$4,$5,0*
20,1,$1+$1,$4,$5,$6,$7,0*
20,1,$1+$1,$6,$7,$8,$9,0*
20,1,$1+$1,$8,$9,$2,$3,0*%
%AMTurned*21,1,$1,$2,0,0,$3*%
%TA.AperFunction,SMDPad,CuDef*%
%ADD10R,1.000000X0.127000*%
%ADD11RoundRect,0.100000X-0.400000X0.1X-0.4X-0.1X0.4X-0.1X0.4X0.1*%
%ADD12Turned,0.3X0.1X30.0*%
%TA.AperFunction,FiducialPad,Local*%
%ADD13C,0.500000*%
%TA.AperFunction,ViaPad*%
%ADD14C,0.400000*%
%TA.AperFunction,Conductor*%
%ADD15C,0.100000*%
%TD*%
%TO.P,U1,1*%
%TO.N,GND*%
D10*
X1000000Y-2000000D03*
%TO.P,U1,2*%
%TO.N,VDD*%
D11*
X1000000Y-3000000D03*
%TO.P,U1,3*%
%TO.N,N/C*%
D12*
Y-4000000D03*
%TD*%
D13*
X5000000Y-5000000D03*
D14*
X2500000Y-500000D03*
D15*
X0Y0D02*
G01*
X9000000D01*
%TA.AperFunction,ConnectorPad*%
%TO.P,J1,1*%
G36*
X6000000Y-1000000D02*
X7000000D01*
Y-2000000D01*
G02*
X6000000Y-1000000I0J1000000D01*
G37*
%LPC*%
D10*
X8000000Y-8000000D03*
M02*
"""


def test_gerber_x2_says_what_its_flashes_are(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "board.gbr", GERBER))
    assert [p.id for p in layout.pads] == ["U1-1", "U1-2", "U1-3", "J1-1"]
    assert [p.net for p in layout.pads] == ["GND", "VDD", "", ""]
    assert box(layout.pad["U1-1"]) == [500, 1936.5, 1500, 2063.5]
    assert box(layout.pad["U1-2"]) == [500, 2800, 1500, 3200]
    assert layout.pad["U1-2"].area_um2 == pytest.approx(1e6 * (0.4 - (4 - math.pi) * 0.1**2), rel=0.002)
    turned = layout.pad["U1-3"]
    assert (turned.x_um, turned.y_um, turned.w_um, turned.h_um) == pytest.approx((1000, 4000, 300, 100))
    assert turned.rotation_deg == pytest.approx(-30)
    assert layout.fiducials == (Fiducial("F1", 5000, 5000, 500),)


def test_gerber_regions_follow_their_arcs(tmp_path: Path) -> None:
    """A quarter disc of radius 1 mm about (7, -1): two straight sides and an arc."""
    region = load_layout(write(tmp_path, "board.gbr", GERBER)).pad["J1-1"]
    assert region.area_um2 == pytest.approx(1e6 * math.pi / 4, rel=0.002)
    assert box(region) == [6000, 1000, 7000, 2000]
    full = GERBER.replace("G02*", "G03*")  # the long way round: three quarters, and the corner is no corner any more
    region = load_layout(write(tmp_path, "board.gbr", full)).pad["J1-1"]
    assert region.area_um2 == pytest.approx(1e6 * math.pi * 0.75, rel=0.003)


def test_gerber_functions_are_layers_to_choose_from(tmp_path: Path) -> None:
    path = write(tmp_path, "board.gtl", GERBER)
    assert [p.id for p in load_layout(path, Choice(layers=("ConnectorPad",))).pads] == ["J1-1"]
    assert len(load_layout(path, Choice(layers=("ViaPad",))).pads) == 1
    assert [p.id for p in load_layout(path, Choice(nets=("GND",))).pads] == ["U1-1"]
    with pytest.raises(LayoutError, match="is the top side"):
        load_layout(path, Choice(side="bottom"))


def test_a_plain_gerber_in_inches_with_copies_and_turned_apertures(tmp_path: Path) -> None:
    text = """%FSLAX25Y25*%%MOIN*%%ADD10R,0.040X0.005*%%ADD11O,0.02X0.01*%%ADD12P,0.02X6X0*%
%SRX2Y1I1.0J0*%D10*X100000Y0D03*%SR*%
%LR90*%D10*X0Y100000D03*%LR0*%%LS0.5*%D10*X50000Y50000D03*%LS1*%
D11*X0Y200000D03*D12*X0Y300000D03*
G04 #@! TA.AperFunction,Other*
M02*"""
    layout = load_layout(write(tmp_path, "old.ger", text))
    sizes = [(round(p.w_um, 3), round(p.h_um, 3), round(p.x_um, 3), round(p.y_um, 3)) for p in layout.pads]
    assert sizes[0] == (1016, 127, 25400, 0)
    assert sizes[1] == (1016, 127, 50800, 0)
    assert sizes[2] == (127, 1016, 0, -25400)
    assert sizes[3] == (508, 63.5, 12700, -12700)
    assert sizes[4][:2] == (508, 254)
    assert len(layout.pads[5].corners_um) == 6


BAD_GERBER = {
    "another text": ("hello", "is no Gerber command"),
    "no pads": ("%FSLAX46Y46*%%MOMM*%M02*", "no flashes and no regions"),
    "an unknown aperture": ("%FSLAX46Y46*%%MOMM*%D10*X0Y0D03*M02*", "the aperture D10 is used before"),
    "incremental": ("%FSLIX46Y46*%%MOMM*%M02*", "coordinates must be absolute"),
    "no unit": ("%FSLAX46Y46*%%ADD10C,1*%D10*X0Y0D03*M02*", "does not say its unit"),
    "half a command": ("%FSLAX46Y46*%%MOMM*%%ADD10C,1*", "a per cent sign is missing"),
    "a bad macro": (
        "%FSLAX46Y46*%%MOMM*%%AMX*21,1,__import__,1,0,0,0*%%ADD10X*%M02*",
        "the aperture D10 cannot be made",
    ),
    "a zero aperture": ("%FSLAX46Y46*%%MOMM*%%ADD10C,0*%M02*", "the aperture D10 cannot be made"),
    "a block aperture": ("%FSLAX46Y46*%%MOMM*%%ABD10*%%AB*%M02*", "block apertures"),
    "an open region": ("%FSLAX46Y46*%%MOMM*%%ADD10C,1*%D10*X0Y0D03*G36*X0Y0D02*X1D01*M02*", "ends within a region"),
    "endless copies": ("%FSLAX46Y46*%%MOMM*%%SRX9999Y9999I1J1*%M02*", "more than Padscope takes"),
}


@pytest.mark.parametrize(("text", "words"), BAD_GERBER.values(), ids=BAD_GERBER)
def test_bad_gerber_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayoutError, match=r"board\.gbr") as caught:
        load_layout(write(tmp_path, "board.gbr", text))
    assert words in str(caught.value)


# ---- DXF ----


def drawing(units: int = 4) -> ezdxf.document.Drawing:
    made = ezdxf.new("R2010", units=units)
    space = made.modelspace()
    space.add_lwpolyline([(0, 0), (1, 0), (1, -0.127), (0, -0.127)], close=True, dxfattribs={"layer": "COPPER"})
    space.add_text("A1", height=0.05, dxfattribs={"layer": "TEXT", "insert": (0.5, -0.1)})
    space.add_lwpolyline([(0, 1), (1, 1), (1, 2), (0, 2)], dxfattribs={"layer": "COPPER"})  # open: no pad
    space.add_circle((5, -5), 0.25, dxfattribs={"layer": "FIDUCIALS"})
    space.add_lwpolyline(
        [(3, 0), (4, 0, 0, 0, -1), (4, -0.4), (3, -0.4, 0, 0, -1)], close=True, dxfattribs={"layer": "COPPER"}
    )
    block = made.blocks.new("FINGER")
    block.add_lwpolyline(
        [(-0.5, -0.1), (0.5, -0.1), (0.5, 0.1), (-0.5, 0.1)], close=True, dxfattribs={"layer": "COPPER"}
    )
    space.add_blockref("FINGER", (7, -3), dxfattribs={"rotation": 30})
    return made


def test_dxf_outlines_are_pads_and_text_names_them(tmp_path: Path) -> None:
    path = tmp_path / "board.dxf"
    drawing().saveas(path)
    layout = load_layout(path)
    assert box(layout.pad["A1"]) == [0, 0, 1000, 127]
    assert len(layout.pads) == 3
    slot, finger = layout.pads[1], layout.pads[2]
    assert slot.area_um2 == pytest.approx(1000 * 400 + math.pi * 200**2, rel=0.01)  # round ends
    assert (finger.x_um, finger.y_um, finger.w_um, finger.h_um) == pytest.approx((7000, 3000, 1000, 200))
    assert finger.rotation_deg == pytest.approx(-30)  # DXF turns counterclockwise
    assert layout.fiducials == (Fiducial("F1", 5000, 5000, 500),)


def test_dxf_units(tmp_path: Path) -> None:
    path = tmp_path / "board.dxf"
    drawing(units=1).saveas(path)
    assert load_layout(path).pad["A1"].w_um == pytest.approx(25_400)
    drawing(units=0).saveas(path)
    with pytest.raises(LayoutError, match="does not say its unit"):
        load_layout(path)
    assert load_layout(path, Choice(unit_um=10.0)).pad["A1"].w_um == pytest.approx(10)


def test_dxf_layers_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "board.dxf"
    made = drawing()
    made.modelspace().add_lwpolyline([(9, 0), (10, 0), (10, 1), (9, 1)], close=True, dxfattribs={"layer": "OUTLINE"})
    made.saveas(path)
    assert len(load_layout(path).pads) == 4
    assert len(load_layout(path, Choice(layers=("copper",))).pads) == 3


@pytest.mark.parametrize("text", ["hello", "0\nSECTION\n2\nENTITIES\n0\n", "\x01\x02"])
def test_bad_dxf_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(LayoutError, match=r"board\.dxf"):
        load_layout(write(tmp_path, "board.dxf", text))


numbers = st.floats(-50_000, 50_000).map(lambda v: round(v, 3))


@given(st.lists(st.tuples(numbers, numbers, st.floats(20, 900), st.floats(20, 900), st.integers(-44, 45)), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_our_own_dxf_comes_back_as_it_was(tmp_path: Path, pads: list[tuple]) -> None:
    made = [
        Pad(f"µ{n}", 2000.0 * n, y, w, h, t, net="N", single_purpose=n == 1) for n, (_, y, w, h, t) in enumerate(pads)
    ]
    outline = ((90000.0, 0.0), (90400.0, 0.0), (90000.0, 300.0))
    made.append(Pad("tri", 90200, 150, 400, 300, wire_direction=12.5, polygon_um=outline))
    layout = Layout("nämé", tuple(made), spread_wires(made[-1], 3), (Fiducial("F", -1, 2.5, 300),))
    save_layout(layout, tmp_path / "own.dxf")
    assert load_layout(tmp_path / "own.dxf") == layout


def test_our_own_dxf_is_a_drawing_for_others(tmp_path: Path) -> None:
    layout = Layout("x", (Pad("A", 500, 100, 1000, 127),), (), (Fiducial("F", 0, 0, 300),))
    path = write(tmp_path, "own.dxf", layout_to_dxf(layout))
    space = ezdxf.readfile(path).modelspace()
    (outline,) = space.query("LWPOLYLINE[layer=='PADS']")
    assert sorted({round(x) for x, *_ in outline.get_points()}) == [0, 1000]
    assert max(y for _, y, *_ in outline.get_points()) == pytest.approx(-36.5)  # y runs up
    seen = load_layout(path, Choice(layers=("PADS",)))  # read as any drawing
    assert box(seen.pad["A"]) == [0, 36.5, 1000, 163.5]
    assert seen.fiducials[0].diameter_um == pytest.approx(300)


# ---- all ----


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
