"""What the quick worker does with real pictures, here without a process around it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from padscope_desktop.background import worker_commands
from padscope_desktop.background.payloads import MappedLevels, kept_unknown
from padscope_desktop.background.protocol import Part
from padscope_desktop.inspecting import commands as inspect_commands


def finished(work: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """(what was yielded, result)."""
    told = []
    while True:
        try:
            told.append(next(work))
        except StopIteration as stop:
            return told, stop.value


@pytest.fixture
def picture(tmp_path: Path) -> tuple[Path, np.ndarray]:
    rng = np.random.default_rng(3)
    small = rng.integers(0, 255, (130, 171, 3), dtype=np.uint8)
    pixels = cv2.resize(small, (1711, 1303), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), pixels[..., ::-1])
    return path, pixels


def test_smaller_levels_come_first_then_all_pixels(tmp_path: Path) -> None:
    """Of a format that can be decoded at a smaller size."""
    pixels = np.full((5000, 5100, 3), 90, np.uint8)
    pixels[:2500] = 200
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), pixels)
    told, levels = finished(worker_commands.show(path, tmp_path / "cache"))
    first = told[0]
    assert isinstance(first, Part)
    assert (first.value.card.width, first.value.card.height) == (5100, 5000)
    assert not first.value.complete
    assert first.value.shapes[0] == (625, 638, 3)
    assert levels.complete
    arrays = levels.arrays()
    assert [a.shape for a in arrays[:2]] == [(5000, 5100, 3), (2500, 2550, 3)]
    assert not arrays[0].flags.writeable
    assert abs(int(arrays[0][100, 100, 0]) - 200) <= 2
    assert all(t.fraction <= 1 for t in told[1:])


def test_levels_are_the_picture_and_the_same_smaller(picture: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, pixels = picture
    _, levels = finished(worker_commands.show(path, tmp_path / "cache"))
    assert isinstance(levels, MappedLevels)
    arrays = levels.arrays()
    np.testing.assert_array_equal(arrays[0], pixels)
    for level in arrays[1:]:
        assert abs(float(level.mean()) - float(pixels.mean())) < 1


def test_a_picture_seen_before_is_not_decoded_again(
    picture: tuple[Path, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, before = finished(worker_commands.show(picture[0], tmp_path / "cache"))
    monkeypatch.setattr("padscope.pictures.picture.Picture.stripes", None)
    told, again = finished(worker_commands.show(picture[0], tmp_path / "cache"))
    assert (told, again) == ([], before)


def test_cancelled_in_the_middle_it_leaves_no_levels(picture: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    work = worker_commands.show(picture[0], tmp_path / "cache")
    next(work)
    work.close()
    assert not list((tmp_path / "cache").rglob("*.raw"))


def test_twelve_bits_in_sixteen_are_not_shown_black(tmp_path: Path) -> None:
    grey = np.linspace(200, 4000, 400 * 300).astype(np.uint16).reshape(300, 400)
    path = tmp_path / "camera.tif"
    tifffile.imwrite(path, grey)
    _, levels = finished(worker_commands.show(path, tmp_path / "cache"))
    (level,) = levels.arrays()
    np.testing.assert_array_equal(level[..., 0], grey)  # what the file holds, windowed only on the screen
    assert levels.span[0] == pytest.approx(200, abs=20)
    assert levels.span[1] == pytest.approx(4000, abs=20)


def test_a_thumbnail_is_small_and_knows_the_file(picture: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    import hashlib

    _, thumbnail = finished(worker_commands.thumbnail(picture[0], 192, tmp_path / "cache"))
    assert max(thumbnail.pixels.shape) <= 192
    assert thumbnail.card.sha256 == hashlib.sha256(picture[0].read_bytes()).hexdigest()
    assert thumbnail.card.size_bytes == picture[0].stat().st_size


@pytest.mark.parametrize("width", [150, 400, 1000, 3000, 10895])
def test_a_thumbnail_is_never_longer_than_asked_and_seldom_much_shorter(width: int) -> None:
    step = worker_commands.thumbnail_step(width, width // 2, 192)
    assert min(96, width) <= -(-width // step) <= 192


def test_a_large_jpeg_is_not_decoded_whole_for_a_thumbnail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import imagecodecs

    from picture_files import jpeg_bytes

    file = tmp_path / "large.jpg"
    ramp = np.linspace(0, 255, 1600 * 4000 * 3).reshape(1600, 4000, 3).astype(np.uint8)
    file.write_bytes(jpeg_bytes(ramp))
    monkeypatch.setattr(imagecodecs, "jpeg8_decode", None)
    _, thumbnail = finished(worker_commands.thumbnail(file, 192, tmp_path / "cache"))
    assert thumbnail.pixels.shape == (67, 167, 3)
    assert abs(float(thumbnail.pixels.mean()) - float(ramp.mean())) < 2


def test_the_thumbnail_of_a_picture_seen_before_comes_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from padscope.pictures.picture import Picture

    file, cache = tmp_path / "grey.png", tmp_path / "cache"
    pixels = np.tile(np.linspace(0, 255, 1300).astype(np.uint8), (900, 1))
    cv2.imwrite(str(file), pixels)
    _, fresh = finished(worker_commands.thumbnail(file, 192, cache))
    finished(worker_commands.show(file, cache))
    monkeypatch.setattr(Picture, "read", None)
    _, kept = finished(worker_commands.thumbnail(file, 192, cache))
    assert kept.pixels.shape[2] == 3
    assert max(kept.pixels.shape) <= 192
    assert abs(float(kept.pixels.mean()) - float(fresh.pixels.mean())) < 2


def test_judging_again_needs_the_board_only_once() -> None:
    from fake_backend import HEIGHT, POSE, WIDTH, layout, level_grid

    from padscope_desktop.background.payloads import JudgedBoard

    board = JudgedBoard(level_grid(), layout(), POSE, (WIDTH, HEIGHT))
    _, first = finished(inspect_commands.judge("7/1", board, 1.0))
    _, again = finished(inspect_commands.judge("7/1", None, 2.0))
    assert [p.pad for p in again] == [p.pad for p in first] == [p.id for p in layout().pads]
    np.testing.assert_allclose([p.level for p in again], [p.level / 2 for p in first], rtol=1e-5)
    with pytest.raises(LookupError):
        finished(inspect_commands.judge("8/1", None, 1.0))


def test_a_board_that_comes_along_is_judged_even_if_another_had_its_key() -> None:
    """Keys hold the places of arrays in memory, and places are used again."""
    from fake_backend import HEIGHT, POSE, WIDTH, layout, level_grid

    from padscope_desktop.background.payloads import JudgedBoard

    first = JudgedBoard(level_grid(), layout(), POSE, (WIDTH, HEIGHT))
    then = JudgedBoard(level_grid() / 2, layout(), POSE, (WIDTH, HEIGHT))
    _, before = finished(inspect_commands.judge("9/1", first, 1.0))
    _, after = finished(inspect_commands.judge("9/1", then, 1.0))
    np.testing.assert_allclose([p.level for p in after], [p.level / 2 for p in before], rtol=1e-5)


def test_what_cannot_be_judged_stays_unknown_at_every_threshold() -> None:
    from fake_backend import verdicts

    from padscope.boards.pad_map import Verdict

    blurred = [
        replace(p, verdict=Verdict.UNKNOWN, reasons=("out of focus",)) if p.pad == "A1" else p for p in verdicts(1.0)
    ]
    after = kept_unknown(tuple(blurred), verdicts(4.0), 4.0)
    assert [(p.pad, p.verdict, p.reasons) for p in after if p.pad == "A1"] == [
        ("A1", Verdict.UNKNOWN, ("out of focus",))
    ]
    assert after[0].level == pytest.approx(blurred[0].level / 4)
    assert after[1:] == verdicts(4.0)[1:]


def test_paint_wins_over_heat_also_when_the_threshold_moves() -> None:
    """A finished, empty painting says that every pad was looked at and found sound."""
    from fake_backend import HEIGHT, POSE, WIDTH, layout, level_grid

    from padscope.masks.class_mask import ClassMask
    from padscope.workflows.painting import Painting
    from padscope_desktop.background.payloads import JudgedBoard

    clean = Painting(ClassMask(WIDTH, HEIGHT), {}, True)
    board = JudgedBoard(level_grid(), layout(), POSE, (WIDTH, HEIGHT), clean)
    for factor in (1.0, 0.3):
        _, pads = finished(inspect_commands.judge("9/1", board, factor))
        assert all(p.defects == () for p in pads)
    _, heated = finished(inspect_commands.judge("9/2", replace(board, painting=None), 0.3))
    assert any(p.defects for p in heated)


@pytest.mark.parametrize("how", ["contrast", "denoise", "both"])
def test_an_enhanced_part_lies_where_it_was_cut_out(picture: tuple[Path, np.ndarray], tmp_path: Path, how: str) -> None:
    path, pixels = picture
    before = path.read_bytes()
    _, found = finished(worker_commands.enhance(path, tmp_path / "cache", how, (100.2, 50.0, 300.0, 250.9), 1.0))
    x0, y0, x1, y1 = found.edges
    assert (x0 + 0.5, y0 + 0.5) == (100, 50)
    assert found.pixels.shape == (round(y1 - y0), round(x1 - x0), 3)
    assert (found.pixels != pixels[50 : 50 + found.pixels.shape[0], 100 : 100 + found.pixels.shape[1]]).any()
    _, small = finished(worker_commands.enhance(path, tmp_path / "cache", how, (0.0, 0.0, 1700.0, 1300.0), 0.4))
    assert small.pixels.shape[:2] == (651, 851)
    assert small.edges == (-0.5, -0.5, 1701.5, 1301.5)
    assert path.read_bytes() == before
