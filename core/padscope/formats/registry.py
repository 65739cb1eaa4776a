"""Every format there is, by its name on the command line: a literal table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from padscope.errors import UsageError
from padscope.formats import coco, cvat, labelme, mvtec, png_colour, png_index, yolo
from padscope.formats.labelled import MASKS, POLYGONS, ClassTable, Labelled, SizeOf
from padscope.masks.classes import DefectClass


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to read files or folders of it, how to write into a folder, and what it cannot hold."""

    title: str
    reads: str  # what to choose when reading: files and folders, in a word or two
    read: Callable[[Sequence[Path], ClassTable, SizeOf], Iterator[Labelled]]
    write: Callable[[Iterable[Labelled], Sequence[DefectClass], Path, str], Iterator[None]]
    shapes: tuple[str, ...] = (MASKS,)
    suffix: str = ""  # of files with one picture each
    cannot: str = ""  # why pixels may differ when read back; empty where it is exact


FORMATS: dict[str, Format] = {
    "png-index": Format("PNG index masks", "*.png and classes.csv", png_index.read, png_index.write, suffix=".png"),
    "png-colour": Format("PNG colour masks", "*.png and classes.csv", png_colour.read, png_colour.write, suffix=".png"),
    "mvtec": Format(
        "MVTec-AD folders", "a folder with train and test", mvtec.read, mvtec.write,
        cannot="MVTec-AD folders hold one class per picture",
    ),
    "coco": Format("COCO", "annotations.json", coco.read, coco.write, (MASKS, POLYGONS)),
    "labelme": Format("LabelMe", "*.json", labelme.read, labelme.write, (MASKS, POLYGONS), ".json"),
    "cvat": Format("CVAT for images 1.1", "annotations.xml", cvat.read, cvat.write, (MASKS, POLYGONS)),
    "yolo": Format(
        "YOLO segmentation", "labels/*.txt and data.yaml", yolo.read, yolo.write, (POLYGONS,), ".txt",
        cannot="YOLO holds outlines only",
    ),
}  # fmt: skip


def format_named(name: str) -> Format:
    found = FORMATS.get(name)
    if found is None:
        raise UsageError(f"There is no format “{name}”; there are {', '.join(FORMATS)}.")
    return found
