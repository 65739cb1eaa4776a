"""Whatever is wrong with the input: one clear sentence, exit status 1 or 2, and nothing left behind."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from padscope.cli import main
from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board


@pytest.fixture
def assert_refused(capsys) -> Callable[[int, str, list], str]:
    """Runs a command that must fail; returns its sentence."""

    def run(status: int, words: str, arguments: list) -> str:
        capsys.readouterr()
        assert main([str(a) for a in arguments]) == status
        out, err = capsys.readouterr()
        sentence = err.strip().splitlines()[-1]
        assert out == "", "nothing but results goes to stdout"
        assert "Traceback" not in err
        assert sentence.startswith("padscope: ")
        assert sentence.rstrip().endswith((".", "?"))
        assert words.lower() in sentence.lower(), sentence
        return sentence

    return run


def inspect(bench, out: Path, *, picture=None, layout=None, model=None) -> list:
    return [
        *("inspect", picture or bench.blemished, "--layout", layout or bench.layout_file),
        *("--model", model or bench.model, "--out", out),
    ]


def truncated(path: Path, target: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


BAD_PICTURES = {
    "not a picture": lambda bench, d: _written(d / "notes.jpg", b"Dear colleagues, the board is ready."),
    "zero bytes": lambda bench, d: _written(d / "empty.png", b""),
    "truncated png": lambda bench, d: truncated(bench.blemished, d / "half.png"),
    "truncated jpeg": lambda bench, d: truncated(_jpeg(bench.blemished, d / "whole.jpg"), d / "half.jpg"),
    "absent": lambda bench, d: d / "nowhere.jpg",
    "folder": lambda bench, d: _folder(d / "folder.jpg"),
}


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _jpeg(png: Path, target: Path) -> Path:
    Image.open(png).save(target, quality=90)
    return target


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_a_bad_picture_is_refused_by_name(kind, bench, tmp_path, assert_refused) -> None:
    picture = BAD_PICTURES[kind](bench, tmp_path)
    out = tmp_path / "out"
    assert_refused(1, picture.name, inspect(bench, out, picture=picture))
    assert not list(out.rglob("*"))
    assert_refused(1, picture.name, ["info", picture])


def test_a_wrong_suffix_is_no_reason_to_refuse_a_good_picture(bench, tmp_path) -> None:
    picture = tmp_path / "really_a_png.jpg"
    shutil.copy(bench.blemished, picture)
    assert main([str(a) for a in inspect(bench, tmp_path / "out", picture=picture)]) == 0


def test_a_picture_without_read_permission_is_refused(bench, tmp_path, assert_refused, monkeypatch) -> None:
    """The tests may run as root, whom no permission stops: the refusal comes from the system call."""
    picture = tmp_path / "locked.png"
    shutil.copy(bench.blemished, picture)
    opened = Path.open

    def locked(self, *args, **kwargs):
        if self == picture:
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", locked)
    monkeypatch.setattr(
        "builtins.open",
        lambda file, *a, **k: (
            locked(Path(file), *a, **k) if Path(str(file)) == picture else opened(Path(file), *a, **k)
        ),
    )
    assert_refused(1, picture.name, inspect(bench, tmp_path / "out", picture=picture))


LAYOUTS = {
    "overlap": ("pad,x_um,y_um,w_um,h_um,wires\nA,0,0,100,100,1\nB,50,50,100,100,1\n", "overlap"),
    "zero size": ("pad,x_um,y_um,w_um,h_um,wires\nA,0,0,0,100,1\n", "A"),
    "duplicate": ("pad,x_um,y_um,w_um,h_um,wires\nA,0,0,100,100,1\nA,500,0,100,100,1\n", "A"),
    "missing column": ("pad,x_um,y_um,w_um\nA,0,0,100\n", "h_um"),
    "decimal comma": ('pad,x_um,y_um,w_um,h_um,wires\nA,"0,5",0,100,100,1\n', "comma"),
    "empty": ("", "layout.csv"),
    "no pads": ("pad,x_um,y_um,w_um,h_um,wires\n", "pad"),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_bad_layout_is_refused(kind, bench, tmp_path, assert_refused) -> None:
    text, words = LAYOUTS[kind]
    layout = tmp_path / "layout.csv"
    layout.write_text(text, encoding="utf-8")
    assert_refused(1, words, inspect(bench, tmp_path / "out", layout=layout))
    assert not (tmp_path / "out").exists()


def test_a_picture_of_no_board_is_refused(bench, tmp_path, assert_refused) -> None:
    picture = tmp_path / "carpet.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8)).save(picture)
    out = tmp_path / "out"
    assert_refused(1, "carpet.png", inspect(bench, out, picture=picture))
    assert not list(out.rglob("*"))


def test_a_picture_of_another_board_is_refused(bench, tmp_path, assert_refused) -> None:
    other = demo_layout()
    pads = tuple(p for i, p in enumerate(other.pads) if i % 3)
    other = type(other)("other", pads, tuple(w for w in other.wires if w.pad in {p.id for p in pads}), other.fiducials)
    pose, width, height = demo_pose(other)
    picture = tmp_path / "other.png"
    Image.fromarray(draw_board(other, pose, width, height, seed=0)[0]).save(picture)
    assert_refused(1, "other.png", inspect(bench, tmp_path / "out", picture=picture))


def test_a_good_picture_beside_a_bad_one_is_still_inspected(bench, tmp_path, capsys) -> None:
    bad = _written(tmp_path / "notes.jpg", b"no picture")
    command = inspect(bench, tmp_path / "out")
    command.insert(1, bad)
    assert main([str(a) for a in command]) == 1
    assert "notes.jpg" in capsys.readouterr().err
    assert (tmp_path / "out" / "blemished.padmap.json").is_file()


def flipped(path: Path, target: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    target.write_bytes(data)
    return target


def _foreign(path: Path) -> Path:
    save_file({"weights": np.zeros(3, dtype=np.float32)}, path)
    return path


BAD_MODELS = {
    "damaged": lambda bench, d: flipped(bench.model, d / "m.padmodel"),
    "truncated": lambda bench, d: truncated(bench.model, d / "m.padmodel", 0.9),
    "zero bytes": lambda bench, d: _written(d / "m.padmodel", b""),
    "not a model": lambda bench, d: _foreign(d / "m.padmodel"),
    "a picture": lambda bench, d: bench.blemished,
    "absent": lambda bench, d: d / "m.padmodel",
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_a_bad_model_is_refused_by_name(kind, bench, tmp_path, assert_refused) -> None:
    model = BAD_MODELS[kind](bench, tmp_path)
    assert_refused(1, model.name, inspect(bench, tmp_path / "out", model=model))
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_detector_version_is_refused(bench, tmp_path, assert_refused) -> None:
    from dataclasses import replace

    from padscope.store.artifacts import load_model, save_model

    model = load_model(bench.model)
    newer = save_model(replace(model, detector_version=model.detector_version + 1), tmp_path / "newer.padmodel")
    assert_refused(1, "version", inspect(bench, tmp_path / "out", model=newer))


def test_an_output_that_is_a_file_is_refused(bench, tmp_path, assert_refused) -> None:
    out = _written(tmp_path / "out", b"I am a file.")
    assert_refused(1, "out", inspect(bench, out))
    assert out.read_bytes() == b"I am a file."


def test_a_full_disk_leaves_nothing_half_written(bench, tmp_path, assert_refused, monkeypatch) -> None:
    def full(source, target):
        raise OSError(28, "No space left on device", str(target))

    out = tmp_path / "out"
    monkeypatch.setattr("os.replace", full)
    assert_refused(1, "space", inspect(bench, out))
    assert not list(out.rglob("*.*"))


def test_a_model_that_cannot_be_written_is_refused(bench, tmp_path, assert_refused, monkeypatch) -> None:
    train = ["train", "--detector", "blob", "--layout", bench.layout_file, "--pictures", *bench.sound]
    monkeypatch.setattr("padscope.workflows.train.find_pose", None)  # refused before any work is done for it
    assert_refused(1, "nowhere", [*train, "--model", tmp_path / "nowhere" / "m.padmodel"])
    assert_refused(1, "folder", [*train, "--model", tmp_path])


WRONG_USAGE = {
    "unknown option": (["info", "x.png", "--colour"], "--colour"),
    "unknown command": (["polish"], "polish"),
    "no command": ([], "COMMAND"),
    "abbreviated option": (["demo", "--head"], "--head"),
    "unknown detector": (["train", "--detector", "oracle", "--model", "m", "--tiles", "t"], "oracle"),
    "no data": (["train", "--detector", "blob", "--model", "m"], "--tiles"),
    "both kinds of data": (["train", "--detector", "blob", "--model", "m", "--tiles", "t", "--layout", "l"], "--tiles"),
    "unknown setting": (["train", "--detector", "blob", "--model", "m", "--tiles", "t", "--set", "wings=2"], "wings"),
    "a setting without value": (
        ["train", "--detector", "blob", "--model", "m", "--tiles", "t", "--set", "wings"],
        "key=value",
    ),
    "unknown device": (["train", "--detector", "blob", "--model", "m", "--tiles", "t", "--device", "abacus"], "abacus"),
    "a scale of zero": (["info", "x.png", "--um-per-px", "0"], "above 0"),
    "a share above one": (
        ["train", "--detector", "blob", "--model", "m", "--tiles", "t", "--false-alarms", "2"],
        "share",
    ),
    "two outputs of one name": (
        ["inspect", "a/x.png", "b/x.jpg", "--layout", "l", "--model", "m", "--out", "o"],
        "x.padmap",
    ),
}


@pytest.mark.parametrize("kind", WRONG_USAGE)
def test_wrong_usage_has_status_two(kind, assert_refused) -> None:
    arguments, words = WRONG_USAGE[kind]
    assert_refused(2, words, arguments)


def test_unknown_rules_are_refused(bench, tmp_path, assert_refused) -> None:
    assert_refused(1, "lenient", [*inspect(bench, tmp_path / "out"), "--rules", "lenient"])
