"""Serial numbers, typed, scanned and found in file names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padscope.boards.serial import EXAMPLE, parse_serial, serial_in
from padscope.errors import SerialError


def test_the_number_of_a_quad_flex_is_said_in_words() -> None:
    serial = parse_serial("20UPGPQ2110303")
    assert serial.component == "Quad PCB"
    assert serial.details == "Pre production OS ITkPix v1, EPEC"
    assert serial.of_a_board


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("20UPGM22110303", "Outer system quad module"),
        ("20UPIMS1234567", "Triplet L0 stave module"),
        ("20UPIS10000001", "L0 inner pixel 3D sensor tile 50x50um"),
        ("20USBML1234567", "strips, component ML"),
    ],
)
def test_other_components(text: str, component: str) -> None:
    assert parse_serial(text).component == component


def test_only_flexes_and_modules_are_boards() -> None:
    assert parse_serial("20UPGM22110303").of_a_board
    assert not parse_serial("20UPGMC2290001").of_a_board  # a module carrier
    assert not parse_serial("20UPIS10000001").of_a_board  # a sensor tile


@pytest.mark.parametrize("typed", ["20upgpq2110303", " 20U PG PQ 2110303\r\n", "20-U-PG-PQ-2110303", "20UPGPQ_2110303"])
def test_what_a_scanner_or_a_hand_adds_is_forgiven(typed: str) -> None:
    assert parse_serial(typed).text == EXAMPLE


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "no serial number"),
        ("20UPGPQ211030", "13 characters, 1 missing"),
        ("20UPGPQ21103033", "15 characters, 1 too many"),
        ("30UPGPQ2110303", "does not begin with 20U"),
        ("20UXGPQ2110303", "“X” as its fourth character"),
        ("20UPXPQ2110303", "“X” as its fifth character"),
        ("20UPGXX2110303", "the component “XX”, which general pixel parts do not have"),
        ("20UPIPQ2110303", "the component “PQ”, which is not one of the inner pixel system"),
        ("20UPGPQ211O303", "the letter O at place 11, where a digit belongs; is it the digit 0?"),
        ("20UPGPQ211X303", "the letter X at place 11, where a digit belongs."),
        ("20UPGPQ8110303", "do not fit any version of the readout chip"),
        ("20UPGPQ211#303", "“#”"),
    ],
)
def test_what_is_wrong_is_said(typed: str, says: str) -> None:
    with pytest.raises(SerialError) as caught:
        parse_serial(typed)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("20UPGPQ2110303.jpg", EXAMPLE),
        ("20upgpq2110303_front_001.JPG", EXAMPLE),
        ("flex 20UPGPQ2110303 after cleaning.tif", EXAMPLE),
        ("20-U-PG-PQ-2110303.png", EXAMPLE),
        ("carrier 20UPGMC2290001 flex 20UPGPQ2110303.jpg", EXAMPLE),  # the board, not what it lies on
        ("VHX_000032.jpg", None),
        ("20UPGPQ21103031.jpg", None),  # a digit too many is not cut off
        ("20UPGPQ2110303 and 20UPGPQ2110304.jpg", None),  # which of the two?
        ("20UPGPQ8110303.jpg", None),  # looks like one, but cannot be
    ],
)
def test_the_number_in_a_file_name(name: str, found: str | None) -> None:
    serial = serial_in(name)
    assert (serial.text if serial else None) == found


@given(st.text(max_size=20) | st.from_regex(r"20U[PSC][A-Z0-9]{10}", fullmatch=True))
def test_any_text_is_a_number_or_gets_one_sentence(text: str) -> None:
    said = ""
    try:
        serial = parse_serial(text)
    except SerialError as error:
        said = str(error)
    assert len(said) > 20 or (serial.component and parse_serial(serial.text.lower()) == serial)


@given(number=st.integers(0, 99999), before=st.text("abc_- .", max_size=5))
def test_every_number_is_found_again_in_a_name(number: int, before: str) -> None:
    text = f"20UPGPQ21{number:05}"
    found = serial_in(f"{before.rstrip('abc')}{text}_x.jpg")
    assert found is not None
    assert found.text == text
