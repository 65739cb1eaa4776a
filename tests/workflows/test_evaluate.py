"""The numbers that evaluation prints, against slow obvious versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.pad_map import Landing
from padscope.errors import InputError
from padscope.types import Affine
from padscope.workflows.evaluate import (
    at_pixels,
    foot_on_defect,
    largest_pose_error_um,
    pad_metrics,
    read_board_truth,
    refuse_other_pads,
)

POSE = Affine(0.4, 0.01, 30.0, -0.01, 0.4, 50.0)


def landing(x: float, y: float, turn: float = 0.0) -> Landing:
    return Landing("w", (x, y), (x, y), 0.0, (75.0, 125.0), turn)


@given(
    x=st.floats(200, 800),
    y=st.floats(200, 800),
    turn=st.sampled_from([0.0, 90.0, 30.0]),
    col=st.integers(80, 380),
    row=st.integers(80, 380),
)
def test_a_foot_is_on_a_defect_when_a_defective_pixel_lies_under_it(x, y, turn, col, row) -> None:
    mask = np.zeros((500, 500), dtype=bool)
    mask[row, col] = True
    um = POSE.inverse().apply(np.array([float(col), float(row)])) - (x, y)
    t = np.radians(turn)
    along, across = um @ (np.cos(t), np.sin(t)), um @ (-np.sin(t), np.cos(t))
    beyond = max(abs(along) - 62.5, abs(across) - 37.5)
    touching = foot_on_defect(landing(x, y, turn), POSE, mask)
    if beyond < -2.5:  # a pixel is 2.5 µm, and the drawn foot has whole pixels
        assert touching
    if beyond > 4:
        assert not touching


def test_a_wire_that_does_not_land_touches_nothing() -> None:
    nowhere = Landing("w", (500, 500), None, None, (75.0, 125.0), 0.0)
    assert not foot_on_defect(nowhere, POSE, np.ones((500, 500), dtype=bool))


def test_a_foot_beyond_the_pictures_border_is_still_judged_by_what_shows() -> None:
    mask = np.ones((500, 500), dtype=bool)
    x, y = POSE.inverse().apply(np.array([0.0, 250.0]))
    assert foot_on_defect(landing(x, y), POSE, mask)


def test_cells_become_pixels_by_interpolation_between_their_centres() -> None:
    grid = np.array([[0.0, 8.0], [16.0, 24.0]], dtype=np.float32)
    fine = at_pixels(grid, 16, 13)
    assert fine.shape == (13, 16)
    for row in range(13):
        for col in range(16):
            x, y = np.clip((col - 3.5) / 8, 0, 1), np.clip((row - 3.5) / 8, 0, 1)
            assert fine[row, col] == pytest.approx(8 * x + 16 * y, abs=0.3)


def test_pose_error_is_the_largest_over_all_corners() -> None:
    from padscope.datasets.drawn_board import demo_layout

    moved = Affine(POSE.a, POSE.b, POSE.tx + 0.4, POSE.c, POSE.d, POSE.ty)
    assert largest_pose_error_um(demo_layout(), POSE, moved) == pytest.approx(0.4 / POSE.scale, rel=1e-6)
    assert largest_pose_error_um(demo_layout(), POSE, POSE) == 0


def test_pad_metrics_at_the_shipped_threshold() -> None:
    scores = np.array([0.2, 0.9, 1.0, 1.4, 0.8, 3.0])
    bad = np.array([False, False, False, True, True, True])
    classes = np.array(["", "", "", "pit", "pit", "scratch"])
    result = pad_metrics(scores, bad, classes)
    assert result["recall"] == pytest.approx(2 / 3)
    assert result["false_alarm_rate"] == pytest.approx(1 / 3)
    assert result["per_class_recall"] == {"pit": 0.5, "scratch": 1.0}
    assert result["zero_miss_fpr"] == pytest.approx(2 / 3)
    assert result["auroc"] == pytest.approx(7 / 9)


def test_a_truth_of_other_pads_is_refused_in_both_directions(tmp_path) -> None:
    from padscope.datasets.drawn_board import demo_layout

    layout = demo_layout()
    all_sound = {p.id: "" for p in layout.pads}
    refuse_other_pads(tmp_path / "b_truth.csv", all_sound, layout)
    with pytest.raises(InputError, match="1 pads that the layout has and it does not name, R03 among them"):
        refuse_other_pads(tmp_path / "b_truth.csv", {p: c for p, c in all_sound.items() if p != "R03"}, layout)
    with pytest.raises(InputError, match="1 pads that it names and the layout does not have, X1 among them"):
        refuse_other_pads(tmp_path / "b_truth.csv", {**all_sound, "X1": "pit"}, layout)


@pytest.mark.parametrize("broken", ["picture", "mask", "truth", "pose"])
def test_truth_that_cannot_be_read_is_refused_by_name(broken: str, tmp_path) -> None:
    from PIL import Image

    blank = Image.fromarray(np.zeros((20, 30), dtype=np.uint8))
    blank.save(tmp_path / "b.png")
    blank.save(tmp_path / "b_mask.png")
    (tmp_path / "b_truth.csv").write_text("pad,defect_class\nA,\n")
    (tmp_path / "b_pose.csv").write_text("name,a,b,tx,c,d,ty\naffine,1,0,0,0,1,0\n")
    assert read_board_truth(tmp_path, "b").pads == {"A": ""}
    if broken == "picture":
        (tmp_path / "b.png").unlink()
    elif broken == "mask":
        (tmp_path / "b_mask.png").write_bytes(b"nothing")
    elif broken == "truth":
        (tmp_path / "b_truth.csv").write_text("name\nA\n")
    else:
        (tmp_path / "b_pose.csv").write_text("name,a\n")
    with pytest.raises(InputError, match=r"b[._]"):
        read_board_truth(tmp_path, "b")
