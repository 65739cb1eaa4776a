"""PNG masks row by row (W3C PNG, third edition): written in bands, so that a mask of 100 megapixels needs the memory of a band."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from padscope.errors import PictureError
from padscope.formats.labelled import bad
from padscope.masks.class_mask import CHUNK, ClassMask, Pixels
from padscope.pictures.picture import open_picture
from padscope.types import Box

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE, TRUECOLOUR = 3, 2


def bands(mask: ClassMask) -> Iterator[Pixels]:
    """The classes from top to bottom, (rows, width)."""
    for top in range(0, mask.height, CHUNK):
        yield mask.read(Box(0, top, mask.width, min(top + CHUNK, mask.height)))


def write_png(
    path: Path, width: int, height: int, rows: Iterator[Pixels], palette: Sequence[Sequence[int]] = ()
) -> None:
    """8-bit indices (rows, width) with a palette of RGB triples, or without one true colour (rows, width, 3)."""
    colour = PALETTE if palette else TRUECOLOUR
    with path.open("wb") as out:
        out.write(SIGNATURE)
        _chunk(out, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
        if palette:
            _chunk(out, b"PLTE", bytes(value for rgb in palette for value in rgb))
        deflate = zlib.compressobj(4)
        for band in rows:
            flat = band.reshape(len(band), -1)
            lines = np.zeros((len(flat), flat.shape[1] + 1), np.uint8)  # every line begins with its filter: none
            lines[:, 1:] = flat
            _chunk(out, b"IDAT", deflate.compress(lines.tobytes()))
        _chunk(out, b"IDAT", deflate.flush())
        _chunk(out, b"IEND", b"")


def read_png(path: Path) -> tuple[Any, list[tuple[int, int, int]]]:
    """(an array-like picture (H, W) of indices or grey values or (H, W, 3) of colours, its palette or []). InputError where it is
    no complete PNG."""
    try:
        with open_picture(path) as picture:
            kind = picture.format
    except PictureError as error:
        raise bad(path, "", f"{error}") from None
    if kind != "PNG":
        raise bad(path, "", f"it is a {kind}, which may have changed the masks; give it as PNG.")
    try:
        with PngImagePlugin.PngImageFile(path) as image:
            return _pixels(image, path), _palette(image)
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error) as error:
        raise bad(path, "", f"this PNG is damaged ({error}); export it again.") from None


def _pixels(image: Image.Image, path: Path) -> Any:
    match image.mode:
        case "P" | "L":
            return np.asarray(image)
        case "1":
            return np.asarray(image).astype(np.uint8)
        case "I;16" | "I" | "I;16B":
            wide = np.asarray(image)
            if wide.max(initial=0) > 255:
                raise bad(path, "", f"it holds the value {wide.max()}; masks have values up to 255.")
            return wide.astype(np.uint8)
        case "LA":
            return np.asarray(image)[..., 0]
        case _:
            with open_picture(path) as picture:  # Pillow would hold four bytes per pixel, and then give a copy
                pixels = picture.read(picture.box)
            return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _palette(image: Image.Image) -> list[tuple[int, int, int]]:
    flat = image.getpalette("RGB") if image.mode == "P" else None
    return [] if flat is None else [(r, g, b) for r, g, b in zip(flat[::3], flat[1::3], flat[2::3], strict=True)]


def _chunk(out: Any, kind: bytes, data: bytes) -> None:
    if data or kind != b"IDAT":
        out.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))
