"""The classes a new project starts with, read from a table that a site may change (`resources/classes/*.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from padscope.errors import InputError


@dataclass(frozen=True, slots=True)
class DefectClass:
    """What a mask's value means: 1 … 255, a name, a colour as #rrggbb."""

    value: int
    name: str
    colour: str


def load_classes(path: Path | str) -> tuple[DefectClass, ...]:
    """From `[[class]]` tables with `value`, `name` and `colour`; InputError names the first that is not of this form."""
    path = Path(path)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("class")
    except OSError as error:
        raise InputError(f"The classes {path} cannot be read: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The classes {path} are not valid TOML: {error}.") from None
    if not isinstance(tables, list) or not tables:
        raise InputError(f"{path} lists no classes; write at least one [[class]] with value, name and colour.")
    found: list[DefectClass] = []
    for number, table in enumerate(tables, start=1):
        match table:
            case {"value": int(value), "name": str(name), "colour": str(colour), **rest} if (
                not rest and 1 <= value <= 255
            ):
                found.append(DefectClass(value, name, colour.lower()))
            case _:
                raise InputError(
                    f"Class {number} of {path} needs exactly value (1 to 255), name and colour (#rrggbb), not {table}."
                )
    names, values = [c.name.casefold() for c in found], [c.value for c in found]
    for number, c in enumerate(found):
        if (
            len(c.colour) != 7
            or c.colour[0] != "#"
            or set(c.colour[1:]) - set("0123456789abcdef")
            or not c.name.strip()
        ):
            raise InputError(f"The class “{c.name}” of {path} needs a name and a colour of the form #rrggbb.")
        if names[number] in names[:number] or c.value in values[:number]:
            raise InputError(f"The class “{c.name}” of {path} repeats a name or a value; both must be unique.")
    return tuple(found)
