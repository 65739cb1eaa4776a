"""`weights` as a person uses it: list, check, fetch."""

import json
from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file

from padscope.cli import main
from padscope.nets import weights


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(weights.FOLDER, str(tmp_path / "weights"))
    (tmp_path / "weights").mkdir()
    save_file(timm.create_model("resnet18").state_dict(), tmp_path / "weights" / "mine.safetensors")
    return tmp_path / "weights"


def test_list_names_what_comes_along_and_what_was_brought(folder: Path, capsys) -> None:
    assert main(["weights", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [w["name"] for w in found["weights"]] == [*weights.EMBEDDED, "mine.safetensors"]
    assert all(len(w["sha256"]) == 64 for w in found["weights"])
    assert main(["weights", "list"]) == 0
    out = capsys.readouterr()
    assert "mine.safetensors" in out.out
    assert str(folder) in out.err


def test_check_says_what_fits_and_what_does_not(folder: Path, capsys) -> None:
    assert main(["weights", "check", "mine.safetensors", "--backbone", "resnet18", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["word"].endswith("fits resnet18")
    assert main(["weights", "check", str(folder / "mine.safetensors"), "--sha256", found["sha256"].upper()]) == 0
    assert main(["weights", "check", "tf_efficientnet_lite0"]) == 0
    capsys.readouterr()
    for wrong, words in [
        (
            ["mine.safetensors", "--backbone", "resnet34"],
            "does not fit resnet34: the tensor layer1.2.conv1.weight is absent",
        ),
        (["mine.safetensors", "--sha256", "0" * 64], "another file than the one wanted"),
        (["absent.pth"], "no weights file absent.pth"),
    ]:
        assert main(["weights", "check", *wrong]) == 1
        assert words in capsys.readouterr().err


def test_without_a_network_fetch_says_what_to_do(folder: Path, capsys) -> None:
    assert main(["weights", "fetch", "resnet18.a1_in1k"]) == 1
    said = capsys.readouterr().err
    assert "could not be fetched" in said
    assert f"on a PC with a network, then copy the file into {folder}" in said
    assert [p.name for p in folder.iterdir()] == ["mine.safetensors"]
    assert main(["weights", "fetch", "resnet18000"]) == 2
    assert "do you mean resnet" in capsys.readouterr().err


def test_what_is_fetched_can_be_used(folder: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    created = timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, pretrained=False, **more: created(name, **more))
    assert main(["weights", "fetch", "resnet18"]) == 0
    assert "--set backbone=resnet18 --set weights=resnet18.safetensors" in capsys.readouterr().out
    assert main(["weights", "check", "resnet18.safetensors", "--backbone", "resnet18"]) == 0


@pytest.mark.parametrize("wrong", [["list", "x"], ["check"], ["fetch"], ["burn", "x"]])
def test_wrong_usage(wrong: list[str]) -> None:
    assert main(["weights", *wrong]) == 2
