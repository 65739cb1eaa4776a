"""What the head learns from, how much of it, and how it travels."""

import numpy as np
import pytest
import torch

from drawn_metal import metal, split, with_pit
from padscope.configs import PatchcoreConfig
from padscope.detectors import blemish_head
from padscope.detectors.blemish_head import Lessons, head_arrays, head_logits, head_of_arrays, with_surroundings
from padscope.detectors.cells import embedded, rows_of
from padscope.detectors.patchcore import Patchcore
from padscope.errors import ModelError
from padscope.nets.backbone import load_backbone
from padscope.nets.cell_head import CellHead
from padscope.tiling import cells_inside
from padscope.types import Progress, Tiles, finish

BACKBONE = load_backbone((1, 2, 3))
STEP = Progress(1, 1, "embeddings")


def lessons(tiles: Tiles, *, drawings: int, batch: int = 4, seed: int = 0) -> tuple[Lessons, int]:
    """Lessons from these tiles, and how many batches of drawings were told of."""
    found = Lessons(BACKBONE, 3, drawings=drawings, tiles=len(tiles), seed=seed)
    told = 0
    for part in split(tiles, *[batch] * (len(tiles) // batch)):
        grid, inside = embedded(BACKBONE, part, 3)
        told += len(list(found.add(part, grid, inside, STEP)))
    return found, told


@pytest.mark.parametrize(("drawings", "expected"), [(0, 0), (3, 2), (8, 2), (20, 6), (10_000, 12)])
def test_as_many_drawings_as_are_asked_for_but_few_of_each_tile(drawings: int, expected: int) -> None:
    assert lessons(metal(8, seed=1), drawings=drawings)[1] == expected


def test_the_head_knows_blemishes_it_has_not_seen() -> None:
    head = finish(lessons(metal(16, seed=1), drawings=64)[0].head())
    assert head is not None
    seen = with_pit(metal(4, seed=2), row=32, column=32)
    grid, _ = embedded(BACKBONE, seen, 3)
    logits = head(with_surroundings(grid).permute(0, 2, 3, 1).reshape(-1, 352)).reshape(4, 8, 8)
    assert (logits[:, 3:5, 3:5].amax(dim=(1, 2)) > logits[:, 1, 1:7].amax(dim=1) + 1).all()


def test_without_drawings_or_metal_there_is_no_head() -> None:
    assert finish(lessons(metal(4, seed=1), drawings=0)[0].head()) is None
    tiles = metal(4, seed=1)
    nothing = Tiles(tiles.pixels, np.zeros_like(tiles.inside), tiles.names)
    assert finish(lessons(nothing, drawings=4)[0].head()) is None


def test_memory_does_not_grow_with_the_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blemish_head, "SOUND_ROWS", 50)
    monkeypatch.setattr(blemish_head, "BLEMISHED_ROWS", 20)
    found, _ = lessons(metal(12, seed=1), drawings=12)
    assert finish(found.head()) is not None
    assert len(found._sound.rows()) == 50
    assert len(found._blemished.rows()) <= 20


def test_heat_is_the_distance_weighed_by_the_head() -> None:
    """The head weighs the distance by e to the weight · logit, within its bounds."""
    config = PatchcoreConfig(bank_size=128, blur=0, beyond_radius=False, blemishes=12, by_place=False, head_weight=0.1)
    fitted = finish(Patchcore.fit(config, split(metal(6, seed=1), 6), seed=0, device="cpu"))
    tiles = with_pit(metal(2, seed=2), row=32, column=32)
    grid, inside = embedded(BACKBONE, tiles, 3)
    distance = fitted.neighbors.nearest(rows_of(grid[:, 24:], inside))[0][:, 0]
    assert fitted.head is not None
    logit = fitted.head(rows_of(with_surroundings(grid), inside)).clamp(0, 30)
    expected = (distance * torch.exp(0.1 * logit)).numpy()
    assert fitted.score(tiles)[cells_inside(tiles.inside)] == pytest.approx(expected, rel=1e-5)
    assert logit.max() > 1


def test_a_head_comes_back_from_its_arrays() -> None:
    rows = torch.randn(5, 8)
    weights = tuple(torch.randn(s) for s in [(128, 8), (128,), (128, 128), (128,), (1, 128), (1,)])
    head = CellHead(torch.randn(8), torch.rand(8) + 1, weights)
    back = head_of_arrays(head_arrays(head), 8, "cpu")
    assert back is not None
    assert torch.equal(back(rows), head(rows))
    assert head_of_arrays(head_arrays(None), 8, "cpu") is None


@pytest.mark.parametrize("broken", ["missing", "shape", "nan"])
def test_a_head_that_cannot_be_is_refused(broken: str) -> None:
    weights = tuple(torch.randn(s) for s in [(128, 8), (128,), (128, 128), (128,), (1, 128), (1,)])
    arrays = head_arrays(CellHead(torch.randn(8), torch.rand(8), weights))
    if broken == "missing":
        del arrays["head_2"]
    elif broken == "shape":
        arrays["head_0"] = np.zeros((128, 9), np.float32)
    else:
        arrays["head_5"] = np.full(1, np.nan, np.float32)
    with pytest.raises(ModelError, match="train it again"):
        head_of_arrays(arrays, 8, "cpu")


@pytest.mark.parametrize(("height", "width"), [(7, 12), (24, 24)])
def test_the_fast_logits_are_those_of_the_written_out_formula(height: int, width: int) -> None:
    draw = torch.Generator().manual_seed(height)
    shapes = [(16, 20), (16,), (16, 16), (16,), (1, 16), (1,)]
    weights = tuple(torch.randn(s, generator=draw) / 4 for s in shapes)
    head = CellHead(torch.randn(20, generator=draw) * 3, torch.rand(20, generator=draw) + 0.2, weights)
    grid = torch.randn(2, 10, height, width, generator=draw) + 1
    where = np.random.default_rng(0).random((2, height, width)) < 0.7
    w0, b0, w1, b1, w2, b2 = (w.double() for w in weights)
    rows = (rows_of(with_surroundings(grid), where).double() - head.mean) / head.deviation
    slow = (torch.relu(torch.relu(rows @ w0.T + b0) @ w1.T + b1) @ w2.T + b2)[:, 0]
    assert torch.allclose(head_logits(head, grid, where).double(), slow, rtol=1e-5, atol=1e-5 * float(slow.abs().max()))
    assert torch.allclose(head(rows_of(with_surroundings(grid), where)).double(), slow, rtol=1e-5, atol=1e-4)
