"""Training a model: sound metal in, a detector fitted on it, and the threshold from sound metal the detector never saw.

Held-out scores are cross-fitted (cross-conformal prediction, Vovk 2015): with few boards every sound pad still counts for the
threshold, and the model still learns from all of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import padscope
from padscope import configs
from padscope.boards.kinds import KINDS
from padscope.boards.layout import Layout
from padscope.boards.pose import Pose, find_pose
from padscope.calibration import Calibration, calibrated, calibrated_by_group, fewest_scores
from padscope.datasets import folders
from padscope.datasets.board_tiles import BoardTiles, PosedBoard
from padscope.datasets.more_tiles import MoreTiles
from padscope.datasets.picture_tiles import FolderTiles
from padscope.detectors import registry
from padscope.detectors.base import Arrays, Detector
from padscope.errors import InputError, PoseError, UsageError
from padscope.nets import devices
from padscope.pictures.picture import Picture, open_picture
from padscope.store.artifacts import Model
from padscope.tiling import ALIGN
from padscope.types import Progress, TileSource, Work, relayed
from padscope.workflows.gpu_or_cpu import GpuOrCpu
from padscope.workflows.scoring import Preparation, heat_over, worst
from padscope.workflows.sight import sight_of

FOLDS = 4
"""Into how many parts sound metal is divided; each is judged by a detector that learned from the others."""
ENOUGH_ABOVE = 2
"""Held-out scores of one fold expected above the threshold; with these the other folds would mostly cost time."""
FALSE_ALARMS = 0.05
"""Share of sound pads that a person is willing to look at in vain."""
FEWEST = 10
WHOLE_PX = 640
"""Pictures up to this size are one tile: with halos as wide as the network sees, cutting changes nothing but the time."""
INPUT_PX = 320
"""Sets of such pictures are brought to this size."""

Unit = tuple[str, str]
"""What is held out as a whole: (board, pad), or (picture, "")."""


def train_on_boards(
    pictures: Sequence[Path],
    layout: Layout,
    *,
    detector: str = "patchcore",
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    false_alarms: float = FALSE_ALARMS,
    confidence: float | None = None,
    thresholds_by: str = "all",
    copies: int = 0,
) -> Work[Model]:
    """A model of sound pads from pictures of sound boards. `thresholds_by` names in `KINDS` which pads share a threshold;
    `copies` of every pad, altered, are learned from too.
    PoseError where a board is not found in its picture."""
    kind = registry.detector(detector)
    config: object = configs.configured(kind.Config, settings or {})
    boards = yield from posed_boards(pictures, layout)
    pads: list[Unit] = [(b.name, c.pad.id) for b in boards for c in b.cuts(layout) if c.seen]

    def source(some: Collection[Unit]) -> TileSource:
        return BoardTiles(boards, layout, leave_out=set(pads) - set(some))

    kind_of, promise = KINDS[thresholds_by], Promise(false_alarms, confidence)
    kinds = {f"{board}/{pad}": kind_of(layout.pad[pad]) for board, pad in pads}
    course = _Course(kind, config, pads, source, "pads", seed, devices.chosen(device), promise, kinds, copies=copies)
    um_per_px = float(np.median([1 / b.um_to_px.scale for b in boards]))
    preparation = Preparation("pads", um_per_px=um_per_px, thresholds_by=thresholds_by)
    facts = {"layout": layout.name, "layout_sha256": layout.sha256, "boards": [b.name for b in boards]}
    return (yield from _trained(course, preparation, facts))


def train_on_tiles(
    root: Path,
    *,
    detector: str = "patchcore",
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    false_alarms: float = FALSE_ALARMS,
    confidence: float | None = None,
    input_px: int | None = None,
    copies: int = 0,
) -> Work[Model]:
    """A model of the sound pictures in `root/train/good`, brought to `input_px` first (0: as they are; None: INPUT_PX where all
    of them are at most WHOLE_PX large); `copies` of every picture, altered, are learned from too."""
    kind = registry.detector(detector)
    config: object = configs.configured(kind.Config, settings or {})
    paths: dict[Unit, Path] = {(s.path.name, ""): s.path for s in folders.training_samples(root)}

    if input_px is None:
        input_px = INPUT_PX if largest_side(list(paths.values())) <= WHOLE_PX else 0
    if input_px % ALIGN or input_px < 0:
        raise UsageError(
            f"The input size must be a multiple of {ALIGN} px, or 0 for the pictures' own, not {input_px}."
        )
    preparation = Preparation("pictures", um_per_px=None, tile_px=WHOLE_PX, input_px=input_px, places="picture")

    def source(some: Collection[Unit]) -> TileSource:
        chosen = [paths[u] for u in sorted(some)]
        return FolderTiles(chosen, open_picture, tile=WHOLE_PX, halo=kind.halo, input_px=preparation.input_px)

    def scored(fitted: Detector, some: Collection[Unit]) -> Iterator[tuple[str, float]]:
        for unit in sorted(some):
            with open_picture(paths[unit]) as picture:
                yield unit[0], float(np.nanmax(heat_over(fitted, preparation, picture, unit[0])))

    promise = Promise(false_alarms, confidence)
    course = _Course(
        kind,
        config,
        list(paths),
        source,
        "pictures",
        seed,
        devices.chosen(device),
        promise,
        scored=scored,
        copies=copies,
    )
    return (yield from _trained(course, preparation, {"folder": root.name}))


@dataclass(frozen=True, slots=True)
class Promise:
    """What the threshold is to keep: at most this share of sound ones flagged, and how surely (None: in the mean)."""

    share: float
    confidence: float | None = None


@dataclass(frozen=True)
class _Course:
    """Everything a training needs to know; `source` gives the tiles of some units, `kinds` the kind of a unit's tile by its
    name where kinds have thresholds of their own; `scored` gives the scores of units where they are not the worst of a tile."""

    kind: type[Detector]
    config: object
    units: Sequence[Unit]
    source: Callable[[Collection[Unit]], TileSource]
    unit_word: str
    seed: int
    device: str
    promise: Promise
    kinds: Mapping[str, str] = field(default_factory=dict)
    scored: Callable[[Detector, Collection[Unit]], Iterator[tuple[str, float]]] | None = None
    copies: int = 0  # altered ones of each tile to learn from; never of those held out


def _trained(course: _Course, preparation: Preparation, facts: Mapping[str, Any]) -> Work[Model]:
    """Every held-out score comes from a detector that never saw that unit. Where one fold is enough, its detector is the model;
    else the model learns from all units, and the folds only say what such a detector gives on metal it has not seen."""
    folds = drawn_folds(course.units, FOLDS, course.seed)
    rounds = 1 if _enough(course, len(folds[0])) else FOLDS
    scores: list[tuple[str, float]] = []
    running = GpuOrCpu(course.device)
    for k in range(rounds):
        learned = set(course.units) - set(folds[k])
        part = partial(_fold, course, learned, folds[k], f"fold {k + 1} of {rounds}: ")
        arrays, own = yield from running.done(part)
        scores += own
    if rounds > 1:
        learned = set(course.units)
        arrays, _ = yield from running.done(partial(_fold, course, learned, (), ""))
    return Model(
        detector=course.kind.name,
        detector_version=course.kind.version,
        config=configs.values_of(course.config),
        calibration=_calibrated(course, scores),
        preparation=asdict(preparation),
        facts={
            **facts,
            "unit": course.unit_word,
            "learned_from": len(learned),
            "held_out": len(scores),
            "folds": rounds,
            "copies": course.copies,
            "seed": course.seed,
            "trained_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "software": f"padscope {padscope.__version__}",
            "notes": list(running.notes),
        },
        arrays=arrays,
    )


def _fold(
    course: _Course, learned: Collection[Unit], held_out: Collection[Unit], told: str, device: str
) -> Work[tuple[Arrays, list[tuple[str, float]]]]:
    """A detector that learned from some units, as arrays that need no device, and what it gives others."""
    fitted = yield from relayed(_fit(course, learned, device), _told(told))
    scores = (yield from _scores(course, fitted, held_out)) if held_out else []
    return fitted.to_arrays(), scores


def _fit(course: _Course, units: Collection[Unit], device: str) -> Work[Detector]:
    source = course.source(units)
    if course.copies:
        source = MoreTiles(source, course.copies, seed=course.seed)
    return (yield from course.kind.fit(course.config, source, seed=course.seed, device=device))


def _enough(course: _Course, held_out: int) -> bool:
    """Whether one fold alone can carry the threshold, or the thresholds of all kinds."""
    promise, kinds = course.promise, max(len(set(course.kinds.values())), 1)
    each = held_out / kinds
    return each * promise.share >= ENOUGH_ABOVE and each >= fewest_scores(promise.share, promise.confidence)


def _calibrated(course: _Course, scores: Sequence[tuple[str, float]]) -> Calibration:
    """From (name of a unit's tile, its worst heat)."""
    share, confidence = course.promise.share, course.promise.confidence
    if len(set(course.kinds.values())) < 2:
        return calibrated((s for _, s in scores), share, confidence)
    by_kind: dict[str, list[float]] = {}
    for name, score in scores:
        by_kind.setdefault(course.kinds[name], []).append(score)
    return calibrated_by_group(by_kind, share, confidence)


def _scores(course: _Course, fitted: Detector, units: Collection[Unit]) -> Work[list[tuple[str, float]]]:
    """The worst heat of each unit; a picture cut into several tiles is as bad as its worst one."""
    stage = f"calibrating on held-out sound {course.unit_word}"
    if course.scored is not None:
        scores = []
        for one in course.scored(fitted, units):
            scores.append(one)
            yield Progress(len(scores), len(units), stage)
        return scores
    found: dict[str, float] = {}
    source = course.source(units)
    for tiles in source:
        yield Progress(len(found), len(source), stage)
        for name, score in zip(tiles.names, worst(fitted, tiles), strict=True):
            found[name] = max(found.get(name, 0.0), float(score))
    return list(found.items())


def drawn_folds(units: Sequence[Unit], count: int, seed: int) -> list[list[Unit]]:
    """Equal parts, seeded; whole boards together where there are enough boards, because pads of one board share its light.
    The largest part comes first."""
    if len(units) < FEWEST:
        raise InputError(
            f"Training needs at least {FEWEST} sound tiles, because some are held out for the threshold, but there "
            f"{'is 1' if len(units) == 1 else f'are {len(units)}'}; add pictures of sound metal."
        )
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit[0], []).append(unit)
    parts = list(groups.values()) if len(groups) >= count else [[u] for u in units]
    order = np.random.default_rng(seed).permutation(len(parts))
    folds = [[u for i in order[k::count] for u in parts[i]] for k in range(count)]
    return sorted(folds, key=len, reverse=True)


