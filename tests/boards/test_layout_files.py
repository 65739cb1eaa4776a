"""Layouts from CSV and JSON: what is read, and that every bad file is refused with one sentence that names the place."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.layout import Fiducial, Layout, Pad, Wire, spread_wires
from padscope.boards.layout_edit import with_foot
from padscope.boards.layout_files import load_layout, save_layout_csv, save_layout_json
from padscope.boards.layout_json import layout_from_json, layout_to_json
from padscope.errors import LayoutError, OutputError

HEADER = "pad,x_um,y_um,w_um,h_um,wires,net,single\n"
GOOD = HEADER + "A,100,200,1000,127,1,N1,0\nB,100,400,1000,381,3,N2,1\n"
MARKS = "fiducial,x_um,y_um,diameter_um\nF1,0,0,300\nF2,5000,0,300\n"


def write(folder: Path, text: str | bytes, name: str = "layout.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_pad_is_given_by_its_upper_left_corner(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, GOOD))
    assert layout.pads[0].corners_um.min(axis=0).tolist() == [100, 200]
    assert layout.pads[0].corners_um.max(axis=0).tolist() == [1100, 327]
    assert layout.pad["B"].single_purpose
    assert not layout.pad["A"].single_purpose
    assert layout.pad["B"].net == "N2"


def test_wires_are_spread_across_the_pad(tmp_path: Path) -> None:
    layout = load_layout(write(tmp_path, GOOD))
    assert [(w.x_um, round(w.y_um, 6)) for w in layout.wires_of["B"]] == [(600, 463.5), (600, 590.5), (600, 717.5)]


def test_fiducials_are_read_from_beside_the_layout_and_change_its_hash(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    alone = load_layout(path)
    write(tmp_path, MARKS, "fiducials.csv")
    both = load_layout(path)
    assert alone.fiducials == ()
    assert both.fiducials == (Fiducial("F1", 0, 0, 300), Fiducial("F2", 5000, 0, 300))
    assert len(alone.sha256) == 64
    assert alone.sha256 != both.sha256


def test_saving_never_changes_the_fiducials_of_another_layout(tmp_path: Path) -> None:
    one = load_layout(write(tmp_path, GOOD))
    marks = (Fiducial("F1", 0, 0, 300), Fiducial("F2", 5000, 0, 300))
    moved = (Fiducial("F1", 100, 0, 300), Fiducial("F2", 5100, 0, 300))
    home = tmp_path / "home"
    home.mkdir()
    save_layout_csv(dataclasses.replace(one, fiducials=marks), home / "one.csv")
    for other in (moved, ()):
        with pytest.raises(LayoutError, match="holds the fiducials of another layout; save this one as JSON"):
            save_layout_csv(dataclasses.replace(one, fiducials=other), home / "two.csv")
    assert [p.name for p in sorted(home.iterdir())] == ["fiducials.csv", "one.csv"]
    save_layout_csv(dataclasses.replace(one, fiducials=moved), home / "one.csv")  # its own may change, and go
    assert load_layout(home / "one.csv").fiducials == moved
    save_layout_csv(one, home / "one.csv")
    assert load_layout(home / "one.csv").fiducials == ()
    save_layout_csv(dataclasses.replace(one, fiducials=marks), home / "one.csv")
    save_layout_csv(dataclasses.replace(one, fiducials=marks), home / "two.csv")  # of the same board
    with pytest.raises(LayoutError, match="another layout"):
        save_layout_csv(dataclasses.replace(one, fiducials=moved), home / "two.csv")
    assert load_layout(home / "one.csv").fiducials == load_layout(home / "two.csv").fiducials == marks


def test_turn_and_wire_direction_are_optional_and_other_columns_are_ignored(tmp_path: Path) -> None:
    text = "pad,x_um,y_um,w_um,h_um,wires,rotation_deg,wire_direction,remark\nA,0,0,100,50,2,30,,hello\nB,500,0,100,50,0,,90,\n"
    layout = load_layout(write(tmp_path, text))
    assert layout.pad["A"].rotation_deg == 30
    assert layout.pad["A"].direction_deg == 30
    assert layout.pad["B"].direction_deg == 90
    assert layout.wires_of["B"] == ()


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    plain = load_layout(write(tmp_path, GOOD))
    dressed = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n\r\n").encode()
    assert load_layout(write(tmp_path, dressed)) == plain


BAD_CSV = {
    "an empty file": ("", "empty"),
    "only blank lines": ("\n\n  \n", "empty"),
    "a header alone": (HEADER, "no pads"),
    "a missing column": (GOOD.replace("w_um,", ""), "line 1: the column w_um is missing"),
    "a column twice": (GOOD.replace("net", "x_um"), "x_um appears twice"),
    "semicolons": (GOOD.replace(",", ";"), "line 1: the columns are separated by semicolons"),
    "tabs": (GOOD.replace(",", "\t"), "separated by tabs"),
    "decimal commas that split a cell": (HEADER + "A,100,5,200,1000,127,1,N1,0\n", "line 2: 9 values under 8 columns"),
    "quoted decimal commas": (HEADER + 'A,"100,5",200,1000,127,1,N1,0\n', "line 2: x_um is “100,5”"),
    "a word for a number": (HEADER + "A,left,200,1000,127,1,N1,0\n", "line 2: x_um is “left”"),
    "no number": (HEADER + "A,100,,1000,127,1,N1,0\n", "line 2: the column y_um is empty"),
    "NaN": (HEADER + "A,nan,200,1000,127,1,N1,0\n", "line 2: x_um is “nan”"),
    "infinity": (HEADER + "A,100,inf,1000,127,1,N1,0\n", "line 2: y_um is “inf”"),
    "metres for µm": (HEADER + "A,1e9,0,1000,127,1,N1,0\n", "line 2: x_um is 1e+09"),
    "zero width": (GOOD.replace("B,100,400,1000", "B,100,400,0"), "line 3: w_um is 0"),
    "negative height": (GOOD.replace("127", "-127"), "line 2: h_um is -127"),
    "negative wires": (GOOD.replace("381,3", "381,-3"), "line 3: wires is -3"),
    "half a wire": (GOOD.replace("381,3", "381,0.5"), "line 3: wires is 0.5"),
    "endless wires": (GOOD.replace("381,3", "381,1e6"), "line 3: wires is 1e+06"),
    "a pad twice": (GOOD.replace("B,", "A,"), "line 3: pad A was already on line 2"),
    "a nameless pad": (GOOD.replace("B,", ","), "line 3: the column pad is empty"),
    "an odd flag": (GOOD.replace("N2,1", "N2,maybe"), "line 3: single is “maybe”"),
    "overlapping pads": (GOOD.replace("B,100,400", "B,100,300"), "line 3: pad B overlaps pad A of line 2"),
    "an open quote": (HEADER + 'A,"100,200,1000,127,1,N1,0\n', "not valid CSV"),
    "bytes": (bytes(range(256)), "not a text file"),
    "a JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "not a text file"),
    "UTF-16": (GOOD.encode("utf-16"), "UTF-16"),
    "Latin-1": (GOOD.replace("N2", "µ2").encode("latin-1"), "line 3: this is not UTF-8"),
}


@pytest.mark.parametrize(("text", "words"), BAD_CSV.values(), ids=BAD_CSV)
def test_bad_csv_is_refused_with_one_sentence_that_names_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(LayoutError) as caught:
        load_layout(write(tmp_path, text))
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.startswith("layout.csv")
    assert "\n" not in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MARKS.replace("diameter_um", "size"), "fiducials.csv, line 1: the column diameter_um is missing"),
        (MARKS.replace("F2", "F1"), "fiducials.csv, line 3: fiducial F1 was already on line 2"),
        (MARKS.replace("F1,0,0,300", "F1,0,0,0"), "fiducials.csv, line 2: diameter_um is 0"),
        ("", "fiducials.csv is empty"),
    ],
)
def test_bad_fiducials_are_refused_too(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, text, "fiducials.csv")
    with pytest.raises(LayoutError, match=words):
        load_layout(write(tmp_path, GOOD))


def test_missing_files_folders_and_unknown_endings_are_named(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"no layout file .*nothing.csv"):
        load_layout(tmp_path / "nothing.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(LayoutError, match="cannot be read"):
        load_layout(tmp_path / "folder.csv")
    with pytest.raises(LayoutError, match=r"reads \.csv, \.json"):
        load_layout(write(tmp_path, GOOD, "layout.xls"))


def every_kind() -> Layout:
    """A layout that uses all the master format can say."""
    turned = Pad("T", 1000, 1000, 300, 100, rotation_deg=33.3, net="HV", single_purpose=True)
    outline = ((2000.0, 0.0), (2400.0, 0.0), (2400.0, 100.0), (2100.0, 150.5), (2000.0, 100.0))
    polygon = Pad("P", 2200, 75.25, 400, 150.5, wire_direction=12.5, polygon_um=outline)
    own = Wire("w1", "P", 2200.0, 50.0, 12.5, (60.0, 90.0), 17.5, "17")
    return Layout("every kind", (turned, polygon), (*spread_wires(turned, 2), own), (Fiducial("F", -100.5, 3, 400),))


def test_json_brings_back_an_equal_layout(tmp_path: Path) -> None:
    layout = every_kind()
    save_layout_json(layout, tmp_path / "board.json")
    back = load_layout(tmp_path / "board.json")
    assert back == layout
    assert len(back.sha256) == 64
    save_layout_json(back, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "board.json").read_bytes()


numbers = st.floats(-9e6, 9e6, allow_nan=False)


@given(numbers, numbers, st.floats(0.5, 500), st.floats(0.5, 500), st.floats(-720, 720), st.integers(0, 9))
def test_json_keeps_every_number_exactly(x: float, y: float, w: float, h: float, turn: float, wires: int) -> None:
    pad = Pad("µ1", x, y, w, h, turn)
    layout = Layout("n", (pad,), spread_wires(pad, wires), (Fiducial("F", y, x, w),))
    assert layout_from_json(json.loads(json.dumps(layout_to_json(layout))), "f.json", name="n") == layout


def test_json_pads_may_say_only_how_many_wires(tmp_path: Path) -> None:
    data = {"schema": 1, "pads": [{"id": "A", "centre_um": [0, 0], "size_um": [1000, 381], "wires": 3}]}
    layout = load_layout(write(tmp_path, json.dumps(data), "plain.json"))
    assert layout.name == "plain"
    assert [w.y_um for w in layout.wires] == [-127, 0, 127]


def test_a_polygon_alone_gets_the_box_around_it(tmp_path: Path) -> None:
    data = {"schema": 1, "pads": [{"id": "A", "polygon_um": [[0, 0], [100, 0], [0, 40]]}]}
    pad = load_layout(write(tmp_path, json.dumps(data), "p.json")).pads[0]
    assert (pad.x_um, pad.y_um, pad.w_um, pad.h_um) == (50, 20, 100, 40)
    assert pad.area_um2 == 2000


def changed(**pad: object) -> str:
    facts = {"id": "A", "centre_um": [0, 0], "size_um": [10, 10], **pad}
    return json.dumps({"schema": 1, "pads": [facts]})


BAD_JSON = {
    "an empty file": ("", "empty"),
    "half a file": ('{"schema": 1,\n "pads": [', "line 2: not valid JSON"),
    "another JSON": ('{"a": 1}', "no Padscope layout"),
    "a list": ("[1]", "no Padscope layout"),
    "no schema": ('{"pads": []}', "schema None"),
    "a later schema": ('{"schema": 2, "pads": []}', "reads 1"),
    "another unit": ('{"schema": 1, "unit": "mm", "pads": []}', "'mm'"),
    "no pads": ('{"schema": 1, "pads": []}', "no pads"),
    "pads that are no objects": ('{"schema": 1, "pads": [1]}', "list of objects"),
    "text for a number": (changed(size_um=["a", 1]), "pads[0]: “size_um” must be a number"),
    "true for a number": (changed(rotation_deg=True), "must be a number"),
    "NaN": (changed(centre_um=[math.nan, 0]), "finite"),
    "infinity": (changed(centre_um=[math.inf, 0]), "finite"),
    "one number for two": (changed(centre_um=[1]), "two numbers"),
    "zero size": (changed(size_um=[0, 10]), "above 0"),
    "negative wires": (changed(wires=-1), "“wires” is -1"),
    "no id": (changed(id=""), "“id” must be text"),
    "two corners": (changed(polygon_um=[[0, 0], [1, 1]]), "three corners"),
    "a bow tie": (changed(polygon_um=[[0, 0], [10, 10], [10, 0], [0, 10]]), "crosses itself"),
    "a wire without pad": (changed()[:-1] + ', "wires": [{"id": "w", "pad": "Z", "at_um": [0, 0]}]}', "pad Z"),
    "a foot of nothing": (
        changed()[:-1] + ', "wires": [{"id": "w", "pad": "A", "at_um": [0, 0], "foot_um": [0, 1]}]}',
        "wires[0]",
    ),
    "bytes": (b"\x00\x01\x02", "not a text file"),
    "a deep nest": ("[" * 100_000, "nested"),
}


@pytest.mark.parametrize(("text", "words"), BAD_JSON.values(), ids=BAD_JSON)
def test_bad_json_is_refused_with_one_sentence(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(LayoutError) as caught:
        load_layout(write(tmp_path, text, "board.json"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv_brings_back_what_it_can_hold(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    write(tmp_path, MARKS, "fiducials.csv")
    layout = load_layout(path)
    (tmp_path / "out").mkdir()
    save_layout_csv(layout, tmp_path / "out" / "layout.csv")
    assert load_layout(tmp_path / "out" / "layout.csv") == layout


def test_csv_holds_feet_and_wires_of_other_sizes(tmp_path: Path) -> None:
    layout = with_foot(load_layout(write(tmp_path, GOOD)), ["B"], (80.0, 130.0), 30.0)
    (tmp_path / "out").mkdir()
    save_layout_csv(layout, tmp_path / "out" / "layout.csv")
    again = load_layout(tmp_path / "out" / "layout.csv")
    assert (again.pads, again.wires) == (layout.pads, layout.wires)
    assert {w.foot_um for w in again.wires_of["B"]} == {(80.0, 130.0)}


def test_csv_refuses_what_it_cannot_hold(tmp_path: Path) -> None:
    layout = every_kind()
    with pytest.raises(LayoutError, match="polygon"):
        save_layout_csv(layout, tmp_path / "layout.csv")
    moved = dataclasses.replace(layout.wires[0], x_um=0.0)
    with pytest.raises(LayoutError, match="not spread evenly"):
        save_layout_csv(Layout("m", layout.pads[:1], (moved, layout.wires[1])), tmp_path / "layout.csv")
    other = dataclasses.replace(layout.wires[0], foot_um=(60.0, 100.0))
    with pytest.raises(LayoutError, match="different feet"):
        save_layout_csv(Layout("m", layout.pads[:1], (other, layout.wires[1])), tmp_path / "layout.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_file_and_no_crumbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "old", "board.json")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        save_layout_json(every_kind(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["board.json"]
    assert path.read_text() == "old"


def test_the_shared_layout_is_read(shared_data: Path) -> None:
    layout = load_layout(shared_data / "boards" / "layout.csv")
    assert len(layout.pads) == 57
    assert len(layout.wires) == 121
    assert len(layout.fiducials) == 4
    assert np.allclose(layout.bounds_um, (225, 225, 17775, 13775))
