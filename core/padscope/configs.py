"""Settings: one frozen dataclass per detector, each field with its label, unit and range.

Forms in the window, `--set key=value` on the command line, `list-detectors` and the saved model all read the same table.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from padscope.errors import UsageError

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person must know of one setting; `low` and `high` are inclusive."""

    name: str
    kind: type
    default: Any
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


def setting(
    default: Any,
    label: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    help: str = "",
) -> Any:
    """A dataclass field that carries its own form entry."""
    facts = {"label": label, "unit": unit, "low": low, "high": high, "choices": choices, "help": help}
    return field(default=default, metadata=facts)


def settings_of(config: type) -> tuple[Setting, ...]:
    """The table of a settings dataclass, in the order of its fields; what it inherits comes last."""
    kinds = typing.get_type_hints(config)
    inherited = {
        f.name for base in config.__mro__[1:] if dataclasses.is_dataclass(base) for f in dataclasses.fields(base)
    }
    return tuple(
        Setting(name=f.name, kind=_plain(kinds[f.name]), default=f.default, **f.metadata)
        for f in sorted(dataclasses.fields(config), key=lambda f: f.name in inherited)
    )


def configured(config: type[C], values: Mapping[str, Any]) -> C:
    """`config` with these values, given as text or as numbers; UsageError names an unknown setting or a bad value."""
    table = {s.name: s for s in settings_of(config)}
    for name in values:
        if name not in table:
            raise UsageError(f"There is no setting “{name}” here; the settings are {', '.join(table)}.")
    return config(**{name: _checked(table[name], value) for name, value in values.items()})


def values_of(config: Any) -> dict[str, Any]:
    """The settings as a plain dict, ready for JSON; `configured` takes it back."""
    return dataclasses.asdict(config)


def _plain(kind: Any) -> type:
    """int | None -> int: an optional setting is typed by what it holds."""
    if isinstance(kind, types.UnionType):
        kind = next(k for k in kind.__args__ if k is not type(None))
    return kind


def _checked(s: Setting, value: Any) -> Any:
    if value is None and s.default is None:
        return None
    try:
        value = _read(s.kind, value)
    except ValueError:
        raise UsageError(f"The setting “{s.name}” takes {_wanted(s)}, not “{value}”.") from None
    if s.choices and value not in s.choices:
        raise UsageError(f"The setting “{s.name}” takes {_wanted(s)}, not “{value}”.")
    if (s.low is not None and value < s.low) or (s.high is not None and value > s.high):
        raise UsageError(f"The setting “{s.name}” takes {_wanted(s)}, not {value}.")
    return value


def _read(kind: type, value: Any) -> Any:
    if kind is bool:
        words = {
            "true": True,
            "yes": True,
            "on": True,
            "1": True,
            "false": False,
            "no": False,
            "off": False,
            "0": False,
        }
        if str(value).lower() not in words:
            raise ValueError
        return words[str(value).lower()]
    if kind is int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError
        return int(value)
    if kind is float:
        number = float(value)
        if number != number:  # NaN compares with nothing, so no range would catch it
            raise ValueError
        return number
    return kind(value)


