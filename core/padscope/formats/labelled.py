"""What every format reads and writes: a picture's name and its mask; and what the values of masks mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from padscope.errors import InputError
from padscope.masks.class_mask import CHUNK, ClassMask, overlap, places
from padscope.masks.classes import DefectClass
from padscope.masks.shapes import Region, polygon
from padscope.types import Box, Floats

MASKS, POLYGONS = "masks", "polygons"
"""How formats that know both write a defect: every pixel, or the outline."""
LARGEST_TEXT = 1 << 29
"""Bytes of a JSON file; ten million corners of outlines are half of it."""
LARGEST_SIDE = 200_000
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
ENDING = re.compile(r"(?<=.)\.(png|jpe?g|tiff?|bmp|vk[467]|webp|gif|ppm|jp2)(#\d+)?$", re.IGNORECASE)
"""Of a picture's name, perhaps with its page; what follows the dot in “flex 1.2” is none."""
SPARE_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")
"""For classes that come without a colour (Okabe and Ito's, kept apart by colour-blind eyes)."""

SizeOf = Callable[[str], tuple[int, int] | None]
"""Width and height of a picture known by this name (or name without its ending); None where it is not known."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A picture as labels speak of it: its file name (or only the name without ending), perhaps its hash, perhaps where it lies,
    and its mask. `notes` say what of the labels is not in the mask."""

    picture: str
    mask: ClassMask
    sha256: str = ""
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        return without_ending(self.picture)


class ClassTable:
    """The classes labels are read into: those that are known keep their values, unknown ones get free ones as they turn up."""

    def __init__(self, known: Iterable[DefectClass] = ()) -> None:
        self._by_name = {c.name.casefold(): c for c in known}
        self._known = frozenset(self._by_name)

    @property
    def classes(self) -> tuple[DefectClass, ...]:
        return tuple(sorted(self._by_name.values(), key=lambda c: c.value))

    @property
    def added(self) -> tuple[DefectClass, ...]:
        """What a file brought beside the known ones."""
        return tuple(c for c in self.classes if c.name.casefold() not in self._known)

    def named(self, name: str) -> DefectClass | None:
        return self._by_name.get(name.strip().casefold())

    def valued(self, value: int) -> DefectClass | None:
        return next((c for c in self._by_name.values() if c.value == value), None)

    def value_of(self, name: str, colour: str = "", *, file: Path, place: str = "") -> int:
        """The value for a class of this name; a new class where there is none. InputError where it has no name, or 255 are full."""
        name = " ".join(name.split())
        if not name:
            raise bad(file, place, "a label has no name; give every label the name of its class.")
        known = self.named(name)
        if known is None:
            taken = {c.value for c in self._by_name.values()}
            free = next((v for v in range(1, 256) if v not in taken), None)
            if free is None:
                raise bad(file, place, f"“{name}” would be class number 256; merge classes before reading it.")
            known = DefectClass(free, name, colour.lower() or SPARE_COLOURS[free % len(SPARE_COLOURS)])
            self._by_name[name.casefold()] = known
        return known.value


@dataclass(frozen=True, slots=True)
class Loss:
    """How a mask read back differs from the one that was written."""

    picture: str
    differing_px: int
    painted_px: int


def compared(written: ClassMask, again: ClassMask, picture: str) -> Loss:
    """Pixel by pixel, chunk by chunk; pixels count that are painted in either and not alike."""
    empty = np.zeros((CHUNK, CHUNK), np.uint8)
    differing = 0
    for place in written.chunks.keys() | again.chunks.keys():
        differing += int(np.count_nonzero(written.chunks.get(place, empty) != again.chunks.get(place, empty)))
    return Loss(picture, differing, sum(written.areas().values()))


def bad(file: Path | str, place: str, words: str) -> InputError:
    """“bad.json, annotations[3]: words”."""
    return InputError(f"{file}{', ' if place else ''}{place}: {words}")


def stamp(mask: ClassMask, region: Region, value: int) -> None:
    """Write a region into a mask that is just being made."""
    for place in places(region.box.clipped(mask.width, mask.height)):
        there, here = overlap(place, region.box.clipped(mask.width, mask.height))
        box = region.box.clipped(mask.width, mask.height)
        inside = region.inside[box.shifted(-region.box.x0, -region.box.y0).slices][here]
        if inside.any():
            chunk = mask.chunks.get(place)
            if chunk is None:
                chunk = mask.chunks[place] = np.zeros((CHUNK, CHUNK), np.uint8)
            chunk[there][inside] = value
            if value == 0 and not chunk.any():
                del mask.chunks[place]


