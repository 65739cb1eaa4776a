"""What a person has set, in one table; kept in a small JSON file that may be deleted at any time."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths

from padscope.configs import Setting, configured, setting, settings_of
from padscope.errors import UsageError

PLACE_VARIABLE = "PADSCOPE_SETTINGS"
MOST_RECENT = 8


@dataclass(frozen=True)
class Settings:
    """Every field carries its form entry. `keys` and the lists are kept beside, as they have no simple widget."""

    theme: str = setting("dark", "Theme", choices=("dark", "light"))
    heat_opacity: float = setting(0.7, "Heat opacity", low=0.0, high=1.0)
    show_heat: bool = setting(True, "Show heat")
    show_pads: bool = setting(True, "Show pads")
    show_feet: bool = setting(True, "Show feet")
    show_masks: bool = setting(True, "Show masks")
    look: str = setting("", "Brightness, contrast and gamma")
    mask_opacity: float = setting(0.45, "Mask opacity", low=0.0, high=1.0)
    mask_outline: bool = setting(False, "Only outlines of masks")
    brush_size: float = setting(24.0, "Brush size", low=1.0, high=2000.0, unit="px")
    brush_square: bool = setting(False, "Square brush")
    wand_tolerance: float = setting(24.0, "Wand tolerance", low=0.0, high=128.0)
    detector: str = setting("patchcore", "Detector to train")
    max_megapixels: float = setting(500.0, "Largest picture", low=1.0, high=100_000.0, unit="megapixels")
    operator: str = setting("", "Operator", help="Written beside what a person paints, overrides and signs.")


@dataclass(frozen=True)
class Memory:
    """Settings, and what else is worth remembering from one day to the next. `keys`: action id -> its own shortcut."""

    settings: Settings = dataclasses.field(default_factory=Settings)
    keys: Mapping[str, str] = dataclasses.field(default_factory=dict)
    recent: tuple[str, ...] = ()
    window: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def with_recent(self, project: str) -> Memory:
        others = [p for p in self.recent if p != project]
        return dataclasses.replace(self, recent=(project, *others)[:MOST_RECENT])

    def with_setting(self, **changes: Any) -> Memory:  # the names are checked: they are fields of Settings
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **changes))


def table() -> tuple[Setting, ...]:
    return settings_of(Settings)


def place() -> Path:
    """Where the file is."""
    own = os.environ.get(PLACE_VARIABLE)
    if own:
        return Path(own)
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "padscope" / "settings.json"


def data_folder() -> Path:
    """Where unnamed projects and the demo lie."""
    own = os.environ.get(PLACE_VARIABLE)
    if own:
        return Path(own).parent
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(folder) / "padscope"


def cache_folder() -> Path:
    """Where pictures lie decoded, so that one seen before opens at once; may be deleted at any time."""
    own = os.environ.get(PLACE_VARIABLE)
    if own:
        return Path(own).parent / "picture-cache"
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericCacheLocation)
    return Path(folder) / "padscope" / "pictures"


def load(path: Path) -> Memory:
    """Defaults where there is no file; a damaged one is set aside as “….bad”, never a reason not to start."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return Memory()
    try:
        return from_json(json.loads(text))
    except (ValueError, TypeError, AttributeError):
        with contextlib.suppress(OSError):
            os.replace(path, path.with_name(path.name + ".bad"))
        return Memory()


def from_json(values: Any) -> Memory:
    """Unknown and unusable settings fall back to their defaults, one by one: an older or newer Padscope wrote them."""
    kept = {}
    for s in table():
        if s.name in values.get("settings", {}):
            with contextlib.suppress(UsageError):
                kept[s.name] = getattr(configured(Settings, {s.name: values["settings"][s.name]}), s.name)
    return Memory(
        Settings(**kept),
        _texts(values.get("keys", {})),
        tuple(str(p) for p in values.get("recent", ()))[:MOST_RECENT],
        _texts(values.get("window", {})),
    )


def save(memory: Memory, path: Path) -> bool:
    """Whole or not at all; False where it could not be written (settings are never worth a message)."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dataclasses.asdict(memory), indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(part, path)
    except OSError:
        return False
    return True


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}
