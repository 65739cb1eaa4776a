"""A GPU that fails in the middle of a picture: the CPU does it, and says so."""

import numpy as np
import pytest
import torch
from PIL import Image

from padscope.boards.rules import load_rules
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board
from padscope.errors import DeviceError
from padscope.types import finish
from padscope.workflows import inspect as inspecting
from padscope.workflows.inspect import GPU_FAILED, Inspector
from padscope.workflows.train import train_on_boards


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    layout, path = demo_layout(), tmp_path_factory.mktemp("gpu") / "b.png"
    pose, width, height = demo_pose(layout)
    Image.fromarray(draw_board(layout, pose, width, height, seed=1)[0]).save(path, compress_level=1)
    model = finish(train_on_boards([path], layout, detector="blob", false_alarms=0.2))
    return layout, path, model


FAULTS = [torch.OutOfMemoryError("full"), DeviceError("no room"), torch.AcceleratorError("lost")]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: type(f).__name__)
def test_the_cpu_takes_over_and_says_so(board, monkeypatch, fault) -> None:
    layout, path, model = board
    inspector = Inspector(model, layout, load_rules(), device="cpu")
    whole, asked = inspecting.pad_level, []

    def failing(ready, *arguments):
        asked.append(inspector.device)
        if inspector.device == "cuda":
            raise fault
        return (yield from whole(ready, *arguments))

    monkeypatch.setattr(inspecting, "pad_level", failing)
    inspector.device = "cuda"  # as if there were one
    found = finish(inspector.inspect(path))
    assert asked == ["cuda", "cpu"]
    assert GPU_FAILED in found.pad_map.notes
    assert "the GPU failed" in found.device
    assert inspector.device == "cpu", "it stays with the CPU"
    assert np.isfinite(found.level).any()


def test_where_the_cpu_fails_nobody_takes_over(board, monkeypatch) -> None:
    layout, path, model = board
    inspector = Inspector(model, layout, load_rules(), device="cpu")
    monkeypatch.setattr(inspecting, "pad_level", lambda *_: (_ for _ in ()).throw(DeviceError("no room")))
    with pytest.raises(DeviceError):
        finish(inspector.inspect(path))
