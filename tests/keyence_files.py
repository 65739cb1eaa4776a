"""VHX JPEG files written from the measured layout: JFIF | VH10 | EXIF with a KmsFile maker note | picture | trailer of values."""

from __future__ import annotations

import io
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from PIL import Image

from picture_files import jpeg_bytes

TEXT_CLASS = uuid.UUID("A84A00D8-0E87-4DED-9C16-12765335DCB6").bytes_le
BLOB_CLASS = uuid.UUID("8D8FC5A6-3530-4548-886A-001D8284EEB7").bytes_le


def checked(kind: int, payload: bytes) -> bytes:
    """A serialised VARIANT."""
    body = struct.pack("<H", kind) + payload
    return struct.pack("<I", zlib.crc32(body)) + body


def real(value: float) -> bytes:
    return checked(5, struct.pack("<d", value))


def date(value: datetime) -> bytes:
    return checked(7, struct.pack("<d", (value - datetime(1899, 12, 30)).total_seconds() / 86400))


def bstr(value: str) -> bytes:
    raw = (value + "\0").encode("utf-16-le")
    return checked(8, struct.pack("<I", len(raw)) + raw)


def flag(value: bool) -> bytes:
    return checked(11, b"\xff\xff" if value else b"\0\0")


def text(value: str) -> bytes:
    return checked(
        13, TEXT_CLASS + struct.pack("<BII", 0, 100, len(value)) + value.encode("utf-16-le").ljust(200, b"\0")
    )


def blob(value: bytes) -> bytes:
    return checked(13, BLOB_CLASS + struct.pack("<I", len(value)) + value)


