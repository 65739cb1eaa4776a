"""Thresholds of a trained model: by kind of pad, from labelled defects; what they promise and cost."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from padscope.boards.kinds import KINDS
from padscope.boards.rules import load_rules
from padscope.calibration import calibrated_by_group, expected_misses, for_group
from padscope.datasets.board_tiles import BORDER_PX
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board, random_blemishes
from padscope.datasets.pad_tiles import pad_cuts
from padscope.errors import InputError, ModelError
from padscope.pictures.picture import open_picture
from padscope.types import Box, finish
from padscope.workflows.calibrate import calibrated_on_boards, calibrated_on_tiles, in_words, recalibrated
from padscope.workflows.evaluate import evaluate_on_boards
from padscope.workflows.inspect import Inspector
from padscope.workflows.scoring import pad_level, pad_scores, ready
from padscope.workflows.train import posed_boards, train_on_boards, train_on_tiles


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """Two sound boards, and one with blemishes and its truth."""
    folder, layout = tmp_path_factory.mktemp("boards"), demo_layout()
    pose, width, height = demo_pose(layout)
    for i in range(2):
        Image.fromarray(draw_board(layout, pose, width, height, seed=i)[0]).save(folder / f"b{i}.png", compress_level=1)
    blemishes = random_blemishes(layout, 0.3, seed=7)
    picture, mask = draw_board(layout, pose, width, height, seed=9, defects=blemishes)
    Image.fromarray(picture).save(folder / "bad.png", compress_level=1)
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(folder / "bad_mask.png")
    bad = {b.pad for b in blemishes}
    lines = ["pad,defect_class", *(f"{p.id},{'pit' if p.id in bad else ''}" for p in layout.pads)]
    (folder / "bad_truth.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return layout, folder, bad


@pytest.fixture(scope="module")
def model(boards):
    layout, folder, _ = boards
    pictures = [folder / "b0.png", folder / "b1.png"]
    return finish(train_on_boards(pictures, layout, detector="blob", false_alarms=0.1, thresholds_by="row"))


def scores_of(model, layout, path):
    with open_picture(path) as picture:
        pose, _, _ = demo_pose(layout)
        cuts = pad_cuts(layout, pose, picture.width, picture.height, BORDER_PX)
        opened = ready(model, "cpu")
        return finish(pad_scores(opened, picture, cuts, pose, "x")), finish(pad_level(opened, picture, cuts, pose, "x"))


def test_kinds_of_pads_have_thresholds_of_their_own(boards, model) -> None:
    layout, folder, _ = boards
    assert [name for name, _ in model.calibration.groups] == ["L", "R"]
    assert model.preparation["thresholds_by"] == "row"
    assert model.calibration.held_out == 48
    by_kind = {"L": [10.0] * 30, "R": [40.0] * 30}
    apart = replace(model, calibration=calibrated_by_group(by_kind, 0.1))
    scores, level = scores_of(apart, layout, folder / "b0.png")
    pose, width, height = demo_pose(layout)
    for cut in pad_cuts(layout, pose, width, height, 0):
        cells = level[cut.box.y0 // 8 : cut.box.y1 // 8, cut.box.x0 // 8 : cut.box.x1 // 8]
        own = for_group(apart.calibration, KINDS["row"](cut.pad)).threshold
        assert np.nanmax(cells) == pytest.approx(scores[cut.pad.id] / own, rel=2e-3)


def test_a_kind_with_too_few_pads_takes_the_common_threshold(model) -> None:
    strict = recalibrated(model, 0.03)
    assert {own.threshold for _, own in strict.calibration.groups} == {strict.calibration.threshold}
    assert all("too few" in own.rule for _, own in strict.calibration.groups)
    assert strict.sha256 != model.sha256


def test_no_labelled_defective_pad_is_missed_and_the_cost_is_said(boards, model) -> None:
    layout, folder, bad = boards
    found = finish(calibrated_on_boards(model, layout, folder, margin=0.9))
    scores, _ = scores_of(found, layout, folder / "bad.png")
    weakest = min(scores[pad] for pad in bad)
    assert found.calibration.threshold == pytest.approx(0.9 * weakest, rel=0.01)
    assert found.calibration.defects == pytest.approx(sorted(scores[pad] for pad in bad), rel=0.01)
    assert found.calibration.sound == model.calibration.sound
    words = in_words(found.calibration, "pads")
    assert f"0.9 × the weakest of {len(bad)} labelled defects" in words
    assert f"{found.calibration.false_alarm_share:.1%} of sound pads will be flagged" in words
    assert f"at most about {expected_misses(found.calibration):.1%} will be missed" in words


def test_a_bent_picture_is_learned_from_and_calibrated_on_as_it_is_inspected(boards, model, tmp_path) -> None:
    """Distorted smoothly by several px, and its last pad filled up with black."""
    layout, folder, bad = boards
    true, width, height = demo_pose(layout)
    with Image.open(folder / "bad.png") as straight:
        pixels = np.asarray(straight)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    by = _wave(x / width, y / height)
    bent = np.array(cv2.remap(pixels, x + by[..., 0], y + by[..., 1], cv2.INTER_LINEAR))
    last = Box.around(true.apply(layout.pads[-1].corners_um))
    bent[last.y0 - 10 :, last.x0 - 10 :] = 0
    Image.fromarray(bent).save(tmp_path / "bent.png", compress_level=1)
    (board,) = finish(posed_boards([tmp_path / "bent.png"], layout))
    cuts = board.cuts(layout)
    for cut in cuts:
        corners = (cut.near or board.um_to_px).apply(cut.pad.corners_um)
        shown = corners + _wave(corners[:, 0] / width, corners[:, 1] / height)
        assert np.abs(shown - true.apply(cut.pad.corners_um)).max() < 1, (
            "the model would learn what lies beside the pad"
        )

    labelled = {*bad, layout.pads[-1].id}
    lines = ["pad,defect_class", *(f"{p.id},{'pit' if p.id in labelled else ''}" for p in layout.pads)]
    (tmp_path / "bent_truth.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Image.new("L", (width, height)).save(tmp_path / "bent_mask.png")
    found = finish(calibrated_on_boards(model, layout, tmp_path)).calibration
    seen = finish(Inspector(model, layout, load_rules(), device="cpu").inspect(tmp_path / "bent.png")).pad_map.pads
    measured = finish(evaluate_on_boards(model, layout, tmp_path, load_rules(), device="cpu"))
    counts = {"boards": 1, "pads": len(layout.pads) - 1, "defective": len(labelled) - 1, "unseen": 1}
    assert measured["counts"] == counts, "the pad that was not seen is taken neither for sound nor for defective"
    levels = {p.pad: p.level for p in seen if p.pad in labelled and p.level is not None}
    assert set(levels) == labelled - {layout.pads[-1].id}
    kinds = {p.id: KINDS["row"](p) for p in layout.pads}
    own = {pad: for_group(model.calibration, kinds[pad]).threshold for pad in levels}
    assert found.defects == pytest.approx(sorted(level * own[pad] for pad, level in levels.items()), rel=0.05)


def _wave(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 6 * np.stack([np.sin(3 * x + y), np.cos(2 * y - 2.5 * x)], axis=-1)


def test_labels_that_are_not_there_are_asked_for(boards, model, tmp_path) -> None:
    layout, folder, _ = boards
    for name in ("bad.png", "bad_mask.png"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "bad_truth.csv").write_text("pad,defect_class\nL01,\n", encoding="utf-8")
    with pytest.raises(InputError, match="no labelled defect"):
        finish(calibrated_on_boards(model, layout, tmp_path))


def test_defects_of_a_tile_set_set_the_threshold_too(tmp_path) -> None:
    noise = np.random.default_rng(0)
    for place, depth in [("train/good", 0), ("test/good", 0), ("test/faint", 25), ("test/deep", 90)]:
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place.replace("test", "ground_truth")).mkdir(parents=True, exist_ok=True)
        for k in range(12 if "train" in place else 3):
            picture = noise.normal(150, 4, (64, 64))
            picture[24:40, 24:40] -= depth
            cv2.imwrite(str(tmp_path / place / f"{k}.png"), picture.clip(0, 255).astype(np.uint8))
            mask = np.zeros((64, 64), np.uint8)
            mask[24:40, 24:40] = 255
            cv2.imwrite(str(tmp_path / place.replace("test", "ground_truth") / f"{k}_mask.png"), mask)
    model = finish(train_on_tiles(tmp_path, detector="blob"))
    found = finish(calibrated_on_tiles(model, tmp_path))
    assert len(found.calibration.defects) == 6
    assert found.calibration.threshold == pytest.approx(0.95 * found.calibration.defects[0])


def test_a_picture_unlike_the_calibrations_says_so_in_its_pad_map(boards, model) -> None:
    """Grain as of a higher gain: sound metal, but not as it was when the threshold was set."""
    layout, folder, _ = boards
    with Image.open(folder / "b1.png") as sound:
        pixels = np.asarray(sound).astype(float)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 25, pixels.shape[:2]), (0, 0), 2) * 6
    Image.fromarray((pixels + grain[..., None]).clip(0, 255).astype(np.uint8)).save(folder / "grainy.png")
    inspector = Inspector(model, layout, load_rules(), device="cpu")
    assert finish(inspector.inspect(folder / "bad.png")).pad_map.notes == (), "defects are no drift"
    (note,) = finish(inspector.inspect(folder / "grainy.png")).pad_map.notes
    assert "score higher than those the threshold rests on" in note


def test_thresholds_by_nobody_knows_what_are_refused(model) -> None:
    with pytest.raises(ModelError, match="train it again"):
        ready(replace(model, preparation=model.preparation | {"thresholds_by": "mood"}), "cpu")
