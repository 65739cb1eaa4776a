"""Layouts from Gerber: small files written by hand from the specification."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from padscope.boards.layout import Fiducial
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import load_layout
from padscope.errors import LayoutError
from reference_drawings import box, write

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


def test_x3_attributes_macros_and_steps_in_both_directions(tmp_path: Path) -> None:
    """A frame of 2 × 2 boards; a macro that computes, turns and clears; names with escaped letters."""
    text = """%TF.FileFunction,Copper,L4,Bot*%%FSLAX36Y36*%%MOMM*%
%AMPOST*0 a bar with a round end*$3=$1/2*21,1,$1,$2x2,0,0,$4*1,1,$2X2,$3,0,$4*1,0,0.01,0,0*%
%ADD10POST,0.8X0.1X0X90*%%ADD11C,0*%
%SRX2Y2I10.0J20.5*%
%TO.C,U5*%%TO.P,U5,A1,\\u03BC out*%%TO.N,BIAS\\u002C high*%
D10*
X001000000Y002000000D03*
%TD.P*%%TO.P,U5,A2*%
%TA.AperFunction,SMDPad,CuDef*%
D11*
X0Y0D02*
X1000000D01*
X0Y0D03*
%SR*%
M02*
"""
    layout = load_layout(write(tmp_path, "back.gbl", text), Choice(side="bottom"))
    assert [p.id for p in layout.pads] == ["U5-A1-1", "U5-A1-2", "U5-A1-3", "U5-A1-4"]
    assert {p.net for p in layout.pads} == {"BIAS, high"}
    # seen from below; the bar of 0.8 × 0.2 mm stands upright, its round end adds 0.1 mm at the top
    boxes = [[-1100.0 - dx, -2500.0 - dy, -900.0 - dx, -1600.0 - dy] for dx in (0, 10_000) for dy in (0, 20_500)]
    assert [box(p) for p in layout.pads] == boxes


MACROS = {
    "an L": ("21,1,1.0,0.2,0.5,0.1,0*21,1,0.2,1.0,0.1,0.5,0", 0.36, (0, 0, 1000, 1000)),
    "a cross": ("21,1,0.9,0.3,0,0,0*21,1,0.3,0.9,0,0,0", 0.45, (-450, -450, 450, 450)),
    "apart: the larger": ("21,1,0.2,0.2,-1,0,0*21,1,0.6,0.4,1,0,0", 0.24, (700, -200, 1300, 200)),
    "rounded: its hull": (
        "21,1,0.6,0.4,0,0,0*1,1,0.4,-0.3,0,0*1,1,0.4,0.3,0,0",
        0.24 + math.pi * 0.04,
        (-500, -200, 500, 200),
    ),
}


@pytest.mark.parametrize("name", MACROS)
def test_a_macro_is_never_taken_for_more_metal_than_it_has(tmp_path: Path, name: str) -> None:
    body, mm2, (x0, y0, x1, y1) = MACROS[name]
    text = f"%FSLAX46Y46*%%MOMM*%%AMM*{body}*%%ADD10M*%D10*X0Y0D03*M02*"
    pad = load_layout(write(tmp_path, "macro.gbr", text)).pads[0]
    assert pad.area_um2 == pytest.approx(mm2 * 1e6, rel=0.005)
    assert box(pad) == pytest.approx([x0, -y1, x1, -y0], abs=1)


def test_old_gerber_says_things_once_and_counts_quarters(tmp_path: Path) -> None:
    """Two commands between per cent signs, an operation for all that follows, G74: centres without signs."""
    text = """%FSLAX24Y24*MOIN*%%ASAXBY*%%OFA0B0*%%ADD10R,0.02X0.01*ADD11C,0*%
G54D10*X10000Y0D03*X20000*
G36*G74*X0Y10000D02*G01X-1000D01*G02X0Y11000I1000J0D01*G01Y10000*G37*
G75*M02*"""
    layout = load_layout(write(tmp_path, "old.art", text))
    assert [box(p) for p in layout.pads] == [
        [25_146, -127, 25_654, 127],
        [50_546, -127, 51_054, 127],
        [-2540, -27_940, 0, -25_400],
    ]
    assert layout.pads[2].area_um2 == pytest.approx(math.pi / 4 * 2540**2, rel=0.002)


def test_a_quarter_turn_knows_its_centre_by_its_direction(tmp_path: Path) -> None:
    """From (0, 0) to (1, 1) mm with I1 J0 or I0 J1: about (1, 0) clockwise, about (0, 1) the other way."""
    start = "%FSLAX33Y33*%%MOMM*%G36*G74*X0Y0D02*"
    for code, middle, kept in (
        ("G02X1000Y1000I1000J0", "X1000Y0", math.pi / 4),
        ("G03X1000Y1000I0J1000", "X0Y1000", math.pi / 4),
    ):
        text = f"{start}{code}D01*G01{middle}D01*X0Y0D01*G37*M02*"
        pad = load_layout(write(tmp_path, "arc.gbr", text)).pads[0]
        assert pad.area_um2 == pytest.approx(1e6 * kept, rel=0.002)
        assert box(pad) == [0, -1000, 1000, 0]


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
    "a zero aperture": ("%FSLAX46Y46*%%MOMM*%%ADD10R,0X1*%M02*", "the aperture D10 cannot be made"),
    "no number format": ("%MOMM*%%ADD10C,1*%D10*X0Y0D03*M02*", "does not say how its numbers are written"),
    "a turned picture": ("%FSLAX46Y46*%%MOMM*%%IR90*%M02*", "the old command IR90 changes the whole picture"),
    "a negative": ("%FSLAX46Y46*%%MOMM*%%IPNEG*%M02*", "the old command IPNEG"),
    "a component layer": ("%TF.FileFunction,Component,L1,Top*%%FSLAX46Y46*%%MOMM*%M02*", "choose a copper layer"),
    "no end": ("%FSLAX46Y46*%%MOMM*%%ADD10C,1*%D10*X0Y0D03*X5", "without its last command (M02), so it is cut off"),
    "a block aperture": ("%FSLAX46Y46*%%MOMM*%%ABD10*%%AB*%M02*", "block apertures"),
    "an open region": ("%FSLAX46Y46*%%MOMM*%%ADD10C,1*%D10*X0Y0D03*G36*X0Y0D02*X1D01*M02*", "ends within a region"),
    "two points in a number": ("%FSLAX46Y46*%%MOMM*%%ADD10C,1*%D10*X1..5Y0D03*M02*", "is no Gerber command"),
    "odd copies": ("%FSLAX46Y46*%%MOMM*%%SRX2Y2I1..0J1*%M02*", "the repetition SRX2Y2I1..0J1 is not understood"),
    "endless copies": ("%FSLAX46Y46*%%MOMM*%%SRX9999Y9999I1J1*%M02*", "more than Padscope takes"),
}


@pytest.mark.parametrize(("text", "words"), BAD_GERBER.values(), ids=BAD_GERBER)
def test_bad_gerber_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayoutError, match=r"board\.gbr") as caught:
        load_layout(write(tmp_path, "board.gbr", text))
    assert words in str(caught.value)
