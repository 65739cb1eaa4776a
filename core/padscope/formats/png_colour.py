"""`png-colour`: one RGB PNG per picture, a colour per class on black, with the legend `classes.csv` and `legend.png`.

The colour coding of the ITk slides: they name no colours, so the legend is the project's own classes and says which is which; a
legend of one's own (`classes.csv` beside the masks) is read as it stands. Read are also CVAT's segmentation masks
(`labelmap.txt`); without a legend, colours are those of the classes already known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from padscope.errors import InputError
from padscope.formats.class_tables import BACKGROUND, OURS, rgb_of, table_beside, table_text
from padscope.formats.labelled import ClassTable, Labelled, SizeOf, bad, listed, picture_beside
from padscope.formats.png_files import bands, read_png, write_png
from padscope.formats.png_index import picture_of
from padscope.masks.class_mask import Pixels, mask_from_array
from padscope.masks.classes import DefectClass
from padscope.types import Array

LEGEND = "legend.png"
BLACK = 0
ROW_PX, TEXT_PX, SWATCH_PX = 36, 18, 48


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".png",)):
        if path.name == LEGEND:
            continue
        pixels, palette = read_png(path)
        name = picture_of(path, size_of)
        yield Labelled(name, mask_from_array(_mapped(path, pixels, palette, table)), path=picture_beside(path, name))


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    """InputError where two classes have one colour, or one is black: they could not be told apart."""
    seen = {BLACK: "the background"}
    for c in classes:
        other = seen.setdefault(_packed(rgb_of(c.colour)), c.name)
        if other != c.name:
            raise InputError(f"The class “{c.name}” has the same colour as {other} ({c.colour}); give it another one.")
    (folder / OURS).write_text(table_text(classes), encoding="utf-8")
    legend(classes).save(folder / LEGEND)
    lut = np.zeros((256, 3), np.uint8)
    for c in classes:
        lut[c.value] = rgb_of(c.colour)
    for item in items:
        rows = (np.take(lut, band, axis=0) for band in bands(item.mask))
        write_png(folder / f"{item.stem}.png", item.mask.width, item.mask.height, rows)
        yield


def legend(classes: Sequence[DefectClass]) -> Image.Image:
    """A picture for people: each class's colour beside its name."""
    font = ImageFont.load_default(TEXT_PX)
    wide = max((int(font.getlength(c.name)) for c in classes), default=0)
    image = Image.new("RGB", (SWATCH_PX + wide + 48, ROW_PX * max(len(classes), 1)), "white")
    draw = ImageDraw.Draw(image)
    for k, c in enumerate(classes):
        top = k * ROW_PX
        draw.rectangle((12, top + 8, 12 + SWATCH_PX, top + ROW_PX - 8), fill=c.colour, outline="#555555")
        draw.text((SWATCH_PX + 28, top + ROW_PX // 2), c.name, fill="black", font=font, anchor="lm")
    return image


def _mapped(path: Path, pixels: Pixels, palette: list[tuple[int, int, int]], table: ClassTable) -> Pixels:
    found = table_beside(path)
    name = "the project's classes" if found is None else found[0].name
    values = {BLACK: 0}
    for c in table.classes if found is None else found[1]:
        if c.colour:
            background = c.value == 0 or c.name.casefold() in BACKGROUND
            # a class joins the table only when its colour occurs: -1 marks it as known by name
            values[_packed(rgb_of(c.colour))] = 0 if background else -1
    named = {_packed(rgb_of(c.colour)): c for c in (table.classes if found is None else found[1]) if c.colour}
    out = np.zeros(pixels.shape[:2], np.uint8)
    colours = np.array(palette or [(v, v, v) for v in range(256)], np.uint32)
    codes = (colours[:, 0] << 16) | (colours[:, 1] << 8) | colours[:, 2]
    for top in range(0, len(pixels), 256):
        band = pixels[top : top + 256]
        if band.ndim == 2:
            if palette and band.max(initial=0) >= len(palette):
                raise bad(path, "", f"it holds the value {band.max()}, which its palette has no colour for.")
            packed = np.take(codes, band)
        else:
            wide = band.astype(np.uint32)
            packed = (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]
        for code in (int(v) for v in _different(packed)):
            where = packed == code
            if code not in values:
                y, x = np.argwhere(where)[0]
                raise bad(path, f"pixel ({x}, {y + top})", f"the colour #{code:06x} is not among {name}; add it there.")
            if values[code] < 0:
                values[code] = table.value_of(named[code].name, named[code].colour, file=path)
            if values[code]:
                out[top : top + 256][where] = values[code]
    return out


def _different(packed: Array) -> list[int]:
    """The values that occur; black, which is most of a mask, is not sorted with the others."""
    painted = packed[packed != BLACK]
    return [*([BLACK] if painted.size < packed.size else []), *np.unique(painted).tolist()]


def _packed(rgb: Sequence[int]) -> int:
    return int(rgb[0]) << 16 | int(rgb[1]) << 8 | int(rgb[2])
