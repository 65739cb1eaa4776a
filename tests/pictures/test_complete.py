"""A file is complete when its end says so."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from keyence_files import Vhx
from padscope.pictures.complete import examine, may_be_picture
from picture_files import drawn, write_file


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "tiff", "tiff-lzw", "tiff-tiles", "tiff-big"])
def test_a_picture_is_complete_with_its_last_byte(tmp_path: Path, kind: str) -> None:
    path = write_file(tmp_path / "x", kind, drawn())
    whole = path.read_bytes()
    assert examine(path).trouble == ""
    assert len(examine(path).sha256) == 64
    for share in (0.05, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        finding = examine(path)
        assert finding.trouble, share
        assert not finding.sha256


def test_values_behind_a_keyence_picture_belong_to_it(tmp_path: Path) -> None:
    """The picture itself is complete long before: without them its scale is lost."""
    path = tmp_path / "VHX_000001.jpg"
    whole = Vhx().bytes(drawn(300, 400))
    path.write_bytes(whole)
    assert examine(path).trouble == ""
    path.write_bytes(whole[:-600])
    finding = examine(path)
    assert "values of the microscope" in finding.trouble
    assert finding.sha256  # it can be read all the same


def test_room_that_a_copy_has_reserved_is_not_a_picture_yet(tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.tif", "tiff", drawn(200, 300))
    data = bytearray(path.read_bytes())
    assert examine(path).trouble == ""
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)  # the header is there, the second half still to come
    path.write_bytes(data)
    assert "zeros" in examine(path).trouble


def test_a_black_lower_border_is_only_doubtful(tmp_path: Path) -> None:
    pixels = drawn(200, 300)
    pixels[-20:] = 0
    finding = examine(write_file(tmp_path / "x.bmp", "bmp", np.ascontiguousarray(pixels[::-1])))
    assert finding.sha256
    assert "zeros" in finding.trouble


def test_examining_leaves_a_file_as_it_is(tmp_path: Path) -> None:
    path = write_file(tmp_path / "x.png", "png", drawn())
    before = path.read_bytes(), path.stat().st_mtime_ns
    examine(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    os.rename(path, tmp_path / "y.png")  # nobody holds it


def test_names_that_may_be_pictures() -> None:
    assert all(map(may_be_picture, ["VHX_000001.jpg", "a.TIF", "b.tiff", "c.PNG", "d.bmp", "e.vk7", "ü ß.jpeg"]))
    assert not any(
        map(may_be_picture, ["a.jpg.part", "a.tmp", "~$a.jpg", ".a.jpg", "Thumbs.db", "a.bin", "jpg", "a.pdf"])
    )
