"""TIFF and BigTIFF through tifffile and imagecodecs: windows are read without decoding the rest, 16 bit stay 16 bit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import tifffile

from padscope.errors import PictureError
from padscope.pictures import jpeg
from padscope.pictures.files import Original, damaged, decoding, incomplete, read_exactly
from padscope.pictures.ifd import Dialect, Directory, DirectoryError, Reader, read_values, walk_directories
from padscope.pictures.source import Header, Pixels, check_size
from padscope.pictures.tiff_scales import tiff_scales
from padscope.types import Box

REDUCED = 1  # bit of NewSubfileType: a smaller copy of another page
MASK_PAGE = 4
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
JPEG_CODECS = {7, 34892, 33007}
SEGMENT_LIMIT = 600_000_000  # bytes of one decoded strip or tile
KEPT = 96_000_000  # bytes of decoded strips and tiles kept for the next window
WORKERS = 2
TAG_SUBFILE, TAG_ORIENTATION = 254, 274


@dataclass(frozen=True, slots=True)
class Grid:
    """How the pixels of a page are cut into segments (strips or tiles): planes x rows x columns of them."""

    planes: int
    rows: int
    cols: int
    height: int  # of one segment, px
    width: int
    samples: int  # in one segment

    def touched(self, box: Box) -> Iterator[tuple[int, int, int, int]]:
        """(index in the file, plane, upper row px, left column px) of the segments that hold pixels of the box."""
        for plane in range(self.planes):
            for r in range(box.y0 // self.height, -(-box.y1 // self.height)):
                for c in range(box.x0 // self.width, -(-box.x1 // self.width)):
                    yield (plane * self.rows + r) * self.cols + c, plane, r * self.height, c * self.width


class TiffSource:
    """One page of a TIFF file."""

    def __init__(self, original: Original, page: Any, grid: Grid, header: Header) -> None:
        self.header = header
        self._original = original
        self._page = page
        self._grid = grid
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def window(self, box: Box) -> Pixels:
        with self._lock, decoding(self._original.name), self._original.reading() as file:
            stored = self._raw_rows(file, box) if self._is_raw else self._segments(file, box)
        return self._shown(stored)

    def reduced(self, step: int) -> Pixels | None:
        return None

    def release(self) -> None:
        with self._lock:
            self._kept.clear()
            self._kept_bytes = 0

    @property
    def _is_raw(self) -> bool:
        """Uncompressed rows that follow one another: any row can be read by itself, however large the strip."""
        p = self._page
        return (
            bool(p.is_contiguous)
            and p.compression == 1
            and p.predictor == 1
            and p.bitspersample in (8, 16)
            and not p.is_tiled
        )

    def _raw_rows(self, file: BinaryIO, box: Box) -> Pixels:
        p, g = self._page, self._grid
        order = np.dtype(p.dtype).newbyteorder(p.parent.byteorder)
        row_bytes = p.imagewidth * g.samples * order.itemsize
        out = np.empty((box.height, box.width, g.planes * g.samples), order)
        for plane in range(g.planes):
            start = p.dataoffsets[0] + plane * p.imagelength * row_bytes
            for i, y in enumerate(range(box.y0, box.y1)):
                file.seek(start + y * row_bytes + box.x0 * g.samples * order.itemsize)
                row = np.frombuffer(
                    read_exactly(file, box.width * g.samples * order.itemsize, self._original.name), order
                )
                out[i, :, plane * g.samples : (plane + 1) * g.samples] = row.reshape(box.width, g.samples)
        return out

    def _segments(self, file: BinaryIO, box: Box) -> Pixels:
        g, p = self._grid, self._page
        out = np.empty((box.height, box.width, g.planes * g.samples), p.dtype)
        touched = list(g.touched(box))
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(touched), 4 * WORKERS):
                batch = touched[start : start + 4 * WORKERS]
                known = [self._kept.get(index) for index, *_ in batch]
                coded = [b"" if k is not None else self._coded(file, b[0]) for k, b in zip(known, batch, strict=True)]
                for (index, plane, y, x), pixels in zip(
                    batch, pool.map(self._decode, batch, known, coded), strict=True
                ):
                    self._keep(index, pixels)
                    part = Box(x, y, x + pixels.shape[1], y + pixels.shape[0]).clipped(
                        self.header.width, self.header.height
                    )
                    part = Box(max(part.x0, box.x0), max(part.y0, box.y0), min(part.x1, box.x1), min(part.y1, box.y1))
                    channels = slice(plane * g.samples, plane * g.samples + pixels.shape[2])
                    out[(*part.shifted(-box.x0, -box.y0).slices, channels)] = pixels[part.shifted(-x, -y).slices]
        return out

    def _coded(self, file: BinaryIO, index: int) -> bytes:
        offset, count = self._page.dataoffsets[index], self._page.databytecounts[index]
        if not offset or not count:
            raise incomplete(self._original.name, "a part of its pixels was never written")
        file.seek(offset)
        return read_exactly(file, count, self._original.name)

    def _decode(self, place: tuple[int, int, int, int], known: Pixels | None, coded: bytes) -> Pixels:
        if known is not None:
            return known
        p = self._page
        more = {}
        if p.compression in JPEG_CODECS:
            jpeg.walk(coded, self._original.name)  # libjpeg would fill what is missing with grey
            more = {"jpegtables": p.jpegtables}
        pixels, _, _ = p.decode(coded, place[0], **more)
        return np.asarray(pixels).reshape(pixels.shape[-3:])

    def _keep(self, index: int, pixels: Pixels) -> None:
        if index in self._kept:
            self._kept.move_to_end(index)
            return
        if pixels.nbytes <= KEPT // 4:
            self._kept[index] = pixels
            self._kept_bytes += pixels.nbytes
        while self._kept_bytes > KEPT:
            self._kept_bytes -= self._kept.popitem(last=False)[1].nbytes

    def _shown(self, stored: Pixels) -> Pixels:
        """From samples as stored to grey or RGB of 8 or 16 bits."""
        p, h = self._page, self.header
        if p.photometric == PALETTE:
            table = np.asarray(p.colormap)[:, : 1 << p.bitspersample].T  # (entries, 3) uint16
            return (table[stored[..., 0]] >> 8).astype(np.uint8)
        shown = stored[..., : h.channels]
        if p.bitspersample == 1:
            shown = shown.astype(np.uint8) * np.uint8(255)
        elif p.photometric == WHITE_IS_ZERO:
            shown = np.iinfo(shown.dtype).max - shown
        if p.bitspersample == 1 and p.photometric == WHITE_IS_ZERO:
            shown = np.uint8(255) - shown
        return np.ascontiguousarray(shown, dtype=np.uint16 if h.bits == 16 else np.uint8)


def open_tiff(original: Original, page: int, max_pixels: int) -> TiffSource:
    """PictureError for damaged directories, missing pages, and pixels that are not 8- or 16-bit grey or colour."""
    name = original.name
    with original.reading() as file:

        def read(at: int, length: int) -> bytes:
            file.seek(at)
            return file.read(length)

        try:
            dialect, first = Dialect.of(read(0, 16))
            chain = walk_directories(read, original.size, first, dialect)
            full = [i for i, (_, d) in enumerate(chain) if not _subfile_type(read, d, dialect) & (REDUCED | MASK_PAGE)]
        except DirectoryError as error:
            raise damaged(name, str(error)) from None
        pages = full or list(range(len(chain)))
        if not 0 <= page < len(pages):
            raise PictureError(f"'{name}' has {len(pages)} page(s): there is no page {page + 1}.")
        with decoding(name):
            wanted = tifffile.TiffFile(_rewound(file)).pages[pages[page]]
            assert isinstance(wanted, tifffile.TiffPage)
    _check_page(name, wanted, original.size, max_pixels)
    grey = wanted.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    header = Header(
        wanted.imagewidth,
        wanted.imagelength,
        1 if grey else 3,
        8 if wanted.bitspersample <= 8 or wanted.photometric == PALETTE else 16,
        "BigTIFF" if dialect.big else "TIFF",
        pages=len(pages),
        orientation=int(wanted.tags.valueof(TAG_ORIENTATION, 1)),
        scales=tiff_scales(wanted, name),
    )
    return TiffSource(original, wanted, _grid(wanted), header)


def _rewound(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    return file


def _subfile_type(read: Reader, directory: Directory, dialect: Dialect) -> int:
    entry = directory.entries.get(TAG_SUBFILE)
    return int(read_values(read, entry, dialect)[0]) if entry is not None and entry.count else 0


def _grid(page: Any) -> Grid:
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    height, width = (
        (page.tilelength, page.tilewidth)
        if page.is_tiled
        else (min(page.rowsperstrip, page.imagelength), page.imagewidth)
    )
    rows, cols = -(-page.imagelength // height), -(-page.imagewidth // width)
    return Grid(planes, rows, cols, height, width, page.samplesperpixel // planes)


def _check_page(name: str, page: Any, file_size: int, max_pixels: int) -> None:
    """What a page declares must make sense before a pixel of it is read."""
    check_size(name, page.imagewidth, page.imagelength, max_pixels)
    if page.photometric == SEPARATED:
        raise PictureError(f"'{name}' holds printing colours (CMYK): save it in RGB or grey.")
    if page.dtype is None or page.dtype.kind not in "ub" or page.bitspersample not in (1, 8, 16):
        kind = (
            "floating-point numbers (heights?)" if page.sampleformat == 3 else f"numbers of {page.bitspersample} bits"
        )
        raise PictureError(f"'{name}' holds {kind}, not a picture: save it with 8 or 16 bits per channel.")
    samples = {WHITE_IS_ZERO: (1, 2), BLACK_IS_ZERO: (1, 2), RGB: (3, 4), PALETTE: (1,), YCBCR: (3,)}.get(
        page.photometric, ()
    )
    if (
        page.samplesperpixel not in samples
        or page.imagedepth != 1
        or (page.photometric == YCBCR and page.compression not in JPEG_CODECS)
    ):
        raise PictureError(
            f"'{name}' stores its colours in a way that is not read (photometric {int(page.photometric)}, "
            f"{page.samplesperpixel} samples): save it in RGB or grey."
        )
    grid = _grid(page)
    if len(page.dataoffsets) < grid.planes * grid.rows * grid.cols or len(page.dataoffsets) != len(page.databytecounts):
        raise incomplete(name, f"{len(page.dataoffsets)} strips or tiles do not fill it")
    if any(o + c > file_size for o, c in zip(page.dataoffsets, page.databytecounts, strict=True)):
        raise incomplete(name, "its pixels end too early")
    size = grid.height * grid.width * grid.samples * page.dtype.itemsize
    if size > SEGMENT_LIMIT and page.compression != 1:
        raise PictureError(f"'{name}' is compressed in one piece of {size / 1e6:.0f} MB: save it with tiles or strips.")
