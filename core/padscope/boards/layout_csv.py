"""Layouts as CSV: `layout.csv` (x_um, y_um = the upper left corner of the unturned pad) with `fiducials.csv` beside it."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from padscope.boards.layout import (
    FOOT_UM,
    WIRE_UM,
    Fiducial,
    Layout,
    Pad,
    Wire,
    checked,
    overlapping_pads,
    spread_wires,
)
from padscope.boards.layout_text import LARGEST_UM, MOST_WIRES, read_bytes, text_of, written_whole
from padscope.errors import LayoutError

PAD_COLUMNS = ("pad", "x_um", "y_um", "w_um", "h_um", "wires")
FOOT_COLUMNS = ("foot_across_um", "foot_along_um", "wire_um")
FIDUCIAL_COLUMNS = ("fiducial", "x_um", "y_um", "diameter_um")
LONGEST_HEADER = 10_000
FLAGS = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}


def load_layout_csv(path: Path) -> Layout:
    """A board type from `path` and, if it exists, `fiducials.csv` in the same folder; LayoutError names file and line."""
    raw = read_bytes(path)
    rows = list(_rows(path, raw, PAD_COLUMNS))
    if not rows:
        raise LayoutError(f"{path.name} has a header but no pads; give it one line per pad.")
    pads: list[Pad] = []
    wires: list[Wire] = []
    for row in rows:
        pad = _pad(row)
        pads.append(pad)
        foot = row.size("foot_across_um", FOOT_UM[0]), row.size("foot_along_um", FOOT_UM[1])
        diameter = row.size("wire_um", WIRE_UM)
        wires += (replace(wire, diameter_um=diameter) for wire in spread_wires(pad, row.count("wires"), foot))
    _refuse_repeated(rows, "pad")
    pair = overlapping_pads(pads)
    if pair:
        i, j = pair
        raise LayoutError(
            f"{path.name}, line {rows[j].line}: pad {pads[j].id} overlaps pad {pads[i].id} of line {rows[i].line}; "
            "move one of them or make it smaller."
        )
    marks, marks_raw = _fiducials(path.with_name("fiducials.csv"))
    digest = hashlib.sha256(raw + marks_raw).hexdigest()
    return checked(Layout(path.stem, tuple(pads), tuple(wires), marks, digest))


def save_layout_csv(layout: Layout, path: Path) -> None:
    """`path` and `fiducials.csv` beside it. LayoutError where the layout holds what the columns cannot say: polygons, wires
    that are not spread evenly, or wires of one pad with different feet; and where other fiducials in the folder would be lost, or
    taken for this layout's."""
    own_feet = any((w.foot_um, w.diameter_um) != (FOOT_UM, WIRE_UM) for w in layout.wires)
    table: list[list[object]] = [
        [*PAD_COLUMNS, "net", "single", "rotation_deg", "wire_direction", *(FOOT_COLUMNS if own_feet else ())],
    ]
    for pad in layout.pads:
        wires = layout.wires_of[pad.id]
        if pad.polygon_um is not None:
            raise LayoutError(f"Pad {pad.id} is a polygon, which CSV cannot hold; save the layout as JSON instead.")
        foot, diameter = (wires[0].foot_um, wires[0].diameter_um) if wires else (FOOT_UM, WIRE_UM)
        if len({(w.foot_um, w.diameter_um) for w in wires}) > 1:
            raise LayoutError(
                f"The wires of pad {pad.id} have different feet, which CSV cannot hold; save the layout as JSON instead."
            )
        if not _same_places(wires, spread_wires(pad, len(wires))):
            raise LayoutError(
                f"The wires of pad {pad.id} are not spread evenly, which CSV cannot hold; save the layout as JSON instead."
            )
        corner = (pad.x_um - pad.w_um / 2, pad.y_um - pad.h_um / 2)
        direction = "" if pad.wire_direction is None else _number(pad.wire_direction)
        facts = [pad.id, *map(_number, (*corner, pad.w_um, pad.h_um)), len(wires), pad.net, int(pad.single_purpose)]
        feet = map(_number, (*foot, diameter)) if own_feet else ()
        table.append([*facts, _number(pad.rotation_deg), direction, *feet])
    marks: list[list[object]] = [[f.name, *map(_number, (f.x_um, f.y_um, f.diameter_um))] for f in layout.fiducials]
    beside = path.with_name("fiducials.csv")
    other_marks = beside.exists() and not _are(beside, layout.fiducials)
    if other_marks and not _alone(path):
        raise LayoutError(
            f"{beside} holds the fiducials of another layout; save this one as JSON, or into another folder."
        )
    written_whole(path, _table_text(table))
    if marks or other_marks:
        written_whole(beside, _table_text([list(FIDUCIAL_COLUMNS), *marks]))


def _are(file: Path, fiducials: tuple[Fiducial, ...]) -> bool:
    try:
        return _fiducials(file)[0] == fiducials
    except LayoutError:
        return False


def _alone(path: Path) -> bool:
    """Whether this file is there, and is the only layout of its folder."""
    others = (p for p in path.parent.glob("*.csv") if p.name not in (path.name, "fiducials.csv"))
    return path.exists() and not any(_is_layout(p) for p in others)


