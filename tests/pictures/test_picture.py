"""Opening pictures: every kind of file gives its pixels back, in windows; everything that is no complete picture is refused."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from padscope.errors import PictureError, TooLargeError, UsageError
from padscope.pictures.limits import LIMIT_VARIABLE, allowing, most_pixels
from padscope.pictures.picture import open_picture
from padscope.pictures.reduce import reduce_by
from padscope.types import Box, Scale
from picture_files import TIFF_VARIANTS, drawn, jpeg_bytes, write_file

LOSSLESS = ["png", "bmp", *TIFF_VARIANTS]


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bits", [8, 16])
def test_pixels_come_back_exactly(tmp_path: Path, kind: str, channels: int, bits: int) -> None:
    if (bits == 16 and kind == "bmp") or (channels == 1 and "planar" in kind):
        return  # no such files
    pixels = drawn(channels=channels, bits=bits)
    with open_picture(write_file(tmp_path / "p", kind, pixels)) as picture:
        assert (picture.width, picture.height, picture.channels, picture.bits) == (130, 90, channels, bits)
        window = picture.read(Box(21, 13, 108, 77))
        whole = picture.read(picture.box)
    expected = pixels if channels == 3 else np.repeat(pixels[..., None], 3, axis=2)
    assert window.dtype == pixels.dtype
    np.testing.assert_array_equal(window, expected[13:77, 21:108])
    np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"subsampling": 0},
        {"progressive": True},
        {"restart_marker_blocks": 3},
        {"keep_rgb": True},
        {"optimize": True},
    ],
)
def test_a_jpeg_is_decoded_like_pillow_does(tmp_path: Path, channels: int, options: dict[str, object]) -> None:
    data = jpeg_bytes(drawn(channels=channels), **options)
    (tmp_path / "p.jpg").write_bytes(data)
    picture = open_picture(tmp_path / "p.jpg")
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.int16)
    assert picture.channels == channels
    assert (
        np.abs(picture.read(picture.box).astype(np.int16) - expected).max() <= 3
    )  # two libjpegs may round differently


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "tiff", "tiff-lzw", "tiff-tiles"])
def test_a_window_is_a_cut_of_the_whole(tmp_path: Path, kind: str) -> None:
    picture = open_picture(write_file(tmp_path / "p", kind, drawn()))
    whole = picture.read(picture.box)
    for box in (Box(0, 0, 1, 1), Box(129, 89, 130, 90), Box(40, 20, 90, 21), Box(31, 31, 33, 65)):
        np.testing.assert_array_equal(picture.read(box), whole[box.slices])
    window = picture.read(Box(0, 0, 9, 9))
    window[:] = 0  # the caller's own
    np.testing.assert_array_equal(picture.read(picture.box), whole)


@given(height=st.integers(1, 40), width=st.integers(1, 40), step=st.integers(2, 9), channels=st.sampled_from([1, 3]))
def test_reducing_is_the_mean_of_blocks(height: int, width: int, step: int, channels: int) -> None:
    pixels = drawn(height, width, channels).reshape(height, width, channels)
    small = reduce_by(pixels, step)
    assert small.shape == (-(-height // step), -(-width // step), channels)
    for i, j in np.ndindex(small.shape[:2]):
        mean = pixels[i * step : (i + 1) * step, j * step : (j + 1) * step].mean(axis=(0, 1))
        assert np.all(np.abs(small[i, j] - mean) <= 0.51)


@pytest.mark.parametrize("kind", ["jpeg", "png", "tiff-strips", "tiff-tiles"])
@pytest.mark.parametrize("step", [2, 3, 8, 16, 24, 500])
def test_an_overview_is_the_reduced_picture(tmp_path: Path, kind: str, step: int) -> None:
    pixels = drawn(201, 330)
    picture = open_picture(write_file(tmp_path / "p", kind, pixels))
    expected = reduce_by(pixels, step).astype(np.int16)
    small = picture.read(picture.box, step)
    assert small.shape == expected.shape
    assert np.abs(small - expected).max() <= (0 if kind != "jpeg" else 12)  # the noise of JPEG itself, at small steps
    part = picture.read(Box(10, 20, 210, 140), step)
    assert np.abs(part - reduce_by(picture.read(Box(10, 20, 210, 140)), step).astype(np.int16)).max() == 0
    np.testing.assert_array_equal(picture.read(picture.box, step), small)  # also after a full decode


def test_an_overview_is_read_in_stripes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope.pictures.picture.STRIPE", 330 * 3 * 20)
    pixels = drawn(201, 330)
    picture = open_picture(write_file(tmp_path / "p", "tiff-strips", pixels))
    np.testing.assert_array_equal(picture.read(picture.box, 8), reduce_by(pixels, 8))
    np.testing.assert_array_equal(picture.read(picture.box, 64), reduce_by(pixels, 64))


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff-strips"])
def test_stripes_of_a_decoded_picture_are_cut_from_what_is_kept(tmp_path: Path, kind: str) -> None:
    picture = open_picture(write_file(tmp_path / "p", kind, drawn(600, 400)))
    fresh = np.concatenate(list(picture.stripes(7)))
    picture.read(Box(0, 0, 5, 5))  # from here on the decoded pixels of a PNG or a JPEG are kept
    tracemalloc.start()
    for stripe in picture.stripes(7):
        np.copyto(stripe, 0)  # a stripe is the caller's own
    del stripe
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < fresh.nbytes / 2, "a copy of the whole picture was made"
    np.testing.assert_array_equal(np.concatenate(list(picture.stripes(7))), fresh)
    np.testing.assert_array_equal(picture.read(picture.box), fresh)


def test_a_window_must_lie_in_the_picture(tmp_path: Path) -> None:
    picture = open_picture(write_file(tmp_path / "p", "png", drawn()))
    for box in (Box(-1, 0, 5, 5), Box(0, 0, 131, 5), Box(0, 85, 5, 91), Box(5, 5, 5, 9)):
        with pytest.raises(ValueError, match="inside the picture"):
            picture.read(box)
    with pytest.raises(ValueError, match="step"):
        picture.read(picture.box, 0)


def test_content_decides_what_a_file_is(tmp_path: Path) -> None:
    pixels = drawn()
    picture = open_picture(write_file(tmp_path / "really_png.jpg", "png", pixels))
    assert picture.format == "PNG"
    np.testing.assert_array_equal(picture.read(picture.box), pixels)


def test_sha256_is_that_of_the_file(tmp_path: Path) -> None:
    path = write_file(tmp_path / "p", "tiff", drawn())
    assert open_picture(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_typed_scale_is_believed(tmp_path: Path) -> None:
    path = write_file(tmp_path / "p.png", "png", drawn())
    assert open_picture(path).scale == Scale()
    assert open_picture(path, 2.5).scale == Scale(2.5, "typed")


@pytest.mark.parametrize("um_per_px", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused(tmp_path: Path, um_per_px: float) -> None:
    with pytest.raises(PictureError, match="size of a pixel"):
        open_picture(write_file(tmp_path / "p.png", "png", drawn()), um_per_px)


def test_orientation_is_told_and_never_applied(tmp_path: Path) -> None:
    pixels = drawn()
    exif = Image.Exif()
    exif[274] = 6
    (tmp_path / "p.jpg").write_bytes(jpeg_bytes(pixels, exif=exif))
    write_file(tmp_path / "p.tif", "tiff", pixels)
    Image.fromarray(pixels).save(tmp_path / "turned.tif", tiffinfo={274: 6})
    assert open_picture(tmp_path / "p.tif").orientation == 1
    for name in ("p.jpg", "turned.tif"):
        picture = open_picture(tmp_path / name)
        assert (picture.orientation, picture.width, picture.height) == (6, 130, 90)
        assert np.abs(picture.read(picture.box).astype(int) - pixels).mean() < 5


@pytest.mark.parametrize("kind", ["jpeg", "tiff", "tiff-tiles", "png"])
def test_a_glimpse_has_the_size_of_a_reduced_picture(tmp_path: Path, kind: str) -> None:
    for height, width in ((200, 333), (64, 64), (65, 71), (9, 300), (3, 2)):
        picture = open_picture(write_file(tmp_path / f"{height}x{width}", kind, drawn(height, width)))
        look = picture.glimpse(8)
        if look is not None:
            assert look.shape == (-(-height // 8), -(-width // 8), 3)
            whole = reduce_by(picture.read(picture.box), 8).astype(int)
            assert np.abs(look - whole)[: height // 8, : width // 8].max(initial=0) < 40  # of whole blocks
        else:
            assert kind in ("png", "tiff-tiles") or min(height, width) < 16


# ---- what is refused, each with one sentence


def read_all(path: Path, step: int = 1) -> np.ndarray:
    picture = open_picture(path)
    return picture.read(picture.box, step)


def assert_refused(path: Path, word: str) -> str:
    with pytest.raises(PictureError, match=word) as caught:
        read_all(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", *TIFF_VARIANTS])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.98])
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str, part: float) -> None:
    data = write_file(tmp_path / "p", kind, drawn(200, 300)).read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(len(data) * part)])
    assert_refused(tmp_path / "cut", "incomplete|damaged")


def cut_jpegs() -> Iterator[tuple[str, bytes]]:
    """What the copy of a JPEG can look like when it broke off: decoders show each of these as a full picture, partly grey."""
    whole = jpeg_bytes(drawn(320, 480))
    start = whole.index(b"\xff\xda") + 14
    for part in (0.1, 0.5, 0.9, 0.99):
        cut = start + int((len(whole) - start) * part)
        yield f"cut at {part}", whole[:cut]
        yield f"cut at {part}, end mark added", whole[:cut].rstrip(b"\xff") + b"\xff\xd9"
        yield f"cut at {part}, filled with zeros", whole[:cut] + bytes(len(whole) - cut)
        yield f"cut at {part}, zeros and end mark", whole[:cut] + bytes(len(whole) - cut - 2) + b"\xff\xd9"
    yield "only the end mark lost", whole[:-2]
    middle = start + (len(whole) - start) // 2
    yield "a piece missing from the middle", whole[: middle - 3000].rstrip(b"\xff") + whole[middle:]


@pytest.mark.parametrize(("how", "data"), [pytest.param(h, d, id=h) for h, d in cut_jpegs()])
def test_a_jpeg_with_missing_pixels_is_refused(tmp_path: Path, how: str, data: bytes) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(data)
    assert_refused(path, "incomplete|damaged")
    with pytest.raises(PictureError, match=r"incomplete|damaged"):
        read_all(path, step=8)  # an overview is not less careful


@given(
    st.integers(0, 255),
    st.integers(1, 70),
    st.integers(1, 70),
    st.sampled_from(["4:4:4", "4:2:0", "4:2:2"]),
    st.integers(0, 3),
)
def test_no_sound_jpeg_is_refused(
    tmp_path_factory: pytest.TempPathFactory, level: int, height: int, width: int, subsampling: str, noise: int
) -> None:
    """Flat, black, white, tiny and noisy pictures: the check for missing pixels must not be fooled by emptiness."""
    rng = np.random.default_rng(level)
    pixels = np.clip(level + rng.normal(0, 10 * noise, (height, width, 3)), 0, 255).astype(np.uint8)
    data = jpeg_bytes(pixels, subsampling=subsampling)
    path = tmp_path_factory.getbasetemp() / "sound.jpg"
    path.write_bytes(data)
    assert read_all(path).shape == (height, width, 3)
    read_all(path, step=8)


def test_a_folder_an_empty_file_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "empty.tif").touch()
    assert_refused(tmp_path / "folder.jpg", "folder")
    assert_refused(tmp_path / "empty.tif", "empty")
    assert_refused(tmp_path / "missing.png", "does not exist")
    with pytest.raises(PictureError, match="file name"):
        open_picture("p\0.png")


@pytest.mark.parametrize(("content", "word"), [(b"%PDF-1.7 and more", "PDF"), (b"just a text\n", "none of the kinds")])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "p.jpg").write_bytes(content)
    assert_refused(tmp_path / "p.jpg", word)


def test_a_contradicting_name_is_mentioned_when_a_file_is_unreadable(tmp_path: Path) -> None:
    data = write_file(tmp_path / "p", "png", drawn()).read_bytes()
    (tmp_path / "p.tif").write_bytes(data[:-30])
    assert "its content is PNG" in assert_refused(tmp_path / "p.tif", "name says TIFF")


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error"), OSError(107, "gone")]
)
def test_a_file_that_may_not_be_read_or_whose_share_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    """The tests may run as root, whom no permission stops: the operating system's answer is played."""
    path = write_file(tmp_path / "p.png", "png", drawn())
    picture = open_picture(path)

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    for attempt in (lambda: open_picture(path), lambda: picture.read(picture.box), lambda: picture.sha256):
        with pytest.raises(PictureError, match="permission" if error.errno == 13 else "network share"):
            attempt()


