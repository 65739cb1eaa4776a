"""Tile sets from a project: pads alone, cut to tiles, split by board, augmented, in MVTec-AD folders with a manifest.

The manifest holds everything but the pixels of the pictures: their hashes, where the pads lie, the painted masks, the settings and
seeds. From it and the pictures the same set can be made again, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

import padscope
from padscope.boards.layout import Layout, Pad
from padscope.boards.pose import find_pose
from padscope.datasets.augment import augmented, seed_of
from padscope.datasets.tile_cutting import CutTile, PadGround, by_colour, cut_tiles, tile_boxes
from padscope.datasets.tile_plan import COLOUR, GOOD, KEPT, POSE, TilePicture, TileSettings, with_sides
from padscope.errors import InputError, PoseError
from padscope.formats.labelled import read_json, stamp
from padscope.formats.mvtec import COMBINED, folder_name
from padscope.formats.runs import coco_counts, coco_regions, counts_from_text, counts_to_text
from padscope.masks.class_mask import ClassMask
from padscope.masks.components import components
from padscope.pictures.files import file_and_page
from padscope.pictures.picture import open_picture
from padscope.store import labels
from padscope.store.database import Project
from padscope.store.rows import PictureRow
from padscope.types import Affine, Progress, Work
from padscope.workflows.labels_out import chosen_pictures
from padscope.workflows.painting import FINISHED
from padscope.workflows.whole_folder import whole_folder

MANIFEST = "tiles.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class TileSetReport:
    """What was written; `counts` by folder (“train/good”), `notes` what a person should know."""

    folder: Path
    counts: Mapping[str, int]
    sha256: str  # of all tiles' hashes, in the manifest's order
    notes: tuple[str, ...] = ()


def make_tile_set(
    project: Project,
    folder: Path,
    settings: TileSettings,
    *,
    layout: Layout | None = None,
    pictures: Sequence[str] = (),
    author: str = "",
) -> Work[TileSetReport]:
    """Tiles of the labelled pictures and of those somebody has finished without painting. Pads are found by an inspection's pose
    (of the layout given, or the newest), else by the layout given, else by colour."""
    _checked(settings)
    notes: list[str] = []
    planned = yield from planned_pictures(project, settings, layout, chosen_pictures(project, pictures), notes)
    if not planned:
        raise InputError(
            f"{project.path} has no labelled or finished pictures to cut; label some, or finish sound ones."
        )
    report = yield from write_tile_set(planned, settings, folder, notes)
    if not project.read_only:
        record_tile_set(project, report, settings, [p.sha256 for p in planned], author=author)
    return report


def write_tile_set(
    pictures: Sequence[TilePicture], settings: TileSettings, folder: Path, notes: Sequence[str] = ()
) -> Work[TileSetReport]:
    """Of pictures that were planned; boards are put on their sides here."""
    _checked(settings)
    return (yield from _written(with_sides(pictures, settings), settings, folder, list(notes)))


def record_tile_set(
    project: Project, report: TileSetReport, settings: TileSettings, pictures: Sequence[str], *, author: str
) -> None:
    """A row of the project's history."""
    detail = {"pictures": list(pictures), "settings": asdict(settings), "tiles_sha256": report.sha256}
    project.record("tile set made", str(report.folder), detail, author=author)


