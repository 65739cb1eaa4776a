"""What a project holds, as typed rows, and how their larger parts become text and bytes."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from padscope.errors import StoreError
from padscope.types import Affine, Floats, Scale

NO_SCALE = Scale()


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One picture file; `sha256` of its bytes is its name among projects, `path` where it was last seen. Its pixels stay there."""

    sha256: str
    path: str
    width_px: int
    height_px: int
    size_bytes: int = 0
    scale: Scale = NO_SCALE
    module: str = ""  # serial number of the board on it
    added_at: str = ""  # UTC; filled in when added
    id: int = 0  # likewise

    @property
    def name(self) -> str:
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A board type that was used; `sha256` of its content, `file_sha256` of the file it came from (empty if drawn here)."""

    sha256: str
    file_sha256: str
    name: str
    added_at: str
    id: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that was used; `facts` is its manifest, `kept` whether the file itself lies in the project."""

    sha256: str
    detector: str
    path: str
    size_bytes: int
    facts: Mapping[str, Any]
    kept: bool
    added_at: str
    id: int


@dataclass(frozen=True, slots=True)
class InspectionRow:
    """One look at one picture, without its pads and its level grid (`Project.pad_map`, `Project.level`)."""

    id: int
    uid: str  # the same in every project it is merged into
    picture_sha256: str
    picture_path: str
    layout_sha256: str
    model_sha256: str
    rules: str
    rules_sha256: str
    created_at: str  # UTC, by the clock of the PC; ids give the true order
    state: str
    seconds: float
    author: str
    counts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, and when; never changed, and chained to the row before."""

    seq: int
    at: str  # UTC ISO 8601
    offset_min: int  # of the PC's local time from UTC
    session: str
    monotonic_s: float  # since the session began, by a clock nobody can set
    author: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    previous_sha256: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PadSum:
    """What came of one pad, in numbers: its wires, those of them with a place, and how far from its planned point each of these
    lies that is not on it."""

    pad: str
    verdict: Verdict
    wires: int
    placed: int
    shifts_um: tuple[float, ...]
    classes: tuple[str, ...]  # of its defects, one each


def to_text(value: Any) -> str:
    """Canonical JSON; numpy numbers become plain ones."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=lambda v: v.item())


def sha256_of(*parts: bytes | str) -> str:
    """Of the parts in order, each with its length before it."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()


def level_to_blob(level: Floats) -> bytes:
    """A level grid (rows, cols) as compressed little-endian float16, as it is kept on disk; above 65504 it is cut off."""
    limited = np.clip(np.asarray(level, dtype=np.float32), -65504, 65504)  # NaN stays NaN
    return zlib.compress(limited.astype("<f2").tobytes(), 1)


def level_from_blob(blob: bytes, rows: int, cols: int) -> NDArray[np.float32]:
    """ValueError or zlib.error where the bytes are no such grid."""
    return np.frombuffer(zlib.decompress(blob), dtype="<f2").reshape(rows, cols).astype(np.float32)


def head_to_text(pad_map: PadMap) -> str:
    """A pad map without its pads."""
    p = pad_map
    return to_text(
        {
            "picture": asdict(p.picture),
            "um_to_px": _rows(p.um_to_px),
            "residual_um": p.residual_um,
            "pose_method": p.pose_method,
            "provenance": asdict(p.provenance),
            **({"others": [_other_to_json(o) for o in p.others]} if p.others else {}),
            **({"places": {pad: _place_to_json(place) for pad, place in p.places.items()}} if p.places else {}),
            "notes": list(p.notes),
        }
    )


def pad_to_text(pad: PadResult) -> str:
    return to_text(asdict(pad))


def pad_map_from_text(head: str, pads: Iterable[str]) -> PadMap:
    """Equal to what was written; StoreError where the text is none of ours."""
    try:
        h = json.loads(head)
        return PadMap(
            picture=_facts(h["picture"]),
            um_to_px=Affine.from_rows(h["um_to_px"]),
            residual_um=h["residual_um"],
            pose_method=h["pose_method"],
            provenance=Provenance(**h["provenance"]),
            pads=tuple(_pad(json.loads(text)) for text in pads),
            others=tuple(_other(o) for o in h.get("others", ())),
            places={
                pad: PadPlace(place["picture"], Affine.from_rows(place["um_to_px"]))
                for pad, place in h.get("places", {}).items()
            },
            notes=tuple(h.get("notes", ())),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"A stored pad map cannot be read ({error!r}); inspect the picture again.") from None


def _rows(pose: Affine) -> list[list[float]]:
    return [[float(v) for v in row] for row in pose.rows]


def _other_to_json(o: OtherPicture) -> dict[str, Any]:
    return {**asdict(o), "um_to_px": _rows(o.um_to_px)}


def _place_to_json(place: PadPlace) -> dict[str, Any]:
    return {"picture": place.picture, "um_to_px": _rows(place.um_to_px)}


def _facts(values: dict[str, Any]) -> PictureFacts:
    return PictureFacts(**{**values, "scale": Scale(**values["scale"])})


def _other(values: dict[str, Any]) -> OtherPicture:
    return OtherPicture(
        _facts(values["facts"]), Affine.from_rows(values["um_to_px"]), values["residual_um"], values["pose_method"]
    )


def _pad(values: dict[str, Any]) -> PadResult:
    return PadResult(
        pad=values["pad"],
        verdict=Verdict(values["verdict"]),
        reasons=tuple(values["reasons"]),
        level=values["level"],
        usable_fraction=values["usable_fraction"],
        defects=tuple(Defect(**{**d, "box_um": tuple(d["box_um"])}) for d in values["defects"]),
        landings=tuple(Landing(**{name: _point(v) for name, v in w.items()}) for w in values["landings"]),
        marks=tuple(_mark(m) for m in values.get("marks", ())),
        reviewer=values.get("reviewer", ""),
    )


def _mark(values: dict[str, Any]) -> Mark:
    corners = tuple((float(x), float(y)) for x, y in values["corners_um"])
    return Mark(values["reason"], Shows(values["shows"]), corners)


def _point(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
