"""`yolo`: YOLO segmentation as Ultralytics documents it: `data.yaml` with the names, `labels/STEM.txt` with a line per defect,
`class x y x y …` in shares of the picture's width and height. The files do not know the picture's size: it must be known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from padscope.errors import PictureError
from padscope.formats.labelled import (
    ClassTable,
    Labelled,
    SizeOf,
    bad,
    listed,
    picture_beside,
    read_text,
    stamp_polygon,
)
from padscope.masks.class_mask import ClassMask
from padscope.masks.classes import DefectClass
from padscope.masks.components import components
from padscope.masks.outlines import outline
from padscope.pictures.picture import open_picture

NAMES = "data.yaml"
LARGEST_NAMES = 1 << 20
NOT_LABELS = ("classes.txt", "train.txt", "val.txt", "test.txt")
DIGITS = 9
"""After the point: enough for the corner of a pixel of any picture."""


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    for path in listed(paths, (".txt",)):
        if path.name in NOT_LABELS:
            continue
        names = _names(path)
        picture = picture_beside(path, path.stem)
        size = size_of(path.stem) or _size(picture)
        if size is None:
            raise bad(
                path,
                "",
                "YOLO files do not know the size of their picture; put the picture beside it, or into images/.",
            )
        mask, notes = ClassMask(*size), []
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            place = f"line {number}"
            if not line.strip():
                continue
            corners, name = _line(line, names, path, place)
            value = table.value_of(name, file=path, place=place)
            if len(corners) < 3:
                notes.append(f"{place} has only a box, which says nothing about pixels; it was left out")
                continue
            stamp_polygon(mask, corners * size, value)
        yield Labelled(path.stem, mask, path=picture, notes=tuple(notes))


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    """Names count from 0 in the classes' order."""
    names = "".join(f"  {k}: {json.dumps(c.name, ensure_ascii=False)}\n" for k, c in enumerate(classes))
    text = f"path: .\ntrain: images\nval: images\nnames: {'' if classes else '{}'}\n{names}"
    (folder / NAMES).write_text(text, encoding="utf-8")
    (folder / "labels").mkdir(exist_ok=True)
    numbers = {c.value: k for k, c in enumerate(classes)}
    for item in items:
        with (folder / "labels" / f"{item.stem}.txt").open("w", encoding="utf-8") as out:
            for component in components(item.mask):
                ring = outline(component.region)
                shares = ring / (item.mask.width, item.mask.height)
                text = " ".join(f"{v:.{DIGITS}f}".rstrip("0").rstrip(".") or "0" for v in shares.ravel())
                out.write(f"{numbers[component.value]} {text}\n")
        yield


def _line(line: str, names: dict[int, str], path: Path, place: str) -> tuple[Any, str]:
    words = line.split()
    try:
        number = int(words[0])
        shares = np.array([float(w) for w in words[1:]])
    except ValueError:
        raise bad(path, place, "a line reads: number of the class, then x and y in shares of the picture.") from None
    if number not in names:
        raise bad(path, place, f"the class {number} has no name in {NAMES} or classes.txt.")
    if len(shares) == 4:
        return np.zeros((0, 2)), names[number]
    if len(shares) < 6 or len(shares) % 2 or not np.isfinite(shares).all() or shares.min() < -0.5 or shares.max() > 1.5:
        raise bad(path, place, "an outline needs at least three corners with x and y between 0 and 1.")
    return shares.reshape(-1, 2), names[number]


def _names(path: Path) -> dict[int, str]:
    for folder in (path.parent, *list(path.parents)[1:3]):
        if (folder / NAMES).is_file():
            return _yaml_names(folder / NAMES)
        if (folder / "classes.txt").is_file():
            lines = read_text(folder / "classes.txt", LARGEST_NAMES).splitlines()
            return {k: line.strip() for k, line in enumerate(lines) if line.strip()}
    raise bad(path, "", f"neither {NAMES} nor classes.txt, which name the classes, lies beside it or above it.")


def _yaml_names(file: Path) -> dict[int, str]:
    try:
        content = yaml.safe_load(read_text(file, LARGEST_NAMES))
    except (yaml.YAMLError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise bad(file, f"line {line}", "this is not YAML.") from None
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(
        isinstance(k, int) and isinstance(v, str | int) for k, v in names.items()
    ):
        raise bad(file, "names", "it needs the names of the classes, as a list or as number: name.")
    return {k: str(v) for k, v in names.items()}


def _size(picture: Path | None) -> tuple[int, int] | None:
    if picture is None:
        return None
    try:
        with open_picture(picture) as opened:
            return opened.width, opened.height
    except PictureError:
        return None
