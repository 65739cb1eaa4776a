"""Open a picture: its size without decoding, its pixels in windows, its scale with where it comes from.

Pixels are always as stored in the file. An EXIF or TIFF orientation tag is reported and never applied: positions in pad maps and
masks then mean the same pixels for every program that reads the raw file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType

import numpy as np

from padscope.errors import PictureError, TooLargeError
from padscope.pictures.files import Original, decoding, file_and_page, find_original, page_name
from padscope.pictures.jpeg import open_jpeg
from padscope.pictures.limits import most_pixels
from padscope.pictures.raster import open_bmp, open_png
from padscope.pictures.reduce import reduce_by
from padscope.pictures.scales import ScaleFound, choose_scale, disagreement, typed_scale
from padscope.pictures.source import Microscope, Pixels, Source
from padscope.pictures.tiff import open_tiff
from padscope.pictures.vk import open_vk
from padscope.types import Box, Scale

STRIPE = 64_000_000  # bytes decoded at a time for an overview

KINDS: tuple[tuple[bytes, str, Callable[[Original, int, int], Source]], ...] = (
    (b"\xff\xd8\xff", "JPEG", lambda original, page, limit: open_jpeg(original, limit)),
    (b"\x89PNG\r\n\x1a\n", "PNG", lambda original, page, limit: open_png(original, limit)),
    (b"II*\0", "TIFF", open_tiff),
    (b"MM\0*", "TIFF", open_tiff),
    (b"II+\0", "TIFF", open_tiff),
    (b"MM\0+", "TIFF", open_tiff),
    (b"VK4_", "VK4", open_vk),
    (b"VK6", "VK6", open_vk),
    (b"VK7", "VK7", open_vk),
    (b"BM", "BMP", lambda original, page, limit: open_bmp(original, limit)),
)
"""What a file is, told by its first bytes; its name is never asked."""

OTHERS = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a ZIP archive"), (b"GIF8", "a GIF"), (b"SQLite format 3\0", "a database"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000"), (b"\x7fELF", "a program"), (b"MZ", "a program"), (b"<?xml", "an XML text"),
    (b"RIFF", "a RIFF file (WebP, AVI or WAV)"),
)  # fmt: skip
SUFFIXES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP"}


class Picture:
    """One page of one picture file. Nothing is decoded before it is asked for, and the file is never kept open."""

    def __init__(self, original: Original, source: Source, scales: tuple[ScaleFound, ...], page: int) -> None:
        self.path = page_name(original.path, page)
        self.file = original.path
        self.page = page
        self.scales = scales
        self._original = original
        self._source = source

    @property
    def width(self) -> int:
        return self._source.header.width

    @property
    def height(self) -> int:
        return self._source.header.height

    @property
    def channels(self) -> int:
        """1 for grey, 3 for colour (`read` gives three in either case)."""
        return self._source.header.channels

    @property
    def bits(self) -> int:
        """8 or 16 per channel."""
        return self._source.header.bits

    @property
    def format(self) -> str:
        return self._source.header.format

    @property
    def pages(self) -> int:
        """Pictures in the file, smaller copies not counted."""
        return self._source.header.pages

    @property
    def orientation(self) -> int:
        """The orientation tag as found (1 upright … 8); it is never applied."""
        return self._source.header.orientation

    @property
    def microscope(self) -> Microscope | None:
        """What the instrument wrote about itself, if it is one we can read."""
        return self._source.header.microscope

    @property
    def box(self) -> Box:
        """The whole picture."""
        return Box(0, 0, self.width, self.height)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint16 if self.bits == 16 else np.uint8

    @property
    def scale(self) -> Scale:
        """The chosen one of `scales`."""
        return choose_scale(self.scales)

    @property
    def scale_conflict(self) -> str:
        """One sentence if the scales contradict each other, otherwise ''."""
        return disagreement(self.scales)

    @cached_property
    def sha256(self) -> str:
        """Of the file's bytes, hexadecimal; a further page, which is another picture, has that of this and its number."""
        whole = self._original.sha256()
        return hashlib.sha256(f"{whole}#{self.page + 1}".encode()).hexdigest() if self.page else whole

    def read(self, box: Box, step: int = 1) -> Pixels:
        """(ceil(h / step), ceil(w / step), 3) uint8 or uint16 RGB, the caller's own; grey is replicated.

        With `step` > 1 every pixel is the mean of a step x step block of the box (the whole of a JPEG uses the decoder's scaling,
        which differs by a grey level or two). ValueError if the box is empty or leaves the picture, PictureError if the file is
        damaged or changed.
        """
        if box.empty or box != box.clipped(self.width, self.height):
            raise ValueError(f"{box} is not inside the picture of {self.width} x {self.height} px")
        if step < 1:
            raise ValueError(f"a step of {step} is not possible: it is a whole number from 1 on")
        pixels = self._source.reduced(step) if step > 1 and box == self.box else None
        if pixels is None:
            pixels = self._averaged(box, step) if step > 1 else self._source.window(box)
        return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)

    def previews(self) -> dict[str, Pixels]:
        """Small pictures stored inside the file, name -> (h, w, 3) uint8: at once, without decoding the picture."""
        return self._source.previews()

    def stripes(self, rows: int) -> Iterator[Pixels]:
        """The whole picture from top to bottom in pieces of `rows` rows (the last may have fewer), (rows, W, channels): grey is not
        replicated. Never holds more than one piece beside what is kept already, or one decoded picture if the format can only be
        decoded whole."""
        h, w = self.height, self.width
        if self._source.whole:
            pixels = self._source.window(self.box)
            yield from (pixels[y : y + rows] for y in range(0, h, rows))
        else:
            yield from (self._source.window(Box(0, y, w, min(y + rows, h))) for y in range(0, h, rows))

    def glimpse(self, step: int) -> Pixels | None:
        """A first look, (ceil(H / step), ceil(W / step), channels), if it can be had much faster than everything; else None.
        It is good enough to be shown and may be rougher than `read` (single pixels instead of means)."""
        look = self._source.reduced(step)
        return self._source.sampled(step) if look is None else look

    def _averaged(self, box: Box, step: int) -> Pixels:
        """In stripes of whole blocks, so that an overview never needs the whole picture in memory."""
        rows = max(STRIPE // (box.width * self.channels * self.bits // 8) // step, 1) * step
        out = np.empty((-(-box.height // step), -(-box.width // step), self.channels), self.dtype)
        for y in range(box.y0, box.y1, rows):
            stripe = reduce_by(self._source.window(Box(box.x0, y, box.x1, min(y + rows, box.y1))), step)
            at = (y - box.y0) // step
            out[at : at + len(stripe)] = stripe
        return out

    def close(self) -> None:
        """Give back the memory of decoded pixels; the picture can still be read afterwards."""
        self._source.release()

    def __enter__(self) -> Picture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Picture({self.path.name!r}, {self.width} x {self.height} px, {self.bits} bit, {self.format})"


def open_picture(
    path: Path | str,
    um_per_px: float | None = None,
    *,
    scale: ScaleFound | None = None,
    page: int | None = None,
    max_pixels: int | None = None,
) -> Picture:
    """Open a JPEG, PNG, TIFF or BMP, whatever its name says. `um_per_px`: a scale typed in by a person, believed before all
    others, and so is `scale`, wherever a person has it from; `page`: of a file with several, from 0 (or the path ends in “#2”
    for the second); `max_pixels`: see `most_pixels`. PictureError with one sentence for everything that is not a complete
    picture."""
    path, named_page = file_and_page(Path(path))
    page = named_page if page is None else page
    limit = most_pixels() if max_pixels is None else max_pixels
    given = () if scale is None else (scale,)
    typed = given if um_per_px is None else (_typed(um_per_px), *given)
    original = find_original(path)
    with original.reading() as file:
        head = file.read(64)
    kind, opener = next(((k, o) for magic, k, o in KINDS if head.startswith(magic)), (None, None))
    if opener is None:
        other = next((what for magic, what in OTHERS if head.startswith(magic)), "none of the kinds that are read")
        raise PictureError(
            f"'{path.name}' is not a picture that is read (it is {other}): give a JPEG, PNG, TIFF or BMP."
        )
    try:
        with decoding(path.name):
            source = opener(original, page, limit)
    except TooLargeError:
        raise
    except PictureError as error:
        named = SUFFIXES.get(path.suffix.lower())
        if named in (None, kind):
            raise
        raise PictureError(f"{error} (Its name says {named}, its content is {kind}.)") from None
    if page and source.header.pages == 1:
        raise PictureError(f"'{path.name}' has 1 page: there is no page {page + 1}.")
    return Picture(original, source, typed + source.header.scales, page)


def _typed(um_per_px: float) -> ScaleFound:
    try:
        return typed_scale(um_per_px)
    except ValueError as error:
        raise PictureError(f"{error}: type the size of a pixel in µm, a number above 0.") from None
