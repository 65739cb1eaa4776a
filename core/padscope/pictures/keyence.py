"""Keyence VHX pictures: what the microscope wrote into a JPEG besides the pixels, and how far it can be trusted.

Layout measured on files of a VHX-6000 and a VHX-7000; nobody has published it. The numbers are in a private EXIF maker note
("KmsFile", little-endian even inside big-endian EXIF) whose longer values lie behind the end of the image, each with a CRC-32; a
part of them is repeated in a private APP0 segment ("VH10").
"""

from __future__ import annotations

import math
import struct
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np

from padscope.errors import PictureError
from padscope.pictures.exif import EXIF, Exif, read_exif
from padscope.pictures.ifd import DirectoryError, read_directory, read_values
from padscope.pictures.jpeg_frame import Frame, walk
from padscope.pictures.scales import ScaleFound
from padscope.pictures.source import Microscope, Pixels

TAG_EXIF_IFD, TAG_MAKER_NOTE, TAG_THUMB_START, TAG_THUMB_LENGTH = 0x8769, 0x927C, 0x0201, 0x0202
CAPTURED, WIDTH, HEIGHT, LABEL, UM_PER_REFERENCE_PX = 0x0002, 0x0003, 0x0004, 0x0010, 0x0011
MODEL, SOFTWARE, MAGNIFICATION, LENS, PREVIEW, PX_PER_REFERENCE_PX, TASK = (
    0x0048,
    0x0049,
    0x011E,
    0x011F,
    0x0141,
    0x0144,
    0x01D9,
)
TEXTS = range(0x000A, 0x0010)  # six texts a person may have typed

NOTE_MARK = b"KmsFile\x01"
SHORT, LONG, UNDEFINED, SLONG, FLOAT = 3, 4, 7, 9, 11
PLAIN = {SHORT: "<H", LONG: "<I", SLONG: "<i", FLOAT: "<f"}
TEXT_CLASS = uuid.UUID("A84A00D8-0E87-4DED-9C16-12765335DCB6")
BLOB_CLASS = uuid.UUID("8D8FC5A6-3530-4548-886A-001D8284EEB7")
DAY_ZERO = datetime(1899, 12, 30)
UM_RANGE, RATIO_RANGE = (1e-4, 1e3), (1e-3, 1e3)  # beyond these a number is no size of a pixel, whatever its CRC says

VH10_MARK = b"VH10"
VH10_TIME, VH10_SIZE, VH10_THUMB, VH10_LABEL, VH10_UM, VH10_LENGTH = 7, 23, 43, 58103, 58125, 58133
THUMB_SHAPE = (120, 160, 3)
MAX_PREVIEW = 4_000_000  # px; what declares more is no preview


@dataclass(frozen=True, slots=True)
class MakerNote:
    """Values by tag, and what is wrong with the others. A value whose CRC fails is in both: it may be shown, not trusted."""

    values: dict[int, Any] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)

    def trusted(self, tag: int) -> bool:
        return tag in self.values and tag not in self.faults


@dataclass(frozen=True, slots=True)
class Vh10:
    """The private APP0 segment. It has no CRC and lacks the ratio that makes the true scale."""

    captured: datetime | None
    width: int
    height: int
    label: str
    um_per_reference_px: float
    thumbnail: bytes  # 160 x 120, blue first


def read_note(data: bytes, start: int, stop: int, origin: int) -> MakerNote | None:
    """The maker note data[start:stop]; long values lie at `origin` (the TIFF header) plus their offset, anywhere in the file."""
    if not data.startswith(NOTE_MARK, start, stop) or stop - start < 10:
        return None
    (count,) = struct.unpack_from("<H", data, start + 8)
    note = MakerNote()
    for at in range(start + 10, min(start + 10 + 12 * count, stop - 11), 12):
        tag, kind, size, inline = struct.unpack_from("<HHI4s", data, at)
        if kind in PLAIN and size == 1:
            code = PLAIN[kind]
            (note.values[tag],) = struct.unpack_from(code, inline)
        elif kind == UNDEFINED and size > 4:
            place = origin + int.from_bytes(inline, "little")
            _read_variant(note, tag, data[place : place + size], size)
    return note


def _read_variant(note: MakerNote, tag: int, raw: bytes, size: int) -> None:
    """A serialised COM VARIANT: CRC-32 of all that follows | VARTYPE | payload."""
    if len(raw) < size or size < 6:
        note.faults[tag] = "lies outside the file"
        return
    crc, kind = struct.unpack_from("<IH", raw)
    if zlib.crc32(raw[4:]) != crc:
        note.faults[tag] = "fails its checksum"
    decode = VARIANTS.get(kind)
    if decode is None:
        return
    try:
        note.values[tag] = decode(raw[6:])
    except (struct.error, ValueError, OverflowError):
        note.faults.setdefault(tag, "makes no sense")


