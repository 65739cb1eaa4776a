"""The way of a picture: pose, tiles over the pads, heat, level, verdicts, landing points, pad map."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import padscope
from padscope.boards.doubts import pad_doubts
from padscope.boards.layout import Layout
from padscope.boards.pad_map import PadMap, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.pose import Pose, find_pose, pose_from_clicks
from padscope.boards.rules import Rules
from padscope.boards.serial import serial_in
from padscope.boards.verdict import judge
from padscope.calibration import drift
from padscope.datasets.board_tiles import BORDER_PX
from padscope.datasets.pad_tiles import pad_cuts
from padscope.nets import devices
from padscope.pictures.picture import Picture, open_picture
from padscope.pictures.scale_bar import bar_says
from padscope.pictures.scales import ScaleFound
from padscope.store.artifacts import Model
from padscope.types import Progress, Scale, Work
from padscope.workflows.painting import Painting, painted_masks
from padscope.workflows.scoring import ReadyModel, pad_level, ready
from padscope.workflows.sight import Sight, sight_of

TURNED = (
    "The file asks to be shown turned or mirrored (orientation {orientation}); Padscope shows pixels as they are stored, and so "
    "must every program that uses places from its pad map."
)


@dataclass(frozen=True)
class Inspection:
    """A pad map and what it was read from.

    level   float32, one value per 8 px cell of the picture, NaN where nothing was inspected
    """

    pad_map: PadMap
    level: NDArray[np.float32]
    pose: Pose
    seconds: float
    device: str


def _nobody_painted(sha256: str) -> Painting | None:
    return None


class Inspector:
    """A model, a layout and rules, opened once for any number of pictures."""

    def __init__(self, model: Model, layout: Layout, rules: Rules, *, device: str = "auto") -> None:
        self.model = model
        self.layout = layout
        self.rules = rules
        self.device = devices.chosen(device)
        self.device_words = devices.described(self.device, device)
        self._ready: ReadyModel = ready(model, self.device)

    def inspect(
        self,
        path: Path,
        *,
        scale: ScaleFound | None = None,
        clicks: Mapping[str, tuple[float, float]] | None = None,
        painting_of: Callable[[str], Painting | None] = _nobody_painted,
        module: str = "",
    ) -> Work[Inspection]:
        """One picture; `scale`: what a person knows of it, believed before all others; `clicks` are fiducials by name, in px,
        where a person had to point them out; `painting_of` gives what was painted on the picture of a SHA-256, and wins over
        heat there; `module` is the board's serial number, else that in the file's name."""
        started = time.perf_counter()
        yield Progress(0, len(self.layout.pads), "opening the picture")
        with open_picture(path, scale=scale) as picture:
            yield Progress(0, len(self.layout.pads), "finding the board")
            pose = pose_from_clicks(self.layout, clicks, picture) if clicks else find_pose(picture, self.layout)
            cuts = pad_cuts(self.layout, pose.um_to_px, picture.width, picture.height, BORDER_PX)
            level = yield from pad_level(self._ready, picture, cuts, pose.um_to_px, Path(path).stem)
            yield Progress(len(cuts), len(cuts), "judging")
            sight = sight_of(picture, self.layout, pose.um_to_px)
            level = sight.without_unseen(level)
            doubts = pad_doubts(picture, self.layout, pose.um_to_px, self.rules.picture) | sight.hidden
            facts = picture_facts(picture, pose, module)
            warnings = picture_warnings(picture, sight, pose)
        painting = painting_of(facts.sha256)
        masks = painted_masks(painting, self.layout, pose.um_to_px) if painting is not None else None
        size = (facts.width_px, facts.height_px)
        pads = judge(level, self.layout, pose.um_to_px, size, self.rules, masks=masks, doubts=doubts)
        notes = warnings + self._notes([p for p in pads if p.pad not in (masks or {})])
        pad_map = PadMap(facts, pose.um_to_px, pose.residual_um, pose.method, self._provenance(), pads, notes)
        return Inspection(pad_map, level, pose, time.perf_counter() - started, self.device_words)

    def _notes(self, pads: list[PadResult]) -> tuple[str, ...]:
        """What is to be said of the whole picture: whether its pads look like those the threshold rests on. `pads` are those
        whose level is the detector's and nobody's painting."""
        judged = [p.level for p in pads if p.level is not None and p.verdict is not Verdict.UNKNOWN]
        found = drift(self._ready.calibration, judged)
        return (found.words,) if found.direction else ()

    def _provenance(self) -> Provenance:
        return Provenance(
            detector=self.model.detector,
            model_sha256=self.model.sha256,
            rules=self.rules.name,
            rules_sha256=self.rules.sha256,
            layout=self.layout.name,
            layout_sha256=self.layout.sha256,
            created_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            software=f"padscope {padscope.__version__}",
        )


def picture_warnings(picture: Picture, sight: Sight, pose: Pose) -> tuple[str, ...]:
    """What a person should know before the scale or the places in a pad map are used elsewhere. A bar is measured with the
    picture's own scale, else with the one the layout gives it."""
    um_per_px = picture.scale.um_per_px or 1 / pose.um_to_px.scale
    turned = "" if picture.orientation == 1 else TURNED.format(orientation=picture.orientation)
    return tuple(words for words in (picture.scale_conflict, bar_says(sight.bar, um_per_px), turned) if words)


def picture_facts(picture: Picture, pose: Pose, module: str = "") -> PictureFacts:
    """The picture's own scale where it has one, else the one the layout gives it."""
    scale = picture.scale
    if scale.um_per_px is None:
        scale = Scale(1 / pose.um_to_px.scale, "layout", False)
    name = Path(picture.path).name
    module = module or str(serial_in(name) or "")
    return PictureFacts(name, picture.sha256, picture.width, picture.height, scale, module)
