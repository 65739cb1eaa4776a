"""TIFF in all its dialects: the right page, the right pixels, and a sentence for each thing that is not a picture."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from padscope.errors import PictureError
from padscope.pictures.files import stem_of
from padscope.pictures.picture import Picture, open_picture
from padscope.types import Box, Scale
from picture_files import drawn


def write(path: Path, pixels: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(
        path, pixels, **{"metadata": None, "photometric": "rgb" if pixels.ndim == 3 else "minisblack", **options}
    )
    return path


def patched(path: Path, tag: int, value: int, page: int = 0) -> Path:
    """The number of one tag overwritten in place."""
    with tifffile.TiffFile(path) as tif:
        offset, size = tif.pages[page].tags[tag].valueoffset, {3: 2, 4: 4}[tif.pages[page].tags[tag].dtype]
    data = bytearray(path.read_bytes())
    data[offset : offset + size] = value.to_bytes(size, "little")
    path.write_bytes(data)
    return path


def whole(path: Path) -> np.ndarray:
    picture = open_picture(path)
    return picture.read(picture.box)


# ---- dialects


@pytest.mark.parametrize(
    "options", [{"rowsperstrip": 16}, {"tile": (32, 48)}, {"planarconfig": "separate", "tile": (32, 32)}]
)
def test_jpeg_inside_a_tiff(tmp_path: Path, options: dict[str, object]) -> None:
    pixels = drawn(96, 144)
    stored = np.moveaxis(pixels, -1, 0) if "planarconfig" in options else pixels
    path = write(tmp_path / "p.tif", stored, compression="jpeg", compressionargs={"level": 95}, **options)
    assert np.abs(whole(path).astype(int) - pixels).mean() < 6
    np.testing.assert_array_equal(open_picture(path).read(Box(20, 30, 99, 71)), whole(path)[30:71, 20:99])


@pytest.mark.parametrize("compression", ["zstd", "packbits", "lzma", "jpeg2000"])
def test_less_usual_compressions(tmp_path: Path, compression: str) -> None:
    options = {"compressionargs": {"level": 0}} if compression == "jpeg2000" else {}
    path = write(tmp_path / "p.tif", drawn(64, 96), compression=compression, tile=(32, 32), **options)
    np.testing.assert_array_equal(whole(path), drawn(64, 96))


def test_white_is_zero(tmp_path: Path) -> None:
    for bits in (8, 16):
        pixels = drawn(channels=1, bits=bits)
        path = write(tmp_path / "p.tif", np.iinfo(pixels.dtype).max - pixels, photometric="miniswhite")
        np.testing.assert_array_equal(whole(path)[..., 0], pixels)


def test_a_palette_becomes_colours(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 256)).astype(np.uint16)
    pixels = drawn(channels=1)
    path = write(tmp_path / "p.tif", pixels, photometric="palette", colormap=colours * 257)
    np.testing.assert_array_equal(whole(path), colours.T[pixels])
    assert open_picture(path).channels == 3


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_black_and_white(tmp_path: Path, photometric: str) -> None:
    pixels = drawn(channels=1) > 130
    path = write(tmp_path / "p.tif", pixels if photometric == "minisblack" else ~pixels, photometric=photometric)
    np.testing.assert_array_equal(whole(path)[..., 1], np.where(pixels, 255, 0))


def test_an_alpha_channel_is_left_out(tmp_path: Path) -> None:
    pixels = np.dstack([drawn(), np.full((90, 130), 7, np.uint8)])
    np.testing.assert_array_equal(
        whole(write(tmp_path / "p.tif", pixels, extrasamples=["unassalpha"])), pixels[..., :3]
    )


def test_a_page_is_chosen(tmp_path: Path) -> None:
    pages = [drawn(seed=s) for s in range(3)]
    with tifffile.TiffWriter(tmp_path / "p.tif") as tif:
        for pixels in pages:
            tif.write(pixels, photometric="rgb", metadata=None)
    for i in range(3):
        picture = open_picture(tmp_path / "p.tif", page=i)
        assert (picture.page, picture.pages) == (i, 3)
        np.testing.assert_array_equal(picture.read(picture.box), pages[i])
    for page in (3, -1):
        with pytest.raises(PictureError, match="3 page"):
            open_picture(tmp_path / "p.tif", page=page)


def test_a_page_is_named_by_its_number(tmp_path: Path) -> None:
    """So that whatever takes a file takes a page of it; it is a picture of its own."""
    with tifffile.TiffWriter(tmp_path / "p.tif") as tif:
        for seed in range(3):
            tif.write(drawn(seed=seed), photometric="rgb", metadata=None)
    first, third = open_picture(tmp_path / "p.tif"), open_picture(tmp_path / "p.tif#3")
    assert (third.page, third.path.name, third.file.name) == (2, "p.tif#3", "p.tif")
    np.testing.assert_array_equal(third.read(third.box), drawn(seed=2))
    assert first.sha256 != third.sha256
    assert first.sha256 == open_picture(tmp_path / "p.tif#1").sha256
    assert [stem_of(p) for p in (first.path, third.path, Path("a#b.jpg"))] == ["p", "p-3", "a#b"]
    with pytest.raises(PictureError, match="3 page"):
        open_picture(tmp_path / "p.tif#4")
    with pytest.raises(PictureError, match="does not exist"):
        open_picture(tmp_path / "q.tif#2")
    (tmp_path / "p.tif#3").write_bytes((tmp_path / "p.tif").read_bytes())  # a file's own name comes first
    assert open_picture(tmp_path / "p.tif#3").page == 0


def test_only_tiff_has_pages(tmp_path: Path) -> None:
    Image.fromarray(drawn()).save(tmp_path / "p.png")
    with pytest.raises(PictureError, match="no page 2"):
        open_picture(tmp_path / "p.png", page=1)


@pytest.mark.parametrize("inner", [True, False])
def test_smaller_copies_in_a_pyramid_are_no_pages(tmp_path: Path, inner: bool) -> None:
    """As SubIFDs (OME) and as a chain of reduced pages (libvips, Aperio)."""
    pixels = drawn(128, 192)
    with tifffile.TiffWriter(tmp_path / "p.tif") as tif:
        tif.write(pixels, photometric="rgb", tile=(32, 32), subifds=1 if inner else None, metadata=None)
        tif.write(pixels[::2, ::2], photometric="rgb", tile=(32, 32), subfiletype=1, metadata=None)
    picture = open_picture(tmp_path / "p.tif")
    assert (picture.pages, picture.width) == (1, 192)
    np.testing.assert_array_equal(picture.read(picture.box), pixels)


def test_a_window_decodes_only_the_tiles_it_touches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "p.tif", drawn(640, 640), tile=(64, 64), compression="zlib")
    picture = open_picture(path)
    seen = []
    decode = picture._source._decode
    monkeypatch.setattr(
        picture._source, "_decode", lambda place, known, coded: seen.append(place) or decode(place, known, coded)
    )
    picture.read(Box(60, 130, 140, 180))
    assert {(y, x) for _, _, y, x in seen} == {(128, 0), (128, 64), (128, 128)}


def test_decoded_tiles_are_kept_within_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope.pictures.tiff.KEPT", 10 * 64 * 64 * 3)
    pixels = drawn(640, 640)
    picture = open_picture(write(tmp_path / "p.tif", pixels, tile=(64, 64), compression="lzw"))
    for _ in range(2):
        np.testing.assert_array_equal(picture.read(picture.box), pixels)
        assert picture._source._kept_bytes == sum(t.nbytes for t in picture._source._kept.values()) <= 10 * 64 * 64 * 3
    picture.close()
    assert not picture._source._kept
    np.testing.assert_array_equal(picture.read(Box(60, 60, 70, 70)), pixels[60:70, 60:70])


# ---- scale


@pytest.mark.parametrize(
    ("options", "um_per_px"),
    [
        ({"resolution": (4000.0, 4000.0), "resolutionunit": "CENTIMETER"}, 2.5),
        ({"resolution": (10160.0, 10160.0), "resolutionunit": "INCH"}, 2.5),
        ({"resolution": (0.4, 0.4), "description": "ImageJ=1.53t\nunit=um\n"}, 2.5),
        ({"resolution": (0.4, 0.4), "description": "ImageJ=1.53t\nunit=\\u00B5m\n"}, 2.5),
        ({"resolution": (400, 400), "description": "ImageJ=1.53t\nunit=mm\n"}, 2.5),
        ({"description": '<OME><Pixels PhysicalSizeX="2.5" PhysicalSizeY="2.5"/></OME>'}, 2.5),
        ({"description": '<OME><Pixels PhysicalSizeX="2500" PhysicalSizeXUnit="nm" PhysicalSizeY="2500"/></OME>'}, 2.5),
    ],
)
def test_the_scale_of_a_tiff(tmp_path: Path, options: dict[str, object], um_per_px: float) -> None:
    if "description" in options:
        options = {**options, "description": str(options["description"]).replace("µ", "\\u00B5")}
    path = write(tmp_path / "p.tif", drawn(), **options)
    assert open_picture(path).scale == Scale(pytest.approx(um_per_px, rel=1e-4), "tiff", False)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"resolution": (0, 0), "resolutionunit": "INCH"},
        {"resolution": (4000.0, 4000.0), "resolutionunit": "NONE"},
        {"resolution": (0.4, 0.4), "description": "ImageJ=1.53t\nunit=furlong\n"},
        {"description": '<OME><Pixels PhysicalSizeX="0" PhysicalSizeY="0"/></OME>'},
        {"description": '<OME><Pixels PhysicalSizeX="1.2.3" PhysicalSizeY="nan"/></OME>'},
    ],
)
def test_densities_that_say_nothing(tmp_path: Path, options: dict[str, object]) -> None:
    assert open_picture(write(tmp_path / "p.tif", drawn(), **options)).scale == Scale()


@pytest.mark.parametrize("dpi", [72, 96, 300, 600])
def test_a_printers_density_is_shown_and_not_used(tmp_path: Path, dpi: int) -> None:
    picture = open_picture(write(tmp_path / "p.tif", drawn(), resolution=(dpi, dpi), resolutionunit="INCH"))
    assert picture.scale == Scale()
    assert f"{dpi} dpi" in picture.scales[0].note


def test_pixels_that_are_not_square_are_shown_and_not_used(tmp_path: Path) -> None:
    picture = open_picture(write(tmp_path / "p.tif", drawn(), resolution=(4000, 5000), resolutionunit="CENTIMETER"))
    assert picture.scale == Scale()
    assert "not square" in picture.scales[0].note


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp"])
def test_densities_of_other_formats(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(drawn()).save(tmp_path / f"p.{suffix}", dpi=(10160, 10160))
    source = "exif" if suffix == "jpg" else suffix
    assert open_picture(tmp_path / f"p.{suffix}").scale == Scale(pytest.approx(2.5, rel=1e-3), source, False)


# ---- what is refused


def assert_refused(path: Path, word: str, **options: int) -> None:
    def read() -> Picture:
        picture = open_picture(path, **options)
        picture.read(picture.box)
        return picture

    with pytest.raises(PictureError, match=word) as caught:
        read()
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_printing_colours_are_refused(tmp_path: Path) -> None:
    cmyk = Image.fromarray(drawn()).convert("CMYK")
    cmyk.save(tmp_path / "p.tif")
    cmyk.save(tmp_path / "p.jpg")
    assert_refused(tmp_path / "p.tif", "CMYK")
    assert_refused(tmp_path / "p.jpg", "CMYK")


def test_heights_are_refused(tmp_path: Path) -> None:
    heights = np.full((40, 50), np.nan, np.float32)
    assert_refused(write(tmp_path / "p.tif", heights), "floating-point")
    assert_refused(write(tmp_path / "p.tif", np.zeros((40, 50), np.int32)), "32 bits")
    assert_refused(write(tmp_path / "p.tif", np.zeros((40, 50), np.int16)), "not a picture")


def test_strange_colours_are_refused(tmp_path: Path) -> None:
    assert_refused(
        write(tmp_path / "p.tif", np.zeros((40, 50, 5), np.uint8), extrasamples=["unspecified"] * 2), "colours"
    )
    assert_refused(patched(write(tmp_path / "q.tif", drawn()), 262, 8), "colours")  # CIE Lab


def test_directories_in_a_circle_are_refused(tmp_path: Path) -> None:
    for big in (False, True):
        path = write(tmp_path / "p.tif", drawn(), bigtiff=big)
        data = bytearray(path.read_bytes())
        code, entry, at = ("<Q", 20, 8) if big else ("<I", 12, 4)
        first = struct.unpack_from(code, data, at)[0]
        count = struct.unpack_from("<Q" if big else "<H", data, first)[0]
        struct.pack_into(code, data, first + (8 if big else 2) + entry * count, first)
        path.write_bytes(data)
        assert_refused(path, "circle")


def test_a_chain_of_pages_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope.pictures.ifd.MAX_DIRECTORIES", 3)
    with tifffile.TiffWriter(tmp_path / "p.tif") as tif:
        for _ in range(4):
            tif.write(drawn(20, 20), photometric="rgb", metadata=None)
    assert_refused(tmp_path / "p.tif", "more than 3 pages")


@pytest.mark.parametrize("at", [0, 3, 5, 10**6, 2**32 - 1])
def test_a_first_directory_outside_the_file_is_refused(tmp_path: Path, at: int) -> None:
    path = write(tmp_path / "p.tif", drawn())
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, at)
    path.write_bytes(data)
    assert_refused(path, "damaged")


def test_absurd_sizes_are_refused(tmp_path: Path) -> None:
    for tag in (256, 257):
        assert_refused(
            patched(write(tmp_path / "p.tif", drawn(), rowsperstrip=90), tag, 2**31), "megapixels|incomplete|damaged"
        )
        assert_refused(patched(write(tmp_path / "p.tif", drawn(), rowsperstrip=90), tag, 0), "damaged|incomplete")
        assert_refused(patched(write(tmp_path / "p.tif", drawn(), rowsperstrip=90), tag, 4000), "damaged|incomplete")


def test_one_giant_compressed_strip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("padscope.pictures.tiff.SEGMENT_LIMIT", 90 * 130 * 3 - 1)
    assert_refused(write(tmp_path / "p.tif", drawn(), compression="lzw", rowsperstrip=90), "tiles or strips")
    np.testing.assert_array_equal(
        whole(write(tmp_path / "p.tif", drawn(), rowsperstrip=90)), drawn()
    )  # uncompressed: any row


def test_a_tile_that_was_never_written_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "p.tif", np.full((32, 64, 3), 7, np.uint8), tile=(32, 32))
    with tifffile.TiffFile(path) as tif:
        counts = tif.pages[0].tags[325].valueoffset
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, counts + 2, 0)
    path.write_bytes(data)
    assert open_picture(path).read(Box(0, 0, 32, 32)).max() == 7
    assert_refused(path, "never written")


def test_a_tile_that_unpacks_to_too_little_or_too_much_is_refused(tmp_path: Path) -> None:
    """More is a decompression bomb: it must never grow beyond its tile."""
    pixels = drawn(32, 32)
    for payload, sound in (
        (pixels.tobytes(), True),
        (pixels.tobytes()[:-1], False),
        (pixels.tobytes() + bytes(10**7), False),
    ):
        coded = imagecodecs.zlib_encode(payload)
        path = tmp_path / "p.tif"
        tifffile.imwrite(
            path, iter([coded]), shape=(32, 32, 3), dtype=np.uint8, tile=(32, 32), photometric="rgb", compression="zlib"
        )
        if sound:
            np.testing.assert_array_equal(whole(path), pixels)
        else:
            assert_refused(path, "damaged")


@pytest.mark.parametrize("compression", ["lzw", "zlib", "jpeg"])
def test_compressed_strips_that_end_early_are_refused(tmp_path: Path, compression: str) -> None:
    path = write(tmp_path / "p.tif", drawn(64, 64), compression=compression, rowsperstrip=64)
    with tifffile.TiffFile(path) as tif:
        count = tif.pages[0].databytecounts[0]
    assert_refused(patched(path, 279, count // 2), "incomplete|damaged")
