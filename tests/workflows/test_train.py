"""What is held out is never learned from, and the threshold rests on nothing else."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board
from padscope.errors import InputError, ModelError, PoseError, UsageError
from padscope.pictures.picture import open_picture
from padscope.store.artifacts import load_model, save_model
from padscope.types import Progress, Tiles, finish
from padscope.workflows import train
from padscope.workflows.scoring import Preparation, cell_heat, picture_heat, ready, refuse_other_scale
from padscope.workflows.train import drawn_folds, train_on_boards, train_on_tiles


@pytest.mark.parametrize(("boards", "pads"), [(1, 24), (3, 24), (4, 20), (9, 7)])
def test_folds_divide_the_units_and_keep_boards_together_where_there_are_enough(boards: int, pads: int) -> None:
    units = [(f"b{i}", f"p{k}") for i in range(boards) for k in range(pads)]
    folds = drawn_folds(units, 4, seed=5)
    assert sorted(u for fold in folds for u in fold) == sorted(units)
    assert folds == drawn_folds(units, 4, seed=5)
    assert folds != drawn_folds(units, 4, seed=6)
    assert len(folds[0]) == max(map(len, folds))
    if boards >= 4:
        assert all({u[0] for u in a}.isdisjoint(u[0] for u in b) for a in folds for b in folds if a is not b)


def test_too_little_sound_metal_is_refused_with_the_number_needed() -> None:
    with pytest.raises(InputError, match=r"at least 10 .* there are 9"):
        drawn_folds([("b", str(i)) for i in range(9)], 4, seed=0)


class Recorder:
    """A detector that remembers the names it learned from and gives each tile its mean as heat."""

    name, family, version, stride, halo = "recorder", "test", 1, 8, 0
    fits: list = []  # noqa: RUF012

    def __init__(self, names: set) -> None:
        self.names = names

    @classmethod
    def fit(cls, config, source, *, seed, device):
        names = {n for tiles in source for n in tiles.names}
        yield Progress(1, 1, "learning")
        cls.fits.append(names)
        return cls(names)

    def score(self, tiles: Tiles):
        assert self.names.isdisjoint(tiles.names), "scored on what it learned from"
        n, _, h, w = tiles.pixels.shape
        return np.full((n, h // 8, w // 8), tiles.pixels.mean(), dtype=np.float32)

    def to_arrays(self):
        return {"count": np.array([len(self.names)])}


@pytest.fixture
def recorder(monkeypatch):
    from padscope.configs import BlobConfig

    Recorder.Config, Recorder.fits = BlobConfig, []
    monkeypatch.setattr(train.registry, "detector", lambda name: Recorder)
    return Recorder


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    folder, layout = tmp_path_factory.mktemp("boards"), demo_layout()
    pose, width, height = demo_pose(layout)
    paths = []
    for i in range(2):
        paths.append(folder / f"b{i}.png")
        Image.fromarray(draw_board(layout, pose, width, height, seed=i)[0]).save(paths[-1], compress_level=1)
    return layout, paths


def test_no_pad_is_scored_by_a_detector_that_learned_from_it(recorder, boards) -> None:
    layout, paths = boards
    model = finish(train_on_boards(paths, layout))
    assert model.facts["held_out"] == model.facts["learned_from"] == 2 * len(layout.pads)
    assert model.calibration.held_out == 2 * len(layout.pads)
    assert [len(f) for f in recorder.fits] == [36, 36, 36, 36, 48], "four folds, then everything"
    assert model.preparation["um_per_px"] == pytest.approx(2.5, rel=0.01)


def test_with_enough_sound_metal_one_fold_is_held_out_for_good(recorder, boards) -> None:
    layout, paths = boards
    model = finish(train_on_boards(paths, layout, false_alarms=0.2))
    assert len(recorder.fits) == 1
    assert (model.facts["learned_from"], model.facts["held_out"]) == (36, 12)


def test_training_twice_with_one_seed_gives_one_model(boards, tmp_path) -> None:
    layout, paths = boards
    a, b = (finish(train_on_boards(paths, layout, detector="blob", seed=3, false_alarms=0.2)) for _ in range(2))
    assert a.calibration == b.calibration
    assert all(np.array_equal(a.arrays[k], b.arrays[k]) for k in a.arrays)
    assert load_model(save_model(a, tmp_path / "m.padmodel")).sha256 == a.sha256


def test_cancelling_closes_the_work_inside(recorder, boards) -> None:
    layout, paths = boards
    work = train_on_boards(paths, layout)
    assert next(work).stage == "finding the boards"
    work.close()
    assert recorder.fits == []


def test_bad_input_is_refused_before_anything_is_learned(boards, tmp_path) -> None:
    layout, paths = boards
    with pytest.raises(InputError, match="at least one picture"):
        finish(train_on_boards([], layout))
    with pytest.raises(UsageError, match="oracle"):
        finish(train_on_boards(paths, layout, detector="oracle"))
    with pytest.raises(UsageError, match="wings"):
        finish(train_on_boards(paths, layout, detector="blob", settings={"wings": 2}))
    carpet = tmp_path / "carpet.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (500, 700, 3), dtype=np.uint8)).save(carpet)
    with pytest.raises(PoseError, match=r"^carpet\.png: "):
        finish(train_on_boards([*paths, carpet], layout, detector="blob"))
    with pytest.raises(InputError, match="train/good"):
        finish(train_on_tiles(tmp_path, detector="blob"))


def test_a_picture_of_another_magnification_is_refused(boards) -> None:
    pose, _, _ = demo_pose(boards[0])
    refuse_other_scale(Preparation("pads", 2.5), pose)
    with pytest.raises(ModelError, match="magnification"):
        refuse_other_scale(Preparation("pads", 1.0), pose)


@pytest.mark.parametrize("stride", [4, 8, 16])
def test_heat_of_any_stride_comes_to_the_cells_of_the_picture(stride: int) -> None:
    class Flat:
        def score(self, tiles):
            h, w = tiles.pixels.shape[2] // stride, tiles.pixels.shape[3] // stride
            return np.arange(h * w, dtype=np.float32).reshape(1, h, w)

    Flat.stride = stride
    tiles = Tiles(np.zeros((1, 3, 32, 48), np.float32), np.ones((1, 32, 48), bool), ("t",))
    heat = cell_heat(Flat(), tiles)
    own = Flat().score(tiles)[0]
    assert heat.shape == (1, 4, 6)
    for i, j in np.ndindex(4, 6):
        rows = slice(8 * i // stride, max(8 * (i + 1) // stride, 8 * i // stride + 1))
        columns = slice(8 * j // stride, max(8 * (j + 1) // stride, 8 * j // stride + 1))
        assert heat[0, i, j] == own[rows, columns].max()


def test_a_model_for_tiles_nobody_knows_is_refused(boards) -> None:
    from dataclasses import replace

    layout, paths = boards
    model = finish(train_on_boards(paths, layout, detector="blob", false_alarms=0.2))
    with pytest.raises(ModelError, match="train it again"):
        ready(replace(model, preparation={"kind": "pads", "um_per_px": 2.5, "wings": 2}), "cpu")


def drawn_set(root: Path, count: int, *sizes: tuple[int, int]) -> Path:
    """A tile set of sound pictures of these sizes in turn."""
    (root / "train" / "good").mkdir(parents=True)
    for i in range(count):
        width, height = sizes[i % len(sizes)]
        noise = np.random.default_rng(i).normal(128, 20, (height, width, 1)).clip(0, 255)
        Image.fromarray(np.repeat(noise, 3, axis=2).astype(np.uint8)).save(root / "train" / "good" / f"{i:02}.png")
    return root


@pytest.mark.parametrize(
    ("sizes", "asked", "expected"),
    [(((100, 300), (220, 90)), None, 320), (((100, 300),), 0, 0), (((100, 300),), 64, 64), (((700, 100),), None, 0)],
)
def test_sets_of_small_pictures_are_brought_to_one_size(sizes, asked, expected, tmp_path) -> None:
    root = drawn_set(tmp_path, 12, *sizes)
    model = finish(train_on_tiles(root, detector="blob", input_px=asked))
    assert model.preparation["input_px"] == expected
    assert model.facts["held_out"] == 12


def test_the_scores_of_resized_pictures_are_those_of_their_heat(tmp_path) -> None:
    """So that the threshold means the same when a picture is scored later."""
    root = drawn_set(tmp_path, 12, (100, 300), (170, 260))
    model = finish(train_on_tiles(root, detector="blob", input_px=64, false_alarms=0.7))
    assert model.facts["folds"] == 1, "so the held-out scores are this model's"
    ready_model = ready(model, "cpu")
    scores = []
    for path in sorted((root / "train" / "good").iterdir()):
        with open_picture(path) as picture:
            scores.append(float(np.nanmax(picture_heat(ready_model, picture, path.name))))
    assert len(model.calibration.sound) == 3
    assert all(min(abs(s - held) for s in scores) < 1e-6 * held for held in model.calibration.sound)


@pytest.mark.parametrize("input_px", [100, -16])
def test_an_input_size_that_no_network_takes_is_refused(input_px, tmp_path) -> None:
    with pytest.raises(UsageError, match="multiple of 16"):
        finish(train_on_tiles(drawn_set(tmp_path, 10, (64, 64)), detector="blob", input_px=input_px))


def test_copies_are_learned_from_and_never_held_out(tmp_path: Path, recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    whole = Recorder.fit.__func__

    def counting(cls, config, source, *, seed, device):
        seen.append(sum(len(tiles) for tiles in source))
        return (yield from whole(cls, config, source, seed=seed, device=device))

    monkeypatch.setattr(Recorder, "fit", classmethod(counting))
    model = finish(train_on_tiles(drawn_set(tmp_path, 12, (64, 64)), detector="recorder", input_px=64, copies=2))
    assert seen == [27, 27, 27, 27, 36], "three times what a fold, and then the model, learns from"
    assert model.facts["held_out"] == 12
    assert model.facts["copies"] == 2
