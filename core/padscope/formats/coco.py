"""`coco`: one `annotations.json` for all pictures, a defect per annotation, as compressed run lengths or as polygons.

The form is that of cocodataset.org (“Data format”); written run lengths are pixel-exact in pycocotools too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import padscope
from padscope.formats.class_tables import colour_of, rgb_of
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
from padscope.formats.runs import coco_counts, coco_regions, counts_from_text, counts_to_text
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass
from padscope.masks.components import Component, components
from padscope.masks.outlines import outline
from padscope.masks.shapes import Region
from padscope.types import Box

FILE = "annotations.json"


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".json",)):
        content = read_json(path)
        names = _categories(path, content)
        by_picture = _by_picture(path, content)
        for place, image in _images(path, content):
            width, height = checked_size(image.get("width"), image.get("height"), path, place)
            mask, notes = ClassMask(width, height), []
            for where, annotation in by_picture.pop(image["id"], []):
                name, colour = _category(path, where, annotation, names)
                if not _painted(mask, annotation, table.value_of(name, colour, file=path, place=where), path, where):
                    notes.append(f"{where} has only a box, which says nothing about pixels; it was left out")
            file, sha = image.get("file_name"), image.get("sha256", "")
            if not isinstance(file, str) or not file.strip():
                raise bad(path, place, "a picture has no file_name.")
            beside = picture_beside(path, file)
            yield Labelled(file_name(file), mask, sha if isinstance(sha, str) else "", beside, tuple(notes))
        if by_picture:
            where = next(iter(by_picture.values()))[0][0]
            raise bad(path, where, "it belongs to a picture (image_id) that is not in the list of images.")


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    images: list[dict[str, Any]] = []
    annotations = 0
    with (folder / FILE).open("w", encoding="utf-8") as out:
        made = {
            "description": "Defects on bond pads",
            "version": "1.0",
            "contributor": f"padscope {padscope.__version__}",
        }
        categories = [
            {"id": c.value, "name": c.name, "supercategory": "defect", "color": list(rgb_of(c.colour))} for c in classes
        ]
        out.write(
            f'{{"info": {json.dumps(made)},\n"licenses": [],\n"categories": {json.dumps(categories)},\n"annotations": ['
        )
        for number, item in enumerate(items, start=1):
            size = {"width": item.mask.width, "height": item.mask.height}
            images.append({"id": number, "file_name": item.picture, **size, "sha256": item.sha256})
            for component in components(item.mask):
                row = {"id": annotations + 1, "image_id": number, **_annotation(component, item.mask, shapes)}
                out.write((",\n" if annotations else "\n") + json.dumps(row))
                annotations += 1
            yield
        out.write(f'],\n"images": {json.dumps(images, ensure_ascii=False)}}}\n')


def _annotation(component: Component, mask: ClassMask, shapes: str) -> dict[str, Any]:
    box = component.box
    if shapes == MASKS:
        counts = counts_to_text(coco_counts(component.region, mask.width, mask.height))
        segmentation: Any = {"size": [mask.height, mask.width], "counts": counts}
    else:
        ring = outline(component.region)
        segmentation = [[int(v) for v in ring.ravel()]]
    return {
        "category_id": component.value,
        "segmentation": segmentation,
        "area": component.area_px,
        "bbox": [box.x0, box.y0, box.width, box.height],
        "iscrowd": 0,
    }


def _categories(path: Path, content: Mapping[str, Any]) -> dict[Any, tuple[str, str]]:
    found: dict[Any, tuple[str, str]] = {}
    for place, entry in _entries(path, content, "categories"):
        name, colour = entry.get("name"), entry.get("color")
        if not isinstance(name, str) or not isinstance(entry.get("id"), int):
            raise bad(path, place, "a category needs an id and a name.")
        rgb = isinstance(colour, list) and len(colour) == 3 and all(isinstance(v, int) and 0 <= v < 256 for v in colour)
        found[entry["id"]] = name, colour_of(colour) if rgb and isinstance(colour, list) else ""
    return found


def _images(path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    seen = set()
    for place, entry in _entries(path, content, "images"):
        if not isinstance(entry.get("id"), int | str) or entry["id"] in seen:
            raise bad(path, place, "every picture needs an id of its own.")
        seen.add(entry["id"])
        yield place, entry


def _by_picture(path: Path, content: Mapping[str, Any]) -> dict[Any, list[tuple[str, dict[str, Any]]]]:
    found: dict[Any, list[tuple[str, dict[str, Any]]]] = {}
    for place, entry in _entries(path, content, "annotations"):
        if not isinstance(entry.get("image_id"), int | str):
            raise bad(path, place, "an annotation needs an image_id.")
        found.setdefault(entry["image_id"], []).append((place, entry))
    return found


def _entries(path: Path, content: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    entries = content.get(name)
    if not isinstance(entries, list):
        raise bad(path, name, f"a COCO file has a list “{name}”; this one has none.")
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise bad(path, f"{name}[{number}]", "this is not an object.")
        yield f"{name}[{number}]", entry


def _category(
    path: Path, place: str, annotation: Mapping[str, Any], names: Mapping[Any, tuple[str, str]]
) -> tuple[str, str]:
    id = annotation.get("category_id")
    if not isinstance(id, int) or id not in names:
        raise bad(path, place, f"its category_id {id} is not in the list of categories.")
    return names[id]


def _painted(mask: ClassMask, annotation: Mapping[str, Any], value: int, path: Path, place: str) -> bool:
    """False where it has no pixels to paint."""
    match annotation.get("segmentation"):
        case {"size": [height, width], "counts": counts}:
            if (width, height) != (mask.width, mask.height):
                size = f"{mask.width} × {mask.height}"
                raise bad(path, place, f"its run lengths are for {width} × {height} px, but the picture has {size}.")
            for region in _unrolled(counts, mask, path, place):
                stamp(mask, region, value)
            return True
        case [*rings] if rings:
            regions = ClassMask(mask.width, mask.height)
            for ring in rings:
                stamp_polygon(regions, checked_corners(ring, path, place), value)
            for region in (Region(_box(at), chunk > 0) for at, chunk in regions.chunks.items()):
                stamp(mask, region, value)
            return True
        case None | []:
            return False
        case _:
            raise bad(path, place, "its segmentation is neither polygons nor run lengths.")


def _unrolled(counts: Any, mask: ClassMask, path: Path, place: str) -> Iterator[Region]:
    try:
        numbers = counts_from_text(counts) if isinstance(counts, str) else np.asarray(counts, np.int64).reshape(-1)
        yield from coco_regions(numbers, mask.width, mask.height)
    except (ValueError, TypeError, OverflowError) as error:
        raise bad(path, place, f"its run lengths cannot be used ({error}).") from None


def _box(place: tuple[int, int]) -> Box:
    return Box(place[1] * 256, place[0] * 256, place[1] * 256 + 256, place[0] * 256 + 256)
