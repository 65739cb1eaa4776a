"""Every detector by name: a literal table, so that listing them imports neither torch nor a detector."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import cast

from padscope.configs import BlobConfig, MhbcConfig, PadimConfig, PatchcoreConfig, PatchcoreParityConfig
from padscope.detectors.base import Detector
from padscope.errors import UsageError


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a detector without loading it; the class itself says the same (`tests/detectors/test_registry.py`)."""

    family: str
    summary: str
    config: type
    place: str  # module:class in this package
    version: int = 1


DETECTORS: dict[str, Entry] = {
    "patchcore": Entry(
        "memory bank",
        "Distance to the nearest of many remembered sound embeddings",
        PatchcoreConfig,
        "patchcore:Patchcore",
        2,
    ),
    "patchcore_parity": Entry(
        "memory bank",
        "PatchCore exactly as a public implementation computes it, on its scale",
        PatchcoreParityConfig,
        "patchcore_parity:PatchcoreParity",
    ),
    "padim": Entry(
        "memory bank", "A Gaussian of sound embeddings for every place of a pad", PadimConfig, "padim:Padim"
    ),
    "mhbc": Entry("memory bank", "Distance to the nearest of a few whitened sound embeddings", MhbcConfig, "mhbc:Mhbc"),
    "blob": Entry("classical", "Darker or brighter than its surroundings: the lower bar", BlobConfig, "blob:Blob"),
}


def entry(name: str) -> Entry:
    """UsageError lists the names there are."""
    if name not in DETECTORS:
        raise UsageError(f"There is no detector “{name}”; there are {', '.join(DETECTORS)}.")
    return DETECTORS[name]


def detector(name: str) -> type[Detector]:
    """The class; imports torch where the detector needs it."""
    module, _, kind = entry(name).place.partition(":")
    return cast(type[Detector], getattr(importlib.import_module(f"padscope.detectors.{module}"), kind))


def versions() -> dict[str, int]:
    """What the detector version in a model file is compared with."""
    return {name: e.version for name, e in DETECTORS.items()}
