"""Colours of classes: what cannot be told apart is said, and the standard classes are apart for every eye."""

from itertools import combinations
from pathlib import Path

import pytest

from padscope.masks.classes import load_classes
from padscope.masks.colours import APART, BLINDNESS, GOLD, distance, warnings

STANDARD = load_classes(Path(__file__).resolve().parents[2] / "resources" / "classes" / "standard.toml")
BOARD = "#275640"
"""About the solder mask of the boards in shared/data under ring light."""


@pytest.mark.parametrize("who", [None, *BLINDNESS])
def test_the_standard_classes_are_apart_for_every_eye_and_from_gold_and_board(who: str | None) -> None:
    seen = None if who is None else BLINDNESS[who]
    pairs = {(a.name, b.name): distance(a.colour, b.colour, seen) for a, b in combinations(STANDARD, 2)}
    assert min(pairs.values()) > 1.25 * APART, min(pairs, key=pairs.__getitem__)
    for ground in (GOLD, BOARD):
        assert min(distance(c.colour, ground, seen) for c in STANDARD) > 1.1 * APART


def test_no_standard_class_is_warned_of() -> None:
    for one in STANDARD:
        assert warnings(one.colour, [(c.name, c.colour) for c in STANDARD if c is not one]) == []


def test_distances_are_those_of_the_standard() -> None:
    assert abs(distance("#ffffff", "#000000") - 100) < 0.1
    assert distance("#123456", "#123456") == 0
    assert 170 < distance("#ff0000", "#00ff00") < 171  # CIE 1976, sRGB primaries
    red, green = "#cc3311", "#7a7a10"
    assert distance(red, green) > 2 * APART
    assert distance(red, green, BLINDNESS["red-blind"]) < distance(red, green)


def test_a_colour_is_warned_of_in_words() -> None:
    others = [("glue", "#009e73"), ("scratch", "#e69f00")]
    assert warnings("#0072b2", others) == []
    assert warnings("#04a078", others)[0] == "Nearly the colour of “glue”."
    assert any(
        "green-blind eye cannot tell it from “scratch”" in w or "red-blind eye cannot tell it from “scratch”" in w
        for w in warnings("#a8b400", others)
    )
    assert warnings("#b89040", [])[-1].startswith("Close to the gold of the pads")
