"""A layout learned from one picture: measured against the board that was drawn, and against the project's own pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from padscope.boards.layout import Layout
from padscope.boards.layout_files import load_layout
from padscope.boards.learn import Learned, learned_layout
from padscope.boards.pose import find_pose
from padscope.datasets.drawn_board import DrawnPicture, demo_layout, demo_pose, draw_board, random_blemishes
from padscope.errors import LayoutError
from padscope.pictures.picture import open_picture
from padscope.types import Affine
from torture_boards import edge_layout


def drawn(layout: Layout, turn_deg: float = 1.3, blemished: float = 0.0) -> tuple[DrawnPicture, Affine]:
    pose, width, height = demo_pose(layout, 5.0, turn_deg)
    pixels, _ = draw_board(layout, pose, width, height, seed=3, defects=random_blemishes(layout, blemished, 5))
    return DrawnPicture(pixels), pose


def nearest_pads(learned: Learned, layout: Layout, truth: Affine) -> tuple[list[str], float]:
    """For every pad of the drawn board the learned one that lies there, and how far the corners are off at most, µm."""
    mine = {p.id: learned.um_to_px.apply(p.corners_um) for p in learned.layout.pads}
    ids, off = [], 0.0
    for pad in layout.pads:
        corners = truth.apply(pad.corners_um)
        distances = {id: float(np.hypot(*(c - corners).T).max()) for id, c in mine.items()}
        ids.append(min(distances, key=lambda id: distances[id]))
        off = max(off, distances[ids[-1]])
    return ids, off / truth.scale


@pytest.mark.parametrize("turn_deg", [0.0, -2.0])
def test_the_drawn_board_is_learned_pad_by_pad(turn_deg: float) -> None:
    layout = demo_layout()
    picture, truth = drawn(layout, turn_deg)
    learned = learned_layout(picture, "demo", um_per_px=1 / truth.scale)
    ids, off = nearest_pads(learned, layout, truth)
    assert ids == [p.id for p in learned.layout.pads]  # all of them, in the order of their names
    assert [(p.id[0], int(p.id[1:])) for p in learned.layout.pads] == [(p.id[0], int(p.id[1:])) for p in layout.pads]
    assert off < 4.0
    assert len(learned.layout.fiducials) == 4
    assert min(learned.confidence.values()) > 0.8


def test_pads_on_four_edges_are_named_by_their_edge() -> None:
    layout = edge_layout(np.random.default_rng(8))  # one where no component is drawn on a pad
    assert {p.id[0] for p in layout.pads} == set("LRTB")
    picture, truth = drawn(layout)
    learned = learned_layout(picture, um_per_px=1 / truth.scale)
    ids, off = nearest_pads(learned, layout, truth)
    assert [id[0] for id in ids] == [p.id[0] for p in layout.pads]
    assert off < 4.0


def test_blemished_pads_are_still_pads() -> None:
    layout = demo_layout()
    picture, truth = drawn(layout, blemished=0.4)
    ids, off = nearest_pads(learned_layout(picture, um_per_px=1 / truth.scale), layout, truth)
    assert len(set(ids)) == len(layout.pads)
    assert off < 6.0


def test_what_is_learned_from_one_real_picture_finds_the_board_in_another(shared_data: Path) -> None:
    truth = load_layout(shared_data / "boards" / "layout.csv")
    with open_picture(shared_data / "boards" / "bad01.jpg", um_per_px=2.5) as picture:
        learned = learned_layout(picture).layout
    assert [p.id for p in learned.pads] == [p.id for p in truth.pads]
    assert len(learned.wires) == len(truth.wires)
    for mine, real in zip(
        learned.pads, truth.pads, strict=True
    ):  # to half a per cent: the pictures are scaled a little
        assert (mine.w_um, mine.h_um) == pytest.approx((real.w_um, real.h_um), rel=0.005, abs=3.0)
    with open_picture(shared_data / "boards" / "good01.jpg", um_per_px=2.5) as other:
        pose = find_pose(other, learned)
    assert len(pose.pad_residual_um) == 57
    assert pose.residual_um < 3.0


def test_without_a_scale_or_without_pads_it_says_what_is_missing() -> None:
    nothing = DrawnPicture(np.full((300, 400, 3), 90, np.uint8))
    with pytest.raises(LayoutError, match="type the scale"):
        learned_layout(nothing)
    with pytest.raises(LayoutError, match="No pads were seen"):
        learned_layout(nothing, um_per_px=2.5)
