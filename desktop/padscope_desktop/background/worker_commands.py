"""What a worker can be asked to do. Only here the desktop meets the workflows, and only inside functions: each process imports
no more than its orders need.

Every command is a generator of Progress (and Part), and its return value is a payload.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from padscope.configs import TrainingConfig, configured
from padscope.errors import InputError
from padscope.types import Box, Progress, Work
from padscope_desktop.background.payloads import (
    BarCard,
    DefectsWeighed,
    DemoFiles,
    DetectorCard,
    Device,
    Enhanced,
    MappedLevels,
    ModelCard,
    PictureCard,
    RulesTried,
    Thumbnail,
)
from padscope_desktop.background.protocol import Part
from padscope_desktop.inspecting.commands import INSPECT_COMMANDS
from padscope_desktop.labels.commands import LABEL_COMMANDS
from padscope_desktop.layouts.commands import LAYOUT_COMMANDS
from padscope_desktop.tile_sets.commands import TILE_COMMANDS

if TYPE_CHECKING:
    from padscope.boards.layout import Layout
    from padscope.boards.pad_map import PadMap
    from padscope.boards.rules import Rules
    from padscope.pictures.picture import Picture
    from padscope.pictures.pyramid import Pyramid
    from padscope.store.artifacts import Model

# pictures


def load_readers() -> Work[None]:
    """What reads pictures is loaded before anybody waits for the first one: that takes longer than a first look."""
    yield Progress(0, 1, "loading what reads pictures")
    import imagecodecs

    from padscope.pictures import picture, pyramid  # noqa: F401

    square = np.zeros((8, 8, 3), np.uint8)
    imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(square))


def thumbnail(path: Path, longest: int, cache: Path) -> Work[Thumbnail]:
    """A picture at most `longest` px long, with the hash of its file; from the cache where it lies there already."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import find_pyramid
    from padscope.pictures.reduce import reduce_by

    with open_picture(path) as picture:
        yield Progress(0, 1, "reading")
        step = thumbnail_step(picture.width, picture.height, longest)
        kept = find_pyramid(picture, cache)
        if kept is not None and kept.levels > 1 and 2 ** (kept.levels - 1) <= step:
            smallest = kept.read(Box(0, 0, *reversed(kept.level_shape(kept.levels - 1))), kept.levels - 1)
            pixels = reduce_by(smallest, -(-max(smallest.shape) // longest))
        else:
            pixels = picture.read(picture.box, step)
        card = replace(card_of(picture), sha256=picture.sha256, size_bytes=os.path.getsize(picture.file))
        return Thumbnail(card, to_8_bit(pixels))


def allow_megapixels(megapixels: float) -> Work[None]:
    """Pictures of this size may be read from now on."""
    from padscope.pictures import limits

    yield Progress(0, 1, "raising the limit")
    limits.allow_megapixels(megapixels)


def scale_bar(path: Path, cache: Path) -> Work[BarCard | None]:
    """The scale bar that is surely burned into a picture, from its levels in the cache."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import build_pyramid
    from padscope.pictures.scale_bar import bar_zones, scale_bars, surest

    with open_picture(path) as picture:
        pyramid = yield from build_pyramid(picture, cache)
        bars = []
        for zone in bar_zones(picture.width, picture.height):
            yield Progress(0, 1, "looking for a scale bar")
            bars += [bar.moved(zone.y0) for bar in scale_bars(pyramid.read(zone, 0))]
        bar = surest(bars)
    return BarCard((bar.x0_px, bar.y_px), (bar.x1_px, bar.y_px)) if bar is not None and bar.sure else None


def thumbnail_step(width: int, height: int, longest: int) -> int:
    """How many px become one: of large pictures a multiple of 8 (or 4), which a JPEG gives without being decoded whole."""
    step = max(1, -(-max(width, height) // longest))
    easy = 8 if step > 16 else 4 if step > 4 else 1
    return -(-step // easy) * easy


def show(path: Path, cache: Path) -> Generator[Progress | Part, None, MappedLevels]:
    """The picture's levels in the cache, made if they are not there. A picture seen before comes at once; of another one a
    Part with the smaller levels comes first, if its file gives them without a full decode."""
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import build_pyramid, find_pyramid

    with open_picture(path) as picture:
        work, shown = build_pyramid(picture, cache), False
        try:
            while True:
                step = next(work)
                found = None if shown else find_pyramid(picture, cache)
                if found is not None and not found.complete:
                    yield Part(0, mapped(picture, found))
                    shown = True
                yield step
        except StopIteration as stop:
            return mapped(picture, stop.value)
        finally:
            work.close()


def mapped(picture: Picture, pyramid: Pyramid) -> MappedLevels:
    """What the window needs to map a pyramid itself."""
    levels = range(pyramid.finest, pyramid.levels)
    channels = pyramid.index.channels
    return MappedLevels(
        card_of(picture),
        tuple(pyramid.folder / pyramid.index.files[level] for level in levels),
        tuple((*pyramid.level_shape(level), channels) for level in levels),
        pyramid.index.dtype,
        display_range(pyramid.level(levels[-1])),
        pyramid.complete,
    )


def card_of(picture: Picture) -> PictureCard:
    microscope = picture.microscope
    return PictureCard(
        picture.path,
        picture.width,
        picture.height,
        picture.bits,
        picture.format,
        picture.scale,
        scale_conflict=picture.scale_conflict,
        microscope=microscope.model if microscope is not None else "",
        pages=picture.pages,
    )


def display_range(overview: NDArray[np.integer[Any]]) -> tuple[float, float]:
    """Which values are shown black and white: all of 8 bits; of 16 bits, what the picture uses, because 12-bit cameras fill
    only a sixteenth of them."""
    if overview.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.percentile(overview, (0.05, 99.95))
    return float(low), float(max(high, low + 1))


def to_8_bit(
    pixels: NDArray[np.integer[Any]], low: float | None = None, high: float | None = None
) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    if low is None or high is None:
        low, high = display_range(pixels)
    scaled = (pixels.astype(np.float32) - low) * np.float32(255.0 / (high - low))
    return np.clip(scaled, 0, 255).astype(np.uint8)


MOST_ENHANCED = 3_000_000
"""Px of what is enhanced in one go."""


def enhance(path: Path, cache: Path, how: str, box: tuple[float, float, float, float], zoom: float) -> Work[Enhanced]:
    """A part of the picture (x0, y0, x1, y1 px), made easier to look at, at the size in which it is seen (`zoom` device px per
    px). `how`: contrast, denoise or both. The file and the levels stay as they are."""
    from padscope.pictures.enhance import denoise, equalise
    from padscope.pictures.picture import open_picture
    from padscope.pictures.pyramid import build_pyramid

    with open_picture(path) as picture:
        pyramid = yield from build_pyramid(picture, cache)
        level = min(max(int(-math.log2(max(zoom, 1e-6))), 0), pyramid.levels - 1)
        while True:
            step = 2**level
            height, width = pyramid.level_shape(level)
            x0, y0 = (math.floor((v + 0.5) / step) for v in box[:2])
            x1, y1 = (math.ceil((v + 0.5) / step) for v in box[2:])
            part = Box(x0, y0, x1, y1).clipped(width, height)
            if part.width * part.height <= MOST_ENHANCED or level == pyramid.levels - 1:
                break
            level += 1
        if part.empty:
            raise InputError("There is nothing of the picture in sight; move it back, then enhance it.")
        span = display_range(pyramid.level(pyramid.levels - 1))
        pixels: NDArray[Any] = to_8_bit(pyramid.read(part, level), *span)
        for name, work in (("denoise", denoise), ("contrast", equalise)):
            if how in (name, "both"):
                yield Progress(0, 1, "enhancing the picture")
                pixels = work(pixels)
        edges = (part.x0 * step - 0.5, part.y0 * step - 0.5, part.x1 * step - 0.5, part.y1 * step - 0.5)
        return Enhanced(pixels, edges)


# layouts and models


def read_layout(path: Path) -> Work[Layout]:
    from padscope.boards.layout_files import load_layout

    yield Progress(0, 1, "reading the layout")
    return load_layout(path)


def read_model(path: Path) -> Work[ModelCard]:
    """Checked whole: a damaged model must not be chosen."""
    from padscope.store.artifacts import load_model

    yield Progress(0, 1, "checking the model")
    return model_card(load_model(path), path)


def model_card(model: Model, path: Path) -> ModelCard:
    from padscope import calibration

    facts = model.facts
    return ModelCard(
        path=Path(path),
        detector=model.detector,
        sha256=model.sha256,
        size_bytes=os.path.getsize(path),
        trained_at=str(facts.get("trained_at", "")),
        learned_from=int(facts.get("learned_from", 0)),
        unit=str(facts.get("unit", "pads")),
        layout=str(facts.get("layout", "")),
        boards=tuple(str(b) for b in facts.get("boards", ())),
        rule=model.calibration.rule,
        sound_levels=calibration.held_out_levels(model.calibration),
        notes=tuple(str(note) for note in facts.get("notes", ())),
    )


def detectors() -> Work[tuple[DetectorCard, ...]]:
    """What can be trained, with the settings each takes."""
    from padscope.configs import settings_of
    from padscope.workflows.train import registry

    yield Progress(0, 1, "listing detectors")
    return tuple(
        DetectorCard(name, entry.family, entry.summary, settings_of(entry.config))
        for name, entry in registry.DETECTORS.items()
    )


# inspecting and training


def warm_up() -> Work[Device]:
    """Load torch before anybody waits for it, and say what it runs on."""
    yield Progress(0, 1, "starting the networks")
    from padscope.workflows.inspect import devices

    device = devices.chosen()
    return Device(devices.described(device), device != "cpu")


def train(
    pictures: Sequence[Path],
    layout: Layout,
    detector: str,
    settings: Mapping[str, Any],
    out: Path,
    promise: Mapping[str, Any] | None = None,
) -> Work[ModelCard]:
    """A model of sound pads, in `out` when this returns; `promise` is of the fields of `TrainingConfig`."""
    yield Progress(0, len(pictures), "starting the networks")
    from padscope.store.artifacts import save_model
    from padscope.workflows.train import train_on_boards

    kept = configured(TrainingConfig, promise or {})
    model = yield from train_on_boards(
        list(pictures),
        layout,
        detector=detector,
        settings=settings,
        false_alarms=kept.false_alarms,
        confidence=kept.confidence,
        thresholds_by=kept.thresholds_by,
        copies=kept.copies,
    )
    yield Progress(1, 1, "writing the model")
    return model_card(model, save_model(model, out))


def try_rules(project: Path, before: Rules, after: Rules) -> Work[RulesTried]:
    """On the boards a project holds; nothing is stored."""
    from padscope.store.database import open_project
    from padscope.workflows.what_if import what_if

    yield Progress(0, 1, "judging again")
    with open_project(project, read_only=True) as opened:
        found = yield from what_if(opened, before, after)
    changed = [b for b in found.boards if b.changes.changed()]
    return RulesTried(found.words(), tuple(f"{b.module or b.picture}: {b.changes.words()}" for b in changed))


def weigh_defects(project: Path, model_sha256: str) -> Work[DefectsWeighed]:
    """What the model says of the painted defects of the boards a project holds."""
    from padscope.store.database import open_project
    from padscope.workflows.labelled_defects import labelled_defects

    yield Progress(0, 1, "reading labelled defects")
    with open_project(project, read_only=True) as opened:
        found = yield from labelled_defects(opened, model_sha256)
    weakest = found.found[0] if found.found else (0.0, "")
    return DefectsWeighed(len(found.found), found.boards, *weakest)


# out of the window


def export(
    pad_map: PadMap, layout: Layout, picture: Path, folder: Path, others: Sequence[Path] = ()
) -> Work[list[Path]]:
    """The files of `padscope inspect` and a drawing for machine CAD (DXF): all of them or none. `others`: the map's further
    pictures, in its order."""
    from padscope.boards.pose import Pose
    from padscope.workflows.export import prepared_folder, write_outputs
    from padscope.workflows.inspect import Inspection, Look

    yield Progress(0, 1, "writing")
    pose, none = Pose(pad_map.um_to_px, pad_map.residual_um, pad_map.pose_method), np.zeros((0, 0), np.float32)
    looks = tuple(
        Look(path, o.facts, Pose(o.um_to_px, o.residual_um, o.pose_method), none, {}, {}, {}, {}, ())
        for path, o in zip(others, pad_map.others, strict=True)
    )
    inspection = Inspection(pad_map, none, pose, 0.0, "", looks)
    return write_outputs(inspection, layout, picture, prepared_folder(folder), dxf=True)


DEMO_SOUND = 4


def draw_demo(folder: Path) -> Work[DemoFiles]:
    """Boards of our own, as PNG files, and their layout; what is there already is kept."""
    import cv2

    from padscope.boards.layout_files import save_layout_json
    from padscope.datasets.drawn_board import demo_layout, demo_pose, draw_board, random_blemishes

    folder.mkdir(parents=True, exist_ok=True)
    layout = demo_layout()
    um_to_px, width, height = demo_pose(layout)
    names = [*(f"sound{i + 1}.png" for i in range(DEMO_SOUND)), "blemished.png"]
    for i, name in enumerate(names):
        yield Progress(i, len(names), "drawing boards")
        if not (folder / name).exists():
            blemishes = random_blemishes(layout, 0.3, seed=7) if name == "blemished.png" else ()
            picture, _ = draw_board(layout, um_to_px, width, height, seed=i, defects=blemishes)
            part = folder / f"part-{name}"
            cv2.imwrite(str(part), picture[..., ::-1])
            os.replace(part, folder / name)
    save_layout_json(layout, folder / "layout.json")
    return DemoFiles(tuple(folder / name for name in reversed(names)), folder / "layout.json")


COMMANDS: dict[str, Callable[..., Any]] = {
    "load_readers": load_readers,
    "thumbnail": thumbnail,
    "allow_megapixels": allow_megapixels,
    "scale_bar": scale_bar,
    "show": show,
    "enhance": enhance,
    "read_layout": read_layout,
    "read_model": read_model,
    "detectors": detectors,
    "warm_up": warm_up,
    "train": train,
    "try_rules": try_rules,
    "weigh_defects": weigh_defects,
    "export": export,
    "draw_demo": draw_demo,
    **LAYOUT_COMMANDS,
    **INSPECT_COMMANDS,
    **LABEL_COMMANDS,
    **TILE_COMMANDS,
}
