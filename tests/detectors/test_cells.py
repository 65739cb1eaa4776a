"""Cells that hold metal: their rows, their order, their places."""

import dataclasses

import numpy as np
import pytest
import torch

from drawn_metal import metal
from padscope.detectors.cells import embedded, place_bins, place_of_cells, rows_of
from padscope.nets.backbone import load_backbone
from padscope.tiling import cells_inside


def test_rows_follow_the_mask_and_carry_all_levels() -> None:
    tiles = metal(2, seed=1, height=48, width=64)
    tiles.inside[:, 16:24] = False
    grid, inside = embedded(load_backbone((1, 2, 3)), tiles, 3)
    assert grid.shape == (2, 24 + 40 + 112, 6, 8)
    assert not inside[:, 2].any()
    rows = rows_of(grid, inside)
    n, i, j = (x[13] for x in np.nonzero(inside))
    assert torch.equal(rows[13], grid[n, :, i, j])
    assert len(rows) == inside.sum()


def test_places_are_means_over_the_metal_of_a_cell() -> None:
    tiles = metal(1, seed=1, height=32, width=32)
    places = np.zeros((1, 2, 32, 32), dtype=np.float32)
    places[0, 0] = np.arange(32) / 32
    inside = np.ones((1, 32, 32), dtype=bool)
    inside[0, :8, :4] = False
    found = place_of_cells(dataclasses.replace(tiles, places=places, inside=inside), cells_inside(inside))
    assert found.shape == (16, 2)
    assert found[0, 0] == pytest.approx(np.mean([4, 5, 6, 7]) / 32)
    assert found[1, 0] == pytest.approx(np.mean(range(8, 16)) / 32)


def test_without_places_the_metal_of_a_tile_spans_from_edge_to_edge() -> None:
    inside = np.zeros((1, 4, 6), dtype=bool)
    inside[0, 1:3, 2:6] = True
    tiles = dataclasses.replace(metal(1, seed=1, height=32, width=48), places=None)
    found = place_of_cells(tiles, inside)
    assert found[:4, 0].tolist() == pytest.approx([0.125, 0.375, 0.625, 0.875])
    assert sorted(set(found[:, 1].tolist())) == pytest.approx([0.25, 0.75])


def test_bins_hold_their_edges() -> None:
    places = np.array([[0, 0], [1, 1], [0.5, 0.49]], dtype=np.float32)
    assert place_bins(places, 4, 2).tolist() == [0, 7, 4]
