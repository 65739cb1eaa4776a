"""JPEG: refuse what is damaged, decode whole or reduced."""

from __future__ import annotations

import io
import math
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np
from PIL import JpegImagePlugin

from padscope.errors import PictureError
from padscope.pictures.exif import EXIF, JFIF, density_scales, orientation, read_exif
from padscope.pictures.files import Original, damaged, decoding
from padscope.pictures.jpeg_frame import END_MARK, Frame, decoder_stream, walk
from padscope.pictures.keyence import previews, read_vhx
from padscope.pictures.reduce import reduce_by
from padscope.pictures.source import Header, Pixels, Source, check_size
from padscope.types import Box

OUT = {1: "grayscale", 3: "rgb"}
IN_MEMORY = 640_000_000  # bytes of a decoded picture
TAIL = 4096  # bytes at the end of the coded data on which the last blocks must depend
UNFILLED = "its coded pixels do not fill the picture"
LEAST_TAIL = 1024  # fewer could be the colours of one block, which `coarse` does not see
NOISE = np.random.default_rng(0).integers(0, 255, 2 * TAIL, dtype=np.uint8).tobytes()  # holds no 0xFF, hence no marker


def coarse(stream: bytes, frame: Frame, scale: int, mode: str = "L") -> Pixels:
    """Scaled decode, (ceil(H / scale), ceil(W / scale)[, 3]) uint8, scale 1, 2, 4 or 8; `mode` "L" (luminance only) or "RGB"."""
    picture = JpegImagePlugin.JpegImageFile(io.BytesIO(stream))  # not Image.open: its limit on the size is not ours
    if scale > 1:
        picture.draft(mode, (max(frame.width // scale, 1), max(frame.height // scale, 1)))
    return np.asarray(picture.convert(mode))


def check_filled(stream: bytes, frame: Frame, name: str, seen: Pixels, scale: int, mode: str = "L") -> None:
    """PictureError if the coded data stop before the last block although the end mark is there; `seen` is their scaled decode.

    Decoders fill what is missing with flat grey and say nothing. So if the last block is flat, other bytes are put behind the
    data: they change nothing in a complete picture.
    """
    units = -(-frame.width // frame.mcu[0]) * -(-frame.height // frame.mcu[1])
    coded = sum(stop - start for start, stop in frame.scans)
    if coded * 8 < units:  # not one bit per unit
        raise damaged(name, UNFILLED)
    if frame.process == "progressive" or len(frame.scans) != 1:
        return
    body = stream[: -len(END_MARK)]
    if frame.restart and not _restarts_in_order(body[-coded:], -(-units // frame.restart) - 1):
        raise damaged(name, UNFILLED)
    flat = seen.shape[1] < 2 or bool(np.all(seen[-1, -1] == seen[-1, -2]))
    if flat and not np.array_equal(seen, coarse(body + NOISE + END_MARK, frame, scale, mode)):
        raise damaged(name, UNFILLED)


def check_coded_data(stream: bytes, frame: Frame, name: str) -> None:
    """The same, and PictureError if the coded data go on long after the last block, because a piece before is missing: bytes
    changed at the end must change the last blocks."""
    scale = 8 if min(frame.width, frame.height) >= 64 else 1
    seen = coarse(stream, frame, scale)
    check_filled(stream, frame, name, seen, scale)
    size = frame.scans[0][1] - frame.scans[0][0]
    tail = min(TAIL, size // 2)
    if frame.process == "progressive" or len(frame.scans) != 1 or tail < LEAST_TAIL:
        return
    cut = len(stream) - len(END_MARK) - tail
    cut -= stream[cut - 1] == 0xFF
    noises = (NOISE[:tail], NOISE[-tail:])
    if all(np.array_equal(seen, coarse(stream[:cut] + noise + END_MARK, frame, scale)) for noise in noises):
        raise damaged(name, UNFILLED)


def _restarts_in_order(coded: bytes, expected: int) -> bool:
    codes = np.frombuffer(coded, np.uint8)
    marks = np.flatnonzero((codes[:-1] == 0xFF) & ((codes[1:] & 0xF8) == 0xD0))
    return len(marks) == expected and bool(np.all((codes[marks + 1] & 7) == np.arange(expected) % 8))


def roomy(shape: tuple[int, ...]) -> Pixels:
    """Room for a decoded picture: in memory, or for giants in a temporary file that the system may page out and forgets."""
    if math.prod(shape) <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


class JpegSource(Source):
    """One JPEG file. Decoded pixels are kept after the first window, because a JPEG can only be decoded whole."""

    whole = True

    def __init__(self, original: Original, frame: Frame, header: Header) -> None:
        self.header = header
        self._original = original
        self._frame = frame
        self._pixels: Pixels | None = None
        self._checked = False
        self._lock = threading.Lock()

    def window(self, box: Box) -> Pixels:
        with self._lock:
            pixels = self._decode() if self._pixels is None else self._pixels
            if self._pixels is None and (box.width, box.height) == (self.header.width, self.header.height):
                return pixels  # the caller has everything: keeping a second copy would only cost memory
            self._pixels = pixels
            return pixels[box.slices].copy()

    def reduced(self, step: int) -> Pixels | None:
        """By the decoder's own scaling (powers of two up to 8), whether or not the full pixels are at hand, so that the same
        question always has the same answer."""
        scale = max(s for s in (1, 2, 4, 8) if step % s == 0)
        if scale == 1 or min(self.header.width, self.header.height) < 2 * scale:
            return None
        stream = decoder_stream(self._original.bytes(), self._frame)
        mode = "L" if self.header.channels == 1 else "RGB"
        with decoding(self._original.name):
            small = coarse(stream, self._frame, scale, mode)
            if not self._checked:
                check_filled(stream, self._frame, self._original.name, small, scale, mode)
        return reduce_by(small.reshape(*small.shape[:2], self.header.channels), step // scale)

    def previews(self) -> dict[str, Pixels]:
        return previews(self._original.bytes(), self._frame)

    def release(self) -> None:
        with self._lock:
            self._pixels = None

    def _decode(self) -> Pixels:
        h, stream = self.header, decoder_stream(self._original.bytes(), self._frame)
        shape = (h.height, h.width) if h.channels == 1 else (h.height, h.width, h.channels)
        with decoding(self._original.name):
            pixels = roomy(shape)
        with ThreadPoolExecutor(1) as side:  # decoding lets other threads run: the check costs no time of its own
            decoded = side.submit(imagecodecs.jpeg8_decode, stream, outcolorspace=OUT[h.channels], out=pixels)
            self._check(stream)
            with decoding(self._original.name):
                decoded.result()
        return pixels.reshape(h.height, h.width, h.channels)

    def _check(self, stream: bytes) -> None:
        if not self._checked:
            with decoding(self._original.name):
                check_coded_data(stream, self._frame, self._original.name)
            self._checked = True


def open_jpeg(original: Original, max_pixels: int) -> JpegSource:
    """PictureError for everything that is not a complete grey or colour JPEG of 8 bits."""
    name, data = original.name, original.bytes()
    frame = walk(data, name)
    check_size(name, frame.width, frame.height, max_pixels)
    if frame.components == 4:
        raise PictureError(f"'{name}' holds printing colours (CMYK): save it in RGB or grey.")
    if frame.components not in (1, 3):
        raise PictureError(f"'{name}' has {frame.components} colour channels: save it in RGB or grey.")
    if frame.precision != 8:
        raise PictureError(f"'{name}' is a JPEG of {frame.precision} bits: save it as TIFF to keep more than 8.")
    exif = next((e for s in frame.payloads(0xE1, data, EXIF) if (e := read_exif(data, s.start, s.stop))), None)
    microscope, scales = read_vhx(data, frame)
    jfif = next((data[s.start : s.stop] for s in frame.payloads(0xE0, data, JFIF)), b"")
    header = Header(
        frame.width,
        frame.height,
        frame.components,
        8,
        "JPEG",
        orientation=orientation(exif),
        scales=scales + density_scales(exif, jfif),
        microscope=microscope,
    )
    return JpegSource(original, frame, header)
