"""PNG (W3C PNG, third edition) and BMP (BITMAPFILEHEADER / BITMAPINFOHEADER)."""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass

import imagecodecs
import numpy as np

from padscope.errors import PictureError
from padscope.pictures.files import DEFLATE_LIMIT, Original, damaged, decoding, incomplete, read_exactly
from padscope.pictures.scales import ScaleFound, density_scale
from padscope.pictures.source import Header, Pixels, Source, check_size
from padscope.types import Box

UM_PER_M = 1e6
MAX_CHUNKS = 500_000  # more are made to keep a reader busy
BLUE_FIRST = struct.pack("<3I", 0xFF0000, 0x00FF00, 0x0000FF)  # the masks of red, green and blue in a usual 32-bit BMP
COLOUR = {0: (1, 1), 2: (3, 3), 3: (3, 1), 4: (1, 2), 6: (3, 4)}  # PNG colour type: channels shown, samples stored


class PngSource(Source):
    """One PNG file. Decoded pixels are kept after the first window, because a PNG can only be decoded whole."""

    def __init__(self, original: Original, header: Header) -> None:
        self.header = header
        self._original = original
        self._pixels: Pixels | None = None
        self._lock = threading.Lock()

    @property
    def whole(self) -> bool:
        return self._pixels is None

    def window(self, box: Box) -> Pixels:
        with self._lock:
            pixels = self._decode() if self._pixels is None else self._pixels
            if self._pixels is None and (box.width, box.height) == (self.header.width, self.header.height):
                return pixels
            self._pixels = pixels
            return pixels[box.slices].copy()

    def release(self) -> None:
        with self._lock:
            self._pixels = None

    def _decode(self) -> Pixels:
        h = self.header
        with decoding(self._original.name):
            pixels = imagecodecs.png_decode(self._original.bytes())
            pixels = pixels.reshape(h.height, h.width, -1)[..., : h.channels]
        if pixels.dtype != (np.uint16 if h.bits == 16 else np.uint8) or pixels.shape[2] != h.channels:
            raise damaged(self._original.name, "it does not hold what its header declares")
        return np.ascontiguousarray(pixels)


def open_png(original: Original, max_pixels: int) -> PngSource:
    """PictureError for a PNG that is cut off, or declares what cannot be in it."""
    name = original.name
    cut = incomplete(name, "the PNG ends before its end mark")
    with original.reading() as file:
        file.seek(8)
        chunks: dict[bytes, bytes] = {}
        coded = count = 0
        while b"IEND" not in chunks:
            head = file.read(8)
            if len(head) < 8:
                raise cut
            length, kind = struct.unpack(">I4s", head)
            if not chunks and (kind != b"IHDR" or length != 13):
                raise damaged(name, "the PNG has no header")
            if file.tell() + length + 4 > original.size:
                raise cut
            wanted = kind in (b"IHDR", b"pHYs", b"IEND") and kind not in chunks and length < 64
            if wanted:
                chunks[kind] = file.read(length)
            if kind == b"acTL":
                raise PictureError(f"'{name}' is an animation: save the picture you mean as a PNG or TIFF of its own.")
            coded += length if kind == b"IDAT" else 0
            file.seek(4 if wanted else length + 4, 1)
            count += 1
            if count > MAX_CHUNKS:
                raise damaged(name, "the PNG has no end of chunks")
    width, height, bits, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    check_size(name, width, height, max_pixels)
    if colour not in COLOUR or bits not in (1, 2, 4, 8, 16):
        raise damaged(name, f"the PNG declares colour type {colour} with {bits} bits")
    channels, samples = COLOUR[colour]
    if height * (-(-width * samples * bits // 8)) > DEFLATE_LIMIT * max(coded, 1):
        raise cut
    header = Header(
        width, height, channels, 16 if bits == 16 else 8, "PNG", scales=_png_scales(chunks.get(b"pHYs", b""))
    )
    return PngSource(original, header)


def _png_scales(physical: bytes) -> tuple[ScaleFound, ...]:
    if len(physical) != 9:
        return ()
    x, y, unit = struct.unpack(">IIB", physical)
    return density_scale("png", x, y, UM_PER_M) if unit == 1 else ()


@dataclass(frozen=True, slots=True)
class BmpLayout:
    offset: int  # of the first pixel row in the file
    stride: int  # bytes from row to row
    samples: int  # bytes per pixel
    bottom_up: bool
    palette: Pixels | None  # (n, 3) RGB


class BmpSource(Source):
    """One uncompressed BMP file; windows are read row by row."""

    def __init__(self, original: Original, layout: BmpLayout, header: Header) -> None:
        self.header = header
        self._original = original
        self._layout = layout

    def window(self, box: Box) -> Pixels:
        a, h = self._layout, self.header
        stored = np.empty((box.height, box.width, a.samples), np.uint8)
        with self._original.reading() as file:
            for i, y in enumerate(range(box.y0, box.y1)):
                row = h.height - 1 - y if a.bottom_up else y
                file.seek(a.offset + row * a.stride + box.x0 * a.samples)
                row_bytes = read_exactly(file, box.width * a.samples, self._original.name)
                stored[i] = np.frombuffer(row_bytes, np.uint8).reshape(box.width, a.samples)
        if a.palette is not None:
            return a.palette[np.minimum(stored[..., 0], len(a.palette) - 1)][..., : h.channels]
        return np.ascontiguousarray(stored[..., 2::-1])  # stored blue first


def open_bmp(original: Original, max_pixels: int) -> BmpSource:
    """PictureError for a BMP that is cut off or compressed."""
    name = original.name
    with original.reading() as file:
        head = file.read(54)
        if len(head) < 54:
            raise incomplete(name, "the BMP ends in its header")
        offset, info, width, height = struct.unpack("<10xIIii", head[:26])
        bits, compression = struct.unpack("<HI", head[28:34])
        x_per_m, y_per_m, colours = struct.unpack("<iiI", head[38:50])
        if info < 40 or width <= 0:
            raise damaged(name, "the BMP header has no sense")
        check_size(name, width, abs(height), max_pixels)
        file.seek(54)
        usual = compression == 0 or (compression == 3 and bits == 32 and file.read(12) == BLUE_FIRST)
        if not usual or bits not in (8, 24, 32):
            raise PictureError(
                f"'{name}' is a BMP of {bits} bits in compression {compression}: save it as PNG or TIFF."
            )
        palette = None
        if bits == 8:
            file.seek(14 + info)
            entries = np.frombuffer(file.read(4 * min(colours or 256, 256)), np.uint8)
            if len(entries) < 4 or len(entries) % 4:
                raise damaged(name, "the BMP has no colour table")
            palette = entries.reshape(-1, 4)[:, 2::-1].copy()
    stride = (width * bits // 8 + 3) // 4 * 4
    if offset < 14 + info or offset + stride * abs(height) > original.size:
        raise incomplete(name, "its pixels end too early")
    grey = palette is not None and bool((palette == palette[:, :1]).all())
    header = Header(
        width, abs(height), 1 if grey else 3, 8, "BMP", scales=density_scale("bmp", x_per_m, y_per_m, UM_PER_M)
    )
    return BmpSource(original, BmpLayout(offset, stride, bits // 8, height > 0, palette), header)