@pytest.mark.parametrize("kind", ["jpeg", "png", "bmp", "tiff"])
def test_a_file_that_changes_after_it_was_opened_is_noticed(tmp_path: Path, kind: str) -> None:
    path = write_file(tmp_path / "p", kind, drawn())
    picture = open_picture(path)
    write_file(path, kind, drawn(91, 131, seed=5))
    os.utime(path, ns=(1, 1))
    with pytest.raises(PictureError, match="changed"):
        picture.read(picture.box)
    with pytest.raises(PictureError, match="changed"):
        _ = picture.sha256


def test_a_file_that_disappears_after_it_was_opened_is_noticed(tmp_path: Path) -> None:
    path = write_file(tmp_path / "p", "tiff", drawn())
    picture = open_picture(path)
    path.unlink()
    with pytest.raises(PictureError, match="does not exist"):
        picture.read(picture.box)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8" + b"\xff\x01" * 1_000_000,
        b"\xff\xd8" + b"\xff\xe1\x00\x02" * 500_000,
        b"\xff\xd8" + b"\xff\xda\x00\x02" * 500_000 + b"\xff\xd9",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + bytes(17) + b"\0\0\0\0tEXt\0\0\0\0" * 600_000,
    ],
)
def test_files_made_to_keep_a_reader_busy_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p").write_bytes(data)
    assert_refused(tmp_path / "p", "incomplete|damaged")