def _object(payload: bytes) -> Any:
    kind, body = uuid.UUID(bytes_le=payload[:16]), payload[16:]
    if kind == TEXT_CLASS:
        _, _, length = struct.unpack_from("<BII", body)
        return _utf16(body[9 : 9 + 2 * min(length, len(body))])
    if kind == BLOB_CLASS:
        (length,) = struct.unpack_from("<I", body)
        return body[4 : 4 + length]
    raise ValueError("an object of an unknown class")


def _utf16(raw: bytes) -> str:
    return raw.decode("utf-16-le", "replace").split("\0")[0].strip()


VARIANTS: dict[int, Callable[[bytes], Any]] = {
    0x0005: lambda p: struct.unpack("<d", p)[0],
    0x0007: lambda p: DAY_ZERO + timedelta(seconds=round(86400 * struct.unpack("<d", p)[0])),
    0x0008: lambda p: _utf16(p[4 : 4 + struct.unpack_from("<I", p)[0]]),
    0x000B: lambda p: struct.unpack("<H", p)[0] != 0,
    0x000D: _object,
}


def read_vh10(payload: bytes) -> Vh10 | None:
    if not payload.startswith(VH10_MARK) or len(payload) < VH10_LENGTH:
        return None
    year, month, _, day, hour, minute, second, _ = struct.unpack_from("<8H", payload, VH10_TIME)
    try:
        captured = datetime(year, month, day, hour, minute, second)
    except ValueError:
        captured = None
    width, height = struct.unpack_from("<2H", payload, VH10_SIZE)
    label = payload[VH10_LABEL : VH10_LABEL + 22].split(b"\0")[0].decode("ascii", "replace")
    (um,) = struct.unpack_from("<d", payload, VH10_UM)
    thumbnail = payload[VH10_THUMB : VH10_THUMB + math.prod(THUMB_SHAPE)]
    return Vh10(captured, width, height, label, um, thumbnail)


def find_note(data: bytes, frame: Frame) -> MakerNote | None:
    """The first Keyence maker note in the EXIF blocks of a JPEG."""
    for segment in frame.payloads(0xE1, data, EXIF):
        exif = read_exif(data, segment.start, segment.stop)
        if exif is not None and (place := _note_place(exif)) is not None:
            origin = segment.start + len(EXIF)
            note = read_note(data, origin + place[0], min(origin + sum(place), segment.stop), origin)
            if note is not None:
                return note
    return None


def _note_place(exif: Exif) -> tuple[int, int] | None:
    """(offset from the TIFF header, length) of the maker note."""
    pointer = exif.directory.entries.get(TAG_EXIF_IFD)
    if pointer is None:
        return None
    try:
        inner = read_directory(exif.read, int(read_values(exif.read, pointer, exif.dialect)[0]), exif.dialect)
    except (DirectoryError, LookupError):
        return None
    note = inner.entries.get(TAG_MAKER_NOTE)
    return None if note is None else (note.offset, note.size)


def find_vh10(data: bytes, frame: Frame) -> Vh10 | None:
    return next((v for s in frame.payloads(0xE0, data, VH10_MARK) if (v := read_vh10(data[s.start : s.stop]))), None)


def read_vhx(data: bytes, frame: Frame) -> tuple[Microscope | None, tuple[ScaleFound, ...]]:
    """Everything a VHX wrote into this JPEG; (None, ()) if it did not come from one. Damage is told in `Microscope.notes`."""
    note, vh10 = find_note(data, frame), find_vh10(data, frame)
    if note is None and vh10 is None:
        return None, ()
    note = note or MakerNote()
    captured = note.values[CAPTURED] if note.trusted(CAPTURED) else (vh10.captured if vh10 else None)
    scales = _scales(note, vh10, frame)
    notes: tuple[str, ...] = () if scales else ("the microscope's scale is lost",)
    lost = sum(why == "lies outside the file" for why in note.faults.values())
    bad = [f"0x{tag:04X}" for tag, why in note.faults.items() if why != "lies outside the file"]
    if lost:
        notes += (f"{lost} values of the microscope are lost: the file was cut off, or saved again by another program",)
    if bad:
        notes += (f"values of the microscope are damaged: {', '.join(bad)}",)
    microscope = Microscope(
        model=_text(note, MODEL),
        lens=_text(note, LENS),
        magnification=_text(note, LABEL) or (vh10.label if vh10 else ""),
        software=_version(note.values.get(SOFTWARE)),
        captured_at=captured.isoformat() if isinstance(captured, datetime) else "",
        task=_task(note.values.get(TASK)),
        texts=tuple(text for tag in TEXTS if (text := _text(note, tag))),
        notes=notes,
        lost=lost,
    )
    return microscope, scales


