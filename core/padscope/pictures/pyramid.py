"""A picture at every size, on disk: level k is the picture reduced 2^k times, so that any part can be shown at any zoom at once.

The cache is a folder that may be deleted at any time. Each picture has a folder in it, named by the SHA-256 of its file; its levels
are plain arrays, (h, w, channels) row by row, that any process can map and read. `pyramid.json` says which files count: it is
replaced as a whole after they are complete, so that a crash, a cancel or a second builder leaves nothing half-written.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import math
import mmap
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil

from padscope.errors import OutputError
from padscope.pictures.picture import Picture
from padscope.pictures.reduce import reduce_by
from padscope.pictures.source import Pixels
from padscope.types import Box, Progress, Work

VERSION = 1
"""Of the files' format; part of a pyramid's name."""
SMALLEST = 512
"""The longest side of the last level is at most this, px."""
GLIMPSE = 3
"""The level made first, if the file gives it without a full decode."""
MOST_MAPPED = 200_000_000  # bytes
STRIPE = 24_000_000  # bytes of level 0 handled at a time
CACHE_LIMIT = 20_000_000_000  # bytes of all pyramids together
SAME_BOOT_S = 120.0  # two readings of the time of start may differ by this much
INDEX, SEEN = "pyramid.json", "seen"


@dataclass(frozen=True, slots=True)
class Index:
    """What `pyramid.json` holds: only the levels named here exist, level -> file name."""

    height: int
    width: int
    channels: int
    dtype: str
    files: dict[int, str]
    boot: float  # when the computer that wrote it was started, s since 1970
    durable: bool = False  # the files survive a power cut


class Pyramid:
    """The levels of one picture, memory-mapped for reading."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.folder = folder
        self.index = index
        self._touched = 0

    @property
    def levels(self) -> int:
        """How many levels the whole pyramid has."""
        return level_count(self.index.height, self.index.width)

    @property
    def finest(self) -> int:
        """The largest level that is there: 0 when the pyramid is complete, more while only a first look is."""
        return min(self.index.files)

    @property
    def complete(self) -> bool:
        return self.finest == 0

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.index.dtype)

    def level_shape(self, level: int) -> tuple[int, int]:
        """(height, width): the picture's, halved `level` times and rounded up."""
        return level_shape(self.index.height, self.index.width, level)

    def level(self, level: int) -> Pixels:
        """(h, w, channels), mapped and read-only; KeyError if the level is not there (yet)."""
        return self._maps[level]

    def read(self, box: Box, level: int) -> Pixels:
        """(h, w, 3) of a box in pixels of that level, the caller's own. A level that is not there yet is shown enlarged from the
        next smaller one that is. ValueError if the box is empty or leaves the level."""
        height, width = self.level_shape(level)
        if box.empty or box != box.clipped(width, height):
            raise ValueError(f"{box} is not inside level {level} of {width} x {height} px")
        at = max(level, self.finest)
        self._keep_small(box)
        if at == level:
            pixels = self._maps[level][box.slices]
        else:
            rows, cols = (np.arange(a, b) >> (at - level) for a, b in ((box.y0, box.y1), (box.x0, box.x1)))
            pixels = self._maps[at][rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1][
                np.ix_(rows - rows[0], cols - cols[0])
            ]
        return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.array(pixels)

    def close(self) -> None:
        """Let go of the files; the next read maps them again."""
        self.__dict__.pop("_maps", None)

    def _keep_small(self, box: Box) -> None:
        """What was read of a map counts as this process's memory until the map goes, although the system could take it back: after
        MOST_MAPPED it goes, and costs the next read some microseconds."""
        row = box.width * self.index.channels * self.dtype.itemsize
        self._touched += box.height * (row + 2 * mmap.PAGESIZE)
        if self._touched > MOST_MAPPED:
            self.close()
            self._touched = 0

    @cached_property
    def _maps(self) -> dict[int, Pixels]:
        return {
            level: np.memmap(self.folder / name, self.dtype, "r", shape=(*self.level_shape(level), self.index.channels))
            for level, name in self.index.files.items()
        }


def level_count(height: int, width: int) -> int:
    return 1 + max(math.ceil(math.log2(max(height, width) / SMALLEST)), 0)


