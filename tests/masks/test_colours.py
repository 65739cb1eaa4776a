"""Colours of classes: what cannot be told apart is said."""

from padscope.masks.colours import APART, BLINDNESS, distance, warnings


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
