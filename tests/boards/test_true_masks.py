"""Real defects, painted as the truth has them, under true poses, judged by somebody else's geometry."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from padscope.boards.bond_map import write_pad_map
from padscope.boards.layout_files import load_layout
from padscope.boards.pad_map import PadMap, PictureFacts, Provenance
from padscope.boards.rules import load_rules
from padscope.boards.verdict import judge
from padscope.types import Affine, Scale
from reference_maps import painted_pads

MADE = Provenance("truth", "", "standard", "", "boards", "", "2026-01-02T03:04:05Z", "padscope")


def true_map(folder: Path, name: str) -> PadMap:
    """The pad map that a perfect detector and a perfect pose would give."""
    layout = load_layout(folder / "layout.csv")
    with (folder / f"{name}_pose.csv").open(newline="") as file:
        pose = Affine(*(float(v) for v in list(csv.reader(file))[1][1:]))
    mask = cv2.imread(str(folder / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    height, width = mask.shape
    nothing = np.zeros((-(-height // 8), -(-width // 8)), np.float32)
    masks = painted_pads(np.asarray(mask, np.uint8), layout, pose)
    results = judge(nothing, layout, pose, (width, height), load_rules(), masks=masks)
    facts = PictureFacts(f"{name}.jpg", "", width, height, Scale(2.5, "truth", True))
    return PadMap(facts, pose, 0.0, "truth", MADE, results)


def test_every_wire_that_could_land_lands_and_no_foot_on_a_true_defect(shared_data: Path, tmp_path: Path) -> None:
    boards, judge_script = shared_data / "boards", shared_data.parent / "tools" / "score_padmaps.py"
    if not judge_script.is_file():
        pytest.skip(f"the independent judge is not there ({judge_script})")
    names = ["good01", "bad01", "bad02", "bad03"]
    for name in names:
        write_pad_map(true_map(boards, name), tmp_path / f"{name}.padmap.json")
    command = [sys.executable, str(judge_script), str(boards), str(tmp_path), *names]
    score = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert score["feet_on_defects"] == 0
    assert score["feet_off_pad"] == 0
    assert score["placeable"] > 400
    assert score["placed_of_placeable"] == score["placeable"]
    assert score["sound_wires_unshifted"] == score["sound_wires"] > 300
    assert score["unknown"] == 0
