"""Pad maps and bond maps as files: whole or not at all, and the same when read back."""

from __future__ import annotations

import csv
import dataclasses
import errno
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.bond_map import (
    COLUMNS,
    bond_rows,
    pad_map_text,
    parse_pad_map,
    read_bond_map,
    read_pad_map,
    write_bond_map,
    write_pad_map,
)
from padscope.boards.pad_map import Defect, Landing, PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.review import agreement, override, reviewed
from padscope.errors import OutputError, PadMapError
from padscope.types import Affine, Scale

PICTURE = PictureFacts("bad 01.jpg", "ab" * 32, 7200, 5600, Scale(2.5, "keyence", True))
MADE = Provenance(
    "patchcore", "cd" * 32, "standard", "ef" * 32, "quad", "01" * 32, "2026-01-02T03:04:05Z", "padscope 0.1.0", 1.25
)
FOOT = (75.0, 125.0)
SCRATCH = Defect("scratch", 812.0, (1.0, 2.0, 3.0, 4.0), 1.7)
PADS = (
    PadResult(
        "L001", Verdict.OK, (), 0.41, 1.0, (), (Landing("L001-1", (100.0, 50.0), (100.0, 50.0), 16.1, FOOT, 0.0),)
    ),
    PadResult(
        "L002",
        Verdict.REDUCED,
        ("1 of 2 wires can land; L002-2 …",),
        1.7,
        0.94,
        (SCRATCH, dataclasses.replace(SCRATCH, defect_class="glue; old"), SCRATCH),
        (
            Landing("L002-1", (100.0, 250.0), (163.12345, 250.0), 0.0, FOOT, 0.0),
            Landing("L002-2", (100.0, 377.0), None, None, FOOT, 0.0),
        ),
    ),
    PadResult(
        "R,1",
        Verdict.UNKNOWN,
        ("cut “off”, µm",),
        None,
        None,
        (),
        (Landing("R-1", (9.0, 9.0), None, None, FOOT, 90.0),),
    ),
)
POSE = Affine(0.4, 0.006, -51.5, -0.006, 0.4, 43.6)
MAP = PadMap(PICTURE, POSE, 1.25, "fiducials", MADE, PADS, ("Today’s pads score higher.",))

numbers = st.floats(-1e6, 1e6)
pairs = st.tuples(numbers, numbers)
words = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
landings = st.builds(Landing, words, pairs, st.none() | pairs, st.none() | numbers, pairs, numbers)
defects = st.builds(Defect, words, numbers, st.tuples(numbers, numbers, numbers, numbers), numbers)
pads = st.builds(
    PadResult,
    words,
    st.sampled_from(Verdict),
    st.lists(words, max_size=2).map(tuple),
    st.none() | numbers,
    st.none() | numbers,
    st.lists(defects, max_size=2).map(tuple),
    st.lists(landings, max_size=3).map(tuple),
)


def test_the_json_gives_back_the_same_map(tmp_path: Path) -> None:
    path = tmp_path / "bad 01.padmap.json"
    write_pad_map(MAP, path)
    assert read_pad_map(path) == MAP
    assert os.listdir(tmp_path) == [path.name]


@given(pads=st.lists(pads, max_size=3).map(tuple), pose=st.tuples(*[numbers] * 6), residual=numbers)
def test_any_map_comes_back(pads: tuple[PadResult, ...], pose: tuple[float, ...], residual: float) -> None:
    pad_map = PadMap(PICTURE, Affine(*pose), residual, "clicks", MADE, pads)
    assert parse_pad_map(pad_map_text(pad_map), "x.json") == pad_map


def test_the_json_has_the_names_scripts_rely_on() -> None:
    data = json.loads(pad_map_text(MAP))
    assert data["schema"] == 1
    assert data["picture"]["um_per_px"] == 2.5
    assert data["pose"]["um_to_px"] == [[0.4, 0.006, -51.5], [-0.006, 0.4, 43.6]]
    assert data["model"] == {"detector": "patchcore", "sha256": "cd" * 32, "threshold_factor": 1.25}
    assert data["rules"] == {"name": "standard", "sha256": "ef" * 32}
    assert data["created_at"].endswith("Z")
    pad = data["pads"][1]
    assert pad["defects"][0] == {"class": "scratch", "area_um2": 812.0, "box_um": [1.0, 2.0, 3.0, 4.0], "level": 1.7}
    wire = pad["wires"][0]
    assert wire["shift_um"] == [pytest.approx(63.12345), 0.0]
    assert wire["foot_um"] == [75.0, 125.0]
    assert pad["wires"][1]["proposed_um"] is None
    assert pad["wires"][1]["shift_um"] is None


def test_numbers_that_are_none_become_null_not_nan() -> None:
    odd = dataclasses.replace(MAP, residual_um=math.nan, pads=(dataclasses.replace(PADS[0], level=math.nan),))
    data = json.loads(pad_map_text(odd), parse_constant=lambda name: pytest.fail(name))
    assert data["pose"]["residual_um"] is None
    assert data["pads"][0]["level"] is None


