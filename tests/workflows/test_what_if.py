"""Other rules, tried on what is stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from padscope.boards.doubts import Doubt
from padscope.boards.layout import Layout, Pad, spread_wires
from padscope.boards.pad_map import PadMap, PictureFacts, Provenance, Verdict
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


def test_from_the_command_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", str(project), "--other", "pristine-window"]) == 0
    assert "standard to" in capsys.readouterr().out
    assert main(["rules", str(project), "--other", "nothing of the kind"]) == 1
