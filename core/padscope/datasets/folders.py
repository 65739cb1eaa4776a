"""Tile sets in MVTec-AD folders: `train/good`, `test/CLASS` and `ground_truth/CLASS/NAME_mask.png`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from padscope.datasets.tile_plan import GOOD
from padscope.errors import InputError
from padscope.types import Mask

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of a tile set; `truth` is its mask file, None for sound ones."""

    path: Path
    defect_class: str  # "good" for sound
    truth: Path | None = None

    @property
    def sound(self) -> bool:
        return self.defect_class == GOOD


def training_samples(root: Path) -> list[Sample]:
    """The sound pictures of `root/train/good`, by name; InputError where there are none."""
    folder = root / "train" / GOOD
    return [Sample(p, GOOD) for p in _pictures(folder, f"{root} needs sound pictures in train/good")]


def test_samples(root: Path) -> list[Sample]:
    """Everything under `root/test`, by class and name; InputError where a defective picture has no mask."""
    classes = sorted(p.name for p in _listed(root / "test") if p.is_dir())
    samples = []
    for name in classes:
        for path in _pictures(root / "test" / name, f"{root} has no pictures in test/{name}"):
            samples.append(Sample(path, name, None if name == GOOD else _mask_of(root, name, path)))
    if not samples:
        raise InputError(f"{root} holds no test pictures; put them into test/good and test/CLASS.")
    return samples


def read_truth(sample: Sample, width: int, height: int) -> Mask:
    """The sample's mask (height, width); all False for a sound one. Grey fringes count as defect above half."""
    if sample.truth is None:
        return np.zeros((height, width), dtype=bool)
    mask = cv2.imdecode(np.fromfile(sample.truth, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise InputError(f"The mask {sample.truth} is not a picture; write it again as an 8-bit PNG.")
    if mask.shape != (height, width):
        raise InputError(
            f"The mask {sample.truth} is {mask.shape[1]} × {mask.shape[0]} px but its picture is {width} × {height} px; "
            "both must have the same size."
        )
    return np.asarray(mask > 127)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as problem:
        raise InputError(f"The folder {folder} cannot be read ({problem.strerror}); check its name.") from problem


def _pictures(folder: Path, otherwise: str) -> list[Path]:
    found = [p for p in _listed(folder) if p.suffix.lower() in SUFFIXES]
    if not found:
        raise InputError(f"{otherwise} ({', '.join(SUFFIXES)}), and {folder} holds none.")
    return found


def _mask_of(root: Path, defect_class: str, path: Path) -> Path:
    mask = root / "ground_truth" / defect_class / f"{path.stem}_mask.png"
    if not mask.is_file():
        raise InputError(f"The test picture {path} has no mask; it should be {mask}.")
    return mask
