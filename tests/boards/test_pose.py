"""The board is found wherever it lies, to a few µm at every pad, or refused: never accepted and wrong."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from padscope.boards.layout import Fiducial, Layout, Pad
from padscope.boards.layout_files import load_layout
from padscope.boards.pose import Pose, find_pose, pose_from_clicks
from padscope.datasets.drawn_board import DrawnPicture, demo_layout, demo_pose, draw_board, random_blemishes
from padscope.errors import PoseError
from padscope.pictures.picture import open_picture
from padscope.types import Affine, Scale

LAYOUT = demo_layout()


def drawn(
    pose: Affine, width: int, height: int, layout: Layout = LAYOUT, seed: int = 1, share: float = 0.0
) -> DrawnPicture:
    pixels, _ = draw_board(layout, pose, width, height, seed=seed, defects=random_blemishes(layout, share, seed))
    return DrawnPicture(pixels)


def corners(layout: Layout = LAYOUT) -> np.ndarray:
    return np.concatenate([p.corners_um for p in layout.pads])


def error_um(found: Pose, truth: Affine, layout: Layout = LAYOUT) -> float:
    """Largest distance over all corners of pads."""
    apart = found.um_to_px.apply(corners(layout)) - truth.apply(corners(layout))
    return float(np.hypot(*apart.T).max() / truth.scale)


@pytest.mark.parametrize("turn", [0.4, 90.0, 178.9, -91.2, 33.0])
def test_the_board_is_found_at_any_turn(turn: float) -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4, turn_deg=turn)
    found = find_pose(drawn(truth, w, h, share=0.3), LAYOUT)
    assert found.method == "fiducials"
    assert error_um(found, truth) < 1.0
    assert found.residual_um < 2.0
    assert len(found.pad_residual_um) == len(LAYOUT.pads)
    assert set(found.fiducials_px) == {"F1", "F2", "F3", "F4"}


@pytest.mark.parametrize("um_per_px", [2.0, 3.3, 8.0])
def test_the_scale_need_not_be_known(um_per_px: float) -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=um_per_px, margin_px=50)
    assert error_um(find_pose(drawn(truth, w, h), LAYOUT), truth) < 1.5


def test_sixteen_bits_are_as_good_as_eight() -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=5)
    picture = drawn(truth, w, h)
    deep = DrawnPicture(picture.pixels.astype(np.uint16) * 257)
    assert error_um(find_pose(deep, LAYOUT), truth) < 1.0


def test_fiducials_are_not_needed() -> None:
    bare = dataclasses.replace(LAYOUT, fiducials=())
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    found = find_pose(drawn(truth, w, h, bare), LAYOUT)
    assert found.method == "pads"
    assert found.fiducials_px == {}
    assert error_um(found, truth) < 1.5


def test_a_part_of_the_board_is_enough() -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    found = find_pose(drawn(truth, w, round(0.6 * h)), LAYOUT)
    assert 8 < len(found.pad_residual_um) < len(LAYOUT.pads)
    assert error_um(found, truth) < 3.0


def test_pads_that_are_not_as_in_the_layout_are_named() -> None:
    """One pad moved, one wiped out, and dirt over most of the outline of a third: the pose stands, these pads do not."""
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    pads = [dataclasses.replace(p, y_um=p.y_um + 45) if p.id == "L02" else p for p in LAYOUT.pads if p.id != "R07"]
    picture = drawn(truth, w, h, dataclasses.replace(LAYOUT, pads=tuple(pads)))
    x, y = np.round(truth.apply(np.array([LAYOUT.pad["L08"].x_um, LAYOUT.pad["L08"].y_um]))).astype(int)
    cv2.ellipse(picture.pixels, (int(x), int(y) + 30), (150, 40), 0, 0, 360, (70, 60, 50), -1)
    found = find_pose(picture, LAYOUT)
    assert set(found.doubts) == {"L02", "R07", "L08"}
    assert found.doubts["R07"] == "something else lies where the layout has this pad"
    assert set(found.pad_residual_um) == set(LAYOUT.pad) - set(found.doubts)
    assert error_um(found, truth) < 1.5


def test_a_mirrored_board_is_refused_with_a_word() -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    picture = DrawnPicture(np.ascontiguousarray(drawn(truth, w, h).pixels[:, ::-1]))
    with pytest.raises(PoseError, match="mirrored"):
        find_pose(picture, LAYOUT)


def shuffled(seed: int) -> Layout:
    """A board of the same family: the same sizes of pads in another order."""
    rng = np.random.default_rng(seed)
    pads: list[Pad] = []
    for side, x in (("L", 1300.0), ("R", 6700.0)):
        top = 950.0
        for n, pad in enumerate(rng.permutation(np.array([p.h_um for p in LAYOUT.pads if p.id[0] == side])), 1):
            pads.append(Pad(f"{side}{n:02d}", x, top + pad / 2, 1000.0, float(pad)))
            top += pad + 127.0
    return Layout("other", tuple(pads), (), LAYOUT.fiducials)


@pytest.mark.parametrize("seed", range(4))
def test_a_board_of_the_same_family_is_refused(seed: int) -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    with pytest.raises(PoseError):
        find_pose(drawn(truth, w, h, shuffled(seed)), LAYOUT)


def test_pictures_without_a_board_are_refused() -> None:
    rng = np.random.default_rng(1)
    for pixels in (
        np.zeros((400, 600, 3), np.uint8),
        np.full((400, 600, 3), 255, np.uint8),
        rng.integers(0, 256, (400, 600, 3), dtype=np.uint8),
        np.full((1, 1, 3), 7, np.uint8),
    ):
        with pytest.raises(PoseError, match="No board of layout “demo”"):
            find_pose(DrawnPicture(pixels), LAYOUT)


def test_a_larger_residual_than_the_limit_is_refused() -> None:
    """Every second pad was made 12 µm too low: the pads miss the layout by about 6 µm whatever the pose."""
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    pads = [dataclasses.replace(p, y_um=p.y_um + 12 * (n % 2)) for n, p in enumerate(LAYOUT.pads)]
    picture = drawn(truth, w, h, dataclasses.replace(LAYOUT, pads=tuple(pads)))
    assert 4 < find_pose(picture, LAYOUT).residual_um < 10
    with pytest.raises(PoseError, match=r"pads miss the layout by \d µm, more than 4 µm"):
        find_pose(picture, LAYOUT, limit_um=4.0)


def clicks(truth: Affine, names: str, noise_px: float = 0.0) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(3)
    marks = [f for f in LAYOUT.fiducials if f.name in names.split()]
    points = truth.apply(np.array([(f.x_um, f.y_um) for f in marks])) + rng.normal(0, noise_px, (len(marks), 2))
    return {f.name: (float(x), float(y)) for f, (x, y) in zip(marks, points, strict=True)}


@pytest.mark.parametrize("names", ["F1 F4", "F1 F2 F3", "F1 F2 F3 F4"])
def test_clicks_place_the_board_without_a_picture(names: str) -> None:
    truth, _, _ = demo_pose(LAYOUT, turn_deg=93)
    found = pose_from_clicks(LAYOUT, clicks(truth, names))
    assert found.method == "clicks"
    assert error_um(found, truth) < 1e-6


@pytest.mark.parametrize("noise_px", [4.0, 14.0])
def test_clicks_are_refined_on_the_picture(noise_px: float) -> None:
    """A click anywhere near the middle of a fiducial means that fiducial."""
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    picture = drawn(truth, w, h)
    rough = clicks(truth, "F1 F4", noise_px)
    assert error_um(pose_from_clicks(LAYOUT, rough), truth) > 2 * noise_px
    found = pose_from_clicks(LAYOUT, rough, picture)
    assert found.method == "clicks"
    assert error_um(found, truth) < 1.0


def test_pad_corners_can_be_clicked() -> None:
    truth, _, _ = demo_pose(LAYOUT, turn_deg=180)
    first, last = LAYOUT.pad["L01"].corners_um, LAYOUT.pad["R12"].corners_um
    um = {"L01/1": first[0], "L01/2": first[1], "R12/3": last[2]}
    found = pose_from_clicks(LAYOUT, {name: tuple(truth.apply(p)) for name, p in um.items()})
    assert error_um(found, truth) < 1e-6


def test_wrong_clicks_are_refused() -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    good = clicks(truth, "F1 F2 F3 F4")
    bad = {
        "one click": ({"F1": good["F1"]}, "Two clicked points"),
        "an unknown name": ({"F1": good["F1"], "F9": (1.0, 2.0)}, "no fiducial or pad corner F9"),
        "the same place": ({"F1": (5.0, 5.0), "F2": (5.0, 5.0)}, "on top of each other"),
        "not finite": ({"F1": (math.nan, 5.0), "F2": (5.0, 5.0)}, "finite"),
        "swapped": (good | {"F1": good["F2"], "F2": good["F1"]}, "mirrored|stretched"),
        "mirrored": ({"F1": good["F2"], "F2": good["F1"], "F3": good["F4"]}, "As clicked, the board would be mirrored"),
    }
    for given, words in bad.values():
        with pytest.raises(PoseError, match=words):
            pose_from_clicks(LAYOUT, given)
    turned = {"F1": good["F4"], "F4": good["F1"]}  # upside down: only the picture can tell
    with pytest.raises(PoseError):
        pose_from_clicks(LAYOUT, turned, drawn(truth, w, h))


@dataclasses.dataclass(frozen=True)
class ScaledPicture(DrawnPicture):
    scale: Scale = dataclasses.field(default_factory=Scale)


def test_a_known_scale_must_agree_with_the_layout() -> None:
    """A layout in mils fits as well as one in µm, but for the scale that the microscope knows."""
    truth, w, h = demo_pose(LAYOUT, um_per_px=5)
    pixels = drawn(truth, w, h).pixels
    for scale in (Scale(5.05, "keyence", True), Scale(4.9, "typed"), Scale(352.8, "tiff"), Scale()):
        assert error_um(find_pose(ScaledPicture(pixels, scale), LAYOUT), truth) < 1.0
    wrong = ScaledPicture(pixels, Scale(0.2, "keyence", True))
    with pytest.raises(PoseError, match=r"5 µm per pixel, but its scale is 0\.2 .keyence."):
        find_pose(wrong, LAYOUT)
    with pytest.raises(PoseError, match="check the unit"):
        pose_from_clicks(LAYOUT, clicks(truth, "F1 F4"), wrong)


def test_a_layout_of_marks_far_apart_from_its_pads_still_counts_pads() -> None:
    """Fiducials alone never make a pose: the pads decide."""
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    empty = Layout("marks only", (Pad("X", 4000, 3000, 10, 10),), (), LAYOUT.fiducials)
    with pytest.raises(PoseError):
        find_pose(drawn(truth, w, h, dataclasses.replace(empty, name="demo")), LAYOUT)


def test_a_fiducial_that_disagrees_with_all_others_is_not_followed() -> None:
    truth, w, h = demo_pose(LAYOUT, um_per_px=4)
    f1, *rest = LAYOUT.fiducials
    moved = dataclasses.replace(LAYOUT, fiducials=(Fiducial("F1", f1.x_um + 40, f1.y_um, f1.diameter_um), *rest))
    assert error_um(find_pose(drawn(truth, w, h, moved), LAYOUT), truth) < 1.5


BOARDS = [*(f"good{n:02d}" for n in range(1, 6)), *(f"bad{n:02d}" for n in range(1, 4))]


@pytest.mark.parametrize("name", BOARDS)
def test_real_boards_are_found_to_a_micrometre(shared_data: Path, name: str) -> None:
    folder = shared_data / "boards"
    layout = load_layout(folder / "layout.csv")
    numbers = (folder / f"{name}_pose.csv").read_text().splitlines()[1].split(",")[1:]
    truth = Affine.from_rows(np.array(numbers, dtype=np.float64).reshape(2, 3))
    with open_picture(folder / f"{name}.jpg") as picture:
        found = find_pose(picture, layout)
    assert error_um(found, truth, layout) < 1.0
    assert found.method == "fiducials"
    assert len(found.pad_residual_um) == 57
