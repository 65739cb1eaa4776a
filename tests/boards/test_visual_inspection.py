"""The draft for the collaboration's visual inspection, against what its own tools read."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from padscope.boards.grades import proposed_grades
from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.boards.rules import load_rules
from padscope.boards.visual_inspection import Inspector, ticked, tiles_of, visual_inspection, write_visual_inspection
from padscope.errors import OutputError
from reference_maps import LAYOUT, MAP, RESULTS

BY = Inspector("20UPGPQ2110303", "AB", "VHX-7000")
GRADES = proposed_grades(MAP, LAYOUT, load_rules())


def test_the_draft_has_the_keys_of_a_test_run() -> None:
    ((run,),) = visual_inspection(MAP, LAYOUT, GRADES, BY)
    assert run["serialNumber"] == run["results"]["Metadata"]["ModuleSN"] == "20UPGPQ2110303"
    assert run["testType"] == "VISUAL_INSPECTION"
    assert run["results"]["property"]["OPERATOR"] == "AB"
    assert run["results"]["Metadata"]["TimeStart"] == "2026-01-02T03:04:05Z"
    assert "to be confirmed by a person" in run["results"]["comment"]
    assert "ab" * 32 in run["results"]["comment"]


def test_defects_are_ticked_per_tile_in_the_tools_own_words() -> None:
    ((run,),) = visual_inspection(MAP, LAYOUT, GRADES, BY)
    metadata = run["results"]["Metadata"]
    assert metadata["front_defects"] == {
        "12": ["Yellow.Scratches_Wirebonding_pad"],
        "24": ["Yellow.Scratches_Wirebonding_pad"],
        "5": ["Yellow.Contamination_Wirebonding_pad"],
        "17": ["Red.Glue_on_Pads"],
    }
    assert metadata["front_comments"]["12"] == "B OK_SHIFT: B-2 lands …"
    assert metadata["front_comments"]["29"] == "F UNKNOWN: blurred"
    assert not any("A OK" in text for text in metadata["front_comments"].values())


def test_critical_damage_is_red_whatever_the_verdict() -> None:
    torn = replace(RESULTS[1].defects[0], defect_class="Exposed_Metal")
    assert ticked(replace(RESULTS[1], defects=(torn, torn))) == ["Red.Critical_damage_Wirebonding_pad"]
    assert ticked(replace(RESULTS[1], defects=())) == []


def test_tiles_are_cut_around_the_pick_up_points_where_there_are_any() -> None:
    pads = (Pad("left", -18_000.0, -18_000.0, 1000.0, 127.0), Pad("right", 18_000.0, 0.0, 1000.0, 127.0))
    square = [(-10_000.0, -10_000.0), (10_000.0, -10_000.0), (10_000.0, 10_000.0), (-10_000.0, 10_000.0)]
    points = tuple(Fiducial(f"GA{k + 1}", x, y, 3000.0) for k, (x, y) in enumerate(square))
    assert tiles_of(Layout("quad", pads, (), points)) == {"left": 0, "right": 23}
    assert tiles_of(Layout("bare", pads, ())) == {"left": 0, "right": 35}


def test_the_draft_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    write_visual_inspection(MAP, LAYOUT, GRADES, BY, path)
    assert json.loads(path.read_text(encoding="utf-8")) == visual_inspection(MAP, LAYOUT, GRADES, BY)
    with pytest.raises(OutputError):
        write_visual_inspection(MAP, LAYOUT, GRADES, BY, tmp_path / "absent" / "draft.json")
    assert os.listdir(tmp_path) == ["draft.json"]
