"""The ruler, as a hand uses it: drawn, moved, deleted, undone, copied, kept with the picture; and a scale from a line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from conftest import Bench
from padscope.pictures.measures import Measure
from padscope.types import Scale
from padscope_desktop.panels.measurebar import typed_number
from padscope_desktop.viewer.measure_layer import measure_words
from padscope_desktop.viewer.overlays import scale_bar_words

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def ruler(bench: Bench) -> Bench:
    bench.add("a.jpg", "b.jpg")
    bench.until(lambda: not bench.session.keeper.busy)
    bench.press(Qt.Key.Key_R)
    return bench


def drag(bench: Bench, *way: tuple[int, int]) -> None:
    canvas = bench.window.canvas
    QTest.mousePress(canvas, LEFT, pos=QPoint(*way[0]))
    for place in way[1:]:
        QTest.mouseMove(canvas, QPoint(*place))
    QTest.mouseRelease(canvas, LEFT, pos=QPoint(*way[-1]))


def click(bench: Bench, *places: tuple[int, int]) -> None:
    for place in places:
        QTest.mouseMove(bench.window.canvas, QPoint(*place))
        QTest.mouseClick(bench.window.canvas, LEFT, pos=QPoint(*place))


def measures(bench: Bench) -> list[Measure]:
    return list(bench.window.seeing.measuring.layer.measures.values())


def test_a_line_is_as_long_as_it_was_drawn(ruler: Bench) -> None:
    view = ruler.window.canvas.view
    drag(ruler, (100, 120), (150, 150), (250, 120))
    (line,) = measures(ruler)
    assert line.length_px == pytest.approx(150 / view.scale)
    assert ruler.window.canvas.view == view  # the picture stayed where it was
    assert ruler.window.seeing.measuring.words == measure_words(line, 2.5)
    click(ruler, (100, 300), (300, 300))  # two clicks are a line, too
    assert measures(ruler)[1].length_px == pytest.approx(200 / view.scale)


def test_every_kind_by_its_key_and_its_clicks(ruler: Bench) -> None:
    ruler.press(Qt.Key.Key_R)
    click(ruler, (100, 100), (150, 150), (200, 100))
    ruler.press(Qt.Key.Key_R)
    drag(ruler, (300, 100), (340, 130), (400, 150))
    ruler.press(Qt.Key.Key_R)
    click(ruler, (100, 300), (200, 300), (200, 400), (100, 400), (101, 301))  # the first corner again closes
    click(ruler, (300, 300), (400, 300), (400, 380))
    ruler.press(Qt.Key.Key_Return)
    assert [m.kind for m in measures(ruler)] == ["angle", "rectangle", "polygon", "polygon"]
    s = ruler.window.canvas.view.scale
    assert measures(ruler)[0].angle_deg == pytest.approx(90, abs=0.5)
    assert measures(ruler)[1].area_px == pytest.approx(100 * 50 / s**2)
    assert measures(ruler)[2].area_px == pytest.approx(100 * 100 / s**2)
    assert measures(ruler)[3].area_px == pytest.approx(100 * 80 / 2 / s**2)


def test_a_handle_moves_one_end_a_line_moves_whole_and_both_can_be_taken_back(ruler: Bench) -> None:
    drag(ruler, (100, 120), (150, 150), (250, 120))
    (before,) = measures(ruler)
    drag(ruler, (250, 120), (260, 125), (250, 220))
    (turned,) = measures(ruler)
    assert turned.points[0] == before.points[0]
    assert turned.points[1][1] - before.points[1][1] == pytest.approx(100 / ruler.window.canvas.view.scale)
    drag(ruler, (175, 170), (180, 175), (195, 190))
    (moved,) = measures(ruler)
    assert moved.length_px == pytest.approx(turned.length_px)
    assert moved.points[0] != turned.points[0]
    ruler.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert measures(ruler) == [turned]
    ruler.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert measures(ruler) == [before]
    ruler.press(Qt.Key.Key_Y, modifier=Qt.KeyboardModifier.ControlModifier)
    assert measures(ruler) == [turned]


def test_deleted_and_taken_back(ruler: Bench) -> None:
    drag(ruler, (100, 120), (150, 150), (250, 120))
    kept = measures(ruler)
    ruler.press(Qt.Key.Key_Delete)
    assert measures(ruler) == []
    ruler.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert measures(ruler) == kept


def test_measurements_stay_with_their_picture(ruler: Bench) -> None:
    drag(ruler, (100, 120), (150, 150), (250, 120))
    (line,) = measures(ruler)
    ruler.session.show(2)
    assert measures(ruler) == []
    ruler.until(lambda: not ruler.session.keeper.busy)
    ruler.session.show(1)
    ruler.until(lambda: measures(ruler))
    assert measures(ruler) == [line]


def test_measured_before_the_file_was_read_it_is_kept_too(bench: Bench) -> None:
    bench.add("a.jpg")
    entry = bench.session.album.entries[1]
    sha, entry.sha256 = entry.sha256, ""
    bench.session.show(1)
    bench.press(Qt.Key.Key_R)
    drag(bench, (100, 120), (150, 150), (250, 120))
    entry.sha256 = sha
    bench.session.entry_changed.emit(1)
    bench.until(lambda: not bench.session.keeper.busy)
    found: list[object] = []
    from padscope_desktop import stock

    bench.session.keeper.ask(lambda p: stock.measurements(p, sha), done=found.append)
    bench.until(lambda: found)
    assert list(found[0].values()) == measures(bench)  # type: ignore[attr-defined]


def test_escape_backs_out_step_by_step(ruler: Bench) -> None:
    measuring = ruler.window.seeing.measuring
    click(ruler, (100, 100))
    ruler.press(Qt.Key.Key_Escape)
    assert measuring.layer.draft is None
    assert measuring.active
    drag(ruler, (100, 120), (150, 150), (250, 120))
    ruler.press(Qt.Key.Key_Escape)
    assert measuring.layer.chosen is None
    ruler.press(Qt.Key.Key_Escape)
    assert not measuring.active
    assert not measuring.bar.isVisible()
    assert not ruler.window.actions_by_id["ruler"].isChecked()
    assert ruler.window.canvas.tool is ruler.window.mode.idle_tool()


def test_the_value_goes_to_the_clipboard(ruler: Bench) -> None:
    drag(ruler, (100, 120), (150, 150), (250, 120))
    ruler.press(Qt.Key.Key_C, modifier=Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == ruler.window.seeing.measuring.words
    assert QGuiApplication.clipboard().text().endswith("µm")


def test_the_view_goes_to_the_clipboard_whole(ruler: Bench) -> None:
    ruler.press(Qt.Key.Key_C, modifier=Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    image = QGuiApplication.clipboard().image()
    assert image.size() == ruler.window.canvas.size()
    assert len({image.pixel(x, image.height() - 30) for x in range(16, 200)}) > 2  # the scale bar is on it


def test_a_line_of_known_length_gives_the_scale_and_a_contradiction_is_said(ruler: Bench) -> None:
    entry = ruler.session.album.entries[1]
    drag(ruler, (100, 120), (150, 150), (250, 120))
    (line,) = measures(ruler)
    bar = ruler.window.seeing.measuring.bar
    bar.length.setFocus()
    QTest.keyClicks(bar.length, "900,5")
    QTest.keyClick(bar.length, Qt.Key.Key_Return)
    assert entry.own_scale is not None
    assert entry.own_scale.source == "two-point"
    assert entry.own_scale.um_per_px == pytest.approx(900.5 / line.length_px)
    assert ruler.window.canvas.um_per_px == entry.own_scale.um_per_px
    assert "measured ⚠" in ruler.window.status.scale.text()
    assert "keyence" in ruler.window.status.scale.toolTip()
    assert ruler.window.seeing.measuring.words.startswith("900.5")
    ruler.until(lambda: not ruler.session.keeper.busy)
    rows: list[object] = []
    ruler.session.keeper.ask(lambda p: p.picture(entry.sha256).scale, done=rows.append)
    ruler.until(lambda: rows)
    assert rows == [entry.own_scale]
    bar.file.click()
    assert entry.own_scale is None
    assert ruler.window.canvas.um_per_px == 2.5
    assert not bar.file.isVisible()


def test_without_a_line_the_size_of_a_pixel_is_typed(ruler: Bench) -> None:
    bar = ruler.window.seeing.measuring.bar
    bar.length.setText("1.25")
    bar.set.click()
    scale = ruler.session.album.entries[1].own_scale
    assert scale is not None
    assert (scale.um_per_px, scale.source) == (1.25, "typed")


@pytest.mark.parametrize(
    ("text", "value"), [("1 250,5", 1250.5), ("0.25", 0.25), ("0", None), ("-3", None), ("", None), ("about 3", None)]
)
def test_numbers_as_people_type_them(text: str, value: float | None) -> None:
    assert typed_number(text) == value


def test_words_in_px_without_a_scale_and_in_larger_units_for_larger_things() -> None:
    line = Measure("length", ((0, 0), (300, 400)))
    assert measure_words(line, None) == "500.0\u202fpx"
    assert measure_words(line, 2.0) == "1\u202f000.0\u202fµm"
    assert measure_words(line, 40.0) == "20.000\u202fmm"
    box = Measure("rectangle", ((0, 0), (10, 5)))
    assert measure_words(box, 2.0) == "20.0 × 10.0\u202fµm · 200\u202fµm²"


def test_without_a_scale_it_is_said_that_everything_is_in_px(ruler: Bench) -> None:
    canvas, bar = ruler.window.canvas, ruler.window.seeing.measuring.bar
    assert not bar.in_px.isVisible()
    assert scale_bar_words(canvas.um_per_px, canvas.view)[0].endswith("m")  # µm or mm
    canvas.set_scale(None)
    assert bar.in_px.isVisible()
    words, logical = scale_bar_words(canvas.um_per_px, canvas.view)
    assert words.endswith("px, no scale")
    assert float(words.split("px")[0].replace("\u202f", "")) * canvas.view.scale == pytest.approx(logical)
    ruler.window.status.set_scale(Scale())
    assert "line of known length" in ruler.window.status.scale.toolTip()
