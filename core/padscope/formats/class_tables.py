"""Tables of classes beside masks: ours (`classes.csv`), CVAT's `labelmap.txt`, LabelMe's `label_names.txt`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from padscope.formats.labelled import bad, read_text
from padscope.masks.classes import DefectClass

OURS = "classes.csv"
LABELMAP = "labelmap.txt"
LABEL_NAMES = "label_names.txt"
BACKGROUND = frozenset({"background", "_background_", "__ignore__", ""})
LARGEST = 1 << 20


def table_text(classes: Sequence[DefectClass]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["value", "name", "colour"])
    writer.writerows([c.value, c.name, c.colour] for c in classes)
    return out.getvalue()


def table_beside(file: Path) -> tuple[Path, tuple[DefectClass, ...]] | None:
    """The table in the mask's folder or in the one above it, with value 0 for the background if it is listed; None where there is
    none. InputError where it is damaged."""
    for folder in (file.parent, file.parent.parent):
        for name, read in ((OURS, _ours), (LABELMAP, _labelmap), (LABEL_NAMES, _label_names)):
            if (folder / name).is_file():
                return folder / name, read(folder / name)
    return None


def colour_of(rgb: Sequence[int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def rgb_of(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _ours(file: Path) -> tuple[DefectClass, ...]:
    rows = list(csv.reader(io.StringIO(read_text(file, LARGEST))))
    if not rows or [cell.strip().lower() for cell in rows[0][:3]] != ["value", "name", "colour"]:
        raise bad(file, "line 1", "a table of classes begins with the line value,name,colour.")
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        value, name, colour = (cell.strip() for cell in (*row, "", "", "")[:3])
        if not value.isdecimal() or int(value) > 255 or not name:
            raise bad(file, f"line {number}", "a class needs a value from 1 to 255 and a name.")
        found.append(DefectClass(int(value), name, _checked(colour, file, number)))
    return _unique(found, file)


def _labelmap(file: Path) -> tuple[DefectClass, ...]:
    """`label:r,g,b:parts:actions`; values count from 0 for the background, as CVAT's index masks do."""
    found: list[DefectClass] = []
    for number, line in enumerate(read_text(file, LARGEST).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        rgb = rest.split(":")[0].split(",")
        if len(rgb) != 3 or not all(part.strip().isdecimal() and int(part) < 256 for part in rgb):
            raise bad(file, f"line {number}", "a line of a label map reads name:red,green,blue:parts:actions.")
        found.append(DefectClass(len(found), name.strip(), colour_of([int(part) for part in rgb])))
    if found and found[0].name.casefold() not in BACKGROUND:
        at = next((k for k, c in enumerate(found) if c.name.casefold() in BACKGROUND), None)
        shift = 1 if at is None else 0
        found = [DefectClass(c.value + shift, c.name, c.colour) for c in found]
        if at is not None:  # the background is 0 wherever its line stands
            found = [DefectClass(0 if k == at else c.value + (k < at), c.name, c.colour) for k, c in enumerate(found)]
    return _unique(found, file)


def _label_names(file: Path) -> tuple[DefectClass, ...]:
    """One name per line, the first one is value 0."""
    names = [line.strip() for line in read_text(file, LARGEST).splitlines()]
    while names and not names[-1]:
        names.pop()
    if len(names) > 256:
        raise bad(file, "line 257", "there can be 255 classes and the background, not more.")
    return _unique([DefectClass(value, name, "") for value, name in enumerate(names)], file)


def _checked(colour: str, file: Path, number: int) -> str:
    if colour and (len(colour) != 7 or colour[0] != "#" or set(colour[1:].lower()) - set("0123456789abcdef")):
        raise bad(file, f"line {number}", f"a colour has the form #rrggbb, not “{colour}”.")
    return colour.lower()


def _unique(found: Sequence[DefectClass], file: Path) -> tuple[DefectClass, ...]:
    for what, values in (("value", [c.value for c in found]), ("name", [c.name.casefold() for c in found])):
        twice = next((v for k, v in enumerate(values) if v in values[:k]), None)
        if twice is not None:
            raise bad(file, "", f"the {what} “{twice}” stands in it twice; every class needs its own.")
    return tuple(found)
