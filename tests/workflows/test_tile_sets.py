"""From a project to a tile set: pads alone, no board on both sides, and the same set again from its manifest."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from finished_boards import H, W, board, metal, pads_inside
from padscope.cli import main
from padscope.datasets import folders
from padscope.datasets.augment import AUGMENTATIONS, augmented
from padscope.datasets.tile_cutting import PadGround, by_colour, cut_tiles, tile_boxes
from padscope.datasets.tile_plan import TileSettings, split_boards
from padscope.errors import InputError, UsageError
from padscope.masks.class_mask import ClassMask
from padscope.store.database import create_project
from padscope.types import Box, finish
from padscope.workflows.tile_sets import make_again, make_tile_set

SMALL = TileSettings(size=64, least_share=0.5)


@pytest.fixture
def project(tmp_path):
    with create_project(tmp_path / "p.padscope") as p:
        (tmp_path / "in").mkdir()
        for k in range(3):
            board(p, tmp_path / "in", k)
        board(p, tmp_path / "in", 3, defect=("water mark", Box(70, 70, 100, 80)))
        yield p


def test_a_tile_set_is_pads_alone_split_by_board(tmp_path, project):
    report = finish(make_tile_set(project, tmp_path / "set", SMALL))
    train, test = folders.training_samples(tmp_path / "set"), folders.test_samples(tmp_path / "set")
    assert report.counts["train/good"] == len(train) > 20
    assert {s.defect_class for s in test} == {"good", "water_mark"}
    assert {s.path.name.split("_")[0] for s in test} == {"board3"}  # the one with a defect
    inside = pads_inside()
    for sample in train:
        x, y = (int(part) for part in sample.path.stem.split("_")[2:4])
        tile = cv2.imread(str(sample.path))[..., ::-1]
        number = int(sample.path.name[5])
        expected = np.where(inside[..., None], metal(number), 0)[y : y + 64, x : x + 64]
        assert np.array_equal(tile, expected)
        assert (tile > 0).any(axis=2).mean() >= 0.5
    painted = sum(folders.read_truth(s, 64, 64).sum() for s in test)
    assert painted == 300
    assert project.history()[-1].action == "tile set made"


def test_the_same_set_is_made_again_from_its_manifest(tmp_path, project, capsys):
    settings = replace(SMALL, augmentations=tuple(AUGMENTATIONS), copies=2, seed=7)
    first = finish(make_tile_set(project, tmp_path / "set", settings))
    project.close()
    for file in (tmp_path / "in").iterdir():  # another PC: only the pictures and the manifest
        (tmp_path / "other").mkdir(exist_ok=True)
        file.rename(tmp_path / "other" / file.name)
    (tmp_path / "other" / "tiles.json").write_bytes((tmp_path / "set" / "tiles.json").read_bytes())
    assert main(["tiles", str(tmp_path / "other" / "tiles.json"), "--out", str(tmp_path / "again"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == first.sha256
    files = {p.relative_to(tmp_path / "set") for p in (tmp_path / "set").rglob("*.png")}
    assert files == {p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*.png")}
    assert all((tmp_path / "set" / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)
    manifest = json.loads((tmp_path / "set" / "tiles.json").read_text())
    assert (
        len([t for t in manifest["tiles"] if t.get("augmentation") == "texture"]) == 2 * first.counts["train/good"] / 13
    )
    (tmp_path / "other" / "board1.png").write_bytes((tmp_path / "other" / "board2.png").read_bytes())
    with pytest.raises(InputError, match="has changed since it was labelled"):
        finish(make_again(tmp_path / "other" / "tiles.json", tmp_path / "third"))
    (tmp_path / "other" / "board1.png").unlink()
    with pytest.raises(InputError, match=r"board1.png .* is not where it was; put it beside the manifest"):
        finish(make_again(tmp_path / "other" / "tiles.json", tmp_path / "third"))


def test_a_set_that_is_cancelled_leaves_not_even_its_folder(tmp_path, project):
    work = make_tile_set(project, tmp_path / "set", SMALL)
    while not (tmp_path / "set").exists():
        next(work)
    next(work)
    work.close()
    assert not (tmp_path / "set").exists()


def test_a_set_that_comes_out_otherwise_is_not_kept(tmp_path, project):
    finish(make_tile_set(project, tmp_path / "set", SMALL))
    manifest = tmp_path / "set" / "tiles.json"
    content = json.loads(manifest.read_text())
    content["settings"]["seed"] = 1
    content["settings"]["augmentations"] = ["flip"]
    manifest.write_text(json.dumps(content))
    with pytest.raises(InputError, match="came out otherwise than when the manifest was written"):
        finish(make_again(manifest, tmp_path / "again"))
    assert not (tmp_path / "again").exists()
    manifest.write_text('{"settings": {"size": 64}}')
    with pytest.raises(InputError, match="not the manifest of a tile set"):
        finish(make_again(manifest, tmp_path / "third"))


def test_pictures_of_one_module_stay_together(tmp_path, project):
    for k in range(10, 14):
        board(project, tmp_path / "in", k, module="20UPGM2")
    finish(make_tile_set(project, tmp_path / "set", replace(SMALL, test_share=0.5)))
    manifest = json.loads((tmp_path / "set" / "tiles.json").read_text())
    sides = {}
    for picture in manifest["pictures"]:
        sides.setdefault(picture["board"], set()).add(picture["test"])
    assert all(len(side) == 1 for side in sides.values())
    assert len(sides) == 5


@given(
    st.lists(st.integers(0, 12), max_size=30),
    st.sets(st.integers(0, 12)),
    st.floats(0.01, 0.99),
    st.integers(0, 99),
    st.randoms(),
)
def test_no_board_is_on_both_sides_and_both_have_some(numbers, defective, share, seed, random):
    boards = [f"b{n}" for n in numbers]
    bad = frozenset(f"b{n}" for n in defective if f"b{n}" in boards)
    test = split_boards(boards, bad, share, seed)
    assert test <= set(boards)
    assert len(set(boards)) < 2 or 0 < len(test) < len(set(boards))
    if len(set(boards)) > 1:
        assert abs(len(test) - share * len(set(boards))) <= 1
    assert bad <= test or test <= bad  # those with defects first
    random.shuffle(boards)
    assert split_boards(boards, bad, share, seed) == test


@given(st.integers(1, 300), st.integers(1, 300), st.integers(32, 100))
def test_tiles_cover_the_picture_and_stay_in_it(width, height, size):
    boxes = tile_boxes(width, height, size)
    if min(width, height) < size:
        assert boxes == []
        return
    seen = np.zeros((height, width), int)
    for box in boxes:
        assert (box.width, box.height) == (size, size)
        seen[box.slices] += 1
    assert seen.min() == 1
    assert seen.max() <= 4


class Array:
    """A picture in memory."""

    def __init__(self, pixels):
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def read(self, box, step=1):
        return self.pixels[box.slices][::step, ::step]


def test_without_a_layout_pads_are_found_by_their_colour():
    ground = by_colour(Array(metal(0)))
    found = ground.inside(Box(0, 0, W, H))
    assert np.count_nonzero(found ^ pads_inside()) < 0.02 * pads_inside().sum()
    assert not by_colour(Array(np.full((80, 90, 3), 77, np.uint8))).inside(Box(0, 0, 90, 80)).any()
    assert np.array_equal(ground.inside(Box(100, 50, 300, 200)), found[50:200, 100:300])


def test_selectivity_keeps_tiles_with_enough_pad():
    ground = PadGround((np.array([[-0.5, -0.5], [99.5, -0.5], [99.5, 63.5], [-0.5, 63.5]]),))
    picture = Array(np.full((64, 192, 3), 9, np.uint8))
    shares = [None if t is None else t.inside.mean() for t in cut_tiles(picture, ClassMask(192, 64), ground, 64, 0.0)]
    assert shares == [1.0, 36 / 64, None]
    assert [t is not None for t in cut_tiles(picture, ClassMask(192, 64), ground, 64, 0.6)] == [True, False, False]
    kept = list(cut_tiles(Array(np.full((64, 64, 3), 9, np.uint16) << 8), ClassMask(64, 64), None, 64, 0.6))
    assert (kept[0].pixels == 9).all()  # 16 bit become 8


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_is_seeded_and_keeps_the_ground_black(name):
    inside = pads_inside()[:256, :256]
    tile = np.where(inside[..., None], metal(5)[:256, :256], 0).astype(np.uint8)
    before = tile.copy()
    one, where = augmented(name, tile, inside, 3)
    again, _ = augmented(name, tile, inside, 3)
    assert np.array_equal(tile, before)
    assert (one.shape, one.dtype, where.shape) == (tile.shape, np.uint8, inside.shape)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, tile)
    assert any(not np.array_equal(augmented(name, tile, inside, seed)[0], one) for seed in range(4, 9))
    if name == "background":
        assert (one[~inside] > 0).any(axis=1).all()
        assert np.array_equal(one[inside], tile[inside])
    else:
        assert (one[~where] == 0).all()


def test_synthetic_texture_has_the_grain_of_the_metal_but_not_its_pixels():
    inside = np.ones((128, 128), bool)
    tile = metal(6)[60:124, 210:274]
    tile = np.tile(tile, (2, 2, 1))
    new, _ = augmented("texture", tile, inside, 1)
    a, b = tile.astype(float), new.astype(float)
    assert abs(a.mean() - b.mean()) < 2
    assert 0.7 < b.std(axis=(0, 1)).mean() / a.std(axis=(0, 1)).mean() < 1.3
    assert abs(np.corrcoef((a - a.mean()).ravel(), (b - b.mean()).ravel())[0, 1]) < 0.99
    high = [p[..., 0] - cv2.blur(p[..., 0], (5, 5)) for p in (a, b)]
    assert abs(np.corrcoef(high[0].ravel(), high[1].ravel())[0, 1]) < 0.1


def test_what_cannot_become_a_tile_set_is_said(tmp_path, project):
    with pytest.raises(InputError, match="A tile cannot be 8 px"):
        finish(make_tile_set(project, tmp_path / "set", TileSettings(size=8)))
    with pytest.raises(UsageError, match="no augmentation “turn”"):
        finish(make_tile_set(project, tmp_path / "set", TileSettings(augmentations=("turn",))))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old.png").touch()
    with pytest.raises(InputError, match="is not empty"):
        finish(make_tile_set(project, tmp_path / "set", SMALL))
    with pytest.raises(InputError, match="No sound tile is left"):
        finish(make_tile_set(project, tmp_path / "none", replace(SMALL, size=256, least_share=0.99)))
    assert not (tmp_path / "none").exists()
    with (
        create_project(tmp_path / "empty.padscope") as empty,
        pytest.raises(InputError, match="no labelled or finished pictures"),
    ):
        finish(make_tile_set(empty, tmp_path / "none", SMALL))


def test_a_detector_learns_from_a_tile_set(tmp_path, project, capsys):
    project.close()
    out = str(tmp_path / "set")
    options = ["--size", "64", "--selectivity", "filtered", "--augment", "flip"]
    assert main(["tiles", str(tmp_path / "p.padscope"), "--out", out, *options]) == 0
    assert "train/good" in capsys.readouterr().out
    model = str(tmp_path / "m.padmodel")
    assert main(["train", "--detector", "blob", "--model", model, "--tiles", out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["facts"]["learned_from"] > 20
    assert main(["tiles", str(tmp_path / "p.padscope"), "--out", out, "--augment", "turn"]) == 2


def test_pads_are_found_by_colour_where_that_is_wanted(tmp_path, project):
    finish(make_tile_set(project, tmp_path / "set", replace(SMALL, by_colour=True)))
    manifest = json.loads((tmp_path / "set" / "tiles.json").read_text())
    assert {p["ground"] for p in manifest["pictures"]} == {"colour"}