def test_absurd_sizes_are_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    for kind in ("png", "tiff", "bmp", "jpeg"):
        write_file(tmp_path / kind, kind, drawn())
        assert open_picture(tmp_path / kind, max_pixels=130 * 90).width == 130
        with pytest.raises(TooLargeError, match="--max-megapixels 1") as refusal:
            open_picture(tmp_path / kind, max_pixels=130 * 90 - 1)
        assert refusal.value.megapixels == 1


def test_a_person_raises_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_file(tmp_path / "p.png", "png", drawn())
    monkeypatch.setenv(LIMIT_VARIABLE, "0.01")
    with pytest.raises(TooLargeError):
        open_picture(path)
    with allowing(0.02):
        assert open_picture(path).width == 130
    with allowing(None), pytest.raises(TooLargeError):
        open_picture(path)
    monkeypatch.setenv(LIMIT_VARIABLE, "many")
    with pytest.raises(UsageError, match="number of megapixels"):
        open_picture(path)
    monkeypatch.delenv(LIMIT_VARIABLE)
    with allowing(0.01), pytest.raises(TooLargeError):
        open_picture(path)
    assert LIMIT_VARIABLE not in os.environ
    assert most_pixels() == 500_000_000


def test_what_no_limit_allows_is_damaged(tmp_path: Path) -> None:
    """Nobody is offered a limit of millions of megapixels."""
    data = bytearray(jpeg_bytes(drawn()))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xff" * 4
    (tmp_path / "p.jpg").write_bytes(data)
    with pytest.raises(TooLargeError):
        open_picture(tmp_path / "p.jpg")
    data = bytearray(imagecodecs.png_encode(drawn()))
    data[16:24] = (2**31 - 1).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (tmp_path / "p.png").write_bytes(data)
    with pytest.raises(PictureError, match="more than any microscope makes") as refusal:
        open_picture(tmp_path / "p.png")
    assert not isinstance(refusal.value, TooLargeError)