def test_the_csv_gives_back_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "b.bondmap.csv"
    write_bond_map(MAP, path)
    rows = read_bond_map(path)
    assert rows == bond_rows(MAP)
    assert [r.proposed_x_um for r in rows] == [100.0, 163.123, None, None]
    assert rows[1].defect_classes == ("scratch", "glue, old")
    assert rows[1].picture_x_px == pytest.approx(0.4 * 163.12345 + 0.006 * 250 - 51.5, abs=1e-3)
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert ",".join(table[0]) == (
        "pad,wire,verdict,planned_x_um,planned_y_um,proposed_x_um,proposed_y_um,shift_x_um,shift_y_um,"
        "margin_um,picture_x_px,picture_y_px,defect_classes,planned_picture_x_px,planned_picture_y_px,reviewer,model,rules,"
        "picture_sha256"
    )
    assert table[3] == dict.fromkeys(COLUMNS, "") | {
        "planned_picture_x_px": f"{0.4 * 9 + 0.006 * 9 - 51.5:.3f}",
        "planned_picture_y_px": f"{-0.006 * 9 + 0.4 * 9 + 43.6:.3f}",
        "reviewer": "",
        "model": f"patchcore {'cd' * 8}",
        "rules": f"standard {'ef' * 8}",
        "picture_sha256": "ab" * 32,
        "pad": "R,1",
        "wire": "R-1",
        "verdict": "UNKNOWN",
        "planned_x_um": "9.000",
        "planned_y_um": "9.000",
    }


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t[: len(t) // 2], "JSON"),
        (lambda t: "[]", "not a pad map"),
        (lambda t: t.replace('"schema": 1', '"schema": 7'), "schema 7"),
        (lambda t: t.replace('"verdict": "OK"', '"verdict": "FINE"'), "FINE"),
        (lambda t: t.replace('"residual_um"', '"residual"'), "“residual_um” is missing"),
        (lambda t: t.replace('"pads": [', '"pads": [3,'), "damaged"),
        (lambda t: "[" * 100_000, "JSON"),
    ],
)
def test_a_damaged_json_is_refused_in_words(tmp_path: Path, change: Any, word: str) -> None:
    path = tmp_path / "x.padmap.json"
    path.write_text(change(pad_map_text(MAP)), encoding="utf-8")
    with pytest.raises(PadMapError, match=word):
        read_pad_map(path)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.replace("margin_um", "margin"), "no column margin_um"),
        (lambda t: t.replace("100.000,50.000", "hundred,50.000", 1), "line 2"),
        (lambda t: t.replace("100.000,250.000", "inf,250.000", 1), "line 3: “inf” is not a finite number"),
        (lambda t: t.replace("REDUCED", "HALF", 1), "line 3.*HALF"),
        (lambda t: t.replace("0.000,", "", 1), "line"),
        (lambda t: "", "no column pad"),
        (lambda t: t.encode("utf-16").decode("latin-1"), "not a bond map|UTF-8"),
    ],
)
def test_a_damaged_csv_is_refused_with_its_line(tmp_path: Path, change: Any, word: str) -> None:
    path = tmp_path / "x.bondmap.csv"
    write_bond_map(MAP, path)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(PadMapError, match=word):
        read_bond_map(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PadMapError, match=r"nowhere\.json"):
        read_pad_map(tmp_path / "nowhere.json")
    with pytest.raises(PadMapError):
        read_bond_map(tmp_path)


@pytest.mark.parametrize("write", [write_pad_map, write_bond_map])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write(MAP, path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("write", [write_pad_map, write_bond_map])
def test_places_that_cannot_hold_a_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "absent" / "x", tmp_path / "file" / "x", tmp_path / "folder"):
        with pytest.raises(OutputError, match="choose another place"):
            write(MAP, path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, os.strerror(errno.EROFS))))
    with pytest.raises(OutputError, match="Read-only"):
        write(MAP, tmp_path / "x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_csv_of_an_older_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "b.bondmap.csv"
    write_bond_map(MAP, path)
    with path.open(newline="", encoding="utf-8") as file:
        table = [row[: len(COLUMNS)] for row in csv.reader(file)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)
    row = read_bond_map(path)[0]
    assert (row.wire, row.model, row.planned_picture_x_px) == ("L001-1", "", None)


def test_who_decided_about_a_pad_stands_beside_its_wires() -> None:
    agreed = reviewed(MAP, [agreement(PADS[0], "AB"), override(PADS[1], Verdict.OK, "a reflection", "CD")])
    assert [r.reviewer for r in bond_rows(agreed)] == ["AB", "CD", "CD", ""]
    assert parse_pad_map(pad_map_text(agreed), "x") == agreed
