"""`mvtec`: MVTec-AD folders of whole pictures: `train/good`, `test/CLASS`, `ground_truth/CLASS/NAME_mask.png`.

A picture has one class there, and its mask says where but not what: a picture with several classes goes into “combined”, as in
MVTec AD itself.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from padscope.datasets.folders import GOOD, Sample, test_samples, training_samples
from padscope.errors import OutputError, PictureError
from padscope.formats.labelled import ClassTable, Labelled, SizeOf, bad
from padscope.formats.png_files import bands, read_png, write_png
from padscope.masks.class_mask import ClassMask, mask_from_array
from padscope.masks.classes import DefectClass
from padscope.pictures.picture import open_picture

COMBINED = "combined"
WHITE = 255
BLACK_AND_WHITE = [(v, v, v) for v in range(256)]


def read(paths: Sequence[Path], table: ClassTable, size_of: SizeOf) -> Iterator[Labelled]:
    """Folders that hold `train` or `test`."""
    for root in paths:
        if not (root / "test").is_dir() and not (root / "train").is_dir():
            raise bad(
                root, "", "MVTec-AD folders hold train/good, test/CLASS and ground_truth/CLASS; this has neither."
            )
        samples = training_samples(root) if (root / "train").is_dir() else []
        samples += test_samples(root) if (root / "test").is_dir() else []
        for sample in samples:
            yield Labelled(sample.path.name, _mask(sample, table), path=sample.path)


def write(items: Iterable[Labelled], classes: Sequence[DefectClass], folder: Path, shapes: str) -> Iterator[None]:
    """Pictures are copied as they are; OutputError where one does not lie where it was."""
    names = {c.value: folder_name(c.name) for c in classes}
    for item in items:
        values = list(item.mask.areas())
        kind = GOOD if not values else names[values[0]] if len(values) == 1 else COMBINED
        home = folder / ("test" if values else "train") / kind
        home.mkdir(parents=True, exist_ok=True)
        if item.path is None or not item.path.is_file():
            raise OutputError(f"The picture {item.path or item.picture} is not where it was; bring it back to copy it.")
        shutil.copyfile(item.path, home / f"{item.stem}{item.path.suffix}")
        if values:
            truth = folder / "ground_truth" / kind
            truth.mkdir(parents=True, exist_ok=True)
            rows = ((band > 0).astype(np.uint8) * WHITE for band in bands(item.mask))
            size = item.mask.width, item.mask.height
            write_png(truth / f"{item.stem}_mask.png", *size, rows, BLACK_AND_WHITE)
        yield


def folder_name(name: str) -> str:
    """A class's name as a folder's: letters, digits, - and _."""
    return re.sub(r"[^\w-]+", "_", name.strip()).strip("_") or "defect"


def class_name(folder: str) -> str:
    return folder.replace("_", " ")


def _mask(sample: Sample, table: ClassTable) -> ClassMask:
    try:
        with open_picture(sample.path) as picture:
            size = picture.width, picture.height
    except PictureError as error:
        raise bad(sample.path, "", f"{error}") from None
    if sample.truth is None:
        return ClassMask(*size)
    pixels, palette = read_png(sample.truth)
    grey = np.array(palette or BLACK_AND_WHITE).max(axis=1)
    bright = np.take(grey, pixels) > 127 if pixels.ndim == 2 else pixels.max(axis=2) > 127
    if bright.shape != size[::-1]:
        found = f"{bright.shape[1]} × {bright.shape[0]}"
        raise bad(sample.truth, "", f"it is {found} px, but its picture is {size[0]} × {size[1]}; both must be alike.")
    name = sample.defect_class if table.named(sample.defect_class) else class_name(sample.defect_class)
    return mask_from_array(bright.astype(np.uint8) * np.uint8(table.value_of(name, file=sample.truth)))