def _scales(note: MakerNote, vh10: Vh10 | None, frame: Frame) -> tuple[ScaleFound, ...]:
    """µm per picture pixel = value(0x0011) / value(0x0144): µm per reference pixel by picture pixels per reference pixel.

    Verified only if both pass their checksum. Without the ratio the number is kept, but it can be off by a factor (2.4 on a
    VHX-7000); of a picture that was enlarged or cut since, it is not used at all.
    """
    um, ratio = (_number(note, UM_PER_REFERENCE_PX, UM_RANGE), _number(note, PX_PER_REFERENCE_PX, RATIO_RANGE))
    copy = vh10.um_per_reference_px if vh10 and UM_RANGE[0] < vh10.um_per_reference_px < UM_RANGE[1] else None
    sizes = {(note.values[WIDTH], note.values[HEIGHT])} if WIDTH in note.values and HEIGHT in note.values else set()
    sizes |= {(vh10.width, vh10.height)} if vh10 else set()
    same_size = (frame.width, frame.height) in sizes or not sizes
    sound = (
        note.trusted(UM_PER_REFERENCE_PX) and note.trusted(PX_PER_REFERENCE_PX) and um is not None and ratio is not None
    )
    remarks = []
    if not same_size:
        was = " or ".join(f"{w} x {h}" for w, h in sorted(sizes))
        remarks.append(f"the microscope wrote {was} px: the picture was resized or cut")
    if ratio is None:
        remarks.append("ratio of the picture's pixels (0x0144) missing: may be off by a factor")
    elif not sound:
        remarks.append("checksum fails")
    found = []
    for value, origin in ((um, ""), (copy, "VH10 copy")):
        if value is not None and (origin == "" or value != um):
            note_text = "; ".join([*([origin] if origin else []), *remarks])
            verified = sound and same_size and not origin
            found.append(ScaleFound(value / (ratio or 1.0), "keyence", verified, note_text, usable=same_size))
    return tuple(found)


def _number(note: MakerNote, tag: int, limits: tuple[float, float]) -> float | None:
    value = note.values.get(tag)
    return value if isinstance(value, float) and limits[0] < value < limits[1] else None


def _text(note: MakerNote, tag: int) -> str:
    value = note.values.get(tag)
    return value if isinstance(value, str) and note.trusted(tag) else ""


def _version(value: Any) -> str:
    """Four numbers, the first in the highest byte."""
    return ".".join(map(str, value.to_bytes(4))) if isinstance(value, int) else ""


def _task(value: Any) -> str:
    """Id of the automated task that took the picture."""
    return str(uuid.UUID(bytes_le=value)) if isinstance(value, bytes) and len(value) == 16 else ""


def previews(data: bytes, frame: Frame) -> dict[str, Pixels]:
    """The small pictures inside a VHX file, (h, w, 3) uint8 RGB: `vh10` (160 x 120), `exif` (JPEG), `stitched` (480 x 360);
    those that are absent or damaged are left out."""
    found: dict[str, Pixels] = {}
    vh10, note = find_vh10(data, frame), find_note(data, frame)
    if vh10:
        found["vh10"] = np.frombuffer(vh10.thumbnail, np.uint8).reshape(THUMB_SHAPE)[..., ::-1].copy()
    stitched = note.values.get(PREVIEW) if note and note.trusted(PREVIEW) else None
    for name, coded in (("exif", _exif_thumbnail(data, frame)), ("stitched", stitched)):
        if isinstance(coded, bytes) and 0 < _declared_pixels(coded) <= MAX_PREVIEW:
            pixels = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR_RGB)
            if pixels is not None:
                found[name] = pixels.astype(np.uint8)
    return found


def _exif_thumbnail(data: bytes, frame: Frame) -> bytes:
    for segment in frame.payloads(0xE1, data, EXIF):
        exif = read_exif(data, segment.start, segment.stop)
        if exif is None or not exif.directory.following:
            continue
        try:
            second = Exif(exif.read, exif.dialect, read_directory(exif.read, exif.directory.following, exif.dialect))
        except DirectoryError:
            continue
        return exif.read(int(second.number(TAG_THUMB_START)), int(second.number(TAG_THUMB_LENGTH)))
    return b""


def _declared_pixels(coded: bytes) -> int:
    """Of a JPEG or BMP preview, without decoding it; 0 for anything else."""
    if coded.startswith(b"BM") and len(coded) >= 26:
        width, height = struct.unpack_from("<ii", coded, 18)
        return int(abs(width * height))
    if coded.startswith(b"\xff\xd8"):
        try:
            frame = walk(coded, "preview")
        except PictureError:
            return 0
        return frame.width * frame.height
    return 0
