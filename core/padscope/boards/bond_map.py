"""Files for the bonder and for scripts: `STEM.padmap.json` (everything) and `STEM.bondmap.csv` (one row per wire).

Both are read back: the JSON gives the same pad map, the CSV the same rows. Numbers in the CSV have three decimals (nm, and a
thousandth of a pixel); those in the JSON are exact.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from padscope.boards.layout_text import written_whole
from padscope.boards.pad_map import (
    SCHEMA,
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
from padscope.errors import PadMapError
from padscope.types import Affine, Scale

LARGEST_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class BondRow:
    """One wire of a bond map, a column of the CSV each; None where it cannot land. `defect_classes` are those of its pad.
    `reviewer` is who looked at its pad last, `model` and `rules` have the first 16 digits of their SHA-256. `picture_file` is a
    column only where several pictures show the board, `placed_by` only where a person has put a foot down."""

    pad: str
    wire: str
    verdict: Verdict
    planned_x_um: float
    planned_y_um: float
    proposed_x_um: float | None
    proposed_y_um: float | None
    shift_x_um: float | None
    shift_y_um: float | None
    margin_um: float | None
    picture_x_px: float | None
    picture_y_px: float | None
    defect_classes: tuple[str, ...]
    planned_picture_x_px: float | None = None
    planned_picture_y_px: float | None = None
    reviewer: str = ""
    model: str = ""
    rules: str = ""
    picture_sha256: str = ""
    picture_file: str = ""
    placed_by: str = ""


SOMETIMES = ("picture_file", "placed_by")
COLUMNS = tuple(f.name for f in dataclasses.fields(BondRow) if f.default is dataclasses.MISSING)
"""A bond map without one of these is none."""
MADE_WITH = tuple(f.name for f in dataclasses.fields(BondRow) if f.name not in (*COLUMNS, *SOMETIMES))
"""Written behind them; bond maps of older versions have none of these."""


def write_pad_map(pad_map: PadMap, path: Path) -> None:
    """`STEM.padmap.json`, whole or not at all; OutputError where it cannot be written."""
    written_whole(path, pad_map_text(pad_map))


def read_pad_map(path: Path) -> PadMap:
    """The same pad map that was written; PadMapError says what is wrong with the file."""
    return parse_pad_map(_text(path), path.name)


def pad_map_text(pad_map: PadMap) -> str:
    """The JSON of a pad map; a number that is no number is written as null."""
    return json.dumps(pad_map_object(pad_map), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def pad_map_object(pad_map: PadMap) -> dict[str, Any]:
    """The pad map as plain JSON values (`cli.md`, schema 1). Of a board that several pictures show, "other_pictures" lists the
    further ones; a pad that was looked at elsewhere than in "picture" by "pose" says in which ("picture": k is the k-th other
    one, 0 the first) and by which pose ("um_to_px"). "marks" of a pad are outlines that explain its reasons: which one
    ("reason", from 0), what they show, and their corners on the board and in the picture."""
    picture, made = pad_map.picture, pad_map.provenance
    return {
        "schema": SCHEMA,
        "picture": _picture_object(picture),
        "module": picture.module or None,
        "pose": _pose_object(pad_map),
        **(
            {"other_pictures": [_picture_object(o.facts) | {"pose": _pose_object(o)} for o in pad_map.others]}
            if pad_map.others
            else {}
        ),
        "layout": {"name": made.layout, "sha256": made.layout_sha256},
        "model": {"detector": made.detector, "sha256": made.model_sha256, "threshold_factor": made.threshold_factor},
        "rules": {"name": made.rules, "sha256": made.rules_sha256},
        "created_at": made.created_at,
        "software": made.software,
        "notes": list(pad_map.notes),
        "pads": [
            _pad_object(p, pad_map.place(p.pad).um_to_px) | _place_object(pad_map.places.get(p.pad))
            for p in pad_map.pads
        ],
    }


def parse_pad_map(text: str, source: str) -> PadMap:
    """A pad map from its JSON; `source` names it in messages."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise PadMapError(
            f"{source} is not readable as JSON; it may have been cut off. Export the pad map again."
        ) from None
    if not isinstance(data, dict) or "pads" not in data or "schema" not in data:
        raise PadMapError(f"{source} is not a pad map.")
    if data["schema"] != SCHEMA:
        raise PadMapError(
            f"{source} is a pad map of schema {data['schema']}; this version reads schema {SCHEMA}. Use a newer Padscope."
        )
    try:
        return _pad_map(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)
        raise PadMapError(f"{source} is a damaged pad map ({what}); export it again.") from None


