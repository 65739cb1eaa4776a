"""JPEG: refuse what is damaged, decode whole or reduced."""

from __future__ import annotations

import math
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import imagecodecs
import numpy as np

from padscope.errors import PictureError
from padscope.pictures.exif import EXIF, JFIF, density_scales, orientation, read_exif
from padscope.pictures.files import Original, decoding
from padscope.pictures.jpeg_check import (
    check_coarse,
    check_decoded,
    check_marks,
    coarse,
    trial_scale,
    with_other_tails,
)
from padscope.pictures.jpeg_frame import Frame, decoder_stream, walk
from padscope.pictures.keyence import previews, read_vhx
from padscope.pictures.reduce import reduce_by
from padscope.pictures.source import Header, Pixels, Source, check_size
from padscope.types import Box

OUT = {1: "grayscale", 3: "rgb"}
IN_MEMORY = 640_000_000  # bytes of a decoded picture


def roomy(shape: tuple[int, ...]) -> Pixels:
    """Room for a decoded picture: in memory, or for giants in a temporary file that the system may page out and forgets."""
    if math.prod(shape) <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


class JpegSource(Source):
    """One JPEG file. Decoded pixels are kept after the first window, because a JPEG can only be decoded whole."""

    def __init__(self, original: Original, frame: Frame, header: Header) -> None:
        self.header = header
        self._original = original
        self._frame = frame
        self._pixels: Pixels | None = None
        self._checked = False
        self._lock = threading.Lock()

    @property
    def whole(self) -> bool:
        return self._pixels is None

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
                check_marks(stream, self._frame, self._original.name)
                check_coarse(stream, self._frame, self._original.name, small, scale, mode)
        return reduce_by(small.reshape(*small.shape[:2], self.header.channels), step // scale)

    def previews(self) -> dict[str, Pixels]:
        return previews(self._original.bytes(), self._frame)

    def release(self) -> None:
        with self._lock:
            self._pixels = None

    def _decode(self) -> Pixels:
        h, name, frame = self.header, self._original.name, self._frame
        stream = decoder_stream(self._original.bytes(), frame)
        shape = (h.height, h.width) if h.channels == 1 else (h.height, h.width, h.channels)
        with decoding(name), ThreadPoolExecutor(1) as side:
            check_marks(stream, frame, name)
            pixels = roomy(shape)
            decoded = side.submit(imagecodecs.jpeg8_decode, stream, outcolorspace=OUT[h.channels], out=pixels)
            others = () if self._checked else with_other_tails(stream, frame)
            changed = coarse(others[0], frame, trial_scale(frame)) if others else None  # meanwhile
            decoded.result()
            pixels = pixels.reshape(h.height, h.width, h.channels)
            if not self._checked:
                check_decoded(stream, frame, name, pixels, changed)
        self._checked = True
        return pixels


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
