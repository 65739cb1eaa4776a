"""`labelme`: one JSON per picture as LabelMe 5 and later write it, a shape per defect: a mask in its box, or a polygon.

Shapes are read as geometry (a pixel belongs to an outline when its centre does); LabelMe's own conversion adds the pixels an
outline runs through. A stroke of a `line` or `linestrip` is one pixel wide there and here.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

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
    read_json,
    stamp,
    stamp_polygon,
)
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass
from padscope.masks.components import Component, components
from padscope.masks.outlines import outline
from padscope.masks.shapes import Region, stroke
from padscope.types import Box, Floats

VERSION = "5.5.0"
"""The version of LabelMe whose form is written."""
HASH = "padscope_sha256"
"""A key of ours beside LabelMe's, which keeps keys it does not know."""
CIRCLE_CORNERS = 256


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".json",)):
        content = read_json(path)
        shapes = content.get("shapes")
        if not isinstance(shapes, list):
            raise bad(path, "", "a LabelMe file has a list “shapes”; this one has none.")
        mask = ClassMask(*checked_size(content.get("imageWidth"), content.get("imageHeight"), path, "imageWidth"))
        notes = []
        for number, shape in enumerate(shapes):
            place = f"shapes[{number}]"
            if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
                raise bad(path, place, "a shape needs a label.")
            value = table.value_of(shape["label"], file=path, place=place)
            kind = shape.get("shape_type") or "polygon"
            painter = SHAPES.get(kind)
            if painter is None:
                notes.append(f"{place} is a {kind}, whose pixels cannot be told; it was left out")
                continue
            painter(mask, shape, value, path, place)
        name, sha = content.get("imagePath"), content.get(HASH, "")
        name = name if isinstance(name, str) and name.strip() else path.stem
        beside = picture_beside(path, name)
        yield Labelled(file_name(name), mask, sha if isinstance(sha, str) else "", beside, tuple(notes))


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    names = {c.value: c.name for c in classes}
    for item in items:
        content: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": [_shape(c, names[c.value], shapes) for c in components(item.mask)],
            "imagePath": item.picture,
            "imageData": None,
            "imageHeight": item.mask.height,
            "imageWidth": item.mask.width,
            HASH: item.sha256,
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / f"{item.stem}.json").write_text(text, encoding="utf-8")
        yield


def _shape(component: Component, name: str, shapes: str) -> dict[str, Any]:
    box = component.box
    shape: dict[str, Any] = {"label": name, "group_id": None, "description": "", "flags": {}, "mask": None}
    if shapes == MASKS:
        points: list[list[int]] = [[box.x0, box.y0], [box.x1 - 1, box.y1 - 1]]
        return {**shape, "shape_type": "mask", "points": points, "mask": _to_text(component)}
    ring = outline(component.region)
    return {**shape, "shape_type": "polygon", "points": ring.tolist()}


def _to_text(component: Component) -> str:
    out = io.BytesIO()
    Image.fromarray(component.inside).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


# shapes on the way in


def _polygon(mask: ClassMask, shape: Mapping[str, Any], value: int, path: Path, place: str) -> None:
    points = _points(shape, 3, path, place)
    stamp_polygon(mask, points, value)


def _rectangle(mask: ClassMask, shape: Mapping[str, Any], value: int, path: Path, place: str) -> None:
    points = _points(shape, 2, path, place)
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    stamp_polygon(mask, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), value)


def _circle(mask: ClassMask, shape: Mapping[str, Any], value: int, path: Path, place: str) -> None:
    centre, rim = _points(shape, 2, path, place)[:2]
    turn = np.linspace(0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
    radius = float(np.hypot(*(rim - centre)))
    stamp_polygon(mask, centre + radius * np.column_stack([np.cos(turn), np.sin(turn)]), value)


def _line(mask: ClassMask, shape: Mapping[str, Any], value: int, path: Path, place: str) -> None:
    for region in stroke(_points(shape, 1, path, place) - 0.5, 0.0):
        stamp(mask, region, value)


def _mask(mask: ClassMask, shape: Mapping[str, Any], value: int, path: Path, place: str) -> None:
    """`points` are the first and the last pixel of the box, `mask` a PNG of its pixels."""
    points = _points(shape, 2, path, place)
    x0, y0 = (int(v) for v in points.min(axis=0))
    x1, y1 = (int(v) for v in points.max(axis=0))
    try:
        raw = base64.b64decode(shape.get("mask") or "", validate=True)
        with PngImagePlugin.PngImageFile(io.BytesIO(raw)) as image:
            if image.size != (x1 + 1 - x0, y1 + 1 - y0):
                raise bad(
                    path,
                    place,
                    f"its mask is {image.size[0]} × {image.size[1]} px, its box {x1 + 1 - x0} × {y1 + 1 - y0}.",
                )
            inside = np.asarray(image.convert("L")) > 0
    except (binascii.Error, OSError, SyntaxError, TypeError, ValueError, EOFError) as error:
        raise bad(path, place, f"its mask is not a PNG in base64 ({error}).") from None
    stamp(mask, Region(Box(x0, y0, x1 + 1, y1 + 1), inside), value)


SHAPES: dict[str, Callable[[ClassMask, Mapping[str, Any], int, Path, str], None]] = {
    "polygon": _polygon,
    "rectangle": _rectangle,
    "circle": _circle,
    "line": _line,
    "linestrip": _line,
    "mask": _mask,
}
"""`point` and `points` cover nothing."""


def _points(shape: Mapping[str, Any], least: int, path: Path, place: str) -> Floats:
    points = checked_corners(shape.get("points"), path, place)
    if len(points) < least:
        raise bad(
            path, place, f"a {shape.get('shape_type')} needs at least {least} points, this one has {len(points)}."
        )
    return points