def _wanted(s: Setting) -> str:
    if s.choices:
        return "one of " + ", ".join(s.choices)
    word = {int: "a whole number", float: "a number", bool: "yes or no", str: "a word"}[s.kind]
    if s.low is not None and s.high is not None:
        word += f" from {s.low:g} to {s.high:g}"
    elif s.low is not None:
        word += f" of at least {s.low:g}"
    elif s.high is not None:
        word += f" of at most {s.high:g}"
    return word + (f" {s.unit}" if s.unit else "")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a model of pads is trained, whatever the detector (`workflows.train`): what its threshold is to keep, and from how much
    it learns."""

    false_alarms: float = setting(
        0.05,
        "Share of sound pads flagged in vain",
        low=0.0001,
        high=0.5,
        help="The threshold follows from held-out sound pads.",
    )
    confidence: float | None = setting(
        None,
        "How surely",
        low=0.5,
        high=0.9999,
        help="0.95: no larger share, with 95 % confidence. Automatic: in the mean.",
    )
    thresholds_by: str = setting(
        "all",
        "Which pads share a threshold",
        choices=("all", "size", "row"),
        help="Pads of one size, or of one row by their names, can have a threshold of their own.",
    )
    copies: int = setting(
        0,
        "Altered copies of every pad",
        low=0,
        high=50,
        help="Mirrored and with other contrast: 6 help where sound pads are few.",
    )


@dataclass(frozen=True, slots=True)
class BackboneConfig:
    """The frozen network that embeddings come from (`nets.choice`)."""

    backbone: str = setting(
        "tf_efficientnet_lite0",
        "Network",
        help="tf_efficientnet_lite0, 1 or 2, which come along, or any network of timm with weights of your own.",
    )
    weights: str = setting(
        "", "Weights file", help="A path, or a name in the weights folder; empty: those that come along."
    )
    levels: str = setting(
        "8+16",
        "Levels of its features",
        help="Strides in px joined by +, as 4+8+16; of a transformer its blocks, as 3+6+9.",
    )
    input_scale: float = setting(
        1.0,
        "Enlargement of the picture",
        low=0.25,
        high=4,
        help="In quarters: 2 shows finer things and costs four times the time.",
    )
    precision: str = setting(
        "auto",
        "Precision",
        choices=("auto", "float32", "half"),
        help="auto: half on a GPU. half: also on CPUs with AMX.",
    )


@dataclass(frozen=True, slots=True)
class PatchcoreConfig(BackboneConfig):
    """A memory bank of embeddings of sound metal (`detectors.patchcore`)."""

    bank_size: int = setting(
        4096, "Embeddings in the bank", low=16, high=200_000, help="More: finer, slower, larger file."
    )
    further_scales: str = setting(
        "",
        "Further enlargements to look at",
        help="Whole numbers from 1 to 4 joined by +: 2 shows the picture also twice as large, for five times the time.",
    )
    level_weights: str = setting(
        "",
        "Weight of each level in the heat",
        help="As many numbers as levels, finest first, joined by +, as in 2+1; empty: all count alike.",
    )
    neighbourhood: int = setting(3, "Pooling neighbourhood", unit="cells", low=1, high=9)
    blur: float = setting(0.5, "Blur of the heat", unit="cells of 8 px", low=0, high=16)
    beyond_radius: bool = setting(
        True, "Count only what lies beyond the bank's radius", help="Off: the plain distance of the paper."
    )
    reweighting: int = setting(
        0, "Neighbours that re-weight", low=0, high=64, help="PatchCore eq. 7; 0 is off, the paper's value is 9."
    )
    blemishes: int = setting(
        1200,
        "Tiles with drawn blemishes to learn from",
        low=0,
        high=100_000,
        help="At most 6 for every sound tile. 0 is off: the bank alone, as in the paper.",
    )
    by_place: bool = setting(
        True, "Measure each place by what is usual there", help="The rim of a pad varies more than its middle."
    )
    head_weight: float = setting(
        0.015,
        "Weight of what was learned from them",
        low=0,
        high=1,
        help="It only raises heat: distance times e to the weight · logit.",
    )


@dataclass(frozen=True, slots=True)
class PatchcoreParityConfig(BackboneConfig):
    """PatchCore as a public implementation computes it (`detectors.patchcore_parity`)."""

    implementation: str = setting("amazon", "Whose", choices=("amazon", "anomalib"))
    share: float = setting(0.1, "Share of all embeddings in the bank", low=0.0001, high=1)


@dataclass(frozen=True, slots=True)
class BlobConfig:
    """Thresholding of what is darker or brighter than its surroundings (`detectors.blob`)."""

    background: float = setting(
        24.0, "Local background", unit="px", low=2, high=500, help="Sigma of the mean it is compared with."
    )
    smoothing: float = setting(
        1.5, "Smoothing", unit="px", low=0, high=50, help="Sigma that takes away the camera's noise."
    )
    blur: float = setting(0.0, "Blur of the heat", unit="cells of 8 px", low=0, high=16)


@dataclass(frozen=True, slots=True)
class PadimConfig(BackboneConfig):
    """A Gaussian of sound embeddings for every place of a pad (`detectors.padim`)."""

    dimensions: int = setting(
        100, "Dimensions drawn at random", low=1, high=4096, help="The paper's values are 100 and 550."
    )
    levels: str = setting(
        "4+8+16", "Levels of its features", help="Strides in px joined by +; of a transformer its blocks, as 3+6+9."
    )
    along: int = setting(8, "Places along the pad", low=1, high=256)
    across: int = setting(2, "Places across the pad", low=1, high=256)
    epsilon: float = setting(0.01, "Added to every variance", low=0, high=100)
    neighbourhood: int = setting(1, "Pooling neighbourhood", unit="cells", low=1, high=9)
    blur: float = setting(0.5, "Blur of the heat", unit="cells of 8 px", low=0, high=16)


@dataclass(frozen=True, slots=True)
class MhbcConfig(BackboneConfig):
    """A bank of embeddings whitened by the covariance of sound metal (`detectors.mhbc`)."""

    form: str = setting(
        "place",
        "Covariances",
        choices=("place", "one", "none"),
        help="One for every place of a pad, one for all, or no whitening: the three columns of the thesis's table 8.3.",
    )
    bank_size: int = setting(1000, "Entries in all banks together", low=16, high=200_000)
    clustering: str = setting(
        "auto",
        "How entries are found",
        choices=("auto", "coreset", "kmeans"),
        help="auto: k-means where nothing is whitened (“cumulative k-means”), else coreset.",
    )
    projection: str = setting("pca", "Fewer dimensions by", choices=("pca", "sparse", "dense", "none"))
    keep: float = setting(0.99, "Share of the variance that PCA keeps", low=0.01, high=1)
    dimensions: int = setting(100, "Dimensions of a random projection", low=1, high=4096)
    shrinkage: float = setting(0.07, "Shrinkage of the covariance", low=0, high=1)
    along: int = setting(8, "Places along the pad", low=1, high=256)
    across: int = setting(2, "Places across the pad", low=1, high=256)
    neighbourhood: int = setting(3, "Pooling neighbourhood", unit="cells", low=1, high=9)
    blur: float = setting(0.5, "Blur of the heat", unit="cells of 8 px", low=0, high=16)
