"""From a model and a picture to level: cut, score, lay back, divide by the threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from padscope import calibration, configs, tiling
from padscope.boards.kinds import KINDS
from padscope.calibration import Calibration
from padscope.datasets.pad_tiles import PadCut, pad_batches
from padscope.datasets.picture_tiles import on_picture, picture_tiles, resized_tiles, whole
from padscope.detectors import registry
from padscope.detectors.base import Detector
from padscope.detectors.smoothing import SIGMAS
from padscope.errors import ModelError
from padscope.nets import devices
from padscope.nets.backbone import HALO_PX, Backbone
from padscope.nets.reach import align_px, reach_px
from padscope.store.artifacts import Model
from padscope.types import Affine, Floats, Progress, Tiles, Work
from padscope.workflows.gpu_or_cpu import GpuOrCpu

SCALE_TOLERANCE = 0.25
"""How much finer or coarser than in training a picture may be before its texture is another one."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How tiles were cut for a model, kept in its file: a model only works on tiles cut the same way."""

    kind: str  # "pads" or "pictures"
    um_per_px: float | None
    tile_px: int = 640
    input_px: int = 0  # pictures are brought to this size; 0 is their own
    mirrored: bool = True
    places: str = "tile"  # what a place is one of, in pictures that are cut: a "tile" (models of old), or the "picture"
    thresholds_by: str = "all"  # which pads share a threshold (`boards.kinds.KINDS`)


@dataclass(frozen=True)
class ReadyModel:
    """A model opened for work: its detector on a device, and what turns its heat into level."""

    detector: Detector
    calibration: Calibration
    preparation: Preparation


def ready(model: Model, device: str) -> ReadyModel:
    """ModelError where the file is of a detector this program does not have, or speaks of tiles it cannot cut."""
    kind = registry.detector(model.detector)
    try:
        preparation = Preparation(**model.preparation)
        KINDS[preparation.thresholds_by]
    except (TypeError, KeyError):
        raise ModelError("The model was made for tiles this version does not know; train it again.") from None
    config: object = configs.configured(kind.Config, model.config)
    return ReadyModel(kind.from_arrays(config, model.arrays, device=device), model.calibration, preparation)


class Scorer:
    """A model that scores picture after picture; where its GPU fails, the CPU does that picture again and all further ones."""

    def __init__(self, model: Model, device: str) -> None:
        self._model = model
        self._running = GpuOrCpu(device)
        self._ready: dict[str, ReadyModel] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        return self._running.notes

    def heat(self, picture: Any, name: str) -> Work[NDArray[np.float32]]:
        """Of a whole picture, as `picture_heat` gives it."""
        return (yield from self._running.done(lambda device: self._heat(device, picture, name)))

    def pads(self, picture: Any, cuts: list[PadCut], um_to_px: Affine, name: str) -> Work[dict[str, float]]:
        """The worst heat of every pad, as `pad_scores` gives it."""
        return (
            yield from self._running.done(lambda device: pad_scores(self._on(device), picture, cuts, um_to_px, name))
        )

    def _heat(self, device: str, picture: Any, name: str) -> Work[NDArray[np.float32]]:
        yield from ()
        return picture_heat(self._on(device), picture, name)

    def _on(self, device: str) -> ReadyModel:
        if device not in self._ready:
            self._ready = {device: ready(self._model, device)}  # what a failed GPU holds is let go
        return self._ready[device]


def worst(detector: Detector, tiles: Tiles) -> NDArray[np.float32]:
    """The largest heat inside each tile, (N,): the score that calibration and evaluation speak of."""
    heat = heat_of(detector, tiles)
    return np.where(tiling.cells_inside(tiles.inside, detector.stride), heat, -np.inf).max(axis=(1, 2))


def heat_of(detector: Detector, tiles: Tiles) -> Floats:
    """`detector.score`; of half as many tiles at a time where a GPU's memory does not hold what it needs for all of them."""
    try:
        return detector.score(tiles)
    except RuntimeError as error:
        if len(tiles) == 1 or not devices.is_full(error):
            raise
    middle = len(tiles) // 2
    return np.concatenate([heat_of(detector, tiles.some(part)) for part in (slice(middle), slice(middle, None))])


