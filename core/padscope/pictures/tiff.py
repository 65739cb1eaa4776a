"""TIFF and BigTIFF through tifffile and imagecodecs: windows are read without decoding the rest, 16 bit stay 16 bit."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import tifffile

from padscope.errors import PictureError
from padscope.pictures.files import Original, damaged, decoding, incomplete, read_exactly
from padscope.pictures.ifd import Dialect, Directory, DirectoryError, Reader, read_values, walk_directories
from padscope.pictures.jpeg_frame import walk
from padscope.pictures.source import Header, Pixels, Source, check_size
from padscope.pictures.tiff_scales import tiff_scales
from padscope.types import Box

logging.getLogger("tifffile").setLevel(
    logging.CRITICAL
)  # what it grumbles about is either harmless or raised here, in words

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


@dataclass(frozen=True, slots=True)
class Storage:
    """Everything that is needed to read pixels of one page later, when the file is opened again."""

    grid: Grid
    offsets: tuple[int, ...]  # of each segment's bytes
    counts: tuple[int, ...]
    stored: np.dtype[Any]  # one sample as it lies in the file
    bits: int
    photometric: int
    palette: Pixels | None  # (entries, 3) uint8
    raw: bool  # uncompressed rows that follow one another: any row can be read by itself, however large the strip
    jpeg: bool
    tables: bytes | None  # shared by all JPEG segments
    decode: Callable[..., Any]


class TiffSource(Source):
    """One page of a TIFF file."""

    def __init__(self, original: Original, storage: Storage, header: Header) -> None:
        self.header = header
        self._original = original
        self._storage = storage
        self._kept: OrderedDict[int, Pixels] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def window(self, box: Box) -> Pixels:
        with self._lock, decoding(self._original.name), self._original.reading() as file:
            return self._shown(self._raw_rows(file, box) if self._storage.raw else self._segments(file, box))

    def sampled(self, step: int) -> Pixels | None:
        """One row in `step` of uncompressed rows, and of it one pixel in `step`."""
        h = self.header
        if not self._storage.raw:
            return None
        rows, cols = (np.minimum(np.arange(step // 2, n + step // 2, step), n - 1) for n in (h.height, h.width))
        with self._lock, decoding(self._original.name), self._original.reading() as file:
            picked = [self._raw_rows(file, Box(0, y, h.width, y + 1))[:, cols] for y in rows.tolist()]
        return self._shown(np.concatenate(picked))

    def release(self) -> None:
        with self._lock:
            self._kept.clear()
            self._kept_bytes = 0

    def _raw_rows(self, file: BinaryIO, box: Box) -> Pixels:
        s, g, h = self._storage, self._storage.grid, self.header
        pixel = g.samples * s.stored.itemsize
        together = box.height if box.width == h.width else 1  # whole rows follow one another
        out = np.empty((box.height, box.width, g.planes * g.samples), s.stored)
        for plane in range(g.planes):
            start = s.offsets[0] + plane * h.height * h.width * pixel
            for y in range(box.y0, box.y1, together):
                file.seek(start + (y * h.width + box.x0) * pixel)
                rows = read_exactly(file, together * box.width * pixel, self._original.name)
                part = np.frombuffer(rows, s.stored).reshape(together, box.width, g.samples)
                out[y - box.y0 : y - box.y0 + together, :, plane * g.samples : (plane + 1) * g.samples] = part
        return out

    def _segments(self, file: BinaryIO, box: Box) -> Pixels:
        g = self._storage.grid
        out = np.empty((box.height, box.width, g.planes * g.samples), self._storage.stored.newbyteorder("="))
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
                    part = box.common(Box(x, y, x + pixels.shape[1], y + pixels.shape[0]))
                    channels = slice(plane * g.samples, plane * g.samples + pixels.shape[2])
                    out[(*part.shifted(-box.x0, -box.y0).slices, channels)] = pixels[part.shifted(-x, -y).slices]
        return out

    def _coded(self, file: BinaryIO, index: int) -> bytes:
        offset, count = self._storage.offsets[index], self._storage.counts[index]
        if not offset or not count:
            raise incomplete(self._original.name, "a part of its pixels was never written")
        file.seek(offset)
        return read_exactly(file, count, self._original.name)

    def _decode(self, place: tuple[int, int, int, int], known: Pixels | None, coded: bytes) -> Pixels:
        if known is not None:
            return known
        more = {}
        if self._storage.jpeg:
            walk(coded, self._original.name)  # libjpeg would fill what is missing with grey
            more = {"jpegtables": self._storage.tables}
        pixels, _, _ = self._storage.decode(coded, place[0], **more)
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
        s, h = self._storage, self.header
        if s.palette is not None:
            return s.palette[stored[..., 0]]
        shown = stored[..., : h.channels]
        if s.bits == 1:
            shown = shown.astype(np.uint8) * np.uint8(255)
        if s.photometric == WHITE_IS_ZERO:
            shown = ~shown
        return np.ascontiguousarray(shown, dtype=np.uint16 if h.bits == 16 else np.uint8)


def open_tiff(original: Original, page: int, max_pixels: int) -> TiffSource:
    """PictureError for damaged directories, missing pages, and pixels that are not 8- or 16-bit grey or colour."""
    name = original.name
    with decoding(name), original.reading() as file:
        dialect, pages = _find_pages(file, original)
        if not 0 <= page < len(pages):
            raise PictureError(f"'{name}' has {len(pages)} page(s): there is no page {page + 1}.")
        file.seek(0)
        wanted: Any = tifffile.TiffFile(file).pages[pages[page]]
        _check_page(name, wanted, original.size, max_pixels)
        storage = _storage(wanted)
        header = Header(
            wanted.imagewidth,
            wanted.imagelength,
            1 if wanted.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO) else 3,
            16 if storage.bits == 16 and storage.palette is None else 8,
            "BigTIFF" if dialect.big else "TIFF",
            pages=len(pages),
            orientation=int(wanted.tags.valueof(TAG_ORIENTATION, 1)),
            scales=tiff_scales(wanted),
        )
    return TiffSource(original, storage, header)


def _find_pages(file: BinaryIO, original: Original) -> tuple[Dialect, list[int]]:
    """Places in the chain of directories that hold pictures of their own: no smaller copies, no masks."""

    def read(at: int, length: int) -> bytes:
        file.seek(at)
        return file.read(length)

    try:
        dialect, first = Dialect.of(read(0, 16))
        chain = walk_directories(read, original.size, first, dialect)
        own = [i for i, d in enumerate(chain) if not _subfile_type(read, d, dialect) & (REDUCED | MASK_PAGE)]
    except DirectoryError as error:
        raise damaged(original.name, str(error)) from None
    return dialect, own or list(range(len(chain)))


def _subfile_type(read: Reader, directory: Directory, dialect: Dialect) -> int:
    entry = directory.entries.get(TAG_SUBFILE)
    return int(read_values(read, entry, dialect)[0]) if entry is not None and entry.count else 0


def _storage(page: Any) -> Storage:
    plain = page.compression == 1 and page.predictor == 1 and page.bitspersample in (8, 16) and page.fillorder == 1
    return Storage(
        grid=_grid(page),
        offsets=tuple(page.dataoffsets),
        counts=tuple(page.databytecounts),
        stored=np.dtype(page.dtype).newbyteorder(page.parent.byteorder),
        bits=page.bitspersample,
        photometric=int(page.photometric),
        palette=(np.asarray(page.colormap).T >> 8).astype(np.uint8) if page.photometric == PALETTE else None,
        raw=plain and page.is_contiguous and not page.is_tiled,
        jpeg=page.compression in JPEG_CODECS,
        tables=page.jpegtables,
        decode=page.decode,
    )


def _grid(page: Any) -> Grid:
    planes = page.samplesperpixel if page.planarconfig == 2 else 1
    height, width = min(page.rowsperstrip, page.imagelength), page.imagewidth
    if page.is_tiled:
        height, width = page.tilelength, page.tilewidth
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
    if min((page.tilelength, page.tilewidth) if page.is_tiled else (page.rowsperstrip,)) < 1:
        raise damaged(name, "it declares strips or tiles without pixels")
    grid = _grid(page)
    if len(page.dataoffsets) < grid.planes * grid.rows * grid.cols or len(page.dataoffsets) != len(page.databytecounts):
        raise incomplete(name, f"{len(page.dataoffsets)} strips or tiles do not fill it")
    if any(o + c > file_size for o, c in zip(page.dataoffsets, page.databytecounts, strict=True)):
        raise incomplete(name, "its pixels end too early")
    size = grid.height * grid.width * grid.samples * page.dtype.itemsize
    if size > SEGMENT_LIMIT and page.compression != 1:
        raise PictureError(f"'{name}' is compressed in one piece of {size / 1e6:.0f} MB: save it with tiles or strips.")
