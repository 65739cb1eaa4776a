"""All modules at a glance, in the window: table, plots, filters, export, and from a line to its picture."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester

from conftest import Bench
from padscope.store.database import Project
from padscope.workflows.production import ModuleLine
from padscope_desktop.messages import Message
from padscope_desktop.panels.charts import DayChart, PadChart
from padscope_desktop.panels.modules_table import COLUMNS, ModulesModel, ModulesTable
from padscope_desktop.panels.plots import Trend
from padscope_desktop.theme import DARK, LIGHT


def entered(bench: Bench) -> None:
    bench.inspected("bad01.jpg", "bad02.jpg")
    bench.window.actions_by_id["inspect_all"].trigger()
    bench.until(lambda: all(e.inspection for e in bench.session.album.entries.values()))
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: bench.window.production_mode.shown.lines)


def cell(table: ModulesTable, row: int, column: int) -> str:
    return str(table.modules.index(row, column).data())


def test_the_page_takes_the_place_of_the_picture_and_lists_every_module(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    assert mode.page.isVisible()
    assert not bench.window.canvas.isVisible()
    table = mode.page.table
    assert {cell(table, row, 0) for row in range(2)} == {"bad01.jpg", "bad02.jpg"}
    assert cell(table, 0, 2) == "7/8"
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
    assert mode.page.table.modules.rowCount() == 0
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
    row = next(r for r in range(2) if cell(table, r, 0) == "bad02.jpg")
    table.setFocus()
    table.setCurrentIndex(table.modules.index(row, 0))
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
    assert mode.page.table.modules.rowCount() == 0


def many(project: Project, count: int) -> int:
    """More modules like the one inspected last, in the keeper's thread."""
    row = project.inspections()[-1]
    pad_map, board = project.pad_map(row.id), project.layout(row.layout_sha256)
    with project.transaction():
        for n in range(count):
            facts = replace(pad_map.picture, sha256=f"{n:064x}", file=f"more{n}.jpg", module=f"20UPGPQ2{n:06}")
            project.add_inspection(replace(pad_map, picture=facts), board)
    return count


def test_many_modules_come_in_parts_and_nothing_untrue_is_said_meanwhile(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    bench.press(Qt.Key.Key_F2)
    done: list[int] = []
    bench.session.keeper.ask(partial(many, count=330), done=done.append)
    bench.until(lambda: bool(done))
    said: list[str] = []
    put = mode.panel.headline.setText
    mode.panel.headline.setText = lambda words: (said.append(words), put(words))[1]  # type: ignore[method-assign]
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: mode.panel.headline.text() == "332 modules")
    assert said[0] == "Reading… 2 of 332 modules"  # those read the last time
    assert any(words == "Reading… 202 of 332 modules" for words in said)
    assert not any("No module" in words for words in said)
    assert len(mode.shown.lines) == mode.page.table.modules.rowCount() == 332
    said.clear()
    bench.press(Qt.Key.Key_F2)
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: bool(said))
    assert said == ["332 modules"]  # nothing is read twice


def test_whoever_leaves_in_the_middle_is_not_followed_by_the_rest(bench: Bench) -> None:
    entered(bench)
    mode = bench.window.production_mode
    bench.press(Qt.Key.Key_F2)
    bench.session.keeper.ask(partial(many, count=300))
    bench.until(lambda: not bench.session.keeper.busy)
    bench.press(Qt.Key.Key_F6)
    bench.press(Qt.Key.Key_F2)
    bench.until(lambda: not bench.session.keeper.busy)
    assert len(mode.shown.lines) == 2
    bench.press(Qt.Key.Key_F6)
    bench.until(lambda: len(mode.shown.lines) == 302)


def line_of(n: int) -> ModuleLine:
    return ModuleLine(f"M{n}", f"{n}.jpg", f"{n:064x}", "2026-01-01T00:00:00Z", "", "", "", "", {}, 0, 0, 0, {})


def test_lines_that_follow_leave_those_above_alone(qtmodeltester: ModelTester) -> None:
    model = ModulesModel()
    qtmodeltester.check(model)
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    model.set_lines([line_of(n) for n in range(3)])
    assert len(resets) == 1
    model.set_lines([line_of(n) for n in range(7)])
    model.set_lines([line_of(n) for n in range(7)])
    assert len(resets) == 1
    assert [model.index(k, 0).data() for k in range(model.rowCount())] == [f"M{n}" for n in range(7)]
    model.set_lines([line_of(n) for n in range(2)])
    assert (model.rowCount(), model.columnCount()) == (2, len(COLUMNS))


