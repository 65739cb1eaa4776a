"""`padscope watch`: with a clock and pauses of our own, so that nothing waits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from padscope.boards.bond_map import write_pad_map
from padscope.cli import watch as watching
from padscope.cli.main import main, parser
from padscope.cli.watch import watch
from padscope.store.database import open_project
from padscope.store.watched import seen_files, watched_folder
from padscope.types import Progress
from padscope.workflows.export import inspected_in, own_stem
from reference_maps import MAP

SERIAL = "20UPGPQ2110303"


class Clock:
    """Pauses pass at once; at each of them the next of some things happens in the folder."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        self.s = 0.0
        self._happenings = list(happenings)

    def now(self) -> float:
        return self.s

    def pause(self, seconds: float) -> None:
        self.s += seconds
        if self._happenings:
            self._happenings.pop(0)()


def run(bench, folder: Path, out: Path, *options: str, clock: Clock | None = None) -> int:
    clock = clock or Clock()
    command = ["watch", str(folder), "--layout", str(bench.layout_file), "--model", str(bench.model), "--out", str(out)]
    return watch(parser().parse_args([*command, *options]), now=clock.now, pause=clock.pause)


@pytest.fixture
def folder(bench, tmp_path: Path) -> Path:
    """With one picture, named by the module's serial number."""
    path = tmp_path / "microscope"
    path.mkdir()
    shutil.copy(bench.blemished, path / f"{SERIAL}.png")
    return path


def test_what_lies_there_is_inspected_once(bench, folder: Path, tmp_path: Path, capsys) -> None:
    out, project = tmp_path / "maps", tmp_path / "p.padscope"
    assert run(bench, folder, out, "--once", "--project", str(project), "--json") == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert row["module"] == SERIAL
    assert {p.name for p in out.iterdir()} == {f"{SERIAL}.{kind}" for kind in ("padmap.json", "bondmap.csv", "pdf")}
    assert json.loads((out / f"{SERIAL}.padmap.json").read_text("utf-8"))["module"] == SERIAL
    with open_project(project) as p:
        assert [picture.module for picture in p.pictures()] == [SERIAL]
        assert watched_folder(p) == folder
        assert [f.outcome for f in seen_files(p, folder)] == ["inspected"]
    assert run(bench, folder, out, "--once", "--project", str(project), "--json") == 0
    (folder / f"{SERIAL}.png").rename(folder / "renamed.png")
    assert run(bench, folder, out, "--once", "--json") == 0  # without a project, the pad maps are the memory
    assert capsys.readouterr().out == ""


def test_pictures_that_come_while_it_watches(bench, folder: Path, tmp_path: Path, capsys) -> None:
    """One is copied in two parts, the share goes and returns, then a person presses Ctrl-C."""
    whole, out = bench.sound[0].read_bytes(), tmp_path / "maps"
    away, new = tmp_path / "away", folder / "VHX_000002.png"

    def stop() -> None:
        raise KeyboardInterrupt

    nothing: list[Callable[[], object]] = [lambda: None] * 4
    clock = Clock(
        lambda: new.write_bytes(whole[:5000]), *nothing, lambda: new.write_bytes(whole), *nothing,
        lambda: folder.rename(away), *nothing, lambda: away.rename(folder), *nothing, stop,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        run(bench, folder, out, clock=clock)
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in said.out.splitlines()] == [f"{SERIAL}.png", "VHX_000002.png"]
    assert "cannot be reached since" in said.err
    assert "is back since" in said.err
    assert {p.suffix for p in out.iterdir()} == {".json", ".csv", ".pdf"}  # nothing half-written


@pytest.mark.parametrize("stage", ["opening the picture", "judging"])
def test_a_share_that_goes_in_the_middle_of_an_inspection(
    bench, folder: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """It is said while it is away, and the picture is inspected when it can be."""
    away, out, clock = (
        tmp_path / "away",
        tmp_path / "maps",
        Clock(*[lambda: None] * 3, lambda: away.exists() and away.rename(folder)),
    )
    real = watching.Reach.between

    def between(reach: watching.Reach, step: Progress) -> Progress:
        clock.s += 2.0
        if step.stage == stage and not went:
            went.append(folder.rename(away))
        return real(reach, step)

    went: list[Path] = []
    monkeypatch.setattr(watching.Reach, "between", between)
    assert run(bench, folder, out, "--once", clock=clock) == 0
    said = capsys.readouterr()
    assert said.err.count("cannot be reached since") == 1
    assert said.err.count("is back since") == 1
    assert "went away while it was inspected; it is inspected when it is there again." in said.err
    assert [line.split(":")[0] for line in said.out.splitlines()] == [f"{SERIAL}.png"]


def test_only_what_is_new(bench, folder: Path, tmp_path: Path, capsys) -> None:
    assert run(bench, folder, tmp_path / "maps", "--once", "--new-only") == 0
    assert "of 1 pictures there none is inspected" in capsys.readouterr().err
    assert list((tmp_path / "maps").iterdir()) == []


def test_a_name_used_again_replaces_no_pad_map(tmp_path: Path) -> None:
    picture, six = tmp_path / "VHX_000001.jpg", MAP
    assert own_stem(tmp_path, picture, six.picture.sha256) == "VHX_000001"
    write_pad_map(six, tmp_path / "VHX_000001.padmap.json")
    assert own_stem(tmp_path, picture, six.picture.sha256) == "VHX_000001"  # inspected again
    assert own_stem(tmp_path, picture, "cd" * 32) == "VHX_000001-2"
    (tmp_path / "VHX_000001-2.padmap.json").write_text("damaged")
    assert own_stem(tmp_path, picture, "cd" * 32) == "VHX_000001-3"
    assert inspected_in(tmp_path) == {six.picture.sha256}


def test_what_fails_is_told_and_not_tried_again(bench, tmp_path: Path, capsys) -> None:
    folder, project = tmp_path / "microscope", tmp_path / "p.padscope"
    folder.mkdir()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(folder / "no-board.png")
    (folder / "half.png").write_bytes(bench.sound[0].read_bytes()[:3000])
    options = ("--once", "--project", str(project))
    assert run(bench, folder, tmp_path / "maps", *options) == 1
    said = capsys.readouterr().err
    assert "no-board.png: " in said
    assert "'half.png' is incomplete" in said
    with open_project(project) as p:
        assert {f.name: str(f.outcome) for f in seen_files(p, folder)} == {
            "half.png": "damaged",
            "no-board.png": "failed",
        }
    assert run(bench, folder, tmp_path / "maps", *options) == 0


def test_wrong_folders_are_refused(bench, tmp_path: Path, capsys) -> None:
    command = ["--layout", str(bench.layout_file), "--model", str(bench.model), "--out", str(tmp_path / "maps")]
    assert main(["watch", str(tmp_path / "nowhere"), *command]) == 1
    assert "is not a folder that can be reached" in capsys.readouterr().err
