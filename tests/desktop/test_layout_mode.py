"""Layout mode as a person uses it: mouse on the picture, keys, fields. What is measured in pixels is tested in core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_backend import POSE, layout
from PySide6.QtCore import QPoint, Qt

from conftest import Bench
from padscope.boards.layout import Layout, Pad
from padscope.boards.layout_edit import moved, with_changed
from padscope.boards.layout_files import load_layout, save_layout
from padscope.boards.layout_json import sealed
from padscope.types import Scale
from padscope_desktop.dialogs import as_chosen
from padscope_desktop.layouts.changes import named_in_order
from padscope_desktop.layouts.mode import LayoutMode
from padscope_desktop.panels.fields import plain, typed_number

LEFT = Qt.MouseButton.LeftButton


class Hand:
    """A person in Layout mode; places are board µm."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.window = bench.window
        self.mode: LayoutMode = bench.window.layout_mode
        self.canvas = bench.window.canvas

    def at(self, x_um: float, y_um: float) -> QPoint:
        frame = self.mode.drafting.frame
        assert frame is not None
        x, y = self.canvas.view.to_screen(frame.um_to_px.apply(np.array([x_um, y_um])))
        return QPoint(round(float(x)), round(float(y)))

    def click(self, x_um: float, y_um: float, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.bench.qtbot.mouseClick(self.canvas, LEFT, modifier, self.at(x_um, y_um))

    def drag(self, a: tuple[float, float], b: tuple[float, float]) -> None:
        start, end = self.at(*a), self.at(*b)
        self.bench.qtbot.mousePress(self.canvas, LEFT, pos=start)
        self.bench.qtbot.mouseMove(self.canvas, (start + end) / 2)
        self.bench.qtbot.mouseMove(self.canvas, end)
        self.bench.qtbot.mouseRelease(self.canvas, LEFT, pos=end)

    def fill(self, field: object, text: str) -> None:
        field.setFocus()  # type: ignore[attr-defined]
        field.setText(text)  # type: ignore[attr-defined]
        self.bench.qtbot.keyClick(field, Qt.Key.Key_Return)

    def page(self, name: str) -> None:
        self.bench.qtbot.mouseClick(self.mode.panel.forms.tabs[name], LEFT)

    def push(self, button: object) -> None:
        self.bench.qtbot.mouseClick(button, LEFT)

    @property
    def names(self) -> list[str]:
        return [p.id for p in self.mode.draft.layout.pads]


@pytest.fixture
def empty(bench: Bench) -> Iterator[Hand]:
    """A picture, and no layout yet."""
    bench.add("board.jpg")
    bench.press(Qt.Key.Key_F4)
    hand = Hand(bench)
    hand.mode.hands.snapping = False
    return hand


@pytest.fixture
def known(bench: Bench) -> Iterator[Hand]:
    """The layout in use, found in the picture as the mode is entered."""
    bench.add("board.jpg")
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout)
    bench.press(Qt.Key.Key_F4)
    hand = Hand(bench)
    hand.mode.hands.snapping = False
    bench.until(lambda: hand.mode.drafting.frame.found)
    return hand


def test_from_nothing_to_a_layout_in_use(empty: Hand, tmp_path: Path) -> None:
    mode, panel = empty.mode, empty.mode.panel
    assert panel.empty.isVisible()
    assert not panel.use.isEnabled()
    empty.bench.press("d")
    empty.drag((300, 300), (900, 500))
    (pad,) = mode.draft.layout.pads
    assert pad.id == "P001"
    step = 2 / (mode.drafting.frame.um_to_px.scale * empty.canvas.view.scale)  # two screen px
    np.testing.assert_allclose([pad.x_um, pad.y_um, pad.w_um, pad.h_um], [600, 400, 600, 200], atol=step)

    empty.fill(panel.forms.pad.name, "L001")
    empty.fill(panel.forms.pad.w, "600")
    empty.fill(panel.forms.pad.h, "200")
    empty.page("Wires")
    empty.fill(panel.forms.wire.wires, "2")
    assert [w.id for w in mode.draft.layout.wires] == ["L001-1", "L001-2"]
    empty.page("Repeat")
    empty.fill(panel.forms.repeat.count, "3")
    empty.fill(panel.forms.repeat.dy, "300")
    empty.push(panel.forms.repeat.go)
    assert empty.names == ["L001", "L002", "L003", "L004"]
    assert mode.draft.chosen == ("L002", "L003", "L004")
    empty.bench.press(Qt.Key.Key_A, modifier=Qt.KeyboardModifier.ControlModifier)
    empty.page("Mirror")
    empty.fill(panel.forms.mirror.x_um, "1500")
    empty.push(panel.forms.mirror.left_right)
    assert empty.names[4:] == ["R001", "R002", "R003", "R004"]
    assert mode.draft.layout.pad["R001"].x_um == pytest.approx(3000 - mode.draft.layout.pad["L001"].x_um)
    empty.bench.press("c")
    empty.drag((100, 100), (100, 200))
    (mark,) = mode.draft.layout.fiducials
    assert (mark.name, mark.diameter_um) == ("F1", pytest.approx(200, abs=2 * step))

    empty.push(panel.use)
    assert empty.bench.session.layout == mode.draft.layout
    assert len(empty.bench.session.layout.sha256) == 64
    assert "in use" in panel.facts.text()
    empty.bench.until(lambda: not empty.bench.session.keeper.busy)
    file = tmp_path / "mine.json"
    empty.bench.answers.next.append(file)
    empty.push(panel.save)
    empty.bench.until(file.exists)
    assert load_layout(file) == empty.bench.session.layout
    assert load_layout(file).sha256 == empty.bench.session.layout.sha256


