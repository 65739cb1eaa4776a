"""Rules: what a site decides about defects on pads, as data in `resources/rules/*.toml`."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from padscope.configs import configured, setting
from padscope.errors import RulesError, UsageError
from padscope.resources import resource

DEFAULT_RULES = "standard"


class Effect(StrEnum):
    """What a rule that is broken does to the verdict."""

    NONE = "none"
    NOTE = "note"
    RE_CLEAN = "RE_CLEAN"
    NOT_BONDABLE = "NOT_BONDABLE"


EFFECTS = tuple(e.value for e in Effect)


@dataclass(frozen=True)
class PictureRules:
    edge_width_um: float = setting(15.0, "Widest edge of a pad in focus", unit="µm", low=0.0)
    white_fraction: float = setting(0.02, "White part of a pad that glares", low=0.0, high=1.0)
    dark_fraction: float = setting(0.2, "Black part of a pad in the dark", low=0.0, high=1.0)


@dataclass(frozen=True)
class DefectRules:
    minimum_area_um2: float = setting(100.0, "Smallest defect", unit="µm²", low=0.0)
    margin_um: float = setting(5.0, "Margin around found defects", unit="µm", low=0.0, high=200.0)
    painted_margin_um: float = setting(0.0, "Margin around painted defects", unit="µm", low=0.0, high=200.0)


@dataclass(frozen=True)
class LandingRules:
    tolerance_um: float = setting(10.0, "Free ground around a foot", unit="µm", low=0.0, high=200.0)
    doubtful_level: float = setting(0.6, "Doubtful metal around a defect", unit="of the threshold", low=0.1, high=1.0)
    as_planned_um: float = setting(1.0, "Shift that counts as none", unit="µm", low=0.0)


@dataclass(frozen=True)
class FreeRectangleRules:
    single_purpose_needs_all: bool = setting(True, "Single-purpose pads need all wires")


@dataclass(frozen=True)
class AreaRules:
    usable_fraction: float = setting(0.75, "Usable part of the pad", low=0.0, high=1.0)
    single_purpose_usable_fraction: float = setting(0.9, "… of a single-purpose pad", low=0.0, high=1.0)
    effect: str = setting("NOT_BONDABLE", "If less is usable", choices=EFFECTS)


@dataclass(frozen=True)
class PristineRules:
    width_fraction: float = setting(0.8, "Width of the pristine window", low=0.0, high=1.0)
    length_fraction: float = setting(0.8, "Length of the pristine window", low=0.0, high=1.0)
    minimum_area_um2: float = setting(0.0, "Smallest defect that counts in it", unit="µm²", low=0.0)
    effect: str = setting("note", "If there is a defect in it", choices=EFFECTS)
    single_purpose_effect: str = setting("note", "… on a single-purpose pad", choices=EFFECTS)


@dataclass(frozen=True)
class ModuleRules:
    net_wires_fraction: float = setting(0.75, "Wires a net must keep", low=0.0, high=1.0)
    discard_single_purpose_lost: int = setting(1, "Lost single-purpose pads that discard", low=1)
    discard_lost_pads: int = setting(6, "Lost pads that discard", low=1)
    discard_consecutive_lost: int = setting(3, "Lost pads in a row on a net that discard", low=2)


@dataclass(frozen=True)
class Rules:
    """`classes` are pairs of a defect class (lower case, spaces) and its effect; what is not named has the effect of “other”."""

    name: str = DEFAULT_RULES
    title: str = ""
    picture: PictureRules = PictureRules()
    defects: DefectRules = DefectRules()
    landing: LandingRules = LandingRules()
    free_rectangle: FreeRectangleRules = FreeRectangleRules()
    area: AreaRules = AreaRules()
    pristine: PristineRules = PristineRules()
    module: ModuleRules = ModuleRules()
    classes: tuple[tuple[str, str], ...] = (("other", "note"),)
    sha256: str = field(default="", compare=False)  # of the file it was read from

    def effect_of(self, defect_class: str) -> Effect:
        effects = dict(self.classes)
        return Effect(effects.get(plain_class(defect_class), effects["other"]))


TABLES = {
    "picture": PictureRules,
    "defects": DefectRules,
    "landing": LandingRules,
    "free_rectangle": FreeRectangleRules,
    "area": AreaRules,
    "pristine": PristineRules,
    "module": ModuleRules,
}


def plain_class(name: str) -> str:
    """The collaboration writes Scratches_Wirebonding_pad, people write scratches."""
    plain = " ".join(name.replace("_", " ").replace("-", " ").split()).casefold()
    return plain.removesuffix(" wirebonding pad")


def rule_names() -> tuple[str, ...]:
    """The packaged templates."""
    return tuple(sorted(p.stem for p in resource("rules").glob("*.toml")))


def load_rules(rules: str | Path | None = None) -> Rules:
    """A packaged template by its name, or a TOML file; None for the standard ones. RulesError where they cannot be used."""
    wanted = DEFAULT_RULES if rules is None else str(rules)
    path = Path(wanted)
    if wanted in rule_names():
        path = resource("rules", f"{wanted}.toml")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        known = ", ".join(rule_names())
        raise RulesError(f"There are no rules “{wanted}”: neither a file nor one of {known}.") from None
    except OSError as error:
        raise RulesError(f"The rules {path} cannot be read ({error.strerror}).") from None
    return parse_rules(raw, path.name)


def parse_rules(raw: bytes, source: str) -> Rules:
    """Rules from TOML; `source` names them in messages. RulesError says which line or name is wrong."""
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{source} is not readable as TOML ({error}); correct that place.") from None
    unknown = set(table) - set(TABLES) - {"name", "title", "classes"}
    if unknown:
        raise RulesError(
            f"{source} has “{sorted(unknown)[0]}”, which is no rule; it may have {', '.join(TABLES)}, classes."
        )
    try:
        parts: dict[str, Any] = {key: configured(kind, _table(table, key, source)) for key, kind in TABLES.items()}
    except UsageError as error:
        raise RulesError(f"{source}: {error}") from None
    return Rules(
        name=_word(table, "name", Path(source).stem, source),
        title=_word(table, "title", "", source),
        classes=_classes(_table(table, "classes", source), source),
        sha256=hashlib.sha256(raw).hexdigest(),
        **parts,
    )


def rules_toml(rules: Rules) -> str:
    """The rules as TOML without comments; `parse_rules` takes it back."""
    lines = [f"name = {_quoted(rules.name)}", f"title = {_quoted(rules.title)}"]
    for key in TABLES:
        lines += ["", f"[{key}]"]
        lines += [f"{k} = {_toml(v)}" for k, v in dataclasses.asdict(getattr(rules, key)).items()]
    lines += ["", "[classes]", *(f"{_quoted(k)} = {_quoted(v)}" for k, v in rules.classes)]
    return "\n".join(lines) + "\n"


def _table(table: Mapping[str, Any], key: str, source: str) -> Mapping[str, Any]:
    part = table.get(key, {})
    if not isinstance(part, dict):
        raise RulesError(f"{source}: “{key}” must be a table, written [{key}].")
    return part


def _word(table: Mapping[str, Any], key: str, default: str, source: str) -> str:
    word = table.get(key, default)
    if not isinstance(word, str):
        raise RulesError(f"{source}: “{key}” must be text in quotation marks.")
    return word


def _classes(table: Mapping[str, Any], source: str) -> tuple[tuple[str, str], ...]:
    for name, effect in table.items():
        if effect not in EFFECTS:
            raise RulesError(f"{source}: the class “{name}” takes one of {', '.join(EFFECTS)}, not “{effect}”.")
    return tuple(({"other": "note"} | {plain_class(k): str(v) for k, v in table.items()}).items())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