def level_shape(height: int, width: int, level: int) -> tuple[int, int]:
    return -(-height // 2**level), -(-width // 2**level)


def find_pyramid(picture: Picture, cache: Path) -> Pyramid | None:
    """The pyramid of this picture as far as it is built, or None. The file is recognised by path, size and time of change, so
    that a large one need not be read again: a pyramid is for looking, what is measured is read from the picture."""
    try:
        return open_pyramid(cache / (cache / SEEN / _appearance(picture)).read_text("ascii"))
    except OSError:
        return None


def open_pyramid(folder: Path) -> Pyramid | None:
    """None if there is none, or its files are not what its index says."""
    index = _read_index(folder)
    try:
        if (
            index is None
            or not index.files
            or not (index.durable or abs(index.boot - psutil.boot_time()) < SAME_BOOT_S)
        ):
            return None
        for level, name in index.files.items():
            shape = (*level_shape(index.height, index.width, level), index.channels)
            if (folder / name).stat().st_size != math.prod(shape) * np.dtype(index.dtype).itemsize:
                return None
        os.utime(folder / INDEX)  # used just now
    except (OSError, ValueError, TypeError):
        return None
    return Pyramid(folder, index)


def build_pyramid(picture: Picture, cache: Path, limit_bytes: int = CACHE_LIMIT) -> Work[Pyramid]:
    """Make what is missing of the picture's pyramid. After the first step `find_pyramid` gives a first look, if the format allows
    one; the last gives everything. Older pyramids go when all together exceed `limit_bytes`.

    PictureError for a damaged picture, OutputError if the cache cannot be written. Nothing half-written stays in either case,
    nor when the work is closed.
    """
    found = find_pyramid(picture, cache)
    if found is not None and found.complete:
        return found
    name = f"{picture.sha256}-{picture.page}-{VERSION}"
    builder = Builder(cache / name, secrets.token_hex(4), picture)
    with _told(cache), builder:
        (cache / SEEN).mkdir(parents=True, exist_ok=True)
        _replace(cache / SEEN / _appearance(picture), name)
        found = open_pyramid(cache / name)  # perhaps from a copy of the file elsewhere
        if found is None or not found.complete:
            yield from builder.build()
            evict(cache, limit_bytes, keep=name)
            found = open_pyramid(cache / name)
    if found is None:
        raise OutputError(
            f"The cache {cache} does not keep what is written to it: check its drive, or choose another folder."
        )
    return found


class Builder:
    """One attempt to build one pyramid; leaving it removes every file that did not become part of the pyramid."""

    def __init__(self, folder: Path, token: str, picture: Picture) -> None:
        self.folder = folder
        self.token = token
        self.picture = picture
        self.shape = (picture.height, picture.width)
        self.pool = ThreadPoolExecutor(1)  # writing lets Python run

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()
        index = _read_index(self.folder)
        kept = set(index.files.values()) if index else set()
        for path in self.folder.glob(f"{self.token}-*"):
            if path.name not in kept:
                _remove(path)

    def build(self) -> Work[None]:
        levels = level_count(*self.shape)
        needed = self.picture.width * self.picture.height * self.picture.channels * self.picture.bits // 8 * 4 // 3
        self.folder.mkdir(exist_ok=True)
        if shutil.disk_usage(self.folder).free < 1.1 * needed:
            raise OSError(errno.ENOSPC, "too little space")
        rows = self._stripe_rows(levels)
        stripes = self.picture.stripes(rows)
        look = self.picture.glimpse(2**GLIMPSE) if levels > GLIMPSE else None
        first = self.pool.submit(next, stripes)  # goes on while the first look is published and shown
        if look is not None:
            self._publish(self._write_first_look(look, levels))
            yield Progress(0, self.picture.height, "opening the picture")
        files = {level: f"{self.token}-{level}.raw" for level in range(levels)}
        with contextlib.ExitStack() as stack:
            outs = [stack.enter_context((self.folder / files[level]).open("wb")) for level in range(levels)]
            pending: Future[None] | None = None
            for done, stripe in enumerate(itertools.chain([first.result()], stripes), 1):
                parts = [stripe]
                if pending is not None:
                    pending.result()
                pending = self.pool.submit(_append, outs[:1], parts[:1])
                for _ in range(1, levels):
                    parts.append(reduce_by(parts[-1], 2))
                _append(outs[1:], parts[1:])
                yield Progress(min(done * rows, self.picture.height), self.picture.height, "opening the picture")
            if pending is not None:
                pending.result()
        self._publish(files)
        yield Progress(self.picture.height, self.picture.height, "keeping the picture for the next time")
        for name in files.values():
            with (self.folder / name).open("r+b") as file:
                os.fsync(file.fileno())
        self._publish(files, durable=True)

    def _stripe_rows(self, levels: int) -> int:
        """A multiple of 2^(levels - 1), so that every stripe can be reduced by itself."""
        row = self.picture.width * self.picture.channels * self.picture.bits // 8
        return max(STRIPE // row >> (levels - 1), 1) << (levels - 1)

    def _write_first_look(self, look: Pixels, levels: int) -> dict[int, str]:
        files = {}
        for level in range(GLIMPSE, levels):
            files[level] = f"{self.token}-look-{level}.raw"
            (self.folder / files[level]).write_bytes(look.tobytes())
            look = reduce_by(look, 2)
        return files

    def _publish(self, files: dict[int, str], durable: bool = False) -> None:
        """From now on these are the pyramid's files, unless another builder was faster and finished."""
        before, sound = _read_index(self.folder), open_pyramid(self.folder)
        if sound is not None and sound.complete and sound.index.files != files:
            return
        dtype = np.dtype(self.picture.dtype).name
        index = Index(*self.shape, self.picture.channels, dtype, files, psutil.boot_time(), durable)
        _replace(self.folder / INDEX, json.dumps(asdict(index)))
        for name in before.files.values() if before else ():
            if name not in files.values():
                _remove(self.folder / name)


def _append(outs: Sequence[BinaryIO], parts: Sequence[Pixels]) -> None:
    for out, part in zip(outs, parts, strict=True):
        out.write(np.ascontiguousarray(part).data)


def _read_index(folder: Path) -> Index | None:
    try:
        found = json.loads((folder / INDEX).read_text("utf-8"))
        files = {int(level): Path(name).name for level, name in found["files"].items()}  # never outside the folder
        return Index(**{**found, "files": files})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _appearance(picture: Picture) -> str:
    """A name for path, size, time of change and page of a file."""
    found = picture.file.stat()
    told = (os.path.abspath(picture.file), found.st_size, found.st_mtime_ns, picture.page, VERSION)
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()


def _replace(path: Path, content: str) -> None:
    """Written as a whole or not at all."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(content, "utf-8")
        os.replace(part, path)
    except BaseException:
        _remove(part)
        raise


def _remove(path: Path) -> None:
    """Windows refuses while another process still looks at the file; `evict` then takes it later."""
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def _told(cache: Path) -> Iterator[None]:
    """Trouble with the cache, in words."""
    try:
        yield
    except OSError as error:
        why = "its drive is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise OutputError(
            f"The picture cache {cache} cannot be written ({why}): free some space or choose another folder."
        ) from error


def evict(cache: Path, limit_bytes: int, keep: str = "") -> None:
    """Remove the pyramids not used for longest until all together fit the limit; `keep` stays in any case."""
    found = []
    for folder in cache.iterdir():
        if folder.name != SEEN and folder.is_dir():
            with contextlib.suppress(OSError):
                size = sum(path.stat().st_size for path in folder.iterdir())
                index = folder / INDEX
                found.append((index.stat().st_mtime if index.exists() else folder.stat().st_mtime, size, folder))
    total = sum(size for _, size, _ in found)
    for _, size, folder in sorted(found):
        if total <= limit_bytes:
            break
        if folder.name != keep:
            _remove(folder / INDEX)  # first: without it nobody starts to read the rest
            shutil.rmtree(folder, ignore_errors=True)
            total -= size
    for path in (cache / SEEN).iterdir():
        with contextlib.suppress(OSError):
            if not (cache / path.read_text("ascii")).exists():
                path.unlink()
