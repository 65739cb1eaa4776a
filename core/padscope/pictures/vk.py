"""Keyence VK laser microscopes: the pictures (not the heights) in VK4 files, and in the VK4 file zipped inside VK6 and VK7.

All numbers are little-endian u32: "VK4_", version, zero, then the offsets of the blocks; lengths per pixel are in picometres.
"""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import BinaryIO

import numpy as np

from padscope.errors import PictureError
from padscope.pictures.files import DEFLATE_LIMIT, Original, damaged, decoding, incomplete, read_exactly
from padscope.pictures.scales import ScaleFound, density_scale
from padscope.pictures.source import Header, Microscope, Pixels, Source, check_size
from padscope.types import Box

CONDITIONS, COLOUR_PEAK, COLOUR_LIGHT, LIGHT = 0, 1, 2, 3  # places in the table of offsets at byte 12
YEAR, UTC_MINUTES, LENS, X_LENGTH, Y_LENGTH = 1, 7, 24, 42, 43  # places among the measurement conditions
PALETTE_BYTES = 2 * 4 + 768  # behind the header of a grey layer
UM_PER_PM = 1e-6
MEMBER = "Vk4File"


@dataclass(frozen=True, slots=True)
class Layer:
    width: int
    height: int
    bits: int  # per pixel: 24 colour, 8 or 16 grey
    start: int  # of the first pixel


class VkSource(Source):
    """One picture of a VK file; windows are read row by row."""

    def __init__(self, original: Original, inner: bytes | None, layer: Layer, header: Header) -> None:
        self.header = header
        self._original = original
        self._inner = inner  # of VK6 and VK7: the unpacked VK4 file
        self._layer = layer

    def window(self, box: Box) -> Pixels:
        a = self._layer
        size = a.bits // 8
        stored = np.dtype("<u2") if a.bits == 16 else np.dtype(np.uint8)
        out = np.empty((box.height, box.width, size // stored.itemsize), stored.newbyteorder("="))
        with _content(self._original, self._inner) as file:
            for i, y in enumerate(range(box.y0, box.y1)):
                file.seek(a.start + (y * a.width + box.x0) * size)
                row = np.frombuffer(read_exactly(file, box.width * size, self._original.name), stored)
                out[i] = row.reshape(box.width, -1)
        return np.ascontiguousarray(out[..., ::-1])  # stored blue first


def open_vk(original: Original, page: int, max_pixels: int) -> VkSource:
    """Pages: the colour picture in focus, the colour picture of the camera, the laser's picture, as far as present."""
    name = original.name
    with original.reading() as file:
        wrapped = file.read(3) != b"VK4"
        with decoding(name):
            inner = _unpack(file, original) if wrapped else None
    with _content(original, inner) as file:
        size = original.size if inner is None else len(inner)
        table = _numbers(file, 12, 18, name)
        conditions = _numbers(file, table[CONDITIONS], 45, name)
        present = [kind for kind in (COLOUR_PEAK, COLOUR_LIGHT, LIGHT) if table[kind]]
        if not present:
            raise damaged(name, "it names no picture in it")
        if not 0 <= page < len(present):
            raise PictureError(f"'{name}' has {len(present)} page(s): there is no page {page + 1}.")
        kind = present[page]
        width, height, bits, compression, _ = _numbers(file, table[kind], 5, name)
    check_size(name, width, height, max_pixels)
    if bits not in ((8, 16) if kind == LIGHT else (24,)) or compression:
        raise damaged(name, f"it declares a picture of {bits} bits in compression {compression}")
    start = table[kind] + 20 + (PALETTE_BYTES if kind == LIGHT else 0)
    if start + width * height * bits // 8 > size:
        raise incomplete(name, "its pixels end too early")
    header = Header(
        width,
        height,
        1 if kind == LIGHT else 3,
        16 if bits == 16 else 8,
        "VK6/VK7" if wrapped else "VK4",
        pages=len(present),
        microscope=Microscope(
            model="VK",
            magnification=f"X{conditions[LENS] / 10:g}" if conditions[LENS] else "",
            captured_at=_captured(conditions),
        ),
        scales=_scales(conditions),
    )
    return VkSource(original, inner, Layer(width, height, bits, start), header)


def _content(original: Original, inner: bytes | None) -> AbstractContextManager[BinaryIO]:
    return original.reading() if inner is None else nullcontext(io.BytesIO(inner))


def _unpack(file: BinaryIO, original: Original) -> bytes:
    with zipfile.ZipFile(file) as archive:
        member = archive.getinfo(MEMBER)
        if member.file_size > DEFLATE_LIMIT * original.size:
            raise damaged(original.name, "it declares more than it can hold")
        return archive.read(member)


def _numbers(file: BinaryIO, at: int, count: int, name: str) -> tuple[int, ...]:
    file.seek(at)
    return struct.unpack(f"<{count}I", read_exactly(file, 4 * count, name))


def _captured(conditions: tuple[int, ...]) -> str:
    (minutes,) = struct.unpack("<i", struct.pack("<I", conditions[UTC_MINUTES]))
    year, month, day, hour, minute, second = conditions[YEAR : YEAR + 6]
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    except (ValueError, OverflowError):
        return ""


def _scales(conditions: tuple[int, ...]) -> tuple[ScaleFound, ...]:
    x, y = conditions[X_LENGTH], conditions[Y_LENGTH]
    return density_scale("keyence", 1 / x, 1 / y, UM_PER_PM) if x and y else ()