@dataclass
class Vhx:
    """What is to be written; `tags` overrides or (with None) leaves out single tags of the maker note."""

    um: float = 0.25
    ratio: float = 2.5
    model: str = "VHX-7000"
    lens: str = "E500"
    label: str = "X1000"
    captured: datetime = datetime(2026, 2, 16, 11, 21, 50)
    size: tuple[int, int] | None = None  # as declared; None: true
    vh10: bool = True
    vh10_um: float | None = None  # None: the same
    stitched: bool = False
    tags: dict[int, bytes | None] = field(default_factory=dict)
    spoil: Callable[[int, bytes], bytes] = lambda tag, value: value  # damages a long value after its checksum was made
    order: str = ">"  # byte order of the EXIF block; the maker note is always little-endian
    note_mark: bytes = b"KmsFile\x01"
    shift: int = 0  # added to every offset into the trailer

    def bytes(self, pixels: np.ndarray) -> bytes:
        jpeg = jpeg_bytes(pixels, quality=75)
        app0_stop = 4 + int.from_bytes(jpeg[4:6]) - 2 + 2
        rest = jpeg[app0_stop:]  # from the first table to the end mark
        jfif = b"\xff\xe0\x00\x10JFIF\0\x01\x01\x01\0\0\0\0\0\0"  # a density of 0 x 0, as the instrument writes it
        head = b"\xff\xd8" + jfif + (self._vh10(pixels) if self.vh10 else b"")
        length = len(self._exif(pixels, 1 << 16)[0])
        origin = len(head) + 10  # of the TIFF header: marker, length and "Exif\0\0" before it
        exif, trailer = self._exif(pixels, len(head) + 10 + length + len(rest) - origin)
        app1 = b"\xff\xe1" + struct.pack(">H", length + 8) + b"Exif\0\0" + exif
        return head + app1 + rest + trailer

    def _vh10(self, pixels: np.ndarray) -> bytes:
        height, width = pixels.shape[:2]
        payload = bytearray(59351)
        payload[:4] = b"VH10"
        struct.pack_into("<H", payload, 5, 6)
        t = self.captured
        struct.pack_into("<8H", payload, 7, t.year, t.month, t.isoweekday() % 7, t.day, t.hour, t.minute, t.second, 0)
        struct.pack_into("<2H", payload, 23, *(self.size or (width, height)))
        struct.pack_into("<2H", payload, 39, 160, 120)
        thumbnail = Image.fromarray(pixels).convert("RGB").resize((160, 120), Image.Resampling.BOX)
        payload[43 : 43 + 57600] = np.asarray(thumbnail)[..., ::-1].tobytes()
        payload[58103 : 58103 + len(self.label)] = self.label.encode()
        struct.pack_into("<d", payload, 58125, self.um if self.vh10_um is None else self.vh10_um)
        return b"\xff\xe0" + struct.pack(">H", len(payload) + 2) + bytes(payload)

    def _values(self, pixels: np.ndarray) -> dict[int, int | bytes]:
        """Plain numbers as int, long values as bytes."""
        height, width = pixels.shape[:2]
        declared = self.size or (width, height)
        values: dict[int, Any] = {
            0x0001: 6, 0x0002: date(self.captured), 0x0003: declared[0], 0x0004: declared[1],
            **{tag: text("") for tag in range(0x000A, 0x0010)},
            0x0010: text(self.label), 0x0011: real(self.um), 0x0048: bstr(self.model), 0x0049: 0x01041711,
            0x011E: real(float(self.label[1:])), 0x011F: text(self.lens), 0x0120: 0, 0x0143: flag(True), 0x0144: real(self.ratio),
            0x0145: flag(False), 0x01D9: blob(uuid.UUID("6bd9b546-7af3-4459-ac88-018a609cc172").bytes_le),
        }  # fmt: skip
        if self.stitched:
            bmp = io.BytesIO()
            Image.fromarray(pixels).convert("RGB").resize((480, 360), Image.Resampling.BOX).save(bmp, "BMP")
            values[0x0141] = blob(bmp.getvalue())
        values.update(self.tags)
        return {tag: values[tag] for tag in sorted(values) if values[tag] is not None}

    def _exif(self, pixels: np.ndarray, behind: int) -> tuple[bytes, bytes]:
        """(EXIF block from its TIFF header on, trailer); the trailer starts `behind` bytes after the TIFF header."""
        entries, trailer = [], b""
        for tag, value in self._values(pixels).items():
            if isinstance(value, int):
                kind = 3 if tag in (1, 3, 4) else 4 if tag == 0x49 else 9
                entries.append(struct.pack("<HHII", tag, kind, 1, value))
            else:
                entries.append(struct.pack("<HHII", tag, 7, len(value), behind + len(trailer) + self.shift))
                trailer += self.spoil(tag, value)
        note = self.note_mark + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(64)
        o = self.order
        magic = b"MM\0*" if o == ">" else b"II*\0"
        thumbnail = jpeg_bytes(
            np.asarray(Image.fromarray(pixels).convert("RGB").resize((32, 24), Image.Resampling.BOX))
        )
        ifd0, exif_ifd = 8, 8 + 2 + 12 + 4
        note_at = exif_ifd + 2 + 24 + 4
        ifd1 = note_at + len(note)
        thumb_at = ifd1 + 2 + 36 + 4
        block = magic + struct.pack(o + "I", ifd0)
        block += struct.pack(o + "HHHII", 1, 0x8769, 4, 1, exif_ifd) + struct.pack(o + "I", ifd1)
        block += struct.pack(o + "H", 2) + struct.pack(o + "HHII", 0x927C, 7, len(note), note_at)
        block += struct.pack(o + "HHII", 0xEA1D, 9, 1, 0) + struct.pack(o + "I", 0) + note
        block += struct.pack(o + "H", 3) + struct.pack(o + "HHIHH", 0x0103, 3, 1, 6, 0)
        block += struct.pack(o + "HHII", 0x0201, 4, 1, thumb_at) + struct.pack(o + "HHII", 0x0202, 4, 1, len(thumbnail))
        block += struct.pack(o + "I", 0) + thumbnail
        return block, trailer


def vk4_bytes(
    colour: np.ndarray, light: np.ndarray | None = None, pm_per_px: int = 138_000, compression: int = 0
) -> bytes:
    """A VK4 file with one colour picture (in focus) and, if given, the laser's grey picture of 16 bits."""
    conditions = np.zeros(80, "<u4")
    conditions[1:8] = [2024, 5, 3, 6, 7, 8, 120]
    conditions[24], conditions[42], conditions[43] = 500, pm_per_px, pm_per_px
    table_bytes = 12 + 18 * 4
    height, width = colour.shape[:2]
    blocks = [conditions.tobytes()]
    pixels = colour[..., ::-1].tobytes()
    blocks.append(struct.pack("<5I", width, height, 24, compression, len(pixels)) + pixels)
    if light is not None:
        raw = light.astype("<u2").tobytes()
        blocks.append(struct.pack("<7I", width, height, 16, 0, len(raw), 0, 65535) + bytes(768) + raw)
    offsets = [table_bytes + sum(map(len, blocks[:i])) for i in range(len(blocks))]
    table = np.zeros(18, "<u4")
    table[[0, 1, 3][: len(offsets)]] = offsets
    return b"VK4_" + bytes(8) + table.tobytes() + b"".join(blocks)


def vk6_bytes(vk4: bytes) -> bytes:
    """The same behind a preview and inside a ZIP."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("Vk4File", vk4)
    return b"VK6" + bytes(100) + archive.getvalue()