def test_everything_can_be_undone_and_redone_by_keys(known: Hand) -> None:
    mode = known.mode
    first = mode.draft.layout
    known.drag((400, 400), (460, 470))
    moved_once = mode.draft.layout
    assert moved_once.pad["A1"].x_um == pytest.approx(460, abs=8)
    known.bench.press(Qt.Key.Key_Delete)
    assert "A1" not in mode.draft.layout.pad
    control = Qt.KeyboardModifier.ControlModifier
    known.bench.press(Qt.Key.Key_Z, modifier=control)
    assert mode.draft.layout == moved_once
    known.bench.press(Qt.Key.Key_Z, modifier=control)
    assert mode.draft.layout == first
    known.bench.press(Qt.Key.Key_Y, modifier=control)
    assert mode.draft.layout == moved_once
    assert known.bench.session.layout == first  # nothing is in use before a person says so


def test_another_layout_does_not_lie_where_the_one_before_was_found(known: Hand) -> None:
    bench = known.bench
    bench.press(Qt.Key.Key_F2)
    bench.backend.pose_fails = True
    other = with_changed(known.mode.draft.layout, lambda p: moved(p, 500, 0), ["A1"])
    bench.session.use_layout(sealed(other))
    bench.press(Qt.Key.Key_F4)
    assert known.mode.draft.layout.pad["A1"].x_um == 900
    assert not known.mode.drafting.frame.found
    bench.until(lambda: "not found" in bench.window.status.mention.text())
    assert not known.mode.drafting.frame.found