def bond_rows(pad_map: PadMap) -> tuple[BondRow, ...]:
    """One row per wire, in the order of the pad map."""
    pictures, made = pad_map.pictures(), pad_map.provenance
    model, rules = f"{made.detector} {made.model_sha256[:16]}", f"{made.rules} {made.rules_sha256[:16]}"
    rows = []
    for pad in pad_map.pads:
        place = pad_map.place(pad.pad)
        facts = pictures[place.picture]
        file = facts.file if pad_map.others else ""
        rows += [
            dataclasses.replace(
                _bond_row(pad, m, place.um_to_px),
                model=model.strip(),
                rules=rules.strip(),
                picture_sha256=facts.sha256,
                picture_file=file,
            )
            for m in pad.landings
        ]
    return tuple(rows)


def write_bond_map(pad_map: PadMap, path: Path) -> None:
    """`STEM.bondmap.csv`, whole or not at all; OutputError where it cannot be written."""
    written_whole(path, bond_map_text(bond_rows(pad_map)))


def bond_map_text(rows: tuple[BondRow, ...]) -> str:
    """The CSV: a header, then one line per wire; several defect classes are joined by semicolons, an empty cell is None."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    columns = (*COLUMNS, *MADE_WITH, *(name for name in SOMETIMES if any(getattr(row, name) for row in rows)))
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(getattr(row, name)) for name in columns])
    return out.getvalue()


def read_bond_map(path: Path) -> tuple[BondRow, ...]:
    """The rows that were written; PadMapError names the line that is wrong."""
    table = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        header = next(table, [])
    except csv.Error as error:
        raise PadMapError(f"{path.name} is not a bond map ({error}).") from None
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise PadMapError(f"{path.name} is not a bond map: it has no column {missing[0]}.")
    try:
        return tuple(_row(dict(zip(header, cells, strict=True))) for cells in table if cells)
    except (ValueError, csv.Error) as error:
        where = f"{path.name}, line {table.line_num}"
        raise PadMapError(f"{where}: {error}; correct the line or export the map again.") from None


def _picture_object(picture: PictureFacts) -> dict[str, Any]:
    return {
        "file": picture.file,
        "sha256": picture.sha256,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "um_per_px": picture.scale.um_per_px,
        "scale_source": picture.scale.source,
        "scale_verified": picture.scale.verified,
    }


def _pose_object(of: PadMap | OtherPicture) -> dict[str, Any]:
    return {"um_to_px": of.um_to_px.rows.tolist(), "residual_um": _number(of.residual_um), "method": of.pose_method}


def _place_object(place: PadPlace | None) -> dict[str, Any]:
    return {} if place is None else {"picture": place.picture, "um_to_px": place.um_to_px.rows.tolist()}


def _pad_object(p: PadResult, um_to_px: Affine) -> dict[str, Any]:
    return {
        "id": p.pad,
        "verdict": p.verdict.value,
        "reasons": list(p.reasons),
        **({"reviewer": p.reviewer} if p.reviewer else {}),
        **({"marks": [_mark_object(m, um_to_px) for m in p.marks]} if p.marks else {}),
        "level": _number(p.level),
        "usable_fraction": _number(p.usable_fraction),
        "defects": [
            {"class": d.defect_class, "area_um2": d.area_um2, "box_um": list(d.box_um), "level": _number(d.level)}
            for d in p.defects
        ],
        "wires": [
            {
                "id": m.wire,
                "planned_um": list(m.planned_um),
                "proposed_um": _listed(m.proposed_um),
                "shift_um": _listed(m.shift_um),
                "margin_um": _number(m.margin_um),
                "foot_um": list(m.foot_um),
                "direction_deg": m.direction_deg,
                **({"placed_by": m.placed_by} if m.placed_by else {}),
            }
            for m in p.landings
        ],
    }


def _mark_object(mark: Mark, um_to_px: Affine) -> dict[str, Any]:
    return {
        "reason": mark.reason,
        "shows": mark.shows.value,
        "corners_um": [list(corner) for corner in mark.corners_um],
        "corners_px": np.round(um_to_px.apply(np.array(mark.corners_um)), 2).tolist(),
    }


def _mark(m: dict[str, Any], reasons: int) -> Mark:
    if not 0 <= m["reason"] < reasons:
        raise ValueError("an outline explains a reason that is not listed")
    return Mark(int(m["reason"]), Shows(m["shows"]), tuple(map(_pair, m["corners_um"])))


def _pad_map(data: dict[str, Any]) -> PadMap:
    pose = data["pose"]
    layout, model, rules = data.get("layout", {}), data["model"], data["rules"]
    others = tuple(map(_other, data.get("other_pictures", [])))
    return PadMap(
        _facts(data["picture"], data.get("module") or ""),
        Affine.from_rows(pose["um_to_px"]),
        _or_nan(pose["residual_um"]),
        pose["method"],
        Provenance(
            detector=model["detector"],
            model_sha256=model["sha256"],
            rules=rules["name"],
            rules_sha256=rules["sha256"],
            layout=layout.get("name", ""),
            layout_sha256=layout.get("sha256", ""),
            created_at=data["created_at"],
            software=data["software"],
            threshold_factor=float(model.get("threshold_factor", 1.0)),
        ),
        tuple(map(_pad, data["pads"])),
        tuple(map(str, data.get("notes", ()))),
        others,
        _places(data["pads"], 1 + len(others)),
    )


def _facts(picture: dict[str, Any], module: str = "") -> PictureFacts:
    scale = Scale(picture["um_per_px"], picture["scale_source"], picture.get("scale_verified", False))
    return PictureFacts(picture["file"], picture["sha256"], picture["width_px"], picture["height_px"], scale, module)


def _other(data: dict[str, Any]) -> OtherPicture:
    pose = data["pose"]
    return OtherPicture(_facts(data), Affine.from_rows(pose["um_to_px"]), _or_nan(pose["residual_um"]), pose["method"])


def _places(pads: list[dict[str, Any]], pictures: int) -> dict[str, PadPlace]:
    places = {p["id"]: PadPlace(p["picture"], Affine.from_rows(p["um_to_px"])) for p in pads if "um_to_px" in p}
    if any(not 0 <= p.picture < pictures for p in places.values()):
        raise ValueError("a pad lies in a picture that is not listed")
    return places


def _pad(p: dict[str, Any]) -> PadResult:
    return PadResult(
        p["id"],
        Verdict(p["verdict"]),
        tuple(p["reasons"]),
        p["level"],
        p["usable_fraction"],
        tuple(Defect(d["class"], d["area_um2"], _four(d["box_um"]), _or_nan(d["level"])) for d in p["defects"]),
        tuple(
            Landing(
                w["id"],
                _pair(w["planned_um"]),
                None if w["proposed_um"] is None else _pair(w["proposed_um"]),
                w["margin_um"],
                _pair(w["foot_um"]),
                float(w["direction_deg"]),
                str(w.get("placed_by", "")),
            )
            for w in p["wires"]
        ),
        tuple(_mark(m, len(p["reasons"])) for m in p.get("marks", ())),
        str(p.get("reviewer", "")),
    )


def _bond_row(pad: PadResult, landing: Landing, um_to_px: Affine) -> BondRow:
    at, shift = landing.proposed_um or (None, None), landing.shift_um or (None, None)
    px = (None, None) if landing.proposed_um is None else um_to_px.apply(np.array(landing.proposed_um)).tolist()
    planned_px = um_to_px.apply(np.array(landing.planned_um)).tolist()
    return BondRow(
        pad=pad.pad,
        wire=landing.wire,
        verdict=pad.verdict,
        planned_x_um=_round(landing.planned_um[0]),
        planned_y_um=_round(landing.planned_um[1]),
        proposed_x_um=_rounded(at[0]),
        proposed_y_um=_rounded(at[1]),
        shift_x_um=_rounded(shift[0]),
        shift_y_um=_rounded(shift[1]),
        margin_um=_rounded(landing.margin_um),
        picture_x_px=_rounded(px[0]),
        picture_y_px=_rounded(px[1]),
        defect_classes=tuple(dict.fromkeys(d.defect_class.replace(";", ",") for d in pad.defects)),
        planned_picture_x_px=_round(planned_px[0]),
        planned_picture_y_px=_round(planned_px[1]),
        reviewer=pad.reviewer,
        placed_by=landing.placed_by,
    )


def _row(cells: dict[str, str]) -> BondRow:
    read: dict[str, Callable[[str], Any]] = dict.fromkeys(COLUMNS[5:12], _optional)
    read |= {"pad": str, "wire": str, "verdict": Verdict, "planned_x_um": _finite, "planned_y_um": _finite}
    read["defect_classes"] = lambda text: tuple(part for part in text.split(";") if part)
    read |= dict.fromkeys((*MADE_WITH, *SOMETIMES), str)
    read |= dict.fromkeys(("planned_picture_x_px", "planned_picture_y_px"), _optional)
    return BondRow(**{name: read[name](cells[name]) for name in (*COLUMNS, *MADE_WITH, *SOMETIMES) if name in cells})


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"“{text}” is not a finite number")
    return value


def _optional(text: str) -> float | None:
    return _finite(text) if text else None


def _pair(values: list[float]) -> tuple[float, float]:
    x, y = values
    return float(x), float(y)


def _four(values: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = values
    return float(x0), float(y0), float(x1), float(y1)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _listed(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else list(pair)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _round(value: float) -> float:
    return round(float(value), 3) + 0.0  # + 0.0: no minus before a zero


def _rounded(value: float | None) -> float | None:
    return None if value is None else _round(value)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ";".join(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise PadMapError(f"{path.name} is larger than {LARGEST_BYTES >> 20} MB; this is no pad map.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PadMapError(f"There is no file {path}; check its name.") from None
    except OSError as error:
        raise PadMapError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise PadMapError(f"{path.name} is not UTF-8 text; a pad map is.") from None
