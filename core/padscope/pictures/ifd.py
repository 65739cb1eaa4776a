"""Image file directories (TIFF 6.0, section 2; BigTIFF; EXIF): read with every offset checked and every loop noticed."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Reader = Callable[[int, int], bytes]
"""(offset, length) -> the bytes there, fewer where the data end."""

TYPE_FORMAT = {
    1: "B", 2: "c", 3: "H", 4: "I", 5: "II", 6: "b", 7: "c", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I",
    16: "Q", 17: "q", 18: "Q",
}  # fmt: skip
TYPE_SIZE = {code: struct.calcsize("=" + letters) for code, letters in TYPE_FORMAT.items()}
MAX_DIRECTORIES, MAX_ENTRIES, MAX_NUMBERS = 20_000, 500_000, 4096


class DirectoryError(ValueError):
    """A directory that leads outside the data, or in circles."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag: its values lie at `offset` and fill `size` bytes."""

    tag: int
    type: int
    count: int
    offset: int

    @property
    def size(self) -> int:
        return self.count * TYPE_SIZE.get(self.type, 1)


@dataclass(frozen=True, slots=True)
class Directory:
    entries: dict[int, Entry]
    following: int  # offset of the next directory, 0: none


@dataclass(frozen=True, slots=True)
class Dialect:
    """Byte order ('<' or '>') and whether offsets have 8 bytes."""

    order: str
    big: bool = False

    @staticmethod
    def of(head: bytes) -> tuple[Dialect, int]:
        """From the first 16 bytes of a TIFF structure: the dialect and the offset of the first directory."""
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise DirectoryError("it has no TIFF header")
        (magic,) = struct.unpack(order + "H", head[2:4])
        if magic == 42:
            return Dialect(order), struct.unpack(order + "I", head[4:8])[0]
        if magic == 43 and len(head) >= 16 and struct.unpack(order + "HH", head[4:8]) == (8, 0):
            return Dialect(order, big=True), struct.unpack(order + "Q", head[8:16])[0]
        raise DirectoryError("its TIFF header is of an unknown kind")


def read_directory(read: Reader, at: int, dialect: Dialect) -> Directory:
    """DirectoryError if it does not lie inside the data."""
    count_code, entry_code, offset_code = ("Q", "HHQ8s", "Q") if dialect.big else ("H", "HHI4s", "I")
    head = read(at, struct.calcsize("=" + count_code))
    if len(head) < struct.calcsize("=" + count_code):
        raise DirectoryError(f"a directory at byte {at} lies outside the file")
    (count,) = struct.unpack(dialect.order + count_code, head)
    entry_size, offset_size = struct.calcsize("=" + entry_code), struct.calcsize("=" + offset_code)
    if count > 4096:
        raise DirectoryError(f"a directory at byte {at} declares {count} entries")
    start = at + len(head)
    body = read(start, count * entry_size + offset_size)
    if len(body) < count * entry_size:
        raise DirectoryError(f"a directory at byte {at} lies outside the file")
    entries = {}
    for i in range(count):
        tag, kind, values, inline = struct.unpack_from(dialect.order + entry_code, body, i * entry_size)
        size = values * TYPE_SIZE.get(kind, 1)
        inside = start + i * entry_size + entry_size - len(inline)
        offset = inside if size <= len(inline) else struct.unpack(dialect.order + offset_code, inline)[0]
        entries[tag] = Entry(tag, kind, values, offset)
    tail = body[count * entry_size :]
    following = struct.unpack(dialect.order + offset_code, tail)[0] if len(tail) == offset_size else 0
    return Directory(entries, following)


def read_values(read: Reader, entry: Entry, dialect: Dialect) -> Any:
    """bytes for text and undefined types, otherwise a tuple of numbers (pairs of a rational follow one another).

    DirectoryError if the values do not lie inside the data.
    """
    if entry.type not in (2, 7) and entry.count > MAX_NUMBERS:
        raise DirectoryError(f"tag {entry.tag} declares {entry.count} numbers")
    raw = read(entry.offset, entry.size)
    if len(raw) < entry.size or entry.type not in TYPE_FORMAT:
        raise DirectoryError(f"the values of tag {entry.tag} lie outside the file")
    if entry.type in (2, 7):
        return raw
    return struct.unpack(dialect.order + TYPE_FORMAT[entry.type] * entry.count, raw)


def walk_directories(read: Reader, size: int, first: int, dialect: Dialect) -> list[Directory]:
    """The main chain of directories, at least one; every value must lie inside the `size` bytes of the data.

    DirectoryError for loops, for offsets outside, and for chains without end.
    """
    chain: list[Directory] = []
    seen: set[int] = set()
    entries = 0
    at = first
    while at:
        if at in seen:
            raise DirectoryError("its directories lead in a circle")
        if len(chain) == MAX_DIRECTORIES:
            raise DirectoryError(f"it declares more than {MAX_DIRECTORIES} pages")
        seen.add(at)
        directory = read_directory(read, at, dialect)
        for entry in directory.entries.values():
            if entry.offset + entry.size > size:
                raise DirectoryError(f"the values of tag {entry.tag} lie outside the file")
        chain.append(directory)
        entries += len(directory.entries)
        if entries > MAX_ENTRIES:
            raise DirectoryError(f"it declares more than {MAX_ENTRIES} tags")
        at = directory.following
    if not chain:
        raise DirectoryError("it holds no directory")
    return chain
