"""How good a model is, against truth: tile sets with masks, or boards with masks, poses and a truth per pad."""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from padscope import metrics
from padscope.boards.layout import Layout
from padscope.boards.pad_map import Landing
from padscope.boards.reasons import foot_polygon
from padscope.boards.rules import Rules
from padscope.datasets import folders
from padscope.errors import InputError
from padscope.nets import devices
from padscope.pictures.picture import open_picture
from padscope.store.artifacts import Model
from padscope.tiling import CELL
from padscope.types import Affine, Box, Floats, Mask, Progress, Work, relayed
from padscope.workflows.inspect import GPU_FAILED, Inspector
from padscope.workflows.scoring import Scorer


def evaluate_on_tiles(model: Model, root: Path, *, device: str = "auto") -> Work[dict[str, Any]]:
    """Image and pixel metrics over `root/test`, as `cli.md` names them."""
    threshold = model.calibration.threshold
    scorer = Scorer(model, devices.chosen(device))
    samples = folders.test_samples(root)
    scores, seconds = [], 0.0
    pixels = metrics.PixelMetrics(threshold=threshold)
    for i, sample in enumerate(samples):
        yield Progress(i, len(samples), "evaluating")
        with open_picture(sample.path) as picture:
            started = time.perf_counter()
            heat = yield from scorer.heat(picture, sample.path.name)
            seconds += time.perf_counter() - started
            truth = folders.read_truth(sample, picture.width, picture.height)
        scores.append(float(np.nanmax(heat)))
        pixels.add(at_pixels(heat, picture.width, picture.height), truth)
    classes = np.array([s.defect_class for s in samples])
    return {
        "image": image_metrics(np.array(scores), classes, threshold),
        "pixel": pixel_metrics(pixels),
        "counts": dict(Counter(classes.tolist())),
        "seconds_per_tile": seconds / len(samples),
        "threshold": threshold,
        "notes": list(scorer.notes),
    }


def image_metrics(scores: Floats, classes: NDArray[np.str_], threshold: float) -> dict[str, Any]:
    """Over whole pictures: at every threshold, and at the shipped one."""
    bad = classes != folders.GOOD
    best = metrics.f1_max(scores, bad)
    return {
        "auroc": metrics.auroc(scores, bad),
        "auroc_interval": metrics.auroc_interval(scores, bad),
        "f1_max": best[0] if best else None,
        "f1": metrics.confusion(scores, bad, threshold).f1,
        "zero_miss_fpr": metrics.zero_miss_fpr(scores, bad),
        "recall_at_5_percent": metrics.recall_at(scores, bad, 0.05),
        "per_class_auroc": metrics.per_class_auroc(scores, classes.tolist(), sound=folders.GOOD),
    }


def pixel_metrics(pixels: metrics.PixelMetrics) -> dict[str, Any]:
    """Over all pixels that were judged."""
    best = pixels.f1_max
    return {
        "auroc": pixels.auroc,
        "f1_max": best[0] if best else None,
        "f1": pixels.f1,
        "aupro": pixels.aupro(),
        "aupimo": pixels.aupimo(),
        "dice": pixels.dice,
    }


@dataclass(frozen=True, slots=True)
class BoardTruth:
    """What is known of one board: which class each pad is of ("" for sound), its defect mask, and its true pose."""

    picture: Path
    pads: Mapping[str, str]
    mask: Mask
    um_to_px: Affine | None


