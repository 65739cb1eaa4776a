"""A small seeded part of `benchmarks/pose_torture.py`: found to 5 µm at every pad, or refused; never accepted and wrong."""

from __future__ import annotations

import numpy as np
import pytest

from padscope.boards.pose import Pose, find_pose
from padscope.errors import PoseError
from torture_boards import KINDS, Torture, torture

MUST_BE_FOUND = ("clean", "marks", "pads only", "bent")
SEEDS = range(3)


def error_um(case: Torture, pose: Pose) -> float:
    """Largest distance over the corners in the picture of all pads that the pose claims to have seen."""
    assert case.truth is not None
    corners = np.concatenate([case.layout.pad[name].corners_um for name in pose.pad_residual_um])
    truth = case.truth_px(corners)
    inside = (truth >= 0).all(axis=1) & (truth < (case.picture.width, case.picture.height)).all(axis=1)
    return float(np.hypot(*(pose.to_px(corners) - truth)[inside].T).max() / case.truth.scale)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_never_accepted_and_wrong(kind: str, seed: int) -> None:
    case = torture(kind, seed, largest_px=1800)
    pose, sentence = found_or_refused(case)
    if pose is None:
        assert kind not in MUST_BE_FOUND, f"{case.told}: {sentence}"
        assert sentence.endswith(".")
        return
    assert case.truth is not None, f"{kind} was accepted: {case.told}"
    assert error_um(case, pose) < 5.0, case.told
    assert pose.residual_um < 15.0


def found_or_refused(case: Torture) -> tuple[Pose | None, str]:
    try:
        return find_pose(case.picture, case.layout), ""
    except PoseError as error:
        return None, str(error)


def test_a_mirrored_board_is_called_mirrored() -> None:
    sentences = []
    for seed in range(3):
        case = torture("mirrored", seed, largest_px=1500)
        with pytest.raises(PoseError) as caught:
            find_pose(case.picture, case.layout)
        sentences.append(str(caught.value))
    assert sum("mirrored" in s for s in sentences) >= 2


@pytest.mark.parametrize("seed", [7045, 30022])
def test_half_of_a_mirrored_board_is_not_taken_for_the_other_half(seed: int) -> None:
    """Glare hides one column of pads; the other, mirrored, looks like the layout's column on the far side. But that one has
    fiducials beside it, and here there are none."""
    case = torture("mirrored", seed)
    pose, sentence = found_or_refused(case)
    assert pose is None
    assert "should be there too but" in sentence or "is mirrored" in sentence


@pytest.mark.parametrize("seed", [400008, 400024])
def test_pads_that_glare_hides_say_nothing_against_the_rest(seed: int) -> None:
    case = torture("harmed", seed)
    pose, sentence = found_or_refused(case)
    assert pose is not None, sentence
    assert error_um(case, pose) < 1.5
    hidden = [pad for pad, why in pose.doubts.items() if why == "glare hides its outline"]
    assert hidden
    assert all(pad not in pose.pad_residual_um for pad in hidden)


def test_a_soiled_board_is_refused_for_what_was_seen_and_not_as_mirrored() -> None:
    """One of its columns, upside down in a mirror, looks like the other: that alone does not make it mirrored."""
    pose, sentence = found_or_refused(torture("harmed", 400048))
    assert pose is None
    assert "mirrored" not in sentence
    assert "3 of 18 times something else lies, though 4 fiducials are in place; clean the board" in sentence
