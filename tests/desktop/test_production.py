"""All modules at a glance, in the window: table, plots, filters, export, and from a line to its picture."""

from __future__ import annotations

import csv

from PySide6.QtCore import Qt

from conftest import Bench


def entered(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg")
    bench.window.actions_by_id["inspect_all"].trigger()
    bench.until(lambda: all(e.inspection for e in bench.session.album.entries.values()))
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: bench.window.production_mode.shown.lines)


def test_the_page_takes_the_place_of_the_picture_and_lists_every_module(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    assert mode.page.isVisible()
    assert not bench.window.canvas.isVisible()
    table = mode.page.table
    assert {table.item(row, 0).text() for row in range(table.rowCount())} == {"bad01.jpg", "bad02.jpg"}
    assert table.item(0, 2).text() == "7/8"
    assert mode.panel.headline.text() == "2 modules"
    assert not mode.page.bars.empty
    assert not mode.page.shares.empty
    assert mode.page.shares.shares["A4"] == 1.0
    assert mode.page.shares.accessibleName().startswith("Worst: pad A")
    bench.press(Qt.Key.Key_F2, on=table)
    assert bench.window.canvas.isVisible()


def test_filters_narrow_table_and_plots(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    bench.qtbot.keyClicks(mode.panel.text, "bad02")
    assert [x.picture for x in mode.shown.lines] == ["bad02.jpg"]
    assert mode.panel.headline.text() == "1 module of 2"
    mode.panel.state.setCurrentIndex(mode.panel.state.findData("signed"))
    assert mode.page.table.rowCount() == 0
    assert mode.page.trend.empty
    assert not mode.panel.export.isEnabled()


def test_what_is_listed_is_exported(bench: Bench) -> None:
    entered(bench)
    bench.answers.next = [bench.folder]
    bench.qtbot.mouseClick(bench.window.production_mode.panel.export, Qt.MouseButton.LeftButton)
    rows = list(csv.DictReader((bench.folder / "production.csv").open(encoding="utf-8")))
    assert {r["picture"] for r in rows} == {"bad01.jpg", "bad02.jpg"}


def test_from_a_line_to_its_picture(bench: Bench) -> None:
    entered(bench)
    mode, table = bench.window.production_mode, bench.window.production_mode.page.table
    row = next(r for r in range(table.rowCount()) if table.item(r, 0).text() == "bad02.jpg")
    table.setFocus()
    table.setCurrentCell(row, 0)
    mode.page.table.activated.emit(table.currentIndex())
    assert bench.window.mode is bench.window.inspect_mode
    entry = bench.window.inspect_mode.entry
    assert entry is not None
    assert entry.name == "bad02.jpg"


def test_an_empty_project_says_so_once_it_is_known(bench: Bench) -> None:
    mode = bench.window.production_mode
    assert mode.panel.headline.text() == "Reading the modules…"
    bench.press(Qt.Key.Key_F6)
    assert mode.panel.headline.text() == "Reading the modules…"
    bench.until(lambda: not bench.session.keeper.busy)
    assert mode.panel.headline.text() == "No module is inspected yet"
    assert mode.page.bars.empty


def test_another_project_is_read_where_one_stands(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    bench.session.open_project(bench.folder / "another.padscope", create=True)
    bench.until(lambda: mode.panel.headline.text() == "No module is inspected yet")
    assert mode.page.table.rowCount() == 0
