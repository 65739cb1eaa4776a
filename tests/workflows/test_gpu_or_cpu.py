"""A GPU that fails while a model is trained, measured or compared: the CPU goes on, and a person reads that it did."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from padscope.cli import main
from padscope.detectors.blob import Blob
from padscope.errors import DeviceError, InputError
from padscope.nets import devices
from padscope.store.artifacts import load_model
from padscope.types import Tiles, finish
from padscope.workflows.compare import compare_on_tiles, entrant
from padscope.workflows.evaluate import evaluate_on_tiles
from padscope.workflows.gpu_or_cpu import GPU_FAILED
from padscope.workflows.scoring import heat_of
from padscope.workflows.train import train_on_tiles

FAULTS = [
    torch.OutOfMemoryError("full"),
    DeviceError("no room"),
    torch.AcceleratorError("lost"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
]


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    root, draw = tmp_path_factory.mktemp("set"), np.random.default_rng(0)
    for place, count, bad in (("train/good", 12, False), ("test/good", 3, False), ("test/spot", 3, True)):
        (root / place).mkdir(parents=True)
        for k in range(count):
            picture = draw.normal(128, 4, (96, 96)).clip(0, 255).astype(np.uint8)
            mask = np.zeros_like(picture)
            if bad:
                mask[40:56, 40:56] = 255
                (root / "ground_truth/spot").mkdir(parents=True, exist_ok=True)
                Image.fromarray(mask).save(root / f"ground_truth/spot/{k}_mask.png")
            Image.fromarray(np.where(mask > 0, 10, picture).astype(np.uint8)).save(root / place / f"{k}.png")
    return root


@pytest.fixture
def gpu(monkeypatch):
    """A "GPU" that works until `asked` counts to `until` and then raises `fault`, again and again."""

    class Gpu:
        fault, until, asked, devices_ = FAULTS[0], 0, 0, []

        def ask(self, device):
            self.devices_.append(device)
            if device == "cuda":
                self.asked += 1
                if self.asked > self.until:
                    raise self.fault

    own = Gpu()
    own.devices_ = []
    fit, opened = Blob.fit.__func__, Blob.from_arrays.__func__

    def fitted(cls, config, source, *, seed, device):
        found = yield from fit(cls, config, source, seed=seed, device="cpu")
        own.ask(device)
        return found

    def from_arrays(cls, config, arrays, *, device):
        own.ask(device)
        return opened(cls, config, arrays, device="cpu")

    monkeypatch.setattr(Blob, "fit", classmethod(fitted))
    monkeypatch.setattr(Blob, "from_arrays", classmethod(from_arrays))
    monkeypatch.setattr(devices, "chosen", lambda wanted="auto": "cpu" if wanted == "cpu" else "cuda")
    return own


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: type(f).__name__)
def test_training_goes_on_from_the_last_whole_fold(tiles, gpu, fault) -> None:
    gpu.fault, gpu.until = fault, 2
    ended = []

    def work():
        ended.append((yield from train_on_tiles(tiles, detector="blob", input_px=96)))

    told = [step.stage for step in work()]
    assert gpu.devices_ == ["cuda", "cuda", "cuda", "cpu", "cpu", "cpu"], "two folds were kept, the third is done again"
    assert sum("the CPU goes on" in stage for stage in told) == 1
    plain = finish(train_on_tiles(tiles, detector="blob", device="cpu", input_px=96))
    assert (ended[0].facts["notes"], plain.facts["notes"]) == ([GPU_FAILED], [])
    assert ended[0].calibration == plain.calibration


def test_what_is_no_fault_of_a_gpu_ends_the_training(tiles, gpu) -> None:
    gpu.fault = ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        finish(train_on_tiles(tiles, detector="blob", input_px=96))
    gpu.fault = RuntimeError("shapes do not match")
    with pytest.raises(RuntimeError, match="shapes"):
        finish(train_on_tiles(tiles, detector="blob", input_px=96))


def test_the_cpu_has_nobody_behind_it(tiles, gpu, monkeypatch) -> None:
    def failing(cls, config, source, *, seed, device):
        yield from ()
        raise DeviceError("no room")

    monkeypatch.setattr(Blob, "fit", classmethod(failing))
    with pytest.raises(InputError, match="no room"):
        finish(train_on_tiles(tiles, detector="blob", input_px=96))


def test_a_measurement_is_the_same_and_says_so(tiles, gpu, monkeypatch) -> None:
    model = finish(train_on_tiles(tiles, detector="blob", device="cpu", input_px=96))
    plain = finish(evaluate_on_tiles(model, tiles, device="cpu"))
    gpu.until, score, scored = 99, Blob.score, []

    def failing(self, some):
        scored.append(some.names)
        if len(scored) == 3:
            raise torch.AcceleratorError("lost")
        return score(self, some)

    monkeypatch.setattr(Blob, "score", failing)
    found = finish(evaluate_on_tiles(model, tiles))
    assert (plain["notes"], found["notes"]) == ([], [GPU_FAILED])
    assert (found["image"], found["pixel"]) == (plain["image"], plain["pixel"])
    assert len(scored) == 7, "one of six pictures twice"


def test_a_comparison_ends_and_says_which_run_it_was(tiles, gpu) -> None:
    gpu.until = 99
    whole = finish(compare_on_tiles(tiles, [entrant("blob")]))
    assert whole[0].notes == ()
    gpu.until, gpu.asked = 1, 0
    found = finish(compare_on_tiles(tiles, [entrant("blob")]))
    assert (found[0].notes, found[0].failed, found[0].result["image"]) == (
        (GPU_FAILED,), "", whole[0].result["image"]
    )  # fmt: skip


def test_the_command_lines_say_it_aloud(tiles, gpu, tmp_path, capsys) -> None:
    file = tmp_path / "m.padmodel"
    assert main(["train", "--tiles", str(tiles), "--detector", "blob", "--input-px", "96", "--model", str(file)]) == 0
    assert GPU_FAILED in capsys.readouterr().err
    assert load_model(file).facts["notes"] == [GPU_FAILED]
    assert main(["evaluate", "--model", str(file), "--tiles", str(tiles), "--json"]) == 0
    out, err = capsys.readouterr()
    assert GPU_FAILED in err
    assert json.loads(out)["notes"] == [GPU_FAILED]
    again = tmp_path / "again.padmodel"
    assert main(["calibrate", "--model", str(file), "--tiles", str(tiles), "--out", str(again)]) == 0
    assert GPU_FAILED in capsys.readouterr().err
    assert load_model(again).facts["notes"] == [GPU_FAILED, GPU_FAILED]
    assert main(["compare", "--tiles", str(tiles), "--detectors", "blob"]) == 0
    assert f"blob, seed 0: {GPU_FAILED}" in capsys.readouterr().err


def test_a_full_memory_halves_the_tiles_that_are_scored_together() -> None:
    class Small:
        sizes: list[int] = []  # noqa: RUF012

        def score(self, tiles):
            self.sizes.append(len(tiles))
            if len(tiles) > 2:
                raise torch.OutOfMemoryError("full")
            return tiles.pixels.mean(axis=(1, 2, 3))[:, None, None]

    pixels = np.random.default_rng(0).random((5, 3, 16, 16), dtype=np.float32)
    tiles = Tiles(pixels, np.ones((5, 16, 16), dtype=bool), tuple("abcde"), np.zeros((5, 2, 16, 16), np.float32))
    assert np.array_equal(heat_of(Small(), tiles)[:, 0, 0], pixels.mean(axis=(1, 2, 3)))
    assert Small.sizes == [5, 2, 3, 1, 2]
