"""Layouts from DXF, other programs' and our own."""

from __future__ import annotations

import math
from pathlib import Path

import ezdxf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.layout_choice import Choice
from padscope.boards.layout_dxf import layout_to_dxf
from padscope.boards.layout_files import load_layout, save_layout
from padscope.errors import LayoutError
from reference_drawings import MILS, box, polyline, tags, write


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


def test_rows_and_columns_of_a_block_in_inches_are_all_pads(tmp_path: Path) -> None:
    made = ezdxf.new("R2010", units=1)
    finger = made.blocks.new("FINGER")
    finger.add_lwpolyline([(0, 0), (0.04, 0), (0.04, 0.005), (0, 0.005)], close=True)
    made.blocks.new("PAIR").add_blockref("FINGER", (0, 0.01))
    space = made.modelspace()
    grid = {"column_count": 2, "column_spacing": 0.1, "row_count": 3, "row_spacing": 0.05}
    space.add_blockref("FINGER", (1, 1), dxfattribs=grid)
    space.add_blockref("PAIR", (4, 1), dxfattribs={"xscale": -1})
    made.saveas(tmp_path / "board.dxf")
    layout = load_layout(tmp_path / "board.dxf")
    assert len(layout.pads) == 7
    assert {round(p.x_um) for p in layout.pads} == {25_908, 28_448, 101_092}
    assert {round(p.w_um) for p in layout.pads} == {1016}


def test_blocks_in_blocks_turned_and_mirrored_in_mils(tmp_path: Path) -> None:
    path = write(tmp_path, "mils.dxf", MILS)
    bond = load_layout(path, Choice(layers=("BOND",)))  # layer 0 of a block is the layer the block is put on
    assert [p.id for p in bond.pads] == ["A7"]
    assert box(bond.pads[0]) == [24_384, -12_954, 25_400, -12_700]
    back = load_layout(path, Choice(layers=("BACK",)))
    assert [(p.id, *box(p)) for p in back.pads] == [("A7", 50_800, -12_700, 51_054, -11_684)]
    marks = ((22_860, -12_700, 508), (51_054, -10_160, 508), (7_620, -1_016, 508))
    found = [(round(f.x_um, 6), round(f.y_um, 6), round(f.diameter_um, 6)) for f in bond.fiducials]
    assert found == list(marks)
    mask = load_layout(path, Choice(layers=("MASK",))).pads
    # 60 to 80 mil and 5 more of the half disc, to the left of 1000; and upwards from 500, downwards after the mirror
    assert box(mask[0]) == pytest.approx([23_241, -12_954, 23_876, -12_700], abs=1)
    assert box(mask[1]) == pytest.approx([50_800, -11_176, 51_054, -10_541], abs=1)
    assert mask[0].area_um2 == pytest.approx(25.4**2 * (200 + math.pi * 25 / 2), rel=0.01)


def test_names_stand_in_attributes_of_blocks_and_in_centred_words(tmp_path: Path) -> None:
    block = tags(0, "BLOCK", 8, "0", 2, "PAD", 70, 2, 10, 0, 20, 0) + polyline("0", (0, 0), (1, 0), (1, 0.2), (0, 0.2))
    insert = tags(0, "INSERT", 8, "TOP", 66, 1, 2, "PAD", 10, 5, 20, 0)
    attribute = tags(0, "ATTRIB", 8, "TOP", 10, 5.1, 20, 0.1, 40, 0.05, 1, "B12", 2, "NAME", 70, 0, 0, "SEQEND", 8, "0")
    word = tags(0, "TEXT", 8, "TOP", 10, 4, 20, 2.1, 11, 8.5, 21, 2.1, 40, 5, 72, 1, 73, 2, 1, "C3")
    text = (
        tags(0, "SECTION", 2, "HEADER", 9, "$ACADVER", 1, "AC1015", 9, "$INSUNITS", 70, 4, 0, "ENDSEC")
        + tags(0, "SECTION", 2, "BLOCKS") + block + tags(0, "ENDBLK", 8, "0", 0, "ENDSEC", 0, "SECTION", 2, "ENTITIES")
        + insert + attribute + 2 * polyline("TOP", (8, 2), (9, 2), (9, 2.2), (8, 2.2)) + word  # drawn twice
        + tags(0, "ENDSEC", 0, "EOF")
    )  # fmt: skip
    layout = load_layout(write(tmp_path, "named.dxf", text))
    assert {p.id: box(p) for p in layout.pads} == {"B12": [5000, -200, 6000, 0], "C3": [8000, -2200, 9000, -2000]}


def test_a_unit_for_the_sky_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "far.dxf", MILS.replace("$INSUNITS\n70\n9", "$INSUNITS\n70\n19"))
    with pytest.raises(LayoutError, match=r"far\.dxf is drawn in a unit for maps or the sky \(19\)"):
        load_layout(path)
    assert box(load_layout(path, Choice(layers=("BOND",), unit_um=0.1)).pads[0]) == [96, -51, 100, -50]


def test_blocks_that_are_missing_are_named_and_unknown_things_passed_over(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r'^mils\.dxf uses a part that is not in the file .*"MARKED".*bind it in'):
        load_layout(write(tmp_path, "mils.dxf", MILS.replace("\n2\nMARKED\n70", "\n2\nOTHER\n70")))
    strange = MILS.replace("0\nENDSEC\n0\nEOF", "0\nACME_PART\n5\nFF\n8\nBOND\n0\nENDSEC\n0\nEOF")
    assert strange != MILS
    found = load_layout(write(tmp_path, "mils.dxf", strange), Choice(layers=("BOND",)))
    assert found == load_layout(write(tmp_path, "mils.dxf", MILS), Choice(layers=("BOND",)))


def test_an_insert_without_its_block_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"^mils\.dxf has entities without their numbers; save the drawing"):
        load_layout(
            write(tmp_path, "mils.dxf", MILS.replace("INSERT\n8\nBOND\n2\nMARKED", "INSERT\n8\nBOND\n3\nMARKED"))
        )
