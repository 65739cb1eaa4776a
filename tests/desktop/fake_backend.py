"""What workers would do, without them: a board of eight pads, pictures drawn by arithmetic, verdicts by two thresholds."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from padscope.boards.hand_feet import HandFoot
from padscope.boards.layout import Fiducial, Layout, Pad, spread_wires
from padscope.boards.pad_map import (
    Defect,
    Landing,
    Mark,
    OtherPicture,
    PadMap,
    PadPlace,
    PadResult,
    PictureFacts,
    Provenance,
    Shows,
    Verdict,
)
from padscope.boards.rules import Rules
from padscope.calibration import calibrated
from padscope.configs import PatchcoreConfig, settings_of
from padscope.errors import InputError, PictureError, PoseError, TooLargeError
from padscope.store.artifacts import Model, save_model
from padscope.types import Affine, Progress, Scale
from padscope_desktop.background.payloads import (
    BarCard,
    DefectsWeighed,
    DemoFiles,
    DetectorCard,
    Device,
    Enhanced,
    Inspected,
    JudgedBoard,
    MappedLevels,
    ModelCard,
    PictureCard,
    Placed,
    RulesTried,
    Thumbnail,
)
from padscope_desktop.background.protocol import Part
from padscope_desktop.labels.commands import LABEL_COMMANDS
from padscope_desktop.layouts.commands import LAYOUT_COMMANDS
from padscope_desktop.tile_sets.commands import TILE_COMMANDS

WIDTH, HEIGHT = 1200, 900
POSE = Affine(0.4, 0.0, 40.0, 0.0, 0.4, 60.0)
LEVELS = {"A1": 0.3, "A2": 1.2, "A3": 0.6, "A4": 3.0, "B1": 0.2, "B2": 0.9, "B3": 1.6, "B4": 0.4}
"""Worst level of each pad at the shipped threshold."""
Command = Generator[Any, None, Any]


def layout() -> Layout:
    pads = tuple(
        Pad(f"{side}{i + 1}", x, 400.0 + 400.0 * i, 600.0, 200.0)
        for side, x in (("A", 400.0), ("B", 2200.0))
        for i in range(4)
    )
    marks = (Fiducial("F1", 100, 100, 200), Fiducial("F2", 2500, 100, 200), Fiducial("F3", 100, 1900, 200))
    return Layout("test board", pads, tuple(w for p in pads for w in spread_wires(p, 1)), marks, sha256="ab" * 32)


def pixels(width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: a red ramp to the right, a green ramp downwards."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width)
    image[..., 1] = np.linspace(0, 255, height)[:, None]
    image[..., 2] = 60
    return image


def level_grid() -> np.ndarray:
    """(113, 150) float32; each pad's worst cell is in its middle, the rest of it is at 0.1."""
    grid = np.full((-(-HEIGHT // 8), -(-WIDTH // 8)), np.nan, np.float32)
    for pad in layout().pads:
        corners = POSE.apply(pad.corners_um)
        (x0, y0), (x1, y1) = (corners.min(axis=0) // 8).astype(int), (corners.max(axis=0) // 8).astype(int)
        grid[y0 : y1 + 1, x0 : x1 + 1] = 0.1
        grid[(y0 + y1) // 2, (x0 + x1) // 2] = LEVELS[pad.id]
    return grid


def verdicts(factor: float, rules: Rules | None = None) -> tuple[PadResult, ...]:
    """Every defect has 812 µm²; rules that only count larger ones find all pads sound."""
    counted = rules is None or rules.defects.minimum_area_um2 <= 812
    found = []
    for pad in layout().pads:
        level = LEVELS[pad.id] / factor
        verdict = Verdict.OK if level < 1 or not counted else Verdict.OK_SHIFT if level < 2 else Verdict.NOT_BONDABLE
        x, y = pad.x_um, pad.y_um
        goal = {Verdict.OK: (x, y), Verdict.OK_SHIFT: (x + 90.0, y), Verdict.NOT_BONDABLE: None}[verdict]
        landing = Landing(f"{pad.id}-1", (x, y), goal, 12.5 if goal else None, (75.0, 125.0), 0.0)
        bad = verdict is not Verdict.OK
        defects = (Defect("unknown", 812.0, (x, y, x + 20, y + 20), level),) if bad else ()
        reasons = (f"a defect of 812 µm² with level {level:.2f}",) if bad else ()
        marks = (Mark(0, Shows.DEFECT, ((x, y), (x + 20, y), (x + 20, y + 20), (x, y + 20))),) if bad else ()
        if verdict is Verdict.NOT_BONDABLE:
            reasons = (*reasons, "no place on the pad has 95 × 155 µm of free ground", "said without a place")
            x0, y0, x1, y1 = x - 77.5, y - 47.5, x + 77.5, y + 47.5
            marks = (*marks, Mark(1, Shows.NEEDED, ((x0, y0), (x1, y0), (x1, y1), (x0, y1))))
        found.append(PadResult(pad.id, verdict, reasons, level, 0.9 if bad else 1.0, defects, (landing,), marks))
    return tuple(found)


def by_hand(pads: tuple[PadResult, ...], hand: tuple[HandFoot, ...]) -> tuple[PadResult, ...]:
    at = {f.wire: f for f in hand}

    def landed(m: Landing) -> Landing:
        foot = at.get(m.wire)
        return m if foot is None else replace(m, proposed_um=foot.at_um, placed_by=foot.author, margin_um=3.5)

    return tuple(replace(p, landings=tuple(map(landed, p.landings))) for p in pads)


def write_model(path: Path) -> Path:
    """A model file that the project accepts; it has learned nothing."""
    facts = {"trained_at": "2026-01-02T03:04:05Z", "unit": "pads"}
    return save_model(Model("patchcore", 1, {}, calibrated([0.5] * 60), {}, facts, {}), path)


@dataclass
class Backend:
    """The commands, and what a test may turn: `gate` holds inspections and trainings until it is opened."""

    gate_open: bool = True
    pose_fails: bool = False
    out_of_reach: bool = False
    notes: tuple[str, ...] = ()
    inspected_with: list[tuple[Any, ...]] = None  # type: ignore[assignment]
    judged: int = 0
    bar: BarCard | None = None
    scale: Scale = field(default_factory=lambda: Scale(2.5, "keyence", True))
    conflict: str = ""
    pages: int = 1
    megapixels: int = 12
    allowed: int = 500
    weighed: DefectsWeighed = field(default_factory=lambda: DefectsWeighed(0, 0))
    paint_counts: bool = False  # pad B1 is to be cleaned where anything is painted

    def __post_init__(self) -> None:
        self.inspected_with = []
        self._boards: set[str] = set()
        self._rules: dict[str, Rules | None] = {}
        self._painted: dict[str, bool] = {}

    def commands(self) -> dict[str, Callable[..., Command]]:
        return (
            {
                name: getattr(self, name)
                for name in (
                    "load_readers",
                    "allow_megapixels",
                    "scale_bar",
                    "thumbnail",
                    "show",
                    "enhance",
                    "read_layout",
                    "read_model",
                    "detectors",
                    "warm_up",
                    "inspect",
                    "inspect_together",
                    "train",
                    "judge",
                    "try_rules",
                    "weigh_defects",
                    "export",
                    "draw_demo",
                    "place",
                    "learn_layout",
                )
            }
            | {name: LAYOUT_COMMANDS[name] for name in ("read_drawing", "save_layout")}
            | {**LABEL_COMMANDS, **TILE_COMMANDS}
        )

    def place(self, picture: Path, board: Layout, um_per_px: object, clicks: object) -> Command:
        yield Progress(0, 1, "finding the board")
        if self.pose_fails and not clicks:
            raise PoseError("No board was found in the picture; click two fiducials.")
        return Placed(board, POSE, "by clicks, ±0.5 µm" if clicks else "by pads, ±1.2 µm")

    def learn_layout(self, picture: Path, um_per_px: object) -> Command:
        yield Progress(0, 1, "looking for pads")
        return Placed(replace(layout(), name="learned"), POSE, "learned from this picture", ("A2",))

    def _card(self, path: Path) -> PictureCard:
        if not path.with_name(path.name.split("#")[0]).exists():
            raise PictureError(f"There is no picture {path.name}; it may be on a drive that is not connected.")
        sha = (path.name.encode().hex() + "0" * 64)[:64]
        if self.megapixels > self.allowed:
            raise TooLargeError(f"'{path.name}' is larger than the limit of {self.allowed}.", self.megapixels)
        return PictureCard(
            path, WIDTH, HEIGHT, 8, "JPEG", self.scale, sha, 1, scale_conflict=self.conflict, pages=self.pages
        )

    def allow_megapixels(self, megapixels: int) -> Command:
        yield Progress(0, 1, "raising")
        self.allowed = megapixels

    def scale_bar(self, path: Path, cache: Path) -> Command:
        yield Progress(0, 1, "looking")
        return self.bar

    def load_readers(self) -> Command:
        yield Progress(0, 1, "loading")

    def thumbnail(self, path: Path, longest: int, cache: Path) -> Command:
        yield Progress(0, 1, "reading")
        return Thumbnail(self._card(path), pixels(longest, longest * HEIGHT // WIDTH))

    def show(self, path: Path, cache: Path) -> Command:
        card = self._card(path)
        cache.mkdir(exist_ok=True)
        sizes = [(WIDTH // 2**k, HEIGHT // 2**k) for k in range(3)]
        files = tuple(cache / f"{card.sha256}-{w}.raw" for w, _ in sizes)
        for file, (w, h) in zip(files, sizes, strict=True):
            file.write_bytes(pixels(w, h).tobytes())
        shapes = tuple((h, w, 3) for w, h in sizes)
        yield Part(0, MappedLevels(card, files[2:], shapes[2:], "uint8", (0.0, 255.0), False))
        return MappedLevels(card, files, shapes, "uint8", (0.0, 255.0), True)

    def enhance(self, path: Path, cache: Path, how: str, box: tuple[float, ...], zoom: float) -> Command:
        yield Progress(0, 1, "enhancing")
        return Enhanced(
            np.full((40, 50, 3), {"contrast": 250, "denoise": 5}[how], np.uint8),
            (-0.5, -0.5, WIDTH - 0.5, HEIGHT - 0.5),
        )

    def read_layout(self, path: Path) -> Command:
        yield Progress(0, 1, "reading")
        if "bad" in path.name:
            raise InputError(f"{path.name}, line 3: w_um is not a number.")
        return layout()

    def read_model(self, path: Path) -> Command:
        yield Progress(0, 1, "checking")
        return self.card(path)

    def card(self, path: Path) -> ModelCard:
        sound = np.sort(np.linspace(0.2, 1.1, 50).astype(np.float32))
        return ModelCard(
            path,
            "patchcore",
            "cd" * 32,
            1,
            "2026-01-02T03:04:05Z",
            150,
            "pads",
            "test board",
            ("good",),
            "a rule",
            sound,
        )

    def warm_up(self) -> Command:
        yield Progress(0, 1, "starting")
        return Device("CPU (no GPU found)", False)

    def detectors(self) -> Command:
        yield Progress(0, 1, "listing")
        return (DetectorCard("patchcore", "memory bank", "Remembers sound metal", settings_of(PatchcoreConfig)),)

    def _wait(self, stage: str) -> Command:
        while not self.gate_open:
            yield Progress(3, 8, stage)

    def inspect(
        self,
        picture: Path,
        board: Layout,
        model: Path,
        factor: float,
        um_per_px: object,
        clicks: object,
        painting: object,
        rules: Rules,
    ) -> Command:
        self.inspected_with.append((picture, factor, clicks))
        yield Progress(0, 8, "finding the board")
        yield from self._wait("inspecting pads")
        if self.out_of_reach:
            raise PictureError(f"There is no picture {picture.name}; it may be on a drive that is not connected.")
        if self.pose_fails and not clicks:
            raise PoseError("No board of layout “test board” was found in the picture; click two fiducials.")
        made = Provenance(
            "patchcore",
            "cd" * 32,
            rules.name,
            rules.sha256,
            board.name,
            board.sha256,
            "2026-01-02T03:04:05Z",
            "padscope",
            factor,
        )
        card = self._card(picture)
        facts = PictureFacts(picture.name, card.sha256, WIDTH, HEIGHT, card.scale)
        method = "clicks" if clicks else "fiducials"
        return Inspected(
            PadMap(facts, POSE, 1.2, method, made, verdicts(factor, rules), self.notes), level_grid(), 0.5, "CPU"
        )

    def inspect_together(
        self,
        pictures: list[Path],
        board: Layout,
        model: Path,
        factor: float,
        um_per_px: object,
        paintings: dict[str, object],
        rules: Rules,
    ) -> Command:
        """The pads B are judged in the second picture, where the board lies 100 px further to the left."""
        first = yield from self.inspect(pictures[0], board, model, factor, None, None, None, rules)
        card = self._card(pictures[1])
        facts = PictureFacts(pictures[1].name, card.sha256, WIDTH, HEIGHT, card.scale)
        pose = replace(POSE, tx=POSE.tx - 100.0)
        other = OtherPicture(facts, pose, 1.1, "fiducials")
        places = {p.id: PadPlace(1, pose) for p in board.pads if p.id.startswith("B")}
        pad_map = replace(first.pad_map, others=(other,), places=places)
        return Inspected(pad_map, first.level, 0.9, "CPU", (np.roll(level_grid(), -12, axis=1),))

    def judge(self, key: str, board: JudgedBoard | None, factor: float, hand: tuple[HandFoot, ...] = ()) -> Command:
        if board is not None:
            self._boards.add(key)
            self._rules[key] = board.rules
            self._painted[key] = self.paint_counts and board.painting is not None and not board.painting.mask.empty
        if key not in self._boards:
            raise LookupError(key)
        self.judged += 1
        yield Progress(0, 1, "judging")
        pads = verdicts(factor, self._rules[key])
        if self._painted[key]:
            pads = tuple(replace(p, verdict=Verdict.RE_CLEAN) if p.pad == "B1" else p for p in pads)
        return by_hand(pads, hand)

    def try_rules(self, project: Path, before: Rules, after: Rules) -> Command:
        yield Progress(0, 1, "judging again")
        yield from self._wait("judging again")
        return RulesTried("3 pads on 1 of 1 boards change: 2 OK_SHIFT to OK", (f"bad01.jpg: by {after.name}",))

    def weigh_defects(self, project: Path, model_sha256: str) -> Command:
        yield Progress(0, 1, "reading labelled defects")
        return self.weighed

    def forget_boards(self) -> None:
        """As a new worker process would have."""
        self._boards.clear()

    def train(
        self,
        pictures: list[Path],
        board: Layout,
        detector: str,
        settings: dict[str, Any],
        out: Path,
        promise: dict[str, Any],
    ) -> Command:
        self.promise = promise
        yield Progress(0, 8, "finding the boards")
        yield from self._wait("learning")
        write_model(out)
        return replace(self.card(out), boards=tuple(p.stem for p in pictures))

    def export(
        self, pad_map: PadMap, board: Layout, picture: Path, folder: Path, others: tuple[Path, ...] = ()
    ) -> Command:
        self.exported = [picture, *others]
        yield Progress(0, 1, "writing")
        file = folder / f"{picture.stem}.padmap.json"
        file.write_text(f"{pad_map.provenance.threshold_factor}")
        return [file]

    def draw_demo(self, folder: Path) -> Command:
        yield Progress(0, 1, "drawing")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("blemished.png", "sound1.png", "layout.json"):
            (folder / name).write_bytes(name.encode())
        return DemoFiles((folder / "blemished.png", folder / "sound1.png"), folder / "layout.json")