def evaluate_on_boards(
    model: Model, layout: Layout, folder: Path, rules: Rules, *, device: str = "auto", names: tuple[str, ...] = ()
) -> Work[dict[str, Any]]:
    """Metrics per pad, per pixel of the pads, of the landing points and of the pose, over the boards of a folder (or those of
    them that are named) that have a `NAME_truth.csv`."""
    inspector = Inspector(model, layout, rules, device=device)
    boards = board_names(folder, names)
    scores: list[float] = []
    bad: list[bool] = []
    classes: list[str] = []
    pixels = metrics.PixelMetrics(threshold=1.0)
    wires = placed = hit = unseen = 0
    seconds, pose_error = [], [0.0]
    notes: dict[str, None] = {}
    for i, name in enumerate(boards):
        truth = read_board_truth(folder, name)
        refuse_other_pads(folder / f"{name}_truth.csv", truth.pads, layout)
        done = yield from relayed(inspector.inspect(truth.picture), _one_of(i, len(boards), name))
        seconds.append(done.seconds)
        notes |= {note: None for note in done.pad_map.notes if note == GPU_FAILED}
        for pad in done.pad_map.pads:
            if pad.level is None:  # nothing was said of it, neither that it is sound nor that it is not
                unseen += 1
                continue
            scores.append(pad.level)
            classes.append(truth.pads[pad.pad])
            bad.append(classes[-1] != "")
        landings = done.pad_map.landings()
        wires += len(landings)
        placed += sum(x.proposed_um is not None for x in landings)
        um_to_px = truth.um_to_px or done.pad_map.um_to_px
        hit += sum(foot_on_defect(x, um_to_px, truth.mask) for x in landings)
        if truth.um_to_px is not None:
            pose_error.append(largest_pose_error_um(layout, truth.um_to_px, done.pad_map.um_to_px))
        _add_pad_pixels(pixels, done.level, truth.mask, layout, um_to_px)
    s, b = np.array(scores), np.array(bad, bool)
    return {
        "pad": pad_metrics(s, b, np.array(classes)),
        "pixel": pixel_metrics(pixels),
        "landing": {"wires": wires, "placed": placed, "feet_on_defects": hit},
        "pose": {"max_error_um": max(pose_error)},
        "counts": {"boards": len(boards), "pads": len(b), "defective": int(b.sum()), "unseen": unseen},
        "seconds_per_board": float(np.median(seconds)),
        "notes": list(notes),
    }


def pad_metrics(scores: Floats, bad: Mask, classes: NDArray[np.str_]) -> dict[str, Any]:
    """Over pads, by their level; recall and false alarms at the shipped threshold, level 1."""
    shipped = metrics.confusion(scores, bad, 1.0)
    return {
        "auroc": metrics.auroc(scores, bad),
        "auroc_interval": metrics.auroc_interval(scores, bad),
        "recall": shipped.recall,
        "false_alarm_rate": shipped.false_alarm_rate,
        "zero_miss_fpr": metrics.zero_miss_fpr(scores, bad),
        "recall_at_5_percent": metrics.recall_at(scores, bad, 0.05),
        "per_class_recall": {str(c): _share(scores[classes == c] >= 1) for c in np.unique(classes[bad])},
    }


def foot_on_defect(landing: Landing, um_to_px: Affine, mask: Mask) -> bool:
    """Whether the foot, drawn over the mask through the true pose, covers a defective pixel."""
    if landing.proposed_um is None:
        return False
    px = np.round(um_to_px.apply(np.array(foot_polygon(landing, landing.proposed_um)))).astype(np.int32)
    x0, y0 = np.maximum(px.min(axis=0), 0)
    x1, y1 = px.max(axis=0) + 1
    part = mask[y0:y1, x0:x1]
    foot = np.zeros(part.shape, dtype=np.uint8)
    cv2.fillPoly(foot, [px - (x0, y0)], 1)
    return bool((foot.astype(bool) & part).any())


def largest_pose_error_um(layout: Layout, true: Affine, found: Affine) -> float:
    """Over the corners of all pads, µm."""
    corners = np.concatenate([p.corners_um for p in layout.pads])
    return float(np.linalg.norm(true.apply(corners) - found.apply(corners), axis=1).max() / true.scale)


