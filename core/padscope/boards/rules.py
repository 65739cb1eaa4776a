"""Rules: what a site decides about defects on pads, as data in `resources/rules/*.toml`."""

from __future__ import annotations

import dataclasses
import hashlib
import re
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
    edge_width_um: float = setting(
        15.0,
        "Widest edge of a pad in focus",
        unit="µm",
        low=0.0,
        help="A pad whose step from metal to surroundings is wider is UNKNOWN.",
    )
    white_fraction: float = setting(
        0.02,
        "White part of a pad that glares",
        low=0.0,
        high=1.0,
        help="A pad with more white in every colour is UNKNOWN.",
    )
    dark_fraction: float = setting(
        0.2, "Black part of a pad in the dark", low=0.0, high=1.0, help="A pad with more black is UNKNOWN."
    )


@dataclass(frozen=True)
class DefectRules:
    minimum_area_um2: float = setting(
        100.0,
        "Smallest defect",
        unit="µm²",
        low=0.0,
        help="Smaller specks of heat are no defects. Painted defects count whatever their size.",
    )
    margin_um: float = setting(
        5.0,
        "Margin around found defects",
        unit="µm",
        low=0.0,
        high=200.0,
        help="Feet keep this much more away, because heat has no sharp edge.",
    )
    painted_margin_um: float = setting(
        0.0,
        "Margin around painted defects",
        unit="µm",
        low=0.0,
        high=200.0,
        help="Feet keep this much more away from what a person painted.",
    )


@dataclass(frozen=True)
class LandingRules:
    tolerance_um: float = setting(
        10.0,
        "Free ground around a foot",
        unit="µm",
        low=0.0,
        high=200.0,
        help="How far from its landing point a foot may come to lie, on every side.",
    )
    doubtful_level: float = setting(
        0.6,
        "Doubtful metal around a defect",
        unit="of the threshold",
        low=0.1,
        high=1.0,
        help="Feet also keep off metal above this that hangs together with a defect, as far as that costs no wire; 1 is not to.",
    )
    as_planned_um: float = setting(
        1.0,
        "Shift that counts as none",
        unit="µm",
        low=0.0,
        help="A landing point nearer than this to the planned one counts as planned.",
    )


@dataclass(frozen=True)
class FreeRectangleRules:
    single_purpose_needs_all: bool = setting(
        True,
        "Single-purpose pads need all wires",
        help="Off: a single-purpose pad that takes only some of its wires is REDUCED.",
    )


@dataclass(frozen=True)
class AreaRules:
    usable_fraction: float = setting(
        0.75, "Usable part of the pad", low=0.0, high=1.0, help="At least this part of the pad must be free of defects."
    )
    single_purpose_usable_fraction: float = setting(
        0.9, "… of a single-purpose pad", low=0.0, high=1.0, help="The same for pads of a single-purpose net."
    )
    effect: str = setting(
        "NOT_BONDABLE",
        "If less is usable",
        choices=EFFECTS,
        help="What it does to the verdict; none: the rule is not asked, note: only said among the reasons.",
    )


@dataclass(frozen=True)
class PristineRules:
    width_fraction: float = setting(
        0.8,
        "Width of the pristine window",
        low=0.0,
        high=1.0,
        help="The window in the middle of the pad, as a part of the pad's width.",
    )
    length_fraction: float = setting(
        0.8,
        "Length of the pristine window",
        low=0.0,
        high=1.0,
        help="The window in the middle of the pad, as a part of the pad's length.",
    )
    minimum_area_um2: float = setting(
        0.0,
        "Smallest defect that counts in it",
        unit="µm²",
        low=0.0,
        help="Defects with less than this inside the window do not count.",
    )
    effect: str = setting(
        "note",
        "If there is a defect in it",
        choices=EFFECTS,
        help="What it does to the verdict; none: the rule is not asked, note: only said among the reasons.",
    )
    single_purpose_effect: str = setting(
        "note", "… on a single-purpose pad", choices=EFFECTS, help="The same for pads of a single-purpose net."
    )


@dataclass(frozen=True)
class ModuleRules:
    net_wires_fraction: float = setting(
        0.75,
        "Wires a net must keep",
        low=0.0,
        high=1.0,
        help="A net that keeps less of its wires is a case for rework.",
    )
    discard_single_purpose_lost: int = setting(
        1, "Lost single-purpose pads that discard", low=1, help="With this many lost, discarding the flex is proposed."
    )
    discard_lost_pads: int = setting(
        6, "Lost pads that discard", low=1, help="With this many lost altogether, discarding the flex is proposed."
    )
    discard_consecutive_lost: int = setting(
        3,
        "Lost pads in a row on a net that discard",
        low=2,
        help="With this many lost in a row on one net, discarding the flex is proposed.",
    )


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
    text: str = field(default="", compare=False, repr=False)  # that file, with its comments

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
        text=raw.decode("utf-8"),
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


HEAD = re.compile(r"\s*\[\s*(\w+)\s*\]\s*(?:#.*)?")
PAIR = re.compile(r'(\s*("[^"\\]*"|[\w-]+)\s*=\s*)("(?:[^"\\]|\\.)*"|[^#"]*?)(\s*(?:#.*)?)')


def edited_toml(text: str, rules: Rules) -> str:
    """`text`, a file of rules, with the values of `rules`: its comments stay. Where its lines cannot be followed (a value that
    it does not name, or one that takes several lines), the rules are written anew, without comments."""
    wanted: dict[tuple[str, str], Any] = {("", "name"): rules.name, ("", "title"): rules.title}
    for part in TABLES:
        wanted |= {(part, key): value for key, value in dataclasses.asdict(getattr(rules, part)).items()}
    wanted |= {("classes", name): effect for name, effect in rules.classes}
    part, lines = "", []
    for line in text.splitlines():
        if head := HEAD.fullmatch(line):
            part = head[1]
        elif pair := PAIR.fullmatch(line):
            name = pair[2].strip('"')
            place = (part, plain_class(name) if part == "classes" else name)
            line = pair[1] + _toml(wanted[place]) + pair[4] if place in wanted else line
        lines.append(line)
    edited = "\n".join(lines) + "\n"
    try:
        return edited if parse_rules(edited.encode(), rules.name) == rules else rules_toml(rules)
    except RulesError:
        return rules_toml(rules)


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
