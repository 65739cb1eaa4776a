"""The way of a picture: pose, tiles over the pads, heat, level, verdicts, landing points, pad map."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import padscope
from padscope.boards.defects import PaintedMask
from padscope.boards.doubts import Doubt, PadSight, pad_sights
from padscope.boards.layout import Layout, Pad
from padscope.boards.pad_map import OtherPicture, PadMap, PadPlace, PadResult, PictureFacts, Provenance, Verdict
from padscope.boards.pose import Pose, find_pose, pose_from_clicks
from padscope.boards.rules import Rules
from padscope.boards.serial import serial_in
from padscope.boards.verdict import judge
from padscope.calibration import drift
from padscope.datasets.board_tiles import BORDER_PX
from padscope.datasets.pad_tiles import PadCut, pad_cuts
from padscope.errors import UsageError
from padscope.nets import devices
from padscope.pictures.picture import Picture, open_picture
from padscope.pictures.scale_bar import bar_says
from padscope.pictures.scales import ScaleFound
from padscope.store.artifacts import Model
from padscope.types import Affine, Progress, Scale, Work, relayed
from padscope.workflows.painting import Painting, painted_masks
from padscope.workflows.scoring import ReadyModel, pad_level, ready
from padscope.workflows.sight import Sight, sight_of

TURNED = (
    "The file asks to be shown turned or mirrored (orientation {orientation}); Padscope shows pixels as they are stored, and so "
    "must every program that uses places from its pad map."
)


GPU_FAILED = (
    "The GPU failed while it inspected this picture, so the CPU did it, slower; restart Padscope to try the GPU again, and see "
    "`padscope doctor`."
)


@dataclass(frozen=True)
class Look:
    """What one picture says of the pads, before any rule is asked.

    level   float32, one value per 8 px cell of the picture, NaN where nothing was inspected
    near    by pad the pose right around it; empty where the picture is not bent
    sights  by pad how well the picture shows it
    hidden  by pad why the picture does not show it although it lies inside
    masks   by pad what a person painted there
    notes   what is to be said of the whole picture
    """

    path: Path
    facts: PictureFacts
    pose: Pose
    level: NDArray[np.float32]
    near: Mapping[str, Affine]
    sights: Mapping[str, PadSight]
    hidden: Mapping[str, Doubt]
    masks: Mapping[str, PaintedMask]
    notes: tuple[str, ...] = ()

    @property
    def doubts(self) -> dict[str, Doubt]:
        """Why pads cannot be judged here: those that do not lie as in the layout, and those that are not shown well enough."""
        elsewhere = {pad: Doubt(words) for pad, words in self.pose.doubts.items()}
        shown = {pad: sight.doubt for pad, sight in self.sights.items() if sight.doubt is not None}
        return {**elsewhere, **shown, **self.hidden}


@dataclass(frozen=True)
class Inspection:
    """A pad map and what it was read from; `level` and `pose` are those of its first picture, `others` the looks at further
    ones."""

    pad_map: PadMap
    level: NDArray[np.float32]
    pose: Pose
    seconds: float
    device: str
    others: tuple[Look, ...] = ()


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
        look = yield from self._look(Path(path), scale, clicks, painting_of, module)
        return self._judged((look,), started)

    def inspect_together(
        self,
        paths: Sequence[Path],
        *,
        scales: Sequence[ScaleFound | None] = (),
        painting_of: Callable[[str], Painting | None] = _nobody_painted,
        module: str = "",
    ) -> Work[Inspection]:
        """Several pictures of one board as one pad map: each pad is judged in the picture that shows it best. `scales`: what a
        person knows of each picture. UsageError where the same picture is given twice."""
        started = time.perf_counter()
        looks: list[Look] = []
        for k, path in enumerate(paths):
            work = self._look(Path(path), scales[k] if k < len(scales) else None, None, painting_of, module)
            looks.append((yield from relayed(work, partial(_of_several, k, len(paths), Path(path).name))))
            twin = next((x for x in looks[:-1] if x.facts.sha256 == looks[-1].facts.sha256), None)
            if twin is not None:
                raise UsageError(
                    f"{twin.path.name} and {Path(path).name} are the same picture; give each of them once."
                )
        return self._judged(tuple(looks), started)

    def _look(
        self,
        path: Path,
        scale: ScaleFound | None,
        clicks: Mapping[str, tuple[float, float]] | None,
        painting_of: Callable[[str], Painting | None],
        module: str,
    ) -> Work[Look]:
        layout = self.layout
        yield Progress(0, len(layout.pads), "opening the picture")
        with open_picture(path, scale=scale) as picture:
            yield Progress(0, len(layout.pads), "finding the board")
            pose = pose_from_clicks(layout, clicks, picture) if clicks else find_pose(picture, layout)
            near = pose.near_pads(layout)
            cuts = pad_cuts(layout, pose.um_to_px, picture.width, picture.height, BORDER_PX, near)
            level, failures = yield from self._level(picture, cuts, pose.um_to_px, path.stem)
            yield Progress(len(cuts), len(cuts), "judging")
            sight = sight_of(picture, layout, pose.um_to_px)
            level = sight.without_unseen(level)
            sights = pad_sights(picture, layout, pose.um_to_px, self.rules.picture, near)
            facts = picture_facts(picture, pose, module)
            notes = failures + picture_warnings(picture, sight, pose)
        painting = painting_of(facts.sha256)
        masks = painted_masks(painting, layout, pose.um_to_px, near) if painting is not None else {}
        return Look(path, facts, pose, level, near, sights, sight.hidden, masks, notes)

    def _level(
        self, picture: Picture, cuts: list[PadCut], um_to_px: Affine, name: str
    ) -> Work[tuple[NDArray[np.float32], tuple[str, ...]]]:
        """Level, and what is to be said of how it came about: where the GPU fails in the middle, the CPU does the picture and all
        further ones."""
        try:
            return (yield from pad_level(self._ready, picture, cuts, um_to_px, name)), ()
        except Exception as error:
            if self.device == "cpu" or not devices.is_fault(error):
                raise
        self.device, self.device_words = "cpu", f"{devices.described('cpu', 'cpu')} (the GPU failed)"
        self._ready = ready(self.model, self.device)
        return (yield from pad_level(self._ready, picture, cuts, um_to_px, name)), (GPU_FAILED,)

    def _judged(self, looks: tuple[Look, ...], started: float) -> Inspection:
        first = looks[0]
        best = best_looks(looks, self.layout)
        results: dict[str, PadResult] = {}
        for k, look in enumerate(looks):
            own = tuple(p for p in self.layout.pads if best[p.id] == k)
            pads = judge(
                look.level,
                replace(self.layout, pads=own),
                look.pose.um_to_px,
                (look.facts.width_px, look.facts.height_px),
                self.rules,
                masks=look.masks,
                doubts=look.doubts,
                near=look.near,
            )
            results |= {p.pad: p for p in pads}
        ordered = tuple(results[p.id] for p in self.layout.pads)
        pad_map = PadMap(
            first.facts,
            first.pose.um_to_px,
            first.pose.residual_um,
            first.pose.method,
            self._provenance(),
            ordered,
            tuple(dict.fromkeys(note for look in looks for note in look.notes))
            + self._notes([p for p in ordered if p.pad not in looks[best[p.pad]].masks]),
            tuple(OtherPicture(x.facts, x.pose.um_to_px, x.pose.residual_um, x.pose.method) for x in looks[1:]),
            {
                pad: PadPlace(k, looks[k].near.get(pad, looks[k].pose.um_to_px))
                for pad, k in best.items()
                if k or looks[k].near
            },
        )
        seconds = time.perf_counter() - started
        return Inspection(pad_map, first.level, first.pose, seconds, self.device_words, looks[1:])

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


def best_looks(looks: Sequence[Look], layout: Layout) -> dict[str, int]:
    """Which picture shows each pad best: one that shows all of it, then one a person has painted it in, then one without a doubt
    about it, then the one with its sharpest edges."""
    doubts = [look.doubts for look in looks]
    return {p.id: min(range(len(looks)), key=lambda k: _worse(looks[k], p, p.id in doubts[k])) for p in layout.pads}


def _worse(look: Look, pad: Pad, doubted: bool) -> tuple[float, bool, bool, float]:
    """To be sorted by: the smaller the better."""
    corners = look.near.get(pad.id, look.pose.um_to_px).apply(pad.corners_um)
    low, high = corners.min(axis=0), corners.max(axis=0)
    last = (look.facts.width_px - 0.5, look.facts.height_px - 0.5)
    inside = np.clip(np.minimum(high, last) - np.maximum(low, -0.5), 0, None).prod() / (high - low).prod()
    sight = look.sights.get(pad.id)
    width = None if sight is None else sight.edge_width_um
    return 1.0 - float(inside), pad.id not in look.masks, doubted, math.inf if width is None else width


def _of_several(k: int, count: int, name: str, step: Progress) -> Progress:
    if count == 1:
        return step
    return Progress(k * step.total + step.done, count * step.total, f"{name}: {step.stage}")


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
