"""The segments of a JPEG file (ITU-T T.81, annex B): where everything lies, and whether the file is complete."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np

from padscope.errors import PictureError
from padscope.pictures.files import damaged, incomplete

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
MAX_SEGMENTS, MAX_SCANS = 20_000, 200  # more are made to keep a reader busy
NO_FILL = re.compile(rb"[^\xff]")
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
    restart, at, steps = 0, 2, 0
    while True:
        if data[at : at + 2] == b"\xff\xff":  # fill bytes
            more = NO_FILL.search(data, at)
            at = (more.start() if more else len(data)) - 1
        if at + 2 > len(data):
            raise cut
        if data[at] != 0xFF:
            raise damaged(name, f"no JPEG marker at byte {at}")
        marker = data[at + 1]
        at += 2
        if marker == EOI:
            break
        steps += 1
        if steps > MAX_SEGMENTS or len(scans) > MAX_SCANS:
            raise damaged(name, "the JPEG has no end of segments")
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
    step, block = 1 << 12, start
    while block < len(data):
        codes = np.frombuffer(data, np.uint8, min(step + 1, len(data) - block), block)
        marks = np.flatnonzero(codes[:-1] == 0xFF)
        follow = codes[marks + 1]
        ends = marks[(follow != 0) & (follow != 0xFF) & ((follow & 0xF8) != 0xD0)]
        if len(ends):
            return block + int(ends[0])
        block, step = block + step, min(2 * step, 1 << 22)
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
