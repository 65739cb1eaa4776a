"""What stitching and the microscope's own drawing leave in a picture: black wedges and steps, a burned-in scale bar."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from padscope.pictures.picture import Picture, open_picture
from padscope.pictures.scale_bar import ScaleBar, find_scale_bar
from padscope.pictures.valid_area import valid_area, valid_box
from padscope.types import Box
from picture_files import drawn, jpeg_bytes, write_file


def saved(tmp_path: Path, pixels: np.ndarray, kind: str = "png") -> Picture:
    path = tmp_path / f"p.{kind}"
    if kind == "jpeg":
        path.write_bytes(jpeg_bytes(pixels, quality=75))
        return open_picture(path)
    return open_picture(write_file(path, kind, pixels))


def truth(photographed: np.ndarray) -> np.ndarray:
    """Cells of 8 px of which every pixel is True; slow and obvious."""
    h, w = photographed.shape
    cells = np.zeros((-(-h // 8), -(-w // 8)), bool)
    for i, j in np.ndindex(cells.shape):
        cells[i, j] = photographed[8 * i : 8 * i + 8, 8 * j : 8 * j + 8].all()
    return cells


def wedge(height: int, width: int, left_px: float, right_px: float) -> np.ndarray:
    """True below a line that runs from left_px to right_px under the upper edge."""
    y, x = np.mgrid[:height, :width]
    return y >= left_px + (right_px - left_px) * x / width


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(("left", "right"), [(0, 13), (13, 2), (1, 1), (40, 0)])
def test_wedges_are_found(tmp_path: Path, kind: str, bits: int, left: int, right: int) -> None:
    if bits == 16 and kind == "jpeg":
        return
    photographed = wedge(400, 600, left, right) & wedge(400, 600, right / 2, left)[::-1]
    pixels = drawn(400, 600, bits=bits) * photographed[..., None].astype(np.uint16 if bits == 16 else np.uint8)
    found, expected = valid_area(saved(tmp_path, pixels, kind)), truth(photographed)
    assert (found & ~expected).sum() <= (6 if kind == "jpeg" else 0)  # JPEG softens the last sliver of a wedge
    assert (expected & ~found).mean() < 0.02


def test_steps_where_tiles_end_are_found(tmp_path: Path) -> None:
    photographed = np.ones((480, 640), bool)
    photographed[:37, :200] = photographed[440:, 320:] = photographed[200:, 610:] = False
    found = valid_area(saved(tmp_path, drawn(480, 640) * photographed[..., None].astype(np.uint8)))
    np.testing.assert_array_equal(found, truth(photographed))


def test_a_whole_picture_is_valid_everywhere(tmp_path: Path) -> None:
    for channels in (1, 3):
        assert valid_area(saved(tmp_path, drawn(203, 330, channels))).all()


def test_black_inside_is_a_finding_and_no_gap(tmp_path: Path) -> None:
    pixels = drawn(400, 400)
    pixels[100:200, 120:260] = 0
    assert valid_area(saved(tmp_path, pixels)).all()


def test_a_dark_background_with_noise_is_valid(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = np.clip(rng.normal(34, 3, (400, 400, 3)), 0, 255).astype(np.uint8)
    pixels[100:200, 100:200] = 200
    assert valid_area(saved(tmp_path, pixels)).all()


def test_giants_are_looked_at_in_stripes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographed = wedge(400, 600, 3, 30)
    picture = saved(tmp_path, drawn(400, 600) * photographed[..., None].astype(np.uint8), "tiff")
    whole = valid_area(picture)
    monkeypatch.setattr("padscope.pictures.valid_area.STRIPE_ROWS", 24)
    np.testing.assert_array_equal(valid_area(picture), whole)


@given(arrays.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_the_largest_valid_box(valid: np.ndarray) -> None:
    height, width = 8 * valid.shape[0] - 3, 8 * valid.shape[1] - 5
    best = 0
    for y0, x0 in np.ndindex(valid.shape):
        for y1 in range(y0 + 1, valid.shape[0] + 1):
            for x1 in range(x0 + 1, valid.shape[1] + 1):
                if valid[y0:y1, x0:x1].all():
                    best = max(best, (y1 - y0) * (x1 - x0))
    box = valid_box(valid, width, height)
    cells = valid[box.y0 // 8 : -(-box.y1 // 8), box.x0 // 8 : -(-box.x1 // 8)]
    assert cells.size == best
    assert cells.all()
    assert box == box.clipped(width, height)


# ---- the scale bar


def with_bar(
    length: int, colour: int = 0, strokes: bool = True, at: tuple[int, int] = (60, 700), thick: int = 3, size: int = 800
) -> np.ndarray:
    """A picture of pads with a bar whose end strokes have their middles `length` px apart."""
    rng = np.random.default_rng(length)
    pixels = np.full((size, 900, 3), 235 if colour == 0 else 90, np.uint8)
    for x in range(50, 850, 160):
        pixels[100:560, x : x + 90] = 190
    pixels = np.clip(pixels + rng.normal(0, 4, pixels.shape[:2])[..., None], 0, 255).astype(np.uint8)
    x, y = at
    pixels[y : y + thick, x : x + length + 1] = colour
    if strokes:
        for end in (x, x + length):
            pixels[y - 10 : y + thick + 10, end - 1 : end + 2] = colour
    cv2.putText(pixels, "1 mm", (x + 20, y - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (colour,) * 3, 2)
    return pixels


@pytest.mark.parametrize("kind", ["png", "jpeg"])
@pytest.mark.parametrize("colour", [0, 255])
@pytest.mark.parametrize("length", [80, 238, 500])
def test_a_bar_is_measured_between_its_strokes(tmp_path: Path, kind: str, colour: int, length: int) -> None:
    bar = find_scale_bar(saved(tmp_path, with_bar(length, colour), kind))
    assert bar is not None
    assert bar.strokes
    assert bar.length_px == pytest.approx(length, abs=0.5)
    assert (bar.x0_px, bar.y_px) == pytest.approx((60, 701), abs=1)
    assert bar.box == bar.box.clipped(900, 800)
    assert bar.box.y0 <= 692
    assert bar.box.y1 >= 711


def test_a_plain_bar_is_measured_between_its_ends(tmp_path: Path) -> None:
    bar = find_scale_bar(saved(tmp_path, with_bar(200, strokes=False)))
    assert bar is not None
    assert not bar.strokes
    assert bar.length_px == pytest.approx(201, abs=0.5)  # from edge to edge


def test_a_bar_at_the_top(tmp_path: Path) -> None:
    bar = find_scale_bar(saved(tmp_path, with_bar(150, at=(500, 40))))
    assert bar is not None
    assert (bar.x0_px, bar.y_px, bar.length_px) == pytest.approx((500, 41, 150), abs=1)


def test_a_bar_in_16_bit(tmp_path: Path) -> None:
    bar = find_scale_bar(saved(tmp_path, with_bar(300).astype(np.uint16) * 257))
    assert bar is not None
    assert bar.length_px == pytest.approx(300, abs=0.5)


def test_pictures_without_a_bar(tmp_path: Path) -> None:
    plain = with_bar(200)[:640]
    dark = plain.copy()
    dark[560:] = 20  # a dark area whose rim is long and straight
    for pixels in (
        plain,
        dark,
        drawn(400, 600),
        np.zeros((300, 300, 3), np.uint8),
        np.full((300, 300, 3), 255, np.uint8),
    ):
        assert find_scale_bar(saved(tmp_path, pixels)) is None


def test_real_boards_have_no_bar(shared_data: Path) -> None:
    with open_picture(shared_data / "boards" / "good01.jpg") as picture:
        assert find_scale_bar(picture) is None
        assert valid_area(picture).all()


def test_a_bar_confirms_a_scale_and_shows_a_wrong_one() -> None:
    """The 1 mm bar of a VHX-6000: 238.5 px. Undivided by the ratio, its scale is 2.2 % off."""
    bar = ScaleBar(0.0, 238.5, 0.0, Box(0, 0, 239, 3), strokes=True)
    assert bar.round_length_um(4.098828614925307 / (44 / 45)) == 1000
    assert bar.round_length_um(4.098828614925307) is None
    assert bar.um_per_px(1000) == pytest.approx(4.193, abs=1e-3)