def stamp_polygon(mask: ClassMask, corners: Floats, value: int) -> None:
    """The pixels whose centre lies inside an outline; corners (n, 2) as polygon formats have them, (0, 0) the upper left corner of
    the upper left pixel. In bands, so that an outline around a whole board costs no more memory than a small one."""
    points = np.asarray(corners, np.float64) - 0.5
    low, high = np.clip((points[:, 1].min(), points[:, 1].max()), -1, mask.height + 1)
    for top in range(int(low) // CHUNK * CHUNK, int(high) + 2, CHUNK):
        stamp(mask, polygon(points, Box(0, max(top, 0), mask.width, min(top + CHUNK, mask.height))), value)


def picture_beside(labels: Path, name: str) -> Path | None:
    """The picture that lies with a file of labels: where its name says, in the same folder, or in `images` below it or beside
    `labels`; a name without ending is tried with all endings of pictures. None where there is none."""
    name = name.replace("\\", "/")
    parts = labels.parent.parts
    homes = [labels.parent, labels.parent / "images"]
    if "labels" in parts:
        at = len(parts) - 1 - parts[::-1].index("labels")
        homes.append(Path(*parts[:at], "images", *parts[at + 1 :]))
    endings = ("", *PICTURES, *(ending.upper() for ending in PICTURES))
    tried = (home / f"{one}{ending}" for home in homes for one in (name, file_name(name)) for ending in endings)
    return next((path for path in tried if path != labels and path.is_file()), None)


def file_name(path: str) -> str:
    """The last part of a path as any system writes it."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def without_ending(picture: str) -> str:
    """The name alone of a picture: “flex 1.2” of “in/flex 1.2.jpg”, and of “flex 1.2” too, for only a picture's ending is one."""
    return ENDING.sub("", file_name(picture))


def checked_size(width: Any, height: Any, file: Path, place: str) -> tuple[int, int]:
    """Whole numbers above 0 that a picture can have, or InputError."""
    if not all(isinstance(v, int) and not isinstance(v, bool) and 1 <= v <= LARGEST_SIDE for v in (width, height)):
        raise bad(
            file, place, f"a picture cannot be {width} × {height} px; width and height are whole numbers above 0."
        )
    return width, height


def checked_corners(values: Any, file: Path, place: str) -> Floats:
    """(n, 2) from [[x, y], …] or [x, y, x, y, …]; InputError where they are no finite numbers."""
    try:
        points = np.asarray(values, np.float64)
        points = points.reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        raise bad(file, place, "an outline is a list of x and y; this is none.") from None
    if len(points) == 0 or not np.isfinite(points).all() or np.abs(points).max() > 1e7:
        raise bad(file, place, "an outline needs corners that are numbers of pixels.")
    return points


def read_text(file: Path, limit: int = LARGEST_TEXT) -> str:
    """UTF-8, with or without a byte order mark; InputError in one sentence where it cannot be read."""
    try:
        if file.stat().st_size > limit:
            raise bad(file, "", f"it is larger than {limit >> 20} MB; export fewer pictures into one file.")
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad(file, f"byte {error.start}", "this is not UTF-8 text; save the file as UTF-8.") from None
    except OSError as error:
        raise bad(file, "", f"it cannot be read ({error.strerror}); check its name.") from None


def read_json(file: Path) -> dict[str, Any]:
    """An object; InputError where it is none, is cut off or nested without end."""
    try:
        found = json.loads(read_text(file), parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise bad(file, f"line {error.lineno}", f"this is not JSON ({error.msg.lower()}); export it again.") from None
    except (RecursionError, ValueError) as error:
        raise bad(file, "", f"this JSON cannot be used ({str(error) or 'nested too deep'}); export it again.") from None
    if not isinstance(found, dict):
        raise bad(file, "", "this JSON is not an object; it is not a file of labels.")
    return found


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")


def listed(paths: Sequence[Path], suffixes: Sequence[str]) -> Iterator[Path]:
    """The files themselves, and of folders those in them with one of these endings, by name; InputError where there are none."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in suffixes and p.is_file())
        if not found:
            raise bad(path, "", f"there is no {' or '.join(suffixes)} file in this folder.")
        yield from found
