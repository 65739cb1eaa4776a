"""What stitching and the microscope's own drawing leave in a picture: black wedges and steps, a burned-in scale bar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padscope.pictures.picture import Picture, open_picture
from padscope.pictures.scale_bar import ScaleBar, bar_zones, find_scale_bar, scale_bars, surest
from padscope.pictures.valid_area import valid_area
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


TEXTS = ("500 um", "100um", "1 mm", "200.0 um", "1000 um")


@given(
    texture=st.sampled_from(["board", "metal", "smooth"]),
    text=st.sampled_from(TEXTS),
    white=st.booleans(),
    place=st.sampled_from(["above", "below", "beside"]),
    quality=st.sampled_from([None, 75, 90]),
    length=st.integers(80, 320),
    thick=st.integers(3, 6),
    seed=st.integers(0, 99),
)
@settings(max_examples=25)
def test_a_plain_bar_with_its_label_is_found(
    texture: str, text: str, white: bool, place: str, quality: int | None, length: int, thick: int, seed: int
) -> None:
    """As most microscopes burn it in: measured to a pixel, sure to be one, and its label covered with it."""
    rng = np.random.default_rng(seed)
    pixels = textured(texture, rng)
    size, _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
    x, y = int(rng.integers(30, 600 - length)), 470
    tx, ty = {
        "above": (x + 10, y - 9),
        "below": (x + 10, y + thick + 9 + size[1]),
        "beside": (x + length + 12, y + size[1] // 2),
    }[place]
    colour = (255,) * 3 if white else (0,) * 3
    pixels[y : y + thick, x : x + length] = colour
    cv2.putText(pixels, text, (tx, ty), cv2.FONT_HERSHEY_SIMPLEX, 0.8, colour, 2)
    if quality is not None:
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    bar = surest([b.moved(zone.y0) for zone in bar_zones(900, 540) for b in scale_bars(pixels[zone.slices])])
    assert bar is not None
    assert bar.sure
    assert not bar.strokes
    assert bar.length_px == pytest.approx(length, abs=1)
    assert (bar.x0_px, bar.y_px) == pytest.approx((x - 0.5, y + (thick - 1) / 2), abs=1)
    drawing = np.zeros((540, 900), np.uint8)
    cv2.putText(drawing, text, (tx, ty), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    drawing[y : y + thick, x : x + length] = 255
    drawing[bar.covers.slices] = 0
    assert not drawing.any()


def textured(kind: str, rng: np.random.Generator) -> np.ndarray:
    """(540, 900, 3): dark solder mask with bright pads, brushed metal, or a smooth slope."""
    y, x = np.mgrid[:540, :900]
    planes = {
        "board": np.where((x // 90 % 2 == 1) & (y < 400), 196.0, 62.0),
        "metal": np.repeat(rng.normal(140, 8, (540, 1)), 900, axis=1) + rng.normal(0, 3, (540, 900)),
        "smooth": 90 + 60 * x / 900 + 40 * y / 540,
    }
    grey = planes[kind] + rng.normal(0, 4, (540, 900))
    return np.clip(grey[..., None] + (4, 0, -6), 0, 255).astype(np.uint8)


@given(texture=st.sampled_from(["board", "metal", "smooth"]), seed=st.integers(0, 999))
@settings(max_examples=12)
def test_textures_have_no_bar(texture: str, seed: int) -> None:
    pixels = textured(texture, np.random.default_rng(seed))
    assert not any(bar.sure for bar in scale_bars(pixels))


@pytest.mark.parametrize("strokes", [True, False])
def test_a_bar_on_a_panel(tmp_path: Path, strokes: bool) -> None:
    """A white bar and its label on a black panel: the panel's own rims are no bars."""
    pixels = textured("smooth", np.random.default_rng(3))
    pixels[430:500, 500:720] = 0
    pixels[484:489, 510:710] = 255
    if strokes:
        for end in (510, 710):
            pixels[478:495, end - 1 : end + 2] = 255
    cv2.putText(pixels, "200 um", (560, 466), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    bar = find_scale_bar(saved(tmp_path, pixels))
    assert bar is not None
    assert bar.strokes == strokes
    assert bar.label is not None
    assert bar.length_px == pytest.approx(200, abs=0.6)


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


def test_a_real_chip_and_real_metal_have_no_bar(shared_data: Path) -> None:
    tiles = sorted((shared_data / "magnetic_tile" / "train" / "good").iterdir())[::6]
    assert tiles
    for path in [shared_data / "keyence" / "vhx7000_chip.jpg", *tiles]:
        with open_picture(path) as picture:
            bar = find_scale_bar(picture)
        assert bar is None or not bar.sure, path.name


def test_a_label_is_covered_with_the_bar() -> None:
    bare = ScaleBar(10.0, 110.0, 50.0, Box(10, 48, 111, 52), strokes=False)
    assert not bare.sure
    assert bare.covers == Box(-2, 36, 123, 64)  # a label that was not found may stand close
    named = replace(bare, label=Box(30, 20, 90, 40))
    assert named.sure
    assert named.covers == Box(8, 18, 113, 54)
    assert named.moved(100).covers == Box(8, 118, 113, 154)


def test_a_bar_confirms_a_scale_and_shows_a_wrong_one() -> None:
    """The 1 mm bar of a VHX-6000: 238.5 px. Undivided by the ratio, its scale is 2.2 % off."""
    bar = ScaleBar(0.0, 238.5, 0.0, Box(0, 0, 239, 3), strokes=True)
    assert bar.round_length_um(4.098828614925307 / (44 / 45)) == 1000
    assert bar.round_length_um(4.098828614925307) is None
    assert bar.um_per_px(1000) == pytest.approx(4.193, abs=1e-3)