def make_again(manifest: Path, folder: Path, *, places: Sequence[Path] = ()) -> Work[TileSetReport]:
    """The same set from its manifest; pictures are looked for where they were, beside the manifest and in `places`. InputError,
    and nothing written, where one is missing or has changed, or where a tile is not what it was."""
    content = read_json(manifest)
    try:
        settings = TileSettings(**{**content["settings"], "augmentations": tuple(content["settings"]["augmentations"])})
        pictures = tuple(_picture_from(p) for p in content["pictures"])
        wanted = str(content["tiles_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{manifest}: this is not the manifest of a tile set ({error!r}).") from None
    found = tuple(_found(p, (manifest.parent, *places)) for p in pictures)
    _checked(settings)
    return (yield from _written(found, settings, folder, [], wanted))


# what goes into a set


def planned_pictures(
    project: Project, settings: TileSettings, layout: Layout | None, rows: Sequence[PictureRow], notes: list[str]
) -> Work[list[TilePicture]]:
    """Those that are labelled or finished, with their pads; the others are told of in `notes`."""
    names = {c.value: c.name for c in labels.classes(project)}
    found: list[TilePicture] = []
    for number, row in enumerate(rows):
        yield Progress(number, len(rows), "finding the pads")
        label = labels.label_that_counts(project, row.sha256)
        if label is None:
            continue
        mask = labels.load_mask(project, label.id)
        if mask.empty and label.state not in FINISHED:
            notes.append(f"{row.name}: nothing is painted, and nobody has said that it is finished; it was left out")
            continue
        try:
            ground, pads = _ground(project, row, layout, settings)
        except PoseError as error:
            notes.append(f"{row.name}: {error} It was left out.")
            continue
        size = mask.width, mask.height
        painted = tuple((names[c.value], counts_to_text(coco_counts(c.region, *size))) for c in components(mask))
        board = row.module or row.sha256
        found.append(
            TilePicture(row.name, row.path, row.sha256, mask.width, mask.height, board, False, ground, pads, painted)
        )
    return found


def _ground(project: Project, row: PictureRow, layout: Layout | None, settings: TileSettings) -> tuple[str, Any]:
    if not settings.remove_background:
        return KEPT, ()
    if settings.by_colour:
        return COLOUR, ()
    for inspection in reversed(project.inspections(row.sha256)):
        if not inspection.layout_sha256:
            continue
        known = project.layout(inspection.layout_sha256)
        if layout is None or known.pads == layout.pads:
            pad_map = project.pad_map(inspection.id)
            picture = pad_map.number_of(row.sha256)
            return POSE, tuple(_corners(pad, pad_map.pose_in(picture, pad.id)) for pad in known.pads)
    if layout is None:
        return COLOUR, ()
    with open_picture(row.path) as opened:
        pose = find_pose(opened, layout)
    return POSE, tuple(_corners(pad, pose.near(pad.x_um, pad.y_um)) for pad in layout.pads)


def _corners(pad: Pad, um_to_px: Affine) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in um_to_px.apply(pad.corners_um))


# cutting and writing


