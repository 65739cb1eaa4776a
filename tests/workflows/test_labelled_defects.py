"""What a model says of painted defects, from levels that are stored."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import PadMap, PictureFacts, Provenance
from padscope.boards.rules import load_rules
from padscope.boards.verdict import judge
from padscope.masks.edits import painted
from padscope.masks.shapes import Region
from padscope.store import labels
from padscope.store.database import create_project, open_project
from padscope.types import Affine, Box, Scale, finish
from padscope.workflows.labelled_defects import LabelledDefects, labelled_defects

PAD = Pad("A", 600.0, 350.0, 1000.0, 635.0)
LAYOUT = Layout("one", (PAD, dataclasses.replace(PAD, id="B", y_um=1100.0)), ())
POSE = Affine(0.4, 0.0, 10.0, 0.0, 0.4, 10.0)
OFF_THE_PADS = Box(0, 0, 8, 8)


def pad_box(pad: Pad) -> Box:
    low, high = (POSE.apply(pad.corners_um).astype(int).min(axis=0), POSE.apply(pad.corners_um).astype(int).max(axis=0))
    return Box(low[0] + 40, low[1] + 40, high[0] - 40, high[1] - 40)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three boards of one model and one of another; paint on pads of the first two, and beside the pads of the third."""
    path = tmp_path / "p.padscope"
    paint = {
        "first": pad_box(LAYOUT.pads[0]),
        "second": pad_box(LAYOUT.pads[1]),
        "third": OFF_THE_PADS,
        "other": pad_box(PAD),
    }
    with create_project(path) as made:
        for name, heat in (("first", 5.0), ("second", 0.75), ("third", 0.1), ("other", 0.1)):
            level = np.full((72, 80), 0.2, np.float32)
            for pad in LAYOUT.pads:
                box = pad_box(pad)
                level[(box.y0 + box.y1) // 16, (box.x0 + box.x1) // 16] = heat
            pads = judge(level, LAYOUT, POSE, (640, 576), load_rules())
            model = "n" if name == "other" else "m"
            provenance = Provenance("blob", model, "standard", "r", "one", "", "2026-01-01T00:00:00Z", "padscope")
            sha = (name * 64)[:64]
            made.add_inspection(
                PadMap(PictureFacts(f"{name}.jpg", sha, 640, 576, Scale()), POSE, 1.0, "pads", provenance, pads),
                LAYOUT,
                level,
            )
            label = labels.begin_label(made, sha).id
            box = paint[name]
            region = Region(box, np.ones((box.height, box.width), bool))
            labels.commit_edit(made, label, painted(labels.load_mask(made, label), [region], 1), tool="brush")
    return path


def test_every_painted_pad_of_this_model_counts_the_weakest_first(project: Path) -> None:
    with open_project(project, read_only=True) as opened:
        found = finish(labelled_defects(opened, "m"))
        assert [where for _, where in found.found] == ["second.jpg, B", "first.jpg, A"]
        assert [level for level, _ in found.found] == pytest.approx(
            [0.75, 5.0], rel=0.15
        )  # between cells level is interpolated
        assert found.boards == 2
        assert finish(labelled_defects(opened, "none")) == LabelledDefects((), 0)
