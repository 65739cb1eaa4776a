"""What workers bring home: plain values for the window, so that it never has to import what made them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, Verdict
from padscope.boards.rules import Rules
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
    pages: int = 1


@dataclass(frozen=True, slots=True)
class BarCard:
    """A scale bar burned into a picture: its ends, px."""

    left: tuple[float, float]
    right: tuple[float, float]

    @property
    def length_px(self) -> float:
        return math.dist(self.left, self.right)


@dataclass(frozen=True)
class Thumbnail:
    """A picture (h, w, 3) uint8 RGB small enough for a list."""

    card: PictureCard
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MappedLevels:
    """A picture at falling sizes, as it lies in the picture cache: one plain file per level, for `np.memmap`.

    files   one per level, the largest first; before everything is decoded the largest may be missing (`complete` is False)
    shapes  (h, w, channels) of each, 1 channel for grey
    span    the values that are shown black and white: all of 8 bits; of 16 bits, what the picture uses
    """

    card: PictureCard
    files: tuple[Path, ...]
    shapes: tuple[tuple[int, int, int], ...]
    dtype: str
    span: tuple[float, float]
    complete: bool

    def arrays(self) -> list[NDArray[np.integer]]:
        """Read-only, uint8 or uint16; the files stay mapped while one of them lives. OSError where the cache was emptied."""
        pairs = zip(self.files, self.shapes, strict=True)
        return [np.memmap(file, np.dtype(self.dtype), "r", shape=shape) for file, shape in pairs]


@dataclass(frozen=True)
class Enhanced:
    """A part of a picture made easier to look at: (h, w, 3) uint8, and its edges x0, y0, x1, y1 in picture px."""

    pixels: NDArray[np.uint8]
    edges: tuple[float, float, float, float]


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
    notes         what is to be said of its training: that the GPU failed
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
    notes: tuple[str, ...] = ()

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
    others: tuple[NDArray[np.float32], ...] = ()  # the levels of the board's further pictures


@dataclass(frozen=True)
class JudgedBoard:
    """What is judged again while the threshold moves; `near` is by pad the pose right around it, where the picture is bent. Of a
    board that several pictures show, the layout has only the pads of this picture, `further` are the other pictures and `order`
    names all pads."""

    level: NDArray[np.float32]
    layout: Layout
    um_to_px: Affine
    picture_size: tuple[int, int]
    painting: Painting | None = None
    near: Mapping[str, Affine] = field(default_factory=dict)
    rules: Rules | None = None  # None: the standard ones
    further: tuple[JudgedBoard, ...] = ()
    order: tuple[str, ...] = ()


def judged_board(
    pad_map: PadMap,
    layout: Layout,
    looks: Sequence[tuple[NDArray[np.float32], Painting | None]],
    rules: Rules | None,
) -> JudgedBoard:
    """`looks`: the level of every picture of the map, in its order, with what is painted on it."""
    poses = (pad_map.um_to_px, *(o.um_to_px for o in pad_map.others))
    parts = []
    for k, ((level, painting), facts) in enumerate(zip(looks, pad_map.pictures(), strict=True)):
        own = layout
        if pad_map.others:
            own = replace(layout, pads=tuple(p for p in layout.pads if pad_map.place(p.id).picture == k))
        near = {pad: place.um_to_px for pad, place in pad_map.places.items() if place.picture == k}
        parts.append(JudgedBoard(level, own, poses[k], (facts.width_px, facts.height_px), painting, near, rules))
    return replace(parts[0], further=tuple(parts[1:]), order=tuple(p.id for p in layout.pads))


@dataclass(frozen=True)
class RulesTried:
    """What other rules would change: all boards in one sentence, then those that change."""

    words: str
    boards: tuple[str, ...]


@dataclass(frozen=True)
class DefectsWeighed:
    """Painted defects under a model: how many pads on how many boards, and the level of the weakest at the shipped threshold."""

    pads: int
    boards: int
    weakest: float = 0.0
    where: str = ""


def kept_unknown(before: tuple[PadResult, ...], after: tuple[PadResult, ...], ratio: float) -> tuple[PadResult, ...]:
    """Verdicts at another threshold, `ratio` times the one before, but what could not be judged stays UNKNOWN with its reasons:
    a blurred pad is no clearer at another threshold, and judging again does not look at the picture."""
    unknown = {p.pad: p for p in before if p.verdict is Verdict.UNKNOWN}
    return tuple(_scaled(unknown[p.pad], ratio) if p.pad in unknown else p for p in after)


def _scaled(pad: PadResult, ratio: float) -> PadResult:
    return replace(pad, level=None if pad.level is None else pad.level / ratio)


@dataclass(frozen=True)
class Placed:
    """A layout and how it lies over a picture; `doubtful` pads are worth a look."""

    layout: Layout
    um_to_px: Affine
    words: str
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """What of a file was chosen as a layout (None, and why), and its layers and nets with the number of shapes on each. `whole`:
    a layout already, from which nothing is chosen. `left_out`: layers that hold no pads by what the file itself says."""

    path: Path
    layout: Layout | None
    refusal: str
    layers: tuple[tuple[str, int], ...]
    nets: tuple[tuple[str, int], ...]
    whole: bool = False
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """A small board, drawn: sound pictures, one with blemishes, and their layout."""

    pictures: tuple[Path, ...]
    layout: Path
