"""The words everybody speaks, and the one coordinate convention.

Picture coordinates: px, x right, y down, and the *centre* of the upper left pixel is (0, 0), so pixel (row, col) covers
[col - 0.5, col + 0.5] x [row - 0.5, row + 0.5]. Board coordinates: µm, x right, y down, as in the layout. Points are float64
arrays of shape (..., 2) with x first; arrays of pixels are (rows, cols, channels), colours in RGB order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Array = NDArray[np.generic]
Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.integer]  # uint8 or uint16


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long work is; yielding one is the place where the work can be cancelled."""

    done: int
    total: int
    stage: str

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total > 0 else 0.0


Work = Generator[Progress, None, T]
"""A long work: yields Progress, returns its result. `close()` cancels it and leaves nothing half-written."""


def finish(work: Work[T]) -> T:
    """Run a work to its end without showing its progress."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def relayed(work: Work[T], change: Callable[[Progress], Progress]) -> Work[T]:
    """A work inside another one, its progress told in the outer one's terms."""
    try:
        while True:
            try:
                step = next(work)
            except StopIteration as stop:
                return stop.value
            yield change(step)
    finally:
        work.close()


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle of whole pixels: columns x0 … x1 - 1, rows y0 … y1 - 1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def empty(self) -> bool:
        return self.x1 <= self.x0 or self.y1 <= self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), for indexing an array whose origin is the picture's."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def grown(self, margin: int) -> Box:
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def shifted(self, dx: int, dy: int) -> Box:
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box inside a picture of this size (perhaps empty)."""
        return Box(max(self.x0, 0), max(self.y0, 0), min(self.x1, width), min(self.y1, height))

    def common(self, other: Box) -> Box:
        """What lies in both (perhaps empty)."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    @staticmethod
    def around(points_px: Floats) -> Box:
        """The smallest box whose pixels touch all points, shape (N, 2)."""
        low, high = np.min(points_px, axis=0), np.max(points_px, axis=0)
        x0, y0 = np.floor(low + 0.5).astype(int)
        x1, y1 = np.floor(high + 0.5).astype(int) + 1
        return Box(int(x0), int(y0), int(x1), int(y1))


@dataclass(frozen=True, slots=True)
class Affine:
    """x' = a x + b y + tx,  y' = c x + d y + ty. As a pose it maps layout µm to picture px."""

    a: float
    b: float
    tx: float
    c: float
    d: float
    ty: float

    @staticmethod
    def from_rows(rows: Floats | list[list[float]]) -> Affine:
        """From [[a, b, tx], [c, d, ty]]."""
        (a, b, tx), (c, d, ty) = np.asarray(rows, dtype=np.float64)
        return Affine(float(a), float(b), float(tx), float(c), float(d), float(ty))

    @property
    def rows(self) -> NDArray[np.float64]:
        """[[a, b, tx], [c, d, ty]], shape (2, 3)."""
        return np.array([[self.a, self.b, self.tx], [self.c, self.d, self.ty]])

    @property
    def linear(self) -> NDArray[np.float64]:
        return np.array([[self.a, self.b], [self.c, self.d]])

    @property
    def determinant(self) -> float:
        """Negative for a mirrored map."""
        return self.a * self.d - self.b * self.c

    @property
    def scale(self) -> float:
        """Mean enlargement; for a pose in px per µm."""
        return float(np.sqrt(abs(self.determinant)))

    @property
    def rotation_deg(self) -> float:
        """Turn of the x axis, clockwise on the screen, in (-180, 180]."""
        return float(np.degrees(np.arctan2(self.c, self.a)))

    def apply(self, points: Floats) -> NDArray[np.float64]:
        """Map points of shape (..., 2)."""
        return np.asarray(points, dtype=np.float64) @ self.linear.T + (self.tx, self.ty)

    def inverse(self) -> Affine:
        m = np.linalg.inv(self.linear)
        return Affine.from_rows(np.column_stack([m, -m @ (self.tx, self.ty)]))

    def after(self, first: Affine) -> Affine:
        """The map that does `first`, then this one."""
        m = self.linear @ first.linear
        return Affine.from_rows(np.column_stack([m, self.apply(np.array([first.tx, first.ty]))]))


@dataclass(frozen=True, slots=True)
class Scale:
    """Size of a picture's pixel and where we know it from: `keyence` `tiff` `exif` `png` `bmp` `typed` `two-point`
    `layout` `none`. Verified means proved by the file's own checksum."""

    um_per_px: float | None = None
    source: str = "none"
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Tiles:
    """A batch of equally large cuts of pictures, as a detector sees them.

    pixels  (N, 3, H, W) float32 in [0, 1], RGB; H and W are multiples of 16
    inside  (N, H, W) bool: what is to be learned from and scored (pad metal); the rest is only context
    places  (N, 2, H, W) float32 or None: where each pixel lies on its pad, u along the longer side and v across, both
            in [0, 1], for detectors that compare a place only with its like
    names   one word per tile, for messages ("good01/L004")
    """

    pixels: NDArray[np.float32]
    inside: Mask
    names: tuple[str, ...]
    places: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def some(self, part: slice) -> Tiles:
        places = None if self.places is None else self.places[part]
        return Tiles(self.pixels[part], self.inside[part], self.names[part], places)


class TileSource(Protocol):
    """Batches that can be walked again and again, always in the same order, without ever holding all of them."""

    def __len__(self) -> int:
        """Number of tiles (not batches)."""
        ...

    def __iter__(self) -> Iterator[Tiles]: ...