def pad_level(
    ready: ReadyModel, picture: Any, cuts: list[PadCut], um_to_px: Affine, name: str
) -> Work[NDArray[np.float32]]:
    """Level over a board's pads: one value per 8 px cell of the picture, NaN where nothing was inspected. Each pad's heat is
    divided by the threshold of its kind."""
    grid = np.full(tiling.grid_shape(picture.width, picture.height), np.nan, dtype=np.float32)
    refuse_other_scale(ready.preparation, um_to_px)
    kind_of = KINDS[ready.preparation.thresholds_by]
    seen = [c for c in cuts if c.seen]
    done = 0
    for some, tiles in pad_batches(picture, seen, um_to_px, name=name, mirrored=ready.preparation.mirrored):
        yield Progress(done, len(seen), "inspecting pads")
        heat = cell_heat(ready.detector, tiles)
        keep = tiling.cells_inside(tiles.inside)
        for k, c in enumerate(some):
            own = calibration.for_group(ready.calibration, kind_of(c.pad))
            tiling.lay(grid, calibration.level(heat[k], own), keep[k], c.box)
        done += len(some)
    yield Progress(done, len(seen), "inspecting pads")
    return grid


def pad_scores(
    ready: ReadyModel, picture: Any, cuts: list[PadCut], um_to_px: Affine, name: str
) -> Work[dict[str, float]]:
    """The worst heat of every pad that is seen, as calibration counts it."""
    refuse_other_scale(ready.preparation, um_to_px)
    seen = [c for c in cuts if c.seen]
    found: dict[str, float] = {}
    for some, tiles in pad_batches(picture, seen, um_to_px, name=name, mirrored=ready.preparation.mirrored):
        yield Progress(len(found), len(seen), "scoring pads")
        found |= {c.pad.id: float(s) for c, s in zip(some, worst(ready.detector, tiles), strict=True)}
    return found


def picture_heat(ready: ReadyModel, picture: Any, name: str) -> NDArray[np.float32]:
    """Heat over a whole picture, one value per 8 px cell."""
    return heat_over(ready.detector, ready.preparation, picture, name)


def heat_over(detector: Detector, preparation: Preparation, picture: Any, name: str) -> NDArray[np.float32]:
    """The same for a detector that has no threshold yet."""
    if preparation.input_px:
        tiles = resized_tiles([whole(picture)], [name], preparation.input_px)
        return on_picture(cell_heat(detector, tiles)[0], picture.width, picture.height)
    grid = np.full(tiling.grid_shape(picture.width, picture.height), np.nan, dtype=np.float32)
    of_picture = preparation.places == "picture"
    reach = blur_reach_px(detector) if of_picture else 0
    halo, align = context_px(detector)
    for plan, given in picture_tiles(picture, name, tile=preparation.tile_px, halo=halo + reach, align=align):
        tiles = given if of_picture else replace(given, places=None)
        keep = tiling.cells_inside(tiles.inside)[0]
        seen = plan.core.grown(reach).clipped(picture.width, picture.height)
        tiles.inside[0][seen.shifted(-plan.outer.x0, -plan.outer.y0).slices] = True
        tiling.lay(grid, cell_heat(detector, tiles)[0], keep, plan.outer)
    return grid


def context_px(detector: Detector) -> tuple[int, int]:
    """The halo that this detector's own network needs, where the class only knows that of the default one; and of what tiles
    begin and end at multiples."""
    backbone: Backbone | None = getattr(getattr(detector, "view", detector), "backbone", None)
    if backbone is None:
        return detector.halo, tiling.ALIGN
    seen = reach_px(backbone, int(getattr(detector.config, "neighbourhood", 1)))
    return detector.halo - HALO_PX + seen, align_px(backbone)


def blur_reach_px(detector: Detector) -> int:
    """How far heat is blurred: a tile's neighbours must be judged as far, or a cut through the picture shows in its heat."""
    sigma = float(getattr(detector.config, "blur", 0))
    return math.ceil(SIGMAS * sigma + 0.5) * tiling.CELL if sigma else 0


def cell_heat(detector: Detector, tiles: Tiles) -> Floats:
    """The detector's heat on the 8 px cells of the picture, whatever its own stride is: the worst of finer cells, coarser ones
    repeated."""
    heat = heat_of(detector, tiles)
    if detector.stride < tiling.CELL:
        n, (h, w), k = len(heat), heat.shape[1:], tiling.CELL // detector.stride
        return heat.reshape(n, h // k, k, w // k, k).max(axis=(2, 4))
    repeat = detector.stride // tiling.CELL
    return heat.repeat(repeat, axis=1).repeat(repeat, axis=2)


def refuse_other_scale(preparation: Preparation, um_to_px: Affine) -> None:
    """ModelError where a picture's pixels are of another size than those the model learned from."""
    here, then = 1 / um_to_px.scale, preparation.um_per_px
    if then is not None and not 1 - SCALE_TOLERANCE < here / then < 1 + SCALE_TOLERANCE:
        raise ModelError(
            f"The picture has {here:.3g} µm per pixel but the model was trained at {then:.3g}; take the picture with the "
            "magnification of the training pictures, or train a model for this one."
        )
