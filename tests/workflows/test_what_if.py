"""Other rules, tried on what is stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from padscope.boards.doubts import Doubt
from padscope.boards.layout import Layout, Pad, spread_wires
from padscope.boards.pad_map import OtherPicture, PadMap, PadPlace, PictureFacts, Provenance, Verdict
from padscope.boards.rules import PristineRules, load_rules
from padscope.boards.verdict import judge
from padscope.cli import main
from padscope.store.database import create_project, open_project
from padscope.types import Affine, Scale, finish
from padscope.workflows.what_if import what_if

PAD = Pad("A", 600.0, 350.0, 1000.0, 635.0)
LAYOUT = Layout("one", (PAD, dataclasses.replace(PAD, id="B", y_um=1100.0)), (*spread_wires(PAD, 5),))
POSE = Affine(0.4, 0.0, 10.0, 0.0, 0.4, 10.0)
STANDARD = load_rules()
STRICT = dataclasses.replace(STANDARD, pristine=PristineRules(effect="NOT_BONDABLE"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two boards: one with a warm cell in the middle of a pad, which only strict rules mind; one pad of it is UNKNOWN."""
    path = tmp_path / "p.padscope"
    with create_project(path) as made:
        for name, heat in (("warm", 5.0), ("cold", 0.2)):
            level = np.full((72, 80), 0.2, np.float32)
            level[14, 44] = heat
            pads = judge(level, LAYOUT, POSE, (640, 576), STANDARD, doubts={"B": Doubt("blurred")})
            provenance = Provenance("blob", "m", "standard", "r", "one", "", "2026-01-01T00:00:00Z", "padscope")
            facts = PictureFacts(f"{name}.jpg", name * 16, 640, 576, Scale())
            made.add_inspection(PadMap(facts, POSE, 1.0, "pads", provenance, pads), LAYOUT, level)
    return path


def test_the_same_rules_change_nothing_and_strict_ones_what_they_should(project: Path) -> None:
    with open_project(project, read_only=True) as opened:
        assert finish(what_if(opened, STANDARD, STANDARD)).words() == "nothing changes on 2 boards"
        found = finish(what_if(opened, STANDARD, STRICT))
        assert [b.picture for b in found.boards if b.changes.changed()] == ["warm.jpg"]
        ((_, after),) = found.moves()
        assert after is Verdict.NOT_BONDABLE
        assert all(p.pad == "A" for b in found.boards for p in b.changes.changed())  # what is UNKNOWN stays it
        assert len(finish(what_if(opened, STANDARD, STRICT, last=1)).boards) == 1


def test_a_board_on_several_pictures_is_judged_in_each(project: Path) -> None:
    """Pad B lies in the second picture, where the board is 40 px further to the left; only there is something on it."""
    quiet, warm = np.full((80, 80), 0.2, np.float32), np.full((80, 80), 0.2, np.float32)
    pose = dataclasses.replace(POSE, tx=POSE.tx - 40.0)
    warm[14 + 38, 44 - 5] = 5.0  # B is 750 µm below A: 300 px, 37.5 cells
    below = dataclasses.replace(PAD, id="B", y_um=PAD.y_um + 750.0)
    layout = Layout("two", (PAD, below), (*spread_wires(PAD, 5), *spread_wires(below, 5)))
    pads = (
        *judge(quiet, dataclasses.replace(layout, pads=(PAD,)), POSE, (640, 640), STANDARD),
        *judge(warm, dataclasses.replace(layout, pads=layout.pads[1:]), pose, (640, 640), STANDARD),
    )
    provenance = Provenance("blob", "m", "standard", "r", "one", "", "2026-01-02T00:00:00Z", "padscope")
    left, right = (PictureFacts(f"{name}.jpg", name * 16, 640, 640, Scale()) for name in ("left", "right"))
    pad_map = PadMap(
        left,
        POSE,
        1.0,
        "pads",
        provenance,
        pads,
        others=(OtherPicture(right, pose, 1.0, "pads"),),
        places={"B": PadPlace(1, pose)},
    )
    with open_project(project) as opened:
        opened.add_inspection(pad_map, layout, quiet, picture_path="left.jpg", others=[("right.jpg", warm)])
        found = finish(what_if(opened, STANDARD, STRICT, last=1))
    assert found.left_out == 0
    (board,) = found.boards
    assert [p.pad for p in board.changes.changed()] == ["B"]


def test_from_the_command_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", str(project), "--other", "pristine-window"]) == 0
    assert "standard to" in capsys.readouterr().out
    assert main(["rules", str(project), "--other", "nothing of the kind"]) == 1
