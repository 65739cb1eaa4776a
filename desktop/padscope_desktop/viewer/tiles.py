"""Tiles of a picture as the screen wants them, made in a thread: no slow drive and no large picture holds up the hand."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

TILE = 512
OFTEN = 4
"""Tiles after which what was read for them is let go."""
Key = tuple[int, int, int]
"""Width of the level in px, row and column of the tile."""
Pixels = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Wanted:
    """One tile to be made. `table` (256 or 65536, 3) uint8 says what values look like, None where they are shown as they are;
    `version` changes with it."""

    key: Key
    version: int
    pixels: Pixels
    table: NDArray[np.uint8] | None


def tile_pixels(pixels: Pixels, table: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """(h, w, 1 or 3) uint8 or uint16, perhaps only mapped, to (h, w, 4) uint8 in the order blue, green, red, 255: what QImage
    calls RGB32 and paints fastest."""
    import cv2  # lets Python run while it reads and converts

    if pixels.dtype != np.uint8:
        assert table is not None
        columns = [np.ascontiguousarray(table[:, c]) for c in range(3)]
        red, green, blue = (np.take(columns[c], pixels[..., min(c, pixels.shape[2] - 1)]) for c in range(3))
        return np.asarray(cv2.merge([blue, green, red, np.full_like(red, 255)]), np.uint8)
    narrow = pixels.shape[2] == 1
    wide = cv2.cvtColor(np.ascontiguousarray(pixels[..., 0]), cv2.COLOR_GRAY2RGB) if narrow else pixels
    if table is not None:
        wide = cv2.LUT(wide, np.ascontiguousarray(table[None]))
    return np.asarray(cv2.cvtColor(wide, cv2.COLOR_RGB2BGRA), np.uint8)


def let_go(pixels: Pixels) -> None:
    """Of a mapped array: what was read of it need not stay in this process's memory. The system keeps it as long as there is
    room, and reads it again when asked."""
    base: object = pixels
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


class Tile:
    """An image, and the memory it stands on."""

    def __init__(self, pixels: NDArray[np.uint8], version: int) -> None:
        rows, cols = pixels.shape[:2]
        self.version = version
        self.bytes = pixels.nbytes
        self._pixels = pixels
        self.image = QImage(pixels.data, cols, rows, cols * 4, QImage.Format.Format_RGB32)


class TileMaker:
    """Makes what was wanted last, in that order. Its thread lives only while there is something to make."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: list[Wanted] = []
        self._done: list[tuple[Wanted, NDArray[np.uint8]]] = []
        self._working = False

    @property
    def busy(self) -> bool:
        """Something is being made, or lies ready to be taken."""
        with self._lock:
            return self._working or bool(self._done)

    def want(self, tiles: Sequence[Wanted]) -> None:
        """These and no others, the most urgent first."""
        with self._lock:
            self._wanted = list(reversed(tiles))
            if self._working or not self._wanted:
                return
            self._working = True
        threading.Thread(target=self._work, name="tiles", daemon=True).start()

    def take(self) -> list[tuple[Wanted, NDArray[np.uint8]]]:
        """What was made since the last call."""
        with self._lock:
            done, self._done = self._done, []
        return done

    def _work(self) -> None:
        made_now = 0
        while True:
            with self._lock:
                if not self._wanted:
                    self._working = False
                    return
                wanted = self._wanted.pop()
            try:
                made = tile_pixels(wanted.pixels, wanted.table)
            except Exception:  # a tile that cannot be made must not end the making of all others
                continue
            with self._lock:
                self._done.append((wanted, made))
            made_now += 1
            if made_now % OFTEN == 0:
                let_go(wanted.pixels)
