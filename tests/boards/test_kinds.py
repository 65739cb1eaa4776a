"""Kinds of pads: by size, by row."""

import pytest

from padscope.boards.kinds import KINDS
from padscope.boards.layout import Pad
from padscope.configs import TrainingConfig, settings_of


@pytest.mark.parametrize(
    ("name", "row"),
    [("L017", "L"), ("R1", "R"), ("HV", "HV"), ("A12b", "A"), ("12", ""), ("top-03", "top-"), ("x1y2", "x1y")],
)
def test_a_row_is_what_stands_before_the_number(name: str, row: str) -> None:
    assert KINDS["row"](Pad(name, 0, 0, 10, 10)) == row


def test_a_size_is_the_same_for_a_turned_pad() -> None:
    assert KINDS["size"](Pad("a", 0, 0, 200, 100.2)) == KINDS["size"](Pad("b", 0, 0, 100, 200.4)) == "200 × 100 µm"


def test_all_share_one() -> None:
    assert KINDS["all"](Pad("a", 0, 0, 200, 100)) == KINDS["all"](Pad("b", 0, 0, 5, 1))


def test_the_window_offers_every_kind() -> None:
    offered = {s.name: s.choices for s in settings_of(TrainingConfig)}["thresholds_by"]
    assert set(offered) == set(KINDS)
