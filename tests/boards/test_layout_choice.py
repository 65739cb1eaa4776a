"""What is chosen of a drawing, and how outlines become pads and wires."""

from __future__ import annotations

import math

import numpy as np
import pytest

from padscope.boards.layout import spread_wires
from padscope.boards.layout_choice import Choice, Shape, circle, layout_of, rectangle, rounded
from padscope.errors import LayoutError, UsageError


def test_corners_become_rectangles_whichever_way_round_they_run() -> None:
    for turn in (0.0, 30.0, -44.0, 45.0, 90.0, 133.0):
        for corners in (rectangle(10, 20, 300, 100, turn), rectangle(10, 20, 300, 100, turn)[::-1]):
            for start in range(4):
                layout = layout_of([Shape(np.roll(corners, start, axis=0), "A")], Choice(), "f", "n")
                pad = layout.pads[0]
                assert pad.polygon_um is None
                assert -45 < pad.rotation_deg <= 45
                assert pad.area_um2 == pytest.approx(30_000)
                ours = {tuple(np.round(c, 6) + 0.0) for c in pad.corners_um}
                assert ours == {tuple(np.round(c, 6) + 0.0) for c in corners}
                assert math.cos(math.radians(2 * (pad.direction_deg - turn))) == pytest.approx(1)


def test_other_outlines_become_polygons_inside_the_metal() -> None:
    disc, oval = circle(0, 0, 100), rounded(500, 0, 300, 100, 50)
    layout = layout_of([Shape(disc, "A", diameter_um=100), Shape(oval, "B")], Choice(), "f", "n")
    assert np.hypot(*layout.pad["A"].corners_um.T).max() <= 50 + 1e-9
    assert layout.pad["A"].area_um2 == pytest.approx(math.pi * 50**2, rel=0.01)
    assert layout.pad["B"].area_um2 == pytest.approx(200 * 100 + math.pi * 50**2, rel=0.01)


def test_names_are_made_unique_and_kept_where_they_are() -> None:
    shapes = [Shape(rectangle(300.0 * n, 0, 100, 100), name) for n, name in enumerate(["A", "", "B", "B", "", "B-1"])]
    assert [p.id for p in layout_of(shapes, Choice(), "f", "n").pads] == ["A", "P1", "B-2", "B-3", "P2", "B-1"]


def test_pads_are_chosen_by_layer_net_name_and_region() -> None:
    shapes = [
        Shape(rectangle(500.0 * n, 0, 100, 100), f"U{n}-1", net, layer)
        for n, (net, layer) in enumerate([("GND", "top"), ("VDD", "top"), ("GND", "mask"), ("", "top")])
    ]

    def chosen(choice: Choice) -> list[str]:
        return [p.id for p in layout_of(shapes, choice, "f", "n").pads]

    assert chosen(Choice(layers=("t*",))) == ["U0-1", "U1-1", "U3-1"]
    assert chosen(Choice(nets=("gnd",))) == ["U0-1", "U2-1"]
    assert chosen(Choice(pads=("U[12]-*",))) == ["U1-1", "U2-1"]
    assert chosen(Choice(region_um=(400, -10, 1100, 10))) == ["U1-1", "U2-1"]
    with pytest.raises(LayoutError, match="f has 4 shapes, but none was chosen as a pad; it has the layers mask, top"):
        chosen(Choice(layers=("bottom",)))


def test_wires_are_counted_by_pitch() -> None:
    shapes = [Shape(rectangle(0, 500.0 * n, 1000, h), f"P{n}") for n, h in enumerate((60.0, 127.0, 381.0))]
    layout = layout_of(shapes, Choice(wire_pitch_um=127.0), "f", "n")
    assert [len(layout.wires_of[p.id]) for p in layout.pads] == [1, 1, 3]
    assert layout.wires_of["P2"] == spread_wires(layout.pad["P2"], 3)


@pytest.mark.parametrize("wrong", [{"side": "left"}, {"wires": -1}, {"wire_pitch_um": 0.0}, {"unit_um": math.nan}])
def test_a_choice_that_makes_no_sense_is_refused(wrong: dict) -> None:
    with pytest.raises(UsageError):
        Choice(**wrong)
