"""`cvat`: “CVAT for images 1.1”, one `annotations.xml` for all pictures, a `mask` or a `polygon` per defect.

The file is read as a stream. A document type or an entity in it ends the reading: labels need none, and attacks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import numpy as np

from padscope.formats.labelled import (
    MASKS,
    ClassTable,
    Labelled,
    SizeOf,
    bad,
    checked_corners,
    checked_size,
    file_name,
    listed,
    picture_beside,
    stamp,
    stamp_polygon,
)
from padscope.formats.runs import counts_of, inside_of
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass
from padscope.masks.components import Component, components
from padscope.masks.outlines import outline
from padscope.masks.shapes import Region, stroke
from padscope.types import Box, Floats

FILE = "annotations.xml"
PIECE = 1 << 20
LARGEST_MASK = 500_000_000  # px of one mask's box
ELLIPSE_CORNERS = 256
Attributes = Mapping[str, str]


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".xml",)):
        found = False
        for item in _Reader(path, table).pictures():
            found = True
            yield item
        if not found:
            raise bad(path, "", "there is no <image> in it; export from CVAT as “CVAT for images 1.1”.")


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    names = {c.value: c.name for c in classes}
    with (folder / FILE).open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n  <meta><task><labels>\n'
        )
        for c in classes:
            name = quoteattr(c.name)[1:-1].replace("&quot;", '"')
            out.write(f"    <label><name>{name}</name><color>{c.colour}</color><attributes></attributes></label>\n")
        out.write("  </labels></task></meta>\n")
        for id, item in enumerate(items):
            size = f'width="{item.mask.width}" height="{item.mask.height}"'
            out.write(f'  <image id="{id}" name={quoteattr(item.picture)} {size}>\n')
            for component in components(item.mask):
                out.write(_element(component, names[component.value], shapes))
            out.write("  </image>\n")
            yield
        out.write("</annotations>\n")


def _element(component: Component, name: str, shapes: str) -> str:
    box = component.box
    shared = f'label={quoteattr(name)} source="manual" occluded="0"'
    if shapes == MASKS:
        rle = ", ".join(str(n) for n in counts_of(component.inside))
        where = f'left="{box.x0}" top="{box.y0}" width="{box.width}" height="{box.height}"'
        return f'    <mask {shared} rle="{rle}" {where} z_order="0"></mask>\n'
    ring = outline(component.region)
    points = ";".join(f"{x},{y}" for x, y in ring.tolist())
    return f'    <polygon {shared} points="{points}" z_order="0"></polygon>\n'


class _Reader:
    """One file on its way in: pictures come out as soon as their element ends, so only one of them is in memory."""

    def __init__(self, path: Path, table: ClassTable) -> None:
        self._path = path
        self._table = table
        self._parser = expat.ParserCreate()
        self._open: list[str] = []
        self._text = ""
        self._colours: dict[str, str] = {}
        self._label = ""
        self._picture: tuple[str, ClassMask] | None = None
        self._shapes: list[tuple[int, str, dict[str, str], str]] = []
        self._notes: list[str] = []
        self._done: list[Labelled] = []

    def pictures(self) -> Iterator[Labelled]:
        parser = self._parser
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._say
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            with self._path.open("rb") as file:
                yield from self._parsed(file)
        except OSError as error:
            raise bad(self._path, "", f"it cannot be read ({error.strerror}); check its name.") from None
        except expat.ExpatError as error:
            raise bad(
                self._path, f"line {error.lineno}", f"this is not XML ({expat.ErrorString(error.code)})."
            ) from None

    def _parsed(self, file: IO[bytes]) -> Iterator[Labelled]:
        while piece := file.read(PIECE):
            self._parser.Parse(piece, False)
            while self._done:
                yield self._done.pop(0)
        self._parser.Parse(b"", True)
        yield from self._done

    @property
    def _place(self) -> str:
        return f"line {self._parser.CurrentLineNumber}"

    def _refuse(self, *_: object) -> None:
        raise bad(self._path, self._place, "it declares a document type or an entity, which labels never need.")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        self._text = ""
        if len(self._open) > 32:
            raise bad(self._path, self._place, "its elements are nested too deep for a file of labels.")
        if name == "image":
            try:
                width, height = int(attributes.get("width", "")), int(attributes.get("height", ""))
            except ValueError:
                raise bad(self._path, self._place, "an <image> needs a width and a height.") from None
            picture = attributes.get("name", "")
            if not picture.strip():
                raise bad(self._path, self._place, "an <image> needs a name.")
            self._picture = picture, ClassMask(*checked_size(width, height, self._path, self._place))
        elif self._picture is not None and name in SHAPES:
            self._shapes.append((_order(attributes), name, attributes, self._place))
        elif self._picture is not None and self._open[-2] == "image" and name != "tag":
            self._notes.append(f"{self._place} is a {name}, which covers no pixels; it was left out")

    def _say(self, text: str) -> None:
        self._text = (self._text + text)[:1000] if self._open[-1] in ("name", "color") else ""

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "name" and self._open[-1:] == ["label"]:
            self._label = self._text.strip()
        elif name == "color" and self._open[-1:] == ["label"]:
            self._colours[self._label.casefold()] = self._text.strip().lower()
        elif name == "image" and self._picture is not None:
            self._finish(*self._picture)

    def _finish(self, picture: str, mask: ClassMask) -> None:
        for _, kind, attributes, place in sorted(self._shapes, key=lambda shape: shape[0]):
            label = attributes.get("label", "")
            colour = self._colours.get(label.casefold(), "")
            colour = colour if len(colour) == 7 and not set(colour[1:]) - set("0123456789abcdef") else ""
            value = self._table.value_of(label, colour, file=self._path, place=place)
            SHAPES[kind](mask, attributes, value, self._path, place)
        beside = picture_beside(self._path, picture)
        self._done.append(Labelled(file_name(picture), mask, path=beside, notes=tuple(self._notes)))
        self._picture, self._shapes, self._notes = None, [], []


def _order(attributes: Attributes) -> int:
    """What lies above covers what lies below."""
    text = attributes.get("z_order", "0")
    return int(text) if text.lstrip("-").isdecimal() else 0


def _polygon(mask: ClassMask, attributes: Attributes, value: int, path: Path, place: str) -> None:
    stamp_polygon(mask, _points(attributes, path, place), value)


def _polyline(mask: ClassMask, attributes: Attributes, value: int, path: Path, place: str) -> None:
    for region in stroke(_points(attributes, path, place) - 0.5, 0.0):
        stamp(mask, region, value)


def _box(mask: ClassMask, attributes: Attributes, value: int, path: Path, place: str) -> None:
    x0, y0, x1, y1 = _numbers(attributes, ("xtl", "ytl", "xbr", "ybr"), path, place)
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    turn = np.radians(_numbers(attributes, ("rotation",), path, place)[0]) if "rotation" in attributes else 0.0
    middle = corners.mean(axis=0)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    stamp_polygon(mask, (corners - middle) @ spin.T + middle, value)


def _ellipse(mask: ClassMask, attributes: Attributes, value: int, path: Path, place: str) -> None:
    cx, cy, rx, ry = _numbers(attributes, ("cx", "cy", "rx", "ry"), path, place)
    turn = np.linspace(0, 2 * np.pi, ELLIPSE_CORNERS, endpoint=False)
    stamp_polygon(mask, np.column_stack([cx + rx * np.cos(turn), cy + ry * np.sin(turn)]), value)


def _mask(mask: ClassMask, attributes: Attributes, value: int, path: Path, place: str) -> None:
    left, top, width, height = (int(v) for v in _numbers(attributes, ("left", "top", "width", "height"), path, place))
    if not (0 < width * height <= LARGEST_MASK and width > 0):
        raise bad(path, place, f"a mask cannot be {width} × {height} px.")
    try:
        counts = np.array([int(n) for n in attributes.get("rle", "").split(",")], np.int64)
        inside = inside_of(counts, height, width)
    except (ValueError, OverflowError) as error:
        raise bad(path, place, f"its run lengths (rle) cannot be used ({error}).") from None
    stamp(mask, Region(Box(left, top, left + width, top + height), inside), value)


SHAPES: dict[str, Callable[[ClassMask, Attributes, int, Path, str], None]] = {
    "polygon": _polygon,
    "polyline": _polyline,
    "box": _box,
    "ellipse": _ellipse,
    "mask": _mask,
}


def _points(attributes: Attributes, path: Path, place: str) -> Floats:
    return checked_corners([pair.split(",") for pair in attributes.get("points", "").split(";")], path, place)


def _numbers(attributes: Attributes, names: Sequence[str], path: Path, place: str) -> list[float]:
    try:
        found = [float(attributes[name]) for name in names]
    except (KeyError, ValueError):
        raise bad(path, place, f"it needs the numbers {', '.join(names)}.") from None
    if not np.isfinite(found).all() or np.abs(found).max() > 1e7:
        raise bad(path, place, f"{', '.join(names)} must be numbers of pixels.")
    return found
