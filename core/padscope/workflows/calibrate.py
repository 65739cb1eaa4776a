"""Another threshold for a model that is trained: from its held-out sound scores, or from labelled defects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from padscope import calibration
from padscope.boards.layout import Layout
from padscope.boards.pose import find_pose
from padscope.calibration import NO_MISS_MARGIN, Calibration, calibrated_without_misses, expected_misses, share_interval
from padscope.datasets import folders
from padscope.datasets.board_tiles import BORDER_PX
from padscope.datasets.pad_tiles import pad_cuts
from padscope.errors import InputError
from padscope.nets import devices
from padscope.pictures.picture import open_picture
from padscope.store.artifacts import Model
from padscope.types import Progress, Work, relayed
from padscope.workflows.evaluate import board_names, read_board_truth
from padscope.workflows.scoring import Scorer
from padscope.workflows.sight import sight_of


def recalibrated(model: Model, share: float, confidence: float | None = None) -> Model:
    """The same detector with another promise, from the scores it was calibrated with."""
    return replace(model, calibration=calibration.recalibrated(model.calibration, share, confidence))


def calibrated_on_tiles(
    model: Model, root: Path, *, margin: float = NO_MISS_MARGIN, device: str = "auto"
) -> Work[Model]:
    """A threshold below every defective picture of `root/test`."""
    scorer = Scorer(model, devices.chosen(device))
    samples = [s for s in folders.test_samples(root) if not s.sound]
    scores = []
    for i, sample in enumerate(samples):
        yield Progress(i, len(samples), "scoring labelled defects")
        with open_picture(sample.path) as picture:
            heat = yield from scorer.heat(picture, sample.path.name)
        scores.append(float(np.nanmax(heat)))
    return _noted(_without_misses(model, scores, str(root), margin), scorer.notes)


def calibrated_on_boards(
    model: Model,
    layout: Layout,
    folder: Path,
    *,
    margin: float = NO_MISS_MARGIN,
    device: str = "auto",
    names: tuple[str, ...] = (),
) -> Work[Model]:
    """A threshold below every defective pad of the boards in a folder (or those of them that are named)."""
    scorer = Scorer(model, devices.chosen(device))
    boards = board_names(folder, names)
    scores: list[float] = []
    for i, name in enumerate(boards):
        truth = read_board_truth(folder, name)
        with open_picture(truth.picture) as picture:
            pose = find_pose(picture, layout)
            hidden = sight_of(picture, layout, pose.um_to_px).hidden
            size = picture.width, picture.height
            cuts = pad_cuts(layout, pose.um_to_px, *size, BORDER_PX, pose.near_pads(layout))
            defective = [c for c in cuts if truth.pads.get(c.pad.id) and c.pad.id not in hidden]
            work = scorer.pads(picture, defective, pose.um_to_px, name)
            scores += (yield from relayed(work, _one_of(i, len(boards), name))).values()
    return _noted(_without_misses(model, scores, str(folder), margin), scorer.notes)


def in_words(found: Calibration, unit: str) -> str:
    """What a threshold promises and costs, for a person."""
    low, high = share_interval(found)
    words = (
        f"The threshold is {found.rule}; about {found.false_alarm_share:.1%} of sound {unit} will be flagged "
        f"(95 % interval {low:.1%} – {high:.1%}, from {found.held_out} held out)"
    )
    missed = expected_misses(found)
    if missed is None:
        return words + "."
    return f"{words}; of defects like the {len(found.defects)} labelled ones at most about {missed:.1%} will be missed."


def _without_misses(model: Model, scores: Iterable[float], where: str, margin: float) -> Model:
    defects = list(scores)
    if not defects:
        raise InputError(f"{where} holds no labelled defect; label some, or calibrate with --false-alarms alone.")
    return replace(model, calibration=calibrated_without_misses(model.calibration.sound, defects, margin))


def _noted(model: Model, notes: Iterable[str]) -> Model:
    """With what is to be said of how it was calibrated, after what was said of its training."""
    return replace(model, facts={**model.facts, "notes": [*model.facts.get("notes", ()), *notes]})


def _one_of(i: int, count: int, name: str) -> Callable[[Progress], Progress]:
    return lambda step: Progress(i * step.total + step.done, count * step.total, f"{name}: {step.stage}")
