"""What is counted and shown before a tile set is made is what the set then holds."""

import hashlib
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from finished_boards import board
from padscope.datasets.augment import AUGMENTATIONS
from padscope.datasets.tile_plan import TileSettings
from padscope.store.database import create_project
from padscope.types import Box, finish
from padscope.workflows.tile_sets import make_tile_set, write_tile_set
from padscope.workflows.tile_survey import show_tiles, survey_tiles, tiles_to_show

SMALL = TileSettings(size=64, least_share=0.5)


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope") as p:
        (tmp_path / "in").mkdir()
        for k in range(3):
            board(p, tmp_path / "in", k)
        board(p, tmp_path / "in", 3, defect=("water mark", Box(70, 70, 100, 80)))
        yield p


@pytest.mark.parametrize(
    "settings",
    [
        SMALL,
        replace(SMALL, least_share=0.0, augmentations=("crop", "flip"), copies=3),
        replace(SMALL, size=100, remove_background=False, test_share=0.5, seed=4),
        replace(SMALL, by_colour=True, least_share=0.25),
    ],
)
def test_what_is_counted_is_what_is_written(tmp_path, project, settings):
    plan = finish(survey_tiles(project, settings))
    report = finish(make_tile_set(project, tmp_path / "set", settings))
    assert plan.counts(settings) == report.counts
    assert [(p.file, p.test) for p in plan.sides(settings)] == [
        (p["file"], p["test"]) for p in json.loads((tmp_path / "set" / "tiles.json").read_text())["pictures"]
    ]
    told = [n for n in report.notes if "were left out" in n]
    assert [n.split()[0] for n in told] == [str(n) for n in [plan.left_out(settings)] if n]
    again = finish(write_tile_set(plan.sides(settings), settings, tmp_path / "again"))
    assert again.sha256 == report.sha256


def test_the_tiles_that_are_shown_are_the_ones_that_are_written(tmp_path, project):
    settings = replace(SMALL, augmentations=tuple(AUGMENTATIONS), copies=2, seed=3)
    plan = finish(survey_tiles(project, settings))
    chosen = tiles_to_show(plan, settings, 2)
    assert chosen != tiles_to_show(plan, settings, 2, start=1)
    report = finish(write_tile_set(plan.sides(settings), settings, tmp_path / "set"))
    tiles = json.loads((report.folder / "tiles.json").read_text())["tiles"]
    for shown in finish(show_tiles(chosen, settings)):
        box = [shown.box.x0, shown.box.y0, shown.box.x1, shown.box.y1]
        own = [t for t in tiles if t["box"] == box and t["file"].startswith(f"train/good/{shown.picture[:6]}")]
        plain = next(t for t in own if "augmentation" not in t)
        assert np.array_equal(cv2.imread(str(report.folder / plain["file"]))[..., ::-1], shown.pixels)
        for name, copies in shown.copies.items():
            hashes = {t["sha256"] for t in own if t.get("augmentation") == name}
            assert hashes == {hashlib.sha256(np.ascontiguousarray(c).tobytes()).hexdigest() for c in copies}


def test_a_picture_that_gives_nothing_says_why(tmp_path, project):
    (tmp_path / "in" / "board1.png").write_bytes((tmp_path / "in" / "board2.png").read_bytes())
    plan = finish(survey_tiles(project, replace(SMALL, size=400)))
    assert len(plan.notes) == 4
    assert any("has changed since it was labelled" in note for note in plan.notes)
    assert any("no tile of 400 px holds any pad" in note for note in plan.notes)
    assert plan.counts(SMALL) == {}
    assert tiles_to_show(plan, SMALL, 3) == []
