"""The pad map: what Padscope says about one board. Plain data, written and read as `STEM.padmap.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from padscope.types import Affine, Scale

SCHEMA = 1


class Verdict(StrEnum):
    """From best to worst, as they are sorted for a person; UNKNOWN comes last because it says nothing about the metal."""

    OK = "OK"
    OK_SHIFT = "OK_SHIFT"
    REDUCED = "REDUCED"
    RE_CLEAN = "RE_CLEAN"
    NOT_BONDABLE = "NOT_BONDABLE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Defect:
    """A connected part of a pad that is not sound metal. The box is x0, y0, x1, y1 in board µm."""

    defect_class: str
    area_um2: float
    box_um: tuple[float, float, float, float]
    level: float


Polygon = tuple[tuple[float, float], ...]
"""Corners in board µm."""


class Shows(StrEnum):
    """What an outline that explains a reason shows."""

    PAD = "pad"
    HIDDEN = "hidden"  # what the picture does not show well enough: blurred, glaring, cut off, covered
    DEFECT = "defect"  # the box around one
    WINDOW = "window"  # the pristine window
    NEEDED = "needed"  # the ground that a wire without a place needs, where it was planned
    FREE = "free"  # the largest free rectangle there is, too small
    PLANNED = "planned"  # a foot where it was planned
    LANDING = "landing"  # and where it lands


@dataclass(frozen=True, slots=True)
class Mark:
    """An outline on the board that explains a reason; `reason` counts those of its pad from 0."""

    reason: int
    shows: Shows
    corners_um: Polygon


@dataclass(frozen=True, slots=True)
class Landing:
    """One wire: where its foot was planned and where it can land; `proposed_um` is None where it cannot. `placed_by`: who put the
    foot there by hand, "" where Padscope did."""

    wire: str
    planned_um: tuple[float, float]
    proposed_um: tuple[float, float] | None
    margin_um: float | None  # free way around the foot beyond its tolerance, before a defect or the pad's edge
    foot_um: tuple[float, float]
    direction_deg: float
    placed_by: str = ""

    @property
    def shift_um(self) -> tuple[float, float] | None:
        if self.proposed_um is None:
            return None
        return self.proposed_um[0] - self.planned_um[0], self.proposed_um[1] - self.planned_um[1]


@dataclass(frozen=True, slots=True)
class PadResult:
    """One pad: its verdict with the reasons in words, its worst level (None where nothing could be judged), its defects, the
    landings of its wires, what on the board the reasons speak of, and who decided about it last, "" where nobody did."""

    pad: str
    verdict: Verdict
    reasons: tuple[str, ...]
    level: float | None
    usable_fraction: float | None
    defects: tuple[Defect, ...]
    landings: tuple[Landing, ...]
    marks: tuple[Mark, ...] = ()
    reviewer: str = ""

    def marks_of(self, reason: int) -> tuple[Mark, ...]:
        return tuple(m for m in self.marks if m.reason == reason)


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Which picture a pad map speaks about, and which board is on it (`module`, its serial number, "" where nobody said)."""

    file: str
    sha256: str
    width_px: int
    height_px: int
    scale: Scale
    module: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a pad map was made with, so that it can be made again."""

    detector: str
    model_sha256: str
    rules: str
    rules_sha256: str
    layout: str
    layout_sha256: str
    created_at: str  # UTC ISO 8601
    software: str
    threshold_factor: float = 1.0  # the threshold a person chose, in thresholds of the model


@dataclass(frozen=True, slots=True)
class OtherPicture:
    """A further picture of the same board, with its pose."""

    facts: PictureFacts
    um_to_px: Affine
    residual_um: float
    pose_method: str


@dataclass(frozen=True, slots=True)
class PadPlace:
    """Where a pad was looked at: in which picture (0 is the map's own, k the k-th other one), and the pose right around it."""

    picture: int
    um_to_px: Affine


@dataclass(frozen=True, slots=True)
class PadMap:
    """A verdict for every pad and a landing for every wire of one board, and what they were made from."""

    picture: PictureFacts
    um_to_px: Affine
    residual_um: float
    pose_method: str
    provenance: Provenance
    pads: tuple[PadResult, ...]
    notes: tuple[str, ...] = ()  # sentences about the whole picture, for a person
    others: tuple[OtherPicture, ...] = ()
    places: Mapping[str, PadPlace] = field(
        default_factory=dict
    )  # of pads looked at elsewhere than in `picture` by `um_to_px`

    def place(self, pad: str) -> PadPlace:
        return self.places.get(pad) or PadPlace(0, self.um_to_px)

    def pictures(self) -> tuple[PictureFacts, ...]:
        """All of them; the places of pads count in this order."""
        return (self.picture, *(o.facts for o in self.others))

    def number_of(self, sha256: str) -> int:
        """Which of its pictures has this hash; ValueError where none has."""
        return [facts.sha256 for facts in self.pictures()].index(sha256)

    def pose_in(self, picture: int, pad: str = "") -> Affine:
        """Layout µm to px of one of its pictures: of the whole board, or right around a pad that was judged there."""
        place = self.places.get(pad)
        if place is not None and place.picture == picture:
            return place.um_to_px
        return self.others[picture - 1].um_to_px if picture else self.um_to_px

    def counts(self) -> dict[Verdict, int]:
        return {v: sum(p.verdict is v for p in self.pads) for v in Verdict}

    def landings(self) -> list[Landing]:
        return [landing for p in self.pads for landing in p.landings]