DAYS = [("2026-11-02", 3, 0.02, 0.01), ("2026-11-12", 14, 0.031, 0.012), ("2026-12-24", 1, 0.5, 0.0)]


def trend(bench: Bench) -> Trend:
    made = Trend(DARK)
    bench.qtbot.addWidget(made)
    made.resize(500, 300)
    made.set_days(DAYS)
    with bench.qtbot.waitExposed(made):
        made.show()
    made.grab()  # laid out by now
    return made


def test_the_day_under_the_mouse_is_put_into_words(bench: Bench) -> None:
    plot = trend(bench)
    chart = plot.chart
    assert isinstance(chart, DayChart)
    assert plot.said.text() == "24 Dec 2026: 50\u202f% of pads bad, 0\u202f% of wires shifted, 1 module"
    place = chart.mapFromScene(chart.box.mapViewToScene(QPointF(chart.seconds[1], 0.2)))
    none, plain = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    there = chart.viewport().mapToGlobal(place)
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), QPointF(there), none, none, plain)
    QApplication.sendEvent(chart.viewport(), move)
    said = "12 Nov 2026: 3.1\u202f% of pads bad, 1.2\u202f% of wires shifted, 14 modules"
    assert plot.said.text() == said
    bench.qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert plot.said.text().startswith("2 Nov 2026")


def test_time_is_zoomed_and_home_shows_all(bench: Bench) -> None:
    plot = trend(bench)
    chart = plot.chart
    assert isinstance(chart, DayChart)
    (low, high), shares = chart.box.viewRange()
    bench.qtbot.keyClick(chart, Qt.Key.Key_Plus)
    (near, far), same = chart.box.viewRange()
    assert far - near < high - low
    assert same == shares
    for _ in range(40):
        bench.qtbot.keyClick(chart, Qt.Key.Key_Plus)
    (near, far), _ = chart.box.viewRange()
    assert far - near == pytest.approx(5 * 86_400)
    bench.qtbot.keyClick(chart, Qt.Key.Key_Left)
    (near, far), _ = chart.box.viewRange()
    assert near <= chart.seconds[1] <= far
    bench.qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.box.viewRange()[0] == [low, high]


def test_charts_wear_the_theme_and_say_when_there_is_nothing(bench: Bench) -> None:
    plot = trend(bench)
    chart = plot.chart
    assert isinstance(chart, DayChart)
    plot.set_theme(LIGHT)
    assert chart.backgroundBrush().color().name().upper() == LIGHT.panel
    assert chart.bad.opts["pen"].color() == QColor(LIGHT.accent)
    plot.set_days([])
    assert not chart.isVisible()
    chart.leaveEvent(QEvent(QEvent.Type.Leave))
    assert plot.nothing == "No modules here."


def test_the_pad_under_the_mouse_is_named(bench: Bench) -> None:
    entered(bench)
    plot = bench.window.production_mode.page.shares
    chart = plot.chart
    assert isinstance(chart, PadChart)
    assert plot.said.text().startswith("Worst: pad A")
    pad = chart.order[-1]
    place = chart.mapFromScene(chart.box.mapViewToScene(chart.pads.outlines[pad].boundingRect().center()))
    bench.qtbot.mouseMove(chart.viewport(), place)
    bench.until(lambda: plot.said.text().startswith(f"Pad {pad}, not OK in "))


def test_messages_are_seen_in_modes_with_a_page_and_go_along(bench: Bench) -> None:
    bench.ready()
    window, bar = bench.window, bench.window.message_bar
    for key in (Qt.Key.Key_F6, Qt.Key.Key_F7):
        bench.press(key)
        bench.session.said.emit(Message("test", "Something happened.", "It is told here."))
        assert bar.isVisible()
        assert window.mode.page is not None
        assert bar.mapTo(window, bar.rect().bottomLeft()).y() < window.mode.page.mapTo(window, QPoint(0, 0)).y()
    bench.press(Qt.Key.Key_F2)
    assert bar.isVisible()
    assert bar.mapTo(window, bar.rect().bottomLeft()).y() < window.canvas.mapTo(window, QPoint(0, 0)).y()
    bar.dismiss()
    bench.press(Qt.Key.Key_F6)
    assert not bar.isVisible()
