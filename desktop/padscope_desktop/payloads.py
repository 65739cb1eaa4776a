"""What workers bring home: plain values for the window, so that it never has to import what made them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.configs import Setting
from padscope.types import Affine, Scale

if TYPE_CHECKING:
    from padscope.workflows.painting import Painting


@dataclass(frozen=True, slots=True)
class PictureCard:
    """What is known of a picture without decoding it; `sha256` only where it was asked for."""

    path: Path
    width: int
    height: int
    bits: int
    format: str
    scale: Scale
    sha256: str = ""
    size_bytes: int = 0
    scale_conflict: str = ""
    microscope: str = ""


@dataclass(frozen=True)
class Thumbnail:
    """A picture (h, w, 3) uint8 RGB small enough for a list."""

    card: PictureCard
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MappedLevels:
    """A picture at falling sizes in one file of raw uint8 RGB, one array (h, w, 3) after another, for `np.memmap`."""

    file: Path
    shapes: tuple[tuple[int, int, int], ...]

    def arrays(self) -> list[NDArray[np.uint8]]:
        """Read-only views; the file stays mapped while one of them lives."""
        whole = np.memmap(self.file, dtype=np.uint8, mode="r")
        starts = np.cumsum([0, *(h * w * c for h, w, c in self.shapes)]).tolist()
        pairs = zip(starts[:-1], starts[1:], self.shapes, strict=True)
        return [whole[a:b].reshape(shape) for a, b, shape in pairs]


@dataclass(frozen=True, slots=True)
class Device:
    """What the networks run on, in words for a person."""

    words: str
    is_gpu: bool


@dataclass(frozen=True)
class ModelCard:
    """A model file, with what the threshold panel needs of it.

    sound_levels  (n,) float32 ascending: the worst level of each held-out sound pad, 1.0 at the shipped threshold
    unit          what those were: “pads” or “pictures”
    """

    path: Path
    detector: str
    sha256: str
    size_bytes: int
    trained_at: str
    learned_from: int
    unit: str
    layout: str
    boards: tuple[str, ...]
    rule: str
    sound_levels: NDArray[np.float32]

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class DetectorCard:
    name: str
    family: str
    summary: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Inspected:
    """One inspection. `level` (ceil(H / 8), ceil(W / 8)) float32, NaN where nothing was inspected."""

    pad_map: PadMap
    level: NDArray[np.float32]
    seconds: float
    device: str


@dataclass(frozen=True)
class JudgedBoard:
    """What is judged again while the threshold moves."""

    level: NDArray[np.float32]
    layout: Layout
    um_to_px: Affine
    picture_size: tuple[int, int]
    painting: Painting | None = None


def kept_unknown(before: tuple[PadResult, ...], after: tuple[PadResult, ...], ratio: float) -> tuple[PadResult, ...]:
    """Verdicts at another threshold, `ratio` times the one before, but what could not be judged stays UNKNOWN with its reasons:
    a blurred pad is no clearer at another threshold, and judging again does not look at the picture."""
    unknown = {p.pad: p for p in before if p.verdict is Verdict.UNKNOWN}
    return tuple(_scaled(unknown[p.pad], ratio) if p.pad in unknown else p for p in after)


def _scaled(pad: PadResult, ratio: float) -> PadResult:
    return replace(pad, level=None if pad.level is None else pad.level / ratio)


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """A small board, drawn: sound pictures, one with blemishes, and their layout."""

    pictures: tuple[Path, ...]
    layout: Path
