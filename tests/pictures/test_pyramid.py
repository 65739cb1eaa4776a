"""The level cache: right pixels at every size, never half-written, forgotten when it is in the way."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from padscope.errors import OutputError, PictureError
from padscope.pictures import pyramid as module
from padscope.pictures.files import Original
from padscope.pictures.picture import Picture, open_picture
from padscope.pictures.pyramid import Pyramid, build_pyramid, evict, find_pyramid, open_pyramid
from padscope.types import Box, Progress, finish
from picture_files import drawn, jpeg_bytes, write_file


@pytest.fixture(autouse=True)
def small_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pyramids of small pictures have several levels, and several stripes."""
    monkeypatch.setattr(module, "SMALLEST", 16)
    monkeypatch.setattr(module, "STRIPE", 40_000)


def picture_of(tmp_path: Path, kind: str = "png", **options: int) -> Picture:
    return open_picture(write_file(tmp_path / f"p.{kind}", kind, drawn(**{"height": 203, "width": 330, **options})))


def built(picture: Picture, cache: Path) -> Pyramid:
    return finish(build_pyramid(picture, cache))


def files_in(cache: Path) -> list[str]:
    return sorted(
        str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file() and path.parent.name != "seen"
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp", "tiff", "tiff-tiles"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bits", [8, 16])
def test_every_level_is_the_picture_reduced(tmp_path: Path, kind: str, channels: int, bits: int) -> None:
    if bits == 16 and kind in ("bmp", "jpeg"):
        return  # no such files
    picture = picture_of(tmp_path, kind, channels=channels, bits=bits)
    pyramid = built(picture, tmp_path / "cache")
    assert pyramid.complete
    assert pyramid.levels == 6
    assert max(pyramid.level_shape(5)) <= 16
    whole = picture.read(picture.box)
    np.testing.assert_array_equal(pyramid.read(picture.box, 0), whole)
    for level in range(1, pyramid.levels):
        h, w = pyramid.level_shape(level)
        shown = pyramid.read(Box(0, 0, w, h), level)
        assert shown.dtype == whole.dtype
        for i, j in ((0, 0), (h // 2, w // 3), (h - 2, w - 2)):
            mean = whole[i << level : (i + 1) << level, j << level : (j + 1) << level].mean(axis=(0, 1))
            assert np.all(np.abs(shown[i, j] - mean) <= 0.5 * (level + 1))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(height=st.integers(1, 120), width=st.integers(1, 120), stripe=st.integers(1, 30_000))
def test_any_size_and_any_stripe_gives_the_same_levels(tmp_path: Path, height: int, width: int, stripe: int) -> None:
    folder = tmp_path / f"{height}-{width}-{stripe}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STRIPE", stripe)
        pyramid = built(open_picture(write_file(folder / "p", "png", drawn(height, width))), folder / "cache")
    level = drawn(height, width)
    for k in range(pyramid.levels):
        np.testing.assert_array_equal(pyramid.level(k), level)
        level = module.reduce_by(level, 2)
    pyramid.close()
    shutil.rmtree(folder)


def test_a_window_of_a_level(tmp_path: Path) -> None:
    pyramid = built(picture_of(tmp_path), tmp_path / "cache")
    for level in range(pyramid.levels):
        h, w = pyramid.level_shape(level)
        box = Box(w // 3, h // 4, w, h - h // 4)
        window = pyramid.read(box, level)
        np.testing.assert_array_equal(window, pyramid.level(level)[box.slices])
        window[:] = 0  # the caller's own
        with pytest.raises(ValueError, match="inside level"):
            pyramid.read(Box(0, 0, w + 1, h), level)
    with pytest.raises(ValueError, match="read-only"):
        pyramid.level(0)[0, 0] = 0


def test_the_levels_can_be_read_after_closing(tmp_path: Path) -> None:
    pyramid = built(picture_of(tmp_path), tmp_path / "cache")
    before = pyramid.read(Box(0, 0, 9, 9), 1)
    pyramid.close()
    np.testing.assert_array_equal(pyramid.read(Box(0, 0, 9, 9), 1), before)


# ---- a first look at once


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_a_first_look_comes_before_everything_else(tmp_path: Path, kind: str) -> None:
    picture = picture_of(tmp_path, kind)
    work = build_pyramid(picture, tmp_path / "cache")
    assert next(work).done == 0
    look = find_pyramid(picture, tmp_path / "cache")
    assert look is not None
    assert (look.finest, look.complete, look.levels) == (3, False, 6)
    rough, whole = look.read(picture.box, 0).astype(int), picture.read(picture.box)
    assert rough.shape == whole.shape
    assert np.abs(rough - whole).mean() < 12
    np.testing.assert_array_equal(rough[64:72, 80:88], np.broadcast_to(rough[64, 80], (8, 8, 3)))
    np.testing.assert_array_equal(look.read(Box(3, 2, 5, 4), 4), look.level(4)[2:4, 3:5])
    pyramid = finish(work)
    assert pyramid.complete
    np.testing.assert_array_equal(pyramid.read(picture.box, 0), whole)
    assert files_in(tmp_path / "cache") == sorted(
        [f"{pyramid.folder.name}/{name}" for name in pyramid.index.files.values()]
        + [f"{pyramid.folder.name}/pyramid.json"]
    )


def test_progress_is_told(tmp_path: Path) -> None:
    steps = list(build_pyramid(picture_of(tmp_path), tmp_path / "cache"))
    assert all(isinstance(step, Progress) for step in steps)
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(steps) > 4


# ---- built once, found again


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture_of(tmp_path, "jpeg")
    pyramid = built(picture, tmp_path / "cache")
    monkeypatch.setattr(Picture, "stripes", lambda *_: pytest.fail("decoded again"))
    again = built(open_picture(picture.path), tmp_path / "cache")
    assert again.index == pyramid.index
    copy = tmp_path / "copy.jpg"
    shutil.copy(picture.path, copy)
    assert built(open_picture(copy), tmp_path / "cache").folder == pyramid.folder  # the same bytes are the same picture


def test_finding_it_does_not_read_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture_of(tmp_path)
    built(picture, tmp_path / "cache")
    again = open_picture(picture.path)
    monkeypatch.setattr(Original, "reading", lambda *_: pytest.fail("read again"))
    found = find_pyramid(again, tmp_path / "cache")
    assert found is not None
    assert found.complete


def test_a_changed_picture_gets_another_pyramid(tmp_path: Path) -> None:
    first = built(picture_of(tmp_path), tmp_path / "cache")
    changed = picture_of(tmp_path, seed=1)
    os.utime(changed.path, ns=(1, 1))
    changed = open_picture(changed.path)
    assert find_pyramid(changed, tmp_path / "cache") is None
    assert built(changed, tmp_path / "cache").folder != first.folder


def test_pages_have_pyramids_of_their_own(tmp_path: Path) -> None:
    import tifffile

    with tifffile.TiffWriter(tmp_path / "p.tif") as tif:
        for seed in (0, 1):
            tif.write(drawn(60, 80, seed=seed), photometric="rgb", metadata=None)
    for page in (0, 1):
        pyramid = built(open_picture(tmp_path / "p.tif", page=page), tmp_path / "cache")
        np.testing.assert_array_equal(pyramid.level(0), drawn(60, 80, seed=page))


def test_another_process_reads_it(tmp_path: Path) -> None:
    pyramid = built(picture_of(tmp_path), tmp_path / "cache")
    script = (
        "import sys; from pathlib import Path; from padscope.pictures.pyramid import open_pyramid;"
        "p = open_pyramid(Path(sys.argv[1])); print(int(p.level(0).sum()), int(p.level(2).sum()))"
    )
    told = subprocess.run([sys.executable, "-c", script, pyramid.folder], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(int(pyramid.level(k).sum())) for k in (0, 2)]


def test_two_builders_at_once(tmp_path: Path) -> None:
    picture = picture_of(tmp_path, "jpeg")
    works = [build_pyramid(picture, tmp_path / "cache") for _ in range(2)]
    pending: list[Iterator[Progress]] = list(works)
    while pending:
        for work in list(pending):
            if next(work, None) is None:
                pending.remove(work)
    pyramid = find_pyramid(picture, tmp_path / "cache")
    assert pyramid is not None
    np.testing.assert_array_equal(pyramid.read(picture.box, 0), picture.read(picture.box))
    assert len(files_in(tmp_path / "cache")) == pyramid.levels + 1


# ---- nothing half-written


@pytest.mark.parametrize("steps", range(5))
@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_cancelling_leaves_nothing_half_written(tmp_path: Path, kind: str, steps: int) -> None:
    picture = picture_of(tmp_path, kind)
    work = build_pyramid(picture, tmp_path / "cache")
    for _ in range(steps):
        next(work)
    work.close()
    found = find_pyramid(picture, tmp_path / "cache")
    kept = [] if found is None else [f"{found.folder.name}/{n}" for n in ("pyramid.json", *found.index.files.values())]
    assert files_in(tmp_path / "cache") == sorted(kept)
    assert found is None or found.finest == 3
    assert built(picture, tmp_path / "cache").complete


def test_a_damaged_picture_leaves_nothing(tmp_path: Path) -> None:
    data = jpeg_bytes(drawn(320, 480))
    middle = len(data) // 2
    (tmp_path / "p.jpg").write_bytes(data[: middle - 3000].rstrip(b"\xff") + data[middle:])
    picture = open_picture(tmp_path / "p.jpg")
    with pytest.raises(PictureError, match="damaged"):
        built(picture, tmp_path / "cache")
    found = find_pyramid(picture, tmp_path / "cache")
    assert found is None or not found.complete


def test_a_full_drive_is_told_before_and_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        with pytest.raises(OutputError, match="drive is full"):
            built(picture, tmp_path / "cache")
    count = 0
    append = module._append

    def fill_up(*args: object) -> None:
        nonlocal count
        count += 1
        if count > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(*args)

    monkeypatch.setattr(module, "_append", fill_up)
    with pytest.raises(OutputError, match="drive is full"):
        built(picture, tmp_path / "cache")
    assert files_in(tmp_path / "cache") == []


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(OutputError, match="cannot be written"):
        built(picture_of(tmp_path), tmp_path / "cache")


@pytest.mark.parametrize("harm", ["cut", "gone", "no json", "json of something else", "other size", "bad type"])
def test_a_damaged_pyramid_is_built_again(tmp_path: Path, harm: str) -> None:
    picture = picture_of(tmp_path)
    pyramid = built(picture, tmp_path / "cache")
    index, level = pyramid.folder / "pyramid.json", pyramid.folder / pyramid.index.files[1]
    match harm:
        case "cut":
            os.truncate(level, 100)
        case "gone":
            level.unlink()
        case "no json":
            index.write_text('{"height": 20')
        case "json of something else":
            index.write_text("[1, 2, 3]")
        case "other size":
            index.write_text(json.dumps({**json.loads(index.read_text()), "width": 331}))
        case "bad type":
            index.write_text(json.dumps({**json.loads(index.read_text()), "dtype": "nonsense"}))
    pyramid.close()
    assert find_pyramid(picture, tmp_path / "cache") is None
    np.testing.assert_array_equal(built(picture, tmp_path / "cache").read(picture.box, 0), picture.read(picture.box))


def test_after_a_power_cut_only_what_was_kept_safely_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture_of(tmp_path)
    work = build_pyramid(picture, tmp_path / "cache")
    while find_pyramid(picture, tmp_path / "cache") is None:
        next(work)  # complete, but perhaps only in the memory of the operating system
    work.close()
    started = module.psutil.boot_time()
    with monkeypatch.context() as patch:
        patch.setattr(module.psutil, "boot_time", lambda: started + 3600)
        assert find_pyramid(picture, tmp_path / "cache") is None
    shutil.rmtree(tmp_path / "cache")
    built(picture, tmp_path / "cache")
    monkeypatch.setattr(module.psutil, "boot_time", lambda: started + 3600)
    assert find_pyramid(picture, tmp_path / "cache") is not None


# ---- forgotten when it is in the way


def test_the_least_used_go_first(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    pyramids = []
    for seed in range(4):
        picture = open_picture(write_file(tmp_path / f"{seed}.png", "png", drawn(100, 100, seed=seed)))
        pyramids.append(built(picture, cache))
        os.utime(pyramids[-1].folder / "pyramid.json", (seed, seed))
    os.utime(pyramids[0].folder / "pyramid.json", (9, 9))  # looked at again
    size = sum(path.stat().st_size for path in pyramids[0].folder.iterdir())
    evict(cache, 2 * size + 1000)
    assert [pyramid.folder.exists() for pyramid in pyramids] == [True, False, False, True]
    assert len(list((cache / "seen").iterdir())) == 2
    evict(cache, 0, keep=pyramids[3].folder.name)
    assert [pyramid.folder.exists() for pyramid in pyramids] == [False, False, False, True]


def test_building_keeps_the_limit(tmp_path: Path) -> None:
    for seed in range(3):
        picture = open_picture(write_file(tmp_path / f"{seed}.png", "png", drawn(100, 100, seed=seed)))
        finish(build_pyramid(picture, tmp_path / "cache", limit_bytes=50_000))
        assert find_pyramid(picture, tmp_path / "cache") is not None  # never the one just built
    assert len([folder for folder in (tmp_path / "cache").iterdir() if folder.name != "seen"]) == 1


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert find_pyramid(picture_of(tmp_path), tmp_path / "nowhere") is None
    assert open_pyramid(tmp_path / "nowhere") is None


def test_what_was_looked_at_does_not_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps are let go after so many bytes; what is read stays the same."""
    picture = picture_of(tmp_path)
    pyramid, pixels = built(picture, tmp_path / "cache"), picture.read(picture.box)
    pyramid.read(Box(0, 0, 20, 20), 0)
    before = pyramid.level(0)
    pyramid.read(Box(0, 0, 20, 20), 0)
    assert pyramid.level(0) is before
    monkeypatch.setattr(module, "MOST_MAPPED", 100_000)
    for k in range(10):
        box = Box(k, k, k + 30, k + 30)
        np.testing.assert_array_equal(pyramid.read(box, 0), pixels[box.slices])
    assert pyramid.level(0) is not before
