"""What reasons show: every one has outlines on the board that lie where its words say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from padscope.boards.bond_map import pad_map_object, pad_map_text, parse_pad_map
from padscope.boards.doubts import Doubt
from padscope.boards.layout import Layout, Pad, spread_wires
from padscope.boards.pad_map import PadResult, Polygon, Shows, Verdict
from padscope.boards.review import override, reviewed_pad
from padscope.boards.rules import load_rules
from padscope.boards.verdict import judge
from padscope.errors import PadMapError
from padscope.types import Affine, Box
from reference_maps import map_with, painted_pads

SIZE = (640, 480)
UM_TO_PX = Affine(0.4, 0.0, 10.0, 0.0, 0.4, 10.0)
PAD = Pad("A", 600.0, 350.0, 1000.0, 635.0)
LAYOUT = Layout("one pad", (PAD,), spread_wires(PAD, 5))
Boxes = list[tuple[float, float, float, float]]


def quiet() -> NDArray[np.float32]:
    return np.full((SIZE[1] // 8, SIZE[0] // 8), 0.2, np.float32)


def judged(boxes: Boxes, name: str = "scratch", rules: str = "standard", layout: Layout = LAYOUT) -> PadResult:
    """With rectangles in board µm painted as defects."""
    mask = np.zeros(SIZE[::-1], np.uint8)
    for x0, y0, x1, y1 in boxes:
        (c0, r0), (c1, r1) = np.rint(UM_TO_PX.apply(np.array([[x0, y0], [x1, y1]])) + 0.5).astype(int)
        mask[r0:r1, c0:c1] = 1
    masks = painted_pads(mask, layout, UM_TO_PX, {1: name})
    return judge(quiet(), layout, UM_TO_PX, SIZE, load_rules(rules), masks=masks)[0]


def box_of(corners: Polygon) -> list[float]:
    at = np.array(corners)
    return [*at.min(axis=0).tolist(), *at.max(axis=0).tolist()]


def shown(result: PadResult, word: str) -> dict[Shows, list[list[float]]]:
    """Boxes of the outlines, by what they show, of the reason with that word in it."""
    (k,) = [k for k, text in enumerate(result.reasons) if word in text]
    found: dict[Shows, list[list[float]]] = {}
    for mark in result.marks_of(k):
        found.setdefault(mark.shows, []).append(box_of(mark.corners_um))
    return found


def test_a_wire_without_a_place_shows_what_it_needs_and_what_is_left() -> None:
    result = judged([(100, 250, 1100, 400)])
    assert result.verdict is Verdict.REDUCED
    marks = shown(result, "can land")
    ((x0, y0, x1, y1),) = marks[Shows.NEEDED]
    assert (x1 - x0, y1 - y0) == pytest.approx((145, 95))
    lost = next(m for m in result.landings if m.proposed_um is None)
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx(lost.planned_um)
    ((x0, y0, x1, y1),) = marks[Shows.FREE]
    assert y1 - y0 < 95
    assert x1 - x0 == pytest.approx(1000, abs=5)
    assert f"the largest that is left is {int(y1 - y0)} × " in result.reasons[0]
    feet = [m.proposed_um for m in result.landings if m.proposed_um is not None]
    assert not any(abs((y0 + y1) / 2 - v) < (y1 - y0) / 2 + 47 for _, v in feet)
    assert y1 <= 250 + 2.6 or y0 >= 400 - 2.6


def test_a_severe_defect_is_shown() -> None:
    result = judged([(900, 100, 950, 140), (200, 500, 240, 520)], "exposed metal")
    boxes = shown(result, "exposed metal on the pad")[Shows.DEFECT]
    assert sorted(boxes) == [
        pytest.approx([200, 500, 240, 520], abs=2.6),
        pytest.approx([900, 100, 950, 140], abs=2.6),
    ]


def test_the_pristine_window_is_shown_with_the_defect_in_it() -> None:
    result = judged([(600, 300, 640, 340)], rules="pristine-window")
    marks = shown(result, "in the middle 80 %")
    assert marks[Shows.WINDOW] == [pytest.approx([200, 96, 1000, 604])]
    assert marks[Shows.DEFECT] == [pytest.approx([600, 300, 640, 340], abs=2.6)]


def test_too_little_metal_shows_what_takes_it() -> None:
    marks = shown(judged([(100, 32.5, 1100, 300)]), "is free of defects; a pad needs")
    assert marks[Shows.DEFECT] == [pytest.approx([100, 32.5, 1100, 300], abs=2.6)]


def test_a_shifted_wire_shows_both_feet() -> None:
    result = judged([(560, 330, 640, 370)])
    assert result.verdict is Verdict.OK_SHIFT
    marks = shown(result, "A-3 lands")
    ((x0, _, x1, _),), ((u0, _, u1, _),) = marks[Shows.PLANNED], marks[Shows.LANDING]
    assert (x0 + x1) / 2 == pytest.approx(600)
    assert u1 <= 560 - 10 + 2.6 or u0 >= 640 + 10 - 2.6


def test_a_glaring_part_is_shown_and_a_blurred_pad_as_a_whole() -> None:
    white = Doubt("glaring, 5 % of the pad is white", (Box(100, 60, 140, 90), Box(300, 60, 310, 70)))
    results = [
        judge(quiet(), LAYOUT, UM_TO_PX, SIZE, load_rules(), doubts={"A": doubt})[0]
        for doubt in (white, Doubt("blurred"))
    ]
    assert shown(results[0], "glaring")[Shows.HIDDEN] == [
        pytest.approx([223.75, 123.75, 323.75, 198.75]),
        pytest.approx([723.75, 123.75, 748.75, 148.75]),
    ]
    assert shown(results[1], "blurred")[Shows.HIDDEN] == [pytest.approx([100, 32.5, 1100, 667.5])]


def test_a_pad_cut_off_shows_what_is_beyond_the_picture() -> None:
    (result,) = judge(quiet(), LAYOUT, Affine(0.4, 0.0, -60.0, 0.0, 0.4, 300.0), SIZE, load_rules())
    marks = shown(result, "not wholly inside")[Shows.HIDDEN]
    assert sorted(marks) == [
        pytest.approx([100, 32.5, 148.75, 667.5]),  # left of the picture: (-0.5 + 60) / 0.4
        pytest.approx([100, 448.75, 1100, 667.5]),  # below it: (479.5 - 300) / 0.4
    ]


def test_a_part_that_was_not_inspected_is_shown() -> None:
    level = quiet()
    level[18, 30] = np.nan
    (result,) = judge(level, LAYOUT, UM_TO_PX, SIZE, load_rules())
    assert shown(result, "was not inspected")[Shows.HIDDEN] == [pytest.approx([573.75, 333.75, 593.75, 353.75])]


def test_marks_are_written_with_their_places_in_the_picture_and_read_back() -> None:
    pad_map = map_with(replace(judged([(100, 250, 1100, 400)]), pad="A"))
    assert parse_pad_map(pad_map_text(pad_map), "x.padmap.json") == pad_map
    own = pad_map_object(pad_map)["pads"][0]
    for mark in own["marks"]:
        assert own["reasons"][mark["reason"]]
        assert mark["corners_px"] == pytest.approx(pad_map.um_to_px.apply(np.array(mark["corners_um"])), abs=0.01)


def test_a_mark_of_no_reason_is_refused() -> None:
    text = pad_map_text(map_with(replace(judged([(100, 250, 1100, 400)]), pad="A")))
    with pytest.raises(PadMapError, match="reason that is not listed"):
        parse_pad_map(text.replace('"reason": 0', '"reason": 7', 1), "x.padmap.json")


def test_an_override_keeps_every_mark_with_its_reason() -> None:
    result = judged([(100, 250, 1100, 400)])
    after = reviewed_pad(result, override(result, Verdict.NOT_BONDABLE, "too little", "AB"))
    assert [after.reasons[m.reason] for m in after.marks] == [result.reasons[m.reason] for m in result.marks]
    assert after.marks_of(0) == ()