def _told(prefix: str) -> Callable[[Progress], Progress]:
    return lambda step: Progress(step.done, step.total, prefix + step.stage)


def posed_boards(pictures: Sequence[Path], layout: Layout) -> Work[list[PosedBoard]]:
    """The board found in each picture; two pictures may share a name, so a board is named by its place in the list too."""
    if not pictures:
        raise InputError("Training needs at least one picture of a sound board.")
    boards = []
    for i, path in enumerate(pictures):
        yield Progress(i, len(pictures), "finding the boards")
        with open_picture(path) as picture:
            pose = _found(picture, layout, Path(path).name)
            name = f"{i + 1}:{Path(path).stem}"
            size = picture.width, picture.height
            hidden = frozenset(sight_of(picture, layout, pose.um_to_px).hidden)
            near = pose.near_pads(layout)
            boards.append(PosedBoard(name, _Opener(Path(path)), pose.um_to_px, *size, hidden, near))
    return boards


def _found(picture: Picture, layout: Layout, name: str) -> Pose:
    try:
        return find_pose(picture, layout)
    except PoseError as error:
        raise PoseError(f"{name}: {error}") from error  # which of the many pictures it was


def largest_side(paths: Sequence[Path]) -> int:
    """px, over all pictures; only their heads are read where the format has one."""
    largest = 0
    for path in paths:
        with open_picture(path) as picture:
            largest = max(largest, picture.width, picture.height)
    return largest


class _Opener:
    """Opens one picture, again and again; a class because a function made in a loop would remember the loop's last path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> Any:
        return open_picture(self._path)
