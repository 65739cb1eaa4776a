"""Pads a picture does not show well enough are named, with why; good ones never are."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from padscope.boards.doubts import Doubt, edge_width, in_255, pad_sights
from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_files import load_layout
from padscope.boards.rules import PictureRules, load_rules
from padscope.pictures.picture import open_picture
from padscope.types import Affine, Box

PADS = tuple(Pad(f"P{k}", 500.0, 200.0 + 300.0 * k, 600.0, 127.0 if k else 200.0, 3.0 * k) for k in range(3))
LAYOUT = Layout("three", PADS, ())
POSE = Affine(0.4, 0.0, 20.0, 0.0, 0.4, 20.0)
LIMITS = PictureRules()


class Drawn:
    """A picture in memory."""

    def __init__(self, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        self.pixels = pixels
        self.height, self.width = pixels.shape[:2]

    def read(self, box: Box, step: int = 1) -> NDArray[np.uint8] | NDArray[np.uint16]:
        assert box.clipped(self.width, self.height) == box
        return self.pixels[box.slices][::step, ::step]


def board(blur_px: float = 0.0) -> NDArray[np.uint8]:
    """Brushed metal on green, edges half a pixel soft, with the camera's noise on top."""
    rng = np.random.default_rng(7)
    picture = np.full((420, 440, 3), (30, 90, 50), np.float32)
    metal = np.array([215.0, 175.0, 90.0]) + rng.normal(0, 12, (420, 1, 1)) + rng.normal(0, 5, (420, 440, 1))
    for pad in PADS:
        shape = np.zeros((420, 440), np.uint8)
        cv2.fillPoly(shape, [np.rint(POSE.apply(pad.corners_um) * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
        picture += (metal - picture) * (shape[..., None] / 255.0)
    if blur_px:
        picture = cv2.GaussianBlur(picture, (0, 0), blur_px)
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def doubts(pixels: NDArray[np.uint8] | NDArray[np.uint16], pose: Affine = POSE) -> dict[str, Doubt]:
    sights = pad_sights(Drawn(pixels), LAYOUT, pose, LIMITS)
    return {pad: s.doubt for pad, s in sights.items() if s.doubt is not None}


def test_a_good_picture_raises_no_doubts() -> None:
    assert doubts(board()) == {}
    assert doubts(board(1.0)) == {}
    assert doubts(board().astype(np.uint16) * 257) == {}
    assert doubts(cv2.cvtColor(cv2.cvtColor(board(), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)) == {}
    assert doubts(board(), Affine(0.4, 0.0, 23.0, 0.0, 0.4, 18.0)) == {}  # a pose that is 9 µm off


@pytest.mark.parametrize("blur_px", [3.0, 5.0, 9.0])
def test_a_blurred_picture_is_doubted_everywhere(blur_px: float) -> None:
    found = doubts(board(blur_px))
    assert set(found) == {"P0", "P1", "P2"}
    assert all(d.words.startswith("blurred, its edges are") and not d.where for d in found.values())


def test_one_pad_out_of_focus_is_doubted_alone() -> None:
    pixels = board()
    pixels[160:280] = cv2.GaussianBlur(pixels, (0, 0), 4.0)[160:280]
    assert set(doubts(pixels)) == {"P1"}


def test_a_reflection_is_doubted_and_a_bright_pad_is_not() -> None:
    pixels = board()
    pixels[92:104, 150:200] = 255  # on P0: white in every colour
    pixels[..., 0] = np.where(
        pixels[..., 0] > 100, 255, pixels[..., 0]
    )  # red alone at its limit: gold under a bright lamp
    found = doubts(pixels)
    assert set(found) == {"P0"}
    assert found["P0"].words.startswith("glaring, ")
    assert found["P0"].where == (Box(150, 92, 200, 104),)


def test_a_pad_in_the_dark_is_doubted() -> None:
    pixels = board()
    pixels[290:390] = (pixels[290:390] * 0.02).astype(np.uint8)
    assert doubts(pixels)["P2"].words.startswith("too dark, ")


def test_a_pad_as_dark_as_its_surroundings_says_nothing_about_focus() -> None:
    flat = np.full((420, 440, 3), 120, np.uint8)
    assert edge_width(in_255(flat), POSE.apply(PADS[0].corners_um), 14.0) is None
    assert doubts(flat) == {}


def test_pads_outside_the_picture_are_left_to_the_coverage() -> None:
    assert doubts(board(), Affine(0.4, 0.0, 9000.0, 0.0, 0.4, 20.0)) == {}


def test_an_edge_is_as_wide_as_it_was_blurred() -> None:
    widths = [edge_width(in_255(board(blur)), POSE.apply(PADS[0].corners_um), 14.0) or 0.0 for blur in (1.0, 2.0, 3.0)]
    # a step blurred by sigma has a slope of 1 / (sigma sqrt(2 pi))
    assert widths == pytest.approx([2.5, 5.0, 7.5], rel=0.25)


def test_no_pad_of_the_real_boards_is_doubted(shared_data: Path) -> None:
    folder = shared_data / "boards"
    layout, limits = load_layout(folder / "layout.csv"), load_rules().picture
    for name in ("good03", "bad01"):
        with (folder / f"{name}_pose.csv").open(newline="") as file:
            pose = Affine(*(float(v) for v in list(csv.reader(file))[1][1:]))
        with open_picture(folder / f"{name}.jpg") as picture:
            sights = pad_sights(picture, layout, pose, limits)
            assert len(sights) == len(layout.pads)
            assert {pad for pad, sight in sights.items() if sight.doubt is not None} == set()
