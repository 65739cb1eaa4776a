"""`png-index`: one palette PNG per picture whose values are classes, and a table `classes.csv` of them.

Read are also CVAT's and LabelMe's index masks (`labelmap.txt`, `label_names.txt`); without any table, values are those of the
classes already known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from padscope.formats.class_tables import BACKGROUND, OURS, rgb_of, table_beside, table_text
from padscope.formats.labelled import ClassTable, Labelled, SizeOf, bad, listed, picture_beside
from padscope.formats.png_files import bands, read_png, write_png
from padscope.masks.class_mask import Pixels, mask_from_array
from padscope.masks.classes import DefectClass

ENDINGS = ("_mask", "_labels", "_label")
"""What a mask's name may have more than its picture's."""


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".png",)):
        values, palette = read_png(path)
        if values.ndim != 2:
            raise bad(path, "", "it holds colours, not classes; read it as png-colour.")
        name = picture_of(path, size_of)
        yield Labelled(name, mask_from_array(_mapped(path, values, palette, table)), path=picture_beside(path, name))


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    (folder / OURS).write_text(table_text(classes), encoding="utf-8")
    colours = {c.value: rgb_of(c.colour) for c in classes}
    palette = [colours.get(value, (0, 0, 0)) for value in range(max(colours, default=0) + 1)]
    for item in items:
        write_png(folder / f"{item.stem}.png", item.mask.width, item.mask.height, bands(item.mask), palette)
        yield


def picture_of(path: Path, size_of: SizeOf) -> str:
    """The picture a mask is of: the name as it is, or without an ending like “_mask”."""
    for ending in ENDINGS:
        bare = path.stem.removesuffix(ending)
        if bare and bare != path.stem and (size_of(path.stem) is None or size_of(bare) is not None):
            return bare
    return path.stem


def _mapped(path: Path, values: Pixels, palette: list[tuple[int, int, int]], table: ClassTable) -> Pixels:
    """The table's values; every value that occurs needs a class."""
    counts = np.zeros(256, np.int64)
    for top in range(0, len(values), 256):
        counts += np.bincount(values[top : top + 256].ravel(), minlength=256)
    found = table_beside(path)
    names = None if found is None else {c.value: c for c in found[1]}
    lut = np.zeros(256, np.uint8)
    for value in (int(v) for v in np.flatnonzero(counts)):
        if names is None:
            known = table.valued(value)
            lut[value] = 0 if value == 0 else value if known else table.value_of(f"class {value}", file=path)
            continue
        c = names.get(value)
        if c is None and value != 0:
            place = np.argwhere(values == value)[0]
            where = f"pixel ({place[1]}, {place[0]})"
            raise bad(path, where, f"the value {value} is not in {found[0].name if found else ''}; add it there.")
        if c is not None and value != 0 and c.name.casefold() not in BACKGROUND:
            colour = c.colour or (table_colour(palette, value))
            lut[value] = table.value_of(c.name, colour, file=path)
    return np.asarray(cv2.LUT(values, lut), np.uint8)


def table_colour(palette: list[tuple[int, int, int]], value: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*palette[value]) if value < len(palette) and any(palette[value]) else ""