def at_pixels(grid: Floats, width: int, height: int) -> NDArray[np.float32]:
    """A cell grid as one value per pixel, (height, width), bilinear between the centres of the cells."""
    x = (np.arange(width, dtype=np.float32) - (CELL - 1) / 2) / CELL
    y = (np.arange(height, dtype=np.float32) - (CELL - 1) / 2) / CELL
    columns, rows = np.meshgrid(x, y)
    fine = cv2.remap(grid, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return fine.astype(np.float32, copy=False)


def read_board_truth(folder: Path, name: str) -> BoardTruth:
    """`NAME_truth.csv` (pad, defect_class), `NAME_mask.png`, and `NAME_pose.csv` where it exists; InputError otherwise."""
    picture = next((p for suffix in folders.SUFFIXES if (p := folder / f"{name}{suffix}").is_file()), None)
    if picture is None:
        raise InputError(f"{folder} holds {name}_truth.csv but no picture {name}.jpg, .png or .tif beside it.")
    try:
        with (folder / f"{name}_truth.csv").open(newline="", encoding="utf-8") as file:
            pads = {row["pad"]: row["defect_class"] or "" for row in csv.DictReader(file)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(
            f"{folder / f'{name}_truth.csv'} needs the columns pad and defect_class ({problem})."
        ) from problem
    mask = cv2.imdecode(_bytes(folder / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise InputError(f"{folder / f'{name}_mask.png'} is not a picture; write it again as an 8-bit PNG.")
    pose = folder / f"{name}_pose.csv"
    return BoardTruth(picture, pads, mask > 0, _read_pose(pose) if pose.is_file() else None)


def refuse_other_pads(file: Path, pads: Mapping[str, str], layout: Layout) -> None:
    """InputError where a truth names other pads than the layout has."""
    known = {p.id for p in layout.pads}
    if odd := sorted(known - pads.keys()) or sorted(pads.keys() - known):
        where = "the layout has and it does not name" if odd[0] in known else "it names and the layout does not have"
        raise InputError(
            f"{file}: {len(odd)} pads that {where}, {odd[0]} among them; give the layout this truth is of."
        )


def _read_pose(path: Path) -> Affine:
    try:
        numbers = [float(x) for x in path.read_text(encoding="utf-8").splitlines()[1].split(",")[1:]]
        return Affine(*numbers)
    except (OSError, ValueError, IndexError, TypeError) as problem:
        raise InputError(f"{path} should hold a header and one row: affine,a,b,tx,c,d,ty.") from problem


def _bytes(path: Path) -> NDArray[np.uint8]:
    try:
        return np.fromfile(path, dtype=np.uint8)
    except OSError as problem:
        raise InputError(f"{path} cannot be read ({problem.strerror}); evaluation needs it.") from problem


def board_names(folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(sorted(p.name.removesuffix("_truth.csv") for p in folder.glob("*_truth.csv")))
    missing = sorted(set(names) - set(found))
    if missing or not found:
        raise InputError(f"{folder} holds no {(missing or ['NAME'])[0]}_truth.csv; evaluation needs one per board.")
    return names or found


def _add_pad_pixels(pixels: metrics.PixelMetrics, level: Floats, mask: Mask, layout: Layout, um_to_px: Affine) -> None:
    """Only the pads' own pixels count: around them nothing was inspected."""
    height, width = mask.shape
    for pad in layout.pads:
        corners = um_to_px.apply(pad.corners_um)
        box = Box.around(corners).clipped(width, height)
        if box.empty:
            continue
        cells = Box(box.x0 // CELL, box.y0 // CELL, -(-box.x1 // CELL), -(-box.y1 // CELL))
        part = np.nan_to_num(level[cells.slices], nan=0.0)
        origin = (cells.x0 * CELL, cells.y0 * CELL)
        fine = at_pixels(part, cells.width * CELL, cells.height * CELL)[: height - origin[1], : width - origin[0]]
        inside = np.zeros(fine.shape, dtype=np.uint8)
        cv2.fillConvexPoly(inside, np.round(corners - origin).astype(np.int32), 1)
        truth = mask[origin[1] : origin[1] + fine.shape[0], origin[0] : origin[0] + fine.shape[1]]
        pixels.add(fine, truth, inside.astype(bool))


def _one_of(i: int, count: int, name: str) -> Callable[[Progress], Progress]:
    return lambda step: Progress(i * step.total + step.done, count * step.total, f"{name}: {step.stage}")


def _share(flags: Mask) -> float | None:
    return float(flags.mean()) if flags.size else None
