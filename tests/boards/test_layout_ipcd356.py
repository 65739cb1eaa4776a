"""Layouts from IPC-D-356: small files written by hand from the specification."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from padscope.boards.layout import Fiducial
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_files import load_layout
from padscope.errors import LayoutError
from reference_drawings import box, write


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


TYPED = """\
C  typed by hand, columns as printed in table 5
P  VER   IPC-D-356B
P  UNITS CUST 0
P  NNAME2 DATA_OUT_OF_THE_CHIP
317VCC              J1    -1    MD0400PA00X+010000Y-005000X0600Y0000R000 S0
017                 J1    -2     D0400PA00X+020000Y-005000X0600Y0000R000 S0
327NNAME2           U2    -17         A01X+000500Y+001000X0400Y0100R030 S1
027                 U2    -18         A01X+000500Y+002000X0400Y0100R330 S1
327BIAS             U2    -19         A04X-000500Y+001000X0400Y0100R030 S2
367                 H1    -           A00X+090000Y+090000X1250Y0000R000 S0
378BIAS             L01 X+000000Y+000000 X+001000Y+000000
389BOARD_EDGE       X+000000Y+000000X+100000Y+000000
999
"""


def test_ipcd356b_records_continue_nets_and_drill_lands(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, "typed.ipc", TYPED))
    nets = {"J1-1": "VCC", "J1-2": "VCC", "U2-17": "DATA_OUT_OF_THE_CHIP", "U2-18": "DATA_OUT_OF_THE_CHIP"}
    assert {p.id: p.net for p in layout.pads} == nets
    assert box(layout.pad["J1-1"]) == [24_638, 11_938, 26_162, 13_462]
    finger = layout.pad["U2-17"]
    assert (finger.x_um, finger.y_um, finger.w_um, finger.h_um) == pytest.approx((1270, -2540, 1016, 254))
    assert finger.rotation_deg == pytest.approx(-30)
    assert layout.pad["U2-18"].rotation_deg == pytest.approx(30)
    below = load_layout(write(tmp_path, "typed.ipc", TYPED), Choice(side="bottom"))
    assert [p.id for p in below.pads] == ["J1-1", "J1-2", "U2-19"]
    finger = below.pad["U2-19"]  # seen from below: left is right, and turns go the other way
    assert (finger.x_um, finger.y_um, finger.rotation_deg) == pytest.approx((1270, -2540, 30))


def test_an_ipcd356_without_its_last_line_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"^typed\.ipc ends without its last line \(999\), so it is cut off"):
        load_layout(write(tmp_path, "typed.ipc", TYPED.replace("999\n", "")))