def test_many_are_chosen_by_clicks_and_by_a_band_and_move_together(known: Hand) -> None:
    mode = known.mode
    known.click(400, 400)
    known.click(400, 800, Qt.KeyboardModifier.ControlModifier)
    assert mode.draft.chosen == ("A1", "A2")
    assert [i.row() for i in mode.panel.table.view.selectionModel().selectedRows()] == [0, 1]
    known.click(400, 400, Qt.KeyboardModifier.ControlModifier)
    assert mode.draft.chosen == ("A2",)
    known.drag((50, 250), (800, 1800))
    assert mode.draft.chosen == ("A1", "A2", "A3", "A4")
    known.bench.press(Qt.Key.Key_Right, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert [mode.draft.layout.pad[n].x_um for n in ("A1", "A4", "B1")] == [410, 410, 2200]
    known.bench.press(Qt.Key.Key_Escape)
    assert mode.draft.chosen == ()


def test_a_handle_pulls_one_side_and_the_opposite_one_stays(known: Hand) -> None:
    known.click(2200, 800)
    known.drag((2500, 800), (2600, 830))
    pad = known.mode.draft.layout.pad["B2"]
    assert pad.x_um - pad.w_um / 2 == pytest.approx(1900)
    assert pad.x_um + pad.w_um / 2 == pytest.approx(2600, abs=8)
    assert pad.h_um == 200


def test_a_drag_that_esc_ends_has_not_happened(known: Hand) -> None:
    before = known.mode.draft.layout
    known.bench.qtbot.mousePress(known.canvas, LEFT, pos=known.at(400, 400))
    known.bench.qtbot.mouseMove(known.canvas, known.at(600, 700))
    known.bench.press(Qt.Key.Key_Escape)
    known.bench.qtbot.mouseRelease(known.canvas, LEFT, pos=known.at(600, 700))
    assert known.mode.draft.layout == before


def test_a_cell_of_the_table_is_typed_into_and_nonsense_is_left_out(known: Hand) -> None:
    model = known.mode.panel.table.model
    assert model.setData(model.index(0, 1), "412,5")
    assert known.mode.draft.layout.pads[0].x_um == 412.5
    assert not model.setData(model.index(0, 1), "far left")
    assert model.setData(model.index(0, 0), "A2")  # taken
    assert known.names[0] == "A1"
    model.setData(model.index(0, 5), "3")
    assert len(known.mode.draft.layout.wires_of["A1"]) == 3
    model.setData(model.index(0, 3), "-5")
    assert known.mode.draft.layout.pads[0].w_um == 600


def test_overlaps_are_said_and_lead_to_their_pads(known: Hand) -> None:
    mode, panel = known.mode, known.mode.panel
    mode.draft.do("bring together", lambda b: with_changed(b, lambda p: moved(p, 0, -250), ["A3"]))
    assert [panel.problems.item(k).text() for k in range(panel.problems.count())] == ["Pads A2 and A3 overlap."]
    assert not panel.use.isEnabled()
    first = panel.problems.visualItemRect(panel.problems.item(0)).center()
    known.bench.qtbot.mouseClick(panel.problems.viewport(), LEFT, pos=first)
    assert mode.draft.chosen == ("A2", "A3")
    known.bench.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert not panel.problems.isVisible()


def test_a_board_that_is_not_found_is_shown_by_clicks(bench: Bench) -> None:
    bench.backend.pose_fails = True
    bench.add("board.jpg")
    bench.session.choose_layout(bench.folder / "layout.csv")
    bench.until(lambda: bench.session.layout)
    bench.press(Qt.Key.Key_F4)
    hand = Hand(bench)
    bench.until(lambda: not bench.session.jobs.active())
    assert not hand.mode.drafting.frame.found
    assert hand.mode.panel.scale.isVisible()
    bench.window.actions_by_id["layout_clicks"].trigger()
    for name in ("F2", "F3"):
        mark = next(f for f in layout().fiducials if f.name == name)
        x, y = hand.canvas.view.to_screen(POSE.apply(np.array([mark.x_um, mark.y_um])))
        bench.qtbot.mouseClick(hand.canvas, LEFT, pos=QPoint(round(float(x)), round(float(y))))
    hand.push(hand.mode.marks.go)
    bench.until(lambda: hand.mode.drafting.frame.found)
    assert "by clicks" in hand.mode.panel.lies.text().lower()
    assert not hand.mode.panel.scale.isVisible()


def test_a_typed_scale_says_how_large_what_is_drawn_is(empty: Hand) -> None:
    empty.fill(empty.mode.panel.scale, "5")
    assert empty.mode.drafting.frame.um_to_px.scale == pytest.approx(0.2)
    empty.bench.press("d")
    empty.drag((1000, 1000), (2000, 1500))
    assert empty.mode.draft.layout.pads[0].w_um == pytest.approx(1000, abs=25)


def test_a_learned_layout_lies_over_its_picture_and_can_be_undone(empty: Hand) -> None:
    empty.push(empty.mode.panel.learn)
    empty.bench.until(lambda: empty.mode.draft.layout.pads)
    assert empty.mode.drafting.frame.um_to_px == POSE
    assert empty.mode.draft.layout.name == "learned"
    assert "A2" in empty.mode.layer.scene.wrong  # worth a look
    empty.bench.press(Qt.Key.Key_Z, modifier=Qt.KeyboardModifier.ControlModifier)
    assert not empty.mode.draft.layout.pads


def test_without_a_scale_learning_asks_for_it_first(empty: Hand) -> None:
    bench, panel = empty.bench, empty.mode.panel
    bench.backend.scale = Scale(None, "none")
    bench.add("unscaled.jpg")
    bench.until(lambda: not empty.mode.drafting.frame.scaled)
    assert panel.scale.property("wanted")
    assert not panel.learn.property("primary")
    assert "how large a pixel is" in panel.empty.text()
    empty.push(panel.learn)
    assert panel.scale.hasFocus()
    assert bench.window.message_bar.message is None
    empty.fill(panel.scale, "2,5")
    assert panel.learn.property("primary")
    assert not panel.scale.property("wanted")


def test_two_edges_are_named_one_after_the_other_from_top_to_bottom() -> None:
    pads = tuple(
        Pad(f"p{i}", x + wobble, y, 1000, 127)
        for i, (x, y, wobble) in enumerate([(0, 254, 0.3), (17000, 0, 0), (0, 0, 0.9), (17000, 254, -0.5), (0, 508, 0)])
    )
    named = named_in_order(Layout("two edges", pads, ()), names=[p.id for p in pads], pattern="{n}", start=1)
    assert [p.id for p in named.pads] == ["2", "4", "1", "5", "3"]
    upright = tuple(
        Pad(f"t{i}", x, wobble, 127, 1000) for i, (x, wobble) in enumerate([(508, 0.2), (0, 0.9), (254, 0)])
    )
    named = named_in_order(Layout("a row", upright, ()), names=["t0", "t1", "t2"], pattern="T{n}", start=7)
    assert [p.id for p in named.pads] == ["T9", "T7", "T8"]


def test_a_drawn_pad_is_named_on_from_its_neighbour(known: Hand) -> None:
    layout = known.mode.draft.layout
    near = layout.pads[0]
    known.bench.press("d")
    known.drag((near.x_um - 40, near.y_um - 400), (near.x_um + 40, near.y_um - 300))
    made = known.mode.draft.chosen[0]
    assert made not in layout.pad
    assert made[0] == near.id[0]


def test_a_layout_is_saved_as_the_kind_that_was_chosen() -> None:
    dxf, proposed = "Drawing (*.dxf)", "/lab/flex.json"
    assert as_chosen("/lab/flex.json", proposed, dxf) == Path("/lab/flex.dxf")
    assert as_chosen("/lab/flex v2.3", proposed, dxf) == Path("/lab/flex v2.3.dxf")
    assert as_chosen("/lab/flex.csv", proposed, dxf) == Path("/lab/flex.csv")  # what was typed
    assert as_chosen("", proposed, dxf) is None


KICAD = """(kicad_pcb (version 20221018)
  (footprint "flex" (layer "F.Cu") (at 10 10) (fp_text reference "J1" (at 0 0) (layer "F.SilkS"))
    (pad "1" smd rect (at 0 0) (size 1 0.127) (layers "F.Cu") (net 1 "GNDA"))
    (pad "2" smd rect (at 0 0.254) (size 1 0.127) (layers "F.Cu") (net 2 "VDDA"))
    (pad "3" smd rect (at 0 0.508) (size 1 0.127) (layers "F.Cu") (net 2 "VDDA")))
  (net 1 "GNDA") (net 2 "VDDA"))
"""


def test_a_drawing_is_previewed_and_only_its_chosen_nets_are_taken(empty: Hand) -> None:
    bench, mode, page = empty.bench, empty.mode, empty.mode.panel.imports
    file = bench.folder / "flex.kicad_pcb"
    file.write_text(KICAD)
    bench.answers.next.append(file)
    empty.push(mode.panel.importing)
    bench.until(lambda: page.accept.isEnabled())
    assert page.found.text().startswith("3 pads")
    bench.until(lambda: mode.drafting.preview_frame)
    assert mode.layer.scene.layout == mode.drafting.preview
    assert mode.layer.scene.um_to_px == POSE
    empty.fill(page.nets, "VDD*")
    bench.until(lambda: page.found.text().startswith("2 pads"))
    empty.fill(page.nets, "nothing*")
    bench.until(lambda: not page.accept.isEnabled())
    assert "none was chosen" in page.trouble.text()
    empty.fill(page.nets, "VDD*")
    bench.until(lambda: page.accept.isEnabled())
    assert not mode.draft.layout.pads
    empty.push(page.accept)
    assert empty.names == ["J1-2", "J1-3"]
    assert mode.drafting.frame.found
    assert not mode.panel.importing_now


def test_a_region_drawn_on_the_picture_narrows_an_import(empty: Hand) -> None:
    bench, mode, page = empty.bench, empty.mode, empty.mode.panel.imports
    file = bench.folder / "flex.kicad_pcb"
    file.write_text(KICAD)
    bench.answers.next.append(file)
    empty.push(mode.panel.importing)
    bench.until(lambda: mode.drafting.preview_frame and page.accept.isEnabled())
    empty.canvas.fit_bounds((3600.0, 3900.0, 4600.0, 4400.0))
    x, y = mode.drafting.preview.pads[0].x_um, mode.drafting.preview.pads[0].y_um
    mode.drafting.preview_frame = None  # in the middle of the picture, in sight
    mode._show()
    empty.canvas.fit()
    empty.push(page.region)
    empty.drag((x - 600, y - 100), (x + 600, y + 300))
    bench.until(lambda: page.found.text().startswith("2 pads"))
    assert len(mode.drafting.preview.pads) == 2
    empty.push(page.whole)
    bench.until(lambda: page.found.text().startswith("3 pads"))
    assert len(mode.drafting.preview.pads) == 3


def test_copper_that_is_no_pad_by_its_file_is_left_out_until_it_is_ticked(empty: Hand) -> None:
    bench, mode, page = empty.bench, empty.mode, empty.mode.panel.imports
    file = bench.folder / "x2.gbr"
    file.write_text(
        "%FSLAX33Y33*%%MOMM*%%TA.AperFunction,SMDPad,CuDef*%%ADD10R,1X0.1*%%TA.AperFunction,ViaPad*%%ADD11C,0.3*%"
        "D10*X0Y0D03*X0Y500D03*D11*X3000Y0D03*M02*"
    )
    bench.answers.next.append(file)
    empty.push(mode.panel.importing)
    bench.until(lambda: page.accept.isEnabled())
    ticks = {page._layer(k): page.layers.item(k).checkState() == Qt.CheckState.Checked for k in range(2)}
    assert ticks == {"SMDPad": True, "ViaPad": False}
    assert page.found.text().startswith("2 pads")
    page.layers.item([*ticks].index("ViaPad")).setCheckState(Qt.CheckState.Checked)
    bench.until(lambda: page.found.text().startswith("3 pads"))


def test_the_side_of_a_drawing_can_be_chosen_where_the_other_has_nothing(empty: Hand) -> None:
    bench, mode, page = empty.bench, empty.mode, empty.mode.panel.imports
    file = bench.folder / "back.gbl"
    file.write_text("%TF.FileFunction,Copper,L2,Bot*%%FSLAX33Y33*%%MOMM*%%ADD10R,1X0.127*%D10*X2000Y-1000D03*M02*")
    bench.answers.next.append(file)
    empty.push(mode.panel.importing)
    bench.until(lambda: page.trouble.isVisible())
    assert "choose that side" in page.trouble.text()
    page.side.setCurrentText("Bottom")
    bench.until(lambda: page.accept.isEnabled())
    assert not page.trouble.isVisible()
    assert mode.drafting.preview.pads[0].x_um == -2000


def test_a_layout_file_is_taken_whole_and_a_broken_one_is_refused_in_place(empty: Hand) -> None:
    bench, mode, page = empty.bench, empty.mode, empty.mode.panel.imports
    good, bad = bench.folder / "mine.json", bench.folder / "broken.json"
    save_layout(layout(), good)
    bad.write_text("{")
    bench.answers.next += [bad, good]
    empty.push(mode.panel.importing)
    bench.until(lambda: page.trouble.isVisible())
    assert "not valid JSON" in page.trouble.text()
    assert not page.accept.isEnabled()
    empty.push(page.cancel)
    empty.push(mode.panel.importing)
    bench.until(lambda: page.accept.isEnabled())
    assert not page._choices.isVisible()
    empty.push(page.accept)
    assert mode.draft.layout == layout()


def test_verdicts_are_out_of_sight_while_the_layout_is_made(bench: Bench) -> None:
    bench.inspected()
    assert bench.window.canvas.layers.judged
    bench.press(Qt.Key.Key_F4)
    hand = Hand(bench)
    assert not bench.window.canvas.layers.judged
    assert hand.mode.drafting.frame.um_to_px == POSE  # as inspected: nothing is looked for again
    bench.press(Qt.Key.Key_F2)
    assert bench.window.canvas.layers.judged
    assert not hand.mode.layer.visible
    hand.canvas.repaint()


def test_numbers_as_they_are_typed() -> None:
    assert [typed_number(t) for t in ("1 400", "−12,5 µm", "90°", "", "x", "1e99")] == [
        1400,
        -12.5,
        90,
        None,
        None,
        None,
    ]
    assert [plain(v) for v in (127.0, 0.25, -0.0, 1400.1234)] == ["127", "0.25", "0", "1400.123"]