def _is_layout(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return {*PAD_COLUMNS} <= {name.strip() for name in file.readline(LONGEST_HEADER).split(",")}
    except (OSError, UnicodeDecodeError):
        return False


def _same_places(a: tuple[Wire, ...], b: tuple[Wire, ...]) -> bool:
    """Whether CSV would bring back the same wires, to a thousandth of a µm."""
    return all(
        u.id == v.id
        and not u.chip_pad
        and math.dist((u.x_um, u.y_um, u.direction_deg), (v.x_um, v.y_um, v.direction_deg)) < 1e-3
        for u, v in zip(a, b, strict=True)
    )


def _number(value: float) -> str:
    """The shortest text that is read back as the same number."""
    return repr(float(value))


def _table_text(table: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue()


@dataclass(frozen=True)
class _Row:
    """One line of a table, and where it stands, for messages."""

    file: str
    line: int
    cells: dict[str, str] = field(repr=False)

    def refuse(self, reason: str) -> LayoutError:
        return LayoutError(f"{self.file}, line {self.line}: {reason}")

    def word(self, column: str) -> str:
        word = self.cells.get(column, "")
        if not word:
            raise self.refuse(f"the column {column} is empty; give it a name.")
        return word

    def number(self, column: str, default: float | None = None) -> float:
        text = self.cells.get(column, "")
        if not text:
            if default is not None:
                return default
            raise self.refuse(f"the column {column} is empty; give it a number in the unit of its name.")
        try:
            value = float(text)
        except ValueError:
            hint = "write decimals with a dot, not a comma" if "," in text else "give it a plain number"
            raise self.refuse(f"{column} is “{text[:40]}”, which is not a number; {hint}.") from None
        if not math.isfinite(value):
            raise self.refuse(f"{column} is “{text}”; it must be a finite number.")
        if abs(value) > LARGEST_UM:
            raise self.refuse(f"{column} is {value:g}, more than ten metres; give lengths in µm.")
        return value

    def size(self, column: str, default: float | None = None) -> float:
        value = self.number(column, default)
        if value <= 0:
            raise self.refuse(f"{column} is {value:g}; it must be above 0 µm.")
        return value

    def count(self, column: str) -> int:
        value = self.number(column)
        if not value.is_integer() or not 0 <= value <= MOST_WIRES:
            raise self.refuse(f"{column} is {value:g}; it must be a whole number from 0 to {MOST_WIRES}.")
        return int(value)

    def flag(self, column: str) -> bool:
        text = self.cells.get(column, "").lower()
        if text not in FLAGS:
            raise self.refuse(f"{column} is “{text[:40]}”; it must be 0 or 1.")
        return FLAGS[text]


def _pad(row: _Row) -> Pad:
    w, h = row.size("w_um"), row.size("h_um")
    return Pad(
        id=row.word("pad"),
        x_um=row.number("x_um") + w / 2,
        y_um=row.number("y_um") + h / 2,
        w_um=w,
        h_um=h,
        rotation_deg=row.number("rotation_deg", 0.0),
        net=row.cells.get("net", ""),
        single_purpose=row.flag("single"),
        wire_direction=row.number("wire_direction") if row.cells.get("wire_direction") else None,
    )


def _fiducials(path: Path) -> tuple[tuple[Fiducial, ...], bytes]:
    """The marks and the bytes they were read from; none where there is no such file."""
    if not os.path.lexists(path):
        return (), b""
    raw = read_bytes(path)
    rows = list(_rows(path, raw, FIDUCIAL_COLUMNS))
    _refuse_repeated(rows, "fiducial")
    marks = [Fiducial(r.word("fiducial"), r.number("x_um"), r.number("y_um"), r.size("diameter_um")) for r in rows]
    return tuple(marks), raw


def _refuse_repeated(rows: list[_Row], column: str) -> None:
    first: dict[str, int] = {}
    for row in rows:
        name = row.word(column)
        if name in first:
            raise row.refuse(f"{column} {name} was already on line {first[name]}; every name must be unique.")
        first[name] = row.line


def _rows(path: Path, raw: bytes, columns: tuple[str, ...]) -> Iterator[_Row]:
    """The lines below the header, empty ones left out."""
    text = text_of(path, raw)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        try:
            cells = [c.strip() for c in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise LayoutError(
                f"{path.name}, line {reader.line_num}: not valid CSV ({error}); check its quotes."
            ) from None
        if not any(cells):
            continue
        if not header:
            header = [c.lower() for c in cells]
            _refuse_header(path, reader.line_num, header, columns)
            continue
        if len(cells) > len(header):
            raise LayoutError(
                f"{path.name}, line {reader.line_num}: {len(cells)} values under {len(header)} columns; "
                "write decimals with a dot, not a comma, and quote names that contain commas."
            )
        yield _Row(path.name, reader.line_num, dict(zip(header, cells, strict=False)))


def _refuse_header(path: Path, line: int, header: list[str], columns: tuple[str, ...]) -> None:
    missing = [c for c in columns if c not in header]
    if missing:
        for sign, word in ((";", "semicolons"), ("\t", "tabs")):
            if sign in header[0]:
                raise LayoutError(
                    f"{path.name}, line {line}: the columns are separated by {word}; save the file with commas between "
                    "the columns and dots as decimal signs."
                )
        raise LayoutError(
            f"{path.name}, line {line}: the column {missing[0]} is missing; the first line must name {', '.join(columns)}."
        )
    twice = [c for c in header if c and header.count(c) > 1]
    if twice:
        raise LayoutError(f"{path.name}, line {line}: the column {twice[0]} appears twice; keep one of them.")