def test_an_animation_is_refused(tmp_path: Path) -> None:
    frames = [Image.fromarray(drawn(seed=s)) for s in range(2)]
    frames[0].save(tmp_path / "p.png", save_all=True, append_images=frames[1:])
    assert_refused(tmp_path / "p.png", "is an animation: save the picture you mean")


def test_a_png_that_declares_more_than_it_can_hold_is_refused(tmp_path: Path) -> None:

    data = bytearray(write_file(tmp_path / "p", "png", drawn()).read_bytes())
    data[16:24] = (20_000).to_bytes(4) * 2  # IHDR: width and height
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    (tmp_path / "p.png").write_bytes(data)
    assert_refused(tmp_path / "p.png", "incomplete")


def test_originals_are_never_written_nor_kept_open(tmp_path: Path) -> None:
    for kind in ("jpeg", "png", "bmp", "tiff", "tiff-lzw"):
        path = write_file(tmp_path / kind, kind, drawn())
        before = path.read_bytes(), path.stat().st_mtime_ns
        picture = open_picture(path)
        picture.read(Box(3, 3, 30, 30))
        picture.read(picture.box, 8)
        held = [
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.exists(f"/proc/self/fd/{fd}")
        ]
        assert str(path) not in held
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_real_board_opens(shared_data: Path) -> None:
    with open_picture(shared_data / "boards" / "bad01.jpg") as picture:
        assert (picture.width, picture.height, picture.channels, picture.bits, picture.format) == (
            7200,
            5600,
            3,
            8,
            "JPEG",
        )
        assert picture.read(picture.box, 8).shape == (700, 900, 3)
        assert picture.read(Box(100, 200, 420, 500)).std() > 1
