"""A tile set made in the window: chosen, counted, looked at, written, and made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt

from conftest import Bench
from finished_boards import board
from padscope.pictures.picture import open_picture
from padscope.store.database import create_project
from padscope.types import Box, Scale
from padscope_desktop.background.payloads import PictureCard
from padscope_desktop.tile_sets.mode import TileMode

Left = Qt.MouseButton.LeftButton


def true_card(path: Path) -> PictureCard:
    with open_picture(path) as p:
        return PictureCard(path, p.width, p.height, 8, "PNG", Scale(2.0), sha256=p.sha256, size_bytes=1)


@pytest.fixture
def tiles(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> TileMode:
    """Three sound boards and one with a water mark, in Tiles mode."""
    monkeypatch.setattr(bench.backend, "_card", true_card)
    with create_project(bench.folder / "p.padscope") as project:
        for k in range(3):
            board(project, bench.folder, k)
        board(project, bench.folder, 3, defect=("water mark", Box(70, 70, 100, 80)))
    bench.session.open_project(bench.folder / "p.padscope")
    bench.until(lambda: len(bench.session.labelling.states) == 4)
    bench.press(Qt.Key.Key_F7)
    mode = bench.window.tile_mode
    assert bench.window.mode is mode
    mode.panel.side.setValue(64)
    bench.until(lambda: mode.plan is not None and mode.plan.size == 64)
    bench.until(lambda: mode.page.strips[""].seen)
    return mode


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def made(bench: Bench, mode: TileMode) -> Path:
    folder = bench.folder / "out"
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    bench.answers.next = [folder]
    bench.qtbot.mouseClick(mode.panel.make, Left)
    bench.until(lambda: mode._making is None and not bench.session.keeper.busy)
    return next(iter(set(folder.iterdir()) - before))


def test_what_is_counted_is_written_and_stands_in_the_history(bench: Bench, tiles: TileMode) -> None:
    surveys = len([o for o in bench.lanes["long"].orders if o.command == "survey_tiles"])
    filtered = tiles.panel.headline.text()
    bench.qtbot.mouseClick(tiles.panel.selectivity["original"], Left)
    assert tiles.panel.headline.text() != filtered
    tiles.panel.least.setFocus()
    for _ in range(2):
        bench.qtbot.keyClick(tiles.panel.least, Qt.Key.Key_PageUp)
    assert "≥ 20" in tiles.panel.least_words.text()
    bench.qtbot.mouseClick(tiles.page.checks["flip"], Left, pos=QPoint(8, 14))
    tiles.page.copies.setValue(2)
    assert "augmented" in tiles.panel.facts.text()
    assert surveys == len([o for o in bench.lanes["long"].orders if o.command == "survey_tiles"])  # all at once
    counts = tiles.plan.counts(tiles.settings)
    folder = made(bench, tiles)
    assert folder.name == "tiles 64"
    assert len([f for f in files(folder) if f.endswith(".png") and "ground_truth" not in f]) == sum(counts.values())
    assert "padscope train" in tiles.panel.progress.text()
    settings = json.loads((folder / "tiles.json").read_text())["settings"]
    assert (settings["size"], settings["least_share"], settings["augmentations"]) == (64, 0.2, ["flip"])
    rows: list[str] = []
    bench.session.keeper.ask(lambda p: [r.action for r in p.history()], done=rows.extend)
    bench.until(lambda: rows)
    assert rows[-1] == "tile set made"


def test_a_manifest_gives_the_same_set_byte_for_byte(bench: Bench, tiles: TileMode) -> None:
    for name in ("crop", "background", "texture"):
        tiles.page.checks[name].setChecked(True)
    first = made(bench, tiles)
    bench.answers.next = [first / "tiles.json", bench.folder]
    bench.qtbot.mouseClick(tiles.panel.again, Left)
    bench.until(lambda: tiles._making is None)
    assert files(bench.folder / "tiles again") == files(first)


def test_cancelling_leaves_nothing_behind(bench: Bench, tiles: TileMode) -> None:
    bench.answers.next = [bench.folder]
    tiles.make()
    bench.until(lambda: list(bench.folder.glob("*tiles*")))
    assert bench.lanes["long"].busy
    bench.qtbot.mouseClick(tiles.panel.cancel, Left)
    bench.until(lambda: tiles._making is None)
    assert "nothing was written" in tiles.panel.progress.text()
    assert not list(bench.folder.glob("*tiles*"))
    assert tiles.panel.make.isEnabled()
    assert tiles.panel.list.hasFocus()  # not the operator's name, where the next key would be written


def test_a_set_that_was_finished_when_it_was_cancelled_is_not_said_to_be_gone(bench: Bench, tiles: TileMode) -> None:
    bench.lanes["long"].stubborn = True
    bench.answers.next = [bench.folder]
    tiles.make()
    bench.until(lambda: bench.lanes["long"].busy)
    bench.qtbot.mouseClick(tiles.panel.cancel, Left)
    bench.until(lambda: tiles._making is None)
    (folder,) = bench.folder.glob("*tiles*")
    assert (folder / "tiles.json").exists()
    assert tiles.panel.progress.text().startswith("Finished before it could be cancelled: ")
    assert str(folder) in tiles.panel.progress.text()


def test_pictures_are_chosen_and_boards_are_listed_by_side(bench: Bench, tiles: TileMode) -> None:
    sides = {tiles.page.table.item(r, 0).text(): tiles.page.table.item(r, 2).text() for r in range(4)}
    assert sides["board3.png"] == "testing"
    tiles.panel.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    bench.until(lambda: tiles.plan is not None and len(tiles.plan.pictures) == 3)
    bench.qtbot.mouseClick(tiles.panel.none, Left)
    assert not tiles.panel.make.isEnabled()
    assert "Check the pictures" in tiles.panel.facts.text()


def test_a_tile_is_seen_large_by_mouse_and_by_key(bench: Bench, tiles: TileMode) -> None:
    strip = tiles.page.strips["denoise"]
    bench.qtbot.mouseClick(strip, Left, pos=QPoint(10, 10))
    assert tiles.page.large.isVisible()
    assert tiles.page.large.title.text() == "Wavelet denoising"
    bench.press(Qt.Key.Key_Escape, on=tiles.page)
    assert not tiles.page.large.isVisible()
    bench.press(Qt.Key.Key_Return, on=strip)
    assert tiles.page.large.isVisible()
    shown = tiles.page._tiles
    tiles.page.back()
    bench.qtbot.mouseClick(tiles.page.others, Left)
    bench.until(lambda: tiles.page._tiles is not shown)
    assert tiles.page._tiles[0].box != shown[0].box or tiles.page._tiles[0].picture != shown[0].picture


def test_without_labels_it_is_said_what_to_do(bench: Bench) -> None:
    bench.press(Qt.Key.Key_F7)
    assert "review sound ones" in bench.window.tile_mode.panel.facts.text()
    assert not bench.window.tile_mode.panel.make.isEnabled()
