"""What a person is asked when a picture is opened: so large, which page, and is the scale right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from conftest import Bench
from padscope.types import Scale
from padscope_desktop import settings
from padscope_desktop.background.payloads import BarCard

BAR = BarCard((100.0, 850.0), (300.0, 850.0))  # 500 µm at 2.5 µm/px


def said(bench: Bench) -> str:
    message = bench.window.message_bar.message
    return f"{message.headline} {message.text}" if message is not None else ""


def press(bench: Bench, words: str) -> None:
    button: QPushButton = next(b for b in bench.window.message_bar.buttons() if words in b.text())
    bench.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_bar_that_fits_confirms_the_scale_and_nothing_is_asked(bench: Bench) -> None:
    bench.backend.bar = BAR
    bench.add("a.jpg")
    bench.until(lambda: "the scale fits" in bench.window.status.mention.text())
    assert said(bench) == ""


def test_a_bar_that_contradicts_the_scale_is_said_and_can_be_believed(bench: Bench) -> None:
    bench.backend.bar = BarCard((100.0, 850.0), (308.0, 850.0))  # 520 µm by the file
    bench.add("a.jpg")
    bench.until(lambda: "contradicts its scale" in said(bench))
    assert "208.0 px long" in said(bench).replace("\u2009", " ").replace("\u202f", " ")
    press(bench, "It says 500")
    (entry,) = bench.session.album.entries.values()
    assert entry.own_scale == Scale(500 / 208, "two-point")
    assert said(bench) == ""
    assert "the file says 2.5000" in bench.window.status.mention.text()
    assert "⚠" in bench.window.status.scale.text()


def test_without_a_scale_the_bar_is_offered_and_its_length_typed(bench: Bench) -> None:
    bench.backend.scale, bench.backend.bar = Scale(), BAR
    bench.add("a.jpg")
    bench.until(lambda: "has no scale, but a scale bar of" in said(bench))
    press(bench, "Lay the ruler on it")
    bar = bench.window.seeing.measuring.bar
    assert bar.isVisible()
    assert bar.on_bar.isVisible()
    assert not bar.in_px.isVisible()  # there is room for one of them
    bench.qtbot.keyClicks(bar.length, "500")
    bench.qtbot.keyClick(bar.length, Qt.Key.Key_Return)
    (entry,) = bench.session.album.entries.values()
    assert entry.own_scale == Scale(2.5, "two-point")
    assert "the file says nothing" in bench.window.status.mention.text()
    assert said(bench) == ""


def test_the_ruler_finds_the_bar_again_and_lays_no_second_line(bench: Bench) -> None:
    bench.backend.bar = BAR
    bench.add("a.jpg")
    bench.until(lambda: bench.session.opening.bar is not None)
    measuring = bench.window.seeing.measuring
    measuring.take()
    for _ in range(2):
        bench.qtbot.mouseClick(measuring.bar.on_bar, Qt.MouseButton.LeftButton)
    (line,) = measuring.layer.measures.values()
    assert line.points == (BAR.left, BAR.right)
    bench.backend.bar = None
    bench.session.add_pictures([bench.picture("b.jpg")])
    bench.until(lambda: not measuring.bar.on_bar.isVisible())


def test_numbers_in_a_file_that_contradict_each_other_are_said_aloud(bench: Bench) -> None:
    bench.backend.conflict = "The scales contradict each other: 2.5 µm/px (keyence); 2 µm/px (tiff); 'keyence' is used."
    bench.add("a.jpg")
    bench.until(lambda: "It is not sure how large a pixel of a.jpg is." in said(bench))
    assert "2 µm/px (tiff)" in said(bench)
    bench.backend.conflict = ""
    bench.session.add_pictures([bench.picture("b.jpg")])
    bench.until(lambda: said(bench) == "")


def test_the_other_pages_of_a_file_are_offered_once(bench: Bench) -> None:
    bench.backend.pages = 3
    bench.add("scan.tif")
    bench.until(lambda: "scan.tif holds 3 pictures." in said(bench))
    press(bench, "Add the other 2")
    bench.until(lambda: len(bench.session.album) == 3)
    assert [e.name for e in bench.session.album.entries.values()] == ["scan.tif", "scan.tif#2", "scan.tif#3"]
    bench.session.show(1)
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    assert said(bench) == ""


def test_the_limit_of_megapixels_is_raised_where_it_stops_somebody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.backend.megapixels = 900
    bench.session.add_pictures([bench.picture("giant.tif")])
    bench.until(lambda: "giant.tif cannot be shown." in said(bench))
    assert "larger than the limit of 500" in said(bench)
    press(bench, "Allow 900")
    bench.until(lambda: len(bench.window.canvas.picture.levels) > 1)
    bench.until(lambda: bench.session.album.entries[1].thumbnail)
    assert said(bench) == ""
    assert bench.session.album.entries[1].missing == ""
    assert os.environ["PADSCOPE_MAX_MEGAPIXELS"] == "900"  # of workers that are started later
    bench.until(lambda: settings.load(Path(os.environ["PADSCOPE_SETTINGS"])).settings.max_megapixels == 900)


@pytest.mark.parametrize("verified", [True, False])
def test_a_microscopes_scale_that_could_not_be_verified_is_said(bench: Bench, verified: bool) -> None:
    bench.backend.scale = Scale(2.5, "keyence", verified)
    bench.add("a.jpg")
    bench.until(lambda: "Keyence" in bench.window.status.scale.text())
    assert ("unverified" in bench.window.status.scale.text()) is not verified
    assert ("check the scale" in bench.window.status.scale.toolTip()) is not verified
