import json
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from padscope.calibration import calibrated
from padscope.errors import ModelError, OutputError
from padscope.store import artifacts
from padscope.store.artifacts import Model, describe_model, load_model, save_model


def a_model(**changes):
    facts = {
        "detector": "patchcore",
        "detector_version": 1,
        "config": {"k": 1, "backbone": "lite0", "share": 0.1},
        "calibration": calibrated([1.0, 2.0, 3.0], 0.4),
        "preparation": {"tile": 256, "halo": 96, "surround": "mirror"},
        "facts": {"trained_at": "2026-01-01T00:00:00Z", "words": "µ ½", "scores": None},
        "arrays": {
            "bank": np.arange(12, dtype=np.float32).reshape(3, 4),
            "count": np.array(7),
            "none": np.zeros((0, 3)),
        },
    }
    return Model(**{**facts, **changes})


@pytest.fixture
def path(tmp_path):
    return save_model(a_model(), tmp_path / "board.padmodel")


def test_a_model_comes_back_as_it_went(path):
    model, back = a_model(), load_model(path)
    for name in ("detector", "detector_version", "config", "calibration", "preparation", "facts"):
        assert getattr(back, name) == getattr(model, name)
    assert back.arrays.keys() == model.arrays.keys()
    for name, array in model.arrays.items():
        assert back.arrays[name].dtype == array.dtype
        assert back.arrays[name].shape == array.shape
        assert np.array_equal(back.arrays[name], array)
    assert back.sha256 == model.sha256
    assert load_model(path, versions={"patchcore": 1}, expected_sha256=model.sha256).sha256 == model.sha256


kinds = st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_])


@given(hnp.arrays(kinds, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)), st.data())
def test_every_array_survives_also_views_of_others(array, data):
    view = array[::-1].T if array.ndim else array
    model = a_model(arrays={"a": array, "view": view})
    with tempfile.TemporaryDirectory() as folder:
        back = load_model(save_model(model, Path(folder) / "m.padmodel"))
    assert back.sha256 == model.sha256
    for name, a in (("a", array), ("view", view)):
        assert back.arrays[name].dtype == a.dtype
        assert back.arrays[name].tobytes() == a.tobytes()


def test_the_hash_sees_every_part():
    hashes = {
        a_model().sha256,
        a_model(detector="padim").sha256,
        a_model(detector_version=2).sha256,
        a_model(config={}).sha256,
        a_model(calibration=calibrated([1.0, 2.0, 4.0], 0.4)).sha256,
        a_model(preparation={}).sha256,
        a_model(facts={}).sha256,
        a_model(arrays={"bank": np.zeros(2, np.float32)}).sha256,
        a_model(arrays={"bank": np.zeros((2, 1), np.float32)}).sha256,
        a_model(arrays={"bank": np.zeros(2, np.int32)}).sha256,
        a_model(arrays={"bink": np.zeros(2, np.float32)}).sha256,
    }
    assert len(hashes) == 11


def test_a_flipped_bit_is_refused_wherever_it_is(path):
    """In every byte of a small file: safetensors alone loads most of them."""
    data = path.read_bytes()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(ModelError, match=r"board\.padmodel"):
            load_model(path)


def test_every_truncation_is_refused(path):
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"board\.padmodel"):
            load_model(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(ModelError):
        load_model(path)


def test_the_sentence_of_a_changed_array_names_both_hashes(path):
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert a_model().sha256 in str(caught.value)
    assert "hashes to" in str(caught.value)


def test_an_exchanged_model_is_refused(path):
    wanted = a_model().sha256
    save_model(a_model(facts={}), path)
    with pytest.raises(ModelError, match="another model") as caught:
        load_model(path, expected_sha256=wanted)
    assert wanted in str(caught.value)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    safetensors.numpy.save_file({"a": np.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(ModelError, match="not a Padscope model"):
        load_model(path)


@pytest.mark.parametrize("data", [b"{}", b"\x80\x04pickle", bytes(8), b"\xff" * 64, struct.pack("<Q", 2**60) + b"{}"])
def test_a_file_that_is_something_else_is_refused(tmp_path, data):
    path = tmp_path / "x.padmodel"
    path.write_bytes(data)
    for reader in (load_model, describe_model):
        with pytest.raises(ModelError, match="not a Padscope model"):
            reader(path)


def test_a_header_nested_without_end_is_refused(tmp_path):
    path = tmp_path / "x.padmodel"
    header = b"[" * 100_000
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(ModelError, match="not a Padscope model"):
        load_model(path)


def test_empty_absent_and_folder_are_told_apart(tmp_path):
    (tmp_path / "empty.padmodel").touch()
    for reader in (load_model, describe_model):
        with pytest.raises(ModelError, match="empty"):
            reader(tmp_path / "empty.padmodel")
        with pytest.raises(ModelError, match="no model file"):
            reader(tmp_path / "absent.padmodel")
        with pytest.raises(ModelError, match="folder"):
            reader(tmp_path)


def test_other_versions_are_named(path, monkeypatch):
    with pytest.raises(ModelError, match="version 1 of patchcore, this Padscope has version 2"):
        load_model(path, versions={"patchcore": 2})
    with pytest.raises(ModelError, match="does not have"):
        load_model(path, versions={"padim": 1})
    monkeypatch.setattr(artifacts, "SCHEMA", 7)
    save_model(a_model(), path)
    monkeypatch.undo()
    with pytest.raises(ModelError, match=r"schema 7.*newer"):
        load_model(path)
    with pytest.raises(ModelError, match=r"schema 7.*newer"):
        describe_model(path)


def test_a_list_is_made_without_the_arrays(path):
    whole = path.stat().st_size
    summary = describe_model(path)
    assert summary.sha256 == a_model().sha256
    assert summary.size_bytes == whole
    assert summary.model.facts == a_model().facts
    data = path.read_bytes()
    header = struct.unpack("<Q", data[:8])[0]
    path.write_bytes(data[: 8 + header] + b"\xff" * (whole - 8 - header))  # the arrays are never looked at
    assert describe_model(path) == summary


def test_a_failed_write_leaves_the_old_model_and_nothing_else(path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    for broken in ("fsync", "replace"):
        monkeypatch.setattr(artifacts.os, broken, full)
        with pytest.raises(OutputError, match="No space left"):
            save_model(a_model(facts={}), path)
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]
    with pytest.raises(OutputError, match="absent"):
        save_model(a_model(), path.parent / "absent" / "m.padmodel")


def test_numbers_that_are_none_are_not_written(tmp_path):
    with pytest.raises(ValueError):
        save_model(a_model(facts={"auroc": float("nan")}), tmp_path / "m.padmodel")
    assert list(tmp_path.iterdir()) == []


def test_the_file_opens_with_safetensors_alone(path):
    """Nothing of ours is needed to read a model in twenty years."""
    with safetensors.safe_open(path, "numpy") as file:
        assert json.loads(file.metadata()["manifest"])["detector"] == "patchcore"
        assert file.get_tensor("bank").shape == (3, 4)
