"""Pictures of VK laser microscopes."""

from pathlib import Path

import numpy as np
import pytest

from keyence_files import vk4_bytes, vk6_bytes
from padscope.errors import PictureError
from padscope.pictures.picture import open_picture
from padscope.types import Box, Scale
from picture_files import drawn

COLOUR, LIGHT = drawn(), drawn(channels=1, bits=16)


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_pictures_of_a_vk_file(tmp_path: Path, wrapped: bool) -> None:
    data = vk4_bytes(COLOUR, LIGHT)
    (tmp_path / "p.vk").write_bytes(vk6_bytes(data) if wrapped else data)
    picture = open_picture(tmp_path / "p.vk")
    assert (picture.pages, picture.bits, picture.scale) == (2, 8, Scale(pytest.approx(0.138), "keyence", False))
    assert picture.microscope is not None
    assert (picture.microscope.magnification, picture.microscope.captured_at) == ("X50", "2024-05-03T06:07:08+02:00")
    np.testing.assert_array_equal(picture.read(Box(10, 20, 100, 70)), COLOUR[20:70, 10:100])
    laser = open_picture(tmp_path / "p.vk", page=1)
    assert (laser.bits, laser.channels) == (16, 1)
    np.testing.assert_array_equal(laser.read(laser.box)[..., 2], LIGHT)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (vk4_bytes(COLOUR)[:-1], "incomplete"),
        (vk4_bytes(COLOUR)[:50], "incomplete"),
        (b"VK4_" + bytes(200), "names no picture"),
        (vk4_bytes(COLOUR, compression=1), "compression 1"),
        (vk6_bytes(vk4_bytes(COLOUR))[:-30], "damaged"),
        (vk6_bytes(vk4_bytes(COLOUR)).replace(b"Vk4File", b"Other__"), "damaged"),
        (vk6_bytes(vk4_bytes(COLOUR)[:-1]), "incomplete"),
    ],
)
def test_a_damaged_vk_file_is_refused(tmp_path: Path, data: bytes, word: str) -> None:
    (tmp_path / "p.vk4").write_bytes(data)
    with pytest.raises(PictureError, match=word):
        open_picture(tmp_path / "p.vk4")


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "p.vk4").write_bytes(vk4_bytes(COLOUR))
    with pytest.raises(PictureError, match="no page 2"):
        open_picture(tmp_path / "p.vk4", page=1)


def test_without_a_length_there_is_no_scale(tmp_path: Path) -> None:
    (tmp_path / "p.vk4").write_bytes(vk4_bytes(COLOUR, pm_per_px=0))
    assert open_picture(tmp_path / "p.vk4").scale == Scale()
