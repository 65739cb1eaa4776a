"""Original files: read, never written, never kept open (Windows would lock them), and noticed when they change."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from padscope.errors import PictureError

BLOCK = 1 << 20  # bytes hashed at a time
DEFLATE_LIMIT = 1032  # no deflate stream grows more than this (zlib's technical notes)


DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What the libraries that decode throw at damaged data."""


FURTHER_PAGE = re.compile(r"#([1-9][0-9]{0,4})$")


def file_and_page(path: Path) -> tuple[Path, int]:
    """“scan.tif#3” is page 3 of scan.tif (counted from 0: 2), unless a file has that very name."""
    told = FURTHER_PAGE.search(path.name)
    if told is None or path.exists():
        return path, 0
    return path.with_name(path.name[: told.start()]), int(told.group(1)) - 1


def page_name(path: Path, page: int) -> Path:
    """The name of a page, from 0, of a file; the first has the file's own."""
    return path.with_name(f"{path.name}#{page + 1}") if page else path


def stem_of(path: Path) -> str:
    """What the files about a picture are called: “board” of board.jpg, “scan-3” of scan.tif#3."""
    told = FURTHER_PAGE.search(path.name)
    return path.stem if told is None else f"{Path(path.name[: told.start()]).stem}-{told.group(1)}"


def incomplete(name: str, why: str) -> PictureError:
    return PictureError(f"'{name}' is incomplete: {why}; copy it from the microscope again.")


def damaged(name: str, why: str) -> PictureError:
    return PictureError(f"'{name}' is damaged: {why}; copy it from the microscope again.")


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was when it was opened; every later look checks that it is still the same one."""

    path: Path
    size: int
    mtime_ns: int
    inode: int

    @property
    def name(self) -> str:
        return self.path.name

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """The file, open for reading for the length of the block. PictureError if it is gone or not the file it was, both
        before and after the block, so that what was read in between is of one piece."""
        with _readable(self.path), self.path.open("rb") as file:
            self._check(os.fstat(file.fileno()))
            yield file
            self._check(os.fstat(file.fileno()))
            self._check(os.stat(self.path))

    def _check(self, found: os.stat_result) -> None:
        if (found.st_size, found.st_mtime_ns, found.st_ino) != (self.size, self.mtime_ns, self.inode):
            raise PictureError(
                f"'{self.name}' was changed while it was open: wait until it is complete, then open it again."
            )

    def bytes(self) -> bytes:
        with self.reading() as file:
            return file.read()

    def sha256(self) -> str:
        """Hexadecimal, from the bytes as a stream."""
        digest = hashlib.sha256()
        with self.reading() as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()


def find_original(path: Path) -> Original:
    """PictureError unless `path` is a file, readable and not empty."""
    if "\0" in str(path):
        raise PictureError(f"{str(path)!r} is not a possible file name: check it.")
    with _readable(path):
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise PictureError(f"'{path.name}' is a folder: name the picture inside it.")
        if not stat.S_ISREG(found.st_mode):
            raise PictureError(f"'{path.name}' is not an ordinary file: name a picture.")
        if found.st_size == 0:
            raise PictureError(f"'{path.name}' is empty (0 bytes): copy it from the microscope again.")
        return Original(path, found.st_size, found.st_mtime_ns, found.st_ino)


def read_exactly(file: BinaryIO, length: int, name: str) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise incomplete(name, "its pixels end too early")
    return data


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """DECODER_ERRORS in words."""
    try:
        yield
    except MemoryError:
        raise PictureError(
            f"'{name}' is too large for this computer's memory: close other programs, then try again."
        ) from None
    except DECODER_ERRORS as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise damaged(name, f"its pixels cannot be decoded ({why[:120]})") from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What the operating system says about a file, in words."""
    try:
        yield
    except FileNotFoundError:
        raise PictureError(f"'{path}' does not exist: check its name and folder.") from None
    except PermissionError:
        raise PictureError(
            f"'{path}' may not be read: ask for permission to read it, or copy it to a place of your own."
        ) from None
    except OSError as error:
        raise PictureError(
            f"'{path}' cannot be read ({error.strerror or error}): check that its drive or network share is connected."
        ) from error
