"""Serial numbers of the collaboration: 14 characters, checked offline with its own library, itksn.

    20 U P G PQ 2110303      20: ATLAS · U: upgrade · P: pixels (S strips, C common) · G: general (I inner, B barrel, E endcaps)
                             PQ: the component, here a PCB of a quad module · 2110303: what the component's kind makes of it

A number carries no check digit: a wrong digit can still be a number. Hence the component is said in words, for a person to see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from padscope.errors import SerialError

LENGTH = 14
EXAMPLE = "20UPGPQ2110303"
SEPARATORS = re.compile(r"[\s\-_./]+")
IN_A_NAME = re.compile(
    r"(?<![0-9A-Za-z])20[-_ ]?U[-_ ]?[PSC][A-Z][-_ ]?[A-Z0-9]{2}[-_ ]?[0-9]{7}(?![0-9A-Za-z])", re.IGNORECASE
)
ALIKE = {"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"}
"""Letters that are written or read for digits."""
PROJECTS = {"P": "pixels", "S": "strips", "C": "common parts"}
PARTS = {
    "PG": "general pixel parts", "PI": "the inner pixel system", "PB": "the outer pixel barrel", "PE": "the pixel endcaps",
}  # fmt: skip
WORDS = {"ThreeD": "3D", "FourInch": "4-inch", "SixInch": "6-inch"}
BOARDS = ("PCB", "module")


@dataclass(frozen=True, slots=True)
class Serial:
    """A serial number that can be one. `component` in words ("Quad PCB"); `details` what its digits say, "" where nothing."""

    text: str
    component: str
    details: str = ""

    @property
    def of_a_board(self) -> bool:
        """A flex or a module, as they lie under the microscope; not a wafer, a carrier or a screw."""
        return any(word in self.component for word in BOARDS) and "carrier" not in self.component

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def parse_serial(text: str) -> Serial:
    """What was typed or scanned, with spaces, dashes and small letters forgiven. SerialError says which characters are wrong."""
    plain = SEPARATORS.sub("", text).upper()
    if not plain:
        raise SerialError(f"There is no serial number: type or scan {LENGTH} characters, such as {EXAMPLE}.")
    odd = next((c for c in plain if not (c.isascii() and c.isalnum())), "")
    if odd:
        raise SerialError(
            f"“{text.strip()}” has a “{odd}”: a serial number has only letters and digits, such as {EXAMPLE}."
        )
    if not plain.startswith("20U"):
        raise SerialError(f"{plain} does not begin with 20U, as every serial number of the collaboration does.")
    if plain[3:4] not in PROJECTS:
        raise SerialError(
            f"{plain} has “{plain[3:4]}” as its fourth character: it is P (pixels), S (strips) or C (common)."
        )
    if len(plain) != LENGTH:
        wrong = "missing" if len(plain) < LENGTH else "too many"
        count = abs(len(plain) - LENGTH)
        raise SerialError(f"{plain} has {len(plain)} characters, {count} {wrong}: a serial number has {LENGTH}.")
    letter = next(((k, c) for k, c in enumerate(plain[7:], 8) if not c.isdigit()), None)
    if letter is not None:
        place, character = letter
        hint = f"; is it the digit {ALIKE[character]}?" if character in ALIKE else ""
        raise SerialError(f"{plain} has the letter {character} at place {place}, where a digit belongs{hint or '.'}")
    return _parsed(plain)


def serial_in(name: str) -> Serial | None:
    """The serial number in a file name, if there is exactly one; one of a board is preferred to others."""
    found = {}
    for match in IN_A_NAME.finditer(name):
        try:
            serial = parse_serial(match.group())
        except SerialError:
            continue
        found[serial.text] = serial
    boards = [s for s in found.values() if s.of_a_board]
    several = boards or list(found.values())
    return several[0] if len(several) == 1 else None


def _parsed(plain: str) -> Serial:
    from construct import ConstructError  # both take their time: not before the first serial number
    from itksn import parse

    part, component = plain[3:5], plain[5:7]
    try:
        known: Any = parse(plain.encode("ascii"))
    except ConstructError as error:
        where = str(getattr(error, "path", "") or error)
        if "component_code" in where:
            raise SerialError(
                f"{plain} names the component “{component}”, which {PARTS.get(part, 'this part')} do not have."
                if part == "PG"
                else f"{plain} names the component “{component}”, which is not one of {PARTS.get(part, 'its kind')}."
            ) from None
        if "subproject_code" in where:
            raise SerialError(
                f"{plain} has “{plain[4]}” as its fifth character, which {PROJECTS[plain[3]]} do not have."
            ) from None
        field = next((name for name in FIELDS if name in where), "")
        what = FIELDS.get(field, "what its component allows")
        raise SerialError(f"{plain} has digits ({plain[7:]}) that do not fit {what}; read the label again.") from None
    if plain[3] != "P":
        return Serial(plain, f"{PROJECTS[plain[3]]}, component {component}")
    identifier = known["identifier"]
    details = [_words(str(v)) for k, v in (identifier or {}).items() if k in FIELDS and isinstance(v, str)]
    return Serial(plain, _words(str(known["component_code"])), ", ".join(details))


FIELDS = {
    "FE_chip_version": "any version of the readout chip",
    "PCB_manufacturer": "any manufacturer of PCBs",
    "Vendor_or_Thickness": "any vendor",
    "loading": "any loading site",
    "reception": "any reception site",
    "assembly_site": "any assembly site",
    "manufacturer": "any manufacturer",
    "sensor_type": "any type of sensor",
    "module_type": "any type of carrier",
    "module_version": "any version of carrier",
}
"""Names of itksn's fields, and what a digit does not fit when it is none of theirs."""


def _words(name: str) -> str:
    """itksn's names as people write them."""
    for code, word in WORDS.items():
        name = name.replace(code, word)
    return re.sub(
        r"ITk[Pp]ix_v(\d)p(\d)", r"ITkPix v\1.\2", re.sub(r"ITk[Pp]ix_v(\d)(?!p)", r"ITkPix v\1", name)
    ).replace("_", " ")