def _written(
    pictures: Sequence[TilePicture], settings: TileSettings, folder: Path, notes: list[str], wanted: str = ""
) -> Work[TileSetReport]:
    """All of the set or nothing; where its hash is `wanted`, nothing also where it is another."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; give a new folder, so that two tile sets are not mixed.")
    counts: Counter[str] = Counter()
    tiles: list[dict[str, Any]] = []
    left = 0
    with whole_folder(folder) as draft:
        for number, picture in enumerate(pictures):
            for tile in _cut(picture, settings, notes):
                yield Progress(number, len(pictures), f"cutting {picture.file}")
                if tile is None:
                    continue
                kind = kind_of(tile, picture)
                if kind != GOOD and not picture.test:
                    left += 1
                    continue
                place = f"{'test' if picture.test else 'train'}/{kind}"
                for row in _saved(draft, place, tile, picture, settings):
                    tiles.append(row)
                    counts[place] += 1
        if not counts["train/good"]:
            raise InputError(
                "No sound tile is left to train on; add pictures of sound boards, or ask for less pad per tile."
            )
        digest = hashlib.sha256("".join(t["sha256"] for t in tiles).encode()).hexdigest()
        if wanted and digest != wanted:
            raise InputError(
                f"{folder}: the tiles came out otherwise than when the manifest was written; nothing was kept. Use the version of "
                "Padscope and of its libraries that it names."
            )
        manifest = {
            "schema": SCHEMA,
            "software": f"padscope {padscope.__version__}",
            "settings": asdict(settings),
            "pictures": [_fields(p) for p in pictures],
            "tiles_sha256": digest,
            "tiles": tiles,
        }
        (draft / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    if left:
        notes.append(f"{left} tiles with defects lie on boards to train on, and were left out")
    if not any(place.startswith("test/") for place in counts):
        notes.append("there is only one board: nothing is left to test on")
    return TileSetReport(folder, dict(counts), digest, tuple(notes))


def _cut(picture: TilePicture, settings: TileSettings, notes: list[str]) -> Iterator[CutTile | None]:
    """InputError where the picture is not the one the labels are of."""
    with open_picture(picture.path) as opened:
        if opened.sha256 != picture.sha256:
            raise InputError(f"{picture.path} has changed since it was labelled; bring the old file back.")
        if not tile_boxes(picture.width_px, picture.height_px, settings.size):
            notes.append(f"{picture.file} is smaller than a tile and gave none")
        ground = pads_of(picture, opened)
        yield from cut_tiles(opened, mask_of(picture), ground, settings.size, settings.least_share)


def mask_of(picture: TilePicture) -> ClassMask:
    """Classes are numbered as in `class_names`, from 1."""
    mask = ClassMask(picture.width_px, picture.height_px)
    for value, name in enumerate(class_names(picture), start=1):
        for counts in (text for n, text in picture.painted if n == name):
            for region in coco_regions(counts_from_text(counts), mask.width, mask.height):
                stamp(mask, region, value)
    return mask


def pads_of(picture: TilePicture, opened: Any) -> PadGround | None:
    """None where the background is kept."""
    if picture.ground == KEPT:
        return None
    if picture.ground == COLOUR:
        return by_colour(opened)
    return PadGround(tuple(np.array(corners, np.float64) for corners in picture.pads_px))


def class_names(picture: TilePicture) -> list[str]:
    return sorted({name for name, _ in picture.painted})


def kind_of(tile: CutTile, picture: TilePicture) -> str:
    """The folder it goes to: “good”, a class, or all classes together."""
    values = [int(v) for v in np.unique(tile.classes) if v]
    if not values:
        return GOOD
    return folder_name(class_names(picture)[values[0] - 1]) if len(values) == 1 else COMBINED


def _saved(
    draft: Path, place: str, tile: CutTile, picture: TilePicture, settings: TileSettings
) -> Iterator[dict[str, Any]]:
    stem = f"{Path(picture.file).stem}_{picture.sha256[:6]}_{tile.box.x0:05}_{tile.box.y0:05}"
    facts = {"picture": picture.sha256, "box": [tile.box.x0, tile.box.y0, tile.box.x1, tile.box.y1]}
    yield {**facts, **_png(draft, f"{place}/{stem}.png", tile.pixels)}
    if not place.endswith(f"/{GOOD}"):
        white = np.where(tile.classes > 0, np.uint8(255), np.uint8(0))
        _png(draft, f"ground_truth/{place.split('/')[1]}/{stem}_mask.png", white)
    if place == f"train/{GOOD}":
        for name in settings.augmentations:
            for copy in range(settings.copies):
                seed = seed_of(settings.seed, picture.sha256, tile.box, name, copy)
                pixels, _ = augmented(name, tile.pixels, tile.inside, seed, removed=settings.remove_background)
                how = {"augmentation": name, "seed": seed}
                yield {**facts, **how, **_png(draft, f"{place}/{stem}_{name}{copy + 1}.png", pixels)}


def _png(draft: Path, file: str, pixels: NDArray[np.uint8]) -> dict[str, str]:
    """Written; the hash is of the pixels, because another version of a library may compress them otherwise."""
    path = draft / file
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(".png", pixels[..., ::-1] if pixels.ndim == 3 else pixels, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    path.write_bytes(data.tobytes())
    return {"file": file, "sha256": hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()}


# the manifest


def _fields(picture: TilePicture) -> dict[str, Any]:
    return {name: getattr(picture, name) for name in TilePicture.__slots__}


def _picture_from(values: Mapping[str, Any]) -> TilePicture:
    pads = tuple(tuple((float(x), float(y)) for x, y in pad) for pad in values["pads_px"])
    painted = tuple((str(name), str(counts)) for name, counts in values["painted"])
    return TilePicture(**{**values, "pads_px": pads, "painted": painted})


def _found(picture: TilePicture, places: Sequence[Path]) -> TilePicture:
    for path in (Path(picture.path), *(place / picture.file for place in places)):
        if file_and_page(path)[0].is_file():
            return TilePicture(**{**_fields(picture), "path": str(path)})
    raise InputError(
        f"{picture.file} (SHA-256 {picture.sha256[:12]}…) is not where it was; put it beside the manifest."
    )


def _checked(settings: TileSettings) -> None:
    if not 32 <= settings.size <= 4096:
        raise InputError(f"A tile cannot be {settings.size} px; give 32 to 4096.")
    if not 0 <= settings.least_share <= 1 or not 0 < settings.test_share < 1:
        raise InputError("The share of pad lies between 0 and 1, and so does the share of boards to test on.")
    if not 1 <= settings.copies <= 100:
        raise InputError("Every augmentation gives 1 to 100 copies.")
    for name in settings.augmentations:
        augmented(name, np.zeros((32, 32, 3), np.uint8), np.ones((32, 32), bool), 0)
