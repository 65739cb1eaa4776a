"""JPEG: walk the segments, refuse what is cut off or damaged, decode whole or reduced (ITU-T T.81)."""

from __future__ import annotations

import io
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import imagecodecs
import numpy as np
from PIL import JpegImagePlugin

from padscope.errors import PictureError
from padscope.pictures.exif import EXIF, JFIF, density_scales, orientation, read_exif
from padscope.pictures.files import Original, damaged, decoding, incomplete
from padscope.pictures.reduce import reduce_by
from padscope.pictures.source import Header, Pixels, check_size
from padscope.types import Box

SOI, EOI, SOS, DQT, DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xDD
DECODED = {0xC0: "baseline", 0xC1: "extended", 0xC2: "progressive"}  # frame headers (SOFn) that are read
REFUSED = {0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic-coded"} | {
    0xCA: "arithmetic-coded", 0xCB: "lossless", 0xCD: "hierarchical", 0xCE: "hierarchical", 0xCF: "hierarchical",
}  # fmt: skip
STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM and RSTn carry no length
NEEDED = {
    0xC4,
    DQT,
    DRI,
    SOS,
    0xE0,
    0xEE,
    *DECODED,
}  # what a decoder needs: tables, frame, JFIF and Adobe colour markers
OUT = {1: "grayscale", 3: "rgb"}
TAIL = 4096  # bytes at the end of the coded data on which the last blocks must depend
NOISE = np.random.default_rng(0).integers(0, 255, 2 * TAIL, dtype=np.uint8).tobytes()  # holds no 0xFF, hence no marker
END_MARK = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Segment:
    marker: int
    start: int  # of its payload in the file
    stop: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Where everything in a JPEG file lies. `end` is the first byte after the end-of-image marker: a trailer may follow."""

    width: int
    height: int
    components: int
    precision: int
    process: str
    mcu: tuple[int, int]  # width, height of one coded unit, px
    restart: int  # coded units between restart markers, 0: none
    segments: tuple[Segment, ...]
    scans: tuple[tuple[int, int], ...]  # entropy-coded bytes of each scan
    end: int

    def payloads(self, marker: int, data: bytes, prefix: bytes = b"") -> list[Segment]:
        """The segments of one kind whose payload starts with `prefix`."""
        return [s for s in self.segments if s.marker == marker and data.startswith(prefix, s.start, s.stop)]


def walk(data: bytes, name: str) -> Frame:
    """Follow the markers from start to end. PictureError where the chain breaks, which is how a truncated file shows."""
    cut = incomplete(name, "the JPEG ends before its end-of-image mark")
    segments: list[Segment] = []
    scans: list[tuple[int, int]] = []
    sof: tuple[int, bytes] | None = None
    restart, at = 0, 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 2 > len(data):
            raise cut
        if data[at] != 0xFF:
            raise damaged(name, f"no JPEG marker at byte {at}")
        marker = data[at + 1]
        at += 2
        if marker == EOI:
            break
        if marker in STANDALONE:
            continue
        if at + 2 > len(data):
            raise cut
        stop = at + int.from_bytes(data[at : at + 2])
        if stop > len(data):
            raise cut
        if stop < at + 2 or marker in (0x00, SOI):
            raise damaged(name, f"a JPEG segment at byte {at} has no sense")
        segment = Segment(marker, at + 2, stop)
        segments.append(segment)
        at = stop
        if marker in REFUSED:
            raise PictureError(
                f"'{name}' is a {REFUSED[marker]} JPEG, which is not read: save it as TIFF or ordinary JPEG."
            )
        if marker in DECODED:
            if sof is not None:
                raise damaged(name, "it declares two JPEG frames")
            sof = marker, data[segment.start : segment.stop]
        elif marker == DRI:
            restart = int.from_bytes(data[segment.start : segment.start + 2])
        elif marker == SOS:
            at = _scan_end(data, stop)
            if at < 0:
                raise cut
            scans.append((stop, at))
    if sof is None or not scans:
        raise damaged(name, "the JPEG holds no picture")
    return _frame(name, *sof, restart, tuple(segments), tuple(scans), at)


def _scan_end(data: bytes, start: int) -> int:
    """Where the coded bytes of a scan end: before the first marker that is neither stuffing (FF00) nor a restart; -1: nowhere."""
    step = 1 << 22
    for block in range(start, len(data), step):
        codes = np.frombuffer(data, np.uint8, min(step + 1, len(data) - block), block)
        marks = np.flatnonzero(codes[:-1] == 0xFF)
        follow = codes[marks + 1]
        ends = marks[(follow != 0) & (follow != 0xFF) & ((follow & 0xF8) != 0xD0)]
        if len(ends):
            return block + int(ends[0])
    return -1


def _frame(
    name: str,
    marker: int,
    sof: bytes,
    restart: int,
    segments: tuple[Segment, ...],
    scans: tuple[tuple[int, int], ...],
    end: int,
) -> Frame:
    if len(sof) < 6 or len(sof) < 6 + 3 * sof[5]:
        raise damaged(name, "its JPEG frame header is too short")
    precision, height, width, components = struct.unpack(">BHHB", sof[:6])
    sampling = [(sof[7 + 3 * i] >> 4, sof[7 + 3 * i] & 15) for i in range(components)]
    if not (width and height and components and all(1 <= h <= 4 and 1 <= v <= 4 for h, v in sampling)):
        raise damaged(name, f"its JPEG header declares {width} x {height} px, {components} channels")
    mcu = (8, 8) if components == 1 else (8 * max(h for h, _ in sampling), 8 * max(v for _, v in sampling))
    return Frame(width, height, components, precision, DECODED[marker], mcu, restart, segments, scans, end)


def decoder_stream(data: bytes, frame: Frame) -> bytes:
    """Only what a decoder needs, from start to end of image: no metadata, previews or trailer to stumble over."""
    parts, scans = [b"\xff\xd8"], iter(frame.scans)
    for segment in frame.segments:
        if segment.marker in NEEDED:
            parts += [bytes((0xFF, segment.marker)), data[segment.start - 2 : segment.stop]]
        if segment.marker == SOS:
            start, stop = next(scans)
            parts.append(data[start:stop])
    return b"".join([*parts, END_MARK])


def coarse(stream: bytes, frame: Frame, scale: int, mode: str = "L") -> Pixels:
    """Scaled decode, (ceil(H / scale), ceil(W / scale)[, 3]) uint8, scale 1, 2, 4 or 8; `mode` "L" (luminance only) or "RGB"."""
    picture = JpegImagePlugin.JpegImageFile(io.BytesIO(stream))  # not Image.open: its limit on the size is not ours
    if scale > 1:
        picture.draft(mode, (max(frame.width // scale, 1), max(frame.height // scale, 1)))
    return np.asarray(picture.convert(mode))


def check_coded_data(stream: bytes, frame: Frame, name: str) -> None:
    """PictureError if the coded data stop before the last block or go on long after it, although the end mark is there.

    Decoders fill what is missing with grey and say nothing, so the data are tried against themselves: bytes put behind a complete
    picture change nothing, and bytes changed at its end change its last blocks.
    """
    unfilled = damaged(name, "its coded pixels do not fill the picture")
    units = -(-frame.width // frame.mcu[0]) * -(-frame.height // frame.mcu[1])
    coded = sum(stop - start for start, stop in frame.scans)
    if coded * 8 < units:  # not one bit per unit
        raise unfilled
    if frame.process == "progressive" or len(frame.scans) != 1:
        return
    body, size = stream[: -len(END_MARK)], frame.scans[0][1] - frame.scans[0][0]
    if frame.restart and not _restarts_in_order(body[-size:], -(-units // frame.restart) - 1):
        raise unfilled
    scale = 8 if min(frame.width, frame.height) >= 64 else 1
    seen = coarse(stream, frame, scale)
    filled_in = seen.shape[1] < 2 or seen[-1, -1] == seen[-1, -2]  # as if the last block had been filled in
    if filled_in and not np.array_equal(seen, coarse(body + NOISE + END_MARK, frame, scale)):
        raise unfilled
    tail = min(TAIL, size // 2)
    if tail >= 16:
        cut = len(body) - tail
        cut -= body[cut - 1] == 0xFF
        noises = (NOISE[:tail], NOISE[-tail:])
        if all(np.array_equal(seen, coarse(body[:cut] + noise + END_MARK, frame, scale)) for noise in noises):
            raise unfilled


def _restarts_in_order(coded: bytes, expected: int) -> bool:
    codes = np.frombuffer(coded, np.uint8)
    marks = np.flatnonzero((codes[:-1] == 0xFF) & ((codes[1:] & 0xF8) == 0xD0))
    return len(marks) == expected and bool(np.all((codes[marks + 1] & 7) == np.arange(expected) % 8))


class JpegSource:
    """One JPEG file. Decoded pixels are kept after the first window, because a JPEG can only be decoded whole."""

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
        with self._lock:
            self._check(stream)
        with decoding(self._original.name):
            small = coarse(stream, self._frame, scale, "L" if self.header.channels == 1 else "RGB")
        return reduce_by(small.reshape(*small.shape[:2], self.header.channels), step // scale)

    def release(self) -> None:
        with self._lock:
            self._pixels = None

    def _decode(self) -> Pixels:
        h, stream = self.header, decoder_stream(self._original.bytes(), self._frame)
        shape = (h.height, h.width) if h.channels == 1 else (h.height, h.width, h.channels)
        with decoding(self._original.name):
            pixels = np.empty(shape, np.uint8)
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
    jfif = next((data[s.start : s.stop] for s in frame.payloads(0xE0, data, JFIF)), b"")
    header = Header(
        frame.width,
        frame.height,
        frame.components,
        8,
        "JPEG",
        orientation=orientation(exif),
        scales=density_scales(exif, jfif),
    )
    return JpegSource(original, frame, header)
