"""`layout`, `changes`, and the exports of pad maps, as somebody scripts them."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import ezdxf
import pytest

from padscope.boards.bond_map import read_pad_map, write_bond_map, write_pad_map
from padscope.boards.layout_files import load_layout, save_layout_json
from padscope.boards.pad_map import Verdict
from padscope.boards.review import override
from padscope.cli import main
from padscope.datasets.drawn_board import demo_layout
from padscope.store import reviews
from padscope.store.database import open_project
from reference_maps import LAYOUT, MAP


def said(capsys: pytest.CaptureFixture[str], *command: object, status: int = 0) -> str:
    assert main([str(part) for part in command]) == status
    captured = capsys.readouterr()
    return captured.out if status == 0 else captured.err


@pytest.fixture(scope="module")
def project(bench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    command = ["inspect", bench.blemished, "--layout", bench.layout_file, "--model", bench.model, "--out", folder]
    assert main([str(part) for part in [*command, "--project", folder / "p.padscope"]]) == 0
    with open_project(folder / "p.padscope") as opened:
        (row,) = opened.inspections()
        first = opened.pad_map(row.id).pads[0]
        reviews.decide(opened, row.id, override(first, Verdict.NOT_BONDABLE, "lifted at the edge", "AB"))
    return folder / "p.padscope"


@pytest.mark.parametrize("ending", ["csv", "json", "dxf"])
def test_a_layout_is_converted_and_read_back(bench, tmp_path, capsys, ending) -> None:
    goal = tmp_path / f"board.{ending}"
    said(capsys, "layout", "convert", bench.layout_file, goal)
    facts = json.loads(said(capsys, "layout", "check", goal, "--json"))
    assert (facts["pads"], facts["wires"], facts["fiducials"]) == (len(bench.layout.pads), len(bench.layout.wires), 4)
    assert load_layout(goal).pads[0].corners_um == pytest.approx(bench.layout.pads[0].corners_um)


def test_a_layout_is_learned_from_a_sound_picture(bench, tmp_path, capsys) -> None:
    goal = tmp_path / "learned.json"
    facts = json.loads(said(capsys, "layout", "learn", bench.sound[0], goal, "--um-per-px", 5, "--json"))
    assert facts["pads"] == len(load_layout(goal).pads) == len(bench.layout.pads)
    assert facts["doubtful"] == []
    assert "type the scale" in said(capsys, "layout", "learn", bench.sound[0], goal, status=1)
    assert "takes two files" in said(capsys, "layout", "learn", bench.sound[0], status=2)


def test_two_maps_are_compared_as_json_and_as_csv(tmp_path, capsys) -> None:
    cleaned = [p if p.verdict is not Verdict.RE_CLEAN else MAP.pads[0] for p in MAP.pads]
    after = replace(MAP, pads=tuple(replace(p, pad=q.pad) for p, q in zip(cleaned, MAP.pads, strict=True)))
    for name, one in (("a", MAP), ("b", after)):
        write_pad_map(one, tmp_path / f"{name}.padmap.json")
        write_bond_map(one, tmp_path / f"{name}.bondmap.csv")
    save_layout_json(LAYOUT, tmp_path / "layout.json")
    command = ["changes", tmp_path / "a.padmap.json", tmp_path / "b.padmap.json", "--layout", tmp_path / "layout.json"]
    found = json.loads(said(capsys, *command, "--out", tmp_path / "out", "--json"))
    better = [p["pad"] for p in found["changed"]]
    assert better == [p.pad for p in MAP.pads if p.verdict is Verdict.RE_CLEAN]
    rows = list(csv.DictReader((tmp_path / "out" / "changes.csv").open(encoding="utf-8")))
    assert [r["pad"] for r in rows if r["change"] != "same"] == better
    assert (tmp_path / "out" / "changes.pdf").read_bytes().startswith(b"%PDF")
    text = said(capsys, "changes", tmp_path / "a.bondmap.csv", tmp_path / "b.bondmap.csv")
    with_wires = {p.pad for p in MAP.pads if p.landings}
    assert all(pad in text for pad in better if pad in with_wires)


def test_exports_carry_what_a_person_decided(project, tmp_path, capsys) -> None:
    first = demo_layout().pads[0].id
    said(capsys, "export", project, "--format", "dxf", "--out", tmp_path / "dxf")
    drawing = ezdxf.readfile(tmp_path / "dxf" / "blemished.dxf")
    names = [e.dxf.text for e in drawing.modelspace().query('TEXT[layer=="NOT_BONDABLE"]')]
    assert first in names
    said(capsys, "export", project, "--format", "padmap", "--out", tmp_path / "maps")
    pads = {p.pad: p for p in read_pad_map(tmp_path / "maps" / "blemished.padmap.json").pads}
    assert pads[first].verdict is Verdict.NOT_BONDABLE
    assert "by AB: lifted at the edge" in pads[first].reasons[0]


def test_the_visual_inspection_comes_with_its_pictures(project, tmp_path, capsys) -> None:
    said(capsys, "export", project, "--format", "visual-inspection", "--out", tmp_path)
    ((run,),) = json.loads((tmp_path / "blemished.visual-inspection.json").read_text(encoding="utf-8"))
    metadata = run["results"]["Metadata"]
    assert (tmp_path / metadata["front_image"]).is_file()
    assert metadata["front_defect_images"]
    assert set(metadata["front_defects"]) <= set(metadata["front_defect_images"])
    for name in metadata["front_defect_images"].values():
        assert (tmp_path / name).read_bytes().startswith(b"\xff\xd8")
